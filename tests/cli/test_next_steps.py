"""Next steps that work: what is suggested is accepted when it is typed, and never the opposite of what was meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import records
from calling import Caller

from pressrelease.cli.app import COMMANDS
from pressrelease.cli.mistyped import MEANT
from pressrelease.library import Library
from pressrelease.wiring import Workspace

AHEAD = "2099-01-05T09:00:00-08:00"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = records.office(tmp_path / "office")
    monkeypatch.chdir(workspace.folder)
    return workspace


@pytest.mark.parametrize("body", ["[[NAMES]] follow.", "TK"])
def test_a_draft_that_check_refuses_is_edited_next(place: Workspace, call: Caller, body: str) -> None:
    records.write(place, "bad", embargo=AHEAD, body=body)
    records.write(place, "good", embargo=AHEAD)
    for screen in ([], ["status"]):
        shown = call(*screen)
        assert "pressrelease edit bad" in shown
        assert "pressrelease schedule bad" not in shown
        assert "pressrelease schedule good" in shown
    rows = {row["slug"]: row for row in call.json("status")["releases"]}
    assert (rows["bad"]["state"], rows["bad"]["cause"], rows["good"]["cause"]) == ("draft", "check_refused", None)


def test_check_over_all_names_what_can_be_scheduled(place: Workspace, call: Caller) -> None:
    records.write(place, "bad", embargo=AHEAD, body="[[NAMES]]")
    records.write(place, "good", embargo=AHEAD)
    call("check", expect=65)
    assert "1 error. Fix it before scheduling bad. Ready to schedule: good." in call.err
    assert "nothing of it" not in call.err


def test_a_published_file_that_was_edited_leads_in_no_circle(
    place: Workspace, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    records.schedule_now(place, "names")
    call("publish-due")
    monkeypatch.setenv("VISUAL", "sed -i s/Words/Other/")
    call("edit", "names")
    assert "changes nothing that was published" in call.out
    call("approve", "names", expect=77)
    assert "schedule names" not in call.err
    assert "pressrelease correct" in call.err
    call("schedule", "names", "--yes", expect=77)
    assert "approve" not in call.err


def test_edit_says_what_became_of_the_approval(place: Workspace, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    records.schedule(place, "names")
    monkeypatch.setenv("VISUAL", "sed -i s/Words/Other/")
    call("edit", "names")
    said = " ".join(call.out.split())
    assert "The approval by da is for the old text." in said
    assert "It won't go out until you schedule it and have it approved again." in said
    assert "next: pressrelease schedule names" in said


def test_the_hint_for_an_editor_can_be_typed(place: Workspace, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    records.write(place, "names")
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    call("edit", "names", expect=2)
    assert ("export EDITOR=nano" if os.name != "nt" else "set EDITOR=") in call.err


def test_outlets_test_alone_tests_all(place: Workspace, call: Caller) -> None:
    for arguments in (["--test"], ["--test", "newsroom"], ["newsroom", "--test"]):
        (found,) = call.json("outlets", *arguments)["outlets"]
        assert found["reached"] is True


@pytest.mark.parametrize("typed", sorted(MEANT))
def test_what_is_no_command_is_not_answered_with_its_opposite(place: Workspace, call: Caller, typed: str) -> None:
    if typed in COMMANDS:
        pytest.skip("it is a command by now")
    call(typed, "names", expect=2)
    assert "Did you mean" not in call.err
    assert ("pressrelease retry" in call.err) is (typed in {"redo", "resend"})
    offered = [line.split()[1] for line in call.err.splitlines() if line.startswith("  pressrelease ")]
    assert offered
    assert {name for name in offered if not name.startswith("-")} <= set(COMMANDS)


@pytest.mark.parametrize(
    ("typed", "commands"),
    [
        ("send names --yes", ["publish names", "schedule names"]),
        ("retract names", ["kill names", "hold names", "stop"]),
        ("amend names", ["correct names", "edit names"]),
        ("retact", ["kill SLUG", "hold SLUG", "stop"]),
        ("list", ["status"]),
        ("cancel a b", ["unschedule a b", "hold a b"]),
        ("aprove names", ["approve names"]),
        ("un", ["unapprove SLUG", "unschedule SLUG"]),
        ("Status", ["status"]),
        ("sched", ["schedule SLUG"]),
        ("help schedule", ["schedule --help"]),
        ("zzzz", ["--help"]),
    ],
)
def test_the_right_command_can_be_copied(place: Workspace, call: Caller, typed: str, commands: list[str]) -> None:
    call(*typed.split(), expect=2)
    assert "Nothing was changed." in call.err
    copies = [
        line.partition("pressrelease ")[2] for line in call.err.splitlines() if line.startswith("  pressrelease ")
    ]
    assert copies == commands
    refused = call.json(*typed.split(), expect=2)["error"]
    assert all(f"\n  pressrelease {command}" in refused["hint"] for command in commands)


def test_stop_with_a_slug_names_both_commands_that_may_be_meant(place: Workspace, call: Caller) -> None:
    call("stop", "names", "--why", "wrong name", expect=2)
    assert "Nothing was stopped." in call.err
    assert "pressrelease hold names\n" in call.err
    assert call.err.endswith("pressrelease stop\n")


def test_a_command_to_copy_keeps_the_workspace(place: Workspace, call: Caller) -> None:
    call("-w", "my office", "send", "names", expect=2)
    assert "pressrelease --workspace 'my office' publish names\n" in call.err


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("names.MD", "ends in .MD"),
        ("names.markdown", "ends in .markdown"),
        ("names.txt", "ends in .txt"),
        ("Names.md", "capital letters"),
        ("2026/names.md", "subfolder"),
    ],
)
def test_a_file_that_no_command_sees_is_named_with_the_reason(
    place: Workspace, call: Caller, name: str, reason: str
) -> None:
    path = place.folder / "releases" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("---\nheadline: x\n---\n\nWords.\n", encoding="utf-8")
    call("check")
    assert f"releases/{name}: not checked" in call.out
    assert reason in call.out
    call("schedule", "names", expect=66)
    assert f"releases/{name} is ignored, because" in call.err
    assert reason in call.err
    assert any(
        one["check"] == "files" and name in one["message"] for one in call.json("doctor", "--offline")["findings"]
    )


def test_the_sample_beside_the_source_code_is_not_taken_for_an_office(place: Workspace, call: Caller) -> None:
    records.write(place, "good", embargo=AHEAD)
    for screen in ([], ["doctor", "--offline"]):
        assert "the sample" not in call(*screen)
    (place.folder / "pressrelease").mkdir()
    for name in ("pyproject.toml", "pressrelease/__main__.py"):
        (place.folder / name).touch()
    for screen in ([], ["doctor", "--offline"]):
        shown = " ".join(call(*screen).split())
        assert "the sample that comes with the program, not your office's workspace" in shown
        assert "`pressrelease init ~/office`" in shown


def test_an_attachment_is_no_release_in_the_wrong_place(place: Workspace) -> None:
    folder = place.folder / "releases"
    (folder / "sheet.docx").write_bytes(b"x")
    (folder / "photo.jpg").write_bytes(b"x")
    (folder / "names.md").write_text(
        "---\nheadline: x\nattachments: [{path: sheet.docx, title: Sheet}]\n---\n\nWords.\n", encoding="utf-8"
    )
    assert Library(folder).unseen() == []


def test_a_folder_without_releases_is_not_said_to_lack_its_config(
    tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[office]\nname = "x"\ntimezone = "UTC"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    call("status", expect=66)
    assert "there is no config.toml" not in call.err
    assert "no releases/ folder" in call.err
    assert "mkdir releases" in call.err


# -- proofs say what is so --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", ["text", "html", "eml"])
def test_an_embargoed_proof_says_so(place: Workspace, call: Caller, wanted: str) -> None:
    records.schedule(place, "names", days=20)
    shown = call("proof", "names", "--format", wanted)
    assert "EMBARGOED UNTIL" in shown
    assert "FOR IMMEDIATE RELEASE" not in shown
    records.schedule_now(place, "now")
    call("publish-due")
    shown = call("proof", "now", "--format", wanted)
    assert "EMBARGOED" not in shown
    assert "FOR IMMEDIATE RELEASE" in shown


def test_a_wires_version_counts_what_left(place: Workspace, call: Caller) -> None:
    records.schedule(place, "names", days=20)
    path = place.folder / "releases" / "names.md"
    path.write_text(path.read_text(encoding="utf-8") + "\nMore.\n", encoding="utf-8")
    records.scheduled(place, "names", approved=True)
    assert '"version": "1"' in call("proof", "names", "--format", "ninjs")
    assert "sig:update" not in call("proof", "names", "--format", "newsml")
