"""Where in a sentence times stand, and what stands beside each that changes what it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pressrelease.promises.words import one_of


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
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|tues?|wed|thurs?|fri|sat|sun)\.(?=,?\s)"
_NUMBER = r"\d{1,2}(?:st|nd|rd|th)?"
_THROUGH = rf"(?:\s*(?:-|–|to|through)\s*{_NUMBER}(?![\d:./]|\s*[ap]\.?m))?"
_YEAR = r"(?:,?\s+(?:19|20)\d\d\b)?"
_DAY = (
    rf"(?:{_MONTH}\s+{_NUMBER}(?![\d:])\b{_THROUGH}{_YEAR}|{_NUMBER}{_THROUGH}\s+(?:of\s+)?{_MONTH}(?!\w){_YEAR}"
    rf"|{_MONTH},?\s+(?:19|20)\d\d\b|(?<=\bin\s){_MONTH}(?!\w)|\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b|20\d\d-\d\d-\d\d\b"
    rf"|(?:this|next|this coming)\s+(?:week|weekend|month|year|{_WEEKDAY})\b|{_WEEKDAY}\b|(?<=day)\.|(?:today|tonight)\b"
    r"|tomorrow(?:\s+(?:morning|afternoon|evening|night))?\b|later\s+(?:today|this\s+\w+|in\s+\w+)\b"
    r"|this\s+(?:morning|afternoon|evening|spring|summer|fall|autumn|winter)\b)"
)
_BACK = r"(?:(?:later\s+)?that\s+(?:same\s+)?(?:day|morning|afternoon|evening|night)|(?:later\s+)?(?:on\s+)?the\s+same\s+(?:day|morning|afternoon|evening))\b"
_NEXT = r"the\s+(?:next|following)\s+(?:day|morning|afternoon|evening|week|month)\b"
_HALF = r"(?:\s*[ap]\.?\s?m\b\.?)"
_CLOCK = (
    rf"(?:\d{{1,2}}(?:[:.]\d\d)?{_HALF}?\s*(?:to|-|–|and|until)\s*\d{{1,2}}(?:[:.]\d\d)?{_HALF}"
    rf"|\d{{1,2}}(?:[:.]\d\d)?{_HALF}|\d{{1,2}}:\d\d\b(?!\s*%)|\d\d\.\d\d\b(?=\s*(?:hrs|hours))|\b\d{{1,2}}\s+noon\b|noon\b|midnight\b)"
    r"(?:\s*(?:hrs|hours|sharp)\b)?"
)
_ZONE = (
    r"\(?(?:(?-i:ET|CT|MT|PT|[ECMPA][SD]T|AK[SD]T|HST|GMT|UTC|BST|IST|CES?T|EES?T|WES?T|AE[SD]T|AC[SD]T|AWST|NZ[SD]T)\b"
    r"|(?:U\.?S\.?\s+)?(?:eastern|central|mountain|pacific|atlantic|greenwich mean|british summer)(?:\s+(?:standard|daylight))?"
    r"(?:\s+time)?\b|(?:\w+\s+)?local\s+time\b|(?-i:[A-Z]\w+)(?:\s+(?-i:[A-Z]\w+))?\s+time\b)\)?"
)
_WEEK = r"(?:the\s+)?week\s+(?:of|beginning|commencing|starting)(?:\s+on)?"
_PIECE = rf"(?:{_WEEK}|{_BACK}|{_NEXT}|{_DAY}|{_CLOCK}|{_ZONE})"
_JOIN = r"(?:\s*[,(/)]\s*|\s+(?:at|on|of|the|from|to|and|between|until|starting|beginning|from the|on the)\s+|\s*[-–]\s*|\s+)"
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
_LOOSE = re.compile(
    r"\b(?:until|till|through|thru|after|since|ended|ending|as of|dated|around|about|approximately|approx\.?|roughly|early"
    r"|mid|mid-|late|end of|beginning of|middle of|start of|half of|quarter of|soon as|early as|later than|earlier than"
    r"|sooner than|on or about|following|prior to|(?<!be\s)(?<!ly\s)(?:said|announced)|for the \w+|originally|or|previously scheduled for|last"
    r"|from its original|scheduled for release on|from|than|adjourned|past|of|born|effective|winter|spring|summer|fall)"
    r"\s*(?:on\s+|the\s+|early\s+|mid-\s*|late\s+|in\s+)*$",
    re.I,
)
#: From then on is then; "of" joins a day to its hour.
_FROM_THEN = re.compile(r"\b(?:beginning|starting|effective|from)\s+(?:on\s+)?$", re.I)
_OF_A_THING = re.compile(r"\b(?:the|an?|its|his|her|their|our|this|last|annual)\s+$", re.I)
_THING = re.compile(
    r"(?:['’]s?\b|-\w|\s+(?!(?:at|in|on|by|to|for|from|and|or|with|as|when|after|before|during|through|until|because|following|via|near|inside|outside|but|while|here|hosted|featuring|pending|is|are|will)\b)[a-z]+\b)"
)
_RANGE = re.compile(
    rf"(\d{{1,2}}(?:[:.]\d\d)?)\s*(?:to|-|–|and|until)\s*(\d{{1,2}}(?:[:.]\d\d)?)\s*([ap])\.?\s?m\b\.?", re.I
)


def time_phrases(sentence: str) -> Iterator[TimePhrase]:
    """The times of a sentence in order, those that say when something else was included."""
    for match in _CHAIN.finditer(sentence):
        text = match.group()
        if text.count(")") > text.count("("):
            text = text.rstrip(")")
        before, after = sentence[: match.start()], sentence[match.start() + len(text) :]
        yield TimePhrase(
            match.start(),
            match.start() + len(text),
            _RANGE.sub(_both_halves, text),
            _tie(before, after, text),
            _HAS_DAY.search(text) is not None,
            _HAS_CLOCK.search(text) is not None,
            _REFERS_BACK.search(text) is not None,
        )


def _tie(before: str, after: str, text: str) -> Tie:
    if _BY.search(before):
        return Tie.BY
    if _BEFORE.search(before):
        return Tie.BEFORE
    if _FROM_THEN.search(before):
        return Tie.THEN
    if _LOOSE.search(before[-40:]):
        return Tie.ELSEWHERE
    if re.match(r"['’]s?\b|-\w", after) or (_OF_A_THING.search(before) and _THING.match(after)):
        return Tie.ELSEWHERE
    return Tie.THEN


def _both_halves(match: re.Match[str]) -> str:
    """ "4 to 7 p.m." is "4 p.m. to 7 p.m."; "11 to 1 p.m." begins in the other half of the day."""
    first, last, half = match.groups()
    begins, ends = (int(re.split("[:.]", hour)[0]) % 12 for hour in (first, last))
    other = half if begins <= ends else ("a" if half.lower() == "p" else "p")
    return f"{first} {other}.m. to {last} {half}.m."
