"""When something is tried again by itself: a table, and what holds for any failure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.config import Retry
from pressrelease.publishing.retry import LONGEST_RETRY_AFTER, may_repeat, next_try
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, DeliveryState, Repeats

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RULES = Retry()
STEADY = RULES._replace(jitter=0.0)
NEVER = Repeats(told_apart=False)
ALWAYS = Repeats(told_apart=True)
FOR_AN_HOUR = Repeats(told_apart=True, within=HOUR)
CLAIMED = Delivery(
    1, "names", "v1", "media", "", DeliveryState.SENDING, attempts=1, claimed_from=DeliveryState.WAITING,
    first_sent_at=NOW, owner="one", lease_until=NOW + timedelta(minutes=3),
)  # fmt: skip

rules = st.builds(
    Retry,
    schedule=st.lists(st.timedeltas(SECOND, 3 * HOUR), min_size=1, max_size=6).map(tuple),
    give_up=st.timedeltas(MINUTE, 48 * HOUR),
    jitter=st.floats(0, 1),
)
claims = st.builds(
    CLAIMED._replace,
    attempts=st.integers(1, 50),
    first_sent_at=st.timedeltas(timedelta(0), 30 * HOUR).map(lambda ago: NOW - ago),
    claimed_from=st.sampled_from([DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT]),
)
failures = st.builds(
    DeliveryFailed,
    st.sampled_from(Certainty),
    st.just("no"),
    retry_after=st.none() | st.timedeltas(timedelta(0), 12 * HOUR),
)
repeats = st.sampled_from([NEVER, ALWAYS, FOR_AN_HOUR])
chances = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempts", "began", "certainty", "told", "wish", "pause"),
    [
        pytest.param(1, 0, "not_sent", NEVER, None, 5 * SECOND, id="the first pause"),
        pytest.param(2, 5, "not_sent", NEVER, None, 30 * SECOND, id="the second"),
        pytest.param(99, 5, "not_sent", NEVER, None, 2 * HOUR, id="the last pause goes on"),
        pytest.param(1, 0, "not_sent", NEVER, MINUTE, MINUTE, id="the outlet asks for more"),
        pytest.param(1, 0, "not_sent", NEVER, SECOND, 5 * SECOND, id="the outlet asks for less"),
        pytest.param(1, 0, "not_sent", NEVER, 9 * HOUR, 2 * HOUR, id="the outlet asks for too much"),
        pytest.param(9, 23 * 3600, "not_sent", NEVER, None, None, id="it would be past give_up"),
        pytest.param(1, 0, "unsure", NEVER, None, None, id="unsure, where a repeat can't be told"),
        pytest.param(1, 0, "unsure", ALWAYS, None, 5 * SECOND, id="unsure, where it can"),
        pytest.param(3, 3500, "unsure", FOR_AN_HOUR, None, None, id="unsure, and the outlet would have forgotten"),
        pytest.param(1, 0, "for_good", ALWAYS, SECOND, None, id="refused for good"),
    ],
)
def test_the_next_try(
    attempts: int, began: int, certainty: str, told: Repeats, wish: timedelta | None, pause: timedelta | None
) -> None:
    delivery = CLAIMED._replace(attempts=attempts, first_sent_at=NOW - began * SECOND)
    failure = DeliveryFailed(Certainty(certainty), "no", retry_after=wish)
    moment = next_try(delivery, failure, rules=STEADY, repeats=told, now=NOW, chance=0.5)
    assert moment == (None if pause is None else NOW + pause)


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.8), (0.25, 0.9), (0.5, 1.0), (0.75, 1.1)])
def test_pauses_are_spread_either_way(chance: float, share: float) -> None:
    refused = DeliveryFailed(Certainty.NOT_SENT, "refused")
    rules = RULES._replace(jitter=0.2, schedule=(100 * SECOND,))
    assert next_try(CLAIMED, refused, rules=rules, repeats=NEVER, now=NOW, chance=chance) == NOW + share * 100 * SECOND


def test_a_try_may_come_as_late_as_give_up_and_no_later() -> None:
    refused = DeliveryFailed(Certainty.NOT_SENT, "refused")
    rules = STEADY._replace(give_up=5 * SECOND)
    assert next_try(CLAIMED, refused, rules=rules, repeats=NEVER, now=NOW, chance=0.5) == NOW + 5 * SECOND
    assert next_try(CLAIMED, refused, rules=rules, repeats=NEVER, now=NOW + SECOND, chance=0.5) is None


def test_what_may_have_arrived_is_never_taken_for_what_did_not() -> None:
    unsure = DeliveryFailed(Certainty.UNSURE, "no answer")
    assert CLAIMED.failed(unsure, next_try=NOW).state is DeliveryState.IN_DOUBT
    assert CLAIMED.failed(unsure, next_try=None).needs_person
    refused = DeliveryFailed(Certainty.NOT_SENT, "refused")
    assert CLAIMED.failed(refused, next_try=NOW).state is DeliveryState.RETRYING
    assert CLAIMED.failed(refused, next_try=None).state is DeliveryState.FAILED


def test_a_doubt_outlives_a_repeat_that_surely_was_not_sent() -> None:
    again = CLAIMED._replace(attempts=2, claimed_from=DeliveryState.IN_DOUBT, first_sent_at=NOW - 59 * MINUTE)
    refused = DeliveryFailed(Certainty.NOT_SENT, "refused")
    assert next_try(again, refused, rules=STEADY, repeats=NEVER, now=NOW, chance=0.5) is None
    moment = next_try(again, refused, rules=STEADY, repeats=FOR_AN_HOUR, now=NOW, chance=0.5)
    assert moment == NOW + 30 * SECOND
    assert again.failed(refused, next_try=moment).state is DeliveryState.IN_DOUBT
    assert again.failed(refused, next_try=None).needs_person


@given(delivery=claims, failure=failures, rules=rules, repeats=repeats, chance=chances)
def test_a_next_try_is_ahead_bounded_and_safe(
    delivery: Delivery, failure: DeliveryFailed, rules: Retry, repeats: Repeats, chance: float
) -> None:
    moment = next_try(delivery, failure, rules=rules, repeats=repeats, now=NOW, chance=chance)
    if moment is None:
        return
    assert delivery.first_sent_at is not None
    assert NOW <= moment <= delivery.first_sent_at + rules.give_up
    assert moment - NOW <= max(2 * max(rules.schedule), LONGEST_RETRY_AFTER)
    assert failure.certainty is not Certainty.FOR_GOOD
    if failure.certainty is Certainty.UNSURE or delivery.claimed_from is DeliveryState.IN_DOUBT:
        assert repeats.still_told(delivery.first_sent_at, moment)
    if failure.retry_after is not None:
        assert moment - NOW >= min(failure.retry_after, LONGEST_RETRY_AFTER)


@given(delivery=claims, failure=failures, rules=rules, repeats=repeats, chance=chances)
def test_after_a_failure_it_is_in_doubt_exactly_where_something_may_have_arrived(
    delivery: Delivery, failure: DeliveryFailed, rules: Retry, repeats: Repeats, chance: float
) -> None:
    moment = next_try(delivery, failure, rules=rules, repeats=repeats, now=NOW, chance=chance)
    after = delivery.failed(failure, next_try=moment)
    doubtful = failure.certainty is Certainty.UNSURE or delivery.claimed_from is DeliveryState.IN_DOUBT
    assert (after.state is DeliveryState.IN_DOUBT) is doubtful
    assert after.needs_person is (moment is None)
    assert after.is_open is (moment is not None)
    assert (after.owner, after.lease_until, after.key) == (None, None, delivery.key)


@given(ago=st.timedeltas(timedelta(0), 30 * HOUR), rules=rules)
def test_a_repeat_needs_an_outlet_that_still_tells_it(ago: timedelta, rules: Retry) -> None:
    delivery = CLAIMED._replace(first_sent_at=NOW - ago)
    assert not may_repeat(delivery, rules=rules, repeats=NEVER, now=NOW)
    assert may_repeat(delivery, rules=rules, repeats=ALWAYS, now=NOW) is (ago <= rules.give_up)
    assert may_repeat(delivery, rules=rules, repeats=FOR_AN_HOUR, now=NOW) is (ago < HOUR and ago <= rules.give_up)
