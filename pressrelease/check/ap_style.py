"""The Associated Press's style of times, dates, numbers and titles. All of it is one kind of warning.

Each rule is reported once for a release, with its first place and how many there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pressrelease.check.finding import Finding, Severity
from pressrelease.check.passages import Passage
from pressrelease.release import Release

_LONG = r"(?:January|February|August|September|October|November|December)"
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.|Feb\.|Aug\."
    r"|Sept\.|Oct\.|Nov\.|Dec\.)"
)
_NO_STREET = r"(?! (?:[A-Z]\w+ )?(?:Street|St\.|Avenue|Ave\.|Road|Drive))"


class Rule(NamedTuple):
    """A rule of the style: what to look for, what is wrong, what to write."""

    found: re.Pattern[str]
    wrong: str
    write: str


RULES = (
    Rule(re.compile(r"\b\d{1,2}:00 ?(?:[ap]\.?m\b)", re.I), "Full hours have no “:00”", "Write “9 a.m.”."),
    Rule(
        re.compile(r"\b\d{1,2}(?::\d\d)? ?(?:AM|PM|am|pm|A\.M\.|P\.M\.)(?!\w)"),
        "It is “a.m.” and “p.m.”",
        "Write “9 a.m.”.",
    ),
    Rule(
        re.compile(r"\b12(?::00)? ?(?:p\.?m\.?|a\.?m\.?|noon|midnight)", re.I),
        "12 o'clock is “noon” or “midnight”",
        "Write “noon”.",
    ),
    Rule(
        re.compile(
            r"\b\d{1,2}(?::\d\d)? [ap]\.m\. (?:in the (?:morning|afternoon|evening)|at night|this morning)", re.I
        ),
        "“a.m.” and “in the morning” say the same",
        "Delete one of them.",
    ),
    Rule(
        re.compile(rf"\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)\b{_NO_STREET}"),
        "Dates have no “st”, “nd”, “rd” or “th”",
        "Write “Sept. 24”.",
    ),
    Rule(
        re.compile(rf"\b{_MONTH}, (?:19|20)\d\d\b"),
        "There is no comma between a month and a year",
        "Write “September 2018”.",
    ),
    Rule(
        re.compile(rf"\b{_LONG} \d{{1,2}}(?=,|\.|;|$| at\b| and\b| (?:19|20)\d\d){_NO_STREET}"),
        "This month is abbreviated before a day",
        "Write “Sept. 24”.",
    ),
    Rule(
        re.compile(
            r"\b(?:Sep|Mar|Apr|Jun|Jul|Sept|Aug|Oct|Nov|Dec|Jan|Feb) \d{1,2}\b|\b(?:Mar|Apr|Jun|Jul|Sep)\. \d{1,2}\b"
        ),
        "The month is not abbreviated like this",
        "Write “Sept. 24”, “March 3”.",
    ),
    Rule(
        re.compile(r"\b(?:Jan|Feb|Aug|Sept|Oct|Nov|Dec)\. (?:19|20)\d\d\b"),
        "A month without a day is not abbreviated",
        "Write “October 2018”.",
    ),
    Rule(
        re.compile(
            rf"\b{_MONTH} \d{{1,2}}, (?:19|20)\d\d (?:he|she|they|the|a|an|at|in|was|were|officers|deputies|police"
            rf"|detectives)\b"
        ),
        "A comma is missing after the year",
        "Write “Sept. 24, 2018, the …”.",
    ),
    Rule(
        re.compile(r"\b\d{1,2} years? old [a-z]+\b(?<! and)|\b\d{1,2} year[- ]old\b|\b\d{1,2}-year old\b"),
        "An age before a noun has hyphens",
        "Write “a 35-year-old man”.",
    ),
    Rule(re.compile(r"\bpercent\b"), "A number has “%”, not “percent”", "Write “5%”."),
    Rule(
        re.compile(r"\b[A-Z][a-z]+, (?:CA|NV|OR|AZ|TX|WA)\b(?! ?\d{5})(?! (?:Department|Board|Code))"),
        "A state is not written as two letters",
        "Write “Auburn, Calif.”.",
    ),
    Rule(
        re.compile(
            r"\b(?:Sergeant|Lieutenant|Governor|Senator|Representative|Lieutenant Governor) [A-Z][a-z]+ ?[A-Z]?"
        ),
        "A title before a name is abbreviated",
        "Write “Sgt. Roe”.",
    ),
    Rule(
        re.compile(r"\b(?:Mr|Mrs|Ms|Miss)\. ?[A-Z][a-z]+(?! Magazine)"),
        "A person is named without “Mr.” or “Ms.”",
        "Write the last name alone.",
    ),
)
_QUOTED = re.compile(r"“[^”]{0,1000}”|\"[^\"]{0,1000}\"")


def style_findings(release: Release, texts: Sequence[Passage]) -> Iterator[Finding]:
    """Yield one `ap_style` for each rule that is broken, at its first place. What is quoted is left as it was said."""
    counted: dict[int, list[int]] = {}
    for one in texts:
        text = _QUOTED.sub(lambda match: " " * len(match.group()), one.text)
        for number, rule in enumerate(RULES):
            places = sum(1 for _ in rule.found.finditer(text))
            counted.setdefault(number, []).extend([one.line] * places)
    for number, lines in counted.items():
        if lines:
            rule = RULES[number]
            count = f" ({len(lines)} places)" if len(lines) > 1 else ""
            yield Finding(
                release.slug, "ap_style", Severity.WARNING, lines[0], f"AP style: {rule.wrong}{count}.", rule.write
            )
