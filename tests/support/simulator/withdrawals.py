"""Releases that are killed: who must get the withdrawal, who must not, and what may no longer arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from pressrelease.outlets import RenderedMessage
from pressrelease.release.delivery import Action, DeliveryState, delivery_key
from pressrelease.services import Report, ServiceContext, killing
from pressrelease.status.causes import WITHDRAWAL_STUCK
from pressrelease.status.evaluation import ReleaseState
from simulator.office import TIMEOUT, FakeOutlet, Known, Row

NOTE = "Do not use it."


class Withdrawals:
    """Each recipient has nothing, or the release and then its withdrawal, or somebody is told."""

    context: ServiceContext
    folders: list[Path]
    known: dict[str, Known]
    rows: dict[str, Row]
    stopped: bool
    copied: bool
    newest: datetime
    counts: Counter[str]
    _done: Callable[[Callable[[], Any], str], bool]
    may_be_awaited: Callable[[Row], bool]

    def kill(self, slug: str, fate: str = "") -> None:
        """Somebody withdraws a release for good; with a `fate` the process is killed before or after its commit."""
        known = self.known.get(slug)
        if known is None or known.dismissed or known.killed:
            return
        if not self._done(lambda: killing.kill(self.context, slug, why="a wrong name", note=NOTE), fate):
            return
        release = self.context.store.read.release(slug)
        while known.corrects is not None and release is not None and release.n < known.n:
            known = self.known[slug] = known.corrects  # a correction of which nothing had begun is taken back
        known.killed = True
        newest = {
            id(row): row
            for row in self.rows.values()
            if (row.slug, row.version, row.n) == (slug, known.version, known.n)
        }
        for row in newest.values():
            key = delivery_key(slug, row.version, row.outlet, row.recipient, known.n, Action.WITHDRAW)
            self.rows[key] = Row(slug, row.version, row.outlet, key, row.recipient, withdraws=True, n=known.n)
            self.counts["withdrawn from one who has it"] += bool(row.arrivals)
            self.counts["withdrawn while it may be on its way"] += bool(row.may and not row.arrivals)
            self.counts["withdrawn before it left"] += not row.may and not row.arrivals
            self.counts["withdrawn in a stop"] += self.stopped and bool(row.arrivals)

    def kill_one(self) -> None:
        """The first release that is approved and was not withdrawn yet."""
        for slug, known in self.known.items():
            if known.approvals and not known.killed and not known.dismissed:
                self.kill(slug)
                return

    def originals(self, withdrawal: Row) -> list[Row]:
        """What the same recipient may have of the release."""
        reader = withdrawal.slug, withdrawal.outlet, withdrawal.recipient
        return [
            one for one in self.rows.values() if not one.withdraws and (one.slug, one.outlet, one.recipient) == reader
        ]

    def withdrawal_of(self, row: Row) -> Row | None:
        """The withdrawal to the recipient of a delivery, where its release is killed."""
        known = self.known.get(row.slug)
        if known is None:
            return None
        of_it = row.slug, known.version, row.outlet, row.recipient, known.n
        return self.rows.get(delivery_key(*of_it, Action.WITHDRAW))

    def _ask_of_withdrawal(self, outlet: FakeOutlet, rendered: RenderedMessage, row: Row) -> None:
        """What was promised of a withdrawal's first byte: neither a lift nor a stop nor the clock keeps it."""
        assert outlet.place.folder in self.folders, "a withdrawal left from a copy"
        assert not self.copied, "a withdrawal left by an older record, or a copy, that nobody had adopted"
        known = self.known.get(row.slug)
        assert known is not None, "what is no longer scheduled was withdrawn"
        assert known.killed, "withdrawn, and nobody killed it"
        originals = self.originals(row)
        doubted = self._in_doubt()
        may_have = [one for one in originals if one.arrivals or one.may or one.key in doubted]
        assert may_have, "withdrawn from somebody who never had it"
        assert not any(self.may_be_awaited(one) for one in originals), "withdrawn while it was on its way there"
        assert rendered.content.decode() == f"withdraw: {NOTE}", "other words left with the withdrawal"
        lease = [one.lease_until for one in outlet.place.store.read.claimed() if one.key == row.key]
        assert lease, "a withdrawal left unclaimed"
        assert lease[0] is not None, "a withdrawal left without a lease"
        machine = outlet.place.machine  # by a clock that was set meanwhile, which keeps no withdrawal, nobody can say
        in_time = machine.offset or lease[0] > machine.wall + TIMEOUT
        assert in_time, "a withdrawal left on a claim that was about to lapse"

    def _in_doubt(self) -> set[str]:
        """What the record can't know of: a sender that died may have sent it, or another copy of the record."""
        reader = self.context.store.read
        found = [one for dossier in reader.dossiers(reader.releases()) for one in dossier.earlier]
        return {one.key for one in found if one.state is DeliveryState.IN_DOUBT or one.unanswered}

    def _check_withdrawn(self, report: Report) -> bool:
        """Once all is over, everyone who has a killed release is withdrawn from. Return whether a person is asked."""
        stuck = report.status.cause in WITHDRAWAL_STUCK
        if not self.known[report.slug].killed:
            return stuck
        assert report.status.state is ReleaseState.KILLED, f"killed, and {report.status.state.value}"
        for row in self.rows.values():
            if row.slug == report.slug and row.arrivals and not row.withdraws:
                taken = self.withdrawal_of(row)
                assert taken is not None, "it has arrived, and no withdrawal is known"
                done = bool(taken.arrivals) or taken.declared or taken.dropped
                assert done or stuck, "it has arrived, is not withdrawn, and nobody is told"
                self.counts["has it, and it was withdrawn"] += bool(taken.arrivals)
        self.counts["a withdrawal waits for a person"] += stuck
        return stuck
