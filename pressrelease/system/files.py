"""Write files whole: under another name first, and moved into place once they are complete.

A public folder has its own way (`outlets.newsroom.folder`), which resolves every name from an open folder.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pressrelease.system.accounts import opened

_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def new_file(path: Path, mode: int | None = None) -> IO[bytes]:
    """Open a new file, following no link. Without a `mode` it is private (`accounts.file_mode`).

    Raises: OSError, FileExistsError if anything has that name.
    """
    return os.fdopen(opened(path, _NEW) if mode is None else os.open(path, _NEW, mode), "w+b")


def finish(stream: IO[bytes], *, durable: bool = True) -> None:
    """Close a written file, on disk if `durable`; Windows moves only what is closed. Raises OSError."""
    stream.flush()
    if durable:
        os.fsync(stream.fileno())
    stream.close()


@contextlib.contextmanager
def beside(file: Path, mode: int | None = None) -> Iterator[tuple[Path, IO[bytes]]]:
    """Yield a hidden new file beside `file`, to be written and moved; removed when the block ends, unless it was."""
    temporary = file.with_name(f".{file.name}.{os.urandom(6).hex()}")
    try:
        with new_file(temporary, mode) as stream:
            yield temporary, stream
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(file: Path, data: bytes, mode: int | None = None, *, durable: bool = True) -> None:
    """Replace a file, or make it: readers see all of the old one or all of `data`. Raises OSError.

    `durable` is whether a power cut right afterwards may not lose it; without it nothing is synced to disk.
    """
    with beside(file, mode) as (temporary, stream):
        stream.write(data)
        finish(stream, durable=durable)
        temporary.replace(file)
    if durable:
        sync_folder(file.parent)


def move_to_new_name(temporary: Path, file: Path) -> None:
    """Give a finished file a name that nothing has yet. Raises FileExistsError, OSError."""
    try:
        os.link(temporary, file)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is taken first, then its empty file replaced
        new_file(file).close()
        try:
            temporary.replace(file)
        except OSError:
            file.unlink(missing_ok=True)
            raise


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` survive a power cut, if the system can sync a folder."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
