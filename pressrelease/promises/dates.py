"""Find when a promise is due: the one time in its sentence that belongs to it, read as an embargo would be.

    "Entries must be received by March 1, and winners will be announced on March 15."   March 15
    "Acme said Monday it will report its results."                                       no day: it was said on Monday
    "The report for the quarter ended June 30 will be released on August 2."             August 2

It never guesses: a time that `read_embargo` refuses, or that could belong to something else, leaves it undated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from pressrelease.errors import EmbargoRefused
from pressrelease.promises.phrases import Tie, TimePhrase, time_phrases
from pressrelease.when import Embargo, EmbargoKind


@dataclass(frozen=True)
class Due:
    """When a promise is due, in UTC: an instant, or a window whose end is exclusive; both None if undated."""

    not_before: datetime | None = None
    no_later_than: datetime | None = None


@dataclass(frozen=True)
class Present:
    """The context for reading phrases: the reference instant (aware), the office's zone and its release time."""

    now: datetime
    timezone: str
    release_time: time


_MOVED = re.compile(
    r"\b(?:move[ds]?|re-?scheduled|postponed|changed|pushed(?: back)?|delayed|shifted)\b.*\bfrom\b", re.I
)
_MONTH_ALONE = re.compile(r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?$", re.I)
_FROM_ONE_TO_ANOTHER = re.compile(r"[^;]*?\bto\s+(?:the\s+)?", re.I)
_TO = re.compile(r"\bto\s*(?:the\s+)?$", re.I)
_SOMETHING_WAS = re.compile(
    r"(?<!those\s)\b(?:said|says|told|wrote|was|were|had|held|met|found|made|took|began|shot|came|left|went"
    r"|heard|\w{3,}ed)\b",
    re.I,
)
#: "the shooting that occurred on Monday", after the cue, but not "release updated figures on Monday".
_OF_WHAT_WAS = re.compile(
    r"(?<!^\s)(?<!the\s)(?<!\ba\s)(?<!an\s)(?<!its\s)(?<!our\s)(?<!their\s)\b(?!scheduled|planned|expected"
    r"|slated|(?:updated|revised|detailed|redacted|related|proposed|audited|adjusted|expanded|amended|limited)\s+(?!on\b"
    r"|at\b|by\b|in\b|last\b)[a-z]+\s)(?:\w{2,}ed|was|were|had|broke|took|held|left|died|fell|came|went"
    r"|hit|struck|shot|stole|fled|led|began|made|found|saw|met)\s+(?:[\w'’]+\s+){0,4}$",
    re.I,
)
#: Between a day and an hour that belongs to something else: "on May 7; doors open at 6 p.m."
_ANOTHER_MATTER = re.compile(
    r"[;:]|\b(?:and|will|is|are|opens?|must|closes?|begins?|starts?|doors?|followed|regist\w+|rsvp|arriv\w+|check-?in"
    r"|set-?up|reception|until|press|embargo\w*|with)\b",
    re.I,
)
#: Between days of a list; any of them may be meant.
_LISTED = re.compile(r"[\s,]*(?:and|or|&)?[\s,]*(?:on\s+|then\s+)*", re.I)
_BEGINS = re.compile(
    r"^\W*(?:(?:on|at|in|this|beginning|starting|from|by|before|then|and|but|also|later|early|the)\s+)*$", re.I
)
_CLAUSE = re.compile(r";|\s[–-]\s|—|, and\b|, but\b|\bthat\b")


def due_of(sentence: str, cue: tuple[int, int], present: Present, day_before: date | None) -> Due:
    """Return when what is promised at `cue` is due; `day_before` is the day that the previous sentence was about."""
    if (span := _until_end_of_span(sentence, cue, present)) is not None:
        return span if span.no_later_than and span.no_later_than > present.now else Due()
    phrases = [
        phrase
        for phrase in time_phrases(sentence)
        if phrase.tie is not Tie.ELSEWHERE and not _OF_WHAT_WAS.search(sentence[cue[1] : phrase.start])
    ]
    if _MOVED.search(sentence):
        phrases = [_new_time(phrase) for phrase in phrases]
        phrases = [phrase for phrase in phrases if _TO.search(sentence[: phrase.start])] or phrases
    own = [phrase for phrase in phrases if phrase.end > cue[0]] or [
        phrase for phrase in phrases if _leads_to(sentence, phrase, cue)
    ][-1:]
    return _read(sentence, own, present, day_before)


#: "by the end of the month", "before the end of next week", "by year's end", "by the end of October".
_END_OF = re.compile(
    r"\b(?:by|before)\s+(?:(?:the\s+|this\s+)?(?P<own>week|month|year)(?:['’]s|-|\s)\s*end\b"
    r"|the\s+(?:very\s+)?end\s+of\s+(?:the\s+|this\s+)?(?P<which>next\s+|the\s+following\s+)?(?:business\s+|work\s+|calendar\s+)?"
    r"(?:(?P<span>day|week|month|year)\b|(?P<month>[a-z]{3,9})\b\.?(?:,?\s+(?P<of>20\d\d))?|(?P<year>20\d\d)))",
    re.I,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def _until_end_of_span(sentence: str, cue: tuple[int, int], present: Present) -> Due | None:
    """Return the time up to the end of a span: "by the end of the month". A week ends with its Friday."""
    found = _END_OF.search(sentence, cue[0])
    if found is None:
        return None
    zone = ZoneInfo(present.timezone)
    today = _today(present).astimezone(zone).date()
    ahead = 1 if found["which"] else 0
    span, month = (found["own"] or found["span"] or "").lower(), (found["month"] or "").lower()[:3]
    if span == "day":
        last = today + timedelta(days=ahead)
    elif span == "week":
        last = today - timedelta(days=today.weekday()) + timedelta(days=4 + 7 * ahead)
    elif span == "month":
        last = today + relativedelta(months=ahead, day=31)
    elif span == "year" or found["year"]:
        last = date(int(found["year"] or today.year + ahead), 12, 31)
    elif month in _MONTHS:
        number = _MONTHS.index(month) + 1
        last = date(int(found["of"] or today.year + (number < today.month)), number, 1) + relativedelta(day=31)
    else:
        return None
    end = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return Due(_today(present) if span else present.now, end)


def _today(present: Present) -> datetime:
    """Return when the present day began in the office (UTC)."""
    local = present.now.astimezone(ZoneInfo(present.timezone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _new_time(phrase: TimePhrase) -> TimePhrase:
    """Return the new time of something that was moved: Oct. 5 for "from Sept. 28 to Oct. 5"; keep other times."""
    found = _FROM_ONE_TO_ANOTHER.match(phrase.text)
    if found is None:
        return phrase
    return replace(phrase, start=phrase.end - (len(phrase.text) - found.end()), text=phrase.text[found.end() :])


def _leads_to(sentence: str, phrase: TimePhrase, cue: tuple[int, int]) -> bool:
    """Return whether a time before the cue belongs to it: it begins the clause, and no speaker is named in between."""
    head = _CLAUSE.split(sentence[: phrase.start])[-1]
    return _BEGINS.match(head) is not None and not _SOMETHING_WAS.search(sentence[phrase.end : cue[0]])


def _read(sentence: str, own: list[TimePhrase], present: Present, day_before: date | None) -> Due:
    days = [phrase for phrase in own if phrase.has_day]
    clocks = [phrase for phrase in own if phrase.has_clock and not phrase.has_day]
    if len(days) > 1 and _LISTED.fullmatch(sentence[days[0].end : days[1].start]):
        return Due()
    for phrase in days:
        text = phrase.text if " " in phrase.text or not _MONTH_ALONE.match(phrase.text) else f"in {phrase.text}"
        if len(days) == 1 and len(clocks) == 1 and _together(sentence, phrase, clocks[0]):
            text = f"{text}, {clocks[0].text}"
        try:
            return _due(text, phrase.tie, present)
        except EmbargoRefused as refused:
            if refused.code != "embargo_past" or len(days) == 1:
                return Due()
    if clocks and clocks[0].refers_back and day_before is not None and len(clocks) == 1:
        return _due_or_none(
            f"{day_before:%B} {day_before.day}, {day_before.year}, {clocks[0].text}", clocks[0].tie, present
        )
    return Due()


def _together(sentence: str, day: TimePhrase, clock: TimePhrase) -> bool:
    """Return whether a day and an hour with words between them belong together: "on May 2, in Room 5, at 7 p.m."."""
    if day.has_clock or not (day.tie is clock.tie is Tie.THEN):
        return False
    first, second = sorted((day, clock), key=lambda phrase: phrase.start)
    return not _ANOTHER_MATTER.search(sentence[first.end : second.start])


def _due_or_none(text: str, tie: Tie, present: Present) -> Due:
    try:
        return _due(text, tie, present)
    except EmbargoRefused:
        return Due()


#: A weekday alone may be more than one day: the earlier one is the safe side.
_WEEKDAY_ALONE = re.compile(
    r"(?:on\s+|this\s+|next\s+)*(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?"
    r"(?:,?\s+(?:at\s+)?\d{1,2}(?:[:.]\d\d)?\s*(?:[ap]\.?m\b\.?)?)?|[^a-z]*(?:[ap]\.?m\b\.?\s*)?(?:on\s+|this\s+|next\s+)*"
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?",
    re.I,
)
#: Nothing that is promised happens earlier in the day, if nobody says which half is meant.
_FIRST_HOUR = time(7)


def _meant(text: str, present: Present) -> Embargo:
    """Return the reading of a time. Raises EmbargoRefused."""
    from pressrelease.when import read_embargo

    def read(words: str) -> Embargo:
        return read_embargo(
            words, now=present.now, timezone=present.timezone, release_time=present.release_time, any_year=True
        )

    try:
        return read(text)
    except EmbargoRefused as refused:
        if not _WEEKDAY_ALONE.fullmatch(text):
            raise
        earlier = [read(one) for one in reversed(refused.candidates)]
        zone = ZoneInfo(present.timezone)
        for one in earlier:
            if one.no_later_than or (one.lift and one.lift.astimezone(zone).time() >= _FIRST_HOUR):
                return one
        raise


def _due(text: str, tie: Tie, present: Present) -> Due:
    embargo = _meant(text.strip(" ,.(-–"), present)
    if embargo.kind is EmbargoKind.IMMEDIATE or embargo.not_before is None:
        return Due()
    if tie is Tie.THEN:
        return Due(embargo.not_before, embargo.no_later_than)
    end = embargo.not_before if tie is Tie.BEFORE else embargo.no_later_than or embargo.not_before
    return Due(present.now, end) if end > present.now else Due()


def day_of(due: Due, timezone: str) -> date | None:
    """Return the one day that a promise is about, in the office's zone; None if it is more than one."""
    if due.not_before is None:
        return None
    zone = ZoneInfo(timezone)
    first = due.not_before.astimezone(zone).date()
    if due.no_later_than is None:
        return first
    last = (due.no_later_than - timedelta(microseconds=1)).astimezone(zone).date()
    return first if first == last else None
