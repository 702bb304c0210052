"""PostgreSQL servers that can't keep the promise, or that turn us away: refused in words that say what to change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from needed import needs_program
from postgres_server import Server, as_postgres, new_server, own_folder, run, running
from records import office, schedule_now, write

from pressrelease.errors import StateUnreadable, WillRetry
from pressrelease.scheduler import passes
from pressrelease.services import ServiceContext, moving, stopping
from pressrelease.services.doctor import Weight, examine
from pressrelease.store import Store
from pressrelease.system.clock import utc_now
from pressrelease.wiring import Workspace

PASSWORD = "correct horse"


#: Of the server that most tests share: a standby can be made of it, and fsync switched off.
OPTIONS = "-c wal_level=replica -c max_wal_senders=4 -c max_connections=200"


@pytest.fixture(scope="module")
def locked() -> Iterator[Server]:
    """A server that wants a password."""
    with new_server(password=PASSWORD) as server:
        yield server


@pytest.fixture
def pgpass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file from which libpq takes passwords."""
    file = tmp_path / "pgpass"
    monkeypatch.setenv("PGPASSFILE", str(file))
    return file


def remember(pgpass: Path, password: str) -> None:
    pgpass.write_text(f"*:*:*:*:{password}\n")
    pgpass.chmod(0o600)


def write_to(url: str, folder: Path, patience: float = 3) -> None:
    store = Store(url, folder)
    try:
        with store.ledger(now=utc_now(), actor="da", patience=patience) as ledger:
            ledger.note("stopped", why="a test")
    finally:
        store.close()


def ask(url: str, folder: Path) -> None:
    Store(url, folder).read.control()


def said_by_doctor(workspace: Workspace) -> str:
    """What `doctor` calls an error of the store."""
    found = examine(workspace, offline=True)
    return "\n".join(one.message for one in found if one.check == "store" and one.weight is Weight.ERROR)


# -- who is turned away, and why ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("user", "database", "password", "says"),
    [
        ("office", "postgres", "wrong", "password authentication failed"),
        ("office", "postgres", "", "no password supplied"),
        ("office", "nothing_there", PASSWORD, "does not exist"),
        ("stranger", "postgres", PASSWORD, "authentication failed"),
    ],
)
def test_a_refused_login_says_why_and_is_tried_once(
    locked: Server, pgpass: Path, tmp_path: Path, user: str, database: str, password: str, says: str
) -> None:
    if password:
        remember(pgpass, password)
    for question in (
        lambda: write_to(locked.url(user, database), tmp_path),
        lambda: ask(locked.url(user, database), tmp_path),
    ):
        before = locked.log.count("FATAL")
        with pytest.raises(StateUnreadable, match=says) as refused:
            question()
        assert refused.value.code == "store_refused"
        assert "Nothing was sent" in refused.value.message
        assert PASSWORD not in refused.value.message
        assert locked.log.count("FATAL") - before <= 1


def test_moving_to_a_server_that_refuses_the_password_is_tried_once(
    locked: Server, pgpass: Path, tmp_path: Path
) -> None:
    remember(pgpass, "wrong")
    context = schedule_now(office(tmp_path / "office"), "out")
    stopping.stop(context, "moving")
    before = locked.log.count("password authentication failed")
    with pytest.raises(StateUnreadable, match="password authentication failed"):
        moving.move_store(context, locked.url())
    assert locked.log.count("password authentication failed") - before == 1
    assert context.store.exists


def test_a_server_that_is_away_is_said_to_be_out_of_reach(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(WillRetry, match="can't be reached") as away:
        write_to(f"postgresql+psycopg://office@/postgres?host={tmp_path}", tmp_path, patience=1)
    assert away.value.code == "store_unreachable"
    assert time.monotonic() - begun < 10


def test_without_the_driver_it_says_what_to_install(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office", store_url="postgresql+psycopg://db.example/press")
    write(workspace, "out")
    blocked = "import sys; sys.modules['psycopg'] = None; from pressrelease.cli import main; sys.exit(main())"
    for command in (["status"], ["schedule", "out", "--yes"], ["doctor"]):
        done = subprocess.run(
            [sys.executable, "-c", blocked, "-w", str(workspace.folder), *command],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 10, done
        assert "psycopg[binary]" in done.stdout + done.stderr
        assert "Something went wrong" not in done.stdout + done.stderr


def test_moving_without_the_driver_says_what_to_install(tmp_path: Path) -> None:
    context = schedule_now(office(tmp_path / "office"), "out")
    stopping.stop(context, "moving")
    blocked = "import sys; sys.modules['psycopg'] = None; from pressrelease.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "-w", str(context.workspace.folder), "move-store", "postgresql+psycopg://db/x"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 10, done
    assert "psycopg[binary]" in done.stderr


# -- servers that forget ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["synchronous_commit", "fsync"])
def test_a_server_that_may_forget_a_commit_is_refused(server: Server, setting: str, tmp_path: Path) -> None:
    workspace = office(tmp_path / "office", store_url=server.url(database=database(server)))
    schedule_now(workspace, "out")
    with switched(server, f"SET {setting} = off"):
        with pytest.raises(StateUnreadable, match=f"{setting} = off") as refused:
            passes.publish_due(workspace)  # under a store that is open already
        assert refused.value.code == "store_unsafe"
        workspace.store.close()
        with pytest.raises(StateUnreadable, match=f"{setting} = off"):
            passes.publish_due(Workspace(workspace.folder))
        assert f"{setting} = off" in said_by_doctor(Workspace(workspace.folder))
        assert not (workspace.folder / "newsroom" / "out").exists()


def test_a_session_that_switches_it_off_is_refused(postgres: str, tmp_path: Path) -> None:
    url = postgres.format(database="postgres") + "&options=-csynchronous_commit%3Doff"
    with pytest.raises(StateUnreadable, match="synchronous_commit = off"):
        write_to(url, tmp_path)


def test_a_standby_is_refused(server: Server, tmp_path: Path) -> None:
    name = database(server)
    workspace = office(tmp_path / "office", store_url=server.url(database=name))
    schedule_now(workspace, "out")
    workspace.store.close()
    folder = own_folder()
    try:
        base = [
            str(server.programs / "pg_basebackup"),
            "-c",
            "fast",
            "--no-sync",
            "-h",
            str(server.socket),
            "-U",
            "office",
        ]
        run([*as_postgres(), *base, "-D", str(folder / "data"), "-R"])
        with running(folder, f"-c hot_standby=on {OPTIONS}") as standby:
            for question in (
                lambda: write_to(standby.url(database=name), tmp_path),
                lambda: ask(standby.url(database=name), tmp_path),
            ):
                with pytest.raises(StateUnreadable, match="standby") as refused:
                    question()
                assert refused.value.code == "store_unsafe"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- poolers --------------------------------------------------------------------------------------------------


@contextmanager
def pgbouncer(server: Server, mode: str, size: int = 20) -> Iterator[str]:
    """The address of a PgBouncer before `server`."""
    needs_program("pgbouncer", "pgbouncer")
    program = shutil.which("pgbouncer")
    assert program
    folder = own_folder()
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={server.socket} user=office\n"
        f"[pgbouncer]\nlisten_addr =\nunix_socket_dir = {folder / 'socket'}\n"
        f"auth_type = any\npool_mode = {mode}\ndefault_pool_size = {size}\n"
        "ignore_startup_parameters = extra_float_digits\n"
    )
    socket = folder / "socket" / ".s.PGSQL.6432"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*as_postgres(), program, str(folder / "pgbouncer.ini")], stdout=log, stderr=log, cwd="/"
        )
    try:
        for _ in range(200):
            if socket.exists():
                break
            time.sleep(0.05)
        yield f"postgresql+psycopg://office@/{{database}}?host={socket.parent}&port=6432"
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with new_server(options=OPTIONS) as running_server:
        yield running_server


@contextmanager
def switched(server: Server, setting: str) -> Iterator[None]:
    """A server whose administrator has `SET name = value`, as it was afterwards."""
    name = setting.split()[1]
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:

        def now() -> object:
            return connection.execute(f"SELECT current_setting('{name}')").fetchone()

        def reload(until: object) -> None:
            connection.execute("SELECT pg_reload_conf()")
            while now() != until:
                time.sleep(0.02)

        before = now()
        connection.execute(f"ALTER SYSTEM {setting}")
        reload((setting.rsplit(maxsplit=1)[-1],))
        try:
            yield
        finally:
            connection.execute(f"ALTER SYSTEM RESET {name}")
            reload(before)


def database(server: Server) -> str:
    name = f"t{os.urandom(6).hex()}"
    with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return name


def test_a_pooler_by_transaction_is_named(server: Server, tmp_path: Path) -> None:
    with pgbouncer(server, "transaction") as url:
        workspace = office(tmp_path / "office", store_url=url.format(database=database(server)))
        write(workspace, "out")
        for _ in range(3):
            with pytest.raises(StateUnreadable, match="transaction mode") as refused:
                schedule_now(Workspace(workspace.folder), "out")
            assert refused.value.code == "store_pooled"
            assert "backup" not in refused.value.hint
        assert "transaction mode" in said_by_doctor(Workspace(workspace.folder))


def test_a_pooler_by_session_serves(server: Server, tmp_path: Path) -> None:
    with pgbouncer(server, "session") as url:
        workspace = office(tmp_path / "office", store_url=url.format(database=database(server)))
        schedule_now(workspace, "out")
        assert passes.publish_due(workspace).published == ("out",)
        workspace.store.close()


def test_a_pooler_without_a_free_session_is_not_waited_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pressrelease.store.postgres.PATIENCE", 1)
    with pgbouncer(server, "session", size=1) as url:
        address = url.format(database="postgres")
        with psycopg.connect(address.replace("+psycopg", ""), autocommit=True) as holder:
            holder.execute("SELECT 1")
            begun = time.monotonic()
            with pytest.raises(WillRetry, match="did not answer"):
                ServiceContext(office(tmp_path / "office", store_url=address), "da").store.read.control()
            assert time.monotonic() - begun < 20


def test_statements_that_another_session_prepared_name_the_pooler() -> None:
    from pressrelease.store.postgres import translated

    for error in (psycopg.errors.DuplicatePreparedStatement("x"), psycopg.errors.InvalidSqlStatementName("x")):
        assert translated(error).code == "store_pooled"
