"""Holidays by their names: "Labor Day", "Thanksgiving", "Christmas Eve"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pressrelease.when.days import MONTH, NTH, WEEKDAY, month_of, weekday_of
from pressrelease.when.refusals import Why
from pressrelease.when.tables import Table
from pressrelease.when.tokens import Clock, Day, Holiday, NthWeekday, Part, Punctuation, UnknownWord, Weekday

_TABLE = Table("holidays")


def _day_of(words: str) -> tuple[int, ...]:
    """Return (month, day) of "july 4"; (which, weekday, month) of "first monday september"."""
    first, *rest = words.split()
    if first in NTH:
        return NTH[first], weekday_of(rest[0]), month_of(rest[1])
    return month_of(first), int(rest[0])


#: Each name as a pattern, its day, and whether only offices in the United States mean that day.
_HOLIDAYS = [
    (re.sub(r"([.,'])", r"\\\1?", name).replace(" ", r"\s+"), _day_of(day), kind == "american")
    for kind in ("everywhere", "american")
    for name, day in _TABLE.rows(kind)
]
#: "Labor Day weekend", "the Thanksgiving parade": several days, or a thing.
_NOT_A_DAY = rf"(?!\s+(?!(?:at|on|in|and|to|through|noon|{MONTH}|{WEEKDAY})\b)[a-z]|-|')"

NAMES = "|".join(pattern for pattern, _, _ in _HOLIDAYS)


def _holiday(found: re.Match[str]) -> Part | None:
    for pattern, when, american in _HOLIDAYS:
        if re.fullmatch(pattern, found["holiday_name"]):
            year = found["holiday_year"]
            return Holiday(*found.span(), found["holiday_name"], when, int(year) if year else None, american)
    return None


PATTERNS: list[tuple[str, str, Callable[[re.Match[str]], Part | None]]] = [
    ("holiday", rf"\b(?P<holiday_name>{NAMES})\b(?:,?\s+(?P<holiday_year>20[0-9]{{2}})\b)?{_NOT_A_DAY}", _holiday),
]


def holidays_as_days(parts: Sequence[Part], *, american: bool) -> list[Part]:
    """Return each holiday as the day it is on; as a word, if the country has another or a date is elsewhere."""
    whole = any(isinstance(part, Day) and part.readings[0][1] is not None for part in parts) and any(
        isinstance(part, Clock) for part in parts
    )
    return [
        _as_day(part, loose=whole and not _beside_a_day(parts, index), american=american)
        if isinstance(part, Holiday)
        else part
        for index, part in enumerate(parts)
    ]


def _beside_a_day(parts: Sequence[Part], index: int) -> bool:
    before = next((part for part in reversed(parts[:index]) if not isinstance(part, Punctuation)), None)
    after = next((part for part in parts[index + 1 :] if not isinstance(part, Punctuation)), None)
    return isinstance(before, (Day, Weekday)) or isinstance(after, (Day, Weekday))


def _as_day(holiday: Holiday, *, loose: bool, american: bool) -> Part:
    if loose or (holiday.american and not american):
        return UnknownWord(holiday.start, holiday.end, holiday.name, known=False, why=Why.EVENT)
    if len(holiday.when) == 2:
        month, day = holiday.when
        return Day(holiday.start, holiday.end, ((holiday.year, month, day),))
    nth, weekday, month = holiday.when
    return NthWeekday(holiday.start, holiday.end, nth, weekday, month, holiday.year)
