"""Find other programs only in places that nobody but this account and the system's administrator may write to.

A program that is taken from wherever PATH happens to lead runs with all of this one's rights, and `ssh-keygen` says
whose approval counts. So the system's own places come first, and what others may write to is skipped, as is an entry
of PATH that counts from the current folder.
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


#: Groups below this number are the system's own (Debian's policy, section 9.2.2; macOS has its `admin` below it too).
SYSTEM_GROUPS = 100


def system_program(name: str) -> str | None:
    """Return a program's absolute path, from the system's own places, then PATH; None if none is to be trusted."""
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
    """Return whether nobody but root and this account may write to a file or folder; always so on Windows."""
    if not hasattr(os, "geteuid"):
        return True
    try:
        found = path.stat()
    except OSError:
        return False
    # The system's own groups (wheel, staff, admin), or one that only this account is in, as many systems give to each.
    own_group = found.st_gid < SYSTEM_GROUPS or found.st_gid == os.getegid() == os.geteuid()
    by_others = stat.S_IWOTH | (0 if own_group else stat.S_IWGRP)
    return found.st_uid in {0, os.geteuid()} and not stat.S_IMODE(found.st_mode) & by_others
