"""One query shared by many senders (single-flight).

A reader of SQLite waits while any commit reaches the disk, and a commit waits for every reader: sixty senders each
running this query would starve the writer, and each other. So calls that arrive during a query share the next one. No
call is answered by a query that started before it, so each answer is as fresh as if the caller had asked alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class _Round(Generic[_Answer]):
    """One query for all callers that joined it; `trouble` is the error it failed with.

    Each waiting caller has a gate of its own, which opens when the answer is there or when it is its turn to run the
    query: waking all of them at once would cost more than the query.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gates: list[threading.Lock] = []
        self.done = False
        self.found: Mapping[int, _Answer] = {}
        self.trouble: BaseException | None = None


class BatchedQuery(Generic[_Answer]):
    """`ask(number)` returns what `ask_all` finds for that number, None if it finds nothing; raises what it raises."""

    def __init__(self, ask_all: Callable[[Sequence[int]], Mapping[int, _Answer]]) -> None:
        self._ask_all = ask_all
        self._lock = threading.Lock()
        self._asking = False
        self._next: _Round[_Answer] = _Round()

    def ask(self, number: int) -> _Answer | None:
        """Query one row, together with everyone else who is waiting."""
        with self._lock:
            joined = self._next
            joined.numbers.append(number)
            gate = threading.Lock() if self._asking else None
            if gate is None:
                self._asking = True
                self._next = _Round()
            else:
                gate.acquire()
                joined.gates.append(gate)
        if gate is not None:
            gate.acquire()
        if not joined.done:
            self._put(joined)
        if joined.trouble is not None:
            raise joined.trouble
        return joined.found.get(number)

    def _put(self, joined: _Round[_Answer]) -> None:
        try:
            joined.found = self._ask_all(joined.numbers)
        except BaseException as error:  # noqa: BLE001  (every caller that joined must get it)
            joined.trouble = error
        joined.done = True
        with self._lock:
            waiting = self._next
            if waiting.gates:
                self._next = _Round()
            else:
                self._asking = False
        if waiting.gates:
            waiting.gates.pop(0).release()
        for gate in joined.gates:
            gate.release()
