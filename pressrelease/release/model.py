"""A press release as its author wrote it."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from datetime import date
from enum import Enum
from typing import NamedTuple

#: The largest file that is read as a release, in bytes.
LARGEST_RELEASE = 1024 * 1024

#: How many digits of a version's name are shown to people.
SHOWN = 12


class ReleaseKind(str, Enum):
    """The kind of a release."""

    RELEASE = "release"
    ADVISORY = "advisory"
    STATEMENT = "statement"


class Contact(NamedTuple):
    """The person a reporter calls."""

    name: str = ""
    phone: str = ""
    email: str = ""


class Attachment(NamedTuple):
    """A file beside the release: `path` is relative to releases/, POSIX style, and never leaves it.

    `remove_at` is when it must come down again, as typed, "" for never.
    """

    path: str
    title: str = ""
    alt: str = ""
    remove_at: str = ""


class Release(NamedTuple):
    """One file of releases/ as it was read. All text is NFC, without control characters; `body` is Markdown.

    `embargo` is the phrase as typed, "" if there is none. `outlets` is None if the file leaves it to [defaults].
    `clearances` names tables [clearances.NAME] of config.toml. `not_before` and `no_later_than` bound an embargo that
    waits for an event, as typed; releases with the same `alternates` exclude each other.
    `case` is the court's or the office's number, never published. `remove_at` is when the
    whole of it must come down again, as typed.
    `accept` has the codes of findings that somebody read and accepted, each with the reason. `lines` maps a
    front-matter key to its line in the file, from 1, an attachment under "attachments.0" and so on, a part of the
    contact under "contact.email", an accepted finding under "accept.CODE"; `body_line` is the body's first line.
    `source_hash` is the SHA-256 (64 hex digits) of the file's bytes.
    """

    slug: str
    headline: str
    embargo: str
    body: str
    subhead: str = ""
    date: "date | None" = None
    dateline: str = ""
    kind: ReleaseKind = ReleaseKind.RELEASE
    follows: str = ""
    outlets: tuple[str, ...] | None = None
    author: str = ""
    contact: Contact | None = None
    keywords: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    editor_note: str = ""
    accept: tuple[tuple[str, str], ...] = ()
    clearances: tuple[str, ...] = ()
    not_before: str = ""
    no_later_than: str = ""
    alternates: str = ""
    case: str = ""
    remove_at: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    body_line: int = 1
    source_hash: str = ""

    def line_of(self, key: str) -> int:
        """Return the line of `key` in the file, from 1; 0 if the file leaves it out."""
        return dict(self.lines).get(key, 0)
