"""Reading → embargo: not past, on an office day if it may be chosen, and with what a person should know."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta

from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.facts import Facts
from pressrelease.when.formatting import typed
from pressrelease.when.office import Office, day_off, proposed_lift
from pressrelease.when.refusals import NoReading, Why, which_one
from pressrelease.when.resolve import AtOnce, Between, Days, Moment, Reading
from pressrelease.when.resolve_instant import boundary, wall_of, zone_of
from pressrelease.when.tokens import BesideHoliday, Day, DaysAhead, NthWeekday
from pressrelease.when.wall_time import wall_text

_A_YEAR = timedelta(days=400)
#: Without a year nothing is further ahead than this, and with one further than that it may be mistyped.
_WITHOUT_YEAR = relativedelta(months=11)
_WITH_YEAR = relativedelta(years=2)


def make_embargo(facts: Facts, reading: Reading, office: Office) -> Embargo:
    """Return the embargo that a phrase means. Raises NoReading if it is past, or a place in it has another clock."""
    if isinstance(reading, Moment):
        return _instant(facts, reading, office)
    if isinstance(reading, Days):
        return _days(facts, reading, office)
    if isinstance(reading, Between):
        return _between(facts, reading, office)
    assert isinstance(reading, AtOnce)  # noqa: S101  (the last kind of reading)
    return Embargo(facts.text, EmbargoKind.IMMEDIATE, office.name)


def _instant(facts: Facts, reading: Moment, office: Office) -> Embargo:
    moment = reading.instant
    if not facts.zones:
        _refuse_other_clocks(facts, moment, office)
    _refuse_other_lengths(facts, reading, office)
    _refuse_past(moment, office)
    _refuse_far(facts, moment, moment, office)
    remarks = [reading.assumed] if reading.assumed else []
    if moment - office.now > _A_YEAR:
        remarks.append(f"{typed(moment.astimezone(office.zone))} is more than a year ahead.")
    remarks += _day_off(moment, office)
    wall = "" if reading.counted else wall_of(moment, reading.zone, facts.zones, office)
    return Embargo(facts.text, EmbargoKind.INSTANT, reading.zone, moment, None, moment, tuple(remarks), wall)


def _days(facts: Facts, reading: Days, office: Office) -> Embargo:
    """Return a window of whole days, with the lift proposed for it."""
    begins, ends = (boundary(day, facts.zones, office) for day in (reading.first, reading.end))
    _refuse_past(ends, office)
    zone = zone_of(facts.zones, office)
    # The hour is the office's, whatever zone the days were given in.
    lift, remarks = proposed_lift(
        reading.first,
        reading.end,
        release_time=office.release_time,
        zone=office.zones[zone],
        office=office.name,
        now=office.now,
    )
    _refuse_far(facts, begins, lift, office)
    return Embargo(facts.text, EmbargoKind.WINDOW, zone, begins, ends, lift, remarks, wall_text(lift, zone))


def _between(facts: Facts, reading: Between, office: Office) -> Embargo:
    start = reading.start
    _refuse_past(reading.end, office)
    if not facts.zones:
        _refuse_other_clocks(facts, start, office)
    _refuse_far(facts, reading.end, start, office)
    remarks = (*reading.assumed, *_day_off(start, office))
    wall = wall_of(start, reading.zone, facts.zones, office)
    return Embargo(facts.text, EmbargoKind.WINDOW, reading.zone, start, reading.end, start, remarks, wall)


def _refuse_other_clocks(facts: Facts, moment: datetime, office: Office) -> None:
    """Refuse a place that is mentioned without a zone, if its clock differs from the office's."""
    for place in facts.mentioned:
        if place.name == "local":
            continue
        if not place.iana:
            raise NoReading(Why.WHOSE_CLOCK, place)
        there = office.zones[place.iana]
        if moment.astimezone(there).utcoffset() != moment.astimezone(office.zone).utcoffset():
            wall = moment.astimezone(office.zone).replace(tzinfo=there)
            raise which_one(Why.WHICH_CLOCK, [moment, wall.astimezone(UTC)], office.zone, place)


def _refuse_other_lengths(facts: Facts, reading: Moment, office: Office) -> None:
    """Refuse "in two hours" and "in 3 days" beside an instant that is not so far away."""
    away = reading.instant - office.now
    for length in facts.lengths:
        if abs(away - length.length) > length.unit:
            raise NoReading(Why.FROM_NOW_DISAGREES, length)
    for token in facts.days.counted:
        if isinstance(token, DaysAhead) and token.days > 1:
            # Shown in whole days, rounded to the nearest or down.
            exact = timedelta(days=token.days - 0.5) <= away < timedelta(days=token.days + 1)
            day = reading.instant.astimezone(office.zones[reading.zone]).date()
            if not exact and day != office.today + timedelta(days=token.days):
                raise NoReading(Why.DAYS_FROM_NOW_DISAGREE, token)


def _refuse_past(moment: datetime, office: Office) -> None:
    """Refuse a moment that has passed, and suggest the same hour on the next day on which it is ahead."""
    if moment > office.now:
        return
    local = moment.astimezone(office.zone)
    hour = local.time().replace(second=0, microsecond=0)
    ahead = datetime.combine(office.today, hour, office.zone).astimezone(UTC)
    if ahead <= office.now:
        ahead += timedelta(days=1)
    ahead = ahead.astimezone(office.zone)
    raise NoReading(Why.PAST, candidates=[ahead], moment=local, ahead=ahead)


def _refuse_far(facts: Facts, moment: datetime, lift: datetime, office: Office) -> None:
    """Refuse a moment that is too far ahead for its year to be certain, unless it is written as ISO 8601."""
    day, there = moment.astimezone(office.zone).date(), lift.astimezone(office.zone)
    if not _names_a_year(facts):
        if day > office.today + _WITHOUT_YEAR:
            raise NoReading(Why.FAR_WITHOUT_YEAR, candidates=[there], moment=there)
    elif day > office.today + _WITH_YEAR and not (office.any_year or _is_iso(facts)):
        raise NoReading(Why.FAR_YEAR, candidates=[there.isoformat()], moment=there)


def _is_iso(facts: Facts) -> bool:
    """Return whether the hour was written in one with its day."""
    days = {day.start for day in facts.days.dates}
    return any(said.clock.start in days for said in facts.clocks)


def _names_a_year(facts: Facts) -> bool:
    days = facts.days
    holidays = [token.holiday if isinstance(token, BesideHoliday) else token for token in days.counted]
    return bool(
        days.years
        or any(day.readings[0][0] is not None for day in (*days.dates, *holidays) if isinstance(day, Day))
        or any(isinstance(token, NthWeekday) and token.year is not None for token in holidays)
        or any(span.year is not None for span in facts.spans)
    )


def _day_off(moment: datetime, office: Office) -> list[str]:
    """Return a remark on a moment on a day when the office is closed."""
    why = day_off(moment.astimezone(office.zone).date(), office.name)
    return [why] if why else []
