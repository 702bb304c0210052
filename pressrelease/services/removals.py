"""Record that what had to come down is down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pressrelease.errors import NotFound, NotPermitted, Refused
from pressrelease.services import ServiceContext
from pressrelease.status.removals import removals_in
from pressrelease.store import after_publication

if TYPE_CHECKING:
    from pressrelease.status.removals import Removal


def record_removed(context: ServiceContext, slug: str, attachment: str, why: str) -> tuple[str, ...]:
    """Record that a release, or one of its attachments, is down everywhere; return where it had gone.

    Raises: NotFound for something that need not come down, NotPermitted if nothing of it is out, Refused without a
    reason.
    """
    if not why:
        raise Refused(
            "No reason was given. Nothing was recorded.",
            hint="Say what was done: --why 'deleted from the website; the Times and KCRA confirmed'.",
            code="why_missing",
        )
    release = context.report(slug).dossier.release
    rows = [row for row in after_publication.removals(context.store.read, [slug]) if row["slug"] == slug]
    planned: Iterable[Removal] = removals_in(rows[0]["detail"]) if rows else ()
    names = sorted(one.what for one in planned)
    if attachment not in names:
        raise NotFound(
            f"{attachment or slug} has no `remove_at`. Nothing was recorded.",
            hint=f"With one: {', '.join(one or 'the release' for one in names)}." if names else "",
            code="no_remove_at",
            candidates=[one for one in names if one],
        )
    if rows[0]["out_at"] is None:
        raise NotPermitted(f"Nothing of {slug} is out. Nothing was recorded.", code="not_out")
    places = tuple(row["outlet"] for row in after_publication.places(context.store.read, slug))
    with context.ledger() as ledger:
        ledger.note("release.removed", slug, release.version, what=attachment, by=context.actor, why=why)
    return places
