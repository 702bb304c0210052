"""Restore a backup: checked before anything is changed, the replaced record kept, and everything stopped.

The order is such that a crash at any point leaves a workspace that sends nothing: the old record is stopped first;
between its removal and the new one's arrival, the marker beside them shows that a record is missing.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from pressrelease.config import Config
from pressrelease.errors import PressReleaseError, StateUnreadable, WillRetry
from pressrelease.services.keeping import named_lists, nobody_at_work, stamp, verify
from pressrelease.services.moving import put_aside
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.store import Store, archive
from pressrelease.store.backup import (
    RestoreOutcome,
    Since,
    fold_up,
    look_over,
    start_stopped,
    what_came_since,
)
from pressrelease.store.journal import Head
from pressrelease.store.queries import Reader
from pressrelease.system import clock
from pressrelease.system.accounts import PRIVATE, keep_private, make_folder
from pressrelease.system.files import finish, new_file, sync_folder
from pressrelease.when import say_full
from pressrelease.wiring import read_config_file


@dataclass(frozen=True)
class Unpacked:
    """A backup that was unpacked aside and checked; nothing of `folder`, the workspace, has been changed."""

    folder: Path
    aside: Path
    manifest: archive.Manifest

    @cached_property
    def config(self) -> Config:
        """The config in force: the workspace's own, or, if it has none, the backup's. Raises ConfigRefused."""
        own = self.folder / archive.CONFIG
        return read_config_file(own if own.exists() else self.aside / archive.CONFIG)

    @cached_property
    def target(self) -> Store:
        """The store that the record will be put into."""
        return Store(self.config.store_url, self.folder)

    @property
    def record(self) -> Path:
        """The unpacked record."""
        return self.aside / archive.RECORD

    @cached_property
    def what_is_there(self) -> str:
        """What would be replaced, in a sentence; "" if nothing is there."""
        try:
            if not self.target.exists:
                return ""
            head = verify(self.target.read).walk.head
        except WillRetry:
            raise
        except PressReleaseError:
            return "a database that can't be read, or one that is missing"
        where = "the database server" if self.target.file is None else self.target.file.name
        return f"a database with {head.n} journal lines in {where}"


@contextlib.contextmanager
def unpacked(file: Path, folder: Path) -> Iterator[Unpacked]:
    """Unpack a backup into `folder`'s private folder for the duration of the block, and check it.

    Raises: NotFound, Refused; WillRetry if the disk is full.
    """
    if (folder / PRIVATE).is_symlink():
        raise StateUnreadable(
            f"{PRIVATE}/ is a symbolic link. Nothing was changed.", hint="Put a real folder there, or delete the link."
        )
    made = [place for place in (folder / PRIVATE, folder) if not place.exists()]
    aside = folder / PRIVATE / f"restoring-{secrets.token_hex(6)}"
    try:
        with archive.opened(file) as opened:
            _room_for(opened.manifest, folder)
            with _disk():
                keep_private(folder / PRIVATE)
                aside.mkdir(mode=0o700)
                opened.unpack(aside)
            look_over(aside / archive.RECORD, store_id=opened.manifest.store_id, head=opened.manifest.head)
            yield Unpacked(folder, aside, opened.manifest)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        for place in made:
            with contextlib.suppress(OSError):  # something is in it by now
                place.rmdir()


def _room_for(manifest: archive.Manifest, folder: Path) -> None:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    needed = 3 * sum(member.size for member in manifest.members)
    if shutil.disk_usage(there).free < needed:
        raise WillRetry(
            f"The backup needs {needed >> 20} MiB, and this disk has less. Nothing was changed.",
            hint="Make room, or restore on another disk.",
            code="no_room",
        )


@dataclass(frozen=True)
class Restored:
    """A restored record, stopped: its state, what goes out once it is resumed, and what was kept.

    `knew` is whether the replaced record could tell what was done after the backup; `config_beside` is the name of the
    backup's config.toml beside a different one.
    """

    head: Head
    made_at: datetime
    outcome: RestoreOutcome
    ahead: tuple[Scheduled, ...]
    knew: bool
    kept: tuple[str, ...] = ()
    config_beside: str = ""


def put_back(backup: Unpacked, *, actor: str) -> Restored:
    """Put the record, the releases and, if there is none, config.toml in place.

    Raises: NeedsPerson if a scheduler is running, WillRetry if the disk or the server refuses.
    """
    now = clock.utc_now()
    store, mark = backup.target, stamp(now)
    nobody_at_work(store, backup.folder / PRIVATE / "alive", now, what="changed")
    since = _quiet(store, backup, actor=actor, now=now)
    outcome, ahead, head = _prepare(backup, since, actor=actor, now=now)
    with _disk():
        kept = _replace_record(backup, mark)
        kept += _put_releases(backup.aside / "releases", backup.folder / "releases", _kept_folder(backup.folder, mark))
        _put_lists(backup)
        beside = _put_config(backup, mark)
        sync_folder(backup.folder)
    return Restored(head, backup.manifest.made_at, outcome, ahead, since is not None, tuple(kept), beside)


def _quiet(store: Store, backup: Unpacked, *, actor: str, now: datetime) -> Since | None:
    """Stop the record that will be replaced, and ask it what it knows; None if it can't be asked or trusted."""
    from pressrelease.store import commands

    copy = Reader(backup.record)
    try:
        if not store.exists:
            return None
        with store.ledger(now=now, actor=actor) as ledger:
            commands.stop(ledger, by=actor, why="a backup was restored in its place")
            ledger.note("replaced", head=str(backup.manifest.head))
        return what_came_since(store.read, copy, backup.manifest.head)
    except WillRetry:
        raise
    except PressReleaseError:
        return None  # that is why a backup is restored
    finally:
        copy.close()


def _prepare(
    backup: Unpacked, since: Since | None, *, actor: str, now: datetime
) -> tuple[RestoreOutcome, tuple[Scheduled, ...], Head]:
    """Prepare the unpacked record for use, before it is put in place."""
    copy = Store(f"sqlite:///{backup.record}", backup.folder)
    made_at = say_full(backup.manifest.made_at.replace(microsecond=0), timezone=backup.config.office.timezone)
    with copy.ledger(now=now, actor=actor) as ledger:
        outcome = start_stopped(
            ledger,
            by=actor,
            event="restored",
            why=f"restored from the backup of {made_at}",
            copied_at=backup.manifest.made_at,
            head=backup.manifest.head,
            approvals_needed=backup.config.policy.approvals,
            since=since,
        )
    verified = verify(copy.read)
    assert copy.read.control().stopped  # noqa: S101  (a restored copy starts stopped)
    ahead = tuple(
        release
        for release in copy.read.open_releases()
        if release.lift is not None and release.lift > now and release.word is Directive.SCHEDULED
    )
    copy.close()
    copy.origin.forget()
    fold_up(backup.record)
    return outcome, ahead, verified.walk.head


# -- the record ------------------------------------------------------------------------------------------------


def _replace_record(backup: Unpacked, mark: str) -> list[str]:
    store = backup.target
    if store.file is None:
        return _into_server(backup, mark)
    file = store.file
    make_folder(file.parent)
    ready = file.with_name(f".{file.name}.{mark}")
    _copied(backup.record, ready)
    store.close()
    kept = []
    if any(os.path.lexists(file.with_name(file.name + ending)) for ending in ("", "-wal", "-journal")):
        name = f"{file.name}.replaced-{mark}"
        put_aside(file, file.with_name(name))
        kept.append(f"{file.parent.name}/{name}")
    ready.rename(file)
    store.origin.settle(backup.manifest.store_id)
    sync_folder(file.parent)
    return kept


def _into_server(backup: Unpacked, mark: str) -> list[str]:
    from pressrelease.store.engine import transaction
    from pressrelease.store.moving import (
        copy_record,
        journal_head,
        must_be_empty,
        postgres_engine,
        set_aside,
        sqlite_engine,
    )

    backup.target.close()
    engine, local = postgres_engine(backup.target.url), sqlite_engine(backup.record)
    schema = f"replaced_{mark.lower().replace('.', '_')}"
    try:
        with local.begin() as source, transaction(engine) as target:
            aside = set_aside(target, schema)
            if not aside:
                must_be_empty(target)
            copy_record(source, target)
            journal_head(target)
    finally:
        engine.dispose()
    backup.target.origin.settle(backup.manifest.store_id)
    return [f"the schema {schema} on the database server"] if aside else []


# -- the files -------------------------------------------------------------------------------------------------


def _kept_folder(folder: Path, mark: str) -> Path:
    return folder / PRIVATE / f"replaced-{mark}"


def _put_releases(source: Path, target: Path, kept: Path) -> list[str]:
    """Put every release as it was backed up; one that differs is moved to `kept` first, and a newer draft stays."""
    target.mkdir(mode=0o750, exist_ok=True)  # as `init` makes it: what it holds is embargoed
    moved = []
    for place, folders, files in os.walk(source):
        folders.sort()
        for name in sorted(files):
            path = Path(place) / name
            relative = path.relative_to(source)
            if _put_file(path, target, relative, kept):
                moved.append(f"{PRIVATE}/{kept.name}/{relative.as_posix()}")
    return moved


def _put_file(path: Path, target: Path, relative: Path, kept: Path) -> bool:
    """Put one file below `target`, never through a link. Return whether something had to be moved away."""
    moved = False
    for part in [*reversed(relative.parents[:-1]), relative]:
        there = target / part
        last = part == relative
        if last and there.is_file() and not there.is_symlink() and there.read_bytes() == path.read_bytes():
            return moved
        if os.path.lexists(there) and (last or there.is_symlink() or not there.is_dir()):
            (kept / part).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.move(there, kept / part)
            moved = True
        if not last:
            there.mkdir(mode=0o750, exist_ok=True)
    _copied(path, target / relative, 0o660)
    return moved


def _put_lists(backup: Unpacked) -> None:
    """Put the recipients' files that config.toml names and that are not there."""
    for name in named_lists(backup.config):
        source, target = backup.aside / "lists" / name, backup.folder / name
        if source.is_file() and not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            _copied(source, target)


def _put_config(backup: Unpacked, mark: str) -> str:
    """Put the backup's config.toml in place if the workspace has none; beside the workspace's own if they differ.

    The config in force stays the office's choice: a backup restores no outlet and no rule by itself.
    """
    source, own = backup.aside / archive.CONFIG, backup.folder / archive.CONFIG
    if not own.exists():
        _copied(source, own, 0o640)
        return ""
    if own.read_bytes() == source.read_bytes():
        return ""
    beside = own.with_name(f"{own.name}.backup-{mark}")
    _copied(source, beside, 0o640)
    return beside.name


def _copied(source: Path, target: Path, mode: int | None = None) -> None:
    """Write a new file `target` with the bytes of `source`, private without a `mode`, on disk when this returns."""
    with source.open("rb") as read, new_file(target, mode) as stream:
        shutil.copyfileobj(read, stream, 1 << 20)
        finish(stream)


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise WillRetry(
            f"The backup could not be restored: {error.strerror or 'the system gave no reason'}. Everything is"
            " stopped. Nothing was sent, and nothing was deleted.",
            hint="Check that the disk has room and that you have permission to write there, then restore again.",
            code="not_written",
        ) from None
