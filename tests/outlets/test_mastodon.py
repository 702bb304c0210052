"""The Mastodon outlet against a small server that keeps Mastodon's rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from social_servers import Asked, MastodonServer, Told, a_message, serving

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

KEY = "0123456789abcdef" * 2


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    with serving(MastodonServer()) as running:
        yield running


def outlet(server: MastodonServer, *, token: str = "mastodon-token", timeout: float = 5, **settings: Any) -> Any:
    given = {"url": server.url, "token": SecretReference(SecretSource.ENV, "TOKEN"), "visibility": "public", **settings}
    config = OutletConfig("social", "mastodon", timeout=timedelta(seconds=timeout), settings=given)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: token)


def deliver(opened: Any, message: Message | None = None, key: str = KEY) -> Receipt:
    rendered = opened.prepare(message or a_message(), key=key, recipient="")
    receipt: Receipt = opened.send(rendered, key=key, recipient="")
    return receipt


def posted(server: MastodonServer) -> list[Asked]:
    return [asked for asked in server.asked if asked.method == "POST"]


def refused(opened: Any, message: Message | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened, message)
    return caught.value


def test_one_post_with_headline_and_link(server: MastodonServer) -> None:
    receipt = deliver(outlet(server, visibility="unlisted"))
    [status] = server.statuses.values()
    assert (receipt.remote_id, receipt.url) == (status["id"], status["url"])
    assert status["text"].startswith("Names released in county-wide human trafficking operation\n\n")
    assert status["text"].endswith("\n\nhttps://news.example.org/names-released/")
    assert (status["visibility"], status["language"]) == ("unlisted", "en")
    [asked] = posted(server)
    assert asked.headers["idempotency-key"] == KEY
    assert "scheduled_at" not in asked.json


def test_what_proof_shows_is_what_leaves(server: MastodonServer) -> None:
    opened = outlet(server)
    rendered = opened.prepare(a_message(), key=KEY, recipient="")
    opened.send(rendered, key=KEY, recipient="")
    assert server.asked[-1].body == rendered.content
    assert json.loads(rendered.content)["status"]


@pytest.mark.parametrize("trouble", ["lost", "hangs", "drips"])
def test_a_lost_answer_makes_no_second_post(server: MastodonServer, trouble: str) -> None:
    server.troubles.append(trouble)
    opened = outlet(server, timeout=1)
    assert refused(opened).certainty is Certainty.UNSURE
    receipt = deliver(opened)
    assert list(server.statuses) == [receipt.remote_id]
    assert opened.repeats.told_apart


def test_it_counts_on_the_key_for_less_time_than_mastodon_keeps_it(server: MastodonServer) -> None:
    opened = outlet(server)
    first = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
    receipt = deliver(opened)
    assert opened.repeats.still_told(first, first + timedelta(minutes=49))
    server.moved_on = timedelta(minutes=59)
    assert deliver(opened) == receipt
    assert not opened.repeats.still_told(first, first + timedelta(minutes=51))
    server.moved_on = timedelta(minutes=61)
    assert deliver(opened) != receipt, "this server forgets, as the real one does"


def test_other_releases_are_other_posts(server: MastodonServer) -> None:
    opened = outlet(server)
    assert len({deliver(opened, a_message(slug), slug * 8).remote_id for slug in ("a", "b", "c")}) == 3


@pytest.mark.parametrize(
    ("told", "certainty", "credentials"),
    [
        (Told(401, {"error": "The access token was revoked"}), Certainty.FOR_GOOD, True),
        (Told(403, {"error": "This action is outside the authorized scopes"}), Certainty.FOR_GOOD, True),
        (Told(404, {}), Certainty.FOR_GOOD, False),
        (Told(422, {"error": "Validation failed"}), Certainty.FOR_GOOD, False),
        (Told(302, {}, {"location": "https://elsewhere.example.org/"}), Certainty.FOR_GOOD, False),
        (Told(429, {}), Certainty.NOT_SENT, False),
        (Told(503, {}), Certainty.NOT_SENT, False),
        (Told(500, {}), Certainty.UNSURE, False),
        (Told(502, {}), Certainty.UNSURE, False),
        (Told(200, {}), Certainty.UNSURE, False),
        (Told(200, ["no", "post"]), Certainty.UNSURE, False),
    ],
)
def test_what_an_answer_means(server: MastodonServer, told: Told, certainty: Certainty, credentials: bool) -> None:
    server.troubles.append(told)
    failure = refused(outlet(server))
    assert (failure.certainty, failure.credentials) == (certainty, credentials)
    assert "names-released" not in failure.reason
    assert "mastodon-token" not in failure.reason
    assert len(posted(server)) == 1, "nothing is retried in here, and no redirect followed"


def test_a_ban_says_until_when_by_the_server_s_clock(server: MastodonServer) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    headers = {"date": format_datetime(now, usegmt=True), "x-ratelimit-reset": "2030-01-01T00:04:30.123456Z"}
    server.troubles.append(Told(429, {}, headers))
    failure = refused(outlet(server))
    assert failure.retry_after is not None
    assert timedelta(minutes=4) < failure.retry_after < timedelta(minutes=5)
    server.troubles.append(Told(429, {}, {"x-ratelimit-reset": "soon"}))
    assert refused(outlet(server)).retry_after is None


def test_a_wrong_token_is_refused_for_good(server: MastodonServer) -> None:
    opened = outlet(server, token="another")
    failure = refused(opened)
    assert (failure.certainty, failure.credentials) == (Certainty.FOR_GOOD, True)
    with pytest.raises(DeliveryFailed):
        opened.probe()


def test_nobody_there_is_surely_not_sent(server: MastodonServer) -> None:
    server.troubles.append("unheard")
    assert refused(outlet(server)).certainty is Certainty.UNSURE, "it had the request in its hands"
    with serving(MastodonServer()) as gone:
        pass
    assert refused(outlet(gone, timeout=2)).certainty is Certainty.NOT_SENT


def test_a_probe_posts_nothing(server: MastodonServer) -> None:
    opened = outlet(server)
    opened.warm()
    assert posted(server) == []
    assert "@office" in opened.probe()
    assert server.statuses == {}
    server.longest = 140
    with pytest.raises(DeliveryFailed, match="140 characters"):
        opened.probe()


# -- servers that do not keep the key ------------------------------------------------------------------------


def found(
    opened: Any, message: Message | None = None, *, since: datetime | None = None, key: str = KEY
) -> Receipt | None:
    rendered = opened.prepare(message or a_message(), key=key, recipient="")
    receipt: Receipt | None = opened.find(rendered, key=key, recipient="", since=since or datetime.now(UTC))
    return receipt


@pytest.mark.parametrize(
    ("software", "keeps"),
    [
        ("mastodon", True),
        ("mastodon 3", True),
        ("gotosocial", False),
        ("snac", False),
        ("fork", False),
        ("none", False),
    ],
)
def test_a_repeat_is_promised_only_for_mastodon_itself(server: MastodonServer, software: str, keeps: bool) -> None:
    server.software = software
    opened = outlet(server)
    assert not opened.repeats.told_apart, "nobody knows before the server was asked"
    opened.warm()
    assert opened.repeats.told_apart is keeps
    assert opened.repeats.findable
    assert (opened.repeats.settle == timedelta(0)) is keeps
    assert outlet(server).probe().count("after a minute") == (not keeps)


@pytest.mark.parametrize("software", ["mastodon", "gotosocial", "snac"])
@pytest.mark.parametrize("marks_up", [True, False])
def test_a_lost_post_is_found_before_a_second_one(server: MastodonServer, software: str, marks_up: bool) -> None:
    server.software, server.marks_up = software, marks_up
    server.troubles.append("lost")
    before = datetime.now(UTC)
    assert refused(outlet(server)).certainty is Certainty.UNSURE
    receipt = found(outlet(server), since=before)
    assert receipt is not None
    assert [receipt.remote_id] == list(server.statuses)
    assert receipt.url == server.statuses[receipt.remote_id]["url"]
    assert (
        found(outlet(server), a_message("other", headline="Another headline", url="https://news.example.org/o/"))
        is None
    )


def test_an_old_post_of_the_same_words_is_not_this_one(server: MastodonServer) -> None:
    server.software = "gotosocial"
    deliver(outlet(server))
    assert found(outlet(server), since=datetime.now(UTC) + timedelta(minutes=10)) is None
    assert found(outlet(server), since=datetime.now(UTC)) is not None, "clocks differ a little"


def test_it_is_found_by_the_server_s_own_clock(server: MastodonServer) -> None:
    server.software, server.moved_on = "gotosocial", timedelta(hours=-3)
    deliver(outlet(server))
    assert found(outlet(server)) is not None


def test_the_link_with_other_words_is_for_a_person(server: MastodonServer) -> None:
    server.software = "gotosocial"
    server.say('<p>Read <a href="https://news.example.org/names-released/">our news</a></p>')
    with pytest.raises(DeliveryFailed, match="link and other words") as caught:
        found(outlet(server))
    assert caught.value.certainty is Certainty.FOR_GOOD


@pytest.mark.parametrize(("newer", "certain"), [(50, True), (199, True), (201, False)])
def test_it_looks_as_far_back_as_it_must_or_says_that_it_can_t(
    server: MastodonServer, newer: int, certain: bool
) -> None:
    server.software = "gotosocial"
    deliver(outlet(server))
    for number in range(newer):
        server.say(f"<p>Post {number}</p>")
    if certain:
        assert found(outlet(server)) is not None
    else:
        with pytest.raises(DeliveryFailed, match="too many newer posts"):
            found(outlet(server))


def test_without_permission_to_look_only_mastodon_s_key_tells(server: MastodonServer) -> None:
    server.scopes = "write:statuses"
    now = datetime.now(UTC)
    assert found(outlet(server), since=now - timedelta(minutes=40)) is None, "the key tells"
    with pytest.raises(DeliveryFailed) as late:
        found(outlet(server), since=now - timedelta(minutes=51))
    server.software = "gotosocial"
    with pytest.raises(DeliveryFailed) as caught:
        found(outlet(server))
    assert (late.value.certainty, caught.value.certainty) == (Certainty.FOR_GOOD, Certainty.FOR_GOOD)
    assert not posted(server)


def test_a_server_that_is_down_is_looked_into_later(server: MastodonServer) -> None:
    server.software = "gotosocial"
    server.looks.append(Told(503, {}))
    with pytest.raises(DeliveryFailed) as caught:
        found(outlet(server))
    assert caught.value.certainty is Certainty.NOT_SENT


def test_software_that_changed_is_noticed_before_a_second_post(server: MastodonServer) -> None:
    opened = outlet(server)
    server.troubles.append("lost")
    assert refused(opened).certainty is Certainty.UNSURE
    assert opened.repeats.told_apart
    server.software = "gotosocial"
    with pytest.raises(DeliveryFailed, match="changed its software") as caught:
        found(opened)
    assert (caught.value.certainty, caught.value.retry_after) == (Certainty.NOT_SENT, timedelta(minutes=1))
    assert not opened.repeats.told_apart
    assert found(opened) is not None


def test_a_probe_says_what_the_token_may_not(server: MastodonServer) -> None:
    server.scopes = "read:accounts read:statuses"
    with pytest.raises(DeliveryFailed, match="needs write:statuses") as caught:
        outlet(server).probe()
    assert caught.value.credentials
    server.scopes, server.software = "read:accounts write:statuses", "snac"
    assert "IF SENDING IS INTERRUPTED, YOU DECIDE WHETHER TO SEND AGAIN" in outlet(server).probe()
