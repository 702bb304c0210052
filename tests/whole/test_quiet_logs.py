"""What cron mails and the system's log keeps names no release before its lift; neither does a list of processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from office import COMMAND, HereOffice, Office, found_office, in_seconds, iso

SLUG = "zqcanary-indicted"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office with a release that was changed after its approval, two hours ahead of its lift."""
    made = HereOffice(found_office(tmp_path / "office").folder)
    made.write(SLUG, embargo=iso(in_seconds(7200)))
    made.run("schedule", SLUG, "--yes")
    made.run("approve", SLUG, "--as", "da")
    with (made.folder / "releases" / f"{SLUG}.md").open("a") as file:
        file.write("More words.\n")
    return made


def test_publish_due_names_no_release_before_its_lift(office: Office) -> None:
    done = Office(office.folder).run("publish-due", expect=10)  # as cron runs it
    code = office.json("status", SLUG)["releases"][0]["version"][:6]
    assert f"ACTION NEEDED: a release (code {code}): " in done.stderr
    assert "zqcanary" not in done.stdout + done.stderr
    named = office.json("publish-due", expect=10)["needs_you"]
    assert named[0]["slug"] == SLUG, "a program that asks is told"


@pytest.mark.parametrize("happened", ["its file is gone", "its row was edited"])
def test_no_reason_names_a_release_before_its_lift(office: Office, happened: str) -> None:
    if happened == "its file is gone":
        (office.folder / "releases" / f"{SLUG}.md").unlink()
    else:
        with closing(sqlite3.connect(office.folder / ".pressrelease" / "state.db")) as connection, connection:
            connection.execute("UPDATE releases SET author = 'someone'")
    done = Office(office.folder).run("publish-due", expect=10)
    assert "ACTION NEEDED: a release (code " in done.stderr
    assert "zqcanary" not in done.stdout + done.stderr


def test_run_names_no_release_before_its_lift(office: Office) -> None:
    process = office.start("run")
    assert process.stderr is not None
    said = ""
    while "a release (code " not in said and (line := process.stderr.readline()):
        said += line
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert "a release (code " in said
    assert "zqcanary" not in said + out + err


def test_once_it_has_lifted_it_is_named(office: Office) -> None:
    office.write("late", embargo="immediate")
    office.run("schedule", "late")
    office.run("approve", "late", "--as", "da")
    office.write("late", body="Other words.")
    assert "ACTION NEEDED: late: " in office.run("publish-due", expect=10).stderr


@pytest.mark.parametrize("given", ["Zqcanary indicted\n", "  Zqcanary indicted  \nmore\n"])
def test_a_headline_can_be_given_where_no_list_of_processes_shows_it(tmp_path: Path, given: str) -> None:
    office = found_office(tmp_path / "office")
    done = subprocess.run(
        [*COMMAND, "new", "-"], cwd=office.folder, input=given, capture_output=True, text=True, check=True
    )
    assert "zqcanary-indicted.md" in done.stdout
    assert "headline: Zqcanary indicted" in (office.folder / "releases" / f"{SLUG}.md").read_text()
    office.run("new", expect=2)
    office.run("new", "-", expect=2)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_restored_office_shows_no_slug_to_others(office: Office, tmp_path: Path) -> None:
    office.run("backup", str(tmp_path / "today.zip"))
    new = tmp_path / "new"
    office.run("restore", str(tmp_path / "today.zip"), "--yes", "-w", str(new), expect=(0, 10))
    assert stat.S_IMODE((new / "releases").stat().st_mode) & 0o007 == 0
