"""Sending with real threads, real processes and a real disk: hanging outlets, signals, and several senders at once."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import workshop
from conftest import NOW
from simulator.machine import Fates, FragileStore, Machine, running_on
from social_servers import a_message
from sqlalchemy import text

from pressrelease.config import Policy, Retry
from pressrelease.errors import StateUnreadable, WillRetry
from pressrelease.publishing.recorder import Entry, Recorder
from pressrelease.release.delivery import Certainty, DeliveryFailed, DeliveryState, Repeats
from pressrelease.scheduler.passes import publish_due
from pressrelease.scheduler.run import Scheduler
from pressrelease.store.claims import Result, claim
from pressrelease.store.journal import first_break
from pressrelease.system import clock
from pressrelease.wiring import sending

spawn = multiprocessing.get_context("spawn")
UNTOLD = Repeats(told_apart=False)


def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def states(place: workshop.Place, outlet: str) -> list[str]:
    return [one.state.value for one in workshop.deliveries(place.store) if one.outlet == outlet]


def test_an_outlet_that_hangs_costs_the_others_nothing(tmp_path: Path) -> None:
    place = workshop.found(tmp_path, slow={}, page={}, mail={"people": ("a@x.example", "b@x.example")})
    hang = tmp_path / "slow.hang"
    hang.touch()
    workshop.schedule(place, "operation")
    with sending(place, clock.utc_now()) as cycle:
        cycle.dispatch(cycle.look().plan.due)
        until(lambda: states(place, "page") == ["delivered"] and states(place, "mail") == ["delivered"] * 2)
        until(lambda: states(place, "slow") == ["sending"])  # its worker is another thread
        workshop.schedule(place, "names")
        cycle.dispatch(cycle.look().plan.due)
        until(lambda: states(place, "page") == ["delivered"] * 2)
        # Nor does one release keep the next waiting at the very outlet that hangs.
        until(lambda: states(place, "slow") == ["sending"] * 2)
        assert not cycle.idle
        assert not cycle.drain(0.05)
        hang.unlink()
        assert cycle.drain(10)
    assert {one.state for one in workshop.deliveries(place.store)} == {DeliveryState.DELIVERED}


def test_closing_finishes_what_is_in_flight_and_gives_back_the_rest(tmp_path: Path) -> None:
    people = tuple(f"r{n}@x.example" for n in range(160))
    place = workshop.found(tmp_path, mail={"people": people, "seconds": 0.4})
    workshop.schedule(place, "operation")
    with sending(place, clock.utc_now()) as cycle:
        cycle.dispatch(cycle.look().plan.due)
        until(place.made["mail"].got)
    arrived = {who for _, _, who, _ in place.made["mail"].got()}
    assert 0 < len(arrived) < len(people)
    for one in workshop.deliveries(place.store):
        expected = DeliveryState.DELIVERED if one.recipient in arrived else DeliveryState.WAITING
        assert one.state is expected
        assert one.attempts == (1 if one.recipient in arrived else 0)
    publish_due(place)
    assert sorted(who for _, _, who, _ in place.made["mail"].got()) == sorted(people)


def _one_pass(place: workshop.Place, start: threading.Barrier) -> None:
    start.wait(60)
    publish_due(place)
    place.store.close()


def test_passes_in_several_processes_send_each_delivery_once(tmp_path: Path) -> None:
    place = workshop.found(tmp_path, page={}, mail={"repeats": UNTOLD, "people": ("a@x.example", "b@x.example")})
    for number in range(12):
        workshop.schedule(place, f"release-{number}")
    place.store.close()
    start = spawn.Barrier(3)
    fresh = workshop.Place(place.folder, place.made)
    processes = [spawn.Process(target=_one_pass, args=(fresh, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    for name, count in (("page", 12), ("mail", 24)):
        keys = [key for _, _, _, key in place.made[name].got()]
        assert len(keys) == len(set(keys)) == count
    assert {one.state for one in workshop.deliveries(place.store)} == {DeliveryState.DELIVERED}
    assert first_break(place.store.read.journal()) is None


def _stay_up(place: workshop.Place) -> None:
    daemon = Scheduler(place, lambda words: None)
    daemon.end_on_signals()
    daemon.run()


@pytest.fixture
def running(tmp_path: Path) -> tuple[workshop.Place, multiprocessing.process.BaseProcess]:
    """A scheduler in a process of its own, over a page and a mail outlet that take their time."""
    place = workshop.found(
        tmp_path, page={"seconds": 0.5}, mail={"repeats": UNTOLD, "people": ("a@x.example",), "seconds": 0.5}
    )
    workshop.schedule(place, "far", workshop.soon(3600))
    place.store.close()
    process = spawn.Process(target=_stay_up, args=(workshop.Place(place.folder, place.made),), daemon=True)
    process.start()
    until(lambda: any(one.kind == "run" for one in place.store.read.processes()), 30)
    yield place, process
    process.kill()
    process.join(10)
    place.store.close()


def test_the_scheduler_sends_at_the_instant_and_ends_in_good_order(running: tuple[workshop.Place, object]) -> None:
    place, process = running
    lift = workshop.soon(2)
    workshop.schedule(place, "names", lift)
    until(lambda: place.made["page"].got() and place.made["mail"].got())
    os.kill(process.pid, signal.SIGTERM)
    process.join(20)
    assert process.exitcode == 0
    for name in ("page", "mail"):
        (at, slug, _, _), *more = place.made[name].got()
        assert not more
        assert slug == "names"
        assert timedelta(0) <= at - lift < timedelta(milliseconds=1500)
    names = [one for one in workshop.deliveries(place.store) if one.slug == "names"]
    assert {one.state for one in names} == {DeliveryState.DELIVERED}
    assert place.store.read.claimed() == []
    assert place.store.read.processes()[0].ended_at is not None
    assert [line.event for line in place.store.read.journal()][-1] == "scheduler.ended"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_scheduler_killed_in_the_act_leaves_a_doubt_that_only_a_telling_outlet_gets_again(
    running: tuple[workshop.Place, object],
) -> None:
    place, process = running
    workshop.schedule(place, "names")
    until(lambda: place.made["page"].got() and place.made["mail"].got())
    process.kill()
    process.join(10)
    outcome = publish_due(place)
    assert [waiting.slug for waiting in outcome.needs_you] == ["names"]
    after = {one.outlet: one for one in workshop.deliveries(place.store) if one.slug == "names"}
    assert after["page"].state is DeliveryState.DELIVERED
    assert after["mail"].state is DeliveryState.IN_DOUBT
    assert after["mail"].needs_person
    page = place.made["page"].got()
    assert len(page) == 2
    assert page[0][3] == page[1][3], "a repeat must carry the key of the first"
    assert len(place.made["mail"].got()) == 1


def test_a_scheduler_with_nothing_to_do_does_nothing(tmp_path: Path) -> None:
    place = workshop.found(tmp_path, page={})
    workshop.schedule(place, "far", workshop.soon(3600))
    passes: list[float] = []

    class Counting(Scheduler):
        def _pass(self, cycle):  # type: ignore[no-untyped-def]
            passes.append(time.monotonic())
            return super()._pass(cycle)

    daemon = Counting(place, lambda words: None)
    thread = threading.Thread(target=daemon.run)
    thread.start()
    time.sleep(4.5)
    daemon.end()
    thread.join(10)
    assert not thread.is_alive()
    assert 1 <= len(passes) <= 3


@pytest.mark.parametrize("at", range(4))
def test_a_disk_that_is_full_is_reported(tmp_path: Path, at: int) -> None:
    place = workshop.found(tmp_path, page={})
    workshop.schedule(place, "operation")
    fates = Fates(commits=[""] * at + ["full"])
    store = FragileStore(place.config.store_url, place.folder, fates, lambda: None)
    fresh = workshop.Place(place.folder, place.made, store=store)
    if at < 3:  # the claim, the answer, the sign of life
        with pytest.raises(StateUnreadable):
            publish_due(fresh)
    else:
        publish_due(fresh)
    assert len(place.made["page"].got()) == (0 if at == 0 else 1)
    again = publish_due(place)
    assert again.needs_you == ()


def test_a_claim_of_a_machine_that_is_gone_lapses_and_is_then_in_doubt(tmp_path: Path) -> None:
    place = workshop.found(tmp_path, page={}, mail={"repeats": UNTOLD})
    workshop.schedule(place, "operation")
    now = clock.utc_now()
    ids = [one.id for one in workshop.deliveries(place.store)]
    lease = now + timedelta(seconds=1)
    with place.store.ledger(now=now, actor="scheduler") as ledger:
        claim(ledger, ids, owner="elsewhere", lease_until=lease, policy=Policy(), retry=Retry())
    publish_due(place)
    assert states(place, "page") == states(place, "mail") == ["sending"]
    until(lambda: clock.utc_now() > lease)
    publish_due(place)
    assert (states(place, "page"), states(place, "mail")) == (["delivered"], ["in_doubt"])


LOOKED = Repeats(told_apart=False, findable=True, settle=timedelta(seconds=2))


@pytest.mark.parametrize("arrived", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_what_may_have_arrived_is_looked_for_before_a_second_send(tmp_path: Path, arrived: bool) -> None:
    """A sender died with its claim; the outlet can't tell a repeat, and can be looked into, after a while."""
    place = workshop.found(tmp_path, mail={"repeats": LOOKED})
    mail = place.made["mail"]
    assert isinstance(mail, workshop.LooksFirst)
    workshop.schedule(place, "operation")
    now = clock.utc_now()
    ids = [one.id for one in workshop.deliveries(place.store)]
    with place.store.ledger(now=now, actor="scheduler") as ledger:
        [claimed] = claim(
            ledger, ids, owner="elsewhere", lease_until=now - timedelta(seconds=1), policy=Policy(), retry=Retry()
        )
    if arrived:
        mail.send(mail.prepare(a_message("operation"), key=claimed.key, recipient=""), key=claimed.key, recipient="")
    assert publish_due(place).publishing == ("operation",)
    assert (states(place, "mail"), mail.looks) == (["in_doubt"], 0), "its server may still be at it"
    until(lambda: clock.utc_now() > now + timedelta(seconds=5))
    publish_due(place)
    assert (states(place, "mail"), mail.looks, len(mail.got())) == (["delivered"], 1, 1)
    [delivery] = workshop.deliveries(place.store)
    assert delivery.remote_id == (f"found {claimed.key}" if arrived else claimed.key)


@pytest.mark.parametrize("what", ["the text", "the lift", "an attachment"])
def test_a_frozen_version_that_was_tampered_with_does_not_leave(tmp_path: Path, what: str) -> None:
    place = workshop.found(tmp_path, page={})
    workshop.schedule(place, "operation", attachments={"map.pdf": b"PDF"})
    change = {
        "the text": "UPDATE versions SET canonical = CAST(replace(CAST(canonical AS TEXT), 'Text', 'Test') AS BLOB)",
        "the lift": "UPDATE versions SET lift = 0",
        "an attachment": "UPDATE blobs SET content = CAST('PDG' AS BLOB)",
    }[what]
    with place.store.ledger(now=clock.utc_now(), actor="mallory") as ledger:
        assert ledger.connection.execute(text(change)).rowcount == 1
    outcome = publish_due(place)
    assert place.made["page"].got() == []
    assert states(place, "page") == ["failed"]
    assert "not the approved one" in outcome.needs_you[0].reason


@pytest.mark.parametrize("pass_first", [True, False])
def test_a_clock_that_came_up_ahead_is_not_believed_however_long_it_has_run(tmp_path: Path, pass_first: bool) -> None:
    machine = Machine(NOW)

    class Witness(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(204)
            self.send_header("Date", format_datetime(machine.true, usegmt=True))
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Witness)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        place = workshop.found(tmp_path, page={})
        place.witnesses = (f"http://127.0.0.1:{server.server_port}/",)
        with running_on(machine, seed=1):
            workshop.schedule(place, "names", NOW + timedelta(hours=3))
            publish_due(place)
            machine.reboot()
            machine.offset = timedelta(hours=2)
            if pass_first:  # nothing is due yet: this look must not be what later ones are measured by
                publish_due(place)
            workshop.schedule(place, "far", NOW + timedelta(days=3))
            machine.true += timedelta(hours=1, minutes=1)
            outcome = publish_due(place)
            assert place.made["page"].got() == []
            assert "witnesses" in outcome.needs_you[0].reason
            machine.offset = timedelta(0)
            machine.true = NOW + timedelta(hours=3, minutes=2)
            publish_due(place)
            assert [slug for _, slug, _, _ in place.made["page"].got()] == ["names"]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def witness_of(machine: Machine) -> Iterator[tuple[str, list[timedelta]]]:
    """A server that tells true time: its address, and when (true time after NOW) it was asked."""
    asked: list[timedelta] = []

    class Witness(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(machine.true - NOW)
            self.send_response_only(204)
            self.send_header("Date", format_datetime(machine.true, usegmt=True))
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Witness)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        server.server_close()


def test_witnesses_are_asked_before_a_lift_once_in_some_minutes_and_never_for_nothing(tmp_path: Path) -> None:
    machine, minute = Machine(NOW), timedelta(minutes=1)
    with witness_of(machine) as (address, asked):
        place = workshop.found(tmp_path, page={})
        place.witnesses = (address,)
        with running_on(machine, seed=1):
            for number in (10, 12, 40):
                workshop.schedule(place, f"at-{number}", NOW + number * minute)
            with sending(place, machine.wall) as cycle:
                cycle.look()
                assert asked == []
                machine.true = NOW + 10 * minute - timedelta(seconds=30)
                cycle.look()
                assert asked == [machine.true - NOW]
                for number in (10, 12):  # their word is at hand
                    machine.true = NOW + number * minute
                    cycle.dispatch(cycle.look().plan.due)
                assert len(asked) == 1
                machine.true = NOW + 40 * minute
                machine.offset = timedelta(seconds=1.9)
                cycle.dispatch(cycle.look().plan.due)
                assert len(asked) == 2
        assert len(place.made["page"].got()) == 3


def test_a_clock_that_nobody_vouched_for_is_not_believed_when_no_witness_answers(tmp_path: Path) -> None:
    """A look while nothing is due must not be what the uptime vouches by later."""
    machine = Machine(NOW)
    place = workshop.found(tmp_path, page={})
    place.witnesses = ("http://127.0.0.1:9/",)
    with running_on(machine, seed=1):
        workshop.schedule(place, "names", NOW + timedelta(hours=3))
        machine.reboot()
        machine.offset = timedelta(hours=2)
        publish_due(place)
        workshop.schedule(place, "far", NOW + timedelta(days=3))
        machine.true += timedelta(hours=1, minutes=1)
        outcome = publish_due(place)
        assert place.made["page"].got() == []
        assert "none of the time servers in [clock] witnesses answered" in outcome.needs_you[0].reason


def test_a_clock_that_jumps_after_witnesses_vouched_for_it_is_asked_about_again(tmp_path: Path) -> None:
    machine = Machine(NOW)
    with witness_of(machine) as (address, asked):
        place = workshop.found(tmp_path, page={})
        place.witnesses = (address,)
        with running_on(machine, seed=1):
            workshop.schedule(place, "now", NOW + timedelta(seconds=10))
            workshop.schedule(place, "later", NOW + timedelta(hours=1))
            with sending(place, machine.wall) as cycle:
                machine.true = NOW + timedelta(seconds=10)
                cycle.dispatch(cycle.look().plan.due)
                machine.offset = timedelta(hours=1)
                seen = cycle.look()
                assert len(asked) == 2
                assert "witnesses" in str(seen.clock_doubt)
                assert seen.plan.due == ()
        assert [slug for _, slug, _, _ in place.made["page"].got()] == ["now"]


@pytest.mark.parametrize(
    ("bound", "at", "told"),
    [(80, 80, (80, True)), (400, 0, (400, False)), (None, 0, (None, False))],
)
def test_it_is_on_record_whether_the_lift_had_surely_come(
    tmp_path: Path, bound: int | None, at: int, told: tuple[int | None, bool]
) -> None:
    """In milliseconds: what the kernel says of its clock, and when after the lift the release left."""
    place = workshop.found(tmp_path, page={})
    machine = Machine(NOW)
    with running_on(machine, seed=1):
        workshop.schedule(place, "names", NOW + timedelta(hours=1))
        machine.true = NOW + timedelta(hours=1)
        machine.bound = None if bound is None else timedelta(milliseconds=bound)
        publish_due(place)
        assert states(place, "page") == ["delivered"]
        (line,) = [line for line in place.store.read.journal() if line.event == "delivery.delivered"]
        detail = json.loads(line.detail)
        assert (detail["clock_error_ms"], detail["lift_proved"]) == told
        assert timedelta(0) <= machine.true - (NOW + timedelta(hours=1, milliseconds=at)) < timedelta(milliseconds=5)


# -- the recorder -------------------------------------------------------------------------------------------


def entry(number: int) -> Result:
    claimed = workshop.Delivery(number, "names", "v1", "page", "", DeliveryState.SENDING, attempts=1)
    return Result(claimed, claimed.failed(DeliveryFailed(Certainty.FOR_GOOD, "no"), next_try=None))


def test_answers_are_written_together_and_one_bad_one_alone_fails() -> None:
    groups: list[list[int]] = []
    first = threading.Event()

    def write(entries: Sequence[Entry]) -> None:
        numbers = [one.claimed.id for one in entries]
        first.wait()
        if 3 in numbers:
            raise ValueError("can't be written")
        groups.append(numbers)

    recorder = Recorder(write, lambda: 6)
    futures: list[Future[None]] = [recorder.hand_in(entry(number)) for number in range(6)]
    first.set()
    recorder.close()
    assert sorted(number for group in groups for number in group) == [0, 1, 2, 4, 5]
    assert [type(future.exception()) for future in futures] == [type(None)] * 3 + [ValueError] + [type(None)] * 2


def test_a_busy_store_is_asked_again_for_an_answer_and_at_last_given_up() -> None:
    asked: list[int] = []

    def write(entries: Sequence[Entry]) -> None:
        asked.append(len(asked))
        if len(asked) not in (3, 10):
            raise WillRetry("busy")

    recorder = Recorder(write, lambda: 1)
    recorder.hand_in(entry(1)).result(5)
    with pytest.raises(WillRetry):
        recorder.hand_in(entry(2)).result(5)
    recorder.close()
    assert len(asked) == 6
