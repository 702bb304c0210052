"""`doctor` on a record that another program keeps to itself: who that is, and how the record comes free."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from records import office, schedule

from pressrelease.services.doctor import DoctorFinding, Weight, examine, holding
from pressrelease.services.doctor.holding import Holder, holders_of, name_of, processes_that_lock
from pressrelease.store import connection as store_connection
from pressrelease.wiring import Workspace

on_linux = pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a file")


@contextmanager
def held(file: Path, how: str) -> Iterator[subprocess.Popen[str]]:
    """Another program with a transaction on a database; `how` is EXCLUSIVE, or IMMEDIATE, which lets others read."""
    program = (
        "import sqlite3, time\n"
        f"held = sqlite3.connect({str(file)!r}, isolation_level=None)\n"
        f"held.execute('BEGIN {how}')\nprint('held', flush=True)\ntime.sleep(60)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An office with one release ahead, where a reader waits only for a moment."""
    monkeypatch.setattr(store_connection, "READ_PATIENCE", 0.1)
    monkeypatch.setattr(holding, "READ_PATIENCE", 0.1)
    made = office(tmp_path / "office")
    schedule(made, "ahead").store.close()
    return Workspace(made.folder)


def of_the_record(workspace: Workspace) -> list[DoctorFinding]:
    """What is said of the record, by whichever check."""
    return [one for one in examine(workspace, offline=True) if "database" in one.message]


@on_linux
@pytest.mark.parametrize("how", ["EXCLUSIVE", "IMMEDIATE"])
def test_who_holds_the_record_is_named_once(workspace: Workspace, how: str) -> None:
    with held(workspace.private / "state.db", how) as process:
        (remark,) = of_the_record(workspace)
    assert remark.weight is Weight.ERROR
    assert f"(process {process.pid})" in remark.message
    assert f"`kill {process.pid}`" in remark.hint
    (remark,) = of_the_record(Workspace(workspace.folder))
    assert remark.weight is Weight.FINE


@on_linux
def test_a_suspended_holder_is_an_error(workspace: Workspace) -> None:
    with held(workspace.private / "state.db", "EXCLUSIVE") as process:
        process.send_signal(signal.SIGSTOP)
        (remark,) = of_the_record(workspace)
    assert remark.weight is Weight.ERROR
    assert f"(process {process.pid}, which is suspended)" in remark.message
    assert f"`kill -CONT {process.pid}`" in remark.hint


def test_where_the_system_does_not_tell_it_says_how_to_look(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holding, "holders_of", lambda file: [])
    with held(workspace.private / "state.db", "EXCLUSIVE"):
        (remark,) = of_the_record(workspace)
    assert remark.weight is Weight.ERROR
    assert "busy" in remark.message
    assert f"`lsof {workspace.private / 'state.db'}`" in remark.hint
    assert "doctor" not in remark.hint


LOCKS = """\
1: POSIX  ADVISORY  WRITE 22167 fe:00:2146678 1073741824 1073742335
1: -> POSIX  ADVISORY  READ 31 fe:00:2146678 1073741826 1073742335
2: POSIX  ADVISORY  READ 9 fe:00:2146678 1073741826 1073742335
3: FLOCK  ADVISORY  WRITE 10 fe:00:2146678 0 EOF
4: POSIX  ADVISORY  WRITE 11 fe:00:2146678 0 EOF
5: POSIX  ADVISORY  WRITE 12 fe:00:999 1073741824 1073742335
6: OFDLCK ADVISORY  READ -1 fe:00:2146678 1073741824 1073742335
7: POSIX  ADVISORY  WRITE 0 fe:00:2146678 1073741824 1073742335
8: LEASE  ACTIVE    READ 13 fe:00:2146678 0 EOF

words
"""


def test_only_locks_of_sqlite_on_that_file_count() -> None:
    assert processes_that_lock(2146678, LOCKS.splitlines()) == [9, 22167]
    assert processes_that_lock(1, LOCKS.splitlines()) == []


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/python3", "-m", "pressrelease", "run", ""], "pressrelease run"),
        (["/usr/bin/python3", "/srv/da/.venv/bin/pressrelease", "publish-due", ""], "pressrelease publish-due"),
        (["/usr/bin/python3", "/usr/lib/pressrelease/__main__.py", "--workspace", "/srv", "run"], "pressrelease"),
        (["/usr/bin/pressrelease", ""], "pressrelease"),
        (["/usr/bin/sqlite3", "/srv/da/.pressrelease/state.db", ""], "sqlite3"),
        ([""], "a program"),
    ],
)
def test_a_program_is_called_what_people_call_it(command: list[str], name: str) -> None:
    assert name_of(command) == name


def test_a_program_that_has_just_ended_has_no_name(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    file.touch()
    place = f"fe:00:{file.stat().st_ino}"
    (tmp_path / "locks").write_text(f"1: POSIX  ADVISORY  WRITE 7 {place} 1073741824 1073742335\n", encoding="ascii")
    assert holders_of(file, tmp_path) == [Holder(7, "a program")]
    assert holders_of(file, tmp_path / "elsewhere") == []
