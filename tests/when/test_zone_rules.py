"""A zone's rules are changed between scheduling and lift: the hour that was approved holds, and a person is told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from store_acts import LIFT, events, only, put, take
from zone_files import LA, database, going_by, zone_of
from zone_rules import FIVE, FOUR, HOUR, NEW, NINE, NINE_AND_NOON, NINE_PDT, OLD, SECOND, UNKNOWN, rules_of

from pressrelease.errors import StateUnreadable
from pressrelease.status.dossier import Scheduled
from pressrelease.store import Store, freezing, lifts
from pressrelease.store.journal import first_break
from pressrelease.store.zone_updates import Followed, follow
from pressrelease.when import read_embargo, read_zone
from pressrelease.when.rules import database_release, present_rules, release_in
from pressrelease.when.wall_time import (
    check_against_zone_rules,
    known_release,
    not_yet,
    read_wall_times,
    reckoned,
    wall_text,
)

# -- what was meant ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "wall"),
    [
        ("Sept. 24, 2018, 9 a.m. PT", NINE),
        ("Sept. 24, 2018, 9 a.m. Pacific time", NINE),
        ("Sept. 24, 2018, 9 a.m. local time", NINE),
        ("2018-09-24 09:00", NINE),
        ("Monday at 9 a.m.", NINE),
        ("the week of 9/24", NINE),
        ("Sept. 24", NINE),
        ("Sept. 24, 2018, 9 a.m. PDT", NINE_PDT),
        ("Sept. 24, 2018, 9 a.m. PT (16:00 UTC)", NINE_PDT),
        ("Sept. 24, 2018, 16:00 GMT (9 a.m. PT)", NINE_PDT),
        ("between 9 a.m. and 5 p.m. PDT on Sept. 24, 2018", NINE_PDT),
        ("between 9 a.m. and 5 p.m. PT on Sept. 24, 2018", NINE),
        ("Sept. 24, 2018, 9 a.m. PT / noon ET", NINE_AND_NOON),
        ("Sept. 24, 2018, noon New York time", "2018-09-24T12:00:00-04:00[America/New_York]"),
        ("2018-09-24T09:00:00-07:00", ""),
        ("2018-09-24T16:00:00Z", ""),
        ("Sept. 24, 2018, 16:00 UTC", ""),
        ("in five days", None),
        ("in two hours", ""),
        ("immediate", ""),
    ],
)
def test_how_a_time_was_given_says_which_clocks_were_meant(phrase: str, wall: str | None) -> None:
    now = datetime(2018, 9, 19, 16, tzinfo=UTC)
    meant = read_embargo(phrase, now=now, timezone=LA, release_time=datetime(1, 1, 1, 9).time())
    assert wall is None or meant.wall == wall
    if meant.wall:
        assert {one.promised for one in read_wall_times(meant.wall)} == {meant.lift}


@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
    st.sampled_from([LA, "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    st.booleans(),
)
def test_a_time_on_the_wall_is_read_back_as_it_was_written(moment: datetime, zone: str, named: bool) -> None:
    text = wall_text(moment, zone, named=named)
    (wall,) = read_wall_times(text)
    assert (wall.promised, wall.zone, wall.named) == (moment, zone, named)
    assert check_against_zone_rules(moment, text, "", now=moment - HOUR).lift == moment
    assert not_yet(moment, text, "", now=moment) == ""


@pytest.mark.parametrize(
    "text", ["x", "2018-09-24T09:00:00[America/Los_Angeles]", f"{NINE} y", "2018-09-24T09:00-07:00"]
)
def test_what_is_no_time_on_a_wall_is_not_taken_for_one(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_wall_times(text)


# -- what the rules of today make of it --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wall", "hours", "ours", "fixed_by", "lift", "follow", "release", "says"),
    [
        pytest.param("", -8, NEW, OLD, LIFT, None, "", "", id="an instant"),
        pytest.param(NINE, -7, OLD, OLD, LIFT, None, OLD, "", id="as it was"),
        pytest.param(
            NINE, -7, NEW, OLD, LIFT, LIFT, NEW, "", id="as it was, by newer rules: the record learns of them"
        ),
        pytest.param(NINE, -7, UNKNOWN, OLD, LIFT, None, OLD, "", id="as it was, by rules of unknown age"),
        pytest.param(NINE, -8, NEW, OLD, FIVE, FIVE, NEW, "have changed", id="later by newer"),
        pytest.param(NINE, -8, NEW, NEW, FIVE, FIVE, NEW, "have changed", id="later by other files of one release"),
        pytest.param(NINE, -8, UNKNOWN, OLD, FIVE, FIVE, OLD, "have changed", id="later by unknown"),
        pytest.param(NINE, -8, NEW, UNKNOWN, FIVE, FIVE, UNKNOWN, "have changed", id="later than by unknown"),
        pytest.param(NINE, -8, OLD, NEW, LIFT, None, NEW, "", id="later by older: newer ones have fixed it"),
        pytest.param(NINE, -6, NEW, OLD, LIFT, FOUR, NEW, "have changed", id="earlier by newer"),
        pytest.param(NINE, -5, NEW, OLD, LIFT, LIFT - 2 * HOUR, NEW, "have changed", id="two hours earlier by newer"),
        pytest.param(NINE, -4.75, NEW, OLD, LIFT, None, OLD, "was not moved", id="more than two hours earlier"),
        pytest.param(NINE, 14, NEW, OLD, LIFT, None, OLD, "was not moved", id="21 hours earlier"),
        pytest.param(NINE, -6, NEW, NEW, LIFT, None, NEW, "stays with the later", id="earlier by one release"),
        pytest.param(NINE, -6, UNKNOWN, OLD, LIFT, None, OLD, "stays with the later", id="earlier by unknown"),
        pytest.param(NINE, -6, NEW, UNKNOWN, LIFT, None, UNKNOWN, "stays with the later", id="earlier than by unknown"),
        pytest.param(NINE, -6, OLD, NEW, LIFT, None, NEW, "", id="earlier by older"),
        pytest.param(NINE_PDT, -7, NEW, OLD, LIFT, LIFT, NEW, "", id="the clock and its offset agree"),
        pytest.param(NINE_PDT, -8, NEW, OLD, FIVE, FIVE, NEW, "nothing goes out", id="at odds, and later"),
        pytest.param(NINE_PDT, -6, NEW, OLD, LIFT, LIFT, NEW, "nothing goes out", id="at odds, and earlier"),
        pytest.param(NINE_PDT, -8, UNKNOWN, OLD, FIVE, FIVE, OLD, "nothing goes out", id="at odds by unknown"),
        pytest.param(NINE_PDT, -8, OLD, NEW, LIFT, None, NEW, "", id="at odds by older"),
        pytest.param(NINE_AND_NOON, -8, NEW, OLD, FIVE, FIVE, NEW, "nothing goes out", id="two clocks part"),
        pytest.param(NINE, -8, "zz", "2018", FIVE, FIVE, "", "have changed", id="no names of releases"),
    ],
)
def test_what_the_rules_of_today_make_of_a_lift(
    wall: str, hours: float, ours: str, fixed_by: str, lift: datetime, follow: datetime | None, release: str, says: str
) -> None:
    found = check_against_zone_rules(LIFT, wall, fixed_by, now=NOW, rules=rules_of(hours, ours))
    assert (found.lift, found.follow, found.release if wall else "") == (lift, follow, release)
    assert says in found.words
    assert bool(found.words) is bool(says)
    assert found.asks is any(word in says for word in ("stays", "nothing", "not moved"))
    assert found.blocked is ("nothing" in says)


def test_it_says_which_rules_changed_and_what_the_hour_was() -> None:
    found = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-8, NEW))
    assert found.words == (
        "the rules of America/Los_Angeles have changed since it was approved (zones of 2019a): 9:00 AM there is"
        " 17:00 UTC now, and was 16:00 UTC"
    )
    after = check_against_zone_rules(FIVE, NINE, NEW, now=NOW, rules=rules_of(-8, NEW))
    assert (after.lift, after.follow, after.words) == (FIVE, None, found.words)
    day = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-16, NEW))
    assert "is Tue, Sep 25, 2018, 01:00 UTC now, and was Mon, Sep 24, 2018, 16:00 UTC" in day.words
    odds = check_against_zone_rules(LIFT, NINE_PDT, OLD, now=NOW, rules=rules_of(-8, NEW)).words
    assert "9:00 AM UTC-07:00 is 8:00 AM XST there now" in odds


def test_newer_rules_never_make_a_lift_due_at_once() -> None:
    now = LIFT - timedelta(minutes=30)
    found = check_against_zone_rules(LIFT, NINE, OLD, now=now, rules=rules_of(-6, NEW))
    assert (found.lift, found.follow, found.asks, found.blocked) == (LIFT, None, True, False)
    assert found.words == (
        "this computer's time zone data says that it is newer (2019a) and would move the"
        " release time earlier: 9:00 AM in America/Los_Angeles would be 15:00 UTC, and the"
        " database has 16:00 UTC; the release time was not moved; check the time zone data"
    )


def test_newer_rules_one_after_another_move_a_lift_no_further_than_at_once() -> None:
    lift, zones = LIFT, "2019a"
    for number, letter in enumerate("bcdefgh", start=1):
        found = check_against_zone_rules(lift, NINE, zones, now=NOW, rules=rules_of(-7 + number / 2, f"2019{letter}"))
        if found.follow is not None:
            lift, zones = found.follow, found.release
    assert lift == LIFT - 2 * HOUR


def test_what_is_past_by_both_is_left_alone() -> None:
    for hours in (-8, -6):
        found = check_against_zone_rules(LIFT, NINE, OLD, now=LIFT + 2 * HOUR, rules=rules_of(hours, NEW))
        assert (found.lift, found.follow) == (LIFT, None)


def test_a_clock_put_back_on_the_day_gives_the_hour_that_was_meant_and_one_put_forward_the_first_after() -> None:
    # Summer time now ends at 9:30 a.m. of that day: nine comes twice, and one of them is the one that was said.
    twice = SimpleNamespace(clock=zone_of(-8 * HOUR, rest="XDT,M3.2.0/2,M9.4.1/9:30"), release=NEW)
    found = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=lambda name: twice)
    assert (found.lift, found.words) == (LIFT, "")
    # It now begins at 8:30 a.m. of that day: there is no nine o'clock, and the clock goes on at 9:30.
    gone = SimpleNamespace(clock=zone_of(-8 * HOUR, rest="XDT,M9.4.1/8:30,M11.1.0/2"), release=NEW)
    found = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=lambda name: gone)
    assert found.lift == datetime(2018, 9, 24, 16, 30, tzinfo=UTC)
    assert found.follow == found.lift
    # The offset that was said is none of the two: the later.
    other = SimpleNamespace(clock=zone_of(-10 * HOUR, rest="XDT-9,M3.2.0/2,M9.4.1/9:30"), release=NEW)
    found = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=lambda name: other)
    assert found.lift >= datetime(2018, 9, 24, 18, tzinfo=UTC)


releases = st.sampled_from(["", "2018e", "2018f", "2019a", "2019b"])


machines = st.lists(st.tuples(st.sampled_from([-9, -8.5, -8, -7, -6.5, -6, -5]), releases), min_size=1, max_size=4)


@given(
    machines=machines,
    first=st.integers(0, 3),
    named=st.booleans(),
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=14),
)
def test_no_machine_sends_early_by_the_record_or_by_rules_that_it_may_trust(
    machines: list[tuple[float, str]], first: int, named: bool, steps: list[tuple[int, int]]
) -> None:
    """Machines of any rules pass in any order over one record. The last to have fixed it is never newer than another's
    word that it overrides, and who sends waits for its own clock, unless newer rules than its own have spoken."""
    made = [rules_of(hours, release) for hours, release in machines]
    at = first % len(machines)
    wall = NINE if machines[at][0] == -7 else wall_text_by(made[at], named)
    promised = read_wall_times(wall)[0].promised
    lift, zones = promised, machines[at][1]
    now = promised - 5 * HOUR
    for which, minutes in steps:
        now += timedelta(minutes=minutes * 5)
        _, release = machines[which % len(machines)]
        going = made[which % len(machines)]
        ruling = check_against_zone_rules(lift, wall, zones, now=now, rules=going)
        assert ruling.lift >= lift
        if ruling.follow is not None:
            if ruling.follow < lift:
                assert zones
                assert release > zones
            assert ruling.release >= zones
            lift, zones = ruling.follow, ruling.release
        if lift <= now and not by_these(going, lift, wall, zones, now):
            own = reckoned(wall, rules=going)
            assert own is not None
            assert now >= lift
            assert now >= own or "" < release < zones


def wall_text_by(going: Callable[[str], Any], named: bool) -> str:
    """Nine o'clock as a machine of those rules writes it down."""
    offset = going(LA).clock.utcoffset(datetime(2018, 9, 24, 9))
    local = datetime(2018, 9, 24, 9).replace(tzinfo=UTC) - offset
    text = local.astimezone(going(LA).clock).isoformat()
    return f"{text}[{'!' if named else ''}{LA}]"


def by_these(going: Callable[[str], Any], lift: datetime, wall: str, zones: str, now: datetime) -> bool:
    """As `not_yet`, by the rules of one machine."""
    ruling = check_against_zone_rules(lift, wall, zones, now=now, rules=going)
    return ruling.blocked or ruling.lift > now


@given(machines=machines, order=st.permutations(range(4)))
def test_machines_with_different_rules_come_to_rest(machines: list[tuple[float, str]], order: list[int]) -> None:
    made = [(rules_of(hours, release), release, hours) for hours, release in machines]
    lift, zones, moves = LIFT, "2018e", 0
    for _ in range(8):
        before = lift, zones
        for which in order:
            if which < len(made):
                ruling = check_against_zone_rules(lift, NINE, zones, now=NOW, rules=made[which][0])
                if ruling.follow is not None:
                    moves += ruling.follow != lift
                    lift, zones = ruling.follow, ruling.release
        if (lift, zones) == before:
            break
    else:
        raise AssertionError("they go on moving it back and forth")
    assert moves <= 2 * len(made)
    newest = max((release for _, release, _ in made), default="")
    if newest > "2018e" and all(release for _, release, _ in made):
        those = [hours for _, release, hours in made if release == newest]
        own = datetime(2018, 9, 24, 9, tzinfo=UTC) - min(those) * HOUR
        if max(lift, LIFT) - own > 2 * HOUR:
            assert lift > own  # a person is asked
        else:
            assert lift == own


# -- the rules on this machine's disk -----------------------------------------------------------------------------


def test_the_rules_are_those_on_the_disk_at_this_moment(tmp_path: Path) -> None:
    folder = database(tmp_path / "zones", -8 * HOUR, OLD)
    with going_by(folder):
        assert (not_yet(LIFT, NINE, "", now=LIFT), known_release(NINE)) != ("", OLD)
        assert read_zone(LA).utcoffset(datetime(2018, 7, 1)) == -8 * HOUR
        kept = ZoneInfo(LA)
        database(folder, -7 * HOUR, NEW)  # an update, under a process that stays up
        os.utime(folder / LA, ns=(1, 1))
        os.utime(folder / "tzdata.zi", ns=(1, 1))
        assert (not_yet(LIFT, NINE, "", now=LIFT), known_release(NINE)) == ("", NEW)
        assert ZoneInfo(LA) is not kept  # what is said back goes by them too
        assert database_release() == NEW
        (folder / LA).write_bytes(b"half of it")
        assert present_rules(LA).clock.utcoffset(datetime(2018, 7, 1)) == -7 * HOUR  # being replaced just now
    assert present_rules(LA).clock.utcoffset(datetime(2018, 7, 1)) == -7 * HOUR
    with pytest.raises(StateUnreadable, match="no rules for the time zone"):
        present_rules("America/Atlantis")


@pytest.mark.parametrize(
    ("name", "says", "release"),
    [
        ("tzdata.zi", "# version 2025b\n# more\n", "2025b"),
        ("+VERSION", "2024a\n", "2024a"),
        ("__init__.py", '# so\n__version__ = "2026.6"\nIANA_VERSION = "2026f"\n', "2026f"),
        ("tzdata.zi", "# version 2025b-dirty\n", ""),
        ("tzdata.zi", "\xff", ""),
        ("else", "2025b", ""),
    ],
)
def test_which_release_a_zone_database_is_of(tmp_path: Path, name: str, says: str, release: str) -> None:
    (tmp_path / name).write_text(says, encoding="latin-1")
    assert release_in(str(tmp_path)) == release


# -- in the store -----------------------------------------------------------------------------------------------------


def put_for_nine(store: Store, wall: str = NINE, zones: str = OLD) -> Scheduled:
    """A release that is approved for nine in the morning, in the record as it was scheduled."""
    release = put(store)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        lifts.move_lift(ledger, release, LIFT, wall=wall, zones=zones)
    found = store.read.release(release.slug)
    assert found is not None
    assert (found.wall, found.zones) == (wall, zones)
    return found


def test_nothing_is_claimed_before_the_hour_has_come_by_the_rules_of_this_machine(store: Store, tmp_path: Path) -> None:
    put_for_nine(store)
    with going_by(database(tmp_path / "zones", -8 * HOUR)):
        assert take(store, now=LIFT) == []
        assert take(store, now=FIVE - SECOND) == []
        assert len(take(store, now=FIVE)) == 1


@pytest.mark.parametrize("wall", [NINE, NINE_PDT])
def test_nothing_that_is_claimed_leaves_before_it(store: Store, tmp_path: Path, wall: str) -> None:
    put_for_nine(store, wall)
    (claimed,) = take(store, now=LIFT)
    asked = {"source_hash": "f" * 64}
    assert store.read.why_not(claimed, now=LIFT, **asked) is None
    with going_by(database(tmp_path / "zones", -8 * HOUR)):
        why_not = store.read.why_not(claimed, now=FIVE - SECOND, **asked)
        assert why_not is not None
        assert "rules of" in why_not
        assert (store.read.why_not(claimed, now=FIVE, **asked) is None) is (wall == NINE)


def test_what_newer_rules_have_fixed_leaves_by_the_record_on_a_machine_with_older_ones(
    store: Store, tmp_path: Path
) -> None:
    put_for_nine(store, zones=NEW)
    with going_by(database(tmp_path / "zones", -8 * HOUR, OLD)):
        assert len(take(store, now=LIFT)) == 1


def test_a_lift_without_a_clock_keeps_its_instant_as_those_of_older_records_do(store: Store, tmp_path: Path) -> None:
    put(store)
    with going_by(database(tmp_path / "zones", -8 * HOUR, "2099a")):
        assert store.read.oldest_zones() == ""
        (claimed,) = take(store, now=LIFT)
        assert store.read.why_not(claimed, source_hash="f" * 64, now=LIFT) is None


def test_the_record_follows_the_rules_with_its_line_and_keeps_the_approvals(store: Store) -> None:
    release = put_for_nine(store)
    ruling = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-8, NEW))
    with store.ledger(now=NOW, actor="scheduler") as ledger:
        follow(ledger, [Followed(release, ruling)])
    found = store.read.release(release.slug)
    assert found is not None
    assert (found.lift, found.wall, found.zones, found.version) == (FIVE, NINE, NEW, release.version)
    assert found.embargo.lift == FIVE
    assert (only(store).lift, only(store).next_try) == (FIVE, FIVE)
    assert [one.by for one in store.read.dossiers([found])[0].approvals] == ["person-0"]
    line = list(store.read.journal())[-1]
    detail = json.loads(line.detail)
    assert (line.event, line.actor, line.version) == ("release.zone_rules_changed", "scheduler", release.version)
    assert (detail["before"], detail["lift"]) == ("2018-09-24T16:00:00Z", "2018-09-24T17:00:00Z")
    assert (detail["wall"], detail["zones_before"], detail["zones"]) == (NINE, OLD, NEW)
    assert first_break(store.read.journal()) is None
    assert take(store, now=FIVE - SECOND) == []


def test_newer_rules_that_change_nothing_are_put_on_record_once(store: Store) -> None:
    release = put_for_nine(store)
    assert [one.slug for one in store.read.fixed_before(NEW, NOW)] == [release.slug]
    before = only(store)
    ruling = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-7, NEW))
    with store.ledger(now=NOW, actor="scheduler") as ledger:
        follow(ledger, [Followed(release, ruling)])
    assert store.read.release(release.slug) == release._replace(zones=NEW)
    assert only(store) == before
    assert events(store)[-1] == "zones.confirmed"
    assert store.read.fixed_before(NEW, NOW) == []
    assert store.read.oldest_zones() == NEW


@pytest.mark.parametrize(
    "happened", ["moved", "another version", "followed already", "followed by others", "unscheduled"]
)
def test_what_was_changed_in_the_meantime_is_not_touched(store: Store, happened: str) -> None:
    release = put_for_nine(store)
    ruling = check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-8, NEW))
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        if happened == "moved":
            lifts.postpone(ledger, release, LIFT + 3 * HOUR)
        elif happened == "followed already":
            follow(ledger, [Followed(release, ruling)])
        elif happened == "followed by others":  # of no known release, and later still
            follow(ledger, [Followed(release, check_against_zone_rules(LIFT, NINE, OLD, now=NOW, rules=rules_of(-9)))])
        elif happened == "unscheduled":
            freezing.unschedule(ledger, release.slug)
    if happened == "another version":
        put(store, version="v2")
    before, told = store.read.release(release.slug), events(store)
    with store.ledger(now=NOW, actor="scheduler") as ledger:
        follow(ledger, [Followed(release, ruling)])
    assert (store.read.release(release.slug), events(store)) == (before, told)


def test_a_person_s_own_lift_follows_no_clock_unless_they_named_one(store: Store) -> None:
    release = put_for_nine(store)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        lifts.postpone(ledger, release, FIVE)
    found = store.read.release(release.slug)
    assert found is not None
    assert (found.lift, found.wall, found.zones) == (FIVE, "", "")
