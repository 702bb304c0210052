"""`backup` and `restore` as a person calls them: nothing leaks, nothing is lost, and what comes back starts stopped."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from records import deliveries, events, everything, office, schedule, schedule_now, write

from pressrelease.cli import main
from pressrelease.errors import NeedsPerson, NotPermitted, Refused, StateUnreadable, WillRetry
from pressrelease.release.delivery import DeliveryState
from pressrelease.scheduler import passes
from pressrelease.services import ServiceContext, keeping, moving, restoring, stopping
from pressrelease.store import archive, presence
from pressrelease.store.journal import walk
from pressrelease.system.clock import read_clock, utc_now
from pressrelease.wiring import Workspace

SECRET = "whsec_canary-of-a-secret"


@pytest.fixture
def any_desk(store_url: str, tmp_path: Path) -> Iterator[ServiceContext]:
    """A filled office on each database."""
    yield from filled(office(tmp_path / "office", store_url=store_url))


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    """A filled office on SQLite."""
    yield from filled(office(tmp_path / "office"))


def filled(workspace: Workspace) -> Iterator[ServiceContext]:
    """One release ahead, one unapproved, and a secret that is not to be found anywhere."""
    (workspace.folder / "webhook.secret").touch(mode=0o600)
    (workspace.folder / "webhook.secret").write_text(SECRET, encoding="ascii")
    schedule(workspace, "ahead")
    made = schedule(workspace, "unapproved", approved=False)
    (workspace.folder / "releases" / "sheets").mkdir()
    (workspace.folder / "releases" / "sheets" / "facts.pdf").write_bytes(b"%PDF")
    yield made
    workspace.store.close()


def again(workspace: Workspace) -> Workspace:
    """The same folder, looked at anew."""
    workspace.store.close()
    return Workspace(workspace.folder)


def restore(file: Path, folder: Path, actor: str = "da") -> restoring.Restored:
    with restoring.unpacked(file, folder) as backup:
        return restoring.put_back(backup, actor=actor)


def on_sqlite(file: Path, folder: Path) -> Workspace:
    """A backup restored into a new folder, its config pointed at SQLite first."""
    workspace = office(folder)
    restore(file, folder)
    return workspace


def test_a_backup_holds_the_record_the_releases_and_the_config_and_no_secret(
    any_desk: ServiceContext, tmp_path: Path
) -> None:
    made = keeping.back_up(any_desk, tmp_path / "backup.zip")
    with zipfile.ZipFile(made.file) as whole:
        names = set(whole.namelist())
        assert names == {
            "manifest.json", "state.db", "config.toml", "releases/ahead.md", "releases/unapproved.md",
            "releases/sheets/facts.pdf",
        }  # fmt: skip
        assert not any(SECRET.encode() in whole.read(name) for name in names)
        assert whole.read("releases/ahead.md") == (any_desk.library.folder / "ahead.md").read_bytes()
    assert stat.S_IMODE(made.file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["backup.zip"]
    assert not list(any_desk.workspace.private.glob("backing-up-*"))
    assert events(any_desk.store)[-1] == "backup"
    assert walk(any_desk.store.read.journal(), made.manifest.head).broken is None


def test_a_backup_never_replaces_a_file_without_force(context: ServiceContext, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    file.write_bytes(b"precious")
    with pytest.raises(NotPermitted):
        keeping.back_up(context, file)
    assert file.read_bytes() == b"precious"
    keeping.back_up(context, file, force=True)
    assert zipfile.is_zipfile(file)
    link = tmp_path / "link.zip"
    link.symlink_to(tmp_path / "elsewhere.zip")
    with pytest.raises(NotPermitted):
        keeping.back_up(context, link)
    assert not (tmp_path / "elsewhere.zip").exists()


@pytest.mark.parametrize("place", ["newsroom", "releases", "newsroom/sub"])
def test_a_backup_is_never_put_where_the_public_reads(context: ServiceContext, place: str) -> None:
    (context.workspace.folder / place).mkdir(parents=True, exist_ok=True)
    before = events(context.store)
    with pytest.raises(NotPermitted):
        keeping.back_up(context, context.workspace.folder / place / "backup.zip")
    link = context.workspace.folder / "elsewhere"
    link.symlink_to(context.workspace.folder / place)
    with pytest.raises(NotPermitted):
        keeping.back_up(context, link / "backup.zip")
    assert events(context.store) == before


def test_a_folder_gets_a_backup_named_by_its_time_and_a_dry_run_leaves_none(
    context: ServiceContext, tmp_path: Path
) -> None:
    (tmp_path / "backups").mkdir()
    before = events(context.store)
    dry = ServiceContext(context.workspace, "jdoe", dry_run=True)
    assert keeping.back_up(dry, tmp_path / "backups").size > 0
    assert list((tmp_path / "backups").iterdir()) == []
    assert events(context.store) == before
    made = keeping.back_up(context, tmp_path / "backups")
    assert [made.file] == list((tmp_path / "backups").iterdir())


def test_links_and_strange_names_are_left_out_and_reported(context: ServiceContext, tmp_path: Path) -> None:
    folder = context.library.folder
    (folder / "link.md").symlink_to("/etc/passwd")
    (folder / "outside").symlink_to(tmp_path)
    (folder / "a:b.pdf").write_bytes(b"x")
    (folder / ".hidden").write_bytes(b"x")
    made = keeping.back_up(context, tmp_path / "backup.zip")
    assert sorted(made.left_out) == ["a:b.pdf", "link.md", "outside"]
    with archive.opened(made.file) as opened:
        assert not {"releases/link.md", "releases/.hidden"} & {member.name for member in opened.manifest.members}


def test_a_full_disk_leaves_no_half_backup(
    context: ServiceContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WillRetry):
        keeping.back_up(context, tmp_path / "backup.zip")
    monkeypatch.undo()
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    assert "backup" not in events(context.store)


def test_a_backup_that_the_disk_spoiled_is_none(
    context: ServiceContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.fsync

    def spoils(descriptor: int) -> None:
        if os.fstat(descriptor).st_size > 200 and stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.pwrite(descriptor, b"spoiled", 100)
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", spoils)
    with pytest.raises(Refused):
        keeping.back_up(context, tmp_path / "backup.zip")
    monkeypatch.undo()
    assert not (tmp_path / "backup.zip").exists()
    assert "backup" not in events(context.store)


# -- restored --------------------------------------------------------------------------------------------------------


def test_a_restored_copy_is_what_was_backed_up_and_starts_stopped(any_desk: ServiceContext, tmp_path: Path) -> None:
    made = keeping.back_up(any_desk, tmp_path / "backup.zip")
    before = deliveries(any_desk.store)
    workspace = on_sqlite(made.file, tmp_path / "fresh")
    read = workspace.store.read
    assert read.control().stopped
    words = r"restored from the backup of [A-Z]\w+day, [A-Z][\w.]+ \d+, \d{4}, .*[ap]\.m\. P[DS]T"
    assert re.search(words, read.control().why_stopped)
    assert walk(read.journal(), made.manifest.head).broken is None
    assert events(workspace.store)[made.manifest.head.n :] == ["stopped", "restored"]
    assert deliveries(workspace.store) == before
    for name in ("ahead.md", "unapproved.md", "sheets/facts.pdf"):
        assert (workspace.library.folder / name).read_bytes() == (any_desk.library.folder / name).read_bytes()
    assert passes.publish_due(workspace).stopped
    for path in workspace.private.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert list(workspace.private.glob("restoring-*")) == []
    stopping.resume_all(ServiceContext(workspace, "da"), let_go=False)
    assert passes.publish_due(workspace).needs_you == ()
    workspace.store.close()


def test_an_empty_folder_becomes_the_workspace(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    made = keeping.back_up(schedule(workspace, "ahead"), tmp_path / "backup.zip")
    restore(made.file, tmp_path / "new" / "place")
    fresh = Workspace(tmp_path / "new" / "place")
    assert (fresh.folder / "config.toml").read_bytes() == (workspace.folder / "config.toml").read_bytes()
    assert fresh.store.read.control().stopped
    assert fresh.store.read.store_id() == workspace.store.read.store_id()
    for opened in (workspace, fresh):
        opened.store.close()


def test_over_a_workspace_everything_that_makes_way_is_kept(any_desk: ServiceContext, tmp_path: Path) -> None:
    made = keeping.back_up(any_desk, tmp_path / "backup.zip")
    backed_up = (any_desk.library.folder / "ahead.md").read_bytes()
    with any_desk.ledger() as ledger:
        ledger.note("noted")
    write(any_desk.workspace, "ahead", body="Changed since.")
    write(any_desk.workspace, "newer", body="A draft of today.")
    config = any_desk.workspace.folder / "config.toml"
    config.write_text(config.read_text() + "# changed\n")
    restored = restore(made.file, any_desk.workspace.folder)
    workspace = again(any_desk.workspace)
    assert workspace.store.read.control().stopped
    assert "noted" not in events(workspace.store)
    assert (workspace.library.folder / "ahead.md").read_bytes() == backed_up
    assert (workspace.library.folder / "newer.md").exists()
    (kept,) = workspace.private.glob("replaced-*")
    assert b"Changed since." in (kept / "ahead.md").read_bytes()
    assert config.read_text().endswith("# changed\n")
    assert (workspace.folder / restored.config_beside).read_text() + "# changed\n" == config.read_text()
    assert len(restored.kept) == 2
    if workspace.store.file is not None:
        (old,) = (path for path in workspace.private.glob("state.db.replaced-*") if not path.name.endswith("-journal"))
        read = keeping.Reader(old)
        assert [line.event for line in read.journal()][-3:] == ["noted", "stopped", "replaced"]
        assert read.control().stopped
        read.close()
    else:
        (name,) = workspace.store.read.rows("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'replaced_%'")
        rows = workspace.store.read.rows(f"SELECT event FROM {name['nspname']}.journal ORDER BY n")
        assert [row["event"] for row in rows][-3:] == ["noted", "stopped", "replaced"]
    with workspace.store.ledger(now=utc_now(), actor="da") as ledger:  # the new one is written to as any other
        ledger.note("noted")
    workspace.store.close()


def test_what_went_out_after_the_backup_is_not_sent_again(any_desk: ServiceContext, tmp_path: Path) -> None:
    schedule_now(any_desk.workspace, "statement")
    made = keeping.back_up(any_desk, tmp_path / "backup.zip")
    assert passes.publish_due(any_desk.workspace).published == ("statement",)
    restored = restore(made.file, any_desk.workspace.folder)
    assert restored.knew
    assert restored.outcome.doubted == ("statement",)
    workspace = again(any_desk.workspace)
    stopping.resume_all(ServiceContext(workspace, "da"), let_go=True)
    outcome = passes.publish_due(workspace)
    assert [waiting.slug for waiting in outcome.needs_you] == ["statement"]
    assert "delivery.claimed" not in events(workspace.store)
    workspace.store.close()


def test_what_was_due_since_is_in_doubt_where_nobody_knows(any_desk: ServiceContext, tmp_path: Path) -> None:
    schedule_now(any_desk.workspace, "statement")
    made = keeping.back_up(any_desk, tmp_path / "backup.zip")
    passes.publish_due(any_desk.workspace)
    workspace = on_sqlite(made.file, tmp_path / "fresh")
    assert deliveries(workspace.store)["statement"].state is DeliveryState.IN_DOUBT
    stopping.resume_all(ServiceContext(workspace, "da"), let_go=True)
    assert [waiting.slug for waiting in passes.publish_due(workspace).needs_you] == ["statement"]
    assert "delivery.claimed" not in events(workspace.store)
    assert not (workspace.folder / "newsroom" / "statement").exists()
    workspace.store.close()


def test_what_had_not_gone_out_goes_once_a_person_says_so(context: ServiceContext, tmp_path: Path) -> None:
    schedule_now(context.workspace, "statement")
    made = keeping.back_up(context, tmp_path / "backup.zip")
    restored = restore(made.file, context.workspace.folder)
    assert restored.knew
    assert restored.outcome.doubted == ()
    workspace = again(context.workspace)
    assert passes.publish_due(workspace).published == ()
    assert [one.slug for one in stopping.fell_due(ServiceContext(workspace, "da"))] == ["statement"]
    stopping.resume_all(ServiceContext(workspace, "da"), let_go=True)
    assert passes.publish_due(workspace).published == ("statement",)
    workspace.store.close()


@pytest.mark.parametrize("sign", ["a lock that is held", "a sign of life"])
def test_nothing_is_replaced_under_a_running_scheduler(context: ServiceContext, tmp_path: Path, sign: str) -> None:
    made = keeping.back_up(context, tmp_path / "backup.zip")
    before = everything(context.store)
    alive = None
    if sign == "a lock that is held":
        alive = presence.register(context.workspace.alive, "somebody")
    else:
        with context.ledger() as ledger:
            presence.check_in(ledger, "run 1", "run", read_clock())
        before = everything(context.store)
    with pytest.raises(NeedsPerson):
        restore(made.file, context.workspace.folder)
    if alive:
        alive.leave()
    assert everything(context.store) == before


def test_a_refused_backup_changes_nothing(context: ServiceContext, tmp_path: Path) -> None:
    made = keeping.back_up(context, tmp_path / "backup.zip")
    data = bytearray(made.file.read_bytes())
    data[len(data) // 3] ^= 0xFF
    made.file.write_bytes(data)
    before = everything(context.store), sorted(context.workspace.folder.rglob("*"))
    with pytest.raises(Refused):
        restore(made.file, context.workspace.folder)
    assert (everything(context.store), sorted(context.workspace.folder.rglob("*"))) == before
    with pytest.raises(Refused):
        restore(made.file, tmp_path / "fresh")
    assert not (tmp_path / "fresh").exists()


def test_a_link_in_releases_is_not_followed(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    context = schedule(workspace, "ahead")
    (workspace.folder / "releases" / "sheets").mkdir()
    (workspace.folder / "releases" / "sheets" / "facts.pdf").write_bytes(b"%PDF")
    made = keeping.back_up(context, tmp_path / "backup.zip")
    outside = tmp_path / "outside"
    outside.mkdir()
    target = office(tmp_path / "target")
    (target.folder / "releases" / "sheets").symlink_to(outside)
    (target.folder / "releases" / "ahead.md").symlink_to(outside / "ahead.md")
    restore(made.file, target.folder)
    assert list(outside.iterdir()) == []
    assert (target.folder / "releases" / "sheets" / "facts.pdf").read_bytes() == b"%PDF"
    assert not (target.folder / "releases" / "ahead.md").is_symlink()
    workspace.store.close()


def test_what_was_put_aside_is_never_replaced(tmp_path: Path) -> None:
    file, kept = tmp_path / "state.db", tmp_path / "kept"
    file.write_bytes(b"new")
    kept.write_bytes(b"old")
    with pytest.raises(StateUnreadable):
        moving.put_aside(file, kept)
    assert (file.read_bytes(), kept.read_bytes()) == (b"new", b"old")


def sends_nothing(workspace: Workspace) -> bool:
    """Whether a pass finds everything stopped, or a record that can't be read."""
    try:
        return passes.publish_due(workspace).stopped is not None
    except StateUnreadable:
        return True


def test_a_crash_at_any_rename_leaves_nothing_that_sends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands there afterwards is stopped, or can't be read; the next try succeeds."""

    class Crash(BaseException):
        pass

    def crash_at(number: int) -> None:
        left = [number]
        for name in ("rename", "replace", "link"):
            whole = getattr(os, name)

            def counted(*arguments: Any, _whole: Any = whole, **options: Any) -> Any:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash
                return _whole(*arguments, **options)

            monkeypatch.setattr(os, name, counted)

    crashed = 0
    for number in range(12):
        folder = tmp_path / str(number)
        workspace = office(folder / "office")
        context = schedule_now(workspace, "statement")
        made = keeping.back_up(context, folder / "backup.zip")
        write(workspace, "statement", body="Changed.")
        crash_at(number)
        try:
            restore(made.file, workspace.folder)
        except Crash:
            crashed += 1
        else:
            break
        finally:
            monkeypatch.undo()
        there = again(workspace)
        assert sends_nothing(there)
        there.store.close()
        restore(made.file, workspace.folder)
        whole = Workspace(workspace.folder)
        assert whole.store.read.control().stopped
        whole.store.close()
    assert crashed >= 3


def test_backups_are_whole_while_releases_go_out(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    for number in range(12):
        context = schedule_now(workspace, f"release-{number}")
    trouble: list[BaseException] = []

    def send() -> None:
        try:
            passes.publish_due(Workspace(workspace.folder))
        except BaseException as error:
            trouble.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    files = [keeping.back_up(context, tmp_path / f"backup-{number}.zip").file for number in range(3)]
    sender.join()
    assert trouble == []
    assert keeping.verify(workspace.store.read).disagreements == ()
    for number, file in enumerate(files):
        fresh = on_sqlite(file, tmp_path / f"fresh-{number}")
        verified = keeping.verify(fresh.store.read)
        assert verified.walk.broken is None
        assert verified.disagreements == ()
        assert not {delivery.state for delivery in deliveries(fresh.store).values()} & {
            DeliveryState.SENDING, DeliveryState.WAITING,
        }  # fmt: skip
        fresh.store.close()
    workspace.store.close()


# -- the commands ------------------------------------------------------------------------------------------------------


def call(capsys: pytest.CaptureFixture[str], *arguments: str, expect: int = 0) -> str:
    capsys.readouterr()
    code = main(arguments)
    out, err = capsys.readouterr()
    assert code == expect, f"{arguments}: exit {code}\n{out}\n{err}"
    assert "Traceback" not in out + err
    return out + err


def test_the_commands_say_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = office(tmp_path / "office")
    schedule(workspace, "ahead")
    monkeypatch.chdir(workspace.folder)
    told = json.loads(call(capsys, "backup", "../backup.zip", "--json").splitlines()[0])
    assert list(told) == ["file", "made_at", "bytes", "journal", "members", "left_out", "dry_run"]
    head = f"{told['journal']['n']}:{told['journal']['hash']}"
    assert "is intact" in call(capsys, "journal", "--verify", "--head", head)
    assert "is intact" in call(capsys, "journal", "--verify", "--head", "../backup.zip")
    call(capsys, "journal", "--verify", "--head", "seven", expect=2)
    call(capsys, "journal", "--verify", "--head", f"999:{'0' * 64}", expect=10)
    call(capsys, "backup", "../backup.zip", expect=77)
    call(capsys, "backup", "../nowhere/backup.zip", expect=66)
    call(capsys, "restore", "../backup.zip", "--no-input", expect=10)
    assert "intact" in call(capsys, "restore", "../backup.zip", "--dry-run")
    said = call(capsys, "restore", "../backup.zip", "--yes")
    for words in ("STOPPED", "ahead", "status", "resume --all", "Kept as it was"):
        assert words in said
    call(capsys, "publish-due", expect=11)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    answer = json.loads(call(capsys, "restore", "../backup.zip", "--json").splitlines()[0])
    assert answer["stopped"] is True
    assert answer["ahead"] == ["ahead"]
    call(capsys, "restore", "../nothing.zip", expect=66)
    call(capsys, "restore", "config.toml", expect=65)
    call(capsys, "publish-due", expect=11)
    workspace.store.close()


def test_a_broken_journal_is_backed_up_as_evidence_and_never_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sqlite3

    workspace = office(tmp_path / "office")
    schedule(workspace, "ahead")
    workspace.store.close()
    with sqlite3.connect(workspace.private / "state.db") as connection:
        connection.execute("DROP TRIGGER journal_no_update")
        connection.execute("UPDATE journal SET actor = 'nobody' WHERE n = 1")
    connection.close()
    monkeypatch.chdir(workspace.folder)
    assert "its journal is damaged" in call(capsys, "backup", "../backup.zip", expect=10)
    with archive.opened(tmp_path / "backup.zip") as opened:
        assert opened.manifest.holds is False
    (tmp_path / "empty").mkdir()
    call(capsys, "restore", "../backup.zip", "-w", str(tmp_path / "empty"), expect=65)
    assert list((tmp_path / "empty").iterdir()) == []


def test_recipients_lists_come_along(tmp_path: Path) -> None:
    more = (
        '[outlets.media]\ntype = "email"\nhost = "localhost"\nport = 2525\nsecurity = "none"\n'
        'from = "press@example.org"\nrecipients = "media.csv"\n'
    )
    workspace = office(tmp_path / "office", more=more)
    (workspace.folder / "media.csv").write_text("email\na@example.org\n")
    made = keeping.back_up(schedule(workspace, "ahead"), tmp_path / "backup.zip")
    restore(made.file, tmp_path / "fresh")
    assert (tmp_path / "fresh" / "media.csv").read_text() == "email\na@example.org\n"
    stream = io.BytesIO(made.file.read_bytes())
    with zipfile.ZipFile(stream) as whole:
        assert "lists/media.csv" in whole.namelist()
    workspace.store.close()
