"""The only module that asks the machine what time it is, and whether that can be believed.

A wall clock is a guess that anyone can set. Three things bound it: the newest time that this workspace has on
record; within one boot of the machine, the time that the machine has been up; and, where the clock is synchronized,
what the kernel says that it may be off by.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

#: What NTP's slewing may add to an honest clock between two marks: 500 parts in a million (ntp_adjtime(2)).
SLEW = 500e-6

#: How long a send may wait for proof that its lift has come, however far off the clock may be.
LONGEST_PROOF = timedelta(milliseconds=250)

_STEADY: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def utc_now() -> datetime:
    """The wall clock, as aware UTC."""
    return datetime.fromtimestamp(time.time_ns() // 1000 / 1e6, UTC)


def pause_clock() -> float:
    """Seconds on a clock that nobody can set, and that runs on through a suspension where the system has one."""
    return time.clock_gettime(_STEADY) if _STEADY is not None else time.monotonic()


def sleep_until(moment: datetime) -> None:
    """Sleep until the wall clock has come to `moment` (aware); looked at once more, since it may run slow a little."""
    for _ in range(2):
        time.sleep(max(0.0, (moment - utc_now()).total_seconds()))


class ClockReading(NamedTuple):
    """The wall clock and the machine's uptime, read together.

    `uptime` counts through suspension; it and `boot` (a name for this boot of the machine) are None where
    the system can't tell.
    """

    wall: datetime
    uptime: timedelta | None
    boot: str | None


def read_clock() -> ClockReading:
    """Read both clocks at once."""
    boot = _boot_name()
    if _STEADY is None or boot is None:
        return ClockReading(utc_now(), None, None)
    return ClockReading(utc_now(), timedelta(seconds=time.clock_gettime(_STEADY)), boot)


def tighter(one: ClockReading | None, other: ClockReading) -> ClockReading:
    """The mark of one boot that allows later ones less, `other` in doubt; `other` where they can't be compared.

    To measure by the last mark would add up what each one was allowed: a clock that creeps would always be believed.
    """
    if one is None or one.boot != other.boot or one.uptime is None or other.uptime is None:
        return other
    return other if _gained(other, one) <= (other.uptime - one.uptime) * SLEW else one


def _gained(mark: ClockReading, before: ClockReading) -> timedelta:
    """What the wall clock gained on the uptime between two marks of one boot."""
    assert mark.uptime is not None and before.uptime is not None  # noqa: S101, PT018  (marks of one boot have it)
    return (mark.wall - before.wall) - (mark.uptime - before.uptime)


def error_bound() -> timedelta | None:
    """How far off the kernel says that the wall clock may be; None where it doesn't say.

    Only Linux does, and only while something synchronizes its clock (ntp_adjtime(2)); setting the clock by hand ends
    that. It takes about a microsecond.
    """
    ask = _adjtimex()
    if ask is None:
        return None
    answer = _timex()()  # all zeros: modes = 0 reads and changes nothing
    state = ask(answer)
    if state < 0 or state == _TIME_ERROR or answer.status & _STA_UNSYNC or answer.maxerror < 0:
        return None
    return timedelta(microseconds=answer.maxerror)


class ClockProof(NamedTuple):
    """How far off the wall clock may have been when a send began, None where the kernel doesn't say; and whether the
    lift had come whatever it was off."""

    error: timedelta | None
    lift_proved: bool


def await_proof(lift: datetime) -> ClockProof:
    """Wait until `lift` (UTC) has come by true time too, and say whether that is so.

    Where that would take longer than `LONGEST_PROOF`, or the kernel doesn't say how far off its clock may be, nothing
    is waited for and nothing is proved.
    """
    end = utc_now() + LONGEST_PROOF
    while (error := error_bound()) is not None and (now := utc_now()) - error < lift:
        if lift + error > end or now > end:
            return ClockProof(error, lift_proved=False)
        sleep_until(lift + error)  # the error may have grown meanwhile, and so it is asked for again
    return ClockProof(error, lift_proved=error is not None)


_STA_UNSYNC, _TIME_ERROR = 0x40, 5


@cache
def _timex() -> type[Any]:
    """The beginning of the kernel's `struct timex`, and room for the rest of it."""
    from ctypes import Structure, c_char, c_int, c_long, c_uint

    class Timex(Structure):
        _fields_ = (
            ("modes", c_uint),
            ("offset", c_long),
            ("freq", c_long),
            ("maxerror", c_long),
            ("esterror", c_long),
            ("status", c_int),
            ("rest", c_char * 256),
        )

    return Timex


@cache
def _adjtimex() -> Callable[[Any], int] | None:
    """adjtimex(2), where the system has it and its struct is the one above."""
    if sys.platform != "linux":
        return None
    import ctypes

    if ctypes.sizeof(ctypes.c_long) != 8:
        return None
    try:
        # PyDLL: to let other threads run meanwhile would take far longer than the call.
        call = ctypes.PyDLL(None).adjtimex
    except (OSError, AttributeError):
        return None

    def ask(answer: Any) -> int:
        return int(call(ctypes.byref(answer)))

    return ask


@cache
def _boot_name() -> str | None:
    """No process outlives the boot that it began in, so the system is asked once."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def doubt(
    mark: ClockReading, *, recorded: ClockReading | None, newest: datetime | None, tolerance: timedelta
) -> str | None:
    """Why the wall clock can't be believed, in a sentence; None where nothing speaks against it.

    `newest` is the newest time on record in this workspace; `recorded` the tightest mark of this boot. A clock behind
    the record has been set back. One that gained more than the machine's uptime did, at once or little by little, has
    been set forward; across a reboot only a witness could tell.
    """
    if newest is not None and mark.wall < newest - tolerance:
        behind = round((newest - mark.wall).total_seconds())
        return f"the clock is {behind} s behind the newest time on record here"
    if recorded is None or recorded.uptime is None or mark.uptime is None or recorded.boot != mark.boot:
        return None
    gained = _gained(mark, recorded)
    if gained > tolerance + (mark.uptime - recorded.uptime) * SLEW:
        return f"the clock has jumped {round(gained.total_seconds())} s ahead of what this machine's uptime allows"
    return None


def vouches(mark: ClockReading, recorded: ClockReading | None) -> bool:
    """Whether uptime can vouch for a mark at all: an earlier one of the same boot was believed."""
    return recorded is not None and recorded.boot is not None and recorded.boot == mark.boot
