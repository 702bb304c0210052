"""What a recipient gets after a correction, by what it had: the table of docs/explanation/architecture.md."""

from __future__ import annotations

import json
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
    delivered,
    doubtful,
    dropped,
    given_back,
    is_open,
    killed,
    lapsed,
    nothing,
    refused,
    retrying,
    was_given_back,
)
from conftest import NOW
from store_acts import AFTER, LIFT, put

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted, Refused
from pressrelease.release.delivery import Action, Certainty, Delivery
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.store import Store, backup, commands, corrections, freezing, settling
from pressrelease.store.approvals import approve
from pressrelease.store.journal import Head
from pressrelease.when.embargo import Embargo, EmbargoKind

ONE = {"newsroom": ("",)}

#: What `put` freezes.
FIRST = freezing.Frozen(b"{}", LIFT, attachments={"a.pdf": b"PDF"}, hashes={"a.pdf": "0" * 64})


def corrected(
    store: Store,
    version: str = "v2",
    *,
    now: datetime = AFTER,
    lift: datetime | None = None,
    approved: bool = True,
    restores: bool = False,
    recipients: dict[str, tuple[str, ...]] | None = None,
) -> int:
    """Freeze a correction; approved, it is in force. One that `restores` the first text has its name, too."""
    recipients = recipients or ONE
    version, lift = ("v1", LIFT) if restores else (version, lift)
    release = Scheduled(
        slug=SLUG,
        version=version,
        headline="Names corrected",
        embargo=Embargo("Monday at 9", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=LIFT, lift=LIFT),
        lift=lift,
        outlets=tuple(recipients),
        author="jdoe",
        source_hash="e" * 64,
        word=Directive.SCHEDULED,
        word_by="jdoe",
        word_at=NOW,
        scheduled_by="jdoe",
    )
    frozen = FIRST if restores else freezing.Frozen(version.encode(), lift, attachments={}, hashes={})
    with store.ledger(now=now, actor="jdoe") as ledger:
        n = corrections.correct(ledger, release, frozen, recipients, note="One name was wrong.")
        if approved:
            approve(ledger, SLUG, version, "da", policy=Policy(approvals=1))
    return n


def taken_back(store: Store, now: datetime = AFTER) -> None:
    with store.ledger(now=now, actor="jdoe") as ledger:
        freezing.unschedule(ledger, SLUG)


def rows(store: Store) -> dict[str, Delivery]:
    """The deliveries to the one recipient: V1, V2 … and W."""
    return {"W" if one.withdraws else f"V{one.n}": one for one in store.read.deliveries()}


def states(store: Store) -> dict[str, str]:
    return {name: one.state.value for name, one in rows(store).items()}


#: What came before; what is claimed once the correction is in force, as what, and from when on; what is left of V1.
TABLE: list[tuple[Callable[[Store], None], Action | None, datetime, str]] = [
    (delivered, Action.CORRECT, AFTER, "delivered"),
    (doubtful, Action.CORRECT, AFTER + SETTLE, "in_doubt"),
    (dropped, Action.CORRECT, AFTER + SETTLE, "canceled"),
    (retrying, Action.PUBLISH, AFTER, "canceled"),
    (nothing, Action.PUBLISH, AFTER, "canceled"),
    (was_given_back, Action.PUBLISH, AFTER, "canceled"),
    (refused, None, QUIET, "failed"),
]

#: A second recipient has it already, so that there is something to correct.
TWO = {"newsroom": ("",), "media": ("a@x.example",)}


@pytest.mark.parametrize(
    ("before", "action", "leaves", "left"), TABLE, ids=lambda part: getattr(part, "__name__", None)
)
def test_a_correction_reaches_each_recipient_as_what_it_is_to_them(
    store: Store, before: Callable[[Store], None], action: Action | None, leaves: datetime, left: str
) -> None:
    put(store, recipients={"newsroom": ("",)})
    before(store)
    if before in {retrying, nothing, was_given_back, refused}:
        _let_another_have_it(store)
    corrected(store)
    ours = {one.n: one for one in store.read.deliveries() if one.outlet == "newsroom"}
    if leaves > AFTER and action is not None:
        assert [one for one in claim(store, leaves - SECOND) if one.outlet == "newsroom"] == []
    taken = [one for one in claim(store, leaves) if one.outlet == "newsroom"]
    assert [one.action for one in taken] == ([] if action is None else [action])
    ours = {one.n: one for one in store.read.deliveries() if one.outlet == "newsroom"}
    assert ours[1].state.value == left
    assert ours[1].next_try is None or ours[1].state.value in {"canceled", "delivered"}
    if action is None:
        assert (ours[2].state.value, ours[2].error) == ("failed", ours[1].error)


def _let_another_have_it(store: Store) -> None:
    with store.ledger(now=AFTER, actor="nobody") as ledger:
        ledger.connection.exec_driver_sql(
            "INSERT INTO deliveries (slug, version, outlet, recipient, state, lift, attempts, claims, n, action)"
            " SELECT slug, version, 'media', 'a@x.example', 'delivered', lift, 1, 1, 1, 'publish' FROM deliveries"
        )


def test_nothing_of_an_older_version_leaves_once_a_correction_is_frozen(store: Store) -> None:
    put(store, recipients=TWO)
    first, second = claim(store)
    answer(store, first, None)
    given_back(store, second)
    corrected(store, recipients=TWO, approved=False)
    assert claim(store) == []
    assert [one.state.value for one in store.read.deliveries()] == ["delivered", "waiting", "waiting", "waiting"]


def test_a_correction_that_has_not_started_can_be_taken_back_and_the_rest_goes_on(store: Store) -> None:
    put(store, recipients=TWO)
    first, second = claim(store)
    answer(store, first, None)
    given_back(store, second)
    corrected(store, recipients=TWO, lift=AFTER + timedelta(hours=1))
    taken_back(store)
    release = store.read.release(SLUG)
    assert release is not None
    assert (release.n, release.version, release.note) == (1, "v1", "")
    assert [(one.n, one.action) for one in claim(store)] == [(1, Action.PUBLISH)]
    assert store.read.agreement.of_releases(store.read.rows, [SLUG]) == {}
    assert corrected(store, "v3", recipients=TWO) == 3


def test_a_hold_outlives_a_correction_that_is_taken_back(store: Store) -> None:
    put(store, recipients=TWO)
    first, second = claim(store)
    answer(store, first, None)
    given_back(store, second)
    corrected(store, recipients=TWO, approved=False)
    with store.ledger(now=AFTER, actor="da") as ledger:
        commands.set_directive(ledger, SLUG, Directive.HELD, by="da", why="a call")
    taken_back(store)
    assert claim(store) == []
    assert store.read.agreement.of_releases(store.read.rows, [SLUG]) == {}


def test_what_has_started_is_not_taken_back(store: Store) -> None:
    put(store)
    delivered(store)
    corrected(store)
    given_back(store, claim(store)[0])
    with pytest.raises(NotPermitted, match="has started to go out"):
        taken_back(store)


def test_a_correction_needs_somebody_who_has_it_and_another_text(store: Store) -> None:
    put(store)
    with pytest.raises(NotPermitted, match="Nobody has"):
        corrected(store)
    delivered(store)
    with pytest.raises(Refused, match="says the same"):
        corrected(store, restores=True)
    killed(store)
    with pytest.raises(NotPermitted, match="withdrawn for good"):
        corrected(store)


def test_the_correction_waits_for_what_is_being_sent(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    corrected(store)
    assert claim(store, QUIET + SECOND) == []
    answer(store, claimed, None)
    assert [one.action for one in claim(store)] == [Action.CORRECT]


@pytest.mark.parametrize("how", ["given back", "not now"])
def test_one_who_turns_out_not_to_have_it_gets_no_correction(store: Store, how: str) -> None:
    """Publish or correct is decided by the claim, not when `correct` is typed."""
    put(store)
    (claimed,) = claim(store)
    corrected(store)
    if how == "given back":
        given_back(store, claimed)
    else:
        answer(store, claimed, Certainty.NOT_SENT)
    assert [one.action for one in claim(store)] == [Action.PUBLISH]
    assert states(store) == {"V1": "canceled", "V2": "sending"}


def test_a_late_answer_revives_nothing_that_was_overtaken(store: Store) -> None:
    put(store)
    (claimed,) = claim(store)
    corrected(store)
    lapsed(store, claimed)
    (taken,) = claim(store, QUIET)
    assert taken.action is Action.CORRECT
    answer(store, claimed, Certainty.NOT_SENT, QUIET)
    assert states(store) == {"V1": "canceled", "V2": "sending"}
    why_not = store.read.why_not(taken, source_hash="e" * 64, now=QUIET)
    assert why_not == "what its recipient has changed in the meantime"
    given_back(store, taken, QUIET)
    assert [one.action for one in claim(store, QUIET)] == [Action.PUBLISH]


def test_a_repeat_of_what_is_itself_in_doubt_says_the_same_again(store: Store) -> None:
    """Though by then another form would be right: the outlet knows the key."""
    put(store)
    (claimed,) = claim(store)
    lapsed(store, claimed)
    corrected(store)
    (taken,) = claim(store, QUIET)
    lapsed(store, taken, QUIET)
    answer(store, claimed, Certainty.NOT_SENT, QUIET)
    (again,) = claim(store, QUIET + SETTLE)
    assert (again.action, again.key) == (Action.CORRECT, taken.key)


def test_a_correction_that_an_older_record_may_have_sent_goes_again_as_a_correction(store: Store) -> None:
    put(store)
    delivered(store)
    corrected(store, lift=AFTER)
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        head = Head(0, "")
        backup.start_stopped(
            ledger, by="jdoe", event="adopted", why="copied", copied_at=AFTER, head=head, approvals_needed=1
        )
    (doubted,) = [one for one in store.read.deliveries() if one.n == 2]
    assert (doubted.action, doubted.unanswered) == (Action.CORRECT, 1)
    (line,) = [one for one in store.read.journal() if one.event == "delivery.in_doubt"]
    assert json.loads(line.detail)["action"] == "correct"
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        commands.go_on(ledger)
        settling.settle_again(ledger, [doubted])
    (again,) = claim(store)
    assert (again.action, again.key) == (Action.CORRECT, doubted.key)


def test_each_correction_follows_the_last_and_the_withdrawal_follows_all(store: Store) -> None:
    put(store)
    delivered(store)
    corrected(store)
    answer(store, claim(store)[0], None)
    corrected(store, restores=True)
    assert claim(store)[0].action is Action.CORRECT
    answer(store, store.read.claimed()[0], None)
    killed(store)
    (taken,) = claim(store)
    assert (taken.action, taken.n) == (Action.WITHDRAW, 3)
    assert [one.n for one in store.read.earlier(taken)] == [1, 2, 3]
    answer(store, taken, None)
    assert not is_open(store)
    assert len({one.key for one in store.read.deliveries()}) == 4


def test_a_second_correction_waits_for_the_first(store: Store) -> None:
    """Or the first would arrive after it."""
    put(store)
    delivered(store)
    corrected(store)
    (taken,) = claim(store)
    corrected(store, "v3")
    assert claim(store, QUIET + SECOND) == []
    answer(store, taken, Certainty.UNSURE)
    assert claim(store, AFTER + SETTLE - SECOND) == []
    assert [(one.n, one.action) for one in claim(store, AFTER + SETTLE)] == [(3, Action.CORRECT)]
    assert rows(store)["V2"].next_try is None


def test_approvals_of_the_first_text_do_not_count_for_a_correction_that_restores_it(store: Store) -> None:
    put(store)
    delivered(store)
    corrected(store)
    answer(store, claim(store)[0], None)
    corrected(store, restores=True, approved=False)
    assert claim(store) == []
    # The journal would keep it back too, as a record that was changed: the approvals themselves must be gone.
    release = store.read.release(SLUG)
    assert release is not None
    (dossier,) = store.read.dossiers([release])
    assert dossier.approvals == ()


def test_of_two_versions_with_the_same_text_only_the_newest_leaves(store: Store) -> None:
    put(store, recipients=TWO)
    first, second = claim(store)
    answer(store, first, None)
    given_back(store, second)
    corrected(store, recipients=TWO, approved=False)
    corrected(store, restores=True, recipients=TWO)
    assert {one.n for one in claim(store)} == {3}


def test_a_kill_takes_an_unstarted_correction_back_and_withdraws_what_was_out(store: Store) -> None:
    put(store)
    delivered(store)
    corrected(store, approved=False)
    killed(store)
    (taken,) = claim(store)
    assert (taken.action, taken.n, taken.version) == (Action.WITHDRAW, 1, "v1")
    assert store.read.agreement.of_releases(store.read.rows, [SLUG]) == {}


def test_the_record_agrees_with_the_journal_through_it_all(store: Store) -> None:
    from pressrelease.store.agreement import EVERY_RELEASE
    from pressrelease.store.reconcile import Reconciliation

    put(store)
    delivered(store)
    corrected(store)
    answer(store, claim(store)[0], Certainty.UNSURE)
    corrected(store, "v3")
    killed(store, AFTER + SETTLE)
    (taken,) = claim(store, AFTER + SETTLE)
    answer(store, taken, None)
    found = Reconciliation()
    for line in store.read.journal():
        found.add(line)
    assert found.disagreements(store.read.deliveries()) == []
    assert found.release_disagreements(store.read.rows(EVERY_RELEASE), stopped=False) == []
    assert store.read.agreement.of_releases(store.read.rows, [SLUG]) == {}


@pytest.mark.parametrize("spoil", ["n = 1", "note = 'Another.'"])
def test_a_correction_that_was_edited_in_the_database_is_not_claimed(store: Store, spoil: str) -> None:
    put(store)
    delivered(store)
    corrected(store)
    with store.ledger(now=AFTER, actor="nobody") as ledger:
        ledger.connection.exec_driver_sql(f"UPDATE releases SET {spoil}")
    assert claim(store) == []
