"""`run`: stays up and makes a pass at each instant that matters.

APScheduler is the alarm clock and never the record: it holds one job, the next wake of the plan, and what is due
is always asked of the store. Its sleep is computed once from the wall clock, so a watcher on a clock that nobody
can set looks every second whether anything was written, the machine slept, or the wall clock moved.
"""

from __future__ import annotations

import logging
import signal
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

from pressrelease import clock
from pressrelease.cycle import Cycle
from pressrelease.errors import PressReleaseError, WillRetry
from pressrelease.gather import Pass
from pressrelease.store import Store
from pressrelease.wiring import Workspace, sending

#: Seconds between two looks of the watcher.
WATCH_EVERY = 1.0

#: Seconds between two signs of life in the store.
SIGN_EVERY = 10.0

#: A pass is made at least this often, in seconds, whatever the alarm clock says.
PASS_EVERY = 30.0

_log = logging.getLogger(__name__)


class Daemon:
    """The scheduler of one process. `say` is told, in words, what a person at its terminal would want to know."""

    def __init__(self, workspace: Workspace, say: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._say = say
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._said: set[str] = set()
        self._name = f"run {uuid.uuid4().hex}"
        self._signed_at = float("-inf")

    def run(self) -> None:
        """Run until SIGTERM, SIGINT or `end`; then finish what is in flight.

        Raises StateUnreadable where the store can't be believed: nothing more is sent then.
        """
        from apscheduler.schedulers.background import BackgroundScheduler

        alarm = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})
        alarm.start()
        watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        try:
            with sending(self._workspace, clock.utc_now()) as cycle:
                watcher.start()
                self._note("scheduler.started")
                self._say("The scheduler is running. Ctrl-C ends it.")
                while not self._ending.is_set():
                    self._wake.clear()
                    seen = self._pass(cycle)
                    self._set_alarm(alarm, seen.next_wake if seen else None)
                    self._wake.wait(PASS_EVERY)
                self._say("Finishing what is in flight …")
            self._sign(ended=True)
        finally:
            self._ending.set()
            alarm.shutdown(wait=False)

    def end(self) -> None:
        """Ask the scheduler to end; returns at once."""
        self._ending.set()
        self._wake.set()

    def end_on_signals(self) -> None:
        """Have SIGTERM and SIGINT end it in good order; only on the main thread."""

        def handle(number: int, frame: FrameType | None) -> None:
            self.end()

        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if number := getattr(signal, name, None):
                signal.signal(number, handle)

    # -- one pass ------------------------------------------------------------------------------------------

    def _pass(self, cycle: Cycle) -> Pass | None:
        try:
            seen = cycle.look()
            if not seen.stopped:
                cycle.dispatch(seen.plan.due)
        except WillRetry as error:
            self._tell(error.message)
            return None
        if seen.clock_doubt is None:
            self._sign_if_old(seen)
        told = {f"{waiting.slug}: {waiting.reason}" for waiting in seen.plan.needs_you}
        if seen.stopped and seen.plan.due:
            told.add(f"Nothing goes out: {seen.stopped}.")
        for words in sorted(told - self._said):
            self._say(words)
        self._said = told
        return seen

    def _tell(self, words: str) -> None:
        _log.warning("%s", words)
        if words not in self._said:
            self._said.add(words)
            self._say(words)

    # -- waking --------------------------------------------------------------------------------------------

    def _set_alarm(self, alarm: Any, moment: datetime | None) -> None:
        if moment is None:
            alarm.remove_all_jobs()
            return
        alarm.add_job(self._wake.set, "date", run_date=moment, id="next", replace_existing=True)

    def _watch(self) -> None:
        """Wake the pass when the store was written, or the wall clock did not move with this one."""
        version: int | None = None
        wall, steady = clock.utc_now(), clock.pause_clock()
        while not self._ending.wait(WATCH_EVERY):
            passed = timedelta(seconds=clock.pause_clock() - steady)
            wall_now = clock.utc_now()
            # After a suspension both clocks have moved on alike, and only the alarm clock's sleep has not.
            slept = passed > 3 * timedelta(seconds=WATCH_EVERY)
            moved = slept or abs((wall_now - wall) - passed) > timedelta(milliseconds=200)
            wall, steady = wall_now, clock.pause_clock()
            try:
                found = self._workspace.store.read.data_version()
            except PressReleaseError:
                found = None
            if moved or found != version or found is None:
                version = found
                self._wake.set()

    # -- signs of life -------------------------------------------------------------------------------------

    def _sign_if_old(self, seen: Pass) -> None:
        if clock.pause_clock() - self._signed_at >= SIGN_EVERY:
            self._sign(mark=seen.mark)
            self._signed_at = clock.pause_clock()

    def _sign(self, *, ended: bool = False, mark: clock.Mark | None = None) -> None:
        from pressrelease.store import presence

        now = clock.utc_now()
        try:
            with self._workspace.store.ledger(now=now, actor="scheduler") as ledger:
                if ended:
                    presence.check_out(ledger, self._name, now)
                    ledger.note("scheduler.ended")
                elif mark is not None:
                    presence.check_in(ledger, self._name, "run", mark)
        except WillRetry as error:
            _log.warning("no sign of life written: %s", error.code)

    def _note(self, event: str) -> None:
        store: Store = self._workspace.store
        with store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
            ledger.note(event)
