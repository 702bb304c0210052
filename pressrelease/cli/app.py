"""Every command by name; its module is loaded only when it is called.

Thirty commands cost more to import than most of them cost to run, and `status` is typed all day.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Annotated, Any

import click
import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.main import get_command, get_command_from_info

from pressrelease import __version__
from pressrelease.cli.completing import VARIABLE
from pressrelease.cli.options import JsonOption, NoInputOption, WorkspaceOption

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Every command and the module it is in, in the groups of `--help`; each group in the order of an office's day.
GROUPS = {
    "Write": {
        "new": "writing",
        "import": "importing",
        "edit": "writing",
        "when": "writing",
        "check": "writing",
        "clean": "cleaning",
        "proof": "proofing",
    },
    "Schedule and approve": {
        "schedule": "scheduling",
        "approve": "scheduling",
        "unapprove": "scheduling",
        "unschedule": "scheduling",
        "clear": "clearing",
    },
    "Publish": {
        "lift": "lifting",
        "publish": "sending",
        "hold": "stopping",
        "stop": "stopping",
        "correct": "correcting",
        "kill": "killing",
        "resume": "stopping",
        "retry": "sending",
        "settle": "settling",
        "run": "sending",
        "publish-due": "sending",
    },
    "Watch": {
        "status": "looking",
        "calendar": "coming",
        "promises": "promising",
        "outcome": "outcomes",
        "removed": "removals",
        "journal": "looking",
    },
    "Outlets": {
        "outlets": "reaching",
    },
    "Keep": {
        "demo": "demo",
        "init": "starting",
        "service": "keeping",
        "doctor": "keeping",
        "export": "exporting",
        "backup": "keeping",
        "restore": "keeping",
        "adopt": "stopping",
        "move-store": "keeping",
    },
}

COMMANDS = {name: module for group in GROUPS.values() for name, module in group.items()}


class OneCommand(TyperCommand):
    """A command whose help shows dates that are ahead, and which asks what a mistyped SLUG means."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command's arguments; `stop SLUG` is refused with the command that keeps one release back."""
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError:
            if self.name == "stop" and typed and not typed[0].startswith("-"):
                from pressrelease.cli.mistyped import stop_takes_no_slug

                raise stop_takes_no_slug(typed) from None
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, once the releases that its SLUGs mean are known."""
        from pressrelease.cli.naming import ask_for_slugs

        ask_for_slugs(ctx.params)
        return super().invoke(ctx)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the help, with the examples' dates counted from today."""
        from typer.models import ArgumentInfo
        from typer.utils import get_params_from_function

        from pressrelease.cli.examples import dated

        self.help = dated(self.help or "")
        declared = get_params_from_function(self.callback) if self.callback else {}
        for parameter in self.params:
            info = declared[parameter.name].default if parameter.name in declared else None
            if isinstance(parameter, TyperArgument) and isinstance(info, ArgumentInfo):
                parameter.help = info.help  # which Click 8.5 takes from Typer's arguments
        super().format_help(ctx, formatter)

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: Typer has listed the arguments already, and Click 8.5 would list them again."""


class Commands(TyperGroup):
    """Finds a command's module by its name. What is no command is refused with the command that may be meant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        theme = importlib.import_module(f"pressrelease.cli.{COMMANDS[cmd_name]}")
        for info in theme.app.registered_commands:
            if info.name == cmd_name:
                info.cls = OneCommand
                return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
        raise LookupError(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command with the whole first paragraph of its help; Click would cut it off at the line's end."""
        width = max(map(len, COMMANDS))
        for group, names in GROUPS.items():
            with formatter.section(group):
                formatter.write_dl([(name.ljust(width), self._summary(ctx, name)) for name in names])

    def _summary(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return ((command.help if command else "") or "").split("\n\n")[0].split("\b")[0].replace("\n", " ").strip()

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what a first word may be; to bash, which shows no help beside it, without loading any command."""
        if not os.environ.get(VARIABLE, "").startswith("bash"):
            return super().shell_complete(ctx, incomplete)
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from pressrelease.cli.mistyped import no_such_command

            raise no_such_command(args, COMMANDS, workspace=ctx.params.get("workspace"))
        return super().resolve_command(ctx, args)


app = typer.Typer(
    cls=Commands,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    epilog="Exit codes: 0 fine, 1 a fault of the program, 2 usage, 10 needs a person, 11 stopped, 65 refused, 66 not"
    " found, 75 will be retried, 77 not permitted, 78 error in config.toml.",
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
        bool, typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Publish press releases at their time: never early, once, and with proof.

    Without a command it shows what goes out next, what needs a person, and whether a scheduler is running.

    New here? Try `pressrelease demo`, then `pressrelease init`.

    \b
    A week in a press office:
      pressrelease new "Names released" --embargo "next week"
      pressrelease schedule names-released --at "Monday at 9 a.m."
      pressrelease approve names-released
      pressrelease status

    `pressrelease COMMAND --help` explains a command, with examples.
    """
    if ctx.invoked_subcommand is None:
        from pressrelease.cli.looking import today

        today(workspace, as_json=as_json, no_input=no_input)


def command() -> click.Command:
    """The whole command line as one command."""
    return get_command(app)
