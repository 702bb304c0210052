"""What a recipient gets after a kill, by what it had: the table of docs/explanation/architecture.md, on a real store.

Each row goes through what may happen to one recipient's delivery before, and then through the kill.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from after_acts import (
    QUIET,
    SECOND,
    SETTLE,
    SLUG,
    answer,
    claim,
    dead,
    delivered,
    doubtful,
    doubtful_then_surely_not,
    dropped,
    given_back,
    is_open,
    killed,
    lapsed,
    nothing,
    refused,
    retrying,
    sent_again,
    was_given_back,
)
from store_acts import AFTER, put

from pressrelease.release.delivery import Action, Certainty, Delivery, DeliveryFailed, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store import Store, claims, commands, settling


def rows(store: Store) -> dict[str, Delivery]:
    """The deliveries to the one recipient: V by "V", the withdrawal by "W"."""
    return {"W" if one.withdraws else "V": one for one in store.read.deliveries()}


def states(store: Store) -> dict[str, str]:
    return {name: one.state.value for name, one in rows(store).items()}


#: What came before, what the kill leaves, and when the withdrawal may be claimed, if ever.
TABLE: list[tuple[Callable[[Store], None], dict[str, str], datetime | None]] = [
    (nothing, {"V": "canceled"}, None),
    (retrying, {"V": "canceled"}, None),
    (was_given_back, {"V": "canceled"}, None),
    (refused, {"V": "failed"}, None),
    (delivered, {"V": "delivered", "W": "waiting"}, AFTER),
    (doubtful, {"V": "in_doubt", "W": "waiting"}, AFTER + SETTLE),
    (dropped, {"V": "canceled", "W": "waiting"}, AFTER + SETTLE),
    (sent_again, {"V": "canceled", "W": "waiting"}, AFTER + SETTLE),
    (doubtful_then_surely_not, {"V": "in_doubt", "W": "waiting"}, QUIET + SECOND),
    (dead, {"V": "in_doubt", "W": "waiting"}, QUIET),
]


@pytest.mark.parametrize(("before", "left", "leaves"), TABLE, ids=lambda part: getattr(part, "__name__", None))
def test_a_kill_takes_back_what_somebody_has_or_may_have(
    store: Store, before: Callable[[Store], None], left: dict[str, str], leaves: datetime | None
) -> None:
    put(store)
    before(store)
    found = killed(store)
    assert states(store) == left
    assert found.withdrawals == ("W" in left)
    assert is_open(store) is ("W" in left)
    assert all(one.next_try is None for one in rows(store).values() if not one.withdraws)
    if leaves is None:
        assert claim(store, QUIET + SECOND) == []
        return
    if leaves > AFTER:
        assert claim(store, leaves - SECOND) == []
    (taken,) = claim(store, leaves)
    assert (taken.action, taken.n) == (Action.WITHDRAW, 1)
    answer(store, taken, None, leaves)
    assert states(store)["W"] == "delivered"
    assert not is_open(store)
    assert [line.event for line in store.read.journal()][-1] == "release.withdrawn"


# -- what was being sent while it was killed -------------------------------------------------------------------------


def test_a_withdrawal_waits_for_what_is_being_sent_and_goes_if_that_arrived(store: Store) -> None:
    """Not before: it would arrive before what it withdraws."""
    put(store)
    (claimed,) = claim(store)
    killed(store)
    assert states(store) == {"V": "sending", "W": "waiting"}
    assert claim(store, QUIET + SECOND) == []
    answer(store, claimed, None)
    assert states(store) == {"V": "delivered", "W": "waiting"}
    assert [one.action for one in claim(store)] == [Action.WITHDRAW]


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ("given back", {"V": "canceled", "W": "canceled"}),
        ("not now", {"V": "canceled", "W": "canceled"}),
        ("never", {"V": "failed", "W": "canceled"}),
    ],
)
def test_what_surely_did_not_arrive_is_not_withdrawn_and_never_sent(
    store: Store, how: str, left: dict[str, str]
) -> None:
    """A claim given back, or a "not now", must not wait again under a killed release, and nobody gets a KILL for it."""
    put(store)
    (claimed,) = claim(store)
    killed(store)
    if how == "given back":
        given_back(store, claimed)
    else:
        answer(store, claimed, Certainty.NOT_SENT if how == "not now" else Certainty.FOR_GOOD)
    assert states(store) == left
    assert claim(store, QUIET + SECOND) == []
    assert not is_open(store)
    assert "release.withdrawn" not in [line.event for line in store.read.journal()]


def test_the_withdrawal_waits_after_a_timeout_until_the_slow_first_one_can_no_longer_arrive(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    killed(store)
    answer(store, claimed, Certainty.UNSURE, AFTER + SECOND)
    assert rows(store)["V"].next_try is None
    assert claim(store, AFTER + SETTLE) == []
    assert [one.action for one in claim(store, AFTER + SECOND + SETTLE)] == [Action.WITHDRAW]


def test_a_withdrawal_asks_for_no_lift_no_approval_and_no_stop(store: Store) -> None:
    put(store)
    delivered(store)
    killed(store)
    with store.ledger(now=AFTER, actor="da") as ledger:
        commands.stop(ledger, by="da", why="a call")
    assert [one.action for one in claim(store)] == [Action.WITHDRAW]


def test_a_guard_asks_again_whether_anybody_has_it(store: Store) -> None:
    """A claim that was listed for a withdrawal may turn out never to have left."""
    put(store)
    (claimed,) = claim(store)
    killed(store)
    lapsed(store, claimed, AFTER)
    (taken,) = claim(store, QUIET)
    assert store.read.why_not(taken, source_hash=None, now=QUIET) is None
    given_back(store, claimed, QUIET)
    assert store.read.why_not(taken, source_hash=None, now=QUIET) == "nobody there has anything to withdraw any more"
    given_back(store, taken, QUIET)
    assert states(store) == {"V": "canceled", "W": "canceled"}


def test_the_first_byte_asks_what_the_claim_asked(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    killed(store)
    assert store.read.why_not(claimed, source_hash="f" * 64, now=AFTER) == "it was killed in the meantime"
    answer(store, claimed, None)
    (taken,) = claim(store)
    other = taken._replace(claims=taken.claims + 1)
    assert store.read.why_not(other, source_hash=None, now=AFTER) == "another process took over"


def test_a_withdrawal_that_did_not_get_through_is_tried_again_when_it_was_meant_to_be(store: Store) -> None:
    put(store)
    delivered(store)
    killed(store)
    (taken,) = claim(store)
    later = AFTER + timedelta(minutes=5)
    failed = taken.failed(DeliveryFailed(Certainty.NOT_SENT, "503"), next_try=later)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(taken, failed)])
    assert (rows(store)["W"].state, rows(store)["W"].next_try) == (DeliveryState.RETRYING, later)
    assert claim(store, later - SECOND) == []
    assert len(claim(store, later)) == 1


# -- late answers, and claims that overlap ---------------------------------------------------------------------------


def test_a_late_yes_counts_whatever_became_of_the_delivery(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    lapsed(store, claimed)
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        settling.settle_dropped(ledger, [rows(store)["V"]])
    answer(store, claimed, None)
    killed(store)
    assert states(store) == {"V": "delivered", "W": "waiting"}


def test_a_late_no_counts_once_and_calls_the_withdrawal_off(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    lapsed(store, claimed)
    killed(store)
    assert states(store) == {"V": "in_doubt", "W": "waiting"}
    answer(store, claimed, Certainty.NOT_SENT)
    assert states(store) == {"V": "canceled", "W": "canceled"}
    answer(store, claimed, Certainty.NOT_SENT)
    assert rows(store)["V"].unanswered == 0


def test_an_answer_that_is_recorded_twice_ends_no_other_doubt(store: Store) -> None:
    put(store)
    (first,) = claim(store)
    lapsed(store, first)
    (second,) = claim(store, AFTER + SETTLE)
    assert (second.claims, second.unanswered) == (2, 2)
    answer(store, first, Certainty.NOT_SENT)  # late, and its claim stands no more
    answer(store, first, Certainty.NOT_SENT)
    assert rows(store)["V"].unanswered == 1
    lapsed(store, second)
    killed(store)
    assert states(store) == {"V": "in_doubt", "W": "waiting"}


def test_the_number_of_a_claim_is_never_used_again(store: Store) -> None:
    """Or an old sender could answer for a newer claim."""
    put(store)
    (first,) = claim(store)
    given_back(store, first)
    (second,) = claim(store, owner="one")
    assert (second.attempts, second.claims) == (1, 2)
    answer(store, first, None)
    assert states(store) == {"V": "sending"}
    given_back(store, second)
    assert states(store)["V"] == "waiting"


# -- the record ------------------------------------------------------------------------------------------------------


def test_a_second_kill_changes_nothing(store: Store) -> None:
    put(store)
    delivered(store)
    killed(store, note="Do not use.")
    before = [line.event for line in store.read.journal()]
    again = killed(store, note="Another note.")
    assert again.already
    assert again.withdrawals == 1
    assert [line.event for line in store.read.journal()] == before
    release = store.read.release(SLUG)
    assert release is not None
    assert (release.word, release.note) == (Directive.KILLED, "Do not use.")


def test_each_recipient_has_a_withdrawal_of_its_own_with_a_key_of_its_own(store: Store) -> None:
    put(store, recipients={"media": ("a@x.example", "b@x.example"), "newsroom": ("",)})
    taken = claim(store)
    answer(store, taken[0], None)
    answer(store, taken[2], Certainty.UNSURE)
    killed(store)
    withdrawals = [one for one in store.read.deliveries() if one.withdraws]
    assert [(one.outlet, one.recipient) for one in withdrawals] == [
        ("media", "a@x.example"), ("media", "b@x.example"), ("newsroom", "")
    ]  # fmt: skip
    keys = {one.key for one in store.read.deliveries()}
    assert len(keys) == 6
    given_back(store, taken[1])
    assert [one.state for one in store.read.deliveries() if one.withdraws][1] is DeliveryState.CANCELED


def test_the_record_agrees_with_the_journal_through_it_all(store: Store) -> None:
    from pressrelease.store.agreement import EVERY_RELEASE
    from pressrelease.store.reconcile import Reconciliation

    put(store)
    (claimed,) = claim(store)
    killed(store)
    answer(store, claimed, None)
    (taken,) = claim(store)
    answer(store, taken, None)
    told = Reconciliation()
    for line in store.read.journal():
        told.add(line)
    assert told.disagreements(store.read.deliveries()) == []
    assert told.release_disagreements(store.read.rows(EVERY_RELEASE), stopped=False) == []
    assert store.read.agreement.of_releases(store.read.rows, [SLUG]) == {}


@pytest.mark.parametrize("spoil", ["UPDATE releases SET word = 'killed'", "UPDATE releases SET note = 'Another.'"])
def test_a_withdrawal_that_the_journal_knows_nothing_of_is_not_claimed(store: Store, spoil: str) -> None:
    put(store)
    delivered(store)
    if "note" in spoil:
        killed(store)
    with store.ledger(now=AFTER, actor="nobody") as ledger:
        ledger.connection.exec_driver_sql(spoil)
        if "note" not in spoil:
            ledger.connection.exec_driver_sql(
                "INSERT INTO deliveries (slug, version, outlet, recipient, state, lift, attempts, next_try, n, action)"
                " SELECT slug, version, outlet, recipient, 'waiting', lift, 0, lift, 1, 'withdraw' FROM deliveries"
            )
    assert claim(store) == []
