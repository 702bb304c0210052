"""Resolve an hour on a day: every clock, on its day and in its zone, must mean the same instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pressrelease.errors import EmbargoRefused
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.formatting import say
from pressrelease.when.neighbors import part_of_day, places_after
from pressrelease.when.office_days import day_off
from pressrelease.when.phrase import TIMES, Phrase
from pressrelease.when.refusals import refusal, typed, which_one
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
        raise refusal("A time from now, and another time beside it.", code="embargo_ambiguous")
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
        raise refusal("It isn't plain which zone belongs to which hour.", code="embargo_zone")
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
        raise which_one(
            [*one.instants, *other.instants],
            zone=office.name,
            now=office.now,
            why="There are two times in it, and they aren't the same instant.",
            code="embargo_ambiguous",
        )
    unsettled = one.unsettled and other.unsettled if len(agreed) == 1 else one.unsettled or other.unsettled
    return ResolvedTimes(agreed, (one.likely | other.likely) & set(agreed), one.assumed or other.assumed, unsettled)


def ask_home(found: ResolvedTimes, office: OfficeTime) -> EmbargoRefused:
    """Return the refusal of an abbreviation with several homes."""
    return which_one(
        found.instants,
        zone=office.name,
        now=office.now,
        why=f"{found.unsettled} is the zone of more than one place, and the office's zone doesn't settle it.",
        code="embargo_zone",
    )


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
        raise which_one(
            moments,
            zone=next(iter(moments.values())) if twice else office.name,
            now=office.now,
            why="The clock is put back over that hour, so it comes twice."
            if twice
            else "That could be more than one time.",
            code="embargo_overlap" if twice else "embargo_ambiguous",
        )
    (moment, zone), *_ = moments.items()
    if not zoned:
        check_mentioned(phrase, moment, office)
    places = tuple(part for part in phrase.parts if isinstance(part, ZoneMention))
    embargo = embargo_at(phrase, moment, zone, office, tuple(remarks))
    return embargo._replace(wall=wall_of(moment, zone, places, office))


def check_mentioned(phrase: Phrase, moment: datetime, office: OfficeTime) -> None:
    """Check that the clock of a place mentioned without a zone agrees with the office's.

    Raises: EmbargoRefused.
    """
    for place in phrase.mentioned:
        why = f"It speaks of {phrase.words(place)}, and doesn't say whose clock is meant."
        if place.name == "local":
            continue
        if not place.iana:
            raise refusal(why, code="embargo_zone", hint="Write the zone right after the hour, such as “9 a.m. PT”.")
        there = read_zone(place.iana)
        if moment.astimezone(there).utcoffset() != moment.astimezone(office.zone).utcoffset():
            wall = moment.astimezone(office.zone).replace(tzinfo=there)
            raise which_one(
                [moment, wall.astimezone(UTC)], zone=office.name, now=office.now, why=why, code="embargo_zone"
            )


def past(moment: datetime, office: OfficeTime) -> EmbargoRefused:
    """Refuse a moment that has passed, and suggest the same hour on the next day on which it is ahead."""
    ahead = _same_hour_ahead(moment, office)
    such_as = f", such as “{typed(ahead.astimezone(office.zone))}”," if ahead else ""
    refused = refusal(
        f"{say(moment, timezone=office.name, now=office.now)} has already passed.",
        code="embargo_past",
        candidates=[say(ahead, timezone=office.name, now=office.now)] if ahead else (),
        hint=f"Choose a time in the future{such_as} or “immediate”.",
    )
    refused.past = moment
    return refused


def _same_hour_ahead(moment: datetime, office: OfficeTime) -> datetime | None:
    """Return the next time (UTC) at which the office's clock shows that hour and minute; None past the calendar."""
    try:
        hour = moment.astimezone(office.zone).time().replace(second=0, microsecond=0)
        ahead = datetime.combine(office.today, hour, office.zone).astimezone(UTC)
        return ahead if ahead > office.now else ahead + timedelta(days=1)
    except OverflowError:
        return None


def off_hours(moment: datetime, office: OfficeTime) -> tuple[str, ...]:
    """Return a remark on a moment on a day when the office is closed."""
    why = day_off(moment.astimezone(office.zone).date(), office.name)
    return (why,) if why else ()


def embargo_at(phrase: Phrase, moment: datetime, zone: str, office: OfficeTime, remarks: tuple[str, ...]) -> Embargo:
    """Return the embargo that lifts at `moment` (UTC), read in `zone`. Raises EmbargoRefused if that is past."""
    for part in phrase.parts:
        if isinstance(part, Ahead) and abs(moment - office.now - part.length) > part.unit:
            raise refusal("A time from now, and another time that isn't the same.", code="embargo_ambiguous")
        if isinstance(part, DaysAhead) and part.days > 1:
            # Shown in whole days, rounded to the nearest or down.
            exact = timedelta(days=part.days - 0.5) <= moment - office.now < timedelta(days=part.days + 1)
            counted = office.today + timedelta(days=part.days) == moment.astimezone(read_zone(zone)).date()
            if not exact and not counted:
                raise refusal("Days from now, and another day that isn't the same.", code="embargo_ambiguous")
    if moment <= office.now:
        raise past(moment, office)
    far = moment - office.now > timedelta(days=400)
    if far:
        remarks = (*remarks, f"{typed(moment.astimezone(office.zone))} is more than a year ahead.")
    return Embargo(phrase.text, EmbargoKind.INSTANT, zone, moment, None, moment, (*remarks, *off_hours(moment, office)))
