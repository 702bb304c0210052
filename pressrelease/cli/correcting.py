"""`correct`."""

from __future__ import annotations

from typing import Annotated

import typer

from pressrelease.cli.options import AtOption, SlugArgument, WhyOption, YesOption, command
from pressrelease.cli.session import Session
from pressrelease.system.printable import one_line

app = typer.Typer()


@command(app, "correct", dry_run=True)
def correct(
    session: Session,
    slug: SlugArgument,
    note: Annotated[
        str,
        typer.Option(
            "--note", callback=one_line, help="What was wrong, and what is right: readers see it.", show_default=False
        ),
    ] = "",
    why: WhyOption = "",
    at: AtOption = None,
    yes: YesOption = False,
) -> None:
    """Correct a release that is out. Its file, as it is now, becomes the next version.

    It goes out once it has its approvals, or at the time that --at gives. Everyone who has an earlier version, or may
    have it, gets the correction: a page is changed, elsewhere a message follows that names the first. Those who do not
    have it yet get only the corrected version. From now on nothing of an older version goes out. `unschedule` takes
    the correction back until it starts to go out.

    \b
    pressrelease edit names-released
    pressrelease correct names-released --note "An earlier version misspelled a name. It is Ann Doe."
    pressrelease approve names-released
    """
    from pressrelease.cli.reporting import give_reports, proposal_lines
    from pressrelease.errors import Usage
    from pressrelease.services import correcting

    if not note.strip():
        raise Usage(
            "A correction needs a note that readers see. Nothing was changed.",
            hint='Add --note "An earlier version said … . It is … ."',
        )
    context = session.context()
    proposal = correcting.propose(context, slug, at)
    if not session.dry_run:
        session.say(*proposal_lines(proposal, context.config))
    asked = list(proposal.questions)
    if not context.config.policy.approvals and proposal.lift is None:
        asked.append(f"This sends the correction of {slug} to everyone who has it now.")
    if asked and not session.dry_run:
        session.must_agree(" ".join(asked), yes=yes, hint="Add --yes.")
    n = correcting.correct(context, proposal, note=note.strip(), why=why.strip())
    give_reports(session, context, [slug], f"Correction {n - 1} of {slug} is ready.", {"n": n})
