"""What Tab offers: by the installed command, and in a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from records import office, write

COMMAND = [sys.executable, "-m", "pressrelease"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = office(tmp_path / "office", more='[outlets.wire]\ntype = "webhook"\nurl = "http://127.0.0.1:9/x"\n')
    for slug in ("names-released", "names-withheld", "weekly"):
        write(workspace, slug)
    (workspace.folder / "releases" / "Names draft.md").write_text("no slug")
    return workspace.folder


def offered(folder: Path, line: str, **environment: str) -> list[str]:
    """What bash is told for a line whose last word is being typed."""
    words = line.split(" ")
    told = subprocess.run(
        COMMAND,
        env=os.environ
        | {"_PRESSRELEASE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
        | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stderr) == (0, "")
    return [one.partition(",")[2] for one in told.stdout.split()]


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("pressrelease sche", ["schedule"]),
        ("pressrelease approve na", ["names-released", "names-withheld"]),
        ("pressrelease approve names-released na", ["names-withheld"]),
        ("pressrelease proof weekly --outlet w", ["wire"]),
        ("pressrelease settle weekly --outlet n", ["newsroom"]),
        ("pressrelease status x", []),
    ],
)
def test_what_fits_is_offered(folder: Path, line: str, offers: list[str]) -> None:
    assert offered(folder, line) == offers


def test_the_workspace_on_the_line_counts(folder: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, f"pressrelease -w {folder} approve we") == ["weekly"]
    assert offered(tmp_path, f"pressrelease approve -w {folder} we") == ["weekly"]
    assert offered(tmp_path, "pressrelease approve we", PRESSRELEASE_WORKSPACE=str(folder)) == ["weekly"]


def test_where_nothing_can_be_looked_up_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, "pressrelease approve we") == []
    (folder / "config.toml").write_text("broken [")
    assert offered(folder, "pressrelease proof weekly --outlet w") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    told = subprocess.run(
        COMMAND,
        env=os.environ | {"_PRESSRELEASE_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0
    assert f"_PRESSRELEASE_COMPLETE={shell}_complete" in told.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_a_real_bash_completes_by_that_script(folder: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "pressrelease"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pressrelease "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(_PRESSRELEASE_COMPLETE=bash_source pressrelease)";'
        "COMP_WORDS=(pressrelease approve na); COMP_CWORD=2; _pressrelease_completion pressrelease;"
        'echo "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout.split(), told.stderr) == (["names-released", "names-withheld"], "")
