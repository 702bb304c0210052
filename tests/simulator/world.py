"""The office, its people, its outlets and its misfortunes; every promise is checked where it could be broken."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from auditor import Arrival, audit
from office import make_original
from zone_files import database, going_by

from pressrelease.errors import PressReleaseError
from pressrelease.outlets import RenderedMessage
from pressrelease.publishing.cycle import Cycle
from pressrelease.release.delivery import Certainty, DeliveryFailed, DeliveryState, Receipt
from pressrelease.scheduler.passes import publish_due
from pressrelease.scheduler.run import Scheduler
from pressrelease.services import Desk
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store.claims import FOUND
from pressrelease.store.journal import first_break
from pressrelease.store.presence import ProcessLock, register
from pressrelease.system.clock import LONGEST_PROOF, SLEW
from simulator.machine import Fates, FragileStore, Killed, Machine, running_on
from simulator.office import (
    BEGIN,
    CONFIG,
    OUTLETS,
    PATIENT,
    SLUGS,
    STORE,
    TIMEOUT,
    FakeOutlet,
    Known,
    Place,
    Row,
    empty_office,
    shared_memory,
)
from simulator.people import People


class World(People):
    """One history. Each method that starts with a verb is a thing that can happen."""

    def __init__(self, seed: int = 0) -> None:
        self.config = PATIENT if seed % 2 else CONFIG
        self.machine = Machine(BEGIN)
        self.folder = Path(tempfile.mkdtemp(prefix="pressrelease-", dir=shared_memory()))
        shutil.copytree(empty_office() / ".pressrelease", self.folder / ".pressrelease", dirs_exist_ok=True)
        make_original(self.folder)
        (self.folder / "releases").mkdir()
        self.fates = Fates()
        self.faults: dict[str, list[str]] = {name: [] for name in OUTLETS}
        self.meanwhile: list[str] = []
        self.known: dict[str, Known] = {}
        self.rows: dict[str, Row] = {}
        self.stopped = False
        self.counts: Counter[str] = Counter()
        self.newest = BEGIN
        self.clock_was_set_back = False
        self.has_crept = False
        self.told: list[str] = []
        self.broken: list[AssertionError] = []
        self.log: list[Arrival] = []
        self.audited: Counter[str] = Counter()
        self._living: list[Path] = []
        self._number = 0
        self.offset_there = timedelta(hours=-7)
        self._laws = 0
        self._zones = ExitStack()
        self._zones.enter_context(patch.dict(os.environ, XDG_STATE_HOME=str(self.folder / "state")))
        self._daemon: tuple[ProcessLock, Cycle, Scheduler, Place] | None = None
        self._people = Place(self.folder, self)
        self._people.__dict__["_kept"] = FragileStore(STORE, self.folder, Fates(), lambda: None)
        self.desk = Desk(self._people, "jdoe")
        self._running = ExitStack()
        self._running.enter_context(running_on(self.machine, seed))

    def end(self) -> None:
        """Put everything away."""
        try:
            if self._daemon is not None:
                self.kill_daemon()
            self._people.store.close()
        finally:
            self._zones.close()
            self._running.close()
            shutil.rmtree(self.folder, ignore_errors=True)

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
        for known in self.known.values():
            if known.hour is not None and known.lift is not None:
                known.later = max(known.later or known.lift, known.lift)
                known.lift = known.hour.replace(tzinfo=UTC) - self.offset_there

    def set_clock(self, by: timedelta) -> None:
        """Ahead only once a clock of this boot is on record: before, it is as if the machine had come up ahead."""
        if by > timedelta(0) and self.desk.store.read.mark(self.machine.read_mark().boot) is None:
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
            self.has_crept = True
            self.machine.true += timedelta(seconds=1)
            self.machine.offset += timedelta(seconds=1.9)
            self.look_in()

    def synchronize(self, bound: timedelta, share: float) -> None:
        """The clock is kept to the true time, off by that share of what the kernel says that it may be."""
        before, self.machine.offset, self.machine.bound = self.machine.offset, bound * share, bound
        self.has_crept |= share > 0
        self.clock_was_set_back |= self.machine.offset < before

    def reboot(self) -> None:
        """The machine comes up again with a clock that is right or behind: ahead, only a witness could tell."""
        if self._daemon is not None:
            self.kill_daemon()
        self.machine.reboot()
        self.machine.offset = min(self.machine.offset, timedelta(0))

    # -- processes ----------------------------------------------------------------------------------------

    def note_the_living(self) -> None:
        """A process is being killed: the names that stand in the folder stay there."""
        for path in self._living:
            path.unlink(missing_ok=True)
        self._living = []
        for path in (self.folder / ".pressrelease/alive").glob("*.lock"):
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

    def cron(self) -> None:
        """One `publish-due`."""
        place = Place(self.folder, self)
        self._as_process(lambda: publish_due(place))
        place.store.close()

    def start_daemon(self) -> None:
        if self._daemon is not None:
            return
        place = Place(self.folder, self)

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

        self._as_process(one_pass)
        if isinstance(place.store, FragileStore) and place.store.dead:
            self._bury_daemon()
        elif ended:
            self.end_daemon()

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

    # -- the network, and what is promised of it ------------------------------------------------------------

    def between(self, place: Place) -> None:
        """What happens between a claim and its first byte."""
        while self.meanwhile:
            self._happen(self.meanwhile.pop(0), place)

    def _happen(self, what: str, place: Place) -> None:
        if what == "killed":
            store = place.store
            assert isinstance(store, FragileStore)
            store.kill()
        acts: dict[str, Callable[[], None]] = {
            "stop": self.stop,
            "hold": lambda: [self.hold(slug) for slug in SLUGS] and None,
            "edit": lambda: [self.edit(slug) for slug in SLUGS] and None,
            "unapprove": lambda: [self.unapprove(slug) for slug in SLUGS] and None,
            "unschedule": lambda: [self.unschedule(slug) for slug in SLUGS] and None,
            "put off": lambda: [self.resume(slug, timedelta(minutes=7)) for slug in SLUGS] and None,
            "clock ahead": lambda: self.set_clock(timedelta(hours=1)),
            "clock creeps": lambda: self.creep(3),
            "clock back": lambda: self.set_clock(-timedelta(hours=1)),
            "suspended": lambda: self.wait(timedelta(minutes=10)),
            "suspended for days": lambda: self.wait(timedelta(days=3)),
            "another pass": self.cron,
            "another name": lambda: self.edit_config("name"),
            "another place": lambda: self.edit_config("argv"),
            "a law": lambda: self.change_zone_rules(-timedelta(minutes=3)),
        }
        acts[what]()

    def sent(self, outlet: FakeOutlet, parcel: RenderedMessage, key: str) -> Receipt:
        """The first byte leaves. What is broken here is kept: the program takes it for a fault of the outlet."""
        try:
            self._ask_of_the_world(outlet, parcel, key)
            return self._answer(outlet, self.rows[key], key)
        except AssertionError as error:
            self.broken.append(error)
            raise

    def _ask_of_the_world(self, outlet: FakeOutlet, parcel: RenderedMessage, key: str) -> None:
        """Everything that was promised of a first byte, asked of the world itself."""
        row = self.rows[key]
        known = self.known.get(row.slug)
        assert known is not None, "what is no longer scheduled left"
        assert known.version == row.version, "a version left that another has replaced"
        assert known.approvals >= 1, "left unapproved"
        assert known.lift is not None, "left without a lift"
        assert self.machine.true >= known.lift - self._early_by_at_most(known.lift), "EARLY"
        assert self.machine.wall >= self.newest - timedelta(seconds=3), "left by a clock behind the record"
        assert not self.stopped, "left although stopped"
        assert not known.held, "left although held"
        path = self.folder / "releases" / f"{row.slug}.md"
        assert path.exists(), "left although its file is gone"
        assert path.read_bytes() == known.text.encode(), "left although its file was changed"
        assert known.text in parcel.content.decode(), "other bytes left than were approved"
        assert known.config.office.name in parcel.content.decode(), "another office's name left than was approved"
        assert outlet.settings == known.config.outlets[outlet.name].settings, "it went to another place than approved"
        lease = [one.lease_until for one in outlet.place.store.read.claimed() if one.key == key]
        assert lease, "left unclaimed"
        assert lease[0] is not None, "left without a lease"
        assert lease[0] > self.machine.wall + TIMEOUT, "left on a claim that was about to lapse"
        row.began = row.began or self.machine.wall
        moments = [known.lift, known.decided or known.lift, known.later or known.lift]
        late = self.machine.wall > max(moments) + self.config.policy.max_late
        assert not late or self.machine.wall <= row.began + self.config.retry.give_up, "late, and nobody decided that"

    def _early_by_at_most(self, lift: datetime) -> timedelta:
        """Nothing, unless a clock crept ahead by less than anybody could notice, and no kernel said how far."""
        bound = self.machine.bound
        if bound is not None and (bound <= LONGEST_PROOF or self.machine.wall - bound >= lift):
            return timedelta(0)
        if not self.has_crept:
            return timedelta(0)
        return CONFIG.clock.tolerance + (self.machine.true - BEGIN) * SLEW

    def _answer(self, outlet: FakeOutlet, row: Row, key: str) -> Receipt:
        store = outlet.place.store
        assert isinstance(store, FragileStore)
        fault = Fates.take(self.faults[outlet.name])
        if fault == "refused":
            raise DeliveryFailed(Certainty.NOT_SENT, "refused the connection")
        if fault == "refused for good":
            raise DeliveryFailed(Certainty.FOR_GOOD, "401")
        if fault == "password":
            raise DeliveryFailed(Certainty.FOR_GOOD, "refused the password", credentials=True)
        if fault == "lost":
            raise DeliveryFailed(Certainty.UNSURE, "no answer")
        if fault == "killed before":
            store.kill()
        if fault == "slow":
            self.wait(timedelta(minutes=2))
            self.cron()
        self._arrive(outlet, row, key)
        if fault == "answer lost":
            raise DeliveryFailed(Certainty.UNSURE, "no answer")
        if fault == "broken":
            raise RuntimeError("a fault of ours")
        if fault == "killed after":
            store.kill()
        return Receipt(remote_id=key)

    def _arrive(self, outlet: FakeOutlet, row: Row, key: str) -> None:
        now, repeats = self.machine.true, outlet.repeats
        lift = self.known[row.slug].lift
        early = self._early_by_at_most(lift) if lift is not None else timedelta(0)
        (last,) = self.desk.store.read.rows("SELECT max(n) AS n FROM journal")
        self.log.append(Arrival(now, row.outlet, key, coarse=early, line=last["n"]))
        first = row.seen.get(key)
        if first is not None and repeats.still_told(first, now):
            return
        row.seen[key] = now
        row.arrivals.append(now)
        allowed = 1 + row.sent_again
        assert len(row.arrivals) <= allowed or self.clock_was_set_back, f"{row.outlet} got it {len(row.arrivals)} times"

    # -- what must be true at every moment ----------------------------------------------------------------

    def check(self) -> None:
        """No promise was broken, and the record agrees with the world."""
        if self.broken:
            raise self.broken[0]
        releases = self.desk.store.read.releases()
        assert {release.slug for release in releases} == set(self.known)
        for dossier in self.desk.store.read.dossiers(releases):
            for delivery in dossier.deliveries:
                row = self.rows[delivery.key]
                arrived = bool(row.arrivals)
                if delivery.state is DeliveryState.DELIVERED:
                    assert arrived or row.declared, "recorded as delivered, and never arrived"
                elif arrived and not row.sent_again and not row.dropped:
                    assert delivery.state in {DeliveryState.SENDING, DeliveryState.IN_DOUBT}, (
                        f"arrived, and recorded as {delivery.state.value}"
                    )

    def counted_by_the_journal(self) -> Counter[str]:
        """What a dead sender's log told the passes that came after it."""
        counts: Counter[str] = Counter()
        for line in self.desk.store.read.journal():
            detail = json.loads(line.detail)
            if line.event == "delivery.given_back" and detail["reason"] == "its sender ended before it began":
                counts["killed, and waiting again"] += 1
            counts["killed, and recorded as delivered"] += detail.get("found") == FOUND
        return counts

    def check_journal(self, waiting: Iterable[str]) -> None:
        """The auditor, who knows nothing of the program, finds nothing; `waiting` is what `status` says waits."""
        assert first_break(self.desk.store.read.journal()) is None
        told = {name: repeats.told_apart for name, (repeats, _) in OUTLETS.items()}
        self.audited = audit(
            self.folder, self.log, told, at_least={}, clock_was_set=True, told=waiting, until=self.machine.wall
        )

    def check_nothing_lost(self) -> None:
        """Once every misfortune is over, each delivery of an approved release is settled, or a person is asked."""
        self.fates.commits.clear()
        self.fates.questions.clear()
        self.meanwhile.clear()
        for faults in self.faults.values():
            faults.clear()
        if self._daemon is not None:
            self.kill_daemon()
        self.mend_clock()
        self.resume_all(let_go=True)
        for _ in range(60):
            self.daemon()
            self.check()
            assert self._daemon is not None, self.told[-1]
            seen = self._daemon[1].look()
            assert not seen.plan.due, "due, and not even tried"
            lapses = [one.lease_until for one in self.desk.store.read.claimed() if one.lease_until]
            wakes = [*lapses, *([seen.next_wake] if seen.next_wake else [])]
            if not wakes:
                break
            self.machine.true = max(self.machine.true, min(wakes)) + timedelta(milliseconds=1)
        else:
            raise AssertionError("it never came to rest")
        waits_for_a_person = {ReleaseState.NEEDS_YOU, ReleaseState.HELD, ReleaseState.UNAPPROVED}
        waiting: list[str] = []
        for report in self.desk.reports(self.desk.store.read.releases()):
            waiting += [report.dossier.release.slug] if report.standing.state in waits_for_a_person else []
            unsettled = [delivery for delivery in report.dossier.deliveries if delivery.is_open]
            assert not unsettled or report.standing.state in waits_for_a_person, (
                f"{unsettled[0].outlet} is {unsettled[0].state.value} and nobody is told"
            )
            self.counts["kept back, since config.toml was edited"] += bool(report.dossier.changed)
            stuck = [delivery for delivery in report.dossier.deliveries if delivery.needs_person]
            assert not stuck or report.standing.state in waits_for_a_person, "it needs a person, and nobody is told"
        self.check_journal(waiting)
