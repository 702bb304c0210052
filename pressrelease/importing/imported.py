"""What an import found in a file."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from pressrelease.release import Contact


class Seen(NamedTuple):
    """Something in a file that the text alone does not show. `text` is an excerpt, "" for none.

    A `refused` one must be cleaned before the file is imported; any other is only reported.
    """

    kind: str
    words: str
    text: str = ""
    refused: bool = False


class Picture(NamedTuple):
    """A picture in a file: the name it gets, its bytes, and its alternative text."""

    name: str
    content: bytes
    alt: str


class Imported(NamedTuple):
    """The parts of a release that were recognized; "" or None for what was not. `body` is Markdown."""

    headline: str = ""
    subhead: str = ""
    dateline: str = ""
    embargo: str = ""
    date: date | None = None
    contact: Contact | None = None
    body: str = ""
    seen: tuple[Seen, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def refused(self) -> tuple[Seen, ...]:
        """Everything that must be cleaned first."""
        return tuple(one for one in self.seen if one.refused)
