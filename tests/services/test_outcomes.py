"""How a case ended: what is owed, from when, until when, and what follows."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from office import FAR, HereOffice, found_office

from pressrelease.notifications.daily import daily_notice
from pressrelease.promises import Kept, Promise, PromiseState
from pressrelease.status.outcomes import ASKED_AGAIN, FIRST_ASKED, Outcome, Owed, Unanswered, next_steps, owed_lines
from pressrelease.store import Store, after_publication

NOW = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HereOffice:
    made = HereOffice(found_office(tmp_path / "office", policy="[policy]\napprovals = 0\n").folder)
    monkeypatch.chdir(made.folder)
    return made


def store(office: HereOffice) -> Store:
    return Store("sqlite:///.pressrelease/state.db", office.folder)


def out_since(office: HereOffice, slug: str, days: float) -> None:
    """Have a release been out for so long, in the rows that say so."""
    at = round((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1e6)
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        connection.execute("UPDATE releases SET lift = ? WHERE slug = ?", (at, slug))
        connection.execute("UPDATE deliveries SET delivered_at = ? WHERE slug = ?", (at, slug))
    connection.close()


def owed(office: HereOffice, days: float = 90) -> list[str]:
    opened = store(office)
    found = [slug for slug, _ in after_publication.outcomes_owed(opened.read, datetime.now(UTC) - timedelta(days=days))]
    opened.close()
    return sorted(found)


def test_what_is_owed_is_on_the_first_screen_until_it_is_recorded(office: HereOffice, call: Caller) -> None:
    office.write("charged", body="Ten people were arrested. They are presumed innocent.")
    office.write("numbered", case="62-185543")
    office.write("award", body="The office gives an award.")
    office.write("sentenced", body="The defendant was sentenced.", accept="{presumption_missing: sentencing}")
    office.write("waiting", embargo=FAR, case="62-1")
    call("schedule", "charged", "numbered", "award", "sentenced", "waiting", "--yes")
    call("publish-due")
    for slug in ("charged", "numbered", "award", "sentenced"):
        out_since(office, slug, 89)
    assert owed(office) == []
    for slug in ("charged", "numbered", "award", "sentenced"):
        out_since(office, slug, 91)
    assert owed(office) == ["charged", "numbered"]
    for screen in ((), ("status",)):
        call(*screen, expect=(0, 10))
        assert "How did the case end?" in call.out
        assert "charged has been out for 91 days, and no outcome of its case is recorded." in call.out
    found = call.json("outcome", "charged", "dismissed", "--why", "People v. Smith")
    assert (found["outcome"], found["before"]) == ("dismissed", None)
    assert "pressrelease correct charged" in found["next"][0]
    assert owed(office) == ["numbered"]
    call("outcome", "numbered", "convicted", "--why", "Dept. 5")
    assert owed(office) == []
    call(expect=(0, 10))
    assert "How did the case end?" not in call.out
    found = call.json("outcome", "charged", "sealed", "--why", "851.91")
    assert found["before"] == "dismissed"
    assert "pressrelease kill charged" in found["next"][0]
    opened = store(office)
    answered = [one[:2] for one in after_publication.outcomes_unanswered(opened.read)]
    assert answered == [("numbered", "convicted"), ("charged", "sealed")]
    opened.close()
    call("kill", "charged", "--why", "sealed", "--confirm", "charged", expect=(0, 10))
    opened = store(office)
    assert [one[0] for one in after_publication.outcomes_unanswered(opened.read)] == ["numbered"]
    opened.close()
    call("journal", "charged")
    assert "recorded the outcome of its case: sealed: 851.91" in call.out
    call("journal", "--verify", expect=(0, 10))


def test_what_is_owed_follows_the_version_that_was_scheduled_last(office: HereOffice, call: Caller) -> None:
    office.write("names", embargo=FAR, body="He was charged.")
    call("schedule", "names", "--yes")
    office.write("names", body="Nothing of the kind.")
    call("schedule", "names", "--at", "immediate", "--yes")
    call("publish-due")
    out_since(office, "names", 100)
    assert owed(office) == []


def test_a_correction_that_accuses_nobody_is_an_answer_and_one_after_the_outcome_asks_nothing_again(
    office: HereOffice, call: Caller
) -> None:
    office.write("names", body="He was arrested and charged on Monday.")
    call("schedule", "names", "--yes")
    call("publish-due")
    out_since(office, "names", 91)
    assert owed(office) == ["names"]
    office.write("names", body="The office apologizes.")
    call("correct", "names", "--note", "He was not arrested.", "--yes")
    call("publish-due")
    out_since(office, "names", 91)
    assert owed(office) == []
    call("outcome", "names", "dismissed", "--why", "x")
    office.write("names", body="He was arrested and charged on Monday. The charges were dismissed.", case="1")
    call("correct", "names", "--note", "Update: dismissed.", "--yes")
    call("publish-due")
    out_since(office, "names", 91)
    assert owed(office) == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("far", "dismissed", "--why", "x"), 77, "is not out"),
        (("draft", "dismissed", "--why", "x"), 66, "is a draft"),
        (("nothing", "dismissed", "--why", "x"), 66, "no release"),
        (("out", "dismissed"), 65, "No reason was given"),
        (("out", "guilty", "--why", "x"), 2, "guilty"),
    ],
)
def test_what_can_not_be_recorded_is_refused(
    office: HereOffice, call: Caller, arguments: tuple[str, ...], code: int, words: str
) -> None:
    office.write("far", embargo=FAR, case="1")
    office.write("draft")
    office.write("out", case="1")
    call("schedule", "far", "out", "--yes")
    call("publish-due")
    call("outcome", *arguments, expect=code)
    assert words in call.err
    call("journal")
    assert "outcome" not in call.out


def test_a_dry_run_records_nothing(office: HereOffice, call: Caller) -> None:
    office.write("out", case="1")
    call("schedule", "out", "--yes")
    call("publish-due")
    call("outcome", "out", "other", "--why", "x", "--dry-run")
    call("journal")
    assert "outcome" not in call.out


def test_on_either_database(store: Store) -> None:
    assert after_publication.outcomes_owed(store.read, NOW) == []
    assert after_publication.outcome(store.read, "names") == ""
    assert after_publication.outcomes_unanswered(store.read) == []


# -- pure ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 400 * 24), max_size=5))
def test_each_is_named_once_from_the_ninetieth_day(hours: list[int]) -> None:
    found = owed_lines([Owed(f"r{n}", NOW - timedelta(hours=out)) for n, out in enumerate(hours)], NOW)
    assert len(found) == sum(timedelta(hours=out) >= FIRST_ASKED for out in hours)
    assert sum("180 days" in line for line in found) == sum(timedelta(hours=out) >= ASKED_AGAIN for out in hours)


@pytest.mark.parametrize(("days", "sent"), [(89.5, False), (90.5, True), (92, False), (180.5, True), (250, False)])
def test_the_list_of_the_day_is_sent_for_it_on_two_days(days: float, sent: bool) -> None:
    day = NOW.astimezone(ZoneInfo(ZONE)).date()
    one = Owed("names", NOW - timedelta(days=days))
    notice = daily_notice(day, [], [], owed=[one], now=NOW, timezone=ZONE)
    assert ("names has been out for" in notice.words) is sent


def test_it_is_on_a_list_that_is_sent_anyhow() -> None:
    end = datetime(2026, 1, 6, 12, tzinfo=UTC)
    promise = Kept(Promise("operation", "We will.", 1, end - timedelta(days=2), end), PromiseState.OPEN)
    one = Owed("names", NOW - timedelta(days=120))
    words = daily_notice(NOW.date(), [], [promise], owed=[one], now=NOW, timezone=ZONE).words
    assert "names has been out for 120 days" in words
    assert "operation made a promise" in words


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize(("days", "reminded"), [(0.5, False), (1.5, True), (3, False), (7.5, True), (30.5, True)])
def test_what_was_not_followed_up_is_reminded_of_three_times(outcome: Outcome, days: float, reminded: bool) -> None:
    one = Unanswered("names", outcome.value, NOW - timedelta(days=days))
    words = daily_notice(NOW.date(), [], [], unanswered=[one], now=NOW, timezone=ZONE).words
    assert ("names still says what it said" in words) is (reminded and bool(outcome.follows))


@pytest.mark.parametrize("outcome", Outcome)
def test_what_follows_fits_the_outcome(outcome: Outcome) -> None:
    steps = " ".join(next_steps(outcome, "names"))
    assert ("correct names" in steps) is (outcome in {Outcome.DISMISSED, Outcome.ACQUITTED})
    assert ("kill names" in steps) is (outcome not in {Outcome.CONVICTED, Outcome.OTHER})
