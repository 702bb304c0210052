"""WordPress: a correction changes the post, a withdrawn one becomes a notice, and no late version takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from follow_ups import NOTE, corrected, earlier, withdrawn
from hypothesis import given
from hypothesis import strategies as st
from social_servers import LIFT, Told, a_message, serving
from wordpress_posts import WordPressPosts

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.wordpress.draft import WITHDRAWN, PostMark, mark_in, media_in, with_media
from pressrelease.release.delivery import Action, Certainty, DeliveryFailed, Earlier, Receipt

FIRST = a_message(
    "names", headline="John Roe arrested", body="Roe, 41.", attachments={"roe.png": b"1", "map.pdf": b"2"}
)
SECOND = corrected(FIRST, a_message("names", headline="A man arrested", body="A man.", attachments={"map.pdf": b"2"}))
THIRD = corrected(FIRST, a_message("names", headline="A man held", body="Held."), n=3, at=LIFT + timedelta(days=2))
KEYS = {1: "1" * 32, 2: "2" * 32, 3: "3" * 32, 9: "9" * 32}


@pytest.fixture
def server() -> Iterator[WordPressPosts]:
    with serving(WordPressPosts()) as running:
        yield running


def follow(server: WordPressPosts, message: Message, *before: Earlier) -> Receipt:
    """Prepare and send, as the cycle does by the message's action; each time another process."""
    settings = {"url": server.url, "username": "press", "password": SecretReference(SecretSource.ENV, "PASSWORD")}
    config = OutletConfig("site", "wordpress", timeout=timedelta(seconds=5), settings=settings)
    opened = open_outlet(config, Office("Office", "UTC"), Path(), lambda _: "s3cret")
    key = KEYS[9 if message.action is Action.WITHDRAW else message.n]
    if message.action in {Action.CORRECT, Action.WITHDRAW}:
        rendered = opened.prepare_follow_up(message, key=key, recipient="", earlier=before)
        act = opened.replace if message.action is Action.CORRECT else opened.withdraw
        return act(rendered, key=key, recipient="", earlier=before)
    return opened.send(opened.prepare(message, key=key, recipient=""), key=key, recipient="")


def got(message: Message, receipt: Receipt | None) -> Earlier:
    return earlier(message, receipt, key=KEYS[message.n])


def files(server: WordPressPosts) -> set[str]:
    return {one["source_url"].rpartition("-")[2] for one in server.media.values()}


def test_a_corrected_post_has_the_note_and_only_its_own_files(server: WordPressPosts) -> None:
    first = got(FIRST, follow(server, FIRST))
    assert files(server) == {"roe.png", "map.pdf"}
    receipts = {follow(server, SECOND, first) for _ in range(3)}
    assert {receipt.remote_id for receipt in receipts} == {first.remote_id}
    text = server.public["names"]
    assert text.startswith("A man arrested\n<p><strong>Correction, Tuesday, Sept. 25, 2018: ")
    assert NOTE in text
    assert "Roe" not in text
    assert files(server) == {"map.pdf"}
    assert all("Roe" in text or "A man" in text for text in server.revisions[int(str(first.remote_id))].values())


def test_a_file_that_could_not_be_removed_is_removed_by_a_repeat(server: WordPressPosts) -> None:
    first = got(FIRST, follow(server, FIRST))
    server.troubles.extend([None, Told(503, {})])  # type: ignore[list-item]
    with pytest.raises(DeliveryFailed, match="the post is changed, but an attachment") as caught:
        follow(server, SECOND, first)
    assert caught.value.certainty is Certainty.NOT_SENT
    follow(server, SECOND, first)
    assert files(server) == {"map.pdf"}


@pytest.mark.parametrize("sure", [True, False])
def test_a_withdrawn_post_becomes_a_notice_and_its_slug_stays_taken(server: WordPressPosts, sure: bool) -> None:
    receipt = follow(server, FIRST)
    follow(server, SECOND, got(FIRST, receipt))
    before = [got(FIRST, receipt if sure else None), got(SECOND, receipt if sure else None)]
    for _ in range(2):
        assert follow(server, withdrawn(SECOND), *before).remote_id == receipt.remote_id
    assert list(server.public) == ["names"]
    text = server.public["names"]
    assert text.startswith(
        "Press release withdrawn\n<p>Press release of Monday, Sept. 24, 2018, 9 a.m. PDT</p>"
        "<p>Withdrawn Thursday, Sept. 27, 2018.</p>"
    )
    assert NOTE in text
    assert "man" not in text
    assert server.media == {}
    assert ["Withdrawn" in text for text in server.revisions[int(str(receipt.remote_id))].values()] == [True]


def test_a_file_that_another_release_has_too_stays(server: WordPressPosts) -> None:
    first = got(FIRST, follow(server, FIRST))
    follow(server, a_message("other", attachments={"map.pdf": b"2"}))
    assert len(server.media) == 2, "the same content is one file"
    follow(server, withdrawn(FIRST), first)
    assert files(server) == {"map.pdf"}


def test_what_this_user_may_not_delete_is_named(server: WordPressPosts) -> None:
    first = got(FIRST, follow(server, FIRST))
    server.may_delete = False
    with pytest.raises(DeliveryFailed, match="the post is a notice now, but an attachment") as caught:
        follow(server, withdrawn(FIRST), first)
    assert (caught.value.certainty, caught.value.credentials) == (Certainty.FOR_GOOD, False)
    assert "Withdrawn" in server.public["names"]
    # Earlier texts are only seen by editors: those who may not delete them leave them.
    server.media.clear()
    follow(server, withdrawn(FIRST), first)


def test_an_earlier_text_that_could_not_be_deleted_for_now_is_deleted_by_a_repeat(server: WordPressPosts) -> None:
    message = a_message("names", headline="John Roe arrested")
    first = got(message, follow(server, message))
    server.troubles.extend([None, Told(503, {})])  # type: ignore[list-item]
    with pytest.raises(DeliveryFailed, match="the post is a notice now") as caught:
        follow(server, withdrawn(message), first)
    assert caught.value.certainty is Certainty.NOT_SENT
    follow(server, withdrawn(message), first)
    assert "Roe" not in str(server.revisions)


def test_a_post_that_an_editor_moved_or_rewrote_is_withdrawn_by_its_number(server: WordPressPosts) -> None:
    receipt = follow(server, FIRST)
    server.write("moved", "Roe, rewritten", number=int(str(receipt.remote_id)))
    follow(server, withdrawn(FIRST), got(FIRST, receipt))
    assert "Withdrawn" in server.public["moved"]
    assert "Roe" not in "".join(server.public.values())


@pytest.mark.parametrize("status", ["draft", "private", "pending"])
def test_what_somebody_took_out_of_sight_stays_so(server: WordPressPosts, status: str) -> None:
    receipt = follow(server, FIRST)
    server.posts[int(str(receipt.remote_id))]["status"] = status
    with pytest.raises(DeliveryFailed, match=status):
        follow(server, SECOND, got(FIRST, receipt))
    follow(server, withdrawn(FIRST), got(FIRST, receipt))
    assert server.public == {}
    assert "Roe" not in str(server.posts)


# -- what comes late, and again ---------------------------------------------------------------------------


def test_the_withdrawal_of_what_never_came_is_seen_by_editors_only_and_keeps_it_out(server: WordPressPosts) -> None:
    for _ in range(2):
        follow(server, withdrawn(FIRST), got(FIRST, None))
    assert server.public == {}
    assert [(post["slug"], post["status"]) for post in server.posts.values()] == [("names", "private")]
    for late in (FIRST, replace(SECOND, action=Action.PUBLISH), SECOND):
        with pytest.raises(DeliveryFailed, match="withdrawn") as caught:
            follow(server, late)
        assert caught.value.certainty is Certainty.FOR_GOOD
    assert server.public == {}
    assert server.media == {}


@pytest.mark.parametrize("late", [FIRST, SECOND])
def test_a_late_version_takes_the_place_of_no_later_one(server: WordPressPosts, late: Message) -> None:
    first = got(FIRST, follow(server, FIRST))
    second = got(SECOND, follow(server, SECOND, first))
    follow(server, THIRD, first, second)
    text = server.public["names"]
    with pytest.raises(DeliveryFailed, match="corrected version already"):
        follow(server, late)
    assert server.public == {"names": text}
    follow(server, withdrawn(THIRD), first, second)
    text = server.public["names"]
    with pytest.raises(DeliveryFailed, match="withdrawn"):
        follow(server, late)
    assert server.public == {"names": text}


def test_a_first_version_that_crosses_with_its_withdrawal_is_withdrawn_too(server: WordPressPosts) -> None:
    """It had looked before the notice was there, and took the slug first."""
    answer = server.answer
    late = [f"<p>Roe</p>{mark_of_first()}"]

    def answers(asked: Any) -> Told:
        if asked.method == "POST" and late:
            server.write("names", late.pop())
        return answer(asked)

    server.answer = answers  # type: ignore[method-assign]
    follow(server, withdrawn(FIRST), got(FIRST, None))
    assert "Roe" not in str(server.posts)
    assert list(server.public) == ["names"]


def mark_of_first() -> str:
    from pressrelease.outlets.wordpress.draft import draft_of

    return draft_of(FIRST, outlet="site", key=KEYS[1]).mark.comment


def test_another_s_post_at_the_slug_is_left_alone(server: WordPressPosts) -> None:
    server.write("names", "Theirs")
    for _ in range(2):
        follow(server, withdrawn(FIRST), got(FIRST, None))
    assert server.public == {"names": "\nTheirs"}
    assert len(server.posts) == 2


@given(n=st.integers(1, WITHDRAWN), media=st.sets(st.integers(1, 10**6), max_size=20))
def test_a_mark_is_read_as_it_was_written(n: int, media: set[int]) -> None:
    mark = PostMark("a" * 32, "b" * 32, n)
    text = with_media(f"<p>Text{mark.comment}</p>", media)
    assert mark_in(text) == mark
    assert set(media_in(text)) == media
    assert PostMark("a" * 32, "b" * 32).comment == f"<!-- pressrelease {'a' * 32} {'b' * 32} -->"
