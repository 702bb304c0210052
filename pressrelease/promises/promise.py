"""The type of a promise that was found in a text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True)
class Promise:
    """One sentence that promises. Times are aware UTC.

    instant: `not_before` says when, `no_later_than` is None.
    window:  not before, and before `no_later_than` (exclusive).
    undated: both are None: it names no day, or none that can be read without a guess.

    `line` counts from 1 in the release's file (in the text, for `promises_in`); 0 if it is not known.
    """

    slug: str
    text: str
    line: int
    not_before: datetime | None = None
    no_later_than: datetime | None = None

    @property
    def key(self) -> str:
        """A digest of the words, by which the record names the promise without its text."""
        return sha256(" ".join(self.text.lower().split()).encode()).hexdigest()[:16]

    @property
    def undated(self) -> bool:
        """Whether it names no day that could be read."""
        return self.not_before is None
