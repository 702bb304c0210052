"""A worker pool under real threads: everything is sent once, within its limits, and nobody is forgotten."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from pressrelease.publishing.workers import REPEATABLE_LIMITS, UNREPEATABLE_LIMITS, Limits, OutletWorkers
from pressrelease.release.delivery import Delivery, DeliveryState

NARROW = Limits(senders=3, claims=6, first_batch=2, max_batch=3)
SINGLE = Limits(senders=1, claims=2, first_batch=1, max_batch=1)


def deliveries(count: int, start: int = 1) -> list[Delivery]:
    return [
        Delivery(number, f"r-{number}", "v", "media", "", DeliveryState.WAITING)
        for number in range(start, start + count)
    ]


@dataclass
class Outlet:
    """Claims, sends and records by chance; notes what was asked of it, and the most that was ever under way."""

    seed: int
    pause: float = 0.0
    refuses_claims: bool = False
    sent: Counter[int] = field(default_factory=Counter)
    given_back: list[int] = field(default_factory=list)
    most_sending: int = 0
    most_claimed: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random(self.seed)
        self._sending = self._claimed = 0
        self._disk = ThreadPoolExecutor(1)
        self.gate = threading.Event()
        self.gate.set()

    def claim(self, candidates: Sequence[Delivery]) -> list[Delivery]:
        time.sleep(self._chance.random() * self.pause)
        with self._lock:
            claimed = [one for one in candidates if not (self.refuses_claims and self._chance.random() < 0.3)]
            self._claimed += len(claimed)
            self.most_claimed = max(self.most_claimed, self._claimed)
        return claimed

    def send(self, delivery: Delivery) -> Future[None]:
        with self._lock:
            self.sent[delivery.id] += 1
            self._sending += 1
            self.most_sending = max(self.most_sending, self._sending)
        self.gate.wait()
        time.sleep(self._chance.random() * self.pause)
        with self._lock:
            self._sending -= 1
        return self._disk.submit(self._record)

    def _record(self) -> None:
        time.sleep(self._chance.random() * self.pause)
        with self._lock:
            self._claimed -= 1

    def give_back(self, claimed: Sequence[Delivery]) -> None:
        with self._lock:
            self.given_back += [one.id for one in claimed]


@contextmanager
def workers_for(outlet: Outlet, limits: Limits) -> Iterator[OutletWorkers]:
    workers = OutletWorkers("media", limits=limits, claim=outlet.claim, send=outlet.send, give_back=outlet.give_back)
    try:
        yield workers
    finally:
        outlet.gate.set()
        workers.close()


@pytest.mark.parametrize(
    "limits",
    [REPEATABLE_LIMITS, UNREPEATABLE_LIMITS, NARROW, SINGLE],
    ids=["repeatable", "unrepeatable", "narrow", "single"],
)
@pytest.mark.parametrize("pause", [0.0, 0.002])
def test_everything_is_sent_once_within_the_bounds(limits: Limits, pause: float) -> None:
    for seed in range(6):
        outlet = Outlet(seed, pause)
        count = 150 if limits is not SINGLE else 30
        with workers_for(outlet, limits) as workers:
            offered = deliveries(count)
            for start in range(0, count, 40):
                workers.offer(offered[start : start + 60])  # some are offered twice
            assert workers.wait_idle(20), (seed, vars(workers))
            assert workers.idle
        assert outlet.sent == Counter(dict.fromkeys(range(1, count + 1), 1))
        assert outlet.most_sending <= limits.senders
        assert outlet.most_claimed <= limits.claims


def test_what_was_not_claimed_may_be_offered_again() -> None:
    outlet = Outlet(7, refuses_claims=True)
    with workers_for(outlet, NARROW) as workers:
        for _ in range(40):
            left = [one for one in deliveries(50) if one.id not in outlet.sent]
            workers.offer(left)
            assert workers.wait_idle(20)
    assert outlet.sent == Counter(dict.fromkeys(range(1, 51), 1))


def test_idle_and_busy_again_a_thousand_times() -> None:
    outlet = Outlet(3)
    with workers_for(outlet, NARROW) as workers:
        for number in range(1000):
            workers.offer(deliveries(1 + number % 3, start=1 + 3 * number))
            assert workers.wait_idle(20), number
    assert set(outlet.sent.values()) == {1}


def test_senders_that_hang_keep_no_others_from_sending() -> None:
    hung = threading.Event()
    outlet = Outlet(1)

    def send(delivery: Delivery) -> Future[None]:
        if delivery.id <= 5:
            hung.wait()
        return outlet.send(delivery)

    workers = OutletWorkers(
        "media", limits=REPEATABLE_LIMITS, claim=outlet.claim, send=send, give_back=outlet.give_back
    )
    workers.offer(deliveries(5))
    time.sleep(0.1)
    began = time.monotonic()
    workers.offer(deliveries(20, start=6))
    while sum(outlet.sent.values()) < 20 and time.monotonic() - began < 20:
        time.sleep(0.005)
    took = time.monotonic() - began
    assert sorted(outlet.sent) == list(range(6, 26))
    assert took < 5
    assert not workers.idle
    hung.set()
    assert workers.wait_idle(20)
    workers.close()


def test_closing_finishes_what_was_started_and_gives_back_the_rest() -> None:
    outlet = Outlet(5)
    outlet.gate.clear()
    with workers_for(outlet, UNREPEATABLE_LIMITS) as workers:
        workers.offer(deliveries(100))
        while not outlet.sent:
            time.sleep(0.001)
        time.sleep(0.05)
        threading.Timer(0.05, outlet.gate.set).start()
        workers.close()
        assert workers.idle
        sent, given_back = set(outlet.sent), set(outlet.given_back)
        assert not sent & given_back
        workers.offer(deliveries(1, start=500))
        assert 500 not in outlet.sent


def test_a_send_that_fails_in_an_unknown_way_ends_no_worker() -> None:
    outlet = Outlet(2)

    def send(delivery: Delivery) -> Future[None]:
        if delivery.id % 4 == 0:
            raise SystemExit
        return outlet.send(delivery)

    workers = OutletWorkers("media", limits=NARROW, claim=outlet.claim, send=send, give_back=outlet.give_back)
    workers.offer(deliveries(40))
    assert workers.wait_idle(20)
    workers.close()
    assert sorted(outlet.sent) == [number for number in range(1, 41) if number % 4]


def test_a_claim_that_fails_in_an_unknown_way_ends_no_claiming() -> None:
    outlet = Outlet(4)
    failed: list[int] = []

    def claim(candidates: Sequence[Delivery]) -> list[Delivery]:
        if not failed:
            failed.extend(one.id for one in candidates)
            raise SystemExit
        return outlet.claim(candidates)

    workers = OutletWorkers("media", limits=NARROW, claim=claim, send=outlet.send, give_back=outlet.give_back)
    workers.offer(deliveries(40))
    assert workers.wait_idle(20)
    assert sorted(outlet.sent) == [number for number in range(1, 41) if number not in failed]
    workers.offer(deliveries(40))  # what was not claimed is offered again by the next look
    assert workers.wait_idle(20)
    workers.close()
    assert set(failed) <= set(outlet.sent)


@pytest.mark.parametrize("limits", [REPEATABLE_LIMITS, UNREPEATABLE_LIMITS, NARROW, SINGLE])
def test_there_is_room_for_another_claim_while_every_sender_waits(limits: Limits) -> None:
    assert limits.senders + limits.max_batch <= limits.claims
    outlet = Outlet(6)
    outlet.gate.clear()
    with workers_for(outlet, limits) as workers:
        workers.offer(deliveries(1000))
        end = time.monotonic() + 20
        while outlet.most_sending < limits.senders and time.monotonic() < end:
            time.sleep(0.005)
        assert outlet.most_sending == limits.senders
        assert not workers.wait_idle(0.05)
        assert outlet.most_claimed <= limits.claims


def test_two_that_find_the_same_due_share_it() -> None:
    taken: set[int] = set()
    lock = threading.Lock()

    def claim(candidates: Sequence[Delivery]) -> list[Delivery]:
        with lock:
            mine = [one for one in candidates if one.id not in taken]
            taken.update(one.id for one in mine)
        return mine

    outlets = {"a": Outlet(1, 0.002), "b": Outlet(2, 0.002)}
    pools = [
        OutletWorkers(
            name,
            limits=UNREPEATABLE_LIMITS,
            claim=claim,
            send=outlet.send,
            give_back=outlet.give_back,
        )
        for name, outlet in outlets.items()
    ]
    for workers in pools:
        workers.offer(deliveries(800))
    for workers in pools:
        assert workers.wait_idle(30)
        workers.close()
    sent = outlets["a"].sent + outlets["b"].sent
    assert sent == Counter(dict.fromkeys(range(1, 801), 1))
    assert min(len(outlet.sent) for outlet in outlets.values()) > 150
