"""Resolve windows: a day without an hour, weeks and months, and the time between two ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from pressrelease.when import calendar
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.formatting import say_hour
from pressrelease.when.instant import ask_home, check_mentioned, instant, off_hours, past
from pressrelease.when.neighbors import part_of_day, year_said
from pressrelease.when.office_days import proposed_lift
from pressrelease.when.phrase import DAYLIKE, Phrase
from pressrelease.when.ranges import Range
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.resolve_day import agreed_days, one_day, today_in
from pressrelease.when.resolve_instant import OfficeTime, ResolvedTimes, boundary, instants, wall_of, zone_of
from pressrelease.when.tokens import (
    Ahead,
    Clock,
    Day,
    DaysAhead,
    Midnight,
    NthWeekday,
    Part,
    PartOfDay,
    Span,
    Stretch,
    Weekday,
    ZoneMention,
)
from pressrelease.when.wall_time import wall_text
from pressrelease.when.zones import read_zone

#: A day without an hour that is further off is more likely to be a misread hour.
_FAR_YEARS = 5


def day_window(phrase: Phrase, office: OfficeTime) -> Embargo:
    """Resolve a day without an hour: a window of that day."""
    places = tuple(part for part in phrase.parts if isinstance(part, ZoneMention))
    days = agreed_days(phrase.parts, places, office)
    day = one_day(days, office)
    if day.year > office.today.year + _FAR_YEARS:
        raise NoReading(Why.YEAR_OR_HOUR, candidates=[day], day=day, year=day.year)
    return window(phrase, day, day + timedelta(days=1), places, office)


def span_window(phrase: Phrase, office: OfficeTime) -> Embargo:
    """Resolve a week, a month or a weekend; or one weekday in it."""
    parts = phrase.parts
    spans = [part for part in parts if isinstance(part, Span)]
    places = tuple(part for part in parts if isinstance(part, ZoneMention))
    today = today_in(places, office)
    first, end = _span_days(spans, parts, today)
    chosen = [part for part in parts if isinstance(part, Weekday) and part.start < spans[0].start]
    if not chosen and spans[0].stretch is Stretch.WEEK:
        chosen = [part for part in parts if isinstance(part, Weekday)]
    of_a_day = spans[0].stretch in {Stretch.WEEK_OF, Stretch.WEEK_FROM, Stretch.WEEK_ENDING}
    if not chosen and not of_a_day and any(isinstance(part, Weekday) for part in parts):
        raise NoReading(Why.SPAN_AND_DAY)
    hours = [part for part in parts if isinstance(part, (Clock, Midnight, PartOfDay, Ahead, DaysAhead))]
    if not of_a_day and any(isinstance(part, NthWeekday) for part in parts):
        raise NoReading(Why.SPAN_AND_DAY)
    if chosen and not spans[0].piece:
        days = {first + timedelta(days=step) for step in range((end - first).days)}
        days = {day for day in days if day.weekday() in {part.weekday for part in chosen}}
        day = one_day(days, office)
        if not hours:
            return window(phrase, day, day + timedelta(days=1), places, office)
        rest = tuple(part for part in parts if not isinstance(part, (Span, Weekday, Day)))
        dated = Day(0, 0, ((day.year, day.month, day.day),))
        return instant(Phrase(phrase.text, (dated, *rest)), office)
    if hours:
        raise NoReading(Why.HOUR_AND_SPAN)
    return window(phrase, first, end, places, office)


def _span_days(spans: list[Span], parts: Sequence[Part], today: calendar.Today) -> tuple[date, date]:
    span = spans[0]
    if span.stretch in {Stretch.WEEK_OF, Stretch.WEEK_FROM, Stretch.WEEK_ENDING}:
        found = _week_of(span, parts, today)
    else:
        found = calendar.span_dates(span, today)
        if any(isinstance(part, Day) for part in parts):
            raise NoReading(Why.SPAN_AND_DAY)
    if any(
        other != span and (other.stretch, other.number, other.month) != (span.stretch, span.number, span.month)
        for other in spans[1:]
    ):
        raise NoReading(Why.TWO_SPANS)
    return found


def _week_of(span: Span, parts: Sequence[Part], today: calendar.Today) -> tuple[date, date]:
    dates = [part for part in parts if isinstance(part, Day)]
    after = frozenset(part.weekday for part in parts if isinstance(part, Weekday) and part.start > span.start)
    holidays = [part for part in parts if isinstance(part, NthWeekday)]
    if not dates and len(holidays) == 1 and not after:
        day = calendar.nth_weekday(holidays[0], today)
    elif not dates:
        weekdays = [part for part in parts if isinstance(part, Weekday) and part.start > span.start]
        if len(weekdays) != 1:
            raise NoReading(Why.WHICH_DAY_OF_WEEK)
        days = calendar.weekday_dates(weekdays[0], today)
        if len(days) > 1:
            raise NoReading(Why.MANY_POSSIBLE_DAYS, candidates=days, last=max(days))
        day = days[0]
    else:
        found = {calendar.dates_of(part, today, after, year=year_said(tuple(parts)), week=True) for part in dates}
        if len(found) > 1:
            raise NoReading(Why.TWO_DATES, candidates=sorted(found))
        day = found.pop()
    return calendar.week_around(span, day, sunday_first=today.month_first)


def range_window(phrase: Phrase, found: Range, office: OfficeTime) -> Embargo:
    """Resolve a window from one time to another, each side supplying what the other leaves out."""
    _refuse_midnight_range(phrase)
    left, right = found.left, found.right
    clocks = [any(isinstance(part, Clock) for part in side) for side in (left, right)]
    days = [any(isinstance(part, DAYLIKE) for part in side) for side in (left, right)]
    places = tuple(part for part in phrase.parts if isinstance(part, ZoneMention))
    if not any(clocks):
        span = [part for part in phrase.parts if isinstance(part, Span)]
        if all(any(isinstance(part, Day) for part in side) for side in (left, right)):
            # "the week of Sept. 24-28": the days themselves say which.
            span = [part for part in span if part.stretch is not Stretch.WEEK_OF]
        first, last = _range_of_days(left, right, span, phrase, places, office)
        return window(phrase, first, last + timedelta(days=1), places, office)
    if clocks != [True, True] or any(isinstance(part, (Span, Ahead)) for part in phrase.parts):
        raise NoReading(Why.ONE_END_WITHOUT_HOUR)
    if not any(days):
        raise NoReading(Why.HOURS_WITHOUT_DAY)
    lent = tuple(part for part in (*left, *right) if isinstance(part, (*DAYLIKE, PartOfDay)))
    left_days = agreed_days(left if days[0] else lent, places, office, year=year_said(phrase.parts))
    right_days = agreed_days(right if days[1] else lent, places, office, year=year_said(phrase.parts))
    starts = _side(left, right, one_day(left_days, office), office)
    ends = _side(right, left, one_day(right_days, office), office)
    pairs = [(start, end) for start in starts.instants for end in ends.instants if start < end]
    if len(pairs) > 1 and (starts.likely or ends.likely or len(starts.instants) + len(ends.instants) > 2):
        pairs = _shortest(pairs, starts, ends, office)
    if not pairs:
        raise NoReading(Why.END_BEFORE_BEGINNING)
    if len(pairs) > 1:
        raise NoReading(Why.ENDS_UNCLEAR)
    start, end = pairs[0]
    if end <= office.now:
        raise past(end, office)
    zone = starts.instants[start]
    if not places:
        check_mentioned(phrase, start, office)
    remarks = [
        f"{say_hour(moment.astimezone(read_zone(zone)))} was assumed, since neither a.m. nor p.m. was said."
        for found_there, moment in ((starts, start), (ends, end))
        if len(found_there.instants) > 1
    ]
    remarks += off_hours(start, office)
    wall = wall_of(start, zone, places, office)
    return Embargo(phrase.text, EmbargoKind.WINDOW, zone, start, end, start, tuple(remarks), wall)


def _refuse_midnight_range(phrase: Phrase) -> None:
    if any(isinstance(part, Midnight) for part in phrase.parts):
        raise NoReading(Why.MIDNIGHT_IN_RANGE)


def _shortest(
    pairs: list[tuple[datetime, datetime]], starts: ResolvedTimes, ends: ResolvedTimes, office: OfficeTime
) -> list[tuple[datetime, datetime]]:
    """Choose a pair if halves of the day were left out:

    both ends in office hours, or the nearest start to a sure end.
    """
    if len(ends.instants) == 1:
        return [max(pairs)]
    inside = [
        (start, end)
        for start, end in pairs
        if start in starts.likely
        and end.astimezone(office.zone).time() <= office.close
        and start.astimezone(office.zone).date() == end.astimezone(office.zone).date()
    ]
    return inside or pairs


def _side(side: Sequence[Part], other: Sequence[Part], day: date, office: OfficeTime) -> ResolvedTimes:
    clocks = [part for part in side if isinstance(part, Clock)]
    if len(clocks) != 1:
        raise NoReading(Why.MANY_TIMES)
    places = tuple(part for part in side if isinstance(part, ZoneMention)) or tuple(
        part for part in other if isinstance(part, ZoneMention)
    )
    found = instants(day, clocks[0], part_of_day(side), places, office)
    if found.unsettled and len(found.instants) > 1:
        raise ask_home(found, office)
    return found


def _range_of_days(
    left: Sequence[Part],
    right: Sequence[Part],
    spans: list[Span],
    phrase: Phrase,
    places: tuple[ZoneMention, ...],
    office: OfficeTime,
) -> tuple[date, date]:
    if spans:
        first, end = _span_days(
            spans, [part for part in phrase.parts if not isinstance(part, Weekday)], today_in(places, office)
        )
        names = [next((part.weekday for part in side if isinstance(part, Weekday)), None) for side in (left, right)]
        if None in names or spans[0].piece:
            raise NoReading(Why.SPAN_AND_DAY)
        chosen = [
            [day for step in range((end - first).days) if (day := first + timedelta(days=step)).weekday() == name]
            for name in names
        ]
        if any(len(days) != 1 for days in chosen) or chosen[0][0] > chosen[1][0]:
            raise NoReading(Why.DAYS_UNCLEAR)
        return chosen[0][0], chosen[1][0]
    year = year_said(phrase.parts)
    right_dates = [part for part in right if isinstance(part, Day)]
    for part in right_dates:
        year = year if year is not None else part.readings[0][0]
    ends = [part for part in right if isinstance(part, Weekday)]
    if ends and all(isinstance(part, Weekday) for part in right if isinstance(part, DAYLIKE)):
        # "Monday through Friday next week": what follows the last day applies to the first one.
        left = tuple(
            replace(part, which=ends[0].which) if isinstance(part, Weekday) and not part.which else part
            for part in left
        )
        first = one_day(agreed_days(left, places, office, year=year), office)
        last = first + timedelta(days=(ends[0].weekday - first.weekday()) % 7 or 7)
    else:
        left = _month_lent(left, right)
        first = one_day(agreed_days(left, places, office, year=year, week=True), office)
        last = one_day(agreed_days(right, places, office, year=year), office)
    if last < first:
        raise NoReading(Why.LAST_BEFORE_FIRST, candidates=[first, last])
    return first, last


def _month_lent(left: Sequence[Part], right: Sequence[Part]) -> tuple[Part, ...]:
    """Share the month of "24 to 28 September" with both ends."""
    months = [part.readings[0][1] for part in right if isinstance(part, Day)]
    lent = months[0] if months else None
    return tuple(
        Day(part.start, part.end, ((part.readings[0][0], lent, part.readings[0][2]),))
        if isinstance(part, Day) and part.readings[0][1] is None
        else part
        for part in left
    )


def window(phrase: Phrase, first: date, end: date, places: tuple[ZoneMention, ...], office: OfficeTime) -> Embargo:
    """Return a window of whole days, with the lift proposed for it. Raises NoReading when it is over."""
    begins, ends = boundary(first, places, office), boundary(end, places, office)
    if ends <= office.now:
        raise past(ends, office)
    name = zone_of(places, office)
    lift, remarks = proposed_lift(
        first, end, release_time=office.release_time, zone=read_zone(name), office=office.name, now=office.now
    )
    # The hour is the office's, whatever zone the days were given in.
    return Embargo(phrase.text, EmbargoKind.WINDOW, name, begins, ends, lift, remarks, wall_text(lift, name))
