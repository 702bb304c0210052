"""Whether a clock can be believed: a table, and what holds for any clock."""

from __future__ import annotations

import time
from datetime import UTC, timedelta
from typing import Any

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.system import clock
from pressrelease.system.clock import ClockReading, doubt, tighter

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
    recorded = ClockReading(NOW, UP, "a")
    said = doubt(ClockReading(NOW + moved, UP + up, boot), recorded=recorded, newest=NOW, tolerance=TOLERANCE)
    assert (said is None) is believed, said


def test_without_a_record_and_without_an_uptime_nothing_speaks_against_a_clock() -> None:
    assert doubt(ClockReading(NOW, UP, "a"), recorded=None, newest=None, tolerance=TOLERANCE) is None
    assert (
        doubt(ClockReading(NOW, None, None), recorded=ClockReading(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE)
        is None
    )
    assert (
        doubt(ClockReading(NOW + DAY, UP, "a"), recorded=ClockReading(NOW, None, None), newest=NOW, tolerance=TOLERANCE)
        is None
    )


def test_the_reason_is_said_in_words() -> None:
    behind = doubt(ClockReading(NOW - HOUR, UP, "a"), recorded=None, newest=NOW, tolerance=TOLERANCE)
    assert behind == "the clock is 3600 s behind the last recorded time"
    ahead = doubt(
        ClockReading(NOW + HOUR, UP, "a"), recorded=ClockReading(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE
    )
    assert ahead == "the clock jumped ahead by 3600 s"


@given(passed=spans, slewed=st.floats(-clock.SLEW, clock.SLEW))
def test_an_honest_clock_is_always_believed(passed: timedelta, slewed: float) -> None:
    recorded = ClockReading(NOW, UP, "a")
    now = ClockReading(NOW + passed + passed * slewed, UP + passed, "a")
    assert doubt(now, recorded=recorded, newest=NOW, tolerance=TOLERANCE) is None


@given(passed=spans, jump=spans)
def test_no_jump_ahead_of_more_than_drift_allows_is_believed(passed: timedelta, jump: timedelta) -> None:
    recorded = ClockReading(NOW, UP, "a")
    now = ClockReading(NOW + passed + jump, UP + passed, "a")
    said = doubt(now, recorded=recorded, newest=NOW, tolerance=TOLERANCE)
    assert (said is not None) is (jump > TOLERANCE + passed * clock.SLEW)


steps = st.lists(
    st.tuples(spans | st.timedeltas(min_value=timedelta(0), max_value=HOUR), st.timedeltas(-2 * SECOND, 2 * SECOND)),
    max_size=100,
)


@given(steps=steps)
def test_what_a_clock_gains_little_by_little_is_added_up(steps: list[tuple[timedelta, timedelta]]) -> None:
    """Each step is small enough to be believed by itself, and each believed mark is kept."""
    start = kept = ClockReading(NOW, UP, "a")
    wall, up = start.wall, UP
    for passed, step in steps:
        wall, up = wall + passed + step, up + passed
        mark = ClockReading(wall, up, "a")
        if doubt(mark, recorded=kept, newest=None, tolerance=TOLERANCE) is None:
            assert wall - NOW <= (up - UP) + TOLERANCE + (up - UP) * clock.SLEW
            kept = tighter(kept, mark)


def test_a_clock_that_creeps_is_found_out_however_long_the_machine_was_up_before() -> None:
    kept, creeping = ClockReading(NOW, UP, "a"), timedelta(0)
    for days in range(10):
        kept = tighter(kept, ClockReading(NOW + days * DAY, UP + days * DAY, "a"))
    for minutes in range(75):
        creeping += 1.9 * SECOND
        passed = 9 * DAY + minutes * timedelta(minutes=1)
        mark = ClockReading(NOW + passed + creeping, UP + passed, "a")
        if doubt(mark, recorded=kept, newest=None, tolerance=TOLERANCE) is not None:
            break
        kept = tighter(kept, mark)
    assert creeping < 2 * TOLERANCE


@given(st.lists(st.tuples(spans, st.timedeltas(-HOUR, HOUR)), min_size=1, max_size=10), st.randoms())
def test_it_does_not_matter_in_which_order_marks_are_kept(
    marks: list[tuple[timedelta, timedelta]], chance: Any
) -> None:
    """Several processes look at the clock, and none waits for another's look to be on record."""

    def allowed(order: list[tuple[timedelta, timedelta]]) -> ClockReading:
        kept = None
        for passed, gained in order:
            kept = tighter(kept, ClockReading(NOW + passed + gained, UP + passed, "a"))
        assert kept is not None
        return kept

    first = allowed(marks)
    chance.shuffle(marks)
    second = allowed(marks)
    assert first.uptime is not None
    assert second.uptime is not None
    apart = (first.wall - second.wall) - (first.uptime - second.uptime) * (1 + clock.SLEW)
    assert abs(apart) < timedelta(milliseconds=1)


def test_marks_of_other_boots_and_of_none_are_not_compared() -> None:
    mark = ClockReading(NOW, UP, "b")
    assert tighter(ClockReading(NOW - DAY, UP, "a"), mark) is mark
    assert tighter(None, mark) is mark
    nameless = ClockReading(NOW, None, None)
    assert tighter(mark, nameless) is nameless
    for one, other in ((mark, mark._replace(uptime=None)), (mark._replace(uptime=None), mark)):
        assert tighter(one, other) is other
        assert doubt(other._replace(wall=NOW + DAY), recorded=one, newest=None, tolerance=TOLERANCE) is None


def test_of_two_that_are_as_strict_the_later_is_kept() -> None:
    one, other = ClockReading(NOW, UP, "a"), ClockReading(NOW + 2001 * SECOND, UP + 2000 * SECOND, "a")
    assert tighter(one, other) is other
    assert tighter(one, other._replace(wall=other.wall + SECOND)) is one


def test_without_a_boot_nothing_is_compared() -> None:
    mark, nameless = ClockReading(NOW, UP, "b"), ClockReading(NOW, None, None)
    assert tighter(nameless, mark) is mark


@given(behind=spans, boot=st.sampled_from("ab"))
def test_no_clock_behind_the_record_is_believed(behind: timedelta, boot: str) -> None:
    said = doubt(
        ClockReading(NOW - behind, UP, boot), recorded=ClockReading(NOW, UP, "a"), newest=NOW, tolerance=TOLERANCE
    )
    assert (said is not None) is (behind > TOLERANCE)


@pytest.mark.parametrize(
    ("recorded", "vouched"),
    [
        (None, False),
        (ClockReading(NOW - DAY, UP, "a"), True),
        (ClockReading(NOW - DAY, UP, "b"), False),
        (ClockReading(NOW - DAY, None, None), False),
    ],
)
def test_uptime_vouches_only_for_a_boot_that_was_trusted_before(recorded: ClockReading | None, vouched: bool) -> None:
    assert clock.vouches(ClockReading(NOW, UP, "a"), recorded) is vouched
    assert not clock.vouches(ClockReading(NOW, None, None), recorded)


def test_the_two_clocks_are_those_of_the_system_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_STEADY", 7)
    monkeypatch.setattr(clock, "_boot_name", lambda: "a")
    monkeypatch.setattr(time, "clock_gettime", {7: 259_200.5}.__getitem__)
    monkeypatch.setattr(time, "time_ns", lambda: 1_537_545_600_123_456_789)
    assert clock.pause_clock() == 259_200.5
    wall = NOW + timedelta(microseconds=123_456)
    assert clock.read_clock() == ClockReading(wall, UP + timedelta(seconds=0.5), "a")
    assert clock.utc_now().tzinfo is UTC
    monkeypatch.setattr(clock, "_boot_name", lambda: None)
    assert clock.read_clock() == ClockReading(wall, None, None)
    monkeypatch.setattr(clock, "_STEADY", None)
    monkeypatch.setattr(clock, "_boot_name", lambda: "a")
    assert clock.read_clock() == ClockReading(wall, None, None)
    monkeypatch.setattr(time, "monotonic", lambda: 5.5)
    assert clock.pause_clock() == 5.5


def test_a_sleep_is_as_long_as_the_wall_clock_says_however_slow_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    wall, slept = [NOW], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        wall[0] += timedelta(seconds=seconds) * 0.75

    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(clock, "utc_now", lambda: wall[0])
    clock.sleep_until(NOW + 8 * SECOND)
    assert slept == [8.0, 2.0]
    clock.sleep_until(NOW - HOUR)
    assert slept == [8.0, 2.0, 0.0, 0.0]


def test_this_machines_clocks_agree_with_themselves() -> None:
    before, steady = clock.read_clock(), clock.pause_clock()
    after = clock.read_clock()
    assert after.wall.utcoffset() == timedelta(0)
    assert after.boot == before.boot
    assert clock.pause_clock() >= steady
    assert doubt(after, recorded=before, newest=before.wall, tolerance=TOLERANCE) is None


class Kernel:
    """adjtimex(2), answering as it is told."""

    def __init__(self, state: int, status: int, maxerror: int) -> None:
        self._said = state, status, maxerror

    def __call__(self, answer: Any) -> int:
        state, answer.status, answer.maxerror = self._said
        assert answer.modes == 0  # it reads, and changes nothing
        return state


@pytest.mark.parametrize(
    ("kernel", "bound"),
    [
        pytest.param(Kernel(0, 0x2001, 1_500), timedelta(milliseconds=1.5), id="synchronized"),
        pytest.param(Kernel(1, 0x2011, 0), timedelta(0), id="a leap second is coming"),
        pytest.param(Kernel(5, 0x40, 16_000_000), None, id="not synchronized"),
        pytest.param(Kernel(0, 0x40, 1_500), None, id="says so in its status alone"),
        pytest.param(Kernel(-1, 0, 0), None, id="not permitted"),
        pytest.param(None, None, id="not this system"),
    ],
)
def test_how_far_off_the_kernel_says_that_its_clock_may_be(
    monkeypatch: pytest.MonkeyPatch, kernel: Kernel | None, bound: timedelta | None
) -> None:
    monkeypatch.setattr(clock, "_adjtimex", lambda: kernel)
    assert clock.error_bound() == bound


def test_this_kernel_can_be_asked() -> None:
    bound = clock.error_bound()
    assert bound is None or timedelta(0) <= bound < timedelta(seconds=17)


@pytest.mark.parametrize(
    ("bound", "past", "waits", "proved"),
    [
        pytest.param(100, 0, 100, True, id="waited for"),
        pytest.param(100, 60, 40, True, id="the rest of it is waited for"),
        pytest.param(100, 150, 0, True, id="proved at once"),
        pytest.param(0, 0, 0, True, id="exact"),
        pytest.param(250, 0, 250, True, id="as long as it may be waited for"),
        pytest.param(300, 0, 0, False, id="too far off to wait for"),
        pytest.param(300, 400, 0, True, id="far off, and late enough"),
        pytest.param(None, 0, 0, False, id="not known"),
        pytest.param(None, 60_000, 0, False, id="not known, however late"),
    ],
)
def test_a_lift_is_waited_for_until_it_has_come_by_true_time(
    monkeypatch: pytest.MonkeyPatch, bound: int | None, past: int, waits: int, proved: bool
) -> None:
    """In milliseconds: how far off the clock may be, how far past the lift is, how long it is waited for."""
    wall = [NOW + timedelta(milliseconds=past)]

    def sleep_until(moment: Any) -> None:
        wall[0] = max(wall[0], moment)

    error = None if bound is None else timedelta(milliseconds=bound)
    monkeypatch.setattr(clock, "utc_now", lambda: wall[0])
    monkeypatch.setattr(clock, "sleep_until", sleep_until)
    monkeypatch.setattr(clock, "error_bound", lambda: error)
    assert clock.await_proof(NOW) == clock.ClockProof(error, proved)
    assert wall[0] == NOW + timedelta(milliseconds=past + waits)


def test_an_error_that_grows_while_it_is_waited_for_is_waited_for_too_and_not_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wall, errors = [NOW], [timedelta(milliseconds=ms) for ms in (100, 101, 101)]
    monkeypatch.setattr(clock, "utc_now", lambda: wall[0])
    monkeypatch.setattr(clock, "sleep_until", lambda moment: wall.__setitem__(0, moment))
    monkeypatch.setattr(clock, "error_bound", lambda: errors.pop(0))
    assert clock.await_proof(NOW) == clock.ClockProof(timedelta(milliseconds=101), True)
    monkeypatch.setattr(clock, "error_bound", lambda: (wall[0] - NOW) + timedelta(milliseconds=10))
    assert not clock.await_proof(NOW).lift_proved
    assert wall[0] - NOW <= 2 * clock.LONGEST_PROOF
