"""Two screens, or two lines of one, never say what can't both be so; and a command that is shown can be typed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import pytest
import records
from calling import Caller
from office import COMMAND

from pressrelease.store import presence
from pressrelease.system.clock import read_clock, utc_now
from pressrelease.wiring import Workspace

NOTHING_RUNS = "no scheduler is running to send it"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = records.office(tmp_path / "office")
    monkeypatch.chdir(workspace.folder)
    return workspace


def test_what_is_on_hold_is_on_the_first_screen_with_its_reason(place: Workspace, call: Caller) -> None:
    records.schedule(place, "names")
    call("hold", "names", "--why", "charges dropped")
    first = call()
    assert "On hold\n  names: put on hold by " in first
    assert "charges dropped" in first
    assert "No approved release is waiting to go out." in first


@pytest.mark.parametrize("slugs", [["names"], ["names", "others"]])
def test_the_command_that_ends_a_hold_can_be_typed(place: Workspace, call: Caller, slugs: list[str]) -> None:
    for slug in slugs:
        records.schedule(place, slug)
    held = call("hold", *slugs, "--why", "charges dropped")
    assert "Nothing else will go out" not in held, "that is what a stop does"
    (shown,) = re.findall("`pressrelease (.*?)`", held)
    assert "Resumed." in call(*shlex.split(shown))


def test_a_stop_is_shown_with_its_reason_everywhere(place: Workspace, call: Caller) -> None:
    records.schedule(place, "names")
    call("stop", "--why", "bomb threat.")
    for screen in (call(), call("status"), call("approve", "names", "--as", "da")):
        assert "STOPPED by " in screen
        assert ": bomb threat. Nothing goes out until `pressrelease resume --all`." in screen


def test_while_all_is_stopped_nobody_is_sent_to_start_a_scheduler(place: Workspace, call: Caller) -> None:
    records.schedule(place, "names")
    call("stop")
    for screen in (call(), call("status"), call("unapprove", "names"), call("approve", "names", "--as", "da")):
        assert "STOPPED" in screen
        assert "start `pressrelease run`" not in screen
    assert "Goes out next, once the stop has ended" in call()


def test_a_copy_shows_no_scheduler_of_its_original(
    place: Workspace, call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.schedule(place, "names")
    with place.store.ledger(now=utc_now(), actor="scheduler") as ledger:
        presence.check_in(ledger, "run 1", "run", read_clock())
    assert "The scheduler is running on " in call("status")
    copy = shutil.copytree(place.folder, tmp_path / "copy")
    monkeypatch.chdir(copy)
    for screen in (call(), call("status")):
        assert "pressrelease adopt" in screen
        assert "cheduler is" not in screen
    assert call.json("status")["scheduler"]["alive"] is False
    assert "the scheduler is running" not in call("doctor", "--offline", expect=10)


def test_resume_all_with_nothing_stopped_changes_and_records_nothing(place: Workspace, call: Caller) -> None:
    records.schedule_now(place, "names")  # due: to hold it would be a brake that nobody pulled
    before = call("journal")
    assert "Nothing is stopped. Nothing was changed." in call("resume", "--all", "--no-input")
    assert call.json("resume", "--all", "--no-input")["resumed"] is False
    assert call("journal") == before
    assert "On hold" not in call(expect=10)


def test_the_last_approval_of_what_is_due_does_not_say_that_it_is_going_out(place: Workspace, call: Caller) -> None:
    records.write(place, "names", embargo="immediate")
    call("schedule", "names", "--yes")
    approved = call("approve", "names", "--as", "da")
    assert NOTHING_RUNS in approved
    assert "next: pressrelease run" in approved
    assert "names: NOT GOING OUT (it is due now, and no scheduler is running to send it)" in approved
    shown = call("status", expect=10)
    assert "names: NOT GOING OUT\n" in shown
    assert "why: it is due now, and no scheduler is running to send it" in shown


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is of POSIX systems")
def test_what_a_dead_sender_had_started_is_not_going_out(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = '[outlets.slow]\ntype = "command"\nargv = ["sleep", "20"]\n[defaults]\noutlets = ["slow"]\n'
    place = records.office(tmp_path / "office", more=slow)
    monkeypatch.chdir(place.folder)
    records.write(place, "names", embargo="immediate")
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    sender = subprocess.Popen([*COMMAND, "publish-due"], cwd=place.folder, stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not place.store.read.claimed():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert NOTHING_RUNS not in call("status"), "somebody sends at this moment"
    finally:
        sender.kill()
        sender.wait()
    assert NOTHING_RUNS in call("status", expect=10)


def test_after_holding_a_draft_no_schedule_is_proposed(place: Workspace, call: Caller) -> None:
    records.write(place, "names", embargo="immediate")
    call("hold", "names", "--why", "wrong name", expect=66)
    assert "names is a draft" in call.err
    assert "pressrelease schedule" not in call.err


def test_a_restored_copy_says_that_its_original_sends_too(place: Workspace, call: Caller, tmp_path: Path) -> None:
    records.schedule(place, "names")
    call("backup", str(tmp_path / "today.zip"))
    restored = call("restore", str(tmp_path / "today.zip"), "-w", str(tmp_path / "drill"))
    assert "Don't resume it while the original is in use: both would send" in restored
