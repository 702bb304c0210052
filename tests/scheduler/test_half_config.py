"""A pass never takes half of a config.toml, as an editor writes it: it waits until the file is left alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from calling import Caller
from records import left_alone, office, schedule_now

from pressrelease.wiring import CONFIG_SETTLED, Workspace, take_settled_config


def _rewritten_slowly(file: Path, whole: str, half: str, seconds: float) -> threading.Timer:
    """Write half of a file now, and all of it some time later."""
    file.write_text(half, encoding="utf-8")
    rest = threading.Timer(seconds, lambda: file.write_text(whole, encoding="utf-8"))
    rest.start()
    return rest


@pytest.mark.parametrize("command", [("publish-due",), pytest.param(("publish", "names"), marks=pytest.mark.slow)])
def test_a_pass_waits_for_the_rest(tmp_path: Path, call: Caller, command: tuple[str, ...]) -> None:
    workspace = office(tmp_path)
    schedule_now(workspace, "names")
    workspace.store.close()
    half = (tmp_path / "config.toml").read_text(encoding="utf-8")
    rest = _rewritten_slowly(tmp_path / "config.toml", half + "[policy]\napprovals = 2\n", half, 0.7)
    call(*command, "--workspace", str(tmp_path), expect=(10, 77))
    rest.join()
    assert not list((tmp_path / "newsroom").glob("names/*"))
    assert "1 more approval needed" in call.out + call.err


def test_one_that_was_left_alone_is_taken_at_once(tmp_path: Path) -> None:
    workspace = office(tmp_path)
    left_alone(tmp_path)
    began = time.monotonic()
    take_settled_config(workspace)
    assert time.monotonic() - began < CONFIG_SETTLED / 2


def test_one_that_seems_to_come_from_the_future_is_waited_for_and_taken(tmp_path: Path) -> None:
    import os

    office(tmp_path)
    ahead = time.time() + 3600
    os.utime(tmp_path / "config.toml", (ahead, ahead))
    workspace = Workspace(tmp_path)
    began = time.monotonic()
    take_settled_config(workspace)
    assert time.monotonic() - began >= CONFIG_SETTLED
    assert workspace.config.office.name == "The Office"
