"""The list of people who must not be named: sealed into keyed hashes, and compared with a release."""

from __future__ import annotations

import csv
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from pressrelease.check.finding import Finding
from pressrelease.check.passages import passages
from pressrelease.check.protected_names import digest, keys_of, named_findings
from pressrelease.errors import Refused
from pressrelease.release import Release
from pressrelease.services import ServiceContext
from pressrelease.system import files
from pressrelease.system.accounts import make_folder

#: What begins a cell that was sealed.
_SEALED = "sealed:"
_KEY_LENGTH = 32
_LARGEST = 4 * 1024 * 1024


def seal(context: ServiceContext) -> int:
    """Replace each name in the list by its keyed hashes; return how many there were. The file's other columns stay.

    Raises: Refused for a list that can't be read or written.
    """
    path = _path(context)
    if path is None or context.dry_run:
        return 0
    rows = _rows(path)
    column = _column(rows)
    plain = [row for row in rows[1:] if len(row) > column and row[column].strip() and not _is_sealed(row[column])]
    if not plain:
        return 0
    key = _key(context, make=True)
    for row in plain:
        keys = keys_of(row[column])
        if not keys:
            raise _refused("has a name of a single word", "Write first and last name.")
        row[column] = _SEALED + " ".join(sorted(digest(pair, key) for pair in keys))
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(rows)
    with files.beside(path, 0o600) as (temporary, stream):
        stream.write(written.getvalue().encode())
        files.finish(stream)
        temporary.replace(path)
    return len(plain)


def protected_findings(context: ServiceContext, release: Release) -> Iterator[Finding]:
    """Yield an error for each place that names somebody of the list. Raises Refused for a list that can't be read."""
    path = _path(context)
    if path is None:
        return
    rows = _rows(path)
    column = _column(rows)
    cells = [row[column].strip() for row in rows[1:] if len(row) > column and row[column].strip()]
    if not cells:
        return
    key = _key(context, make=not any(map(_is_sealed, cells)))
    known: set[str] = set()
    for cell in cells:
        known |= (
            set(cell.removeprefix(_SEALED).split()) if _is_sealed(cell) else {digest(k, key) for k in keys_of(cell)}
        )
    yield from named_findings(release, passages(release), frozenset(known), lambda pair: digest(pair, key))


def _path(context: ServiceContext) -> Path | None:
    name = context.config.check.names
    return context.workspace.folder / name if name else None


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise _refused(f"can't be read: {error.strerror}", "Correct [check] names in config.toml.") from None
    except UnicodeDecodeError:
        raise _refused("is not UTF-8 text", "Save it as CSV UTF-8.") from None
    if len(data) > _LARGEST:
        raise _refused("is larger than 4 MiB", "Keep only those who must not be named now.")
    return list(csv.reader(io.StringIO(text, newline="")))


def _column(rows: list[list[str]]) -> int:
    titles = [title.strip().lower() for title in rows[0]] if rows else []
    if "name" not in titles:
        raise _refused("has no column `name`", "Its first line should be `name`, or `name,case`.")
    return titles.index("name")


def _is_sealed(cell: str) -> bool:
    return cell.startswith(_SEALED)


def _key(context: ServiceContext, *, make: bool) -> bytes:
    """Return the workspace's key, which no backup holds. Raises Refused if the list was sealed with another one."""
    path = context.workspace.private / "names.key"
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        if not make:
            raise _refused(
                "was sealed with a key that is not here",
                "Copy .pressrelease/names.key from the machine where it was made, or write the names again.",
            ) from None
        make_folder(context.workspace.private)
        key = secrets.token_bytes(_KEY_LENGTH)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(key)
    if len(key) != _KEY_LENGTH:
        raise _refused("can't be compared: .pressrelease/names.key is damaged", "Write the names again.")
    return key


def _refused(words: str, hint: str) -> Refused:
    return Refused(f"The list of people who must not be named {words}.", hint=hint, code="names_unreadable")
