"""A delivery: its key, its words, and what may follow."""

from __future__ import annotations

from datetime import timedelta

from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.release.delivery import (
    LONGEST_WORDS,
    Certainty,
    Delivery,
    DeliveryFailed,
    DeliveryState,
    Receipt,
    Repeats,
    delivery_key,
)

SENDING = Delivery(
    7, "names", "v1", "media", "a@news.example", DeliveryState.SENDING, lift=NOW, attempts=1,
    claimed_from=DeliveryState.WAITING, owner="one", lease_until=NOW + timedelta(minutes=3), first_sent_at=NOW,
)  # fmt: skip
parts = st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",)), max_size=20)


@given(one=st.tuples(parts, parts, parts, parts), other=st.tuples(parts, parts, parts, parts))
def test_two_deliveries_have_one_key_only_where_they_are_one(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    assert (delivery_key(*one) == delivery_key(*other)) is (one == other)
    assert len(delivery_key(*one)) == 32


def test_a_key_is_the_same_on_every_try_and_on_every_machine() -> None:
    assert SENDING.key == SENDING._replace(attempts=9, owner="two", state=DeliveryState.RETRYING).key
    assert SENDING.key == "abc5a52b5d9f7d5d3736f98cadd28626"


def test_what_was_delivered_is_done() -> None:
    late = NOW + timedelta(milliseconds=250)
    after = SENDING.delivered(Receipt("https://news.example/names/", "7"), late)
    assert (after.state, after.late, after.url, after.remote_id) == (
        DeliveryState.DELIVERED, timedelta(milliseconds=250), "https://news.example/names/", "7",
    )  # fmt: skip
    assert (after.owner, after.lease_until, after.next_try, after.error) == (None, None, None, None)
    assert not after.is_open
    assert not after.needs_person


@given(words=st.text(max_size=3000), certainty=st.sampled_from(Certainty))
def test_whatever_an_outlet_answers_can_be_written_down(words: str, certainty: Certainty) -> None:
    failed = SENDING.failed(DeliveryFailed(certainty, words), next_try=None)
    delivered = SENDING.delivered(Receipt(words, words), NOW)
    for kept in (failed.error, delivered.url, delivered.remote_id):
        assert kept is not None
        assert "\x00" not in kept
        assert len(kept.encode()) <= 4 * LONGEST_WORDS


def test_an_outlet_remembers_for_as_long_as_it_says() -> None:
    hour = timedelta(hours=1)
    assert not Repeats(told_apart=False).still_told(NOW, NOW)
    assert Repeats(told_apart=True).still_told(NOW, NOW + timedelta(days=400))
    assert Repeats(told_apart=True, within=hour).still_told(NOW, NOW + hour - timedelta(microseconds=1))
    assert not Repeats(told_apart=True, within=hour).still_told(NOW, NOW + hour)


def test_every_state_says_what_it_means() -> None:
    for state in DeliveryState:
        assert state.sentence
        assert DeliveryState(state.value) is state
        delivery = SENDING._replace(state=state, next_try=None)
        asks = state not in {DeliveryState.DELIVERED, DeliveryState.CANCELED}
        assert (delivery.is_open or delivery.needs_person) is asks
