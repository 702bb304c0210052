"""`clean`."""

from __future__ import annotations

import typer

from pressrelease.cli.options import SlugArgument, command
from pressrelease.cli.session import Session

app = typer.Typer()


@command(app, "clean", dry_run=True)
def clean(session: Session, slug: SlugArgument) -> None:
    """Write copies of a release's attachments without position, author and comments; the originals stay.

    \b
    pressrelease clean names-released
    """
    from pressrelease.services.cleaning import clean as clean_attachments

    context = session.context()
    done = clean_attachments(context, slug)
    session.give(
        {"slug": slug, "cleaned": [{"path": one.path, "copy": one.copy} for one in done], "dry_run": session.dry_run}
    )
    for one in done:
        session.say(f"{'Would write' if session.dry_run else 'Wrote'} releases/{one.copy}, a clean copy of {one.path}")
    if not done:
        session.say("No attachment needs to be cleaned. Nothing was changed.")
    elif not session.dry_run:
        session.say(f"releases/{slug}.md names the copies now. Look at them, then schedule it:")
        session.say(f"  pressrelease schedule {slug}")
