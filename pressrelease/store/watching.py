"""Notice that somebody has written to the store since the last check: what wakes a scheduler between lifts."""

from __future__ import annotations

from typing import Any

from pressrelease.errors import PressReleaseError
from pressrelease.store import Store
from pressrelease.store.ledger import CHANNEL


class Watch:
    """A watch on one store, for one thread.

    SQLite counts what other connections write (`PRAGMA data_version`, 3 µs). PostgreSQL notifies a listening connection
    of every transaction with a journal line, whichever machine it came from.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection: Any = None
        self._heard = 0
        self._last: object = None

    def written(self) -> bool:
        """Return whether somebody may have written since the last call; True the first time and in doubt."""
        try:
            if self._connection is None:
                self._connect()
            found = self._version()
        except PressReleaseError:
            self.close()
            self._last = None
            return True
        changed = found != self._last
        self._last = found
        return changed

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> None:
        # Both numbers mean something on one connection only, and what came while there was none was not heard.
        self._connection = self._store.read.connect()
        self._last = None
        if self._store.read.on_server:
            self._connection.add_notify_handler(self._hear)
            self._connection.execute(f"LISTEN {CHANNEL}")

    def _version(self) -> int:
        if not self._store.read.on_server:
            return int(self._store.read.ask(self._connection, "PRAGMA data_version", {})[0]["data_version"])
        # The driver hands over notifications whenever it runs a query; this also finds a dead connection.
        self._store.read.ask(self._connection, "SELECT 1 AS there", {})
        return self._heard

    def _hear(self, notification: object) -> None:
        self._heard += 1
