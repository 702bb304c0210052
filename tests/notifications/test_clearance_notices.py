"""What the office's people are told of clearances: who must give what, a day and two hours ahead, by a code."""

from __future__ import annotations

from datetime import datetime, timedelta

from conftest import NOW
from notices import SLUG, WAITING, ZONE, happening, known, told_words

from pressrelease.config import ClearanceRule, Config, Office
from pressrelease.notifications.conditions import clearance_reminders, conditions
from pressrelease.notifications.notice import Known
from pressrelease.status.causes import Cause, Topic
from pressrelease.status.clearances import Clearance, ClearanceState
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CHARGES = Clearance("charges", rule=ClearanceRule("charges", "Do they stand?", ("da", "deputy"), 24 * HOUR))
VICTIM = Clearance("victim", rule=ClearanceRule("victim", "Does she agree?", ("rroe",), HOUR))


def needing(*clearances: Clearance, lift: datetime) -> Known:
    return Known(known(WAITING, lift=lift).dossier._replace(clearances=clearances))


def words(*clearances: Clearance, ahead: timedelta) -> list[str]:
    found = clearance_reminders([needing(*clearances, lift=NOW + ahead)], now=NOW, timezone=ZONE)
    assert all(one.about is Topic.CLEARANCE for one in found)
    return [one.words for one in found]


def test_nothing_is_said_earlier_than_a_day_ahead() -> None:
    assert words(CHARGES, ahead=24 * HOUR + MINUTE) == []


def test_a_day_ahead_it_names_who_can_give_what_and_from_when() -> None:
    assert words(CHARGES, VICTIM, ahead=24 * HOUR) == [
        "A release (code 3fa2c1) goes out Saturday, Sept. 22, 2018, 9 a.m. PDT (in 24 h), but it lacks"
        " charges (da or deputy), victim (rroe). victim can be given after Saturday, Sept. 22, 2018, 8 a.m. PDT."
        " To answer: `pressrelease clear --all SLUG`."
    ]


def test_two_hours_ahead_is_another_notice_and_a_given_one_is_left_out() -> None:
    given = VICTIM._replace(recorded=ClearanceState.GIVEN, by="rroe", at=NOW, until=NOW + 3 * HOUR)
    lift = NOW + 2 * HOUR
    assert "but it lacks charges (da or deputy). To answer" in words(CHARGES, given, ahead=2 * HOUR)[0]
    assert "victim (rroe)" in words(CHARGES, given._replace(until=lift), ahead=2 * HOUR)[0]
    keys = {
        clearance_reminders([needing(CHARGES, lift=lift)], now=lift - ahead, timezone=ZONE)[0].key
        for ahead in (24 * HOUR, 3 * HOUR, 2 * HOUR, MINUTE)
    }
    assert len(keys) == 2
    assert words(given, ahead=2 * HOUR) == []


def test_a_lift_that_came_without_them_needs_a_person() -> None:
    status = ReleaseStatus(ReleaseState.NEEDS_YOU, "zqwhy", blocked=True, cause=Cause.CLEARANCE_MISSING)
    one = needing(CHARGES, lift=NOW - MINUTE)
    found = conditions(
        [Known(one.dossier, status=status)],
        config=Config(Office("The Office", ZONE)),
        known_outlets={"media"},
        now=NOW,
        clock_doubt=None,
    )
    assert [notice.words for notice in found] == [
        "A release (code 3fa2c1) was due to go out, and it lacks charges (da or deputy)."
        " To see what to do: `pressrelease status`."
    ]


def test_a_refusal_is_reported_without_its_reason_and_not_once_it_was_answered_again() -> None:
    event = happening("release.clearance_refused", clearance="charges", by="deputy", why="zqwhy")
    refused = CHARGES._replace(recorded=ClearanceState.REFUSED, by="deputy", at=NOW, why="zqwhy")
    (said,) = told_words(event, of=needing(refused, lift=NOW + HOUR))
    assert said == (
        "A release (code 3fa2c1) was refused a clearance: charges by deputy."
        " Nothing of it goes out: `pressrelease status`."
    )
    assert SLUG not in said
    assert told_words(event, of=needing(CHARGES, lift=NOW + HOUR)) == []
    assert told_words(event) == []
