"""outlets.http and outlets.http_connection: connections that are kept, warmed, trusted, and let go of. Real sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests  # noqa: F401  (loaded before any deadline of a test runs)
from needed import needs_program
from requesting import BODY, failed_post, new_http
from servers import (
    Behaviour,
    FlakyServer,
    answer,
    answer_then_close,
    close_after_request,
    drip,
    garbage,
    half_answer,
    half_head,
    hang_after_request,
    make_authority,
    never_reads,
    raw,
    reset_after_request,
    tunnel,
    unused_port,
)

from pressrelease.outlets import deadline, http_connection
from pressrelease.outlets import http as http_module
from pressrelease.publishing.plan import AHEAD
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system import clock

# -- connections ------------------------------------------------------------------------------------------


def test_connections_are_kept_and_shared_by_threads() -> None:
    with FlakyServer(answer(200, b"ok")) as server:
        http = new_http()
        failures: list[Exception] = []

        def work() -> None:
            try:
                for _ in range(25):
                    assert http.request("POST", server.url, body=BODY).body == b"ok"
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        http.close()
    assert failures == []
    assert len(server.requests) == 200
    assert server.connections <= 8


def test_a_connection_that_its_server_closed_is_not_used_again() -> None:
    with FlakyServer(answer_then_close) as server:
        http = new_http()
        for _ in range(10):
            assert http.request("POST", server.url, body=BODY).body == b"ok"
            time.sleep(0.02)  # the end of the old connection has come in by then
        http.close()
    assert server.connections == 10


def test_a_connection_that_was_idle_for_long_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with FlakyServer(answer(200, b"ok")) as server:
        http = new_http()
        http.request("POST", server.url, body=BODY)
        http.request("POST", server.url, body=BODY)
        assert server.connections == 1
        monkeypatch.setattr(http_connection, "LONGEST_IDLE", 0.05)
        time.sleep(0.1)
        http.request("POST", server.url, body=BODY)
        http.close()
    assert server.connections == 2


def test_warming_sends_nothing_and_saves_connecting() -> None:
    with FlakyServer(answer(200, b"ok")) as server:
        http = new_http()
        http.warm(server.url)
        _until(lambda: server.connections == http_module.WARM_CONNECTIONS)
        assert server.requests == []
        http.warm(server.url)
        http.request("POST", server.url, body=BODY)
        assert server.connections == http_module.WARM_CONNECTIONS
        http.close()


def test_a_connection_opened_ahead_of_a_lift_is_good_for_the_rush_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with FlakyServer(answer(200, b"ok")) as server:
        http = new_http()
        http.warm(server.url)
        later = AHEAD.total_seconds() + 10
        for module in (http_module, http_connection, deadline):
            monkeypatch.setattr(module, "pause_clock", lambda: clock.pause_clock() + later)
        http.request("POST", server.url, body=BODY)
        assert server.connections == http_module.WARM_CONNECTIONS
        http.close()


def test_warming_in_vain_is_silent_and_reaching_in_vain_is_not() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    http = new_http()
    http.warm(url)
    with pytest.raises(DeliveryFailed) as caught:
        http.reach(url)
    assert caught.value.certainty is Certainty.NOT_SENT


def _until(true: object, seconds: float = 3) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.01)


# -- TLS --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_certificate_that_is_vouched_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    needs_program("openssl", "openssl")
    authority = make_authority(tmp_path)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(authority.certificate))
    with FlakyServer(answer(200, b"ok"), tls=authority.server) as server:
        http = new_http()
        ends = http.reach(server.url).certificate_ends
        assert ends is not None
        assert timedelta(days=28) < ends - datetime.now(UTC) < timedelta(days=31)
        for _ in range(3):
            assert http.request("POST", server.url, body=BODY).body == b"ok"
        http.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    ("name", "days", "trusted", "words"),
    [
        ("localhost", 30, False, "authority"),
        ("elsewhere.example.org", 30, True, "another name"),
        ("localhost", -1, True, "expired"),
    ],
)
def test_a_certificate_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, days: int, trusted: bool, words: str
) -> None:
    needs_program("openssl", "openssl")
    authority = make_authority(tmp_path, name=name, days=days)
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.certificate))
    with FlakyServer(answer(), tls=authority.server) as server:
        failure = failed_post(server.url)
    assert failure.certainty is Certainty.NOT_SENT
    assert words in failure.reason
    assert ("SSL_CERT_FILE" in failure.reason) is not trusted, "the next step"
    assert server.requests == []


def test_a_server_without_tls_where_tls_was_asked_for() -> None:
    with FlakyServer(answer()) as server:
        failure = failed_post(server.url.replace("http://127.0.0.1", "https://localhost"), timeout=0.4)
        assert server.requests == []
    assert failure.certainty is Certainty.NOT_SENT


def test_a_handshake_that_never_ends_is_given_up() -> None:
    with FlakyServer(never_reads) as server:
        begun = time.monotonic()
        failure = failed_post(server.url.replace("http://127.0.0.1", "https://localhost"), timeout=0.4)
        assert time.monotonic() - begun < 2
    assert failure.certainty is Certainty.NOT_SENT


def test_trust_always_verifies() -> None:
    context = http_module.trust()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


# -- a proxy ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (raw(b"HTTP/1.1 403 Forbidden\r\n\r\n", name="refuses"), "proxy"),
        (raw(b"HTTP/1.1 200 OK\r\n\r\n", name="opens and drops"), "the server"),
        (hang_after_request, "in time"),
        (reset_after_request, "the server"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_proxy_that_fails_has_sent_nothing(monkeypatch: pytest.MonkeyPatch, behaviour: Behaviour, words: str) -> None:
    with FlakyServer(behaviour) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        failure = failed_post("https://news.example.org", timeout=0.5)
        with pytest.raises(DeliveryFailed):
            new_http(0.5).reach("https://news.example.org/canary")
    assert failure.certainty is Certainty.NOT_SENT
    assert words in failure.reason
    assert {(request.method, request.target) for request in proxy.requests} == {("CONNECT", "news.example.org:443")}
    assert all(not request.body and "canary" not in str(request.headers) for request in proxy.requests)


@pytest.mark.parametrize("secure", [False, True], ids=["over http", "over https"])
def test_through_a_proxy_as_without_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secure: bool) -> None:
    needs_program("openssl", "openssl")
    there = make_authority(tmp_path / "there", name="news.example.org")
    between = make_authority(tmp_path / "between")
    both = tmp_path / "both.pem"
    both.write_bytes(there.certificate.read_bytes() + between.certificate.read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(both))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    drips = drip(b"x" * 99, every=0.1, first=b"HTTP/1.1 200 OK\r\n\r\n")
    with (
        FlakyServer(answer(200, b"first"), answer(200, b"y" * 700_000), drips, tls=there.server) as server,
        FlakyServer(tunnel(server.port), tls=between.server if secure else None) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url.replace("://", "://user:p%40ss@"))
        http = new_http()
        http.warm("https://news.example.org", 1)
        assert http.reach("https://news.example.org").certificate_ends is not None
        assert http.request("POST", "https://news.example.org/a", body=BODY).body == b"first"
        large = b"z" * 900_000
        assert len(http.request("POST", "https://news.example.org/b", body=large).body) == 700_000
        begun = time.monotonic()
        with pytest.raises(DeliveryFailed) as caught:
            http.request("POST", "https://news.example.org/c", body=BODY, deadline=http.deadline() - 4.5)
        assert time.monotonic() - begun < 2
        http.close()
    assert caught.value.certainty is Certainty.UNSURE
    assert [request.body for request in server.requests] == [BODY, large, BODY]
    assert {request.headers["host"] for request in server.requests} == {"news.example.org"}
    assert "proxy-authorization" not in server.requests[0].headers
    assert [(request.method, request.target) for request in proxy.requests] == [("CONNECT", "news.example.org:443")]
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"


def test_a_proxy_that_wants_a_login_closes_the_outlet(monkeypatch: pytest.MonkeyPatch) -> None:
    with FlakyServer(answer(407)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        failure = failed_post("https://news.example.org")
    assert (failure.certainty, failure.credentials) == (Certainty.FOR_GOOD, True)
    assert "(407)" in failure.reason


def test_no_proxy_is_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    with FlakyServer(answer(204)) as server:
        assert new_http().request("POST", server.url, body=BODY).status == 204


# -- what is left behind ----------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
def test_no_connection_is_left_open_by_what_goes_wrong() -> None:
    behaviours = (
        reset_after_request,
        half_answer,
        half_head,
        garbage,
        answer_then_close,
        close_after_request,
        answer(500),
    )
    with FlakyServer(*behaviours * 6, answer(204)) as server:
        http = new_http()
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(len(behaviours) * 6):
            with contextlib.suppress(DeliveryFailed):
                http.request("POST", server.url, body=BODY)
        http.close()
        _until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """ "hooks.example.test refused the connection" sends a person to the wrong server."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:canary@127.0.0.1:{port}")
        monkeypatch.delenv("no_proxy", raising=False)
        http = new_http(5)
        with pytest.raises(DeliveryFailed) as failed:
            http.request("POST", "https://hooks.example.test/x", body=b"x")
        http.close()
    assert failed.value.reason.removeprefix(f"{http.called}: ") == (
        "through the proxy in HTTPS_PROXY: it refused the connection"
    )


@pytest.mark.parametrize("named", ["socks5://127.0.0.1:1", "http://", "http://[::1", "https://proxy.example.org:x"])
def test_a_proxy_of_no_use_is_reported_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", named)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    failure = failed_post("https://news.example.org")
    assert failure.certainty is Certainty.NOT_SENT
    assert "HTTPS_PROXY" in failure.reason


def test_certificates_that_can_not_be_read_send_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    assert failed_post("https://news.example.org").certainty is Certainty.NOT_SENT
