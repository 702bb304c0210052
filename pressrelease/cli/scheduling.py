"""`schedule`, `approve`, `unapprove`, `unschedule`."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressrelease.cli.options import (
    AsOption,
    AtOption,
    KeyOption,
    SlugsArgument,
    YesOption,
    command,
)
from pressrelease.cli.session import Session
from pressrelease.errors import NeedsPerson

if TYPE_CHECKING:
    from pressrelease.services import Report, ServiceContext
    from pressrelease.services.scheduling import Proposal
    from pressrelease.status.dossier import Dossier

app = typer.Typer()


@command(app, "schedule", dry_run=True)
def schedule(
    session: Session,
    slugs: SlugsArgument,
    at: AtOption = None,
    yes: YesOption = False,
    confirm: Annotated[
        list[str] | None,
        typer.Option(
            "--confirm",
            metavar="OUTLET",
            help="Confirm that the list of OUTLET grew by a fifth or more. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Schedule releases: freeze the text as it is now and set the time it goes out.

    Without --at it is the time that the embargo in the file names. If you change the file later, schedule it again.

    \b
    pressrelease schedule names-released
    pressrelease schedule names-released --at "<monday>, 9 a.m."
    """
    from pressrelease.cli.reporting import give_results, proposal_lines
    from pressrelease.services import scheduling
    from pressrelease.services.results import TOGETHER, each_in_groups

    context = session.context()
    proposer = scheduling.proposing(context, at)

    def confirmed(slug: str) -> Proposal:
        proposal = proposer.propose(slug)
        session.say(*proposal_lines(proposal, context.config))
        if not session.dry_run:
            _confirm(session, proposal, at=at, yes=yes, outlets=confirm or ())
        return proposal

    # What somebody has answered for is written before the next is asked.
    at_once = 1 if session.may_ask and not yes else TOGETHER
    results = each_in_groups(
        context, slugs, confirmed, lambda ledger, one: scheduling.write(ledger, context, one), at_once=at_once
    )
    give_results(session, context, results, "Scheduled.", not_done="NOT SCHEDULED")


def _confirm(session: Session, proposal: Proposal, *, at: str | None, yes: bool, outlets: Collection[str]) -> None:
    """Ask what the proposal assumed.

    `--yes` answers, but not for a lift that moves earlier unless `--at` names it, nor for a list that grew, unless
    `--confirm` names its outlet.
    """
    grown = [one for one in proposal.grown if one.outlet not in outlets]
    if grown and (yes or not session.may_ask):
        raise NeedsPerson(
            f"{' '.join(one.words for one in grown)} Nothing was scheduled.",
            hint=f"If that is right, add {' '.join(f'--confirm {one.outlet}' for one in grown)}.",
            code="list_grew",
        )
    questions = [proposal.earlier] if proposal.earlier else []
    questions += [*proposal.questions, *(one.words for one in grown)]
    if not questions:
        return
    unnamed = bool(proposal.earlier) and at is None
    session.must_agree(
        " ".join([*questions, "Schedule it?"]),
        yes=yes and not unnamed,
        hint=f"To confirm it, name the time: `pressrelease schedule {proposal.slug} --at '{_phrase(proposal)}'`"
        if unnamed
        else "To accept it, add --yes. To pick another time, add --at 'Monday at 9 a.m.'",
    )


def _phrase(proposal: Proposal) -> str:
    """Return the proposed lift as it can be typed."""
    if proposal.lift is None:
        return "immediate"
    from zoneinfo import ZoneInfo

    from pressrelease.when.formatting import typed

    return typed(proposal.lift.astimezone(ZoneInfo(proposal.embargo.timezone)))


@command(app, "approve", dry_run=True)
def approve(
    session: Session,
    slugs: SlugsArgument,
    name: AsOption = None,
    key: KeyOption = "",
    version: Annotated[
        str,
        typer.Option(
            "--version",
            metavar="PREFIX",
            help="Approve only if this version is scheduled (its first digits).",
            show_default=False,
        ),
    ] = "",
) -> None:
    """Approve exactly the version that is scheduled. After any change it must be approved again.

    At a terminal it shows what you approve and what changed since the last approval, and asks. Read the text first with
    `pressrelease proof SLUG`, which also names its version.

    \b
    pressrelease approve names-released
    pressrelease approve names-released --as jdoe --version 3fa2c1b09d54
    """
    from pressrelease.cli.reporting import approved_lines, give_results
    from pressrelease.release import SHOWN
    from pressrelease.services import approving
    from pressrelease.services.results import TOGETHER, each, each_in_groups

    context = session.context()
    by = name or context.actor
    scheduled = context.store.read.releases(list(dict.fromkeys(slugs))) if context.store.exists else []
    known = {report.slug: report for report in context.reports(scheduled)}
    asks = session.may_ask and not session.dry_run
    signed = bool(context.config.policy.allowed_signers)  # a signature names its moment, and may ask for a passphrase
    shown: list[dict[str, Any]] = []

    def looked_at(slug: str) -> Dossier:
        if version:
            approving.must_be_version(context, slug, version)
        report = approving.may_approve(context, slug, by, {} if asks or signed else known)
        if asks or session.dry_run or session.as_json:
            shown.append(_show(session, context, report, asks=asks))
        else:
            session.say(*approved_lines(report))
        if asks:
            release = report.dossier.release
            session.must_agree(
                f"Approve version {release.version[:SHOWN]} of {slug} as {by}?",
                yes=False,
                hint=f"To read it: `pressrelease proof {slug}`. To change it: `pressrelease edit {slug}`.",
            )
            approving.must_still_be(context, report, by)
        return report.dossier

    if signed:
        results = each(
            slugs, lambda slug: approving.sign(context, looked_at(slug), by, key=key, may_ask=session.may_ask)
        )
    else:
        results = each_in_groups(
            context,
            slugs,
            looked_at,
            lambda ledger, dossier: approving.write(ledger, context, dossier, by),
            at_once=1 if asks else TOGETHER,
        )
    if shown:
        session.give({"approving": shown})
    give_results(session, context, results, f"Approved by {by}.", not_done="NOT APPROVED")


def _show(session: Session, context: ServiceContext, report: Report, *, asks: bool) -> dict[str, Any]:
    """Show what would be approved, where the question will be asked. Return it as JSON."""
    from pressrelease.cli.approval_screen import review_json, screen_lines
    from pressrelease.services.reviewing import review
    from pressrelease.system import clock

    found, now = review(context, report), clock.utc_now()
    lines = screen_lines(found, timezone=context.config.office.timezone, now=now)
    if asks and not sys.stdout.isatty():
        session.warn(*lines)  # the question goes to standard error, and nobody answers it unread
    else:
        session.say(*lines)
    return review_json(found, now=now)


@command(app, "unapprove", dry_run=True)
def unapprove(
    session: Session,
    slugs: SlugsArgument,
) -> None:
    """Take back all approvals of a release. It stays scheduled but does not go out.

    \b
    pressrelease unapprove names-released
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.services import approving
    from pressrelease.services.results import each

    context = session.context()
    results = each(slugs, lambda slug: approving.unapprove(context, slug))
    give_results(session, context, results, "Approval withdrawn.", not_done="NOT DONE")


@command(app, "unschedule", dry_run=True)
def unschedule(
    session: Session,
    slugs: SlugsArgument,
) -> None:
    """Turn a scheduled release back into a draft and take back its approvals.

    \b
    pressrelease unschedule names-released
    """
    from pressrelease.cli.reporting import give_results
    from pressrelease.services import scheduling
    from pressrelease.services.results import each

    context = session.context()
    results = each(slugs, lambda slug: scheduling.unschedule(context, slug))
    give_results(session, context, results, "Unscheduled. It is a draft again.", not_done="NOT DONE")
