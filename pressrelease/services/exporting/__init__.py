"""One archive with everything about releases, which can be checked on a machine without this program.

    SUMMARY.txt        what a person reads first, with every embargo on top
    index.json         every other file, with its size and SHA-256; the journal's head
    journal.jsonl      the whole journal: a line of these releases as it was written, of any other its hash alone
    releases/SLUG/…    `contents` has these
    verify.py          `verify_archive` as it is

A line of another release is not in it, because it may name what is still under embargo.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pressrelease import __version__
from pressrelease.errors import Usage
from pressrelease.services import ServiceContext
from pressrelease.services.exporting import verify_archive
from pressrelease.services.exporting.contents import ReleaseRecord, as_json, files_of, read_record
from pressrelease.services.exporting.summary import Making, embargo_lines, summary
from pressrelease.services.placing import move_into_place, must_be_private, reporting_disk_errors, taken
from pressrelease.services.results import Results, each
from pressrelease.store.archive import Writer
from pressrelease.store.journal import BEGINNING, Head, Line
from pressrelease.store.queries import Reader
from pressrelease.store.rows import format_utc
from pressrelease.system import clock, files

SUMMARY, SCRIPT = "SUMMARY.txt", "verify.py"


@dataclass(frozen=True)
class Exported:
    """An archive that was made, or, in a dry run, would be.

    `results` has what is in it and what was refused; `index` is the SHA-256 of its index, and `embargoes` has a line
    for each release that nobody outside may have yet.
    """

    file: Path
    size: int
    results: Results
    index: str
    head: Head
    embargoes: tuple[str, ...]
    left_out: tuple[str, ...]


def script() -> bytes:
    """Return the script that goes into every archive."""
    return Path(verify_archive.__file__).read_bytes()


def export(
    context: ServiceContext, slugs: Sequence[str], file: Path, *, sentence: Callable[[Line], str], force: bool = False
) -> Exported:
    """Write everything about releases into one file, 0600, completely or not at all; refused ones are left out.

    `sentence` writes a line of the journal for people.

    Raises: the refusal if every release is refused; NotPermitted if a file is there already, or if the public could
    read it; WillRetry if the disk is full; StateUnreadable if the record can't be read.
    """
    now = clock.utc_now()
    file = Path(os.path.abspath(file))  # noqa: PTH100  (`..` is taken out, links are not followed)
    must_be_private(context, file, what="An export")
    if file.is_dir():
        raise Usage(f"{file} is a folder.", hint="Name a file in it.", code="a_folder")
    if not force and os.path.lexists(file):
        raise taken(file)
    context.store.open(now)
    if context.config.journal.checkpoints and not context.dry_run:
        from pressrelease.notifications.checkpoints import make_checkpoint

        make_checkpoint(context.workspace, at_once=True)  # what is exported is covered by a signature and a stamp
    with reporting_disk_errors(file.parent, what="The export"), files.beside(file, 0o600) as (temporary, stream):
        exported = _write(context, slugs, file, stream, now, sentence)
        files.finish(stream)
        with context.ledger(now) as ledger:
            ledger.note(
                "exported",
                file=file.name,
                releases=list(exported.results.done),
                index=exported.index,
                head=str(exported.head),
            )
            if not context.dry_run:
                move_into_place(temporary, file, force=force)
        files.sync_folder(file.parent)
    return exported


def _write(
    context: ServiceContext,
    slugs: Sequence[str],
    file: Path,
    stream: IO[bytes],
    now: datetime,
    sentence: Callable[[Line], str],
) -> Exported:
    from pressrelease.store.backup import snapshot

    copied = context.workspace.private / f"exporting-{secrets.token_hex(6)}.db"
    try:
        snapshot(context.store, copied)
        copy = Reader(copied)
        try:
            records: list[ReleaseRecord] = []
            results = each(slugs, lambda slug: records.append(read_record(context, copy, slug, now)))
            if results.error is not None and not records:
                raise results.error
            writer = Writer(stream)
            index = _contents(context, copy, records, writer, now, sentence)
        finally:
            copy.close()
    finally:
        copied.unlink(missing_ok=True)
    return Exported(
        file=file,
        size=stream.tell(),
        results=results,
        index=index.sha256,
        head=index.head,
        embargoes=tuple(embargo_lines(records, context.config.office.timezone)),
        left_out=index.left_out,
    )


@dataclass(frozen=True)
class _Index:
    sha256: str
    head: Head
    left_out: tuple[str, ...]


def _contents(
    context: ServiceContext,
    copy: Reader,
    records: Sequence[ReleaseRecord],
    writer: Writer,
    now: datetime,
    sentence: Callable[[Line], str],
) -> _Index:
    """Write every file of the archive."""
    written = set()
    for record in records:
        for name, content in files_of(context, copy, record):
            writer.add(name, io.BytesIO(content))
            written.add(name)
    journal = _Journal(copy, [record.slug for record in records])
    writer.add(verify_archive.JOURNAL, journal)
    left_out: tuple[str, ...] = ()
    if not any(name.endswith(".docx") for name in written):
        left_out = ("Not in it: the Word files, because python-docx is not installed.",)
    office = context.config.office
    program = f"pressrelease {__version__}"
    made = Making(office.name, office.timezone, now, context.actor, program, journal.head, sentence, left_out)
    writer.add(SUMMARY, io.BytesIO(summary(records, made).encode("utf-8", "replace")))
    writer.add(SCRIPT, io.BytesIO(script()))
    index = as_json(
        {
            "format": verify_archive.FORMAT,
            "format_number": verify_archive.FORMAT_NUMBER,
            "made_at": format_utc(now),
            "made_by": context.actor,
            "program": __version__,
            "office": office.name,
            "store": copy.store_id(),
            "journal": {"head": str(journal.head), "hashes": journal.hashes.hexdigest()},
            "releases": [record.slug for record in records],
            "embargoed": [record.slug for record in records if record.closed],
            "files": [{"name": one.name, "size": one.size, "sha256": one.sha256} for one in writer.members],
        }
    )
    writer.close_with(verify_archive.INDEX, index)
    return _Index(hashlib.sha256(index).hexdigest(), journal.head, left_out)


class _Journal:
    """The journal as the archive has it, to be read once; `head` and `hashes` are known once it was."""

    def __init__(self, copy: Reader, slugs: Sequence[str]) -> None:
        self.head = Head(0, BEGINNING)
        self.hashes = hashlib.sha256()
        self._lines = self._written(copy.journal(), frozenset(slugs))

    def read(self, size: int) -> bytes:
        """Return the next line, however long it is; b"" after the last."""
        return next(self._lines, b"")

    def _written(self, lines: Iterator[Line], slugs: frozenset[str]) -> Iterator[bytes]:
        for line in lines:
            self.head = Head(line.n, line.hash)
            self.hashes.update(line.hash.encode() + b"\n")
            whole = line.slug in slugs or line.event == verify_archive.CHECKPOINT
            kept = line._asdict() if whole else {"n": line.n, "hash": line.hash}
            text = json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
            yield text.encode("utf-8", "surrogatepass") + b"\n"
