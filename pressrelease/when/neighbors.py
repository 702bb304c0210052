"""Find what is beside an hour and belongs to it: its zones, the half of the day, a year given once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.tokens import Connector, Part, PartOfDay, Punctuation, RangeWord, UnknownWord, Year, ZoneMention


def places_after(parts: tuple[Part, ...], index: int) -> tuple[ZoneMention, ...]:
    """Return the zones right after the clock at `index`, in brackets or not."""
    found: list[ZoneMention] = []
    for part in parts[index + 1 :]:
        if isinstance(part, ZoneMention):
            found.append(part)
        elif (
            not (isinstance(part, Punctuation) and part.mark in "()[]/,")
            and not (
                isinstance(part, UnknownWord)
                and part.known
                and part.text in {"hours", "hrs", "the", "time", "us", "in", "sharp"}
            )
            and not isinstance(part, PartOfDay)
            and not (isinstance(part, RangeWord) and part.tie is Connector.AND and found)
        ):
            break
    return tuple(found)


def part_of_day(parts: Sequence[Part]) -> PartOfDay | None:
    """Return the half of the day that is named, if any. Raises NoReading for two that share no hour."""
    named = [part for part in parts if isinstance(part, PartOfDay)]
    if not named:
        return None
    first, end = max(part.first_hour for part in named), min(part.end_hour for part in named)
    if first >= end:
        raise NoReading(Why.TWO_PARTS_OF_DAY, *named)
    return replace(named[0], first_hour=first, end_hour=end)


def year_said(parts: tuple[Part, ...]) -> int | None:
    """Return a year that is by itself, if any. Raises NoReading for two."""
    years = {part.year for part in parts if isinstance(part, Year)}
    if len(years) > 1:
        raise NoReading(Why.TWO_YEARS)
    return years.pop() if years else None
