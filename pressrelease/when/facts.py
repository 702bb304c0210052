"""Phrase → facts: what it says about when, each kind of token by itself, so that nobody searches the text again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.tokens import (
    CLOCKLIKE,
    DAYLIKE,
    TIMES,
    Ahead,
    AtOnce,
    BesideHoliday,
    Clock,
    Connector,
    Day,
    DaysAhead,
    Midnight,
    NthWeekday,
    PartOfDay,
    Phrase,
    Punctuation,
    RangeWord,
    Span,
    Token,
    UnknownWord,
    Weekday,
    Year,
    ZoneMention,
)


class DaysSaid(NamedTuple):
    """All that names a day. `today` is for "tonight"; `years` are those that are by themselves."""

    dates: tuple[Day, ...] = ()
    weekdays: tuple[Weekday, ...] = ()
    counted: tuple[DaysAhead | NthWeekday | BesideHoliday, ...] = ()
    today: bool = False
    years: frozenset[int] = frozenset()


class ClockSaid(NamedTuple):
    """An hour, and the zones right after it."""

    clock: Clock
    zones: tuple[ZoneMention, ...]


@dataclass(frozen=True)
class Facts:
    """What a phrase says about when. Every group is in the order of the text."""

    text: str
    tokens: tuple[Token, ...]
    #: Whatever says when.
    times: tuple[Token, ...]
    days: DaysSaid
    clocks: tuple[ClockSaid, ...]
    parts_of_day: tuple[PartOfDay, ...]
    spans: tuple[Span, ...]
    #: "in two hours".
    lengths: tuple[Ahead, ...]
    midnights: tuple[Midnight, ...]
    #: Every zone of a clock, and those that aren't right after one.
    zones: tuple[ZoneMention, ...]
    apart: tuple[ZoneMention, ...]
    #: Places that are mentioned without being a clock's.
    mentioned: tuple[ZoneMention, ...] = ()
    at_once: bool = False
    #: What is before and after the word that joins the two ends of a window.
    sides: tuple[Facts, Facts] | None = None


def gather(phrase: Phrase) -> Facts:
    """Return what a phrase says, by kind. Raises NoReading if it has more than one beginning or end."""
    mentioned = tuple(token for token in phrase.tokens if isinstance(token, ZoneMention) and token.bare)
    tokens = tuple(token for token in phrase.tokens if not (isinstance(token, ZoneMention) and token.bare))
    facts = replace(_group(phrase.text, tokens), mentioned=mentioned)
    if facts.at_once or (joint := _joint(tokens)) is None:
        return facts
    sides = _group(phrase.text, tokens[:joint]), _group(phrase.text, tokens[joint + 1 :])
    return replace(facts, sides=sides)


def days_of(tokens: Sequence[Token]) -> DaysSaid:
    """Return all that names a day."""
    return DaysSaid(
        dates=_all(Day, tokens),
        weekdays=_all(Weekday, tokens),
        counted=(*_all(DaysAhead, tokens), *_all(NthWeekday, tokens), *_all(BesideHoliday, tokens)),
        today=any(part.today for part in _all(PartOfDay, tokens)),
        years=frozenset(year.year for year in _all(Year, tokens)),
    )


Kind = TypeVar("Kind", bound=Token)


def _all(kind: type[Kind], tokens: Sequence[Token]) -> tuple[Kind, ...]:
    return tuple([token for token in tokens if isinstance(token, kind)])


def _group(text: str, tokens: tuple[Token, ...]) -> Facts:
    clocks = tuple(
        [ClockSaid(one, _zones_after(tokens[i + 1 :])) for i, one in enumerate(tokens) if isinstance(one, Clock)]
    )
    zones = _all(ZoneMention, tokens)
    attached = {id(zone) for said in clocks for zone in said.zones}
    return Facts(
        text=text,
        tokens=tokens,
        times=tuple([token for token in tokens if isinstance(token, TIMES)]),
        days=days_of(tokens),
        clocks=clocks,
        parts_of_day=_all(PartOfDay, tokens),
        spans=_all(Span, tokens),
        lengths=_all(Ahead, tokens),
        midnights=_all(Midnight, tokens),
        zones=zones,
        apart=tuple([zone for zone in zones if id(zone) not in attached]),
        at_once=bool(_all(AtOnce, tokens)),
    )


_BEFORE_A_ZONE = frozenset({"hours", "hrs", "the", "time", "us", "in", "sharp"})


def _zones_after(tokens: Sequence[Token]) -> tuple[ZoneMention, ...]:
    """Return the zones with which `tokens`, what follows an hour, begin; in brackets or not."""
    found: list[ZoneMention] = []
    for token in tokens:
        if isinstance(token, ZoneMention):
            found.append(token)
        elif isinstance(token, Punctuation):
            if token.mark not in "()[]/,":
                break
        elif isinstance(token, UnknownWord):
            if not token.known or token.text not in _BEFORE_A_ZONE:
                break
        elif isinstance(token, RangeWord):
            if token.tie is not Connector.AND or not found:
                break
        elif not isinstance(token, PartOfDay):
            break
    return tuple(found)


def _joint(tokens: tuple[Token, ...]) -> int | None:
    """Return the place of the word between a start and an end: "A to B", "between A and B"; None for neither."""
    joints = [index for index in range(len(tokens)) if _joins(tokens, index)]
    if not joints:
        return None
    if len(joints) > 1:
        raise NoReading(Why.TWO_RANGES)
    begins = next(
        (i for i, token in enumerate(tokens) if isinstance(token, RangeWord) and token.tie is Connector.BETWEEN), 0
    )
    if all(any(isinstance(token, DAYLIKE) for token in side) for side in (tokens[:begins], tokens[begins:])):
        raise NoReading(Why.DAY_BEFORE_BETWEEN)
    return joints[0]


_LOWER = {Connector.NOT_BEFORE, Connector.FROM, Connector.AFTER}


def _joins(tokens: tuple[Token, ...], index: int) -> bool:
    token = tokens[index]
    if not isinstance(token, RangeWord) and not (isinstance(token, Punctuation) and token.mark == "-"):
        return False
    before, after = tokens[:index], tokens[index + 1 :]
    if not all(any(isinstance(other, TIMES) for other in side) for side in (before, after)):
        return False
    if isinstance(token, Punctuation):
        # "4 a.m. CT - 5 a.m. ET" is one instant given twice; both must then agree.
        one_instant = isinstance(before[-1], ZoneMention) and _zoned_clock_first(after)
        return _alike(before, after) and not one_instant
    ties = {other.tie for other in before if isinstance(other, RangeWord)}
    if token.tie is Connector.AND:
        return Connector.BETWEEN in ties and _alike(before, after)
    if token.tie is Connector.BY:
        return bool(ties & _LOWER)
    if token.tie is Connector.UNTIL:
        return bool(ties & _LOWER) and _alike(before, after)
    return token.tie in {Connector.THROUGH, Connector.TO} and _alike(before, after)


def _zoned_clock_first(tokens: tuple[Token, ...]) -> bool:
    return len(tokens) > 1 and isinstance(tokens[0], Clock) and isinstance(tokens[1], ZoneMention)


def _alike(before: tuple[Token, ...], after: tuple[Token, ...]) -> bool:
    """Return whether both sides are hours, or both days, or each a day with its hour."""
    if _kind_before(before) == _kind_after(after) != "":
        return True
    return all(
        any(isinstance(token, CLOCKLIKE) for token in side) and any(isinstance(token, DAYLIKE) for token in side)
        for side in (before, after)
    )


def _kind(token: Token) -> str:
    return "clock" if isinstance(token, CLOCKLIKE) else "day" if isinstance(token, DAYLIKE) else ""


def _kind_before(tokens: tuple[Token, ...]) -> str:
    for token in reversed(tokens):
        if isinstance(token, Punctuation):
            if token.mark not in "().":
                return ""
        elif _kind(token) or not isinstance(token, (ZoneMention, UnknownWord, *TIMES)):
            return _kind(token)
    return ""


def _kind_after(tokens: tuple[Token, ...]) -> str:
    return next(
        (_kind(token) for token in tokens if not (isinstance(token, RangeWord) and token.tie is Connector.AT)), ""
    )
