"""One outlet's senders. Each outlet has a lane of its own, so that one that hangs costs the others nothing."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from pressrelease.delivery import Delivery

#: So many senders are had without a thought. More of them help only while a processor is not kept busy already.
FEW = 16

#: How long this process's use of the processor is watched before it is judged, in seconds, and the share that is busy.
WATCHED_FOR = 0.003
BUSY = 0.8


@dataclass(frozen=True)
class Bounds:
    """How much a lane takes on at once.

    `senders` send at the same time. `unrecorded` is how many may have been sent, or be about to be, whose answers are
    not on the disk yet. `first` are claimed while nobody sends, since a few soon are better than many later; then
    twice as many each time, `batch` at most, as soon as no more than `low` are left that were claimed and not begun.
    """

    senders: int
    unrecorded: int
    first: int
    batch: int
    low: int


class Lane:
    """Candidates wait here; threads claim them in batches and send them one by one.

    `claim` takes candidates and returns those that are now this process's to send; `send` sends one claimed delivery,
    and what it returns is done when the answer is durable; `give_back` ends claims that will not be sent.
    """

    def __init__(
        self,
        name: str,
        *,
        bounds: Bounds,
        claim: Callable[[Sequence[Delivery]], list[Delivery]],
        send: Callable[[Delivery], Future[None]],
        give_back: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self.name = name
        self._bounds = bounds
        self._claim = claim
        self._send = send
        self._give_back = give_back
        self._lock = threading.Lock()
        self._work_came = threading.Condition(self._lock)
        self._work_ended = threading.Condition(self._lock)
        self._candidates: deque[Delivery] = deque()
        self._claimed: deque[Delivery] = deque()
        self._known: set[int] = set()
        self._claiming = False
        self._size = bounds.first
        self._sending = 0
        self._threads: set[threading.Thread] = set()
        self._waiting = 0
        self._processor = _Processor()
        self._closing = False

    def offer(self, candidates: Iterable[Delivery]) -> None:
        """Add what is due; what this lane already has in hand is passed over."""
        with self._lock:
            if self._closing:
                return
            for delivery in candidates:
                if delivery.id not in self._known:
                    self._known.add(delivery.id)
                    self._candidates.append(delivery)
            self._hire()

    def _hire(self) -> None:
        """Have one more thread, where there is work and no thread that waits for some: one that hangs serves nobody.

        Each that takes something up hires the next, so that the first is not kept waiting by the making of them all.
        """
        if not (self._candidates or self._claimed) or self._waiting or len(self._threads) >= self._bounds.senders:
            return
        if len(self._threads) < FEW or not self._processor.busy():
            thread = threading.Thread(target=self._work, name=f"lane {self.name}", daemon=True)
            self._threads.add(thread)
            thread.start()

    @property
    def worth_writing(self) -> int:
        """How many answers are a group: all that may come soon, or half of what may be kept from the disk."""
        return min(self._sending, self._bounds.unrecorded // 2)

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting, claimed or being sent here, and every answer is durable."""
        return not self._threads and not self._sending

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do here; False after `timeout` seconds."""
        with self._lock:
            return self._work_ended.wait_for(lambda: self.idle, timeout)

    def close(self) -> None:
        """Take nothing more on, finish what is in flight, and give back what was claimed and not begun."""
        with self._lock:
            self._closing = True
            self._candidates.clear()
            unsent = list(self._claimed)
            self._claimed.clear()
            self._work_came.notify_all()
        if unsent:
            self._give_back(unsent)
        self.wait_idle()

    # -- in a sender's thread ------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (delivery := self._next()) is not None:
                self._see_through(delivery)
        finally:
            with self._lock:
                self._leave()
                self._hire()

    def _see_through(self, delivery: Delivery) -> None:
        answered: Future[None] | None = None
        try:
            answered = self._send(delivery)
            answered.add_done_callback(lambda _: self._settled(delivery))
        finally:
            if answered is None:
                self._settled(delivery)

    def _settled(self, delivery: Delivery) -> None:
        with self._lock:
            self._known.discard(delivery.id)
            self._sending -= 1
            if self._waiting and self._claimed:
                self._work_came.notify()
            self._tell_if_idle()

    def _leave(self) -> None:
        self._threads.discard(threading.current_thread())
        self._tell_if_idle()

    def _tell_if_idle(self) -> None:
        if self.idle:
            self._work_ended.notify_all()

    def _next(self) -> Delivery | None:
        """The next claimed delivery; one thread at a time claims more for all. None: nothing is left."""
        while True:
            with self._lock:
                self._waiting += 1
                self._work_came.wait_for(self._may_go_on)
                self._waiting -= 1
                if not self._wants_claims():
                    if not self._claimed:
                        # Left in the same breath: a candidate offered a moment later gets a new thread.
                        self._leave()
                        return None
                    self._sending += 1
                    delivery = self._claimed.popleft()
                    self._hire()
                    return delivery
                self._size = min(2 * self._size, self._bounds.batch) if self._sending else self._bounds.first
                batch = [self._candidates.popleft() for _ in range(min(self._size, len(self._candidates)))]
                self._claiming = True
                self._hire()
            self._claim_for_all(batch)

    def _may_go_on(self) -> bool:
        if self._claimed and self._sending < self._bounds.unrecorded:
            return True
        return not self._claiming and (not self._claimed or self._wants_claims())

    def _wants_claims(self) -> bool:
        if not self._candidates or self._claiming:
            return False
        return not self._claimed or (self._sending > 0 and len(self._claimed) <= self._bounds.low)

    def _claim_for_all(self, batch: Sequence[Delivery]) -> None:
        claimed: list[Delivery] = []
        try:
            claimed = self._claim(batch)
        finally:
            with self._lock:
                self._claiming = False
                kept = {delivery.id for delivery in claimed}
                self._known -= {delivery.id for delivery in batch} - kept
                unsent = claimed if self._closing else []
                if not self._closing:
                    self._claimed.extend(claimed)
                self._work_came.notify_all()
        if unsent:
            self._give_back(unsent)


class _Processor:
    """How busy this process keeps it: Python runs one thread at a time, and more of them get in each other's way."""

    def __init__(self) -> None:
        self._at = self._used = 0.0
        self._busy = False

    def busy(self) -> bool:
        """Whether it left no more than a fifth of the time unused lately. Not for several threads at once."""
        now = time.monotonic()
        if now - self._at >= WATCHED_FOR:
            used = time.process_time()
            self._busy = used - self._used >= BUSY * (now - self._at)
            self._at, self._used = now, used
        return self._busy
