"""Turn tokens into a phrase: numbers settled by their neighbors, and nothing left that could change the time."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pressrelease.when.clocks import hour_of
from pressrelease.when.holidays import holidays_as_days
from pressrelease.when.labels import labelled_at_once
from pressrelease.when.phrase_lines import without_other_lines
from pressrelease.when.places import GENERIC
from pressrelease.when.refusals import NoReading, Why, shown
from pressrelease.when.tokenizer import scan
from pressrelease.when.tokens import (
    Ahead,
    Aside,
    AtOnce,
    Clock,
    Connector,
    Day,
    DaysAhead,
    Doubt,
    Half,
    Instant,
    Midnight,
    NthWeekday,
    Number,
    Part,
    PartOfDay,
    Punctuation,
    RangeWord,
    Span,
    UnknownWord,
    Weekday,
    Year,
    ZoneMention,
)

CLOCKLIKE = (Clock, Midnight)
DAYLIKE = (Day, Weekday, DaysAhead, NthWeekday)
TIMES = (*CLOCKLIKE, *DAYLIKE, PartOfDay, Ahead, Span, Instant)

_NEEDS_TIME = {Connector.UNTIL, Connector.AFTER, Connector.NOT_BEFORE, Connector.BETWEEN}
_MAKES_HOUR = {
    Connector.AT,
    Connector.UNTIL,
    Connector.AFTER,
    Connector.NOT_BEFORE,
    Connector.FROM,
    Connector.BY,
    Connector.BETWEEN,
}
_RELEASING = ("embargo", "hold", "held", "release", "publi", "announce")
_OPENING = frozenset("([{")
_QUIET_MARKS = frozenset(":,;.-([{\n\"'*_|•")

#: Longer than any line that says when; a whole release is no phrase.
LONGEST = 2000


@dataclass(frozen=True)
class Phrase:
    """A text and its parts, none of them in doubt."""

    text: str
    parts: tuple[Part, ...]
    #: Places that are mentioned without being a clock's.
    mentioned: tuple[ZoneMention, ...] = ()

    def words(self, part: Part) -> str:
        """Return how a part was written."""
        return shown(self.text[part.start : part.end])


def read_phrase(text: str, own_zones: Collection[str] = (), *, american: bool = False) -> Phrase:
    """Return the parts of `text`, settled. Raises NoReading if something in it is in doubt.

    `own_zones` are the names of the office's clock, in lower case; `american` offices have the holidays of the United
    States.
    """
    if len(text) > LONGEST:
        raise NoReading(Why.TOO_LONG)
    own = [_own_zone(part, text, own_zones) for part in spread(scan(text))]
    parts = without_other_lines(holidays_as_days(settle(own), american=american))
    phrase = Phrase(text, tuple(parts), tuple(part for part in parts if isinstance(part, ZoneMention) and part.bare))
    if not any(not isinstance(part, Punctuation) for part in parts):
        raise NoReading(Why.EMPTY)
    _refuse_doubts(phrase)
    _refuse_numbers(phrase)
    _refuse_waiting(phrase)
    _refuse_counted_from(phrase)
    _refuse_events_at(phrase)
    _refuse_strangers(phrase)
    return replace(phrase, parts=tuple(part for part in parts if not (isinstance(part, ZoneMention) and part.bare)))


def _own_zone(part: Part, text: str, own_zones: Collection[str]) -> Part:
    if (
        isinstance(part, ZoneMention)
        and part.exact in {"west", "eat", "wet"}
        and not text[part.start : part.end].isupper()
    ):
        return UnknownWord(part.start, part.end, part.exact, known=False)
    if isinstance(part, UnknownWord) and not part.known and part.text in own_zones:
        return ZoneMention(part.start, part.end, part.text, exact=part.text, bare=True)
    return part


def spread(parts: list[Part]) -> list[Part]:
    """Split an ISO instant into a day, a clock and perhaps a place."""
    spread: list[Part] = []
    for part in parts:
        if not isinstance(part, Instant):
            spread.append(part)
            continue
        spread.append(Day(part.start, part.end, ((part.year, part.month, part.day),)))
        if part.hour > 24 or part.minute > 59 or part.second > 59 or (part.hour == 24 and (part.minute or part.second)):
            spread.append(Doubt(part.start, part.end, Why.NO_CLOCK_TIME))
            continue
        spread.append(
            Clock(part.start, part.end, part.hour, part.minute, part.second, Half.WHOLE, True, part.microsecond)
        )
        if part.offset is not None:
            spread.append(ZoneMention(part.start, part.end, "offset", offset=part.offset))
    return spread


def settle(parts: list[Part]) -> list[Part]:
    settled: list[Part] = []
    for index, part in enumerate(parts):
        following = parts[index + 1] if index + 1 < len(parts) else None
        if isinstance(part, Number):
            settled.append(_number(part, settled, following))
        elif isinstance(part, ZoneMention) and part.bare and _beside_clock(part, settled, following):
            settled.append(replace(part, bare=False))
        else:
            settled.append(part)
    return settled


def _number(part: Number, before: list[Part], following: Part | None) -> Part:
    """Return an hour after "at" and the like, a day after "Sept. 24 -"; else the number itself."""
    previous = before[-1] if before else None
    if isinstance(previous, Punctuation) and previous.mark in ":(" and len(before) > 1:
        previous = before[-2]
    hour = hour_of(part.value, part.start, part.end, part.written)
    if hour is not None and isinstance(previous, RangeWord) and previous.tie in _MAKES_HOUR:
        return hour
    if (
        hour is not None
        and isinstance(following, (ZoneMention, PartOfDay, DaysAhead))
        and not (isinstance(following, ZoneMention) and following.bare)
    ):
        return hour
    joins = (
        isinstance(previous, RangeWord)
        and previous.tie in {Connector.TO, Connector.THROUGH, Connector.AND, Connector.UNTIL}
    ) or (isinstance(previous, Punctuation) and previous.mark == "-")
    if joins and len(before) > 1:
        left = before[-2]
        if isinstance(left, (Clock, ZoneMention, PartOfDay)) and hour is not None:
            return hour
        if isinstance(left, Day) and 1 <= part.value <= 31 and part.written.rstrip("stndrh").isdigit():
            return Day(part.start, part.end, tuple((None, month, part.value) for _, month, _ in left.readings[:1]))
    return part


def _beside_clock(place: ZoneMention, before: list[Part], following: Part | None) -> bool:
    """Return whether a place is right after a clock (or its zone), over a bracket or a slash, or right before one.

    A city must be closer: before an hour, or after a comma, it may be where something happens.
    """
    city = place.iana and place.name not in GENERIC
    index = len(before) - 1
    while index >= 0:
        part = before[index]
        if isinstance(part, Punctuation) and part.mark in ("([/" if city else "([/,"):
            index -= 1
            continue
        return isinstance(part, Clock) or (isinstance(part, ZoneMention) and not part.bare)
    return not city and isinstance(following, Clock)


def _refuse_doubts(phrase: Phrase) -> None:
    for part in phrase.parts:
        if isinstance(part, Doubt):
            raise NoReading(part.why, part)


def _refuse_numbers(phrase: Phrase) -> None:
    for part in phrase.parts:
        if isinstance(part, Number):
            raise NoReading(Why.NUMBER, part)
    if any(isinstance(part, Aside) for part in phrase.parts) and not any(
        isinstance(part, (*TIMES, AtOnce)) for part in phrase.parts
    ):
        aside = next(part for part in phrase.parts if isinstance(part, Aside))
        raise NoReading(Why.NOT_A_TIME, aside)


def _whole(phrase: Phrase) -> bool:
    """Return whether there is a date with its month, so that words beside it can't be what says when."""
    return any(isinstance(part, Day) and part.readings[0][1] is not None for part in phrase.parts) and any(
        isinstance(part, CLOCKLIKE) for part in phrase.parts
    )


def _dated(phrase: Phrase) -> bool:
    """Return whether a date with its month, and no hour, is said to be a release's, or a week's.

    It is a window, and a person confirms its lift anyway.
    """
    parts = phrase.parts
    return (
        any(isinstance(part, Day) and part.readings[0][1] is not None for part in parts)
        and not any(isinstance(part, (*CLOCKLIKE, PartOfDay, Ahead)) for part in parts)
        and any(
            isinstance(part, Span) or (isinstance(part, UnknownWord) and part.text.startswith(_RELEASING))
            for part in parts
        )
    )


def _refuse_waiting(phrase: Phrase) -> None:
    """Refuse "until", "after" and "not before" without a time after them."""
    parts = phrase.parts
    for index, part in enumerate(parts):
        if not isinstance(part, RangeWord) or part.tie not in _NEEDS_TIME:
            continue
        for other in parts[index + 1 :]:
            if isinstance(other, (*TIMES, ZoneMention, Number)):
                break
            if (isinstance(other, Punctuation) and other.mark in _QUIET_MARKS) or isinstance(
                other, (RangeWord, AtOnce)
            ):
                continue
            if isinstance(other, UnknownWord) and other.known and part.tie is not Connector.AFTER:
                continue
            if isinstance(other, UnknownWord) and other.known and other.text in {"the", "hrs", "hours"}:
                continue
            raise NoReading(Why.WAITS_FOR, part, other)
        else:
            raise NoReading(Why.NOTHING_AFTER, part)


def _refuse_counted_from(phrase: Phrase) -> None:
    """Refuse words that turn a time around.

    "The day after Sept. 24" isn't the 24th; "embargoed from" and "available until" name the other end.
    """
    parts = phrase.parts
    for index, part in enumerate(parts):
        previous, following = _beside(parts, index)
        if isinstance(part, DaysAhead) and isinstance(previous, UnknownWord) and previous.text == "day":
            raise NoReading(Why.DAY_BEFORE_WORD, part)
        if not isinstance(part, RangeWord) or (previous is None and part.tie is not Connector.AFTER):
            continue
        counted = isinstance(previous, UnknownWord) and previous.text in {"day", "hour", "hours", "hrs"}
        days = isinstance(following, DAYLIKE) and isinstance(previous, (*TIMES, ZoneMention))
        if part.tie is Connector.AFTER and (counted or days or isinstance(following, DaysAhead)):
            raise NoReading(Why.COUNTS_FROM, part)
        if isinstance(previous, UnknownWord) and (
            (part.tie is Connector.FROM and previous.text.startswith("embargo"))
            or (
                part.tie is Connector.UNTIL
                and previous.text in {"available", "valid", "open", "live", "effective", "online", "posted"}
            )
        ):
            raise NoReading(Why.BEGINS_OR_ENDS, previous, part)


def _refuse_events_at(phrase: Phrase) -> None:
    """Refuse a time that belongs to an event: "After the 10 a.m. briefing" is when that ends, and not at ten."""
    after_time = False
    for part in phrase.parts:
        if isinstance(part, (*TIMES, ZoneMention)):
            after_time = True
        elif isinstance(part, UnknownWord) and part.why and after_time:
            raise NoReading(part.why, part)
        elif not (isinstance(part, UnknownWord) and part.known):
            after_time = False


def _beside(parts: tuple[Part, ...], index: int) -> tuple[Part | None, Part | None]:
    """Return the parts before and after, skipping punctuation."""
    before = next((other for other in reversed(parts[:index]) if not isinstance(other, Punctuation)), None)
    after = next((other for other in parts[index + 1 :] if not isinstance(other, Punctuation)), None)
    return before, after


def next_time(parts: Sequence[Part], index: int) -> Part | None:
    """Return the time that follows the word at `index` directly, skipping punctuation."""
    return next((other for other in parts[index + 1 :] if not isinstance(other, Punctuation)), None)


def _over_brackets(parts: tuple[Part, ...], index: int) -> Part | None:
    previous = parts[index - 1] if index else None
    if isinstance(previous, Punctuation) and previous.mark in _OPENING and index > 1:
        previous = parts[index - 2]
    return previous


def _looks_like_zone(phrase: Phrase, part: Part, previous: Part | None, following: Part | None) -> bool:
    written = phrase.text[part.start : part.end]
    alone = (isinstance(previous, Punctuation) and previous.mark == "\n") and (
        following is None or (isinstance(following, Punctuation) and following.mark in "\n)")
    )
    if (alone or isinstance(previous, (*TIMES, ZoneMention, Year))) and re.fullmatch(r"[A-Z]{2,5}", written):
        return True
    return re.fullmatch(r"[A-Z]{2,3}T|[A-Z]{1,3}[SD]T|(?:[A-Za-z]\.)+[A-Za-z]?", written) is not None


def _refuse_strangers(phrase: Phrase) -> None:
    """Refuse unknown words, except beside a whole date; never right after an hour, never beside less."""
    parts = phrase.parts
    at_once = labelled_at_once(phrase.parts, phrase.text)
    for index, part in enumerate(parts):
        stranger = (isinstance(part, UnknownWord) and not part.known) or (isinstance(part, ZoneMention) and part.bare)
        if (
            isinstance(part, UnknownWord)
            and part.text == "time"
            and isinstance(_over_brackets(parts, index), CLOCKLIKE)
        ):
            raise NoReading(Why.TIME_WITHOUT_ZONE, part)
        if isinstance(part, UnknownWord) and part.text in {"us", "u.s", "usa", "international", "same"}:
            # "9 a.m. US time" is no zone, though the words are known.
            after = next((other for other in parts[index + 1 :] if not isinstance(other, Punctuation)), None)
            lonely = isinstance(_over_brackets(parts, index), CLOCKLIKE) and not isinstance(after, ZoneMention)
            stranger = lonely or (isinstance(after, UnknownWord) and after.text == "time")
        if not stranger:
            continue
        previous = _over_brackets(parts, index)
        following = parts[index + 1] if index + 1 < len(parts) else None
        after_clock = isinstance(previous, (Clock, Midnight)) and not isinstance(part, ZoneMention)
        names_a_clock = (isinstance(following, UnknownWord) and following.text == "time") or (
            isinstance(part, UnknownWord) and part.known
        )
        before_clock = isinstance(part, UnknownWord) and isinstance(following, CLOCKLIKE)
        if after_clock or before_clock or names_a_clock or _looks_like_zone(phrase, part, previous, following):
            raise NoReading(Why.MAYBE_A_ZONE, part)
        if isinstance(part, ZoneMention) and not _whole(phrase) and not at_once:
            raise NoReading(Why.WHOSE_CLOCK, part)
        if (
            not _whole(phrase)
            and not at_once
            and not (_dated(phrase) and isinstance(part, UnknownWord) and not part.why)
        ):
            raise NoReading((isinstance(part, UnknownWord) and part.why) or Why.UNKNOWN_WORD, part)
