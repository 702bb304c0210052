"""Write outlets' answers, many to a transaction, and report when each is on disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from pressrelease.errors import WillRetry
from pressrelease.release.delivery import Delivery
from pressrelease.store import Store
from pressrelease.store.claims import Result, give_back, record
from pressrelease.system import clock

#: A group is written when it holds this many answers, when nobody else is about to answer, or after this pause.
LARGEST_GROUP = 200
LONGEST_WAIT = 0.03

#: Seconds left between two commits, so that other writers to SQLite get their turn.
AIR = 0.002

#: How often a busy store is asked to take an answer, each time with its own timeout, before giving up.
TRIES = 3


@dataclass(frozen=True)
class GivenBack:
    """A claim ended unsent, and why."""

    claimed: Delivery
    reason: str


Entry = Result | GivenBack


def write_entries(store: Store, entries: Sequence[Entry]) -> None:
    """Write answers and claims given back, in one transaction. Raises StateUnreadable, WillRetry."""
    results = [entry for entry in entries if isinstance(entry, Result)]
    with store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
        if results:
            record(ledger, results)
        for entry in entries:
            if isinstance(entry, GivenBack):
                give_back(ledger, [entry.claimed], entry.reason)


class Recorder:
    """One thread that writes. Each answer's future tells when it is durable, or why it can't be."""

    def __init__(self, write: Callable[[Sequence[Entry]], None], enough: Callable[[], int]) -> None:
        """`write` writes a group in one transaction; `enough` returns how many answers are worth writing now."""
        self._write = write
        self._enough = enough
        self._lock = threading.Lock()
        self._worth_writing = threading.Condition(self._lock)
        self._waiting: list[tuple[Entry, Future[None]]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def hand_in(self, entry: Entry) -> Future[None]:
        """Hand an answer in. Return its future: done when it is durable, failed if it could not be written."""
        future: Future[None] = Future()
        with self._lock:
            self._waiting.append((entry, future))
            if len(self._waiting) == 1 or self._is_group():  # in between, waking the writer would only cost time
                self._worth_writing.notify()
        return future

    def close(self) -> None:
        """Write what was handed in, then end."""
        with self._lock:
            self._closing = True
            self._worth_writing.notify()
        self._thread.join()

    def _is_group(self) -> bool:
        return len(self._waiting) >= min(LARGEST_GROUP, self._enough()) or self._closing

    def _run(self) -> None:
        while True:
            with self._lock:
                self._worth_writing.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                self._worth_writing.wait_for(self._is_group, LONGEST_WAIT)
                group, self._waiting = self._waiting[:LARGEST_GROUP], self._waiting[LARGEST_GROUP:]
            self._put_down(group)
            time.sleep(AIR)

    def _put_down(self, group: Sequence[tuple[Entry, Future[None]]]) -> None:
        trouble = self._try_to_write([entry for entry, _ in group])
        if trouble is not None and not isinstance(trouble, WillRetry) and len(group) > 1:
            # An answer that can't be written must not take the others down with it.
            for one in group:
                self._put_down([one])
            return
        for _, future in group:
            if trouble is None:
                future.set_result(None)
            else:
                future.set_exception(trouble)

    def _try_to_write(self, entries: Sequence[Entry]) -> BaseException | None:
        trouble: BaseException | None = None
        for _ in range(TRIES):
            try:
                self._write(entries)
            except WillRetry as error:
                trouble = error
            except BaseException as error:  # noqa: BLE001  (passed on through the future)
                return error
            else:
                return None
        return trouble
