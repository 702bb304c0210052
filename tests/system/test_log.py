"""The private log: nobody else may read it, and nothing that a release or an exception says is in it."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from pressrelease.system import log, log_file

CANARY = "https://hooks.example.org/T000/hunter2-canary"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    ours = logging.getLogger("pressrelease")
    before = (list(ours.handlers), ours.propagate, ours.level)
    ours.handlers = []
    yield
    for handler in ours.handlers:
        handler.close()
    ours.handlers, ours.propagate, ours.level = before[0], before[1], before[2]


@pytest.mark.skipif(os.name != "posix", reason="this is about POSIX modes")
def test_the_folder_and_every_file_are_the_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "LARGEST", 500)
    before = os.umask(0)
    try:
        log.log_to(tmp_path / "logs")
        for number in range(60):
            logging.getLogger("pressrelease.publishing.cycle").info("line %d", number)
    finally:
        os.umask(before)
    files = list((tmp_path / "logs").iterdir())
    assert len(files) == log_file.KEPT + 1
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "logs").stat().st_mode) == 0o700
    assert "line 59" in (tmp_path / "logs" / "log").read_text()


def test_nothing_is_made_before_there_is_something_to_say(tmp_path: Path) -> None:
    log.log_to(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_libraries_do_not_write_into_it_and_it_does_not_write_elsewhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log.log_to(tmp_path)
    logging.getLogger("urllib3").warning("POST %s", CANARY)
    logging.getLogger("pressrelease.publishing.cycle").warning("ours")
    assert "hunter2" not in (tmp_path / "log").read_text()
    assert "ours" not in [record.message for record in caplog.records]


def test_opening_it_again_writes_each_line_once(tmp_path: Path) -> None:
    log.log_to(tmp_path / "a")
    log.log_to(tmp_path / "b")
    logging.getLogger("pressrelease").info("once")
    assert (tmp_path / "b" / "log").read_text().count("once") == 1
    assert not (tmp_path / "a" / "log").exists()


def _fail() -> None:
    secret = CANARY
    try:
        raise ValueError(f"can't reach {secret}")
    except ValueError as error:
        raise RuntimeError(f"while asking {secret}") from error


def test_frames_say_where_and_what_kind_and_no_word_of_it() -> None:
    with pytest.raises(RuntimeError) as caught:
        _fail()
    told = log.frames(caught.value)
    assert "RuntimeError at test_log.py:" in told
    assert "; from ValueError at test_log.py:" in told
    assert "_fail" in told
    assert "hunter2" not in told
    assert str(Path(__file__).parent) not in told


def test_frames_end_even_where_causes_go_in_a_circle() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert log.frames(first).count("ValueError") == 8
    assert log.frames(ValueError("x")) == "ValueError at no frame"


def test_a_fault_is_kept_under_its_reference(tmp_path: Path) -> None:
    assert log.log_fault("abc123", "somewhere") is None
    log.log_to(tmp_path)
    assert log.log_fault("abc123", "RuntimeError at x.py:1") == str(tmp_path / "log")
    assert "fault abc123: RuntimeError at x.py:1" in (tmp_path / "log").read_text()
