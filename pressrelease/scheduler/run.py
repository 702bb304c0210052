"""`run`: stay up and make a pass at each moment that matters.

APScheduler is the alarm clock and never the record: it holds one job, the next wake of the plan, and what is due is
always read from the store. It wakes some seconds before a lift, to get everything ready, and again just before it;
the rest is slept off to the millisecond. Its sleep is computed once from the wall clock, so a watcher, on a clock
that nobody can set, checks every second whether anything was written, the machine slept, the wall clock moved, or
config.toml was edited. An edited config is adopted between two passes, if it can be used; until then the last good
one stays in force.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any

from pressrelease.errors import ConfigRefused, PressReleaseError, Problem, WillRetry
from pressrelease.notifications.notice import in_logs
from pressrelease.notifications.notifier import Notifier, notifier_for_pass
from pressrelease.publishing.cycle import Cycle
from pressrelease.publishing.plan import AHEAD
from pressrelease.publishing.snapshot import Snapshot
from pressrelease.scheduler.config_file import ConfigFile
from pressrelease.store import Store
from pressrelease.store.circuit import ClosedOutlet, closed_outlets
from pressrelease.store.watching import Watch
from pressrelease.system import clock
from pressrelease.wiring import Workspace, sending, was_fixed

if TYPE_CHECKING:
    from pressrelease.store.presence import ProcessLock

#: Seconds between two checks by the watcher.
WATCH_EVERY = 1.0

#: Seconds between two signs of life in the store.
SIGN_EVERY = 10.0

#: Seconds that a sign of life waits for its turn to be written: the next pass must not wait for it.
SIGN_PATIENCE = 2.0

#: A pass is made at least this often, in seconds, whatever the alarm clock says.
PASS_EVERY = 30.0

#: How long before a lift the alarm rings: to render; to connect, as late as a slow server allows; and just before,
#: since
#: the alarm itself may be 20 ms late.
RINGS = (AHEAD, timedelta(seconds=10), timedelta(seconds=0.1))

#: Snapshots take at most this share of the time; and this one while anything is being sent, which they must not slow
#: down.
SHARE = 0.1
SHARE_OF_SENDING = 0.02

#: In the latter case they are delayed no longer than this, in seconds: an outlet that hangs is sending all the time.
LONGEST_REST = 10.0

_log = logging.getLogger(__name__)


class Scheduler:
    """The scheduler of one process. `say` receives, in words, what a person at its terminal would want to know."""

    def __init__(self, workspace: Workspace, say: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._say = say
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._printed: set[str] = set()
        self._name = f"run {uuid.uuid4().hex}"
        self._signed_at = float("-inf")
        self._looked = (float("-inf"), 0.0)
        self._cycle: Cycle | None = None
        self._config = ConfigFile(workspace.folder / "config.toml")
        self._shift = ExitStack()
        self._retiring: list[threading.Thread] = []
        self._closed: Mapping[str, ClosedOutlet] = {}
        self._fixed: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Run until SIGTERM, SIGINT or `end`; then finish what is being sent.

        Raises: StateUnreadable if the store can't be trusted; nothing more is sent then.
        """
        with notifier_for_pass(self._workspace, staying=True) as notifier:
            self._run(notifier)

    def _run(self, notifier: Notifier) -> None:
        from apscheduler.schedulers.background import BackgroundScheduler

        alarm = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True})
        alarm.start()
        watcher = threading.Thread(target=self._watch, name="watcher", daemon=True)
        names = ExitStack()
        try:
            cycle = self._shift.enter_context(sending(self._workspace, clock.utc_now()))
            try:
                watcher.start()
                names.callback(self._register().leave)
                self._note("scheduler.started")
                self._say("The scheduler is running. To stop it, press Ctrl-C.")
                while not self._ending.is_set():
                    self._wake.clear()
                    cycle = self._with_config_of_now(cycle)
                    self._cycle = cycle = self._with_outlets_of_now(cycle)
                    seen = self._pass(cycle)
                    self._set_alarm(alarm, seen.next_wake if seen else None)
                    if seen is not None:
                        notifier.after(self._workspace, seen)
                    if not _is_near(seen):
                        self._wake.wait(PASS_EVERY)
                    if seen is not None and _is_near(seen):
                        self._wait_for_lift(cycle, seen)
                self._say("Stopping. Finishing what is being sent …")
            finally:
                self._shift.close()
                for thread in self._retiring:
                    thread.join()
            self._check_in()
        finally:
            self._ending.set()
            names.close()
            alarm.shutdown(wait=False)

    def end(self) -> None:
        """Ask the scheduler to end. Returns at once."""
        self._ending.set()
        self._wake.set()

    def end_on_signals(self) -> None:
        """Make SIGTERM and SIGINT end it in good order; only on the main thread.

        A signal handler may interrupt itself, so it takes no lock: it does nothing. The interpreter writes the
        signal's number to a socket, and a thread that reads there calls `end`.
        """
        self._signaled, signaled = socket.socketpair()
        signaled.setblocking(False)
        signal.set_wakeup_fd(signaled.detach(), warn_on_full_buffer=False)  # open until the process ends
        threading.Thread(target=self._listen, name="signals", daemon=True).start()
        for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
            if number := getattr(signal, name, None):
                signal.signal(number, _leave_to_listener)

    def _listen(self) -> None:
        while self._signaled.recv(64):
            self.end()

    # -- one pass ------------------------------------------------------------------------------------------

    def _pass(self, cycle: Cycle) -> Snapshot | None:
        began = clock.pause_clock()
        try:
            seen = cycle.look()
            self._looked = clock.pause_clock(), clock.pause_clock() - began
            cycle.dispatch(seen.due)
            if seen.next_wake is not None and seen.plan.coming and not seen.stopped:
                cycle.prepare(seen.plan.coming, until=seen.next_wake - RINGS[-1])
        except WillRetry as error:
            self._tell(error.message)
            return None
        if seen.clock_doubt is None:
            self._sign_if_old(seen)
        self._closed = seen.closed
        # Everything that waits for a closed outlet waits for the same fix, so it is logged once.
        reasons = {one.reason if one.waits_for_outlets else ": ".join(in_logs(one)) for one in seen.plan.needs_you}
        if seen.stopped and seen.plan.due:
            reasons.add(f"Nothing goes out: {seen.stopped}.")
        for words in sorted(reasons - self._printed):
            self._say(words)
        self._printed = reasons
        return seen

    def _tell(self, words: str) -> None:
        _log.warning("%s", words)
        if words not in self._printed:
            self._printed.add(words)
            self._say(words)

    # -- an edited config ----------------------------------------------------------------------------------

    def _with_config_of_now(self, cycle: Cycle) -> Cycle:
        """Return the cycle to go on with: a new one if config.toml was edited and can be used, else the current one.

        What the old one is sending is finished beside the new one's sends: an outlet that hangs delays nobody.
        """
        edited = self._config.to_be_read()
        if edited is None:
            return cycle
        fresh, shift = self._workspace.reread(), ExitStack()
        try:
            if self._config.never_read and fresh.config == self._workspace.config:
                self._config.was_read(edited)
                return cycle
            if fresh.config.store_url != self._workspace.config.store_url:
                raise ConfigRefused(
                    [Problem(0, "[store] url changed", "Stop `pressrelease run` and start it again to use it.")]
                )
            opened = shift.enter_context(sending(fresh, clock.utc_now()))
        except PressReleaseError as error:
            if words := self._config.was_refused(edited, error.message):
                self._say(words)
            return cycle
        self._config.was_read(edited)
        self._say("config.toml was edited. The new settings are in use.")
        self._hand_over(fresh, shift)
        return opened

    def _hand_over(self, fresh: Workspace, shift: ExitStack) -> None:
        """Switch to another workspace's outlets; the old ones finish what they are sending."""
        thread = threading.Thread(target=self._shift.close, name="retiring")
        self._retiring = [one for one in self._retiring if one.is_alive()] + [thread]
        self._workspace, self._shift = fresh, shift
        thread.start()

    # -- fixed credentials -----------------------------------------------------------------------------------

    def _with_outlets_of_now(self, cycle: Cycle) -> Cycle:
        """Return the cycle to go on with: a new one, with current secrets, if a closed outlet may be tried again.

        It may if a person has opened it, or its secrets are not those that it refused. The latter only once, because
        a process beside this one may have other secrets, and each would open what the other has closed.
        """
        if not self._closed:
            return cycle
        # The config in force is kept, even if its file is being written; only its secrets are read again.
        fresh, shift = self._workspace.reread(self._workspace.config), ExitStack()
        try:
            closed = closed_outlets(fresh.store.read)
            opened = set(self._closed) - set(closed)
            fixed = {
                (name, one.fingerprint)
                for name, one in closed.items()
                if (name, one.fingerprint) not in self._fixed and was_fixed(fresh, name, one.fingerprint)
            }
            if not opened and not fixed:
                return cycle
            fresh_cycle = shift.enter_context(sending(fresh, clock.utc_now()))
        except PressReleaseError as error:
            self._tell(error.message)
            return cycle
        self._fixed |= fixed
        self._closed = {}
        for name in sorted(opened | {name for name, _ in fixed}):
            self._say(f"Sending to {name} has resumed.")
        self._hand_over(fresh, shift)
        return fresh_cycle

    # -- waking --------------------------------------------------------------------------------------------

    def _set_alarm(self, alarm: Any, moment: datetime | None) -> None:
        if moment is None:
            alarm.remove_all_jobs()
            return
        now = clock.utc_now()
        ring = next((moment - before for before in RINGS if moment - before > now), moment)
        alarm.add_job(self._wake.set, "date", run_date=ring, id="next", replace_existing=True)

    def _wait_for_lift(self, cycle: Cycle, seen: Snapshot) -> None:
        """Wait until the lift that everything was prepared for, and send.

        The next snapshot waits its normal time, so as not to slow the first sends; but not past the next lift.
        """
        assert seen.plan.next_wake is not None  # noqa: S101  (anything coming has a lift)
        clock.sleep_until(seen.plan.next_wake)
        try:
            cycle.send_without_refresh(seen)
        except WillRetry as error:
            self._tell(error.message)  # a snapshot follows at once; it waits for the record, and goes on
            return
        self._looked = clock.pause_clock(), self._looked[1]  # the pause that a snapshot is followed by starts here
        now, breath = clock.utc_now(), RINGS[-1].total_seconds()
        moments = [one.next_try for one in seen.plan.coming if one.next_try is not None and one.next_try > now]
        later = [(moment - now).total_seconds() - breath for moment in moments]
        end = clock.pause_clock() + max(breath, min([self._next_look() - clock.pause_clock(), *later]))
        while not cycle.drain(breath) and clock.pause_clock() < end and not self._ending.is_set():
            pass

    def _next_look(self) -> float:
        """Return when the store may be read again, on the pause clock."""
        ended, took = self._looked
        rest = took / SHARE
        if self._cycle is not None and not self._cycle.idle:
            rest = max(rest, min(took / SHARE_OF_SENDING, LONGEST_REST))
        return ended + rest

    def _watch(self) -> None:
        """Wake the pass when the store was written, config.toml edited, or the wall clock moved apart from this one."""
        watch = Watch(self._workspace.store)
        wall, steady = clock.utc_now(), clock.pause_clock()
        looked_for = False
        while not self._ending.wait(WATCH_EVERY):
            passed = timedelta(seconds=clock.pause_clock() - steady)
            wall_now = clock.utc_now()
            # After a suspension both clocks have moved on alike, and only the alarm clock's sleep has not.
            slept = passed > 3 * timedelta(seconds=WATCH_EVERY)
            moved = slept or abs((wall_now - wall) - passed) > timedelta(milliseconds=200)
            wall, steady = wall_now, clock.pause_clock()
            looked_for = watch.written() or moved or self._config.edited() is not None or looked_for
            if looked_for and clock.pause_clock() >= self._next_look():
                self._wake.set()
                looked_for = False

    # -- signs of life -------------------------------------------------------------------------------------

    def _register(self) -> ProcessLock:
        """Hold this scheduler's name while it lives, and remove those of others that died without checking out."""
        from pressrelease.store import presence

        folder = self._workspace.alive
        for path in folder.glob("run *.lock"):
            with suppress(OSError):  # another account's
                if presence.is_dead(folder, path.stem):
                    presence.remove_dead(folder, path.stem)
        return presence.register(folder, self._name)

    def _sign_if_old(self, seen: Snapshot) -> None:
        if clock.pause_clock() - self._signed_at >= SIGN_EVERY:
            self._check_in(seen)
            self._signed_at = clock.pause_clock()

    def _check_in(self, seen: Snapshot | None = None) -> None:
        """Record that this scheduler is alive or, without a snapshot, that it has ended."""
        from pressrelease.store import presence

        now = clock.utc_now()
        try:
            with self._workspace.store.ledger(now=now, actor="scheduler", patience=SIGN_PATIENCE) as ledger:
                if seen is None:
                    presence.check_out(ledger, self._name, now)
                    ledger.note("scheduler.ended")
                else:
                    presence.check_in(ledger, self._name, "run", seen.trust.kept, vouched=seen.trust.vouched)
        except WillRetry as error:
            _log.warning("no sign of life written: %s", error.code)

    def _note(self, event: str) -> None:
        store: Store = self._workspace.store
        with store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
            ledger.note(event)


def _leave_to_listener(number: int, frame: FrameType | None) -> None:
    """Do nothing: see `Scheduler.end_on_signals`."""


def _is_near(seen: Snapshot | None) -> bool:
    """Return whether something that is ready to leave is just before its lift."""
    if seen is None or seen.stopped or seen.plan.next_wake is None or not seen.plan.coming:
        return False
    return seen.plan.next_wake - clock.utc_now() <= RINGS[-1]
