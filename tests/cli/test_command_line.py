"""The command line in this process: exit codes, JSON whose keys are a promise, and words without a traceback."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from calling import Caller
from office import COMMAND, FAR, Office, found_office

from pressrelease.cli.app import COMMANDS


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with two drafts, and the current folder in it."""
    made = found_office(tmp_path / "office")
    made.write("names-released", embargo=FAR)
    made.write("statement", embargo="immediate")
    monkeypatch.chdir(made.folder)
    return made


def keys(value: Any) -> Any:
    """The shape of an answer: every key, in its order."""
    if isinstance(value, dict):
        return {key: keys(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [keys(value[0])] if value else []
    return None


EMBARGO = dict.fromkeys(("text", "kind", "not_before", "no_later_than", "lift", "timezone", "says"))


def test_the_keys_of_status(office: Office, call: Caller) -> None:
    call("schedule", "names-released", "--yes")
    call("approve", "names-released", "--as", "deputy")
    delivery = (
        "outlet",
        "recipient",
        "key",
        "action",
        "state",
        "attempts",
        "delivered_at",
        "late_ms",
        "url",
        "remote_id",
        "error",
        "next_try",
    )
    assert keys(call.json("status", "names-released")) == {
        "at": None,
        "stopped": None,
        "scheduler": dict.fromkeys(("alive", "last_seen", "host")),
        "releases": [
            {
                **dict.fromkeys(("slug", "headline", "state", "reason", "cause", "version")),
                "embargo": EMBARGO,
                "lift": None,
                "approvals": [{"by": None, "at": None}],
                "deliveries": [dict.fromkeys(delivery)],
                "clearances": [],
                "versions": [
                    {
                        **dict.fromkeys(("n", "version", "kind", "note", "state", "lift")),
                        "approvals": [{"by": None, "at": None}],
                        "deliveries": [dict.fromkeys(delivery)],
                    }
                ],
                "lists_edited": [],
            }
        ],
    }


def test_the_keys_of_the_other_answers(office: Office, call: Caller) -> None:
    office.write("names-released", embargo=FAR, body="[[NAMES]]")
    assert keys(call.json("when", FAR)) == EMBARGO
    assert keys(call.json("check", "names-released", expect=65)) == {
        "findings": [dict.fromkeys(("slug", "code", "severity", "line", "message", "hint", "accepted"))]
    }
    nothing = {"published": [], "withdrawn": [], "publishing": [], "needs_you": []}
    assert keys(call.json("publish-due")) == {"at": None, **nothing}
    call("hold", "statement", "--why", "x", expect=66)
    call("schedule", "statement")
    line = json.loads(call("journal", "--json").splitlines()[0])
    assert list(line) == ["n", "at", "actor", "host", "event", "slug", "version", "detail", "prev", "hash"]
    assert keys(call.json("status", "nobody", expect=66)) == {
        "error": {"code": None, "message": None, "hint": None, "candidates": []}
    }


def test_publish_due_names_what_it_did(office: Office, call: Caller) -> None:
    call("schedule", "statement")
    assert call.json("publish-due")["needs_you"] == []
    call("approve", "statement")
    assert call.json("publish-due")["published"] == ["statement"]
    assert call.json("publish-due")["published"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("status",), 0),
        (("publish-due",), 0),
        (("stats",), 2),
        (("schedule",), 2),
        (("hold", "names-released"), 66),
        (("settle", "names-released", "--outlet", "newsroom"), 2),
        (("when", "Tuesday, September 24, 2018"), 65),
        (("schedule", "nobody"), 66),
        (("approve", "names-released"), 66),
        (("publish", "names-released"), 77),
        (("publish", "names-released", "--early"), 2),
        (("publish", "names-released", "--early", "--why", "x", "--no-input"), 77),
        (("--workspace", "nowhere", "status"), 66),
        (("init",), 77),
    ],
)
def test_exit_codes(office: Office, call: Caller, arguments: tuple[str, ...], code: int) -> None:
    call(*arguments, expect=code)
    assert code == 0 or call.err


def test_a_broken_config_is_reported_whole(office: Office, call: Caller) -> None:
    (office.folder / "config.toml").write_text('[office]\nnme = "x"\n[outlets.a]\ntype = "webhok"\n', encoding="utf-8")
    call("status", expect=78)
    assert "config.toml:2" in call.err
    assert "name" in call.err
    assert "webhook" in call.err
    assert "timezone" in call.err


def test_a_name_that_is_none_brings_near_ones(office: Office, call: Caller) -> None:
    call("shedule", "names-released", expect=2)
    assert "schedule" in call.err
    call("status", "names-relesed", expect=66)
    assert "names-released" in call.err
    call("new", "A headline", "--outlet", "newsrom", expect=66)
    assert "newsroom" in call.err


MUTATIONS = [
    ("new", "Another headline"),
    ("schedule", "names-released", "--yes"),
    ("approve", "statement"),
    ("unapprove", "statement"),
    ("unschedule", "statement"),
    ("hold", "statement", "--why", "x"),
    ("resume", "statement"),
    ("resume", "--all"),
    ("stop", "--why", "x"),
    ("publish", "statement"),
    ("publish-due",),
]


@pytest.mark.parametrize("arguments", MUTATIONS, ids=" ".join)
def test_a_dry_run_changes_nothing(office: Office, call: Caller, arguments: tuple[str, ...]) -> None:
    call("schedule", "statement")
    if arguments[0] in {"publish", "unapprove"}:
        call("approve", "statement")
    if arguments == ("resume", "statement"):
        call("hold", "statement")
    before = (call("journal", "--json"), sorted(path.name for path in office.folder.rglob("*.md")))
    call(*arguments, "--dry-run")
    assert call.out
    assert (call("journal", "--json"), sorted(path.name for path in office.folder.rglob("*.md"))) == before
    assert not (office.folder / "newsroom").exists()


def test_early_needs_the_slug_typed_back(office: Office, call: Caller) -> None:
    call("schedule", "names-released", "--yes")
    call("approve", "names-released")
    call("publish", "names-released", "--early", "--why", "a leak", "--confirm", "statement", expect=10)
    assert office.pages == []
    call("publish", "names-released", "--early", "--why", "a leak", "--confirm", "names-released")
    assert office.pages == ["names-released"]
    assert "a leak" in call("journal", "names-released")


def test_a_window_needs_a_yes(office: Office, call: Caller) -> None:
    office.write("names-released", embargo="the week of 9/24", date="2098-09-19")
    call("schedule", "names-released", "--no-input", expect=10)
    assert call.json("status", "names-released")["releases"][0]["state"] == "draft"
    call("schedule", "names-released", "--yes")
    assert call.json("status", "names-released")["releases"][0]["state"] == "unapproved"


def test_an_edit_that_cannot_be_read_is_kept(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    script = office.folder / "editor.py"
    script.write_text("import sys; open(sys.argv[1], 'w').write('no front matter')", encoding="utf-8")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    before = (office.folder / "releases" / "statement.md").read_bytes()
    call("edit", "statement", expect=65)
    assert (office.folder / "releases" / "statement.md").read_bytes() == before
    (kept,) = (office.folder / ".pressrelease").glob("statement-*.md")
    assert kept.read_text(encoding="utf-8") == "no front matter"
    assert kept.name in call.err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_everything_private_is_private(office: Office, call: Caller) -> None:
    call("schedule", "statement")
    call("approve", "statement")
    call("publish-due")
    private = office.folder / ".pressrelease"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for path in private.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_init_makes_an_office_that_works(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "new office"
    call("init", str(folder), "--name", "DA", "--timezone", "America/Los_Angeles", "--no-input")
    assert "publish-due" in call.out
    assert "ExecStart" in call.out
    monkeypatch.chdir(folder / "releases")
    assert call.json("status")["releases"][0]["slug"] == "our-first-release"
    call("check", expect=65)


def test_the_bare_command_tells_the_day(office: Office, call: Caller) -> None:
    call("schedule", "names-released", "--yes")
    call()
    assert "pressrelease approve names-released" in call.out
    assert "pressrelease run" in call.out
    call("approve", "names-released")
    call("stop")
    call()
    assert "STOPPED" in call.out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(call: Caller, name: str) -> None:
    assert f"pressrelease {name}" in call(name, "--help")


def test_hostile_words_cannot_move_the_cursor(office: Office, call: Caller) -> None:
    office.write("statement", headline='"\\e[31mred\\x07 \\u202egnp"')
    call("status")
    assert not set("\x1b\x07\u202e") & set(call.out + call.err)


def test_a_fault_of_ours_is_reported_in_words(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("whsec_canary and the embargoed text")

    monkeypatch.setattr("pressrelease.services.listing.listing", broken)
    call("status", expect=1)
    assert "reference" in call.err
    log = (office.folder / ".pressrelease" / "log").read_text(encoding="utf-8")
    assert "RuntimeError" in log
    assert "canary" not in log + call.err


def test_a_log_that_can_not_be_written_is_not_named_as_the_place_of_the_details(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("whsec_canary")

    monkeypatch.setattr("pressrelease.services.listing.listing", broken)
    (office.folder / ".pressrelease" / "log").mkdir(parents=True)
    call("status", expect=1)
    assert "RuntimeError" in call.err
    assert "could not be written to" in call.err
    assert "reference" not in call.err
    assert "canary" not in call.err


def test_output_that_nobody_reads_is_no_fault(office: Office) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.run([*COMMAND, "status"], cwd=office.folder, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert process.stderr == b""
