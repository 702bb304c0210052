"""Write a release's file: whole and durable, or not at all, and never over what somebody else has written."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.errors import ReleaseRefused, WillRetry
from pressrelease.release import valid_slug
from pressrelease.system.accounts import is_shared, widen

if TYPE_CHECKING:
    from pressrelease.library import Library

_WRITE_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


def create(folder: Path, slug: str, text: str) -> Path:
    """Write a new release's file, whole and durable, or not at all. Raises ReleaseRefused if it is taken."""
    _must_be_slug(slug)
    data = _encoded(text)
    path = folder / f"{slug}.md"
    with _writing(slug):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        with _beside(path, data, 0o660) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise _taken(slug) from None
            except OSError:  # a file system without hard links
                _write_new(path, data, slug)
    _sync(folder)
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
    _sync(library.folder)
    return path


@contextlib.contextmanager
def _beside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """Write a hidden copy beside `path`, synced to disk; removed when the block ends, unless it was moved."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _write_new(temporary, data, path.stem, mode)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, slug: str, mode: int = 0o660) -> None:
    # Drafts are embargoed: whatever the umask, nobody outside the office's group reads a new one.
    try:
        descriptor = os.open(path, _WRITE_NEW, mode)
        if is_shared(path.parent):
            widen(descriptor, 0o660)
    except FileExistsError:
        raise _taken(slug) from None
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """Make a new name survive a power cut, if the system can sync a folder."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _writing(slug: str) -> Iterator[None]:
    """Report a full disk, or a folder that can't be written, as WillRetry."""
    try:
        yield
    except OSError as error:
        raise WillRetry(
            f"releases/{slug}.md can't be written: {error.strerror or 'the system gave no reason'}. Nothing"
            " was changed.",
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
