"""Write files that nobody may read yet: in a safe place, 0600, and completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pressrelease.errors import NotFound, NotPermitted, WillRetry
from pressrelease.services import ServiceContext


def must_be_private(context: ServiceContext, file: Path, *, what: str) -> None:
    """Check that a file is where neither the public nor the program itself would read it. Raises NotPermitted.

    `what` starts a sentence: "A backup".
    """
    folder = context.workspace.folder
    public = [
        folder / str(outlet.settings.get("path", "newsroom"))
        for outlet in context.config.outlets.values()
        if outlet.type == "newsroom"
    ]
    target = file.parent.resolve() / file.name
    for room in [*public, folder / "releases"]:
        if target.is_relative_to(room.resolve()):
            raise NotPermitted(
                f"{what} contains embargoed text and can't be saved in {room.name}/.",
                hint="Name a folder that only you can read, if possible on another disk.",
                code="public_place",
            )


@contextlib.contextmanager
def temporary_beside(file: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Yield a hidden file beside `file`, 0600; removed when the block ends, unless it was moved."""
    temporary = file.with_name(f".{file.name}.{secrets.token_hex(6)}")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o600), "w+b") as stream:
            yield temporary, stream
    finally:
        temporary.unlink(missing_ok=True)


def move_into_place(temporary: Path, file: Path, *, force: bool) -> None:
    """Give a finished file its name. Raises NotPermitted if that is taken, unless `force` says to replace it."""
    if force:
        temporary.replace(file)
        return
    try:
        os.link(temporary, file)
    except FileExistsError:
        raise taken(file) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(file):
            raise taken(file) from None
        temporary.rename(file)


def taken(file: Path) -> NotPermitted:
    """Return the error for a name that is taken."""
    return NotPermitted(
        f"{file} already exists. It was not changed.",
        hint="Name another file, or add --force to replace this one.",
        code="file_exists",
    )


@contextlib.contextmanager
def reporting_disk_errors(folder: Path, *, what: str) -> Iterator[None]:
    """Raise disk errors in the block in our words. Raises NotFound, WillRetry; `what` starts a sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(
            f"There is no {error.filename or folder}.", hint="Make the folder first.", code="no_folder"
        ) from None
    except OSError as error:
        raise WillRetry(
            f"{what} could not be written to {folder}: {error.strerror or 'the system gave no reason'}.No file"
            " was made.",
            hint="Check that the disk has room and that you have permission to write there.",
            code="not_written",
        ) from None


def sync_folder(folder: Path) -> None:
    """Make new names in `folder` survive a power cut, if folders can be synced."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
