"""The ntfy outlet against a small server that answers as ntfy does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from servers import unused_port
from social_servers import Asked, SocialServer, Told, a_message, serving

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.errors import ConfigRefused
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

TOKEN = "tk_canary"
FORBIDDEN = Told(403, {"code": 40301, "http": 403, "error": "forbidden"})


class NtfyServer(SocialServer):
    """Publishes JSON that is posted to "/", and says whose a token is."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    def is_write(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Told:
        if asked.path == "/v1/health":
            return Told(200, {"healthy": True})
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return Told(401, {"code": 40101, "http": 401, "error": "unauthorized"})
        if asked.path == "/v1/account":
            return Told(200, {"username": "press", "role": "user"})
        self.messages.append(json.loads(asked.body))
        return Told(200, {"id": f"id{len(self.messages)}", "event": "message", "topic": "press-releases"})


@pytest.fixture
def server() -> Iterator[NtfyServer]:
    with serving(NtfyServer()) as running:
        yield running


def outlet(url: str, *, topic: Any = "press-releases", token: str = TOKEN, timeout: float = 5) -> Any:
    reference = SecretReference(SecretSource.ENV, "TOKEN")
    settings = {"url": url, "topic": topic, "token": reference if token else None}
    config = OutletConfig("phones", "ntfy", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: token)


def deliver(opened: Any, message: Message | None = None) -> Receipt:
    rendered = opened.prepare(message or a_message(), key="0" * 32, recipient="")
    receipt: Receipt = opened.send(rendered, key="0" * 32, recipient="")
    return receipt


def refused(opened: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened)
    assert not {"canary", "press-releases", "Names released"} & set(caught.value.reason.split())
    return caught.value


def test_one_notification_with_headline_summary_and_link(server: NtfyServer) -> None:
    assert deliver(outlet(server.url), a_message(subhead="Catorce personas")) == Receipt(remote_id="id1")
    assert server.messages == [
        {
            "topic": "press-releases",
            "title": "Names released in county-wide human trafficking operation",
            "message": "Catorce personas",
            "click": "https://news.example.org/names-released/",
        }
    ]


def test_without_a_page_there_is_nothing_to_click(server: NtfyServer) -> None:
    deliver(outlet(server.url), a_message(url=""))
    assert "click" not in server.messages[0]


def test_a_long_release_is_cut_below_what_would_arrive_as_an_attachment(server: NtfyServer) -> None:
    deliver(outlet(server.url), a_message(headline="Ünï " * 400, subhead="検察庁は発表した。" * 900))
    [message] = server.messages
    assert len(message["title"]) <= 200
    assert len(message["message"].encode()) <= 4000
    assert message["message"].endswith("…")


def test_the_same_release_gives_the_same_bytes_and_no_topic() -> None:
    first, second = (
        outlet("http://127.0.0.1:1").prepare(a_message(), key=key, recipient="").content for key in ("a", "b")
    )
    assert first == second
    assert b"press-releases" not in first


@pytest.mark.parametrize(
    ("trouble", "certainty", "credentials", "arrived"),
    [
        ("unheard", Certainty.UNSURE, False, 0),
        ("lost", Certainty.UNSURE, False, 1),
        ("hangs", Certainty.UNSURE, False, 1),
        ("drips", Certainty.UNSURE, False, 1),
        (Told(200, {"event": "message"}), Certainty.UNSURE, False, 0),
        (Told(429, {"code": 42901, "http": 429}), Certainty.NOT_SENT, False, 0),
        (Told(413, {"code": 41301, "http": 413}), Certainty.FOR_GOOD, False, 0),
        (Told(401, {"code": 40101, "http": 401}), Certainty.FOR_GOOD, True, 0),
        (FORBIDDEN, Certainty.FOR_GOOD, True, 0),
        (Told(403, {"error": "blocked by a firewall"}), Certainty.FOR_GOOD, False, 0),
        (Told(500, {}), Certainty.UNSURE, False, 0),
    ],
    ids=str,
)
def test_what_an_answer_means(
    server: NtfyServer, trouble: str | Told, certainty: Certainty, credentials: bool, arrived: int
) -> None:
    server.troubles.append(trouble)
    failure = refused(outlet(server.url, timeout=0.7))
    assert (failure.certainty, failure.credentials) == (certainty, credentials)
    assert len(server.messages) == arrived
    assert sum(asked.method == "POST" for asked in server.asked) == 1, "never posted a second time"


def test_a_repeat_is_never_claimed_to_be_recognized(server: NtfyServer) -> None:
    opened = outlet(server.url)
    assert deliver(opened) != deliver(opened)
    assert not opened.repeats.told_apart
    assert not opened.repeats.findable


def test_a_server_that_is_down() -> None:
    failure = refused(outlet(f"http://127.0.0.1:{unused_port()}"))
    assert failure.certainty is Certainty.NOT_SENT


def test_a_probe_says_whose_the_token_is_and_publishes_nothing(server: NtfyServer) -> None:
    found = outlet(server.url).probe()
    assert "the token belongs to press" in found
    assert "answers; only a message" in outlet(server.url, token="").probe()
    assert server.messages == []
    with pytest.raises(DeliveryFailed) as caught:
        outlet(server.url, token="tk_wrong").probe()
    assert caught.value.credentials
    server.looks.append(Told(200, {"hello": "world"}))
    with pytest.raises(DeliveryFailed, match="does not answer as ntfy"):
        outlet(server.url).probe()


def test_a_secret_topic_is_checked_and_never_shown() -> None:
    reference = SecretReference(SecretSource.ENV, "TOPIC")
    with pytest.raises(ConfigRefused) as caught:
        outlet("https://ntfy.example.org", topic=reference, token="a canary/topic")
    assert "canary" not in str(caught.value) + caught.value.hint
    assert "outlets.phones.topic" in str(caught.value)
