"""`publish-due` says once what waits for a person, again when it changes or after a day; its exit code, always."""

from __future__ import annotations

import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import records
from calling import Caller

from pressrelease.services.reminding import FILE, is_news
from pressrelease.system import clock
from pressrelease.wiring import Workspace

NOW = clock.utc_now().replace(microsecond=0)
HOUR = timedelta(hours=1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    workspace = records.office(tmp_path / "office")
    monkeypatch.chdir(workspace.folder)
    return workspace


def test_cron_prints_it_once_and_again_when_it_changes(place: Workspace, call: Caller) -> None:
    records.schedule_now(place, "one")
    (place.folder / "releases" / "one.md").write_text("edited", encoding="utf-8")
    call("publish-due", expect=10)
    assert "ACTION NEEDED: one: " in call.err
    for _ in range(3):
        call("publish-due", expect=10)
        assert call.out + call.err == ""
    assert call.json("publish-due", expect=10)["needs_you"], "a script hears of it every time"
    records.schedule_now(place, "other")
    (place.folder / "releases" / "other.md").write_text("edited", encoding="utf-8")
    call("publish-due", expect=10)
    assert "ACTION NEEDED: one: " in call.err
    assert "ACTION NEEDED: other: " in call.err
    call("hold", "other", "--why", "x")
    call("publish-due", expect=10)
    assert "put on hold" in call.err, "another cause is news"
    call("stop")
    call("publish-due", expect=11)
    assert "everything was stopped by" in call.err
    call("publish-due", expect=11)
    assert call.err == ""
    if sys.platform != "win32":
        assert stat.S_IMODE((place.private / FILE).stat().st_mode) == 0o600


def test_what_ended_is_news_when_it_comes_again(tmp_path: Path) -> None:
    assert is_news(tmp_path, ["a"], NOW)
    assert not is_news(tmp_path, ["a"], NOW + HOUR)
    assert not is_news(tmp_path, [], NOW + HOUR)
    assert is_news(tmp_path, ["a"], NOW + 2 * HOUR)


def test_a_day_later_it_is_said_again_and_once_more_after_that(tmp_path: Path) -> None:
    said = [hour for hour in range(97) if is_news(tmp_path, ["a", "b"], NOW + hour * HOUR)]
    assert said == [0, 24, 48, 72, 96]


def test_fewer_things_are_no_news(tmp_path: Path) -> None:
    assert is_news(tmp_path, ["a", "b"], NOW)
    assert not is_news(tmp_path, ["b"], NOW + HOUR)
    assert is_news(tmp_path, ["a", "b"], NOW + HOUR)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 7}', '{"a": "never"}', "\x00"])
def test_a_file_that_is_none_is_news(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert is_news(tmp_path, ["a"], NOW)
    assert not is_news(tmp_path, ["a"], NOW + HOUR)


def test_a_clock_set_back_silences_nothing(tmp_path: Path) -> None:
    assert is_news(tmp_path, ["a"], NOW)
    assert is_news(tmp_path, ["a"], NOW - HOUR)


def test_passes_at_once_leave_a_whole_file(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: is_news(tmp_path, [f"f{n % 3}", "a"], NOW + n * timedelta(minutes=1)), range(60)))
    assert not list(tmp_path.glob(".*")), "a half-written file was left behind"
    assert not is_news(tmp_path, [], NOW + 2 * HOUR)
