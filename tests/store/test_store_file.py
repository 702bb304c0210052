"""The file of a record on SQLite: whose it is, and what becomes of a missing, foreign or damaged one."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
from pathlib import Path

import pytest
from conftest import NOW, fresh_schema
from sqlalchemy import text
from store_acts import AFTER, only, put, sqlite_store, take

from pressrelease.errors import StateUnreadable
from pressrelease.release.delivery import DeliveryState, Receipt
from pressrelease.store import Store, claims

# -- SQLite's file ------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_only_its_owner_may_read_the_store(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = sqlite_store(tmp_path)
        put(store)
        store.close()
    finally:
        os.umask(before)
    private = tmp_path / ".pressrelease"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for path in private.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_vanished_store_is_never_replaced_by_an_empty_one(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    put(store)
    store.close()
    store.file.unlink()  # type: ignore[union-attr]
    gone = sqlite_store(tmp_path)
    with pytest.raises(StateUnreadable):
        _ = gone.exists
    with pytest.raises(StateUnreadable), gone.ledger(now=NOW, actor="jdoe"):
        pass
    assert not gone.file.exists()  # type: ignore[union-attr]
    gone.file.touch()  # type: ignore[union-attr]
    with pytest.raises(StateUnreadable), sqlite_store(tmp_path).ledger(now=NOW, actor="jdoe"):
        pass


def test_anothers_store_in_its_place_is_refused(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        store = sqlite_store(tmp_path / folder)
        put(store)
        store.close()
    (tmp_path / "a/.pressrelease/state.db").write_bytes((tmp_path / "b/.pressrelease/state.db").read_bytes())
    with pytest.raises(StateUnreadable), sqlite_store(tmp_path / "a").ledger(now=NOW, actor="jdoe"):
        pass


def read_everything(store: Store) -> None:
    for release in store.read.open_releases():
        store.read.dossiers([release])
    list(store.read.journal())


@pytest.mark.parametrize("damage", ["newer", "foreign", "not a database", "truncated"])
def test_a_store_that_cant_be_believed_is_refused_by_readers_and_writers(tmp_path: Path, damage: str) -> None:
    file = tmp_path / ".pressrelease/state.db"
    if damage == "foreign":
        file.parent.mkdir(mode=0o700)
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE recipes (name)")
    else:
        store = sqlite_store(tmp_path)
        put(store)
        store.close()
        if damage == "newer":
            with sqlite3.connect(file) as connection:
                connection.execute("INSERT INTO migrations VALUES (99, 'from tomorrow', 0)")
        elif damage == "not a database":
            file.write_bytes(b"Dear diary, " * 500)
        else:
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = file.read_bytes()
    with pytest.raises(StateUnreadable):
        read_everything(sqlite_store(tmp_path))
    if damage != "truncated":
        with pytest.raises(StateUnreadable), sqlite_store(tmp_path).ledger(now=NOW, actor="jdoe"):
            pass
        assert file.read_bytes() == before


def test_a_slow_reader_costs_a_writer_a_wait_and_not_its_work(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    put(store)
    reader = sqlite3.connect(tmp_path / ".pressrelease/state.db", check_same_thread=False)
    cursor = reader.execute("SELECT * FROM journal")
    cursor.fetchone()
    ending = threading.Timer(0.5, cursor.close)
    ending.start()
    (claimed,) = take(store)
    with store.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, claimed.delivered(Receipt(), AFTER))])
    ending.join()
    reader.close()
    assert only(store).state is DeliveryState.DELIVERED


def test_a_reader_looks_at_the_file_that_is_there_now(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path)
    put(store)
    assert store.read.control().stopped is False
    file = tmp_path / ".pressrelease/state.db"
    copy = file.with_name("copy.db")
    copy.write_bytes(file.read_bytes())
    with sqlite3.connect(copy) as connection:
        connection.execute("UPDATE control SET stopped = 1")
    connection.close()
    copy.replace(file)
    assert store.read.control().stopped is True
    file.unlink()
    with pytest.raises(StateUnreadable):
        store.read.control()


def test_a_record_that_vanished_from_the_server_is_not_replaced_by_an_empty_one(postgres: str, tmp_path: Path) -> None:
    url = fresh_schema(postgres)
    made = Store(url, tmp_path)
    put(made)
    with made.ledger(now=NOW, actor="jdoe") as ledger:
        schema = ledger.rows(text("SELECT current_schema() AS name"))[0]["name"]
        ledger.connection.execute(text(f'DROP SCHEMA "{schema}" CASCADE'))
        ledger.connection.execute(text(f'CREATE SCHEMA "{schema}"'))
    made.close()
    again = Store(url, tmp_path)
    with pytest.raises(StateUnreadable, match="gone"):
        assert again.exists
    with pytest.raises(StateUnreadable, match="gone"), again.ledger(now=NOW, actor="jdoe"):
        pass
    assert not again._reader.has_tables()
    again.close()
    assert not Store(url, tmp_path / "a new machine").exists
