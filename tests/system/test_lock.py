"""The file lock: one holder among threads and processes, and none after its holder died, however it died."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressrelease.system.lock import FileLock

#: Takes the lock, starts a child that outlives it, says so, and waits to be killed.
_HOLDER = """
import subprocess, sys, time
from pathlib import Path
from pressrelease.system.lock import FileLock
lock = FileLock(Path(sys.argv[1]))
assert lock.acquire()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process
    process.kill()
    process.wait()
    os.kill(child, signal.SIGTERM)


def test_a_second_holder_is_refused_at_once(path: Path) -> None:
    with FileLock(path):
        assert FileLock(path).acquire(wait=False) is False
    second = FileLock(path)
    assert second.acquire(wait=False) is True
    second.release()


def test_another_process_is_kept_out_until_its_holder_is_killed(path: Path, holder: subprocess.Popen[str]) -> None:
    lock = FileLock(path)
    assert lock.acquire(wait=False) is False
    holder.kill()
    holder.wait()
    # The holder's child lives on; had it inherited the lock, it would be held for a minute.
    assert lock.acquire(wait=False) is True
    lock.release()


def test_who_waits_gets_it_when_it_is_given_back(path: Path) -> None:
    first, second = FileLock(path), FileLock(path)
    first.acquire()
    got = threading.Event()

    def wait() -> None:
        second.acquire()
        got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.wait(0.1)
    first.release()
    assert got.wait(5)
    thread.join()
    second.release()


def test_of_many_threads_one_is_inside(path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def enter(number: int) -> None:
        for _ in range(10):
            with FileLock(path):
                inside.append(number)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.remove(number)

    threads = [threading.Thread(target=enter, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 60
    assert max(most) == 1


def test_it_is_given_back_when_the_block_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FileLock(path):
        raise ZeroDivisionError
    lock = FileLock(path)
    assert lock.acquire(wait=False)
    lock.release()


def test_giving_back_what_is_not_held_is_harmless(path: Path) -> None:
    lock = FileLock(path)
    lock.release()
    lock.acquire()
    lock.release()
    lock.release()
    assert lock.acquire(wait=False)
    lock.release()


@pytest.mark.skipif(os.name != "posix", reason="this is about POSIX modes and links")
def test_the_file_is_private_and_never_a_link(path: Path, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        FileLock(path).acquire()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        FileLock(tmp_path / "link").acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_that_was_not_got_leaves_nothing_open(path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("there is no /proc here")
    with FileLock(path):
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(10):
            assert not FileLock(path).acquire(wait=False)
        assert len(list(Path("/proc/self/fd").iterdir())) == before
