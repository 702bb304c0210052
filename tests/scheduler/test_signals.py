"""`run` is asked to end by signals that arrive together, as nested wrappers and Ctrl-C under one send them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from office import Office, found_office

from pressrelease.scheduler.run import Scheduler
from pressrelease.wiring import Workspace

#: Schedulers that run at the same time, and how many microseconds lie between the two signals to each of them.
GAPS = (20, 30, 40, 50, 60, 80, 100, 0)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there, no signal can be sent to one process")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("first", "second", "rounds"),
    [
        pytest.param(signal.SIGINT, signal.SIGTERM, 1, id="INT TERM once"),
        pytest.param(signal.SIGINT, signal.SIGTERM, 2, id="INT TERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGTERM, signal.SIGTERM, 2, id="TERM TERM", marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, signal.SIGINT, 2, id="INT INT", marks=pytest.mark.slow),
    ],
)
def test_two_signals_at_once_end_it(first: signal.Signals, second: signal.Signals, rounds: int, tmp_path: Path) -> None:
    office = found_office(tmp_path / "office")
    for _ in range(rounds):
        assert not hanging_after(office, first, second)


def test_no_handler_ends_it_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler that took a lock could wait for itself; whether it does is chance, so this asks who takes the lock."""
    ended_by: list[str] = []
    ended = threading.Event()

    def end() -> None:
        ended_by.append(threading.current_thread().name)
        ended.set()

    daemon = Scheduler(Workspace(found_office(tmp_path / "office").folder), lambda said: None)
    monkeypatch.setattr(daemon, "end", end)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        daemon.end_on_signals()
        for number in handlers:
            ended.clear()
            os.kill(os.getpid(), number)
            assert ended.wait(5)
        assert set(ended_by) == {"signals"}
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in handlers.items():
            signal.signal(number, handler)


def hanging_after(office: Office, first: signal.Signals, second: signal.Signals) -> list[int]:
    """The gaps, in microseconds, after which a scheduler did not end."""
    schedulers = [office.start("run") for _ in GAPS]
    hung = []
    try:
        for process in schedulers:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "running" in line, line + process.stderr.read()
        time.sleep(0.5)  # their first pass is over: the main thread waits
        for gap, process in zip(GAPS, schedulers, strict=True):
            os.kill(process.pid, first)
            end = time.perf_counter() + gap / 1e6
            while time.perf_counter() < end:
                pass
            os.kill(process.pid, second)
        for gap, process in zip(GAPS, schedulers, strict=True):
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                hung.append(gap)
            else:
                assert process.returncode == 0
    finally:
        for process in schedulers:
            if process.poll() is None:
                process.kill()
                process.communicate()
    return hung
