"""Claim due deliveries for this process, and give back claims whose first byte was never sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pressrelease.config import Config
from pressrelease.outlets import Outlet
from pressrelease.publishing.clock_trust import JumpGuard
from pressrelease.publishing.recorder import GivenBack, write_entries
from pressrelease.publishing.rendering import RenderCache
from pressrelease.publishing.worker_errors import WorkerErrors
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.store import Store
from pressrelease.store.claims import Result, claim, record
from pressrelease.store.ledger import Ledger
from pressrelease.store.presence import ProcessLock
from pressrelease.system import clock

#: How long a claim lasts beyond the outlet's own timeout: time to render, queue and write the answer.
LEASE_MARGIN = timedelta(seconds=60)

#: Seconds that a rehearsal waits for its turn to write.
REHEARSAL = 2.0


class Claimer:
    """Claims for one process. Safe for several threads."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        alive: ProcessLock,
        renders: RenderCache,
        jumps: JumpGuard,
        errors: WorkerErrors,
    ) -> None:
        self._config = config
        self._store = store
        self._alive = alive
        self._renders = renders
        self._jumps = jumps
        self._errors = errors
        self._leases: dict[int, float] = {}
        self._rehearsed = False

    def claim(self, name: str, outlet: Outlet, candidates: Sequence[Delivery]) -> list[Delivery]:
        """Return those of `candidates`, all for the outlet called `name`, that this process may now send.

        The claim is on disk when this returns. On an error nothing was claimed, and the next look reports it.
        """
        mark = clock.read_clock()
        if self._jumps.jumped(mark):  # a withdrawal waits for no time
            candidates = [delivery for delivery in candidates if delivery.withdraws]
        lease = self._config.outlets[name].timeout * 2 + LEASE_MARGIN
        started = clock.pause_clock()
        try:
            changed = self._renders.why_changed([one for one in candidates if not one.withdraws])
            candidates = [delivery for delivery in candidates if delivery.id not in changed]
            if not outlet.repeats.always_told:
                self._alive.log.claiming(candidates)
            with self._store.ledger(now=mark.wall, actor="scheduler") as ledger:
                claimed = self._claim_in(ledger, candidates, mark.wall + lease, outlet.repeats.settle)
        except Exception as error:  # noqa: BLE001  (its commit may still have reached the disk)
            self._errors.note_left(f"nothing was claimed at {name}", error)
            return []
        for delivery in claimed:
            self._leases[delivery.id] = started + lease.total_seconds()
        kept = {delivery.id for delivery in claimed}
        self._alive.log.ended((one.id, one.claims + 1) for one in candidates if one.id not in kept)
        return claimed

    def take_lease(self, claimed: Delivery) -> float:
        """Return when a claim's lease ends, on the pause clock. Asked once, when its delivery is taken up."""
        return self._leases.pop(claimed.id)

    def give_back(self, claimed: Sequence[Delivery], reason: str) -> None:
        """End claims whose first byte was never sent. If that fails they expire, and wait for a person at worst."""
        for delivery in claimed:
            self._leases.pop(delivery.id, None)
        try:
            write_entries(self._store, [GivenBack(delivery, reason) for delivery in claimed])
            self._alive.log.ended((delivery.id, delivery.claims) for delivery in claimed)
        except Exception as error:  # noqa: BLE001  (see above)
            self._errors.note_left("claims could not be given back", error)

    def rehearse(self) -> None:
        """Run the claim and record statements once and roll back, so that they are compiled before the lift.

        Raises: WillRetry if others are writing.
        """
        if self._rehearsed:
            return
        nobody = Delivery(0, "", "", "", "", DeliveryState.SENDING)
        with self._store.ledger(now=clock.utc_now(), actor="scheduler", undo=True, patience=REHEARSAL) as ledger:
            self._claim_in(ledger, [nobody], clock.utc_now())
            record(ledger, [Result(nobody, nobody)])
        self._rehearsed = True

    def _claim_in(
        self,
        ledger: Ledger,
        candidates: Sequence[Delivery],
        lease_until: datetime,
        settle: timedelta = timedelta(0),
    ) -> list[Delivery]:
        return claim(
            ledger,
            [delivery.id for delivery in candidates],
            owner=self._alive.owner,
            lease_until=lease_until,
            policy=self._config.policy,
            retry=self._config.retry,
            rules=tuple(self._config.clearances.values()),
            settle=settle,
        )
