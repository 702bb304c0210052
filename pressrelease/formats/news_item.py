"""What ninjs and NewsML-G2 both need beside the text of a release: its identity, its status and its embargo.

    in the office                  pubStatus   embargoed until
    approved, its lift ahead       usable      its lift
    approved, its lift past        usable      –
    a draft, unapproved, held      withheld    its lift, if it is in the future
    withdrawn                      canceled    –

A release keeps its identity through all of its versions; the number of the version counts up, for a withdrawal too.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from pressrelease.message import Message
from pressrelease.message.localization import moment_words, zone_of

#: Wide enough that every paragraph is one line.
UNWRAPPED = 1_000_000


class PubStatus(str, Enum):
    """IPTC's publishing status; the values are those of both standards."""

    USABLE = "usable"
    WITHHELD = "withheld"
    CANCELED = "canceled"


@dataclass(frozen=True)
class Edition:
    """The status of one version: its number, from 1, and when it was frozen; `embargoed_until` is None for now.

    Times are aware.
    """

    number: int
    created: datetime
    status: PubStatus = PubStatus.USABLE
    embargoed_until: datetime | None = None

    @property
    def is_correction(self) -> bool:
        """Whether an earlier version went out, which this one replaces."""
        return self.number > 1 and self.status is not PubStatus.CANCELED


def still_shown(message: Message, edition: Edition) -> Message:
    """Return what an item may have of a release: of a withdrawn one its headline, by which it is found, and no text."""
    if edition.status is not PubStatus.CANCELED:
        return message
    release = message.release._replace(subhead="", dateline="", keywords=(), body="")
    return replace(message, release=release, summary="", html="")


def identity(message: Message) -> str:
    """Return a release's URI, the same for every version: its page, or a name made from the office and its slug."""
    return (
        message.url
        or uuid.uuid5(uuid.NAMESPACE_URL, f"{message.office.url or message.office.name}\n{message.slug}").urn
    )


def editors_note(message: Message, edition: Edition) -> str:
    """Return the program's own note to editors, then the author's; "" for none."""
    office = message.office
    notes = []
    if edition.status is PubStatus.CANCELED:
        notes.append("CANCELED. Mandatory withdrawal: do not use, and take down what was published.")
        return "\n".join([*notes, *([message.note] if message.note else [])])
    if edition.is_correction and message.note:
        notes.append(f"CORRECTION. {message.note}")
    if edition.status is PubStatus.WITHHELD:
        notes.append("WITHHELD. Not for publication.")
    elif edition.embargoed_until is not None:
        moment = moment_words(edition.embargoed_until, office.timezone, office.language)
        notes.append(f"STRICTLY EMBARGOED. Not for public release until {moment}.")
    return "\n".join([*notes, *([message.release.editor_note] if message.release.editor_note else [])])


def local(moment: datetime, message: Message) -> str:
    """Return a time as RFC 3339 with the offset of the office's zone, to the second."""
    return moment.astimezone(zone_of(message.office.timezone)).isoformat(timespec="seconds")
