"""Copy a record from one database into another, row for row, and check it on the other side."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, LargeBinary, Table, create_engine, event, insert, select, text
from sqlalchemy.pool import NullPool

from pressrelease.errors import NotPermitted, StateUnreadable
from pressrelease.store import postgres
from pressrelease.store.engine import lay_out
from pressrelease.store.journal import Head, Line, walk
from pressrelease.store.tables import journal, metadata
from pressrelease.system.accounts import opened

#: Rows held in memory at once; for a table with attachments one, since each may have 25 MiB.
AT_ONCE = 500

#: The same lock that creating a store takes: nobody creates an empty one while another is being copied in.
_MAKING = "SELECT pg_advisory_xact_lock(7046029254386353131)"


@dataclass(frozen=True)
class Tally:
    """How many rows a table has, and a sum over the SHA-256 of each, whatever their order."""

    rows: int = 0
    digest: int = 0

    def with_row(self, row: tuple[Any, ...]) -> Tally:
        """Return this tally with one more row."""
        values = repr([hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value for value in row])
        number = int.from_bytes(hashlib.sha256(values.encode("utf-8", "surrogatepass")).digest(), "big")
        return Tally(self.rows + 1, (self.digest + number) % 2**256)


def sqlite_engine(file: Path) -> Engine:
    """Return an engine on an SQLite file that nobody else works with; a missing one is created, 0600."""
    os.close(opened(file, os.O_CREAT | os.O_RDWR))
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(file, isolation_level=None), poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def postgres_engine(url: str, *, snapshot: bool = False) -> Engine:
    """Return an engine on a PostgreSQL database; with `snapshot` a transaction sees one moment throughout."""
    options = {"isolation_level": "REPEATABLE READ"} if snapshot else {}
    return postgres.engine(url, poolclass=NullPool, **options)


def copy_record(source: Connection, target: Connection) -> None:
    """Create the layout in `target`, which has none, and copy every row of `source`.

    Raises: StateUnreadable if what arrived differs from what was sent; the caller's transaction must then be undone.
    """
    if target.dialect.name == "postgresql":
        target.exec_driver_sql(_MAKING)
    lay_out(target)
    left = {table.name: _copy(table, source, target) for table in metadata.sorted_tables}
    _go_on_counting(source, target)
    for table in metadata.sorted_tables:
        arrived = Tally()
        for row in _rows(table, target):
            arrived = arrived.with_row(row)
        if arrived != left[table.name]:
            raise StateUnreadable(
                f"The copy differs from the original in {table.name} ({arrived.rows} of {left[table.name].rows}"
                " rows). Nothing was changed.",
                hint="Try again. If it happens twice, there is something wrong with the disk or the server.",
                code="copy_differs",
            )


def journal_head(connection: Connection) -> Head:
    """Return the head of a copied journal. Raises StateUnreadable if its chain does not hold."""
    walked = walk(_lines(connection))
    if walked.broken:
        raise StateUnreadable(
            f"The journal is damaged: {walked.broken}. Nothing was changed.",
            hint="Compare it with the last backup before you do anything else.",
            code="journal_broken",
        )
    return walked.head


def _copy(table: Table, source: Connection, target: Connection) -> Tally:
    tally = Tally()
    names = [column.name for column in table.columns]
    waiting: list[dict[str, Any]] = []
    for row in _rows(table, source):
        tally = tally.with_row(row)
        waiting.append(dict(zip(names, row, strict=True)))
        if len(waiting) >= _at_once(table):
            target.execute(insert(table), waiting)
            waiting = []
    if waiting:
        target.execute(insert(table), waiting)
    return tally


def _rows(table: Table, connection: Connection) -> Iterator[tuple[Any, ...]]:
    # In the order of their keys: the journal accepts its lines in no other.
    ordered = select(table).order_by(*table.primary_key.columns)
    found = connection.execute(ordered, execution_options={"stream_results": True, "yield_per": _at_once(table)})
    for row in found:
        yield tuple(row)


def _at_once(table: Table) -> int:
    return 1 if any(isinstance(column.type, LargeBinary) for column in table.columns) else AT_ONCE


def _lines(connection: Connection) -> Iterator[Line]:
    columns = [journal.c[name] for name in Line._fields]
    found = connection.execute(
        select(*columns).order_by(journal.c.n), execution_options={"stream_results": True, "yield_per": AT_ONCE}
    )
    for row in found:
        yield Line(*row)


def _go_on_counting(source: Connection, target: Connection) -> None:
    """Make the target give the next row the number that the source would have given it."""
    for name in ("approvals", "deliveries"):
        last = _last_number(source, name)
        if last == 0:
            continue
        if target.dialect.name == "postgresql":
            target.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), {"name": name, "last": last}
            )
        elif name == "deliveries":  # the only one whose numbers SQLite remembers
            target.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), {"name": name})
            target.execute(text("INSERT INTO sqlite_sequence VALUES (:name, :last)"), {"name": name, "last": last})


def _last_number(source: Connection, name: str) -> int:
    highest = source.exec_driver_sql(f"SELECT max(id) FROM {name}").scalar() or 0
    if source.dialect.name == "postgresql":
        sequence = source.execute(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": name}).scalar()
        given = source.exec_driver_sql(f"SELECT last_value FROM {sequence} WHERE is_called").scalar() or 0
    elif name == "deliveries":
        given = source.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}).scalar() or 0
    else:
        given = 0
    return max(int(highest), int(given))


def must_be_empty(connection: Connection) -> None:
    """Check that PostgreSQL's database holds no table. Raises NotPermitted."""
    connection.exec_driver_sql(_MAKING)
    found = connection.exec_driver_sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() ORDER BY 1"
    )
    names = [str(row[0]) for row in found]
    if names:
        whose = "another pressrelease database" if "migrations" in names else "another program's tables"
        raise NotPermitted(
            f"That database already contains {whose}. Nothing was changed.",
            hint="Name an empty database. To make one: `createdb pressrelease`.",
            code="not_empty",
        )


def set_aside(connection: Connection, schema: str) -> bool:
    """Move the record that PostgreSQL's database holds into a schema of its own. Return False if there is none.

    `schema` is a name of ours, of letters, digits and underscores.
    """
    connection.exec_driver_sql(_MAKING)
    if not connection.exec_driver_sql("SELECT to_regclass('migrations') IS NOT NULL").scalar():
        return False
    connection.exec_driver_sql("SET LOCAL lock_timeout = '30s'")
    connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    for name in metadata.tables:
        connection.exec_driver_sql(f"ALTER TABLE IF EXISTS {name} SET SCHEMA {schema}")  # an older layout has fewer
    connection.exec_driver_sql(f"ALTER FUNCTION journal_is_append_only() SET SCHEMA {schema}")
    return True
