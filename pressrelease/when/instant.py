"""Resolve an hour on a day: every clock, on its day and in its zone, must mean the same instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.neighbors import part_of_day, places_after
from pressrelease.when.office_days import day_off
from pressrelease.when.phrase import TIMES, Phrase
from pressrelease.when.refusals import NoReading, Why, typed, which_one
from pressrelease.when.resolve_day import days_by_clock
from pressrelease.when.resolve_instant import OfficeTime, ResolvedTimes, instants, wall_of
from pressrelease.when.tokens import (
    Ahead,
    Clock,
    DaysAhead,
    ZoneMention,
)
from pressrelease.when.zones import read_zone


def from_now(phrase: Phrase, office: OfficeTime) -> Embargo:
    """Resolve "in two hours": from the present, to the next whole second, which can be written out."""
    aheads = [part for part in phrase.parts if isinstance(part, Ahead)]
    others = [part for part in phrase.parts if isinstance(part, (*TIMES, ZoneMention)) and not isinstance(part, Ahead)]
    if len(aheads) != 1 or others:
        raise NoReading(Why.FROM_NOW_AND_TIME, *aheads[:1])
    moment = office.now + aheads[0].length
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return embargo_at(phrase, moment, office.name, office, ())


def instant(phrase: Phrase, office: OfficeTime) -> Embargo:
    """Resolve a phrase with clocks: each, on its day and in its zone, must mean the same instant."""
    parts = phrase.parts
    indexes = [index for index, part in enumerate(parts) if isinstance(part, Clock)]
    own = [places_after(parts, index) for index in indexes]
    attached = {id(place) for places in own for place in places}
    loose = tuple(part for part in parts if isinstance(part, ZoneMention) and id(part) not in attached)
    if loose and len(set(loose)) > 1 and not any(own) and len(indexes) > 1:
        raise NoReading(Why.WHICH_HOUR_S_ZONE)
    half = part_of_day(parts)
    shared = loose or (own[-1] if len([places for places in own if places]) == 1 else ())
    days = days_by_clock(parts, indexes, [places or shared for places in own], office)
    found: ResolvedTimes | None = None
    for index, places, options in zip(indexes, own, days, strict=True):
        here = ResolvedTimes()
        clock = parts[index]
        assert isinstance(clock, Clock)  # noqa: S101  (chosen above)
        # A zone that is apart belongs to the hours that have none of their own, if there are any.
        apart = () if places and not all(own) else loose
        # Beside an hour that has its zone, one without may be in the same zone or in the office's.
        lent = [shared, ()] if shared and not places and not loose else [(*places, *apart)]
        for day, zones in [(day, zones) for day in sorted(options) for zones in lent]:
            one = instants(day, clock, half, zones, office)
            here.instants |= one.instants
            here.likely |= one.likely
            here.assumed = one.assumed or here.assumed
            here.unsettled = one.unsettled or here.unsettled
        found = here if found is None else _both(found, here, office)
    assert found is not None  # noqa: S101  (there is a clock)
    return _settled(phrase, found, office, zoned=bool(any(own) or loose))


def _both(one: ResolvedTimes, other: ResolvedTimes, office: OfficeTime) -> ResolvedTimes:
    agreed = {instant: zone for instant, zone in one.instants.items() if instant in other.instants}
    if not agreed:
        raise which_one(Why.TWO_TIMES, [*one.instants, *other.instants], office.zone)
    unsettled = one.unsettled and other.unsettled if len(agreed) == 1 else one.unsettled or other.unsettled
    return ResolvedTimes(agreed, (one.likely | other.likely) & set(agreed), one.assumed or other.assumed, unsettled)


def ask_home(found: ResolvedTimes, office: OfficeTime) -> NoReading:
    """Return the refusal of an abbreviation with several homes."""
    return which_one(Why.MANY_PLACES, found.instants, office.zone, abbreviation=found.unsettled)


def _settled(phrase: Phrase, found: ResolvedTimes, office: OfficeTime, *, zoned: bool) -> Embargo:
    remarks: list[str] = []
    moments = dict(found.instants)
    if found.unsettled:
        raise ask_home(found, office)
    if len(moments) > 1 and len(found.likely) == 1:
        moments = {instant: zone for instant, zone in moments.items() if instant in found.likely}
        remarks.append(found.assumed)
    if len(moments) > 1:
        walls = {instant.astimezone(read_zone(zone)).replace(tzinfo=None) for instant, zone in moments.items()}
        twice = len(walls) == 1
        if twice:
            there = read_zone(next(iter(moments.values())))
            raise which_one(Why.HOUR_TWICE, moments, there)
        raise which_one(Why.MANY_POSSIBLE_TIMES, moments, office.zone)
    (moment, zone), *_ = moments.items()
    if not zoned:
        check_mentioned(phrase, moment, office)
    places = tuple(part for part in phrase.parts if isinstance(part, ZoneMention))
    embargo = embargo_at(phrase, moment, zone, office, tuple(remarks))
    return embargo._replace(wall=wall_of(moment, zone, places, office))


def check_mentioned(phrase: Phrase, moment: datetime, office: OfficeTime) -> None:
    """Check that the clock of a place mentioned without a zone agrees with the office's.

    Raises: NoReading.
    """
    for place in phrase.mentioned:
        if place.name == "local":
            continue
        if not place.iana:
            raise NoReading(Why.WHOSE_CLOCK, place)
        there = read_zone(place.iana)
        if moment.astimezone(there).utcoffset() != moment.astimezone(office.zone).utcoffset():
            wall = moment.astimezone(office.zone).replace(tzinfo=there)
            raise which_one(Why.WHICH_CLOCK, [moment, wall.astimezone(UTC)], office.zone, place)


def past(moment: datetime, office: OfficeTime) -> NoReading:
    """Refuse a moment that has passed, and suggest the same hour on the next day on which it is ahead."""
    ahead = _same_hour_ahead(moment, office)
    return NoReading(Why.PAST, candidates=[ahead], moment=moment.astimezone(office.zone), ahead=ahead)


def _same_hour_ahead(moment: datetime, office: OfficeTime) -> datetime:
    """Return the next time, local, at which the office's clock shows that hour and minute."""
    hour = moment.astimezone(office.zone).time().replace(second=0, microsecond=0)
    ahead = datetime.combine(office.today, hour, office.zone).astimezone(UTC)
    return (ahead if ahead > office.now else ahead + timedelta(days=1)).astimezone(office.zone)


def off_hours(moment: datetime, office: OfficeTime) -> tuple[str, ...]:
    """Return a remark on a moment on a day when the office is closed."""
    why = day_off(moment.astimezone(office.zone).date(), office.name)
    return (why,) if why else ()


def embargo_at(phrase: Phrase, moment: datetime, zone: str, office: OfficeTime, remarks: tuple[str, ...]) -> Embargo:
    """Return the embargo that lifts at `moment` (UTC), read in `zone`. Raises NoReading if that is past."""
    for part in phrase.parts:
        if isinstance(part, Ahead) and abs(moment - office.now - part.length) > part.unit:
            raise NoReading(Why.FROM_NOW_DISAGREES, part)
        if isinstance(part, DaysAhead) and part.days > 1:
            # Shown in whole days, rounded to the nearest or down.
            exact = timedelta(days=part.days - 0.5) <= moment - office.now < timedelta(days=part.days + 1)
            counted = office.today + timedelta(days=part.days) == moment.astimezone(read_zone(zone)).date()
            if not exact and not counted:
                raise NoReading(Why.DAYS_FROM_NOW_DISAGREE, part)
    if moment <= office.now:
        raise past(moment, office)
    far = moment - office.now > timedelta(days=400)
    if far:
        remarks = (*remarks, f"{typed(moment.astimezone(office.zone))} is more than a year ahead.")
    return Embargo(phrase.text, EmbargoKind.INSTANT, zone, moment, None, moment, (*remarks, *off_hours(moment, office)))
