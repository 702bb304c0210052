"""Resolve all that names a day to the day or days that it can mean. Refuse it if two parts disagree."""

from __future__ import annotations

from datetime import date, timedelta

from pressrelease.when import calendar
from pressrelease.when.facts import DaysSaid, Facts
from pressrelease.when.office import Office
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.resolve_instant import zone_of
from pressrelease.when.tokens import BesideHoliday, Day, DaysAhead, NthWeekday, Weekday, ZoneMention
from pressrelease.when.zones import month_first


def one_day(days: set[date]) -> date:
    """Return the only day. Raises NoReading for none and for several."""
    if not days:
        raise NoReading(Why.NO_SUCH_DAY)
    first, *others = sorted(days)
    if others:
        raise NoReading(Why.MANY_POSSIBLE_DAYS, candidates=[first, *others], last=others[-1])
    return first


def days_by_clock(facts: Facts, zones: list[tuple[ZoneMention, ...]], office: Office) -> list[set[date]]:
    """Return the days of each clock, read in its `zones`: one for all, or as many days as clocks, in order."""
    dates = facts.days.dates
    if len(dates) > 1 and len(dates) == len(facts.clocks):
        year = _first_year(dates)
        groups = _by_date(facts.days)
        return [agreed_days(group, own, office, year=year) for group, own in zip(groups, zones, strict=True)]
    every = tuple(dict.fromkeys(zone for own in zones for zone in own))
    days = agreed_days(facts.days, every, office)
    return [days for _ in facts.clocks]


def _by_date(days: DaysSaid) -> list[DaysSaid]:
    """Return each date with the weekdays nearest to it; what counts from today goes with the first."""

    def near(weekday: Weekday) -> Day:
        return min(days.dates, key=lambda day: abs(day.start - weekday.start))

    return [
        DaysSaid(
            dates=(day,),
            weekdays=tuple(weekday for weekday in days.weekdays if near(weekday) is day),
            counted=days.counted if day is days.dates[0] else (),
        )
        for day in days.dates
    ]


def year_said(said: DaysSaid) -> int | None:
    """Return the year that is by itself, if any. Raises NoReading for two."""
    if len(said.years) > 1:
        raise NoReading(Why.TWO_YEARS)
    return next(iter(said.years), None)


def _first_year(dates: tuple[Day, ...]) -> int | None:
    return next((day.readings[0][0] for day in dates if day.readings[0][0] is not None), None)


def today_in(zones: tuple[ZoneMention, ...], office: Office) -> calendar.Today:
    """Return the present day on the clock that was named, or on the office's."""
    there = office.now.astimezone(office.zones[zone_of(zones, office)]).date()
    return calendar.Today(there, month_first(office.name))


def agreed_days(
    said: DaysSaid, zones: tuple[ZoneMention, ...], office: Office, *, year: int | None = None, week: bool = False
) -> set[date]:
    """Return the days on which all that names a day agrees. Raises NoReading.

    `year` is said elsewhere in the phrase; a date that starts a `week` may be a few days past.
    """
    today = today_in(zones, office)
    year = next((one for one in (year, year_said(said), _first_year(said.dates)) if one is not None), None)
    weekdays = frozenset(weekday.weekday for weekday in said.weekdays)
    sets = [{calendar.date_of(day, today, weekdays, year=year, week=week)} for day in said.dates]
    if said.today:
        sets.append({today.day})
    sets += [_counted(token, today, loose=bool(said.dates)) for token in said.counted]
    if not sets:
        sets = [calendar.weekday_dates(weekday, today) for weekday in said.weekdays]
    else:
        known = set().union(*sets)
        sets += [{day for day in known if day.weekday() == weekday} for weekday in weekdays]
    if not sets:
        raise NoReading(Why.HOUR_WITHOUT_DAY)
    agreed = set.intersection(*sets)
    if not agreed:
        raise NoReading(
            Why.DAYS_DISAGREE if len(said.dates) < 2 else Why.TWO_DATES,
            candidates=sorted({day for days in sets[:3] for day in days})[:6],
        )
    if not said.dates and (said.counted or said.today or said.weekdays) and office.today != today.day:
        raise NoReading(Why.OTHER_DAY_THERE, candidates=sorted(agreed))
    return agreed


def _counted(token: DaysAhead | NthWeekday | BesideHoliday, today: calendar.Today, *, loose: bool) -> set[date]:
    if isinstance(token, BesideHoliday):
        return {calendar.beside_holiday(token, today)}
    if isinstance(token, NthWeekday):
        return {calendar.nth_weekday(token, today)}
    # "in 3 days" beside a date is rounded; it only must not contradict it.
    steps = (-1, 0, 1) if loose and token.days > 1 else (0,)
    return {today.day + timedelta(days=token.days + step) for step in steps}
