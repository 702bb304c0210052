"""Writes what outlets answered, many answers to a transaction, and says when each is on the disk."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from pressrelease.delivery import Delivery
from pressrelease.errors import WillRetry
from pressrelease.store.claims import Result

#: A group is written when it holds this many answers, when nobody else is about to answer, or after this pause.
LARGEST_GROUP = 200
LONGEST_WAIT = 0.005

#: Left between two commits, in seconds, so that other writers to SQLite get their turn.
AIR = 0.002

#: How often a busy store is asked to take an answer, each time with its own patience, before it is given up.
TRIES = 3


@dataclass(frozen=True)
class GivenBack:
    """A claim ended unsent, and why."""

    claimed: Delivery
    reason: str


Entry = Result | GivenBack


class Recorder:
    """One thread that writes; a sender hands an answer in and waits until it is durable.

    A sender is free again only then: were it free sooner, a slow disk would let claims lapse behind its back.
    """

    def __init__(self, write: Callable[[Sequence[Entry]], None], busy: Callable[[], int]) -> None:
        """`write` puts a group down in one transaction; `busy` counts the senders that may still answer soon."""
        self._write = write
        self._busy = busy
        self._queue: queue.SimpleQueue[tuple[Entry, Future[None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def hand_in(self, entry: Entry) -> Future[None]:
        """The answer's future: done when it is durable, failed when it could not be written."""
        future: Future[None] = Future()
        self._queue.put((entry, future))
        return future

    def close(self) -> None:
        """Write what was handed in, then end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            deadline = time.monotonic() + LONGEST_WAIT
            while len(group) < LARGEST_GROUP and len(group) < self._busy():
                pause = deadline - time.monotonic()
                if pause <= 0:
                    break
                with contextlib.suppress(queue.Empty):
                    following = self._queue.get(timeout=pause)
                    if following is None:
                        going = False
                        break
                    group.append(following)
            self._put_down(group)
            time.sleep(AIR)

    def _put_down(self, group: Sequence[tuple[Entry, Future[None]]]) -> None:
        trouble = self._try_to_write([entry for entry, _ in group])
        if trouble is not None and not isinstance(trouble, WillRetry) and len(group) > 1:
            # One answer that can't be written must not take the others with it.
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
            except BaseException as error:  # noqa: BLE001  (handed to whoever waits)
                return error
            else:
                return None
        return trouble
