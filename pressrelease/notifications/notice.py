"""What notices are made of, and what a release may be called in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pressrelease.publishing.plan import Waiting
from pressrelease.status.causes import Topic
from pressrelease.status.dossier import Directive, Dossier
from pressrelease.status.evaluation import ReleaseStatus

#: How much of a version is its code, in hexadecimal digits.
CODE = 6

_CORRECTION = "the correction of "


@dataclass(frozen=True)
class JournalEvent:
    """A line of the journal; `at` is UTC."""

    n: int
    at: datetime
    actor: str
    event: str
    slug: str = ""
    version: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventGroup:
    """Similar events: `count` deliveries at one outlet, `late` the worst of them.

    `steps` are the stops and what ended them, in order.
    """

    about: Topic
    at: datetime
    actor: str = ""
    slug: str = ""
    version: str = ""
    outlet: str = ""
    event: str = ""
    count: int = 1
    late: timedelta = timedelta()
    steps: tuple[JournalEvent, ...] = ()


@dataclass(frozen=True)
class Early:
    """A person's decision to publish before the embargo, which was at `embargo`; both times are UTC."""

    by: str
    at: datetime
    embargo: datetime


@dataclass(frozen=True)
class Known:
    """What is known of a release when people are notified of it.

    `missing` is how many approvals it still lacks; `out` says that something of it, of this version or another, has
    arrived somewhere.
    """

    dossier: Dossier
    missing: int = 0
    out: bool = False
    status: ReleaseStatus | None = None
    early: Early | None = None

    @property
    def name(self) -> str:
        """What it may be called in a sentence; a correction that is not withdrawn is called one."""
        release = self.dossier.release
        name = display_name(release.slug, release.version, out=self.out)
        return f"{_CORRECTION}{name}" if release.n > 1 and release.word is not Directive.KILLED else name


@dataclass(frozen=True)
class Notice:
    """One sentence or two. `key` names a condition that has no line in the journal, "" for an event that has one.

    Without words there is nothing to send, but the condition is still recorded.
    """

    about: Topic
    words: str
    key: str = ""


@dataclass(frozen=True)
class Coming:
    """A release that lifts soon, and since when that has been on record; both UTC."""

    slug: str
    version: str
    lift: datetime
    since: datetime


def display_name(slug: str, version: str, *, out: bool) -> str:
    """Return what a release is called: its slug only if something of it is out."""
    return slug if out else f"a release (code {version[:CODE]})"


def sentence(words: str) -> str:
    """Return words with a capital if "a release" or "the correction" starts them; a slug stays as it is typed."""
    return f"{words[0].upper()}{words[1:]}" if words.startswith(("a release (code ", _CORRECTION)) else words


def in_logs(waiting: Waiting) -> tuple[str, str]:
    """Return a release's name, a code until it lifts, and its reason: cron's mail and the log are read by others."""
    if waiting.lifted:
        return waiting.slug, waiting.reason
    return display_name(waiting.slug, waiting.version, out=False), waiting.reason
