"""A lock on a file. The operating system releases it when its holder ends, even if it is killed."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from pressrelease.system.accounts import opened

if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int, *, wait: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _take(descriptor: int, *, wait: bool) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """An exclusive lock on `path`, created private if missing; not re-entrant, one object for each holder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self, *, wait: bool = True) -> bool:
        """Take the lock. Return False if another holds it and `wait` is off. Raises OSError on a bad path."""
        descriptor = opened(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0))
        while True:
            try:
                _take(descriptor, wait=wait)
            except OSError:
                # msvcrt's own waiting gives up after ten tries; flock's never does.
                if wait and sys.platform == "win32":
                    continue
                os.close(descriptor)
                if wait:
                    raise
                return False
            self._descriptor = descriptor
            return True

    def release(self) -> None:
        """Release it; harmless if it isn't held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def append(self, content: bytes) -> None:
        """Append to the file, by its holder only; all of it, or OSError."""
        if self._descriptor is None:
            raise OSError(errno.EBADF, "the lock is not held")
        if os.write(self._descriptor, content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def empty(self) -> None:
        """Remove all that was written, in one step; by its holder only."""
        if self._descriptor is not None:
            os.truncate(self._descriptor, 0)

    def status(self) -> os.stat_result:
        """Return which file it is. Raises OSError if the lock is not held."""
        if self._descriptor is None:
            raise OSError(errno.EBADF, "the lock is not held")
        return os.fstat(self._descriptor)

    def __enter__(self) -> FileLock:
        self.acquire()
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()
