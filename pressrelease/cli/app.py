"""The front door: every command by name, its module loaded only when it is called.

Thirty commands cost more to import than most of them cost to run, and `status` is typed all day.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any

import click
import typer
from typer.core import TyperGroup
from typer.main import get_command, get_command_from_info

from pressrelease import __version__
from pressrelease.cli.options import JsonOption, NoInputOption, WorkspaceOption

#: Every command: where it lives. In the order in which `--help` lists them.
COMMANDS = {
    "init": "starting",
    "demo": "demo",
    "new": "writing",
    "edit": "writing",
    "when": "writing",
    "check": "writing",
    "proof": "proofing",
    "schedule": "scheduling",
    "approve": "scheduling",
    "unapprove": "scheduling",
    "unschedule": "scheduling",
    "hold": "stopping",
    "resume": "stopping",
    "stop": "stopping",
    "publish": "sending",
    "publish-due": "sending",
    "run": "sending",
    "retry": "sending",
    "settle": "settling",
    "status": "looking",
    "promises": "promising",
    "journal": "looking",
    "outlets": "reaching",
    "doctor": "keeping",
    "backup": "keeping",
    "restore": "keeping",
    "adopt": "stopping",
    "move-store": "keeping",
    "service": "keeping",
}


_NOT_BACK = (
    "No command takes back what is out yet. `pressrelease hold SLUG` keeps back what isn't; `pressrelease stop` stops"
    " everything."
)
_NO_CORRECTION = "No command sends a correction yet."

#: What people type that is no command, and what serves instead. A near spelling may mean the opposite: retract, retry.
MEANT = {
    **dict.fromkeys(("retract", "kill", "withdraw", "recall", "takedown", "unpublish", "remove"), _NOT_BACK),
    **dict.fromkeys(("correct", "correction", "update", "amend"), _NO_CORRECTION),
    **dict.fromkeys(
        ("cancel", "delete", "abort"),
        "`pressrelease unschedule SLUG` makes it a draft again; `pressrelease hold SLUG` keeps it back.",
    ),
    **dict.fromkeys(
        ("pause", "halt"), "`pressrelease hold SLUG` keeps one back; `pressrelease stop` stops everything."
    ),
    **dict.fromkeys(
        ("send", "release", "post"),
        "`pressrelease publish SLUG` sends one now; `pressrelease schedule SLUG` sends it at its time.",
    ),
    **dict.fromkeys(("list", "ls", "show", "queue"), "`pressrelease status` lists the releases."),
    **dict.fromkeys(("test", "ping"), "`pressrelease outlets --test` tries the outlets."),
}


class Commands(TyperGroup):
    """Finds a command's module by its name; a name that is none is answered with those that come near."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        theme = importlib.import_module(f"pressrelease.cli.{COMMANDS[cmd_name]}")
        for info in theme.app.registered_commands:
            if info.name == cmd_name:
                return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
        raise LookupError(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command with the whole first sentence of its help; Click would cut it off at the line's end."""
        rows = [
            (name, (command.help or "").split("\n\n")[0].split("\b")[0].replace("\n", " ").strip())
            for name in self.list_commands(ctx)
            if (command := self.get_command(ctx, name)) is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, n=3)
            hint = f" Did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else ""
            hint = f" {MEANT[args[0].lower()]}" if args[0].lower() in MEANT else hint
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit codes: 0 fine, 1 a fault of the program, 2 usage, 10 needs a person, 11 stopped, 65 refused, 66 not"
    " found, 75 will be retried, 77 not permitted, 78 config.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"pressrelease {__version__}")  # noqa: T201
        raise typer.Exit


@app.callback()
def pressrelease(
    ctx: typer.Context,
    workspace: WorkspaceOption = None,
    as_json: JsonOption = False,
    no_input: NoInputOption = False,
    version: Annotated[
        bool, typer.Option("--version", help="Say the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Publish press releases at their moment: never early, once, nothing lost, and with proof.

    Without a command: what lifts next, what needs a person, and whether a scheduler is alive.

    \b
    A week in a press office:
      pressrelease new "Names released" --embargo "next week"
      pressrelease schedule names-released --at "Monday at 9 a.m."
      pressrelease approve names-released
      pressrelease status
    """
    if ctx.invoked_subcommand is None:
        from pressrelease.cli.looking import today

        today(workspace, as_json=as_json, no_input=no_input)


def command() -> click.Command:
    """The whole command line as one command."""
    return get_command(app)
