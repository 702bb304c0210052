"""What changed between two texts, word by word. Pure, and bounded: a text of 1 MiB takes no longer than a person waits.

lines of both ──edits──▶ places that differ ──edits of their words──▶ TextChange, one a place
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

#: How many lines, and how many words of one place, may differ before a place is shown as replaced in whole; and how
#: many places are compared word by word. The time grows with the square of the first two.
MOST_LINES = 500
MOST_WORDS = 200
MOST_PLACES = 50

_LINE = re.compile(r"[^\n]*\n")

#: A word with the white space after it: a change of either is a change.
_WORD = re.compile(r"\S+\s*|\s+")

#: So short a word alone between two changes is shown as a part of them.
_SHORT = 3


class PieceKind(str, Enum):
    """Whether words are in both texts, or in one of them."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


class Piece(NamedTuple):
    """Words in a row that are of one kind, with the white space between and after them."""

    kind: PieceKind
    text: str


class TextChange(NamedTuple):
    """One place that differs: whole lines, in pieces. `line` counts from 1 in the later text.

    The pieces that are not added are the lines as they were, and those that are not removed the lines as they are, in
    order.
    """

    line: int
    pieces: tuple[Piece, ...]

    @property
    def removed(self) -> int:
        """How many words were taken out."""
        return _count(self.pieces, PieceKind.REMOVED)

    @property
    def added(self) -> int:
        """How many words are new."""
        return _count(self.pieces, PieceKind.ADDED)


def _count(pieces: Sequence[Piece], kind: PieceKind) -> int:
    return sum(len(piece.text.split()) for piece in pieces if piece.kind is kind)


def text_changes(before: str, after: str) -> tuple[TextChange, ...]:
    """Return the places at which two texts differ, in order; none if they are the same."""
    if before == after:
        return ()
    # Each line with its end, the last one too: a line added below it leaves it the same.
    old, new = (_LINE.findall(f"{text}\n") if text else [] for text in (before, after))
    places: list[TextChange] = []
    for kept, first, last, begin, end in _edits(old, new, MOST_LINES):
        if not kept:
            one, other = "".join(old[first:last]), "".join(new[begin:end])
            words = _in_words(one, other) if len(places) < MOST_PLACES else _replaced(one, other)
            places.append(TextChange(begin + 1, tuple(words)))
    return tuple(places)


def _in_words(before: str, after: str) -> list[Piece]:
    old, new = _WORD.findall(before), _WORD.findall(after)
    pieces: list[Piece] = []
    removed = added = ""
    parts = [
        (kept, "".join(old[first:last]), "".join(new[begin:end]))
        for kept, first, last, begin, end in _edits(old, new, MOST_WORDS)
    ]
    for number, (kept, one, other) in enumerate(parts):
        between = 0 < number < len(parts) - 1 and " " not in one.strip() and len(one.strip()) <= _SHORT
        if not kept or between:
            removed, added = removed + one, added + other
            continue
        pieces += [*_replaced(removed, added), Piece(PieceKind.SAME, one)]
        removed = added = ""
    return [*pieces, *_replaced(removed, added)]


def _replaced(before: str, after: str) -> list[Piece]:
    return [Piece(kind, text) for kind, text in ((PieceKind.REMOVED, before), (PieceKind.ADDED, after)) if text]


def _edits(old: Sequence[str], new: Sequence[str], most: int) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield (whether it is kept, from and to in `old`, from and to in `new`) for all parts of both, in order.

    The fewest edits there are (Myers, "An O(ND) Difference Algorithm", 1986); with more than `most`, one.
    """
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head:
        yield True, 0, head, 0, head
    x = y = 0
    middle = _kept_between(old[head : len(old) - tail], new[head : len(new) - tail], most)
    for first, begin, length in (*middle, (len(old) - tail - head, len(new) - tail - head, 0)):
        if (x, y) != (first, begin):
            yield False, head + x, head + first, head + y, head + begin
        if length:
            yield True, head + first, head + first + length, head + begin, head + begin + length
        x, y = first + length, begin + length
    if tail:
        yield True, len(old) - tail, len(old), len(new) - tail, len(new)


def _kept_between(old: Sequence[str], new: Sequence[str], most: int) -> list[tuple[int, int, int]]:
    """Return the runs that are in both, as (from in `old`, from in `new`, length); none if more than `most` differ."""
    furthest = {1: 0}
    trace = []
    for edits in range(min(most, len(old) + len(new)) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
            x = furthest[diagonal + 1] if down else furthest[diagonal - 1] + 1
            y = x - diagonal
            while x < len(old) and y < len(new) and old[x] == new[y]:
                x, y = x + 1, y + 1
            furthest[diagonal] = x
            if x >= len(old) and y >= len(new):
                return _walked_back(trace, len(old), len(new))
    return []


def _walked_back(trace: Sequence[dict[int, int]], x: int, y: int) -> list[tuple[int, int, int]]:
    runs: list[tuple[int, int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        down = diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])
        before = diagonal + 1 if down else diagonal - 1
        start = furthest[before] if edits else 0
        first = start + (0 if down else 1) if edits else 0  # where the run on this diagonal begins
        if x > first:
            runs.append((first, first - diagonal, x - first))
        x, y = start, start - before
    return runs[::-1]
