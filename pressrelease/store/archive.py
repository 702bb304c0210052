"""A backup file: a zip of the record, config.toml and releases/, with a manifest of its contents.

    manifest.json   format, store, time, program, the journal's head, and each member's size and SHA-256
    state.db        the record as an SQLite file, whichever database it came from
    config.toml     no secrets: it only names them
    releases/…      every release, and what is beside it
    lists/…         the files of recipients that config.toml names

A backup may have been written by anybody: names, sizes and kinds are checked before a byte is unpacked, and nothing is
unpacked that the manifest does not name.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol

from pressrelease.errors import NotFound, PressReleaseError, Refused
from pressrelease.release.slug import RESERVED
from pressrelease.store.journal import Head, read_head
from pressrelease.system.files import finish, new_file
from pressrelease.when import read_rfc3339, rfc3339

FORMAT = "pressrelease-backup"
FORMAT_NUMBER = 1

MANIFEST = "manifest.json"
RECORD = "state.db"
CONFIG = "config.toml"
RELEASES = "releases/"
LISTS = "lists/"

#: Limits on what is accepted, in bytes and members: far above any office's, far below what would quietly fill a disk.
LARGEST_MANIFEST = 32 << 20
LARGEST_RECORD = 64 << 30
LARGEST_CONFIG = 1 << 20
LARGEST_FILE = 64 << 20
MOST_MEMBERS = 100_000
DEEPEST = 16
LONGEST_NAME = 1000

_PIECE = 1 << 20
_KNOWN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True)
class Member:
    """One file in a backup: its name there, its size in bytes, and its SHA-256 in hexadecimal."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """What a backup says about itself. `made_at` is UTC; `head` is the journal's at that moment.

    `holds` is False for a record whose journal was already broken: kept as evidence, and never restored.
    """

    made_at: datetime
    program: str
    store_id: str
    database: str
    head: Head
    holds: bool
    members: tuple[Member, ...]

    def as_json(self) -> str:
        """Return the manifest as the file contains it."""
        contents = {
            "format": FORMAT,
            "format_number": FORMAT_NUMBER,
            "made_at": rfc3339(self.made_at),
            "program": self.program,
            "store_id": self.store_id,
            "database": self.database,
            "journal": {"head": str(self.head), "holds": self.holds},
            "members": [asdict(member) for member in self.members],
        }
        return json.dumps(contents, indent=1, ensure_ascii=False)


class Source(Protocol):
    """What a member is read from, until a piece is empty."""

    def read(self, size: int, /) -> bytes: ...


class Writer:
    """Puts members into a new backup; `finish` adds the manifest."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)
        self.members: list[Member] = []

    def add(self, name: str, source: Source) -> None:
        """Add a member with all that `source` gives."""
        digest, size = hashlib.sha256(), 0
        info = zipfile.ZipInfo(name)  # dated 1980, so that a backup's bytes depend only on its contents
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        with self._zip.open(info, "w", force_zip64=True) as member:
            while piece := source.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                member.write(piece)
        self.members.append(Member(name, size, digest.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest and the zip's directory."""
        self.close_with(MANIFEST, manifest.as_json().encode())

    def close_with(self, name: str, content: bytes) -> None:
        """Write the member that lists the others, and the zip's directory."""
        info = zipfile.ZipInfo(name)
        info.external_attr = (stat.S_IFREG | 0o600) << 16
        self._zip.writestr(info, content)
        self._zip.close()


class Archive:
    """An open backup file: its manifest has been read, and agrees with what the file holds."""

    def __init__(self, opened: zipfile.ZipFile, manifest: Manifest) -> None:
        self._zip = opened
        self.manifest = manifest

    def unpack(self, folder: Path) -> None:
        """Write every member below `folder`, new and 0600, and check each against the manifest.

        Raises: Refused, OSError; then `folder` holds a part of it.
        """
        for member in self.manifest.members:
            target = folder.joinpath(*member.name.split("/"))
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new_file(target, 0o600) as stream:
                self._copy(member, stream)
                finish(stream)

    def check(self) -> None:
        """Check each member against the manifest without keeping it. Raises Refused."""
        for member in self.manifest.members:
            self._copy(member, None)

    def _copy(self, member: Member, to: IO[bytes] | None) -> None:
        digest, size = hashlib.sha256(), 0
        for piece in self._pieces(member):
            size += len(piece)
            digest.update(piece)
            if size > member.size:
                break
            if to is not None:
                to.write(piece)
        if size != member.size or digest.hexdigest() != member.sha256:
            raise _damaged(f"{member.name} was changed after the backup was made")

    def _pieces(self, member: Member) -> Iterator[bytes]:
        with _as_refusal():
            source = self._zip.open(member.name)
        with source:
            while True:
                with _as_refusal():
                    piece = source.read(_PIECE)
                if not piece:
                    return
                yield piece


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Open a backup for reading. Raises NotFound, and Refused for a file that is damaged, hostile, or no backup."""
    try:
        stream = file.open("rb")
    except FileNotFoundError:
        raise NotFound(f"There is no file {file}.", hint="Name the backup's file.", code="no_backup") from None
    except OSError as error:
        raise Refused(
            f"{file} can't be read: {error.strerror}.", hint="Name the backup's file.", code="no_backup"
        ) from None
    with stream:
        with _as_refusal():
            whole = zipfile.ZipFile(stream)
        with whole:
            with _as_refusal():
                manifest = _manifest(whole)
                _agree(whole, manifest, os.fstat(stream.fileno()).st_size)
            yield Archive(whole, manifest)


def _manifest(whole: zipfile.ZipFile) -> Manifest:
    found = [info for info in whole.infolist() if info.filename == MANIFEST]
    if len(found) != 1:
        raise _damaged("it has no manifest, so it is not a backup made by pressrelease")
    if found[0].file_size > LARGEST_MANIFEST:
        raise _damaged("its manifest is too large")
    with whole.open(found[0]) as stream:
        data = stream.read(LARGEST_MANIFEST + 1)
    contents = json.loads(data)
    if not isinstance(contents, dict) or contents.get("format") != FORMAT:
        raise _damaged("it is not a backup made by pressrelease")
    if contents["format_number"] != FORMAT_NUMBER:
        raise Refused(
            "The backup was made by a newer pressrelease. Nothing was changed.",
            hint="Install the newer pressrelease, then restore.",
            code="backup_newer",
        )
    head = read_head(contents["journal"]["head"])
    if head is None:
        raise _damaged("the last line of its journal can't be read")
    return Manifest(
        made_at=read_rfc3339(_text(contents["made_at"])),
        program=_text(contents["program"]),
        store_id=_text(contents["store_id"]),
        database=_text(contents["database"]),
        head=head,
        holds=contents["journal"]["holds"] is True,
        members=tuple(Member(_text(m["name"]), int(m["size"]), _text(m["sha256"])) for m in contents["members"]),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_NAME:
        raise _damaged("its manifest can't be read")
    return value


def _agree(whole: zipfile.ZipFile, manifest: Manifest, size: int) -> None:
    """Check that the file holds what the manifest names and nothing else, each of an acceptable kind and size."""
    infos = {info.filename: info for info in whole.infolist()}
    names = [member.name for member in manifest.members]
    if len(infos) != len(whole.infolist()) or len(set(names)) != len(names) or {*names, MANIFEST} != set(infos):
        raise _damaged("its contents are not what its manifest lists")
    if len(names) > MOST_MEMBERS:
        raise _damaged("it contains too many files")
    if RECORD not in names or CONFIG not in names:
        raise _damaged("the database or config.toml is missing")
    if sum(info.compress_size for info in infos.values()) > size:
        raise _damaged("its parts overlap")
    for info in infos.values():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG} or info.is_dir():
            raise _damaged("it contains a link, a folder or a device")
        if info.flag_bits & 0x1 or info.compress_type not in _KNOWN:
            raise _damaged("part of it is compressed in a way that no backup is")
    for member in manifest.members:
        if not _may_stand(member.name):
            raise _damaged("it contains a file whose name leads to another folder")
        if not 0 <= member.size <= _largest(member.name) or infos[member.name].file_size != member.size:
            raise _damaged("part of it is too large")


def _may_stand(name: str) -> bool:
    """Return whether a member's name is the record's, the config's, or a plain path below releases/ or lists/."""
    if name in {RECORD, CONFIG}:
        return True
    return any(
        name.startswith(folder) and may_be_kept(name.removeprefix(folder).split("/")) for folder in (RELEASES, LISTS)
    )


def may_be_kept(parts: Iterable[str]) -> bool:
    """Return whether a relative path, part by part, is plain on every system; hidden files are not kept."""
    parts = list(parts)
    return (
        0 < len(parts) <= DEEPEST
        and sum(len(part) + 1 for part in parts) <= LONGEST_NAME - len(RELEASES)
        and all(
            part
            and not part.startswith(".")
            and not part.endswith((".", " "))
            and not set(part) & set('\\:*?"<>|')
            and part.isprintable()
            and part.partition(".")[0].strip().lower() not in RESERVED
            for part in parts
        )
    )


def _largest(name: str) -> int:
    return {RECORD: LARGEST_RECORD, CONFIG: LARGEST_CONFIG}.get(name, LARGEST_FILE)


@contextmanager
def _as_refusal() -> Iterator[None]:
    """Turn what zipfile, zlib and json raise for a damaged or hostile file into one plain refusal."""
    try:
        yield
    except PressReleaseError as error:
        if isinstance(error, Refused) and error.code.startswith("backup_"):
            raise
        raise _damaged("its manifest can't be read") from None
    except (
        OSError,
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        RecursionError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
    ):
        raise _damaged("it is damaged, or it is not a backup made by pressrelease") from None


def _damaged(what: str) -> Refused:
    return Refused(
        f"The backup was refused: {what}. Nothing was changed.",
        hint="Don't trust this file. Use another backup.",
        code="backup_refused",
    )
