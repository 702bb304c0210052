"""outlets.http: what the end of a request says about whether the release arrived. Real sockets, no pretending."""

from __future__ import annotations

import contextlib
import http.client as http_client
import socket
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests  # noqa: F401  (loaded before any deadline of a test runs)
from hypothesis import given
from hypothesis import strategies as st
from requesting import BODY, failed_post, new_http
from servers import (
    Behaviour,
    Connection,
    FlakyServer,
    Request,
    answer,
    close_after_request,
    drip,
    garbage,
    half_answer,
    half_chunk,
    half_head,
    hang_after_request,
    never_reads,
    raw,
    redirect,
    reset_after_request,
    unused_port,
)

from pressrelease.config import SecretReference, SecretSource
from pressrelease.errors import ConfigRefused
from pressrelease.outlets import deadline
from pressrelease.outlets.http import HttpAnswer, checked_address, failure_of, retry_after
from pressrelease.release.delivery import Certainty, DeliveryFailed

# -- the table --------------------------------------------------------------------------------------------

NOT_NOW = {408, 421, 423, 425, 429, 503, 507, 511}
GOOD = {501, 505}


@given(status=st.integers(100, 999))
def test_every_status_has_one_meaning(status: int) -> None:
    failure = failure_of(HttpAnswer(status), "the server")
    if 200 <= status < 300:
        assert failure is None
        return
    assert failure is not None
    if status in NOT_NOW:
        expected = Certainty.NOT_SENT
    elif 300 <= status < 500 or status in GOOD:
        expected = Certainty.FOR_GOOD
    else:
        expected = Certainty.UNSURE
    assert failure.certainty is expected
    assert f"({status})" in failure.reason
    looked = failure_of(HttpAnswer(status), "the server", changes_nothing=True)
    assert looked is not None
    assert looked.certainty is (Certainty.NOT_SENT if expected is Certainty.UNSURE else expected)


@pytest.mark.parametrize(
    ("headers", "wish"),
    [
        ({}, None),
        ({"retry-after": "120"}, timedelta(seconds=120)),
        ({"retry-after": "0"}, timedelta(0)),
        ({"retry-after": "9999999999"}, timedelta(days=7)),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1.5"}, None),
        # By the server's own clock, which is a year behind ours.
        (
            {"retry-after": "Fri, 21 Sep 2018 16:05:00 GMT", "date": "Fri, 21 Sep 2018 16:00:00 GMT"},
            timedelta(minutes=5),
        ),
        ({"retry-after": "Fri, 21 Sep 2018 15:00:00 GMT", "date": "Fri, 21 Sep 2018 16:00:00 GMT"}, timedelta(0)),
        ({"retry-after": "Fri, 21 Sep 2018 16:05:00 GMT"}, timedelta(0)),
        ({"retry-after": "Fri, 99 Sep 2018 16:05:00 GMT"}, None),
    ],
)
def test_retry_after_in_both_its_forms(headers: dict[str, str], wish: timedelta | None) -> None:
    assert retry_after(headers) == wish


def test_retry_after_a_date_ahead_of_our_own_clock() -> None:
    moment = datetime.now(UTC) + timedelta(minutes=10)
    wish = retry_after({"retry-after": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")})
    assert wish is not None
    assert timedelta(minutes=9, seconds=55) < wish <= timedelta(minutes=10)


@given(value=st.text(max_size=60))
def test_no_retry_after_is_a_fault(value: str) -> None:
    wish = retry_after({"retry-after": value, "date": value})
    assert wish is None or timedelta(0) <= wish <= timedelta(days=7)


# -- answers over a real connection -----------------------------------------------------------------------


def test_a_yes_comes_back_with_its_body_and_headers() -> None:
    with FlakyServer(answer(201, b'{"id": 7}', {"X-Mark": "yes"})) as server:
        http = new_http()
        got = http.request("POST", server.url + "/a?b=1", body=BODY, headers={"X-Ours": "1"})
        http.close()
    assert (got.status, got.json(), got.headers["x-mark"], got.whole) == (201, {"id": 7}, "yes", True)
    [request] = server.requests
    assert (request.method, request.target, request.body) == ("POST", "/a?b=1", BODY)
    assert request.headers["x-ours"] == "1"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("pressrelease/")


@pytest.mark.parametrize(("size", "pieces"), [(0, 1), (2_000, 1), (60_000, 1), (70_000, 2), (3_000_000, 2)])
def test_head_and_body_leave_in_one_piece_while_they_are_small(
    monkeypatch: pytest.MonkeyPatch, size: int, pieces: int
) -> None:
    sent: list[int] = []
    send = http_client.HTTPConnection.send

    def noting(self: http_client.HTTPConnection, data: bytes) -> None:
        sent.append(len(data))
        send(self, data)

    monkeypatch.setattr(http_client.HTTPConnection, "send", noting)
    body = bytes(range(250)) * (size // 250)
    with FlakyServer(answer(), answer()) as server:
        http = new_http()
        for _ in range(2):  # a new connection, and one that was kept
            http.request("POST", server.url, body=body)
        http.close()
    assert [request.body for request in server.requests] == [body, body]
    assert len(sent) == 2 * pieces
    assert sum(sent) > 2 * size


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_never_followed(status: int) -> None:
    with FlakyServer(answer()) as elsewhere, FlakyServer(redirect(elsewhere.url + "/", status)) as server:
        failure = failed_post(server.url)
    assert failure.certainty is Certainty.FOR_GOOD
    assert "redirect" in failure.reason
    assert len(server.requests) == 1
    assert elsewhere.connections == 0


def test_a_busy_server_is_asked_again_when_it_says() -> None:
    with FlakyServer(answer(429, headers={"Retry-After": "37"})) as server:
        failure = failed_post(server.url)
    assert (failure.certainty, failure.retry_after) == (Certainty.NOT_SENT, timedelta(seconds=37))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        reset_after_request,
        close_after_request,
        half_answer,
        half_chunk,
        half_head,
        garbage,
        raw(b"HTTP/1.1 200 OK\r\n" + b"X-Many: 1\r\n" * 200 + b"\r\n", name="too many headers"),
        raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n", name="a header too long"),
        raw(b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n", name="103"),
        raw(b"HTTP/1.1 abc\r\n\r\n", name="no status"),
        answer(500),
        answer(502),
        answer(504),
        answer(599),
    ],
    ids=lambda behaviour: behaviour.name,
)
def test_what_left_and_was_not_surely_refused_is_in_doubt(behaviour: Behaviour) -> None:
    with FlakyServer(behaviour) as server:
        assert failed_post(server.url).certainty is Certainty.UNSURE
        assert len(server.requests) == 1
    with FlakyServer(behaviour) as server:
        assert failed_post(server.url, changes_nothing=True).certainty is Certainty.NOT_SENT


def test_a_truncated_no_is_still_a_no() -> None:
    with FlakyServer(raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf")) as server:
        assert failed_post(server.url).certainty is Certainty.FOR_GOOD


def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    with FlakyServer(raw(b"HTTP/1.0 200 OK\r\n\r\nall of it")) as server:
        assert new_http().request("GET", server.url).body == b"all of it"


def test_an_endless_answer_is_cut_and_still_counts() -> None:
    head = b"HTTP/1.1 200 OK\r\n\r\n"
    with FlakyServer(raw(head + b"x" * 3_000_000)) as server:
        got = new_http().request("GET", server.url, largest=1000)
    assert (len(got.body), got.whole) == (1000, False)


def test_a_packed_answer_is_not_unpacked() -> None:
    with FlakyServer(answer(200, b"\x1f\x8b\x08\x00bomb", {"Content-Encoding": "gzip"})) as server:
        assert new_http().request("GET", server.url).body == b"\x1f\x8b\x08\x00bomb"


def test_no_cookie_and_no_netrc_is_ever_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with FlakyServer(answer(200, headers={"Set-Cookie": "a=b"})) as server:
        http = new_http()
        for _ in range(2):
            http.request("GET", server.url)
        http.close()
    for request in server.requests:
        assert not {"cookie", "authorization"} & set(request.headers)


# -- before anything left ---------------------------------------------------------------------------------


def test_nobody_listens() -> None:
    failure = failed_post(f"http://127.0.0.1:{unused_port()}")
    assert failure.certainty is Certainty.NOT_SENT
    assert "refused the connection" in failure.reason


def test_a_name_that_is_nobodys() -> None:
    failure = failed_post("https://no-such-host.invalid")
    assert failure.certainty is Certainty.NOT_SENT
    assert "name" in failure.reason


def test_a_resolver_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    real = deadline.socket.getaddrinfo

    def stuck(host: str, *args: object, **kwargs: object) -> object:
        if host == "slow.example.org" and kwargs.get("flags", 0) == 0:
            released.wait(20)
        return real(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(deadline.socket, "getaddrinfo", stuck)
    begun = time.monotonic()
    failure = failed_post("https://slow.example.org", timeout=0.3)
    released.set()
    assert time.monotonic() - begun < 2
    assert failure.certainty is Certainty.NOT_SENT
    assert "in time" in failure.reason


def test_plain_http_is_for_this_machine_only() -> None:
    failure = failed_post("http://news.example.org")
    assert failure.certainty is Certainty.FOR_GOOD
    assert "not encrypted" in failure.reason


@pytest.mark.parametrize("url", ["", "nonsense", "https://", "https://a b/", "https://[::1", "ftp://127.0.0.1/"])
def test_no_address_is_a_fault(url: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        new_http(1).request("POST", url, body=b"x")
    assert caught.value.certainty in {Certainty.FOR_GOOD, Certainty.NOT_SENT}


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", " leading", "caf\u0119"])
def test_no_header_can_carry_another(value: str) -> None:
    with FlakyServer(answer()) as server, contextlib.suppress(DeliveryFailed):
        new_http().request("POST", server.url, body=b"x", headers={"X-Ours": value})
    assert all("x-injected" not in request.headers for request in server.requests)


# -- time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (hang_after_request, "did not answer in time"),
        (never_reads, "did not answer in time"),
        (drip(b"HTTP/1.1 200 OK\r\n" * 100, every=0.05), "did not answer in time"),
        (drip(b"x" * 1000, every=0.05, first=b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"), "cut short"),
        (drip(b"x" * 1000, every=0.05, first=b"HTTP/1.1 200 OK\r\n\r\n"), "cut short"),
        (
            drip(b"1\r\nx\r\n" * 200, every=0.05, first=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "short",
        ),
    ],
    ids=["hangs", "never reads", "drips its head", "drips a body", "drips a body without end", "drips chunks"],
)
def test_the_timeout_is_a_total(behaviour: Behaviour, words: str) -> None:
    with FlakyServer(behaviour) as server:
        begun = time.monotonic()
        failure = failed_post(server.url, timeout=0.4)
        took = time.monotonic() - begun
    assert took < 1.5
    assert failure.certainty is Certainty.UNSURE
    assert words in failure.reason


def test_a_server_that_stops_reading_a_long_body() -> None:
    with FlakyServer(never_reads) as server:
        http = new_http(0.4)
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed) as caught:
            http.request("POST", server.url, body=b"x" * 30_000_000)
        assert time.monotonic() - begun < 2
        http.close()
    assert caught.value.certainty is Certainty.UNSURE


def test_several_requests_share_one_deadline() -> None:
    with FlakyServer(answer(), hang_after_request) as server:
        http = new_http(0.5)
        deadline = http.deadline()
        http.request("GET", server.url, deadline=deadline, changes_nothing=True)
        time.sleep(0.3)
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed):
            http.request("POST", server.url, body=b"x", deadline=deadline)
        assert time.monotonic() - begun < 0.4
        http.close()


def test_a_kept_connection_has_the_time_of_the_new_request() -> None:
    def answer_and_rest(connection: Connection, request: Request) -> bool:
        connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        connection.hang(0.8)
        return True

    with FlakyServer(Behaviour("answers, and rests", answer_and_rest), answer(200, b"ok")) as server:
        http = new_http(5)
        http.reach(server.url)  # what is loaded with the first connection takes none of the time below
        http.request("POST", server.url, body=BODY, deadline=http.deadline() - 4.7)
        # Longer than what the system takes in while nobody reads.
        assert http.request("POST", server.url, body=b"x" * 20_000_000).body == b"ok"
        http.close()
    assert server.connections == 1


@pytest.mark.skipif(sys.platform != "linux", reason="fills a listener's queue as Linux has it")
def test_an_address_that_swallows_everything_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with contextlib.ExitStack() as opened:
        swallowing = opened.enter_context(socket.socket())
        swallowing.bind(("127.0.0.1", 0))
        swallowing.listen(0)
        for _ in range(3):
            filling = opened.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(swallowing.getsockname())
        server = opened.enter_context(FlakyServer(answer(200, b"ok")))
        addresses = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
            for address in (swallowing.getsockname(), ("127.0.0.1", server.port))
        ]
        monkeypatch.setattr(deadline, "resolve", lambda host, port, end: addresses)
        assert new_http(3).request("POST", "http://localhost:1/", body=BODY).body == b"ok"


def test_one_slow_server_does_not_cut_another_short() -> None:
    with (
        FlakyServer(drip(b"x" * 99, every=0.1, first=b"HTTP/1.1 200 OK\r\n\r\n")) as slow,
        FlakyServer(answer()) as quick,
    ):
        failures: list[Certainty] = []

        def wait() -> None:
            failures.append(failed_post(slow.url, timeout=0.6).certainty)

        waiting = threading.Thread(target=wait)
        waiting.start()
        http = new_http(5)
        for _ in range(40):
            assert http.request("POST", quick.url, body=b"x").status == 200
            time.sleep(0.02)
        waiting.join()
        http.close()
    assert failures == [Certainty.UNSURE]


# -- addresses --------------------------------------------------------------------------------------------


def test_a_secret_address_is_checked_and_never_named() -> None:
    reference = SecretReference(SecretSource.ENV, "HOOK")
    plain = checked_address("https://hooks.example.org/press", lambda _: "", "outlets.media.url")
    assert plain == ("https://hooks.example.org/press", "hooks.example.org")
    secret = checked_address(reference, lambda _: "https://hooks.example.org/T0/canary", "outlets.media.url")
    assert secret == ("https://hooks.example.org/T0/canary", "its server")
    for wrong in ("http://hooks.example.org/canary", "canary", "https://user:canary@hooks.example.org/"):
        with pytest.raises(ConfigRefused) as caught:
            checked_address(reference, lambda _, wrong=wrong: wrong, "outlets.media.url")
        assert "canary" not in str(caught.value)
        assert "canary" not in caught.value.hint
        assert "outlets.media.url" in str(caught.value)


# -- every answer that RFC 9110 has (sections 15.2 to 15.6), over a connection -----------------------------------

#: What each means for a release that was posted. 102 is RFC 2518's, 103 RFC 8297's.
ANSWERS = {
    None: (200, 201, 202, 203, 204, 205, 206),
    Certainty.FOR_GOOD: (
        *(300, 301, 302, 303, 304, 305, 306, 307, 308),
        *(400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 422, 426),
        *(501, 505),
    ),
    Certainty.NOT_SENT: (408, 421, 503),
    Certainty.UNSURE: (101, 500, 502, 504),
}
INTERIM = {
    "nothing": b"",
    "100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "102": b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
    "all": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n",
}


@pytest.mark.parametrize("before", INTERIM)
@pytest.mark.parametrize(
    ("status", "certainty"), [(status, meaning) for meaning, all_of_them in ANSWERS.items() for status in all_of_them]
)
def test_every_answer_of_rfc_9110_is_read(status: int, certainty: Certainty | None, before: str) -> None:
    body = b"" if status in {101, 204, 205, 304} else b"as it is"
    length = b"" if status in {101, 204, 304} else b"content-length: %d\r\n" % len(body)
    told = raw(INTERIM[before] + b"HTTP/1.1 %d Said\r\n" % status + length + b"x-mark: yes\r\n\r\n" + body)
    with FlakyServer(told) as server:
        http = new_http()
        got = http.ask("POST", server.url, body=BODY)
        http.close()
    failure = failure_of(got, "the server")
    assert (got.status, got.headers["x-mark"]) == (status, "yes")
    assert (failure and failure.certainty) == certainty


def test_interim_answers_without_an_end_are_no_answer() -> None:
    with FlakyServer(raw(INTERIM["103"] * 40)) as server:
        failure = failed_post(server.url)
    assert failure.certainty is Certainty.UNSURE


def test_nothing_leaves_once_its_time_is_up() -> None:
    with FlakyServer(answer(200)) as server:
        http = new_http()
        http.request("POST", server.url, body=BODY)
        with pytest.raises(DeliveryFailed) as caught:
            http.request("POST", server.url, body=BODY, deadline=http.deadline() - 3600)
        http.close()
    assert caught.value.certainty is Certainty.NOT_SENT
    assert len(server.requests) == 1
