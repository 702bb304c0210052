"""Take one claimed delivery to its outlet: render, prove the lift, check every guard once more, send."""

from __future__ import annotations

import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from pressrelease.config import Config
from pressrelease.errors import PressReleaseError, WillRetry
from pressrelease.library import Library
from pressrelease.outlets import Finds, Outlet, RenderedMessage
from pressrelease.publishing.clock_trust import JumpGuard
from pressrelease.publishing.recorder import Entry, GivenBack
from pressrelease.publishing.rendering import RenderCache
from pressrelease.publishing.retry import may_repeat, next_try, repeats_of
from pressrelease.publishing.signatures import why_unsigned
from pressrelease.publishing.worker_errors import WorkerErrors
from pressrelease.release.delivery import Action, Certainty, Delivery, DeliveryFailed, Earlier, Receipt
from pressrelease.store import Store
from pressrelease.store.claims import Result
from pressrelease.store.presence import ProcessLock
from pressrelease.system import clock
from pressrelease.system.log import frames

#: How much of a lease must be left, beyond the outlet's timeout, to start a send.
LEASE_LEFT = timedelta(seconds=5)

#: Why a claim was given back before its send started.
ASKED_TO_END = "the program was asked to end"

_log = logging.getLogger(__name__)


class Sender:
    """Sends for one process. Safe for several threads."""

    def __init__(
        self,
        *,
        config: Config,
        store: Store,
        library: Library,
        alive: ProcessLock,
        fingerprint: Callable[[str], str],
        renders: RenderCache,
        jumps: JumpGuard,
        errors: WorkerErrors,
    ) -> None:
        """`fingerprint` returns, for an outlet's name, a fingerprint of the credentials it was opened with."""
        self._config = config
        self._store = store
        self._library = library
        self._alive = alive
        self._fingerprint = fingerprint
        self._renders = renders
        self._jumps = jumps
        self._errors = errors
        #: How many sends this process has started.
        self.started = 0
        #: Whether this process was asked to end: nothing more is started.
        self.closing = False

    def send(self, outlet: Outlet, delivery: Delivery, lease_end: float) -> Entry:
        """Send a claimed delivery and return what to record. `lease_end` is on the pause clock."""
        if self.closing:
            return GivenBack(delivery, ASKED_TO_END)
        earlier: tuple[Earlier, ...] = ()
        if delivery.action in _FOLLOW_UPS:
            try:
                earlier = self._store.read.earlier(delivery)
            except Exception as error:  # noqa: BLE001
                self._errors.note(f"{delivery.slug} was not sent", error)
                return GivenBack(delivery, "what it follows could not be read")
        made = self._make(outlet, delivery, earlier)
        if not isinstance(made, RenderedMessage):
            return made
        if delivery.may_have_arrived and repeats_of(outlet, delivery).findable:
            found = self._find(outlet, delivery, made)
            if found is not None:
                return found
        proof = None if delivery.withdraws or delivery.lift is None else clock.await_proof(delivery.lift)
        if why_not := self._why_not(outlet, delivery, lease_end):
            return GivenBack(delivery, why_not)
        try:
            if not outlet.repeats.always_told:
                self._alive.log.sending(delivery)
        except PressReleaseError as error:
            return GivenBack(delivery, error.message)
        self.started += 1
        return replace(self._hand_over(outlet, delivery, made, earlier), proof=proof)

    def _make(self, outlet: Outlet, delivery: Delivery, earlier: Sequence[Earlier]) -> RenderedMessage | Entry:
        """Return the render, or an entry that says why there is none. Nothing has left either way."""
        try:
            return self._renders.make(outlet, delivery, earlier)
        except WillRetry as error:
            return GivenBack(delivery, error.message)
        except PressReleaseError as error:
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.FOR_GOOD, error.message))
        except BaseException as error:  # noqa: BLE001  (a fault in an outlet kind must not end the worker)
            _log.error("making %s ready for %s: %s", delivery.slug, delivery.outlet, frames(error))
            failure = DeliveryFailed(Certainty.FOR_GOOD, "the message could not be prepared")
            return self._answered(outlet, delivery, failure)

    def _find(self, outlet: Outlet, delivery: Delivery, rendered: RenderedMessage) -> Result | None:
        """Look for what an earlier try left at the outlet.

        Return None if it left nothing, so that sending makes no duplicate. Runs before the last check of the guards: it
        may take as long as a send, and publishes nothing.
        """
        assert isinstance(outlet, Finds)  # noqa: S101  (it says that it can find)
        since = delivery.first_sent_at or clock.utc_now()
        try:
            receipt = outlet.find(rendered, key=delivery.key, recipient=delivery.recipient, since=since)
        except DeliveryFailed as failure:
            return self._answered(outlet, delivery, failure)
        except BaseException as error:  # noqa: BLE001  (as in `_hand_over`)
            _log.error("looking for %s at %s: %s", delivery.slug, delivery.outlet, frames(error))
            reason = "the outlet's program failed while looking"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.UNSURE, reason))
        return None if receipt is None else Result(delivery, delivery.delivered(receipt, clock.utc_now()))

    def _why_not(self, outlet: Outlet, delivery: Delivery, lease_end: float) -> str | None:
        """Check everything just before the first byte. Return why not to send, or None.

        An unreadable guard counts as a stop.
        """
        mark = clock.read_clock()
        if self._jumps.jumped(mark) and not delivery.withdraws:
            return "the clock has jumped"
        timeout = self._config.outlets[delivery.outlet].timeout
        if clock.pause_clock() + (timeout + LEASE_LEFT).total_seconds() > lease_end:
            return "the time reserved for sending was almost over"
        if delivery.may_have_arrived and not may_repeat(
            delivery, rules=self._config.retry, repeats=repeats_of(outlet, delivery), now=mark.wall
        ):
            return "it was too late to recognize a repeat"
        try:
            source_hash = None if delivery.withdraws else self._library.source_hash(delivery.slug)
            why_not = self._store.read.why_not(
                delivery, source_hash=source_hash, now=mark.wall, rules=self._config.clearances
            )
            if delivery.withdraws:
                return why_not
            why_not = why_not or self._renders.why_changed([delivery]).get(delivery.id)
            return why_not or why_unsigned(self._store, self._config, delivery)
        except Exception as error:  # noqa: BLE001
            self._errors.note(f"{delivery.slug} was not sent", error)
            return "the database could not be read"

    def _hand_over(
        self, outlet: Outlet, delivery: Delivery, rendered: RenderedMessage, earlier: Sequence[Earlier]
    ) -> Result:
        try:
            receipt = _sent(outlet, delivery, rendered, earlier)
        except DeliveryFailed as failure:
            return self._answered(outlet, delivery, failure)
        except BaseException as error:  # noqa: BLE001  (how far it came is unknown, so it is in doubt)
            _log.error("sending %s to %s: %s", delivery.slug, delivery.outlet, frames(error))
            reason = "the outlet's program failed while sending"
            return self._answered(outlet, delivery, DeliveryFailed(Certainty.UNSURE, reason))
        after = delivery.delivered(receipt, clock.utc_now())
        if not outlet.repeats.always_told:
            with contextlib.suppress(PressReleaseError):  # without it, a death before the record means in doubt
                self._alive.log.answered(after)
        return Result(delivery, after)

    def _answered(self, outlet: Outlet, delivery: Delivery, failure: DeliveryFailed) -> Result:
        again = next_try(
            delivery,
            failure,
            rules=self._config.retry,
            repeats=repeats_of(outlet, delivery),
            now=clock.utc_now(),
            chance=random.random(),  # noqa: S311  (spreads retries; nothing is secret)
        )
        refused = failure.credentials and failure.certainty is Certainty.FOR_GOOD
        closes = self._fingerprint(delivery.outlet) if refused else None
        after = delivery.failed(failure, next_try=again)
        if failure.certainty is Certainty.UNSURE:
            after = after._replace(quiet_at=clock.utc_now() + outlet.repeats.settle)
        return Result(delivery, after, closes)


#: What goes to a recipient who has, or may have, an earlier version.
_FOLLOW_UPS = frozenset({Action.CORRECT, Action.WITHDRAW})


def _sent(outlet: Outlet, delivery: Delivery, rendered: RenderedMessage, earlier: Sequence[Earlier]) -> Receipt:
    """Have the outlet do what the delivery is: publish, replace or withdraw. Raises DeliveryFailed."""
    if delivery.action is Action.CORRECT:
        return outlet.replace(rendered, key=delivery.key, recipient=delivery.recipient, earlier=earlier)
    if delivery.action is Action.WITHDRAW:
        return outlet.withdraw(rendered, key=delivery.key, recipient=delivery.recipient, earlier=earlier)
    return outlet.send(rendered, key=delivery.key, recipient=delivery.recipient)
