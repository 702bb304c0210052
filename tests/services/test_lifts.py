"""A lift that a person chose stays chosen, and none moves earlier without a yes that names it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from office import Office, found_office, iso

from pressrelease.services.lifts import Lift, kept, said_earlier
from pressrelease.when import Embargo, EmbargoKind

LA = ZoneInfo("America/Los_Angeles")
TODAY = datetime.now(LA).replace(hour=0, minute=0, second=0, microsecond=0)
MONDAY = TODAY + timedelta(days=7 - TODAY.weekday())
#: Next week as a window, moments inside it that its own lift is not, and one after it.
WEEK = f"the week of {MONDAY.month}/{MONDAY.day}/{MONDAY.year}"
FRIDAY = iso((MONDAY + timedelta(days=4, hours=15)).astimezone(UTC))
EARLIER = iso((MONDAY + timedelta(days=2, hours=10)).astimezone(UTC))
OUTSIDE = iso((MONDAY + timedelta(days=9, hours=10)).astimezone(UTC))


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    made.write("names", embargo=WEEK, date=TODAY.date().isoformat())
    return made


def lift(call: Caller) -> datetime:
    return datetime.fromisoformat(call.json("status", "names")["releases"][0]["lift"])


def edit(office: Office, **keys: str) -> None:
    office.write("names", body="Words, with a comma.", **({"embargo": WEEK, "date": TODAY.date().isoformat()} | keys))


@pytest.mark.parametrize("unscheduled", [False, True])
@pytest.mark.parametrize("how", ["schedule", "resume"])
def test_a_chosen_lift_outlives_a_fixed_comma(office: Office, call: Caller, how: str, unscheduled: bool) -> None:
    if how == "schedule":
        call("schedule", "names", "--at", FRIDAY, "--yes")
    else:
        call("schedule", "names", "--yes")
        call("resume", "names", "--at", FRIDAY, "--yes")
    call("approve", "names", "--as", "deputy")
    edit(office)
    if unscheduled:
        call("unschedule", "names")
    said = call("schedule", "names", "--yes")
    assert "the time that was chosen before" in said
    assert lift(call) == datetime.fromisoformat(FRIDAY)
    call("schedule", "names", "--no-input")  # nothing is assumed, so nothing is asked
    assert lift(call) == datetime.fromisoformat(FRIDAY)


@pytest.mark.parametrize("unscheduled", [False, True])
def test_an_earlier_lift_is_said_and_needs_more_than_yes(office: Office, call: Caller, unscheduled: bool) -> None:
    call("schedule", "names", "--at", FRIDAY, "--yes")
    edit(office, embargo=EARLIER)
    if unscheduled:
        call("unschedule", "names")
    call("schedule", "names", "--yes", expect=10)
    assert "2 days EARLIER" in call.err
    assert "Friday, " in call.err
    assert "3 p.m. P" in call.err
    assert "Wednesday, " in call.err
    named = call.err.partition("--at '")[2].partition("'")[0]  # what the refusal says to type
    if not unscheduled:
        assert lift(call) == datetime.fromisoformat(FRIDAY)
    call("schedule", "names", "--at", named, "--yes")
    assert lift(call) == datetime.fromisoformat(EARLIER)


def test_a_later_lift_is_not_called_earlier(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", EARLIER, "--yes")
    edit(office, embargo=FRIDAY)
    call("schedule", "names", "--yes")
    assert lift(call) == datetime.fromisoformat(FRIDAY)


def test_an_embargo_that_became_immediate_is_earlier(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", FRIDAY, "--yes")
    edit(office, embargo="immediate")
    call("schedule", "names", "--yes", expect=10)
    assert "EARLIER" in call.err
    assert lift(call) == datetime.fromisoformat(FRIDAY)
    call("unschedule", "names")
    call("publish", "names", "--yes", expect=10)
    call("schedule", "names", "--at", "immediate", "--yes")


def test_without_an_embargo_in_the_file_the_chosen_lift_stays(office: Office, call: Caller) -> None:
    edit(office, embargo="")
    call("schedule", "names", "--at", FRIDAY, "--yes")
    edit(office, embargo="", subhead="More")
    call("schedule", "names")
    assert lift(call) == datetime.fromisoformat(FRIDAY)
    call("unschedule", "names")
    call("schedule", "names")
    assert lift(call) == datetime.fromisoformat(FRIDAY)


def test_a_proof_of_the_edited_file_shows_the_kept_lift(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", FRIDAY, "--yes")
    call("unschedule", "names")
    proof = call("proof", "names", "--format", "ninjs")
    assert datetime.fromisoformat(FRIDAY).astimezone(LA).isoformat() in proof


def test_a_later_time_outside_the_window_is_refused(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", EARLIER, "--yes")
    call("resume", "names", "--at", OUTSIDE, "--yes", expect=65)
    assert "after the end of the window" in call.err
    assert lift(call) == datetime.fromisoformat(EARLIER)


def test_an_earlier_time_is_refused_in_the_times_of_people(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", FRIDAY, "--yes")
    call("resume", "names", "--at", EARLIER, "--yes", expect=77)
    assert "names was approved for Friday, " in call.err
    assert "3 p.m. P" in call.err
    assert "Z" not in call.err.replace("PZ", "")


def test_days_instead_of_a_moment_are_asked_when_resuming(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", EARLIER, "--yes")
    day = (MONDAY + timedelta(days=3)).date()
    call("resume", "names", "--at", f"{day:%B} {day.day}, {day.year}", expect=10)
    assert "is not an exact time" in call.err
    assert lift(call) == datetime.fromisoformat(EARLIER)


# --- The rule by itself ----------------------------------------------------------------------------------------------

NOW = datetime(2026, 11, 27, 21, 0, tzinfo=UTC)
moments = st.integers(1, 200).map(lambda hours: NOW + timedelta(hours=hours))
lifts = st.builds(Lift, moments, st.just(""), st.sampled_from(["next week", "Friday"]), st.booleans())


@given(lifts, moments, moments, st.sampled_from(["next week", "Friday"]), st.sampled_from(list(EmbargoKind)))
def test_what_is_kept_was_chosen_and_fits(
    last: Lift, begin: datetime, end: datetime, text: str, kind: EmbargoKind
) -> None:
    window = kind is EmbargoKind.WINDOW
    begin, end = min(begin, end), max(begin, end) + timedelta(hours=1)
    if kind is EmbargoKind.IMMEDIATE:
        embargo = Embargo(text, kind, "UTC")
    else:
        embargo = Embargo(text, kind, "UTC", begin, end if window else None, begin)
    found = kept(last, embargo)
    if found is None:
        return
    assert found == last
    assert last.chosen
    assert embargo.not_before is None or last.moment >= embargo.not_before
    assert embargo.no_later_than is None or last.moment < embargo.no_later_than
    assert not said_earlier(last, found.moment, timezone="UTC")


def test_a_kept_lift_is_the_hour_that_was_chosen_by_the_zone_rules_of_today() -> None:
    embargo = Embargo("next week", EmbargoKind.WINDOW, "UTC", NOW, NOW + timedelta(days=14), NOW + timedelta(days=1))
    recorded = datetime(2026, 12, 4, 16, 0, tzinfo=UTC)  # 9 a.m. by rules that had summer time in December
    found = kept(Lift(recorded, "2026-12-04T09:00:00-07:00[America/Los_Angeles]", "next week", True), embargo)
    assert found is not None
    assert found.moment == datetime(2026, 12, 4, 17, 0, tzinfo=UTC)
    assert found.moment.astimezone(LA).hour == 9


@given(lifts, st.none() | moments)
def test_every_earlier_lift_is_said(last: Lift, moment: datetime | None) -> None:
    said = said_earlier(last, moment, timezone="America/Los_Angeles")
    assert bool(said) is (moment is None or moment < last.moment)
    assert ("EARLIER" in said) is bool(said)


def test_what_missed_its_moment_can_be_scheduled_for_now(office: Office, call: Caller) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    office.write(
        "names", embargo=soon.isoformat(timespec="seconds"), date=(soon - timedelta(days=2)).date().isoformat()
    )
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()) + 0.1)
    call("schedule", "names", "--yes", expect=65)
    shown = call("schedule", "names", "--at", "now", "--yes")
    assert "already passed" not in shown
    assert "goes out  as soon as it is approved; its time was " in call("approve", "names", "--dry-run")
    call("approve", "names", "--as", "deputy")
    call("publish-due")
    assert office.pages == ["names"]
