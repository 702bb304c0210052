"""Resolve a day, a clock and a zone to the instants that they can mean, and why there is none, or more than one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta, timezone

from pressrelease.when.formatting import say_hour, say_zone
from pressrelease.when.office import Office
from pressrelease.when.places import AUSTRALIAN, EXACT, ONE_HOME
from pressrelease.when.refusals import NoReading, Why, which_one
from pressrelease.when.tokens import Clock, Half, PartOfDay, ZoneMention
from pressrelease.when.wall_time import wall_text
from pressrelease.when.zones import (
    abbreviations,
    country_of,
    either_hours,
    locate,
    not_before,
    twelve_hours,
)

#: Before this hour of the morning nobody is in an office to write it without a.m.
_EARLY = 7


@dataclass
class ResolvedTimes:
    """Instants (UTC) with the IANA zone that each was read in, and why others were excluded."""

    instants: dict[datetime, str] = field(default_factory=dict)
    #: Of several, those that an office would mean, and why.
    likely: set[datetime] = field(default_factory=set)
    assumed: str = ""
    #: An abbreviation that is the zone of several places.
    unsettled: str = ""

    def add(self, other: ResolvedTimes) -> None:
        """Add what another reading of the same hour gives."""
        self.instants |= other.instants
        self.likely |= other.likely
        self.assumed = other.assumed or self.assumed
        self.unsettled = other.unsettled or self.unsettled


def zone_of(places: tuple[ZoneMention, ...], office: Office) -> str:
    """Return the IANA zone to show times in: the place's own, or the office's."""
    for place in places:
        if place.iana:
            return place.iana
        if place.exact in ONE_HOME:
            return ONE_HOME[place.exact][0]
        if place.exact and place.exact not in abbreviations(office.name, office.today.year):
            homes = EXACT.get(place.exact, ())
            if len(homes) == 1:
                return homes[0][0]
    return office.name


def wall_of(moment: datetime, zone: str, places: tuple[ZoneMention, ...], office: Office) -> str:
    """Return a moment (UTC) as local wall time; "" if only offsets from UTC were given.

    If an offset was given with a clock, or more than one clock was, they must go on agreeing.
    """
    clocks = [place for place in places if place.offset is None]
    if places and not clocks:
        return ""
    zones = dict.fromkeys([zone_of((place,), office) for place in clocks] or [zone])
    named = len(zones) > 1 or len(clocks) < len(places) or any(place.exact for place in clocks)
    return " ".join(wall_text(moment, name, named=named) for name in zones)


def part_of_day(parts: tuple[PartOfDay, ...]) -> PartOfDay | None:
    """Return the part of the day that is named, if any. Raises NoReading for two that share no hour."""
    if not parts:
        return None
    first, end = max(part.first_hour for part in parts), min(part.end_hour for part in parts)
    if first >= end:
        raise NoReading(Why.TWO_PARTS_OF_DAY, *parts)
    return replace(parts[0], first_hour=first, end_hour=end)


def hours_of(clock: Clock, part: PartOfDay | None, places: tuple[ZoneMention, ...], office: Office) -> list[timedelta]:
    """Return the times since midnight that a clock can mean. Raises NoReading for "tonight at 9 a.m."."""
    rest = timedelta(minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    hour = clock.hour
    if clock.half is Half.AM:
        hours = [hour % 12]
    elif clock.half is Half.PM:
        hours = [hour % 12 + 12]
    elif clock.half is Half.WHOLE or (
        clock.minutes_written and part is None and _counts_to_24(clock, zone_of(places, office))
    ):
        hours = [hour]
    else:
        hours = [hour % 12, hour % 12 + 12]
    if part is not None:
        fitting = [hour for hour in hours if part.first_hour <= hour < part.end_hour]
        if not fitting:
            raise NoReading(Why.NOT_IN_PART_OF_DAY, clock, part=part.name)
        hours = fitting
    return [timedelta(hours=hour) + rest for hour in hours]


def _counts_to_24(clock: Clock, zone: str) -> bool:
    """Return whether "9.30" in that zone can only be a morning's. Where people count both ways, "3.30" seldom is."""
    return not twelve_hours(zone) and not (either_hours(zone) and clock.hour < _EARLY)


def assumed_hour(wall: datetime) -> str:
    """Return the remark on an hour whose half of the day was left out."""
    return f"Neither a.m. nor p.m. was given, so {say_hour(wall)} is assumed."


def instants(
    day: date, clock: Clock, part: PartOfDay | None, places: tuple[ZoneMention, ...], office: Office
) -> ResolvedTimes:
    """Return all that a clock on a day can mean; several zones must agree. Raises NoReading if nothing is left."""
    options = hours_of(clock, part, places, office)
    found = ResolvedTimes()
    for since_midnight in options:
        wall = datetime.combine(day, time()) + since_midnight
        here = _at(wall, places, office, found)
        found.instants |= here
        usual = clock.minute % 15 == 0 and office.release_time <= wall.time() < min(time(12), office.close)
        if len(options) > 1 and usual:
            found.likely |= set(here)
            found.assumed = assumed_hour(wall)
    return found


def _at(wall: datetime, places: tuple[ZoneMention, ...], office: Office, found: ResolvedTimes) -> dict[datetime, str]:
    if not places:
        return dict.fromkeys(_in_zone(wall, office.name, office), office.name)
    readings = [_in_place(wall, place, office, found) for place in places]
    agreed = {instant: zone for instant, zone in readings[0].items() if all(instant in other for other in readings[1:])}
    if not agreed:
        raise which_one(
            Why.ZONES_DISAGREE,
            [instant for reading in readings for instant in reading],
            office.zone,
            zones=" and ".join(dict.fromkeys(place.name.upper() for place in places)),
        )
    if len(places) > 1 and len(agreed) == 1:
        found.unsettled = ""
    return agreed


def _in_place(wall: datetime, place: ZoneMention, office: Office, found: ResolvedTimes) -> dict[datetime, str]:
    if place.name == "local":
        return dict.fromkeys(_in_zone(wall, office.name, office), office.name)
    if place.iana:
        return dict.fromkeys(_in_zone(wall, place.iana, office), place.iana)
    if place.offset is not None:
        return {(wall - place.offset).replace(tzinfo=UTC): office.name}
    return _by_abbreviation(wall, place, office, found)


def _in_zone(wall: datetime, name: str, office: Office) -> tuple[datetime, ...]:
    zone = office.zones[name]
    located = locate(wall, zone)
    if located.instants:
        return located.instants
    after = located.after_gap
    assert after is not None  # noqa: S101  (no instants means a gap)
    first = after.astimezone(zone)
    raise NoReading(Why.HOUR_SKIPPED, candidates=[first], first=first, clock=say_hour(wall), day=wall.date(), zone=name)


def _by_abbreviation(wall: datetime, place: ZoneMention, office: Office, found: ResolvedTimes) -> dict[datetime, str]:
    name = place.exact
    own = abbreviations(office.name, wall.year)
    if name in ONE_HOME:
        homes: tuple[tuple[str, int], ...] = (ONE_HOME[name],)
    elif name in own:
        homes = tuple((office.name, minutes) for minutes in own[name])
    else:
        homes = EXACT.get(name, ())
        if country_of(office.name) == "AU" and name in AUSTRALIAN:
            homes = (*homes, AUSTRALIAN[name])
    letters = name.partition("-")[0]
    if len({home for home, _ in homes}) > 1:
        found.unsettled = letters.upper()
    moments: dict[datetime, str] = {}
    against: list[tuple[str, datetime]] = []
    for home, minutes in homes:
        moment = (wall - timedelta(minutes=minutes)).replace(tzinfo=UTC)
        local = moment.astimezone(office.zones[home])
        if (local.tzname() or "").lower() == letters and local.utcoffset() == timedelta(minutes=minutes):
            moments[moment] = home
        else:
            against.append((home, moment))
    if moments or not against:
        return moments
    home, moment = against[0]
    in_season = not_before(wall, office.zones[home])
    local, said = in_season.astimezone(office.zones[home]), moment.astimezone(office.zones[home])
    raise NoReading(
        Why.NOT_IN_SEASON,
        candidates=sorted((said, local)),
        day=wall.date(),
        place=home,
        actual=say_zone(local),
        zone=letters.upper(),
        in_season=local,
    )


def boundary(day: date, places: tuple[ZoneMention, ...], office: Office) -> datetime:
    """Return the first instant (UTC) of a day in the zone that was named, or in the office's."""
    wall = datetime.combine(day, time())
    for place in places:
        if place.offset is not None:
            return wall.replace(tzinfo=timezone(place.offset)).astimezone(UTC)
    return not_before(wall, office.zones[zone_of(places, office)])
