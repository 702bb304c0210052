"""Find out who runs this command, as far as the system knows."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import os
import subprocess
from pathlib import Path
from typing import NamedTuple

#: How far up a process's ancestors are followed.
_GENERATIONS = 64


class ParentProcess(NamedTuple):
    """A process's parent, and the number of the account that runs it (its real user ID)."""

    parent: int
    uid: int


def person() -> str:
    """Return who is at the keyboard: the account, or the one that sudo was called from."""
    claimed = os.environ.get("SUDO_USER", "")
    return claimed if claimed and _came_from(claimed) else _account()


def as_actor(name: str) -> str:
    """Return a name for the journal, followed by a SUDO_USER that could not be confirmed."""
    claimed = os.environ.get("SUDO_USER", "")
    if not claimed or claimed == name or _came_from(claimed):
        return name
    shown = "".join(letter for letter in claimed if letter.isprintable())[:60]
    return f"{name} (SUDO_USER says {shown}, unproved)"


def _account() -> str:
    """Return the account that runs this; its environment can't change that if the system knows accounts."""
    if hasattr(os, "getuid"):
        import pwd

        try:
            return pwd.getpwuid(os.getuid()).pw_name
        except KeyError:  # no such user on this machine
            return f"uid-{os.getuid()}"
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _came_from(name: str) -> bool:
    """Return whether an ancestor of this process belongs to account `name`, as it does if sudo was called from there.

    Anybody can set SUDO_USER, but nobody can make another account's process an ancestor of their own. Between the two
    are only processes of this account and of root, such as sudo.
    """
    if not hasattr(os, "getuid"):
        return False
    import pwd

    try:
        wanted = pwd.getpwnam(name).pw_uid
    except (KeyError, ValueError):
        return False
    number, own = os.getppid(), os.getuid()
    for _ in range(_GENERATIONS):
        process = _process(number)
        if process is None:
            return False
        if process.uid == wanted:
            return True
        if process.uid not in {own, 0}:
            return False
        number = process.parent
    return False


def _process(number: int) -> ParentProcess | None:
    """Return a running process; None if there is none or the system doesn't say."""
    if number <= 0:
        return None
    return _from_proc(number) if Path("/proc/self/status").exists() else _from_ps(number)


def _from_proc(number: int) -> ParentProcess | None:
    try:
        lines = Path(f"/proc/{number}/status").read_text(encoding="utf-8", errors="replace").splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        return ParentProcess(int(fields["PPid"]), int(fields["Uid"].split()[0]))
    except (OSError, KeyError, ValueError, IndexError):
        return None


def _from_ps(number: int) -> ParentProcess | None:
    """Return a process from `ps`, for macOS and the BSDs."""
    try:
        asked = ["/bin/ps", "-o", "ppid=,ruid=", "-p", str(number)]
        answer = subprocess.run(asked, capture_output=True, timeout=5, check=False).stdout.split()
        return ParentProcess(int(answer[0]), int(answer[1]))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None
