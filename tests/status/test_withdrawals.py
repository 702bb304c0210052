"""The status of a killed release: how far it was taken back, and what keeps it from some."""

from __future__ import annotations

import pytest
from dossiers import LIFT, OUTLETS, POLICY, RELEASE, RETRY, SECOND, YES, at

from pressrelease.publishing.plan import make_plan
from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.dossier import Directive, Dossier
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, evaluate
from pressrelease.status.views import where_words

KILLED = RELEASE._replace(word=Directive.KILLED, why="wrong name")


def back(state: str, outlet: str = "newsroom", recipient: str = "", again: bool = False) -> Delivery:
    """A withdrawal in a state."""
    return at(state, outlet, again)._replace(action=Action.WITHDRAW, recipient=recipient)


def status(*withdrawals: Delivery, closed: tuple[str, ...] = ()) -> ReleaseStatus:
    return evaluate(
        Dossier(KILLED, YES, withdrawals, earlier=(at("delivered"),)),
        policy=POLICY,
        retry=RETRY,
        known_outlets=OUTLETS,
        now=LIFT,
        closed=dict.fromkeys(closed, "401"),
    )


@pytest.mark.parametrize(
    ("withdrawals", "closed", "cause", "words"),
    [
        ((), (), "killed", "wrong name"),
        ((back("delivered"), back("canceled", "media")), (), "killed", "wrong name"),
        ((back("waiting"),), (), "withdrawing", "newsroom: not withdrawn yet"),
        ((back("delivered"), back("retrying", "media")), (), "withdrawing", "media: not withdrawn yet; next try"),
        ((back("in_doubt", again=True),), (), "withdrawing", "newsroom"),
        ((back("in_doubt"),), (), "withdrawal_in_doubt", "newsroom got the withdrawal"),
        ((back("failed", "media", "a@x.example"),), (), "withdrawal_failed", "media (a@x.example)"),
        ((back("failed"), back("in_doubt", "media")), (), "withdrawal_in_doubt", "media got the withdrawal"),
        ((back("failed"),), ("newsroom",), "withdrawal_outlet_closed", "newsroom rejected the login"),
        ((back("waiting"),), ("newsroom",), "withdrawal_outlet_closed", "newsroom rejected the login"),
        ((back("waiting", "fax"),), (), "withdrawal_outlet_unknown", "fax"),
    ],
)  # fmt: skip
def test_the_status_says_what_is_left(
    withdrawals: tuple[Delivery, ...], closed: tuple[str, ...], cause: str, words: str
) -> None:
    found = status(*withdrawals, closed=closed)
    assert (found.state, found.cause) == (ReleaseState.KILLED, cause)
    assert words in found.reason
    assert found.blocked


def test_recipients_are_counted() -> None:
    people = [back("delivered", "media", f"r{n}@x.example") for n in range(58)]
    people += [back("retrying", "media", f"s{n}@x.example") for n in range(2)]
    assert where_words([*people, back("canceled")]) == [
        "media: withdrawn from 58 of 60",
        "newsroom: nothing to withdraw",
    ]


def plan(*withdrawals: Delivery, earlier: tuple[Delivery, ...] = ()) -> tuple[tuple[Delivery, ...], object]:
    dossier = Dossier(KILLED, YES, withdrawals, earlier=earlier)
    found = make_plan([dossier], policy=POLICY, retry=RETRY, known_outlets=OUTLETS, now=LIFT, clock_doubt="it jumped")
    return found.due, found.next_wake


def test_a_withdrawal_is_due_though_the_clock_is_in_doubt_and_nothing_else_is() -> None:
    due = back("waiting")
    assert plan(due, earlier=(at("retrying"),)) == ((due,), None)


def test_a_withdrawal_is_due_once_nothing_older_is_under_way() -> None:
    due = back("waiting")
    sending = at("sending")._replace(unanswered=1)
    assert plan(due, earlier=(sending,)) == ((), sending.lease_until)
    doubtful = at("in_doubt")._replace(unanswered=1, quiet_at=LIFT + SECOND)
    assert plan(due, earlier=(doubtful,)) == ((), LIFT + SECOND)
    elsewhere = doubtful._replace(outlet="media")
    assert plan(due, earlier=(elsewhere,)) == ((due,), None)


@pytest.mark.parametrize("state", ["failed", "in_doubt"])
def test_a_stuck_withdrawal_needs_a_person_at_every_pass(state: str) -> None:
    dossier = Dossier(KILLED, YES, (back(state),))
    found = make_plan([dossier], policy=POLICY, retry=RETRY, known_outlets=OUTLETS, now=LIFT)
    assert [one.slug for one in found.needs_you] == ["names"]
    assert DeliveryState(state).value in str(found.needs_you[0].cause.value)
