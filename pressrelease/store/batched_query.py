"""Many senders' questions put to the store as one.

A reader of SQLite waits while anybody's commit reaches the disk, and a commit waits for every reader: sixty senders
that ask one by one keep each other, and the writer, from their turn. So whoever asks while a question is under way
joins the next one. Nobody is answered by a question that was put before they asked: what they hear is as fresh as if
they had asked alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

_Answer = TypeVar("_Answer")


class _Round(Generic[_Answer]):
    """One question for all who joined it; `trouble` is what it failed with.

    Each who waits does so at a gate of its own, which opens when the answer is there, or when it is to ask for all:
    to be woken with everybody else, at one door, would cost more than the asking.
    """

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.gates: list[threading.Lock] = []
        self.done = False
        self.found: Mapping[int, _Answer] = {}
        self.trouble: BaseException | None = None


class BatchedQuery(Generic[_Answer]):
    """`ask(number)` gives what `ask_all` finds for that number, None where it finds nothing; raises what it raises."""

    def __init__(self, ask_all: Callable[[Sequence[int]], Mapping[int, _Answer]]) -> None:
        self._ask_all = ask_all
        self._lock = threading.Lock()
        self._asking = False
        self._next: _Round[_Answer] = _Round()

    def ask(self, number: int) -> _Answer | None:
        """Ask about one row, together with whoever else is waiting to ask."""
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
        except BaseException as error:  # noqa: BLE001  (each who joined must hear of it)
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
