"""One outlet's worker pool. Each outlet has its own, so that one that hangs delays no other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from pressrelease.release.delivery import Delivery

#: Seconds between resize checks: short after growing, long otherwise. Each check costs CPU time.
RESIZE_INTERVAL_SHORT, RESIZE_INTERVAL_LONG = 0.004, 0.016

#: A pool that finishes fewer deliveries a second than this is waiting for its outlet, not for a processor.
SLOW_OUTLET_RATE = 500

#: The share of a processor that this process may use before more workers only slow each other down (Python runs one
#: thread
#: at a time), and the share above which fewer are better.
CPU_SHARE_ENOUGH, CPU_SHARE_FULL = 0.7, 0.9


@dataclass(frozen=True)
class Limits:
    """How much a worker pool takes on at once.

    At most `senders` send at the same time. `unrecorded` is how many may have been sent, or be about to be, without
    their
    answers on disk. `initial_batch` are claimed while nobody sends, because a few soon are better than many later. Each
    further claim takes twice as many, `max_batch` at most, as soon as no more than `refill_below` claimed ones are
    left.
    """

    senders: int
    unrecorded: int
    initial_batch: int
    max_batch: int
    refill_below: int


#: At an outlet that recognizes repeats.
REPEATABLE_LIMITS = Limits(senders=64, unrecorded=192, initial_batch=32, max_batch=256, refill_below=96)

#: And at any other. If this process dies, a person must look into each send it had started: 16 after a `kill -9`, at
#: most 128 after a power failure, which destroys the log of what had started.
UNREPEATABLE_LIMITS = Limits(senders=16, unrecorded=64, initial_batch=16, max_batch=48, refill_below=16)


class OutletWorkers:
    """Deliveries wait here; threads claim them in batches and send them one by one.

    `claim` takes candidates and returns those that this process may now send; `send` sends one claimed delivery and
    returns
    a future that is done when the answer is durable; `give_back` ends claims that will not be sent.
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
        self._work_came = threading.Condition(self._lock)
        self._work_ended = threading.Condition(self._lock)
        self._candidates: deque[Delivery] = deque()
        self._claimed: deque[Delivery] = deque()
        self._known: set[int] = set()
        self._claiming = False
        self._size = limits.initial_batch
        self._sending = 0
        self._threads: set[threading.Thread] = set()
        self._wanted = 1
        self._at_work = 0
        self._finished = 0
        self._adjusting = False
        self._closing = False

    def offer(self, candidates: Iterable[Delivery]) -> None:
        """Add due deliveries. Skip those that this pool already has in hand."""
        with self._lock:
            if self._closing:
                return
            for delivery in candidates:
                if delivery.id not in self._known:
                    self._known.add(delivery.id)
                    self._candidates.append(delivery)
            self._wake_workers()

    def _wake_workers(self) -> None:
        """Make sure that waiting work is taken up: one worker at once, and more if they would help."""
        if not self._candidates and not self._claimed:
            return
        if not self._threads:
            self._start_worker()
        elif not self._adjusting:
            self._adjusting = True
            threading.Thread(target=self._adjust_size, name=f"resize {self.name}", daemon=True).start()

    def _start_worker(self) -> None:
        thread = threading.Thread(target=self._work, name=f"worker {self.name}", daemon=True)
        self._threads.add(thread)
        thread.start()

    @property
    def worth_writing(self) -> int:
        """How many answers make a group: all that may come soon, or half of what may be unrecorded."""
        return min(self._sending, self._limits.unrecorded // 2)

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting, claimed or being sent here, and every answer is durable."""
        return not self._threads and not self._sending

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do here. Return False after `timeout` seconds."""
        with self._lock:
            return self._work_ended.wait_for(lambda: self.idle, timeout)

    def close(self) -> None:
        """Take nothing more on, finish what is being sent, and give back claims that were not started."""
        with self._lock:
            self._closing = True
            self._candidates.clear()
            unsent = list(self._claimed)
            self._claimed.clear()
            self._work_came.notify_all()
        if unsent:
            self._give_back(unsent)
        self.wait_idle()

    # -- how many workers -----------------------------------------------------------------------------------

    def _adjust_size(self) -> None:
        """While work waits, add workers if they would help, and remove some if they don't."""
        use = _CpuUse()
        before = self._finished
        pause = RESIZE_INTERVAL_SHORT
        while True:
            time.sleep(pause)
            used = use.share()
            with self._lock:
                if self._closing or not (self._candidates or self._claimed):
                    self._adjusting = False
                    return
                finished, before = self._finished - before, self._finished
                if self._at_work >= self._wanted:  # else they wait for a claim, or for the disk
                    better = self._better_number(used, finished / pause)
                    pause = RESIZE_INTERVAL_SHORT if better > self._wanted else RESIZE_INTERVAL_LONG
                    self._wanted = better
                while len(self._threads) < self._wanted + 1:  # one claims while the others send
                    self._start_worker()
                self._work_came.notify(max(1, self._wanted - self._at_work))

    def _better_number(self, used: float, a_second: float) -> int:
        if used < CPU_SHARE_ENOUGH or a_second < SLOW_OUTLET_RATE:
            return min(self._limits.senders, 2 * self._wanted)
        return max(1, self._wanted - 1) if used > CPU_SHARE_FULL else self._wanted

    # -- in a worker's thread -------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            while (delivery := self._next()) is not None:
                try:
                    self._send_one(delivery)
                finally:
                    with self._lock:
                        self._at_work -= 1
                        self._finished += 1
        finally:
            with self._lock:
                self._leave_pool()
                self._wake_workers()

    def _send_one(self, delivery: Delivery) -> None:
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
            if self._claimed and self._at_work < self._wanted:
                self._work_came.notify()
            self._signal_if_idle()

    def _leave_pool(self) -> None:
        self._threads.discard(threading.current_thread())
        self._work_came.notify()  # another one that waits for work may leave as well
        self._signal_if_idle()

    def _signal_if_idle(self) -> None:
        if self.idle:
            self._wanted = 1
            self._work_ended.notify_all()

    def _next(self) -> Delivery | None:
        """Return the next claimed delivery, or None if nothing is left. One thread at a time claims more for all."""
        while True:
            with self._lock:
                self._work_came.wait_for(lambda: self._may_send() or self._needs_claims() or self._is_done())
                if self._may_send():
                    self._sending += 1
                    self._at_work += 1
                    delivery = self._claimed.popleft()
                    self._wake_workers()
                    if self._needs_claims():
                        self._work_came.notify()
                    return delivery
                if not self._needs_claims():
                    # Leave under the same lock: a candidate offered a moment later gets a new thread.
                    self._leave_pool()
                    return None
                self._size = (
                    min(2 * self._size, self._limits.max_batch) if self._sending else self._limits.initial_batch
                )
                batch = [self._candidates.popleft() for _ in range(min(self._size, len(self._candidates)))]
                self._claiming = True
            self._claim_for_all(batch)

    def _may_send(self) -> bool:
        return bool(self._claimed) and self._sending < self._limits.unrecorded and self._at_work < self._wanted

    def _is_done(self) -> bool:
        return not self._claimed and not self._candidates and not self._claiming

    def _needs_claims(self) -> bool:
        if not self._candidates or self._claiming:
            return False
        return not self._claimed or (self._sending > 0 and len(self._claimed) <= self._limits.refill_below)

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
                if 2 * len(claimed) < len(batch):
                    # Another process has started with the same ones: it continues there, and this one elsewhere.
                    self._candidates.rotate(-(len(self._candidates) // 2))
                self._work_came.notify_all()
        if unsent:
            self._give_back(unsent)


class _CpuUse:
    """The processor time that this process used since the last call."""

    def __init__(self) -> None:
        self._at, self._used = time.monotonic(), time.process_time()

    def share(self) -> float:
        """Return the share: 1.0 is one processor, all the time."""
        at, used = time.monotonic(), time.process_time()
        share = (used - self._used) / max(at - self._at, 1e-9)
        self._at, self._used = at, used
        return share
