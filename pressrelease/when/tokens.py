"""The tokens that an embargo phrase is made of, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from pressrelease.when.refusals import Why


@dataclass(frozen=True)
class Token:
    """A stretch of the text, from `start` up to `end`, in letters."""

    start: int
    end: int


#: Makes a token of what a pattern found; None if it only looked right.
Builder = Callable[[re.Match[str]], Token | None]
#: A pattern's name, which begins the names of its groups; the pattern; what makes a token of it.
Pattern = tuple[str, str, Builder]


class Half(str, Enum):
    """Which half of the day an hour is in, as written."""

    AM = "am"
    PM = "pm"
    WHOLE = "24"  # counted from 0 to 24
    UNSAID = ""


@dataclass(frozen=True)
class Clock(Token):
    """A time of day as it was written. `hour` is 0 to 24, and 1 to 12 if the half is not given."""

    hour: int
    minute: int = 0
    second: int = 0
    half: Half = Half.UNSAID
    #: Written with minutes, like "9:30": in most countries that is counted from 0 to 24.
    minutes_written: bool = False
    microsecond: int = 0


@dataclass(frozen=True)
class Midnight(Token):
    """The word "midnight", which may be a day's start or its end."""


@dataclass(frozen=True)
class PartOfDay(Token):
    """ "morning", "in the afternoon": it settles the half of an hour, and alone it is too vague."""

    name: str
    first_hour: int
    end_hour: int
    today: bool = False


@dataclass(frozen=True)
class ZoneMention(Token):
    """A clock's zone, as `name` in the tables of `places`; `exact` for abbreviations and offsets."""

    name: str
    iana: str = ""
    exact: str = ""
    offset: timedelta | None = None
    #: Named without "time" or brackets, so it may be a city that something happens in.
    bare: bool = False


@dataclass(frozen=True)
class Day(Token):
    """A date as written; each reading is (year, month, day), with None for what isn't given."""

    readings: tuple[tuple[int | None, int | None, int], ...]
    numeric: bool = False


@dataclass(frozen=True)
class Weekday(Token):
    """A day's name, 0 for Monday, with the words before or after it: "this", "next", "coming", "next week"."""

    weekday: int
    which: str = ""
    weeks_later: int = 0


@dataclass(frozen=True)
class NthWeekday(Token):
    """ "the first Monday in October"; `nth` is 1 to 5, or -1 for the last."""

    nth: int
    weekday: int
    month: int
    year: int | None


@dataclass(frozen=True)
class Holiday(Token):
    """ "Labor Day": `when` is (month, day), or (which, weekday, month); `american` if others have another day.

    "the day before Christmas", "Tuesday after Labor Day": `steps` is -1 or 1, and `weekday` the day that is counted.
    """

    name: str
    when: tuple[int, ...]
    year: int | None
    american: bool
    weekday: int | None = None
    steps: int = 0


@dataclass(frozen=True)
class BesideHoliday(Token):
    """The day, or the weekday, before or after a holiday."""

    holiday: Day | NthWeekday
    weekday: int | None
    steps: int


@dataclass(frozen=True)
class DaysAhead(Token):
    """ "today", "tomorrow", "in 3 days"; counted on the calendar."""

    days: int


@dataclass(frozen=True)
class Ahead(Token):
    """ "in two hours": exact from the present; `unit` is what it was counted in."""

    length: timedelta
    unit: timedelta


@dataclass(frozen=True)
class Instant(Token):
    """An ISO 8601 wall time: year, month and day, its clock, and its offset if one was written."""

    day: tuple[int, int, int]
    clock: Clock
    offset: timedelta | None


class Stretch(str, Enum):
    """Spans of days."""

    WEEK_OF = "week of"  # the calendar week that contains the date after it
    WEEK_FROM = "week beginning"
    WEEK_ENDING = "week ending"
    WEEK = "week"  # counted from this one
    ISO_WEEK = "ISO week"
    FIRST_WEEK = "first week"
    MONTH = "month"
    MONTHS_AHEAD = "months ahead"
    WEEKEND = "weekend"


@dataclass(frozen=True)
class Span(Token):
    """A span of days: `number` weeks or months ahead, or `month` of `year`; `piece` is early, mid or late."""

    stretch: Stretch
    number: int = 0
    month: int = 0
    year: int | None = None
    piece: str = ""


@dataclass(frozen=True)
class Year(Token):
    """A year by itself."""

    year: int


@dataclass(frozen=True)
class Number(Token):
    """Digits (or a number word) that are no time by themselves."""

    value: int
    written: str


class Connector(str, Enum):
    """Words that say which way a time limits the release."""

    NOT_BEFORE = "not before"
    AFTER = "after"
    UNTIL = "until"
    BY = "by"
    BETWEEN = "between"
    AND = "and"
    THROUGH = "through"
    TO = "to"
    FROM = "from"
    AT = "at"


@dataclass(frozen=True)
class RangeWord(Token):
    """A word that ties a time to the release."""

    tie: Connector


@dataclass(frozen=True)
class AtOnce(Token):
    """ "for immediate release"."""


@dataclass(frozen=True)
class Doubt(Token):
    """Words that make any time beside them uncertain; `why` is what they do."""

    why: Why


@dataclass(frozen=True)
class Punctuation(Token):
    """Punctuation: "-", "/", "(", ")", "," or a line's end."""

    mark: str


@dataclass(frozen=True)
class UnknownWord(Token):
    """Any other word; `known` are the ones that say nothing about when, and `why` is why an event's name can't."""

    text: str
    known: bool
    why: Why | None = None


@dataclass(frozen=True)
class Aside(Token):
    """A phone number, an address or a case number."""


CLOCKLIKE = (Clock, Midnight)
DAYLIKE = (Day, Weekday, DaysAhead, NthWeekday, BesideHoliday)
#: Whatever says when: a day, an hour, or several days.
TIMES = (*CLOCKLIKE, *DAYLIKE, PartOfDay, Ahead, Span, Instant)


@dataclass(frozen=True)
class Phrase:
    """A text and its tokens, settled by their neighbors."""

    text: str
    tokens: tuple[Token, ...]

    def words(self, token: Token) -> str:
        """Return how a token was written."""
        return self.text[token.start : token.end]


def beside(tokens: Sequence[Token], index: int) -> tuple[Token | None, Token | None]:
    """Return the tokens before and after the one at `index`, skipping punctuation."""
    before = next((other for other in reversed(tokens[:index]) if not isinstance(other, Punctuation)), None)
    after = next((other for other in tokens[index + 1 :] if not isinstance(other, Punctuation)), None)
    return before, after
