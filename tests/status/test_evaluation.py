"""Where a release stands: a table of every state and reason, and what holds for any release."""

from __future__ import annotations

from datetime import datetime

import pytest
from conftest import NOW
from dossiers import (
    DAY,
    HOUR,
    LIFT,
    MINUTE,
    OUTLETS,
    POLICY,
    RELEASE,
    RETRY,
    SECOND,
    WAITING,
    YES,
    at,
    dossiers,
    moments,
)
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import Policy
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.causes import ADVICE, Cause
from pressrelease.status.dossier import Approval, Directive, Dossier, FileFact
from pressrelease.status.evaluation import ReleaseState, counted_approvals, evaluate, too_late


@pytest.mark.parametrize(
    ("deliveries", "changes", "now", "state", "reason", "cause"),
    [
        pytest.param(["waiting"], {}, LIFT - SECOND, "scheduled", "", "", id="approved and ahead"),
        pytest.param(["waiting"], {}, LIFT, "publishing", "", "", id="its lift has come"),
        pytest.param(["sending", "waiting"], {}, LIFT, "publishing", "", "", id="one is in the act"),
        pytest.param(
            ["delivered", "retrying"], {}, LIFT, "publishing", "1 of 2 sent", "retrying", id="one will be tried again"
        ),
        pytest.param(
            ["in_doubt again"], {}, LIFT, "publishing", "0 of 1", "retrying", id="in doubt, and asked again by itself"
        ),
        pytest.param(
            ["retrying"], {}, LIFT + 5 * MINUTE - SECOND, "publishing", "0 of 1 sent", "retrying", id="within 5 minutes"
        ),
        pytest.param(["retrying"], {}, LIFT + 5 * MINUTE, "publishing", "0 of 1 sent", "delayed", id="5 minutes on"),
        pytest.param(["waiting"], {}, LIFT + 5 * MINUTE, "publishing", "0 of 1 sent", "delayed", id="never tried"),
        pytest.param(["waiting", "sending"], {}, LIFT + HOUR, "publishing", "", "", id="a long mailing, under way"),
        pytest.param(["waiting"], {"late": LIFT + HOUR}, LIFT + HOUR, "publishing", "", "", id="let go only now"),
        pytest.param(["delivered", "delivered"], {}, LIFT, "published", "", "", id="out"),
        pytest.param(
            ["delivered", "canceled"], {}, LIFT, "published", "canceled", "partly_canceled", id="out, but for some"
        ),
        pytest.param(["canceled", "canceled"], {}, LIFT, "killed", "nothing went out", "canceled", id="all called off"),
        pytest.param(["delivered", "failed"], {}, LIFT, "needs_you", "failed", "failed", id="one failed for good"),
        pytest.param(["waiting", "in_doubt"], {}, LIFT, "needs_you", "not certain", "in_doubt", id="one is in doubt"),
        pytest.param(
            ["waiting"],
            {"approvals": ()},
            LIFT,
            "unapproved",
            "1 more approval needed",
            "approval_missing",
            id="unapproved",
        ),
        pytest.param(
            ["waiting"], {"lift": None}, LIFT, "unapproved", "next approval", "approval_missing", id="no lift, approved"
        ),
        pytest.param(["waiting"], {"word": Directive.HELD, "why": "a call"}, LIFT, "held", "a call", "held", id="held"),
        pytest.param(["waiting"], {"word": Directive.KILLED}, LIFT, "killed", "", "killed", id="withdrawn"),
        pytest.param(
            ["delivered"], {"word": Directive.KILLED}, LIFT, "killed", "", "killed", id="withdrawn after it was out"
        ),
        pytest.param(
            ["delivered"], {"word": Directive.HELD}, LIFT, "published", "", "", id="held when it was out already"
        ),
        pytest.param(
            ["waiting"], {"file": "changed"}, LIFT - HOUR, "needs_you", "was edited", "file_changed", id="file changed"
        ),
        pytest.param(
            ["waiting"], {"file": "gone"}, LIFT - HOUR, "needs_you", "is gone", "file_missing", id="file gone"
        ),
        pytest.param(["delivered"], {"file": "changed"}, LIFT, "published", "", "", id="file changed after it was out"),
        pytest.param(
            ["waiting fax"], {}, LIFT - HOUR, "needs_you", "outlet fax", "outlet_unknown", id="outlet unknown"
        ),
        pytest.param(["delivered fax"], {}, LIFT, "published", "", "", id="outlet gone once it had it"),
        pytest.param(
            ["waiting"],
            {"doubt": "it jumped"},
            LIFT,
            "needs_you",
            "it jumped",
            "clock_in_doubt",
            id="clock not believed",
        ),
        pytest.param(["waiting"], {"doubt": "it jumped"}, LIFT - HOUR, "scheduled", "", "", id="clock, lift ahead"),
        pytest.param(["waiting"], {}, LIFT + DAY, "publishing", "0 of 1", "delayed", id="as late as is allowed"),
        pytest.param(["waiting"], {}, LIFT + DAY + SECOND, "needs_you", "it is 24 h late", "missed", id="missed"),
        pytest.param(
            ["waiting"], {"late": LIFT + DAY}, LIFT + 2 * DAY, "publishing", "0 of 1", "delayed", id="late was accepted"
        ),
        pytest.param(
            ["waiting"],
            {"late": LIFT + DAY},
            LIFT + 3 * DAY,
            "needs_you",
            "more than max_late allows",
            "missed",
            id="late once more",
        ),
        pytest.param(["retrying"], {}, LIFT + DAY, "publishing", "0 of 1", "delayed", id="within its time to retry"),
        pytest.param(
            ["retrying"],
            {},
            LIFT + 2 * DAY,
            "needs_you",
            "more than max_late allows",
            "missed",
            id="slept through its retries",
        ),
    ],
)
def test_the_status_of_a_release(
    deliveries: list[str], changes: dict[str, object], now: datetime, state: str, reason: str, cause: str
) -> None:
    release = RELEASE._replace(late_accepted_at=changes.get("late"))
    release = release._replace(**{k: v for k, v in changes.items() if k in {"word", "why", "lift"}})
    made = []
    for words in deliveries:
        name, _, rest = words.partition(" ")
        made.append(at(name, rest if rest == "fax" else "newsroom", again=rest == "again"))
    dossier = Dossier(
        release,
        approvals=changes.get("approvals", YES),
        deliveries=tuple(made),
        file=FileFact(changes.get("file", "same")),
    )
    status = evaluate(
        dossier, policy=POLICY, retry=RETRY, known_outlets=OUTLETS, now=now, clock_doubt=changes.get("doubt")
    )
    assert (status.state.value, reason in status.reason) == (state, True), status
    assert bool(status.reason) is bool(reason)
    assert (status.cause or "") == cause


@pytest.mark.parametrize(
    ("people", "policy", "count"),
    [
        (["da", "da", "da"], Policy(), 1),
        (["da", "jdoe"], Policy(), 2),
        (["da", "jdoe"], Policy(author_may_approve=False), 1),
        (["da", "clerk"], Policy(approvers=("da",)), 1),
        (["jdoe"], Policy(approvers=("jdoe",), author_may_approve=False), 0),
    ],
)
def test_whose_approval_counts(people: list[str], policy: Policy, count: int) -> None:
    assert counted_approvals([Approval(by, NOW) for by in people], policy, "jdoe") == count


@given(dossier=dossiers, now=moments, clock_doubt=st.sampled_from([None, "it jumped"]))
def test_what_waits_for_a_person_says_why(dossier: Dossier, now: datetime, clock_doubt: str | None) -> None:
    status = evaluate(dossier, policy=POLICY, retry=RETRY, known_outlets=OUTLETS, now=now, clock_doubt=clock_doubt)
    if status.state in {ReleaseState.NEEDS_YOU, ReleaseState.HELD, ReleaseState.UNAPPROVED}:
        assert status.reason
        assert status.cause is not None
        assert ADVICE[status.cause].exit_code
        assert ADVICE[status.cause].command or status.cause is Cause.HELD
    if status.reason:
        assert status.cause is not None
    if status.blocked:
        assert status.state not in {ReleaseState.PUBLISHING, ReleaseState.SCHEDULED, ReleaseState.PUBLISHED}
    if any(one.needs_person for one in dossier.deliveries):
        assert status.state not in {ReleaseState.PUBLISHED, ReleaseState.PUBLISHING, ReleaseState.SCHEDULED}
    if status.state is ReleaseState.PUBLISHED:
        assert all(one.state in {DeliveryState.DELIVERED, DeliveryState.CANCELED} for one in dossier.deliveries)
        assert any(one.state is DeliveryState.DELIVERED for one in dossier.deliveries)


@given(now=moments, lift=moments, begun=st.none() | moments, accepted=st.none() | moments)
def test_late_is_a_decision_and_is_made_once(
    now: datetime, lift: datetime, begun: datetime | None, accepted: datetime | None
) -> None:
    release = RELEASE._replace(lift=lift, late_accepted_at=accepted)
    delivery = WAITING._replace(first_sent_at=begun)
    late = too_late(delivery, release, policy=POLICY, retry=RETRY, now=now)
    assert late is (
        now > lift + POLICY.max_late
        and (accepted is None or now > accepted + POLICY.max_late)
        and (begun is None or now > begun + RETRY.give_up)
    )
    for state in (DeliveryState.SENDING, DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.CANCELED):
        assert not too_late(delivery._replace(state=state), release, policy=POLICY, retry=RETRY, now=now)
