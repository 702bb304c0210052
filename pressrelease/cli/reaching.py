"""`outlets`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli import completing
from pressrelease.cli.options import command
from pressrelease.cli.session import Session

if TYPE_CHECKING:
    from pressrelease.services.reaching import OutletFacts

app = typer.Typer()


@command(app, "outlets", dry_run=True)
def outlets(
    session: Session,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME…]",
            help="Only these outlets (all if no NAME is given).",
            autocompletion=completing.outlets,
            show_default=False,
        ),
    ] = None,
    test: Annotated[
        bool,
        typer.Option("--test", help="Connect to them and log in, without publishing anything.", show_default=False),
    ] = False,
) -> None:
    """Show the outlets and what each can do. With --test, check that they can be reached.

    Exit codes with --test: 0 all were reached, 75 one can't be reached right now, 10 one refuses, 78 one's settings
    or secret are wrong; if there are several problems, the last of these. Sending to an outlet that was paused because
    it rejected the login continues once the test reaches it.

    \b
    pressrelease outlets
    pressrelease outlets --test
    pressrelease outlets --test media site
    """
    from pressrelease.services.reaching import facts_json, outlet_facts

    context = session.context()
    found = outlet_facts(context, names or (), test=test and not session.dry_run)
    session.give({"outlets": [facts_json(one) for one in found]})
    if sys.stdout.isatty() and not session.as_json:
        from pressrelease.cli.terminal import print_outlets

        print_outlets(found)
    else:
        session.say(*_lines(found))
    code = max((one.exit_code for one in found), key=(0, 75, 10, 78).index, default=0)
    if code:
        raise typer.Exit(code)


def _lines(found: Sequence[OutletFacts]) -> list[str]:
    """An outlet a paragraph: for pipes, and for screen readers."""
    from pressrelease.services.reaching import ability_lines, state_words

    if not found:
        return ["There is no outlet in config.toml."]
    lines: list[str] = []
    for facts in found:
        people = f", {facts.recipients} recipients" if facts.recipients is not None else ""
        lines.append(f"{facts.name} ({facts.kind}{people})")
        lines += [f"  {line}" for line in ability_lines(facts)]
        if state := state_words(facts):
            lines.append(f"  {state}")
    return lines
