"""What every outlet is given."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pressrelease.config import Office
from pressrelease.errors import NOTHING_SENT, NotPermitted
from pressrelease.release import Contact, Release
from pressrelease.release.delivery import Action


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


class First(NamedTuple):
    """The original version of a release, as a correction or a withdrawal names it. `lift` is aware UTC."""

    headline: str
    version: str
    lift: datetime


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
    (`mark_of`). `embargo_line` is, in a proof or a follow-up, the line in place of "FOR IMMEDIATE RELEASE".

    `n` is the number of the version, 1 for the original, and `action` what the message does for its recipients. An
    advance copy is from `noted_at` (aware UTC), and its lift is ahead. `embargoed_until` is that lift for what follows
    an advance copy ahead of it, None for everything else. A correction (`n` above 1) and a withdrawal have
    a public `note`, dated `noted_at`, and know the `previous_version` and the `first`. A withdrawal is composed from
    the last version that was out; what of that may still be shown is for each outlet to decide.
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
    action: Action = Action.PUBLISH
    n: int = 1
    note: str = ""
    noted_at: datetime | None = None
    previous_version: str = ""
    first: First | None = None
    embargoed_until: datetime | None = None

    @property
    def closed_until(self) -> datetime | None:
        """Until when its reader may not publish it, None for a message of what is out."""
        return self.lift if self.action is Action.ADVANCE else self.embargoed_until

    @property
    def original(self) -> First:
        """The original version, which is this one if nothing else is known."""
        return self.first or First(self.release.headline, self.version, self.lift)

    @property
    def dated(self) -> datetime:
        """When the message is from: `noted_at` for a withdrawal or an advance copy, the lift for everything else."""
        own = self.action in {Action.WITHDRAW, Action.ADVANCE}
        return self.noted_at if own and self.noted_at is not None else self.lift

    @property
    def contact(self) -> Contact:
        """The person a reporter calls about it: the release's own contact, or else the office's."""
        return contact_for(self.release, self.office)


def must_be_out(message: Message) -> None:
    """Raise NotPermitted for what is under embargo: the caller's outlet is public, or nobody knows who reads there."""
    if message.closed_until is not None:
        raise NotPermitted("An advance copy can't go to an outlet that is public.", outcome=NOTHING_SENT)


def mark_of(slug: str, secret: str) -> str:
    """Return a placeholder for a slug that is not public yet: without `secret` nobody can test a guess."""
    return hmac.digest(secret.encode(), f"newsroom\n{slug}".encode(), "sha256").hex()[:32] if slug else ""


def contact_for(release: Release, office: Office) -> Contact:
    """Return the release's own contact if it names one, or else the office's."""
    own = release.contact
    return own if own is not None and (own.name or own.phone or own.email) else office.contact
