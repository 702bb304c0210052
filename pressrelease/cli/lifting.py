"""`lift`."""

from __future__ import annotations

import typer

from pressrelease.cli.options import AsOption, ConfirmOption, KeyOption, SlugArgument, WhyOption, command
from pressrelease.cli.session import Session

app = typer.Typer()


@command(app, "lift", dry_run=True)
def lift(
    session: Session,
    slug: SlugArgument,
    why: WhyOption = "",
    confirm: ConfirmOption = None,
    name: AsOption = None,
    key: KeyOption = "",
) -> None:
    """Say that the event of a release has happened: it goes out now, and its alternates never.

    The release must be approved. You are asked to type its SLUG again.

    \b
    pressrelease lift smith-guilty --why "The jury returned at 2:40 p.m."
    """
    from pressrelease.cli.reporting import give_reports
    from pressrelease.services import lifting

    context = session.context()
    by = name or context.actor
    release = lifting.ready(context, slug, by).dossier.release
    others = context.store.read.alternates(release)
    called_off = f"Called off for good: {', '.join(others)}." if others else "It has no alternates."
    session.say(f"{slug}: {release.headline}", f"  waits    {release.embargo.text}", f"  {called_off}")
    if not session.dry_run:
        session.must_type(slug, f"{slug} goes out now to {', '.join(release.outlets)}.", confirmed=confirm)
    dismissed = lifting.lift(context, slug, by, why=why.strip(), key=key, may_ask=session.may_ask)
    more = f" Called off for good: {', '.join(dismissed)}." if dismissed else ""
    give_reports(
        session, context, [slug], f"Lifted by {by}. {slug} goes out now.{more}", also={"dismissed": list(dismissed)}
    )
