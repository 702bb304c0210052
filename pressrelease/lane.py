"""One outlet's senders. Each outlet has a lane of its own, so that one that hangs costs the others nothing."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from pressrelease.delivery import Delivery

#: How many are claimed at once by an outlet's senders that have nothing to send.
FIRST = 32


class Lane:
    """Candidates wait here; up to `width` threads claim them in batches and send them one by one.

    `claim` takes candidates and returns those that are now this process's to send; `send` sends one claimed
    delivery and returns when its answer is durable; `give_back` ends claims that will not be sent.
    """

    def __init__(
        self,
        name: str,
        *,
        width: int,
        batch: int,
        claim: Callable[[Sequence[Delivery]], list[Delivery]],
        send: Callable[[Delivery], None],
        give_back: Callable[[Sequence[Delivery]], None],
    ) -> None:
        self.name = name
        self._width = width
        self._batch = batch
        self._claim = claim
        self._send = send
        self._give_back = give_back
        self._changed = threading.Condition()
        self._candidates: deque[Delivery] = deque()
        self._claimed: deque[Delivery] = deque()
        self._known: set[int] = set()
        self._claiming = False
        self._sending = 0
        self._threads: set[threading.Thread] = set()
        self._waiting = 0
        self._closing = False

    def offer(self, candidates: Iterable[Delivery]) -> None:
        """Add what is due; what this lane already has in hand is passed over."""
        with self._changed:
            if self._closing:
                return
            for delivery in candidates:
                if delivery.id not in self._known:
                    self._known.add(delivery.id)
                    self._candidates.append(delivery)
            self._hire()
            self._changed.notify_all()

    def _hire(self) -> None:
        """Have one more thread, where there is work and no thread that waits for some: one that hangs serves nobody.

        Each that takes something up hires the next, so that the first is not kept waiting by the making of them all.
        """
        if (self._candidates or self._claimed) and not self._waiting and len(self._threads) < self._width:
            thread = threading.Thread(target=self._work, name=f"lane {self.name}", daemon=True)
            self._threads.add(thread)
            thread.start()

    @property
    def sending(self) -> int:
        """How many deliveries are between claim and durable answer in some thread's hands."""
        return self._sending

    @property
    def idle(self) -> bool:
        """Whether nothing is waiting, claimed or being sent here."""
        with self._changed:
            return not self._threads

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Wait until nothing is left to do here; False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._threads, timeout)

    def close(self) -> None:
        """Take nothing more on, finish what is in flight, and give back what was claimed and not begun."""
        with self._changed:
            self._closing = True
            self._candidates.clear()
            unsent = list(self._claimed)
            self._claimed.clear()
            self._changed.notify_all()
        if unsent:
            self._give_back(unsent)
        self.wait_idle()

    def _work(self) -> None:
        try:
            while (delivery := self._next()) is not None:
                try:
                    self._send(delivery)
                finally:
                    with self._changed:
                        self._sending -= 1
                        self._known.discard(delivery.id)
        finally:
            with self._changed:
                self._threads.discard(threading.current_thread())
                self._hire()
                self._changed.notify_all()

    def _next(self) -> Delivery | None:
        """The next claimed delivery; one thread at a time claims more for all. None: nothing is left."""
        while True:
            with self._changed:
                self._waiting += 1
                self._changed.wait_for(lambda: self._claimed or not self._claiming)
                self._waiting -= 1
                if self._claimed:
                    self._sending += 1
                    delivery = self._claimed.popleft()
                    self._hire()
                    return delivery
                if not self._candidates:
                    # Left in the same breath: a candidate offered a moment later gets a new thread.
                    self._threads.discard(threading.current_thread())
                    return None
                # While nobody sends, a few are claimed soon rather than many later.
                size = min(self._batch if self._sending else FIRST, len(self._candidates))
                batch = [self._candidates.popleft() for _ in range(size)]
                self._claiming = True
            claimed: list[Delivery] = []
            try:
                claimed = self._claim(batch)
            finally:
                with self._changed:
                    self._claiming = False
                    kept = {delivery.id for delivery in claimed}
                    self._known -= {delivery.id for delivery in batch} - kept
                    unsent = claimed if self._closing else []
                    if not self._closing:
                        self._claimed.extend(claimed)
                    self._changed.notify_all()
            if unsent:
                self._give_back(unsent)
