"""Mastodon: a correction edits the post, a withdrawal deletes it, and the original is never posted again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from follow_ups import NOTE, corrected, earlier, withdrawn
from hypothesis import given
from hypothesis import strategies as st
from social_servers import MastodonServer, Told, a_message, counted_by_mastodon, serving

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed, Earlier, Receipt

FIRST = a_message(headline="John Roe arrested", subhead="Roe, 41")
SECOND = corrected(FIRST, a_message(headline="A man arrested", subhead="A man, 41"))
KEYS = {1: "1" * 32, 2: "2" * 32, 9: "9" * 32}


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with serving(MastodonServer()) as running:
        yield running


def outlet(server: MastodonServer, timeout: float = 5) -> Any:
    settings = {"url": server.url, "token": SecretReference(SecretSource.ENV, "TOKEN")}
    config = OutletConfig("social", "mastodon", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: server.token)


def follow(server: MastodonServer, message: Message, *before: Earlier, timeout: float = 5) -> Receipt:
    """Prepare and send, as the cycle does by the message's action; each time another process."""
    opened = outlet(server, timeout)
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


def texts(server: MastodonServer) -> list[str]:
    return [status["text"] for status in server.statuses.values()]


EDITED = f"A man arrested\n\nCorrection, Tuesday, Sept. 25, 2018: {NOTE}\n\nA man, 41\n\n{FIRST.url}"


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "snac"])
def test_a_correction_edits_the_post_once_however_often(server: MastodonServer, software: str) -> None:
    server.software = software
    receipt = follow(server, FIRST)
    assert {follow(server, SECOND, got(FIRST, receipt)) for _ in range(3)} == {receipt}
    assert texts(server) == [EDITED]
    assert server.revisions == 1


@pytest.mark.parametrize("software", ["mastodon", "gotosocial"])
def test_a_first_post_in_doubt_is_looked_for_and_edited(server: MastodonServer, software: str) -> None:
    server.software = software
    receipt = follow(server, FIRST)
    server.say("<p>Something else</p>")
    assert follow(server, SECOND, got(FIRST, None)) == receipt
    assert len(server.statuses) == 2
    assert EDITED in [status.get("text") for status in server.statuses.values()]


def test_in_place_of_a_first_post_that_never_came_the_corrected_one_is_posted_once(server: MastodonServer) -> None:
    receipts = {follow(server, SECOND, got(FIRST, None)) for _ in range(3)}
    assert len(receipts) == 1
    assert texts(server) == [EDITED]
    # What wakes late with the first version in its hands has the same key, and finds the corrected post.
    assert follow(server, FIRST) in receipts
    assert texts(server) == [EDITED]


def test_a_post_that_a_search_missed_is_found_by_its_key_and_edited(server: MastodonServer) -> None:
    receipt = follow(server, FIRST)
    answer = server.answer

    def answers(asked: Any) -> Told:
        return Told(200, []) if asked.path.endswith("/1/statuses") else answer(asked)

    server.answer = answers  # type: ignore[method-assign]
    assert follow(server, SECOND, got(FIRST, None)) == receipt
    assert texts(server) == [EDITED]


def test_a_post_that_somebody_deleted_is_replaced_by_the_corrected_one(server: MastodonServer) -> None:
    receipt = follow(server, FIRST)
    server.statuses.clear()
    for _ in range(2):
        follow(server, SECOND, got(FIRST, receipt))
        assert texts(server) == [EDITED]
        server.moved_on += timedelta(hours=2)  # no key is kept as long


def test_a_server_that_can_t_edit_needs_a_person(server: MastodonServer) -> None:
    server.edits = False
    receipt = follow(server, FIRST)
    with pytest.raises(DeliveryFailed, match="change or delete it there") as caught:
        follow(server, SECOND, got(FIRST, receipt))
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert len(server.statuses) == 1


def test_somebody_s_own_words_with_the_link_are_left_alone_and_need_a_person(server: MastodonServer) -> None:
    name = server.say(f'<p>Read this <a href="{FIRST.url}">here</a></p>')
    for message in (SECOND, withdrawn(FIRST)):
        with pytest.raises(DeliveryFailed, match="Look at the account") as caught:
            follow(server, message, got(FIRST, None))
        assert (caught.value.certainty, caught.value.credentials) == (Certainty.FOR_GOOD, False)
    assert list(server.statuses) == [name]


def test_without_the_permission_to_look_a_doubt_needs_a_person(server: MastodonServer) -> None:
    server.scopes = "write:statuses read:accounts"
    with pytest.raises(DeliveryFailed, match="can't be looked up") as caught:
        follow(server, SECOND, got(FIRST, None))
    assert (caught.value.certainty, caught.value.credentials) == (Certainty.FOR_GOOD, False)
    assert server.statuses == {}


# -- withdrawals ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "snac"])
@pytest.mark.parametrize("sure", [True, False])
def test_a_withdrawn_post_is_deleted_however_often(server: MastodonServer, software: str, sure: bool) -> None:
    server.software = software
    receipt = follow(server, FIRST)
    kept = server.say("<p>Something else</p>")
    for _ in range(3):
        assert follow(server, withdrawn(FIRST), got(FIRST, receipt if sure else None)) == Receipt()
    assert list(server.statuses) == [kept]


def test_a_corrected_post_in_doubt_is_found_too(server: MastodonServer) -> None:
    receipt = follow(server, FIRST)
    follow(server, SECOND, got(FIRST, receipt))
    follow(server, withdrawn(SECOND), got(FIRST, None), got(SECOND, None))
    assert server.statuses == {}


@pytest.mark.parametrize("sure", [True, False])
def test_nothing_comes_after_a_withdrawal(server: MastodonServer, sure: bool) -> None:
    """Mastodon keeps the key of a deleted post for its hour; the withdrawal of what never came uses the key up."""
    follow(server, withdrawn(FIRST), got(FIRST, follow(server, FIRST) if sure else None))
    assert server.statuses == {}
    with pytest.raises(DeliveryFailed) as caught:
        follow(server, FIRST)
    assert caught.value.certainty is Certainty.FOR_GOOD
    assert server.statuses == {}


def test_what_uses_the_key_up_is_addressed_to_nobody_and_says_nothing(server: MastodonServer) -> None:
    follow(server, withdrawn(FIRST), got(FIRST, None))
    [posted] = [asked for asked in server.asked if asked.method == "POST"]
    assert posted.json == {"status": "Press release withdrawn", "visibility": "direct", "language": "en"}
    assert posted.headers["idempotency-key"] == KEYS[1]


@pytest.mark.parametrize("trouble", ["unheard", "lost", Told(503, {}), Told(429, {})])
@pytest.mark.parametrize("write", [0, 1])
@pytest.mark.parametrize("action", [Action.CORRECT, Action.WITHDRAW])
def test_what_was_cut_off_is_finished_by_a_repeat(
    server: MastodonServer, trouble: str | Told, write: int, action: Action
) -> None:
    follow(server, FIRST)
    message = SECOND if action is Action.CORRECT else withdrawn(FIRST)
    server.troubles.extend([*[None] * write, trouble])  # type: ignore[list-item]
    failures = []
    try:
        follow(server, message, got(FIRST, None))
    except DeliveryFailed as failure:
        failures.append(failure.certainty)
    assert set(failures) <= {Certainty.UNSURE, Certainty.NOT_SENT}
    server.troubles.clear()
    follow(server, message, got(FIRST, None))
    assert texts(server) == ([EDITED] if action is Action.CORRECT else [])


@given(
    note=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=900),
    headline=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=600),
)
def test_every_corrected_post_is_one_that_mastodon_takes(note: str, headline: str) -> None:
    message = corrected(FIRST, a_message(headline=headline.strip() or "x"), note=note.strip() or "x")
    rendered = outlet(MastodonServer()).prepare_follow_up(message, key=KEYS[2], recipient="", earlier=())
    assert counted_by_mastodon(json.loads(rendered.content)["status"]) <= 500
