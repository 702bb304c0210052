"""What every outlet is given."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from pressrelease.config import Office
from pressrelease.release import Contact, Release


@dataclass(frozen=True)
class Enclosure:
    """An attachment's frozen bytes with what a page or a mail says of it.

    `name` is a safe file name, unique in its message; `original` is its own, with whatever letters, "" for `name`.
    `shown` says that the body itself shows it as an image.
    """

    name: str
    media_type: str
    content: bytes
    title: str = ""
    alt: str = ""
    shown: bool = False
    original: str = ""

    @property
    def words(self) -> str:
        """The text of a link to it."""
        return self.title or self.original or self.name

    @property
    def is_image(self) -> bool:
        """Whether a page can show it."""
        return self.media_type.startswith("image/")


@dataclass(frozen=True)
class Message:
    """A release, composed.

    `html` is a sanitized fragment (no scripts, nothing remote) whose images and links to attachments are bare
    enclosure names; `html_with_addresses` replaces them. `text` is plain text wrapped for mail. `summary` is the
    subhead, or else the lead, on one line of plain text. `lift` is aware UTC. `url` is the release's public page, ""
    if there is none. `notice` says that this is no release, but a notification to the office about some: `release`
    then holds only its headline and text.

    `release.follows` is "" until the release that it follows is out. `follows_mark` is the placeholder for that one
    until then, and `mark` for this release: each is the same for one slug of one office, and nobody else can make it
    (`mark_of`). `embargo_line` is, in a proof, the line in place of "FOR IMMEDIATE RELEASE".
    """

    slug: str
    version: str
    release: Release
    office: Office
    lift: datetime
    html: str
    text: str
    url: str = ""
    enclosures: tuple[Enclosure, ...] = ()
    summary: str = ""
    notice: bool = False
    mark: str = ""
    follows_mark: str = ""
    embargo_line: str = ""

    @property
    def contact(self) -> Contact:
        """The person a reporter calls about it: the release's own contact, or else the office's."""
        return contact_for(self.release, self.office)


def mark_of(slug: str, secret: str) -> str:
    """Return a placeholder for a slug that is not public yet: without `secret` nobody can test a guess."""
    return hmac.digest(secret.encode(), f"newsroom\n{slug}".encode(), "sha256").hex()[:32] if slug else ""


def contact_for(release: Release, office: Office) -> Contact:
    """Return the release's own contact if it names one, or else the office's."""
    own = release.contact
    return own if own is not None and (own.name or own.phone or own.email) else office.contact
