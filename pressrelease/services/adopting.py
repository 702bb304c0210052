"""Make a workspace that was found to be a copy, or to hold an older record, the one to go on with."""

from __future__ import annotations

from dataclasses import dataclass

from pressrelease.errors import NotFound, NotPermitted, Stopped
from pressrelease.services import ServiceContext
from pressrelease.services.keeping import verify
from pressrelease.system import clock


@dataclass(frozen=True)
class Adopted:
    """What was found, and the releases that may have gone out from the other record since."""

    found: str
    doubted: tuple[str, ...]


def adopt(context: ServiceContext, why: str = "") -> Adopted:
    """Make this workspace the original from now on: stopped, and what may have gone out elsewhere in doubt.

    A scheduler may be running here: it sent nothing before, and stays stopped after.

    Raises: NotFound if nothing is on record, NotPermitted if it is the original already.
    """
    from pressrelease.store.backup import start_stopped

    if not context.store.exists:
        raise NotFound("Nothing has been scheduled here yet, so there is nothing to adopt.", code="nothing_recorded")
    now = clock.utc_now()
    context.store.open(now)
    found = context.store.read.control()
    if not found.not_the_original:
        raise NotPermitted(
            "This workspace is already the original. Nothing was changed.",
            hint="To see what is waiting, and why: `pressrelease status`.",
            code="not_a_copy",
        )
    head = verify(context.store.read).walk.head
    with context.ledger(now) as ledger:
        outcome = start_stopped(
            ledger,
            by=context.actor,
            event="adopted",
            why=why or found.not_the_original,
            copied_at=found.newest or now,
            head=head,
            approvals_needed=context.config.policy.approvals,
        )
    if not context.dry_run:
        context.store.adopted()
    return Adopted(found.not_the_original, outcome.doubted)


def must_be_the_original(context: ServiceContext) -> None:
    """Refuse to let anything go from a copy. Raises Stopped."""
    if context.store.exists and (found := context.store.read.control().not_the_original):
        raise Stopped(
            f"Nothing was resumed: {found}.",
            hint="If this is the workspace to continue with, and no other one is running: `pressrelease adopt`,"
            " then resume.",
            code="not_the_original",
        )
