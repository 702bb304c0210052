"""`proof`."""

from __future__ import annotations

import base64
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import OutletOption, SlugArgument, command
from pressrelease.cli.session import Session
from pressrelease.release import SHOWN

if TYPE_CHECKING:
    from pressrelease.services.proofing import Proof, Rendered

app = typer.Typer()


class Format(str, Enum):
    """What a proof can be written in."""

    TEXT = "text"
    HTML = "html"
    EML = "eml"
    JSON = "json"
    NINJS = "ninjs"
    NEWSML = "newsml"
    DOCX = "docx"


@command(app, "proof")
def proof(
    session: Session,
    slug: SlugArgument,
    outlet: OutletOption = None,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--recipient", help="With --outlet: for this recipient. Default: the first on its list.", show_default=False
        ),
    ] = None,
    wanted: Annotated[
        Format | None, typer.Option("--format", help="The format, without --outlet. Default: text.", show_default=False)
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write it to FILE, which only you can read.", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Show exactly what an outlet would get, without sending anything.

    It shows the scheduled version if there is one, and the draft otherwise.

    \b
    pressrelease proof names-released
    pressrelease proof names-released --outlet media --recipient jane@paper.example
    pressrelease proof names-released --format docx -o proof.docx
    """
    from pressrelease.errors import Usage
    from pressrelease.services import proof_formats, proofing

    context = session.context()
    if recipient is not None and outlet is None:
        raise Usage("Which outlet is this recipient of?", hint="Add --outlet NAME.")
    found = proofing.proof_of(context, slug)
    if outlet is not None:
        rendered = proofing.for_outlet(context, found, outlet, recipient)
        if wanted is not None:
            proof_formats.must_be_the_same(rendered, wanted.value)
    else:
        rendered = proof_formats.in_format(found, (wanted or Format.TEXT).value)
    session.warn(*found.remarks, *rendered.remarks)
    if output is not None:
        file = proofing.keep(context, rendered, output, force=force)
        session.give(_answer(found, rendered) | {"file": str(file)})
        session.say(f"Written to {file} ({len(rendered.content):,} bytes).")
        session.warn(*_version_lines(found))
        return
    if session.as_json:
        session.give(_answer(found, rendered))
        return
    if sys.stdout.isatty() and rendered.words is None:
        raise Usage(
            f"A terminal can't show {rendered.media_type}.",
            hint="To save it in a file, add -o FILE.",
            code="binary",
        )
    sys.stdout.flush()
    sys.stdout.buffer.write(rendered.content)
    sys.stdout.buffer.flush()
    session.warn(*_version_lines(found))


def _version_lines(found: Proof) -> list[str]:
    """Say which version was read, so that exactly that one is approved; nothing for a draft."""
    if not found.frozen:
        return []
    version = found.message.version[:SHOWN]
    lines = [f"This is version {version}."]
    if found.unapproved:
        lines.append(f"To approve exactly this: `pressrelease approve {found.message.slug} --version {version}`")
    return lines


def _answer(found: Proof, rendered: Rendered) -> dict[str, object]:
    """The proof in JSON; what is no text is in base64."""
    words = rendered.words
    content = {"text": words} if words is not None else {"base64": base64.b64encode(rendered.content).decode("ascii")}
    return {
        "slug": found.message.slug,
        "version": found.message.version,
        "scheduled": found.frozen,
        "outlet": rendered.outlet or None,
        "recipient": rendered.recipient or None,
        "media_type": rendered.media_type,
        "remarks": [*found.remarks, *rendered.remarks],
        **content,
    }
