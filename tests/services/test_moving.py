"""The record moved from SQLite to PostgreSQL: whole or not at all, and never two that send."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from records import deliveries, events, everything, office, schedule, schedule_now
from sqlalchemy import text

from pressrelease.cli import main
from pressrelease.errors import (
    NeedsPerson,
    NotFound,
    NotPermitted,
    PressReleaseError,
    StateUnreadable,
    Stopped,
    Usage,
    WillRetry,
)
from pressrelease.scheduler import passes
from pressrelease.services import ServiceContext, keeping, moving, stopping
from pressrelease.store import Store, presence
from pressrelease.store.journal import walk
from pressrelease.system.clock import read_clock, utc_now
from pressrelease.wiring import Workspace


@pytest.fixture
def server(postgres: str) -> str:
    """The address of an empty database."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(postgres.format(database="postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return postgres.format(database=name)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    """A stopped office on SQLite, with something out, something due and something ahead."""
    workspace = office(tmp_path / "office")
    schedule_now(workspace, "out")
    passes.publish_due(workspace)
    schedule_now(workspace, "due")
    made = schedule(workspace, "ahead")
    stopping.stop(made, "moving the record")
    yield made
    workspace.store.close()


def there(context: ServiceContext, server: str) -> Workspace:
    """The office after a person wrote the new line into config.toml."""
    config = context.workspace.folder / "config.toml"
    config.write_text(config.read_text().replace("sqlite:///.pressrelease/state.db", server))
    return Workspace(context.workspace.folder)


def test_everything_arrives_and_goes_on_from_there(context: ServiceContext, server: str) -> None:
    before = everything(context.store)
    moved = moving.move_store(context, server)
    assert moved.line == f'url = "{server}"'
    workspace = there(context, server)
    after = everything(workspace.store)
    assert [row["event"] for row in after["journal"]].count("store.moved") == 1
    after["journal"] = [row for row in after["journal"] if row["event"] != "store.moved"]
    after["control"][0]["newest"] = before["control"][0]["newest"]
    assert after == before
    assert moved.head == walk(workspace.store.read.journal()).head
    assert passes.publish_due(workspace).stopped
    stopping.resume_all(ServiceContext(workspace, "da"), let_go=True)
    assert passes.publish_due(workspace).published == ("due",)
    new = schedule_now(workspace, "new")  # numbers go on where they were
    assert deliveries(new.store)["new"].id > max(row["id"] for row in before["deliveries"])
    assert keeping.verify(workspace.store.read).disagreements == ()
    with pytest.raises(PressReleaseError), workspace.store.ledger(now=utc_now(), actor="nobody") as ledger:
        ledger.connection.execute(text("DELETE FROM journal"))
    workspace.store.close()


def test_nothing_is_sent_from_the_old_file_afterwards(context: ServiceContext, server: str) -> None:
    moved = moving.move_store(context, server)
    old = Workspace(context.workspace.folder)  # config.toml still names SQLite
    with pytest.raises(StateUnreadable, match="was moved to a server"):
        passes.publish_due(old)
    with pytest.raises(StateUnreadable):
        old.store.open(utc_now())
    assert moved.kept.exists()
    kept = Store(f"sqlite:///{moved.kept}", context.workspace.folder)
    assert kept.read.control().stopped
    assert "store.moved" not in events(kept)
    kept.close()
    moved.kept.rename(old.private / "state.db")  # as if nothing had happened since
    again = Workspace(context.workspace.folder)
    assert "older than the one that was here" in again.store.read.control().not_the_original
    with pytest.raises(Stopped):
        stopping.resume_all(ServiceContext(again, "da"), let_go=True)
    again.store.close()


def refused(context: ServiceContext, url: str, error: type[PressReleaseError]) -> None:
    """Moving is refused, and everything is as it was."""
    before = everything(context.store)
    with pytest.raises(error):
        moving.move_store(context, url)
    assert everything(context.store) == before
    assert not list(context.workspace.private.glob("*.moved-*"))


def tables(server: str) -> list[str]:
    with psycopg.connect(server.replace("+psycopg", "")) as connection:
        return [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]


def test_only_while_everything_is_stopped_and_nobody_is_at_work(context: ServiceContext, server: str) -> None:
    alive = presence.register(context.workspace.alive, "somebody")
    refused(context, server, NeedsPerson)
    alive.leave()
    with context.ledger() as ledger:
        presence.check_in(ledger, "run 1", "run", read_clock())
    refused(context, server, NeedsPerson)
    with context.ledger() as ledger:
        presence.check_out(ledger, "run 1", utc_now())
    stopping.resume_all(context, let_go=False)
    refused(context, server, NeedsPerson)
    assert tables(server) == []


@pytest.mark.parametrize("owner", ["another program", "pressrelease"])
def test_only_into_an_empty_database(context: ServiceContext, server: str, owner: str) -> None:
    if owner == "pressrelease":
        other = Store(server, context.workspace.folder)
        other.open(utc_now())
        other.close()
    else:
        with psycopg.connect(server.replace("+psycopg", "")) as connection:
            connection.execute("CREATE TABLE recipes (name text)")
    before = tables(server)
    refused(context, server, NotPermitted)
    assert tables(server) == before


def test_a_server_that_is_not_there(context: ServiceContext, tmp_path: Path) -> None:
    refused(context, f"postgresql+psycopg://office@/none?host={tmp_path}", WillRetry)


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql+psycopg://office:secret@db/name", Usage),
        ("mysql://db/name", Usage),
        ("sqlite:///other.db", NotPermitted),
    ],
)
def test_an_address_that_can_not_be_meant(context: ServiceContext, url: str, error: type[PressReleaseError]) -> None:
    with pytest.raises(error) as raised:
        moving.move_store(context, url)
    assert "secret" not in raised.value.message + raised.value.hint


def test_a_line_that_the_server_can_not_hold_undoes_everything(context: ServiceContext, server: str) -> None:
    with context.ledger() as ledger:
        ledger.connection.execute(text("UPDATE releases SET why = :why"), {"why": "a\x00b"})
    refused(context, server, PressReleaseError)
    assert tables(server) == []


def test_a_broken_journal_is_not_moved(context: ServiceContext, server: str) -> None:
    with context.ledger() as ledger:
        ledger.connection.execute(text("DROP TRIGGER journal_no_update"))
        ledger.connection.execute(text("UPDATE journal SET actor = 'nobody' WHERE n = 1"))
    refused(context, server, StateUnreadable)
    assert tables(server) == []


def test_a_dry_run_copies_everything_and_keeps_nothing(context: ServiceContext, server: str) -> None:
    before = everything(context.store)
    moving.move_store(ServiceContext(context.workspace, "jdoe", dry_run=True), server)
    assert everything(context.store) == before
    assert tables(server) == []


def test_there_must_be_something_to_move(tmp_path: Path, server: str) -> None:
    with pytest.raises(NotFound):
        moving.move_store(ServiceContext(office(tmp_path / "office"), "jdoe"), server)


def test_the_command(
    context: ServiceContext, server: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(context.workspace.folder)
    context.store.close()
    assert main(["move-store", server, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["moved", "line", "kept", "head"]
    assert (context.workspace.private / told["kept"]).exists()
    assert main(["publish-due"]) == 10


def test_a_backup_of_the_server_brings_it_back_to_sqlite(context: ServiceContext, server: str, tmp_path: Path) -> None:
    from pressrelease.services import restoring

    moving.move_store(context, server)
    workspace = there(context, server)
    made = keeping.back_up(ServiceContext(workspace, "jdoe"), tmp_path / "backup.zip")
    home = office(tmp_path / "home")
    with restoring.unpacked(made.file, home.folder) as backup:
        restoring.put_back(backup, actor="da")
    assert deliveries(home.store) == deliveries(workspace.store) | {
        slug: one for slug, one in deliveries(home.store).items() if slug == "due"
    }
    assert walk(home.store.read.journal(), made.manifest.head).broken is None
    for opened in (workspace, home):
        opened.store.close()
