"""The only module that asks the machine what time it is, and whether that can be trusted.

Anyone can set a wall clock to a wrong time. Three things limit it: the newest time that this workspace has on record;
within one boot of the machine, its uptime; and, if the clock is synchronized, the error that the kernel reports for it.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

#: What NTP's slewing may add to an honest clock between two readings: 500 parts in a million (ntp_adjtime(2)).
SLEW = 500e-6

#: How long a send may wait for proof that its lift has come, whatever the clock's error.
LONGEST_PROOF = timedelta(milliseconds=250)

_STEADY: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def utc_now() -> datetime:
    """Return the wall clock, as aware UTC."""
    return datetime.fromtimestamp(time.time_ns() // 1000 / 1e6, UTC)


def pause_clock() -> float:
    """Return seconds on a clock that nobody can set, and that runs on through a suspension if the system has one."""
    return time.clock_gettime(_STEADY) if _STEADY is not None else time.monotonic()


def sleep_until(moment: datetime) -> None:
    """Sleep until the wall clock has come to `moment` (aware), checking again, because it may run a little slow."""
    for _ in range(2):
        time.sleep(max(0.0, (moment - utc_now()).total_seconds()))


class ClockReading(NamedTuple):
    """The wall clock and the machine's uptime, read together.

    `uptime` counts through suspension; it and `boot` (a name for this boot of the machine) are None if the system can't
    tell.
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
    """Return the stricter of two readings of one boot; `other` if in doubt or if they can't be compared.

    A comparison with the last reading only would add up all tolerances, and a clock that creeps would be trusted.
    """
    if one is None or one.boot != other.boot or one.uptime is None or other.uptime is None:
        return other
    return other if _gained(other, one) <= (other.uptime - one.uptime) * SLEW else one


def _gained(mark: ClockReading, before: ClockReading) -> timedelta:
    """Return what the wall clock gained on the uptime between two readings of one boot."""
    assert mark.uptime is not None and before.uptime is not None  # noqa: S101, PT018  (readings of one boot have it)
    return (mark.wall - before.wall) - (mark.uptime - before.uptime)


def error_bound() -> timedelta | None:
    """Return the error that the kernel reports for the wall clock; None if it reports none.

    Only Linux does, and only while something synchronizes its clock (ntp_adjtime(2)); setting the clock by hand ends
    that. Takes about a microsecond.
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
    """The wall clock's possible error when a send started, None if unknown, and whether the lift had surely come."""

    error: timedelta | None
    lift_proved: bool


def await_proof(lift: datetime) -> ClockProof:
    """Wait until `lift` (UTC) has come by true time too, and return whether that is so.

    If that would take longer than `LONGEST_PROOF`, or the kernel reports no clock error, nothing is waited for and
    nothing is proved.
    """
    end = utc_now() + LONGEST_PROOF
    while (error := error_bound()) is not None and utc_now() - error < lift:
        if lift + error > end:
            return ClockProof(error, lift_proved=False)
        sleep_until(lift + error)  # the error may have grown in the meantime, so it is read again
    return ClockProof(error, lift_proved=error is not None)


_STA_UNSYNC, _TIME_ERROR = 0x40, 5


@cache
def _timex() -> type[Any]:
    """Return the beginning of the kernel's `struct timex`, with room for the rest of it."""
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
    """Return adjtimex(2), if the system has it and its struct is the one above."""
    if sys.platform != "linux":
        return None
    import ctypes

    if ctypes.sizeof(ctypes.c_long) != 8:
        return None
    try:
        # PyDLL: to let other threads run during the call would take far longer than the call itself.
        call = ctypes.PyDLL(None).adjtimex
    except (OSError, AttributeError):
        return None

    def ask(answer: Any) -> int:
        return int(call(ctypes.byref(answer)))

    return ask


@cache
def _boot_name() -> str | None:
    """Return this boot's name. Asked once, because no process outlives the boot that it started in."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def doubt(
    mark: ClockReading, *, recorded: ClockReading | None, newest: datetime | None, tolerance: timedelta
) -> str | None:
    """Return why the wall clock can't be trusted, in a sentence; None if nothing contradicts it.

    `newest` is the newest time on record in this workspace; `recorded` the most precise reading of this boot. A clock
    behind the record has been set back. One that gained more than the machine's uptime did, at once or little by
    little, has been set forward; across a reboot only a witness could tell.
    """
    if newest is not None and mark.wall < newest - tolerance:
        behind = round((newest - mark.wall).total_seconds())
        return f"the clock is {behind} s behind the last recorded time"
    if recorded is None or recorded.uptime is None or mark.uptime is None or recorded.boot != mark.boot:
        return None
    gained = _gained(mark, recorded)
    if gained > tolerance + (mark.uptime - recorded.uptime) * SLEW:
        return f"the clock jumped ahead by {round(gained.total_seconds())} s"
    return None


def vouches(mark: ClockReading, recorded: ClockReading | None) -> bool:
    """Return whether uptime can confirm a reading at all: an earlier one of the same boot was trusted."""
    return recorded is not None and recorded.boot is not None and recorded.boot == mark.boot
