"""Connections for reading, over the database's own driver: no SQLAlchemy, which takes twenty times as long to load.

Every query is plain SQL that SQLite and PostgreSQL both understand; only the marker of a parameter differs.
"""

from __future__ import annotations

import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pressrelease.errors import NOTHING_SENT, PressReleaseError, StateUnreadable, WillRetry

#: Runs a query with `:name` parameters on the record, and returns all its rows.
Ask = Callable[[str, Mapping[str, Any]], Sequence[Mapping[str, Any]]]

#: Seconds that a reader waits for a writer's commit before it reports that the store is busy.
READ_PATIENCE = 10.0


class ReadConnections:
    """Read-only connections to one database. Safe for several threads: each query has a connection to itself."""

    def __init__(self, database: Path | str) -> None:
        """`database` is SQLite's file, or a libpq connection string for PostgreSQL."""
        self._database = database
        self.on_server = not isinstance(database, Path)
        self._free: deque[Any] = deque()

    def rows(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return all rows of a query with `:name` parameters.

        Raises: WillRetry if the store is busy, StateUnreadable if it can't be read or trusted.
        """
        known = which_file(self._database)
        while True:
            try:
                connection, of = self._free.pop()
            except IndexError:
                connection, of = self.connect(), None
            if of not in (None, known):
                connection.close()
                continue
            try:
                found = self.ask(connection, query, values or {})
            except PressReleaseError as error:
                connection.close()
                # A connection that was kept may have died with the server; a new one shows whether it is there.
                if of == "server" and isinstance(error, WillRetry):
                    continue
                raise
            self._free.append((connection, known))
            return found

    def ask(self, connection: Any, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what `rows` does, on a connection that the caller keeps."""
        # All rows at once: an open cursor would keep every writer to SQLite from its commit.
        if not isinstance(self._database, Path):
            return _ask_postgres(connection, query, values)
        try:
            cursor = connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise unreadable(error) from error
        except UnicodeDecodeError:  # from SQLite's own message, if it quotes the damage
            raise unreadable(sqlite3.DatabaseError("it is damaged")) from None

    def connect(self) -> Any:
        """Return a connection of the driver's own, for several queries on the same one. Raises what `rows` does."""
        if isinstance(self._database, Path):
            # Not mode=ro: after a crash the first reader must be able to roll back what was half written.
            try:
                connection = sqlite3.connect(
                    f"{self._database.absolute().as_uri()}?mode=rw",
                    uri=True,
                    timeout=READ_PATIENCE,
                    isolation_level=None,
                    check_same_thread=False,
                )
                connection.execute("PRAGMA query_only = ON")
            except sqlite3.Error as error:
                raise unreadable(error) from error
            return connection
        from pressrelease.store.postgres import connect

        return connect(self._database, autocommit=True)

    def close(self) -> None:
        """Close every connection that is not in use."""
        while self._free:
            self._free.pop()[0].close()


def in_parts(
    ask: Ask, query: str, values: Sequence[Any], *, lock: str = "", at_once: int = 400
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a query with `IN ({})`, a few hundred values at a time; a tuple is a row of values.

    `lock` is what a transaction adds to keep the rows as they are.
    """
    for start in range(0, len(values), at_once):
        given: dict[str, Any] = {}
        marks = []
        for value in values[start : start + at_once]:
            fields = [f"v{len(given) + number}" for number in range(len(value) if isinstance(value, tuple) else 1)]
            given.update(zip(fields, value if isinstance(value, tuple) else (value,), strict=True))
            named = ", ".join(f":{field}" for field in fields)
            marks.append(f"({named})" if isinstance(value, tuple) else named)
        yield from ask(query.format(", ".join(marks)) + lock, given)


def which_file(database: Path | str | None) -> object:
    """Return which file SQLite's database is right now: connections to one put aside or deleted would still answer."""
    if not isinstance(database, Path):
        return "server"
    try:
        found = database.stat()
    except OSError:
        return "gone"
    return found.st_dev, found.st_ino


def _ask_postgres(connection: Any, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    import psycopg

    try:
        cursor = connection.execute(for_postgres(query), values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]
    except psycopg.Error as error:
        from pressrelease.store.postgres import translated

        raise translated(error) from error


@lru_cache(maxsize=64)
def for_postgres(query: str) -> str:
    """Return a query with `:name` parameters as psycopg takes it."""
    return re.sub(r"(?<!:):([a-z_]\w*)", r"%(\1)s", query.replace("%", "%%"))


def sqlite_code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary result code, such as `sqlite3.SQLITE_FULL`; None if the driver itself complains."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def busy() -> WillRetry:
    """Return the error for a database that another program keeps locked."""
    return WillRetry(
        "The database is busy: another program kept it locked for too long. This command sent nothing.",
        hint="Try again in a minute. To see which program it is: `pressrelease doctor`.",
        code="store_busy",
    )


def unreadable(error: sqlite3.Error) -> StateUnreadable | WillRetry:
    """Return SQLite's error as ours: "busy" may be retried, everything else stops all sending."""
    if sqlite_code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return busy()
    return StateUnreadable(
        f"The database can't be read ({error}).",
        outcome=NOTHING_SENT,
        hint="Don't change anything in .pressrelease/. Restore the last backup, or ask your IT person.",
    )


def gone(file: Path) -> StateUnreadable:
    """Return the error for a record that was here and is gone, with what to do."""
    if any(file.parent.glob(f"{file.name}.moved-*")):
        return StateUnreadable(
            "The database was moved to a server, and config.toml still names the old file.",
            outcome=NOTHING_SENT,
            hint="Put the line that `pressrelease move-store` printed into [store] of config.toml.",
            code="store_moved",
        )
    return StateUnreadable(
        f"The database {file.name} is missing from {file.parent.name}/. Nothing was sent. No"
        " new one was made, because an empty database would not know what has already gone"
        " out.",
        hint="Put the file back, or restore the last backup: `pressrelease restore FILE`.",
    )
