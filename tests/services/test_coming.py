"""The coming weeks, and a calendar file that names nothing before its lift."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from office import Office, found_office

from pressrelease.cli import main
from pressrelease.services import ServiceContext
from pressrelease.services.approving import approve
from pressrelease.services.coming import as_ics, coming
from pressrelease.services.scheduling import propose, schedule
from pressrelease.wiring import Workspace

NOW = datetime.now(UTC)
LIFT = (NOW + timedelta(days=3)).replace(microsecond=0, minute=0, second=0)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = found_office(tmp_path / "office", policy="[policy]\napprovals = 1\n")
    context = ServiceContext(Workspace(made.folder), "jdoe")
    for slug, lift in (("zqguilty-verdict", LIFT), ("other", LIFT), ("alone", LIFT + timedelta(hours=1))):
        made.write(slug, headline=f"Zqsecret {slug}", embargo=lift.isoformat())
        schedule(context, propose(context, slug))
    approve(context, "alone", "deputy")
    made.write("draft", embargo=LIFT.isoformat(), body=f"Roe will be arraigned on {LIFT:%B} {LIFT.day}, {LIFT.year}.")
    return made


def test_the_coming_weeks_show_what_goes_out_and_what_collides(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--workspace", str(office.folder), "calendar", "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)["entries"]
    releases = {one["slug"]: (one["says"], one["conflict"]) for one in entries if one["kind"] == "release"}
    assert releases == {
        "zqguilty-verdict": ("unapproved", True), "other": ("unapproved", True), "alone": ("scheduled", False),
    }  # fmt: skip
    assert [(one["slug"], one["says"]) for one in entries if one["kind"] == "court"] == [("draft", "arraignment")]
    assert [one["at"] for one in entries] == sorted(one["at"] for one in entries)
    assert main(["--workspace", str(office.folder), "calendar"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Week of ")
    assert "other: unapproved  CONFLICT: another goes out at the same moment" in said


def test_a_calendar_file_has_the_moments_and_no_name(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "releases.ics"
    assert main(["--workspace", str(office.folder), "calendar", "--ics", str(file)]) == 0
    text = file.read_bytes().decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert text.count("BEGIN:VEVENT") == 3
    assert f"DTSTART:{LIFT:%Y%m%dT%H%M%SZ}" in text
    assert len({line for line in text.splitlines() if line.startswith("UID:")}) == 3
    for name in ("zq", "guilty", "other", "alone", "draft", "arraign", "Headline"):
        assert name not in text.lower(), "before its lift it names no headline, no slug and no text"
    assert all(len(line) <= 75 for line in text.splitlines())


def test_a_file_that_can_not_be_written_is_refused(office: Office) -> None:
    assert main(["--workspace", str(office.folder), "calendar", "--ics", str(office.folder / "no" / "x.ics")]) == 65


def test_what_is_weeks_away_is_not_shown(office: Office) -> None:
    context = ServiceContext(Workspace(office.folder), "jdoe")
    assert [one for one in coming(context, now=NOW + timedelta(days=30), weeks=1) if one.kind == "release"] == []
    assert as_ics([], now=NOW).count(b"\r\n") == 4
