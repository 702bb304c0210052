"""Find the kind of file system that a folder is on, if the system shows it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path


def file_system_of(folder: Path) -> str:
    """Return the kind of file system that a folder is on, such as `ext4` or `nfs4`; "" if unknown."""
    if not sys.platform.startswith("linux"):
        return ""
    try:
        lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return file_system_in(folder.resolve(), lines)


def file_system_in(folder: Path, mounts: Iterable[str]) -> str:
    """Return what `file_system_of` does, for a resolved folder and the lines of /proc/mounts (proc_pid_mounts(5))."""
    best, kind = Path("/"), ""
    for line in mounts:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"))
        # Of two mounts on one folder, the last one is visible.
        if folder.is_relative_to(place) and len(place.parts) >= len(best.parts):
            best, kind = place, fields[2]
    return kind
