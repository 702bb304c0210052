"""One outlet's worker pool. Each outlet has its own, so that one that hangs delays no other."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from pressrelease.release.delivery import Delivery
from pressrelease.system.log import frames

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """How much a worker pool takes on at once.

    At most `senders` send at the same time, and at most `claims` are claimed without an answer on disk. `first_batch`
    are claimed while nothing is claimed, because a few soon are better than many later; each further claim takes twice
    as many, `max_batch` at most.
    """

    senders: int
    claims: int
    first_batch: int
    max_batch: int


#: At an outlet that recognizes repeats.
REPEATABLE_LIMITS = Limits(senders=32, claims=320, first_batch=16, max_batch=128)

#: And at any other. If this process dies, a person must look into each send it had started: 16 after a `kill -9`, at
#: most 128 after a power failure, which destroys the log of what had started.
UNREPEATABLE_LIMITS = Limits(senders=16, claims=128, first_batch=16, max_batch=48)


class OutletWorkers:
    """Deliveries wait here; one thread claims them in batches, and a fixed number of threads send them one by one.

    `claim` takes candidates and returns those that this process may now send; `send` sends one claimed delivery and
    returns a future that is done when the answer is durable; `give_back` ends claims that will not be sent.
    """

    def __init__(
        self,
        name: str,
        *,
        limits: Limits,
        claim: Callable[[Sequence[Delivery]], list[Delivery]],
        send: Callable[[Delivery], Future[None]],
        give_back: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self.name = name
        self._limits = limits
        self._claim = claim
        self._send = send
        self._give_back = give_back
        self._lock = threading.Lock()
        self._may_claim = threading.Condition(self._lock)
        self._work_ended = threading.Condition(self._lock)
        self._candidates: deque[Delivery] = deque()
        self._in_hand: set[int] = set()
        self._claims = 0
        self._batch = 0
        #: Claimed and waiting for a sender; None ends one.
        self._claimed: SimpleQueue[Delivery | None] = SimpleQueue()
        self._claimer: threading.Thread | None = None
        self._senders: list[threading.Thread] = []
        self._closing = False

    def offer(self, candidates: Iterable[Delivery]) -> None:
        """Add due deliveries. Skip those that this pool already has in hand."""
        with self._lock:
            fresh = [one for one in candidates if one.id not in self._in_hand and not self._closing]
            if not fresh:
                return
            self._in_hand.update(one.id for one in fresh)
            self._candidates.extend(fresh)
        self.start_claiming()

    @property
    def worth_writing(self) -> int:
        """How many answers make a group: all that may come soon, or a third of what may be claimed."""
        return min(self._claims, self._limits.claims // 3)

    @property
    def waiting(self) -> int:
        """How many candidates are not claimed yet."""
        return len(self._candidates)

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting, claimed or being sent here, and every answer is durable."""
        return not self._in_hand

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do here. Return False after `timeout` seconds."""
        with self._lock:
            return self._work_ended.wait_for(lambda: self.idle, timeout)

    def close(self) -> None:
        """Take nothing more on, finish what is being sent, and give back claims that were not started."""
        with self._lock:
            self._closing = True
            self._forget(self._candidates)
            self._candidates.clear()
            self._may_claim.notify()
        self._return(list(self.unstarted()))
        self.wait_idle()
        for _ in self._senders:
            self._claimed.put(None)

    # -- claiming, in a thread of its own -------------------------------------------------------------------

    def start_claiming(self) -> None:
        """Have the candidates claimed."""
        with self._lock:
            if self._claimer is None:
                self._claimer = threading.Thread(target=self._claim_on, name=f"claimer {self.name}", daemon=True)
                self._claimer.start()
            else:
                self._may_claim.notify()

    def _claim_on(self) -> None:
        while not self._closing:
            try:
                self.claim_batch()
            except BaseException as error:  # noqa: BLE001  (a fault in one claim must not end all claiming)
                _log.error("claiming at %s: %s", self.name, frames(error))
            with self._lock:
                self._may_claim.wait_for(lambda: self._closing or (self._candidates and self._next_batch()))

    def _next_batch(self) -> int:
        """Return how many to claim next, 0 while there is no room for as many."""
        size = min(2 * self._batch, self._limits.max_batch) if self._claims else self._limits.first_batch
        return size if self._claims + size <= self._limits.claims else 0

    def claim_batch(self) -> None:
        """Claim the next candidates, if there is room for them, and have them sent."""
        with self._lock:
            size = self._next_batch()
            batch = [self._candidates.popleft() for _ in range(min(size, len(self._candidates)))]
            if not batch:
                return
            self._batch = size
            self._claims += len(batch)
        claimed: list[Delivery] = []
        try:
            claimed = self._claim(batch)
        finally:
            kept = {one.id for one in claimed}
            self._end([one for one in batch if one.id not in kept])
        with self._lock:
            if 2 * len(claimed) < len(batch):
                # Another process has started with the same ones: it continues there, and this one elsewhere.
                self._candidates.rotate(-(len(self._candidates) // 2))
            closing = self._closing
            for one in claimed if not closing else ():
                self._claimed.put(one)
        if closing:
            self._return(claimed)
        else:
            self.start_sending()

    # -- sending, in the senders' threads -------------------------------------------------------------------

    def start_sending(self) -> None:
        """Have the claimed deliveries sent."""
        for _ in range(min(self._limits.senders, self._claims) - len(self._senders)):
            thread = threading.Thread(target=self._send_on, name=f"sender {self.name}", daemon=True)
            self._senders.append(thread)
            thread.start()

    def _send_on(self) -> None:
        while (delivery := self._claimed.get()) is not None:
            try:
                self.send_one(delivery)
            except BaseException as error:  # noqa: BLE001  (a fault in sending one must not end the sender)
                _log.error("sending %s to %s: %s", delivery.slug, delivery.outlet, frames(error))

    def send_one(self, delivery: Delivery) -> None:
        """Send a claimed delivery; it stays in hand until its answer is durable."""
        answered: Future[None] | None = None
        try:
            answered = self._send(delivery)
            answered.add_done_callback(lambda _: self._end([delivery]))
        finally:
            if answered is None:
                self._end([delivery])

    def unstarted(self) -> Iterator[Delivery]:
        """Take what is claimed and waits for a sender."""
        while True:
            try:
                delivery = self._claimed.get_nowait()
            except Empty:
                return
            if delivery is not None:
                yield delivery

    # -- ending ---------------------------------------------------------------------------------------------

    def _return(self, unsent: Sequence[Delivery]) -> None:
        if unsent:
            self._give_back(unsent)
            self._end(unsent)

    def _end(self, claimed: Sequence[Delivery]) -> None:
        with self._lock:
            self._claims -= len(claimed)
            self._forget(claimed)
            if self._candidates and self._next_batch():
                self._may_claim.notify()

    def _forget(self, deliveries: Iterable[Delivery]) -> None:
        self._in_hand.difference_update(one.id for one in deliveries)
        if not self._in_hand:
            self._work_ended.notify_all()
