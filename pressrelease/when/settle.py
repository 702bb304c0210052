"""Tokens → phrase: what a token alone leaves open, its neighbors and the office decide.

A bare number becomes an hour or a day, an ISO instant a day with its hour, a holiday its day, and a place the zone of
the hour beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from pressrelease.when.clocks import hour_of
from pressrelease.when.places import GENERIC
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.tokenizer import tokenize
from pressrelease.when.tokens import (
    TIMES,
    BesideHoliday,
    Clock,
    Connector,
    Day,
    DaysAhead,
    Holiday,
    Instant,
    NthWeekday,
    Number,
    PartOfDay,
    Phrase,
    Punctuation,
    RangeWord,
    Token,
    UnknownWord,
    Weekday,
    ZoneMention,
    beside,
)

#: Longer than any line that says when; a whole release is no phrase.
LONGEST = 2000

_MAKES_HOUR = {
    Connector.AT,
    Connector.UNTIL,
    Connector.AFTER,
    Connector.NOT_BEFORE,
    Connector.FROM,
    Connector.BY,
    Connector.BETWEEN,
}
_JOINS = {Connector.TO, Connector.THROUGH, Connector.AND, Connector.UNTIL}
#: Abbreviations of zones that are words too, unless they are in capitals.
_WORDS_TOO = {"west", "eat", "wet"}


def read_phrase(text: str, own_zones: Collection[str], *, american: bool) -> Phrase:
    """Return the tokens of `text`, settled. Raises NoReading for one that is too long.

    `own_zones` are the names of the office's clock, in lower case; `american` offices have the holidays of the United
    States.
    """
    if len(text) > LONGEST:
        raise NoReading(Why.TOO_LONG)
    tokens = settle(_in_office(token, text, own_zones) for token in tokenize(text))
    return Phrase(text, tuple(_hour_of_a_day(_holidays_as_days(tokens, american=american))))


def _in_office(token: Token, text: str, own_zones: Collection[str]) -> Token:
    if isinstance(token, ZoneMention) and token.exact in _WORDS_TOO and not text[token.start : token.end].isupper():
        return UnknownWord(token.start, token.end, token.exact, known=False)
    if isinstance(token, UnknownWord) and not token.known and token.text in own_zones:
        return ZoneMention(token.start, token.end, token.text, exact=token.text, bare=True)
    return token


def settle(tokens: Iterable[Token]) -> list[Token]:
    """Return tokens with their numbers, ISO instants and places decided by what is beside them."""
    split = [piece for token in tokens for piece in _pieces(token)]
    settled: list[Token] = []
    for index, token in enumerate(split):
        following = split[index + 1] if index + 1 < len(split) else None
        if isinstance(token, Number):
            settled.append(_number(token, settled, following))
        elif isinstance(token, ZoneMention) and token.bare and _beside_clock(token, settled, following):
            settled.append(replace(token, bare=False))
        else:
            settled.append(token)
    return settled


def _pieces(token: Token) -> list[Token]:
    """Return an ISO instant as a day, a clock and perhaps an offset; any other token alone."""
    if not isinstance(token, Instant):
        return [token]
    pieces: list[Token] = [Day(token.start, token.end, (token.day,)), token.clock]
    if token.offset is not None:
        pieces.append(ZoneMention(token.start, token.end, "offset", offset=token.offset))
    return pieces


def _number(number: Number, before: list[Token], following: Token | None) -> Token:
    """Return an hour after "at" and the like, a day after "Sept. 24 -"; else the number itself."""
    previous = before[-1] if before else None
    if isinstance(previous, Punctuation) and previous.mark in ":(" and len(before) > 1:
        previous = before[-2]
    hour = hour_of(number.value, number.start, number.end, number.written)
    if hour is not None:
        if isinstance(previous, RangeWord) and previous.tie in _MAKES_HOUR:
            return hour
        if isinstance(following, (PartOfDay, DaysAhead)) or (isinstance(following, ZoneMention) and not following.bare):
            return hour
    joins = (isinstance(previous, RangeWord) and previous.tie in _JOINS) or (
        isinstance(previous, Punctuation) and previous.mark == "-"
    )
    if joins and len(before) > 1:
        left = before[-2]
        if isinstance(left, (Clock, ZoneMention, PartOfDay)) and hour is not None:
            return hour
        if isinstance(left, Day) and 1 <= number.value <= 31 and number.written.rstrip("stndrh").isdigit():
            return Day(
                number.start, number.end, tuple((None, month, number.value) for _, month, _ in left.readings[:1])
            )
    return number


def _beside_clock(place: ZoneMention, before: list[Token], following: Token | None) -> bool:
    """Return whether a place is right after a clock (or its zone), over a bracket or a slash, or right before one.

    A city must be closer: before an hour, or after a comma, it may be where something happens.
    """
    city = place.iana and place.name not in GENERIC
    for token in reversed(before):
        if isinstance(token, Punctuation) and token.mark in ("([/" if city else "([/,"):
            continue
        return isinstance(token, Clock) or (isinstance(token, ZoneMention) and not token.bare)
    return not city and isinstance(following, Clock)


def _holidays_as_days(tokens: Sequence[Token], *, american: bool) -> list[Token]:
    """Return each holiday as the day it is on; as a word, if the country has another or a date is elsewhere."""
    dated = any(isinstance(token, Day) and token.readings[0][1] is not None for token in tokens)
    whole = dated and any(isinstance(token, Clock) for token in tokens)
    return [
        _as_day(token, loose=whole and not _beside_a_day(tokens, index), american=american)
        if isinstance(token, Holiday)
        else token
        for index, token in enumerate(tokens)
    ]


def _hour_of_a_day(tokens: list[Token]) -> list[Token]:
    """Return "Thurs 9" as "Thursday at 9", if nothing else in the phrase could be its day or its hour."""
    times = [token for token in tokens if isinstance(token, (*TIMES, Number))]
    if len(times) != 2 or not isinstance(times[0], (Weekday, DaysAhead)) or not isinstance(times[1], Number):
        return tokens
    index, number = tokens.index(times[1]), times[1]
    if tokens[index - 1] is not times[0] or not number.written.isdigit() or not 1 <= number.value <= 12:
        return tokens
    return [*tokens[:index], Clock(number.start, number.end, number.value), *tokens[index + 1 :]]


def _beside_a_day(tokens: Sequence[Token], index: int) -> bool:
    return any(isinstance(other, (Day, Weekday)) for other in beside(tokens, index))


def _as_day(holiday: Holiday, *, loose: bool, american: bool) -> Token:
    if loose or (holiday.american and not american):
        return UnknownWord(holiday.start, holiday.end, holiday.name, known=False, why=Why.EVENT)
    day: Day | NthWeekday
    if len(holiday.when) == 2:
        month, number = holiday.when
        day = Day(holiday.start, holiday.end, ((holiday.year, month, number),))
    else:
        nth, weekday, month = holiday.when
        day = NthWeekday(holiday.start, holiday.end, nth, weekday, month, holiday.year)
    return BesideHoliday(day.start, day.end, day, holiday.weekday, holiday.steps) if holiday.steps else day
