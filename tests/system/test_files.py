"""A file is written whole or not at all, and a name that is taken stays as it is."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from pressrelease.system import files

OLD, NEW = b"old " * 9, b"new " * 5000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("there", [True, False])
def test_a_disk_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, there: bool
) -> None:
    file = tmp_path / "file"
    if there:
        file.write_bytes(OLD)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    elif step == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(files, "new_file", lambda *_: Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115
    with pytest.raises(OSError, match="No space left"):
        files.write_atomically(file, NEW)
    assert names(tmp_path) == (["file"] if there else [])
    assert not there or file.read_bytes() == OLD


def test_readers_see_all_of_the_old_or_all_of_the_new(tmp_path: Path) -> None:
    file = tmp_path / "file"
    contents = [bytes([letter]) * 50_000 for letter in b"ab"]
    files.write_atomically(file, contents[0])
    seen, ended = set(), threading.Event()

    def write() -> None:
        for number in range(60):
            files.write_atomically(file, contents[number % 2], durable=False)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        seen.add(file.read_bytes())
    writer.join()
    assert seen <= set(contents)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("links", [True, False])
def test_of_many_that_want_a_name_one_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:

        def refuse(*_: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    file, won, start = tmp_path / "file", [], threading.Barrier(8)

    def want(number: int) -> None:
        with files.beside(file) as (temporary, stream):
            stream.write(bytes([number]) * 1000)
            stream.flush()
            start.wait()
            try:
                files.move_to_new_name(temporary, file)
            except FileExistsError:
                return
            won.append(number)

    threads = [threading.Thread(target=want, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [file.read_bytes()] == [bytes([number]) * 1000 for number in won]
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="links and modes are POSIX's")
def test_no_link_is_followed_and_the_mode_is_the_one_given(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(OLD)
    link = tmp_path / "link"
    link.symlink_to(elsewhere)
    with pytest.raises(FileExistsError):
        files.new_file(link)
    files.write_atomically(link, NEW)
    assert (elsewhere.read_bytes(), link.is_symlink(), link.read_bytes()) == (OLD, False, NEW)
    assert stat.S_IMODE(link.stat().st_mode) == 0o600
    files.write_atomically(link, NEW, 0o640)
    assert stat.S_IMODE(link.stat().st_mode) & ~0o640 == 0
