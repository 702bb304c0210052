"""`init`: a workspace to begin with."""

from __future__ import annotations

import os
from datetime import UTC
from pathlib import Path
from typing import Annotated

import click
import typer

from pressrelease.cli.options import command
from pressrelease.cli.session import Session, input_line
from pressrelease.errors import NotPermitted, Refused
from pressrelease.system import clock

app = typer.Typer()

#: The time zone of a machine on which nobody has set one.
UNIVERSAL = {"UTC", "Etc/UTC", "Etc/UCT", "UCT", "Etc/Universal", "Universal", "Etc/Zulu", "Zulu", "GMT", "Etc/GMT"}


@command(app, "init", dry_run=True, workspace=False)
def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The folder. Default: the current one.")] = Path(),
    name: Annotated[str, typer.Option("--name", help="The office's name.", show_default=False)] = "",
    timezone: Annotated[
        str,
        typer.Option(
            "--timezone", metavar="TZ", help="The office's time zone, such as America/Los_Angeles.", show_default=False
        ),
    ] = "",
    url: Annotated[str, typer.Option("--url", help="The newsroom's web address.", show_default=False)] = "",
) -> None:
    """Make a workspace: config.toml, releases/ with a first draft, and how to start the scheduler.

    \b
    pressrelease init press-office
    pressrelease init press-office --name "District Attorney" --timezone America/Los_Angeles
    """
    from pressrelease.cli.keeping import service_lines
    from pressrelease.publishing.clock_trust import NAME_WITNESSES, what_is_unwatched
    from pressrelease.services.founding import found_workspace
    from pressrelease.system.accounts import work_as_owner
    from pressrelease.when import read_zone
    from pressrelease.when.zone_names import keeps_one_offset
    from pressrelease.wiring import person

    folder = folder.absolute()
    work_as_owner(folder)
    if (folder / "config.toml").exists():
        raise NotPermitted(
            f"{folder} is a workspace already. Nothing was changed.",
            hint="To see its releases, run `pressrelease` there.",
            code="workspace_exists",
        )
    name = name or _asked(session, "Your office's name", "Press Office")
    if timezone:
        read_zone(timezone)  # with a better hint than config.toml's, which is not there yet
    zone = timezone or _asked_zone(session)
    url = url or _asked(session, "Web address of your newsroom page (press Enter to skip)", "")
    written = found_workspace(folder, name=name, timezone=zone, url=url, author=person(), dry_run=session.dry_run)
    session.give({"workspace": str(folder), "written": [str(path) for path in written], "dry_run": session.dry_run})
    session.say(f"{'Would make' if session.dry_run else 'Made'} a workspace in {folder}:")
    session.say(*(f"  {path}" for path in written), "")
    session.print_exactly(*service_lines(folder))
    if unwatched := what_is_unwatched(clock.read_clock(), ()):
        session.warn(f"{unwatched[0].upper()}{unwatched[1:]}.", NAME_WITNESSES)
    if zone in UNIVERSAL and not timezone:
        session.warn(f"Time zone not set; using {zone}: 9 a.m. means 9 a.m. {zone}.")
        session.warn("Set `timezone` in config.toml before you schedule anything.")
    elif timezone and keeps_one_offset(zone) and zone not in UNIVERSAL:
        session.warn(f"{zone} never observes daylight saving time: {_names_no_place(zone)}")


def _asked(session: Session, question: str, otherwise: str) -> str:
    if not session.may_ask:
        return otherwise
    given = input_line(f"{question}{f' [{otherwise}]' if otherwise else ''}: ")
    if not given:  # not even an Enter: the end of the input
        raise click.Abort
    return given.strip() or otherwise


def _asked_zone(session: Session) -> str:
    from pressrelease.when import read_zone
    from pressrelease.when.zone_names import keeps_one_offset, proposed_zone

    here = local_zone()
    if not session.may_ask:
        read_zone(here)
        return here
    # A server's clock is often UTC, and an office's never: by it a release would be hours early.
    offered = "" if here in UNIVERSAL else here
    while True:
        typed = _asked(session, "Your time zone (for California, type America/Los_Angeles)", offered)
        meant = "" if "/" in typed else proposed_zone(typed)
        if meant and _yes(session, f"{meant}, right?"):
            return meant
        try:
            read_zone(typed)
        except Refused as error:
            session.warn(*(line for line in (error.message, error.hint if not meant else "") if line))
            continue
        if not keeps_one_offset(typed):
            return typed
        session.warn(f"{typed} never observes daylight saving time: {_names_no_place(typed)}")
        if session.agreed(f"Keep {typed}?"):
            return typed


def _yes(session: Session, question: str) -> bool:
    """A yes or no, yes by default."""
    given = input_line(f"{question} [Y/n] ")
    if not given:
        raise click.Abort
    return given.strip().lower() in {"", "y", "yes"}


def _names_no_place(zone: str) -> str:
    return f"for half of the year its 9 a.m. is not the 9 a.m. of most places. {zone} names an offset, not a place."


def local_zone() -> str:
    """This machine's IANA zone where it says so, else UTC."""
    named = os.environ.get("TZ", "").lstrip(":")
    if "/" in named and not named.startswith("/"):
        return named
    try:
        linked = os.readlink("/etc/localtime")  # noqa: PTH115  (only the text of the link is wanted)
    except (OSError, ValueError):
        linked = ""
    _, found, zone = linked.partition("zoneinfo/")
    if found and zone:
        return zone
    return str(clock.utc_now().astimezone(UTC).tzname())
