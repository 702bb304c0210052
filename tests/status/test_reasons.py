"""The whole answer about a release, word for word: state, cause, what it is about, and whether anything may leave.

A mutation run (`bash .ci/run mutation`) found each of these: without this table they could be changed unseen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import NOW
from dossiers import HOUR, LIFT, MINUTE, OUTLETS, POLICY, RELEASE, RETRY, SECOND, WAITING, YES, at

from pressrelease.config import Policy
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, Receipt
from pressrelease.status.clearances import Clearance, ClearanceState
from pressrelease.status.dossier import Approval, Directive, Dossier, same_person
from pressrelease.status.evaluation import ReleaseStatus, counted_approvals, due_since, evaluate, too_late
from pressrelease.when.wall_time import ZoneCheck

TWO = Policy(approvals=2)
ASKS = ZoneCheck(LIFT, words="the rules changed", asks=True)
BLOCKS = ZoneCheck(LIFT, words="the rules changed", asks=True, blocked=True)
MOVED = ZoneCheck(LIFT, words="the rules changed")
TO_A, TO_B = (at("failed")._replace(recipient=name, error="550 no") for name in ("a@x.example", "b@x.example"))
DOUBTFUL = at("in_doubt", "media")
GIVEN = Clearance("charges", ClearanceState.GIVEN, "jdoe", NOW - HOUR, LIFT)
REFUSED = Clearance("charges", ClearanceState.REFUSED, "jdoe", NOW, why="a minor")
ONLY_UNTIL = "charges was cleared by jdoe only until Friday, Sept. 21, 2018, 9 a.m. PDT"
LATER = at("retrying")._replace(error="451 later", next_try=LIFT + MINUTE)


def seen(*deliveries: Delivery, now: Any = LIFT, release: Any = RELEASE, policy: Any = POLICY, **facts: Any) -> Any:
    known = {name: facts.pop(name) for name in ("clock_doubt", "closed") if name in facts}
    dossier = Dossier(release, facts.pop("approvals", YES), deliveries or (WAITING,), **facts)
    found: ReleaseStatus = evaluate(dossier, policy=policy, retry=RETRY, known_outlets=OUTLETS, now=now, **known)
    return found.state.value, found.cause and found.cause.value, found.blocked, found.outlets, found.reason


def word(directive: Directive, why: str = "") -> Any:
    return RELEASE._replace(word=directive, word_by="da", why=why)


TABLE: dict[str, tuple[Callable[[], Any], Any]] = {
    "withdrawn": (lambda: seen(release=word(Directive.KILLED)), ("killed", "killed", True, (), "")),
    "all called off": (
        lambda: seen(at("canceled")),
        ("killed", "canceled", True, (), "every delivery was canceled; nothing went out"),
    ),
    "held": (
        lambda: seen(release=word(Directive.HELD, "a call")),
        ("held", "held", True, (), "put on hold by da: a call"),
    ),
    "held without a reason": (
        lambda: seen(release=word(Directive.HELD)),
        ("held", "held", True, (), "put on hold by da"),
    ),
    "the record disagrees": (
        lambda: seen(disagrees="its lift"),
        (
            "needs_you",
            "record_disagrees",
            True,
            (),
            "the database and the journal disagree: its lift; nothing goes out until someone checks it",
        ),
    ),
    "the config was changed": (
        lambda: seen(changed="[office] name was changed"),
        (
            "needs_you",
            "config_changed",
            True,
            (),
            "[office] name was changed after it was scheduled; nothing goes out until it is scheduled again",
        ),
    ),
    "the config was changed while it went out": (
        lambda: seen(LATER, changed="[office] name was changed"),
        (
            "needs_you",
            "config_changed",
            True,
            (),
            "[office] name was changed after it was scheduled; nothing goes out until the old value is back",
        ),
    ),
    "the rules stop it": (
        lambda: seen(ruling=BLOCKS),
        ("needs_you", "zone_rules_ask", True, (), "the rules changed"),
    ),
    "the rules ask": (lambda: seen(ruling=ASKS), ("needs_you", "zone_rules_ask", False, (), "the rules changed")),
    "the rules moved it": (
        lambda: seen(ruling=MOVED, now=LIFT - HOUR),
        ("scheduled", "zone_rules_changed", False, (), "the rules changed"),
    ),
    "the clock": (
        lambda: seen(clock_doubt="it jumped"),
        ("needs_you", "clock_in_doubt", True, (), "it jumped; nothing goes out until someone checks it"),
    ),
    "one approval of two": (
        lambda: seen(policy=TWO),
        ("unapproved", "approval_missing", True, (), "1 more approval needed"),
    ),
    "none of two, and the rules moved it": (
        lambda: seen(policy=TWO, approvals=(), ruling=MOVED),
        ("unapproved", "approval_missing", True, (), "2 more approvals needed; the rules changed"),
    ),
    "an approval in doubt": (
        lambda: seen(approvals=(Approval("da", NOW, doubt="unsigned"), Approval("deputy", NOW, doubt="revoked"))),
        (
            "unapproved",
            "approval_missing",
            True,
            (),
            "1 more approval needed; da's does not count: unsigned; deputy's does not count: revoked",
        ),
    ),
    "the author's own": (
        lambda: seen(policy=Policy(author_may_approve=False), approvals=(Approval("jdoe", NOW),)),
        ("unapproved", "approval_missing", True, (), "1 more approval needed"),
    ),
    "no lift": (
        lambda: seen(release=RELEASE._replace(lift=None)),
        ("unapproved", "approval_missing", True, (), "it goes out with its next approval"),
    ),
    "outlets gone": (
        lambda: seen(at("waiting", "wire"), at("waiting", "fax")),
        (
            "needs_you",
            "outlet_unknown",
            False,
            ("fax", "wire"),
            "the outlet fax, wire is not in config.toml any more, or it is switched off;"
            " what waits for it goes out once it is back",
        ),
    ),
    "what a closed outlet refused waits for the outlet": (
        lambda: seen(at("failed", "media"), closed={"media": "401"}),
        (
            "needs_you",
            "outlet_closed",
            False,
            ("media",),
            "media rejected the login (401). Sending to it is paused until its credentials are fixed",
        ),
    ),
    "a closed outlet that has it": (
        lambda: seen(at("delivered", "media"), closed={"media": "401"}),
        ("published", None, False, (), ""),
    ),
    "not cleared at its lift": (
        lambda: seen(clearances=(Clearance("charges"), Clearance("victim"))),
        (
            "needs_you",
            "clearance_missing",
            True,
            (),
            "charges is not cleared; victim is not cleared; needed: charges, victim; nothing goes out until then",
        ),
    ),
    "not cleared yet": (
        lambda: seen(clearances=(Clearance("charges"),), now=LIFT - HOUR),
        ("scheduled", "clearance_missing", False, (), "charges is not cleared; needed: charges"),
    ),
    "a clearance that ends before the lift": (
        lambda: seen(clearances=(GIVEN,), now=LIFT - HOUR),
        ("scheduled", "clearance_expired", False, (), f"{ONLY_UNTIL}; needed: charges"),
    ),
    "a clearance that ended": (
        lambda: seen(clearances=(GIVEN,)),
        ("needs_you", "clearance_expired", True, (), f"{ONLY_UNTIL}; needed: charges; nothing goes out until then"),
    ),
    "a clearance refused ahead of the lift": (
        lambda: seen(clearances=(REFUSED,), now=LIFT - HOUR),
        (
            "needs_you",
            "clearance_refused",
            True,
            (),
            "charges was refused by jdoe: a minor; needed: charges; nothing goes out until then",
        ),
    ),
    "a clearance refused, and an outlet gone": (
        lambda: seen(at("waiting", "fax"), clearances=(REFUSED,), now=LIFT - HOUR),
        (
            "needs_you",
            "clearance_refused",
            True,
            (),
            "charges was refused by jdoe: a minor; needed: charges; nothing goes out until then",
        ),
    ),
    "not cleared, and nothing left to send": (
        lambda: seen(TO_A, clearances=(Clearance("charges"),)),
        ("needs_you", "failed", False, ("newsroom",), "sending to newsroom (a@x.example) failed: 550 no"),
    ),
    "two closed outlets": (
        lambda: seen(WAITING, at("waiting", "media"), closed={"media": "401", "newsroom": "403"}),
        (
            "needs_you",
            "outlet_closed",
            False,
            ("media", "newsroom"),
            "media rejected the login (401). Sending to it is paused until its credentials are fixed;"
            " newsroom rejected the login (403). Sending to it is paused until its credentials are fixed",
        ),
    ),
    "retrying": (
        lambda: seen(at("delivered", "newsroom"), LATER),
        ("publishing", "retrying", False, ("newsroom",), "newsroom: 1 of 2 sent; 451 later; next try 9:01 a.m. PDT"),
    ),
    "retrying at this moment": (
        lambda: seen(LATER._replace(next_try=LIFT)),
        ("publishing", "retrying", False, ("newsroom",), "newsroom: 0 of 1 sent; 451 later"),
    ),
    "unsent for long": (
        lambda: seen(at("waiting"), at("waiting", "media"), now=LIFT + 5 * MINUTE),
        ("publishing", "delayed", False, ("newsroom", "media"), "newsroom: 0 of 1 sent; media: 0 of 1 sent"),
    ),
    "one failed": (
        lambda: seen(TO_A),
        ("needs_you", "failed", False, ("newsroom",), "sending to newsroom (a@x.example) failed: 550 no"),
    ),
    "two failed": (
        lambda: seen(TO_A, TO_B),
        ("needs_you", "failed", False, ("newsroom",), "sending to newsroom (a@x.example) failed: 550 no, and 1 more"),
    ),
    "a doubt comes before what failed": (
        lambda: seen(TO_A, DOUBTFUL, TO_B),
        (
            "needs_you",
            "in_doubt",
            False,
            ("media",),
            "it is not certain that media got it: it was sent, and no answer says whether it arrived, and 2 more",
        ),
    ),
}


@pytest.mark.parametrize(("found", "expected"), TABLE.values(), ids=TABLE.keys())
def test_the_whole_answer(found: Callable[[], Any], expected: Any) -> None:
    assert found() == expected


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (timedelta(hours=24, minutes=1), "24 h"),
        (timedelta(hours=71, minutes=59), "71 h"),
        (timedelta(hours=72), "3 days"),
        (timedelta(days=10, hours=23), "10 days"),
    ],
)
def test_how_late_it_is(over: timedelta, said: str) -> None:
    reason = seen(now=LIFT + over)[-1]
    assert reason == f"it is {said} late, more than max_late allows, so it was not sent"


@pytest.mark.parametrize(("minutes", "said"), [(119, "119 min"), (120, "2 h")])
def test_how_late_it_is_where_little_is_allowed(minutes: int, said: str) -> None:
    reason = seen(now=LIFT + minutes * MINUTE, policy=Policy(max_late=HOUR))[-1]
    assert f"it is {said} late" in reason


@pytest.mark.parametrize(
    ("people", "policy", "count"),
    [
        ([("da", "K1"), ("deputy", "K1")], TWO, 1),
        ([("da", "K1"), ("deputy", "K2")], TWO, 2),
        ([("da", "K1"), ("deputy", "K2"), ("da", "K2")], TWO, 1),
        ([("da", "K1"), ("deputy", "K2"), ("da", "K1")], TWO, 2),
        ([("da", ""), ("deputy", "")], TWO, 2),
        ([("clerk", ""), ("da", "")], Policy(approvers=("da",)), 1),
        ([("da", "")], Policy(approvers=("da",)), 1),
        ([("clerk", "")], Policy(approvers=("da",)), 0),
        ([("J  Doe", ""), (" j doe", ""), ("JDoe", "")], TWO, 2),
    ],
)
def test_people_and_keys_are_counted(people: list[tuple[str, str]], policy: Policy, count: int) -> None:
    approvals = [Approval(name, NOW, key=key) for name, key in people]
    assert counted_approvals(approvals, policy, frozenset()) == count


def test_names_are_compared_without_case_and_spaces() -> None:
    assert same_person("  J \u00a0 DOE ") == "j doe"


@pytest.mark.parametrize("approved", [-HOUR, HOUR])
@pytest.mark.parametrize("cleared", [-HOUR, 2 * HOUR])
def test_it_is_due_once_the_last_person_let_it_go(approved: timedelta, cleared: timedelta) -> None:
    clearance = Clearance("charges", ClearanceState.GIVEN, "jdoe", LIFT + cleared, LIFT + 9 * HOUR)
    dossier = Dossier(RELEASE, (Approval("da", LIFT + approved),), (WAITING,), clearances=(clearance,))
    assert due_since(dossier) == LIFT + max(approved, cleared, timedelta(0))


def test_an_approval_in_doubt_costs_the_next_one_nothing() -> None:
    approvals = [Approval("da", NOW, doubt="unsigned"), Approval("deputy", NOW)]
    assert counted_approvals(approvals, Policy(), frozenset()) == 1


def test_what_was_delivered_has_no_error_no_next_try_and_no_owner() -> None:
    before = at("sending")._replace(error="451 later", next_try=LIFT)
    after = before.delivered(Receipt(), NOW + SECOND)
    assert after == at("delivered")._replace(delivered_at=NOW + SECOND)
    assert before.delivered(Receipt(url="u" * 9_000), NOW).url != before.delivered(Receipt(), NOW).url is None


def test_a_failure_says_what_failed_and_whether_it_was_the_login() -> None:
    plain = DeliveryFailed(Certainty.UNSURE, "no answer")
    assert (str(plain), plain.credentials) == ("no answer", False)
    assert DeliveryFailed(Certainty.NOT_SENT, "401", credentials=True).credentials is True


def test_a_delivery_may_be_tried_until_give_up_exactly() -> None:
    policy = Policy(max_late=MINUTE)
    for extra, late in ((timedelta(0), False), (SECOND, True)):
        tried = LATER._replace(first_sent_at=LIFT - extra)
        assert too_late(tried, RELEASE, policy=policy, retry=RETRY, now=LIFT + RETRY.give_up) is late
