"""`correct`: the file as it is becomes the next version, goes out when it is approved, and can be taken back before."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import Caller
from records import office, schedule_now, write

from pressrelease.wiring import Workspace

NOTE = "An earlier version had a wrong word."


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An office with a newsroom, and a release that is out."""
    made = office(tmp_path / "office")
    monkeypatch.setenv("PRESSRELEASE_WORKSPACE", str(made.folder))
    return made


@pytest.fixture
def call(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Caller:
    schedule_now(workspace, "names")
    calling = Caller(capsys)
    calling("publish-due")
    return calling


def page(workspace: Workspace) -> str:
    return (workspace.folder / "newsroom" / "names" / "index.html").read_text(encoding="utf-8")


def test_it_goes_out_once_it_is_approved_in_the_place_of_the_first(workspace: Workspace, call: Caller) -> None:
    call("correct", "names", "--note", NOTE, expect=65)  # the file says the same
    write(workspace, "names", body="Better words.")
    assert "Correction 1 of names is ready." in call("correct", "names", "--note", NOTE)
    assert call.state("names") == "unapproved"
    assert "1 more approval needed for correction 1" in call.reason("names")
    call("publish-due", expect=(0, 10))
    assert "Better" not in page(workspace)
    screen = call.json("approve", "names", "--as", "da")["approving"][0]
    assert (screen["n"], screen["note"]) == (2, NOTE)
    assert screen["since"]["difference"]["text"]
    assert call("publish-due").strip() == "Corrected: names."
    assert "Better words." in page(workspace)
    assert NOTE in page(workspace)
    found = call.json("status", "names")["releases"][0]
    assert (found["state"], [one["action"] for one in found["deliveries"]]) == ("published", ["correct"])
    assert [(one["n"], one["kind"], one["state"], one["note"]) for one in found["versions"]] == [
        (1, "original", "published", None),
        (2, "correction", "published", NOTE),
    ]
    assert [[one["action"] for one in each["deliveries"]] for each in found["versions"]] == [["publish"], ["correct"]]
    assert "The correction is out; every delivery is done." in call("journal")
    assert "agree" in call("journal", "--verify")
    call("kill", "names", "--why", "x", "--confirm", "names")
    assert "Better words." not in page(workspace)
    assert call.json("status", "names")["releases"][0]["versions"][1]["state"] == "killed"


def test_it_is_taken_back_as_long_as_nothing_of_it_has_left(workspace: Workspace, call: Caller) -> None:
    write(workspace, "names", body="Better words.")
    call("correct", "names", "--note", NOTE, "--at", "in 20 hours", "--yes")
    call("approve", "names", "--as", "da")
    assert call.state("names") == "scheduled"
    call("unschedule", "names")
    assert call.state("names") == "published"
    assert [one["n"] for one in call.json("status", "names")["releases"][0]["versions"]] == [1]


def test_a_correction_needs_a_note_and_a_release_that_is_out(workspace: Workspace, call: Caller) -> None:
    call("correct", "names", expect=2)
    write(workspace, "draft")
    call("correct", "draft", "--note", NOTE, expect=66)
    call("schedule", "draft", "--yes")
    call("correct", "draft", "--note", NOTE, expect=77)
    call("schedule", "names", "--yes", expect=77)
    assert "pressrelease correct names" in call.err


def test_a_dry_run_changes_nothing(workspace: Workspace, call: Caller) -> None:
    write(workspace, "names", body="Better words.")
    call("correct", "names", "--note", NOTE, "--dry-run")
    assert call.state("names") == "published"
