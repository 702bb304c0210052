"""Lift a release that waits for an event: a person says that the event has happened."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pressrelease.errors import EmbargoRefused, NeedsPerson, NotPermitted, Stopped
from pressrelease.publishing.signatures import approved, may_lift
from pressrelease.services import Report, ServiceContext
from pressrelease.services.approving import must_be_as_scheduled, must_trust_clock
from pressrelease.status.clearances import open_at, who_words
from pressrelease.status.evaluation import ReleaseState
from pressrelease.system import clock
from pressrelease.when import say_full


def ready(context: ServiceContext, slug: str, by: str) -> Report:
    """Check that `by` may lift a release now. Return its report.

    Raises: Stopped, NotPermitted, NeedsPerson or EmbargoRefused with the reason.
    """
    report = context.report(slug)
    release, status, now = report.dossier.release, report.status, clock.utc_now()
    control = context.store.control()
    if control.stopped:
        raise Stopped(
            f"{control.why_stopped[0].upper()}{control.why_stopped[1:]}. {slug} was not lifted.",
            hint=f"To start publishing again: `{control.way_out}`.",
        )
    if not may_lift(by, context.config.policy):
        raise NotPermitted(
            f"{by} can't lift {slug}. The lifters in config.toml are {', '.join(context.config.policy.lifters)}.",
            hint="Ask one of them.",
            code="not_a_lifter",
        )
    if status.state is ReleaseState.KILLED or not release.waits_for_event:
        state = f"{slug} is {status.state.sentence}" + (f" ({status.reason})" if status.reason else "")
        raise NotPermitted(f"{state}. It waits for no event. Nothing was changed.", code="no_event")
    must_be_as_scheduled(report, "Nothing was changed.")
    must_trust_clock(context, f"{slug} was not lifted, and nothing was sent.")
    if status.state is ReleaseState.UNAPPROVED:
        raise NotPermitted(
            f"{slug} was not lifted: {status.reason}.", hint=f"`pressrelease approve {slug}`", code="not_approved"
        )
    if left := open_at(report.dossier.clearances, now):
        raise NotPermitted(
            f"{slug} was not lifted: it lacks {who_words(left)}.",
            hint=f"`pressrelease clear --all {slug}`",
            code="not_cleared",
        )
    if release.embargo.not_before is not None and now < release.embargo.not_before:
        first = say_full(release.embargo.not_before, timezone=release.embargo.timezone, now=now)
        raise NotPermitted(f"{slug} can't be lifted before {first}. Nothing was changed.", code="before_embargo")
    if release.embargo.no_later_than is not None and now >= release.embargo.no_later_than:
        last = say_full(release.embargo.no_later_than, timezone=release.embargo.timezone, now=now)
        raise EmbargoRefused(
            f"{slug} could be lifted until {last}. Nothing was changed.",
            hint=f"Change `no_later_than` in the file, then `pressrelease schedule {slug}`.",
            code="after_window",
        )
    if status.state is not ReleaseState.ARMED:
        raise NeedsPerson(
            f"{slug} was not lifted: {status.reason}.",
            hint=f"`pressrelease status {slug}` shows what to do.",
            code=status.state.value,
        )
    return report


def lift(
    context: ServiceContext, slug: str, by: str, *, why: str = "", key: str = "", may_ask: bool = False
) -> tuple[str, ...]:
    """Let a release go out now, because its event has happened. Return the alternates that are called off for good."""
    from pressrelease.store import event_lifts

    dossier = ready(context, slug, by).dossier
    now = clock.utc_now()
    signature = _signature(context, dossier.release.slug, by, now, key, may_ask=may_ask)
    with context.ledger(now) as ledger:
        return event_lifts.lift(
            ledger,
            slug,
            dossier.release.version,
            by,
            policy=context.config.policy,
            why=why,
            signature=signature,
            uncounted={approval.by for approval in dossier.approvals if approval.doubt},
        )


def _signature(context: ServiceContext, slug: str, by: str, at: datetime, key: str, *, may_ask: bool) -> str:
    signers = context.config.policy.allowed_signers
    release = context.store.read.release(slug)
    if not signers or release is None:
        return ""
    from pressrelease.signing import sign, why_not_vouched
    from pressrelease.signing.lifts import lift_statement

    statement = lift_statement(approved(context.store, release), by, at)
    signature = sign(statement, key, may_ask=may_ask)
    if doubt := why_not_vouched(statement, signature, Path(signers)):
        raise NotPermitted(
            f"The signature would not count as {by}'s: {doubt}. Nothing was changed.",
            hint=f"{Path(signers).name} must have the key on a line that begins with {by}.",
            code="not_an_allowed_signer",
        )
    return signature
