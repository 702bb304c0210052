"""One query shared by many senders (single-flight).

A reader of SQLite waits while any commit reaches the disk, and a commit waits for every reader: if each sender ran this
query alone, they would starve the writer, and each other. So calls that arrive during a query share the next one. No
call is answered by a query that started before it, so each answer is as fresh as if the caller had asked alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class _Round(Generic[_Answer]):
    """One query for all callers that joined it. Its gate is opened once it has ended, with an answer or an error."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gate = threading.Lock()
        self.gate.acquire()
        self.found: Mapping[int, _Answer] = {}
        self.error: BaseException | None = None


class BatchedQuery(Generic[_Answer]):
    """`ask(number)` returns what `ask_all` finds for that number, None if it finds nothing; raises what it raises."""

    def __init__(self, ask_all: Callable[[Sequence[int]], Mapping[int, _Answer]]) -> None:
        self._ask_all = ask_all
        self._lock = threading.Lock()
        self._running = threading.Lock()
        self._next: _Round[_Answer] = _Round()

    def ask(self, number: int) -> _Answer | None:
        """Query one row, together with everyone else who is waiting. The first to join a round runs its query."""
        with self._lock:
            joined = self._next
            joined.numbers.append(number)
            first = len(joined.numbers) == 1
        if first:
            with self._running:
                self._run(joined)
        else:
            with joined.gate:  # each caller lets the next one through: waking all at once costs more than the query
                pass
        if joined.error is not None:
            raise joined.error
        return joined.found.get(number)

    def _run(self, joined: _Round[_Answer]) -> None:
        with self._lock:
            self._next = _Round()
        try:
            joined.found = self._ask_all(joined.numbers)
        except BaseException as error:  # noqa: BLE001  (every caller that joined must get it)
            joined.error = error
        joined.gate.release()
