"""Write into a public folder so that nobody ever reads half a file, and nothing is written through a link.

Each file is written beside its place under a name that can't be guessed, readable to nobody else, synced to disk, and
renamed over the old one. Names are resolved from an open folder (openat(2)) if the system can: if somebody replaces
a folder with a symbolic link in the meantime, it leads nowhere.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

_BY_FOLDER = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FOLDER_ONLY = getattr(os, "O_DIRECTORY", 0)
_ASIDE = re.compile(r"\.[0-9a-f]{32}\.aside")
#: The largest file that is read back, in bytes.
LARGEST_READ = 16 << 20


class PublicFolder:
    """An open folder. Raises OSError throughout, ELOOP for a symbolic link."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[PublicFolder]:
        """Open the folder at `path`, itself reached through links if need be (a site's root often is)."""
        descriptor = os.open(path, os.O_RDONLY | _FOLDER_ONLY) if _BY_FOLDER else None
        try:
            yield cls(path, descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    @contextmanager
    def sub(self, name: str) -> Iterator[PublicFolder]:
        """Open a folder inside, never a link to one."""
        descriptor = None
        if self._descriptor is None:
            self._refuse_link(name)
        else:
            descriptor = os.open(name, os.O_RDONLY | _FOLDER_ONLY | _NO_LINK, dir_fd=self._descriptor)
        try:
            yield PublicFolder(self.path / name, descriptor)
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def make(self, name: str) -> bool:
        """Make a folder inside that the world can't look into yet. Return False if there is one already."""
        try:
            os.mkdir(self._at(name), 0o700, **self._inside)  # noqa: PTH102
        except FileExistsError:
            return False
        if self._of_the_group:
            with self.sub(name) as made:
                made.change_mode(0o770)
        return True

    def show(self) -> None:
        """Let everybody look into this folder, and sync that to disk."""
        if stat.S_IMODE(self._own_stat().st_mode) & 0o055 != 0o055:
            self.change_mode(0o755)
        self.sync()

    @property
    def is_shown(self) -> bool:
        """Whether others may look into it; always on Windows, which has no such modes."""
        return os.name == "nt" or bool(stat.S_IMODE(self._own_stat().st_mode) & 0o055)

    def change_mode(self, also: int) -> None:
        """Give this folder these bits of a mode, and take none away."""
        mode = stat.S_IMODE(self._own_stat().st_mode)
        os.chmod(self._descriptor if self._descriptor is not None else self.path, mode | also)  # noqa: PTH101

    def read(self, name: str) -> bytes | None:
        """Return a regular file's bytes, None if there is none."""
        if not _NO_LINK:
            self._refuse_link(name)
        try:
            descriptor = os.open(self._at(name), os.O_RDONLY | _NO_LINK | getattr(os, "O_NONBLOCK", 0), **self._inside)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EEXIST, "not a regular file")
            content = file.read(LARGEST_READ + 1)
        if len(content) > LARGEST_READ:
            raise OSError(errno.EFBIG, "larger than anything this program wrote here")
        return content

    def seen(self, name: str) -> tuple[int, ...] | None:
        """Return what changes whenever a file is replaced, None if it is missing or a link."""
        try:
            found = os.stat(self._at(name), follow_symlinks=False, **self._inside)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)

    def write(self, name: str, content: bytes, moment: datetime | None = None) -> bool:
        """Put a complete file in place, dated `moment` if given. Return False if it was there already.

        The folder itself is not synced to disk: `sync` does that, once for many.
        """
        if self.read(name) == content and self._is_shown(name):
            return False
        aside = f".{secrets.token_hex(16)}.aside"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | getattr(os, "O_BINARY", 0)
        descriptor = os.open(self._at(aside), flags, 0o600, **self._inside)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                if hasattr(os, "fchmod"):
                    os.fchmod(descriptor, 0o644)
                if moment is not None and os.utime in os.supports_fd:
                    os.utime(descriptor, (moment.timestamp(), moment.timestamp()))
                os.fsync(descriptor)
            os.replace(self._at(aside), self._at(name), **self._both)  # noqa: PTH105
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(self._at(aside), **self._inside)
            raise
        return True

    def remove(self, name: str) -> None:
        """Delete a file; harmless if it is gone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(name), **self._inside)

    def clear_aside(self, before: datetime) -> None:
        """Delete what a killed writer left: files last changed before `before`, which is aware."""
        for name in self.names():
            if _ASIDE.fullmatch(name):
                with contextlib.suppress(FileNotFoundError):
                    found = os.stat(self._at(name), follow_symlinks=False, **self._inside)  # noqa: PTH116
                    if found.st_ctime < before.timestamp():
                        self.remove(name)

    def names(self) -> list[str]:
        """Return the names in this folder, in order."""
        return sorted(os.listdir(self._descriptor if self._descriptor is not None else self.path))  # noqa: PTH208

    def sync(self) -> None:
        """Sync the folder's names to disk."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    # -- names --------------------------------------------------------------------------------------------

    def _at(self, name: str) -> str:
        if not name or "/" in name or "\\" in name or name in {".", ".."}:
            raise OSError(errno.EINVAL, "not a name inside a folder")
        return name if self._descriptor is not None else str(self.path / name)

    @property
    def _inside(self) -> dict[str, Any]:
        return {} if self._descriptor is None else {"dir_fd": self._descriptor}

    @property
    def _both(self) -> dict[str, Any]:
        if self._descriptor is None:
            return {}
        return {"src_dir_fd": self._descriptor, "dst_dir_fd": self._descriptor}

    @property
    def _of_the_group(self) -> bool:
        """Whether a group shares this folder: what is made in it must be usable by the others, too."""
        return self._own_stat().st_mode & (stat.S_ISGID | stat.S_IWGRP) == stat.S_ISGID | stat.S_IWGRP

    def _own_stat(self) -> os.stat_result:
        return os.fstat(self._descriptor) if self._descriptor is not None else self.path.stat()

    def _is_shown(self, name: str) -> bool:
        if os.name == "nt":
            return True
        return stat.S_IMODE(os.stat(self._at(name), follow_symlinks=False, **self._inside).st_mode) == 0o644  # noqa: PTH116

    def _refuse_link(self, name: str) -> None:
        if os.path.islink(self._at(name)):  # noqa: PTH114
            raise OSError(errno.ELOOP, "a symbolic link")
