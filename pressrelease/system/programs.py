"""Find other programs only in folders that nobody but this account and the system's administrator can write to.

A program runs with all the rights of this one, and `ssh-keygen` decides whose approval counts. So the system's folders
come first, and folders of PATH that others can write to, or that are relative, are skipped.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

if sys.platform == "win32":
    SYSTEM_PLACES: tuple[str, ...] = (
        os.path.expandvars(r"%SystemRoot%\System32\OpenSSH"),
        os.path.expandvars(r"%ProgramFiles%\OpenSSH"),
        os.path.expandvars(r"%ProgramFiles%\Git\usr\bin"),
        os.path.expandvars(r"%SystemRoot%\System32"),
    )
else:
    SYSTEM_PLACES = ("/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin", "/opt/local/bin")


#: Groups below this number belong to the system (Debian policy, section 9.2.2; `admin` on macOS too).
SYSTEM_GROUPS = 100


def system_program(name: str) -> str | None:
    """Return a program's absolute path, from the system's folders, then PATH; None if no trusted one is found."""
    return _first(name, [*SYSTEM_PLACES, *_on_path()])


def program_on_path(name: str) -> str | None:
    """Return what `system_program` does, in the order of PATH alone, as an administrator wrote it."""
    return _first(name, _on_path())


def _on_path() -> list[str]:
    return os.environ.get("PATH", os.defpath).split(os.pathsep)


def _first(name: str, folders: list[str]) -> str | None:
    for folder in folders:
        if not Path(folder).is_absolute() or not Path(folder).is_dir():
            continue
        found = shutil.which(name, path=folder)
        if found is not None and only_ours(Path(folder)) and only_ours(Path(found)):
            return found
    return None


def only_ours(path: Path) -> bool:
    """Return whether only root and this account can write to a file or folder; always True on Windows."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        found = path.stat()
    except OSError:
        return False
    # A group of the system (wheel, staff, admin), or a group of this account alone, as many systems make one.
    own_group = found.st_gid < SYSTEM_GROUPS or found.st_gid == os.getegid() == os.geteuid()
    by_others = stat.S_IWOTH | (0 if own_group else stat.S_IWGRP)
    return found.st_uid in {0, os.geteuid()} and not stat.S_IMODE(found.st_mode) & by_others
