"""Releases that wait for an event: a person lifts one, and calls its alternates off for good in the same transaction.

One row for each group names the version that was lifted, and its release. The claim asks for it in its own statement,
so no race lets two alternates out, on one machine or several.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, insert, null, select, update

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store.commands import load_for_update
from pressrelease.store.ledger import Ledger
from pressrelease.store.lifts import move_lift
from pressrelease.store.rows import scheduled_of
from pressrelease.store.tables import deliveries, event_lifts, releases


def lifted() -> ColumnElement[bool]:
    """Return the SQL for "a person has lifted exactly this version", over a row of `releases`."""
    return (
        select(event_lifts.c.slug)
        .where(
            event_lifts.c.event_group == releases.c.event_group,
            event_lifts.c.slug == releases.c.slug,
            event_lifts.c.version == releases.c.version,
        )
        .exists()
    )


def lift(
    ledger: Ledger,
    slug: str,
    version: str,
    by: str,
    *,
    policy: Policy,
    why: str = "",
    signature: str = "",
    uncounted: Collection[str] = (),
) -> tuple[str, ...]:
    """Record that the event of a release has happened: it lifts now. Return the alternates that are called off.

    `uncounted` names the people whose approval does not count because its signature can't be verified.

    Raises: NotPermitted if another version is scheduled by now, it is not approved or on hold, it was lifted already,
    or one of its alternates was.
    """
    dossier = load_for_update(ledger, slug)
    release = dossier.release
    if release.version != version:
        raise NotPermitted(f"{slug} was scheduled again in the meantime. Nothing was changed.", code="version_changed")
    must_not_be_dismissed(release)
    given = [one for one in dossier.approvals if one.by not in uncounted]
    if release.word is not Directive.SCHEDULED or counted_approvals(given, policy, release.makers) < policy.approvals:
        raise NotPermitted(f"{slug} is on hold or not approved by now. Nothing was changed.", code="not_approved")
    if not release.waits_for_event:
        raise NotPermitted(f"{slug} does not wait for an event. Nothing was changed.", code="no_event")
    must_not_be_excluded(ledger, release)
    row = {"slug": slug, "version": version, "by": by, "at": ledger.micros, "signature": signature or None}
    of_group = event_lifts.c.event_group == release.event_group
    if not ledger.connection.execute(update(event_lifts).where(of_group).values(**row)).rowcount:
        ledger.connection.execute(insert(event_lifts).values(event_group=release.event_group, **row))
    signed = {"signed": True} if signature else {}
    ledger.note("release.lifted", slug, version, event=release.embargo.text, by=by, why=why, **signed)
    move_lift(ledger, release, ledger.now, why)
    return _call_off(ledger, release, by)


def _call_off(ledger: Ledger, lifted_one: Scheduled, by: str) -> tuple[str, ...]:
    others = ledger.rows(
        select(releases)
        .where(
            releases.c.event_group == lifted_one.event_group,
            releases.c.slug != lifted_one.slug,
            releases.c.word.not_in([Directive.DISMISSED.value, Directive.KILLED.value]),
        )
        .order_by(releases.c.slug)
        .with_for_update()
    )
    for other in map(scheduled_of, others):
        ledger.connection.execute(
            update(releases)
            .where(releases.c.slug == other.slug)
            .values(
                word=Directive.DISMISSED.value,
                word_by=by,
                word_at=ledger.micros,
                why=f"{lifted_one.slug} was lifted instead",
                open=False,
                changed_at=ledger.micros,
            )
        )
        ledger.connection.execute(
            update(deliveries)
            .where(deliveries.c.slug == other.slug, deliveries.c.state == DeliveryState.WAITING.value)
            .values(state=DeliveryState.CANCELED.value, next_try=null())
        )
        ledger.note("release.dismissed", other.slug, other.version, lifted=lifted_one.slug, by=by)
    return tuple(str(row["slug"]) for row in others)


def must_not_be_excluded(ledger: Ledger, release: Scheduled) -> None:
    """Check that no other release of its group was lifted, nor it called off for good. Raises NotPermitted."""
    for row in ledger.rows(select(releases).where(releases.c.slug == release.slug)):
        must_not_be_dismissed(scheduled_of(row))
    if not release.event_group:
        return
    found = ledger.rows(select(event_lifts).where(event_lifts.c.event_group == release.event_group).with_for_update())
    if found and found[0]["slug"] != release.slug:
        raise NotPermitted(
            f"{found[0]['slug']} was lifted, and {release.slug} is an alternate of it. Nothing was changed.",
            hint="Only one of a group goes out. For another case, write another name in `alternates`.",
            code="dismissed",
        )


def must_be_lifted_again(ledger: Ledger, slug: str) -> None:
    """Forget that a release was lifted: it was scheduled again. Its alternates stay called off."""
    ledger.connection.execute(
        update(event_lifts).where(event_lifts.c.slug == slug).values(version="", signature=null())
    )


def must_not_be_dismissed(release: Scheduled) -> None:
    """Check that a release was not called off or withdrawn for good. Raises NotPermitted."""
    if release.word is Directive.KILLED:
        raise NotPermitted(
            f"{release.slug} was withdrawn for good ({release.why}). Nothing was changed.",
            hint="If its text must go out after all, write it as a new release.",
            code="killed",
        )
    if release.word is Directive.DISMISSED:
        raise NotPermitted(
            f"{release.slug} was called off for good: {release.why}. Nothing was changed.",
            hint="If its text must go out after all, write it as a new release.",
            code="dismissed",
        )
