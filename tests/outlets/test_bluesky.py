"""The Bluesky outlet against a small server that keeps the lexicons' rules."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from social_servers import LIFT, BlueskyServer, Told, a_message, cid, serving, wrong_with_post

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.bluesky import key_of, record_of
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

KEY = "0123456789abcdef" * 2
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def server() -> Iterator[BlueskyServer]:
    with serving(BlueskyServer()) as running:
        yield running


def outlet(server: BlueskyServer, *, password: str = "app-pass-word-here", timeout: float = 5) -> Any:
    settings = {"url": server.url, "handle": server.handle, "password": SecretReference(SecretSource.ENV, "PASSWORD")}
    config = OutletConfig("sky", "bluesky", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: password)


def deliver(opened: Any, message: Message | None = None, key: str = KEY) -> Receipt:
    rendered = opened.prepare(message or a_message(), key=key, recipient="")
    receipt: Receipt = opened.send(rendered, key=key, recipient="")
    return receipt


def refused(opened: Any, message: Message | None = None) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened, message)
    return caught.value


def test_one_post_with_headline_link_and_card(server: BlueskyServer) -> None:
    receipt = deliver(outlet(server), a_message(headline="Nombres – señalados", subhead="Catorce personas"))
    [(key, record)] = server.records.items()
    assert receipt.remote_id == f"at://{server.did}/app.bsky.feed.post/{key}#{cid(record)}"
    assert receipt.url == f"https://bsky.app/profile/{server.handle}/post/{key}"
    link = "https://news.example.org/names-released/"
    assert record["text"] == f"Nombres – señalados\n\nCatorce personas\n\n{link}"
    assert record["createdAt"] == "2018-09-24T16:00:00Z"
    [facet] = record["facets"]
    place = slice(facet["index"]["byteStart"], facet["index"]["byteEnd"])
    assert record["text"].encode()[place].decode() == link == facet["features"][0]["uri"]
    assert record["embed"]["external"]["uri"] == link


@pytest.mark.parametrize(
    ("trouble", "swap_first"), [("lost", False), ("lost", True), ("hangs", False), ("drips", False)]
)
def test_a_lost_answer_makes_no_second_post(server: BlueskyServer, trouble: str, swap_first: bool) -> None:
    """Also where another make of server looks at `swapRecord` before it sees that nothing changes."""
    server.swap_first = swap_first
    server.troubles.append(trouble)
    opened = outlet(server, timeout=1)
    assert refused(opened).certainty is Certainty.UNSURE
    receipts = {deliver(outlet(server)) for _ in range(3)}
    assert len(receipts) == 1
    assert server.commits == 1
    assert len(server.records) == 1


def test_no_other_post_is_overwritten(server: BlueskyServer) -> None:
    other = {"$type": "app.bsky.feed.post", "text": "Other", "createdAt": "2018-09-24T16:00:00Z"}
    server.records[key_of(LIFT, KEY)] = other
    failure = refused(outlet(server))
    assert failure.certainty is Certainty.FOR_GOOD
    assert list(server.records.values()) == [other]


@given(
    headline=st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=400),
    subhead=st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=400),
    key=st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
    lift=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)),
)
def test_every_record_is_one_that_bluesky_takes(headline: str, subhead: str, key: str, lift: datetime) -> None:
    message = a_message(headline=headline.strip() or "x", subhead=subhead.strip(), lift=lift)
    assert wrong_with_post(key_of(lift, key), record_of(message)) == ""
    assert record_of(message) == record_of(message)


@given(lift=st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC)))
def test_a_key_says_the_time_just_before_the_lift(lift: datetime) -> None:
    number = 0
    for sign in key_of(lift, KEY):
        number = number * 32 + ALPHABET.index(sign)
    micros = number >> 10
    assert timedelta(0) < lift - datetime.fromtimestamp(micros / 1e6, UTC) <= timedelta(seconds=2)


def test_releases_that_lift_together_have_places_of_their_own() -> None:
    keys = {key_of(LIFT, f"{number:032x}") for number in range(5000)}
    assert len(keys) == 5000


def test_the_session_is_kept_and_renewed(server: BlueskyServer) -> None:
    opened = outlet(server)
    opened.warm()
    assert server.sessions == 1
    assert server.records == {}
    for number in range(3):
        deliver(opened, a_message(f"a-{number}"), f"{number:032x}")
    assert server.sessions == 1
    server.tokens.clear()
    deliver(opened, a_message("after"), "f" * 32)
    assert server.sessions == 2
    assert len(server.records) == 4


def test_many_threads_log_in_once(server: BlueskyServer) -> None:
    opened = outlet(server)
    senders = [
        threading.Thread(target=deliver, args=(opened, a_message(f"a-{number}"), f"{number:032x}"))
        for number in range(8)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert (server.sessions, len(server.records)) == (1, 8)


@pytest.mark.parametrize(
    ("told", "certainty"),
    [
        (Told(400, {"error": "InvalidRequest"}), Certainty.FOR_GOOD),
        (Told(413, {}), Certainty.FOR_GOOD),
        (Told(429, {"error": "RateLimitExceeded"}), Certainty.NOT_SENT),
        (Told(503, {}), Certainty.NOT_SENT),
        (Told(502, {"error": "UpstreamFailure"}), Certainty.UNSURE),
        (Told(200, {"uri": "at://did:plc:another/app.bsky.feed.post/x"}), Certainty.UNSURE),
        (Told(200, None), Certainty.UNSURE),
    ],
)
def test_what_an_answer_means(server: BlueskyServer, told: Told, certainty: Certainty) -> None:
    server.troubles.append(told)
    failure = refused(outlet(server))
    assert failure.certainty is certainty
    assert not failure.credentials
    assert "names-released" not in failure.reason
    assert server.records == {}


def test_a_ban_says_until_when_by_the_server_s_clock(server: BlueskyServer) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    reset = str(int((now + timedelta(seconds=90)).timestamp()))
    server.troubles.append(Told(429, {}, {"date": format_datetime(now, usegmt=True), "ratelimit-reset": reset}))
    assert refused(outlet(server)).retry_after == timedelta(seconds=90)


def test_a_wrong_password_is_refused_for_good_before_any_post(server: BlueskyServer) -> None:
    opened = outlet(server, password="wrong")
    failure = refused(opened)
    assert (failure.certainty, failure.credentials) == (Certainty.FOR_GOOD, True)
    assert "wrong" not in failure.reason
    assert [asked.path for asked in server.asked] == ["/xrpc/com.atproto.server.createSession"]
    with pytest.raises(DeliveryFailed):
        opened.probe()


def test_a_probe_posts_nothing(server: BlueskyServer) -> None:
    assert re.search(r"@office\.example\.org.*nothing was posted", outlet(server).probe())
    assert server.records == {}


def test_without_a_newsroom_there_is_no_facet_and_no_card() -> None:
    record = record_of(a_message(url=""))
    assert "facets" not in record
    assert "embed" not in record
