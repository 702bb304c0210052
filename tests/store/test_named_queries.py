"""The queries that a reader and a transaction both run answer both alike, on both databases, by an index."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from typing import Any

import pytest
from conftest import NOW
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from hypothesis_profiles import examples
from store_acts import put, take

from pressrelease.config import Policy
from pressrelease.errors import PressReleaseError
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.store import Store, commands, freezing
from pressrelease.store.approvals import approve, unapprove
from pressrelease.store.connection import for_postgres, in_parts
from pressrelease.store.journal import LAST_LINE, Head
from pressrelease.store.presence import record_reading
from pressrelease.store.records import CONTROL, FROZEN, MARK, control_of, frozen_of, mark_of
from pressrelease.store.rows import (
    APPROVALS,
    DELIVERIES,
    EVERY_DELIVERY,
    RELEASES,
    approval_of,
    delivery_of,
    scheduled_of,
)
from pressrelease.store.tables import metadata
from pressrelease.system.clock import ClockReading

SLUG, VERSION = {"v0": "names"}, {"v0": "names", "v1": "v1"}

#: Each query, as one is asked for a single release; the tables that it may read from their first row to their last.
QUERIES: dict[str, tuple[str, dict[str, str], str]] = {
    "releases": (RELEASES.format(":v0"), SLUG, ""),
    "approvals": (APPROVALS.format("(:v0, :v1)"), VERSION, ""),
    "deliveries": (DELIVERIES.format("(:v0, :v1)"), VERSION, ""),
    "every delivery": (EVERY_DELIVERY, {}, "deliveries"),
    "the control row": (CONTROL, {}, ""),
    "a boot's mark": (MARK, {"boot": "one"}, ""),
    "a frozen version": (FROZEN, {"slug": "names", "version": "v1"}, ""),
    "the last line": (LAST_LINE, {}, "journal"),  # the first that it finds from the end
}


@pytest.mark.parametrize("name", QUERIES)
def test_each_query_is_understood_by_both_and_reads_by_an_index(store: Store, name: str) -> None:
    query, values, scanned = QUERIES[name]
    put(store)
    with store.ledger(now=NOW, actor="x") as ledger:
        assert ledger.ask(query, values) == store.read.rows(query, values)
        if ledger.on_server:
            ledger.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            plan = [row["QUERY PLAN"] for row in ledger.ask(f"EXPLAIN {query}", values)]
            assert scanned == "deliveries" or not any("Seq Scan" in line for line in plan), plan
        else:
            plan = [row["detail"] for row in ledger.ask(f"EXPLAIN QUERY PLAN {query}", values)]
            tables = {line.split()[1] for line in plan if line.startswith("SCAN")}
            assert {name for name in tables if name in metadata.tables} <= {scanned}, plan


people = st.lists(st.sampled_from(["a@example.org", "b@example.org", "c@example.org"]), min_size=1, unique=True)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("schedule"), st.sampled_from(["one", "two"]), st.sampled_from(["v1", "v2"]), people),
        st.tuples(st.sampled_from(["approve", "unapprove", "unschedule", "claim"]), st.sampled_from(["one", "two"])),
        st.tuples(st.just("mark"), st.integers(0, 3)),
    ),
    max_size=8,
)


@examples(15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=acts)
def test_a_reader_and_a_transaction_see_the_same(store: Store, acts: list[tuple[Any, ...]]) -> None:
    for act in acts:
        with contextlib.suppress(PressReleaseError):  # what may not be done is refused; the rows are what is compared
            _do(store, *act)
    read = store.read
    scheduled = read.releases(["one", "two"])
    known = {dossier.release.slug: dossier for dossier in read.dossiers(scheduled)}
    with store.ledger(now=NOW, actor="x", undo=True) as ledger:
        assert [scheduled_of(row) for row in in_parts(ledger.ask, RELEASES, ["one", "two"])] == scheduled
        for release in scheduled:
            assert commands.load_for_update(ledger, release.slug) == known[release.slug]._replace(terms=None)
            mine = [(release.slug, release.version)]
            approvals = [approval_of(row) for row in in_parts(ledger.ask, APPROVALS, mine)]
            assert tuple(approvals) == known[release.slug].approvals
            frozen = [frozen_of(row) for row in ledger.ask(FROZEN, {"slug": mine[0][0], "version": mine[0][1]})]
            assert frozen == [read.frozen(*mine[0])]
        assert [delivery_of(row) for row in ledger.ask(EVERY_DELIVERY, {})] == read.deliveries()
        assert [mark_of(row) for row in ledger.ask(MARK, {"boot": "one"})] == [one for one in [read.mark("one")] if one]
        assert control_of(ledger.ask(CONTROL, {})[0]) == read.control()
        last = ledger.ask(LAST_LINE, {})
        assert read.head() == (Head(last[0]["n"], last[0]["hash"]) if last else Head(0, "0" * 64))
    unsettled = [one for dossier in read.dossiers(scheduled, unsettled_only=True) for one in dossier.deliveries]
    assert unsettled == [one for dossier in known.values() for one in dossier.deliveries if _is_unsettled(one)]


def _is_unsettled(delivery: Delivery) -> bool:
    return delivery.state not in {DeliveryState.DELIVERED, DeliveryState.CANCELED}


def _do(store: Store, what: str, *given: Any) -> None:
    if what == "schedule":
        slug, version, recipients = given
        put(store, slug, version=version, recipients={"media": tuple(recipients)})
    elif what == "claim":
        take(store)
    else:
        with store.ledger(now=NOW, actor="jdoe") as ledger:
            if what == "approve":
                release = store.read.release(given[0])
                approve(ledger, given[0], release.version if release else "v1", "da", policy=Policy())
            elif what == "unapprove":
                unapprove(ledger, given[0])
            elif what == "unschedule":
                freezing.unschedule(ledger, given[0])
            else:
                record_reading(ledger, ClockReading(NOW, timedelta(hours=given[0]), "one"))


def test_many_values_are_asked_about_in_parts() -> None:
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    asked = []

    def ask(query: str, values: Any) -> list[Any]:
        asked.append(len(values))
        return [dict(row) for row in connection.execute(query, values)]

    connection.execute("CREATE TABLE pairs (a TEXT, b TEXT)")
    pairs = [(f"a{number}", f"b{number}") for number in range(950)]
    connection.executemany("INSERT INTO pairs VALUES (?, ?)", pairs)
    query = "SELECT * FROM pairs WHERE (a, b) IN (VALUES {})"
    assert sorted((row["a"], row["b"]) for row in in_parts(ask, query, pairs)) == sorted(pairs)
    assert asked == [800, 800, 300]
    assert not list(in_parts(ask, query, [("a1", "b2")]))
    assert len(list(in_parts(ask, "SELECT * FROM pairs WHERE a IN ({})", ["a1", "a2", "x"]))) == 2
    assert for_postgres("SELECT 1 WHERE (a, b) IN (VALUES (:v0, :v1))") == (
        "SELECT 1 WHERE (a, b) IN (VALUES (%(v0)s, %(v1)s))"
    )
    connection.close()
