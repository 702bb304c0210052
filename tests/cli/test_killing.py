"""`kill`: what it says, what it asks for, and that it works while everything is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import Caller
from records import left_alone, office, schedule, schedule_now, write

from pressrelease.wiring import Workspace


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An office with a newsroom."""
    made = office(tmp_path / "office")
    monkeypatch.setenv("PRESSRELEASE_WORKSPACE", str(made.folder))
    return made


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


def out(workspace: Workspace, call: Caller, slug: str = "names") -> None:
    """Have a release be out."""
    schedule_now(workspace, slug)
    call("publish-due")
    assert call.state(slug) == "published"


def test_it_withdraws_what_is_out_though_everything_is_stopped(workspace: Workspace, call: Caller) -> None:
    out(workspace, call)
    call("stop")
    told = call("kill", "names", "--why", "Wrong name", "--note", "It named the wrong person.", "--confirm", "names")
    assert "WITHDRAWN: names. Nothing more of it goes out." in told
    assert "newsroom" in told
    assert "No scheduler is running, so this command sends the withdrawals now." in told
    found = call.json("status", "names")["releases"][0]
    assert (found["state"], found["cause"], found["reason"]) == ("killed", "killed", "Wrong name")
    assert [(one["action"], one["state"]) for one in found["deliveries"]] == [
        ("publish", "delivered"),
        ("withdraw", "delivered"),
    ]
    (version,) = found["versions"]
    assert (version["n"], version["kind"], version["state"]) == (1, "original", "killed")
    assert version["note"] == "It named the wrong person."
    assert [one["action"] for one in version["deliveries"]] == ["publish", "withdraw"]
    assert "agree" in call("journal", "--verify")


def test_it_asks_for_each_slug_and_says_who_has_what(workspace: Workspace, call: Caller) -> None:
    out(workspace, call)
    schedule(workspace, "ahead")
    call("kill", "names", "ahead", "--why", "x", "--no-input", expect=10)
    assert "NOT WITHDRAWN: names: This withdraws names for good from everyone who has it or may have it" in call.err
    assert "NOT WITHDRAWN: ahead: This calls ahead off for good. Nobody has it yet." in call.err
    assert call.state("names") == "published"
    call("kill", "names", "ahead", "--why", "x", "--confirm", "ahead", expect=10)
    assert (call.state("names"), call.state("ahead")) == ("published", "killed")


def test_one_that_is_not_out_is_called_off_for_good(workspace: Workspace, call: Caller) -> None:
    schedule(workspace, "ahead")
    told = call("kill", "ahead", "--why", "Charges dropped", "--confirm", "ahead")
    assert "WITHDRAWN: ahead. Nobody has it, and nothing of it will go out." in told
    assert [one["state"] for one in call.json("status", "ahead")["releases"][0]["deliveries"]] == ["canceled"]
    for again in (("resume", "ahead"), ("schedule", "ahead", "--yes"), ("approve", "ahead"), ("publish", "ahead")):
        call(*again, expect=(10, 77))
    assert "was withdrawn before" in call("kill", "ahead", "--why", "x")


def test_without_a_reason_or_a_release_nothing_is_changed(workspace: Workspace, call: Caller) -> None:
    write(workspace, "draft")
    call("kill", "draft", expect=2)
    call("kill", "draft", "--why", "x", "--confirm", "draft", expect=66)
    call("kill", "nobody", "--why", "x", "--confirm", "nobody", expect=66)


def test_a_dry_run_says_what_would_happen(workspace: Workspace, call: Caller) -> None:
    out(workspace, call)
    assert "1 withdrawal would be sent" in call("kill", "names", "--why", "x", "--dry-run")
    assert call.state("names") == "published"


def test_what_keeps_a_withdrawal_from_somebody_is_said_until_it_is_done(workspace: Workspace, call: Caller) -> None:
    """A program that fails, or an outlet that is switched off: it stays due, and the state stays killed."""
    config = workspace.folder / "config.toml"
    config.write_text(config.read_text() + '[outlets.tell]\ntype = "command"\nargv = ["/bin/cat"]\n')
    left_alone(workspace.folder)
    config.write_text(config.read_text().replace("[store]", '[defaults]\noutlets = ["tell"]\n[store]'))
    left_alone(workspace.folder)
    schedule_now(Workspace(workspace.folder), "names")
    call("publish-due")
    config.write_text(config.read_text().replace("/bin/cat", "/bin/false"))
    left_alone(workspace.folder)
    call("kill", "names", "--why", "x", "--confirm", "names")
    found = call.json("status", "names", expect=(0, 10))["releases"][0]
    assert found["state"] == "killed"
    assert found["cause"] in {"withdrawing", "withdrawal_failed", "withdrawal_in_doubt"}
    config.write_text(config.read_text().replace('type = "command"', 'type = "command"\nenabled = false'))
    left_alone(workspace.folder)
    call("publish-due", expect=10)


def test_the_words_that_others_use_lead_to_it(workspace: Workspace, call: Caller) -> None:
    for word in ("retract", "withdraw", "recall", "unpublish"):
        call(word, "names", expect=2)
        assert "pressrelease kill names" in call.err


def test_it_works_with_a_broken_config(workspace: Workspace, call: Caller) -> None:
    out(workspace, call)
    config = workspace.folder / "config.toml"
    config.write_text(config.read_text().replace('url = "sqlite', 'url  = "sqlite') + "\n[offce]\n")
    call("kill", "names", "--why", "x", "--confirm", "names")
    assert "WITHDRAWN: names" in call.out
    config.write_text(config.read_text().replace("\n[offce]\n", ""))
    left_alone(workspace.folder)
    assert call.state("names") == "killed"
