"""What tests do with a store by hand: schedule and approve a release, claim what may be claimed, look at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from conftest import NOW

from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import Delivery
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.store import Store, claims, freezing
from pressrelease.store.approvals import approve
from pressrelease.when.embargo import Embargo, EmbargoKind

LIFT = NOW + timedelta(days=3)
AFTER = LIFT + timedelta(seconds=1)
LEASE = timedelta(minutes=3)


def put(
    store: Store,
    slug: str = "names-released",
    *,
    lift: datetime | None = LIFT,
    version: str = "v1",
    recipients: dict[str, tuple[str, ...]] | None = None,
    approvals: int = 1,
) -> Scheduled:
    """Schedule a release, approved by `approvals` people."""
    recipients = recipients or {"newsroom": ("",)}
    release = Scheduled(
        slug=slug,
        version=version,
        headline="Names released",
        embargo=Embargo("Monday at 9", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=lift, lift=lift),
        lift=lift,
        outlets=tuple(recipients),
        author="jdoe",
        source_hash="f" * 64,
        word=Directive.SCHEDULED,
        word_by="jdoe",
        word_at=NOW,
    )
    frozen = freezing.Frozen(canonical=b"{}", lift=lift, attachments={"a.pdf": b"PDF"}, hashes={"a.pdf": "0" * 64})
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        freezing.schedule(ledger, release, frozen, recipients)
        for number in range(approvals):
            approve(ledger, slug, version, f"person-{number}", policy=Policy(approvals=approvals))
    return release


def take(store: Store, owner: str = "one", *, now: datetime = AFTER, needed: int = 1) -> list[Delivery]:
    """Claim everything that may be claimed."""
    ids = [row["id"] for row in store.read.rows("SELECT id FROM deliveries ORDER BY id")]
    with store.ledger(now=now, actor="scheduler") as ledger:
        return claims.claim(
            ledger, ids, owner=owner, lease_until=now + LEASE, policy=Policy(approvals=needed), retry=Retry()
        )


def only(store: Store, slug: str = "names-released") -> Delivery:
    """The one delivery of a release."""
    release = store.read.release(slug)
    assert release is not None
    (delivery,) = store.read.dossiers([release])[0].deliveries
    return delivery


def events(store: Store) -> list[str]:
    return [line.event for line in store.read.journal()]


def sqlite_store(folder: Path) -> Store:
    return Store("sqlite:///.pressrelease/state.db", folder)
