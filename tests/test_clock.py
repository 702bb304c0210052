"""Whether a clock can be believed: a table, and what holds for any clock."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st

from pressrelease import clock
from pressrelease.clock import Mark, doubt

SECOND, HOUR, DAY, YEAR = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=365)
TOLERANCE = timedelta(seconds=2)
UP = timedelta(days=3)

spans = st.timedeltas(min_value=timedelta(0), max_value=YEAR)


@pytest.mark.parametrize(
    ("moved", "up", "boot", "believed"),
    [
        pytest.param(HOUR, HOUR, "a", True, id="an hour passes on both clocks"),
        pytest.param(timedelta(0), timedelta(0), "a", True, id="at once"),
        pytest.param(HOUR + SECOND, HOUR, "a", True, id="a second gained, within tolerance"),
        pytest.param(HOUR + 5 * SECOND, HOUR, "a", False, id="five seconds gained in an hour"),
        pytest.param(DAY + 40 * SECOND, DAY, "a", True, id="slewed by NTP for a day"),
        pytest.param(HOUR, SECOND, "a", False, id="set an hour ahead"),
        pytest.param(YEAR, HOUR, "a", False, id="set a year ahead"),
        pytest.param(HOUR, 2 * HOUR, "a", True, id="set back by an hour, not behind the record: late, not early"),
        pytest.param(-HOUR, SECOND, "a", False, id="set behind the record"),
        pytest.param(-SECOND, SECOND, "a", True, id="a second behind the record, within tolerance"),
        pytest.param(DAY, SECOND, "b", True, id="ahead after a reboot: only a witness could tell"),
        pytest.param(-DAY, SECOND, "b", False, id="behind after a reboot: a flat battery"),
        pytest.param(timedelta(0), SECOND, "a", True, id="stopped: late, never early"),
    ],
)
def test_which_clock_is_believed(moved: timedelta, up: timedelta, boot: str, believed: bool) -> None:
    recorded = Mark(NOW, UP, "a")
    said = doubt(Mark(NOW + moved, UP + up, boot), recorded=recorded, newest=NOW, tolerance=TOLERANCE)
    assert (said is None) is believed, said


def test_without_a_record_and_without_an_uptime_nothing_speaks_against_a_clock() -> None:
    assert doubt(Mark(NOW, UP, "a"), recorded=None, newest=None, tolerance=TOLERANCE) is None
    assert doubt(Mark(NOW, None, None), recorded=Mark(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE) is None
    assert doubt(Mark(NOW + DAY, UP, "a"), recorded=Mark(NOW, None, None), newest=NOW, tolerance=TOLERANCE) is None


def test_the_reason_is_said_in_words() -> None:
    behind = doubt(Mark(NOW - HOUR, UP, "a"), recorded=None, newest=NOW, tolerance=TOLERANCE)
    assert behind == "the clock is 3600 s behind the newest time on record here"
    ahead = doubt(Mark(NOW + HOUR, UP, "a"), recorded=Mark(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE)
    assert ahead == "the clock has jumped 3600 s ahead of what this machine's uptime allows"


@given(passed=spans, slewed=st.floats(-clock.SLEW, clock.SLEW))
def test_an_honest_clock_is_always_believed(passed: timedelta, slewed: float) -> None:
    recorded = Mark(NOW, UP, "a")
    now = Mark(NOW + passed + passed * slewed, UP + passed, "a")
    assert doubt(now, recorded=recorded, newest=NOW, tolerance=TOLERANCE) is None


@given(passed=spans, jump=spans)
def test_no_jump_ahead_of_more_than_drift_allows_is_believed(passed: timedelta, jump: timedelta) -> None:
    recorded = Mark(NOW, UP, "a")
    now = Mark(NOW + passed + jump, UP + passed, "a")
    said = doubt(now, recorded=recorded, newest=NOW, tolerance=TOLERANCE)
    assert (said is not None) is (jump > TOLERANCE + passed * clock.SLEW)


@given(behind=spans, boot=st.sampled_from("ab"))
def test_no_clock_behind_the_record_is_believed(behind: timedelta, boot: str) -> None:
    said = doubt(Mark(NOW - behind, UP, boot), recorded=Mark(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE)
    assert (said is not None) is (behind > TOLERANCE)


def test_this_machines_clocks_agree_with_themselves() -> None:
    before, steady = clock.read_mark(), clock.pause_clock()
    after = clock.read_mark()
    assert after.wall.utcoffset() == timedelta(0)
    assert after.boot == before.boot
    assert clock.pause_clock() >= steady
    assert doubt(after, recorded=before, newest=before.wall, tolerance=TOLERANCE) is None
