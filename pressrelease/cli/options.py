"""The options that many commands share, each worded once, and the decorator that adds those of every command."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from pressrelease.cli.completing import clearances, outlets, slugs
from pressrelease.cli.session import Session
from pressrelease.system.printable import one_line

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        help="The office's folder. Default: PRESSRELEASE_WORKSPACE, or the current folder.",
        show_default=False,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output, messages on standard error.")
]
NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never ask. What needs an answer is refused.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would happen. Change and send nothing.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to every question.")]
WhyOption = Annotated[
    str, typer.Option("--why", callback=one_line, help="The reason, for the journal.", show_default=False)
]
AtOption = Annotated[
    str | None, typer.Option("--at", help="When it goes out, in plain words: “Monday at 9 a.m.”.", show_default=False)
]
SlugArgument = Annotated[
    str,
    typer.Argument(
        metavar="SLUG", help="The release: its file's name without .md.", autocompletion=slugs, show_default=False
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
        "--outlet",
        metavar="NAME",
        help="Only this outlet, by its name in config.toml.",
        autocompletion=outlets,
        show_default=False,
    ),
]
ConfirmOption = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        metavar="SLUG",
        help="The release's SLUG again, to confirm without being asked.",
        show_default=False,
    ),
]
ConfirmClockOption = Annotated[
    str | None,
    typer.Option(
        "--confirm",
        metavar="clock",
        help="With --all: confirm that this computer's clock shows the right time.",
        show_default=False,
    ),
]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="Who does it. Default: your account's name.", show_default=False),
]
KeyOption = Annotated[
    str,
    typer.Option(
        "--key",
        metavar="FILE",
        envvar="PRESSRELEASE_SIGNING_KEY",
        help="Your SSH key, if config.toml asks for signatures.",
        show_default=False,
    ),
]
ClearanceArgument = Annotated[
    str,
    typer.Argument(
        metavar="[CLEARANCE]",
        help="The clearance, by its name in config.toml.",
        autocompletion=clearances,
        show_default=False,
    ),
]


def command(
    app: typer.Typer, name: str, *, workspace: bool = True, as_json: bool = True, dry_run: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a command to `app`: a function of a `Session` and its own options.

    The options that every command has become the session: --no-input, and those that are asked for here.
    """
    shared = [
        Parameter(option, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for option, wanted, default, annotation in (
            ("workspace", workspace, None, WorkspaceOption),
            ("as_json", as_json, False, JsonOption),
            ("no_input", True, False, NoInputOption),
            ("dry_run", dry_run, False, DryRunOption),
        )
        if wanted
    ]
    names = [option.name for option in shared]

    def register(run: Callable[..., None]) -> Callable[..., None]:
        def called(**given: Any) -> None:
            run(Session.of(**{option: given.pop(option) for option in names}), **given)

        # Typer reads the options from here, in the order in which help shows them.
        _, *own = signature(run, eval_str=True).parameters.values()
        called.__doc__ = run.__doc__
        called.__signature__ = Signature([*own, *shared])  # type: ignore[attr-defined]
        app.command(name)(called)
        return run

    return register
