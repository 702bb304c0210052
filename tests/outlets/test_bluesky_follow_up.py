"""Bluesky: a correction is a reply, a withdrawn post becomes a notice, and what comes late is kept out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from follow_ups import NOTE, corrected, earlier, withdrawn
from hypothesis import given
from hypothesis import strategies as st
from social_servers import LIFT, BlueskyServer, Told, a_message, cid, serving, wrong_with_post

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.bluesky import key_of
from pressrelease.outlets.bluesky.records import post_in
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed, Earlier, Receipt

FIRST = a_message(headline="John Roe arrested")
SECOND = corrected(FIRST, a_message(headline="A man arrested"))
THIRD = corrected(FIRST, a_message(headline="A man held"), n=3, note="He is held.", at=LIFT + timedelta(days=2))
KEYS = {1: "1" * 32, 2: "2" * 32, 3: "3" * 32, 9: "9" * 32}


@pytest.fixture
def server() -> Iterator[BlueskyServer]:
    with serving(BlueskyServer()) as running:
        yield running


def outlet(server: BlueskyServer, timeout: float = 5) -> Any:
    settings = {"url": server.url, "handle": server.handle, "password": SecretReference(SecretSource.ENV, "PASSWORD")}
    config = OutletConfig("sky", "bluesky", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: server.password)


def follow(server: BlueskyServer, message: Message, *before: Earlier, opened: Any = None) -> Receipt:
    """Prepare and send, as the cycle does by the message's action; each time another process."""
    opened = opened or outlet(server)
    key = KEYS[9 if message.action is Action.WITHDRAW else message.n]
    if message.action in {Action.CORRECT, Action.WITHDRAW}:
        rendered = opened.prepare_follow_up(message, key=key, recipient="", earlier=before)
        act = opened.replace if message.action is Action.CORRECT else opened.withdraw
        receipt: Receipt = act(rendered, key=key, recipient="", earlier=before)
        return receipt
    rendered = opened.prepare(message, key=key, recipient="")
    return opened.send(rendered, key=key, recipient="")  # type: ignore[no-any-return]


def got(message: Message, receipt: Receipt | None) -> Earlier:
    return earlier(message, receipt, key=KEYS[message.n])


def texts(server: BlueskyServer) -> list[str]:
    return [record["text"] for record in server.records.values()]


def test_a_correction_is_a_reply_to_the_first_post(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    receipts = {follow(server, SECOND, first) for _ in range(3)}
    assert len(receipts) == 1
    original, reply = server.records.values()
    ref = {"uri": str(first.remote_id).partition("#")[0], "cid": cid(original)}
    assert reply["reply"] == {"root": ref, "parent": ref}
    assert reply["text"] == f"CORRECTION: A man arrested\n\n{NOTE}\n\n{SECOND.url}"
    assert original["text"].startswith("John Roe arrested")
    # The next one replies to the last reply, in the thread of the first.
    second = got(SECOND, receipts.pop())
    follow(server, THIRD, first, second)
    last = list(server.records.values())[2]
    assert last["reply"] == {"root": ref, "parent": {"uri": str(second.remote_id).partition("#")[0], "cid": cid(reply)}}


def test_a_receipt_of_an_earlier_version_of_this_program_has_no_cid_and_is_as_good(server: BlueskyServer) -> None:
    receipt = follow(server, FIRST)
    assert receipt.remote_id is not None
    old = receipt._replace(remote_id=receipt.remote_id.partition("#")[0])
    follow(server, SECOND, got(FIRST, old))
    assert list(server.records.values())[1]["reply"]["root"]["cid"] == receipt.remote_id.partition("#")[2]
    follow(server, withdrawn(SECOND), got(FIRST, old))
    assert "John Roe" not in json.dumps(server.records[post_in(old.remote_id).key])  # type: ignore[union-attr]


def test_a_first_post_in_doubt_is_looked_for(server: BlueskyServer) -> None:
    follow(server, FIRST)
    follow(server, SECOND, got(FIRST, None))
    assert len(server.records) == 2
    assert list(server.records.values())[1]["reply"]["root"]["cid"]


def test_in_place_of_a_first_post_that_never_came_the_corrected_one_is_the_first(server: BlueskyServer) -> None:
    for _ in range(2):
        follow(server, SECOND, got(FIRST, None))
    [record] = server.records.values()
    assert record["text"].startswith("A man arrested")
    assert "reply" not in record
    # Its place is taken: what wakes late with the first version in its hands is refused.
    with pytest.raises(DeliveryFailed, match="different post") as caught:
        follow(server, FIRST)
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert list(server.records.values()) == [record]


def test_a_first_post_that_somebody_deleted_there_is_corrected_by_a_post_that_names_it(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    server.records.clear()
    for _ in range(2):
        follow(server, SECOND, first)
    [record] = server.records.values()
    assert record["text"].startswith("CORRECTION: ")
    assert "reply" not in record


def test_a_withdrawn_post_becomes_a_notice_without_its_words(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    second = got(SECOND, follow(server, SECOND, first))
    receipts = {follow(server, withdrawn(SECOND), first, second) for _ in range(2)}
    assert len(receipts) == 1
    assert (
        texts(server)
        == [f"Press release of Monday, Sept. 24, 2018, 9 a.m. PDT\n\nWithdrawn Thursday, Sept. 27, 2018. {NOTE}"] * 2
    )
    one, other = server.records.values()
    assert other["reply"]["root"]["cid"] == cid(one)
    for hidden in ("Roe", "man", "names-released"):
        assert hidden not in json.dumps(server.records).replace("the wrong person", "")


@pytest.mark.parametrize("came", [False, True])
def test_nothing_comes_after_a_withdrawal(server: BlueskyServer, came: bool) -> None:
    if came:
        follow(server, FIRST)
    follow(server, withdrawn(FIRST), got(FIRST, None))
    before = dict(server.records)
    with pytest.raises(DeliveryFailed, match="different post") as caught:
        follow(server, FIRST)
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert server.records == before
    assert len(before) == 1


@pytest.mark.parametrize("trouble", ["unheard", "lost", Told(503, {}), Told(502, {})])
@pytest.mark.parametrize("write", [0, 1])
def test_a_withdrawal_that_was_cut_off_is_finished_by_a_repeat(
    server: BlueskyServer, trouble: str | Told, write: int
) -> None:
    first = got(FIRST, follow(server, FIRST))
    server.troubles.extend([*[None] * write, trouble])  # type: ignore[list-item]
    with pytest.raises(DeliveryFailed) as caught:
        follow(server, withdrawn(FIRST), first)
    assert caught.value.certainty in {Certainty.UNSURE, Certainty.NOT_SENT}
    follow(server, withdrawn(FIRST), first)
    assert [text.startswith("Press release of") for text in texts(server)] == [True]


def test_a_post_that_comes_back_between_delete_and_notice_is_deleted_again(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    original = dict(server.records)
    answer, late = server.answer, [dict(original)]

    def answers(asked: Any) -> Told:
        told = answer(asked)
        if asked.path.endswith("deleteRecord") and late:
            server.records.update(late.pop())
        return told

    server.answer = answers  # type: ignore[method-assign]
    follow(server, withdrawn(FIRST), first)
    assert [text.startswith("Press release of") for text in texts(server)] == [True]


def test_a_post_that_keeps_coming_back_is_tried_again_later(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    original, answer = dict(server.records), server.answer

    def answers(asked: Any) -> Told:
        told = answer(asked)
        if asked.path.endswith("deleteRecord"):
            server.records.update(original)
        return told

    server.answer = answers  # type: ignore[method-assign]
    with pytest.raises(DeliveryFailed, match="goes on showing") as caught:
        follow(server, withdrawn(FIRST), first)
    assert caught.value.certainty is Certainty.NOT_SENT


def test_another_post_at_the_key_of_a_correction_is_left_alone(server: BlueskyServer) -> None:
    first = got(FIRST, follow(server, FIRST))
    other = {"$type": "app.bsky.feed.post", "text": "Other", "createdAt": "2018-09-24T16:00:00Z"}
    server.records[key_of(LIFT, KEYS[2])] = other
    with pytest.raises(DeliveryFailed, match="different post"):
        follow(server, SECOND, first)
    assert server.records[key_of(LIFT, KEYS[2])] == other


@given(note=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=600), spanish=st.booleans())
def test_every_notice_and_reply_is_one_that_bluesky_takes(note: str, spanish: bool) -> None:
    opened = outlet(BlueskyServer())
    first = a_message(language="es" if spanish else "en-US")
    message = corrected(first, first, note=note.strip() or "x")
    for one in (message, withdrawn(message, note=note.strip())):
        rendered = opened.prepare_follow_up(one, key=KEYS[2], recipient="", earlier=())
        assert wrong_with_post(key_of(LIFT, KEYS[2]), json.loads(rendered.content)) == ""


def test_the_key_of_a_later_version_needs_only_the_first_lift(server: BlueskyServer) -> None:
    """A withdrawal must find a corrected version in doubt, and knows the lift of the first one only."""
    follow(server, replace(SECOND, action=Action.PUBLISH))
    assert list(server.records) == [key_of(LIFT, KEYS[2])]
    follow(server, withdrawn(THIRD), got(SECOND, None))
    assert texts(server)[0].startswith("Press release of")
