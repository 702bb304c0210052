"""Check that this record is the one this workspace has worked with, where it was, and no older than it was.

A copied folder, a cloned disk, or yesterday's state.db put back by hand knows nothing of what has gone out since, and
would send it a second time. So two things are kept beside the record: its location, and how far it has come. A record
that is elsewhere, or lacks a line that was written here, is treated as stopped until a person adopts it.

Not noticed, since nothing on the machine differs: a machine whose whole state is set back (a snapshot of a virtual
machine), and a cloned machine that keeps its machine id. Nor is an older record noticed whose adoption has a later time
than the newest line that was written here, because the clock was set back in between.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from pressrelease.errors import NOTHING_SENT, StateUnreadable
from pressrelease.store.connection import Ask
from pressrelease.store.journal import LAST_LINE
from pressrelease.system.accounts import make_folder, opened
from pressrelease.system.mounts import file_system_of

#: Events by which a person said that a record is the one to go on with, whatever was written here before.
ADOPTING = ("adopted", "restored")

#: The length of the file that says how far a record has come, in bytes. It is overwritten in place, within one sector.
_POSITION_LENGTH = 256

#: File systems that give a file another inode each time they are mounted (`mount(8)`).
_INODES_CHANGE = frozenset({"9p", "exfat", "fuse", "fuseblk", "msdos", "vboxsf", "vfat", "virtiofs", "vmhgfs"})

#: Files that mark a container, whose machine id is the image's and means nothing.
_CONTAINER = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")


class RecordLocation(NamedTuple):
    """Where a record is: its folder's path, the disk and inode of the marker beside it, and the machine's id.

    `machine` is "" if the system has none, or none that is its own.
    """

    path: str
    device: int
    inode: int
    machine: str


class Position(NamedTuple):
    """How far a record had come: its last line's number and hash, and when that was written (microseconds of UTC)."""

    n: int
    hash: str
    at: int


def moved(kept: RecordLocation, seen: RecordLocation, *, inodes_last: bool) -> str:
    """Return why a record is not where it was, in a sentence; "" if it is.

    A reboot or a mount may number the disks differently, and a folder may be renamed on its disk: neither makes a
    second record. `inodes_last` is False on a file system that numbers its files again at each mount.
    """
    if kept.machine and seen.machine and kept.machine != seen.machine:
        return "this workspace was made on another machine: its disk was moved or cloned"
    if kept.path == seen.path and (kept.inode == seen.inode or not inodes_last):
        return ""
    if (kept.device, kept.inode) == (seen.device, seen.inode):
        return ""
    where = f"of {kept.path}" if kept.path != seen.path else "put back in the same place"
    return f"this workspace is a copy {where}"


class Origin:
    """What is remembered of one record, beside it and in the account's own state folder."""

    def __init__(self, folder: Path, name: str, *, one_place: bool) -> None:
        """`folder` is the private folder; `one_place` is whether the record itself is in it, as SQLite's is."""
        self._folder = folder
        self._one_place = one_place
        self.marker = folder / f"{name}.id"
        self._beside = folder / f"{name}.at"

    # -- where it is --------------------------------------------------------------------------------------

    def store_id(self) -> str:
        """Return the name of the record that was here, "" if none is known."""
        return str(self._kept().get("store", ""))

    def settle(self, store_id: str) -> None:
        """Remember that the record is here from now on. Raises StateUnreadable if the disk refuses."""
        from pressrelease.system.files import beside, finish

        try:
            with beside(self.marker) as (fresh, stream):
                place = self._place(os.fstat(stream.fileno()))._asdict() if self._one_place else None
                stream.write(json.dumps({"store": store_id, "place": place}).encode("ascii"))
                finish(stream)
                fresh.replace(self.marker)  # which keeps the inode that was just noted
        except OSError as error:
            raise StateUnreadable(
                f"{self.marker.name} in {self._folder.name}/ can't be written: {error.strerror}.",
                outcome=NOTHING_SENT,
                hint="Check that the disk has room and that you have permission to write there, then try again.",
            ) from None

    def keep(self, store_id: str, *, written: bool) -> None:
        """Remember the record if nothing is remembered yet, or only its name, as older programs did.

        A record that is `written` in and came without its marker is not remembered: a person must adopt it first.
        """
        unplaced = not self.store_id() or (self._one_place and self._kept().get("place") is None)
        if unplaced and not self._came_alone(written=written):
            self.settle(store_id)

    def _kept(self) -> dict[str, Any]:
        try:
            text = self.marker.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        try:
            found = json.loads(text)
        except ValueError:
            return {"store": text}  # an older program wrote only the name
        return found if isinstance(found, dict) else {"store": text}

    def _place(self, marker: os.stat_result) -> RecordLocation:
        return RecordLocation(str(self._folder.absolute()), marker.st_dev, marker.st_ino, _machine_id())

    def _came_alone(self, *, written: bool) -> bool:
        """Return whether a record with entries is here without the marker that every program leaves."""
        return self._one_place and written and not self.store_id()

    def _misplaced(self) -> str:
        kept = self._kept().get("place")
        if not self._one_place or kept is None:
            return ""
        try:
            place = RecordLocation(**kept)
            seen = self._place(self.marker.stat())
        except (OSError, TypeError):
            return "the marker file beside its database can't be read"
        if place == seen:
            return ""
        return moved(place, seen, inodes_last=file_system_of(self._folder).partition(".")[0] not in _INODES_CHANGE)

    def forget(self) -> None:
        """Forget a record that was put aside and is gone."""
        for file in (*self._positions(), self.marker):
            with contextlib.suppress(OSError):
                file.unlink()

    # -- how far it has come ------------------------------------------------------------------------------

    def note(self, position: Position) -> None:
        """Remember how far the record has come, after the commit. Not synced: an older line is still true."""
        import tempfile

        text = json.dumps(position._asdict()).ljust(_POSITION_LENGTH - 1) + "\n"
        is_trial = self._folder.is_relative_to(tempfile.gettempdir())
        # A workspace among temporary files is a trial, and leaves nothing elsewhere.
        for file in [self._beside] if is_trial else self._positions():
            # A full disk, or an account without a folder of its own: the other file is enough.
            with contextlib.suppress(OSError):
                make_folder(file.parent)
                descriptor = opened(file, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0))
                try:
                    os.write(descriptor, text.encode("ascii"))
                finally:
                    os.close(descriptor)

    def _positions(self) -> list[Path]:
        """Return the file beside the record, and one that does not come back with the folder when that is put back."""
        state = _state_folder()
        if state is None:
            return [self._beside]
        whole = f"{self.store_id()}\n{self._folder.absolute()}"
        return [self._beside, state / "pressrelease" / f"{hashlib.sha256(whole.encode()).hexdigest()[:32]}.at"]

    def doubt(self, ask: Ask) -> str:
        """Return why this may not be the record to go on with, in a sentence; "" if nothing suggests it.

        `ask` runs a query with `:name` parameters on the record.
        """
        if not self.store_id() and self._came_alone(written=bool(ask(LAST_LINE, {}))):
            return f"its database was copied here without {self.marker.name}, the marker file that belongs beside it"
        if misplaced := self._misplaced():
            return misplaced
        for position in {_position_in(file) for file in self._positions()} - {None}:
            assert position is not None  # noqa: S101  (excluded above)
            if self._lacks(position, ask):
                return "its database is older than the one that was here, or a different one"
        return ""

    @staticmethod
    def _lacks(position: Position, ask: Ask) -> bool:
        found = ask("SELECT hash FROM journal WHERE n = :n", {"n": position.n})
        if found and found[0]["hash"] == position.hash:
            return False
        names = ", ".join(f"'{name}'" for name in ADOPTING)
        later = f"SELECT n FROM journal WHERE event IN ({names}) AND at >= :at LIMIT 1"
        return not ask(later, {"at": position.at})


def _position_in(file: Path) -> Position | None:
    """Return what a file says; None if it is missing or, after a power cut, unreadable."""
    try:
        return Position(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _machine_id() -> str:
    """Return the machine's id (machine-id(5)), "" in a container, or on a system that has none."""
    if not sys.platform.startswith("linux") or any(Path(place).exists() for place in _CONTAINER):
        return ""
    try:
        return Path("/etc/machine-id").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""


def _state_folder() -> Path | None:
    """Return the folder for an account's own state (XDG Base Directory Specification), None if it has none."""
    if sys.platform == "win32":
        named = os.environ.get("LOCALAPPDATA")
        return Path(named) if named else None
    if (named := os.environ.get("XDG_STATE_HOME")) and Path(named).is_absolute():
        return Path(named)
    try:
        home = Path("~").expanduser()
    except RuntimeError:  # no HOME, and an account that the system doesn't know: a container's, say
        return None
    return home / ".local" / "state" if home.is_absolute() and home.is_dir() else None
