"""One transaction on the store, with the journal lines that it will write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, UpdateBase, bindparam, insert, or_, text, update

from pressrelease.release.delivery import Action, Delivery
from pressrelease.store.agreement import Agreement
from pressrelease.store.connection import for_postgres
from pressrelease.store.journal import BEGINNING, LAST_LINE, Event, Line, line_after
from pressrelease.store.origin import Origin, Position
from pressrelease.store.rows import to_micros
from pressrelease.store.tables import control, journal

#: Where PostgreSQL notifies every machine that something was written.
CHANNEL = "pressrelease_written"

# Built once: every transaction ends with these.
_LINES = insert(journal)
_NEWEST = (
    update(control)
    .where(or_(control.c.newest.is_(None), control.c.newest < bindparam("now")))
    .values(newest=bindparam("now"))
)


@lru_cache(maxsize=32)
def _as_written(change: UpdateBase, dialect: Dialect, names: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return a change as the driver's SQL, and the order in which it takes its values."""
    kind: Any = dialect.__class__
    plain = kind(paramstyle="format" if dialect.name == "postgresql" else "qmark")
    compiled = change.compile(dialect=plain, column_keys=list(names))
    return str(compiled), tuple(compiled.positiontup or ())


class Ledger:
    """One write transaction. Rows are changed through `connection`; `note` adds journal lines."""

    def __init__(
        self,
        connection: Connection,
        *,
        now: datetime,
        actor: str,
        host: str,
        origin: Origin | None = None,
        agreement: Agreement | None = None,
    ) -> None:
        """`origin` is what the workspace remembers of the record; None for a record that is not the workspace's own."""
        self.connection = connection
        self.now = now
        self.micros = to_micros(now)
        self.actor = actor
        self.host = host
        self.agreement = agreement or Agreement()
        self._events: list[Event] = []
        self._origin = origin
        self._written: Line | None = None
        #: Why this may be a copy or an older record, "" if nothing suggests it. If set, nothing may be claimed.
        self.not_the_original = origin.doubt(self.ask) if origin is not None else ""

    @property
    def on_server(self) -> bool:
        """Whether the record is in PostgreSQL, which needs its rows locked; SQLite has one writer."""
        return self.connection.dialect.name == "postgresql"

    def note(self, name: str, slug: str = "", version: str = "", **detail: Any) -> None:
        """Add a journal line. `detail` is plain JSON, without a secret or a release's text."""
        self._events.append(Event(name, slug, version, detail))

    def note_of(self, delivery: Delivery, name: str, **detail: Any) -> None:
        """Add a journal line about one delivery, with its outlet and recipient; the first action is not named."""
        where: dict[str, Any] = {"outlet": delivery.outlet, "recipient": delivery.recipient}
        if (delivery.n, delivery.action) != (1, Action.PUBLISH):
            where |= {"n": delivery.n, "action": delivery.action.value}
        self.note(name, delivery.slug, delivery.version, **where, **detail)

    @contextmanager
    def part(self) -> Iterator[None]:
        """Open a part of the transaction: if the block raises, only the part is undone, with its journal lines."""
        noted = len(self._events)
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            del self._events[noted:]
            raise

    def rows(self, query: Any, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return all rows of a query, as plain mappings."""
        found = self.connection.execute(query, values or {})
        names = tuple(found.keys())
        return [dict(zip(names, row, strict=True)) for row in found]

    def ask(self, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return all rows of a plain query with `:name` parameters, as this transaction sees them."""
        asked = for_postgres(query) if self.on_server else query
        found = self.connection.exec_driver_sql(asked, dict(values))
        names = tuple(found.keys())
        assert found.cursor is not None  # noqa: S101  (a query has one)
        # The driver's own rows: SQLAlchemy makes its rows one by one, which a claim of hundreds would notice.
        return [dict(zip(names, row, strict=True)) for row in found.cursor.fetchall()]

    def each(self, change: UpdateBase, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute a change for each of many rows, all with the same keys. Return how many rows it found.

        Uses the driver directly, because SQLAlchemy processes each value again.
        """
        written, order = _as_written(change, self.connection.dialect, tuple(rows[0]))
        return self.connection.exec_driver_sql(written, [tuple([row[name] for name in order]) for row in rows]).rowcount

    def add_if_new(self, table: Table, **values: Any) -> bool:
        """Add a row unless one has its key. Return whether it was added."""
        if self.on_server:
            from sqlalchemy.dialects.postgresql import insert as insert_here
        else:
            from sqlalchemy.dialects.sqlite import insert as insert_here  # type: ignore[assignment]
        adding = insert_here(table).values(values).on_conflict_do_nothing().returning(*table.primary_key.columns)
        return self.connection.execute(adding).first() is not None

    def remember_time(self) -> None:
        """Record this transaction's time as the newest on record, unless a newer one is."""
        self.connection.execute(_NEWEST, {"now": self.micros})

    def write_lines(self) -> None:
        """Chain the noted lines to the journal's end. Called once, as the transaction's last act."""
        if not self._events:
            return
        if self.on_server:
            # Two writers must not both follow the same line; SQLite has only one writer anyway.
            self.connection.execute(text("SELECT pg_advisory_xact_lock(7046029254386353132)"))
            self.connection.execute(text(f"NOTIFY {CHANNEL}"))  # heard when, and only if, this is committed
        last = self.ask(LAST_LINE, {})
        head = (int(last[0]["n"]), str(last[0]["hash"])) if last else (0, BEGINNING)
        lines = []
        for event in self._events:
            line = line_after(head, event, at=self.micros, actor=self.actor, host=self.host)
            lines.append(line._asdict())
            head = (line.n, line.hash)
        self.each(_LINES, lines)
        self.remember_time()
        self._events.clear()
        self._written = line

    def remember_position(self) -> None:
        """Remember how far the record has come. Called once, after the commit."""
        if self._origin is not None and self._written is not None and not self.not_the_original:
            self._origin.note(Position(self._written.n, self._written.hash, self._written.at))
