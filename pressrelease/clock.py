"""The only room that asks the machine what time it is, and whether that can be believed.

A wall clock is a guess that anyone can set. Two things bound it: the newest time that this workspace has
on record, and, within one boot of the machine, the time that the machine has been up.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

#: What NTP's slewing may add to an honest clock between two marks: 500 parts in a million (ntp_adjtime(2)).
SLEW = 500e-6

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


class Mark(NamedTuple):
    """The wall clock and the machine's uptime, read together.

    `uptime` counts through suspension; it and `boot` (a name for this boot of the machine) are None where
    the system can't tell.
    """

    wall: datetime
    uptime: timedelta | None
    boot: str | None


def read_mark() -> Mark:
    """Read both clocks at once."""
    boot = _boot_name()
    if _STEADY is None or boot is None:
        return Mark(utc_now(), None, None)
    return Mark(utc_now(), timedelta(seconds=time.clock_gettime(_STEADY)), boot)


def mark_of(wall: datetime, uptime_micros: int | None, boot: str | None) -> Mark:
    """A mark as it was recorded."""
    return Mark(wall, None if uptime_micros is None else timedelta(microseconds=uptime_micros), boot)


@cache
def _boot_name() -> str | None:
    """No process outlives the boot that it began in, so the system is asked once."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return None


def doubt(mark: Mark, *, recorded: Mark | None, newest: datetime | None, tolerance: timedelta) -> str | None:
    """Why the wall clock can't be believed, in a sentence; None where nothing speaks against it.

    `newest` is the newest time on record in this workspace; `recorded` the last mark taken here. A clock
    behind the record has been set back. One that gained more than the machine's uptime did, in the same
    boot, has been set forward; across a reboot only a witness could tell.
    """
    if newest is not None and mark.wall < newest - tolerance:
        behind = round((newest - mark.wall).total_seconds())
        return f"the clock is {behind} s behind the newest time on record here"
    if recorded is None or recorded.uptime is None or mark.uptime is None or recorded.boot != mark.boot:
        return None
    up = mark.uptime - recorded.uptime
    gained = (mark.wall - recorded.wall) - up
    if gained > tolerance + up * SLEW:
        return f"the clock has jumped {round(gained.total_seconds())} s ahead of what this machine's uptime allows"
    return None


def vouches(mark: Mark, recorded: Mark | None) -> bool:
    """Whether uptime can speak for a look at the clock at all: the last one believed was in the same boot."""
    return recorded is not None and recorded.boot is not None and recorded.boot == mark.boot
