"""A workspace on disk with a record in it, on SQLite or PostgreSQL, for the tests of its keeping."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from pressrelease.release.delivery import Delivery
from pressrelease.services import ServiceContext, approving, scheduling
from pressrelease.store import Store
from pressrelease.store.tables import metadata
from pressrelease.wiring import Workspace

#: What later layouts added to the tables of the first.
LATER_COLUMNS = (
    "approvals.signature",
    "approvals.person",
    "approvals.own",
    "releases.scheduled_by",
    "releases.event_group",
    "releases.n",
    "releases.note",
    "releases.wall",
    "releases.zones",
    "versions.wall",
    "versions.recipients",
    "versions.settings",
)

#: What later layouts took from the tables of the first.
EARLIER_COLUMNS = ("mark_wall BIGINT", "mark_uptime BIGINT", "mark_boot TEXT", "mark_host TEXT")

FIRST_LAYOUT = frozenset("control releases versions blobs approvals deliveries journal processes migrations".split())


def make_first_layout(connection: Connection) -> None:
    """Give a record the first layout of all, as far as later ones changed its columns."""
    for name in set(metadata.tables) - FIRST_LAYOUT:
        connection.execute(text(f"DROP TABLE {name}"))
    for index in ("releases_zones", "journal_releases", "journal_stops"):
        connection.execute(text(f"DROP INDEX {index}"))
    on_sqlite = connection.dialect.name == "sqlite"
    guard = "journal_no_replace" if on_sqlite else "journal_no_truncate ON journal"
    connection.execute(text(f"DROP TRIGGER {guard}"))
    _unnumber_deliveries(connection)
    for column in LATER_COLUMNS:
        table, _, name = column.partition(".")
        connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {name}"))
    for name, kind in (("wall", "BIGINT"), ("uptime", "BIGINT"), ("boot", "TEXT"), ("host", "TEXT")):
        connection.execute(text(f"ALTER TABLE control ADD COLUMN mark_{name} {kind}"))
    connection.execute(text("DELETE FROM migrations WHERE number > 1"))


def _unnumber_deliveries(connection: Connection) -> None:
    """Give the deliveries their columns and their key of before there were corrections."""
    first = "id slug version outlet recipient state lift attempts claimed_from owner lease_until next_try first_sent_at"
    first = ", ".join(f"{first} delivered_at url remote_id error".split())
    key = "UNIQUE (slug, version, outlet, recipient)"
    connection.execute(text("DROP INDEX deliveries_chain"))
    if connection.dialect.name == "postgresql":
        for name in ("n", "action", "claims", "unanswered", "quiet_at"):
            connection.execute(text(f"ALTER TABLE deliveries DROP COLUMN {name}"))
        connection.execute(text(f"ALTER TABLE deliveries ADD {key}"))
        return
    connection.execute(text("DROP INDEX deliveries_claimed"))
    connection.execute(text("ALTER TABLE deliveries RENAME TO numbered"))
    kinds = {"slug": "TEXT", "version": "TEXT", "outlet": "TEXT", "recipient": "TEXT", "state": "TEXT"}
    kinds = {name: f"{kind} NOT NULL" for name, kind in kinds.items()} | {"attempts": "INTEGER NOT NULL"}
    kinds |= {"id": "INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT"}
    for name in ("lift", "lease_until", "next_try", "first_sent_at", "delivered_at"):
        kinds[name] = "BIGINT"
    columns = ", ".join(f"{name} {kinds.get(name, 'TEXT')}" for name in first.split(", "))
    connection.execute(text(f"CREATE TABLE deliveries ({columns}, {key})"))
    connection.execute(text(f"INSERT INTO deliveries SELECT {first} FROM numbered"))
    connection.execute(text("DROP TABLE numbered"))
    connection.execute(text("CREATE INDEX deliveries_claimed ON deliveries (owner) WHERE owner IS NOT NULL"))


SQLITE = "sqlite:///.pressrelease/state.db"


def office(folder: Path, *, store_url: str = SQLITE, more: str = "") -> Workspace:
    """A workspace with a newsroom."""
    (folder / "releases").mkdir(parents=True)
    (folder / "config.toml").write_text(
        '[office]\nname = "The Office"\ntimezone = "America/Los_Angeles"\n'
        f'[store]\nurl = "{store_url}"\n[outlets.newsroom]\ntype = "newsroom"\n{more}',
        encoding="utf-8",
    )
    left_alone(folder)
    return Workspace(folder)


def left_alone(folder: Path) -> None:
    """Have config.toml be some minutes old: a pass waits for one that is only just being written."""
    then = datetime.now().timestamp() - 300
    os.utime(folder / "config.toml", (then, then))


def write(workspace: Workspace, slug: str, *, embargo: str = "immediate", body: str = "Words.") -> Path:
    """A release's file, as an editor writes it."""
    path = workspace.folder / "releases" / f"{slug}.md"
    path.write_text(
        f"---\nheadline: Headline of {slug}\ndate: 2026-01-05\nembargo: {embargo}\n---\n\n{body}\n", encoding="utf-8"
    )
    path.chmod(0o640)
    return path


def schedule(workspace: Workspace, slug: str, *, days: float = 30, approved: bool = True) -> ServiceContext:
    """Write a release, schedule it for a whole second `days` ahead, and approve it."""
    lift = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    write(workspace, slug, embargo=lift.isoformat().replace("+00:00", "Z"))
    return scheduled(workspace, slug, approved=approved)


def schedule_now(workspace: Workspace, slug: str, *, approved: bool = True) -> ServiceContext:
    """Write an immediate release, schedule it, and approve it: it is due."""
    write(workspace, slug)
    return scheduled(workspace, slug, approved=approved)


def scheduled(workspace: Workspace, slug: str, *, approved: bool) -> ServiceContext:
    """Schedule a release whose file is there."""
    context = ServiceContext(workspace, "jdoe")
    scheduling.schedule(context, scheduling.propose(context, slug))
    if approved:
        approving.approve(context, slug, "da")
    return context


def deliveries(store: Store) -> dict[str, Delivery]:
    """The one delivery of each release."""
    return {
        dossier.release.slug: delivery
        for dossier in store.read.dossiers(store.read.releases())
        for delivery in dossier.deliveries
    }


def events(store: Store) -> list[str]:
    """What the journal tells, in its order."""
    return [line.event for line in store.read.journal()]


def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, true and false as such, each table in an order of its own."""
    found = {}
    for name, table in metadata.tables.items():
        rows = [
            {
                key: bool(value) if str(table.c[key].type) == "BOOLEAN" else bytes(value) if _is_bytes(value) else value
                for key, value in row.items()
            }
            for row in store.read.rows(f"SELECT * FROM {name}")
        ]
        found[name] = sorted(rows, key=repr)
    return found


def _is_bytes(value: object) -> bool:
    return isinstance(value, (bytes, memoryview))
