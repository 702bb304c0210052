"""The file that says whose keys approvals are signed with, and whether others could change it.

As in OpenSSH (StrictModes): the file and every folder above it belong to root or to one account, and nobody else may
write there. A folder with the sticky bit, such as /tmp, is accepted too: others can't replace what is not theirs.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

LARGEST = 1 << 20

#: How many symbolic links are followed on the way to the file.
_LINKS = 32


def read_signers(path: Path) -> tuple[bytes, str]:
    """Return what the file says, and who else could change it, in words; "" if nobody could. Raises OSError."""
    with path.open("rb") as stream:
        found = os.fstat(stream.fileno())
        data = stream.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise OSError("too large for a file of signers")
    if sys.platform == "win32":
        return data, ""
    return data, _why_not_trusted(path, found)


def replaceable_by_self(path: Path) -> bool:
    """Return whether the account that runs this, if it is not root, could change the file. Raises OSError."""
    if sys.platform == "win32" or os.geteuid() == 0:
        return False
    return path.stat().st_uid == os.geteuid()


def _why_not_trusted(path: Path, found: os.stat_result) -> str:
    own = os.geteuid()
    if found.st_uid not in {0, own}:
        return f"{path.name} belongs to {_account(found.st_uid)}"
    if stat.S_IMODE(found.st_mode) & 0o022:
        return f"other accounts can change {path.name}"
    # A file of root's that another account could replace is no better than a file of that account's.
    trusted = {0, found.st_uid}
    for folder in _folders_on_the_way(path):
        there = folder.stat()
        if there.st_uid not in trusted:
            return f"{_account(there.st_uid)} owns the folder {folder} and can replace {path.name}"
        if stat.S_IMODE(there.st_mode) & 0o022 and not there.st_mode & stat.S_ISVTX:
            return f"other accounts can write in {folder} and so replace {path.name}"
    return ""


def _folders_on_the_way(path: Path) -> list[Path]:
    """Return every folder in which an entry on the way to the file could be replaced, links followed.

    Raises OSError.
    """
    found: list[Path] = []
    left = list(path.absolute().parts)
    here = Path(left.pop(0))
    links = 0
    while left:
        name = left.pop(0)
        if name == "..":
            here = here.parent
            continue
        if here not in found:
            found.append(here)
        entry = here / name
        if entry.is_symlink():
            links += 1
            if links > _LINKS:
                raise OSError("too many symbolic links")
            target = Path(entry.readlink())
            left = [*(target.parts[1:] if target.is_absolute() else target.parts), *left]
            here = Path(target.anchor) if target.is_absolute() else here
        else:
            here = entry
    return found


def _account(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"uid {uid}"
