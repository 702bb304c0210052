"""The options that many commands share, each worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pressrelease.cli.completing import outlets, slugs
from pressrelease.system.printable import one_line

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The office's folder (or PRESSRELEASE_WORKSPACE, or the current one).",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON on standard output, words on standard error.")]
NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never ask; what would be asked is refused.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Check everything, change nothing, reach no outlet.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Say yes beforehand.")]
WhyOption = Annotated[
    str, typer.Option("--why", callback=one_line, help="The reason, for the journal.", show_default=False)
]
AtOption = Annotated[
    str | None, typer.Option("--at", help="The lift, as you would say it: “Monday at 9 a.m.”.", show_default=False)
]
SlugArgument = Annotated[
    str,
    typer.Argument(
        metavar="SLUG", help="A release: its file's name without .md.", autocompletion=slugs, show_default=False
    ),
]
SlugsArgument = Annotated[
    list[str], typer.Argument(metavar="SLUG…", help="One or more releases.", autocompletion=slugs, show_default=False)
]
MaybeSlugsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SLUG…]", help="One or more releases.", autocompletion=slugs, show_default=False),
]
OutletOption = Annotated[
    str | None,
    typer.Option(
        "--outlet", help="One outlet, by its name in config.toml.", autocompletion=outlets, show_default=False
    ),
]
ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm", metavar="SLUG", help="The slug, typed again, in place of the question.", show_default=False
    ),
]
ConfirmClockOption = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        metavar="clock",
        help="With --all, when the clock is in doubt: that it shows the right time.",
        show_default=False,
    ),
]
AsOption = Annotated[str | None, typer.Option("--as", metavar="NAME", help="In whose name.", show_default=False)]
