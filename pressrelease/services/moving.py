"""Move the record from SQLite to a database server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pressrelease.errors import NOTHING_SENT, NeedsPerson, NotFound, NotPermitted, StateUnreadable, Usage
from pressrelease.services import ServiceContext
from pressrelease.services.keeping import nobody_at_work, stamp, verify
from pressrelease.store.journal import Head
from pressrelease.store.origin import Position
from pressrelease.store.queries import Reader
from pressrelease.system import clock
from pressrelease.system.files import sync_folder

#: Seconds for which the server is tried before it is reported to be unreachable.
SERVER_PATIENCE = 3.0


@dataclass(frozen=True)
class Moved:
    """A record that now lives on a server: the config's new line, the old file's new name, the journal's head."""

    line: str
    kept: Path
    head: Head


def move_store(context: ServiceContext, url: str) -> Moved:
    """Copy the whole record from SQLite into an empty PostgreSQL database, and put the old file aside.

    Raises: NotPermitted if it is not SQLite, or the database is not empty; NeedsPerson if a scheduler is running or
    nothing is
    stopped; WillRetry if the server can't be reached. Then nothing was changed.
    """
    from pressrelease.config.keys import Wrong
    from pressrelease.config.sections import store_url
    from pressrelease.store.engine import transaction
    from pressrelease.store.ledger import Ledger
    from pressrelease.store.moving import copy_record, journal_head, must_be_empty, postgres_engine
    from pressrelease.store.rows import to_micros

    try:
        url = store_url(url)
    except Wrong as wrong:
        raise Usage(f"That address {wrong.message}.", hint=wrong.hint) from None
    file = context.store.file
    if file is None or not url.startswith("postgresql"):
        raise NotPermitted(
            "move-store only moves the database from SQLite to PostgreSQL. Nothing was changed.",
            hint="To go back to SQLite: `pressrelease backup FILE`, name SQLite in [store] of config.toml, then"
            " `pressrelease restore FILE`.",
            code="wrong_way",
        )
    if not context.store.exists:
        raise NotFound(
            "Nothing has been scheduled here yet, so there is nothing to move.",
            hint=f'To use that database from the start, write url = "{url}" in [store] of config.toml.',
            code="nothing_recorded",
        )
    now = clock.utc_now()
    nobody_at_work(context.store, context.workspace.alive, now, what="moved")
    if not context.store.read.control().stopped:
        raise NeedsPerson(
            "The database can only be moved while everything is stopped. Nothing was changed.",
            hint='Run `pressrelease stop --why "moving the database"`, then try again.',
            code="not_stopped",
        )
    kept = file.with_name(f"{file.name}.moved-{stamp(now)}")
    engine = postgres_engine(url)
    # Inside a transaction of its own on the old record: nobody writes there while it is copied.
    with context.ledger(now) as ledger, transaction(engine, SERVER_PATIENCE, undo=context.dry_run) as target:
        must_be_empty(target)
        copy_record(ledger.connection, target)
        journal_head(target)
        there = Ledger(target, now=now, actor=context.actor, host=ledger.host)
        there.note("store.moved", from_database="sqlite", to_database="postgresql")
        there.write_lines()
    engine.dispose()
    if not context.dry_run:
        reader = Reader(url.replace("postgresql+psycopg://", "postgresql://", 1))
        head = verify(reader).walk.head
        reader.close()
        # A line that the old file never gets: renamed back after the record went on, it is recognized as an older one.
        context.store.origin.note(Position(head.n, head.hash, to_micros(now)))
        context.store.close()
        put_aside(file, kept)
    else:
        head = verify(context.store.read).walk.head
    return Moved(f'url = "{url}"', kept, head)


def put_aside(file: Path, kept: Path) -> None:
    """Rename SQLite's file and what belongs to it; the marker stays, so that no empty one takes its place.

    Raises: StateUnreadable if a part of it can't be renamed. Nothing that is there already is replaced.
    """
    try:
        if os.path.lexists(kept):
            raise FileExistsError(0, f"{kept.name} already exists")
        for ending in ("", "-wal", "-shm", "-journal"):
            part = file.with_name(file.name + ending)
            if os.path.lexists(part):
                part.rename(kept.with_name(kept.name + ending))
    except OSError as error:
        raise StateUnreadable(
            f"{file.name} can't be renamed: {error.strerror}.",
            outcome=NOTHING_SENT,
            hint="Close other programs that use it, and check that you have permission to write there. Everything"
            " is stopped.",
        ) from None
    sync_folder(file.parent)
