"""Resolve a phrase to its day or days. Refuse it if two parts disagree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pressrelease.when import calendar
from pressrelease.when.neighbors import year_said
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.resolve_instant import OfficeTime, zone_of
from pressrelease.when.tokens import (
    Day,
    DaysAhead,
    NthWeekday,
    Part,
    PartOfDay,
    Weekday,
    ZoneMention,
)
from pressrelease.when.zones import month_first, read_zone


def one_day(days: set[date], office: OfficeTime) -> date:
    if len(days) == 1:
        return days.pop()
    if not days:
        raise NoReading(Why.NO_SUCH_DAY)
    ordered = sorted(days)
    raise NoReading(Why.MANY_POSSIBLE_DAYS, candidates=ordered, last=ordered[-1])


def days_by_clock(
    parts: Sequence[Part], indexes: list[int], places: list[tuple[ZoneMention, ...]], office: OfficeTime
) -> list[set[date]]:
    """Return the days of each clock: one for all, or as many days as clocks, in order."""
    dates = [part for part in parts if isinstance(part, Day)]
    if len(dates) > 1 and len(dates) == len(indexes):
        groups = _grouped(parts, dates)
        year = next((part.readings[0][0] for part in dates if part.readings[0][0] is not None), None)
        return [agreed_days(group, own, office, year=year) for group, own in zip(groups, places, strict=True)]
    every = tuple(dict.fromkeys(place for own in places for place in own))
    days = agreed_days(parts, every, office)
    return [days for _ in indexes]


def _grouped(parts: Sequence[Part], dates: list[Day]) -> list[tuple[Part, ...]]:
    """Return each date with the weekdays nearest to it; what counts from today goes with the first."""
    groups: list[list[Part]] = [[day] for day in dates]
    for part in parts:
        if isinstance(part, Weekday):
            near = min(range(len(dates)), key=lambda number: abs(dates[number].start - part.start))
            groups[near].append(part)
        elif isinstance(part, (DaysAhead, NthWeekday)):
            groups[0].append(part)
    return [tuple(group) for group in groups]


def today_in(places: tuple[ZoneMention, ...], office: OfficeTime) -> calendar.Today:
    there = office.now.astimezone(read_zone(zone_of(places, office))).date()
    return calendar.Today(there, month_first(office.name))


def agreed_days(
    parts: Sequence[Part],
    places: tuple[ZoneMention, ...],
    office: OfficeTime,
    *,
    year: int | None = None,
    week: bool = False,
) -> set[date]:
    """Return the days on which all parts that name a day agree. Raises NoReading."""
    today = today_in(places, office)
    dates = [part for part in parts if isinstance(part, Day)]
    names = [part for part in parts if isinstance(part, Weekday)]
    counted = [part for part in parts if isinstance(part, (DaysAhead, NthWeekday))]
    tonight = any(isinstance(part, PartOfDay) and part.today for part in parts)
    year = year if year is not None else year_said(tuple(parts))
    if year is None:
        year = next((part.readings[0][0] for part in dates if part.readings[0][0] is not None), None)
    weekdays = frozenset(part.weekday for part in names)
    sets: list[set[date]] = [{calendar.dates_of(part, today, weekdays, year=year, week=week)} for part in dates]
    if tonight:
        sets.append({today.day})
    for part in counted:
        day = calendar.nth_weekday(part, today) if isinstance(part, NthWeekday) else calendar.ahead(part, today)
        loose = isinstance(part, DaysAhead) and part.days > 1 and dates
        # "in 3 days" beside a date is rounded; it only must not contradict it.
        sets.append({day + timedelta(days=step) for step in ((-1, 0, 1) if loose else (0,))})
    if names and not sets:
        sets = [set(calendar.weekday_dates(part, today)) for part in names]
    elif names:
        sets += [{day for known in sets for day in known if day.weekday() == part.weekday} for part in names]
    if not sets:
        raise NoReading(Why.HOUR_WITHOUT_DAY)
    agreed = set.intersection(*sets)
    if not agreed:
        raise NoReading(
            Why.DAYS_DISAGREE if len(dates) < 2 else Why.TWO_DATES,
            candidates=sorted({day for days in sets[:3] for day in days})[:6],
        )
    if (counted or tonight or (names and not dates)) and not dates and office.today != today.day:
        raise NoReading(Why.OTHER_DAY_THERE, candidates=sorted(agreed))
    return agreed
