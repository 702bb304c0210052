"""What a day of trying it out as its users found: next commands that work, and words that say what happened."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from calling import Caller
from office import FAR, Office, found_office
from preloaded import command_started
from records import left_alone
from terminal import asked_at_a_terminal

from pressrelease.cli import main
from pressrelease.system import clock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="terminals and file modes of POSIX")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with three drafts, one of them approved for a day that is far off."""
    made = found_office(tmp_path / "office")
    made.write("names-released", embargo=FAR)
    made.write("statement", embargo="immediate")
    made.write("later", embargo=FAR)
    monkeypatch.chdir(made.folder)
    assert main(["schedule", "names-released", "later", "--yes"]) == 0
    assert main(["approve", "names-released", "later"]) == 0
    return made


def test_a_mistyped_name_costs_the_others_no_hold(office: Office, call: Caller) -> None:
    call("hold", "names-relesed", "names-released", "statement", "later", "--why", "charges dropped", expect=66)
    assert "NOT HELD" in call.err
    assert "names-relesed" in call.err
    assert "statement" in call.err
    states = {one["slug"]: one["state"] for one in call.json("status")["releases"]}
    assert states == {"names-released": "held", "later": "held", "statement": "draft"}
    answer = call.json("hold", "nobody", "later", "--why", "again", expect=66)
    assert [one["slug"] for one in answer["releases"]] == ["later"]


@pytest.mark.parametrize("verb", ["resume", "unapprove", "unschedule"])
def test_a_mistyped_name_keeps_no_other_from_its_turn(office: Office, call: Caller, verb: str) -> None:
    call("hold", "names-released", "--why", "x")
    answer = call.json(verb, "nobody", "names-released", expect=66)
    assert [one["slug"] for one in answer["releases"]] == ["names-released"]
    assert [one["slug"] for one in answer["refused"]] == ["nobody"]


def test_a_stop_names_what_it_stopped_and_a_dry_one_says_that_nothing_is(office: Office, call: Caller) -> None:
    call("stop", "--dry-run")
    assert "Nothing was changed" in call.out
    assert "resume" not in call.out
    call("stop")
    assert "Stopped: later, names-released." in call.out


def test_a_stop_that_could_not_be_written_says_so(office: Office, call: Caller) -> None:
    record = office.folder / ".pressrelease" / "state.db"
    record.rename(record.with_name("elsewhere"))
    call("stop", expect=10)
    assert call.err.startswith("NOT STOPPED: ")
    assert "systemctl stop" in call.err


def test_a_file_that_is_gone_is_answered_with_a_command_that_works(office: Office, call: Caller) -> None:
    (office.folder / "releases" / "later.md").unlink()
    call()
    assert "pressrelease unschedule later" in call.out
    call("approve", "later", expect=10)
    assert "pressrelease unschedule later" in call.err
    call("unschedule", "later")


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(hours=3)])
def test_a_clock_in_doubt_is_reported_though_nothing_is_due(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch, off: timedelta
) -> None:
    call("publish-due")
    read_clock = clock.read_clock

    def misread() -> clock.ClockReading:
        mark = read_clock()
        return clock.ClockReading(mark.wall + off, mark.uptime, mark.boot)

    monkeypatch.setattr(clock, "read_clock", misread)
    call("publish-due", expect=10)
    assert "clock" in call.err
    assert call.json("publish-due", expect=10)["needs_you"] == []
    for arguments in ((), ("status",)):
        call(*arguments)
        assert "CHECK THE CLOCK" in call.out
        assert "pressrelease doctor" in call.out


def test_a_release_that_waits_for_the_clock_sends_people_to_the_doctor(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("schedule", "statement")
    call("approve", "statement")
    read_clock = clock.read_clock
    ahead = clock.ClockReading(read_clock().wall + timedelta(hours=3), read_clock().uptime, read_clock().boot)
    monkeypatch.setattr(clock, "read_clock", lambda: ahead)
    call("status", "statement")
    assert "next: pressrelease doctor" in call.out


def test_a_verdict_is_the_persons_own(office: Office, call: Caller) -> None:
    call("settle", "later", "--outlet", "newsroom", expect=2)
    for verdict in ("--sent", "--resend", "--drop"):
        assert f"pressrelease settle later --outlet newsroom {verdict}\n" in call.err


def test_each_finding_has_its_line(office: Office, call: Caller) -> None:
    office.write("statement", embargo="immediate", body="[[NAMES]]")
    call("schedule", "statement", expect=65)
    assert "releases/statement.md, line " in call.err


def test_an_approval_says_of_what(office: Office, call: Caller) -> None:
    call("unapprove", "later")
    call("approve", "later")
    assert "to        newsroom" in call.out


def test_an_editor_that_is_not_there_is_no_fault_of_the_program(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "/nowhere/editor")
    call("edit", "statement", expect=2)
    assert "can't be started" in call.err
    monkeypatch.delenv("EDITOR")
    call("edit", "nobody", expect=66)
    assert list((office.folder / ".pressrelease").glob("*.md")) == []


def test_a_file_that_cannot_be_read_can_be_fixed_in_the_editor(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = office.folder / "releases" / "statement.md"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("embargo:", "embargoe:"), encoding="utf-8")
    script = office.folder / "editor.py"
    mend = "import pathlib, sys\np = pathlib.Path(sys.argv[1])\np.write_text(p.read_text().replace('goe:', 'go:'))"
    script.write_text(mend, encoding="utf-8")
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")
    call("edit", "statement", "--dry-run")
    assert "Saved" not in call.out
    call("edit", "statement")
    assert path.read_text(encoding="utf-8") == good


def test_help_names_every_command_in_a_whole_sentence(call: Caller) -> None:
    assert "..." not in call("--help").partition("Write:")[2]


def test_a_reader_that_goes_away_is_no_fault(office: Office) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = command_started(["status"], cwd=office.folder, streams={1: writing}, fresh=True)
    os.close(writing)
    _, err = process.communicate()
    assert (process.returncode, err) == (0, "")


def test_a_zone_that_is_none_is_asked_for_again(tmp_path: Path) -> None:
    said = asked_at_a_terminal(tmp_path, b"Placer DA\n\nMars\nAmerica/Los_Angeles\n\n")
    assert b"[Etc/UTC]" not in said  # Enter alone would have every release hours early
    assert 'timezone = "America/Los_Angeles"' in (tmp_path / "here" / "config.toml").read_text(encoding="utf-8")


def test_leaving_a_question_leaves_init(tmp_path: Path) -> None:
    assert b"Nothing was changed" in asked_at_a_terminal(tmp_path, b"Placer DA\nMars\n\x04")
    assert not (tmp_path / "here").exists()


def test_an_office_without_a_time_zone_is_reported(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Etc/UTC")
    call("init", str(tmp_path / "one"), "--no-input")
    assert "Time zone not set; using Etc/UTC" in call.err
    call("init", str(tmp_path / "other"), "--no-input", "--timezone", "Etc/UTC")
    assert "Time zone not set" not in call.err


@pytest.mark.parametrize("bound", [None, timedelta(milliseconds=5)])
def test_a_new_office_is_shown_what_nothing_watches(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch, bound: timedelta | None
) -> None:
    monkeypatch.setattr(clock, "error_bound", lambda: bound)
    call("init", str(tmp_path / "one"), "--no-input", "--timezone", "America/Los_Angeles")
    assert ("After a restart nothing confirms that this computer's clock is right" in call.err) is (bound is None)
    assert ("witnesses" in call.err) is (bound is None)


def test_a_watch_tells_what_holds_up_everything(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[float] = []

    def sleep(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt
        assert main(["stop", "--json"]) == 0

    monkeypatch.setattr("pressrelease.cli.watching.time.sleep", sleep)
    call("status", "--watch", expect=130)
    assert call.out.startswith("NOT RUNNING: no scheduler is running")
    assert call.out.count("STOPPED by") == 1


def test_a_dry_run_of_publish_says_what_the_real_one_would(office: Office, call: Caller) -> None:
    call("publish", "statement", "--yes", "--dry-run", expect=77)
    assert "Nothing was changed" in call.err
    assert {one["slug"]: one["state"] for one in call.json("status")["releases"]}["statement"] == "draft"


@pytest.fixture
def doubtful(office: Office, call: Caller) -> Office:
    """The office with a statement that is in doubt at an outlet whose program died while sending."""
    with (office.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write('\n[outlets.desk]\ntype = "command"\nargv = ["/bin/sh", "-c", "cat; kill -9 $$"]\n')
    left_alone(office.folder)
    office.write("statement", embargo="immediate", outlets="[desk]")
    call("schedule", "statement")
    call("approve", "statement")
    call("publish-due", expect=10)
    return office


def test_what_is_in_doubt_is_not_retried_but_settled(doubtful: Office, call: Caller) -> None:
    settle = "pressrelease settle statement --outlet desk"
    call("status", "statement")
    assert call.out.count(settle) == 1
    assert "--sent" not in call.out
    call("retry", "statement", expect=66)
    assert settle in call.err


def test_sending_again_asks_for_the_slug_at_a_terminal(doubtful: Office, call: Caller) -> None:
    ours, theirs = os.openpty()

    def resend(typed: bytes) -> int:
        os.write(ours, typed)
        command = ["settle", "statement", "--outlet", "desk", "--resend"]
        process = command_started(command, cwd=doubtful.folder, streams={0: theirs, 2: theirs})
        process.communicate()
        return process.wait()

    assert resend(b"yes\n") == 10
    assert call.json("status", "statement")["releases"][0]["deliveries"][0]["state"] == "in_doubt"
    assert resend(b"statement\n") == 0
    os.close(theirs)
    os.close(ours)


def test_what_fell_due_under_a_stop_is_in_the_days_picture(office: Office, call: Caller) -> None:
    call("schedule", "statement")
    call("approve", "statement")
    call(expect=10)
    assert "no scheduler is running to send it" in call.out
    call("stop")
    call()
    assert "Stopped, though it is due\n  statement\n" in call.out


@pytest.mark.parametrize("gone", [True, False])
def test_a_held_release_whose_file_is_another_says_so_on_resuming(office: Office, call: Caller, gone: bool) -> None:
    call("hold", "later", "--why", "x")
    path = office.folder / "releases" / "later.md"
    path.unlink() if gone else path.write_text(path.read_text(encoding="utf-8") + "More.", encoding="utf-8")
    call("resume", "later", expect=10)
    assert ("is gone" if gone else "was changed") in call.err


def test_what_is_out_is_not_resumed_whatever_became_of_its_file(office: Office, call: Caller) -> None:
    call("schedule", "statement")
    call("approve", "statement")
    call("publish-due")
    (office.folder / "releases" / "statement.md").unlink()
    call("resume", "statement", expect=77)
    assert "has already been published" in call.err


def test_a_stop_in_the_wrong_folder_stopped_nothing_and_says_so(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    call("stop", expect=66)
    assert call.err.startswith("NOT STOPPED: ")


def test_drafts_of_a_new_office_are_not_for_everybody_on_the_machine(tmp_path: Path, call: Caller) -> None:
    before = os.umask(0o022)
    try:
        call("init", str(tmp_path / "here"), "--no-input", "--timezone", "America/Los_Angeles")
    finally:
        os.umask(before)
    assert (tmp_path / "here" / "releases").stat().st_mode & 0o007 == 0
