"""`removed`."""

from __future__ import annotations

from typing import Annotated

import typer

from pressrelease.cli.options import SlugArgument, WhyOption, command
from pressrelease.cli.session import Session

app = typer.Typer()


@command(app, "removed", dry_run=True)
def removed(
    session: Session,
    slug: SlugArgument,
    attachment: Annotated[
        str,
        typer.Option(
            "--attachment", metavar="PATH", help="Only this attachment, by its path in the file.", show_default=False
        ),
    ] = "",
    why: WhyOption = "",
) -> None:
    """Record that what had to come down is down: a release, or one of its attachments.

    Files can say `remove_at`. From then on the first screen and the list of the day ask for it, until this is recorded.

    \b
    pressrelease removed names-released --attachment booking-photo.jpg --why "deleted; the papers confirmed"
    """
    from pressrelease.services.removals import record_removed

    places = record_removed(session.context(), slug, attachment, why.strip())
    session.give({"slug": slug, "attachment": attachment or None, "places": list(places), "dry_run": session.dry_run})
    done = "Would record" if session.dry_run else "Recorded"
    what = f"{attachment} of {slug}" if attachment else slug
    session.say(f"{done}: {what} is down. It had gone to {', '.join(places)}.")
