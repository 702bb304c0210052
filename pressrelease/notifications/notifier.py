"""Send [notify]'s notifications and ping its heartbeat in background threads.

Each outlet that notifies people has a thread of its own, beside everything that sends releases, and the heartbeat has
one: no notification delays a release, and what goes wrong here is a line in the private log. What is sent, and how
that is recorded, is in `notifications.sending`; in which words, in `notifications.events`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from pressrelease.errors import PressReleaseError, WillRetry
from pressrelease.notifications.heartbeat import PATIENCE, Sign, ping
from pressrelease.publishing.snapshot import Snapshot, known_outlets
from pressrelease.system import clock
from pressrelease.system.log import frames
from pressrelease.wiring import Workspace

__all__ = ["Notifier", "notifier_for_pass"]

#: Seconds between two checks of one process for new notifications, and between two pings that report the same.
LOOK_EVERY = 5.0
PING_EVERY = 60.0

#: Seconds between two looks of one process whether the journal's checkpoint is due.
CHECK_EVERY = 60.0

#: This shortly before a lift, notifications leave the machine to the senders.
LEFT_ALONE = timedelta(seconds=3)

#: Seconds that an ending process waits for notifications under way.
LEAVE_WITHIN = 15.0

_HEARTBEAT = "heartbeat"

_log = logging.getLogger(__name__)


class Notifier:
    """Sends notifications and pings in background threads; publishing never waits for them.

    `staying` is whether the process itself sends at the next lift, as `run` does.
    """

    def __init__(self, *, staying: bool = False) -> None:
        self._staying = staying
        self._looked = float("-inf")
        self._threads: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._wanted: dict[str, tuple[Workspace, Snapshot]] = {}
        self._looked_at: dict[str, float] = {}
        self._pinged_at = float("-inf")
        self._sign: Sign | None = None
        self._checked_at = float("-inf")

    def started(self, workspace: Workspace) -> None:
        """Report that a scheduler has started."""
        self._ping(workspace, Sign.START)

    def after(self, workspace: Workspace, seen: Snapshot | None) -> None:
        """Notify after a pass that saw this snapshot, None if nothing was ever recorded. Returns at once."""
        if self._is_left_alone(seen):
            return
        self._looked = clock.pause_clock()
        failing = seen is not None and bool(seen.plan.needs_you or seen.clock_doubt or seen.stopped)
        sign = Sign.FAIL if failing else Sign.WELL
        if sign is not self._sign or clock.pause_clock() - self._pinged_at >= PING_EVERY:
            self._ping(workspace, sign)
        if seen is None:
            return
        if workspace.config.journal.checkpoints and seen.clock_doubt is None:
            self._checkpoint(workspace)
        for name in workspace.config.notify.outlets:
            if name in known_outlets(workspace.config):
                with self._lock:
                    self._wanted[name] = workspace, seen
                    self._begin(f"notifying {name}", self._notify_while_requested, name)

    def _is_left_alone(self, seen: Snapshot | None) -> bool:
        """Return whether to wait until after the next lift; but not for ever if one follows another."""
        if not self._staying or seen is None or seen.next_wake is None:
            return False
        return seen.next_wake - seen.at < LEFT_ALONE and clock.pause_clock() - self._looked < PING_EVERY

    def failed(self, workspace: Workspace) -> None:
        """Report that no pass could be made, and none will be without help: the record can't be read, for example."""
        if (earlier := self._threads.get(_HEARTBEAT)) is not None:
            earlier.join(2 * PATIENCE.total_seconds())
        self._ping(workspace, Sign.FAIL)

    def end(self, within: float = LEAVE_WITHIN) -> None:
        """Wait `within` seconds in all for what is under way; what is unfinished by then is sent another time."""
        self._ending.set()
        end = clock.pause_clock() + within
        for thread in list(self._threads.values()):
            thread.join(max(0.0, end - clock.pause_clock()))

    def _notify_while_requested(self, name: str) -> None:
        """Notify, and again if that was requested in the meantime, but not at every write of a busy moment."""
        from pressrelease.notifications.sending import notify

        while True:
            rest = self._looked_at.get(name, float("-inf")) + LOOK_EVERY - clock.pause_clock()
            self._ending.wait(max(0.0, rest))
            with self._lock:
                workspace, seen = self._wanted.pop(name)
            self._looked_at[name] = clock.pause_clock()
            _quietly(f"notifying {name}", notify, (workspace, name, seen))
            with self._lock:
                if name not in self._wanted:
                    del self._threads[f"notifying {name}"]
                    return

    def _checkpoint(self, workspace: Workspace) -> None:
        """Have the journal signed and stamped, if a day has passed."""
        if clock.pause_clock() - self._checked_at < CHECK_EVERY:
            return
        from pressrelease.notifications.checkpoints import make_checkpoint

        if self._begin("checkpoint", _quietly, "checkpoint", make_checkpoint, (workspace,)):
            self._checked_at = clock.pause_clock()

    def _ping(self, workspace: Workspace, sign: Sign) -> None:
        address = workspace.config.notify.heartbeat
        if address and self._begin(_HEARTBEAT, _quietly, _HEARTBEAT, ping, (address, workspace.secret, sign)):
            self._sign, self._pinged_at = sign, clock.pause_clock()

    def _begin(self, name: str, act: Callable[..., object], *arguments: object) -> bool:
        """Run `act` in its own thread, unless that is still busy with an earlier run."""
        earlier = self._threads.get(name)
        if earlier is not None and earlier.is_alive():
            return False
        # A daemon: a server that hangs must not keep the process from ending.
        thread = threading.Thread(target=act, args=arguments, name=name, daemon=True)
        self._threads[name] = thread
        thread.start()
        return True


@contextmanager
def notifier_for_pass(workspace: Workspace, *, staying: bool = False) -> Iterator[Notifier]:
    """Send notifications for the duration of the block.

    Reports an unexpected exit to the heartbeat. `staying` as in `Notifier`.
    """
    notifier = Notifier(staying=staying)
    if staying:
        notifier.started(workspace)
    try:
        yield notifier
    except WillRetry:
        raise  # Neither success nor failure. If it keeps failing, the missing pings raise the alarm.
    except Exception:
        notifier.failed(workspace)
        raise
    finally:
        notifier.end()


def _quietly(name: str, act: Callable[..., object], arguments: Sequence[object]) -> None:
    try:
        act(*arguments)
    except PressReleaseError as error:
        _log.warning("%s: %s", name, error.code)
    except Exception as error:  # noqa: BLE001  (whatever it is, it must not stop anything else)
        _log.error("%s: %s", name, frames(error))
