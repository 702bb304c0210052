"""Record how the case of a release ended."""

from __future__ import annotations

from typing import NamedTuple

from pressrelease.errors import NotPermitted, Refused
from pressrelease.services import ServiceContext
from pressrelease.status.outcomes import Outcome, next_steps
from pressrelease.store import after_publication
from pressrelease.store.rows import format_utc


class Recorded(NamedTuple):
    """An outcome that was recorded; `before` is the last one on record, "" if there was none."""

    slug: str
    outcome: Outcome
    before: str
    at: str
    steps: tuple[str, ...]


def record_outcome(context: ServiceContext, slug: str, outcome: Outcome, why: str) -> Recorded:
    """Record how the case of a release ended; a later outcome replaces an earlier one.

    Raises: NotPermitted if nothing of the release is out, Refused without a reason.
    """
    if not why:
        raise Refused(
            "No reason was given. Nothing was recorded.",
            hint="Say where it can be looked up: --why 'People v. Smith, dismissed Nov. 3, Dept. 5'.",
            code="why_missing",
        )
    report = context.report(slug)
    release = report.dossier.release
    if not context.store.read.rows(
        "SELECT 1 AS found FROM deliveries WHERE slug = :slug AND first_sent_at IS NOT NULL LIMIT 1", {"slug": slug}
    ):
        raise NotPermitted(
            f"{slug} is not out, so no outcome is owed. Nothing was recorded.",
            hint=f"To see its status: `pressrelease status {slug}`.",
            code="not_out",
        )
    before = after_publication.outcome(context.store.read, slug)
    with context.ledger() as ledger:
        ledger.note("release.outcome", slug, release.version, outcome=outcome.value, by=context.actor, why=why)
        at = format_utc(ledger.now)
    return Recorded(slug, outcome, before, at, tuple(next_steps(outcome, slug)))
