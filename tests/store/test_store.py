"""The store on SQLite and on PostgreSQL: one suite, real databases."""

from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from conftest import NOW
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from store_acts import AFTER, LIFT, events, only, put, take

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted, Refused, StateUnreadable
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, DeliveryState, Receipt
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, claims, commands, freezing, lifts, presence, settling
from pressrelease.store.approvals import approve, unapprove
from pressrelease.store.journal import Event, first_break, line_after
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import to_micros
from pressrelease.system.clock import ClockReading


def test_what_is_scheduled_is_read_back_as_it_was(store: Store) -> None:
    release = put(store)
    assert store.read.release("names-released") == release
    dossier = store.read.dossiers([release])[0]
    assert [approval.by for approval in dossier.approvals] == ["person-0"]
    assert only(store).state is DeliveryState.WAITING
    assert only(store).next_try == LIFT
    frozen = store.read.frozen("names-released", "v1")
    assert frozen is not None
    assert (frozen.canonical, dict(frozen.attachments), frozen.lift) == (b"{}", {"a.pdf": "0" * 64}, LIFT)
    assert store.read.blob("0" * 64) == b"PDF"
    assert events(store) == ["release.scheduled", "release.approved"]


def test_a_claim_is_refused_one_microsecond_before_the_lift(store: Store) -> None:
    put(store)
    assert take(store, now=LIFT - timedelta(microseconds=1)) == []
    assert len(take(store, now=LIFT)) == 1


def test_a_delivery_is_claimed_once(store: Store) -> None:
    put(store, recipients={"media": tuple(f"r{n}@example.org" for n in range(50))})
    start = threading.Barrier(4)
    got: list[list[Delivery]] = [[], [], [], []]

    def run(number: int) -> None:
        start.wait()
        got[number] = take(store, f"owner-{number}")

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [delivery.id for part in got for delivery in part]
    assert sorted(ids) == sorted(set(ids))
    assert len(ids) == 50


@pytest.mark.parametrize("guard", ["stop", "hold", "unapprove", "another version", "brought back", "unscheduled"])
def test_a_claim_asks_every_guard_again(store: Store, guard: str) -> None:
    put(store)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        if guard == "stop":
            commands.stop(ledger, by="jdoe", why="")
        elif guard == "hold":
            commands.set_directive(ledger, "names-released", Directive.HELD, by="jdoe", why="wait")
        elif guard == "unapprove":
            unapprove(ledger, "names-released")
        elif guard == "unscheduled":
            freezing.unschedule(ledger, "names-released")
    if guard in {"another version", "brought back"}:
        put(store, version="v2", approvals=0)
    if guard == "brought back":  # by somebody who writes the database: the version in its place is the one approved
        with store.ledger(now=NOW, actor="jdoe") as ledger:
            ledger.connection.execute(text("UPDATE approvals SET withdrawn_at = NULL"))
            ledger.connection.execute(
                text("UPDATE deliveries SET state = 'waiting', next_try = :lift WHERE version = 'v1'"),
                {"lift": to_micros(LIFT)},
            )
    assert take(store) == []
    assert "delivery.claimed" not in events(store)


@pytest.mark.parametrize(
    ("late", "accepted", "claimed"),
    [
        (timedelta(hours=24), None, True),
        (timedelta(hours=25), None, False),
        (timedelta(hours=25), timedelta(hours=2), True),
        (timedelta(hours=50), timedelta(hours=2), False),
    ],
)
def test_a_claim_that_stood_in_a_queue_for_too_long_is_refused(
    store: Store, late: timedelta, accepted: timedelta | None, claimed: bool
) -> None:
    release = put(store)
    if accepted is not None:
        with store.ledger(now=LIFT + accepted, actor="jdoe") as ledger:
            lifts.accept_late(ledger, release)
    assert len(take(store, now=LIFT + late)) == claimed


def test_a_lift_that_is_moved_takes_the_word_on_lateness_back(store: Store) -> None:
    release = put(store)
    with store.ledger(now=LIFT + timedelta(hours=30), actor="jdoe") as ledger:
        lifts.accept_late(ledger, release)
        lifts.postpone(ledger, release, LIFT + timedelta(hours=31))
    found = store.read.release("names-released")
    assert found is not None
    assert (found.lift, found.late_accepted_at) == (LIFT + timedelta(hours=31), None)


def test_a_release_with_nobody_to_go_to_is_refused(store: Store) -> None:
    with pytest.raises(Refused):
        put(store, recipients={"newsroom": ("",), "media": ()})
    assert store.read.releases() == []


def test_the_last_of_two_approvals_lifts_an_immediate_release_in_either_order(store: Store) -> None:
    put(store, lift=None, approvals=0)
    start = threading.Barrier(2)

    def yes(by: str) -> None:
        start.wait()
        with store.ledger(now=AFTER, actor=by) as ledger:
            approve(ledger, "names-released", "v1", by, policy=Policy(approvals=2))

    threads = [threading.Thread(target=yes, args=(by,)) for by in ("da", "deputy")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.read.release("names-released")
    assert found is not None
    assert found.lift == AFTER


def test_more_approvals_may_be_asked_than_given(store: Store) -> None:
    put(store, approvals=1)
    assert take(store, needed=2) == []


@pytest.mark.parametrize("happened", ["stop", "hold", "early", "file", "nothing"])
def test_a_claimed_delivery_is_asked_about_again_before_its_first_byte(store: Store, happened: str) -> None:
    put(store)
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        if happened == "stop":
            commands.stop(ledger, by="jdoe", why="")
        elif happened == "hold":
            commands.set_directive(ledger, "names-released", Directive.HELD, by="jdoe", why="wait")
    now = LIFT - timedelta(seconds=1) if happened == "early" else AFTER
    source = "0" * 64 if happened == "file" else "f" * 64
    why_not = store.read.why_not(claimed, source_hash=source, now=now)
    assert (why_not is None) is (happened == "nothing")
    lost = claimed._replace(owner="another")
    assert store.read.why_not(lost, source_hash="f" * 64, now=AFTER) is not None


def test_what_is_tried_again_waits_for_a_lift_that_was_put_off(store: Store) -> None:
    release = put(store)
    (claimed,) = take(store)
    failure = DeliveryFailed(Certainty.NOT_SENT, "refused")
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, claimed.failed(failure, next_try=AFTER))])
        lifts.postpone(ledger, release, LIFT + timedelta(hours=1))
    assert only(store).state is DeliveryState.RETRYING
    assert take(store, now=LIFT + timedelta(minutes=59)) == []
    assert len(take(store, now=LIFT + timedelta(hours=1))) == 1


def test_only_the_current_version_is_claimed_or_leaves(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="mallory") as ledger:
        ledger.connection.execute(text("UPDATE releases SET version = 'v2'"))
    assert store.read.why_not(claimed, source_hash="f" * 64, now=AFTER) == "a newer version replaced it"
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.give_back(ledger, [claimed], "a newer version replaced it")
    assert take(store, needed=0) == []


def test_an_answer_to_a_claim_given_back_changes_nothing_of_anothers(store: Store) -> None:
    put(store)
    (first,) = take(store, "one")
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.give_back(ledger, [first], "the program was asked to end")
    (second,) = take(store, "two")
    assert first.attempts == second.attempts
    refused = first.failed(DeliveryFailed(Certainty.FOR_GOOD, "no"), next_try=None)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(first, refused)])
    assert only(store) == second


def test_an_answer_closes_the_release(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    done = claimed.delivered(Receipt("https://news.example/names-released/", "7"), AFTER)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, done)])
    found = only(store)
    assert (found.state, found.url, found.remote_id) == (DeliveryState.DELIVERED, done.url, "7")
    assert found.late == timedelta(seconds=1)
    assert store.read.open_releases() == []
    assert events(store)[-2:] == ["delivery.delivered", "release.published"]
    assert take(store) == []


def test_many_answers_in_one_transaction_find_their_own_rows(store: Store) -> None:
    put(store, recipients={"media": tuple(f"r{n}@example.org" for n in range(20))})
    claimed = take(store)
    failure = DeliveryFailed(Certainty.FOR_GOOD, "refused")
    results = [
        claims.Result(one, one.failed(failure, next_try=None) if one.recipient == "r7@example.org"
                      else one.delivered(Receipt(), AFTER))
        for one in claimed
    ]  # fmt: skip
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, results)
    release = store.read.release("names-released")
    assert release is not None
    deliveries = store.read.dossiers([release])[0].deliveries
    assert [one.recipient for one in deliveries if one.state is DeliveryState.FAILED] == ["r7@example.org"]
    assert sum(one.state is DeliveryState.DELIVERED for one in deliveries) == 19
    assert len(store.read.open_releases()) == 1


def test_a_dead_claim_is_in_doubt_and_comes_back_only_where_it_may(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, claimed, reason="its sender ended in the act", again=None)
    assert only(store).state is DeliveryState.IN_DOUBT
    assert only(store).needs_person
    assert take(store, "two") == []
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        settling.settle_again(ledger, [only(store)])
    (again,) = take(store, "two")
    assert again.key == claimed.key
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, again, reason="its sender ended in the act", again=AFTER)
    assert len(take(store, "three")) == 1


def test_a_late_answer_settles_the_doubt_it_left_but_never_anothers_claim(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    done = claims.Result(claimed, claimed.delivered(Receipt(), AFTER))
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, claimed, reason="no answer within its lease", again=AFTER)
    (second,) = take(store, "two")
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [done])
    assert only(store).owner == "two"
    assert events(store)[-1] == "delivery.late_answer"
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, second, reason="no answer within its lease", again=None)
        claims.record(ledger, [claims.Result(second, second.delivered(Receipt(), AFTER))])
    assert only(store).state is DeliveryState.DELIVERED


def test_an_answer_from_a_dead_senders_log_counts_only_while_its_claim_lasts(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    done = claims.Result(claimed, claimed.delivered(Receipt("https://x.example/"), AFTER))
    for _ in range(2):  # two passes may read the same log
        with store.ledger(now=AFTER, actor="scheduler") as ledger:
            claims.record_if_claimed(ledger, [done])
    assert (only(store).state, only(store).url) == (DeliveryState.DELIVERED, "https://x.example/")
    assert events(store).count("delivery.delivered") == 1


def test_an_unsent_claim_goes_back_to_where_it_stood(store: Store) -> None:
    put(store)
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.give_back(ledger, [claimed], "everything is stopped")
    found = only(store)
    assert (found.state, found.attempts, found.first_sent_at) == (DeliveryState.WAITING, 0, None)
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, claimed, reason="its sender ended in the act", again=AFTER)
    (again,) = take(store, "two")
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.give_back(ledger, [again], "everything is stopped")
    found = only(store)
    assert (found.state, found.attempts) == (DeliveryState.IN_DOUBT, 1)
    assert found.first_sent_at is not None


def test_what_has_started_can_neither_be_rescheduled_nor_become_a_draft(store: Store) -> None:
    put(store)
    take(store)
    with pytest.raises(NotPermitted):
        put(store, version="v2")
    with pytest.raises(NotPermitted), store.ledger(now=AFTER, actor="jdoe") as ledger:
        freezing.unschedule(ledger, "names-released")
    with pytest.raises(NotPermitted), store.ledger(now=AFTER, actor="jdoe") as ledger:
        unapprove(ledger, "names-released")


def test_scheduling_again_needs_approving_again(store: Store) -> None:
    put(store, approvals=1)
    put(store, version="v2", approvals=0)
    put(store, version="v1", approvals=0)
    assert take(store) == []


def test_an_immediate_release_lifts_with_its_last_approval(store: Store) -> None:
    put(store, lift=None, approvals=0)
    assert take(store) == []
    with store.ledger(now=AFTER, actor="da") as ledger:
        approve(ledger, "names-released", "v1", "da", policy=Policy())
    release = store.read.release("names-released")
    assert release is not None
    assert release.lift == AFTER
    with store.ledger(now=AFTER, actor="da") as ledger:
        unapprove(ledger, "names-released")
    release = store.read.release("names-released")
    assert release is not None
    assert release.lift is None


def test_nothing_is_brought_forward_by_putting_off(store: Store) -> None:
    release = put(store)
    with pytest.raises(NotPermitted), store.ledger(now=NOW, actor="jdoe") as ledger:
        lifts.postpone(ledger, release, LIFT - timedelta(seconds=1))
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        lifts.postpone(ledger, release, LIFT + timedelta(hours=1))
    assert take(store, now=AFTER) == []


def test_an_act_and_its_line_are_kept_together_or_not_at_all(store: Store) -> None:
    put(store)
    before = events(store)

    class Crash(Exception):
        pass

    def crash(ledger: Ledger) -> None:
        commands.stop(ledger, by="jdoe", why="")
        raise Crash

    with pytest.raises(Crash), store.ledger(now=NOW, actor="jdoe") as ledger:
        crash(ledger)
    assert not store.read.control().stopped
    with store.ledger(now=NOW, actor="jdoe", undo=True) as ledger:
        commands.stop(ledger, by="jdoe", why="")
    assert not store.read.control().stopped
    assert events(store) == before


@pytest.mark.parametrize("change", ["UPDATE journal SET actor = 'nobody'", "DELETE FROM journal WHERE n = 2"])
def test_the_journal_refuses_change(store: Store, change: str) -> None:
    put(store)
    with pytest.raises((StateUnreadable, DBAPIError)), store.ledger(now=NOW, actor="jdoe") as ledger:
        ledger.connection.execute(text(change))
    assert first_break(store.read.journal()) is None


def test_any_change_to_the_journal_is_found(store: Store) -> None:
    put(store)
    take(store)
    lines = list(store.read.journal())
    assert len(lines) == 3
    assert first_break(lines) is None
    for number, line in enumerate(lines):
        for name, value in line._asdict().items():
            changed = list(lines)
            changed[number] = line._replace(**{name: value + 1 if isinstance(value, int) else f"{value}x"})
            assert first_break(changed) is not None, name
        if number < len(lines) - 1:
            assert first_break([*lines[:number], *lines[number + 1 :]]) is not None
    assert first_break([lines[1], lines[0], lines[2]]) is not None


def test_a_rewritten_line_with_a_right_hash_is_found_by_the_one_after_it(store: Store) -> None:
    put(store)
    take(store)
    lines = list(store.read.journal())
    told = Event("release.approved", lines[1].slug, lines[1].version, {"by": "mallory"})
    forged = line_after((1, lines[0].hash), told, at=lines[1].at, actor="mallory", host=lines[1].host)
    assert first_break([lines[0], forged]) is None
    assert first_break([lines[0], forged, lines[2]]) is not None


def test_two_writers_never_fork_the_journal(store: Store) -> None:
    def write(actor: str) -> None:
        for _ in range(20):
            with store.ledger(now=NOW, actor=actor) as ledger:
                ledger.note("noted")

    threads = [threading.Thread(target=write, args=(f"writer-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first_break(store.read.journal()) is None
    assert len(events(store)) == 80


def test_the_newest_time_is_kept_until_a_person_confirms_the_clock(store: Store) -> None:
    put(store)
    assert store.read.newest_time() == NOW
    with store.ledger(now=NOW + timedelta(days=365), actor="jdoe") as ledger:
        ledger.note("noted")
    assert store.read.newest_time() == NOW + timedelta(days=365)
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        ledger.note("noted")
    assert store.read.newest_time() == NOW + timedelta(days=365)

    with store.ledger(now=NOW, actor="jdoe") as ledger:
        presence.confirm_clock(ledger, ClockReading(NOW, timedelta(hours=1), "boot"))
    assert store.read.newest_time() == NOW


def test_each_boot_has_its_mark_and_a_clock_that_creeps_does_not_move_it(store: Store) -> None:

    up = timedelta(hours=1)

    def keep(mark: ClockReading, *, vouched: bool = False) -> ClockReading | None:
        with store.ledger(now=mark.wall, actor="scheduler") as ledger:
            presence.record_reading(ledger, mark, vouched=vouched)
        return store.read.mark(mark.boot)

    assert store.read.mark("here") is None
    here, there = ClockReading(NOW, up, "here"), ClockReading(NOW + timedelta(days=1), up, "there")
    assert keep(here) == here
    assert keep(there) == there
    assert store.read.mark("here") == here
    second = timedelta(seconds=1)
    crept = ClockReading(NOW + 3 * second, up + second, "here")
    assert keep(crept) == here
    assert keep(crept, vouched=True) == crept
    later = ClockReading(NOW + 60 * second, up + 60 * second, "here")
    assert keep(later) == later
    assert keep(ClockReading(NOW + 90 * second, None, None)) is None
    assert store.read.newest_time() == NOW + timedelta(days=1)


def test_boots_of_long_ago_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(presence, "BOOTS_KEPT", 3)
    for number in range(6):
        with store.ledger(now=NOW, actor="scheduler") as ledger:
            presence.record_reading(
                ledger, ClockReading(NOW + timedelta(days=number), timedelta(hours=1), f"boot {number}")
            )
    assert [store.read.mark(f"boot {number}") is not None for number in range(6)] == [False] * 3 + [True] * 3


def test_a_sign_of_life_is_seen(store: Store) -> None:

    with store.ledger(now=NOW, actor="scheduler") as ledger:
        presence.check_in(ledger, "run 1", "run", ClockReading(NOW, None, None))
    (process,) = store.read.processes()
    assert (process.last_seen, process.ended_at, process.pid) == (NOW, None, os.getpid())
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        presence.check_out(ledger, "run 1", AFTER)
    assert store.read.processes()[0].ended_at == AFTER
