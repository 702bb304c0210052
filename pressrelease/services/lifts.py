"""Choose the lift that a release gets: one chosen before is kept, and none moves earlier without a person's consent."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.errors import EmbargoRefused, NotPermitted
from pressrelease.when import Embargo, EmbargoKind, say_full, say_span
from pressrelease.when.wall_time import reckoned
from pressrelease.when.written import read_rfc3339

if TYPE_CHECKING:
    from pressrelease.services import ServiceContext


class Lift(NamedTuple):
    """A lift on record, in UTC: the current one, or the one when the release was unscheduled.

    `wall` is the lift as local wall time, "" for an instant; `embargo` the phrase that it was fixed under. `chosen`
    is whether a person chose it with `--at`, and the embargo alone would have given another.
    """

    moment: datetime
    wall: str
    embargo: str
    chosen: bool


def last_lift(context: ServiceContext, slug: str, *, now: datetime) -> Lift | None:
    """Return the last lift on record of a release, if it is still ahead of `now` (aware)."""
    if not context.store.exists:
        return None
    release = context.store.read.release(slug)
    if release is not None:
        if release.lift is None:
            return None
        chosen = release.lift != release.embargo.lift
        found = Lift(release.lift, release.wall, release.embargo.text, chosen)
    else:
        lines = context.store.read.rows(
            "SELECT detail FROM journal WHERE slug = :slug AND event = 'release.unscheduled' ORDER BY n DESC LIMIT 1",
            {"slug": slug},
        )
        detail = json.loads(lines[0]["detail"]) if lines else {}
        if not detail.get("lift"):
            return None  # it was never scheduled, or by a version that recorded no lift
        found = Lift(read_rfc3339(detail["lift"]), detail.get("wall", ""), detail["embargo"], bool(detail["chosen"]))
    return found if found.moment > now else None


def kept(last: Lift | None, embargo: Embargo) -> Lift | None:
    """Return the chosen lift that `embargo` still allows; None if it names another moment by itself.

    A window that was written since leaves the choice; a moment that was written since is the newer choice. An event
    is waited for again: what was lifted before was another version.
    """
    if last is None or not last.chosen or embargo.kind is EmbargoKind.EVENT:
        return None
    if embargo.kind is not EmbargoKind.WINDOW and embargo.text != last.embargo:
        return None
    # By the zone rules of today, as it is then scheduled: the hour that is shown is the one that was chosen.
    moment = reckoned(last.wall) or last.moment
    return last._replace(moment=moment) if _why_outside(embargo, moment) is None else None


def has_no_time(slug: str, embargo: Embargo) -> NotPermitted:
    """Return the error for a time given to a release that waits for an event."""
    return NotPermitted(
        f"{slug} waits for an event ({embargo.text}), so it has no release time. Nothing was changed.",
        hint=f"When it has happened: `pressrelease lift {slug}`. For a fixed time, change `embargo` in the file.",
        code="waits_for_event",
    )


def must_fit(embargo: Embargo, lift: datetime, *, slug: str, timezone: str, now: datetime) -> None:
    """Raise NotPermitted for a lift before the embargo of a release, EmbargoRefused for one after its window."""
    why = _why_outside(embargo, lift)
    moment = say_full(lift, timezone=timezone, now=now)
    if why == "before_embargo":
        raise NotPermitted(
            f"{moment} is before the embargo of {slug} ({embargo.text}). Nothing was changed.",
            hint="Change the embargo in the file, or choose a later --at.",
            code=why,
        )
    if why == "after_window":
        raise EmbargoRefused(
            f"{moment} is after the end of the window of {slug} ({embargo.text}). Nothing was changed.",
            hint="Choose an --at inside the window, or change the embargo in the file.",
            code=why,
        )


def _why_outside(embargo: Embargo, lift: datetime) -> str | None:
    if embargo.not_before is not None and lift < embargo.not_before:
        return "before_embargo"
    if embargo.no_later_than is not None and lift >= embargo.no_later_than:
        return "after_window"
    return None


def said_earlier(last: Lift | None, lift: datetime | None, *, timezone: str, event: bool = False) -> str:
    """Return the sentence for a lift that moves earlier than the last one on record, "" for any other.

    `lift` is None for one that comes with the last approval or, with `event`, when a person lifts it.
    """
    if last is None or (lift is not None and lift >= last.moment):
        return ""
    before = say_full(last.moment, timezone=timezone)
    if lift is None and event:
        return ""
    if lift is None:
        return f"This moves it from {before} to its last approval: EARLIER."
    by = last.moment - lift
    span = "less than a second" if by < timedelta(seconds=1) else say_span(by)
    return f"This moves it from {before} to {say_full(lift, timezone=timezone)}: {span} EARLIER."
