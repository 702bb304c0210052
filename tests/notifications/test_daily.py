"""The list of the day: what is on it, that an empty one is not sent, and that each reader gets one a day."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from notices import SLUG, VERSION, known
from notified import Place
from records import left_alone, schedule, write
from servers import FlakyServer, answer

from pressrelease.notifications.daily import (
    MOST,
    daily_notice,
    day_of,
    is_due,
    key_of,
    lasting,
    noon_after,
    was_sent,
)
from pressrelease.notifications.notice import Known
from pressrelease.notifications.sending import notify
from pressrelease.notifications.unread import UnreadEvents
from pressrelease.promises import Kept, Promise, PromiseState
from pressrelease.services import ServiceContext, approving
from pressrelease.status.dossier import Directive, same_person
from pressrelease.store import notification_state
from pressrelease.store.notification_state import NotificationCursor
from pressrelease.system import clock
from pressrelease.when import Embargo, EmbargoKind
from pressrelease.wiring import Workspace

ZONE = "America/Los_Angeles"
LOCAL = ZoneInfo(ZONE)
FIVE = time(17)
DAY = date(2018, 9, 20)
AT = datetime(2018, 9, 20, 17, 0, 5, tzinfo=LOCAL)
NEXT_NINE = datetime(2018, 9, 21, 9, tzinfo=LOCAL)


def promise(end: datetime, state: PromiseState = PromiseState.OPEN) -> Kept:
    return Kept(Promise("operation", "We will.", 1, end - timedelta(days=2), end), state)


def words(releases: Any = (), promises: Any = ()) -> str:
    return daily_notice(DAY, releases, promises, now=AT, timezone=ZONE).words


# -- words ---------------------------------------------------------------------------------------------------------


def test_what_lacks_an_approval_is_named_by_its_code() -> None:
    assert words([known(missing=1, lift=NEXT_NINE)]) == (
        "Before noon on Friday, Sept. 21, 2018: A release (code 3fa2c1) goes out Friday, Sept. 21, 2018, 9 a.m. PDT and"
        " needs 1 more approval. To see what to do: `pressrelease status`."
    )
    past = words([known(missing=2, lift=AT - timedelta(hours=1))])
    assert "A release (code 3fa2c1) was to go out Thursday, Sept. 20, 2018, 4:00:05 p.m. PDT and needs 2 more" in past
    assert SLUG not in past


def test_what_lacks_a_clearance_is_on_the_list_with_who_can_give_it() -> None:
    from pressrelease.config.settings import ClearanceRule
    from pressrelease.status.clearances import Clearance

    rule = ClearanceRule("charges", "Do they stand?", ("jdoe", "asmith"))
    one = known(missing=1, lift=NEXT_NINE)
    one = replace(one, dossier=one.dossier._replace(clearances=(Clearance("charges", rule=rule),)))
    assert "9 a.m. PDT and needs 1 more approval and lacks charges (jdoe or asmith)." in words([one])
    assert "9 a.m. PDT and lacks charges (jdoe or asmith)." in words([replace(one, missing=0)])


def test_a_promise_is_on_the_list_until_the_end_of_the_next_day() -> None:
    end_of_friday = datetime(2018, 9, 22, tzinfo=LOCAL)
    assert "operation made a promise that is due by Friday, Sept. 21, 2018, and nothing scheduled keeps it." in words(
        (), [promise(end_of_friday)]
    )
    assert words((), [promise(end_of_friday + timedelta(seconds=1))]) == ""
    overdue = promise(datetime(2018, 9, 20, tzinfo=LOCAL), PromiseState.OVERDUE)
    assert "was due by Wednesday, Sept. 19, 2018, and it was not kept." in words((), [overdue])


def test_nothing_on_it_has_no_words() -> None:
    assert words() == ""
    assert words([known(missing=0, lift=NEXT_NINE)]) == ""
    assert daily_notice(DAY, [], [], now=AT, timezone=ZONE).key == "daily 2018-09-20"


def waiting(missing: int = 0, *, until: datetime | None = None, **more: Any) -> Known:
    verdict = Embargo("on verdict", EmbargoKind.EVENT, ZONE, no_later_than=until)
    return known(missing=missing, lift=None, embargo=verdict, event_group="trial", **more)


def test_what_waits_for_an_event_is_on_the_list() -> None:
    assert words([waiting()]) == (
        "Before noon on Friday, Sept. 21, 2018: A release (code 3fa2c1) is armed: it goes out when somebody lifts it."
        " To see what to do: `pressrelease status`."
    )
    assert "waits for its event and needs 1 more approval." in words([waiting(1)])
    assert words([waiting(until=AT)]) == words([waiting(word=Directive.HELD)]) == ""


def test_a_long_list_says_how_many_more_there_are() -> None:
    many = words([known(missing=1, lift=NEXT_NINE)] * (MOST + 3))
    assert many.count("needs 1 more approval") == MOST
    assert "3 more releases are not listed here." in many


# -- which day -----------------------------------------------------------------------------------------------------

moments = st.datetimes(datetime(2018, 1, 1), datetime(2019, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))
times = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(moments, times)
def test_each_day_begins_at_its_time_and_none_is_due_for_long(now: datetime, at: time) -> None:
    day = day_of(now, at, ZONE)
    due = datetime.combine(day, at, LOCAL)
    assert timedelta(0) <= now - due < timedelta(hours=25, minutes=1) or now.astimezone(LOCAL).fold
    assert noon_after(day, ZONE) > due
    assert is_due(now, at, ZONE) is (now - due < timedelta(hours=6))


@given(
    st.lists(st.dates(date(2018, 9, 1), date(2018, 9, 30)), max_size=5), st.dates(date(2018, 9, 1), date(2018, 9, 30))
)
def test_one_list_a_day_whatever_other_schedulers_recorded(days: list[date], today: date) -> None:
    conditions = {"clock", *map(key_of, days)}
    believed = [day for day in days if day <= today + timedelta(days=2)]
    assert was_sent(key_of(today), conditions) is any(day >= today for day in believed)
    assert lasting(conditions, key_of(today)) == ({key_of(max(believed))} if believed else set())


# -- a cursor ------------------------------------------------------------------------------------------------------


def cursor(*conditions: str) -> NotificationCursor:
    return NotificationCursor("pager", "", 5, frozenset(conditions))


def news(*keys: str) -> UnreadEvents:
    from pressrelease.notifications.notice import Notice
    from pressrelease.status.causes import Topic

    return UnreadEvents(5, 5, (), tuple(Notice(Topic.DAILY, "…", key) for key in keys))


def test_the_last_list_stays_recorded_though_a_stop_or_a_slower_clock_has_none() -> None:
    today, yesterday = key_of(DAY), key_of(DAY - timedelta(days=1))
    assert news("clock").kept(cursor(today, "clock", "gone")) == {today, "clock"}
    assert news().kept(cursor(today)) == {today}
    slower = news(yesterday)
    assert slower.new_to(cursor(today)) == ([], [])
    assert slower.kept(cursor(today)) == slower.kept_after(cursor(today)) == {today}
    assert [one.key for one in news(today).new_to(cursor(yesterday))[1]] == [today]
    assert news(today, "clock").kept_after(cursor(yesterday, "gone")) == {today, "clock"}
    far = key_of(DAY + timedelta(days=400))  # recorded while a clock was a year ahead
    assert [one.key for one in news(today).new_to(cursor(far))[1]] == [today]
    assert news(today).kept_after(cursor(far)) == {today}


# -- the whole of it -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with FlakyServer(answer(204)) as running:
        yield running


class DailyPlace(Place):
    """An office that is sent its list at a time that came a minute ago, with one release for the next hours."""

    def __init__(self, folder: Path, server: FlakyServer, *, minutes: int = -1, more: str = "", **options: Any) -> None:
        at = (datetime.now(LOCAL) + timedelta(minutes=minutes)).strftime("%H:%M")
        super().__init__(folder, server, more=f'daily = "{at}"\n{more}', **options)

    @property
    def lists(self) -> list[str]:
        return [said for said in self.said if "Before noon on" in said]

    def passes(self, number: int = 3) -> None:
        for _ in range(number):
            self.one_pass()
            self.no_pause()


def soon(place: Place, slug: str = "zqsoon", *, approved: bool = False) -> None:
    """Schedule a release for a moment before the noon that today's list goes up to."""
    schedule(place.workspace, slug, days=0.01, approved=approved)


def test_the_list_is_sent_once_and_names_nothing(tmp_path: Path, server: FlakyServer, store_url: str) -> None:
    place = DailyPlace(tmp_path, server, store_url=store_url)
    soon(place)
    place.passes()
    assert len(place.lists) == 1
    assert "needs 1 more approval" in place.lists[0]
    assert "zqsoon" not in "".join(place.said)
    soon(place, "zqnext")  # what comes later in the day is an event of its own
    place.passes()
    assert len(place.lists) == 1


def test_an_armed_alternate_is_on_the_list_and_one_for_later_is_not(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server)
    context = ServiceContext(place.workspace, "jdoe")
    from pressrelease.services import scheduling

    for slug, more in (("zqguilty", ""), ("zqlater", "not_before: 2099-01-05T09:00:00-08:00\n")):
        write(place.workspace, slug, embargo=f"on verdict\nalternates: trial\n{more}".rstrip("\n"))
        scheduling.schedule(context, scheduling.propose(context, slug))
        approving.approve(context, slug, "da")
    place.passes(2)
    assert len(place.lists) == 1
    assert place.lists[0].count("is armed: it goes out when somebody lifts it.") == 1
    assert "zq" not in place.lists[0]


def test_an_empty_list_is_not_sent_nor_one_that_fills_later(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server)
    soon(place, approved=True)
    place.passes()
    soon(place, "zqnext")
    place.passes()
    assert place.lists == []


def test_nothing_is_sent_before_its_time_nor_hours_after_it(tmp_path: Path, server: FlakyServer) -> None:
    for minutes in (7, -6 * 60 - 1):
        folder = tmp_path / str(minutes)
        folder.mkdir()
        place = DailyPlace(folder, server, minutes=minutes)
        soon(place)
        place.passes(2)
        assert place.lists == []


def test_without_the_key_there_is_no_list(tmp_path: Path, server: FlakyServer) -> None:
    place = Place(tmp_path, server)
    soon(place)
    place.one_pass()
    assert place.said
    assert not [said for said in place.said if "Before noon on" in said]


def test_schedulers_at_once_send_one_list(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server)
    soon(place)
    place.one_pass()
    place.no_pause()
    with place.workspace.store.ledger(now=clock.utc_now(), actor="nobody") as ledger:
        from sqlalchemy import text

        ledger.connection.execute(text("UPDATE told SET conditions = '[]'"))
    before = len(place.lists)
    from pressrelease.publishing.snapshot import take_snapshot

    seen = take_snapshot(place.workspace.store, place.workspace.library, place.workspace.config)
    start = threading.Barrier(4)

    def one() -> None:
        mine = Workspace(place.workspace.folder)
        start.wait()
        notify(mine, "pager", seen)
        mine.store.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(place.lists) == before + 1


def test_a_list_that_could_not_be_sent_is_sent_later_as_it_then_is(tmp_path: Path) -> None:
    with FlakyServer(answer(503), answer(503), answer(204)) as server:
        place = DailyPlace(tmp_path, server)
        soon(place)
        place.passes(2)
        approving.approve(ServiceContext(place.workspace, "jdoe"), "zqsoon", "da")
        soon(place, "zqnext")
        place.passes(2)
        sent = [json.loads(one.body)["data"]["text"] for one in place.requests][2:]
        assert sum("Before noon on" in " ".join(text.split()) for text in sent) == 1


def test_a_promise_that_nothing_keeps_is_on_the_list(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server)
    today = datetime.now(LOCAL).date()
    write(place.workspace, "operation", body=f"We will release the names by {today:%B} {today.day}, {today.year}.")
    context = ServiceContext(place.workspace, "jdoe")
    from pressrelease.services import scheduling

    scheduling.schedule(context, scheduling.propose(context, "operation"))
    approving.approve(context, "operation", "da")
    place.passes(2)
    assert len(place.lists) == 1
    assert "operation made a promise that is due by" in place.lists[0]


def test_an_approval_that_does_not_count_is_still_missing(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server, more="[policy]\napprovals = 1\n")
    soon(place)
    approving.approve(ServiceContext(place.workspace, "jdoe"), "zqsoon", "jdoe")
    config = place.workspace.folder / "config.toml"
    config.write_text(config.read_text().replace("approvals = 1", "approvals = 1\nauthor_may_approve = false"))
    left_alone(place.workspace.folder)
    place.workspace = Workspace(place.workspace.folder)
    place.passes(2)
    assert same_person("jdoe") in place.workspace.store.read.releases(["zqsoon"])[0].makers
    assert len(place.lists) == 1
    assert VERSION not in place.lists[0]


def test_the_cursor_of_a_new_reader_begins_without_a_list(tmp_path: Path, server: FlakyServer) -> None:
    place = DailyPlace(tmp_path, server)
    soon(place)
    place.passes(1)
    (found,) = notification_state.read_cursors(place.workspace.store.read, "pager").values()
    assert len([key for key in found.conditions if key.startswith("daily ")]) == 1
