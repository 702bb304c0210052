"""The checks of `doctor` about accounts: whether this one can work here, who else can, and what others can read."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from pressrelease.services.doctor.findings import DoctorContext, DoctorFinding, error, fine, warning
from pressrelease.system.accounts import GROUP_FILE, GROUP_FOLDER, chown_to, is_shared, must_be_usable, name_of


def usable(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that this account can work with the database, and that all its files have the same owner."""
    if sys.platform == "win32":
        return
    private = context.workspace.private
    must_be_usable(private)
    if not private.is_dir() or is_shared(private):
        return
    owner = private.stat().st_uid
    if strange := [path for path in _within(private) if path.lstat().st_uid != owner]:
        names = " and ".join(sorted({name_of(path.lstat().st_uid) for path in strange}))
        yield error(
            f"{_some(strange, context)} belong{'s' if len(strange) == 1 else ''} to {names}, so {name_of(owner)} can't"
            " use it",
            f"{chown_to(name_of(owner))} {private}",
        )


def modes(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that only the owner, and a sharing group, can read private files or change trusted ones."""
    if sys.platform == "win32":
        return
    folder, private = context.workspace.folder, context.workspace.private
    open_to_others = []
    forbidden, cure = (0o007, "o=") if is_shared(private) else (0o077, "go=")
    if private.is_symlink():
        yield error(f"{private.name}/ is a symbolic link", "Put a real folder there.")
    elif private.is_dir():
        open_to_others = [path for path in (private, *_within(private)) if _mode(path) & forbidden]
    if open_to_others:
        yield error(f"others can read or change {_some(open_to_others, context)}", f"chmod -R {cure} {private}")
    writable = [path for path in (folder, folder / "config.toml", folder / "releases") if _mode(path) & 0o002]
    if writable:
        names = " ".join(str(path) for path in writable)
        yield error(f"anybody on this computer can change {names}", f"chmod o-w {names}")
    drafts = [path for path in sorted((folder / "releases").glob("*.md")) if _mode(path) & 0o004]
    if drafts and _mode(folder) & 0o001 and _mode(folder / "releases") & 0o001:
        yield warning(
            f"anybody on this computer can read {len(drafts)} of the files in releases/",
            f"chmod o= {folder / 'releases'}",
        )
        return
    if not (open_to_others or writable):
        yield fine("private files are private")


def sharing(context: DoctorContext) -> Iterator[DoctorFinding]:
    """Check that every account of a group that shares the workspace can use every file."""
    private = context.workspace.private
    if sys.platform == "win32" or private.is_symlink() or not is_shared(private):
        return
    import grp

    number = private.stat().st_gid
    try:
        group = grp.getgrgid(number).gr_name
    except KeyError:
        group = str(number)
    shared = (context.workspace.folder, context.workspace.library.folder, private, *_within(private))
    there = [path for path in shared if path.exists() and not path.name.startswith(("restoring-", "replaced-"))]
    foreign = [path for path in there if path.stat().st_gid != number]
    closed = [path for path in there if _closed_to_group(path)]
    unset = [path for path in there if path.is_dir() and not path.stat().st_mode & stat.S_ISGID]
    if foreign:
        yield error(
            f"{_some(foreign, context)} doesn't belong to the group {group}",
            f"sudo chgrp -R {group} {context.workspace.folder}",
        )
    if closed:
        names = " ".join(str(path) for path in closed[:3])
        yield error(f"the group {group} can't use {_some(closed, context)}", f"sudo chmod -R g+rwX {names}")
    if unset and sys.platform.startswith("linux"):  # on other systems a new file gets its folder's group by itself
        names = " ".join(str(path) for path in unset[:3])
        yield error(
            f"new files in {_some(unset, context)} won't belong to the group {group}", f"sudo chmod g+s {names}"
        )
    if not (foreign or closed or unset):
        yield fine(f"the group {group} shares this workspace")


def _closed_to_group(path: Path) -> bool:
    wanted = GROUP_FOLDER if path.is_dir() else GROUP_FILE
    return path.stat().st_mode & wanted != wanted


def _within(private: Path) -> list[Path]:
    """Return everything in the private folder that can be seen and is not a link."""
    found = []
    for place, folders, files in os.walk(private):
        found += [Path(place) / name for name in (*folders, *files)]
    return sorted(path for path in found if not path.is_symlink())


def _some(paths: list[Path], context: DoctorContext) -> str:
    folder = context.workspace.folder
    names = [path.relative_to(folder).as_posix() if path != folder else str(path) for path in paths[:3]]
    return ", ".join(names) + (" …" if len(paths) > 3 else "")


def _mode(path: Path) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0
