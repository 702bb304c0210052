"""A copied workspace, a cloned disk, an older record: nothing leaves until a person has adopted it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from conftest import fresh_schema
from records import deliveries, events, left_alone, office, schedule, schedule_now

from pressrelease.errors import NotPermitted, Stopped
from pressrelease.release.delivery import DeliveryState
from pressrelease.scheduler import passes
from pressrelease.services import ServiceContext, adopting, keeping, restoring, settling, stopping
from pressrelease.services.doctor import Weight, examine
from pressrelease.store import origin
from pressrelease.store.origin import RecordLocation, moved
from pressrelease.system.clock import utc_now
from pressrelease.wiring import Workspace


@pytest.fixture(autouse=True)
def _no_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Workspaces of these tests count as real ones: what is remembered of them elsewhere goes into a folder of ours."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """An office that has published one release and has another one due."""
    made = office(tmp_path / "office")
    schedule_now(made, "out")
    assert passes.publish_due(made).published == ("out",)
    schedule_now(made, "due")
    made.store.close()
    yield made
    made.store.close()


def again(folder: Path) -> Workspace:
    return Workspace(folder)


def sends_nothing(folder: Path, why: str) -> None:
    """See that a pass sends nothing, says why, and that every screen and `doctor` say so."""
    opened = again(folder)
    try:
        outcome = passes.publish_due(opened)
        assert outcome.published == ()
        assert outcome.stopped is not None
        assert why in outcome.stopped
        assert deliveries(opened.store)["due"].attempts == 0
        control = opened.store.read.control()
        assert control.stopped
        assert "pressrelease adopt" in control.headline
        found = [one for one in examine(opened, offline=True) if one.check == "scheduler" and why in one.message]
        assert [one.weight for one in found] == [Weight.ERROR]
        with pytest.raises(Stopped, match="Nothing was resumed"):
            stopping.resume_all(ServiceContext(opened, "da"), let_go=True)
        stopping.stop(ServiceContext(opened, "da"), "a brake always works")
    finally:
        opened.store.close()


def sends(folder: Path, *slugs: str) -> None:
    opened = again(folder)
    try:
        outcome = passes.publish_due(opened)
        assert (outcome.stopped, outcome.published) == (None, slugs)
    finally:
        opened.store.close()


# -- copies -----------------------------------------------------------------------------------------------------


def test_a_copied_workspace_sends_nothing_and_the_original_goes_on(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "office-test"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    sends_nothing(copy, "is a copy of")
    sends(workspace.folder, "due")


def test_a_copy_put_in_the_place_of_the_original_sends_nothing(workspace: Workspace, tmp_path: Path) -> None:
    shutil.copytree(workspace.folder, tmp_path / "copy", symlinks=True)
    workspace.folder.rename(tmp_path / "old")
    (tmp_path / "copy").rename(workspace.folder)
    sends_nothing(workspace.folder, "put back in the same place")


@pytest.mark.parametrize("how", ["alone, into another office", "alone, and named by [store]", "its marker taken away"])
def test_a_record_without_its_marker_sends_nothing(workspace: Workspace, tmp_path: Path, how: str) -> None:
    private = workspace.folder / ".pressrelease"
    if how == "its marker taken away":
        (private / "state.db.id").unlink()
        sends_nothing(workspace.folder, "without state.db.id")
        return
    other = tmp_path / "other"
    shutil.copytree(workspace.folder, other, ignore=shutil.ignore_patterns(".pressrelease"))
    there = other / ("elsewhere" if "[store]" in how else ".pressrelease")
    there.mkdir(mode=0o700)
    shutil.copy2(private / "state.db", there / "state.db")
    if "[store]" in how:
        config = other / "config.toml"
        config.write_text(config.read_text().replace(".pressrelease/state.db", "elsewhere/state.db"))
        left_alone(other)
    sends_nothing(other, "without state.db.id")
    sends(workspace.folder, "due")
    context = ServiceContext(again(other), "da")
    assert adopting.adopt(context).doubted == ("due",)
    assert not context.store.read.control().not_the_original
    context.store.close()


def test_a_renamed_folder_goes_on(workspace: Workspace, tmp_path: Path) -> None:
    workspace.folder.rename(tmp_path / "renamed")
    sends(tmp_path / "renamed", "due")


def test_an_older_programs_marker_is_taken_as_it_is(workspace: Workspace) -> None:
    marker = workspace.store.origin.marker
    marker.write_text(json.loads(marker.read_text())["store"])
    sends(workspace.folder, "due")
    assert json.loads(marker.read_text())["place"]["path"] == str(marker.parent)


def test_a_copy_that_is_adopted_is_stopped_and_what_was_due_is_in_doubt(workspace: Workspace, tmp_path: Path) -> None:
    schedule(workspace, "ahead")
    workspace.store.close()
    copy = tmp_path / "moved"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    opened = again(copy)
    context = ServiceContext(opened, "da")
    dry = adopting.adopt(ServiceContext(opened, "da", dry_run=True), "the old disk died")
    assert dry.doubted == ("due",)
    assert opened.store.read.control().not_the_original
    assert adopting.adopt(context, "the old disk died") == dry
    control = opened.store.read.control()
    assert (control.stopped, control.not_the_original, control.stopped_why) == (True, "", "the old disk died")
    found = deliveries(opened.store)
    assert found["due"].state is DeliveryState.IN_DOUBT
    assert found["due"].needs_person
    assert found["ahead"].state is DeliveryState.WAITING
    assert passes.publish_due(opened).published == ()
    assert keeping.verify(opened.store.read).disagreements == ()
    assert events(opened.store)[-1] == "delivery.in_doubt" or "adopted" in events(opened.store)
    with pytest.raises(NotPermitted, match="already the original"):
        adopting.adopt(context)
    stopping.resume_all(context, let_go=True)
    schedule_now(opened, "new")
    assert passes.publish_due(opened).published == ("new",)
    opened.store.close()


def test_a_copy_adopted_under_a_clock_that_was_set_back_is_sure_of_no_lift(
    workspace: Workspace, tmp_path: Path
) -> None:
    schedule(workspace, "ahead")
    workspace.store.close()
    copy = tmp_path / "copy"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    opened = again(copy)
    context = ServiceContext(opened, "da")
    opened.store.open(utc_now())
    with contextlib.closing(sqlite3.connect(copy / ".pressrelease" / "state.db", isolation_level=None)) as record:
        record.execute("UPDATE control SET newest = newest + 7200000000")  # written before the clock was set back
    assert set(adopting.adopt(context).doubted) == {"due", "ahead"}
    stopping.resume_all(context, let_go=True, clock_confirmed=True)
    assert passes.publish_due(opened).published == ()
    settling.settle(context, "ahead", settling.in_doubt(context, "ahead", "newsroom"), "resend")
    assert passes.publish_due(opened).published == ()  # sent again, and not before its lift
    assert keeping.verify(opened.store.read).disagreements == ()
    opened.store.close()


def test_a_scheduler_that_stays_up_in_a_copy_sends_nothing(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    command = [sys.executable, "-m", "pressrelease", "-w", str(copy), "--no-input", "run"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert running.stderr
    said = ""
    while "is a copy of" not in said:
        said += (line := running.stderr.readline())
        assert line, said
    running.terminate()
    running.communicate(timeout=60)
    assert not (copy / "newsroom" / "due").exists()


# -- what is no copy ----------------------------------------------------------------------------------------------

HERE = RecordLocation("/srv/office/.pressrelease", 64769, 131074, "3f2a")


@pytest.mark.parametrize(
    ("seen", "inodes_last", "same"),
    [
        (HERE, True, True),
        (HERE._replace(device=2049), True, True),  # a reboot, a disk mounted again
        (HERE._replace(path="/data/office/.pressrelease"), True, True),  # renamed
        (HERE._replace(machine=""), True, True),  # now in a container
        (HERE._replace(inode=7), False, True),  # a file system that numbers its files again
        (HERE._replace(inode=7), True, False),
        (HERE._replace(path="/srv/copy/.pressrelease", inode=7), True, False),
        (HERE._replace(path="/srv/copy/.pressrelease", inode=7), False, False),
        (HERE._replace(path="/mnt/clone/.pressrelease", device=2049), True, False),  # a cloned disk beside the first
        (HERE._replace(machine="77aa"), True, False),  # a cloned disk in another machine
    ],
)
def test_what_counts_as_the_same_place(seen: RecordLocation, inodes_last: bool, same: bool) -> None:
    assert (moved(HERE, seen, inodes_last=inodes_last) == "") is same


def test_the_machine_id_says_nothing_in_a_container(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "containerenv").touch()
    monkeypatch.setattr(origin, "_CONTAINER", (str(tmp_path / "containerenv"),))
    assert origin._machine_id() == ""


# -- an older record ----------------------------------------------------------------------------------------------


def test_an_older_record_put_back_sends_nothing(workspace: Workspace, tmp_path: Path) -> None:
    shutil.copy2(workspace.folder / ".pressrelease" / "state.db", tmp_path / "yesterday.db")
    sends(workspace.folder, "due")
    schedule_now(workspace, "later")
    workspace.store.close()
    file = workspace.folder / ".pressrelease" / "state.db"
    file.write_bytes((tmp_path / "yesterday.db").read_bytes())  # the same inode
    sends_nothing(workspace.folder, "older than the one that was here")
    context = ServiceContext(again(workspace.folder), "da")
    assert adopting.adopt(context).doubted == ("due",)
    context.store.close()


def test_a_whole_private_folder_put_back_sends_nothing(workspace: Workspace, tmp_path: Path) -> None:
    private = workspace.folder / ".pressrelease"
    shutil.copytree(private, tmp_path / "yesterday")
    sends(workspace.folder, "due")
    for old in (tmp_path / "yesterday").iterdir():
        if old.is_file():
            (private / old.name).write_bytes(old.read_bytes())
    sends_nothing(workspace.folder, "older than the one that was here")


def test_a_record_that_went_on_elsewhere_sends_nothing(workspace: Workspace, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    stopping.stop(ServiceContext(again(copy), "da"), "in the copy")
    sends(workspace.folder, "due")
    shutil.copy2(copy / ".pressrelease" / "state.db", workspace.folder / ".pressrelease" / "state.db")
    sends_nothing(workspace.folder, "or a different one")


def test_a_backup_that_is_put_back_goes_on_once_resumed(workspace: Workspace, tmp_path: Path) -> None:
    context = ServiceContext(again(workspace.folder), "da")
    keeping.back_up(context, tmp_path / "backup.zip")
    context.store.close()
    sends(workspace.folder, "due")
    with restoring.unpacked(tmp_path / "backup.zip", workspace.folder) as backup:
        restoring.put_back(backup, actor="da")
    opened = again(workspace.folder)
    control = opened.store.read.control()
    assert (control.stopped, control.not_the_original) == (True, "")
    stopping.resume_all(ServiceContext(opened, "da"), let_go=True)
    schedule_now(opened, "new")
    assert "new" in passes.publish_due(opened).published
    opened.store.close()


def test_the_trial_of_a_backup_leaves_the_original_alone(workspace: Workspace, tmp_path: Path) -> None:
    context = ServiceContext(again(workspace.folder), "da")
    keeping.back_up(context, tmp_path / "backup.zip")
    context.store.close()
    with restoring.unpacked(tmp_path / "backup.zip", tmp_path / "trial") as backup:
        restoring.put_back(backup, actor="da")
    sends(workspace.folder, "due")


def test_a_file_that_a_power_cut_left_empty_says_nothing(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.folder / ".pressrelease" / "state.db.at").write_bytes(b"")
    for file in (tmp_path / "state" / "pressrelease").iterdir():
        file.write_bytes(b"\0" * 256)
    sends(workspace.folder, "due")


def test_nothing_is_remembered_elsewhere_of_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    schedule_now(office(tmp_path / "office"), "out").store.close()
    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_what_is_remembered_is_private(workspace: Workspace, tmp_path: Path) -> None:
    files = [*(workspace.folder / ".pressrelease").glob("state.db.*"), *(tmp_path / "state" / "pressrelease").iterdir()]
    assert len(files) == 3
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_server_put_back_to_yesterday_sends_nothing(postgres: str, tmp_path: Path) -> None:
    url = fresh_schema(postgres)
    workspace = office(tmp_path / "office", store_url=url)
    schedule_now(workspace, "due")
    assert passes.publish_due(workspace).published == ("due",)
    workspace.store.close()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
        server.execute("ALTER TABLE journal DISABLE TRIGGER ALL")
        server.execute("DELETE FROM journal WHERE event LIKE 'delivery.%' OR event = 'release.published'")
        server.execute("ALTER TABLE journal ENABLE TRIGGER ALL")
        server.execute("UPDATE deliveries SET state = 'waiting', attempts = 0, claimed_from = NULL, owner = NULL")
        server.execute("UPDATE releases SET open = true")
    sends_nothing(workspace.folder, "older than the one that was here")


def test_two_machines_on_one_server_are_no_copies(postgres: str, tmp_path: Path) -> None:
    url = fresh_schema(postgres)
    one = office(tmp_path / "one", store_url=url)
    schedule_now(one, "out")
    one.store.close()
    shutil.copytree(one.folder, tmp_path / "two")
    sends(tmp_path / "two", "out")
    schedule_now(one, "more")
    one.store.close()
    sends(one.folder, "more")


def test_a_claim_asks_too(workspace: Workspace, tmp_path: Path) -> None:
    """A pass that looked before the record was exchanged claims nothing after."""
    from pressrelease.store.claims import claim

    copy = tmp_path / "copy"
    shutil.copytree(workspace.folder, copy, symlinks=True)
    opened = again(copy)
    due = deliveries(opened.store)["due"]
    with opened.store.ledger(now=utc_now(), actor="scheduler") as ledger:
        claimed = claim(
            ledger,
            [due.id],
            owner="me",
            lease_until=utc_now(),
            policy=opened.config.policy,
            retry=opened.config.retry,
        )
    assert claimed == []
    opened.store.close()
