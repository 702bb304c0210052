"""Mistyped words of time: the known words that they may stand for. They are asked about, never read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import islice, product
from typing import NamedTuple

from pressrelease.when.refusals import Why
from pressrelease.when.tables import Table
from pressrelease.when.tokenizer import plain, tokenize
from pressrelease.when.tokens import Doubt, Token, UnknownWord

#: How many corrected phrases are given.
_MOST = 4
#: Shorter words may differ by one letter, longer ones by two.
_LONG = 7


class Corrections(NamedTuple):
    """A phrase with its mistyped words corrected: the first such word, what it may be, and the phrases to read."""

    first: Token
    meant: tuple[str, ...]
    phrases: list[str]


def corrections(text: str) -> Corrections | None:
    """Return the corrected phrases of `text`; None if no word of it looks mistyped."""
    slips = [(token, meant) for token in tokenize(text) if (meant := _meant_by(token, text))]
    if not slips:
        return None
    phrases = []
    for choice in islice(product(*(meant for _, meant in slips)), _MOST):
        corrected = text
        for (token, _), word in reversed(list(zip(slips, choice, strict=True))):
            corrected = corrected[: token.start] + word + corrected[token.end :]
        phrases.append(corrected)
    return Corrections(*slips[0], phrases)


def mistyped_day(tokens: Sequence[Token], text: str) -> tuple[Token, str] | None:
    """Return the first word that may be a mistyped day, and that day: beside a whole date it might contradict it."""
    for token in tokens:
        for meant in _meant_by(token, text):
            if meant in _days():
                return token, meant
    return None


def _meant_by(token: Token, text: str) -> tuple[str, ...]:
    if (isinstance(token, UnknownWord) and not token.known and token.why is None) or (
        isinstance(token, Doubt) and token.why is Why.MAYBE_A_TIME
    ):
        return meant_words(plain(text[token.start : token.end]))
    return ()


@lru_cache(maxsize=512)
def meant_words(written: str) -> tuple[str, ...]:
    """Return the words of time that a word in lower case is nearest to, a letter or two away; none for such a word."""
    found: dict[int, list[str]] = {}
    for word, value in _words():
        allowed = 1 if len(word) < _LONG else 2
        if abs(len(word) - len(written)) <= allowed and (steps := _steps(written, word)) <= allowed:
            found.setdefault(steps, []).append(word if value == "-" else value)
    return tuple(dict.fromkeys(found[min(found)])) if found and min(found) > 0 else ()


@cache
def _words() -> tuple[tuple[str, str], ...]:
    table = Table("slips")
    return (*table.rows("day"), *table.rows("word"))


@cache
def _days() -> frozenset[str]:
    return frozenset(word if value == "-" else value for word, value in Table("slips").rows("day"))


def _steps(one: str, other: str) -> int:
    """Return how many letters must be put in, left out, changed, or swapped with their neighbor."""
    row, before = list(range(len(other) + 1)), list[int]()
    for i, letter in enumerate(one, start=1):
        row, last, before = [i], before, row
        for j, mark in enumerate(other, start=1):
            steps = min(row[j - 1] + 1, before[j] + 1, before[j - 1] + (letter != mark))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == mark:
                steps = min(steps, last[j - 2] + 1)
            row.append(steps)
    return row[-1]
