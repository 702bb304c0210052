"""End the claims of dead processes, and leave to a person what no outlet would recognize as a repeat any more."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from pressrelease.config import Retry
from pressrelease.errors import WillRetry
from pressrelease.outlets import Outlet
from pressrelease.publishing.retry import may_repeat, repeats_of
from pressrelease.publishing.snapshot import Snapshot
from pressrelease.release.delivery import Delivery, DeliveryState, Repeats
from pressrelease.store import Store
from pressrelease.store.claims import Result, give_back, leave_to_person, put_in_doubt, record_if_claimed
from pressrelease.store.presence import ProcessLock, is_dead, left_by, remove_dead
from pressrelease.store.send_log import LogFindings
from pressrelease.system.log import frames

_log = logging.getLogger(__name__)


class DeadClaims:
    """What dead processes left in the store, as seen by one that lives."""

    def __init__(
        self, *, store: Store, outlets: Mapping[str, Outlet], retry: Retry, alive: ProcessLock, folder: Path
    ) -> None:
        """`alive` is this process's name as an owner of claims; `folder` is where such names are kept."""
        self._store = store
        self._outlets = outlets
        self._retry = retry
        self._alive = alive
        self._folder = folder

    def end(self, seen: Snapshot) -> bool:
        """End what can be ended by what `seen` shows. Return whether anything was written. Raises WillRetry."""
        dead, over = self._dead(seen), self._no_longer_recognized(seen)
        if not dead and not over:
            return False
        owners = {delivery.owner for delivery, _ in dead if delivery.owner and delivery.owner != self._alive.owner}
        gone = [owner for owner in owners if is_dead(self._folder, owner)]
        try:
            self._write(seen, dead, over, {owner: left_by(self._folder, owner) for owner in gone})
        except WillRetry:
            raise
        except Exception as error:  # noqa: BLE001  (an answer that can't be recorded leaves its delivery in doubt)
            _log.error("what a dead sender left could not be recorded: %s", frames(error))
            self._write(seen, dead, over, {})
        for owner in gone:
            remove_dead(self._folder, owner)
        return True

    def _dead(self, seen: Snapshot) -> list[tuple[Delivery, str]]:
        """Return claims whose owner is dead or whose lease has expired, with the reason.

        A doubtful clock proves no expiry.
        """
        dead = []
        for delivery in self._store.read.claimed():
            assert delivery.owner is not None  # noqa: S101  (an owner is what makes it claimed)
            if delivery.owner != self._alive.owner and is_dead(self._folder, delivery.owner):
                dead.append((delivery, "the program ended while sending it"))
            elif seen.clock_doubt is None and delivery.lease_until is not None and delivery.lease_until < seen.at:
                dead.append((delivery, "the process that was sending it stopped answering"))
        return dead

    def _no_longer_recognized(self, seen: Snapshot) -> list[Delivery]:
        """Return deliveries in doubt, due to be asked about again, whose outlet no longer recognizes a repeat."""
        return [
            delivery
            for delivery in seen.plan.due
            if delivery.state is DeliveryState.IN_DOUBT and not self._may_repeat(delivery, seen.at)
        ]

    def _write(
        self,
        seen: Snapshot,
        dead: Sequence[tuple[Delivery, str]],
        over: Sequence[Delivery],
        left: Mapping[str, LogFindings],
    ) -> None:
        """End dead processes' claims: delivered or never sent if their logs prove it, else in doubt."""
        nothing = LogFindings()
        with self._store.ledger(now=seen.at, actor="scheduler") as ledger:
            arrived: list[Result] = []
            for delivery, reason in dead:
                found, claim_of = left.get(delivery.owner or "", nothing), (delivery.id, delivery.claims)
                if claim_of in found.delivered:
                    receipt, at = found.delivered[claim_of]
                    arrived.append(Result(delivery, delivery.delivered(receipt, at)))
                elif claim_of in found.unsent:
                    give_back(ledger, [delivery], "the program ended before it began sending")
                else:
                    again = self._ask_again_at(delivery, seen.at)
                    # What ended sends nothing more. One that only stopped answering may, until its lease ends.
                    quiet = seen.at + self._repeats(delivery).settle if delivery.owner in left else None
                    put_in_doubt(ledger, delivery, reason=reason, again=again, quiet=quiet)
            record_if_claimed(ledger, arrived)
            leave_to_person(ledger, over, "it was too late to recognize a repeat")

    def _ask_again_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """Return when to ask the outlet about what a dead sender may have sent; None if only a person can find out."""
        moment = now + self._repeats(delivery).settle
        return moment if self._may_repeat(delivery, moment) else None

    def _may_repeat(self, delivery: Delivery, now: datetime) -> bool:
        return may_repeat(delivery, rules=self._retry, repeats=self._repeats(delivery), now=now)

    def _repeats(self, delivery: Delivery) -> Repeats:
        opened = self._outlets.get(delivery.outlet)
        return repeats_of(opened, delivery) if opened else Repeats(told_apart=False)
