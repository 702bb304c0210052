"""Write files that nobody may read yet: in a safe place, 0600, and completely or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from pressrelease.config.outlet_keys import keeps_public_site
from pressrelease.errors import NotFound, NotPermitted, WillRetry
from pressrelease.services import ServiceContext
from pressrelease.system import files


def must_be_private(context: ServiceContext, file: Path, *, what: str) -> None:
    """Check that a file is where neither the public nor the program itself would read it. Raises NotPermitted.

    `what` starts a sentence: "A backup".
    """
    folder = context.workspace.folder
    public = [
        folder / str(outlet.settings.get("path", "newsroom"))
        for outlet in context.config.outlets.values()
        if keeps_public_site(outlet)
    ]
    target = file.parent.resolve() / file.name
    for room in [*public, folder / "releases"]:
        if target.is_relative_to(room.resolve()):
            raise NotPermitted(
                f"{what} contains embargoed text and can't be saved in {room.name}/.",
                hint="Name a folder that only you can read, if possible on another disk.",
                code="public_place",
            )


def move_into_place(temporary: Path, file: Path, *, force: bool) -> None:
    """Give a finished file its name. Raises NotPermitted if that is taken, unless `force` says to replace it."""
    if force:
        temporary.replace(file)
        return
    try:
        files.move_to_new_name(temporary, file)
    except FileExistsError:
        raise taken(file) from None


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
