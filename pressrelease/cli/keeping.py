"""`doctor`, `backup`, `restore`, `move-store`, `service`: care of the database, and of what keeps it going."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.options import YesOption, command
from pressrelease.cli.session import Session
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.services.restoring import Restored, Unpacked
    from pressrelease.wiring import Workspace

app = typer.Typer()


@command(app, "doctor")
def doctor(
    session: Session,
    offline: Annotated[bool, typer.Option("--offline", help="Use no network.")] = False,
) -> None:
    """Check everything: clock, files, database, outlets, scheduler, journal. Show how to fix each problem.

    It changes and publishes nothing. The exit code is 10 if something must be fixed now.

    \b
    pressrelease doctor
    pressrelease doctor --offline
    """
    from pressrelease.services.doctor import Weight, examine
    from pressrelease.when import rfc3339

    now = clock.utc_now()
    remarks = examine(session.workspace, offline=offline)
    found = [remark for remark in remarks if remark.weight is not Weight.FINE]
    session.give(
        {
            "at": rfc3339(now),
            "findings": [
                {"check": r.check, "severity": r.weight.value, "message": r.message, "hint": r.hint} for r in found
            ],
            "fine": [{"check": r.check, "message": r.message} for r in remarks if r.weight is Weight.FINE],
        }
    )
    if not session.as_json:
        for remark in remarks:
            session.say(f"{_WEIGHTS[remark.weight.value]}  {remark.check}: {remark.message}")
            if remark.hint:
                session.say(f"         {remark.hint}")
        session.say("", _summary(sum(r.weight is Weight.ERROR for r in found), len(found)))
    if any(remark.weight is Weight.ERROR for remark in found):
        raise typer.Exit(10)


_WEIGHTS = {"fine": "ok     ", "warning": "WARNING", "error": "ERROR  "}


def _summary(errors: int, found: int) -> str:
    if not found:
        return "No problems found."
    if not errors:
        return f"{found} {_things(found)} to fix when you can."
    later = f", {found - errors} later" if found > errors else ""
    return f"{errors} {_things(errors)} to fix now{later}."


def _things(count: int) -> str:
    return "problem" if count == 1 else "problems"


@command(app, "backup", dry_run=True)
def backup(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file, or a folder to put it in.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Back up the database, config.toml and releases/ in one file. Schedulers may keep running.

    It contains embargoed text, so keep it where only you can read it, but no secrets. It prints the journal's head;
    keep that elsewhere: `journal --verify --head` uses it to prove that nothing was cut off since.

    \b
    pressrelease backup /var/backups/press.zip
    """
    from pressrelease.errors import StateUnreadable
    from pressrelease.services.keeping import back_up
    from pressrelease.when import rfc3339

    made = back_up(session.context(), file, force=force)
    session.give(
        {
            "file": str(made.file),
            "made_at": rfc3339(made.manifest.made_at),
            "bytes": made.size,
            "journal": {"n": made.manifest.head.n, "hash": made.manifest.head.hash, "holds": made.manifest.holds},
            "members": len(made.manifest.members),
            "left_out": list(made.left_out),
            "dry_run": session.dry_run,
        }
    )
    what = "Would write" if session.dry_run else "Wrote"
    session.say(
        f"{what} {made.file} ({max(1, made.size >> 10)} KiB, {len(made.manifest.members)} files, 0600).",
        "It contains embargoed text, so keep it where only you can read it. Secrets are not in it.",
        f"The journal's head, to keep elsewhere: {made.manifest.head}",
    )
    for name in made.left_out:
        session.warn(f"Not in it: releases/{name} (a link, too large, or a name that not every system can hold).")
    if made.broken:
        raise StateUnreadable(
            f"The backup was made, but its journal is damaged: {made.broken}. `restore` will refuse it.",
            hint="Keep it as evidence, keep the last good backup, and run `pressrelease stop`.",
            code="journal_broken",
        )


@command(app, "restore", dry_run=True)
def restore(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `pressrelease backup` wrote.")],
    yes: YesOption = False,
) -> None:
    """Restore a backup into an empty folder or over a workspace. The database it replaces is kept.

    The backup is checked before anything is changed. The restored workspace starts stopped. What was being sent, or
    was due since the backup, is in doubt: see it with `status`, decide with `settle`, then `resume --all`.

    \b
    pressrelease restore /var/backups/press.zip --dry-run
    pressrelease restore /var/backups/press.zip --workspace /srv/press
    """
    from pressrelease.services.restoring import put_back, unpacked
    from pressrelease.when import rfc3339
    from pressrelease.wiring import person

    place = _place(session)
    with unpacked(file, place.folder) as backup:
        there = backup.what_is_there
        session.say(*_about(backup, place))
        if session.dry_run:
            session.say("Nothing was changed (dry run). The backup is intact.")
            session.give({"dry_run": True, "workspace": str(place.folder), "replaces": there or None})
            return
        if there:
            session.must_agree(
                f"There is {there}. It is kept under another name, and what was done since the backup is not in the"
                " restored one. Replace it?",
                yes=yes,
                hint="Add --yes, or answer y at a terminal.",
            )
        restored = put_back(backup, actor=person())
    session.give(
        {
            "workspace": str(place.folder),
            "made_at": rfc3339(restored.made_at),
            "stopped": True,
            "head": str(restored.head),
            "in_doubt": list(restored.outcome.doubted),
            "held": list(restored.outcome.held),
            "unknown": list(restored.outcome.unknown),
            "ahead": [release.slug for release in restored.ahead],
            "kept": list(restored.kept),
        }
    )
    session.say(*_restored_words(restored, place, backup))


def _place(session: Session) -> Workspace:
    """Return the folder to restore into: the named one, the workspace around here, or the current folder."""
    from pressrelease.errors import NotFound
    from pressrelease.system.accounts import work_as_owner
    from pressrelease.wiring import Workspace

    named = session.named or (Path(os.environ["PRESSRELEASE_WORKSPACE"]) if _in_environment() else None)
    try:
        if named is None:
            return session.workspace
    except NotFound:
        named = Path.cwd()
    work_as_owner(named.absolute())
    return Workspace(named.absolute())


def _in_environment() -> bool:
    return bool(os.environ.get("PRESSRELEASE_WORKSPACE"))


def _about(backup: Unpacked, place: Workspace) -> list[str]:
    from pressrelease.when import say_full

    zone = backup.config.office.timezone
    made = say_full(backup.manifest.made_at, timezone=zone, now=clock.utc_now())
    return [
        f"The backup of {made} is intact: {backup.manifest.head.n} journal lines,"
        f" {len(backup.manifest.members)} files.",
        f"It goes into {place.folder}.",
    ]


def _restored_words(restored: Restored, place: Workspace, backup: Unpacked) -> list[str]:
    from pressrelease.when import say_full

    zone, now = backup.config.office.timezone, clock.utc_now()
    lines = ["", "Restored, and STOPPED: nothing goes out until you resume it."]
    lines += [f"Kept as it was: {name}" for name in restored.kept]
    if restored.config_beside:
        lines.append(f"config.toml was left as it is. The backup's copy is beside it: {restored.config_beside}.")
    if restored.outcome.doubted:
        lines.append(
            f"May have gone out after the backup, so someone must check: {', '.join(restored.outcome.doubted)}."
        )
    if restored.outcome.held:
        lines.append(f"On hold, since someone changed it after the backup: {', '.join(restored.outcome.held)}.")
    if restored.outcome.unknown:
        names = ", ".join(restored.outcome.unknown)
        lines.append(f"Scheduled after the backup, and only drafts in it. Don't schedule them again: {names}.")
    if restored.ahead:
        lines.append("Once resumed, these go out:")
        lines += [
            f"  {release.slug}: {say_full(release.lift, timezone=zone, now=now)}"
            for release in restored.ahead
            if release.lift
        ]
        if not restored.knew:
            lines.append(
                "A hold, a withdrawal or an early publication after the backup is not known here. Check each release."
            )
    lines += [
        "Secrets and the newsroom's pages are not in a backup: put them where config.toml says.",
        f"Next: cd {shlex.quote(str(place.folder))} && pressrelease status",
        "Then, to turn publishing back on: `pressrelease resume --all`",
        "Don't resume it while the original is in use: both would send everything that is scheduled.",
    ]
    return lines


@command(app, "move-store", dry_run=True)
def move_store(
    session: Session,
    url: Annotated[str, typer.Argument(metavar="URL", help="An empty database: postgresql+psycopg://host/name.")],
) -> None:
    """Move the database from SQLite to a PostgreSQL server, and check it. Stop everything first.

    Put the password in ~/.pgpass, never on the command line. The old file is kept under another name.

    \b
    pressrelease move-store postgresql+psycopg://db.example.gov/press
    """
    from pressrelease.services.moving import move_store as move

    moved = move(session.context(), url)
    session.give(
        {
            "moved": not session.dry_run,
            "line": moved.line,
            "kept": None if session.dry_run else moved.kept.name,
            "head": str(moved.head),
        }
    )
    if session.dry_run:
        session.say("Nothing was changed (dry run). The whole database could be copied there.")
        return
    session.say(
        f"The database is on the server now: every row and {moved.head.n} journal lines, checked.",
        "Write this into [store] of config.toml:",
        f"  {moved.line}",
        f"The old file is kept as {moved.kept.name}; nothing is sent from it.",
        "Everything is still stopped. Next: `pressrelease status`, then `pressrelease resume --all`",
    )


# -- what starts the scheduler ----------------------------------------------------------------------------------


@command(app, "service")
def service(
    session: Session,
    cron: Annotated[
        bool, typer.Option("--cron", help="Print the crontab line, which sends what is due every minute.")
    ] = False,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Print the systemd unit, which sends to the second.")
    ] = False,
) -> None:
    """Print the cron line or the systemd unit that keeps the scheduler running.

    Nothing else goes to standard output, so you can redirect it to a file.

    \b
    pressrelease service --cron
    pressrelease service --systemd
    """
    from pressrelease.errors import Usage

    if cron == systemd:
        raise Usage("Which lines?", hint="`pressrelease service --systemd` or `pressrelease service --cron`")
    folder = session.workspace.folder
    lines = cron_lines(folder) if cron else systemd_lines(folder)
    session.give({"kind": "cron" if cron else "systemd", "lines": lines})
    if not session.as_json:
        session.print_exactly(*lines)
        where = (
            "crontab -e"
            if cron
            else "/etc/systemd/system/pressrelease.service, then systemctl enable --now pressrelease"
        )
        session.warn(f"Put it into: {where}")


def cron_lines(folder: Path) -> list[str]:
    """A pass every minute; cron mails whatever it says, and it says something only where somebody is needed."""
    command = f"{_quoted_for_cron(program())} --workspace {_quoted_for_cron(str(folder))} publish-due --no-input"
    return [f"* * * * *  {command}"]


def _quoted_for_cron(text: str) -> str:
    return shlex.quote(text).replace("%", "\\%")  # crontab(5): an unescaped % ends the command


def systemd_lines(folder: Path) -> list[str]:
    """A service that stays up, finishes what is in flight when it is ended, and may change no more than it must."""
    return [
        "[Unit]",
        "Description=Publishes press releases at their moment",
        "Wants=network-online.target time-sync.target",
        "After=network-online.target time-sync.target",
        "",
        "[Service]",
        f"ExecStart={_quoted_for_systemd(program())} --workspace {_quoted_for_systemd(str(folder))} run",
        f"User={_owner(folder)}",
        "Restart=on-failure",
        "RestartSec=10",
        "TimeoutStopSec=180",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]


def _quoted_for_systemd(text: str) -> str:
    """systemd.service(5), "Command lines": quotes, and its own % and $ doubled."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if any(character in escaped for character in " \t'\"\\;") else escaped


def _owner(folder: Path) -> str:
    try:
        return folder.owner()
    except (KeyError, OSError, NotImplementedError):
        from pressrelease.wiring import person

        return person()


def program() -> str:
    """The command as another account or cron can call it: its absolute path, where that is known."""
    called = Path(sys.argv[0])
    return str(called.absolute()) if called.name.startswith("pressrelease") else "pressrelease"


def service_lines(folder: Path) -> list[str]:
    """What starts the scheduler, both ways, as `init` ends with it."""
    return [
        "To publish from cron, every minute:",
        *(f"  {line}" for line in cron_lines(folder)),
        "To publish at the instant, as a systemd service (in /etc/systemd/system/pressrelease.service):",
        *(f"  {line}" if line else "" for line in systemd_lines(folder)),
        "",
        f"Next: cd {shlex.quote(str(folder))} && pressrelease",
    ]
