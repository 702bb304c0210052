"""Whether a scheduler hears that somebody wrote, on SQLite and on PostgreSQL, and that it asks again where it can't."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from conftest import NOW

from pressrelease.publishing.clock_trust import clock_doubt
from pressrelease.store import Store
from pressrelease.store.watching import Watch
from pressrelease.system.clock import ClockReading


def note(store: Store) -> None:
    with store.ledger(now=NOW, actor="deputy") as ledger:
        ledger.note("stopped")


def test_what_another_wrote_is_heard_once(store: Store) -> None:
    watch = Watch(store)
    assert watch.written(), "what was written before is unknown"
    assert not watch.written()
    note(store)
    assert watch.written()
    assert not watch.written()
    note(store)
    note(store)
    assert watch.written()
    watch.close()


def test_what_was_undone_is_not_heard(store: Store) -> None:
    watch = Watch(store)
    assert watch.written()
    with store.ledger(now=NOW, actor="deputy", undo=True) as ledger:
        ledger.note("stopped")
    assert not watch.written()
    watch.close()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_connection_that_dropped_is_made_again_and_nothing_is_missed(store: Store) -> None:
    watch = Watch(store)
    watch.written()
    assert not watch.written()
    with psycopg.connect(store.url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    note(store)
    assert watch.written(), "nobody can tell what was written"
    assert watch.written(), "nor what was written before it listened again"
    assert not watch.written()
    note(store)
    assert watch.written()
    watch.close()


def test_a_store_that_is_gone_may_have_been_written(tmp_path: Path) -> None:
    store = Store("sqlite:///state.db", tmp_path)
    store.open(NOW)
    watch = Watch(store)
    watch.written()
    watch.close()
    (tmp_path / "state.db").unlink()
    assert watch.written()
    assert watch.written()
    store.close()


@pytest.mark.parametrize("ahead", [timedelta(hours=1), -timedelta(hours=1), timedelta(0)])
def test_the_clock_of_the_database_server_is_asked(
    store: Store, ahead: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine whose clock is off, on a store where nothing else speaks against it."""
    from pressrelease.system import clock

    true_now = clock.utc_now
    monkeypatch.setattr(clock, "utc_now", lambda: true_now() + ahead)
    doubt = clock_doubt(store, ClockReading(clock.utc_now(), None, None), timedelta(seconds=2))
    if store.file is not None or not ahead:
        assert doubt is None
    else:
        way = "ahead of" if ahead > timedelta(0) else "behind"
        assert doubt == f"this machine's clock is 3600 s {way} the database server's"
