"""The clocks of places: IANA zones, the country of an office, and what a wall time can mean there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

from pressrelease.errors import Refused, StateUnreadable
from pressrelease.when.rules import present_rules

#: Countries, and places that belong to one, whose numeric dates start with the month.
_MONTH_FIRST = frozenset({"US", "PR", "GU", "VI", "AS", "MP", "UM", "FM", "PW", "MH"})

#: Countries where "9:30" without a.m. or p.m. may well be an evening's half past nine.
_TWELVE_HOURS = _MONTH_FIRST | {"CA", "AU", "NZ", "PH", "IN"}

#: Where both ways of counting are in use, so that "3.30" without a leading zero may be an afternoon's.
_EITHER_HOURS = frozenset({"GB", "GG", "JE", "IM", "IE", "ZA", "SG", "HK", "MY", "KE", "NG", "GH", "PK", "BD", "LK"})

#: Names in the zone database that are no place's clock.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory", "leapseconds", "tzdata.zi"})

_BEFORE_ZONES = timedelta(hours=30)


def read_zone(name: str) -> ZoneInfo:
    """Return the IANA zone of that name. Raises Refused with the nearest names."""
    if name and name not in _NO_ZONES and not name.startswith(("right/", "posix/")):
        try:
            return present_rules(name).clock
        except StateUnreadable:
            pass
    import difflib
    from zoneinfo import available_timezones

    known = {zone.lower(): zone for zone in sorted(available_timezones() - _NO_ZONES)}
    plain = name.strip().replace(" ", "_").lower()
    by_city = [zone for low, zone in known.items() if plain and low.rpartition("/")[2] == plain]
    from pressrelease.when.zone_names import proposed_zone

    meant = proposed_zone(name)
    near = (
        [meant]
        if meant
        else by_city or [known[low] for low in difflib.get_close_matches(plain, known, n=3, cutoff=0.6)]
    )
    shown = "".join(letter if letter.isprintable() else "?" for letter in name[:60])
    raise Refused(
        f"There is no time zone “{shown}”.",
        hint=f"Did you mean {' or '.join(near)}?" if near else "Such as America/Los_Angeles or Europe/London.",
        code="unknown_zone",
        candidates=near,
    )


@cache
def _countries() -> dict[str, str]:
    """Return zone names with their country's two letters, from the tables that come with the zone database."""
    found: dict[str, str] = {}
    for table in ("zone1970.tab", "zone.tab"):
        for line in database_file(f"zoneinfo/{table}").splitlines():
            if not line.startswith("#"):
                codes, _, zone = line.split("\t")[:3]
                found[zone] = codes.split(",")[0]
    return found


def database_file(name: str) -> str:
    """Return a table of the zone database that comes with this program."""
    from importlib import import_module
    from pathlib import Path

    package = import_module("tzdata").__file__ or ""
    return Path(package).parent.joinpath(name).read_text("utf-8")


@lru_cache(maxsize=64)
def country_of(zone: str) -> str:
    """Return the two letters of a zone's country; empty for UTC and the like."""
    if zone.startswith("US/"):
        return "US"
    if zone in {"GB", "Eire", "NZ", "Japan", "Singapore", "Israel", "Poland", "Portugal", "Turkey", "Iran", "Egypt"}:
        return "--"
    return _countries().get(zone, "")


def month_first(zone: str) -> bool:
    """Return whether the zone's country writes 9/24 for the 24th of September."""
    return country_of(zone) in _MONTH_FIRST


def twelve_hours(zone: str) -> bool:
    """Return whether an hour and minutes without a.m. or p.m. is in doubt there."""
    return country_of(zone) in _TWELVE_HOURS


def either_hours(zone: str) -> bool:
    """Return whether both ways of counting are in use there, so that "3.30" may be an afternoon's."""
    return country_of(zone) in _EITHER_HOURS


@dataclass(frozen=True)
class Located:
    """What a wall time can mean in a place: UTC instants, none in a gap of the clock, two in an overlap."""

    instants: tuple[datetime, ...]
    #: In a gap: the first moment after it, in UTC.
    after_gap: datetime | None = None


def locate(wall: datetime, zone: ZoneInfo) -> Located:
    """Return the instants at which clocks in `zone` show `wall` (naive)."""
    instants = []
    for fold in (0, 1):
        instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall and instant not in instants:
            instants.append(instant)
    if instants:
        return Located(tuple(sorted(instants)))
    return Located((), after_gap=_end_of_gap(wall, zone))


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    # Bisected in UTC: within a gap no local arithmetic can be trusted.
    low = wall.replace(tzinfo=UTC) - _BEFORE_ZONES
    high = wall.replace(tzinfo=UTC) + _BEFORE_ZONES
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def not_before(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) at which it is `wall` or later in `zone`:

    after a gap, the earlier of an overlap.
    """
    found = locate(wall, zone)
    if found.instants:
        return found.instants[0]
    assert found.after_gap is not None  # noqa: S101  (without instants there is a gap)
    return found.after_gap


@lru_cache(maxsize=256)
def abbreviations(zone: str, year: int) -> dict[str, tuple[int, ...]]:
    """Return what the zone's clock is called during a year, in lower case, each with its offsets in minutes."""
    place = read_zone(zone)
    names: dict[str, tuple[int, ...]] = {}
    # From the December before to the January after: a clock that changes at New Year has both its names.
    for number in range(-1, 28):
        local = (datetime(year, 1, 1, 12, tzinfo=UTC) + timedelta(days=15 * number)).astimezone(place)
        name, offset = local.tzname(), local.utcoffset()
        if name and offset is not None and name.isalpha():
            minutes = round(offset.total_seconds() / 60)
            names[name.lower()] = tuple(sorted({*names.get(name.lower(), ()), minutes}))
    return names
