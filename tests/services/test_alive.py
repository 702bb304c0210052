"""A scheduler is alive only where one will come again; what is due with none of them says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import records
from calling import Caller
from preloaded import command_started

from pressrelease.services import ServiceContext
from pressrelease.services.listing import listing, scheduler_sign
from pressrelease.status.views import CALLED_BY_CRON
from pressrelease.store import presence
from pressrelease.system.clock import read_clock, utc_now
from pressrelease.wiring import Workspace

SECOND = timedelta(seconds=1)
CRON = "publish-due on here"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = records.office(tmp_path / "office")
    monkeypatch.chdir(workspace.folder)
    return workspace


@pytest.mark.parametrize(
    ("passes", "later", "alive"),
    [
        ([0], 1, False),  # one pass, typed by hand or cron's first
        ([0, 25], 1, False),  # two in a hurry
        ([0, 60], 1, True),
        ([0, 60], 300, True),
        ([0, 60], 360, False),  # cron's line was taken out
        ([0, 60, 120], 59, True),
        ([0, 300], 60, True),  # cron, every five minutes
        ([0, 86_400], 1, False),  # one yesterday, one today
        ([0, 60, 86_400], 1, False),
        ([0, 60, 86_400, 86_460], 1, True),
    ],
)
def test_passes_are_a_sign_where_another_will_come(
    place: Workspace, passes: list[int], later: int, alive: bool
) -> None:
    records.schedule(place, "names")
    store, begin = place.store, utc_now()
    for seconds in passes:
        with store.ledger(now=begin + seconds * SECOND, actor="scheduler") as ledger:
            presence.check_in(ledger, CRON, "publish-due", None, gone_after=CALLED_BY_CRON)
    sign = scheduler_sign(store.read, place.alive, begin + (passes[-1] + later) * SECOND, store.control())
    assert sign.alive is alive
    assert sign.last_seen == begin.replace(microsecond=begin.microsecond) + passes[-1] * SECOND


def test_what_is_typed_by_hand_is_no_sign(place: Workspace, call: Caller) -> None:
    records.schedule_now(place, "names")
    call("publish", "names", "--yes")
    assert place.store.read.processes() == []
    assert call.json("status")["scheduler"] == {"alive": False, "last_seen": None, "host": None}
    call("publish-due")
    told = call.json("status")["scheduler"]
    assert (told["alive"], told["last_seen"] is None) == (False, False)
    assert "`publish-due` ran once" in call("status")
    looked = call("doctor", "--offline", expect=0)
    assert "WARNING  scheduler: `publish-due` ran once" in looked, "the same as on every other screen"
    assert "no scheduler is running" not in looked


def test_at_a_terminal_a_pass_is_no_sign(place: Workspace) -> None:
    records.schedule(place, "names")
    ours, theirs = os.openpty()
    process = command_started(["publish-due"], cwd=place.folder, streams=dict.fromkeys(range(3), theirs))
    os.close(theirs)
    process.communicate()
    assert process.returncode == 0
    os.close(ours)
    assert place.store.read.processes() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_run_is_alive_until_it_ends_however_it_ends(place: Workspace, call: Caller, how: signal.Signals) -> None:
    records.schedule(place, "names")
    process = command_started(["run"], cwd=place.folder)
    try:
        _until_alive(call)
        (held,) = place.alive.glob("run *.lock")
    finally:
        process.send_signal(how)
        process.communicate()
    told = call.json("status")["scheduler"]
    assert (told["alive"], bool(told["last_seen"])) == (False, True), "it is said to live, and it is dead"
    assert "NOT RUNNING: no scheduler is running (last seen " in call("status")
    assert held.exists() is (how is signal.SIGKILL)
    if held.exists():
        process = command_started(["run"], cwd=place.folder)
        try:
            _until_alive(call)
            assert not held.exists(), "the dead one's name was left behind"
        finally:
            process.terminate()
            process.communicate()


def _until_alive(call: Caller) -> None:
    for _ in range(600):
        if call.json("status")["scheduler"]["alive"]:
            return
        time.sleep(0.05)
    pytest.fail("no sign of life within 30 s")


def test_what_is_due_with_nothing_running_says_so_in_capitals(place: Workspace, call: Caller) -> None:
    records.schedule_now(place, "names")
    for screen in ([], ["status"], ["status", "names"]):
        shown = call(*screen, expect=10)
        assert "t is due now, and no scheduler is running to send it" in " ".join(shown.split())
        assert "pressrelease run" in shown
        assert "Going out" not in shown
        assert "No approved release is waiting" not in shown
    (row,) = json.loads(call("status", "--json", expect=10))["releases"]
    assert (row["state"], row["cause"]) == ("publishing", "no_scheduler")
    (later,) = listing(ServiceContext(place, "da"), now=utc_now() + timedelta(minutes=5)).rows
    assert later.status.reason == "it was due 5 min ago, and no scheduler is running to send it"
    call("stop")
    assert "NOT RUNNING" not in call("status"), "while all is stopped, that is what is said"


def test_with_a_scheduler_nothing_of_that_is_said(place: Workspace, call: Caller) -> None:
    records.schedule_now(place, "names")
    with place.store.ledger(now=utc_now(), actor="scheduler") as ledger:
        presence.check_in(ledger, "run 1", "run", read_clock())
    assert "The scheduler is running on " in call()
    assert "Going out" in call()
    (row,) = call.json("status")["releases"]
    assert (row["state"], row["cause"]) == ("publishing", None)


def test_schedule_and_approve_say_that_nothing_is_running(place: Workspace, call: Caller) -> None:
    lift = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    records.write(place, "names", embargo=lift)
    words = "NOT RUNNING: no scheduler is running, so nothing will be published"
    assert words in call("schedule", "names", "--yes")
    assert words in call("approve", "names", "--as", "da")
    with place.store.ledger(now=utc_now(), actor="scheduler") as ledger:
        presence.check_in(ledger, "run 1", "run", read_clock())
    assert words not in call("unapprove", "names") + call("approve", "names", "--as", "da")


def test_a_pass_that_has_nothing_to_write_loads_no_database_library(tmp_path: Path) -> None:
    """cron calls it every minute; SQLAlchemy alone costs more than all the rest of such a pass."""
    import sys

    workspace = records.office(tmp_path / "office")
    records.schedule(workspace, "ahead")
    workspace.store.close()
    command = [sys.executable, "-X", "importtime", "-m", "pressrelease", "-w", str(workspace.folder), "publish-due"]
    loaded = [subprocess.run(command, capture_output=True, text=True, check=False).stderr for _ in range(2)]
    assert "sqlalchemy" in loaded[0]  # it says that it was here
    assert "sqlalchemy" not in loaded[1]
