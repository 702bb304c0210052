"""What somebody does who can write the database: edit rows, and, knowing the format, add a line to the journal too."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from pressrelease.status.dossier import same_person
from pressrelease.store import Store
from pressrelease.store.journal import BEGINNING, Event, Line, line_after


def write_rows(store: Store, *statements: str, **values: Any) -> None:
    """Edit rows; each statement must find one."""
    store.open(datetime.now(UTC))
    assert store._opened is not None
    with store._opened.begin() as connection:
        for statement in statements:
            assert connection.execute(text(statement), values).rowcount, statement


def tell(store: Store, event: str, slug: str, detail: Mapping[str, Any], *, at: int | None = None) -> None:
    """Add a line that follows the last one."""
    release = store.read.release(slug)
    version = release.version if release else ""
    last = store.read.rows("SELECT n, hash FROM journal ORDER BY n DESC LIMIT 1")
    head = (int(last[0]["n"]), str(last[0]["hash"])) if last else (0, BEGINNING)
    when = int(time.time() * 1e6) if at is None else at
    line = line_after(head, Event(event, slug, version, detail), at=when, actor="mallory", host="elsewhere")
    columns = ", ".join(line._fields)
    marks = ", ".join(f":{name}" for name in line._fields)
    write_rows(store, f"INSERT INTO journal ({columns}) VALUES ({marks})", **line._asdict())


def rechain(folder: Path, *, actor: str) -> None:
    """Write the whole journal of a workspace again, each line by `actor`, with a chain that holds."""
    connection = sqlite3.connect(folder / ".pressrelease" / "state.db")
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    names = ", ".join(Line._fields)
    head = (0, BEGINNING)
    for row in connection.execute(f"SELECT {names} FROM journal ORDER BY n").fetchall():
        old = Line(*row)
        event = Event(old.event, old.slug, old.version, json.loads(old.detail))
        new = line_after(head, event, at=old.at, actor=actor, host=old.host)
        change = "UPDATE journal SET actor = ?, prev = ?, hash = ? WHERE n = ?"
        connection.execute(change, (actor, new.prev, new.hash, new.n))
        head = (new.n, new.hash)
    for _, statement in guards:
        connection.execute(statement)
    connection.commit()
    connection.close()


def approve(store: Store, slug: str, by: str, *, told: bool = True) -> None:
    """Add an approval that nobody gave; with its line in the journal if `told`."""
    at = int(time.time() * 1e6) - 60_000_000
    write_rows(
        store,
        "INSERT INTO approvals (slug, version, by, at, person, own)"
        " SELECT slug, version, :by, :at, :person, false FROM releases WHERE slug = :slug",
        slug=slug,
        by=by,
        at=at,
        person=same_person(by),
    )
    if told:
        tell(store, "release.approved", slug, {"by": by}, at=at)


def move_lift(store: Store, slug: str, moment: datetime, *, told: bool = True) -> None:
    """Move a lift in the record; with its line in the journal if `told`."""
    micros = round(moment.timestamp() * 1e6)
    write_rows(store, "UPDATE releases SET lift = :micros WHERE slug = :slug", micros=micros, slug=slug)
    write_rows(
        store, "UPDATE deliveries SET lift = :micros, next_try = :micros WHERE slug = :slug", micros=micros, slug=slug
    )
    if told:
        tell(store, "release.lift_moved", slug, {"lift": moment.isoformat().replace("+00:00", "Z")})


def execute(store: Store, statement: str) -> None:
    """Change the layout."""
    store.open(datetime.now(UTC))
    assert store._opened is not None
    with store._opened.begin() as connection:
        connection.execute(text(statement))
