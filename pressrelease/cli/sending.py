"""`publish`, `publish-due`, `run`, `retry`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pressrelease import clock
from pressrelease.cause import ADVICE
from pressrelease.cli.options import (
    ConfirmOption,
    DryRunOption,
    JsonOption,
    NoInputOption,
    OutletOption,
    SlugArgument,
    SlugsArgument,
    WhyOption,
    WorkspaceOption,
    YesOption,
)
from pressrelease.cli.session import Session
from pressrelease.errors import NeedsPerson, PressReleaseError, Stopped, WillRetry

if TYPE_CHECKING:
    from pressrelease.desk import Desk
    from pressrelease.passes import Outcome
    from pressrelease.plan import Waiting

app = typer.Typer()

#: How many of the releases that wait for one and the same thing are named.
NAMED = 5


@app.command("publish")
def publish(
    slug: SlugArgument,
    early: Annotated[bool, typer.Option("--early", help="Before its lift. It can't be called back.")] = False,
    why: WhyOption = "",
    confirm: ConfirmOption = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Send a release now: one whose lift has come, or, with --early, before that."""
    from pressrelease.cli.reporting import give_reports
    from pressrelease.desk import scheduling, sending
    from pressrelease.errors import NotPermitted, Usage

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk(sends=True)
    if early and not why.strip():
        raise Usage("Sending early needs its reason.", hint='--why "…"')
    if not desk.store.exists or desk.store.read.release(slug) is None:
        proposal = scheduling.propose(desk, slug, "immediate" if early else None)
        if proposal.lift is not None and not early:
            raise NotPermitted(
                f"{slug} is under an embargo ({proposal.embargo.text}). Nothing was sent.",
                hint=f"`pressrelease schedule {slug}` sends it at its lift.",
                code="embargo",
            )
        session.must_agree(
            f"{proposal.earlier} This sends {slug} to {_where(proposal.recipients)} now.".strip(),
            yes=(yes and not proposal.earlier) or confirm == slug,
            hint=f"Give --confirm {slug}." if proposal.earlier else "Give --yes.",
        )
        scheduling.schedule(desk, proposal)
        if dry_run and desk.config.policy.approvals:
            raise NotPermitted(
                f"{slug} would be scheduled, and wait for its approval; nothing would be sent. Nothing was changed.",
                hint=f"`pressrelease schedule {slug}`, then `pressrelease approve {slug}`",
                code="not_approved",
            )
        if dry_run:
            give_reports(session, desk, [slug], "")
            return
    report = sending.may_publish(desk, slug, early=early)
    lift = report.dossier.release.lift
    if early and (lift is None or lift > clock.utc_now()):
        session.must_type(slug, f"This sends {slug} before its embargo lifts, and can't be undone.", confirmed=confirm)
    sending.release_now(desk, slug, early=early, why=why)
    if dry_run:
        give_reports(session, desk, [slug], "")
        return
    outcome = _pass(session, desk, only={slug}, comes_again=False)
    give_reports(session, desk, [slug], "Sent." if slug in outcome.published else "")
    _raise_what_stands(outcome, only={slug})


@app.command("publish-due")
def publish_due_command(
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Send everything whose lift has come, once; for cron, every minute. Silent where nothing happened.

    Safe beside `run` and beside itself: each delivery is sent by one of them.
    """
    from pressrelease.gather import look
    from pressrelease.telling import told_after
    from pressrelease.views import maybe_rfc3339

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk(sends=True)
    if dry_run:
        due = look(desk.store, desk.library, desk.config).plan.due if desk.store.exists else ()
        slugs = list(dict.fromkeys(delivery.slug for delivery in due))
        session.give({"dry_run": True, "due": slugs})
        session.say(f"Due now: {', '.join(slugs)}." if slugs else "Nothing is due.")
        return
    with told_after(desk.workspace) as telling:
        # Whoever types it once, to see something go out, will not come again; cron has no terminal.
        outcome = _pass(session, desk, comes_again=not (sys.stdin.isatty() or sys.stdout.isatty()))
        telling.after(desk.workspace, outcome.seen)
    session.give(
        {
            "at": maybe_rfc3339(outcome.at),
            "published": list(outcome.published),
            "publishing": list(outcome.publishing),
            "needs_you": [
                {"slug": waiting.slug, "reason": waiting.reason, "cause": waiting.cause.value}
                for waiting in outcome.needs_you
            ],
        }
    )
    for words in outcome.moved:
        session.say(f"{words}.")
    if outcome.published:
        session.say(f"Published: {', '.join(outcome.published)}.")
    _raise_what_stands(outcome, quiet=as_json)
    _raise_clock_doubt(desk, outcome, quiet=as_json)


def _pass(session: Session, desk: Desk, only: set[str] | None = None, *, comes_again: bool) -> Outcome:
    """One pass; somebody who waits for it at a terminal sees how far it has come."""
    from pressrelease.passes import publish_due

    if session.as_json or not sys.stdout.isatty():
        return publish_due(desk.workspace, only, comes_again=comes_again)
    from pressrelease.terminal import console, sending_bar

    with sending_bar(console()) as tell:
        return publish_due(desk.workspace, only, tell, comes_again=comes_again)


def _raise_what_stands(outcome: Outcome, only: set[str] | None = None, *, quiet: bool = False) -> None:
    """Leave with the exit code of what a person, or another try, must still see to; one paragraph of words."""
    waiting = [waiting for waiting in outcome.needs_you if only is None or waiting.slug in only]
    error: PressReleaseError | None = None
    if outcome.stopped is not None:
        error = Stopped(f"Nothing goes out: {outcome.stopped}.", hint="`pressrelease status` shows what ends that.")
    elif waiting:
        told = "\n".join(_needs(waiting))
        refusal = next((found for one in waiting if (found := ADVICE[one.cause].refusal)), NeedsPerson)
        error = refusal(told, hint="`pressrelease status` shows what to do.")
    elif retrying := [words for slug, words in outcome.retrying if only is None or slug in only]:
        error = WillRetry("\n".join(retrying), hint="What was not sent is tried again automatically.")
    if error is not None:
        _leave(error, quiet=quiet)


def _raise_clock_doubt(desk: Desk, outcome: Outcome, *, quiet: bool) -> None:
    """A clock that is behind lets nothing fall due, so that no release would say that its lift was missed."""
    doubt = outcome.seen.clock_doubt if outcome.seen is not None else None
    if doubt and desk.store.read.open_releases():
        told = f"{doubt[0].upper()}{doubt[1:]}; nothing goes out until somebody has looked."
        _leave(NeedsPerson(told, hint="`pressrelease doctor` says what to do."), quiet=quiet)


def _leave(error: PressReleaseError, *, quiet: bool) -> NoReturn:
    if quiet:
        # The answer has been given in JSON already; a second object would make it none.
        session = Session(as_json=True)
        session.warn(error.message, error.hint)
        raise typer.Exit(error.exit_code)
    raise error


def _needs(waiting: Sequence[Waiting]) -> list[str]:
    """Who needs a person, and why; what waits for one closed outlet in one sentence, since one thing mends it all."""
    lines = [f"{one.slug} needs you: {one.reason}." for one in waiting if not one.waits_for_outlets]
    for outlets in dict.fromkeys(one.outlets for one in waiting if one.waits_for_outlets):
        those = [one for one in waiting if one.waits_for_outlets and one.outlets == outlets]
        more = f" and {len(those) - NAMED} more" if len(those) > NAMED else ""
        named = f"{', '.join(one.slug for one in those[:NAMED])}{more}"
        lines.append(f"{named} need{'s' if len(those) == 1 else ''} you: {those[0].reason}.")
    return lines


@app.command("run")
def run(
    workspace: WorkspaceOption = None,
    no_input: NoInputOption = False,
) -> None:
    """Stay up and publish each release at its instant. SIGTERM or Ctrl-C finishes what is in flight first."""
    from pressrelease.daemon import Daemon

    session = Session.of(workspace, no_input=no_input)
    desk = session.desk(sends=True)
    daemon = Daemon(desk.workspace, session.warn)
    daemon.end_on_signals()
    daemon.run()


@app.command("retry")
def retry(
    slugs: SlugsArgument,
    outlet: OutletOption = None,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Try again what failed for good: at the next pass, for the same recipients."""
    from pressrelease.cli.reporting import give_results
    from pressrelease.desk import sending
    from pressrelease.desk.results import each

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk()
    results = each(slugs, lambda slug: sending.retry(desk, slug, outlet))
    give_results(session, desk, results, "Will be tried again at the next pass.", not_done="NOT TRIED AGAIN")


def _where(recipients: dict[str, tuple[str, ...]]) -> str:
    return ", ".join(
        name if people == ("",) else f"{name} ({len(people)} recipients)" for name, people in recipients.items()
    )
