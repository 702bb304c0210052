"""The record of everything: what is scheduled, who decided it, what was sent, and whether it arrived.

`Store.read` answers queries over the plain driver. `Store.ledger` opens a transaction in which rows and their journal
lines are written together; `freezing`, `approvals`, `lifts`, `commands`, `claims`, `settling` and `presence` write.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.errors import NOTHING_SENT, StateUnreadable
from pressrelease.store.agreement import Agreement
from pressrelease.store.connection import gone, which_file
from pressrelease.store.journal import LAST_LINE
from pressrelease.store.origin import Origin, Position
from pressrelease.store.queries import SCHEMA, Reader
from pressrelease.store.records import Control
from pressrelease.system.accounts import make_folder
from pressrelease.system.stop_file import requested_stop

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from pressrelease.store.ledger import Ledger

__all__ = ["Reader", "Store", "host_name", "sqlite_file"]


def host_name() -> str:
    """Return this machine's name, as the journal has it."""
    return platform.node() or "unknown-host"


def sqlite_file(url: str, workspace: Path) -> Path | None:
    """Return the file of a `sqlite:///` URL, relative to the workspace; None for another database."""
    scheme, _, rest = url.partition(":///")
    if scheme != "sqlite":
        return None
    return workspace / rest


class Store:
    """One workspace's store. The SQLite file is created by the first write, never by a query."""

    def __init__(self, url: str, workspace: Path) -> None:
        self.url = url
        self.workspace = workspace
        self.file = sqlite_file(url, workspace)
        private = workspace / ".pressrelease"
        #: Remembers on this machine which record was here, where, and how far it had come.
        self.origin = (
            Origin(private, "record", one_place=False)
            if self.file is None
            else Origin(self.file.parent, self.file.name, one_place=True)
        )
        self._opened: Engine | None = None
        self.agreement = Agreement()
        self._of: object = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded here.

        Raises: StateUnreadable if a record that was here is gone.
        """
        if self.file is None:
            found = self._reader.has_tables()
            if not found and self.origin.marker.exists():
                raise StateUnreadable(
                    "The tables are missing from the database server. Nothing was sent. No new ones"
                    " were made, because an empty database would not know what has already gone out.",
                    hint="Put the database back, or restore the last backup: `pressrelease restore FILE`.",
                )
            return found
        if self.file.exists():
            return True
        if self.origin.marker.exists():
            raise gone(self.file)
        return False

    @cached_property
    def read(self) -> Reader:
        """Queries. Raises StateUnreadable for a store of a newer program, or a file that is no store."""
        if self._reader.schema() > SCHEMA:
            raise StateUnreadable(
                "The database was written by a newer pressrelease.",
                outcome=NOTHING_SENT,
                hint="Install the newer pressrelease again.",
            )
        return self._reader

    def control(self) -> Control:
        """Return `read.control`, as stopped too if a STOP file in the workspace's folder asks for it."""
        found = self.read.control()
        if not found.stopped and (asked := requested_stop(self.workspace)) is not None:
            return found._replace(stopped=True, stopped_by=asked.by, stopped_why=asked.why)
        return found

    @cached_property
    def _reader(self) -> Reader:
        database = self.file or self.url.replace("postgresql+psycopg://", "postgresql://", 1)
        return Reader(database, self.origin, self.agreement, self.workspace)

    def open(self, now: datetime) -> None:
        """Create the store if there is none, and bring an older one up to date."""
        if self._opened is not None and self._of == which_file(self.file):
            return
        from pressrelease.store.engine import open_engine
        from pressrelease.store.rows import to_micros

        if self._opened is not None:
            self._opened.dispose()
            self.agreement.forget()
        if self.file is None:
            _ = self.exists  # a record gone from the server is refused here; a vanished file is refused by the engine
            make_folder(self.origin.marker.parent)
        self._opened = open_engine(self.url, self.file, to_micros(now), self.origin)
        self._of = which_file(self.file)

    @contextmanager
    def ledger(
        self, *, now: datetime, actor: str, undo: bool = False, patience: float | None = None
    ) -> Iterator[Ledger]:
        """Open a transaction: what is changed and what is noted of it are kept together, or not at all.

        With `undo` everything is done and then undone: a dry run. `patience` is the seconds it waits for its turn, a
        minute by default.

        Raises: WillRetry after that.
        """
        from pressrelease.store.engine import WRITE_PATIENCE, transaction
        from pressrelease.store.ledger import Ledger

        self.open(now)
        assert self._opened is not None  # noqa: S101
        patience = WRITE_PATIENCE if patience is None else patience
        with transaction(self._opened, patience, undo=undo) as connection:
            ledger = Ledger(
                connection, now=now, actor=actor, host=host_name(), origin=self.origin, agreement=self.agreement
            )
            yield ledger
            ledger.write_lines()
        if not undo:
            ledger.remember_position()

    def adopted(self) -> None:
        """Remember that the record belongs here as it is now: a person has said that it is the one to go on with."""
        (last,) = self.read.rows(LAST_LINE)
        self.origin.settle(self.read.store_id())
        self.origin.note(Position(last["n"], last["hash"], last["at"]))

    def close(self) -> None:
        """Close every connection."""
        self._reader.close()
        self.__dict__.pop("read", None)
        if self._opened is not None:
            self._opened.dispose()
            self._opened = None
