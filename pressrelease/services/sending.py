"""Publish now, and try again."""

from __future__ import annotations

from pressrelease.errors import NOTHING_SENT, NeedsPerson, NotFound, NotPermitted, Stopped
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.services import Report, ServiceContext
from pressrelease.services.lifts import has_no_time
from pressrelease.status.causes import Cause
from pressrelease.status.clearances import open_at, who_words
from pressrelease.status.dossier import Directive
from pressrelease.status.evaluation import ReleaseState
from pressrelease.system import clock
from pressrelease.when import rfc3339, say_full


def may_publish(context: ServiceContext, slug: str, *, early: bool) -> Report:
    """Check that a scheduled release may go out now; raise the error that says why not. Return its report."""
    control = context.store.control() if context.store.exists else None
    if control is not None and control.stopped:
        raise Stopped(
            f"{control.why_stopped[0].upper()}{control.why_stopped[1:]}. {slug} was not published.",
            hint=f"To start publishing again: `{control.way_out}`.",
        )
    report = context.report(slug)
    release, status = report.dossier.release, report.status
    lifted = release.lift is not None and release.lift <= clock.utc_now()
    if status.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}:
        raise NotPermitted(
            f"{slug} is {status.state.sentence} already. Nothing was sent again.", code="already_published"
        )
    if status.state is ReleaseState.UNAPPROVED:
        raise NotPermitted(
            f"{slug} was not published: {status.reason}.",
            hint=f"`pressrelease approve {slug}`",
            code="not_approved",
        )
    if release.waits_for_event:
        raise has_no_time(slug, release.embargo)
    if status.blocked and status.cause is not Cause.MISSED:
        raise NeedsPerson(
            f"{slug} was not published: {status.reason}.",
            hint=f"`pressrelease status {slug}` shows what to do.",
            code=status.state.value,
        )
    if not lifted and early and (left := open_at(report.dossier.clearances, clock.utc_now())):
        raise NotPermitted(
            f"{slug} was not published: it lacks {who_words(left)}.",
            hint=f"`pressrelease clear --all {slug}`",
            code="not_cleared",
        )
    if not lifted and not early:
        moment = say_full(release.lift, timezone=context.config.office.timezone) if release.lift else "its approval"
        raise NotPermitted(
            f"{slug} is under embargo until {moment}.",
            outcome=NOTHING_SENT,
            hint=f"It goes out by itself then. Only if it has to go out now: `pressrelease publish {slug} --early"
            " --why …`.",
            code="embargo",
        )
    if early and not lifted and context.config.policy.allowed_signers and release.lift is not None:
        raise NotPermitted(
            f"The approvals of {slug} are signed for {say_full(release.lift, timezone=context.config.office.timezone)}"
            " and don't count for an earlier time.",
            outcome=NOTHING_SENT,
            hint=f"Write the earlier time into releases/{slug}.md, then schedule and approve it again.",
            code="signed_for_later",
        )
    return report


def release_now(context: ServiceContext, slug: str, *, early: bool, why: str) -> None:
    """Make a scheduled release due at this moment: earlier than its lift by a person's decision, or however late."""
    from pressrelease.store import lifts

    report = may_publish(context, slug, early=early)
    release = report.dossier.release
    now = clock.utc_now()
    with context.ledger(now) as ledger:
        if release.lift is None or release.lift > now:
            embargo = rfc3339(release.lift) if release.lift else None
            ledger.note("release.early", slug, release.version, why=why, embargo=embargo)
            lifts.move_lift(ledger, release, now, why=why)
        elif now - release.lift > context.config.policy.max_late:
            lifts.accept_late(ledger, release)


def retry(context: ServiceContext, slug: str, outlet: str | None = None) -> tuple[Delivery, ...]:
    """Have failed deliveries tried again at the next pass, and open an outlet that was closed over its credentials."""
    from pressrelease.store import lifts, settling
    from pressrelease.store.circuit import closed_outlets, open_outlet_again

    dossier = context.report(slug).dossier
    waits = {one.outlet for one in dossier.deliveries if one.is_open or one.state is DeliveryState.FAILED}
    closed = waits & set(closed_outlets(context.store.read)) & ({outlet} if outlet is not None else waits)
    failed = any(one.state is DeliveryState.FAILED and outlet in (None, one.outlet) for one in dossier.deliveries)
    # If nothing of it failed, it may still wait for a closed outlet, and that is tried again.
    chosen = () if closed and not failed else choose(context, slug, outlet, {DeliveryState.FAILED}, "failed")
    with context.ledger() as ledger:
        if dossier.release.word is not Directive.KILLED:
            lifts.accept_late(ledger, dossier.release)
        settling.try_again(ledger, chosen)
        for name in sorted(closed):
            open_outlet_again(ledger, name, why=f"somebody asked to retry {slug}")
    return chosen


def choose(
    context: ServiceContext, slug: str, outlet: str | None, states: set[DeliveryState], word: str
) -> tuple[Delivery, ...]:
    """Return a release's deliveries in those states, at `outlet` or at all. Raises NotFound if there are none."""
    dossier = context.report(slug).dossier
    names = sorted({delivery.outlet for delivery in dossier.deliveries})
    if outlet is not None and outlet not in names:
        raise NotFound(
            f"{slug} does not go to the outlet {outlet}.",
            hint=f"It goes to {', '.join(names)}.",
            code="no_such_outlet",
            candidates=names,
        )
    chosen = tuple(
        delivery for delivery in dossier.deliveries if delivery.state in states and outlet in (None, delivery.outlet)
    )
    if not chosen:
        doubtful = [
            one.outlet for one in dossier.deliveries if one.state is DeliveryState.IN_DOUBT and one.needs_person
        ]
        settling = (
            f" To settle what is in doubt: `pressrelease settle {slug} --outlet {doubtful[0]}`." if doubtful else ""
        )
        raise NotFound(
            f"Nothing of {slug} is {word}{f' at {outlet}' if outlet else ''}.",
            hint=f"To see its status: `pressrelease status {slug}`.{settling}",
            code="nothing_to_do",
        )
    return chosen
