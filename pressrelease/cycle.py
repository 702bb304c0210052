"""One pass: gather, decide, claim, send, record. The crash story is told here, once.

    gather    what the store has due, and what became of each release's file          reads only
    decide    `plan.make_plan`, pure: what may leave, what waits for whom, the next wake
    claim     one statement that asks every guard again; committed and synced         before any network byte
    render    the frozen version into the outlet's own bytes                          in memory
    guard     clock, lease, file, stop, hold, version and lift, asked once more        the last thing before
    send      the outlet, once                                                        the first byte
    record    the answer with its journal line, in one transaction; only then is the sender free again

Killed before the claim's commit: nothing happened. Killed after it: the claim stands in the store under an
owner whose lock the system has dropped, so the next pass, of whichever process, puts it in doubt. In doubt is
not failed: an outlet that can tell a repeat is asked again with the same key, any other waits for a person.
A sender that was only suspended finds its lease short, or its claim gone, before it may begin; one that had
begun finds at most its own doubt, which its answer then settles.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from pressrelease import clock
from pressrelease.config import Config
from pressrelease.delivery import Certainty, Delivery, DeliveryFailed, Repeats
from pressrelease.errors import PressReleaseError
from pressrelease.gather import Pass, look
from pressrelease.lane import Lane
from pressrelease.library import Library
from pressrelease.log import frames
from pressrelease.outlets import Outlet
from pressrelease.parcels import Parcels
from pressrelease.recorder import Entry, GivenBack, Recorder
from pressrelease.retry import next_try
from pressrelease.store import Store
from pressrelease.store.claims import Result, claim, doubt, give_back, record
from pressrelease.store.presence import Alive, bury, surely_dead

#: What a claim is kept for beyond the outlet's own timeout: rendering, queueing, and writing the answer.
LEASE_MARGIN = timedelta(seconds=60)

#: How much of a lease must be left, beyond the outlet's timeout, for a send to begin.
LEASE_LEFT = timedelta(seconds=5)

#: Senders an outlet, and claims taken at once where a repeat is recognised; elsewhere never more than are sent at
#: once, since each claim that its owner dies with costs a person a look.
WIDTH = 16
BATCH = 64

_log = logging.getLogger(__name__)


class Cycle:
    """The passes of one process over one workspace, with the lanes that send."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        library: Library,
        outlets: Mapping[str, Outlet],
        alive: Alive,
        folder: Path,
    ) -> None:
        """`alive` is this process's name as an owner of claims; `folder` is where such names are kept."""
        self._config = config
        self._store = store
        self._library = library
        self._outlets = outlets
        self._alive = alive
        self._folder = folder
        self._parcels = Parcels(config, store)
        self._leases: dict[int, float] = {}
        #: How many sends this process has begun: whether a pass has moved anything.
        self.attempted = 0
        self._mark = clock.read_mark()
        self._lanes = {name: self._lane(name, outlet) for name, outlet in outlets.items()}
        self._recorder = Recorder(self._write, lambda: sum(lane.sending for lane in self._lanes.values()))

    # -- a pass -------------------------------------------------------------------------------------------

    def look(self) -> Pass:
        """Put the claims of the dead in doubt, then gather and decide; sends nothing."""
        self._see_to_the_dead()
        seen = look(self._store, self._library, self._config)
        if seen.clock_doubt is None:
            self._mark = seen.mark
        return seen

    def dispatch(self, due: Sequence[Delivery]) -> None:
        """Offer what is due to the lanes; returns at once."""
        for name, lane in self._lanes.items():
            lane.offer([delivery for delivery in due if delivery.outlet == name])

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until every lane is idle; False where one still is not after `timeout` seconds in all."""
        end = None if timeout is None else clock.pause_clock() + timeout
        return all(
            lane.wait_idle(None if end is None else max(0.0, end - clock.pause_clock()))
            for lane in self._lanes.values()
        )

    @property
    def idle(self) -> bool:
        """Whether no lane has anything in hand."""
        return all(lane.idle for lane in self._lanes.values())

    def close(self) -> None:
        """Finish what is in flight, give back what was claimed and not begun, and let go of the outlets."""
        for lane in self._lanes.values():
            lane.close()
        self._recorder.close()
        for outlet in self._outlets.values():
            outlet.close()

    # -- the dead -----------------------------------------------------------------------------------------

    def _see_to_the_dead(self) -> None:
        """Put in doubt every claim whose owner is gone, or whose lease has lapsed."""
        now = clock.utc_now()
        lost: list[tuple[Delivery, str]] = []
        for delivery in self._store.read.claimed():
            if delivery.owner is None:
                continue
            if delivery.owner != self._alive.owner and surely_dead(self._folder, delivery.owner):
                lost.append((delivery, "its sender ended in the act"))
            elif delivery.lease_until is not None and delivery.lease_until < now:
                lost.append((delivery, "its sender has not answered within its lease"))
        if not lost:
            return
        with self._store.ledger(now=now, actor="scheduler") as ledger:
            for delivery, reason in lost:
                told = self._repeats(delivery.outlet).still_told(delivery.first_sent_at or now, now)
                doubt(ledger, delivery, reason=reason, again=told)
        for owner in {delivery.owner for delivery, reason in lost if delivery.owner and "ended" in reason}:
            bury(self._folder, owner)

    def _repeats(self, outlet: str) -> Repeats:
        opened = self._outlets.get(outlet)
        return opened.repeats if opened else Repeats(told_apart=False)

    # -- claim, guard, send, record -----------------------------------------------------------------------

    def _lane(self, name: str, outlet: Outlet) -> Lane:
        return Lane(
            name,
            width=WIDTH,
            batch=BATCH if outlet.repeats.told_apart else WIDTH,
            claim=lambda candidates: self._claim(name, candidates),
            send=lambda delivery: self._send(outlet, delivery),
            give_back=lambda claimed: self._give_back(claimed, "the program was asked to end"),
        )

    def _claim(self, outlet: str, candidates: Sequence[Delivery]) -> list[Delivery]:
        mark = clock.read_mark()
        if self._jumped(mark):
            return []
        lease = self._config.outlets[outlet].timeout * 2 + LEASE_MARGIN
        begun = clock.pause_clock()
        try:
            with self._store.ledger(now=mark.wall, actor="scheduler") as ledger:
                claimed = claim(
                    ledger,
                    [delivery.id for delivery in candidates],
                    owner=self._alive.owner,
                    lease_until=mark.wall + lease,
                    approvals_needed=self._config.policy.approvals,
                )
        except PressReleaseError as error:
            _log.warning("nothing claimed at %s: %s", outlet, error.code)
            return []
        except Exception as error:  # noqa: BLE001  (nothing was sent; the next pass offers them again)
            _log.error("nothing claimed at %s: %s", outlet, frames(error))
            return []
        for delivery in claimed:
            self._leases[delivery.id] = begun + lease.total_seconds()
        return claimed

    def _send(self, outlet: Outlet, delivery: Delivery) -> None:
        lease_end = self._leases.pop(delivery.id)
        entry: Entry
        try:
            parcel = self._parcels.make(outlet, delivery)
        except PressReleaseError as error:
            entry = self._answered(delivery, DeliveryFailed(Certainty.FOR_GOOD, error.message))
        except Exception as error:  # noqa: BLE001  (a fault in a kind of outlet must not end the lane)
            _log.error("making %s ready for %s: %s", delivery.slug, delivery.outlet, frames(error))
            entry = self._answered(delivery, DeliveryFailed(Certainty.FOR_GOOD, "it could not be made ready"))
        else:
            if why_not := self._why_not(delivery, lease_end):
                entry = GivenBack(delivery, why_not)
            else:
                self.attempted += 1
                try:
                    receipt = outlet.send(parcel, key=delivery.key, recipient=delivery.recipient)
                except DeliveryFailed as failure:
                    entry = self._answered(delivery, failure)
                except Exception as error:  # noqa: BLE001  (how far it came is unknown, and so it is in doubt)
                    _log.error("sending %s to %s: %s", delivery.slug, delivery.outlet, frames(error))
                    entry = self._answered(
                        delivery, DeliveryFailed(Certainty.UNSURE, "the outlet's program failed while sending")
                    )
                else:
                    entry = Result(delivery, delivery.delivered(receipt, clock.utc_now()))
        try:
            self._recorder.hand_in(entry).result()
        except PressReleaseError as error:
            # The claim stays as it is: in doubt for the next pass, which is what is true of it.
            _log.error("an answer for %s could not be written: %s", delivery.slug, error.code)

    def _why_not(self, delivery: Delivery, lease_end: float) -> str | None:
        """Everything that is asked just before the first byte; None where it may go."""
        mark = clock.read_mark()
        if self._jumped(mark):
            return "the clock has jumped"
        timeout = self._config.outlets[delivery.outlet].timeout
        if clock.pause_clock() + (timeout + LEASE_LEFT).total_seconds() > lease_end:
            return "its claim was about to lapse"
        source_hash = self._library.source_hash(delivery.slug)
        return self._store.read.why_not(delivery, source_hash=source_hash, now=mark.wall)

    def _jumped(self, mark: clock.Mark) -> bool:
        """Whether the clock was set since this process began."""
        return (
            clock.doubt(mark, recorded=self._mark, newest=self._mark.wall, tolerance=self._config.clock.tolerance)
            is not None
        )

    def _answered(self, delivery: Delivery, failure: DeliveryFailed) -> Result:
        again = next_try(
            delivery,
            failure,
            rules=self._config.retry,
            repeats=self._repeats(delivery.outlet),
            now=clock.utc_now(),
            chance=random.random(),  # noqa: S311  (spreads retries; nothing is secret)
        )
        return Result(delivery, delivery.failed(failure, next_try=again))

    def _give_back(self, claimed: Sequence[Delivery], reason: str) -> None:
        for delivery in claimed:
            self._leases.pop(delivery.id, None)
        self._write([GivenBack(delivery, reason) for delivery in claimed])

    def _write(self, entries: Sequence[Entry]) -> None:
        results = [entry for entry in entries if isinstance(entry, Result)]
        with self._store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
            if results:
                record(ledger, results)
            for entry in entries:
                if isinstance(entry, GivenBack):
                    give_back(ledger, [entry.claimed], entry.reason)
