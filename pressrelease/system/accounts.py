"""Decide which accounts may use a workspace, and with which file modes: one account, or a group.

The mode of `.pressrelease/` decides. 0700, as it is made, means one account. Made accessible to its group (2770),
that group shares the workspace: files and folders in it are made usable by the group, whatever the umask, and never
by others. Root works as the account that owns the workspace, so that it leaves no file that this account can't use.
Windows has none of this: there every function answers as for a workspace with one account.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pressrelease.errors import NOTHING_SENT, NotPermitted, StateUnreadable
from pressrelease.system.who import person

#: What a group needs of a folder, and of a file, to work with it.
GROUP_FOLDER = stat.S_IRWXG
GROUP_FILE = stat.S_IRGRP | stat.S_IWGRP
OTHERS = stat.S_IRWXO

#: The program's own folder in a workspace, and the prefixes of file names that are shared by all its accounts.
PRIVATE = ".pressrelease"
IN_USE = ("state.db", "alive", "log", "record.", "promises.json", "newsroom-")

_POSIX = hasattr(os, "geteuid")


class Accounts:
    """What this process knows about accounts. `person` is who started it, if root did and it continues as another."""

    person: ClassVar[str] = ""


def is_shared(folder: Path) -> bool:
    """Return whether a folder's group may work in it. False if it is missing or can't be read."""
    try:
        return _POSIX and stat.S_IMODE(folder.stat().st_mode) & GROUP_FOLDER == GROUP_FOLDER
    except OSError:
        return False


def file_mode(folder: Path) -> int:
    """Return the mode of a private file in `folder`: 0600, or 0660 if its group shares it."""
    return 0o660 if is_shared(folder) else 0o600


def opened(path: Path, flags: int) -> int:
    """Open a private file, as `os.open` does; a new one gets the mode of `file_mode`, whatever the umask."""
    mode = file_mode(path.parent)
    descriptor = os.open(path, flags, mode)
    if mode & GROUP_FILE and flags & os.O_CREAT:
        widen(descriptor, mode)
    return descriptor


def widen(descriptor: int, mode: int) -> None:
    """Give a file or folder that we own the permissions that the umask took; another account's is not changed."""
    with contextlib.suppress(OSError):
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o777 != mode:
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~0o777 | mode)


def make_folder(folder: Path) -> None:
    """Make a private folder and those above it: 0700, or 2770 inside one that its group shares."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if is_shared(folder.parent):
            folder.chmod(0o2770)


def keep_private(folder: Path) -> None:
    """Make .pressrelease/, or remove others' access to it, and its group's unless the group shares it.

    Raises: StateUnreadable for a symbolic link.
    """
    make_folder(folder)
    if folder.is_symlink():
        raise StateUnreadable(
            f"{folder.name}/ is a symbolic link.", outcome=NOTHING_SENT, hint="Put a real folder there."
        )
    if not _POSIX:
        return
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    right = mode & ~OTHERS if is_shared(folder) else 0o700
    if mode & ~right & 0o077 and found.st_uid == os.geteuid():
        folder.chmod(right)


def name_of(uid: int) -> str:
    """Return an account's name, or its number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def as_account(name: str) -> str:
    """Return what is typed before a command to run it as an account: "sudo -u NAME"."""
    return f"sudo -u '#{name[4:]}'" if name.startswith("uid ") else f"sudo -u {name}"


def chown_to(name: str) -> str:
    """Return what is typed to give files to an account: "sudo chown -R NAME:"."""
    return f"sudo chown -R {name.removeprefix('uid ')}:"


def must_be_usable(private: Path, record: Path | None = None) -> None:
    """Check that this account may work with `.pressrelease/`, what is in it, and the record's file, if they exist.

    Raises: NotPermitted, naming the account that may.
    """
    if not _POSIX:
        return
    for path in (private, *_in_use(private), *([record] if record is not None else [])):
        try:
            found = path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _not_ours(private, path, error.strerror or "") from None
        wanted = os.R_OK | os.W_OK | (os.X_OK if stat.S_ISDIR(found.st_mode) else 0)
        if not os.access(path, wanted, effective_ids=os.access in os.supports_effective_ids):
            raise _not_ours(private, path, "")


def _in_use(private: Path) -> Iterator[Path]:
    """Yield the files that every account of a shared workspace needs, without the private ones of one account."""
    try:
        with os.scandir(private) as entries:
            for entry in entries:
                if entry.name.startswith(IN_USE) or entry.name.endswith(".lock"):
                    yield Path(entry.path)
    except OSError:
        return


def _not_ours(private: Path, path: Path, why: str) -> NotPermitted | StateUnreadable:
    us, owner, of_all = name_of(os.geteuid()), owner_of(path), owner_of(private)
    code = "not_your_workspace"
    if owner == us:  # the account's own database, which it can't read or write: nothing is known, and nothing is sent
        return StateUnreadable(
            f"{us} owns {path} and can't use it{f' ({why})' if why else ''}.",
            outcome=NOTHING_SENT,
            hint=f"chmod -R u+rwX {path}",
            code=code,
        )
    left_there = os.access(private, os.W_OK) if path != private else owner_of(private.parent) == us
    if left_there and not is_shared(private):
        return NotPermitted(
            f"{path} belongs to {owner}, and {us} doesn't have permission to use it.",
            outcome=NOTHING_SENT,
            hint=f"{chown_to(us if path == private else of_all)} {private}",
            code=code,
        )
    if is_shared(private) and path != private:
        return NotPermitted(
            f"{path} belongs to {owner}, and the group that shares this workspace can't use it.",
            outcome=NOTHING_SENT,
            hint=f"sudo chmod -R g+rwX {private}",
            code=code,
        )
    return NotPermitted(
        f"This workspace belongs to {owner}, and {us} doesn't have permission to use its database.",
        outcome=NOTHING_SENT,
        hint=f"Run it as that account: `{as_account(owner)} pressrelease …`. docs/how-to/share-a-workspace.md shows how"
        " several accounts share a workspace.",
        code=code,
    )


def owner_of(path: Path) -> str:
    """Return the owner's name of a file or folder, or of the nearest folder above it that can be seen."""
    for place in (path, *path.parents):
        with contextlib.suppress(OSError):
            return name_of(place.stat().st_uid)
    return "another account"


# -- root, and other people's folders ---------------------------------------------------------------------------


def work_as_owner(folder: Path) -> None:
    """Make root continue, for good, as the account that owns a workspace, so that it leaves no file of root there.

    Raises: NotPermitted if the system doesn't allow it, or if root itself owns what others may change.
    """
    if not _POSIX or os.geteuid() != 0:
        return
    deciding = _deciding(folder)
    found = next((one for one in deciding.values() if one.st_uid), None)
    if found is None:
        _must_be_roots_alone(folder)
        return
    account = found.st_uid
    for path, one in deciding.items():
        if one.st_uid not in {0, account} and not is_shared(folder / PRIVATE):
            raise NotPermitted(
                f"Root can't work here: {path} belongs to {name_of(one.st_uid)}, so that account could run programs as"
                f" {name_of(account)}.",
                outcome=NOTHING_SENT,
                hint=f"{chown_to(name_of(account))} {_quoted(folder)}",
                code="not_trusted",
            )
    Accounts.person = person()
    import pwd

    try:
        entry = pwd.getpwuid(account)
        name, group, home = entry.pw_name, entry.pw_gid, entry.pw_dir
    except KeyError:
        name, group, home = "", found.st_gid, "/"
    if not _may_run_us(account, group):
        raise NotPermitted(
            f"This workspace belongs to {name_of(account)}, and that account doesn't have permission to read this copy"
            " of the program, so root can't continue as that account.",
            outcome=NOTHING_SENT,
            hint=f"{as_account(name_of(account))} pressrelease … (with a copy that everybody can run)",
            code="not_your_workspace",
        )
    try:
        if name:
            os.initgroups(name, group)
        else:
            os.setgroups([group])
        os.setgid(group)
        os.setuid(account)
    except OSError:
        raise NotPermitted(
            f"This workspace belongs to {name_of(account)}, and root can't work as that account here.",
            outcome=NOTHING_SENT,
            hint=f"{as_account(name_of(account))} pressrelease …",
            code="not_your_workspace",
        ) from None
    os.environ.update(HOME=home, USER=name or str(account), LOGNAME=name or str(account))


def _deciding(folder: Path) -> dict[Path, os.stat_result]:
    """Return the paths that control a workspace, each with its own owner; of a link, that is who made it.

    `.pressrelease/`, the folder and config.toml; for one that does not exist yet, the nearest folder above it.
    """
    found: dict[Path, os.stat_result] = {}
    for path in (folder / PRIVATE, folder, folder / "config.toml", *folder.parents):
        if path in folder.parents and found:
            break
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found[path] = path.lstat()
    return found


def _may_run_us(uid: int, group: int) -> bool:
    """Return whether an account can read what a command still has to load: Python's modules, this package, others."""
    import typer

    effective = os.access in os.supports_effective_ids
    if not effective:
        return True
    os.setegid(group)
    os.seteuid(uid)
    try:
        return all(os.access(file, os.R_OK, effective_ids=True) for file in (os.__file__, __file__, typer.__file__))
    finally:
        os.seteuid(0)
        os.setegid(0)


def _must_be_roots_alone(folder: Path) -> None:
    for path in (folder, folder / "config.toml", folder / PRIVATE):
        with contextlib.suppress(OSError):
            found = path.stat()
            if found.st_mode & (stat.S_IWOTH | (stat.S_IWGRP if found.st_gid else 0)):
                raise NotPermitted(
                    f"Root can't work here: others can change {path} and make root run their programs.",
                    outcome=NOTHING_SENT,
                    hint=f"Give the workspace its own account: `sudo chown -R daypress: {folder}`. Or, if only root"
                    f" should use it: `chmod go-w {path}`.",
                    code="not_trusted",
                )


def must_be_trusted(folder: Path) -> None:
    """Check that a workspace is safe to use if it was found, not named.

    It must belong to this account or to root, and nobody else may change it: its config.toml says which programs run,
    and one that somebody put in a folder above would run theirs.

    Raises: NotPermitted.
    """
    if not _POSIX:
        return
    ours = {0, os.geteuid()}
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "").isdecimal():
        ours.add(int(os.environ["SUDO_UID"]))
    for path in (folder, folder / "config.toml", folder / PRIVATE):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            found = path.stat()
            if found.st_uid not in ours:
                raise NotPermitted(
                    f"The workspace {folder} belongs to {name_of(found.st_uid)}, and you did not name it. Nothing was"
                    " done.",
                    hint=f"If you trust it, name it: `pressrelease --workspace {_quoted(folder)} …`, or"
                    f" `export PRESSRELEASE_WORKSPACE={_quoted(folder)}`.",
                    code="not_trusted",
                )
            if found.st_mode & stat.S_IWOTH:
                raise NotPermitted(
                    f"Anybody on this computer can change {path}, and you did not name it. Nothing was done.",
                    hint=f"chmod o-w {_quoted(path)}",
                    code="not_trusted",
                )


def _quoted(path: Path) -> str:
    """Return a path as it is typed in a command."""
    import shlex  # only a refusal needs it

    return shlex.quote(str(path))
