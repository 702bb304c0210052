"""Read an embargo phrase: what it means in an office, or a refusal that says why not.

The text is cut into parts (`tokenizer`), which are settled by their neighbors (`phrase`). What is left gives days,
hours and
zones, in any order; each hour with its day and zone is a set of instants, and all of them must share exactly one. If
they
share more, a person is asked; if none, it is a contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.instant import from_now, instant
from pressrelease.when.own_date import without_own_date
from pressrelease.when.phrase import DAYLIKE, TIMES, Phrase, next_time, read_phrase
from pressrelease.when.ranges import find_range
from pressrelease.when.refusals import NoReading, Why, worded
from pressrelease.when.resolve_day import agreed_days
from pressrelease.when.resolve_instant import OfficeTime, boundary
from pressrelease.when.tokens import (
    Ahead,
    AtOnce,
    Clock,
    Connector,
    Midnight,
    Part,
    PartOfDay,
    Punctuation,
    RangeWord,
    Span,
    UnknownWord,
    ZoneMention,
)
from pressrelease.when.windows import day_window, range_window, span_window
from pressrelease.when.zones import abbreviations, country_of, read_zone


def read_embargo(
    text: str,
    *,
    now: datetime,
    timezone: str,
    release_time: time,
    close: time = time(17, 0),
    only_day: bool = False,
) -> Embargo:
    """Return what `text` means at `now` (aware) in an office of that zone.

    `release_time` and `close` are the office's hours (local). With `only_day`, `now` is a whole day, and a length of
    time ("in
    20 hours") is refused: nobody knows the moment from which it counts.

    Raises: EmbargoRefused for any text that has no single safe reading; Refused for a zone that doesn't exist.
    """
    zone = read_zone(timezone)
    office = OfficeTime(timezone, zone, release_time, close, now.astimezone(UTC))
    try:
        phrase = read_phrase(
            text,
            {*abbreviations(timezone, office.today.year), *abbreviations(timezone, office.today.year + 1)},
            american=country_of(timezone) == "US",
        )
        if only_day:
            _refuse_length(phrase)
        return _read(without_own_date(phrase, office), office)
    except NoReading as found:
        refused = worded(found, text, now)
    except OverflowError:
        refused = worded(NoReading(Why.OUTSIDE_CALENDAR), text, now)
    raise refused


def _read(phrase: Phrase, office: OfficeTime) -> Embargo:
    if any(isinstance(part, AtOnce) for part in phrase.parts):
        return _at_once(phrase, office)
    if not any(isinstance(part, TIMES) for part in phrase.parts):
        raise NoReading(Why.NO_DAY)
    found = find_range(phrase.parts)
    if found is not None:
        return range_window(phrase, found, office)
    _refuse_deadline(phrase)
    if any(isinstance(part, Span) for part in phrase.parts):
        return span_window(phrase, office)
    _refuse_vague_hours(phrase, office)
    if any(isinstance(part, Ahead) for part in phrase.parts) and not any(
        isinstance(part, Clock) for part in phrase.parts
    ):
        return from_now(phrase, office)
    if not any(isinstance(part, Clock) for part in phrase.parts):
        return day_window(phrase, office)
    return instant(phrase, office)


def _refuse_length(phrase: Phrase) -> None:
    for part in phrase.parts:
        if isinstance(part, Ahead):
            raise NoReading(Why.COUNTED, part)


def _at_once(phrase: Phrase, office: OfficeTime) -> Embargo:
    """Resolve "for immediate release", with no other day beside it than today's date."""
    label = any(isinstance(part, AtOnce) and "release" in phrase.words(part).lower() for part in phrase.parts)
    if not label and any(
        isinstance(part, RangeWord) or (isinstance(part, UnknownWord) and part.text in {"day", "date", "time"})
        for part in phrase.parts
    ):
        raise NoReading(Why.AT_ONCE_AND_WHEN)
    if any(
        isinstance(part, UnknownWord) and part.text in {"hold", "held", "holding", "embargoed"} for part in phrase.parts
    ):
        raise NoReading(Why.AT_ONCE_AND_HOLD)
    times = [part for part in phrase.parts if isinstance(part, TIMES)]
    waits = any(
        isinstance(part, RangeWord)
        and part.tie in {Connector.UNTIL, Connector.AFTER, Connector.NOT_BEFORE, Connector.BY}
        for part in phrase.parts
    )
    if times and (waits or not all(isinstance(part, DAYLIKE) for part in times)):
        raise NoReading(Why.AT_ONCE_AND_TIME)
    if times:
        days = agreed_days(phrase.parts, (), office)
        if days != {office.today}:
            raise NoReading(Why.AT_ONCE_AND_DAY, candidates=["immediate", *sorted(days)])
    return Embargo(phrase.text, EmbargoKind.IMMEDIATE, office.name)


def _refuse_deadline(phrase: Phrase) -> None:
    """Refuse "by Friday": it limits the release from above, and says nothing of how early it may be."""
    parts = phrase.parts
    for index, part in enumerate(parts):
        if not isinstance(part, RangeWord) or part.tie not in {Connector.BY, Connector.THROUGH, Connector.BETWEEN}:
            continue
        following = next((other for other in parts[index + 1 :] if not isinstance(other, Punctuation)), None)
        if phrase.words(part).lower() == "by" and not isinstance(following, (*TIMES, ZoneMention)):
            continue
        raise NoReading(Why.DEADLINE, part)


def _refuse_vague_hours(phrase: Phrase, office: OfficeTime) -> None:
    parts = phrase.parts
    clocks = any(isinstance(part, Clock) for part in parts)
    if any(isinstance(part, Midnight) for part in parts):
        days = sorted(_some_days(parts, office))
        example = days[0] if days else "Sept. 24, 2018"
        begins = [boundary(day + timedelta(days=more), (), office) for day in days[:1] for more in (0, 1)]
        either = [moment.astimezone(office.zone) for moment in begins]
        raise NoReading(Why.MIDNIGHT, candidates=either, example=example)
    for index, part in enumerate(parts):
        if (
            not clocks
            and isinstance(part, RangeWord)
            and part.tie is Connector.AT
            and not isinstance(next_time(parts, index), TIMES)
        ):
            raise NoReading(Why.NO_HOUR_AFTER, part)
        if not clocks and isinstance(part, ZoneMention):
            raise NoReading(Why.ZONE_WITHOUT_HOUR, part)
        if isinstance(part, PartOfDay) and not clocks:
            raise NoReading(Why.VAGUE_HOUR, part)
    open_ended = {"on or after", "on and after", "at or after"}
    if clocks or not any(
        isinstance(part, RangeWord)
        and (
            part.tie in {Connector.AFTER, Connector.FROM} or " ".join(phrase.words(part).lower().split()) in open_ended
        )
        and isinstance(next_time(parts, index), DAYLIKE)
        for index, part in enumerate(parts)
    ):
        return
    raise NoReading(Why.NO_END)


def _some_days(parts: Sequence[Part], office: OfficeTime) -> set[date]:
    try:
        return agreed_days(parts, (), office)
    except NoReading:
        return set()
