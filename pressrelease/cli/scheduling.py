"""`schedule`, `approve`, `unapprove`, `unschedule`."""

from __future__ import annotations

from typing import Annotated

import typer

from pressrelease.cli.options import (
    AsOption,
    AtOption,
    DryRunOption,
    JsonOption,
    NoInputOption,
    SlugsArgument,
    WorkspaceOption,
    YesOption,
)
from pressrelease.cli.session import Session

app = typer.Typer()


@app.command("schedule")
def schedule(
    slugs: SlugsArgument,
    at: AtOption = None,
    yes: YesOption = False,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Freeze a release as it is now and fix its lift.

    \b
    pressrelease schedule names-released                     at the lift that its embargo names
    pressrelease schedule names-released --at "Monday at 9"  inside a window like "the week of 9/24"
    """
    from pressrelease.cli.reporting import give_reports, proposal_lines
    from pressrelease.desk import scheduling

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk()
    proposals = scheduling.propose_all(desk, list(dict.fromkeys(slugs)), at)
    for proposal in proposals:
        session.say(*proposal_lines(proposal, desk.config))
    questions = [question for proposal in proposals for question in proposal.questions]
    if questions and not dry_run:
        session.must_agree(
            " ".join([*dict.fromkeys(questions), "Schedule it?"]),
            yes=yes,
            hint="Give --yes to confirm, or --at with an exact time.",
        )
    scheduling.schedule(desk, *proposals)
    give_reports(session, desk, [proposal.slug for proposal in proposals], "Scheduled.")


@app.command("approve")
def approve(
    slugs: SlugsArgument,
    name: AsOption = None,
    key: Annotated[
        str,
        typer.Option(
            "--key",
            metavar="FILE",
            envvar="PRESSRELEASE_SIGNING_KEY",
            help="Your SSH key, where config.toml wants approvals signed.",
            show_default=False,
        ),
    ] = "",
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Say yes to exactly the version that is scheduled; any change to it afterwards needs a new yes.

    `pressrelease proof SLUG` shows the words first.
    """
    from pressrelease.cli.reporting import approved_lines, give_reports
    from pressrelease.desk import approving

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk()
    by = name or desk.actor
    for report in approving.may_approve(desk, slugs, by):
        session.say(*approved_lines(report))
    approving.approve(desk, slugs, by, key=key, may_ask=session.may_ask)
    give_reports(session, desk, slugs, f"Approved by {by}.")


@app.command("unapprove")
def unapprove(
    slugs: SlugsArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take back every approval of what is scheduled; it stays scheduled, and nothing goes out."""
    from pressrelease.cli.reporting import give_reports
    from pressrelease.desk import approving

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk()
    for slug in slugs:
        desk.report(slug)  # a name that is mistyped is said before any of them is touched
    for slug in dict.fromkeys(slugs):
        approving.unapprove(desk, slug)
    give_reports(session, desk, slugs, "Approval taken back.")


@app.command("unschedule")
def unschedule(
    slugs: SlugsArgument,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Back to a draft; its approvals are taken back with it."""
    from pressrelease.cli.reporting import give_reports
    from pressrelease.desk import scheduling

    session = Session.of(workspace, as_json=as_json, no_input=no_input, dry_run=dry_run)
    desk = session.desk()
    for slug in slugs:
        desk.report(slug)  # a name that is mistyped is said before any of them is touched
    for slug in dict.fromkeys(slugs):
        scheduling.unschedule(desk, slug)
    give_reports(session, desk, slugs, "A draft again.")
