"""What is due, what waits, and when to look again: examples, and what holds for any releases at any moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from dossiers import LIFT, OUTLETS, POLICY, RELEASE, RETRY, SECOND, WAITING, YES, at, dossiers, moments
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.publishing.plan import Plan, make_plan
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.dossier import Directive, Dossier, FileFact
from pressrelease.status.evaluation import ReleaseState, too_late

MICROSECOND = timedelta(microseconds=1)


def plan_of(*given: Dossier, now: datetime, clock_doubt: str | None = None) -> Plan:
    return make_plan(given, policy=POLICY, retry=RETRY, known_outlets=OUTLETS, now=now, clock_doubt=clock_doubt)


def test_nothing_is_due_a_microsecond_before_the_lift_and_the_plan_wakes_at_it() -> None:
    dossier = Dossier(RELEASE, YES, (WAITING,))
    before = plan_of(dossier, now=LIFT - MICROSECOND)
    assert (before.due, before.next_wake) == ((), LIFT)
    assert plan_of(dossier, now=LIFT).due == (WAITING,)


def test_a_lift_that_was_put_off_holds_what_would_be_tried_again() -> None:
    later = LIFT + timedelta(hours=1)
    dossier = Dossier(RELEASE._replace(lift=later), YES, (at("retrying"),))
    found = plan_of(dossier, now=LIFT + timedelta(minutes=1))
    assert (found.due, found.next_wake, found.retrying) == ((), later, ("names",))


def test_what_is_due_comes_in_the_order_of_its_moment() -> None:
    early = RELEASE._replace(slug="early", lift=LIFT - SECOND)
    first = WAITING._replace(id=9, slug="early", next_try=LIFT - SECOND)
    found = plan_of(Dossier(RELEASE, YES, (WAITING,)), Dossier(early, YES, (first,)), now=LIFT)
    assert found.due == (first, WAITING)


def test_an_outlet_taken_out_of_the_config_costs_the_others_nothing() -> None:
    gone = WAITING._replace(id=9, outlet="fax")
    found = plan_of(Dossier(RELEASE, YES, (gone, WAITING)), now=LIFT)
    assert found.due == (WAITING,)
    assert [one.slug for one in found.needs_you] == ["names"]
    assert "fax" in found.needs_you[0].reason


def test_a_release_that_waits_for_a_person_is_reported_once_it_is_due() -> None:
    unapproved = Dossier(RELEASE, (), (WAITING,))
    held = Dossier(RELEASE._replace(slug="held", word=Directive.HELD, why="a call"), YES, (WAITING,))
    assert plan_of(unapproved, held, now=LIFT - SECOND).needs_you == ()
    assert [one.slug for one in plan_of(unapproved, held, now=LIFT).needs_you] == ["names", "held"]


@given(offices=st.lists(dossiers, max_size=4), now=moments, clock_doubt=st.sampled_from([None, None, "it jumped"]))
def test_what_is_due_may_leave(offices: list[Dossier], now: datetime, clock_doubt: str | None) -> None:
    named = [one._replace(release=one.release._replace(slug=f"r{n}")) for n, one in enumerate(offices)]
    named = [one._replace(deliveries=tuple(d._replace(slug=one.release.slug) for d in one.deliveries)) for one in named]
    found = plan_of(*named, now=now, clock_doubt=clock_doubt)
    by_slug = {one.release.slug: one for one in named}
    for delivery in found.due:
        dossier = by_slug[delivery.slug]
        release = dossier.release
        assert release.lift is not None
        assert release.lift <= now
        assert delivery.next_try is not None
        assert delivery.next_try <= now
        assert delivery.state in {DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT}
        assert release.word is Directive.SCHEDULED
        assert dossier.approvals
        assert dossier.file is FileFact.SAME
        assert delivery.outlet in OUTLETS
        assert clock_doubt is None
        assert not too_late(delivery, release, policy=POLICY, retry=RETRY, now=now)


@given(dossier=dossiers, now=moments, clock_doubt=st.sampled_from([None, None, "it jumped"]))
def test_nothing_is_lost(dossier: Dossier, now: datetime, clock_doubt: str | None) -> None:
    found = plan_of(dossier, now=now, clock_doubt=clock_doubt)
    ((_, status),) = found.statuses
    told = {one.slug for one in found.needs_you}
    lift = dossier.release.lift
    for delivery in dossier.deliveries:
        if not delivery.is_open or delivery.state is DeliveryState.SENDING:
            continue
        woken = found.next_wake is not None and found.next_wake > now
        shown = status.state in {ReleaseState.UNAPPROVED, ReleaseState.HELD, ReleaseState.KILLED}
        ahead = lift is None or lift > now
        assert (
            delivery in found.due
            or woken
            or dossier.release.slug in told
            or (shown and ahead)
            or (status.state is ReleaseState.KILLED)
        )


@given(dossier=dossiers, now=moments)
def test_the_next_wake_is_ahead_and_something_is_due_then(dossier: Dossier, now: datetime) -> None:
    found = plan_of(dossier, now=now)
    if found.next_wake is None:
        return
    assert found.next_wake > now
    then = plan_of(dossier, now=found.next_wake)
    assert then.due or then.needs_you
