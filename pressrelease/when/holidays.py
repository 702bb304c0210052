"""Holidays by their names: "Labor Day", "Thanksgiving", "Christmas Eve"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pressrelease.when.days import MONTH, WEEKDAY
from pressrelease.when.refusals import Why
from pressrelease.when.tokens import Clock, Day, Holiday, NthWeekday, Part, Punctuation, UnknownWord, Weekday

_MONDAY, _THURSDAY = 0, 3

#: Fixed days as (month, day); moving ones as (which, weekday, month). Holidays of the United States are read only in
#: offices
#: there: Canada has Thanksgiving in October.
_EVERYWHERE: dict[str, tuple[int, ...]] = {
    r"christmas\s+eve": (12, 24),
    r"christmas(?:\s+day)?": (12, 25),
    r"boxing\s+day": (12, 26),
    r"new\s+year'?s\s+eve": (12, 31),
    r"new\s+year'?s\s+day": (1, 1),
    r"(?:st\.?\s+)?valentine'?s\s+day": (2, 14),
    r"halloween": (10, 31),
}
_AMERICAN: dict[str, tuple[int, ...]] = {
    r"(?:dr\.?\s+)?(?:martin\s+luther\s+king(?:,?\s+jr\.?)?|mlk)(?:'s)?\s+(?:birth)?day": (3, _MONDAY, 1),
    r"president'?s'?\s+day": (3, _MONDAY, 2),
    r"memorial\s+day": (-1, _MONDAY, 5),
    r"juneteenth": (6, 19),
    r"independence\s+day|july\s+fourth|fourth\s+of\s+july": (7, 4),
    r"labor\s+day": (1, _MONDAY, 9),
    r"(?:columbus|indigenous\s+peoples?'?s?)\s+day": (2, _MONDAY, 10),
    r"veterans?'?\s+day": (11, 11),
    r"thanksgiving(?:\s+day)?": (4, _THURSDAY, 11),
}
#: "Labor Day weekend", "the Thanksgiving parade": several days, or a thing.
_NOT_A_DAY = rf"(?!\s+(?!(?:at|on|in|and|to|through|noon|{MONTH}|{WEEKDAY})\b)[a-z]|-|')"

NAMES = "|".join((*_EVERYWHERE, *_AMERICAN))


def _holiday(found: re.Match[str]) -> Part | None:
    for table, american in ((_EVERYWHERE, False), (_AMERICAN, True)):
        for pattern, when in table.items():
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
