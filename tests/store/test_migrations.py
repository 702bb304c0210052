"""A record that the first program wrote, brought to today's layout: on SQLite and on PostgreSQL.

`layouts/` holds that record as the program of that day left it; it is never made anew.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import inspect
from store_acts import AFTER, only, put, take

from pressrelease.errors import StateUnreadable
from pressrelease.release.delivery import DeliveryState, Receipt
from pressrelease.store import Store, claims, engine
from pressrelease.store.circuit import closed_outlets
from pressrelease.store.engine import CHANGES
from pressrelease.store.journal import first_break
from pressrelease.store.layout import altered
from pressrelease.store.queries import SCHEMA
from pressrelease.store.rows import to_micros
from pressrelease.store.tables import metadata

LAYOUTS = Path(__file__).parent / "layouts"


@pytest.fixture
def first(store_url: str, tmp_path: Path) -> Store:
    """A store of the first layout, with one release that is scheduled and approved."""
    if store_url.startswith("sqlite"):
        file = tmp_path / ".pressrelease/state.db"
        file.parent.mkdir(mode=0o700)
        file.touch(mode=0o600)
        with sqlite3.connect(file) as connection:
            connection.executescript((LAYOUTS / "first_layout.sqlite.sql").read_text(encoding="utf-8"))
            (name,) = connection.execute("SELECT store_id FROM control").fetchone()
        file.with_name("state.db.id").write_text(name, encoding="ascii")  # as that program left it
        connection.close()
    else:
        import psycopg

        with psycopg.connect(store_url.replace("+psycopg", ""), autocommit=True) as server:
            server.execute((LAYOUTS / "first_layout.postgresql.sql").read_text(encoding="utf-8").encode())
    return Store(store_url, tmp_path)


def test_it_is_read_as_it_is_before_anybody_writes(first: Store) -> None:
    assert first.exists
    assert first.read.schema() == 1
    assert only(first).state is DeliveryState.WAITING
    release = first.read.release("names-released")
    assert release is not None
    assert [one.by for one in first.read.dossiers([release])[0].approvals] == ["person-0"]
    assert closed_outlets(first.read) == {}
    assert first.read.schema() == 1


def test_the_first_write_brings_it_up_to_date_and_loses_nothing(first: Store) -> None:
    (claimed,) = take(first)
    with first.ledger(now=AFTER, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, claimed.delivered(Receipt(), AFTER))])
    assert only(first).state is DeliveryState.DELIVERED
    assert first_break(first.read.journal()) is None
    names = [(row["number"], row["name"]) for row in first.read.rows("SELECT * FROM migrations ORDER BY number")]
    assert names == list(enumerate((name for name, _ in CHANGES), start=1))
    assert first.read.schema() == SCHEMA == len(CHANGES)
    put(first, "another", lift=AFTER + timedelta(hours=1))
    assert only(first, "another").id > only(first).id
    first.close()
    again = Store(first.url, first.file.parents[1] if first.file else Path())
    again.open(AFTER)
    assert again.read.rows("SELECT count(*) AS n FROM migrations")[0]["n"] == SCHEMA
    again.close()


def test_its_tables_are_then_those_of_a_new_one(first: Store) -> None:
    with first.ledger(now=AFTER, actor="jdoe") as ledger:
        found = inspect(ledger.connection)
        assert set(found.get_table_names()) == set(metadata.tables)
        for name, table in metadata.tables.items():
            columns = [(one["name"], bool(one["nullable"])) for one in found.get_columns(name)]
            assert columns == [(one.name, bool(one.nullable)) for one in table.columns], name
            keys = found.get_pk_constraint(name)["constrained_columns"]
            assert keys == [one.name for one in table.primary_key.columns], name
    assert altered(first.read) == []
    first.close()


def test_a_change_and_its_record_are_one_transaction(first: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (
        *CHANGES,
        ("one that can't be made", ("CREATE TABLE half_way (a TEXT)", "CREATE TABLE half_way (b TEXT)")),
    )
    monkeypatch.setattr(engine, "CHANGES", broken)
    with pytest.raises(StateUnreadable):
        first.open(AFTER)
    monkeypatch.undo()
    assert first.read.schema() == 1
    first.open(AFTER)
    assert first.read.schema() == SCHEMA
    first.close()


def test_what_was_in_doubt_before_may_still_have_arrived(first: Store) -> None:
    """By the state, or by a person's word in the journal that changed it; a sure answer ends it, and keys stay."""
    lines = [
        ("in_doubt", "[]"),
        ("canceled", '[["drop", "in_doubt"]]'),
        ("retrying", '[["resend", "in_doubt"]]'),
        ("canceled", '[["drop", "failed"]]'),
        ("delivered", '[["resend", "in_doubt"]]'),
    ]
    whole = first.read.deliveries()[0]
    statement = (
        "INSERT INTO deliveries (slug, version, outlet, recipient, state, lift, attempts, first_sent_at)"
        " VALUES ('{slug}', '{version}', 'media', 'r{n}', '{state}', {lift}, 2, {lift})"
    )
    settled = (
        "INSERT INTO journal (n, at, actor, host, event, slug, version, detail, prev, hash)"
        " SELECT max(n) + 1, 0, 'a', 'h', 'delivery.settled', '{slug}', '{version}', '{detail}', '', '' FROM journal"
    )
    statements = []
    for n, (state, words) in enumerate(lines):
        values = {"slug": whole.slug, "version": whole.version, "n": n, "state": state, "lift": to_micros(AFTER)}
        statements.append(statement.format(**values))
        for verdict, was in json.loads(words):
            detail = {"outlet": "media", "recipient": f"r{n}", "settled": verdict, "was": was}
            statements.append(settled.format(**values, detail=json.dumps(detail)))
    _written(first, statements)
    key = first.read.deliveries()[0].key
    first.open(AFTER)
    found = {one.recipient: one for one in first.read.deliveries()}
    assert {name: one.unanswered for name, one in found.items() if name} == {
        "r0": 1,
        "r1": 1,
        "r2": 1,
        "r3": 0,
        "r4": 0,
    }
    assert {one.claims for name, one in found.items() if name} == {2}
    assert found[""].key == key
    assert found["r0"].quiet_at is not None


def _written(store: Store, statements: list[str]) -> None:
    """Run statements on a store of an older layout, as an older program would."""
    if store.file is not None:
        with closing(sqlite3.connect(store.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    import psycopg

    with psycopg.connect(store.url.replace("+psycopg", ""), autocommit=True) as server:
        for statement in statements:
            server.execute(statement.encode())
