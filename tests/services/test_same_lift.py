"""The lift that one command shows is the lift that each later command shows."""

from __future__ import annotations

import shutil
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Caller
from hypothesis import example, given
from hypothesis import strategies as st
from office import Office, found_office

from pressrelease.check import embargo_of
from pressrelease.cli.session import Session
from pressrelease.errors import PressReleaseError
from pressrelease.services import ServiceContext
from pressrelease.services.drafting import begin
from pressrelease.services.listing import draft_row
from pressrelease.services.scheduling import propose
from pressrelease.system import clock
from pressrelease.when import read_embargo

LENGTHS = ("in 20 hours", "in 90 minutes", "23 hours from now", "in 1266 minutes", "in half an hour", "in two hours")
PHRASES = (
    *LENGTHS, "in 3 days", "tomorrow", "tomorrow at 10 a.m.", "today", "today at 5 p.m.", "5 p.m.", "Friday at 9 a.m.",
    "this Friday at 2 p.m.", "next week", "this week", "the rest of this week", "Monday", "noon", "in 2 weeks",
)  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ServiceContext:
    return Session(named=found_office(tmp_path_factory.mktemp("same") / "office").folder).context("jdoe")


@given(
    phrase=st.sampled_from(PHRASES) | st.integers(1, 3000).map("in {} minutes".format),
    at=st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=UTC)),
    later=st.integers(0, 3000).map(lambda minutes: timedelta(minutes=minutes)),
)
@example("5 p.m.", datetime(2026, 11, 18, 2, 0, tzinfo=UTC), timedelta(minutes=1))
@example("Friday at 9 a.m.", datetime(2026, 11, 20, 18, 0, tzinfo=UTC), timedelta(minutes=1))
@example("in 1266 minutes", datetime(2026, 11, 27, 21, 5, tzinfo=UTC), timedelta(minutes=1))
@example("in 20 hours", datetime(2026, 11, 27, 21, 5, 32, 500, tzinfo=UTC), timedelta(minutes=1))
def test_what_new_shows_is_what_every_later_command_shows(
    context: ServiceContext, phrase: str, at: datetime, later: timedelta
) -> None:
    shutil.rmtree(context.library.folder)
    context.library.folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "utc_now", lambda: at)
        try:
            shown = begin(context, "Names released", embargo=phrase, follows="", outlets=()).embargo
        except PressReleaseError:
            assert not context.library.slugs()
            return
        assert shown is not None
        office = context.config.office
        meant = read_embargo(phrase, now=at, timezone=office.timezone, release_time=office.release_time)
        assert (shown.kind, shown.lift) == (meant.kind, meant.lift)  # which is what `when` shows
        if phrase in LENGTHS or phrase.endswith("minutes"):
            assert shown.lift is not None
            assert timedelta(0) < shown.lift - at  # and not hours off, as from a midnight
        now = at + later
        patch.setattr(clock, "utc_now", lambda: now)
        row = draft_row(context, "names-released", now=now)
        assert row.embargo is not None
        assert (row.embargo.kind, row.embargo.lift) == (shown.kind, shown.lift)
        text = context.library.text("names-released")
        context.library.replace(
            "names-released",
            text[: text.index("[[")] + "Words.\n",
            expected_hash=context.library.source_hash("names-released") or "",
        )
        try:
            proposed = propose(context, "names-released").lift
        except PressReleaseError:
            assert shown.lift is not None
            assert shown.lift <= now
        else:
            assert proposed == shown.lift


@pytest.mark.parametrize("phrase", [*LENGTHS, "embargoed until in 20 hours"])
@pytest.mark.parametrize("date", [None, "2026-11-27"])
def test_a_length_of_time_in_a_file_is_refused_with_what_to_write(
    context: ServiceContext, phrase: str, date: str | None
) -> None:
    from pressrelease.release import parse

    day = f"date: {date}\n" if date else ""
    release = parse(f"---\nheadline: x\n{day}embargo: {phrase}\n---\nWords.\n".encode(), "names")
    now = datetime(2026, 11, 27, 21, 5, tzinfo=UTC)
    with pytest.raises(PressReleaseError) as refused:
        embargo_of(release, context.config, now=now)
    assert refused.value.code == "embargo_length"
    written = refused.value.hint.partition("“")[2].partition("”")[0]
    kept = embargo_of(release._replace(embargo=written), context.config, now=now)
    assert kept.lift is not None
    assert kept.lift > now


def an_editor(folder: Path, old: str, new: str) -> str:
    """An editor that replaces one phrase."""
    script = Path(tempfile.mkdtemp(dir=folder)) / "editor"
    script.write_text(f'#!/bin/sh\nsed -i.bak \'s/{old}/{new}/\' "$1" && rm "$1.bak"\n')
    script.chmod(stat.S_IRWXU)
    return str(script)


@pytest.mark.skipif("os.name == 'nt'", reason="the editor is a shell script")
def test_edit_writes_the_moment_that_a_length_of_time_means(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office.write("names", embargo="tomorrow at 10 a.m.")
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, "embargo:.*", "embargo: in 20 hours"))
    before = datetime.now(UTC)
    call("edit", "names")
    after = datetime.now(UTC)
    assert "in 20 hours" not in (office.folder / "releases/names.md").read_text()
    lift = datetime.fromisoformat(call.json("schedule", "names", "--yes")["releases"][0]["lift"])
    assert before + timedelta(hours=20) <= lift <= after + timedelta(hours=20, seconds=1)


@pytest.mark.skipif("os.name == 'nt'", reason="the editor is a shell script")
def test_edit_counts_nothing_from_a_phrase_that_was_there_before(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    office.write("names", embargo="in 20 hours")
    monkeypatch.setenv("EDITOR", an_editor(tmp_path, "Words", "More words"))
    call("edit", "names")
    assert "embargo: in 20 hours\n" in (office.folder / "releases/names.md").read_text()
    call("schedule", "names", "--yes", expect=65)
    assert "counts from the moment it is typed" in call.err


def test_a_lift_given_as_a_length_of_time_is_the_one_said_back(office: Office, call: Caller) -> None:
    office.write("names", embargo="immediate")
    before = datetime.now(UTC)
    lift = datetime.fromisoformat(call.json("schedule", "names", "--at", "in 20 hours", "--yes")["releases"][0]["lift"])
    assert lift.microsecond == 0
    assert timedelta(hours=20) <= lift - before < timedelta(hours=20, minutes=2)
    moved = call.json("resume", "names", "--at", "in 30 hours", "--yes")["releases"][0]["lift"]
    assert call.json("status", "names")["releases"][0]["lift"] == moved


# --- A draft without an embargo --------------------------------------------------------------------------------------


def test_a_new_draft_has_no_embargo_unless_one_was_given(office: Office, call: Caller) -> None:
    call("new", "Names released")
    path = office.folder / "releases/names-released.md"
    assert "immediate" not in path.read_text()
    assert "\nembargo:\n" in path.read_text()
    path.write_text(path.read_text().partition("[[")[0] + "Words.\n")
    findings = call.json("check", "names-released")["findings"]
    assert ("embargo_missing", "warning") in {(one["code"], one["severity"]) for one in findings}
    assert call.json("status", "names-released")["releases"][0]["embargo"] is None
    call("schedule", "names-released", "--yes", expect=65)
    assert "--at" in call.err
    call("publish", "names-released", "--yes", expect=65)
    lift = call.json("schedule", "names-released", "--at", "tomorrow at 10 a.m.", "--yes")["releases"][0]["lift"]
    assert lift is not None
    assert call.json("status", "names-released")["releases"][0]["embargo"]["text"] == "tomorrow at 10 a.m."


def test_new_says_that_the_proposed_lift_is_past(
    context: ServiceContext, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shutil.rmtree(context.library.folder)
    context.library.folder.mkdir()
    monkeypatch.setattr(clock, "utc_now", lambda: datetime(2026, 11, 30, 21, 0, tzinfo=UTC))
    found = begin(context, "Names released", embargo="today", follows="", outlets=())
    assert [one.code for one in found.findings] == ["window_begun"]
