"""How late is too late: the plan and the claim say the same, and only a late release is accepted as late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Caller
from conftest import NOW
from hypothesis import example, given
from hypothesis import strategies as st
from office import found_office, in_seconds, iso
from sqlalchemy import text

from pressrelease.config import Policy, Retry
from pressrelease.publishing.plan import make_plan
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.dossier import Approval, Directive, Dossier, Scheduled
from pressrelease.store import Store, approvals, claims, freezing
from pressrelease.store.circuit import close_outlet
from pressrelease.store.rows import delivery_of, format_utc, maybe_micros, scheduled_of, to_micros
from pressrelease.when import Embargo, EmbargoKind

EMBARGO = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=NOW, lift=NOW)
RELEASE = Scheduled("names", "v1", "…", EMBARGO, NOW, ("media",), "jdoe", "f", Directive.SCHEDULED, "jdoe", NOW)
STATES = (DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT)

# Few values, so that they often meet, with a microsecond to either side.
edges = st.sampled_from([timedelta(0), timedelta(microseconds=1), timedelta(microseconds=-1)])
moments = st.builds(lambda hours, edge: NOW + timedelta(hours=hours) + edge, st.integers(-6, 6), edges)
spans = st.integers(1, 6).map(lambda hours: timedelta(hours=hours))

Compare = Callable[..., tuple[bool, bool]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def compare(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compare]:
    """Return whether the plan calls one delivery due, and whether the claim takes it."""
    url = "sqlite:///state.db"
    if request.param == "postgresql":
        import psycopg

        template = request.getfixturevalue("postgres")
        plain = template.format(database="postgres").replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("CREATE DATABASE lateness")
        url = template.format(database="lateness")
    store = Store(url, tmp_path_factory.mktemp("lateness"))
    with store.ledger(now=NOW, actor="jdoe") as ledger:
        freezing.schedule(ledger, RELEASE, freezing.Frozen(b"{}", NOW, {}, {}), {"media": ("",)})
        approvals.approve(ledger, "names", "v1", "da", policy=Policy())

    def compared(
        lift: datetime,
        accepted: datetime | None,
        first_sent_at: datetime | None,
        state: DeliveryState,
        now: datetime,
        policy: Policy,
        retry: Retry,
    ) -> tuple[bool, bool]:
        with store.ledger(now=now, actor="x", undo=True) as ledger:
            ledger.connection.execute(
                text("UPDATE releases SET lift = :lift, late_accepted_at = :accepted"),
                {"lift": maybe_micros(lift), "accepted": maybe_micros(accepted)},
            )
            ledger.connection.execute(
                text("UPDATE deliveries SET state = :state, lift = :lift, next_try = :lift, first_sent_at = :first"),
                {"state": state.value, "lift": maybe_micros(lift), "first": maybe_micros(first_sent_at)},
            )
            release = scheduled_of(ledger.rows(text("SELECT * FROM releases"))[0])
            # The claim takes nothing that the journal does not have.
            ledger.micros = to_micros(accepted or NOW)
            ledger.note("release.lift_moved", release.slug, release.version, lift=format_utc(lift))
            if accepted is not None:
                ledger.note("release.late_accepted", release.slug, release.version)
            ledger.write_lines()
            ledger.micros = to_micros(now)
            store.agreement.forget()  # what was told in the last example was undone
            delivery = delivery_of(ledger.rows(text("SELECT * FROM deliveries"))[0])
            plan = make_plan(
                [Dossier(release, (Approval("da", NOW),), (delivery,))],
                policy=policy,
                retry=retry,
                known_outlets={"media"},
                now=now,
            )
            until = now + timedelta(minutes=1)
            taken = claims.claim(ledger, [delivery.id], owner="x", lease_until=until, policy=policy, retry=retry)
            return bool(plan.due), bool(taken)

    yield compared
    store.close()


@given(
    lift=moments,
    accepted=st.none() | moments,
    first_sent_at=st.none() | moments,
    state=st.sampled_from(STATES),
    now=moments,
    max_late=spans,
    give_up=spans,
)
@example(  # accepted before the lift, which is further off than `max_late`
    lift=NOW,
    accepted=NOW - timedelta(hours=5),
    first_sent_at=None,
    state=DeliveryState.WAITING,
    now=NOW,
    max_late=timedelta(hours=1),
    give_up=timedelta(hours=1),
)
@example(  # tried in time, and again until `give_up`
    lift=NOW,
    accepted=None,
    first_sent_at=NOW,
    state=DeliveryState.RETRYING,
    now=NOW + timedelta(hours=3),
    max_late=timedelta(hours=1),
    give_up=timedelta(hours=6),
)
@example(  # accepted as late
    lift=NOW,
    accepted=NOW + timedelta(hours=3),
    first_sent_at=None,
    state=DeliveryState.WAITING,
    now=NOW + timedelta(hours=3),
    max_late=timedelta(hours=1),
    give_up=timedelta(hours=1),
)
def test_what_the_plan_calls_due_the_claim_takes(
    compare: Compare,
    lift: datetime,
    accepted: datetime | None,
    first_sent_at: datetime | None,
    state: DeliveryState,
    now: datetime,
    max_late: timedelta,
    give_up: timedelta,
) -> None:
    if state is DeliveryState.IN_DOUBT and (first_sent_at is None or now - first_sent_at > give_up):
        state = DeliveryState.RETRYING  # a cycle leaves such a doubt to a person before it claims (retry.may_repeat)
    policy, retry = Policy(max_late=max_late), Retry(give_up=give_up)
    due, taken = compare(lift, accepted, first_sent_at, state, now, policy, retry)
    assert taken is due


@pytest.mark.parametrize(("ahead", "accepted"), [(3600, False), (3, True)])
def test_lateness_is_accepted_only_once_the_lift_is_past(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], ahead: int, accepted: bool
) -> None:
    """`retry` of a release that only waits at a closed outlet opens the outlet, and the journal says nothing false."""
    call = Caller(capsys)
    office = found_office(tmp_path / "office")
    monkeypatch.chdir(office.folder)
    lift = in_seconds(ahead)
    office.write("names", embargo=iso(lift))
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    with store.ledger(now=datetime.now(UTC), actor="scheduler") as ledger:
        close_outlet(ledger, "newsroom", 1, reason="the server refuses the password", fingerprint="f1")
    store.close()
    if accepted:
        time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
    call("retry", "names", "--outlet", "newsroom")
    assert ("although it was late" in call("journal", "names")) is accepted
