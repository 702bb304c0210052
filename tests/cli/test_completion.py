"""What Tab offers: by the installed command, and in a real bash, zsh and fish."""

from __future__ import annotations

import os
import select
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from needed import needs_program
from preloaded import command_started
from records import office, schedule, write

from pressrelease.services import ServiceContext, approving, stopping
from pressrelease.wiring import Workspace


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    workspace = office(tmp_path / "office", more='[outlets.wire]\ntype = "newsroom"\npath = "wire"\n')
    for slug in ("names-released", "names-withheld", "weekly"):
        write(workspace, slug)
    (workspace.folder / "releases" / "Names draft.md").write_text("no slug")
    return workspace.folder


def offered(folder: Path, line: str, **environment: str) -> list[str]:
    """What bash is told for a line whose last word is being typed."""
    words = line.split(" ")
    asked = {"_PRESSRELEASE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    process = command_started([], cwd=folder, environment=os.environ | asked | environment)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    return [one.partition(",")[2] for one in out.split()]


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("pressrelease sche", ["schedule"]),
        ("pressrelease check na", ["names-released", "names-withheld"]),
        ("pressrelease check names-released na", ["names-withheld"]),
        ("pressrelease schedule names-released na", ["names-withheld"]),
        ("pressrelease approve na", []),
        ("pressrelease proof weekly --outlet w", ["wire"]),
        ("pressrelease settle weekly --outlet n", ["newsroom"]),
        ("pressrelease new Names --outlet w", ["wire"]),
        ("pressrelease outlets newsroom ", ["wire"]),
        ("pressrelease status x", []),
    ],
)
def test_what_fits_is_offered(folder: Path, line: str, offers: list[str]) -> None:
    assert offered(folder, line) == offers


def test_the_workspace_on_the_line_counts(folder: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, f"pressrelease -w {folder} edit we") == ["weekly"]
    assert offered(tmp_path, f"pressrelease edit -w {folder} we") == ["weekly"]
    assert offered(tmp_path, "pressrelease edit we", PRESSRELEASE_WORKSPACE=str(folder)) == ["weekly"]


def test_where_nothing_can_be_looked_up_nothing_is_said(folder: Path, tmp_path: Path) -> None:
    assert offered(tmp_path, "pressrelease edit we") == []
    (folder / "config.toml").write_text("broken [")
    assert offered(folder, "pressrelease proof weekly --outlet w") == []


def crowd(folder: Path) -> None:
    """A release in each state, named for it, beside the drafts."""
    workspace = Workspace(folder)
    for slug in ("a-unapproved", "a-scheduled", "a-held", "a-published", "a-failed", "a-doubted"):
        schedule(workspace, slug, approved=slug != "a-unapproved")
    context = ServiceContext(workspace, "jdoe")
    stopping.hold(context, "a-held", "x")
    with closing(sqlite3.connect(folder / ".pressrelease" / "state.db", isolation_level=None)) as record:
        for slug, state in (("a-published", "delivered"), ("a-failed", "failed"), ("a-doubted", "in_doubt")):
            record.execute("UPDATE deliveries SET state = ?, attempts = 1 WHERE slug = ?", (state, slug))
        record.execute("UPDATE releases SET open = 0 WHERE slug = 'a-published'")
    write(workspace, "a-draft")


@pytest.mark.parametrize(
    ("command", "offers"),
    [
        ("schedule", "draft held scheduled unapproved"),
        ("approve", "unapproved"),
        ("unapprove", "held scheduled"),
        ("unschedule", "held scheduled unapproved"),
        ("hold", "doubted failed scheduled unapproved"),
        ("resume", "held"),
        ("publish", "doubted draft failed scheduled unapproved"),
        ("retry", "failed"),
        ("settle", "doubted"),
        ("settle --undo", "doubted failed published"),
        ("edit", "doubted draft failed held published scheduled unapproved"),
        ("status", "doubted draft failed held published scheduled unapproved"),
        ("new Names --follows", "doubted draft failed held published scheduled unapproved"),
    ],
)
def test_a_command_is_offered_the_releases_that_it_is_for(folder: Path, command: str, offers: str) -> None:
    crowd(folder)
    assert offered(folder, f"pressrelease {command} a-") == [f"a-{state}" for state in offers.split()]


def test_resume_is_offered_what_missed_its_lift_and_what_a_file_holds(folder: Path) -> None:
    workspace = Workspace(folder)
    schedule(workspace, "a-missed")
    schedule(workspace, "a-ahead")
    with closing(sqlite3.connect(folder / ".pressrelease" / "state.db", isolation_level=None)) as record:
        record.execute("UPDATE releases SET lift = 1 WHERE slug = 'a-missed'")
    assert offered(folder, "pressrelease resume a-") == ["a-missed"]
    (folder / "HOLD-a-ahead").touch()
    assert offered(folder, "pressrelease resume a-") == ["a-ahead", "a-missed"]


def test_no_more_approvals_than_the_policy_asks_are_offered(folder: Path) -> None:
    config = folder / "config.toml"
    config.write_text(config.read_text() + "[policy]\napprovals = 2\n")
    schedule(Workspace(folder), "a-half")
    assert offered(folder, "pressrelease approve a-") == ["a-half"]
    approving.approve(ServiceContext(Workspace(folder), "jdoe"), "a-half", "deputy")
    assert offered(folder, "pressrelease approve a-") == []


@pytest.mark.parametrize("trouble", ["locked", "missing", "damaged", "empty", "another layout"])
def test_a_record_that_cannot_be_read_is_no_reason_to_print_anything(folder: Path, trouble: str) -> None:
    crowd(folder)
    file = folder / ".pressrelease" / "state.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        if trouble == "locked":
            other.execute("PRAGMA journal_mode = DELETE")
            other.execute("BEGIN EXCLUSIVE")
        elif trouble == "missing":
            file.unlink()
        elif trouble == "another layout":
            other.execute("ALTER TABLE releases RENAME TO others")
        else:
            file.write_bytes(b"" if trouble == "empty" else b"x" * 9_000)
        began = time.monotonic()
        assert offered(folder, "pressrelease approve a-") == []
        assert time.monotonic() - began < 5
        assert offered(folder, "pressrelease edit a-d") == ["a-doubted", "a-draft"]
        if trouble == "missing":
            assert not file.exists()


@pytest.mark.parametrize(
    "line", ["pressrelease approve a-", "pressrelease settle a-doubted --outlet n", "pressrelease "]
)
def test_nothing_slow_is_loaded_while_a_person_waits(folder: Path, line: str) -> None:
    crowd(folder)
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pressrelease"],
        env=os.environ
        | {
            "_PRESSRELEASE_COMPLETE": "bash_complete",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(line.split(" ")) - 1),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout
    loaded = {row.rpartition("|")[2].strip().partition(".")[0] for row in told.stderr.splitlines()}
    assert "click" in loaded
    assert not {"sqlalchemy", "psycopg", "requests", "apscheduler", "rich", "dateutil"} & loaded


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_are_offered_the_same(folder: Path, shell: str) -> None:
    crowd(folder)
    asked = {
        "_PRESSRELEASE_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "pressrelease approve a-",
        "COMP_CWORD": {"zsh": "2", "fish": "a-"}[shell],
    }
    out, err = command_started([], cwd=folder, environment=os.environ | asked).communicate()
    assert ("a-unapproved" in out, "a-scheduled" in out, err) == (True, False, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(tmp_path: Path, shell: str) -> None:
    environment = os.environ | {"_PRESSRELEASE_COMPLETE": f"{shell}_source"}
    process = command_started([], cwd=tmp_path, environment=environment)
    out, _ = process.communicate()
    assert process.returncode == 0
    assert f"_PRESSRELEASE_COMPLETE={shell}_complete" in out


@pytest.fixture
def shell_environment(tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds `pressrelease` on its PATH, and no settings of this account."""
    program = tmp_path / "bin" / "pressrelease"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pressrelease "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    return os.environ | {"PATH": path, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "TERM": "dumb"}


def test_a_real_bash_completes_by_that_script(folder: Path, shell_environment: dict[str, str]) -> None:
    bash = needs_program("bash", "bash")
    script = (
        'eval "$(_PRESSRELEASE_COMPLETE=bash_source pressrelease)";'
        "COMP_WORDS=(pressrelease edit na); COMP_CWORD=2; _pressrelease_completion pressrelease;"
        'echo "${COMPREPLY[@]}"'
    )
    told = subprocess.run(
        [bash, "-c", script], cwd=folder, env=shell_environment, capture_output=True, text=True, check=False
    )
    assert (told.stdout.split(), told.stderr) == (["names-released", "names-withheld"], "")


def test_a_real_fish_completes_by_that_script(folder: Path, shell_environment: dict[str, str]) -> None:
    fish = needs_program("fish", "fish")
    script = "_PRESSRELEASE_COMPLETE=fish_source pressrelease | source; complete -C 'pressrelease edit na'"
    told = subprocess.run(
        [fish, "--no-config", "--command", script],
        cwd=folder,
        env=shell_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.stdout.split(), told.stderr) == (["names-released", "names-withheld"], "")


#: What is typed, each on a line of its own, and what the terminal shows then.
TYPED = (
    ("pressrelease edit names-r\t", "pressrelease edit names-released "),
    ("pressrelease sched\t", "pressrelease schedule "),
    ("pressrelease edit na\t\t", "names-released  names-withheld"),
)
CLEAR_LINE = b"\x15"


def test_a_real_zsh_completes_by_that_script(folder: Path, shell_environment: dict[str, str]) -> None:
    """At a terminal of its own, by the lines of docs/how-to/complete-with-tab.md."""
    zsh = needs_program("zsh", "zsh")
    page = Path(__file__).parents[2] / "docs" / "how-to" / "complete-with-tab.md"
    lines = page.read_text(encoding="utf-8").partition("~/.zshrc")[2].partition("```text\n")[2].partition("```")[0]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [zsh, "-f", "-i"],
        cwd=folder,
        env=shell_environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            os.write(ours, f"{lines}\nPROMPT=; echo rea''dy\n".encode())
            read_until(ours, "ready\r\n")
            for typed, shown in TYPED:
                os.write(ours, typed.encode())
                read_until(ours, shown)
                os.write(ours, CLEAR_LINE)
        finally:
            process.kill()
            os.close(ours)


def read_until(terminal: int, wanted: str, seconds: float = 30) -> None:
    """Read what a terminal shows until `wanted` is in it. Raises AssertionError with what was shown instead."""
    seen, end = b"", time.monotonic() + seconds
    while wanted.encode() not in seen:
        left = end - time.monotonic()
        assert left > 0, f"{wanted!r} is not in {seen!r}"
        if select.select([terminal], [], [], left)[0]:
            seen += os.read(terminal, 4096)
