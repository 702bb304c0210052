"""The installed command with its standard streams closed, as `>&-`, services and pythonw leave them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from office import COMMAND, FAR, HereOffice, Office, found_office, make_original
from preloaded import READ_AT_START, command_started

from pressrelease.cli.app import COMMANDS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")

CLOSED = {"out": ">&-", "err": "2>&-", "in": "<&-", "out and err": ">&- 2>&-", "all": "<&- >&- 2>&-"}

#: One use of each command, and of its refusals; those that change anything stand after those that look.
USES = {
    "init": ("new-office", "--timezone", "America/Los_Angeles"),
    "demo": (),
    "new": ("Another headline",),
    "import": ("config.toml", "--dry-run"),
    "edit": ("far",),
    "when": ("2099-09-24T09:00:00-07:00",),
    "check": (),
    "clean": ("far",),
    "proof": ("far",),
    "schedule": ("draft",),
    "approve": ("far", "--as", "deputy"),
    "unapprove": ("due",),
    "unschedule": ("far",),
    "clear": ("due", "charges"),
    "lift": ("due", "--confirm", "due"),
    "hold": ("far", "--why", "wait"),
    "resume": ("--all",),
    "stop": (),
    "adopt": (),
    "publish": ("due",),
    "publish-due": (),
    "retry": ("due",),
    "correct": ("far", "--note", "x"),
    "kill": ("far", "--why", "x", "--confirm", "far"),
    "settle": ("due", "--outlet", "newsroom", "--sent"),
    "status": (),
    "calendar": (),
    "promises": (),
    "outcome": ("far", "dismissed", "--why", "x"),
    "removed": ("far", "--why", "x"),
    "journal": (),
    "outlets": (),
    "doctor": ("--offline",),
    "export": ("due", "-o", "record.zip"),
    "backup": ("backup.zip",),
    "restore": ("nothing.zip",),
    "move-store": ("postgresql+psycopg://127.0.0.1:1/none",),
    "service": ("--cron",),
}
#: What the quick tests call: one that looks and one that changes. The others are among the slow ones.
OFTEN = {"", "schedule"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a draft, a release far ahead, and one that is approved and due."""
    office = HereOffice(found_office(tmp_path_factory.mktemp("streams") / "office").folder)
    for slug in ("due", "far", "draft"):
        office.write(slug, embargo=FAR if slug == "far" else "immediate")
    office.run("schedule", "due", "far", "--yes")
    office.run("approve", "due", "--as", "deputy")
    return office.folder


def office_of(template: Path, folder: Path) -> Office:
    shutil.copytree(template, folder, symlinks=True)
    make_original(folder)
    return Office(folder)


def _environment() -> dict[str, str]:
    """One without HOME, and with what an interpreter reads when it starts."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", *READ_AT_START))}
    return kept | {"EDITOR": "true"}


def called_silently(office: Office, arguments: tuple[str, ...]) -> int:
    """The exit code of the command with all streams on the null device."""
    with Path(os.devnull).open("r+b") as nothing:
        streams = dict.fromkeys(range(3), nothing.fileno())
        process = command_started(arguments, cwd=office.folder, environment=_environment(), streams=streams)
        process.communicate(timeout=90)
    return process.wait()


def called(office: Office, arguments: tuple[str, ...], redirection: str, *, umask: str = "022") -> int:
    """The exit code of the command, started by a shell that closes what `redirection` says, with no HOME."""
    line = f'umask {umask}; exec "$@" {redirection}'
    process = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *COMMAND, *arguments],
        cwd=office.folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=90,
    )
    assert b"Traceback" not in process.stderr, process.stderr
    assert b"Something went wrong" not in process.stderr, process.stderr
    return process.returncode


def test_every_command_is_in_the_matrix() -> None:
    assert {*USES, "run"} >= {*COMMANDS}


@pytest.mark.parametrize(
    "command",
    [pytest.param(one, marks=() if one in OFTEN else pytest.mark.slow) for one in (*USES, "")],
)
def test_a_closed_stream_is_as_the_null_device(template: Path, tmp_path: Path, command: str) -> None:
    arguments = (
        *((command,) if command else ()),
        *USES.get(command, ()),
        *(() if command == "demo" else ("--no-input",)),
    )
    expected = called_silently(office_of(template, tmp_path / "null"), arguments)
    for name, umask in (("out", "000"), ("all", "077")):
        office = office_of(template, tmp_path / name)
        assert called(office, arguments, CLOSED[name], umask=umask) == expected, (command, name)
        if command == "publish-due":
            assert office.pages == ["due"]


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in {"out", "all"} else pytest.mark.slow) for one in CLOSED]
)
def test_publish_due_publishes_whatever_is_closed(template: Path, tmp_path: Path, name: str) -> None:
    office = office_of(template, tmp_path / "office")
    assert called(office, ("publish-due",), CLOSED[name]) == 0
    assert office.pages == ["due"]
    assert office.state("due") == "published"
    assert office.run("journal", "--verify")


@pytest.mark.parametrize("name", ["all", *(pytest.param(one, marks=pytest.mark.slow) for one in ("out", "err"))])
def test_run_publishes_and_ends_in_good_order(template: Path, tmp_path: Path, name: str) -> None:
    office = office_of(template, tmp_path / "office")
    process = subprocess.Popen(["/bin/sh", "-c", f'exec "$@" {CLOSED[name]}', "sh", *COMMAND, "run"], cwd=office.folder)
    try:
        end = time.monotonic() + 30
        while not office.pages and time.monotonic() < end:
            time.sleep(0.1)
        assert office.pages == ["due"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_an_answer_that_can_not_be_written_is_said_and_undoes_nothing(template: Path, tmp_path: Path) -> None:
    office = office_of(template, tmp_path / "office")
    line = 'exec "$@" >/dev/full'
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *COMMAND, "publish-due"],
        cwd=office.folder,
        capture_output=True,
        check=False,
        text=True,
    )
    assert "No space left" in done.stderr
    assert "Something went wrong" not in done.stderr
    assert done.returncode == 75
    assert office.pages == ["due"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_scheduler_goes_on_whatever_becomes_of_its_words(template: Path, tmp_path: Path) -> None:
    office = office_of(template, tmp_path / "office")
    process = subprocess.Popen(["/bin/sh", "-c", 'exec "$@" 2>/dev/full', "sh", *COMMAND, "run"], cwd=office.folder)
    try:
        end = time.monotonic() + 30
        while not office.pages and time.monotonic() < end:
            time.sleep(0.1)
        assert office.pages == ["due"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
