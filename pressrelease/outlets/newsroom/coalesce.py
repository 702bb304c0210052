"""Run one piece of work once for everyone who waits for it (single-flight)."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Coalescer:
    """`run` returns once a run of `work` that started after the call has ended; one run serves all that waited.

    Sixty releases that lift at once rewrite the list of all two or three times, not sixty. A run that fails raises in
    the thread that ran it; the others try for themselves.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._changed = threading.Condition()
        self._asked = 0
        self._done = 0
        self._running = False

    def run(self) -> None:
        """Run `work`, or wait for a run of it. Raises whatever `work` raises."""
        with self._changed:
            self._asked += 1
            mine = self._asked
            while self._running:
                self._changed.wait()
                if self._done >= mine:
                    return
            self._running = True
            covered = self._asked
        try:
            self._work()
        except BaseException:
            covered = 0
            raise
        finally:
            with self._changed:
                self._running = False
                self._done = max(self._done, covered)
                self._changed.notify_all()
