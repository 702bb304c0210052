"""Check that the database has this program's tables, indexes and triggers, unaltered.

The triggers keep the journal append-only, and the indexes prevent two rows for one delivery. Somebody who can write the
database can remove them.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from pressrelease.store.queries import SCHEMA, Reader

#: The triggers on PostgreSQL's journal: name → `tgtype` (before; update and delete, or truncate; once a statement).
_POSTGRES_TRIGGERS = {"journal_no_change": 26, "journal_no_truncate": 34}
_POSTGRES_BODY = "BEGIN RAISE EXCEPTION 'the journal is append-only'; END"

_OBJECTS = (
    "SELECT type, name, tbl_name, coalesce(sql, '') AS sql FROM sqlite_master"
    " WHERE name NOT LIKE 'sqlite_%' ORDER BY type, name"
)
_COLUMNS = 'SELECT name, "notnull" AS needed, pk FROM pragma_table_info(:name) ORDER BY cid'
_UNIQUE = (
    "SELECT l.name, group_concat(i.name) AS columns FROM pragma_index_list(:name) l, pragma_index_info(l.name) i"
    " WHERE l.\"unique\" AND l.origin <> 'c' GROUP BY l.name ORDER BY columns"
)


def altered(read: Reader) -> list[str]:
    """Return what is missing from the database's layout or differs from it, in sentences; an older one is not judged.

    Raises: WillRetry, StateUnreadable.
    """
    if read.schema() != SCHEMA:
        return []
    return _of_server(read) if read.on_server else _of_file(read)


def _of_file(read: Reader) -> list[str]:
    ours, fresh = _fresh()
    try:
        there = {(row["type"], row["name"]): row for row in read.rows(_OBJECTS)}
        found = [f"its {kind} {name} is missing" for kind, name in sorted(set(ours) - set(there))]
        for (kind, name), row in there.items():
            if (kind, name) not in ours:
                if kind in {"trigger", "view"}:
                    found.append(f"it has a {kind} {name} that pressrelease did not make")
            elif kind == "table":
                if _table(read, name) != fresh[name]:
                    found.append(f"its table {name} was changed")
            elif " ".join(row["sql"].split()) != ours[kind, name]:
                found.append(f"its {kind} {name} was changed")
    except UnicodeDecodeError:
        return ["its layout can't be read"]
    return found


def _table(read: Reader, name: str) -> tuple[Any, ...]:
    columns = tuple((row["name"], bool(row["needed"]), bool(row["pk"])) for row in read.rows(_COLUMNS, {"name": name}))
    return columns, tuple(row["columns"] for row in read.rows(_UNIQUE, {"name": name}))


def _fresh() -> tuple[dict[tuple[str, str], str], dict[str, tuple[Any, ...]]]:
    """Return a new database's objects with their SQL, and the columns of its tables."""
    from sqlalchemy import create_engine

    from pressrelease.store.engine import lay_out
    from pressrelease.store.tables import metadata

    memory = sqlite3.connect(":memory:")
    try:
        with create_engine("sqlite://", creator=lambda: memory).begin() as connection:
            lay_out(connection)
            objects = {
                (str(row[0]), str(row[1])): " ".join(str(row[3]).split())
                for row in connection.exec_driver_sql(_OBJECTS)
            }
            tables = {}
            for name in metadata.tables:
                columns = connection.exec_driver_sql(_COLUMNS, {"name": name}).all()
                unique = connection.exec_driver_sql(_UNIQUE, {"name": name}).all()
                tables[name] = (
                    tuple((row[0], bool(row[1]), bool(row[2])) for row in columns),
                    tuple(row[1] for row in unique),
                )
    finally:
        memory.close()
    return objects, tables


def _of_server(read: Reader) -> list[str]:
    from pressrelease.store.tables import PARTIAL_INDEXES, metadata

    found = []
    triggers = {
        row["name"]: row
        for row in read.rows(
            "SELECT t.tgname AS name, t.tgenabled AS enabled, t.tgtype AS kind, btrim(p.prosrc) AS body"
            " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND c.relname = 'journal' AND c.relnamespace = to_regnamespace(current_schema())"
        )
    }
    for name, kind in _POSTGRES_TRIGGERS.items():
        row = triggers.get(name)
        if row is None:
            found.append(f"its trigger {name} is missing")
        elif (row["enabled"], row["kind"], row["body"]) not in {
            ("O", kind, _POSTGRES_BODY),
            ("A", kind, _POSTGRES_BODY),
        }:
            found.append(f"its trigger {name} was changed or switched off")
    indexes = {
        row["name"]: row["sound"]
        for row in read.rows(
            "SELECT c.relname AS name, i.indisvalid AS sound FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE c.relnamespace = to_regnamespace(current_schema())"
        )
    }
    wanted = {str(index.name) for table in metadata.tables.values() for index in table.indexes}
    wanted |= {statement.split()[2] for statement in PARTIAL_INDEXES}
    wanted |= {f"{name}_pkey" for name in metadata.tables} | {"deliveries_slug_version_outlet_recipient_n_action_key"}
    found += [f"its index {name} is missing or damaged" for name in sorted(wanted) if not indexes.get(name)]
    columns: dict[str, list[tuple[str, bool]]] = {}
    for row in read.rows(
        "SELECT table_name, column_name, is_nullable FROM information_schema.columns"
        " WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
    ):
        columns.setdefault(row["table_name"], []).append((row["column_name"], row["is_nullable"] == "YES"))
    for name, table in metadata.tables.items():
        ours = [(column.name, bool(column.nullable)) for column in table.columns]
        if name not in columns:
            found.append(f"its table {name} is missing")
        elif columns[name] != ours:
            found.append(f"its table {name} was changed")
    return found
