"""Find the times in a sentence, and the words beside each that change its meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pressrelease.promises.vocabulary import one_of, words


class Tie(Enum):
    """The relation between a time and what happens."""

    THEN = "then"
    BY = "then at the latest"
    BEFORE = "earlier than that"
    ELSEWHERE = "it says when something else was, or for how long"


@dataclass(frozen=True)
class TimePhrase:
    """A time in a sentence, as a span and its words; `has_day` and `has_clock` say what it names."""

    start: int
    end: int
    text: str
    tie: Tie
    has_day: bool
    has_clock: bool
    refers_back: bool


_HAS_CLOCK = re.compile(r"\d\s*[ap]\.?\s?m\b|\d[:.]\d\d\b|\bnoon\b|\bmidnight\b|\bo['’]clock\b", re.I)
_HAS_DAY = re.compile(
    r"day\b|tonight|tomorrow|week|month|year|this (?:morning|afternoon|evening)|\d/\d|\d{4}-\d\d|\d+(?:st|nd|rd|th)\b"
    r"|\b(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\b|\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)",
    re.I,
)
#: "later that morning", "the same day": an hour beside it belongs to the day that was mentioned before.
_BACK = re.compile(r"\b(?:that\s+(?:same\s+)?|the\s+same\s+)(?:day|morning|afternoon|evening|night)\b", re.I)
#: A part of a day, which names no hour: only the day counts.
_PART_OF_DAY = re.compile(r"(?<=\w)\s+(?:morning|afternoon|evening|night)\b", re.I)
_THIS_PART = re.compile(r"\bthis\s+(?:morning|afternoon|evening)\b|\btonight\b", re.I)
_BEFORE = re.compile(r"\bbefore\s*$", re.I)
#: "not before Friday" is a Friday or any later day.
_NOT_BEFORE = re.compile(r"\b(?:not|never|n't)\b[^,;]*\bbefore\s*$", re.I)
_BY = re.compile(
    r"\b(?:by|no later than|not later than|on or before|at or before|at the latest by)\s*(?:the\s+)?"
    r"(?:(?:close|end) of (?:the )?(?:business|day|business day)\s*,?\s*(?:on\s+)?|COB\s+(?:on\s+)?)?$",
    re.I,
)
#: Words right before a time that is not the day of the promise, or not an exact day.
_LOOSE = words(
    r"""
    within an?
    until | till | through | thru | after | since | ended | ending | as of | dated | around | about | approximately
    approx\.? | roughly | early | mid | mid- | late | (?:end|beginning|middle|start|half|quarter) of | (?:soon|early) as
    (?:later|earlier|sooner) than | on or about | following | prior to | (?<!be\s)(?<!ly\s)(?:said|announced)
    for the \w+ | originally | or | previously scheduled for | last | scheduled for release on | from | than | adjourned
    past | of | born | effective | winter | spring | summer | fall
    """,
    end=r"\s*(?:on\s+|the\s+|early\s+|mid-\s*|late\s+|in\s+)*$",
)
#: "from" a time counts as that time.
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
#: A place or letters after a clock time that may be its zone; `when` reads or refuses them.
_PERHAPS_ZONE = re.compile(r"\s*(?:[A-Z]{2,5}\b|\([A-Z][\w ]{1,30}\))")
_RANGE = re.compile(
    r"(?<!\d)(\d{1,2}(?:[:.]\d\d)?)\s*(?:to|-|–|and|until)\s*(\d{1,2}(?:[:.]\d\d)?)\s*([ap])\.?\s?m\b\.?", re.I
)


_NOT_ALONE = re.compile(
    r",?\s+(?:or\b|(?:and|&)\s+(?:on\s+)?(?:the\s+)?\d|at the earliest\b)"
    r"|,\s+\d{1,2}(?:st|nd|rd|th)?(?:,|,?\s+(?:and|&))\s",
    re.I,
)
_AT_THE_LATEST = re.compile(r",?\s+at the latest\b", re.I)
_BETWEEN = re.compile(r"\bbetween\s+$", re.I)
_AND = re.compile(r"\sand\s", re.I)


def time_phrases(sentence: str) -> Iterator[TimePhrase]:
    """Return the times of a sentence in order, including those that say when something else was."""
    from pressrelease.when import find_times

    for start, end in find_times(sentence):
        text, before, after = sentence[start:end], sentence[:start], sentence[end:]
        has_clock = _HAS_CLOCK.search(text) is not None
        if has_clock and not sentence.isupper() and (zone := _PERHAPS_ZONE.match(after)):
            text, after = f"{text}{zone.group()}", after[zone.end() :]
        if (opens := _BETWEEN.search(before)) and _AND.search(text):
            text, before = f"{opens.group()}{text}", before[: opens.start()]
        if not has_clock:
            text = _PART_OF_DAY.sub("", _THIS_PART.sub("today", text))
        yield TimePhrase(
            start,
            len(sentence) - len(after),
            _RANGE.sub(_both_halves, _BACK.sub(" ", text)),
            _tie(before, after),
            _HAS_DAY.search(_BACK.sub(" ", text)) is not None,
            has_clock,
            _BACK.search(f"{before[-30:]}{text}{after[:30]}") is not None,
        )


def _tie(before: str, after: str) -> Tie:
    if _NOT_ALONE.match(after):
        return Tie.ELSEWHERE
    if _BY.search(before) or _AT_THE_LATEST.match(after):
        return Tie.BY
    if _BEFORE.search(before):
        return Tie.ELSEWHERE if _NOT_BEFORE.search(before) else Tie.BEFORE
    if _FROM_THEN.search(before):
        return Tie.THEN
    if _LOOSE.search(before[-40:]):
        return Tie.ELSEWHERE
    if _POSSESSED.match(after) or (_OF_A_THING.search(before) and _THING.match(after)):
        return Tie.ELSEWHERE
    return Tie.THEN


def _both_halves(match: re.Match[str]) -> str:
    """Return "4 p.m. to 7 p.m." for "4 to 7 p.m."; "11 to 1 p.m." begins in the other half of the day."""
    first, last, half = match.groups()
    begins, ends = (int(re.split("[:.]", hour)[0]) % 12 for hour in (first, last))
    other = half if begins <= ends else ("a" if half.lower() == "p" else "p")
    return f"{first} {other}.m. to {last} {half}.m."
