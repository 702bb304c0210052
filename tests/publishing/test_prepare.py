"""What is made ready ahead of a lift: nothing of it leaves before, and what happens afterwards still counts."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import workshop

from pressrelease.config import Policy, Retry
from pressrelease.errors import WillRetry
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.publishing import rendering
from pressrelease.publishing.cycle import Cycle
from pressrelease.publishing.plan import AHEAD
from pressrelease.publishing.snapshot import Snapshot
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.scheduler.run import Scheduler
from pressrelease.services import ServiceContext, approving, scheduling, stopping
from pressrelease.store.batched_query import BatchedQuery
from pressrelease.store.claims import claim
from pressrelease.system import clock
from pressrelease.wiring import sending


@dataclass
class Noting(workshop.WritesDown):
    """An outlet that notes what it was asked to make ready."""

    made: list[str] = field(default_factory=list)
    warmed: list[int] = field(default_factory=list)

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        self.made.append(recipient or message.slug)
        return super().prepare(message, key=key, recipient=recipient)

    def warm(self, sends: int = 4) -> None:
        self.warmed.append(sends)


@pytest.fixture
def place(tmp_path: Path) -> workshop.Place:
    (tmp_path / "releases").mkdir()
    return workshop.Place(tmp_path, {"page": Noting("page", tmp_path)})


def outlet(place: workshop.Place) -> Noting:
    found = place.made["page"]
    assert isinstance(found, Noting)
    return found


def prepared(place: workshop.Place, cycle: Cycle) -> Snapshot:
    seen = cycle.look()
    cycle.prepare(seen.plan.coming, until=clock.utc_now() + timedelta(seconds=10))
    return seen


def wait_for(moment: datetime) -> None:
    while clock.utc_now() < moment:
        time.sleep(0.005)


def test_what_is_made_ready_stays_here_and_is_not_claimed(place: workshop.Place) -> None:
    lift = workshop.soon(1.5)
    workshop.schedule(place, "names", lift)
    workshop.schedule(place, "far", lift + AHEAD + timedelta(minutes=1))
    with sending(place, clock.utc_now()) as cycle:
        lines = list(place.store.read.journal())
        seen = prepared(place, cycle)
        assert [one.slug for one in seen.plan.coming] == ["names"]
        cycle.send_without_refresh(seen)
        cycle.drain(1)
        assert clock.utc_now() < lift
        assert outlet(place).made == ["names"]
        assert outlet(place).warmed == [1]
        assert outlet(place).got() == []
        assert {one.state for one in workshop.deliveries(place.store)} == {DeliveryState.WAITING}
        assert {one.attempts for one in workshop.deliveries(place.store)} == {0}
        assert list(place.store.read.journal()) == lines, "a rehearsal left something behind"
        wait_for(lift)
        cycle.send_without_refresh(seen)
        assert cycle.drain(5)
    assert [slug for _, slug, _, _ in outlet(place).got()] == ["names"]
    assert outlet(place).made == ["names"], "it was made once more at the instant"


def hold(place: workshop.Place) -> None:
    stopping.hold(ServiceContext(place, "jdoe"), "names", "wait")


def stop(place: workshop.Place) -> None:
    stopping.stop(ServiceContext(place, "jdoe"), "wait")


def edit(place: workshop.Place) -> None:
    (place.folder / "releases" / "names.md").write_text("Other words.")


def take_away(place: workshop.Place) -> None:
    (place.folder / "releases" / "names.md").unlink()


def unapprove(place: workshop.Place) -> None:
    approving.unapprove(ServiceContext(place, "jdoe"), "names")


def unschedule(place: workshop.Place) -> None:
    scheduling.unschedule(ServiceContext(place, "jdoe"), "names")


def put_off(place: workshop.Place) -> None:
    workshop.schedule(place, "names", workshop.soon(3600))


@pytest.mark.parametrize("meanwhile", [hold, stop, edit, take_away, unapprove, unschedule, put_off])
def test_what_happens_after_it_was_made_ready_still_counts(
    place: workshop.Place, meanwhile: Callable[[workshop.Place], None]
) -> None:
    lift = workshop.soon(1.2)
    workshop.schedule(place, "names", lift)
    with sending(place, clock.utc_now()) as cycle:
        seen = prepared(place, cycle)
        assert outlet(place).made == ["names"]
        meanwhile(place)
        wait_for(lift)
        cycle.send_without_refresh(seen)
        assert cycle.drain(5)
        assert outlet(place).got() == []


def test_another_version_is_rendered_again(place: workshop.Place) -> None:
    lift = workshop.soon(1.5)
    workshop.schedule(place, "names", lift)
    with sending(place, clock.utc_now()) as cycle:
        prepared(place, cycle)
        workshop.schedule(place, "names", lift + timedelta(milliseconds=1))
        seen = prepared(place, cycle)
        wait_for(lift + timedelta(milliseconds=1))
        cycle.send_without_refresh(seen)
        assert cycle.drain(5)
    assert outlet(place).made == ["names", "names"]
    assert len(outlet(place).got()) == 1


@pytest.mark.parametrize(("name", "room"), [("AHEAD", 3), ("AHEAD_BYTES", 40)])
def test_no_more_is_made_ready_than_there_is_room_for(
    place: workshop.Place, monkeypatch: pytest.MonkeyPatch, name: str, room: int
) -> None:
    monkeypatch.setattr(rendering, name, room)
    lift = workshop.soon(3)
    for number in range(8):
        workshop.schedule(place, f"release-{number}", lift)
    with sending(place, clock.utc_now()) as cycle:
        seen = prepared(place, cycle)
        ready = len(outlet(place).made)
        assert 1 <= ready <= 3
        prepared(place, cycle)
        assert len(outlet(place).made) == ready, "what is ready was made again"
        wait_for(lift)
        cycle.send_without_refresh(seen)
        assert cycle.drain(10)
    assert len(outlet(place).got()) == 8


def test_what_was_composed_last_is_at_hand_and_what_was_used_longest_ago_is_let_go(
    place: workshop.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for slug in ("a", "b", "c"):
        workshop.schedule(place, slug, workshop.soon(60))
    by_slug = {delivery.slug: delivery for delivery in workshop.deliveries(place.store)}
    composed: list[str] = []
    compose = rendering.compose
    monkeypatch.setattr(
        rendering, "compose", lambda release, **given: composed.append(release.slug) or compose(release, **given)
    )
    monkeypatch.setattr(rendering, "KEPT", 2)
    kept = rendering.RenderCache(place.config, place.store)
    for slug in ("a", "b", "a", "c", "a", "c", "b"):  # c takes b's place, since a was used after it
        kept.message(by_slug[slug])
    assert composed == ["a", "b", "c", "b"]
    monkeypatch.setattr(rendering, "KEPT_BYTES", -1)  # no room at all: the newest stays all the same
    kept.message(by_slug["a"])
    kept.message(by_slug["a"])
    kept.message(by_slug["b"])
    assert composed == ["a", "b", "c", "b", "a", "b"]


def test_a_lift_is_not_waited_for_by_what_makes_ready(place: workshop.Place) -> None:
    workshop.schedule(place, "names", workshop.soon(20))
    with sending(place, clock.utc_now()) as cycle:
        seen = cycle.look()
        cycle.prepare(seen.plan.coming, until=clock.utc_now())
        assert outlet(place).made == []


def test_the_scheduler_makes_ready_ahead_and_sends_at_the_instant(place: workshop.Place) -> None:
    lift = workshop.soon(2.5)
    workshop.schedule(place, "names", lift)
    daemon = Scheduler(place, lambda words: None)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        end = time.monotonic() + 10
        while not outlet(place).got():
            if clock.utc_now() < lift - timedelta(milliseconds=300) and outlet(place).made:
                assert outlet(place).warmed
            assert time.monotonic() < end
            time.sleep(0.01)
    finally:
        daemon.end()
        thread.join(20)
    ((at, slug, _, _),) = outlet(place).got()
    assert slug == "names"
    assert at >= lift
    assert outlet(place).made == ["names"]
    assert [one.state for one in workshop.deliveries(place.store)] == [DeliveryState.DELIVERED]


# -- many senders' questions as one ------------------------------------------------------------------------------------


def test_nobody_is_answered_by_a_question_that_was_put_before_they_asked() -> None:
    truth = 0
    put: list[Sequence[int]] = []
    first, go_on = threading.Event(), threading.Event()

    def ask_all(numbers: Sequence[int]) -> dict[int, int]:
        put.append(list(numbers))
        found = truth
        if len(put) == 1:
            first.set()
            go_on.wait(5)
        return dict.fromkeys(numbers, found)

    together: BatchedQuery[int] = BatchedQuery(ask_all)
    heard: dict[int, int | None] = {}
    threads = [threading.Thread(target=lambda n=n: heard.update({n: together.ask(n)})) for n in range(6)]
    threads[0].start()
    first.wait(5)
    truth = 1
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.1)
    go_on.set()
    for thread in threads:
        thread.join(5)
    assert heard == {0: 0} | dict.fromkeys(range(1, 6), 1)
    assert [len(numbers) for numbers in put] == [1, 5]


def test_each_caller_that_joined_gets_the_error_and_the_next_query_runs() -> None:
    answers: list[object] = [WillRetry("busy"), {1: "one"}]

    def ask_all(numbers: Sequence[int]) -> dict[int, str]:
        answer = answers.pop(0)
        if isinstance(answer, WillRetry):
            raise answer
        assert isinstance(answer, dict)
        return answer

    together: BatchedQuery[str] = BatchedQuery(ask_all)
    with pytest.raises(WillRetry):
        together.ask(1)
    assert together.ask(1) == "one"
    assert answers == []


def test_sixty_who_ask_at_all_times_are_each_answered_and_one_question_is_put_at_a_time() -> None:
    under_way = 0
    most = 0
    put: list[int] = []

    def ask_all(numbers: Sequence[int]) -> dict[int, int]:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        put.append(len(numbers))
        time.sleep(0.0005)
        under_way -= 1
        return {number: -number for number in numbers}

    together: BatchedQuery[int] = BatchedQuery(ask_all)
    wrong: list[tuple[int, int | None]] = []

    def sender(first: int) -> None:
        for number in range(first, first + 40):
            if (heard := together.ask(number)) != -number:
                wrong.append((number, heard))

    threads = [threading.Thread(target=sender, args=(1000 * place,), daemon=True) for place in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)  # nobody is left waiting
    assert not wrong
    assert most == 1
    assert sum(put) == 60 * 40 > 4 * len(put)


def test_two_lanes_that_first_send_at_once_find_their_libraries_whole() -> None:
    script = """
import threading
from datetime import timedelta
from pressrelease.outlets.http import Http
gate = threading.Barrier(2)
failed = []
def through_http():
    gate.wait()
    try: Http(called="x", timeout=timedelta(seconds=1))._addressed("https://x.example/")
    except BaseException as error: failed.append(error)
def as_mail_does():
    gate.wait()
    try: import pressrelease.outlets.deadline
    except BaseException as error: failed.append(error)
threads = [threading.Thread(target=through_http), threading.Thread(target=as_mail_does)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert not failed, failed
"""
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_a_rehearsed_claim_still_asks_every_guard(place: workshop.Place) -> None:
    """The statement is made once for a policy, with the moment given anew each time."""
    lift = workshop.soon(0.5)
    workshop.schedule(place, "names", lift)
    (one,) = workshop.deliveries(place.store)

    def claimed(now: datetime, policy: Policy) -> list[Delivery]:
        with place.store.ledger(now=now, actor="scheduler", undo=True) as ledger:
            lease = now + timedelta(minutes=5)
            return claim(ledger, [one.id], owner="me", lease_until=lease, policy=policy, retry=Retry())

    one_needed, two_needed = Policy(approvals=1), Policy(approvals=2)
    for _ in range(2):
        assert claimed(lift - timedelta(microseconds=1), one_needed) == []
        assert [found.slug for found in claimed(lift, one_needed)] == ["names"]
        assert claimed(lift, two_needed) == []
        assert claimed(lift + timedelta(days=2), one_needed) == []
