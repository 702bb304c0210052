"""What was promised, asked of the world itself: at each first byte, after each act, and once all is over."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from auditor import audit

from pressrelease.outlets import RenderedMessage
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.causes import Cause
from pressrelease.status.dossier import Directive
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store.claims import FOUND
from pressrelease.store.journal import first_break
from pressrelease.system.clock import LONGEST_PROOF
from simulator.machine import Machine
from simulator.office import OUTLETS, STORE, TIMEOUT, FakeOutlet

#: How long after a lift an outlet that answers has a release, whatever another one does: a claim's lease, the steps of
#: a retry, and the time that a dead outlet takes of the one thread that sends here.
BOUND = timedelta(minutes=6)

UNCLEARED = frozenset({Cause.CLEARANCE_MISSING, Cause.CLEARANCE_EXPIRED, Cause.CLEARANCE_REFUSED})


class Promises:
    """Each check is of what the world knows, and asks the program only where the record itself is what is promised."""

    def _ask_of_the_world(self, outlet: FakeOutlet, rendered: RenderedMessage, key: str) -> None:
        """Everything that was promised of a first byte, asked of the world itself."""
        machine = outlet.place.machine
        assert outlet.place.folder in self.folders, "left from a copy"
        assert not self.copied, "left by an older record, or a copy, that nobody had adopted"
        row = self.rows[key]
        known = self.known.get(row.slug)
        assert known is not None, "what is no longer scheduled left"
        assert not known.killed, "left although it was withdrawn for good"
        assert (known.version, known.n) == (row.version, row.n), "a version left that another has replaced"
        if row.n > 1:
            self._ask_of_correction(row, key, self._in_doubt())
        assert known.approvals >= 1, "left unapproved"
        assert known.lift is not None, "left without a lift"
        self._must_not_be_early(machine, known.lift)
        self._must_be_cleared(machine, known, "left")
        if known.event:
            assert known.lifted, "left, and nobody lifted it"
            assert not known.dismissed, "left although it was called off for good"
            assert self.winners[known.event] == row.slug, "left, and its alternate was lifted"
        assert machine.wall >= self.newest - self.config.clock.tolerance, "left by a clock behind the record"
        assert not self.stopped, "left although stopped"
        assert not known.held, "left although held"
        path = self.folder / "releases" / f"{row.slug}.md"
        assert path.exists(), "left although its file is gone"
        assert path.read_bytes() == known.source.encode(), "left although its file was changed"
        assert known.text in rendered.content.decode(), "other bytes left than were approved"
        assert known.config.office.name in rendered.content.decode(), "another office's name left than was approved"
        assert outlet.settings == known.config.outlets[outlet.name].settings, "it went to another place than approved"
        lease = [one.lease_until for one in outlet.place.store.read.claimed() if one.key == key]
        assert lease, "left unclaimed"
        assert lease[0] is not None, "left without a lease"
        assert lease[0] > machine.wall + TIMEOUT, "left on a claim that was about to lapse"
        row.began = row.began or machine.wall
        moments = [known.lift, known.decided or known.lift, known.later or known.lift]
        late = machine.wall > max(moments) + self.config.policy.max_late
        assert not late or machine.wall <= row.began + self.config.retry.give_up, "late, and nobody decided that"

    @staticmethod
    def _must_not_be_early(machine: Machine, lift: datetime) -> None:
        """Not by what the kernel proves; where it proves nothing, by what a clock creeps unnoticed and no more."""
        assert machine.wall >= lift, "EARLY by its own clock"
        if machine.bound is None:
            assert machine.true >= lift or machine.offset <= machine.unnoticed(), "EARLY by a clock that ran ahead"
            return
        proved = machine.bound <= LONGEST_PROOF or machine.wall - machine.bound >= lift
        assert machine.true >= lift - (timedelta(0) if proved else machine.bound), "EARLY by what could be proved"

    # -- what must be true at every moment ----------------------------------------------------------------

    def check(self) -> None:
        """No promise was broken, and the record agrees with the world."""
        if self.broken:
            raise self.broken[0]
        releases = self.context.store.read.releases()
        assert {release.slug for release in releases} == set(self.known)
        for dossier in self.context.store.read.dossiers(releases):
            killed = dossier.release.word is Directive.KILLED
            assert killed == self.known[dossier.release.slug].killed, "killed is for good, and by a person only"
            for delivery in (*dossier.earlier, *dossier.deliveries):
                row = self.rows[delivery.key]
                arrived = bool(row.arrivals)
                if delivery.state is DeliveryState.DELIVERED:
                    assert arrived or row.declared, "recorded as delivered, and never arrived"
                elif arrived and not row.sent_again and not row.dropped:
                    assert delivery.state in {DeliveryState.SENDING, DeliveryState.IN_DOUBT}, (
                        f"arrived, and recorded as {delivery.state.value}"
                    )

    def counted_by_the_journal(self) -> Counter[str]:
        """What a dead sender's log told the passes that came after it, and what the last look found."""
        counts: Counter[str] = Counter()
        for line in self.context.store.read.journal():
            detail = json.loads(line.detail)
            if line.event == "delivery.given_back":
                dead = detail["reason"] == "the program ended before it began sending"
                counts["killed, and waiting again" if dead else f"claimed, and then: {detail['reason']}"] += 1
            counts["killed, and recorded as delivered"] += detail.get("found") == FOUND
        return counts

    def check_journal(self, waiting: Iterable[str]) -> None:
        """The auditor, who knows nothing of the program, finds nothing; `waiting` is what `status` says waits."""
        assert first_break(self.context.store.read.journal()) is None
        told = {name: repeats.told_apart for name, (repeats, _) in OUTLETS.items()}
        journal = self.folder if self.url == STORE else self.url
        self.audited = audit(
            journal, self.log, told, at_least={}, clock_was_set=True, told=waiting, until=self.machine.wall
        )

    def check_nothing_lost(self) -> None:
        """Once every misfortune is over, each delivery of an approved release is settled, or a person is asked."""
        self.end_every_misfortune()
        for _ in range(60):
            self.daemon()
            self.check()
            assert self.process is not None, self.told[-1]
            assert not self.process.look().plan.due, "due, and not even tried"
            if not self._on_to_the_next_wake():
                break
        else:
            raise AssertionError("it never came to rest")
        waiting: list[str] = []
        for report in self.context.reports(self.context.store.read.releases()):
            waits_for_a_person = {ReleaseState.NEEDS_YOU, ReleaseState.HELD, ReleaseState.UNAPPROVED}
            known = self.known[report.slug]
            if known.event and not known.lifted:
                waits_for_a_person.add(ReleaseState.ARMED)
            self.counts["armed at rest"] += report.status.state is ReleaseState.ARMED
            self.counts["waits for its clearance"] += report.status.cause in UNCLEARED
            asks = report.status.state in waits_for_a_person
            asks |= self._check_withdrawn(report)
            waiting += [report.slug] if asks else []
            unsettled = [delivery for delivery in report.dossier.deliveries if delivery.is_open]
            assert not unsettled or asks, f"{unsettled[0].outlet} is {unsettled[0].state.value} and nobody is told"
            self.counts["kept back, since config.toml was edited"] += bool(report.dossier.changed)
            stuck = [delivery for delivery in report.dossier.deliveries if delivery.needs_person]
            assert not stuck or asks, "it needs a person, and nobody is told"
        self.check_journal(waiting)

    def end_every_misfortune(self) -> None:
        """From now on all goes well, and people let everything go."""
        self.fates.commits.clear()
        self.fates.questions.clear()
        self.meanwhile.clear()
        self.crash = None
        for faults in self.faults.values():
            faults.clear()
        self.kill_daemon()
        self.mend_clock()
        self.set_clock_there(timedelta(0))
        self.resume_all(let_go=True)

    def check_others_get_theirs(self, dead: str, *, hangs: bool) -> None:
        """One outlet is dead for ever; what is due at every other is there in bounded time all the same."""
        self.end_every_misfortune()
        self.edit_config("back")
        self.open_outlets()
        self.dead = dead, hangs
        lifts = (timedelta(seconds=10), timedelta(minutes=4))
        slugs = [f"last-{number}" for number, _ in enumerate(lifts)]
        for slug, lift in zip(slugs, lifts, strict=True):
            self.schedule(slug, lift, tuple(OUTLETS))
            self.approve(slug)
        ahead = [row for row in self.rows.values() if row.slug in slugs and row.outlet != dead]
        assert len(ahead) >= 2 * (len(OUTLETS) - 1)
        end = self.machine.true + max(lifts) + BOUND
        while self.machine.true <= end and not all(row.arrivals for row in ahead):
            self.daemon()
            self.check()
            self._on_to_the_next_wake()
        assert all(len(row.arrivals) == 1 for row in ahead), "an outlet that is dead kept another from its own"
        self.counts["one outlet dead, and the others had theirs"] += 1

    def _on_to_the_next_wake(self) -> bool:
        """Wait until there is something to do; False where nothing is left."""
        assert self.process is not None, self.told[-1]
        seen = self.process.look()
        lapses = [one.lease_until for one in self.context.store.read.claimed() if one.lease_until]
        wakes = [*lapses, *([seen.next_wake] if seen.next_wake else [])]
        if wakes:
            self.machine.true = max(self.machine.true, min(wakes)) + timedelta(milliseconds=1)
        return bool(wakes)
