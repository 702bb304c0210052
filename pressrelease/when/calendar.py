"""Turn written days into dates: a missing year, a weekday that must agree, the date order of a country."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pressrelease.errors import EmbargoRefused
from pressrelease.when.formatting import MONTHS, say_day
from pressrelease.when.refusals import refusal, typed_day
from pressrelease.when.tokens import Day, DaysAhead, NthWeekday, Span, Stretch, Weekday

#: A day without a year is the next one only while that is nearer than the last one.
_NEAR = timedelta(days=180)
#: With a weekday that agrees, a little further off.
_NEAR_WITH_WEEKDAY = timedelta(days=240)
#: "18-09-24" starts with the year for some; such a date far ahead is a misread one.
_NUMERIC_YEARS = 2
_DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


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


def dates_of(part: Day, today: Today, weekdays: frozenset[int], *, year: int | None, week: bool = False) -> date:
    """Return the one date that a written day means. Raises EmbargoRefused.

    `weekdays` are beside it and must agree; `year` is given elsewhere in the phrase; a date that starts or is in a
    `week` may be
    a few days past.
    """
    readings = _in_order(part, today)
    said_year, month, number = readings
    said_year = said_year if said_year is not None else year
    if month is None:
        return _next_numbered(number, today, weekdays)
    if said_year is None:
        return _nearest(month, number, today, weekdays, week=week)
    found = make_date(said_year, month, number)
    if found is None:
        raise _no_such_day(said_year, month, number)
    if part.numeric and said_year > today.day.year + _NUMERIC_YEARS:
        raise refusal(
            f"Those numbers could be {say_day(found)}, which is years ahead, and their order may be another one.",
            code="embargo_ambiguous",
            candidates=[say_day(found)],
            hint=f"Write the month as a word, such as “{typed_day(found)}”.",
        )
    _check_weekday(found, weekdays)
    return found


def _in_order(part: Day, today: Today) -> tuple[int | None, int | None, int]:
    """Read numeric dates in the country's order; if both readings exist, only a month-first country is certain."""
    if not part.numeric:
        return part.readings[0]
    possible = [
        (year, month, day)
        for year, month, day in part.readings
        if month is not None and make_date(year or 2024, month, day) is not None
    ]
    if not possible:
        raise refusal("That is no date, with the month first or the day first.", code="embargo_nonexistent")
    # Only "9/24" and the like: with both numbers the same there is one reading.
    if len(set(possible)) == 1 or today.month_first:
        return possible[0]
    said = [
        typed_day(found)
        for year, month, day in possible
        if (found := make_date(year or today.day.year, month or 1, day)) is not None
    ]
    raise refusal(
        "That date can be read with the day first or with the month first.",
        code="embargo_ambiguous",
        candidates=said,
        hint=f"Write the month as a word, such as “{said[-1] if said else '24 September 2018'}”.",
    )


def _no_such_day(year: int | None, month: int, day: int) -> EmbargoRefused:
    name = MONTHS[month - 1] if 1 <= month <= 12 else f"month {month}"
    return refusal(f"There is no {name} {day}{f', {year}' if year else ''}.", code="embargo_nonexistent")


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
        raise refusal(f"{MONTHS[month - 1]} {number} isn't in this year or the next one.", code="embargo_nonexistent")
    coming = ahead[0]
    distance = coming - today.day
    matches = bool(weekdays) and weekdays == {coming.weekday()}
    if passed and distance > _NEAR and not (matches and distance <= _NEAR_WITH_WEEKDAY):
        last = passed[-1]
        raise refusal(
            f"{MONTHS[month - 1]} {number} has no year, and it could be {say_day(last)}, which is past,"
            f" or {say_day(coming)}.",
            code="embargo_past" if today.day - last < timedelta(days=160) else "embargo_ambiguous",
            candidates=[say_day(last), say_day(coming)],
            hint=f"Add the year: “{typed_day(coming)}”.",
        )
    _check_weekday(coming, weekdays)
    return coming


def _check_weekday(day: date, weekdays: frozenset[int]) -> None:
    wrong = [weekday for weekday in sorted(weekdays) if weekday != day.weekday()]
    if not wrong:
        return
    nearest = min(
        (day + timedelta(days=step) for step in range(-6, 7) if (day + timedelta(days=step)).weekday() == wrong[0]),
        key=lambda other: abs(other - day),
    )
    raise refusal(
        f"{typed_day(day)} is a {_DAY_NAMES[day.weekday()]}, not a {_DAY_NAMES[wrong[0]]}.",
        code="embargo_weekday",
        candidates=[say_day(day), say_day(nearest)],
        hint=f"Write the one that is meant: “{say_day(day)}” or “{say_day(nearest)}”.",
    )


def _next_numbered(number: int, today: Today, weekdays: frozenset[int]) -> date:
    """Return the day that "the 24th" means: the next one, this month or the next."""
    month = today.day.replace(day=1)
    for _ in range(3):
        found = make_date(month.year, month.month, number)
        if found is not None and found >= today.day:
            if found - today.day > timedelta(days=28) and found.day != today.day.day:
                raise refusal(
                    f"The {number}{_nth(number)} has just passed, and the next one is a month off.",
                    code="embargo_past",
                    candidates=[say_day(found)],
                    hint=f"Add the month: “{typed_day(found)}”.",
                )
            _check_weekday(found, weekdays)
            return found
        month = (month + timedelta(days=32)).replace(day=1)
    raise refusal(f"No month near has a day {number}.", code="embargo_nonexistent")


def _nth(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def week_start(day: date) -> date:
    """Return the Monday of its week."""
    return day - timedelta(days=day.weekday())


def weekday_dates(part: Weekday, today: Today) -> tuple[date, ...]:
    """Return the dates that a weekday by itself can mean: more than one if people differ."""
    day = today.day
    coming = day + timedelta(days=(part.weekday - day.weekday() - 1) % 7 + 1)
    this_week = week_start(day) + timedelta(days=part.weekday)
    of_sunday_week = _sunday_start(day) + timedelta(days=(part.weekday + 1) % 7)
    which = part.which.removeprefix("the ")
    is_today = part.weekday == day.weekday()
    if part.weeks_later:
        # "a week from Friday" on a Friday: from this one, or from the next one?
        weeks = timedelta(days=7 * part.weeks_later)
        return (day + weeks, coming + weeks) if is_today else (coming + weeks,)
    if which in {"coming", "this coming", "upcoming"}:
        return (coming,)
    if which in {"next", "following"}:
        return tuple(dict.fromkeys((coming, this_week + timedelta(days=7), of_sunday_week + timedelta(days=7))))
    if which == "next week":
        return tuple(dict.fromkeys((this_week + timedelta(days=7), of_sunday_week + timedelta(days=7))))
    if which == "this week":
        return tuple(dict.fromkeys((this_week, of_sunday_week)))
    if which == "after next":
        return (coming + timedelta(days=7), this_week + timedelta(days=14))
    if which == "week after next":
        return tuple(dict.fromkeys((this_week + timedelta(days=14), of_sunday_week + timedelta(days=14))))
    if which == "this":
        return (day, coming) if is_today else tuple(dict.fromkeys((coming, *(d for d in (this_week,) if d < coming))))
    return (day, coming) if is_today else (coming,)


def _sunday_start(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def nth_weekday(part: NthWeekday, today: Today) -> date:
    """Return the day of "the first Monday in October": the next one, if no year is given. Raises EmbargoRefused."""
    for year in (part.year,) if part.year is not None else (today.day.year, today.day.year + 1):
        first = date(year, part.month, 1)
        days = [
            day
            for number in range(31)
            if (day := first + timedelta(days=number)).month == part.month and day.weekday() == part.weekday
        ]
        if part.nth > len(days):
            raise refusal(
                f"There is no such {_DAY_NAMES[part.weekday]} in {MONTHS[part.month - 1]} {year}.",
                code="embargo_nonexistent",
            )
        found = days[part.nth - 1 if part.nth > 0 else -1]
        if part.year is not None or found >= today.day:
            if part.year is None and found - today.day > _NEAR:
                break
            return found
    raise refusal(
        f"{MONTHS[part.month - 1]} has no year, and is just past or far off.", code="embargo_past", hint="Add the year."
    )


def ahead(part: DaysAhead, today: Today) -> date:
    """Return the day of "tomorrow", "in 3 days"."""
    return today.day + timedelta(days=part.days)


def span_dates(part: Span, today: Today) -> tuple[date, date]:
    """Return first day and exclusive end of a span that needs no date beside it. Raises EmbargoRefused."""
    day = today.day
    if part.stretch is Stretch.WEEK:
        first = week_start(day) + timedelta(days=7 * part.number)
        if day.weekday() == 6:
            # On a Sunday a week has just started for some, and is about to end for others.
            other = first + timedelta(days=7)
            raise refusal(
                "On a Sunday, that could be the week that begins tomorrow or the one after it.",
                code="embargo_ambiguous",
                candidates=[f"the week of {typed_day(first)}", f"the week of {typed_day(other)}"],
                hint=f"Name its Monday: “the week of {typed_day(other)}”.",
            )
        return _piece_of_week(part, first)
    if part.stretch is Stretch.ISO_WEEK:
        try:
            first = date.fromisocalendar(part.year or day.year, part.number, 1)
        except ValueError:
            raise refusal("There is no such week.", code="embargo_nonexistent") from None
        return first, first + timedelta(days=7)
    if part.stretch is Stretch.WEEKEND:
        saturday = week_start(day) + timedelta(days=5)
        if part.number:
            candidates = [say_day(saturday), say_day(saturday + timedelta(days=7))]
            raise refusal(
                "“Next weekend” is the coming one for some, and the one after it for others.",
                code="embargo_ambiguous",
                candidates=candidates,
                hint=f"Name the days: “{typed_day(saturday)} to {typed_day(saturday + timedelta(days=1))}”.",
            )
        return saturday, saturday + timedelta(days=2)
    if part.stretch is Stretch.FIRST_WEEK:
        return _nth_week(part, today)
    return _month(part, today)


def _piece_of_week(part: Span, monday: date) -> tuple[date, date]:
    """Return a part of a week. Early is Monday to Wednesday; the rest of the week has no such agreed parts."""
    if not part.piece:
        return monday, monday + timedelta(days=7)
    if part.piece == "early":
        return monday, monday + timedelta(days=3)
    friday = monday + timedelta(days=4)
    raise _vague(part.piece, monday + timedelta(days=2 if part.piece == "mid" else 3), friday)


def _vague(piece: str, first: date, last: date) -> EmbargoRefused:
    return refusal(
        f"“{piece}” has no agreed first and last day.",
        code="embargo_unclear",
        candidates=[f"{typed_day(first)} to {typed_day(last)}"],
        hint=f"Name the days: “{typed_day(first)} to {typed_day(last)}”.",
    )


def _year_of_month(month: int, year: int | None, today: Today) -> int:
    if year is not None:
        return year
    months_ahead = (month - today.day.month) % 12
    if months_ahead > 7:
        raise refusal(
            f"{MONTHS[month - 1]} has no year, and it is just past or far off.",
            code="embargo_past",
            candidates=[f"{MONTHS[month - 1]} {today.day.year}", f"{MONTHS[month - 1]} {today.day.year + 1}"],
            hint=f"Add the year: “{MONTHS[month - 1]} {today.day.year + 1}”.",
        )
    return today.day.year + (1 if month < today.day.month else 0)


def _after_month(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)


def _month(part: Span, today: Today) -> tuple[date, date]:
    if part.stretch is Stretch.MONTHS_AHEAD:
        first = today.day.replace(day=1)
        if part.number:
            first = _after_month(first)
    else:
        first = date(_year_of_month(part.month, part.year, today), part.month, 1)
    if part.piece:
        start = {"early": 1, "mid": 11, "late": 21}[part.piece]
        last = first.replace(day=start + 9) if part.piece != "late" else _after_month(first) - timedelta(days=1)
        raise _vague(part.piece, first.replace(day=start), last)
    return first, _after_month(first)


def _nth_week(part: Span, today: Today) -> tuple[date, date]:
    """Return a numbered week of a month. The first is certain only if the month starts on a Monday."""
    first = date(_year_of_month(part.month, part.year, today), part.month, 1)
    if part.number < 0:
        end = _after_month(first)
        if end.weekday() == 0:
            return end - timedelta(days=7), end
        raise _which_week(end - timedelta(days=7), week_start(end - timedelta(days=1)))
    start = first + timedelta(days=7 * (part.number - 1))
    if first.weekday() == 0:
        return start, start + timedelta(days=7)
    raise _which_week(
        start, week_start(first) + timedelta(days=7 * (part.number - 1)), week_start(start) + timedelta(days=7)
    )


def _which_week(*starts: date) -> EmbargoRefused:
    days = list(dict.fromkeys(starts))
    monday = week_start(days[0] + timedelta(days=6))
    return refusal(
        "The month doesn't begin on a Monday, so its weeks are counted in more than one way.",
        code="embargo_ambiguous",
        candidates=[f"{typed_day(day)} to {typed_day(day + timedelta(days=6))}" for day in days],
        hint=f"Name its first day: “the week of {typed_day(monday)}”.",
    )


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
            return day, day + timedelta(days=7)
        raise refusal(
            f"{typed_day(day)} is a Sunday, which ends a week for some and begins one for others.",
            code="embargo_ambiguous",
            candidates=[f"the week of {typed_day(other)}" for other in (monday, day + timedelta(days=1))],
            hint=f"Name the Monday: “the week of {typed_day(day + timedelta(days=1))}”.",
        )
    return _piece_of_week(span, monday)
