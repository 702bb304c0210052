"""Compare every date in a text with the calendar: weekday, days that don't exist, a zone's season, days gone by."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pressrelease.check.finding import Finding, Severity
from pressrelease.check.passages import MOST_OF_A_CODE, Passage
from pressrelease.release import Release

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = "January February March April May June July August September October November December".split()
_SHORT = {
    "January": "Jan.",
    "February": "Feb.",
    "August": "Aug.",
    "September": "Sept.",
    "October": "Oct.",
    "November": "Nov.",
    "December": "Dec.",
}
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_WEEKDAY = (
    r"(?P<weekday>Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs(?:day)?|r)?|Fri(?:day)?|Sat(?:urday)?"
    r"|Sun(?:day)?)"
)
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?"
    r"|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
)
_STREET = r"(?! (?:[A-Z]\w+ )?(?:Street|St\.|Avenue|Ave\.|Road|Drive|Lane|Boulevard|Court|Way)\b)"
_DATE = re.compile(
    rf"(?<![\w/])(?:{_WEEKDAY}\.?(?:,| the)? (?:(?:on|at) )?)?{_MONTH}\.? (?P<day>\d{{1,2}})(?:st|nd|rd"
    rf"|th)?(?![\d:%/]|[.,]\d)(?:,? (?P<year>(?:19|20)\d\d)\b(?!-))?{_STREET}",
)
_DAY_FIRST = re.compile(
    rf"(?<![\w/])(?:{_WEEKDAY}\.?,? (?:the )?)?(?P<day>\d{{1,2}})(?:st|nd|rd"
    rf"|th)? (?:of )?{_MONTH}\b\.?,? (?P<year>(?:19|20)\d\d)\b"
)
_NUMERIC = re.compile(
    rf"(?<![\w/.-])(?:{_WEEKDAY}\.?,? )?(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})(?:/(?P<year>(?:19"
    rf"|20)?\d\d))?(?![\w/%]|[.,-]\d)"
)
#: "9/11" is an event, "5/8" may be a fraction: without a weekday or a year a pair of numbers is no date.
_CLOCK = re.compile(
    r"\b\d{1,2}(?::\d\d)? ?[ap]\.?m\.?,? \(?(?P<zone>[PMCE][SD]T)\b|\b(?:noon|midnight),? \(?(?P<other>[PMCE][SD]T)\b",
    re.I,
)
_ZONES = {"P": "America/Los_Angeles", "M": "America/Denver", "C": "America/Chicago", "E": "America/New_York"}
#: What is still ahead, as the sentence says it.
_AHEAD = re.compile(
    r"\b(?:will|shall|is (?:scheduled|set|expected|due|slated)|are (?:scheduled|set|expected|due|slated)"
    r"|scheduled for|set for|to be (?:held|arraigned|sentenced|released)|due (?:back )?in court|next court"
    r"|upcoming|returns? to court|deadline)\b",
    re.I,
)
_NOT_AHEAD = re.compile(
    r"\b(?:was|were|had been|had|has|have|since|after|following|between|from|on or about|arrested|charged"
    r"|convicted|filed|occurred|dated|announced|until|originally|began|beginning) (?:\w+ ){0,4}$",
    re.I,
)
#: A date without a year is at most this far from the day on which the release was written.
_NEAR = timedelta(days=183)


class Mention(NamedTuple):
    """A date in a sentence. `day` is None for one that doesn't exist; `said` is it as the AP writes it."""

    start: int
    end: int
    day: date | None
    weekday: int | None
    said: str
    has_year: bool


def mentions(text: str, written: date) -> Iterator[Mention]:
    """Yield the dates of a sentence that have a month and a day. Without a year it is the nearest to `written`."""
    taken: list[tuple[int, int]] = []
    for pattern in (_DATE, _DAY_FIRST, _NUMERIC):
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            found = _read(match, written)
            if found:
                taken.append(match.span())
                yield found


def _read(match: re.Match[str], written: date) -> Mention | None:
    month_text, day, year_text, weekday_text = match["month"], int(match["day"]), match["year"], match["weekday"]
    numeric = month_text.isdigit()
    if numeric and (not (weekday_text or year_text) or not 1 <= int(month_text) <= 12 or not 1 <= day <= 31):
        return None
    if not numeric and month_text == "May" and not (weekday_text or year_text) and day > 31:
        return None
    month = int(month_text) if numeric else _MONTHS.index(month_text[:3].lower()) + 1
    weekday = None if not weekday_text else next(n for n, name in enumerate(_DAYS) if name[:3] == weekday_text[:3])
    name = _NAMES[month - 1]
    said = f"{_SHORT.get(name, name)} {day}"
    if year_text:
        year = int(year_text) if len(year_text) == 4 else 2000 + int(year_text)
        exists = 1 <= day <= monthrange(year, month)[1]
        return Mention(*match.span(), date(year, month, day) if exists else None, weekday, f"{said}, {year}", True)
    # The year that brings it nearest to the day on which the release was written.
    years = [
        year for year in (written.year - 1, written.year, written.year + 1) if 1 <= day <= monthrange(year, month)[1]
    ]
    if not years:
        leap = month == 2 and day == 29
        return None if leap else Mention(*match.span(), None, weekday, said, False)
    nearest = min((date(year, month, day) for year in years), key=lambda one: abs(one - written))
    return Mention(*match.span(), nearest, weekday, said, False)


def date_findings(
    release: Release, texts: Sequence[Passage], *, timezone: str, now: datetime, lift: datetime | None
) -> Iterator[Finding]:
    """Yield findings about the dates of a text. Dates without a year are near the release's own date.

    `now` and `lift` (None if there is none yet) are aware; days are those of `timezone`.
    """
    zone = ZoneInfo(timezone)
    written = release.date or now.astimezone(zone).date()
    goes_out = max(written, lift.astimezone(zone).date()) if lift is not None else written
    said: set[tuple[str, int]] = set()
    for passage in texts:
        for finding in _in_passage(release, passage, written, goes_out):
            if (finding.code, finding.line) not in said and len(said) < MOST_OF_A_CODE:
                said.add((finding.code, finding.line))
                yield finding


def _in_passage(release: Release, passage: Passage, written: date, goes_out: date) -> Iterator[Finding]:
    found = list(mentions(passage.text, written))
    for one in found:
        if one.day is None:
            yield Finding(
                release.slug,
                "no_such_day",
                Severity.WARNING,
                passage.line,
                f"There is no {one.said}.",
                "Correct the date.",
            )
        elif one.weekday is not None and one.day.weekday() != one.weekday:
            if not one.has_year and _fits_another_year(one, written):
                continue
            yield Finding(
                release.slug,
                "weekday_mismatch",
                Severity.WARNING,
                passage.line,
                f"{one.said}{'' if one.has_year else f', {one.day.year}'}, is a {_DAYS[one.day.weekday()]},"
                f" not a {_DAYS[one.weekday]}.",
                "Correct the weekday or the date.",
            )
        elif _is_past(passage.text, one, written, goes_out):
            when = "when the release goes out" if goes_out > written else "on the release's own date"
            yield Finding(
                release.slug,
                "date_past",
                Severity.WARNING,
                passage.line,
                f"This says what will happen on {one.said}, but that day is past {when}.",
                "Correct the date, or say that it has happened.",
            )
    yield from _season(release, passage, found, written)


def _fits_another_year(one: Mention, written: date) -> bool:
    """Return whether the weekday is right in a year next to it, and the day is far off: either may be meant."""
    assert one.day is not None  # noqa: S101  (asked by the caller)
    if abs(one.day - written) < timedelta(days=120):
        return False
    for year in (one.day.year - 1, one.day.year + 1):
        if one.day.day <= monthrange(year, one.day.month)[1] and one.day.replace(year=year).weekday() == one.weekday:
            return True
    return False


def _is_past(text: str, one: Mention, written: date, goes_out: date) -> bool:
    day = one.day
    if day is None or day >= goes_out or (not one.has_year and abs(day - written) > _NEAR / 2):
        return False
    before = text[: one.start]
    ahead = list(_AHEAD.finditer(before))
    if not ahead:
        return False
    between = before[ahead[-1].end() :]
    return (
        len(between) < 120
        and not _NOT_AHEAD.search(between)
        and not re.search(r"\b(?:was|were|after|for (?:the|an?|his|her)|in connection)\b", between)
    )


def _season(release: Release, passage: Passage, found: Sequence[Mention], written: date) -> Iterator[Finding]:
    for match in _CLOCK.finditer(passage.text):
        name = (match["zone"] or match["other"]).upper()
        days = [one for one in found if one.day is not None]
        near = min(days, key=lambda one: abs(one.start - match.start()), default=None)
        day = near.day if near is not None and near.day is not None else written
        noon = datetime.combine(day, time(12), ZoneInfo(_ZONES[name[0]]))
        summer = bool(noon.dst())
        if near is None and bool((noon + timedelta(days=45)).dst()) is not summer:
            continue  # without a date it may be on either side of the change
        if summer is (name[1] == "S"):
            right = f"{name[0]}{'D' if summer else 'S'}T"
            yield Finding(
                release.slug,
                "zone_season",
                Severity.WARNING,
                passage.line,
                f"{name} is not in use on that day; clocks then show {right}.",
                f"Write {right}, or {name[0]}T, which is right all year.",
            )
            return
