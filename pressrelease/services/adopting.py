"""A workspace that was found to be a copy, or to hold an older record, made the one to go on with."""

from __future__ import annotations

from dataclasses import dataclass

from pressrelease.errors import NotFound, NotPermitted, Stopped
from pressrelease.services import Desk
from pressrelease.services.keeping import verify
from pressrelease.system import clock


@dataclass(frozen=True)
class Adopted:
    """What was found, and the releases that may have gone out from the other record since."""

    found: str
    doubted: tuple[str, ...]


def adopt(desk: Desk, why: str = "") -> Adopted:
    """Make this workspace the original from now on: stopped, and what may have gone out elsewhere in doubt.

    A scheduler may be running here: it sends nothing before, and it stays stopped after.
    Raises NotFound where nothing is on record, NotPermitted where it is the original already.
    """
    from pressrelease.store.backup import start_stopped

    if not desk.store.exists:
        raise NotFound("Nothing has been recorded here yet, so there is nothing to adopt.", code="nothing_recorded")
    now = clock.utc_now()
    desk.store.open(now)
    found = desk.store.read.control()
    if not found.not_the_original:
        raise NotPermitted(
            "This workspace is the original already. Nothing was changed.",
            hint="`pressrelease status` shows what is waiting, and why.",
            code="not_a_copy",
        )
    head = verify(desk.store.read).walk.head
    with desk.ledger(now) as ledger:
        standing = start_stopped(
            ledger,
            by=desk.actor,
            event="adopted",
            why=why or found.not_the_original,
            copied_at=found.newest or now,
            head=head,
            approvals_needed=desk.config.policy.approvals,
        )
    if not desk.dry_run:
        desk.store.adopted()
    return Adopted(found.not_the_original, standing.doubted)


def must_be_the_original(desk: Desk) -> None:
    """Refuse to let anything go from a copy. Raises Stopped."""
    if desk.store.exists and (found := desk.store.read.control().not_the_original):
        raise Stopped(
            f"Nothing was resumed: {found}.",
            hint="If this is the one to go on with, and no other is running: `pressrelease adopt`, then resume.",
            code="not_the_original",
        )
