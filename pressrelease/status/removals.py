"""What must come down again: a release, or one of its attachments, at a moment or some time after it went out. Pure.

A booking photograph stays on the web long after a case is over, so an office may decide that it comes down after 14
days at most (California Penal Code 13665, as amended by AB 994, asks that of police and sheriffs).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pressrelease.when import read_rfc3339, rfc3339, say_full


class Removal(NamedTuple):
    """When something must come down: `at` a moment (UTC), or so long `after` it went out; exactly one is given.

    `what` is an attachment's path, "" for the whole release.
    """

    what: str
    at: datetime | None = None
    after: timedelta | None = None

    def due(self, out_at: datetime) -> datetime:
        """Return when it must be down, for something that went out at `out_at`."""
        return self.at if self.at is not None else out_at + (self.after or timedelta())

    def as_detail(self) -> dict[str, Any]:
        """Return it as a line of the journal has it."""
        if self.at is not None:
            return {"what": self.what, "at": rfc3339(self.at)}
        return {"what": self.what, "after_s": int((self.after or timedelta()).total_seconds())}


def removals_in(detail: str) -> list[Removal]:
    """Return what a `release.scheduled` line says must come down."""
    return [
        Removal(str(one["what"]), at=read_rfc3339(one["at"]))
        if "at" in one
        else Removal(str(one["what"]), after=timedelta(seconds=one["after_s"]))
        for one in json.loads(detail).get("removals", ())
    ]


class DueRemoval(NamedTuple):
    """Something that should be down by now: `places` are where it went, and `due_at` is UTC."""

    slug: str
    what: str
    due_at: datetime
    places: tuple[str, ...]

    @property
    def command(self) -> str:
        """The command that records that it is down."""
        attachment = f" --attachment {self.what}" if self.what else ""
        return f"pressrelease removed {self.slug}{attachment} --why …"


def due_lines(due: Iterable[DueRemoval], *, timezone: str) -> list[str]:
    """Return a sentence for each, the longest overdue first."""
    return [
        f"{f'{one.what} of {one.slug}' if one.what else one.slug} was to come down"
        f" {say_full(one.due_at, timezone=timezone)}, from {', '.join(one.places)}."
        for one in sorted(due, key=lambda one: one.due_at)
    ]


def planned_lines(removals: Sequence[Removal], *, timezone: str) -> list[str]:
    """Return what will come down and when, a line each, for the screens before it goes out."""
    return [
        f"{one.what or 'the release'} comes down"
        + (f" {say_full(one.at, timezone=timezone)}" if one.at else f" {_length(one.after)} after it went out")
        for one in removals
    ]


def _length(after: timedelta | None) -> str:
    hours = int((after or timedelta()).total_seconds()) // 3600
    days, rest = divmod(hours, 24)
    if rest or not days:
        return f"{hours} hours" if hours != 1 else "1 hour"
    return f"{days} days" if days != 1 else "1 day"


def still_there(removal: Removal, attachments: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether something that must come down is part of a version with these attachments."""
    return not removal.what or removal.what in {one["path"] for one in attachments}
