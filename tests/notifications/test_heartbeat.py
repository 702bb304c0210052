"""The dead-man's switch: what is pinged when, that its address stays secret, and that it keeps nobody waiting."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from calling import Caller
from records import office, schedule, schedule_now
from servers import FlakyServer, answer, hang_after_request, redirect, unused_port

from pressrelease.config import SecretReference, SecretSource
from pressrelease.errors import ConfigRefused, Problem, StateUnreadable, WillRetry
from pressrelease.notifications.heartbeat import Sign, address_for, ping
from pressrelease.notifications.notifier import Notifier, notifier_for_pass
from pressrelease.scheduler.run import Scheduler
from pressrelease.store import commands, freezing
from pressrelease.system import clock
from pressrelease.system.log import log_to
from pressrelease.wiring import Workspace

SECRET = "zqsecretheartbeat"


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with FlakyServer(answer(200, b"OK")) as running:
        yield running


def no_secret(reference: SecretReference) -> str:
    raise ConfigRefused([Problem(0, f"the secret in env {reference.name} is missing or empty")])


def until(true: Callable[[], object], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


def found(folder: Path, server: FlakyServer) -> Workspace:
    return office(folder / "office", more=f'[notify]\nheartbeat = "{server.url}/{SECRET}"\n')


def pings(server: FlakyServer) -> list[str]:
    return [request.target.removeprefix(f"/{SECRET}") for request in server.requests]


def our_log(caplog: pytest.LogCaptureFixture) -> str:
    """What would be in the private log: other libraries' lines go nowhere (`pressrelease.system.log`)."""
    return "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("pressrelease"))


@pytest.mark.parametrize(
    ("address", "sign", "expected"),
    [
        ("https://hc.example.org/x", Sign.WELL, "https://hc.example.org/x"),
        ("https://hc.example.org/x", Sign.FAIL, "https://hc.example.org/x/fail"),
        ("https://hc.example.org/x/", Sign.WELL, "https://hc.example.org/x/"),
        ("https://hc.example.org/x/", Sign.START, "https://hc.example.org/x/start"),
        ("https://hc.example.org/x?y=1", Sign.FAIL, "https://hc.example.org/x/fail?y=1"),
        ("https://hc.example.org", Sign.FAIL, "https://hc.example.org/fail"),
    ],
)
def test_where_a_sign_is_sent(address: str, sign: Sign, expected: str) -> None:
    assert address_for(address, sign) == expected


def test_a_ping_has_no_body(server: FlakyServer) -> None:
    assert ping(f"{server.url}/{SECRET}", no_secret, Sign.WELL)
    (request,) = server.requests
    assert (request.method, request.target, request.body) == ("GET", f"/{SECRET}", b"")
    assert "cookie" not in request.headers


@pytest.mark.parametrize("status", [301, 404, 500, 503])
def test_a_ping_that_fails_is_a_warning_without_the_address(status: int, caplog: pytest.LogCaptureFixture) -> None:
    behaviour = redirect("http://127.0.0.1:9/elsewhere", status) if status == 301 else answer(status)
    with FlakyServer(behaviour) as server, caplog.at_level(logging.DEBUG):
        assert not ping(f"{server.url}/{SECRET}", no_secret, Sign.FAIL)
        assert len(server.requests) == 1
    assert "no ping (fail)" in our_log(caplog)
    assert SECRET not in our_log(caplog)
    assert "127.0.0.1" not in our_log(caplog)


def test_nobody_there_and_no_secret_are_warnings_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert not ping(f"http://127.0.0.1:{unused_port()}/{SECRET}", no_secret, Sign.WELL)
        assert not ping(SecretReference(SecretSource.ENV, "HEARTBEAT"), no_secret, Sign.WELL)
        assert not ping(SecretReference(SecretSource.ENV, "HEARTBEAT"), lambda _: f"http://x/{SECRET}", Sign.WELL)
    assert our_log(caplog).count("no ping (well)") == 3
    assert SECRET not in our_log(caplog)


def test_a_pass_says_what_it_came_to(tmp_path: Path, server: FlakyServer, call: Caller) -> None:
    workspace = found(tmp_path, server)
    there = ("--workspace", str(workspace.folder))
    call(*there, "publish-due")
    schedule_now(workspace, "names")
    call(*there, "publish-due")
    assert pings(server) == ["", ""]
    schedule(workspace, "later", days=0.5)
    (workspace.folder / "releases" / "later.md").write_text("changed")
    call(*there, "publish-due", expect=10)
    (workspace.folder / "releases" / "later.md").unlink()
    with workspace.store.ledger(now=clock.utc_now(), actor="da") as ledger:
        freezing.unschedule(ledger, "later")
        commands.stop(ledger, by="da", why="a call")
    call(*there, "publish-due", expect=11)
    assert pings(server) == ["", "", "/fail", "/fail"]
    assert call.out + call.err


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_a_record_that_can_not_be_read_is_reported(
    tmp_path: Path, server: FlakyServer, call: Caller, damage: str
) -> None:
    workspace = found(tmp_path, server)
    schedule_now(workspace, "names")
    workspace.store.close()
    file = workspace.store.file
    assert file is not None
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(b"no database at all" * 999)
    call("--workspace", str(workspace.folder), "publish-due", expect=10)
    assert pings(server) == ["/fail"]


def test_a_busy_record_is_neither_well_nor_broken(tmp_path: Path, server: FlakyServer) -> None:
    workspace = found(tmp_path, server)
    with pytest.raises(WillRetry), notifier_for_pass(workspace):
        raise WillRetry("busy")
    assert pings(server) == []
    with pytest.raises(StateUnreadable), notifier_for_pass(workspace):
        raise StateUnreadable("torn")
    assert pings(server) == ["/fail"]


def test_a_switch_that_hangs_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with FlakyServer(hang_after_request) as server:
        workspace = found(tmp_path, server)
        telling = Notifier()
        began = time.monotonic()
        telling.started(workspace)
        telling.after(workspace, None)  # while the first is still under way
        assert time.monotonic() - began < 0.5
        until(lambda: server.requests, 5)
        telling.end(within=0.1)
        assert pings(server) == ["/start"]


def test_run_pings_when_it_starts_and_when_it_can_not_go_on(tmp_path: Path, server: FlakyServer) -> None:
    workspace = found(tmp_path, server)
    log_to(workspace.private)
    schedule(workspace, "later", days=30)
    workspace.store.close()
    daemon = Scheduler(Workspace(workspace.folder), lambda said: None)
    raised: list[BaseException] = []

    def run() -> None:
        try:
            daemon.run()
        except StateUnreadable as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        until(lambda: len(server.requests) >= 2, 20)
        assert pings(server) == ["/start", ""]
        file = workspace.store.file
        assert file is not None
        with sqlite3.connect(file) as connection:
            connection.execute("DELETE FROM control")
        connection.close()
        thread.join(20)
        assert not thread.is_alive()
    finally:
        daemon.end()
        thread.join(20)
    assert raised
    assert pings(server) == ["/start", "", "/fail"]


def test_a_scheduler_pings_once_a_minute_and_at_once_when_something_is_wrong(
    tmp_path: Path, server: FlakyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pressrelease.publishing.snapshot import take_snapshot

    workspace = found(tmp_path, server)
    schedule(workspace, "later", days=0.5)
    telling = Notifier()

    def once() -> None:
        telling.after(workspace, take_snapshot(workspace.store, workspace.library, workspace.config))
        for thread in list(telling._threads.values()):
            thread.join(5)

    once()
    once()
    assert pings(server) == [""]
    (workspace.folder / "releases" / "later.md").write_text("changed")
    once()
    once()
    assert pings(server) == ["", "/fail"]
    steady = clock.pause_clock
    monkeypatch.setattr(clock, "pause_clock", lambda: steady() + 61)
    once()
    assert pings(server) == ["", "/fail", "/fail"]
