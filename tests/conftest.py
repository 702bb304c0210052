"""What many tests stand on: a moment, an office, and stores on every database that can be had here."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis_profiles  # noqa: F401  (how many examples a property is tried with)
import pytest
from calling import Caller
from compiled_statements import engine_that_shares
from postgres_server import new_server
from preloaded import end_preloaded

from pressrelease.store import Store, engine

# Keep compiled modules, whatever the environment says: each of many commands would have to compile them again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Most tests open a store or a dozen, and each would compile the same statements again.
engine.create_engine = engine_that_shares

#: Friday before the week of 9/24, nine in the morning in California.
NOW = datetime(2018, 9, 21, 16, 0, tzinfo=UTC)


def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two processors: tests wait half of their time, for a lift or a command that they started."""
    allowed = getattr(os, "sched_getaffinity", None)
    processors = len(allowed(0)) if allowed else os.cpu_count() or 1
    return (3 * processors + 1) // 2


#: Files that take longest: started last, one of them would keep a single processor busy at the end.
LONG = (
    "test_approvals.py",
    "test_approving.py",
    "test_backup_restore.py",
    "test_cycle.py",
    "test_notifier.py",
    "test_prepare.py",
    "test_settling.py",
    "test_signed_approvals.py",
    "test_store.py",
    "test_tampering.py",
    "test_when_properties.py",
    "test_zone_rules.py",
    "test_zone_rules_followed.py",
)


#: Thousands of simulated days: they need a processor for minutes, where others wait.
HISTORIES = ("test_simulator.py", "test_event_lifts.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with what takes longest: the histories, then the tests of whole commands, then those of `LONG`."""

    def place(item: pytest.Item) -> int:
        if item.path.name in HISTORIES:
            return 0
        return 1 if "whole" in item.path.parts else 2 if item.path.name in LONG else 3

    items.sort(key=place)


def pytest_sessionfinish() -> None:
    """Save what `.ci/run coverage` measures: a worker of pytest-xdist ends without running its exit handlers."""
    end_preloaded()
    if "COVERAGE_PROCESS_START" in os.environ:
        from coverage import Coverage

        if (measuring := Coverage.current()) is not None:
            measuring.save()


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is steered by the workspace, colours or editor of whoever runs it."""
    for name in ("PRESSRELEASE_WORKSPACE", "VISUAL", "EDITOR", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    """The command line, called in this process."""
    return Caller(capsys)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own on a Unix socket; its URL without a database name."""
    with new_server() as server:
        yield f"postgresql+psycopg://office@/{{database}}?host={server.socket}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return "sqlite:///.pressrelease/state.db"
    return fresh_schema(request.getfixturevalue("postgres"))


def fresh_schema(template: str) -> str:
    """The URL of an empty schema of its own: a database would cost the disk a thousand times as much."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    url = template.format(database="postgres")
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE SCHEMA "{name}"')
    return f"{url}&options=-csearch_path%3D{name}"


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """An open store, on SQLite and on PostgreSQL."""
    opened = Store(store_url, tmp_path)
    opened.open(NOW)
    yield opened
    opened.close()
