"""Split a phrase into lines: the one that says when, and those that don't."""

from __future__ import annotations

from collections.abc import Sequence

from pressrelease.when.tokens import (
    Aside,
    Clock,
    Connector,
    Day,
    Number,
    Part,
    Punctuation,
    RangeWord,
    UnknownWord,
    Year,
)

_ENDS_A_LINE = frozenset("\n|")
_HOLDS = {Connector.UNTIL, Connector.NOT_BEFORE}
_HOLDING_WORDS = ("embargo", "hold", "held")
_IDLE = (UnknownWord, Number, Year, Punctuation, Aside)
_OF_A_CLOCK = frozenset({"time", "times", "day", "date", "dates", "dated", "hour", "hours", "hrs", "date/time"})


def lines_of(parts: Sequence[Part]) -> list[list[Part]]:
    """Return the parts of each line, without what ends it."""
    lines: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Punctuation) and part.mark in _ENDS_A_LINE:
            lines.append([])
        else:
            lines[-1].append(part)
    return lines


def has(line: Sequence[Part], kind: type[Part]) -> bool:
    return any(isinstance(part, kind) for part in line)


def says_to_hold(part: Part) -> bool:
    """Return whether a part is "until", "not before", "embargoed"."""
    return (isinstance(part, RangeWord) and part.tie in _HOLDS) or (
        isinstance(part, UnknownWord) and part.text.startswith(_HOLDING_WORDS)
    )


def without_other_lines(parts: Sequence[Part]) -> list[Part]:
    """Return `parts` without the headlines and addresses beside the one line that holds it until an hour of a day.

    Those are lines of nothing but words and numbers; a line with any word of time or of doubt stays.
    """
    lines = lines_of(parts)
    saying = [
        line
        for line in lines
        if has(line, Clock)
        and any(isinstance(part, Day) and part.readings[0][1] is not None for part in line)
        and any(map(says_to_hold, line))
    ]
    if len(saying) != 1:
        return list(parts)
    idle = {id(part) for line in lines if _is_idle(line) for part in line}
    return [part for part in parts if id(part) not in idle]


def _is_idle(line: Sequence[Part]) -> bool:
    """Return whether a line has only words and numbers. One alone could be the zone or the year of the line above."""
    words = [part.text for part in line if isinstance(part, UnknownWord)]
    return (
        len(words) > 1
        and _OF_A_CLOCK.isdisjoint(words)
        and all(isinstance(part, _IDLE) or (isinstance(part, RangeWord) and part.tie is Connector.AND) for part in line)
    )
