"""The office that reads a phrase: its zone, its hours, the present, and the days on which it works."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from pressrelease.when.formatting import say_full_day, say_hour
from pressrelease.when.zones import country_of, locate, not_before, read_zone


class _Zones(dict[str, ZoneInfo]):
    def __missing__(self, name: str) -> ZoneInfo:
        self[name] = zone = read_zone(name)
        return zone


@dataclass(frozen=True)
class Office:
    """An office's zone, its hours (local), and the present (UTC)."""

    name: str
    release_time: time
    close: time
    now: datetime
    #: Whether a year may be any number of years ahead: in a text nobody can be asked.
    any_year: bool = False
    #: Every zone that the phrase names, by the rules that this machine had when it was first asked for.
    zones: _Zones = field(default_factory=_Zones, compare=False)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The office's own zone."""
        return self.zones[self.name]

    @cached_property
    def today(self) -> date:
        """The day in the office."""
        return self.now.astimezone(self.zone).date()


#: States that one zone represents; elsewhere in the country only federal holidays are known.
_STATES = {"America/Los_Angeles": "CA", "US/Pacific": "CA"}


#: Per month, the days that a holiday there can fall on, with the days to which it may be moved. The library that knows
#: them is slow to load, and most days don't need it.
_MAY_BE_ONE = {
    1: (*range(1, 4), *range(14, 22)),
    2: (11, 12, 13, *range(14, 23)),
    3: (*range(29, 32),),
    4: (1, 2),
    5: (*range(24, 32),),
    6: (*range(18, 22),),
    7: (*range(2, 7),),
    9: (*range(1, 11),),
    10: (*range(7, 15),),
    11: (*range(9, 14), *range(21, 30)),
    12: (*range(23, 28), 30, 31),
}

#: In the library's list of California's holidays, though offices are open.
_OPEN = {"Diwali", "Susan B. Anthony Day"}


@lru_cache(maxsize=32)
def _holidays(state: str | None, year: int) -> dict[date, str]:
    import holidays

    return dict(holidays.country_holidays("US", subdiv=state, years=year))


def day_off(day: date, zone: str) -> str:
    """Return why an office in `zone` is closed on a day, in a sentence; empty if it is open."""
    if day.weekday() >= 5:
        return f"{say_full_day(day)}, is on a weekend."
    if day.day not in _MAY_BE_ONE.get(day.month, ()) or country_of(zone) != "US":
        return ""
    if (name := _holidays(_STATES.get(zone), day.year).get(day)) and name not in _OPEN:
        return f"{say_full_day(day)}, is a holiday ({name})."
    return ""


def proposed_lift(
    first: date, end: date, *, release_time: time, zone: ZoneInfo, office: str, now: datetime
) -> tuple[datetime, tuple[str, ...]]:
    """Return the lift (UTC) for a window of days from `first` up to `end`, and a remark on it.

    The first office day at `release_time` that is still ahead; if none is left, the first one, though it is past; if
    the office is closed on all days, the first day.
    """
    days = [first + timedelta(days=number) for number in range((end - first).days)][:400]
    hour = say_hour(datetime.combine(first, release_time))
    remarks = [f"No hour was given, so {hour} is used, the office's release time."]
    skipped: list[str] = []
    fallback: datetime | None = None
    for day in days:
        lift = _at(day, release_time, zone)
        if why := day_off(day, office):
            skipped.append(why)
            continue
        fallback = fallback or lift
        if lift > now:
            return lift, (*remarks, *skipped)
    if fallback is None:
        ahead = [lift for day in days if (lift := _at(day, release_time, zone)) > now]
        return (ahead or [_at(first, release_time, zone)])[0], (*remarks, *skipped)
    return fallback, (*remarks, *skipped)


def _at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """Return an hour on a day, never early: after a gap of the clock, and the later of two."""
    wall = datetime.combine(day, hour)
    found = locate(wall, zone)
    return found.instants[-1] if found.instants else not_before(wall, zone).astimezone(UTC)
