"""Facts → reading: the one thing that all the facts of a phrase together mean, or a refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from pressrelease.when import calendar
from pressrelease.when.facts import ClockSaid, DaysSaid, Facts
from pressrelease.when.office import Office, day_off
from pressrelease.when.refusals import NoReading, Why, which_one
from pressrelease.when.resolve_day import agreed_days, days_by_clock, one_day, today_in, year_said
from pressrelease.when.resolve_instant import ResolvedTimes, assumed_hour, instants, part_of_day
from pressrelease.when.tokens import DAYLIKE, Clock, Day, DaysAhead, NthWeekday, Span, Stretch, ZoneMention
from pressrelease.when.zones import read_zone

#: A day without an hour that is further off is more likely to be a misread hour.
_FAR_YEARS = 5
_OF_A_DAY = {Stretch.WEEK_OF, Stretch.WEEK_FROM, Stretch.WEEK_ENDING}


class AtOnce(NamedTuple):
    """As soon as it is approved."""


class Moment(NamedTuple):
    """One instant (UTC), read in `zone`. `assumed` says which half of the day was taken; "" if it was written.

    `counted` is whether it counts from the present, so that no zone's rules change it.
    """

    instant: datetime
    zone: str
    assumed: str = ""
    counted: bool = False


class Days(NamedTuple):
    """Whole days, from `first` up to `end`."""

    first: date
    end: date


class Between(NamedTuple):
    """From one instant (UTC) up to another, read in `zone`; `assumed` as in `Moment`."""

    start: datetime
    end: datetime
    zone: str
    assumed: tuple[str, ...] = ()


Reading = AtOnce | Moment | Days | Between


def resolve(facts: Facts, office: Office) -> Reading:
    """Return what facts without a doubt mean. Raises NoReading for none, and for more than one possible reading."""
    if facts.at_once:
        return _at_once(facts, office)
    if facts.sides is not None:
        return _range(facts, *facts.sides, office)
    if facts.spans:
        return _span(facts, office)
    if facts.clocks:
        return _hour(facts, office)
    if facts.lengths:
        return _from_now(facts, office)
    return _day(facts, office)


def _at_once(facts: Facts, office: Office) -> AtOnce:
    """Resolve "for immediate release", with no other day beside it than today's date."""
    if facts.times:
        days = agreed_days(facts.days, (), office)
        if days != {office.today}:
            raise NoReading(Why.AT_ONCE_AND_DAY, candidates=["immediate", *sorted(days)])
    return AtOnce()


def _from_now(facts: Facts, office: Office) -> Moment:
    """Resolve "in two hours": from the present, to the next whole second, which can be written out."""
    if len(facts.times) > 1 or facts.zones:
        raise NoReading(Why.FROM_NOW_AND_TIME, *facts.lengths[:1])
    moment = office.now + facts.lengths[0].length
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return Moment(moment, office.name, counted=True)


# -- days -------------------------------------------------------------------------------------------------------------


def _day(facts: Facts, office: Office) -> Days:
    """Resolve a day without an hour."""
    day = one_day(agreed_days(facts.days, facts.zones, office))
    if day.year > office.today.year + _FAR_YEARS:
        raise NoReading(Why.YEAR_OR_HOUR, candidates=[day], day=day, year=day.year)
    return Days(day, day + timedelta(days=1))


def _span(facts: Facts, office: Office) -> Reading:
    """Resolve a week, a month or a weekend; or one weekday in it."""
    span, *others = facts.spans
    first, end = _span_days(span, facts.days, today_in(facts.zones, office))
    if any((one.stretch, one.number, one.month) != (span.stretch, span.number, span.month) for one in others):
        raise NoReading(Why.TWO_SPANS)
    days = facts.days
    chosen = [weekday for weekday in days.weekdays if weekday.start < span.start]
    if not chosen and span.stretch is Stretch.WEEK:
        chosen = list(days.weekdays)
    nth = any(isinstance(token, NthWeekday) for token in days.counted)
    if span.stretch not in _OF_A_DAY and (nth or (days.weekdays and not chosen)):
        raise NoReading(Why.SPAN_AND_DAY)
    hours = bool(facts.clocks or facts.midnights or facts.parts_of_day or facts.lengths) or any(
        isinstance(token, DaysAhead) for token in days.counted
    )
    if chosen and not span.piece:
        names = {weekday.weekday for weekday in chosen}
        day = one_day({day for day in _days(first, end) if day.weekday() in names})
        if not hours:
            return Days(day, day + timedelta(days=1))
        if facts.clocks:
            dated = Day(0, 0, ((day.year, day.month, day.day),))
            return _hour(replace(facts, days=days._replace(dates=(dated,), weekdays=())), office)
    if hours:
        raise NoReading(Why.HOUR_AND_SPAN, candidates=_hours_in_span(facts, first, end, office))
    return Days(first, end)


def _hours_in_span(facts: Facts, first: date, end: date, office: Office) -> list[datetime]:
    """Return the hour that is named beside several days, on each of them that is open and ahead."""
    clocks = facts.clocks or (ClockSaid(Clock(0, 0, office.release_time.hour, office.release_time.minute), ()),)
    found: list[datetime] = []
    for day in _days(first, end)[:31]:
        dated = DaysSaid(dates=(Day(0, 0, ((day.year, day.month, day.day),)),))
        try:
            moment = _hour(replace(facts, days=dated, spans=(), clocks=clocks), office).instant
        except NoReading:
            continue
        if moment > office.now and not day_off(day, office.name):
            found.append(moment.astimezone(office.zone))
    return found[:7]


def _days(first: date, end: date) -> list[date]:
    return [first + timedelta(days=step) for step in range((end - first).days)]


def _span_days(span: Span, days: DaysSaid, today: calendar.Today) -> tuple[date, date]:
    """Return the first day of a span and its exclusive end."""
    if span.stretch in _OF_A_DAY:
        day = _day_of_week(span, days, today)
        return calendar.week_around(span, day, sunday_first=today.month_first)
    found = calendar.span_dates(span, today)
    if days.dates:
        raise NoReading(Why.SPAN_AND_DAY)
    return found


def _day_of_week(span: Span, days: DaysSaid, today: calendar.Today) -> date:
    """Return the day that a week is named by: "the week of 9/24", "the week of Labor Day"."""
    after = [weekday for weekday in days.weekdays if weekday.start > span.start]
    names = frozenset(weekday.weekday for weekday in after)
    if days.dates:
        found = {calendar.date_of(day, today, names, year=year_said(days), week=True) for day in days.dates}
        if len(found) > 1:
            raise NoReading(Why.TWO_DATES, candidates=sorted(found))
        return found.pop()
    nth = [token for token in days.counted if isinstance(token, NthWeekday)]
    if len(nth) == 1 and not after:
        return calendar.nth_weekday(nth[0], today)
    if len(after) != 1:
        raise NoReading(Why.WHICH_DAY_OF_WEEK)
    return one_day(calendar.weekday_dates(after[0], today))


# -- hours ------------------------------------------------------------------------------------------------------------


def _hour(facts: Facts, office: Office) -> Moment:
    """Resolve clocks: each, on its day and in its zone, must mean the same instant."""
    own = [said.zones for said in facts.clocks]
    apart = facts.apart
    if len(apart) > 1 and not any(own) and len(own) > 1:
        raise NoReading(Why.WHICH_HOUR_S_ZONE)
    half = part_of_day(facts.parts_of_day)
    shared = apart or (own[-1] if sum(map(bool, own)) == 1 else ())
    days = days_by_clock(facts, [zones or shared for zones in own], office)
    found: ResolvedTimes | None = None
    for said, options in zip(facts.clocks, days, strict=True):
        here = ResolvedTimes()
        for day in sorted(options):
            for zones in _zones_of(said.zones, shared, apart, all_zoned=all(own)):
                here.add(instants(day, said.clock, half, zones, office))
        found = here if found is None else _both(found, here, office)
    assert found is not None  # noqa: S101  (there is a clock)
    return _settled(found, office)


def _zones_of(
    own: tuple[ZoneMention, ...], shared: tuple[ZoneMention, ...], apart: tuple[ZoneMention, ...], *, all_zoned: bool
) -> list[tuple[ZoneMention, ...]]:
    """Return the zones that a clock may be in."""
    if shared and not own and not apart:
        # Beside an hour that has its zone, one without may be in the same zone or in the office's.
        return [shared, ()]
    # A zone that is apart belongs to the hours that have none of their own, if there are any.
    return [own if own and not all_zoned else (*own, *apart)]


def _both(one: ResolvedTimes, other: ResolvedTimes, office: Office) -> ResolvedTimes:
    agreed = {instant: zone for instant, zone in one.instants.items() if instant in other.instants}
    if not agreed:
        raise which_one(Why.TWO_TIMES, [*one.instants, *other.instants], office.zone)
    unsettled = one.unsettled and other.unsettled if len(agreed) == 1 else one.unsettled or other.unsettled
    return ResolvedTimes(agreed, (one.likely | other.likely) & set(agreed), one.assumed or other.assumed, unsettled)


def _settled(found: ResolvedTimes, office: Office) -> Moment:
    if found.unsettled:
        raise _many_places(found, office)
    moments, assumed = found.instants, ""
    if len(moments) > 1 and len(found.likely) == 1:
        moments = {instant: moments[instant] for instant in found.likely}
        assumed = found.assumed
    if len(moments) > 1:
        walls = {instant.astimezone(office.zones[zone]).replace(tzinfo=None) for instant, zone in moments.items()}
        if len(walls) == 1:
            raise which_one(Why.HOUR_TWICE, moments, read_zone(next(iter(moments.values()))))
        raise which_one(Why.MANY_POSSIBLE_TIMES, moments, office.zone)
    ((moment, zone),) = moments.items()
    return Moment(moment, zone, assumed)


def _many_places(found: ResolvedTimes, office: Office) -> NoReading:
    return which_one(Why.MANY_PLACES, found.instants, office.zone, abbreviation=found.unsettled)


# -- from one time to another -----------------------------------------------------------------------------------------


def _range(facts: Facts, left: Facts, right: Facts, office: Office) -> Reading:
    """Resolve a window from one time to another, each side supplying what the other leaves out."""
    if not left.clocks and not right.clocks:
        first, last = _range_of_days(facts, left, right, office)
        return Days(first, last + timedelta(days=1))
    if not (left.clocks and right.clocks) or facts.spans or facts.lengths:
        raise NoReading(Why.ONE_END_WITHOUT_HOUR)
    if not _names_a_day(facts):
        raise NoReading(Why.HOURS_WITHOUT_DAY)
    starts, ends = (
        _end_of_range(side, other, one_day(days), office)
        for side, other, days in [
            (one, other, agreed_days(_days_lent(one, facts), facts.zones, office, year=year_said(facts.days)))
            for one, other in ((left, right), (right, left))
        ]
    )
    start, end = _one_pair(starts, ends, office)
    assumed = [
        assumed_hour(moment.astimezone(office.zones[starts.instants[start]]))
        for found, moment in ((starts, start), (ends, end))
        if len(found.instants) > 1
    ]
    return Between(start, end, starts.instants[start], tuple(assumed))


def _names_a_day(facts: Facts) -> bool:
    return any(isinstance(token, DAYLIKE) for token in facts.times)


def _days_lent(side: Facts, facts: Facts) -> DaysSaid:
    """Return the days of one end of a range; the other end's if it has none."""
    return side.days if _names_a_day(side) else facts.days


def _end_of_range(side: Facts, other: Facts, day: date, office: Office) -> ResolvedTimes:
    if len(side.clocks) != 1:
        raise NoReading(Why.MANY_TIMES)
    found = instants(day, side.clocks[0].clock, part_of_day(side.parts_of_day), side.zones or other.zones, office)
    if found.unsettled and len(found.instants) > 1:
        raise _many_places(found, office)
    return found


def _one_pair(starts: ResolvedTimes, ends: ResolvedTimes, office: Office) -> tuple[datetime, datetime]:
    """Return start and end. If halves of the day were left out: both in office hours, or the start nearest to the end.

    Raises: NoReading.
    """
    pairs = [(start, end) for start in starts.instants for end in ends.instants if start < end]
    if len(pairs) > 1 and (starts.likely or ends.likely or len(starts.instants) + len(ends.instants) > 2):
        if len(ends.instants) == 1:
            return max(pairs)
        pairs = [
            (start, end)
            for start, end in pairs
            if start in starts.likely
            and end.astimezone(office.zone).time() <= office.close
            and start.astimezone(office.zone).date() == end.astimezone(office.zone).date()
        ] or pairs
    if not pairs:
        raise NoReading(Why.END_BEFORE_BEGINNING)
    if len(pairs) > 1:
        raise NoReading(Why.ENDS_UNCLEAR)
    return pairs[0]


def _range_of_days(facts: Facts, left: Facts, right: Facts, office: Office) -> tuple[date, date]:
    """Return the first and the last day of "Sept. 24 to 28", "Monday to Friday next week"."""
    spans = facts.spans
    if left.days.dates and right.days.dates:
        # "the week of Sept. 24-28": the days themselves say which.
        spans = tuple(span for span in spans if span.stretch is not Stretch.WEEK_OF)
    if spans:
        return _weekdays_of_span(spans, facts, left, right, office)
    zones = facts.zones
    year = next((one for one in (year_said(facts.days), *_years(right)) if one is not None), None)
    ends = right.days.weekdays
    if ends and not right.days.dates and not right.days.counted:
        # "Monday through Friday next week": what follows the last day applies to the first one.
        names = tuple(
            weekday if weekday.which else replace(weekday, which=ends[0].which) for weekday in left.days.weekdays
        )
        first = one_day(agreed_days(left.days._replace(weekdays=names), zones, office, year=year))
        last = first + timedelta(days=(ends[0].weekday - first.weekday()) % 7 or 7)
    else:
        first = one_day(agreed_days(_month_lent(left.days, right.days), zones, office, year=year, week=True))
        last = one_day(agreed_days(right.days, zones, office, year=year))
    if last < first:
        raise NoReading(Why.LAST_BEFORE_FIRST, candidates=[first, last])
    return first, last


def _years(side: Facts) -> list[int | None]:
    return [day.readings[0][0] for day in side.days.dates]


def _weekdays_of_span(
    spans: tuple[Span, ...], facts: Facts, left: Facts, right: Facts, office: Office
) -> tuple[date, date]:
    """Return the first and the last day of "Monday to Wednesday of the week of Sept. 24"."""
    today = today_in(facts.zones, office)
    first, end = _span_days(spans[0], facts.days._replace(weekdays=()), today)
    names = [next((weekday.weekday for weekday in side.days.weekdays), None) for side in (left, right)]
    if None in names or spans[0].piece or len(spans) > 1:
        raise NoReading(Why.SPAN_AND_DAY)
    chosen = [[day for day in _days(first, end) if day.weekday() == name] for name in names]
    if any(len(days) != 1 for days in chosen) or chosen[0][0] > chosen[1][0]:
        raise NoReading(Why.DAYS_UNCLEAR)
    return chosen[0][0], chosen[1][0]


def _month_lent(left: DaysSaid, right: DaysSaid) -> DaysSaid:
    """Share the month of "24 to 28 September" with both ends."""
    months = [day.readings[0][1] for day in right.dates]
    if not months:
        return left
    dates = tuple(
        Day(day.start, day.end, ((day.readings[0][0], months[0], day.readings[0][2]),))
        if day.readings[0][1] is None
        else day
        for day in left.dates
    )
    return left._replace(dates=dates)
