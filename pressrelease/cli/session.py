"""One command's surroundings: its workspace, whether it may ask, and where its answer goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

import click

from pressrelease.cli.answer import answer
from pressrelease.cli.wrapping import terminal_width, wrapped
from pressrelease.errors import NeedsPerson
from pressrelease.system.printable import in_alphabet, printable

if TYPE_CHECKING:
    from pressrelease.services import ServiceContext
    from pressrelease.wiring import Workspace


class Session:
    """What every command needs. Options given before the command's name count as if given after it."""

    #: Where a fault is kept, as soon as a workspace was found.
    log_place: ClassVar[Path | None] = None

    def __init__(
        self, named: Path | None = None, *, as_json: bool = False, no_input: bool = False, dry_run: bool = False
    ) -> None:
        self.named = named
        self.as_json = as_json
        self.no_input = no_input
        self.dry_run = dry_run

    @classmethod
    def of(
        cls, workspace: Path | None = None, *, as_json: bool = False, no_input: bool = False, dry_run: bool = False
    ) -> Session:
        """Return the session of a command's own options and those before its name."""
        context = click.get_current_context(silent=True)
        before: Mapping[str, Any] = context.find_root().params if context else {}
        named_before = before.get("workspace")  # as it was typed: Typer makes paths only of a command's own options
        answer.wanted = answer.wanted or as_json or bool(before.get("as_json"))
        return cls(
            named=workspace or (Path(named_before) if named_before else None),
            as_json=as_json or bool(before.get("as_json")),
            no_input=no_input or bool(before.get("no_input")),
            dry_run=dry_run,
        )

    @cached_property
    def workspace(self) -> Workspace:
        """The office's folder. Raises NotFound."""
        from pressrelease.wiring import find_workspace

        return find_workspace(self.named, os.environ.get("PRESSRELEASE_WORKSPACE"), Path.cwd())

    @property
    def folder(self) -> Path:
        """As `workspace`, also one that this account may not use. Raises NotFound."""
        from pressrelease.wiring import locate

        return locate(self.named, os.environ.get("PRESSRELEASE_WORKSPACE"), Path.cwd())

    def context(self, actor: str | None = None, *, only_looks: bool = False, sends: bool = False) -> ServiceContext:
        """Return the context for the current user, or for `actor`; a log is opened at once unless it `only_looks`.

        One that `sends` waits until config.toml has been left alone for two seconds.
        """
        from pressrelease.services import ServiceContext
        from pressrelease.wiring import person, take_settled_config

        workspace = self.workspace
        if sends:
            take_settled_config(workspace)
        workspace.config  # noqa: B018  (its problems come before anything is made)
        Session.log_place = workspace.private
        if not only_looks:
            from pressrelease.system.log import log_to

            log_to(workspace.private)
        return ServiceContext(workspace, actor or person(), self.dry_run)

    # -- answering ----------------------------------------------------------------------------------------

    def say(self, *lines: str) -> None:
        """Print words for a person: on standard output, or on standard error where JSON has that.

        At a terminal they are broken at words to fit its width.
        """
        show(sys.stderr if self.as_json else sys.stdout, *lines)

    def print_exactly(self, *lines: str) -> None:
        """As `say`, of lines that are copied into a file: they are never broken."""
        show(sys.stderr if self.as_json else sys.stdout, *lines, broken=False)

    def warn(self, *lines: str) -> None:
        """Print words that belong on standard error whatever was asked for."""
        show(sys.stderr, *lines)

    def give(self, data: dict[str, Any]) -> None:
        """The answer in JSON, where it was asked for, keys as in the contract; written when the command ends."""
        if self.as_json:
            answer.give(data)

    def give_line(self, data: dict[str, Any]) -> None:
        """One of many objects, each a line, written at once."""
        if self.as_json:
            answer.give_line(data)

    # -- asking -------------------------------------------------------------------------------------------

    @property
    def may_ask(self) -> bool:
        """Whether somebody is there to answer."""
        return not self.no_input and sys.stdin.isatty() and sys.stderr.isatty()

    def agreed(self, question: str) -> bool:
        """A yes or no, no by default; no where nobody may be asked."""
        if not self.may_ask:
            return False
        typed = input_line(_fitted(f"{printable(question)} [y/N]"))
        return typed.strip().lower() in {"y", "yes"}

    def must_agree(self, question: str, *, yes: bool, hint: str) -> None:
        """Go on only with a yes. Raises NeedsPerson without one."""
        if yes or self.agreed(question):
            return
        if self.may_ask:  # the question is on the screen already, answered
            raise NeedsPerson("Not confirmed. Nothing was changed.", hint=hint, code="not_confirmed")
        raise NeedsPerson(f"{question} This needs confirmation. Nothing was changed.", hint=hint, code="not_confirmed")

    def must_type(
        self,
        slug: str,
        question: str,
        *,
        confirmed: str | None,
        so: str = "Nothing was changed and nothing went out.",
    ) -> None:
        """Go on only where the slug, or another word named, was typed once more. Raises NeedsPerson otherwise.

        `so` says what is unchanged then.
        """
        if confirmed is None and self.may_ask:
            confirmed = input_line(_fitted(f"{printable(question)}\nTo confirm, type {slug}:")).strip()
        if confirmed != slug:
            raise NeedsPerson(
                f"{question} Not confirmed. {so}",
                hint=f"Type {slug} when asked, or add --confirm {slug}.",
                code="not_confirmed",
            )


def show(stream: TextIO, *lines: str, broken: bool = True) -> None:
    """Print lines without what could move a terminal's cursor; at a terminal they are `broken` at words."""
    width = terminal_width(stream) if broken else None
    for line in lines:
        print(in_alphabet(wrapped(printable(line), width), stream.encoding), file=stream)


def _fitted(question: str) -> str:
    """A question that fits the terminal, with a blank before the answer."""
    return f"{wrapped(question, terminal_width(sys.stderr))} "


def input_line(prompt: str) -> str:
    """One line from the keyboard; the prompt goes to standard error, so that an answer can be piped."""
    print(prompt, end="", file=sys.stderr, flush=True)  # noqa: T201
    return sys.stdin.readline()
