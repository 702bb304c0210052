"""Write a release's file: whole and durable, or not at all, and never over what somebody else has written."""

from __future__ import annotations

import contextlib
import hashlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.errors import ReleaseRefused, WillRetry
from pressrelease.release import valid_slug
from pressrelease.system import files
from pressrelease.system.accounts import is_shared, widen

if TYPE_CHECKING:
    from pressrelease.library import Library


def create(folder: Path, slug: str, text: str) -> Path:
    """Write a new release's file, whole and durable, or not at all. Raises ReleaseRefused if it is taken."""
    _must_be_slug(slug)
    data = _encoded(text)
    path = folder / f"{slug}.md"
    with _writing(slug):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        # Drafts are embargoed: whatever the umask, nobody outside the office's group reads a new one.
        with _beside(path, data, 0o660) as temporary:
            try:
                files.move_to_new_name(temporary, path)
            except FileExistsError:
                raise _taken(slug) from None
    files.sync_folder(folder)
    return path


def attach(folder: Path, name: str, content: bytes) -> Path:
    """Write a new file beside the releases, whole and durable. The same bytes under that name are left as they are.

    Raises: ReleaseRefused if another file has the name, WillRetry if it can't be written.
    """
    path = folder / name
    with _writing(name):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _beside(path, content, 0o660) as temporary:
            try:
                files.move_to_new_name(temporary, path)
            except FileExistsError:
                if path.is_symlink() or path.read_bytes() != content:
                    raise ReleaseRefused(
                        f"releases/{name} exists already. Nothing was written over it.",
                        hint="Rename that file, then try again.",
                        code="file_taken",
                    ) from None
    files.sync_folder(folder)
    return path


def replace(library: Library, slug: str, text: str, *, expected_hash: str) -> Path:
    """Replace a release's text, whole and durable, if its file is still the one with `expected_hash`.

    Raises: NotFound, or ReleaseRefused if somebody changed it in the meantime: their version stays.
    """
    _must_be_slug(slug)
    data = _encoded(text)
    path = library.folder / f"{slug}.md"
    library.source(slug)  # before anything is written: no release, or none that may be read
    with _writing(slug), _beside(path, data, 0o600) as temporary:
        with contextlib.suppress(OSError):
            temporary.chmod(stat.S_IMODE(path.lstat().st_mode) & 0o666)
        if hashlib.sha256(library.source(slug)).hexdigest() != expected_hash:
            raise ReleaseRefused(
                f"Somebody else changed releases/{slug}.md in the meantime. Their version was kept; yours was not"
                " saved.",
                hint="Read their version, then make your change again.",
                code="file_changed",
            )
        try:
            temporary.replace(path)
        except PermissionError:
            raise WillRetry(
                f"releases/{slug}.md is open in another program. It was not changed.",
                hint="Close it there, then try again.",
                code="file_busy",
            ) from None
    files.sync_folder(library.folder)
    return path


@contextlib.contextmanager
def _beside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """Yield a hidden copy beside `path`, on disk, that a group which shares the folder may read and write."""
    with files.beside(path, mode) as (temporary, stream):
        if is_shared(path.parent):
            widen(stream.fileno(), 0o660)
        stream.write(data)
        files.finish(stream)
        yield temporary


@contextlib.contextmanager
def _writing(slug: str) -> Iterator[None]:
    """Report a full disk, or a folder that can't be written, as WillRetry."""
    try:
        yield
    except OSError as error:
        name = slug if "." in slug else f"{slug}.md"
        raise WillRetry(
            f"releases/{name} can't be written: {error.strerror or 'the system gave no reason'}. Nothing was changed.",
            hint="To check the disk and the permissions: `pressrelease doctor`.",
            code="not_written",
        ) from None


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ReleaseRefused(
            "The text contains a broken character. Nothing was written.",
            hint="Copy it again as UTF-8 text.",
            code="not_utf8",
        ) from None


def _must_be_slug(slug: str) -> None:
    if not valid_slug(slug):
        raise ReleaseRefused(
            "That can't be the name of a release.",
            hint="Use small letters a to z, digits and dashes, up to 80 characters.",
            code="bad_slug",
        )


def _taken(slug: str) -> ReleaseRefused:
    return ReleaseRefused(
        f"releases/{slug}.md exists already.",
        hint=f"Use another headline, or edit that release: `pressrelease edit {slug}`.",
        code="slug_taken",
    )
