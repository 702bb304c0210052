"""Words around a time: those that don't change it, and those that make it uncertain (tables/vocabulary.txt)."""

from __future__ import annotations

from pressrelease.when.refusals import Why
from pressrelease.when.tables import Table

_TABLE = Table("vocabulary")

#: "one" to "twelve".
NUMBER_WORDS = {word: int(number) for word, number in _TABLE.rows("number")}


def number_of(written: str) -> int:
    """Return a number in digits or words; "a" and "an" are one."""
    return 1 if written in {"a", "an"} else NUMBER_WORDS.get(written) or int(written)


#: Labels, connectives and office talk: with or without them, the time is the same.
HARMLESS = _TABLE.words("harmless")

#: Phrases with a word that would be a doubt by itself, and that don't change the time.
HARMLESS_PHRASES = _TABLE.words("harmless phrase")

#: Words that make any time beside them uncertain, and why.
DOUBTS = {word: Why[row] for word, row in _TABLE.rows("doubt")}

#: Hours that an office's close, and its release time, may stand for.
CLOSES, OPENS = _TABLE.words("closes"), _TABLE.words("opens")

#: An unknown word that holds one of these could be about time: "midweek", "noonish", "Wendesday".
TIMELY = tuple(word for word, _ in _TABLE.rows("timely"))

#: Events and seasons: harmless beside a whole date and hour, but nothing to wait for by themselves.
EVENTS = _TABLE.words("event")
