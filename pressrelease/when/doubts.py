"""Refuse what could change a time: words in doubt, unknown words beside less than a whole date, contradictions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from pressrelease.when.facts import Facts
from pressrelease.when.office import Office
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.resolve_day import agreed_days
from pressrelease.when.resolve_instant import boundary
from pressrelease.when.slips import mistyped_day
from pressrelease.when.spanish import spanish_word
from pressrelease.when.tokens import (
    CLOCKLIKE,
    DAYLIKE,
    TIMES,
    Ahead,
    Aside,
    AtOnce,
    Clock,
    Connector,
    Day,
    DaysAhead,
    Doubt,
    Half,
    Number,
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
    beside,
)

# -- words ------------------------------------------------------------------------------------------------------------

_NEEDS_TIME = {Connector.UNTIL, Connector.AFTER, Connector.NOT_BEFORE, Connector.BETWEEN}
_RELEASING = ("embargo", "hold", "held", "release", "publi", "announce")
_OPENING = frozenset("([{")
_QUIET_MARKS = frozenset(":,;.-([{\n\"'*_|•")
_COUNTED_FROM = {"day", "hour", "hours", "hrs"}
_STATES = {"available", "valid", "open", "live", "effective", "online", "posted"}
_COUNTRIES = {"us", "u.s", "usa", "international", "same"}


def refuse_doubtful_words(phrase: Phrase) -> None:
    """Raise NoReading if there is no word, or one makes the time uncertain, or isn't understood and could."""
    if all(isinstance(token, Punctuation) for token in phrase.tokens):
        raise NoReading(Why.EMPTY)
    if (place := spanish_word(phrase.text)) is not None:
        raise NoReading(Why.SPANISH, Token(*place))
    _refuse_malformed_offset(phrase)
    for token in phrase.tokens:
        if isinstance(token, Doubt):
            raise NoReading(token.why, token)
    for token in phrase.tokens:
        if isinstance(token, Number):
            raise NoReading(Why.NUMBER, token)
    aside = next((token for token in phrase.tokens if isinstance(token, Aside)), None)
    if aside is not None and not any(isinstance(token, (*TIMES, AtOnce)) for token in phrase.tokens):
        raise NoReading(Why.NOT_A_TIME, aside)
    _refuse_waiting(phrase.tokens)
    _refuse_counted_from(phrase.tokens)
    _refuse_events_at(phrase.tokens)
    _refuse_unknown(phrase)


def _refuse_malformed_offset(phrase: Phrase) -> None:
    """Refuse a sign and a number after an hour that look like an offset and are none: "T09:00 Z-5", "9 a.m. -7"."""
    tokens = phrase.tokens
    for index in range(1, len(tokens) - 1):
        before, sign, after = tokens[index - 1 : index + 2]
        if not isinstance(before, (Clock, ZoneMention)) or not isinstance(after, (Clock, Number)):
            continue
        if not isinstance(sign, Punctuation) or sign.mark not in "+-":
            continue
        said = isinstance(after, Clock) and after.half in {Half.AM, Half.PM}
        spaced = before.end < sign.start, sign.end < after.start
        zulu = isinstance(before, ZoneMention) and (
            phrase.words(before).lower() in {"z", "utc", "gmt"} or not before.name
        )
        iso = index > 1 and isinstance(before, Clock) and tokens[index - 2].start == before.start
        if (
            sign.mark == "+"
            or (not said and (zulu or iso or spaced == (True, False)))
            or (isinstance(before, ZoneMention) and not said and spaced == (False, False))
        ):
            raise NoReading(Why.MALFORMED_OFFSET, Token(before.start, after.end))


def _refuse_waiting(tokens: Sequence[Token]) -> None:
    """Refuse "until", "after" and "not before" without a time after them."""
    for index, token in enumerate(tokens):
        if not isinstance(token, RangeWord) or token.tie not in _NEEDS_TIME:
            continue
        for other in tokens[index + 1 :]:
            if isinstance(other, (*TIMES, ZoneMention, Number)):
                break
            if not _is_quiet(other, after=token.tie is Connector.AFTER):
                raise NoReading(Why.WAITS_FOR, token, other)
        else:
            raise NoReading(Why.NOTHING_AFTER, token)


def _is_quiet(token: Token, *, after: bool) -> bool:
    """Return whether a token may be between "until" (or "after") and its time."""
    if isinstance(token, Aside):
        # "embargoed until USDL-26-1125, 8:30 a.m. …"
        return not after
    if isinstance(token, UnknownWord):
        return token.known and (not after or token.text in {"the", "hrs", "hours"})
    return isinstance(token, (RangeWord, AtOnce)) or (isinstance(token, Punctuation) and token.mark in _QUIET_MARKS)


def _refuse_counted_from(tokens: Sequence[Token]) -> None:
    """Refuse words that turn a time around.

    "The day after Sept. 24" isn't the 24th; "embargoed from" and "available until" name the other end.
    """
    for index, token in enumerate(tokens):
        if not isinstance(token, (DaysAhead, RangeWord)):
            continue
        previous, following = beside(tokens, index)
        before = previous.text if isinstance(previous, UnknownWord) else ""
        if isinstance(token, DaysAhead):
            if before == "day":
                raise NoReading(Why.DAY_BEFORE_WORD, token)
            continue
        if token.tie is Connector.AFTER:
            days = isinstance(following, DAYLIKE) and isinstance(previous, (*TIMES, ZoneMention))
            if before in _COUNTED_FROM or days or isinstance(following, DaysAhead):
                raise NoReading(Why.COUNTS_FROM, token)
        turned = (token.tie is Connector.FROM and before.startswith("embargo")) or (
            token.tie is Connector.UNTIL and before in _STATES
        )
        if turned and previous is not None:
            raise NoReading(Why.BEGINS_OR_ENDS, previous, token)


def _refuse_events_at(tokens: Sequence[Token]) -> None:
    """Refuse a time that belongs to an event: "After the 10 a.m. briefing" is when that ends, and not at ten."""
    after_time = False
    for token in tokens:
        if isinstance(token, (*TIMES, ZoneMention)):
            after_time = True
        elif isinstance(token, UnknownWord) and token.why and after_time:
            raise NoReading(token.why, token)
        elif not (isinstance(token, UnknownWord) and token.known):
            after_time = False


def _refuse_unknown(phrase: Phrase) -> None:
    """Refuse unknown words, except beside a whole date; never right after an hour, never beside less."""
    tokens = phrase.tokens
    labelled = _labelled_at_once(phrase)
    certain = labelled or _whole(tokens)
    window = _dated(tokens)
    for index, token in enumerate(tokens):
        if not isinstance(token, (UnknownWord, ZoneMention)):
            continue
        previous = _over_brackets(tokens, index)
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if isinstance(token, ZoneMention):
            if token.bare and _names_a_clock(phrase, token, previous, following):
                raise NoReading(Why.MAYBE_A_ZONE, token)
            if token.bare and not certain:
                raise NoReading(Why.WHOSE_CLOCK, token)
            continue
        if token.text == "time" and isinstance(previous, CLOCKLIKE):
            raise NoReading(Why.TIME_WITHOUT_ZONE, token)
        if token.known and not (token.text in _COUNTRIES and _is_lonely_country(tokens, index, previous)):
            continue
        if (
            token.known
            or isinstance(previous, CLOCKLIKE)
            or isinstance(following, CLOCKLIKE)
            or _names_a_clock(phrase, token, previous, following)
        ):
            raise NoReading(Why.MAYBE_A_ZONE, token)
        if not certain and (token.why or not window):
            raise NoReading(token.why or Why.UNKNOWN_WORD, token)
    if (slip := mistyped_day(tokens, phrase.text)) is not None:
        raise NoReading(Why.SLIP, slip[0], meant=slip[1])


def _is_lonely_country(tokens: Sequence[Token], index: int, previous: Token | None) -> bool:
    """Return whether "US" is used instead of a zone: "9 a.m. US time"."""
    _, after = beside(tokens, index)
    if isinstance(after, UnknownWord) and after.text == "time":
        return True
    return isinstance(previous, CLOCKLIKE) and not isinstance(after, ZoneMention)


def _over_brackets(tokens: Sequence[Token], index: int) -> Token | None:
    previous = tokens[index - 1] if index else None
    if isinstance(previous, Punctuation) and previous.mark in _OPENING and index > 1:
        previous = tokens[index - 2]
    return previous


def _names_a_clock(phrase: Phrase, token: Token, previous: Token | None, following: Token | None) -> bool:
    """Return whether a word looks like a zone: by its letters, or because "time" follows."""
    if isinstance(following, UnknownWord) and following.text == "time":
        return True
    written = phrase.words(token)
    alone = (isinstance(previous, Punctuation) and previous.mark == "\n") and (
        following is None or (isinstance(following, Punctuation) and following.mark in "\n)")
    )
    if (alone or isinstance(previous, (*TIMES, ZoneMention, Year))) and re.fullmatch(r"[A-Z]{2,5}", written):
        return True
    return re.fullmatch(r"[A-Z]{2,3}T|[A-Z]{1,3}[SD]T|(?:[A-Za-z]\.)+[A-Za-z]?", written) is not None


def _whole(tokens: Sequence[Token]) -> bool:
    """Return whether there is a date with its month, and an hour, so that words beside them can't be what says when."""
    return _has_date(tokens) and any(isinstance(token, CLOCKLIKE) for token in tokens)


def _has_date(tokens: Sequence[Token]) -> bool:
    return any(isinstance(token, Day) and token.readings[0][1] is not None for token in tokens)


def _dated(tokens: Sequence[Token]) -> bool:
    """Return whether a date with its month, and no hour, is said to be a release's, or a week's.

    It is a window, and a person confirms its lift anyway.
    """
    return (
        _has_date(tokens)
        and not any(isinstance(token, (*CLOCKLIKE, PartOfDay, Ahead)) for token in tokens)
        and any(
            isinstance(token, Span) or (isinstance(token, UnknownWord) and token.text.startswith(_RELEASING))
            for token in tokens
        )
    )


def _labelled_at_once(phrase: Phrase) -> bool:
    """Return whether "FOR IMMEDIATE RELEASE" is a label: nothing unknown before it, and its end plain to see."""
    for index, token in enumerate(phrase.tokens):
        if isinstance(token, AtOnce) and "release" in phrase.words(token).lower():
            unknown = any(isinstance(other, UnknownWord) and not other.known for other in phrase.tokens[:index])
            after = phrase.tokens[index + 1 :]
            return not unknown and bool(after) and (isinstance(after[0], (Punctuation, Aside)) or _is_contact(after))
    return False


def _is_contact(tokens: Sequence[Token]) -> bool:
    """Return whether it is "Contact: Jane Doe" right after a label."""
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else None
    return (
        isinstance(first, UnknownWord)
        and first.text.startswith("contact")
        and isinstance(second, Punctuation)
        and second.mark == ":"
    )


# -- facts ------------------------------------------------------------------------------------------------------------

_WAITS = {Connector.UNTIL, Connector.AFTER, Connector.NOT_BEFORE, Connector.BY}
_LIMITS = {Connector.BY, Connector.THROUGH, Connector.BETWEEN}
#: "Thurs 10" may be a date that is no further ahead than this.
_NEAR_DAYS = 62
_OPEN_ENDED = {"on or after", "on and after", "at or after"}


def refuse_doubtful_facts(facts: Facts, office: Office, *, only_day: bool) -> None:
    """Raise NoReading for a contradiction, a deadline, an hour that is vague.

    With `only_day` a length of time is refused: nobody knows the moment from which it counts.
    """
    if only_day and facts.lengths:
        raise NoReading(Why.COUNTED, facts.lengths[0])
    if facts.at_once:
        _refuse_waiting_at_once(facts)
    elif not facts.times:
        raise NoReading(Why.NO_DAY)
    elif facts.sides is not None:
        if facts.midnights:
            raise NoReading(Why.MIDNIGHT_IN_RANGE)
    else:
        _refuse_deadline(facts)
        _refuse_hour_or_day(facts, office)
        if not facts.spans:
            _refuse_vague_hours(facts, office)


def _refuse_waiting_at_once(facts: Facts) -> None:
    """Refuse "immediate" beside anything that waits."""
    words = {token.text for token in facts.tokens if isinstance(token, UnknownWord)}
    ties = {token.tie for token in facts.tokens if isinstance(token, RangeWord)}
    label = any(
        isinstance(token, AtOnce) and "release" in facts.text[token.start : token.end].lower() for token in facts.tokens
    )
    if not label and (ties or words & {"day", "date", "time"}):
        raise NoReading(Why.AT_ONCE_AND_WHEN)
    if words & {"hold", "held", "holding", "embargoed"}:
        raise NoReading(Why.AT_ONCE_AND_HOLD)
    if facts.times and (ties & _WAITS or not all(isinstance(token, DAYLIKE) for token in facts.times)):
        raise NoReading(Why.AT_ONCE_AND_TIME)


def _refuse_deadline(facts: Facts) -> None:
    """Refuse "by Friday": it says how late the release may go out, and not how early."""
    for index, token in enumerate(facts.tokens):
        if isinstance(token, RangeWord) and token.tie in _LIMITS:
            _, following = beside(facts.tokens, index)
            by = facts.text[token.start : token.end].lower() == "by"
            if not by or isinstance(following, (*TIMES, ZoneMention)):
                deadline = shown_deadline(facts.text, token)
                raise NoReading(Why.DEADLINE, token, deadline=deadline)


def shown_deadline(text: str, limit: Token) -> str:
    """Return the words of a deadline, from the one that limits it to the end of its line."""
    return " ".join(text[limit.start :].split("\n", maxsplit=1)[0].split())[:60]


def _refuse_vague_hours(facts: Facts, office: Office) -> None:
    """Refuse midnight, and days with a part of the day, a zone, or "from", and no hour."""
    if facts.midnights:
        raise _midnight(facts, office)
    if facts.clocks:
        return
    for index, token in enumerate(facts.tokens):
        if isinstance(token, ZoneMention):
            raise NoReading(Why.ZONE_WITHOUT_HOUR, token)
        if isinstance(token, PartOfDay):
            raise NoReading(Why.VAGUE_HOUR, token)
        if isinstance(token, RangeWord):
            _, following = beside(facts.tokens, index)
            if token.tie is Connector.AT and not isinstance(following, TIMES):
                raise NoReading(Why.NO_HOUR_AFTER, token)
    for index, token in enumerate(facts.tokens):
        if isinstance(token, RangeWord) and isinstance(beside(facts.tokens, index)[1], DAYLIKE):
            written = " ".join(facts.text[token.start : token.end].lower().split())
            if token.tie in {Connector.AFTER, Connector.FROM} or written in _OPEN_ENDED:
                raise NoReading(Why.NO_END)


def _refuse_hour_or_day(facts: Facts, office: Office) -> None:
    """Refuse "Thurs 10" if a Thursday that is near is a tenth."""
    for weekday, clock in pairwise(facts.tokens):
        if not isinstance(clock, Clock) or not facts.text[clock.start : clock.end].isdigit():
            continue
        if not isinstance(weekday, (Weekday, DaysAhead)):
            continue
        for more in range(_NEAR_DAYS):
            day = office.today + timedelta(days=more)
            named = day.weekday() == weekday.weekday if isinstance(weekday, Weekday) else more == weekday.days
            if named and day.day == clock.hour:
                raise NoReading(Why.HOUR_OR_DAY, Token(weekday.start, clock.end), clock, candidates=[day])


def _midnight(facts: Facts, office: Office) -> NoReading:
    try:
        days: set[date] = agreed_days(facts.days, (), office)
    except NoReading:
        days = set()
    if not days:
        return NoReading(Why.MIDNIGHT)
    first = min(days)
    either = [boundary(first + timedelta(days=more), (), office).astimezone(office.zone) for more in (0, 1)]
    return NoReading(Why.MIDNIGHT, candidates=either)
