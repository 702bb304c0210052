"""The lines of a phrase: the one that says when, and those that don't."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pressrelease.when.facts import days_of
from pressrelease.when.office import Office
from pressrelease.when.refusals import NoReading
from pressrelease.when.resolve_day import agreed_days
from pressrelease.when.tokens import (
    TIMES,
    Aside,
    Clock,
    Connector,
    Day,
    Number,
    Phrase,
    Punctuation,
    RangeWord,
    Token,
    UnknownWord,
    Weekday,
    Year,
    ZoneMention,
    beside,
)

_ENDS_A_LINE = frozenset("\n|")
_HOLDS = {Connector.UNTIL, Connector.NOT_BEFORE}
_HOLDING_WORDS = ("embargo", "hold", "held")
_RELEASE_DAY = (*_HOLDING_WORDS, "release", "publi", "lift", "issue")
#: A period after so few letters may be an abbreviation's.
_ABBREVIATION = 3
_LAST_OF_A_MONTH = 31
#: A number of these is no hour and no day; "Ten would work too" may be one.
_COUNTED = frozenset(
    "men women people persons suspects defendants arrests arrestees charges counts victims names deputies officers"
    " charged arrested indicted convicted sentenced accused detectives agencies felonies"
    " misdemeanors photos pictures releases others cases buyers".split()
)
_IDLE = (UnknownWord, Number, Year, Punctuation, Aside)
_OF_A_CLOCK = frozenset({"time", "times", "day", "date", "dates", "dated", "hour", "hours", "hrs", "date/time"})


def without_idle_lines(phrase: Phrase) -> Phrase:
    """Return `phrase` without the headlines and addresses beside the one line that holds it until an hour of a day.

    Those are lines and sentences of nothing but words and numbers; one with any word of time or of doubt stays.
    """
    lines = _lines(phrase.tokens, phrase.text)
    if len(lines) < 2:
        return phrase
    saying = [
        line
        for line in lines
        if any(isinstance(token, Clock) for token in line)
        and any(isinstance(token, Day) and token.readings[0][1] is not None for token in line)
        and any(map(_holds, line))
    ]
    if len(saying) != 1:
        return phrase
    idle = {id(token) for line in lines if _is_idle(line) for token in line}
    return replace(phrase, tokens=tuple(token for token in phrase.tokens if id(token) not in idle))


def without_own_date(phrase: Phrase, office: Office) -> Phrase:
    """Return `phrase` without the date on which it was written: one of today or earlier that has a line to itself.

    Only if one other line has a day with its hour, and something says to hold it: that is then certainly the later of
    the two, so that nothing goes out early by it.
    """
    lines = _lines(phrase.tokens)
    if len(lines) < 2 or not any(map(_holds, phrase.tokens)):
        return phrase
    timed = [line for line in lines if all(any(isinstance(token, kind) for token in line) for kind in (Clock, Day))]
    if len(timed) != 1:
        return phrase
    own = {id(token) for line in lines if _is_own_date(line, office) for token in line}
    # A place beside the date is kept: its clock must still be the office's.
    kept = tuple(token for token in phrase.tokens if id(token) not in own or isinstance(token, ZoneMention))
    return replace(phrase, tokens=kept)


def _lines(tokens: Sequence[Token], text: str = "") -> list[list[Token]]:
    """Return the tokens line by line; with `text`, the sentences of a line apart."""
    lines: list[list[Token]] = [[]]
    for index, token in enumerate(tokens):
        if isinstance(token, Punctuation) and (token.mark in _ENDS_A_LINE or _ends_a_sentence(tokens, index, text)):
            lines.append([])
        else:
            lines[-1].append(token)
    return lines


def _ends_a_sentence(tokens: Sequence[Token], index: int, text: str) -> bool:
    if not text or not 0 < index < len(tokens) - 1 or text[tokens[index].start] not in ".!":
        return False
    before, after = tokens[index - 1], tokens[index + 1]
    long = not isinstance(before, UnknownWord) or len(before.text) > _ABBREVIATION
    return long and after.start > tokens[index].end and text[after.start].isupper()


def _holds(token: Token) -> bool:
    """Return whether a token is "until", "not before", "embargoed"."""
    if isinstance(token, RangeWord):
        return token.tie in _HOLDS
    return isinstance(token, UnknownWord) and token.text.startswith(_HOLDING_WORDS)


def _is_idle(line: Sequence[Token]) -> bool:
    """Return whether a line has only words and numbers. One alone could be the zone or the year of the line above."""
    words = [token.text for token in line if isinstance(token, UnknownWord)]
    return (
        len(words) > 1
        and not any(_may_be_a_time(line, index) for index in range(len(line)))
        and _OF_A_CLOCK.isdisjoint(words)
        and all(
            isinstance(token, _IDLE) or (isinstance(token, RangeWord) and token.tie is Connector.AND) for token in line
        )
    )


def _may_be_a_time(line: Sequence[Token], index: int) -> bool:
    """Return whether a number could be an hour or a day: "Make that 10", but not "12 men"."""
    number = line[index]
    if not isinstance(number, Number) or not 0 <= number.value <= _LAST_OF_A_MONTH:
        return False
    _, after = beside(line, index)
    return not isinstance(after, UnknownWord) or after.text not in _COUNTED


def _is_own_date(line: Sequence[Token], office: Office) -> bool:
    """Return whether a line is a date that isn't ahead, with nothing that would make it the day of the release."""
    times = [token for token in line if isinstance(token, TIMES)]
    if sum(isinstance(token, Day) for token in times) != 1 or not all(isinstance(one, (Day, Weekday)) for one in times):
        return False
    if any(
        isinstance(token, (RangeWord, Year)) or (isinstance(token, UnknownWord) and token.text.startswith(_RELEASE_DAY))
        for token in line
    ):
        return False
    try:
        return max(agreed_days(days_of(line), (), office)) <= office.today
    except NoReading:
        return False
