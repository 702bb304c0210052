"""Care for the record: who is using it, proof of its journal, and a backup of it."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pressrelease import __version__
from pressrelease.config import Config
from pressrelease.errors import (
    NeedsPerson,
    PressReleaseError,
    Usage,
)
from pressrelease.services import ServiceContext
from pressrelease.services.placing import (
    move_into_place,
    must_be_private,
    reporting_disk_errors,
    taken,
)
from pressrelease.status.views import STAYS_UP
from pressrelease.store import Store, archive
from pressrelease.store.journal import Head, Walk, read_head, walk
from pressrelease.store.queries import Reader
from pressrelease.store.rows import Row
from pressrelease.system import clock, files


def stamp(now: datetime) -> str:
    """Return a moment of UTC as in file names: 20180921T160000Z, with its microseconds if it has any."""
    return now.strftime("%Y%m%dT%H%M%S") + (f".{now.microsecond:06}" if now.microsecond else "") + "Z"


# -- who is at work --------------------------------------------------------------------------------------------


def at_work(store: Store | None, alive: Path, now: datetime) -> list[str]:
    """Return every process that may be sending: those whose names are held here, and those that checked in lately."""
    from pressrelease.system.lock import FileLock

    found = []
    for path in sorted(alive.glob("*.lock")):
        lock = FileLock(path)
        try:
            taken = lock.acquire(wait=False)
        except OSError:
            continue
        if not taken:
            found.append("a process on this machine")
        lock.release()
    with contextlib.suppress(PressReleaseError):
        for process in store.read.processes() if store is not None and store.exists else ():
            if process.kind == "run" and process.ended_at is None and now - process.last_seen < STAYS_UP:
                found.append(f"`pressrelease run` on {process.host} (process {process.pid})")
    return found


def nobody_at_work(store: Store | None, alive: Path, now: datetime, *, what: str) -> None:
    """Check that no scheduler is running. Raises NeedsPerson."""
    if working := at_work(store, alive, now):
        raise NeedsPerson(
            f"A scheduler is running: {', '.join(dict.fromkeys(working))}. Nothing was {what}.",
            hint="Stop it (Ctrl-C, or `systemctl stop pressrelease`), wait a minute, then try again.",
            code="scheduler_alive",
        )


# -- the journal -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """The journal walked from end to end, and how the rows differ from it."""

    walk: Walk
    disagreements: tuple[str, ...] = ()


def verify(reader: Reader, known: Head | None = None) -> Verified:
    """Walk the journal, look for a head known from elsewhere in it, and compare it with the rows and the layout."""
    from pressrelease.store.agreement import EVERY_CLEARANCE, EVERY_RELEASE, SINCE
    from pressrelease.store.layout import altered
    from pressrelease.store.queries import CLEARANCES_SINCE
    from pressrelease.store.reconcile import Reconciliation

    account = Reconciliation()
    walked = walk(account.adding(reader.journal()), known)
    if walked.broken:
        return Verified(walked)
    lines = reader.rows("SELECT count(*) AS lines FROM journal")[0]["lines"]
    if lines < walked.head.n:
        return Verified(Walk(walked.head, "lines disappeared while it was being read"))
    if reader.rows("SELECT count(*) AS hidden FROM journal WHERE n < 1")[0]["hidden"]:
        return Verified(Walk(walked.head, "it holds lines before its first"))
    rows = reader.deliveries()
    releases, stopped = [], False
    clearances: dict[str, list[Row]] = {}
    if of_today := reader.schema() >= SINCE:
        releases, stopped = reader.rows(EVERY_RELEASE), reader.control().stopped
    for row in reader.rows(EVERY_CLEARANCE) if reader.schema() >= CLEARANCES_SINCE else ():
        clearances.setdefault(row["slug"], []).append(row)
    changed = [f"the database is not as the program made it: {what}" for what in altered(reader)]
    if reader.rows("SELECT max(n) AS last FROM journal")[0]["last"] not in (None, walked.head.n):
        # Somebody wrote in the meantime: rows and lines are from two moments, and a comparison would prove nothing.
        return Verified(walked, tuple(changed))
    differences = account.disagreements(rows)
    differences += account.release_disagreements(releases, stopped=stopped, clearances=clearances) if of_today else []
    return Verified(walked, (*changed, *differences))


def known_head(text: str) -> Head:
    """Return the head that a person gave: `N:HASH`, or a backup's file. Raises Usage, NotFound, Refused."""
    if head := read_head(text):
        return head
    if not Path(text).is_file():
        raise Usage(
            f"{text} is not a journal's last line (N:HASH) and not a backup file.",
            hint="Copy N:HASH as `pressrelease backup` printed it, or name the backup's file.",
        )
    with archive.opened(Path(text)) as opened:
        return opened.manifest.head


# -- backup ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BackedUp:
    """A backup that was made, or, in a dry run, would be: where, what it holds, and what was left out."""

    file: Path
    size: int
    manifest: archive.Manifest
    left_out: tuple[str, ...]
    broken: str | None


def back_up(context: ServiceContext, file: Path, *, force: bool = False) -> BackedUp:
    """Write the record, config.toml and releases/ into one file, 0600, completely or not at all.

    Raises: NotPermitted if a file is there already, or if the public could read it; WillRetry if the disk is full;
    StateUnreadable if the record can't be read.
    """
    now = clock.utc_now()
    if file.is_dir():
        file = file / f"pressrelease-{stamp(now.replace(microsecond=0))}.zip"
    file = Path(os.path.abspath(file))  # noqa: PTH100  (`..` is taken out, links are not followed)
    must_be_private(context, file, what="A backup")
    if not force and os.path.lexists(file):
        raise taken(file)
    context.store.open(now)
    with reporting_disk_errors(file.parent, what="The backup"), files.beside(file, 0o600) as (temporary, stream):
        backed_up = _write(context, file, stream, now)
        files.finish(stream)
        with archive.opened(temporary) as written:
            written.check()  # what can't be read back now can't be restored later
        with context.ledger(now) as ledger:
            ledger.note("backup", file=file.name, head=str(backed_up.manifest.head), bytes=backed_up.size)
            if not context.dry_run:
                move_into_place(temporary, file, force=force)
        files.sync_folder(file.parent)
    return backed_up


def _write(context: ServiceContext, file: Path, stream: IO[bytes], now: datetime) -> BackedUp:
    from pressrelease.store.backup import snapshot

    copy = context.workspace.private / f"backing-up-{secrets.token_hex(6)}.db"
    try:
        snapshot(context.store, copy)
        reader = Reader(copy)
        walked = walk(reader.journal())
        store_id = reader.store_id()
        reader.close()
        writer = archive.Writer(stream)
        with copy.open("rb") as source:
            writer.add(archive.RECORD, source)
    finally:
        copy.unlink(missing_ok=True)
    with (context.workspace.folder / archive.CONFIG).open("rb") as source:
        writer.add(archive.CONFIG, source)
    left_out = []
    for name, opened in _kept_files(context.library.folder):
        if opened is None:
            left_out.append(name)
            continue
        with opened:
            writer.add(archive.RELEASES + name, opened)
    for name in named_lists(context.config):
        path = context.workspace.folder / name
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= archive.LARGEST_FILE:
            with path.open("rb") as opened:
                writer.add(archive.LISTS + name, opened)
    manifest = archive.Manifest(
        made_at=now,
        program=__version__,
        store_id=store_id,
        database="postgresql" if context.store.file is None else "sqlite",
        head=walked.head,
        holds=walked.broken is None,
        members=tuple(writer.members),
    )
    writer.finish(manifest)
    return BackedUp(file, stream.tell(), manifest, tuple(left_out), walked.broken)


def named_lists(config: Config) -> list[str]:
    """Return the files of recipients that config.toml names inside the workspace, as plain relative paths."""
    found = []
    for outlet in config.outlets.values():
        named = outlet.settings.get("recipients")
        if isinstance(named, str) and archive.may_be_kept(named.split("/")) and named != archive.CONFIG:
            found.append(named)
    return sorted(set(found))


def _kept_files(folder: Path) -> Iterator[tuple[str, IO[bytes] | None]]:
    """Yield every plain file below releases/, opened, by its path there; None for one that a backup can't hold."""
    for below, folders, plain in os.walk(folder):
        here = Path(below)
        for name in [name for name in folders if (here / name).is_symlink()]:
            yield (here / name).relative_to(folder).as_posix(), None
        folders[:] = sorted(name for name in folders if not name.startswith(".") and not (here / name).is_symlink())
        for name in sorted(plain):
            if name.startswith("."):
                continue
            path = here / name
            relative = path.relative_to(folder).as_posix()
            yield relative, _opened(path) if archive.may_be_kept(relative.split("/")) else None


def _opened(path: Path) -> IO[bytes] | None:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > archive.LARGEST_FILE:
            return None
        return os.fdopen(os.open(path, flags), "rb")
    except OSError:
        return None
