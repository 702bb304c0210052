"""`import`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressrelease.cli.completing import slugs
from pressrelease.cli.options import command
from pressrelease.cli.session import Session
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.importing import Imported, Seen
    from pressrelease.services.importing import Brought

app = typer.Typer()

#: How many things that must be cleaned one screen lists.
MOST_SHOWN = 40


@command(app, "import", dry_run=True)
def import_file(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A Word (.docx), HTML, Markdown or text file.")],
    embargo: Annotated[
        str,
        typer.Option(
            "--embargo", help="When it may go out. Without it, the file's own embargo line counts.", show_default=False
        ),
    ] = "",
    into: Annotated[
        str,
        typer.Option(
            "--into",
            metavar="SLUG",
            help="Bring an edited file back: its text replaces that release's, and the difference is shown.",
            autocompletion=slugs,
            show_default=False,
        ),
    ] = "",
    accept_changes: Annotated[
        bool, typer.Option("--accept-changes", help="Accept Word's tracked changes, and show each.")
    ] = False,
) -> None:
    """Import a Word, HTML, Markdown or text file as a draft.

    \b
    pressrelease import release.docx
    pressrelease import edited.docx --into names-released
    """
    from pressrelease.errors import Usage
    from pressrelease.services.importing import bring, bring_back, read_file

    if into and embargo:
        raise Usage(
            "--embargo and --into don't go together. Nothing was imported.",
            hint=f"Bring the text back first, then change the embargo: `pressrelease edit {into}`.",
            code="contradiction",
        )
    context = session.context()
    imported = read_file(file, accept_changes=accept_changes)
    if imported.refused:
        _refuse(session, imported, file.name)
    brought = bring_back(context, imported, into) if into else bring(context, imported, name=file.name, embargo=embargo)
    _answer(session, brought, into)


def _refuse(session: Session, imported: Imported, name: str) -> None:
    from pressrelease.errors import Refused

    session.give({"slug": None, "seen": [_seen_json(one) for one in imported.seen]})
    session.say(f"{name} has something that readers would not see, or not as it is:")
    for one in imported.refused[:MOST_SHOWN]:
        session.say(f"  {_seen_words(one)}")
    more = len(imported.refused) - MOST_SHOWN
    if more > 0:
        session.say(f"  and {more} more.")
    changes = all(one.kind == "change" for one in imported.refused)
    raise Refused(
        f"The file must be cleaned first: {len(imported.refused)} found. Nothing was imported.",
        hint="To import it with all changes accepted: add --accept-changes."
        if changes
        else "Clean it in Word (File, Info, Inspect Document helps), save it, and import it again.",
        code="not_clean",
    )


def _answer(session: Session, brought: Brought, into: str) -> None:
    from pressrelease.cli.approval_screen import text_lines
    from pressrelease.when import say_embargo

    path = f"releases/{brought.slug}.md"
    session.give(
        {
            "slug": brought.slug,
            "path": path,
            "changed": bool(brought.changes) if into else True,
            "files": list(brought.files),
            "seen": [_seen_json(one) for one in brought.seen],
            "findings": [one.as_json() for one in brought.findings],
            "dry_run": session.dry_run,
        }
    )
    if not into:
        session.say(f"{'Would create' if session.dry_run else 'Created'} {path}")
        session.say(*(f"  and releases/{name}" for name in brought.files))
    elif not brought.changes:
        session.say(f"{path} has the same text already. Nothing was changed.")
    else:
        session.say(f"{'Would change' if session.dry_run else 'Changed'} {path}", *text_lines(brought.changes, 1))
    if brought.embargo is not None:
        session.say(f"  embargo: {say_embargo(brought.embargo, now=clock.utc_now())}")
    for one in brought.seen:
        session.say(f"  {_seen_words(one)}")
    for finding in brought.findings:
        place = f", line {finding.line}" if finding.line else ""
        session.say(f"  {finding.severity.value}{place}: {finding.message} {finding.hint}".rstrip())
    if not session.dry_run:
        session.say("Read it, then schedule it:", f"  pressrelease edit {brought.slug}")
        session.say(f"  pressrelease schedule {brought.slug}")


def _seen_words(one: Seen) -> str:
    return f"{one.words} “{one.text}”" if one.text else one.words


def _seen_json(one: Seen) -> dict[str, Any]:
    return {"kind": one.kind, "message": one.words, "text": one.text, "refused": one.refused}
