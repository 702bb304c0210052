"""Write approvals: given, taken back, or withdrawn with the version that they were for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, insert, update

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted
from pressrelease.status.dossier import Approval, same_person
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store.commands import load_for_update, must_not_have_begun
from pressrelease.store.event_lifts import must_not_be_dismissed
from pressrelease.store.ledger import Ledger
from pressrelease.store.lifts import move_lift
from pressrelease.store.records import FROZEN, frozen_of
from pressrelease.store.tables import approvals

_WITHDRAWN = (
    update(approvals)
    .where(approvals.c.slug == bindparam("of_slug"), approvals.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("at_micros"))
)


def approve(
    ledger: Ledger,
    slug: str,
    version: str,
    by: str,
    *,
    policy: Policy,
    shown_lift: datetime | None = None,
    signature: str = "",
    uncounted: Collection[str] = (),
) -> None:
    """Record one person's approval of exactly `version`.

    A second approval by the same person changes nothing, unless it is signed. `uncounted` names the people whose
    earlier approval does not count because its signature can't be verified. If this was the last approval that `policy`
    requires of an `immediate` release, it lifts at this moment.

    Raises: NotPermitted if another version is scheduled by now, or if its lift is no longer `shown_lift` (unless None).
    """
    dossier = load_for_update(ledger, slug)
    if dossier.release.version != version:
        raise NotPermitted(
            f"{slug} was scheduled again in the meantime. What you read is not what would go"
            " out. Nothing was approved.",
            hint=f"Read it again (`pressrelease proof {slug}`), then approve it.",
            code="version_changed",
        )
    if shown_lift is not None and dossier.release.lift != shown_lift:
        raise NotPermitted(
            f"The release time of {slug} was changed in the meantime. Nothing was approved.",
            hint=f"To see it and approve it: `pressrelease approve {slug}`.",
            code="lift_changed",
        )
    person = same_person(by)
    if signature:
        ledger.connection.execute(
            update(approvals)
            .where(approvals.c.slug == slug, approvals.c.person == person, approvals.c.withdrawn_at.is_(None))
            .values(withdrawn_at=ledger.micros)
        )
    if signature or person not in {same_person(approval.by) for approval in dossier.approvals}:
        ledger.connection.execute(
            insert(approvals),
            {
                "slug": slug,
                "version": version,
                "by": by,
                "at": ledger.micros,
                "signature": signature or None,
                "person": person,
                "own": person in dossier.release.makers,
            },
        )
        ledger.note("release.approved", slug, version, by=by, **({"signed": True} if signature else {}))
    given = [*(one for one in dossier.approvals if one.by not in uncounted), Approval(by, ledger.now)]
    enough = counted_approvals(given, policy, dossier.release.makers) >= policy.approvals
    if enough and dossier.release.lift is None and not dossier.release.event_group:
        move_lift(ledger, dossier.release, ledger.now)


def unapprove(ledger: Ledger, slug: str, why: str = "") -> int:
    """Withdraw every approval of the scheduled version; return their number. Raises NotPermitted once started."""
    dossier = load_for_update(ledger, slug)
    must_not_be_dismissed(dossier.release)
    must_not_have_begun(dossier, "its approval can't be taken back", f"To stop the rest: `pressrelease hold {slug}`.")
    if not dossier.approvals:
        raise NotPermitted(f"{slug} has no approval to take back. Nothing was changed.", code="not_approved")
    withdrawn = withdraw_approvals(ledger, slug)
    (row,) = ledger.ask(FROZEN, {"slug": slug, "version": dossier.release.version})
    if frozen_of(row).lift is None:
        # It lifts with its last approval, which was just withdrawn.
        move_lift(ledger, dossier.release, None)
    ledger.note("release.unapproved", slug, dossier.release.version, withdrawn=withdrawn, why=why)
    return withdrawn


def withdraw_approvals(ledger: Ledger, slug: str) -> int:
    return ledger.connection.execute(_WITHDRAWN, {"of_slug": slug, "at_micros": ledger.micros}).rowcount
