"""The office, its machines, its outlets and its misfortunes; every promise is checked where it could be broken."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from auditor import Arrival
from office import make_original
from zone_files import database, going_by

from pressrelease.errors import PressReleaseError
from pressrelease.publishing.cycle import Cycle
from pressrelease.scheduler.passes import publish_due
from pressrelease.scheduler.run import Scheduler
from pressrelease.services import ServiceContext
from pressrelease.store.presence import ProcessLock, check_in, register
from simulator.copies import Copies, Kept
from simulator.corrections import Corrections
from simulator.machine import Fates, FragileStore, Killed, Machine, leave_servers, running_on
from simulator.network import Crash, Network
from simulator.office import (
    BEGIN,
    CONFIG,
    OUTLETS,
    PATIENT,
    STORE,
    Known,
    Place,
    Row,
    empty_office,
    shared_memory,
)
from simulator.people import People
from simulator.promises import Promises
from simulator.verdicts import Verdicts
from simulator.withdrawals import Withdrawals


class World(People, Verdicts, Withdrawals, Corrections, Copies, Network, Promises):
    """One history. Each method that starts with a verb is a thing that can happen."""

    def __init__(self, seed: int = 0, url: str = STORE) -> None:
        """With `url` of a database server, two machines work on one record."""
        self.config = PATIENT if seed % 2 else CONFIG
        self.url = url
        self.machine = Machine(BEGIN)
        self.machines = [self.machine]
        self.folder = self._new_folder()
        self.folders = [self.folder]
        if url == STORE:
            shutil.copytree(empty_office() / ".pressrelease", self.folder / ".pressrelease", dirs_exist_ok=True)
            make_original(self.folder)
        else:
            self.machines.append(self.machine.beside(" there"))
            self.folders.append(self._new_folder())
        (self.folder / "releases").mkdir()
        self.fates = Fates()
        self.faults: dict[str, list[str]] = {name: [] for name in OUTLETS}
        self.meanwhile: list[str] = []
        self.crash: Crash | None = None
        #: An outlet that is dead for ever, and whether it hangs.
        self.dead: tuple[str, bool] = "", False
        self.known: dict[str, Known] = {}
        self.drafts: dict[str, Known] = {}
        self.rows: dict[str, Row] = {}
        #: Which release of each group was lifted, and which have left.
        self.winners: dict[str, str] = {}
        self.left_of: dict[str, set[str]] = {}
        self.stopped = False
        self.copied = False
        self.kept: Kept | None = None
        self.left: list[Path] = []
        self.counts: Counter[str] = Counter()
        self.newest = BEGIN
        self.clock_was_set_back = False
        self.told: list[str] = []
        self.broken: list[AssertionError] = []
        self.log: list[Arrival] = []
        self.audited: Counter[str] = Counter()
        self._living: list[Path] = []
        self._left_behind: list[Crash] = []
        self._number = 0
        self.offset_there = timedelta(hours=-7)
        self._laws = 0
        self._zones = ExitStack()
        self._zones.enter_context(patch.dict(os.environ, XDG_STATE_HOME=str(self.folder / "state")))
        self._daemon: tuple[ProcessLock, Cycle, Scheduler, Place] | None = None
        self._running = ExitStack()
        self._running.enter_context(running_on(lambda: self.machine, seed))
        self.sit_down()
        if url == STORE:
            self.context.store.origin.settle(self.context.store.read.store_id())
        else:
            for machine, folder in zip(self.machines, self.folders, strict=True):
                with self._on(machine), self.context.ledger() as ledger:
                    name = f"publish-due on {folder.name}"
                    check_in(ledger, name, "publish-due", machine.read_clock())

    def sit_down(self) -> None:
        """Whoever works in the office works in its folder from now on."""
        self._people = self.place_on(0)
        self.context = ServiceContext(self._people, "jdoe")

    def place_on(self, where: int) -> Place:
        """The workspace as somebody at a machine has it, whose commands no pass's fate befalls."""
        folder, machine = self.folders[where if self.url != STORE else 0], self.machines[where]
        store = FragileStore(self.url, folder, Fates(), lambda: None, server_time=lambda: machine.true)
        return Place(folder, self, machine, store)

    def end(self) -> None:
        """Put everything away."""
        try:
            if self._daemon is not None:
                self.kill_daemon()
            self._people.store.close()
            leave_servers()
        finally:
            self._zones.close()
            self._running.close()
            for folder in (*self.folders, *self.left):
                shutil.rmtree(folder, ignore_errors=True)

    def _new_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="pressrelease-", dir=shared_memory()))

    def releases(self, folder: Path) -> Path:
        """The releases of a workspace; machines that share a record share them as well."""
        return (self.folder if folder in self.folders else folder) / "releases"

    @contextmanager
    def _on(self, machine: Machine) -> Iterator[None]:
        before, self.machine = self.machine, machine
        try:
            yield
        finally:
            self.machine = before

    # -- time ---------------------------------------------------------------------------------------------

    def wait(self, span: timedelta) -> None:
        self.machine.true += span

    def wait_for_lift(self, slug: str, short: timedelta) -> None:
        """Until a release's lift, or `short` before it, by a clock that may be ahead of the true time."""
        known = self.known.get(slug)
        if known is not None and known.lift is not None:
            ahead = max(self.machine.offset, timedelta(0))
            self.machine.true = max(self.machine.true, known.lift - short - ahead)

    def change_zone_rules(self, by: timedelta) -> None:
        """A legislature puts California's clock forward by so much; this machine learns of it."""
        self._laws += 1
        self.offset_there += by
        zones = database(self.folder / f"zones-{self._laws}", self.offset_there, f"2031{'a' * self._laws}")
        self._zones.enter_context(going_by(zones))
        self._follow_zone_rules()

    def _follow_zone_rules(self) -> None:
        for known in self.known.values():
            if known.hour is not None and known.lift is not None:
                known.later = max(known.later or known.lift, known.lift)
                known.lift = known.hour.replace(tzinfo=UTC) - self.offset_there

    def set_clock(self, by: timedelta) -> None:
        """Ahead only once a clock of this boot is on record: before, only a witness could tell."""
        if by > timedelta(0) and self.context.store.read.mark(self.machine.read_clock().boot) is None:
            return
        self.machine.offset += by
        self.machine.bound = None  # a kernel whose clock is set by hand says that it can't say
        self.clock_was_set_back |= by < timedelta(0)

    def mend_clock(self) -> None:
        self.clock_was_set_back |= self.machine.offset > timedelta(0)
        self.machine.offset, self.machine.bound = timedelta(0), None

    def creep(self, steps: int) -> None:
        """The clock gains on the uptime little by little, each step small enough to be believed by itself."""
        self.machine.bound = None
        for _ in range(steps):
            self.machine.true += timedelta(seconds=1)
            self.machine.offset += timedelta(seconds=1.9)
            self._note_first_clock()
            self.look_in()

    def _note_first_clock(self) -> None:
        """Before a clock of this boot is on record, it is as if the machine had come up ahead."""
        if self.context.store.read.mark(self.machine.read_clock().boot) is None:
            self.machine.first_ahead = max(self.machine.first_ahead, self.machine.offset)

    def synchronize(self, bound: timedelta, share: float) -> None:
        """The clock is kept to the true time, off by that share of what the kernel says that it may be."""
        before, self.machine.offset, self.machine.bound = self.machine.offset, bound * share, bound
        self._note_first_clock()
        self.clock_was_set_back |= self.machine.offset < before

    def set_clock_there(self, offset: timedelta) -> None:
        """Another machine's clock is so far off from now on."""
        if len(self.machines) > 1:
            self.clock_was_set_back |= offset < self.machines[1].offset
            self.machines[1].offset = offset

    def reboot(self) -> None:
        """The machine comes up again with a clock that is right or behind: ahead, only a witness could tell."""
        if self._daemon is not None:
            self.kill_daemon()
        self.machine.reboot()
        self.machine.offset = min(self.machine.offset, timedelta(0))

    # -- processes ----------------------------------------------------------------------------------------

    def note_the_living(self, folder: Path) -> None:
        """A process is being killed: the names that stand in its folder stay there."""
        for path in self._living:
            path.unlink(missing_ok=True)
        self._living = []
        for path in (folder / ".pressrelease/alive").glob("*.lock"):
            kept = path.with_suffix(".kept")
            kept.hardlink_to(path)  # the same file: what the process wrote into it stays as well
            self._living.append(kept)

    def _as_process(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Killed:
            for path in self._living:
                path.with_suffix(".lock").unlink(missing_ok=True)  # two names of one file: to rename does nothing
                path.replace(path.with_suffix(".lock"))
            self._living = []
        except PressReleaseError as error:
            self.told.append(error.message)
        finally:
            self._note_newest()

    def cron(self, where: int = 0) -> None:
        """One `publish-due`, on a machine that there is."""
        where %= len(self.machines)
        self._pass_in(Place(self.folders[where], self, self.machines[where]))

    def _pass_in(self, place: Place) -> None:
        with self._on(place.machine):
            self._as_process(lambda: publish_due(place))
        place.store.close()
        self._see_what_was_left()

    def _see_what_was_left(self) -> None:
        while self._left_behind:
            self._happen(self._left_behind.pop().meanwhile)

    def start_daemon(self) -> None:
        if self._daemon is not None:
            return
        place = Place(self.folder, self, self.machines[0])

        def start() -> None:
            # As `wiring.sending` does, without its end: a killed process has none.
            place.store.open(self.machine.wall)
            alive = register(place.alive, uuid.uuid4().hex)
            cycle = Cycle(
                config=self.config,
                store=place.store,
                library=place.library,
                outlets=place.outlets(),
                alive=alive,
                folder=place.alive,
                fingerprint=place.fingerprint,
            )
            self._daemon = alive, cycle, Scheduler(place, self.told.append), place

        self._as_process(start)

    @property
    def process(self) -> Cycle | None:
        """What sends in the process of `run`, where there is one."""
        return None if self._daemon is None else self._daemon[1]

    def daemon(self) -> None:
        """One pass of `run`; an edited config.toml is taken up before it."""
        if self._daemon is not None and self._daemon[1]._config != self.config:
            self.end_daemon()
        self.start_daemon()
        if self._daemon is None:
            return
        _, cycle, daemon, place = self._daemon
        ended: list[bool] = []

        def one_pass() -> None:
            try:
                daemon._pass(cycle)
            except PressReleaseError:
                ended.append(True)
                raise

        with self._on(place.machine):
            self._as_process(one_pass)
        if isinstance(place.store, FragileStore) and place.store.dead:
            self._bury_daemon()
        elif ended:
            self.end_daemon()
        self._see_what_was_left()

    def end_daemon(self) -> None:
        """SIGTERM."""
        if self._daemon is not None:
            alive, cycle, _, place = self._daemon
            self._daemon = None
            self._as_process(cycle.close)
            alive.leave()
            place.store.close()

    def kill_daemon(self) -> None:
        """kill -9 between two passes."""
        if self._daemon is not None:
            self._bury_daemon()

    def _bury_daemon(self) -> None:
        assert self._daemon is not None
        alive, _, _, place = self._daemon
        alive.lock.release()
        place.store.close()
        self._daemon = None
