"""What the shell offers when Tab is pressed: commands and options (Click's), slugs and outlets.

A command is offered the releases that it can do something with. The record is read with the standard library alone: a
person waits for the answer. A name that can't be looked up is not offered, and a locked, damaged or missing record is
no reason to print anything at a half-typed command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

#: The variable by which Click's own scripts for bash, zsh and fish ask.
VARIABLE = "_PRESSRELEASE_COMPLETE"

#: Seconds to wait for a record that another process is writing to.
PATIENCE = 0.1

#: Which releases a command is for, as a condition on the rows of `_RELEASES`. A command that is not named is for all.
_OFFERED = {
    "schedule": "NOT begun AND word <> 'killed'",
    "approve": "open AND word <> 'killed' AND unsent AND (approvals < :needed OR lift IS NULL)",
    "unapprove": "NOT begun AND word <> 'killed' AND approvals",
    "unschedule": "NOT begun AND word <> 'killed'",
    "clear": "open AND word <> 'killed' AND uncleared",
    "lift": "open AND word = 'scheduled' AND lift IS NULL AND event_group IS NOT NULL",
    "hold": "open AND word = 'scheduled'",
    "resume": "open AND (word = 'held' OR (unsent AND max(lift, coalesce(late_accepted_at, lift)) < :missed))",
    "publish": "open AND word = 'scheduled'",
    "retry": "failed",
    "settle": "doubted",
    "settle --undo": "begun",
}

#: The commands that are also, or only, for a file that was never scheduled.
_FOR_DRAFTS = frozenset({"schedule", "publish"})

_HAS = "EXISTS (SELECT 1 FROM deliveries d WHERE d.slug = r.slug AND d.version = r.version AND "
_RELEASES = f"""
    SELECT slug FROM (
        SELECT slug, word, open, lift, late_accepted_at, event_group,
               {_HAS}d.attempts > 0) AS begun,
               {_HAS}d.state IN ('waiting', 'retrying')) AS unsent,
               {_HAS}d.state = 'failed') AS failed,
               {_HAS}d.state = 'in_doubt') AS doubted,
               EXISTS (SELECT 1 FROM clearances c WHERE c.slug = r.slug AND c.version = r.version) AS uncleared,
               (SELECT count(DISTINCT a."by") FROM approvals a
                WHERE a.slug = r.slug AND a.version = r.version AND a.withdrawn_at IS NULL) AS approvals
        FROM releases r WHERE slug >= :first AND slug < :beyond
    ) WHERE """


def complete(instruction: str) -> int:
    """Answer a shell: `bash_source` prints bash's script, `bash_complete` what fits; likewise zsh and fish."""
    from click.shell_completion import shell_complete

    from pressrelease.cli.app import command

    return shell_complete(command(), {}, "pressrelease", VARIABLE, instruction)


def slugs(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the releases that begin so and that the command is for, except those on the line already."""
    del args
    given = ctx.params.get("slugs") or ()
    kind = "settle --undo" if ctx.info_name == "settle" and ctx.params.get("undo") else str(ctx.info_name)
    return _beginning(incomplete, lambda: _offered(_workspace(ctx), kind, incomplete) - set(given))


def clearances(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the clearances of config.toml that begin so."""
    del args
    return _beginning(incomplete, lambda: set(_config(_workspace(ctx)).get("clearances", {})))


def outlets(ctx: Any, args: list[str], incomplete: str) -> list[str]:
    """Return the outlets of config.toml that begin so, except those on the line already."""
    del args
    given = [one for value in ctx.params.values() if isinstance(value, (list, tuple)) for one in value]
    return _beginning(incomplete, lambda: set(_config(_workspace(ctx)).get("outlets", {})) - set(given))


def _beginning(incomplete: str, names: Callable[[], Iterable[str]]) -> list[str]:
    import sqlite3

    try:
        return sorted(name for name in names() if name.startswith(incomplete))
    except (OSError, ValueError, AttributeError, TypeError, sqlite3.Error):
        return []


def _offered(folder: Path, command: str, beginning: str) -> set[str]:
    """Return the slugs that a command is for; all files where no record says which those are. Raises sqlite3.Error."""
    if command not in _OFFERED:
        return _files(folder)
    config = _config(folder)
    url = str(config.get("store", {}).get("url", "sqlite:///.pressrelease/state.db"))
    if not url.startswith("sqlite:///"):
        return _files(folder)  # a database server is asked by the command itself: it may take seconds to answer
    record = folder / url.removeprefix("sqlite:///")
    if not record.exists():
        return _files(folder) if command in _FOR_DRAFTS else set()
    found, known = _recorded(record, command, beginning, config.get("policy", {}))
    if command == "resume":
        found |= {name.removeprefix("HOLD-") for name in os.listdir(folder) if name.startswith("HOLD-")}  # noqa: PTH208
    return found | (_files(folder) - known if command in _FOR_DRAFTS else set())


def _recorded(record: Path, command: str, first: str, policy: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """Return the releases on record that a command is for, and all on record. Raises sqlite3.Error, ValueError."""
    import sqlite3
    from contextlib import closing

    from pressrelease.system import clock

    values = {
        "first": first,
        "beyond": f"{first}\x7f",  # after every character of a slug
        "needed": int(policy.get("approvals", 1)),
        "missed": int((clock.utc_now().timestamp() - _seconds(policy.get("max_late", "24h"))) * 1_000_000),
    }
    # Only read, also where a crash left something to roll back: that is for the next command.
    with closing(sqlite3.connect(f"{record.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as connection:
        found = {str(row[0]) for row in connection.execute(_RELEASES + _OFFERED[command], values)}
        known = "SELECT slug FROM releases WHERE slug >= :first AND slug < :beyond"
        return found, {str(row[0]) for row in connection.execute(known, values)}


def _seconds(duration: str) -> int:
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3_600, "d": 86_400}[duration[-1]]


def _config(folder: Path) -> dict[str, Any]:
    import tomllib

    with (folder / "config.toml").open("rb") as stream:
        return tomllib.load(stream)


def _files(folder: Path) -> set[str]:
    from pressrelease.release.slug import valid_slug

    return {file.stem for file in (folder / "releases").glob("*.md") if valid_slug(file.stem)}


def _workspace(ctx: Any) -> Path:
    """Return the folder that the command would work in. No command has run yet, so only the line itself is known."""
    named = ctx.params.get("workspace") or ctx.find_root().params.get("workspace")
    if named := named or os.environ.get("PRESSRELEASE_WORKSPACE"):
        return Path(named)
    current = Path.cwd()
    return next((folder for folder in (current, *current.parents) if (folder / "config.toml").is_file()), current)
