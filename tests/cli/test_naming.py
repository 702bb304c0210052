"""A SLUG that is mistyped: asked for at a terminal, refused with a suggestion elsewhere, and never guessed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from calling import Caller
from preloaded import command_started
from records import office, schedule, write

from pressrelease.cli.naming import ask_for_slugs
from pressrelease.cli.session import Session
from pressrelease.errors import NotPermitted
from pressrelease.release.slug import near_slugs
from pressrelease.wiring import Workspace

LONG = "county-wide-human-trafficking-operation"
SLUGS = (LONG, "names-released", "names-withheld", "weekly")

needs_terminal = pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    workspace = office(tmp_path / "office")
    for slug in SLUGS:
        write(workspace, slug)
    monkeypatch.chdir(workspace.folder)
    return workspace.folder


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("county", [LONG]),
        ("County Wide", [LONG]),
        (f"releases/{LONG}.md", [LONG]),
        ("trafficking", [LONG]),
        ("conty", [LONG]),
        ("names", ["names-released", "names-withheld"]),
        ("names-relased", ["names-released"]),
        ("weeekly", ["weekly"]),
        ("weekly.md", ["weekly"]),
        ("zzzz", []),
        ("", []),
        ("-", []),
        ("x" * 10_000, []),
    ],
)
def test_what_may_be_meant(typed: str, near: list[str]) -> None:
    assert near_slugs(typed, SLUGS) == near


def at_a_terminal(folder: Path, answer: str, *arguments: str) -> tuple[int, str, str]:
    """The exit code, what went to the terminal, and standard output of a command that is answered at the keyboard."""
    ours, theirs = os.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = command_started(arguments, cwd=folder, streams={0: theirs, 2: theirs})
    os.close(theirs)
    out, _ = process.communicate()
    shown = b""
    try:
        while piece := os.read(ours, 65_536):
            shown += piece
    except OSError:  # the other end was closed
        pass
    os.close(ours)
    return process.wait(), shown.decode(), out


@needs_terminal
def test_at_a_terminal_the_release_is_asked_for(folder: Path) -> None:
    code, shown, out = at_a_terminal(folder, "y", "proof", "county")
    assert code == 0
    assert f'There is no release "county". Did you mean {LONG}? [y/N]' in " ".join(shown.split())
    assert f"Headline of {LONG}".upper() in out.upper()


@needs_terminal
@pytest.mark.parametrize("answer", ["n", "", "names"])
def test_anything_but_a_yes_refuses_it(folder: Path, answer: str) -> None:
    code, shown, out = at_a_terminal(folder, answer, "proof", "county")
    assert (code, out) == (66, "")
    assert "There is no release county." in shown


@needs_terminal
@pytest.mark.parametrize("option", ["--yes", "--json", "--no-input"])
def test_it_is_not_asked_where_nobody_is_to_be_asked(folder: Path, option: str) -> None:
    code, shown, _ = at_a_terminal(folder, "y", "schedule", "county", option)
    assert code == 66
    assert "[y/N]" not in shown
    assert f"Did you mean {LONG}?" in shown


@needs_terminal
def test_each_of_several_is_asked_for(folder: Path) -> None:
    code, shown, out = at_a_terminal(folder, "y\nn", "check", "conty", "weekly", "names-relased")
    assert shown.count("[y/N]") == 2
    assert code == 66
    assert "names-relased" in shown.rpartition("[y/N]")[2] + out


@needs_terminal
def test_what_fits_several_is_listed_and_not_asked(folder: Path) -> None:
    code, shown, _ = at_a_terminal(folder, "y", "proof", "names")
    assert code == 66
    assert "[y/N]" not in shown
    assert "  - names-released\r\n  - names-withheld\r\nType one of these in full." in shown


@needs_terminal
def test_a_release_on_record_whose_file_is_gone_is_no_mistake(folder: Path) -> None:
    schedule(Workspace(folder), "names-rele", days=30)
    (folder / "releases" / "names-rele.md").unlink()
    code, shown, _ = at_a_terminal(folder, "y", "hold", "names-rele", "--why", "x")
    assert code == 0
    assert "[y/N]" not in shown
    code, shown, _ = at_a_terminal(folder, "n", "hold", "names-rel", "--why", "x")
    assert code == 66  # the two that begin so are listed


@needs_terminal
def test_a_hold_is_asked_for_too(folder: Path) -> None:
    schedule(Workspace(folder), LONG)
    code, shown, _ = at_a_terminal(folder, "y", "hold", "county", "--why", "wrong name")
    assert code == 0
    assert shown.count("[y/N]") == 1


@needs_terminal
def test_the_release_to_follow_is_asked_for(folder: Path) -> None:
    code, shown, _ = at_a_terminal(folder, "y", "new", "Names", "--follows", "county")
    assert (code, "[y/N]" in shown) == (0, True)
    assert f"follows: {LONG}" in (folder / "releases" / "names.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command", [["schedule"], ["approve"], ["hold", "--why", "x"], ["proof"], ["status"], ["check"]]
)
def test_without_a_terminal_it_is_refused_with_the_suggestion(folder: Path, call: Caller, command: list[str]) -> None:
    call(*command, "county", expect=66)
    assert f"Did you mean {LONG}?" in call.err
    call(*command, "county", "--json", expect=66)
    error = json.loads(call.out)["error"]
    assert (error["code"], error["hint"]) == ("no_release", f"Did you mean {LONG}?")
    assert error["candidates"] == [LONG]


def test_no_slug_is_shown_to_one_who_may_not_use_the_workspace(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path | None, __: str | None, ___: Path) -> Workspace:
        raise NotPermitted("It belongs to another account.")

    monkeypatch.setattr("pressrelease.wiring.find_workspace", refused)
    monkeypatch.setattr(Session, "agreed", lambda *_: pytest.fail("it was asked"))
    monkeypatch.setattr(Session, "may_ask", True)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    parameters = {"slugs": ["county"], "workspace": str(folder)}
    ask_for_slugs(parameters)
    assert parameters["slugs"] == ["county"]
