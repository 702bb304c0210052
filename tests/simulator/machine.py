"""A machine whose clock is set by the test, and a store and lanes that can be stopped at a named place."""

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

from pressrelease.errors import StateUnreadable, WillRetry
from pressrelease.publishing import cycle
from pressrelease.publishing.recorder import Entry, Recorder
from pressrelease.publishing.workers import OutletWorkers
from pressrelease.release.delivery import Delivery
from pressrelease.store import Store
from pressrelease.store.engine import _connect
from pressrelease.store.ledger import Ledger
from pressrelease.system import clock
from pressrelease.system.clock import ClockReading


class Killed(BaseException):
    """The process was killed here: nothing of it runs any more."""


@dataclass
class Machine:
    """True time, and a wall clock that is wrong by `offset`; by `bound` at most, as long as it is synchronized."""

    true: datetime
    offset: timedelta = timedelta(0)
    bound: timedelta | None = None
    boots: int = 1
    up_since: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.up_since = self.true - timedelta(days=1)

    @property
    def wall(self) -> datetime:
        return self.true + self.offset

    def read_mark(self) -> ClockReading:
        return ClockReading(self.wall, self.true - self.up_since, f"boot {self.boots}")

    def pause_clock(self) -> float:
        return (self.true - datetime(2018, 1, 1, tzinfo=self.true.tzinfo)).total_seconds()

    def sleep_until(self, moment: datetime) -> None:
        self.true += max(timedelta(0), moment - self.wall + timedelta(milliseconds=1))

    def error_bound(self) -> timedelta | None:
        return self.bound

    def reboot(self) -> None:
        self.boots += 1
        self.bound = None
        self.up_since = self.true


@contextmanager
def running_on(machine: Machine, seed: int) -> Iterator[None]:
    """Have the program ask this machine for the time, and send in the thread that makes the pass."""
    state = random.getstate()
    random.seed(seed)
    asked = {
        "utc_now": lambda: machine.wall,
        "read_mark": machine.read_mark,
        "pause_clock": machine.pause_clock,
        "sleep_until": machine.sleep_until,
        "error_bound": machine.error_bound,
    }
    with patch.multiple(clock, **asked), patch.multiple(cycle, OutletWorkers=InlineLane, Recorder=InlineRecorder):
        try:
            yield
        finally:
            random.setstate(state)


class InlineLane(OutletWorkers):
    """A lane whose work is done by whoever offers it."""

    def offer(self, candidates: Sequence[Delivery]) -> None:  # type: ignore[override]
        fresh = [delivery for delivery in candidates if delivery.id not in self._known]
        self._known |= {delivery.id for delivery in fresh}
        self._candidates.extend(fresh)
        self._work()

    def _have_it_done(self) -> None:
        pass


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


_place: list[Path] = []


@cache
def _engine() -> Engine:
    """One engine for every history: what SQLAlchemy has once compiled is then compiled for all of them."""
    engine = create_engine("sqlite://", creator=_connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _connection() -> sqlite3.Connection:
    connection = _connect(_place[-1])
    # A process may be killed here at any commit; the machine keeps its power.
    connection.execute("PRAGMA journal_mode = MEMORY")
    return connection


class FragileStore(Store):
    """The real store, with a process around it that can be killed before or after a commit."""

    def __init__(self, url: str, workspace: Path, fates: Fates, on_kill: Callable[[], None]) -> None:
        super().__init__(url, workspace)
        self._fates = fates
        self._on_kill = on_kill
        self.dead = False

    def open(self, now: datetime) -> None:
        assert self.file is not None
        self._opened = _engine()
        if _place != [self.file]:
            _place[:] = [self.file]
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
        fate = Fates.take(self._fates.commits)
        with super().ledger(now=now, actor=actor, undo=undo, patience=patience) as ledger:
            yield ledger
            if fate == "killed before":
                self.kill()
            elif fate == "busy":
                raise WillRetry("The database is busy.")
            elif fate == "full":
                raise StateUnreadable("The disk is full.")
        if fate == "killed after":
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
        return reader
