"""`backup` and `restore` killed at a system call of their own, as a power cut or an impatient person would have it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from auditing import pages
from auditor import audit
from needed import needs_program
from records import events, office, schedule_now

from pressrelease.errors import StateUnreadable
from pressrelease.scheduler import passes
from pressrelease.services import keeping
from pressrelease.store import archive
from pressrelease.wiring import Workspace

#: Each system call is counted by itself; the sweep over one ends where the command gets through to its end.
CALLS = ("rename", "link", "unlink", "fsync", "fdatasync", "pwrite64", "mkdir")
MOST = 14


def killed(folder: Path, call: str, number: int, *arguments: str) -> bool:
    """Run the command and kill it at its `number`th `call`; False where it came to its end first."""
    done = subprocess.run(
        [
            "strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}",
            "-e", f"inject={call}:signal=SIGKILL:when={number}",
            sys.executable, "-m", "pressrelease", "-w", str(folder), *arguments,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode in {0, -signal.SIGKILL, 128 + signal.SIGKILL}, done.stdout + done.stderr
    return done.returncode != 0


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_killed_backup_leaves_a_sound_one_or_none(tmp_path: Path, call: str) -> None:
    needs_program("strace", "strace")
    workspace = office(tmp_path / "office")
    schedule_now(workspace, "statement")
    workspace.store.close()
    for number in range(1, MOST):
        file = tmp_path / f"backup-{number}.zip"
        ended = not killed(workspace.folder, call, number, "backup", str(file))
        if file.exists():
            with archive.opened(file) as opened:
                opened.check()
        assert ended <= file.exists()
        assert keeping.verify(workspace.store.read).walk.broken is None
        if ended:
            return


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_killed_restore_sends_nothing_twice_and_can_be_done_again(tmp_path: Path, call: str) -> None:
    needs_program("strace", "strace")
    for number in range(1, MOST):
        workspace = office(tmp_path / f"office-{number}")
        context = schedule_now(workspace, "statement")
        file = keeping.back_up(context, tmp_path / f"backup-{number}.zip").file
        assert passes.publish_due(workspace).published == ("statement",)
        workspace.store.close()
        page = workspace.folder / "newsroom" / "statement" / "index.html"
        before = page.stat().st_ino, page.stat().st_mtime_ns
        ended = not killed(workspace.folder, call, number, "restore", str(file), "--yes")
        there = Workspace(workspace.folder)
        with contextlib.suppress(StateUnreadable):
            passes.publish_due(there)
            told = events(there.store)
            # Either the old record, which knows that it is out, or the restored one, which claims nothing.
            assert told.count("delivery.claimed") == ("restored" not in told)
            audit_page(workspace.folder)
        assert (page.stat().st_ino, page.stat().st_mtime_ns) == before
        there.store.close()
        if ended:
            return
        again = subprocess.run(
            [sys.executable, "-m", "pressrelease", "-w", str(workspace.folder), "restore", str(file), "--yes"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert again.returncode == 0, again.stdout + again.stderr
        restored = Workspace(workspace.folder)
        assert restored.store.read.control().stopped
        assert keeping.verify(restored.store.read).disagreements == ()
        restored.store.close()
        audit_page(workspace.folder, restored=1)


def audit_page(folder: Path, *, restored: int = 0) -> None:
    """The one page is on the journal, with its claim or as a doubt of a restored copy."""
    seen = {"arrivals": 1, "restored": restored, "delivery.in_doubt": restored}
    audit(folder, pages(folder), {"newsroom": True}, approvals=1, at_least=seen, told=None)
