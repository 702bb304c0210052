"""One pass: gather, decide, claim, send, record. Crash safety is explained here, once.

    gather    what the store has due, and the state of each release's file            reads only
    decide    `plan.make_plan`, pure: what may leave, what waits for a person, the next wake
    claim     one statement that checks every guard again (`claimer`)                 on disk before any network byte
    render    the frozen version into the outlet's own bytes (`sender`)               in memory
    prove     if the kernel reports its clock error: wait until the lift has surely come
    guard     clock, lease, file, stop, hold, version and lift, checked once more     the last thing before
    send      the outlet, once                                                        the first byte
    record    the answer with its journal line, in one transaction (`recorder`)       few may be unrecorded

Killed before the claim's commit: nothing happened. Killed after it: the store has a claim whose owner's lock the system
has released, so the next pass of any process ends it (`dead_claims`). The dead process's log (`store.send_log`) decides
how: a delivery whose send had not started waits again; one that the outlet accepted is recorded as delivered; one that
was being sent is in doubt, and so is every claim after a power failure. In doubt is not failed: an outlet that
recognizes repeats is asked again with the same key; at any other, a person decides. An outlet that recognizes repeats
forever needs no log: all its claims are in doubt, and asked again.

A sender that was only suspended finds its lease too short, or its claim gone, before it may start. One that had started
finds at most its own delivery in doubt, and its answer settles that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from datetime import datetime
from functools import partial
from pathlib import Path

from pressrelease.config import Config
from pressrelease.library import Library
from pressrelease.outlets import Outlet
from pressrelease.publishing.claimer import Claimer
from pressrelease.publishing.clock_trust import JumpGuard, Witnesses, trust
from pressrelease.publishing.dead_claims import DeadClaims
from pressrelease.publishing.preparation import Preparation
from pressrelease.publishing.recorder import Entry, Recorder, write_entries
from pressrelease.publishing.rendering import RenderCache
from pressrelease.publishing.sender import ASKED_TO_END, Sender
from pressrelease.publishing.snapshot import Snapshot, take_snapshot
from pressrelease.publishing.worker_errors import WorkerErrors, unrecorded
from pressrelease.publishing.workers import REPEATABLE_LIMITS, UNREPEATABLE_LIMITS, OutletWorkers
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.store import Store
from pressrelease.store.claims import Result
from pressrelease.store.presence import ProcessLock
from pressrelease.store.stop_requests import record_stop_files
from pressrelease.store.zone_updates import follow_rules
from pressrelease.system import clock


class Cycle:
    """The passes of one process over one workspace, with the worker pools that send.

    A pool claims through the `Claimer`, sends through the `Sender`, and each answer goes to the `Recorder`.
    """

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
        what this process has already learned from the [clock] witnesses.
        """
        self._config = config
        self._store = store
        self._library = library
        self._outlets = outlets
        self._log = alive.log
        self._witnesses = witnesses or Witnesses()
        self._jumps = JumpGuard(config.clock.tolerance)
        self._errors = WorkerErrors()
        renders = RenderCache(config, store)
        self._dead = DeadClaims(store=store, outlets=outlets, retry=config.retry, alive=alive, folder=folder)
        self._claimer = Claimer(
            config=config, store=store, alive=alive, renders=renders, jumps=self._jumps, errors=self._errors
        )
        self._sender = Sender(
            config=config,
            store=store,
            library=library,
            alive=alive,
            fingerprint=fingerprint,
            renders=renders,
            jumps=self._jumps,
            errors=self._errors,
        )
        self._preparation = Preparation(outlets, REPEATABLE_LIMITS.senders, renders, self._claimer.rehearse)
        self._workers = {name: self._open_workers(name, outlet) for name, outlet in outlets.items()}
        self._recorder = Recorder(
            partial(write_entries, store), lambda: sum(workers.worth_writing for workers in self._workers.values())
        )

    def _open_workers(self, name: str, outlet: Outlet) -> OutletWorkers:
        return OutletWorkers(
            name,
            limits=REPEATABLE_LIMITS if outlet.repeats.told_apart else UNREPEATABLE_LIMITS,
            claim=partial(self._claimer.claim, name, outlet),
            send=partial(self._send, outlet),
            give_back=partial(self._claimer.give_back, reason=ASKED_TO_END),
        )

    @property
    def attempted(self) -> int:
        """How many sends this process has started; shows whether a pass has sent anything."""
        return self._sender.started

    @property
    def claims_left(self) -> bool:
        """Whether the store may still have claims of this process that it could not end."""
        return self._errors.claims_left

    # -- a pass -------------------------------------------------------------------------------------------

    def look(self) -> Snapshot:
        """Take a snapshot and decide, after ending dead processes' claims. Sends nothing.

        Raises: StateUnreadable, WillRetry, and any error that has stopped a worker from using the store since the last
        look.
        """
        self._errors.raise_kept()
        record_stop_files(self._store, clock.utc_now())
        seen = self._look()
        if seen.to_follow:
            follow_rules(self._store, seen.to_follow, seen.at)
            seen = self._look()
        if self._dead.end(seen):
            seen = self._look()
        if seen.clock_doubt is None:
            self._jumps.trusted(seen.trust.measure, seen.mark.wall)
        return seen

    def _look(self) -> Snapshot:
        return take_snapshot(self._store, self._library, self._config, self._witnesses)

    def dispatch(self, due: Sequence[Delivery]) -> None:
        """Offer due deliveries to the worker pools. Returns at once."""
        for name, workers in self._workers.items():
            workers.offer([delivery for delivery in due if delivery.outlet == name])

    def prepare(self, coming: Sequence[Delivery], until: datetime) -> None:
        """Warm up for upcoming deliveries until `until`: connect and pre-render. Claims and sends nothing."""
        self._preparation.prepare(coming, until)

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
        self._sender.closing = True
        for workers in self._workers.values():
            workers.close()
        self._recorder.close()
        for outlet in self._outlets.values():
            outlet.close()

    # -- one claimed delivery, in a worker's thread ---------------------------------------------------------

    def _send(self, outlet: Outlet, delivery: Delivery) -> Future[None]:
        entry = self._sender.send(outlet, delivery, self._claimer.take_lease(delivery))
        recorded = self._recorder.hand_in(entry)
        recorded.add_done_callback(partial(self._settled, entry))
        if not (isinstance(entry, Result) and entry.after.state is DeliveryState.DELIVERED):
            wait([recorded])  # a refused delivery keeps its worker until that is on record: it may close the outlet
        return recorded

    def _settled(self, entry: Entry, recorded: Future[None]) -> None:
        """Note why an answer could not be recorded. Its claim expires and becomes in doubt, which is correct."""
        error = recorded.exception()
        if error is None:
            self._log.ended([(entry.claimed.id, entry.claimed.claims)])
        if isinstance(error, Exception):
            found = unrecorded(entry.claimed, error) if isinstance(entry, Result) else error
            self._errors.note_left(f"an answer for {entry.claimed.slug} could not be written", found)
