"""Where in a sentence times stand, and what stands beside each that changes what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pressrelease.promises.words import one_of, words


class Tie(Enum):
    """How a time is bound to what is said of it."""

    THEN = "then"
    BY = "then at the latest"
    BEFORE = "earlier than that"
    ELSEWHERE = "it says when something else was, or for how long"


@dataclass(frozen=True)
class TimePhrase:
    """A time in a sentence, as a span and its words; `has_day` and `has_clock` tell what it names."""

    start: int
    end: int
    text: str
    tie: Tie
    has_day: bool
    has_clock: bool
    refers_back: bool


_MONTH = one_of(
    r"""
    jan(?:uary|\.)? | feb(?:ruary|\.)? | mar(?:ch|\.) | apr(?:il|\.)? | (?-i:May|MAY) | june?\.? | july?\.?
    aug(?:ust|\.)? | sept?(?:ember|\.)? | oct(?:ober|\.)? | nov(?:ember|\.)? | dec(?:ember|\.)?
    """
)
_WEEKDAY = r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|(?:mon|tues?|wed|thurs?|fri|sat|sun)\.(?=,?\s))"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_THROUGH = rf"(?:\s*(?:-|–|to|through)\s*{_NUMBER}(?![\d:/]|\.\d|\s*[ap]\.?m))?"
_YEAR = r"(?:,?\s+(?:19|20)\d\d\b)?"
_PART = r"(?:day|morning|afternoon|evening|night)"
_DAY = one_of(
    rf"""
    {_MONTH}\s+{_NUMBER}(?![\d:])\b{_THROUGH}{_YEAR} | {_NUMBER}{_THROUGH}\s+(?:of\s+)?{_MONTH}(?!\w){_YEAR}
    {_MONTH},?\s+(?:19|20)\d\d\b | (?<=\bin\s){_MONTH}(?!\w) | \d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b
    20\d\d-\d\d-\d\d\b | {_WEEKDAY} | (?:this|next|this coming) (?:(?:week|weekend|month|year)\b|{_WEEKDAY})
    (?:today|tonight)\b | tomorrow(?: {_PART})?\b | later (?:today|this \w+|in \w+)\b
    this (?:morning|afternoon|evening|spring|summer|fall|autumn|winter)\b
    """
)
_BACK = rf"(?:(?:later\s+)?that\s+(?:same\s+)?{_PART}|(?:later\s+)?(?:on\s+)?the\s+same\s+{_PART})\b"
_NEXT = r"the\s+(?:next|following)\s+(?:day|morning|afternoon|evening|week|month)\b"
_HOUR = r"\d{1,2}(?:[:.]\d\d)?"
_HALF = r"(?:\s*[ap]\.?\s?m\b\.?)"
_CLOCK = (
    one_of(
        rf"""
    {_HOUR}{_HALF}?\s*(?:to|-|–|and|until)\s*{_HOUR}{_HALF} | {_HOUR}{_HALF} | \d{{1,2}}:\d\d\b(?!\s*%)
    \d\d\.\d\d\b(?=\s*(?:hrs|hours)) | \b\d{{1,2}} noon\b | noon\b | midnight\b
    """
    )
    + r"(?:\s*(?:hrs|hours|sharp)\b)?"
)
_LETTERS = r"(?-i:[ECMP]T|[ECMPA][SD]T|AK[SD]T|HST|GMT|UTC|BST|IST|CES?T|EES?T|WES?T|A[EC][SD]T|AWST|NZ[SD]T)\b"
_ZONE_NAME = one_of("eastern | central | mountain | pacific | atlantic | greenwich mean | british summer")
_ZONE = (
    rf"\(?(?:{_LETTERS}|(?:U\.?S\.?\s+)?{_ZONE_NAME}(?:\s+(?:standard|daylight))?(?:\s+time)?\b"
    r"|(?:\w+\s+)?local\s+time\b|(?-i:[A-Z]\w+)(?:\s+(?-i:[A-Z]\w+))?\s+time\b)\)?"
)
_WEEK = r"(?:the\s+)?week\s+(?:of|beginning|commencing|starting)(?:\s+on)?"
_PIECE = rf"(?:{_WEEK}|{_BACK}|{_NEXT}|{_DAY}|{_CLOCK}|{_ZONE})"
_JOIN = r"(?:\s*[,(/)]\s*|\s+(?:at|on|of|the|from|to|and|between|until|through|starting|beginning)\s+|\s*[-–]\s*|\s+)"
_CHAIN = re.compile(
    rf"(?<![\w$#.:/-])(?:{_WEEK}|{_BACK}|{_NEXT}|{_DAY}|{_CLOCK})(?:(?:{_JOIN}){{1,3}}{_PIECE})*\)?", re.I
)

_HAS_DAY = re.compile(rf"{_DAY}|{_NEXT}|{_WEEK}", re.I)
_HAS_CLOCK = re.compile(_CLOCK, re.I)
_REFERS_BACK = re.compile(_BACK, re.I)

_BEFORE = re.compile(r"\bbefore\s*$", re.I)
_BY = re.compile(
    r"\b(?:by|no later than|not later than|on or before|at or before|at the latest by)\s*(?:the\s+)?$", re.I
)
#: Said right before a time that is no day of what is promised, or no day that can be told.
_LOOSE = words(
    r"""
    until | till | through | thru | after | since | ended | ending | as of | dated | around | about | approximately
    approx\.? | roughly | early | mid | mid- | late | (?:end|beginning|middle|start|half|quarter) of | (?:soon|early) as
    (?:later|earlier|sooner) than | on or about | following | prior to | (?<!be\s)(?<!ly\s)(?:said|announced)
    for the \w+ | originally | or | previously scheduled for | last | scheduled for release on | from | than | adjourned
    past | of | born | effective | winter | spring | summer | fall
    """,
    end=r"\s*(?:on\s+|the\s+|early\s+|mid-\s*|late\s+|in\s+)*$",
)
#: From then on is then.
_FROM_THEN = re.compile(r"\b(?:beginning|starting|effective|from)\s+(?:on\s+)?$", re.I)
#: "the November 6 election", "Monday's", "a May-only offer": the time names a thing.
_OF_A_THING = re.compile(r"\b(?:the|an?|its|his|her|their|our|this|last|annual)\s+$", re.I)
_NO_THING = one_of(
    r"""
    at | in | on | by | to | for | from | and | or | with | as | when | after | before | during | through | until
    because | following | via | near | inside | outside | but | while | here | hosted | featuring | pending | is | are
    will
    """
)
_THING = re.compile(rf"\s+(?!{_NO_THING}\b)[a-z]+\b")
_POSSESSED = re.compile(r"['’]s?\b|-\w")
#: A place or letters after a clock that may be its zone: for the reader of embargoes to know, or to refuse.
_PERHAPS_ZONE = re.compile(r"\s*(?:[A-Z]{2,5}\b|\([A-Z][\w ]{1,30}\))")
_RANGE = re.compile(
    r"(?<!\d)(\d{1,2}(?:[:.]\d\d)?)\s*(?:to|-|–|and|until)\s*(\d{1,2}(?:[:.]\d\d)?)\s*([ap])\.?\s?m\b\.?", re.I
)


_NOT_ALONE = re.compile(r",?\s+(?:or\b|(?:and|&)\s+(?:on\s+)?(?:the\s+)?\d|at the earliest\b)", re.I)
_AT_THE_LATEST = re.compile(r",?\s+at the latest\b", re.I)
_BETWEEN = re.compile(r"\bbetween\s+$", re.I)
_AND = re.compile(r"\sand\s", re.I)


def time_phrases(sentence: str) -> Iterator[TimePhrase]:
    """The times of a sentence in order, those that say when something else was included."""
    for match in _CHAIN.finditer(sentence):
        text = match.group()
        if text.count(")") > text.count("("):
            text = text.rstrip(")")
        before, after = sentence[: match.start()], sentence[match.start() + len(text) :]
        if _HAS_CLOCK.search(text) and not sentence.isupper() and (zone := _PERHAPS_ZONE.match(after)):
            text, after = f"{text}{zone.group()}", after[zone.end() :]
        if (opens := _BETWEEN.search(before)) and _AND.search(text):
            text, before = f"{opens.group()}{text}", before[: opens.start()]
        yield TimePhrase(
            match.start(),
            len(sentence) - len(after),
            _RANGE.sub(_both_halves, text),
            _tie(before, after),
            _HAS_DAY.search(sentence, match.start(), match.end()) is not None,
            _HAS_CLOCK.search(text) is not None,
            _REFERS_BACK.search(text) is not None,
        )


def _tie(before: str, after: str) -> Tie:
    if _NOT_ALONE.match(after):
        return Tie.ELSEWHERE
    if _BY.search(before) or _AT_THE_LATEST.match(after):
        return Tie.BY
    if _BEFORE.search(before):
        return Tie.BEFORE
    if _FROM_THEN.search(before):
        return Tie.THEN
    if _LOOSE.search(before[-40:]):
        return Tie.ELSEWHERE
    if _POSSESSED.match(after) or (_OF_A_THING.search(before) and _THING.match(after)):
        return Tie.ELSEWHERE
    return Tie.THEN


def _both_halves(match: re.Match[str]) -> str:
    """ "4 to 7 p.m." is "4 p.m. to 7 p.m."; "11 to 1 p.m." begins in the other half of the day."""
    first, last, half = match.groups()
    begins, ends = (int(re.split("[:.]", hour)[0]) % 12 for hour in (first, last))
    other = half if begins <= ends else ("a" if half.lower() == "p" else "p")
    return f"{first} {other}.m. to {last} {half}.m."
