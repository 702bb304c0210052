"""How a case ended, and what the office owes the people who were named before that. Pure.

A release that says that somebody was arrested or charged stays on the web when the case is over. Ninety days after it
went out the office is asked how the case ended, and again after 180, until it is recorded with `outcome`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

#: When the office is asked for the first time, and when again, counted from when the release went out.
FIRST_ASKED = timedelta(days=90)
ASKED_AGAIN = timedelta(days=180)


class Outcome(str, Enum):
    """How a case ended; each member has the sentence that a person reads, and what should follow at once."""

    sentence: str
    follows: str

    def __new__(cls, value: str, sentence: str = "", follows: str = "") -> Outcome:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.follows = follows
        return member

    DISMISSED = "dismissed", "the charges were dismissed", "update"
    ACQUITTED = "acquitted", "the defendant was acquitted", "update"
    CONVICTED = "convicted", "the defendant was convicted", ""
    SEALED = "sealed", "the record was sealed", "removal"
    OTHER = "other", "the case ended in another way", ""


class Owed(NamedTuple):
    """A release that is out and whose case has no recorded outcome; `out_at` is when it first went out (UTC)."""

    slug: str
    out_at: datetime

    def days(self, now: datetime) -> int:
        """Return for how many days it has been out."""
        return (now - self.out_at).days


class Unanswered(NamedTuple):
    """An outcome that was recorded at `at` (UTC), and nothing was done about what was published since."""

    slug: str
    outcome: str
    at: datetime


#: So long after an outcome was recorded the office is asked to update the release or take it down.
REMINDED = (timedelta(days=1), timedelta(days=7), timedelta(days=30))


def unanswered_lines(unanswered: Sequence[Unanswered]) -> list[str]:
    """Return a sentence for each release that still accuses somebody, though its case ended without a conviction."""
    known = {one.value: one for one in Outcome}
    return [
        f"{one.slug} still says what it said: {known[one.outcome].sentence}, and nothing was updated or taken down."
        for one in unanswered
        if one.outcome in known and known[one.outcome].follows
    ]


def reminded_on(unanswered: Sequence[Unanswered], since: datetime, upto: datetime) -> bool:
    """Return whether a reminder of any of them falls after `since` and by `upto`."""
    asked = [one for one in unanswered if unanswered_lines([one])]
    return any(since < one.at + after <= upto for one in asked for after in REMINDED)


def owed_lines(owed: Sequence[Owed], now: datetime) -> list[str]:
    """Return a sentence for each release that was out for 90 days and has no outcome; longest out first."""
    return [
        f"{one.slug} has been out for {one.days(now)} days, and no outcome of its case is recorded"
        + (" (asked again after 180 days)." if now - one.out_at >= ASKED_AGAIN else ".")
        for one in sorted(owed, key=lambda one: one.out_at)
        if now - one.out_at >= FIRST_ASKED
    ]


def asked_on(owed: Sequence[Owed], since: datetime, upto: datetime) -> bool:
    """Return whether any of them reached 90 or 180 days after `since` and by `upto`."""
    return any(since < one.out_at + after <= upto for one in owed for after in (FIRST_ASKED, ASKED_AGAIN))


def next_steps(outcome: Outcome, slug: str) -> list[str]:
    """Return what the office should do now, a sentence with its command each; none where nothing must follow."""
    if outcome.follows == "removal":
        return [f"Take it down: `pressrelease kill {slug} --why 'record sealed'`. A sealed case must not be named."]
    if outcome.follows == "update":
        return [
            f"Say so where the charge went: edit releases/{slug}.md, then"
            f" `pressrelease correct {slug} --note 'Update: {outcome.sentence}.'`.",
            f"Or take it down: `pressrelease kill {slug} --why '{outcome.value}'`.",
        ]
    return []
