"""One pass: gather, decide, claim, send, record. Crash safety is explained here, once.

    gather    what the store has due, and the state of each release's file            reads only
    decide    `plan.make_plan`, pure: what may leave, what waits for whom, the next wake
    claim     one statement that checks every guard again; committed and synced       before any network byte
    render    the frozen version into the outlet's own bytes                          in memory
    prove     if the kernel reports its clock error: wait until the lift has surely come
    guard     clock, lease, file, stop, hold, version and lift, checked once more     the last thing before
    send      the outlet, once                                                        the first byte
    record    the answer with its journal line, in one transaction; few may be unrecorded (`workers.Limits`)

Killed before the claim's commit: nothing happened. Killed after it: the store has a claim whose owner's lock the system
has released, so the next pass of any process ends it. The dead process's log (`store.send_log`) decides how: a delivery
whose send had not started waits again; one that the outlet accepted is recorded as delivered; one that was being sent
is in doubt, and so is every claim after a power failure. In doubt is not failed: an outlet that recognizes repeats is
asked again with the same key; at any other, a person decides. An outlet that recognizes repeats forever needs no log:
all its claims are in doubt, and asked again.

A sender that was only suspended finds its lease too short, or its claim gone, before it may start. One that had started
finds at most its own delivery in doubt, and its answer settles that.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pressrelease.config import Config
from pressrelease.errors import PressReleaseError, WillRetry
from pressrelease.library import Library
from pressrelease.outlets import Finds, Outlet, RenderedMessage
from pressrelease.publishing.clock_trust import Witnesses, trust
from pressrelease.publishing.recorder import Entry, GivenBack, Recorder
from pressrelease.publishing.rendering import Heavy, RenderCache
from pressrelease.publishing.retry import may_repeat, next_try
from pressrelease.publishing.snapshot import Snapshot, take_snapshot, why_unsigned
from pressrelease.publishing.workers import Limits, OutletWorkers
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, DeliveryState, Repeats
from pressrelease.store import Store
from pressrelease.store.claims import Result, claim, give_back, leave_to_person, put_in_doubt, record, record_if_claimed
from pressrelease.store.ledger import Ledger
from pressrelease.store.presence import ProcessLock, is_dead, left_by, remove_dead
from pressrelease.store.send_log import LogFindings
from pressrelease.store.stop_requests import record_stop_files
from pressrelease.store.zone_updates import follow_rules
from pressrelease.system import clock
from pressrelease.system.log import frames

#: How long a claim lasts beyond the outlet's own timeout: time to render, queue and write the answer.
LEASE_MARGIN = timedelta(seconds=60)

#: How much of a lease must be left, beyond the outlet's timeout, to start a send.
LEASE_LEFT = timedelta(seconds=5)

#: How much is taken on at once at an outlet that recognizes repeats.
REPEATABLE_LIMITS = Limits(senders=64, unrecorded=192, initial_batch=32, max_batch=256, refill_below=96)

#: And at any other. If this process dies, a person must look into each send it had started: 16 after a `kill -9`, at
#: most 128 after a power failure, which destroys the log of what had started.
UNREPEATABLE_LIMITS = Limits(senders=16, unrecorded=64, initial_batch=16, max_batch=48, refill_below=16)

#: Why a claim was given back before its send started.
ASKED_TO_END = "the program was asked to end"

#: Seconds that a rehearsal waits for its turn to write.
REHEARSAL = 2.0

#: The code of an error about a send whose answer is not on record.
UNRECORDED = "answer_unrecorded"

_log = logging.getLogger(__name__)


class Cycle:
    """The passes of one process over one workspace, with the worker pools that send."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        library: Library,
        outlets: Mapping[str, Outlet],
        alive: ProcessLock,
        folder: Path,
        fingerprint: Callable[[str], str],
        witnesses: Witnesses | None = None,
    ) -> None:
        """`alive` is this process's name as an owner of claims; `folder` is where such names are kept.

        `fingerprint` returns, for an outlet's name, a fingerprint of the credentials it was opened with; `witnesses` is
        what
        this process has already learned from the [clock] witnesses.
        """
        self._config = config
        self._store = store
        self._library = library
        self._outlets = outlets
        self._alive = alive
        self._folder = folder
        self._fingerprint = fingerprint
        self._renders = RenderCache(config, store)
        self._leases: dict[int, float] = {}
        #: How many sends this process has started; shows whether a pass has sent anything.
        self.attempted = 0
        #: Whether the store may still have claims of this process that it could not end.
        self.claims_left = False
        self._trouble: PressReleaseError | None = None
        self._rehearsed = False
        self._heavy: threading.Thread | None = None
        self._closing = False
        self._witnesses = witnesses or Witnesses()
        #: What the clock is compared with in this process, and the newest time at which it was trusted.
        self._measure = clock.read_clock()
        self._believed_at = self._measure.wall
        clock.error_bound()  # load what it needs now, not at a lift
        self._workers = {name: self._open_workers(name, outlet) for name, outlet in outlets.items()}
        self._recorder = Recorder(self._write, lambda: sum(workers.worth_writing for workers in self._workers.values()))

    # -- a pass -------------------------------------------------------------------------------------------

    def look(self) -> Snapshot:
        """Take a snapshot and decide, after putting dead processes' claims in doubt. Sends nothing.

        Raises: StateUnreadable, WillRetry, and any error that has stopped a worker from using the store since the last
        look.
        """
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            raise trouble
        record_stop_files(self._store, clock.utc_now())
        seen = self._look()
        if seen.to_follow:
            follow_rules(self._store, seen.to_follow, seen.at)
            seen = self._look()
        dead, over = self._dead_claims(seen), self._no_longer_recognized(seen)
        if dead or over:
            self._put_in_doubt(seen, dead, over)
            seen = self._look()
        if seen.clock_doubt is None:
            self._measure, self._believed_at = seen.trust.measure, seen.mark.wall
        return seen

    def _look(self) -> Snapshot:
        return take_snapshot(self._store, self._library, self._config, self._witnesses)

    def dispatch(self, due: Sequence[Delivery]) -> None:
        """Offer due deliveries to the worker pools. Returns at once."""
        for name, workers in self._workers.items():
            workers.offer([delivery for delivery in due if delivery.outlet == name])

    def prepare(self, coming: Sequence[Delivery], until: datetime) -> None:
        """Warm up for upcoming deliveries: connect and pre-render. Optional; claims and sends nothing.

        Connects the outlets, and renders frozen versions until `until` or until the memory set aside for them is full.
        A
        version that can't be rendered is reported when it is due.
        """
        self._renders.keep_only(coming)
        for name, sends in Counter(delivery.outlet for delivery in coming).items():
            warming = threading.Thread(
                target=self._outlets[name].warm, args=(min(sends, REPEATABLE_LIMITS.senders),), daemon=True
            )
            warming.start()  # in its own thread, so that a hanging outlet delays no other
        with contextlib.suppress(WillRetry):  # others are writing; skip the rehearsal
            self._rehearse()
        heavy = self._make_ahead(coming, until)
        if heavy and (self._heavy is None or not self._heavy.is_alive()):
            # In another thread: it may take longer than until the lift, and the scheduler must stay free for other
            # releases.
            self._heavy = threading.Thread(target=self._make_ahead, args=(heavy, until, True), daemon=True)
            self._heavy.start()

    def _make_ahead(self, coming: Sequence[Delivery], until: datetime, heavy: bool = False) -> list[Delivery]:
        """Render until `until`. Return the heavy deliveries that were left out, unless `heavy` is true."""
        left: list[Delivery] = []
        for delivery in coming:
            if clock.utc_now() >= until:
                break
            try:
                if not self._renders.make_ahead(self._outlets[delivery.outlet], delivery, heavy=heavy):
                    break
            except Heavy:
                left.append(delivery)
            except Exception as error:  # noqa: BLE001  (it is rendered again, and any error reported, when it is due)
                _log.warning("making %s ready ahead of its lift: %s", delivery.slug, frames(error))
        return left

    def _rehearse(self) -> None:
        """Run the claim and record statements once and roll back, so that they are compiled before the lift."""
        if self._rehearsed:
            return
        nobody = Delivery(0, "", "", "", "", DeliveryState.SENDING)
        with self._store.ledger(now=clock.utc_now(), actor="scheduler", undo=True, patience=REHEARSAL) as ledger:
            self._claim_in(ledger, [nobody], clock.utc_now())
            record(ledger, [Result(nobody, nobody)])
        self._rehearsed = True

    def send_without_refresh(self, seen: Snapshot) -> None:
        """Offer deliveries that were upcoming in `seen` and are due now, without taking a new snapshot first.

        The claim checks the store's guards, and so does each send; the clock is checked here, as a snapshot would.
        """
        mark = clock.read_clock()
        if seen.stopped or (self._config.clock.witnesses and not self._witnesses.heard):
            return
        if trust(self._store, mark, self._config, self._witnesses).doubt is None:
            self.dispatch([one for one in seen.plan.coming if one.next_try and one.next_try <= mark.wall])

    def drain(self, timeout: float | None = None) -> bool:
        """Wait until every worker pool is idle. Return False if one is not after `timeout` seconds in all."""
        end = None if timeout is None else clock.pause_clock() + timeout
        return all(
            workers.wait_idle(None if end is None else max(0.0, end - clock.pause_clock()))
            for workers in self._workers.values()
        )

    @property
    def idle(self) -> bool:
        """Whether no worker pool has anything in hand."""
        return all(workers.idle for workers in self._workers.values())

    def close(self) -> None:
        """Finish what is being sent, give back claims that were not started, and close the outlets."""
        self._closing = True
        for workers in self._workers.values():
            workers.close()
        self._recorder.close()
        for outlet in self._outlets.values():
            outlet.close()

    # -- dead processes, and deliveries long in doubt --------------------------------------------------------

    def _dead_claims(self, seen: Snapshot) -> list[tuple[Delivery, str]]:
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

    def _put_in_doubt(self, seen: Snapshot, dead: Sequence[tuple[Delivery, str]], over: Sequence[Delivery]) -> None:
        owners = {delivery.owner for delivery, _ in dead if delivery.owner and delivery.owner != self._alive.owner}
        gone = [owner for owner in owners if is_dead(self._folder, owner)]
        try:
            self._end_claims(seen, dead, over, {owner: left_by(self._folder, owner) for owner in gone})
        except WillRetry:
            raise
        except Exception as error:  # noqa: BLE001  (an answer that can't be recorded leaves its delivery in doubt)
            _log.error("what a dead sender left could not be recorded: %s", frames(error))
            self._end_claims(seen, dead, over, {})
        for owner in gone:
            remove_dead(self._folder, owner)

    def _end_claims(
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
                found, claim_of = left.get(delivery.owner or "", nothing), (delivery.id, delivery.attempts)
                if claim_of in found.delivered:
                    receipt, at = found.delivered[claim_of]
                    arrived.append(Result(delivery, delivery.delivered(receipt, at)))
                elif claim_of in found.unsent:
                    give_back(ledger, [delivery], "the program ended before it began sending")
                else:
                    put_in_doubt(ledger, delivery, reason=reason, again=self._ask_again_at(delivery, seen.at))
            record_if_claimed(ledger, arrived)
            leave_to_person(ledger, over, "it was too late to recognize a repeat")

    def _needs_send_log(self, outlet: str) -> bool:
        """Return whether a delivery in doubt at this outlet may need a person.

        If so, a log of started sends is worth keeping.

        An outlet that always recognizes repeats is asked again with the same key, whatever the first send did.
        """
        repeats = self._repeats(outlet)
        return not repeats.told_apart or repeats.within is not None

    def _may_repeat(self, delivery: Delivery, now: datetime) -> bool:
        return may_repeat(delivery, rules=self._config.retry, repeats=self._repeats(delivery.outlet), now=now)

    def _ask_again_at(self, delivery: Delivery, now: datetime) -> datetime | None:
        """Return when to ask the outlet about what a dead sender may have sent; None if only a person can find out."""
        moment = now + self._repeats(delivery.outlet).settle
        return moment if self._may_repeat(delivery, moment) else None

    def _repeats(self, outlet: str) -> Repeats:
        opened = self._outlets.get(outlet)
        return opened.repeats if opened else Repeats(told_apart=False)

    # -- claim, guard, send, record -----------------------------------------------------------------------

    def _open_workers(self, name: str, outlet: Outlet) -> OutletWorkers:
        return OutletWorkers(
            name,
            limits=REPEATABLE_LIMITS if outlet.repeats.told_apart else UNREPEATABLE_LIMITS,
            claim=lambda candidates: self._claim(name, candidates),
            send=lambda delivery: self._send(outlet, delivery),
            give_back=lambda claimed: self._give_back(claimed, ASKED_TO_END),
        )

    def _claim(self, outlet: str, candidates: Sequence[Delivery]) -> list[Delivery]:
        mark = clock.read_clock()
        if self._jumped(mark):
            return []
        lease = self._config.outlets[outlet].timeout * 2 + LEASE_MARGIN
        begun = clock.pause_clock()
        try:
            changed = self._renders.why_changed(candidates)
            candidates = [delivery for delivery in candidates if delivery.id not in changed]
            if self._needs_send_log(outlet):
                self._alive.log.claiming(candidates)
            with self._store.ledger(now=mark.wall, actor="scheduler") as ledger:
                claimed = self._claim_in(ledger, candidates, mark.wall + lease)
        except Exception as error:  # noqa: BLE001  (nothing was sent; the next look reports it)
            self.claims_left = True  # its commit may have reached the disk all the same
            self._note_trouble(f"nothing was claimed at {outlet}", error)
            return []
        for delivery in claimed:
            self._leases[delivery.id] = begun + lease.total_seconds()
        kept = {delivery.id for delivery in claimed}
        self._alive.log.ended((one.id, one.attempts + 1) for one in candidates if one.id not in kept)
        return claimed

    def _claim_in(self, ledger: Ledger, candidates: Sequence[Delivery], lease_until: datetime) -> list[Delivery]:
        return claim(
            ledger,
            [delivery.id for delivery in candidates],
            owner=self._alive.owner,
            lease_until=lease_until,
            policy=self._config.policy,
            retry=self._config.retry,
        )

    def _send(self, outlet: Outlet, delivery: Delivery) -> Future[None]:
        entry = self._tried(outlet, delivery)
        recorded = self._recorder.hand_in(entry)
        recorded.add_done_callback(lambda _: self._look_at(recorded, entry))
        if not (isinstance(entry, Result) and entry.after.state is DeliveryState.DELIVERED):
            wait([recorded])  # a refused delivery keeps its worker until that is on record: it may close the outlet
        return recorded

    def _tried(self, outlet: Outlet, delivery: Delivery) -> Entry:
        lease_end = self._leases.pop(delivery.id)
        if self._closing:
            return GivenBack(delivery, ASKED_TO_END)
        made = self._make(outlet, delivery)
        if not isinstance(made, RenderedMessage):
            return made
        if delivery.may_have_arrived and self._repeats(delivery.outlet).findable:
            found = self._find(outlet, delivery, made)
            if found is not None:
                return found
        proof = clock.await_proof(delivery.lift) if delivery.lift is not None else None
        if why_not := self._why_not(delivery, lease_end):
            return GivenBack(delivery, why_not)
        try:
            if self._needs_send_log(delivery.outlet):
                self._alive.log.sending(delivery)
        except PressReleaseError as error:
            return GivenBack(delivery, error.message)
        self.attempted += 1
        return replace(self._hand_over(outlet, delivery, made), proof=proof)

    def _look_at(self, recorded: Future[None], entry: Entry) -> None:
        """Log why an answer could not be recorded. Its claim expires and becomes in doubt, which is correct."""
        error = recorded.exception()
        if error is None:
            self._alive.log.ended([(entry.claimed.id, entry.claimed.attempts)])
        if isinstance(error, Exception):
            self.claims_left = True
            told = _unrecorded(entry.claimed, error) if isinstance(entry, Result) else error
            self._note_trouble(f"an answer for {entry.claimed.slug} could not be written", told)

    def _make(self, outlet: Outlet, delivery: Delivery) -> RenderedMessage | Entry:
        """Return the render, or an entry that says why there is none. Nothing has left either way."""
        try:
            return self._renders.make(outlet, delivery)
        except WillRetry as error:
            return GivenBack(delivery, error.message)
        except PressReleaseError as error:
            return self._answered(delivery, DeliveryFailed(Certainty.FOR_GOOD, error.message))
        except BaseException as error:  # noqa: BLE001  (a fault in an outlet kind must not end the worker)
            _log.error("making %s ready for %s: %s", delivery.slug, delivery.outlet, frames(error))
            return self._answered(delivery, DeliveryFailed(Certainty.FOR_GOOD, "the message could not be prepared"))

    def _find(self, outlet: Outlet, delivery: Delivery, rendered: RenderedMessage) -> Result | None:
        """Look for what an earlier try left at the outlet.

        Return None if it left nothing, so that sending makes no duplicate.

        Runs before the last check of the guards: it may take as long as a send, and publishes nothing.
        """
        assert isinstance(outlet, Finds)  # noqa: S101  (it says that it can find)
        since = delivery.first_sent_at or clock.utc_now()
        try:
            receipt = outlet.find(rendered, key=delivery.key, recipient=delivery.recipient, since=since)
        except DeliveryFailed as failure:
            return self._answered(delivery, failure)
        except BaseException as error:  # noqa: BLE001  (as in `_hand_over`)
            _log.error("looking for %s at %s: %s", delivery.slug, delivery.outlet, frames(error))
            reason = "the outlet's program failed while looking"
            return self._answered(delivery, DeliveryFailed(Certainty.UNSURE, reason))
        return None if receipt is None else Result(delivery, delivery.delivered(receipt, clock.utc_now()))

    def _hand_over(self, outlet: Outlet, delivery: Delivery, rendered: RenderedMessage) -> Result:
        try:
            receipt = outlet.send(rendered, key=delivery.key, recipient=delivery.recipient)
        except DeliveryFailed as failure:
            return self._answered(delivery, failure)
        except BaseException as error:  # noqa: BLE001  (how far it came is unknown, so it is in doubt)
            _log.error("sending %s to %s: %s", delivery.slug, delivery.outlet, frames(error))
            reason = "the outlet's program failed while sending"
            return self._answered(delivery, DeliveryFailed(Certainty.UNSURE, reason))
        after = delivery.delivered(receipt, clock.utc_now())
        if self._needs_send_log(delivery.outlet):
            with contextlib.suppress(PressReleaseError):  # without it, a death before the record means in doubt
                self._alive.log.answered(after)
        return Result(delivery, after)

    def _why_not(self, delivery: Delivery, lease_end: float) -> str | None:
        """Check everything just before the first byte. Return why not to send, or None.

        An unreadable guard counts as a stop.
        """
        mark = clock.read_clock()
        if self._jumped(mark):
            return "the clock has jumped"
        timeout = self._config.outlets[delivery.outlet].timeout
        if clock.pause_clock() + (timeout + LEASE_LEFT).total_seconds() > lease_end:
            return "the time reserved for sending was almost over"
        if delivery.may_have_arrived and not self._may_repeat(delivery, mark.wall):
            return "it was too late to recognize a repeat"
        try:
            source_hash = self._library.source_hash(delivery.slug)
            why_not = self._store.read.why_not(delivery, source_hash=source_hash, now=mark.wall)
            why_not = why_not or self._renders.why_changed([delivery]).get(delivery.id)
            return why_not or why_unsigned(self._store, self._config, delivery)
        except Exception as error:  # noqa: BLE001
            self._note_trouble(f"{delivery.slug} was not sent", error)
            return "the record could not be read"

    def _jumped(self, mark: clock.ClockReading) -> bool:
        """Return whether the clock was set since this process started."""
        tolerance = self._config.clock.tolerance
        return clock.doubt(mark, recorded=self._measure, newest=self._believed_at, tolerance=tolerance) is not None

    def _answered(self, delivery: Delivery, failure: DeliveryFailed) -> Result:
        again = next_try(
            delivery,
            failure,
            rules=self._config.retry,
            repeats=self._repeats(delivery.outlet),
            now=clock.utc_now(),
            chance=random.random(),  # noqa: S311  (spreads retries; nothing is secret)
        )
        refused = failure.credentials and failure.certainty is Certainty.FOR_GOOD
        closes = self._fingerprint(delivery.outlet) if refused else None
        return Result(delivery, delivery.failed(failure, next_try=again), closes)

    def _give_back(self, claimed: Sequence[Delivery], reason: str) -> None:
        for delivery in claimed:
            self._leases.pop(delivery.id, None)
        try:
            self._write([GivenBack(delivery, reason) for delivery in claimed])
            self._alive.log.ended((delivery.id, delivery.attempts) for delivery in claimed)
        except Exception as error:  # noqa: BLE001  (they expire by themselves, and wait for a person at worst)
            self.claims_left = True
            self._note_trouble("claims could not be given back", error)

    def _write(self, entries: Sequence[Entry]) -> None:
        results = [entry for entry in entries if isinstance(entry, Result)]
        with self._store.ledger(now=clock.utc_now(), actor="scheduler") as ledger:
            if results:
                record(ledger, results)
            for entry in entries:
                if isinstance(entry, GivenBack):
                    give_back(ledger, [entry.claimed], entry.reason)

    def _note_trouble(self, what: str, error: Exception) -> None:
        """Keep a worker's error for the next `look` to raise: a worker has nobody to report to."""
        told = error.code if isinstance(error, PressReleaseError) else frames(error)
        _log.error("%s: %s", what, told)
        if isinstance(error, PressReleaseError) and (self._trouble is None or self._trouble.code != UNRECORDED):
            self._trouble = error


def _unrecorded(delivery: Delivery, error: Exception) -> Exception:
    """Return the store's error for a send that may have left: it must not claim that nothing was sent."""
    if not isinstance(error, PressReleaseError):
        return error
    return type(error)(
        f"{delivery.slug} was sent to {delivery.outlet}, and the answer could not be recorded, so it is in"
        f" doubt. {error.message.partition(' Nothing')[0]}",
        hint=error.hint,
        code=UNRECORDED,
    )
