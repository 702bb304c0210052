"""A stop and a hold by a file in the workspace's folder: every guard asks for it, and `resume` ends it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import workshop
from office import HereOffice, Office, found_office

from pressrelease.errors import NotPermitted
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.scheduler.passes import publish_due
from pressrelease.system import stop_file


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office with two releases that are due."""
    made = HereOffice(found_office(tmp_path / "office").folder)
    for slug in ("one", "two"):
        made.write(slug)
    made.run("schedule", "one", "two")
    made.run("approve", "one", "two", "--as", "da")
    return made


def test_a_stop_file_stops_everything_until_resume(office: Office) -> None:
    office = Office(office.folder)  # each command in a process of its own
    file = office.folder / "STOP"
    file.write_text("The judge called.\nmore \x1b[31m")
    assert "STOPPED" in office.run("status").stdout
    done = office.run("publish-due", expect=11)
    assert "The judge called." in done.stderr
    assert not file.exists()
    assert "The judge called." in office.run("journal").stdout
    office.run("publish-due", expect=11)
    office.run("resume", "--all", "--yes")
    office.run("publish-due")
    assert office.pages == ["one", "two"]
    office.run("journal", "--verify")


def test_resume_ends_a_stop_that_no_pass_has_seen(office: Office) -> None:
    (office.folder / "STOP").touch()
    office.run("resume", "--all", "--yes")
    assert not (office.folder / "STOP").exists()
    office.run("publish-due")
    assert office.pages == ["one", "two"]


def test_a_hold_file_holds_one(office: Office) -> None:
    (office.folder / "HOLD-one").write_text("wrong name")
    assert office.state("one") == "held"
    office.run("publish-due", expect=10)
    assert office.pages == ["two"]
    assert not (office.folder / "HOLD-one").exists()
    office.run("resume", "one")
    office.run("publish-due")
    assert office.pages == ["one", "two"]


def test_the_hold_of_a_draft_holds_it_once_it_is_scheduled(office: Office) -> None:
    office.write("later")
    (office.folder / "HOLD-later").touch()
    office.run("publish-due")
    assert (office.folder / "HOLD-later").exists()
    office.run("schedule", "later")
    office.run("approve", "later", "--as", "da")
    office.run("publish-due", expect=10)
    assert office.pages == ["one", "two"]


def test_a_hold_file_that_can_not_be_removed_is_not_resumed(office: Office) -> None:
    (office.folder / "HOLD-one").mkdir()  # as one that this account may not remove
    done = office.run("resume", "one", expect=77)
    assert "permission to delete the file HOLD-one" in done.stderr
    assert "release.resumed" not in office.run("journal").stdout
    office.run("publish-due", expect=10)
    assert office.pages == ["two"]


def test_beside_a_record_that_is_not_the_original_they_stay_for_the_one_that_is(office: Office, tmp_path: Path) -> None:
    private = office.folder / ".pressrelease"
    private.rename(tmp_path / "right")
    shutil.copytree(tmp_path / "right", private)
    for name in ("STOP", "HOLD-one"):
        (office.folder / name).touch()
    office.run("publish-due", expect=11)
    shutil.rmtree(private)
    (tmp_path / "right").rename(private)
    assert "STOPPED" in office.run("status", expect=(0, 10, 11)).stdout
    office.run("publish-due", expect=11)
    office.run("resume", "--all", "--yes")
    assert office.state("one") == "held"


@pytest.mark.skipif(os.name != "posix", reason="links and folders as files")
@pytest.mark.parametrize("kind", ["link", "folder"])
def test_a_file_of_any_kind_is_a_stop(office: Office, kind: str) -> None:
    place = office.folder / "STOP"
    if kind == "link":
        place.symlink_to("nowhere")
    else:
        place.mkdir()
    office.run("publish-due", expect=11)
    assert office.pages == []
    # A folder is not this program's to remove; the stop stays until somebody has.
    office.run("resume", "--all", "--yes", expect=77 if kind == "folder" else 0)


@pytest.mark.parametrize("name", ["STOP", "HOLD-statement"])
def test_one_made_after_the_claim_is_seen_before_the_first_byte(tmp_path: Path, name: str) -> None:
    place = workshop.found(tmp_path, media={})
    workshop.schedule(place, "statement")
    media, prepare = place.made["media"], workshop.WritesDown.prepare

    def made_ready_while_somebody_stops(message: Message, *, key: str, recipient: str) -> RenderedMessage:
        (tmp_path / name).touch()
        return prepare(media, message, key=key, recipient=recipient)

    media.prepare = made_ready_while_somebody_stops  # type: ignore[method-assign]
    publish_due(place)
    assert media.got() == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_an_account_without_permission_to_write_is_refused_in_words(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(NotPermitted):
        stop_file.ask(tmp_path, "", "why")
