"""What many tests stand on: a moment, an office, and stores on every database that can be had here."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from pressrelease.store import Store

settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", deadline=None, max_examples=2000, suppress_health_check=list(HealthCheck))
settings.register_profile("repeatable", settings.get_profile("quick"), derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

#: Friday before the week of 9/24, nine in the morning in California.
NOW = datetime(2018, 9, 21, 16, 0, tzinfo=UTC)


def pytest_xdist_auto_num_workers() -> int:
    """Three processes for two processors: tests wait half of their time, for a lift or a command that they started."""
    allowed = getattr(os, "sched_getaffinity", None)
    processors = len(allowed(0)) if allowed else os.cpu_count() or 1
    return (3 * processors + 1) // 2


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test is steered by the workspace, colours or editor of whoever runs it."""
    for name in ("PRESSRELEASE_WORKSPACE", "VISUAL", "EDITOR", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def missing(tool: str, package: str) -> None:
    """Skip where a tool is not installed, saying what to install; in CI a missing one fails."""
    if shutil.which(tool):
        return
    words = f"{tool} is not installed; `apt-get install {package}` brings it"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of our own on a Unix socket; its URL without a database name."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if os.name == "posix" else []
    found = shutil.which("initdb") or (str(binaries[-1]) if binaries else None)
    if found is None:
        words = "PostgreSQL's server is not installed; `apt-get install postgresql` brings it"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    # Not below pytest's own folder: another run of pytest takes that away from everyone but root.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    data, socket = folder / "data", folder / "socket"
    socket.mkdir()
    as_user: list[str] = []
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # the server refuses to run as root
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        for path in (folder, socket):
            shutil.chown(path, "postgres", "postgres")
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, cwd="/")
    bin_folder = Path(found).parent
    run([*as_user, found, "-D", str(data), "-U", "office", "--auth=trust", "-E", "UTF8"])
    options = f"-k {socket} -c listen_addresses='' -c fsync=on -c max_connections=200"
    control = str(bin_folder / "pg_ctl")
    run([*as_user, control, "-D", str(data), "-o", options, "-w", "start", "-l", str(folder / "log")])
    try:
        yield f"postgresql+psycopg://office@/{{database}}?host={socket}"
    finally:
        run([*as_user, control, "-D", str(data), "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


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
