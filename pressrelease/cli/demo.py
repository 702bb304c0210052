"""`demo`: the whole thing in a minute, in a folder of its own, with the real scheduler."""

from __future__ import annotations

import typer

from pressrelease.cli.options import command
from pressrelease.cli.session import Session

app = typer.Typer()


@command(app, "demo", workspace=False)
def demo(session: Session) -> None:
    """Show it all in a minute: two releases, one sent at once and one at its time. Nothing leaves this computer.

    \b
    pressrelease demo
    """
    from pressrelease.demonstration import demonstrate

    result = demonstrate(session.say)
    session.give(
        {
            "workspace": str(result.folder),
            "newsroom": str(result.page),
            "received": [{"id": one.id, "slug": one.slug, "late_ms": one.late_ms} for one in result.received],
            "early": result.early,
        }
    )
