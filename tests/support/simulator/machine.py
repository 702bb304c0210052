"""Machines whose clocks are set by the test, and a store and workers that can be stopped at a named point."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, StaticPool, create_engine, event

from pressrelease.config import ClockRules
from pressrelease.errors import StateUnreadable, WillRetry
from pressrelease.publishing import cycle
from pressrelease.publishing.recorder import Entry, Recorder
from pressrelease.publishing.workers import OutletWorkers
from pressrelease.store import Store
from pressrelease.store.connection import which_file
from pressrelease.store.engine import _connect
from pressrelease.store.ledger import Ledger
from pressrelease.system import clock
from pressrelease.system.clock import ClockReading


class Killed(BaseException):
    """The process was killed here: nothing of it runs any more."""


class Machine:
    """A wall clock that is wrong by `offset`; by `bound` at most, as long as it is synchronized.

    True time is the same on every machine that was made `beside` another.
    """

    def __init__(self, true: datetime, name: str = "") -> None:
        self._true = [true]
        self._name = name
        self.offset = timedelta(0)
        self.bound: timedelta | None = None
        self.boots = 1
        self.up_since = true - timedelta(days=1)
        #: Since when the uptime vouches for the clock: what it may have gained unnoticed began then.
        self.measured_since = true
        #: How far ahead it was before a clock of this boot was on record.
        self.first_ahead = timedelta(0)

    def beside(self, name: str) -> Machine:
        """Another machine at the same moment."""
        other = Machine(self.true, name)
        other._true = self._true
        return other

    @property
    def true(self) -> datetime:
        return self._true[0]

    @true.setter
    def true(self, moment: datetime) -> None:
        self._true[0] = moment

    @property
    def wall(self) -> datetime:
        return self.true + self.offset

    def read_clock(self) -> ClockReading:
        return ClockReading(self.wall, self.true - self.up_since, f"boot {self.boots}{self._name}")

    def pause_clock(self) -> float:
        return (self.true - datetime(2018, 1, 1, tzinfo=self.true.tzinfo)).total_seconds()

    def sleep_until(self, moment: datetime) -> None:
        self.true += max(timedelta(0), moment - self.wall + timedelta(milliseconds=1))

    def error_bound(self) -> timedelta | None:
        return self.bound

    def unnoticed(self) -> timedelta:
        """How far ahead a clock may have crept by little steps, none of which anybody could notice."""
        return self.first_ahead + ClockRules().tolerance + (self.true - self.measured_since) * clock.SLEW

    def reboot(self) -> None:
        self.boots += 1
        self.bound, self.first_ahead = None, timedelta(0)
        self.up_since = self.measured_since = self.true


@contextmanager
def running_on(machine: Machine | Callable[[], Machine], seed: int) -> Iterator[None]:
    """Have the program ask this machine for the time, and send in the thread that makes the pass.

    A callable says which machine runs at that moment.
    """
    state = random.getstate()
    random.seed(seed)
    now: Callable[[], Machine] = machine if callable(machine) else lambda: machine
    asked = {
        "utc_now": lambda: now().wall,
        "read_clock": lambda: now().read_clock(),
        "pause_clock": lambda: now().pause_clock(),
        "sleep_until": lambda moment: now().sleep_until(moment),
        "error_bound": lambda: now().error_bound(),
    }
    with patch.multiple(clock, **asked), patch.multiple(cycle, OutletWorkers=InlineWorkers, Recorder=InlineRecorder):
        try:
            yield
        finally:
            random.setstate(state)


class InlineWorkers(OutletWorkers):
    """Workers whose work is done by the thread that offers it."""

    def start_claiming(self) -> None:
        while self.waiting:
            self.claim_batch()

    def start_sending(self) -> None:
        for delivery in self.unstarted():
            self.send_one(delivery)


class InlineRecorder(Recorder):
    """A recorder that writes at once."""

    def __init__(self, write: Callable[[Sequence[Entry]], None], busy: Callable[[], int]) -> None:
        self._write = write

    def hand_in(self, entry: Entry) -> Future[None]:
        future: Future[None] = Future()
        self._put_down([(entry, future)])
        trouble = future.exception()
        if isinstance(trouble, Killed):
            raise trouble
        return future

    def close(self) -> None:
        pass


@dataclass
class Fates:
    """What is to happen at the next commits and questions, in order; "" lets one through."""

    commits: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    @staticmethod
    def take(fates: list[str]) -> str:
        return fates.pop(0) if fates else ""


_place: list[object] = []


@cache
def _engine() -> Engine:
    """One engine for every history: what SQLAlchemy has once compiled is then compiled for all of them."""
    engine = create_engine("sqlite://", creator=_connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _connection() -> sqlite3.Connection:
    file = _place[0]
    assert isinstance(file, Path)
    connection = _connect(file)
    # A process may be killed here at any commit; the machine keeps its power.
    connection.execute("PRAGMA journal_mode = MEMORY")
    return connection


#: The connections of each machine to a database server, by the server's URL and the machine's folder.
_servers: dict[tuple[str, Path], Engine] = {}


def leave_servers() -> None:
    """Close what is open to database servers."""
    while _servers:
        _servers.popitem()[1].dispose()


#: The points at which a process may be killed, in the order in which it comes to them.
POINTS = (
    "before the claim's commit",
    "after the claim's commit",
    "before the first byte",
    "accepted, and not answered",
    "before the answer's commit",
    "after the answer's commit",
)


def _written_in(ledger: Ledger) -> str:
    """What a transaction is, that may be a point of its own."""
    names = {each.name for each in ledger._events}
    if "delivery.claimed" in names:
        return "claim"
    return "answer" if names & {"delivery.delivered", "delivery.failed", "delivery.retrying"} else ""


class FragileStore(Store):
    """The real store, with a process around it that can be killed before or after a commit."""

    def __init__(
        self,
        url: str,
        workspace: Path,
        fates: Fates,
        on_kill: Callable[[], None],
        *,
        reached: Callable[[str], bool] = lambda point: False,
        server_time: Callable[[], datetime] | None = None,
    ) -> None:
        """`reached` is told which of POINTS the process has come to, and says whether it ends there."""
        super().__init__(url, workspace)
        self._fates = fates
        self._on_kill = on_kill
        self._reached = reached
        self._server_time = server_time
        self.dead = False
        #: What somebody else does just before the next transaction here begins.
        self.meanwhile: Callable[[], None] | None = None

    def open(self, now: datetime) -> None:
        if self.file is None:
            self._opened = self._opened or _servers.get((self.url, self.workspace))
            self._of = "server"
            super().open(now)
            assert self._opened is not None
            _servers[self.url, self.workspace] = self._opened
            return
        self._opened, here = _engine(), [self.file, which_file(self.file)]
        if _place != here:
            _place[:] = here
            self._opened.dispose()

    def close(self) -> None:
        self._opened = None
        super().close()

    def kill(self) -> None:
        self.dead = True
        self._on_kill()
        raise Killed

    @contextmanager
    def ledger(
        self, *, now: datetime, actor: str, undo: bool = False, patience: float | None = None
    ) -> Iterator[Ledger]:
        if self.dead:
            raise Killed
        if (others := self.meanwhile) is not None:
            self.meanwhile = None
            others()
        fate = Fates.take(self._fates.commits)
        with super().ledger(now=now, actor=actor, undo=undo, patience=patience) as ledger:
            yield ledger
            written = "" if undo else _written_in(ledger)
            if fate == "killed before" or (written and self._reached(f"before the {written}'s commit")):
                self.kill()
            elif fate == "busy":
                raise WillRetry("The database is busy.")
            elif fate == "full":
                raise StateUnreadable("The disk is full.")
        if fate == "killed after" or (written and self._reached(f"after the {written}'s commit")):
            self.kill()

    @property
    def read(self) -> Any:  # type: ignore[override]
        reader = super().read
        if "why_not" not in reader.__dict__:
            asked = reader.why_not

            def why_not(*given: Any, **named: Any) -> str | None:
                fate = Fates.take(self._fates.questions)
                if fate == "busy":
                    raise WillRetry("The database is busy.")
                if fate == "unreadable":
                    raise StateUnreadable("The database can't be read.")
                answer: str | None = asked(*given, **named)
                return answer

            reader.why_not = why_not
            if self.file is None and self._server_time is not None:
                reader.server_time = self._server_time
        return reader
