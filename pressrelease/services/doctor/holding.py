"""Find which programs lock the record's file, as far as the system tells."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pressrelease.errors import NeedsPerson, StateUnreadable, WillRetry
from pressrelease.store import Store
from pressrelease.store.connection import READ_PATIENCE, unreadable

#: Where in a database's file SQLite's locks are, whatever its size (https://www.sqlite.org/fileformat2.html, section
#: 1.5,
#: "the lock-byte page").
LOCKED_BYTES = range(0x40000000, 0x40000000 + 512)


@dataclass(frozen=True)
class Holder:
    """A program that has the file locked: its process's number, its name, and whether it is suspended."""

    process: int
    name: str
    suspended: bool = False


def what_holds(store: Store) -> WillRetry | NeedsPerson | None:
    """Return why a store can't be read or written right now, naming who locks it if known; None if it can be.

    Waits as long as any reader does. A store that can't be read at all is for its reader to find.
    """
    try:
        store.read.schema()
        if store.file is not None:
            _take_a_turn(store.file)
    except WillRetry as busy:
        return busy if store.file is None else _named(busy, store.file)
    except StateUnreadable:
        return None
    return None


def _take_a_turn(file: Path) -> None:
    """Start to write to a database, and leave it:

    its holder may let others read, and keep them from recording.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=READ_PATIENCE, uri=True)) as turn:
            turn.execute("BEGIN IMMEDIATE")
            turn.rollback()
    except sqlite3.Error as error:
        raise unreadable(error) from error


def _named(busy: WillRetry, file: Path) -> WillRetry | NeedsPerson:
    holders = holders_of(file)
    if not holders:
        hint = f"Try again in a minute. To see which program has locked it: `lsof {file}`."
        return WillRetry(busy.message, hint=hint, code=busy.code)
    named = " and ".join(
        f"{one.name} (process {one.process}{', which is suspended' if one.suspended else ''})" for one in holders
    )
    message = f"the database is locked by {named}; until it is released, nothing is recorded and nothing is sent"
    if still := next((one.process for one in holders if one.suspended), None):
        return NeedsPerson(
            message,
            hint=f"To wake it: `kill -CONT {still}`. To end it: `kill -KILL {still}`. The database stays whole.",
        )
    return WillRetry(
        message,
        hint=f"Wait until it has finished, or end it: `kill {holders[0].process}`. The database stays whole.",
        code=busy.code,
    )


def holders_of(file: Path, system: Path = Path("/proc")) -> list[Holder]:
    """Return the programs that hold a lock of SQLite on a file; none if the system does not tell (only Linux does)."""
    try:
        lines = (system / "locks").read_text(encoding="ascii", errors="replace").splitlines()
        number = file.stat().st_ino
    except OSError:
        return []
    return [_described(system / str(process), process) for process in processes_that_lock(number, lines)]


def processes_that_lock(inode: int, lines: Iterable[str]) -> list[int]:
    """Return whose locks are where SQLite's are in the file of that number.

    `lines` are those of /proc/locks (proc_locks(5)).
    """
    found = set()
    for line in lines:
        match line.split():
            case [_, "POSIX", _, _, process, place, first, _] if (
                place.rpartition(":")[2] == str(inode) and int(first) in LOCKED_BYTES and int(process) > 0
            ):
                found.add(int(process))
    return sorted(found)


def _described(folder: Path, process: int) -> Holder:
    try:
        command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        # proc_pid_stat(5): the state follows the name, which is in parentheses and may hold any.
        state = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return Holder(process, "a program")
    return Holder(process, name_of(command), suspended=state in {"T", "t"})


def name_of(command: Sequence[str]) -> str:
    """Return what people call a program, from its command line:

    `pressrelease run`, not the interpreter that runs it.
    """
    names = [Path(word).name for word in command if word]
    for name, following in pairwise([*names, ""]):
        if name.removesuffix(".exe") in {"pressrelease", "__main__.py"}:
            return "pressrelease" if following.startswith("-") else f"pressrelease {following}".rstrip()
    return names[0] if names else "a program"
