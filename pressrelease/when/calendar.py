"""Turn written days into dates: a missing year, a weekday that must agree, the date order of a country."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from dateutil.relativedelta import FR, MO, SA, SU, TH, TU, WE, relativedelta

from pressrelease.when.formatting import AP_MONTHS, AP_WEEKDAYS, FULL_MONTHS, week_of
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.tokens import BesideHoliday, Day, NthWeekday, Span, Stretch, Weekday

#: A day without a year is the next one only while that is nearer than the last one.
_NEAR = timedelta(days=180)
#: With a weekday that agrees, a little further off.
_NEAR_WITH_WEEKDAY = timedelta(days=240)
#: "18-09-24" starts with the year for some; such a date far ahead is a misread one.
_NUMERIC_YEARS = 2
_WEEKDAYS = (MO, TU, WE, TH, FR, SA, SU)
_A_WEEK = timedelta(days=7)
_A_MONTH = relativedelta(months=1)


@dataclass(frozen=True)
class Today:
    """The present day in the zone that a phrase is read in, and how dates are written there."""

    day: date
    month_first: bool


def make_date(year: int, month: int, day: int) -> date | None:
    """Return the date, or None if there is no such date."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def moved(day: date, by: relativedelta) -> date:
    """Return the day that is so far from `day`. Raises OverflowError outside the calendar, as a timedelta does."""
    try:
        return day + by
    except ValueError as outside:
        raise OverflowError from outside


def date_of(part: Day, today: Today, weekdays: frozenset[int], *, year: int | None, week: bool = False) -> date:
    """Return the one date that a written day means. Raises NoReading.

    `weekdays` are beside it and must agree; `year` is given elsewhere in the phrase; a date that starts or is in a
    `week` may be a few days past.
    """
    said_year, month, number = _in_order(part, today, weekdays)
    said_year = said_year if said_year is not None else year
    if month is None:
        return _next_numbered(number, today, weekdays)
    if said_year is None:
        return _nearest(month, number, today, weekdays, week=week)
    found = make_date(said_year, month, number)
    if found is None:
        raise _no_such_day(said_year, month, number)
    if part.numeric and said_year > today.day.year + _NUMERIC_YEARS:
        raise NoReading(Why.NUMBERS_FAR_AHEAD, part, candidates=[found], day=found)
    _check_weekday(found, weekdays)
    return found


def _in_order(part: Day, today: Today, weekdays: frozenset[int]) -> tuple[int | None, int | None, int]:
    """Read numeric dates in the country's order, if they fit no other.

    "9/10" and "9/10/2018" have one in a country that writes the month first; with a year of two digits, only a weekday
    beside it excludes the others.
    """
    if not part.numeric:
        return part.readings[0]
    possible = [
        (year, month, day)
        for year, month, day in part.readings[:2]
        if month is not None and make_date(year or 2024, month, day) is not None
    ]
    # With both numbers the same there is one order.
    orders = list(dict.fromkeys([*possible, *(one for one in part.readings[2:] if _may_be_meant(one, today))]))
    if not orders:
        raise NoReading(Why.NO_DATE_IN_ANY_ORDER, part)
    if today.month_first:
        if len(part.readings) == 2:
            return orders[0]
        orders = [one for one in orders if weekdays == {_dated(one, today).weekday()}] or orders
    if len(orders) == 1:
        return orders[0]
    dates = sorted(_dated(one, today) for one in orders)
    raise NoReading(Why.DATE_ORDER, part, candidates=dates, last=dates[-1])


def _dated(reading: tuple[int | None, int | None, int], today: Today) -> date:
    """Return the day of a reading that has a month; in the next year that has it, if it has no year."""
    year, month, day = reading
    years = (year,) if year is not None else range(today.day.year, today.day.year + 9)
    return next(found for one in years if (found := make_date(one, month or 1, day)))


def _may_be_meant(reading: tuple[int | None, int | None, int], today: Today) -> bool:
    """Return whether "26-11-24" may have its year first: that day is ahead, and near."""
    year, month, day = reading
    found = make_date(year or 0, month or 0, day)
    return found is not None and today.day <= found <= moved(today.day, relativedelta(years=_NUMERIC_YEARS))


def _no_such_day(year: int | None, month: int, day: int) -> NoReading:
    name = AP_MONTHS[month - 1] if 1 <= month <= 12 else f"month {month}"
    return NoReading(Why.NO_SUCH_DATE, date=f"{name} {day}{f', {year}' if year else ''}")


def _nearest(month: int, number: int, today: Today, weekdays: frozenset[int], *, week: bool) -> date:
    """Return the next such day, if it is near; never one that has just passed."""
    around = [
        found
        for year in (today.day.year - 1, today.day.year, today.day.year + 1)
        if (found := make_date(year, month, number))
    ]
    if not around and make_date(2024, month, number) is None:
        raise _no_such_day(None, month, number)
    slack = timedelta(days=6 if week else 0)
    ahead = [day for day in around if day >= today.day - slack]
    passed = [day for day in around if day < today.day - slack]
    if not ahead:
        raise NoReading(Why.NOT_THIS_YEAR_OR_NEXT, date=f"{AP_MONTHS[month - 1]} {number}")
    coming = ahead[0]
    distance = coming - today.day
    matches = bool(weekdays) and weekdays == {coming.weekday()}
    if passed and distance > _NEAR and not (matches and distance <= _NEAR_WITH_WEEKDAY):
        last = passed[-1]
        raise NoReading(
            Why.YEAR_MISSING_PAST if today.day - last < timedelta(days=160) else Why.YEAR_MISSING,
            candidates=[last, coming],
            date=f"{AP_MONTHS[month - 1]} {number}",
            last=last,
            coming=coming,
        )
    _check_weekday(coming, weekdays)
    return coming


def _check_weekday(day: date, weekdays: frozenset[int]) -> None:
    wrong = [weekday for weekday in sorted(weekdays) if weekday != day.weekday()]
    if not wrong:
        return
    either = [moved(day, relativedelta(weekday=_WEEKDAYS[wrong[0]](which))) for which in (-1, +1)]
    nearest = min(either, key=lambda other: abs(other - day))
    raise NoReading(Why.WEEKDAY, candidates=[day, nearest], day=day, nearest=nearest)


def _next_numbered(number: int, today: Today, weekdays: frozenset[int]) -> date:
    """Return the day that "the 24th" means: the next one, this month or the next."""
    for later in range(3):
        month = moved(today.day, relativedelta(months=later, day=1))
        found = make_date(month.year, month.month, number)
        if found is not None and found >= today.day:
            if found - today.day > timedelta(days=28) and found.day != today.day.day:
                raise NoReading(Why.JUST_PASSED, candidates=[found], nth=f"{number}{_nth(number)}", day=found)
            _check_weekday(found, weekdays)
            return found
    raise NoReading(Why.NO_MONTH_HAS_IT, number=number)


def _nth(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def week_start(day: date) -> date:
    """Return the Monday of its week."""
    return day - timedelta(days=day.weekday())


def weekday_dates(part: Weekday, today: Today) -> set[date]:
    """Return the dates that a weekday by itself can mean: more than one if people differ."""
    day = today.day
    coming = moved(day, relativedelta(days=+1, weekday=_WEEKDAYS[part.weekday]))
    this_week = week_start(day) + timedelta(days=part.weekday)
    of_sunday_week = _sunday_start(day) + timedelta(days=(part.weekday + 1) % 7)
    which = part.which.removeprefix("the ")
    is_today = part.weekday == day.weekday()
    if part.weeks_later:
        # "a week from Friday" on a Friday: from this one, or from the next one?
        weeks = part.weeks_later * _A_WEEK
        return {day + weeks, coming + weeks} if is_today else {coming + weeks}
    one_week = {this_week + _A_WEEK, of_sunday_week + _A_WEEK}
    if which in {"next", "following"}:
        return {coming, *one_week}
    if which == "next week":
        return one_week
    if which == "this week":
        return {this_week, of_sunday_week}
    if which == "after next":
        return {coming + _A_WEEK, this_week + 2 * _A_WEEK}
    if which == "week after next":
        return {this_week + 2 * _A_WEEK, of_sunday_week + 2 * _A_WEEK}
    if which == "this" and not is_today and this_week < coming:
        return {coming, this_week}
    return {day, coming} if is_today and which in {"", "this"} else {coming}


def _sunday_start(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def nth_weekday(part: NthWeekday, today: Today) -> date:
    """Return the day of "the first Monday in October": the next one, if no year is given. Raises NoReading."""
    for year in (part.year,) if part.year is not None else (today.day.year, today.day.year + 1):
        end = 1 if part.nth > 0 else 31
        nth = relativedelta(year=year, month=part.month, day=end, weekday=_WEEKDAYS[part.weekday](part.nth))
        found = moved(today.day, nth)
        # A month without a fifth Friday gives the first one of the next month.
        if found.month != part.month:
            raise NoReading(
                Why.NO_NTH_WEEKDAY,
                part,
                weekday=AP_WEEKDAYS[part.weekday],
                month=FULL_MONTHS[part.month - 1],
                year=year,
            )
        if part.year is not None or found >= today.day:
            if part.year is None and found - today.day > _NEAR:
                raise NoReading(Why.MONTH_WITHOUT_YEAR, part, candidates=[found])
            return found
    raise NoReading(Why.MONTH_WITHOUT_YEAR, part)


def beside_holiday(part: BesideHoliday, today: Today) -> date:
    """Return the day before or after a holiday, or the nearest such weekday: the next one, if it has no year.

    Raises: NoReading if it is just past or far away.
    """
    holiday = part.holiday
    said = holiday.year if isinstance(holiday, NthWeekday) else holiday.readings[0][0]
    for year in (said,) if said is not None else (today.day.year, today.day.year + 1):
        if isinstance(holiday, NthWeekday):
            found: date | None = nth_weekday(replace(holiday, year=year), today)
        else:
            _, month, day = holiday.readings[0]
            found = make_date(year, month or 0, day)
        if found is None:
            break
        found += timedelta(days=part.steps)
        if part.weekday is not None:
            found = moved(found, relativedelta(weekday=_WEEKDAYS[part.weekday](part.steps)))
        if said is not None or found >= today.day:
            if said is None and found - today.day > _NEAR:
                raise NoReading(Why.MONTH_WITHOUT_YEAR, part, candidates=[found])
            return found
    raise NoReading(Why.MONTH_WITHOUT_YEAR, part)


def span_dates(part: Span, today: Today) -> tuple[date, date]:
    """Return first day and exclusive end of a span that needs no date beside it. Raises NoReading."""
    day = today.day
    if part.stretch is Stretch.WEEK:
        first = week_start(day) + part.number * _A_WEEK
        if day.weekday() == 6:
            # On a Sunday a week has just started for some, and is about to end for others.
            other = first + _A_WEEK
            raise NoReading(
                Why.SUNDAY_NEXT_WEEK, part, candidates=[week_of(first), week_of(other)], monday=week_of(other)
            )
        return _piece_of_week(part, first)
    if part.stretch is Stretch.ISO_WEEK:
        try:
            first = date.fromisocalendar(part.year or day.year, part.number, 1)
        except ValueError:
            raise NoReading(Why.NO_SUCH_WEEK, part) from None
        return first, first + _A_WEEK
    if part.stretch is Stretch.WEEKEND:
        saturday = week_start(day) + timedelta(days=5)
        if part.number:
            sunday = saturday + timedelta(days=1)
            either = [saturday, saturday + _A_WEEK]
            raise NoReading(Why.NEXT_WEEKEND, part, candidates=either, first=saturday, last=sunday)
        return saturday, saturday + timedelta(days=2)
    if part.stretch is Stretch.FIRST_WEEK:
        return _nth_week(part, today)
    return _month(part, today)


def _piece_of_week(part: Span, monday: date) -> tuple[date, date]:
    """Return a part of a week. Early is Monday to Wednesday; the rest of the week has no such agreed parts."""
    if not part.piece:
        return monday, monday + _A_WEEK
    if part.piece == "early":
        return monday, monday + timedelta(days=3)
    friday = monday + timedelta(days=4)
    raise _vague(part.piece, monday + timedelta(days=2 if part.piece == "mid" else 3), friday)


def _vague(piece: str, first: date, last: date) -> NoReading:
    return NoReading(Why.PART_OF_SPAN, candidates=[(first, last)], piece=piece, first=first, last=last)


def _first_of_month(part: Span, today: Today) -> date:
    year = part.year
    if year is None:
        if (part.month - today.day.month) % 12 > 7:
            name = FULL_MONTHS[part.month - 1]
            this, coming = f"{name} {today.day.year}", f"{name} {today.day.year + 1}"
            raise NoReading(Why.MONTH_YEAR_MISSING, candidates=[this, coming], month=name, coming=coming)
        year = today.day.year + (1 if part.month < today.day.month else 0)
    return moved(today.day, relativedelta(year=year, month=part.month, day=1))


def _month(part: Span, today: Today) -> tuple[date, date]:
    if part.stretch is Stretch.MONTHS_AHEAD:
        first = moved(today.day, relativedelta(months=part.number, day=1))
    else:
        first = _first_of_month(part, today)
    if part.piece:
        begins, ends = {"early": (1, 10), "mid": (11, 20), "late": (21, 31)}[part.piece]
        raise _vague(part.piece, first.replace(day=begins), first + relativedelta(day=ends))
    return first, moved(first, _A_MONTH)


def _nth_week(part: Span, today: Today) -> tuple[date, date]:
    """Return a numbered week of a month. The first is certain only if the month starts on a Monday."""
    first = _first_of_month(part, today)
    if part.number < 0:
        end = moved(first, _A_MONTH)
        if end.weekday() == 0:
            return end - _A_WEEK, end
        raise _which_week(end - _A_WEEK, week_start(end - timedelta(days=1)))
    start = first + (part.number - 1) * _A_WEEK
    if first.weekday() == 0:
        return start, start + _A_WEEK
    raise _which_week(start, week_start(first) + (part.number - 1) * _A_WEEK, week_start(start) + _A_WEEK)


def _which_week(*starts: date) -> NoReading:
    days = list(dict.fromkeys(starts))
    monday = week_start(days[0] + timedelta(days=6))
    weeks = [(day, day + timedelta(days=6)) for day in days]
    return NoReading(Why.WHICH_WEEK, candidates=weeks, monday=week_of(monday))


def week_around(span: Span, day: date, *, sunday_first: bool) -> tuple[date, date]:
    """Return the week that is named by one of its days: first day and exclusive end.

    A week runs from Monday; the week of a Sunday runs from that Sunday where calendars start with it.
    """
    if span.stretch is Stretch.WEEK_FROM:
        return _piece_of_week(span, day)
    if span.stretch is Stretch.WEEK_ENDING:
        return day - timedelta(days=6), day + timedelta(days=1)
    monday = week_start(day)
    if day.weekday() == 6:
        if sunday_first and not span.piece:
            return day, day + _A_WEEK
        coming = week_of(day + timedelta(days=1))
        raise NoReading(Why.SUNDAY_OF_WEEK, candidates=[week_of(monday), coming], day=day, monday=coming)
    return _piece_of_week(span, monday)
