"""The installed command killed, suspended, and let down by its disk, one system call at a time.

Afterwards passes go on as cron would make them, and what arrived is held against what is on record.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faults import SCALE, Count, Scene, calls_of, report, scene, spread, staying_up, suspended_at, traced, until

pytestmark = pytest.mark.slow

#: The system calls at which a publish is killed: its disk, its folders, its network, its pipes.
CALLS = ("fdatasync", "fsync", "pwrite64", "unlink", "renameat", "connect", "sendto", "recvfrom", "write")

#: At how many of each a test tries it; with FAULTS=100 at all.
TRIES = round(4 * SCALE)


@pytest.fixture(scope="module")
def due(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An office with two releases due to every outlet; each try has a copy of it."""
    with scene(tmp_path_factory.mktemp("faults") / "office") as made:
        made.put("names", "statement")
        yield made


@pytest.fixture(scope="module")
def calls(due: Scene, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How often a healthy pass makes each of CALLS; and that a healthy pass is one."""
    folder = tmp_path_factory.mktemp("healthy")
    healthy = due.copied(folder / "office")
    found = calls_of(healthy.office, CALLS, folder / "log")
    count = healthy.count()
    assert (count.deliveries, count.lost, count.in_doubt, sum(healthy.arrivals()[0].values())) == (10, 0, 0, 8)
    assert {"fdatasync", "fsync", "pwrite64", "unlink", "renameat", "sendto"} <= {
        name for name, n in found.items() if n
    }
    return found


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("call", CALLS)
def test_killed_at_each_system_call(due: Scene, calls: dict[str, int], call: str, tmp_path: Path) -> None:
    total, killed = Count(), 0
    for when in spread(calls[call], TRIES):
        tried = due.copied(tmp_path / f"{when}")
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        killed += traced(tried.office, inject, "publish-due").returncode in {-9, 137}
        tried.settle()
        one = tried.count()
        assert {arrival.slug for arrival in tried.receiver.got} == {"names", "statement"}
        assert {slug: len(ids) for slug, ids in tried.receiver.ids.items()} == {"names": 1, "statement": 1}
        assert tried.office.pages == ["names", "statement"]
        assert one.good, (when, one)
        total += one
    report("`kill -9` at a system call", total)
    assert killed, f"no try at {call} killed anything"


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("fault", "inject"),
    [
        ("the disk is full", "pwrite64:error=ENOSPC"),
        ("the disk is full", "write:error=ENOSPC"),
        ("the disk fails", "fdatasync:error=EIO"),
        ("the disk fails", "fsync:error=EIO"),
        ("the disk fails", "pwrite64:error=EIO"),
        ("the disk fails", "pread64:error=EIO"),
    ],
)
def test_the_disk_fails_from_some_moment_on(
    due: Scene, calls: dict[str, int], fault: str, inject: str, tmp_path: Path
) -> None:
    total, name = Count(), inject.partition(":")[0]
    for when in spread(max(2, calls.get(name, 8)), TRIES):
        tried = due.copied(tmp_path / f"{when}")
        # A command says its last words by write(2) too; those must come through, or nobody could read them.
        where = {
            "write": tried.office.folder / "newsroom",
            "pread64": tried.office.folder / ".pressrelease" / "state.db",
        }
        only = ["-P", str(where[name])] if name in where else []
        ended = traced(
            tried.office, ["-e", f"trace={name}", "-e", f"inject={inject}:when={when}+", *only], "publish-due"
        )
        assert ended.returncode in {0, 10, 75}, ended.stderr
        assert "Traceback" not in ended.stderr
        if ended.returncode:
            assert len(ended.stderr.split()) > 5, "it must say what is wrong"
        tried.settle()
        one = tried.count()
        assert one.good, (when, one, ended.stderr)
        total += one
    report(fault, total)


def test_nothing_leaves_where_nothing_can_be_written(due: Scene, tmp_path: Path) -> None:
    tried = due.copied(tmp_path / "office")
    ended = traced(tried.office, ["-e", "trace=pwrite64", "-e", "inject=pwrite64:error=ENOSPC"], "publish-due")
    assert ended.returncode in {10, 75}, ended.stderr
    assert not tried.arrivals()[0]
    assert tried.office.pages == []


def suspend_between_records(made: Scene, process: subprocess.Popen[str]) -> None:
    """Stop a process at a moment at which it does not hold the record: one that does is another fault, below."""
    record = made.office.folder / ".pressrelease" / "state.db"
    with closing(sqlite3.connect(record, timeout=0, isolation_level=None)) as turn:
        while True:
            process.send_signal(signal.SIGSTOP)
            until(lambda: state_of(process.pid) == "T")
            try:
                turn.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                process.send_signal(signal.SIGCONT)
                time.sleep(0.01)
            else:
                turn.execute("ROLLBACK")
                return


def state_of(process: int) -> str:
    """The letter of proc_pid_stat(5): "T" for stopped."""
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


@pytest.mark.timeout(300)
def test_suspended_past_its_lease_and_woken(tmp_path: Path) -> None:
    """Three tries at once: waiting is all that there is to do. The lease is a minute longer than twice the timeout."""
    with scene(tmp_path / "office", pause=3.0, timeout="1s") as made:
        config = made.office.folder / "config.toml"
        config.write_text(config.read_text().replace('type = "webhook"\n', 'type = "webhook"\ntimeout = "1s"\n'))
        slow = made.office.folder / "program.sh"
        slow.write_text(slow.read_text().replace("cat > /dev/null\n", "cat > /dev/null\nsleep 0.7\n"))
        made.office.write("names", outlets="[newsroom, media, program, mail]")
        made.office.run("schedule", "names", "--yes")
        with staying_up(made.office) as voice:
            made.lift = datetime.now(UTC)
            made.office.run("approve", "names")
            until(lambda: made.receiver.got)
            suspend_between_records(made, voice.process)
            made.receiver.pause = 0.0
            try:
                lapsed = datetime.now(UTC) + timedelta(seconds=64)
                assert made.office.run("publish-due", expect=(0, 75, 10)).returncode in {0, 75, 10}
                time.sleep(max(0.0, (lapsed - datetime.now(UTC)).total_seconds()))
                made.settle()
            finally:
                voice.process.send_signal(signal.SIGCONT)
            time.sleep(4)
            made.settle()
        count = made.count()
        assert len(made.receiver.ids["names"]) == 1
        report("suspended past its lease, then woken (SIGSTOP, SIGCONT)", count)


@pytest.mark.timeout(600)
def test_suspended_while_it_holds_the_record(due: Scene, calls: dict[str, int], tmp_path: Path) -> None:
    """Nobody can tell what was half written: until it is woken nothing is recorded or sent, and people are told.

    At two syncs on end: of SQLite's rollback journal, while others may read, and of its file, while nobody may.
    What was under way meanwhile may have had its time, and is then a doubt like any other.
    """
    total = Count()
    for when in (calls["fdatasync"] // 2, calls["fdatasync"] // 2 + 1):
        tried = due.copied(tmp_path / f"{when}")
        with suspended_at(tried.office, "fdatasync", when, "publish-due", log=tmp_path / f"{when}.log") as process:
            time.sleep(1)  # what had left by then is still arriving
            before = tried.arrivals()[0], tried.office.pages
            assert "busy" in tried.office.run("publish-due", expect=75).stderr
            told = tried.office.run("doctor", "--offline", expect=10).stdout
            assert f"(process {process}, which is suspended)" in told
            assert (tried.arrivals()[0], tried.office.pages) == before
        tried.settle()
        one = tried.count()
        assert one.good, (when, one)
        total += one
    report("suspended while it locks the database, then woken (SIGSTOP, SIGCONT)", total)
