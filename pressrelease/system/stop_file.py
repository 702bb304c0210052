"""A stop or a hold as a file in the workspace's folder, for a person who can't write to the database.

    STOP          everything is stopped
    HOLD-SLUG     that release is on hold

A file counts if it exists, with any content; one that can't be read counts too. Its owner is the person who asked, its
first line is the reason. Every guard checks for it. The next pass copies it to the database and the journal, and
deletes it.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import contextlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from pressrelease.errors import NotPermitted
from pressrelease.system.accounts import name_of
from pressrelease.system.printable import one_line

STOP = "STOP"
HOLD = "HOLD-"

#: How much of a reason is read, in bytes.
LONGEST_WHY = 1000


class StopRequest(NamedTuple):
    """A stop, or the hold of one release (`slug`, "" for a stop): who asked for it, and why."""

    path: Path
    slug: str
    by: str
    why: str


def is_stopped(folder: Path) -> bool:
    """Return whether the file STOP is in a workspace's folder; True if that can't be known."""
    return _counts(f"{folder}/{STOP}")


def is_held(folder: Path, slug: str) -> bool:
    """Return whether a release's HOLD file is in a workspace's folder; True if that can't be known."""
    return _counts(f"{folder}/{HOLD}{slug}")


def stops_in_force(folder: Path | None, slugs: Iterable[str]) -> tuple[bool, set[str]]:
    """Return whether a STOP file is in a workspace's folder, and which of `slugs` have a HOLD file."""
    if folder is None:
        return False, set()
    return is_stopped(folder), {slug for slug in slugs if is_held(folder, slug)}


def requested_stop(folder: Path) -> StopRequest | None:
    """Return the stop that a file in `folder` asks for; None without one."""
    path = folder / STOP
    return _read(path, "") if _counts(path) else None


def requested_holds(folder: Path) -> list[StopRequest]:
    """Return the holds that files in `folder` ask for, in the order of their slugs."""
    try:
        names = sorted(name for name in os.listdir(folder) if name.startswith(HOLD))  # noqa: PTH208
    except OSError:
        return []  # `is_stopped` reports this
    return [_read(folder / name, name.removeprefix(HOLD)) for name in names]


def ask(folder: Path, slug: str, why: str) -> Path:
    """Request a stop or, with a slug, a hold, by making its file; an existing one is not changed.

    Raises: NotPermitted if this account may not write in `folder`.
    """
    path = folder / (f"{HOLD}{slug}" if slug else STOP)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o644)
    except FileExistsError:
        return path
    except OSError as error:
        raise NotPermitted(
            f"{path} can't be made: {error.strerror}.", hint=_as_owner(folder), code="not_your_workspace"
        ) from None
    with contextlib.suppress(OSError), os.fdopen(descriptor, "wb") as stream:  # it counts without its reason too
        stream.write(one_line(why).encode("utf-8", "replace")[:LONGEST_WHY] + b"\n")
        stream.flush()
        os.fsync(descriptor)
    return path


def remove(asked: StopRequest) -> bool:
    """Delete a file that was copied to the database. Return whether it is gone."""
    with contextlib.suppress(OSError):
        asked.path.unlink()
    return not _counts(asked.path)


def _counts(path: Path | str) -> bool:
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _read(path: Path, slug: str) -> StopRequest:
    by, why = "another account", ""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if hasattr(os, "geteuid"):
            by = name_of(found.st_uid)
        if stat.S_ISREG(found.st_mode):
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
            descriptor = os.open(path, flags)
            with os.fdopen(descriptor, "rb") as stream:
                why = one_line(stream.read(LONGEST_WHY).decode("utf-8", "replace").partition("\n")[0])
    return StopRequest(path, slug, by, why)


def _as_owner(folder: Path) -> str:
    try:
        return (
            f"Run it as the account that owns the workspace: `sudo -u {name_of(folder.stat().st_uid)} pressrelease …`"
        )
    except (OSError, ImportError):
        return "Run it as the account that owns the workspace."
