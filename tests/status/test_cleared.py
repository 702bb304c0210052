"""A clearance counts for its version while it is fresh, by the rules of config.toml: in Python and in SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from conftest import NOW
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text

from pressrelease.config import ClearanceRule, Policy, Retry
from pressrelease.publishing.plan import make_plan
from pressrelease.status.clearances import CLOCKS_DIFFER, Clearance, ClearanceState, asked_for, open_at, under, why_open
from pressrelease.status.dossier import Approval, Directive, Dossier, Scheduled
from pressrelease.store import Store, approvals, claims, freezing
from pressrelease.store.clearance_rows import clearance_of, why_uncleared
from pressrelease.store.rows import delivery_of, format_utc, maybe_micros
from pressrelease.when import Embargo, EmbargoKind

HOUR, SECOND, TICK = timedelta(hours=1), timedelta(seconds=1), timedelta(microseconds=1)
EMBARGO = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=NOW, lift=NOW)
RELEASE = Scheduled("names", "v1", "…", EMBARGO, NOW, ("media",), "jdoe", "f", Directive.SCHEDULED, "jdoe", NOW)
RULE = ClearanceRule("charges", "Do the charges stand?", ("da", "deputy"), 4 * HOUR)
GIVEN = Clearance("charges", ClearanceState.GIVEN, "da", NOW - HOUR, NOW + 3 * HOUR)


def test_it_is_given_until_the_microsecond_at_which_it_ends() -> None:
    assert GIVEN.until is not None
    assert under(GIVEN, {"charges": RULE}).state(GIVEN.until - TICK) is ClearanceState.GIVEN
    assert under(GIVEN, {"charges": RULE}).state(GIVEN.until) is ClearanceState.EXPIRED


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (RULE, "given"),
        (RULE._replace(life=HOUR), "expired"),
        (RULE._replace(life=8 * HOUR), "given"),
        (RULE._replace(by=("deputy",)), "missing"),
        (RULE._replace(by=(" DA ",)), "given"),
        (None, "missing"),
    ],
)
def test_a_stricter_rule_applies_at_once(rule: ClearanceRule | None, state: str) -> None:
    assert under(GIVEN, {"charges": rule} if rule else {}).state(NOW).value == state


def test_what_was_given_by_a_clock_that_was_ahead_does_not_count_until_then() -> None:
    ahead = GIVEN._replace(at=NOW + CLOCKS_DIFFER + TICK, until=NOW + 24 * HOUR)
    assert ahead.state(NOW) is ClearanceState.MISSING
    assert ahead.state(NOW + TICK) is ClearanceState.GIVEN


def test_nobody_is_asked_before_an_answer_would_last_until_the_lift() -> None:
    missing = under(Clearance("charges"), {"charges": RULE})
    assert asked_for([missing], NOW, NOW - 4 * HOUR - TICK) == ()
    assert asked_for([missing], NOW, NOW - 4 * HOUR) == (missing,)
    refused = missing._replace(recorded=ClearanceState.REFUSED, by="da")
    assert asked_for([refused], NOW, NOW - 99 * HOUR) == (refused,)


def test_a_refusal_comes_first_with_its_reason() -> None:
    refused = Clearance("victim", ClearanceState.REFUSED, "rroe", NOW, why="no consent")
    first, second = open_at([Clearance("charges"), refused], NOW)
    assert why_open(first, NOW, timezone="UTC") == "victim was refused by rroe: no consent"
    assert why_open(second, NOW, timezone="UTC") == "charges is not cleared"
    over = why_open(GIVEN, NOW + 9 * HOUR, timezone="America/Los_Angeles")
    assert over == "charges was cleared by da only until Friday, Sept. 21, 2018, noon PDT"


Compare = Callable[..., tuple[bool, bool, bool]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def compare(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compare]:
    """Return what the plan calls due, what the claim takes, and what the last look lets leave."""
    from conftest import fresh_schema

    url = "sqlite:///state.db"
    if request.param == "postgresql":
        url = fresh_schema(request.getfixturevalue("postgres"))
    store = Store(url, tmp_path_factory.mktemp("clearances"))
    with store.ledger(now=NOW - 24 * HOUR, actor="jdoe") as ledger:
        frozen = freezing.Frozen(b"{}", NOW, {}, {}, clearances=("charges",))
        freezing.schedule(ledger, RELEASE, frozen, {"media": ("",)})
        approvals.approve(ledger, "names", "v1", "da", policy=Policy())

    def compared(answer: Clearance, rules: dict[str, ClearanceRule], now: datetime) -> tuple[bool, bool, bool]:
        with store.ledger(now=answer.at or NOW, actor="x", undo=True) as ledger:
            row = {
                "state": answer.recorded.value,
                "by": answer.by or None,
                "person": answer.by.casefold() or None,
                "at": maybe_micros(answer.at),
                "until": maybe_micros(answer.until),
            }
            if answer.recorded is not ClearanceState.MISSING:
                changes = ", ".join(f'"{name}" = :{name}' for name in row)
                ledger.connection.execute(text(f"UPDATE clearances SET {changes}"), row)
                until = format_utc(answer.until) if answer.until else None
                event = "release.cleared" if answer.recorded is ClearanceState.GIVEN else "release.clearance_refused"
                ledger.note(event, "names", "v1", clearance="charges", by=answer.by, until=until)
                ledger.write_lines()
            store.agreement.forget()  # what was noted in the last example was undone
            ledger.now, ledger.micros = now, maybe_micros(now) or 0
            delivery = delivery_of(ledger.rows(text("SELECT * FROM deliveries"))[0])
            rows = ledger.rows(text("SELECT * FROM clearances"))
            known = under(clearance_of(rows[0]), rules)
            plan = make_plan(
                [Dossier(RELEASE, (Approval("da", NOW),), (delivery,), clearances=(known,))],
                policy=Policy(),
                retry=Retry(),
                known_outlets={"media"},
                now=now,
            )
            taken = claims.claim(
                ledger,
                [delivery.id],
                owner="x",
                lease_until=now + HOUR,
                policy=Policy(),
                retry=Retry(),
                rules=tuple(rules.values()),
            )
            return bool(plan.due), bool(taken), not why_uncleared(rows, rules, now)

    yield compared
    store.close()


# Few values, so that they often meet, with a microsecond to either side.
edges = st.sampled_from([timedelta(0), TICK, -TICK, CLOCKS_DIFFER, CLOCKS_DIFFER + TICK, -CLOCKS_DIFFER])
moments = st.builds(lambda hours, edge: NOW + timedelta(hours=hours) + edge, st.integers(0, 5), edges)
lives = st.builds(lambda hours, edge: hours * HOUR + edge * TICK, st.integers(1, 4), st.integers(0, 1))
answers = st.builds(
    lambda state, by, at, life: (
        Clearance("charges")
        if state is ClearanceState.MISSING
        else Clearance("charges", state, by, at, at + life if state is ClearanceState.GIVEN else None)
    ),
    st.sampled_from([ClearanceState.GIVEN] * 4 + [ClearanceState.MISSING, ClearanceState.REFUSED]),
    st.sampled_from(["da", "DA", "deputy", "rroe"]),
    moments,
    lives,
)
rules_now = st.builds(
    lambda by, life, there: {"charges": ClearanceRule("charges", "…", by, life)} if there else {},
    st.sampled_from([("da",), ("da", "deputy"), ("Deputy", "Da")]),
    lives,
    st.sampled_from([True, True, True, False]),
)


@given(answer=answers, rules=rules_now, now=moments.map(lambda moment: max(moment, NOW)))
@example(GIVEN._replace(at=NOW, until=NOW + HOUR), {"charges": RULE}, NOW + HOUR)
@example(GIVEN._replace(at=NOW, until=NOW + HOUR), {"charges": RULE}, NOW + HOUR - TICK)
@example(GIVEN._replace(at=NOW, until=NOW + 9 * HOUR), {"charges": RULE}, NOW + RULE.life)
@example(GIVEN._replace(at=NOW + CLOCKS_DIFFER, until=NOW + 9 * HOUR), {"charges": RULE}, NOW)
@example(GIVEN._replace(at=NOW + CLOCKS_DIFFER + TICK, until=NOW + 9 * HOUR), {"charges": RULE}, NOW)
def test_what_the_plan_calls_due_the_claim_takes_and_the_last_look_lets_leave(
    compare: Compare, answer: Clearance, rules: dict[str, ClearanceRule], now: datetime
) -> None:
    due, taken, leaves = compare(answer, rules, now)
    assert due is taken is leaves
    assert due is (under(answer, rules).state(now) is ClearanceState.GIVEN)
