"""Screens break at words, at 80 columns and at 60; a command to copy is never cut."""

from __future__ import annotations

import io
import os
import pty
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from preloaded import command_started

from pressrelease.cli.wrapping import terminal_width, wrapped

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")

LONG = "names-released-in-county-wide-human-trafficking-operation-of-september-2018"

#: Commands that need no slug.
WHOLE = ("pressrelease run", "pressrelease doctor", "pressrelease status", "pressrelease outlets")

RELEASE = """---
headline: Names released in county-wide operation
date: 2018-09-19
embargo: {embargo}
dateline: AUBURN, Calif.
contact: {{name: Press Desk, phone: 530-555-0100, email: press@placer.example}}
---
Prosecutors released the names. All are presumed innocent until proven guilty in a court of law.

# # #
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize(
    "line",
    [
        f"  next: pressrelease approve {LONG}",
        f"pressrelease schedule {LONG} --at 'Monday at 9 a.m.'",
        f"  pressrelease settle {LONG} --outlet media --sent",
        f"cd /srv/press/{LONG} && pressrelease status",
    ],
)
def test_a_line_that_is_a_command_stays_whole(line: str, width: int) -> None:
    assert wrapped(line, width) == line


@pytest.mark.parametrize("width", [80, 60])
def test_a_command_in_a_sentence_stays_whole(width: int) -> None:
    command = f"`pressrelease resume {LONG} --at 'Monday at 9 a.m.'`"
    said = wrapped(f"It is on hold. To let it go out after all, and at another time than before: {command}.", width)
    assert f"{command}." in said.splitlines()


def test_what_follows_is_indented_below_its_text() -> None:
    assert wrapped("  why: one two three four", 16) == "  why: one two\n    three four"
    assert wrapped("ok       clock: one two three", 24) == "ok       clock: one two\n         three"
    assert wrapped("one two three", 8) == "one two\nthree"


@given(st.text(alphabet="ab `-.,:\n", max_size=200), st.integers(20, 100))
def test_nothing_is_lost_and_no_word_is_cut(text: str, width: int) -> None:
    assert wrapped(text, width).split() == text.split()
    assert wrapped(text, None) == text


def test_a_pipe_has_no_width_and_columns_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal_width(io.StringIO()) is None
    monkeypatch.setenv("COLUMNS", "60")
    assert terminal_width(Terminal()) == 60


def at_a_terminal(folder: Path, width: int, *arguments: str) -> str:
    """What a command shows on a terminal of that width, as lines that it wrote itself."""
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": str(width), "TERM": "xterm", "NO_COLOR": "1"}
    process = command_started(arguments, cwd=folder, environment=environment, streams={1: slave, 2: slave})
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    process.communicate()
    os.close(master)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode()).replace("\r\n", "\n")


@pytest.mark.parametrize("width", [80, 60])
def test_screens_hold_at_the_width_and_their_commands_are_whole(tmp_path: Path, width: int) -> None:
    office = tmp_path / "office"
    at_a_terminal(tmp_path, width, "init", str(office), "--timezone", "America/Los_Angeles", "--no-input")
    (office / "releases" / f"{LONG}.md").write_text(RELEASE.format(embargo="2099-09-24T09:00:00-07:00"))
    screens = [
        at_a_terminal(office, width, *words)
        for words in (
            [],
            ["schedule", LONG, "--yes"],
            [],
            ["status"],
            ["status", LONG],
            ["hold", LONG, "--why", "a call from the sheriff, who asks for two more days for his own inquiry"],
            [],
            ["settle", LONG, "--outlet", "newsroom"],
            ["approve", LONG, "--version", "0000"],
            ["journal", LONG],
        )
    ]
    commands = 0
    for screen in screens:
        assert screen.strip()
        for line in screen.splitlines():
            whole = "pressrelease " in line or LONG in line  # a command, or one word that is longer than a line
            assert whole or len(line.rstrip()) <= width, line
            if "pressrelease " in line:
                commands += 1
                assert not re.search(r"pressrelease [a-z-]+\s*$", line) or line.rstrip().endswith(WHOLE), line
    assert commands > 6
