"""An hour on the wall, and zone rules that differ from those on disk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from store_acts import LIFT
from zone_files import LA, zone_of

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


#: Nine in the morning of Sept. 24, 2018, in California: 16:00 UTC.
NINE = "2018-09-24T09:00:00-07:00[America/Los_Angeles]"


NINE_PDT = NINE.replace("[", "[!")


NINE_AND_NOON = f"{NINE_PDT} 2018-09-24T12:00:00-04:00[!America/New_York]"

UNKNOWN, OLD, NEW = "", "2018e", "2019a"
FOUR, FIVE = LIFT - HOUR, LIFT + HOUR


def rules_of(hours: float, release: str = "", zone: str = LA) -> Callable[[str], Any]:
    """A machine on which that zone's clock is always so far from UTC, and every other as it is."""
    changed = zone_of(hours * HOUR)
    return lambda name: SimpleNamespace(clock=changed if name == zone else ZoneInfo(name), release=release)
