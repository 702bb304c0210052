"""Ignore the date on which a release was written, if it is on a line beside the line that says when it may go out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pressrelease.when.phrase import TIMES, Phrase
from pressrelease.when.phrase_lines import has, lines_of, says_to_hold
from pressrelease.when.refusals import NoReading
from pressrelease.when.resolve_day import agreed_days
from pressrelease.when.resolve_instant import OfficeTime
from pressrelease.when.tokens import Clock, Day, Part, RangeWord, UnknownWord, Weekday, Year

_LABELS = ("embargo", "hold", "held", "release", "publi", "lift", "issue")


def without_own_date(phrase: Phrase, office: OfficeTime) -> Phrase:
    """Return `phrase` without a date of today or earlier that has a line to itself.

    Only if one other line has a day with its hour, and something says to hold it: that is then surely the later of the
    two, so
    that nothing goes out early by it.
    """
    lines = lines_of(phrase.parts)
    timed = [line for line in lines if has(line, Clock) and has(line, Day)]
    if len(lines) < 2 or len(timed) != 1 or not any(map(says_to_hold, phrase.parts)):
        return phrase
    own = {id(part) for line in lines if _is_own_date(line, office) for part in line}
    return replace(phrase, parts=tuple(part for part in phrase.parts if id(part) not in own))


def _is_own_date(line: Sequence[Part], office: OfficeTime) -> bool:
    """Return whether a line is a date that isn't ahead, with nothing that would make it the day of the release."""
    dates = [part for part in line if isinstance(part, Day)]
    if len(dates) != 1 or not all(isinstance(part, (Day, Weekday)) for part in line if isinstance(part, TIMES)):
        return False
    if any(
        isinstance(part, (RangeWord, Year)) or (isinstance(part, UnknownWord) and part.text.startswith(_LABELS))
        for part in line
    ):
        return False
    try:
        days = agreed_days(line, (), office)
    except NoReading:
        return False
    return max(days) <= office.today
