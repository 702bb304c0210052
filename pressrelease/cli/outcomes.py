"""`outcome`."""

from __future__ import annotations

from typing import Annotated

import typer

from pressrelease.cli.options import SlugArgument, WhyOption, command
from pressrelease.cli.session import Session
from pressrelease.status.outcomes import Outcome

app = typer.Typer()


@command(app, "outcome", dry_run=True)
def outcome(
    session: Session,
    slug: SlugArgument,
    ended: Annotated[Outcome, typer.Argument(metavar="OUTCOME", help="How the case ended.")],
    why: WhyOption = "",
) -> None:
    """Record how the case of a release ended: dismissed, acquitted, convicted, sealed or other.

    A release that says that somebody was arrested or charged is on the first screen from 90 days after it went out
    until its outcome is recorded. If the charges were dismissed, the record was sealed or the defendant was acquitted,
    it shows how to update the release or take it down.

    \b
    pressrelease outcome names-released dismissed --why "People v. Smith, Nov. 3, Dept. 5"
    """
    from pressrelease.services.outcomes import record_outcome

    recorded = record_outcome(session.context(), slug, ended, why.strip())
    session.give(
        {
            "slug": slug,
            "outcome": recorded.outcome.value,
            "before": recorded.before or None,
            "at": recorded.at,
            "next": list(recorded.steps),
            "dry_run": session.dry_run,
        }
    )
    done = "Would record" if session.dry_run else "Recorded"
    instead = f" It was {recorded.before} before." if recorded.before else ""
    session.say(f"{done}: {slug}: {recorded.outcome.sentence}.{instead}", *recorded.steps)
