"""`publish`, `publish-due`, `run`, `retry`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import (
    ConfirmOption,
    OutletOption,
    SlugArgument,
    SlugsArgument,
    WhyOption,
    YesOption,
    command,
)
from pressrelease.cli.session import Session
from pressrelease.errors import NOTHING_SENT, NeedsPerson, PressReleaseError, Stopped, WillRetry
from pressrelease.status.causes import ADVICE, Cause
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.publishing.plan import Waiting
    from pressrelease.scheduler.passes import Outcome
    from pressrelease.services import ServiceContext

app = typer.Typer()

#: How many of the releases that wait for one and the same thing are named.
NAMED = 5


@command(app, "publish", dry_run=True)
def publish(
    session: Session,
    slug: SlugArgument,
    early: Annotated[
        bool, typer.Option("--early", help="Send it before its embargo ends. Needs --why. It can't be taken back.")
    ] = False,
    why: WhyOption = "",
    confirm: ConfirmOption = None,
    yes: YesOption = False,
) -> None:
    """Send a release now, if its time has come. With --early, before its time.

    \b
    pressrelease publish names-released
    pressrelease publish names-released --early --why "It leaked"
    """
    from pressrelease.cli.reporting import give_reports
    from pressrelease.errors import NotPermitted, Usage
    from pressrelease.services import scheduling, sending

    context = session.context(sends=True)
    if early and not why.strip():
        raise Usage("Publishing early needs a reason.", hint='Add --why "…"')
    if not context.store.exists or context.store.read.release(slug) is None:
        proposal = scheduling.propose(context, slug, "immediate" if early else None)
        if proposal.lift is not None and not early:
            raise NotPermitted(
                f"{slug} is under an embargo ({proposal.embargo.text}).",
                outcome=NOTHING_SENT,
                hint=f"To send it at its time: `pressrelease schedule {slug}`",
                code="embargo",
            )
        changed = " ".join([proposal.earlier, *(one.words for one in proposal.grown)]).strip()
        session.must_agree(
            f"{changed} This sends {slug} to {_where(proposal.recipients)} now.".strip(),
            yes=(yes and not changed) or confirm == slug,
            hint=f"Add --confirm {slug}." if changed else "Add --yes.",
        )
        scheduling.schedule(context, proposal)
        if session.dry_run and context.config.policy.approvals:
            raise NotPermitted(
                f"{slug} would be scheduled and wait for approval. Nothing would be sent. Nothing was changed.",
                hint=f"`pressrelease schedule {slug}`, then `pressrelease approve {slug}`",
                code="not_approved",
            )
        if session.dry_run:
            give_reports(session, context, [slug], "")
            return
    report = sending.may_publish(context, slug, early=early)
    lift = report.dossier.release.lift
    if early and (lift is None or lift > clock.utc_now()):
        session.must_type(slug, f"This sends {slug} BEFORE its embargo ends. It can't be undone.", confirmed=confirm)
    sending.release_now(context, slug, early=early, why=why)
    if session.dry_run:
        give_reports(session, context, [slug], "")
        return
    outcome = _pass(session, context, only={slug}, comes_again=False)
    give_reports(session, context, [slug], "Sent." if slug in outcome.published else "")
    if (found := _what_stands(outcome, only={slug})) is not None:
        raise found[1]


@command(app, "publish-due", dry_run=True)
def publish_due_command(
    session: Session,
) -> None:
    """Send everything that is due, once, and exit. Run it from cron every minute. It prints only what is new.

    It is safe to run beside `pressrelease run` and beside itself: each delivery is sent by one of them.

    \b
    pressrelease publish-due
    """
    from pressrelease.notifications.notifier import notifier_for_pass
    from pressrelease.publishing.snapshot import take_snapshot
    from pressrelease.services.reminding import is_news
    from pressrelease.status.views import maybe_rfc3339

    context = session.context(sends=True)
    if session.dry_run:
        due = take_snapshot(context.store, context.library, context.config).due if context.store.exists else ()
        slugs = list(dict.fromkeys(delivery.slug for delivery in due))
        session.give({"dry_run": True, "due": slugs})
        session.say(f"Due now: {', '.join(slugs)}." if slugs else "Nothing is due.")
        return
    with notifier_for_pass(context.workspace) as notifier:
        # A person who types it once, to see something go out, will not repeat it; cron has no terminal.
        by_cron = not (sys.stdin.isatty() or sys.stdout.isatty())
        outcome = _pass(session, context, comes_again=by_cron)
        notifier.after(context.workspace, outcome.seen)
    session.give(
        {
            "at": maybe_rfc3339(outcome.at),
            "published": list(outcome.published),
            "withdrawn": list(outcome.withdrawn),
            "publishing": list(outcome.publishing),
            "needs_you": [
                {"slug": waiting.slug, "reason": waiting.reason, "cause": waiting.cause.value}
                for waiting in outcome.needs_you
            ],
        }
    )
    for words in outcome.moved:
        session.say(f"{words}.")
    if originals := [slug for slug in outcome.published if slug not in outcome.corrected]:
        session.say(f"Published: {', '.join(originals)}.")
    if outcome.corrected:
        session.say(f"Corrected: {', '.join(outcome.corrected)}.")
    if outcome.withdrawn:
        session.say(f"Withdrawn everywhere: {', '.join(outcome.withdrawn)}.")
    found = _what_stands(outcome) or _clock_doubt(context, outcome)
    facts, error = found if found is not None else ((), None)
    private = context.workspace.private
    if by_cron and private.is_dir() and not is_news(private, facts, outcome.at) and error and not session.as_json:
        raise typer.Exit(error.exit_code)  # said already; cron would mail it every minute
    if error is not None:
        raise error


def _pass(session: Session, context: ServiceContext, only: set[str] | None = None, *, comes_again: bool) -> Outcome:
    """One pass; somebody who waits for it at a terminal sees how far it has come."""
    from pressrelease.scheduler.passes import publish_due

    if session.as_json or not sys.stdout.isatty():
        return publish_due(context.workspace, only, comes_again=comes_again)
    from pressrelease.cli.terminal import console, sending_bar

    with sending_bar(console()) as tell:
        return publish_due(context.workspace, only, tell, comes_again=comes_again)


def _what_stands(outcome: Outcome, only: set[str] | None = None) -> tuple[tuple[str, ...], PressReleaseError] | None:
    """What a person, or another try, must still see to: as facts, which a later pass may find again, and as an error
    with its exit code, in one paragraph of words."""
    waiting = [waiting for waiting in outcome.needs_you if only is None or waiting.slug in only]
    if outcome.stopped is not None:
        stopped = Stopped(f"Nothing goes out: {outcome.stopped}.", hint="`pressrelease status` shows how to end that.")
        return (f"stopped {outcome.stopped}",), stopped
    if waiting:
        # Its name was typed where `only` it is asked for; else cron's mail may be read by others.
        words = "\n".join(_needs(waiting, by_name=only is not None))
        refusal = next((found for one in waiting if (found := ADVICE[one.cause].refusal)), NeedsPerson)
        facts = tuple(" ".join([one.cause.value, one.slug, *one.outlets]) for one in waiting)
        return facts, refusal(words, hint="`pressrelease status` shows what to do.")
    if retrying := [one for one in outcome.retrying if only is None or one.slug in only]:
        words = "\n".join(f"{one.slug}: {one.reason}" for one in retrying)
        facts = tuple(" ".join([one.cause.value, one.slug, *one.outlets]) for one in retrying)
        return facts, WillRetry(words, hint="What was not sent is tried again automatically.")
    return None


def _clock_doubt(context: ServiceContext, outcome: Outcome) -> tuple[tuple[str, ...], PressReleaseError] | None:
    """A clock that is behind lets nothing fall due, so that no release would say that its lift was missed."""
    doubt = outcome.seen.clock_doubt if outcome.seen is not None else None
    if not doubt or not context.store.read.open_releases():
        return None
    words = f"{doubt[0].upper()}{doubt[1:]}. Nothing goes out until someone checks it."
    error = NeedsPerson(words, hint="`pressrelease doctor` says what to do.")
    return (Cause.CLOCK_IN_DOUBT.value,), error


def _needs(waiting: Sequence[Waiting], *, by_name: bool) -> list[str]:
    """Who needs a person, and why; what waits for one closed outlet in one sentence, since one fix is for them all."""
    from pressrelease.notifications.notice import in_logs

    names = {one.slug: (one.slug, one.reason) if by_name else in_logs(one) for one in waiting}
    lines = [
        f"ACTION NEEDED: {names[one.slug][0]}: {names[one.slug][1]}." for one in waiting if not one.waits_for_outlets
    ]
    for outlets in dict.fromkeys(one.outlets for one in waiting if one.waits_for_outlets):
        those = [one for one in waiting if one.waits_for_outlets and one.outlets == outlets]
        more = f" and {len(those) - NAMED} more" if len(those) > NAMED else ""
        named = f"{', '.join(names[one.slug][0] for one in those[:NAMED])}{more}"
        lines.append(f"ACTION NEEDED: {named}: {those[0].reason}.")
    return lines


@command(app, "run", as_json=False)
def run(
    session: Session,
) -> None:
    """Run the scheduler: keep running and send each release at its time.

    Ctrl-C or SIGTERM ends it, after what is being sent has been sent.

    \b
    pressrelease run
    """
    from pressrelease.scheduler.run import Scheduler

    context = session.context(sends=True)
    daemon = Scheduler(context.workspace, session.warn)
    daemon.end_on_signals()
    daemon.run()


@command(app, "retry", dry_run=True)
def retry(
    session: Session,
    slugs: SlugsArgument,
    outlet: OutletOption = None,
) -> None:
    """Try failed deliveries again at the next pass, to the same recipients.

    \b
    pressrelease retry names-released
    pressrelease retry names-released --outlet media
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.services import sending
    from pressrelease.services.results import each

    context = session.context()
    results = each(slugs, lambda slug: sending.retry(context, slug, outlet))
    give_results(session, context, results, "Will be tried again within a minute.", not_done="NOT TRIED AGAIN")


def _where(recipients: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(
        name if people == ("",) else f"{name} ({len(people)} recipients)" for name, people in recipients.items()
    )
