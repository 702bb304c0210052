"""Open the store for writing: its place, its file's mode, its migrations, and one transaction at a time."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from pressrelease.errors import NOTHING_SENT, PressReleaseError, StateUnreadable, WillRetry
from pressrelease.status.dossier import same_person
from pressrelease.store import postgres
from pressrelease.store.agreement import OF_RELEASES, OF_STOPS
from pressrelease.store.connection import gone, unreadable
from pressrelease.store.origin import Origin
from pressrelease.store.queries import SCHEMA
from pressrelease.store.tables import PARTIAL_INDEXES, control, journal, metadata, migrations
from pressrelease.system.accounts import make_folder, opened

#: Seconds that a writer waits for its turn before it reports that the store is busy.
WRITE_PATIENCE = 60.0

#: SQLite below this release can corrupt a WAL database with two writers (its "WAL-reset" bug).
_WAL_IS_SAFE = (3, 51, 3)


def _name_people(connection: Connection) -> None:
    """Store each approval's compared name, and whether it is the author's or the scheduler's."""
    found = connection.exec_driver_sql(
        "SELECT a.id, a.by, r.author, r.scheduled_by FROM approvals a LEFT JOIN releases r ON r.slug = a.slug"
    ).all()
    change = text("UPDATE approvals SET person = :person, own = :own WHERE id = :id")
    for number, by, author, scheduled_by in found:
        person = same_person(str(by))
        makers = {same_person(str(name)) for name in (author, scheduled_by) if name}
        connection.execute(change, {"id": number, "person": person, "own": person in makers})


def _guard_journal(connection: Connection) -> None:
    """Refuse two ways around the journal's first triggers: INSERT OR REPLACE (SQLite) and TRUNCATE (PostgreSQL)."""
    connection.exec_driver_sql(_NO_REPLACE[connection.dialect.name])


_NO_REPLACE = {
    "sqlite": "CREATE TRIGGER journal_no_replace BEFORE INSERT ON journal WHEN NEW.n <= (SELECT max(n) FROM journal)"
    " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "postgresql": "CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal"
    " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
}

#: A recipient has one delivery of each version and action.
_ONE_EACH = "UNIQUE (slug, version, outlet, recipient, n, action)"

_DELIVERIES = (
    "CREATE TABLE deliveries (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, slug TEXT NOT NULL, version TEXT NOT NULL,"
    " outlet TEXT NOT NULL, recipient TEXT NOT NULL, state TEXT NOT NULL, lift BIGINT, attempts INTEGER NOT NULL,"
    " claimed_from TEXT, owner TEXT, lease_until BIGINT, next_try BIGINT, first_sent_at BIGINT, delivered_at BIGINT,"
    " url TEXT, remote_id TEXT, error TEXT, n INTEGER DEFAULT 1 NOT NULL, action TEXT DEFAULT 'publish' NOT NULL,"
    f" claims INTEGER DEFAULT 0 NOT NULL, unanswered INTEGER DEFAULT 0 NOT NULL, quiet_at BIGINT, {_ONE_EACH})"
)


def _number_deliveries(connection: Connection) -> None:
    """Let a recipient have a delivery of each version and action: SQLite can change what is unique only in a new table.

    The numbers of rows that are gone are not used again.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "ALTER TABLE deliveries DROP CONSTRAINT deliveries_slug_version_outlet_recipient_key"
        )
        connection.exec_driver_sql(f"ALTER TABLE deliveries ADD {_ONE_EACH}")
        return
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'deliveries'").scalar()
    connection.exec_driver_sql("ALTER TABLE deliveries RENAME TO deliveries_before")
    connection.exec_driver_sql("DROP INDEX deliveries_claimed")
    connection.exec_driver_sql(_DELIVERIES)
    connection.exec_driver_sql("INSERT INTO deliveries SELECT * FROM deliveries_before")
    connection.exec_driver_sql("DROP TABLE deliveries_before")
    connection.exec_driver_sql("CREATE INDEX deliveries_claimed ON deliveries (owner) WHERE owner IS NOT NULL")
    if last is not None:
        connection.exec_driver_sql("DELETE FROM sqlite_sequence WHERE name = 'deliveries'")
        connection.exec_driver_sql("INSERT INTO sqlite_sequence VALUES ('deliveries', ?)", (last,))


def _count_unanswered(connection: Connection) -> None:
    """Count the claims that no sure answer ended: what is in doubt, and what a person dropped or sent again since."""
    connection.exec_driver_sql(
        "UPDATE deliveries SET unanswered = 1, quiet_at = coalesce(lease_until, first_sent_at, 0) + 3600000000"
        " WHERE state IN ('sending', 'in_doubt')"
    )
    change = text(
        "UPDATE deliveries SET unanswered = 1, quiet_at = 0 WHERE slug = :slug AND version = :version"
        " AND outlet = :outlet AND recipient = :recipient AND unanswered = 0 AND state <> 'delivered'"
    )
    settled = connection.exec_driver_sql(
        "SELECT slug, version, detail FROM journal WHERE event = 'delivery.settled' ORDER BY n"
    ).all()
    for slug, version, told in settled:
        detail = json.loads(told)
        if detail.get("settled") in {"drop", "resend"} and detail.get("was", "in_doubt") == "in_doubt":
            place = {"outlet": detail.get("outlet"), "recipient": detail.get("recipient")}
            connection.execute(change, {"slug": slug, "version": version, **place})


#: A statement of a migration, or a function that does what SQL can't.
Step = str | Callable[[Connection], None]

#: What introduced each layout number, and the statements that bring an older store there; a new store is created whole.
#: A column that is added comes last in `tables` too.
CHANGES: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("the first layout", ()),
    ("signatures of approvals", ("ALTER TABLE approvals ADD COLUMN signature TEXT",)),
    (
        "outlets that refuse our credentials",
        (
            "CREATE TABLE closed_outlets (outlet TEXT NOT NULL PRIMARY KEY, reason TEXT NOT NULL,"
            " fingerprint TEXT NOT NULL, at BIGINT NOT NULL)",
            "CREATE TABLE turned_away (delivery BIGINT NOT NULL PRIMARY KEY, outlet TEXT NOT NULL)",
        ),
    ),
    (
        "how far each reader has been notified",
        (
            "CREATE TABLE IF NOT EXISTS told (outlet TEXT NOT NULL, recipient TEXT NOT NULL, line BIGINT NOT NULL,"
            " conditions TEXT NOT NULL, tries INTEGER NOT NULL, not_before BIGINT NOT NULL,"
            " PRIMARY KEY (outlet, recipient))",
        ),
    ),
    (
        "indexes on what is out",
        (
            "DROP INDEX IF EXISTS releases_changed",
            "CREATE INDEX IF NOT EXISTS releases_done ON releases (changed_at) WHERE NOT open",
            "CREATE INDEX IF NOT EXISTS releases_out ON releases (lift) WHERE NOT open",
        ),
    ),
    (
        "the time on the wall that was approved",
        (
            "ALTER TABLE releases ADD COLUMN wall TEXT",
            "ALTER TABLE releases ADD COLUMN zones TEXT",
            "ALTER TABLE versions ADD COLUMN wall TEXT",
            "CREATE INDEX releases_zones ON releases (zones) WHERE open AND zones IS NOT NULL",
        ),
    ),
    ("the recipients that were approved", ("ALTER TABLE versions ADD COLUMN recipients TEXT",)),
    (
        "a mark of the clock for each boot",
        (
            "CREATE TABLE marks (boot TEXT NOT NULL PRIMARY KEY, wall BIGINT NOT NULL, uptime BIGINT NOT NULL)",
            "INSERT INTO marks (boot, wall, uptime) SELECT mark_boot, mark_wall, mark_uptime FROM control"
            " WHERE mark_boot IS NOT NULL AND mark_wall IS NOT NULL AND mark_uptime IS NOT NULL",
            *(f"ALTER TABLE control DROP COLUMN mark_{name}" for name in ("wall", "uptime", "boot", "host")),
        ),
    ),
    ("what config.toml adds to a version", ("ALTER TABLE versions ADD COLUMN settings TEXT",)),
    (
        "a record that is compared with the journal",
        (
            f"CREATE INDEX journal_releases ON journal (slug, n) WHERE {OF_RELEASES}",
            f"CREATE INDEX journal_stops ON journal (n) WHERE {OF_STOPS}",
            "ALTER TABLE releases ADD COLUMN scheduled_by TEXT",
            "UPDATE releases SET scheduled_by = (SELECT v.frozen_by FROM versions v"
            " WHERE v.slug = releases.slug AND v.version = releases.version)",
            "ALTER TABLE approvals ADD COLUMN person TEXT",
            "ALTER TABLE approvals ADD COLUMN own BOOLEAN",
            _name_people,
            _guard_journal,
        ),
    ),
    (
        "clearances",
        (
            "CREATE TABLE clearances (slug TEXT NOT NULL, version TEXT NOT NULL, name TEXT NOT NULL,"
            ' state TEXT NOT NULL, "by" TEXT, person TEXT, at BIGINT, until BIGINT, why TEXT, signature TEXT,'
            " PRIMARY KEY (slug, version, name))",
        ),
    ),
    (
        "releases that wait for an event",
        (
            "ALTER TABLE releases ADD COLUMN event_group TEXT",
            "CREATE TABLE event_lifts (event_group TEXT NOT NULL PRIMARY KEY, slug TEXT NOT NULL,"
            ' version TEXT NOT NULL, "by" TEXT NOT NULL, at BIGINT NOT NULL, signature TEXT)',
        ),
    ),
    (
        "corrections and withdrawals",
        (
            "ALTER TABLE releases ADD COLUMN n INTEGER DEFAULT 1 NOT NULL",
            "ALTER TABLE releases ADD COLUMN note TEXT",
            "CREATE TABLE corrections (slug TEXT NOT NULL, n INTEGER NOT NULL, version TEXT NOT NULL,"
            ' note TEXT NOT NULL, why TEXT NOT NULL, "by" TEXT NOT NULL, at BIGINT NOT NULL, before TEXT NOT NULL,'
            " ended_at BIGINT, PRIMARY KEY (slug, n))",
            "ALTER TABLE deliveries ADD COLUMN n INTEGER DEFAULT 1 NOT NULL",
            "ALTER TABLE deliveries ADD COLUMN action TEXT DEFAULT 'publish' NOT NULL",
            "ALTER TABLE deliveries ADD COLUMN claims INTEGER DEFAULT 0 NOT NULL",
            "ALTER TABLE deliveries ADD COLUMN unanswered INTEGER DEFAULT 0 NOT NULL",
            "ALTER TABLE deliveries ADD COLUMN quiet_at BIGINT",
            "UPDATE deliveries SET claims = attempts",
            _count_unanswered,
            _number_deliveries,
            "CREATE INDEX deliveries_chain ON deliveries (slug, outlet, recipient)",
        ),
    ),
)

_JOURNAL_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal"
        " BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$",
        "CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()",
    ),
}


def open_engine(url: str, file: Path | None, now_micros: int, origin: Origin) -> Engine:
    """Return an engine on a store that exists and has this program's layout; a missing store is created, once.

    `file` is SQLite's file, None for PostgreSQL; `origin` is what this machine remembers of the record.

    Raises: StateUnreadable if a store that was here is gone, or belongs to another program or a newer one. It is never
    replaced by an empty one.
    """
    if file is not None:
        _make_file(file, origin)
        engine = create_engine(
            "sqlite://", creator=lambda: _connect(file), poolclass=QueuePool, pool_size=8, max_overflow=64
        )
    else:
        engine = postgres.engine(url, pool_size=8, max_overflow=64, pool_pre_ping=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    _bring_up_to_date(engine, file, now_micros, origin)
    if file is None:
        postgres.refuse_a_pooler_by_transaction(url)
    return engine


def _connect(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, timeout=0.05, isolation_level=None, check_same_thread=False)
    mode, sync = ("WAL", "FULL") if sqlite3.sqlite_version_info >= _WAL_IS_SAFE else ("PERSIST", "EXTRA")
    # Keeping the rollback journal's file saves each commit creating and deleting one.
    for pragma in (f"journal_mode = {mode}", f"synchronous = {sync}", "foreign_keys = ON", "trusted_schema = OFF"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _make_file(file: Path, origin: Origin) -> None:
    if file.exists():
        return
    if origin.marker.exists():
        raise gone(file)
    make_folder(file.parent)
    # SQLite would make it readable by everyone; the journal files beside it take over this mode.
    os.close(opened(file, os.O_CREAT | os.O_RDWR))


def _bring_up_to_date(engine: Engine, file: Path | None, now_micros: int, origin: Origin) -> None:
    with transaction(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7046029254386353131)"))
        tables = set(_tables(connection))
        if not tables and file is not None and origin.marker.exists():
            raise StateUnreadable(
                "The database is empty, and it was not before.",
                outcome=NOTHING_SENT,
                hint="Put the file back, or restore the last backup: `pressrelease restore FILE`.",
            )
        if not tables:
            lay_out(connection)
            connection.execute(insert(control).values(id=1, store_id=uuid4().hex, stopped=False))
            for number, (name, _) in enumerate(CHANGES, start=1):
                connection.execute(insert(migrations).values(number=number, name=name, at=now_micros))
        elif "migrations" not in tables:
            raise StateUnreadable(
                "The database belongs to another program.",
                outcome=NOTHING_SENT,
                hint="Name a separate database in [store] url of config.toml.",
            )
        found = connection.execute(select(migrations.c.number).order_by(migrations.c.number.desc())).scalar()
        if (found or 0) > SCHEMA:
            raise StateUnreadable(
                f"The database was written by a newer pressrelease (layout {found}; this one knows {SCHEMA}).",
                outcome=NOTHING_SENT,
                hint="Install the newer pressrelease again.",
            )
        for number, (name, statements) in enumerate(CHANGES[found or 0 :], start=(found or 0) + 1):
            for statement in statements:
                if isinstance(statement, str):
                    connection.exec_driver_sql(statement)
                else:
                    statement(connection)
            connection.execute(insert(migrations).values(number=number, name=name, at=now_micros))
        store_id = connection.execute(select(control.c.store_id)).scalar_one()
        written = connection.execute(select(journal.c.n).limit(1)).first() is not None
    kept = origin.store_id()
    if kept and kept != store_id:
        raise StateUnreadable(
            "This is not the database that this workspace was using.",
            outcome=NOTHING_SENT,
            hint="Put the right file back. To restore a backup: `pressrelease restore FILE`.",
        )
    origin.keep(store_id, written=written)


def lay_out(connection: Connection) -> None:
    """Create every table, empty, and the triggers that keep the journal append-only."""
    metadata.create_all(connection, checkfirst=False)
    of_kind = connection.dialect.name
    for statement in (*PARTIAL_INDEXES, *_JOURNAL_TRIGGERS[of_kind], _NO_REPLACE[of_kind]):
        connection.exec_driver_sql(statement)


def _tables(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    else:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    return [row[0] for row in connection.exec_driver_sql(query)]


@contextmanager
def transaction(engine: Engine, patience: float = WRITE_PATIENCE, *, undo: bool = False) -> Iterator[Connection]:
    """One write transaction: durable if the block ends without an error, else undone; also undone if `undo` is true.

    Waits for its turn with short, random pauses: SQLite's own waiting lets a busy writer starve the others.

    Raises: WillRetry after `patience` seconds, StateUnreadable if the store can't be trusted.
    """
    connection, begun = _begin(engine, patience)
    try:
        yield connection
        if undo:
            _undo(begun)
        else:
            _commit(connection, begun, patience)
    except DBAPIError as error:
        _undo(begun)
        raise _translated(error) from error
    except BaseException:
        _undo(begun)
        raise
    finally:
        connection.close()


def _commit(connection: Connection, begun: Any, patience: float) -> None:
    """Commit. If readers of SQLite are in the way, wait until they are done; nothing is lost by waiting."""
    give_up = time.monotonic() + patience
    while connection.dialect.name == "sqlite":
        try:
            connection.exec_driver_sql("COMMIT")
            break
        except DBAPIError as error:
            if not isinstance(_translated(error), WillRetry) or time.monotonic() > give_up:
                raise
            time.sleep(random.uniform(0.001, 0.02))  # noqa: S311  (spreads writers; nothing is secret)
    begun.commit()


def _undo(begun: Any) -> None:
    try:
        begun.rollback()
    except DBAPIError:  # the connection is beyond use; closing it undoes the transaction
        begun.connection.invalidate()


def _begin(engine: Engine, patience: float) -> tuple[Connection, Any]:
    give_up = time.monotonic() + patience
    while True:
        connection = None
        try:
            connection = engine.connect()
            begun = connection.begin()
            if engine.dialect.name == "postgresql":
                # One writer at a time, as SQLite has it: two that follow the same journal line, or lock the same rows
                # in another order, never meet. One that was suspended, or whose machine is gone, is cut off.
                turn = connection.exec_driver_sql(postgres.TURN.format(milliseconds=round(patience * 750))).one()
                postgres.refuse_unsafe(turn)
            return connection, begun
        except (DBAPIError, PressReleaseError) as error:
            if connection is not None:
                connection.close()
            complaint = _translated(error) if isinstance(error, DBAPIError) else error
            if not isinstance(complaint, WillRetry) or time.monotonic() > give_up:
                raise complaint from error
            # Asking a server that is away fifty times a second gains nothing.
            longest = 0.5 if complaint.code == postgres.UNREACHABLE else 0.02
            time.sleep(random.uniform(0.001, longest))  # noqa: S311  (spreads writers; nothing is secret)


def _translated(error: DBAPIError) -> StateUnreadable | WillRetry:
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return unreadable(original)
    return postgres.translated(original if original is not None else error)
