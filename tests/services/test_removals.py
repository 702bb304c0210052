"""What must come down again: read, fixed with the version, asked for when it is due, until somebody says it is down."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from office import FAR, HereOffice, found_office

from pressrelease.notifications.daily import daily_notice
from pressrelease.notifications.removals import due_removals
from pressrelease.status.removals import DueRemoval, Removal, due_lines, removals_in
from pressrelease.store import Store, after_publication

NOW = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)
ZONE = "America/Los_Angeles"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HereOffice:
    policy = '[policy]\napprovals = 0\nbooking_photos = "14d"\n'
    made = HereOffice(found_office(tmp_path / "office", policy=policy).folder)
    (made.folder / "releases" / "photo.jpg").write_bytes(b"\xff\xd8 a photograph")
    monkeypatch.chdir(made.folder)
    return made


def out_since(office: HereOffice, slug: str, days: float) -> None:
    at = round((datetime.now(UTC) - timedelta(days=days)).timestamp() * 1e6)
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        connection.execute("UPDATE deliveries SET delivered_at = ? WHERE slug = ?", (at, slug))
    connection.close()


def due(office: HereOffice) -> list[tuple[str, str]]:
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    found = [(one.slug, one.what) for one in due_removals(store.read, datetime.now(UTC))]
    store.close()
    return sorted(found)


LATE = "2099-10-30T09:00:00-07:00"
PHOTO = "[{path: photo.jpg, alt: Booking photo, remove_at: 14 days}]"


def test_it_is_asked_for_when_it_is_due_until_it_is_recorded(office: HereOffice, call: Caller) -> None:
    office.write("names", attachments=PHOTO)
    office.write("plain")
    call("schedule", "names", "plain", "--yes")
    assert "photo.jpg comes down 14 days after it went out" in call.out
    call("publish-due")
    out_since(office, "names", 13.9)
    assert due(office) == []
    out_since(office, "names", 14.1)
    assert due(office) == [("names", "photo.jpg")]
    for screen in ((), ("status",)):
        call(*screen, expect=(0, 10))
        assert "Take down now\n  photo.jpg of names was to come down" in call.out
        assert "from newsroom." in call.out
        assert "pressrelease removed names --attachment photo.jpg --why …" in call.out
    found = call.json("removed", "names", "--attachment", "photo.jpg", "--why", "deleted")
    assert found["places"] == ["newsroom"]
    assert due(office) == []
    call(expect=(0, 10))
    assert "Take down now" not in call.out
    call("journal", "names")
    assert "recorded that photo.jpg is down: deleted" in call.out
    call("journal", "--verify", expect=(0, 10))


def test_the_whole_release_includes_its_attachments(office: HereOffice, call: Caller) -> None:
    office.write("names", attachments=PHOTO, remove_at="30 days")
    call("schedule", "names", "--yes")
    call("publish-due")
    out_since(office, "names", 31)
    assert due(office) == [("names", ""), ("names", "photo.jpg")]
    call("removed", "names", "--why", "deleted")
    assert due(office) == []


def test_a_correction_leaves_out_what_must_come_down_or_brings_another(office: HereOffice, call: Caller) -> None:
    office.write("names", attachments=PHOTO)
    call("schedule", "names", "--yes")
    call("publish-due")
    out_since(office, "names", 15)
    assert due(office) == [("names", "photo.jpg")]
    office.write("names", body="Without it.")
    call("correct", "names", "--note", "The photograph was taken out.", "--yes")
    call("publish-due")
    assert due(office) == []
    office.write("names", body="With it again.", attachments=PHOTO)
    call("correct", "names", "--note", "The photograph is back.", "--yes")
    call("publish-due")
    out_since(office, "names", 15)
    assert due(office) == [("names", "photo.jpg")]


def test_a_moment_is_fixed_when_it_is_scheduled(office: HereOffice, call: Caller) -> None:
    office.write("names", embargo=FAR, remove_at="2099-10-08T09:00:00-07:00")
    call("schedule", "names", "--yes")
    assert "the release comes down Thursday, Oct. 8, 2099, 9 a.m. PDT" in call.out
    lines = [json.loads(line) for line in call("journal", "--json").splitlines()]
    assert lines[0]["detail"]["removals"] == [{"what": "", "at": "2099-10-08T16:00:00Z"}]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"remove_at": "when it suits"}, "remove_at_unclear"),
        ({"remove_at": "2099-09-23T09:00:00-07:00"}, "remove_at_early"),
        ({"attachments": "[{path: photo.jpg, alt: Mug shot}]"}, "booking_photo_stays"),
        ({"attachments": f'[{{path: photo.jpg, alt: Mug shot, remove_at: "{LATE}"}}]'}, "booking_photo_stays"),
    ],
)
def test_what_can_not_be_kept_is_not_scheduled(
    office: HereOffice, call: Caller, keys: dict[str, str], code: str
) -> None:
    office.write("names", embargo=FAR, **keys)
    found = call.json("schedule", "names", "--yes", expect=65)
    assert found["error"]["code"] == code
    assert code in {one["code"] for one in call.json("check", "names", expect=(0, 65))["findings"]}


def test_a_lift_chosen_by_hand_is_compared_too(office: HereOffice, call: Caller) -> None:
    office.write("names", embargo="", remove_at="2099-09-23T09:00:00-07:00")
    found = call.json("schedule", "names", "--at", FAR, "--yes", expect=65)
    assert found["error"]["code"] == "remove_at_early"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("names", "--why", "x"), 66, "has no `remove_at`"),
        (("names", "--attachment", "other.jpg", "--why", "x"), 66, "With one: photo.jpg"),
        (("names", "--attachment", "photo.jpg"), 65, "No reason"),
        (("names", "--attachment", "photo.jpg", "--why", "x"), 77, "Nothing of names is out"),
        (("nothing", "--why", "x"), 66, "no release"),
    ],
)
def test_what_can_not_be_recorded_is_refused(
    office: HereOffice, call: Caller, arguments: tuple[str, ...], code: int, words: str
) -> None:
    office.write("names", embargo=FAR, attachments=PHOTO)
    call("schedule", "names", "--yes")
    call("removed", *arguments, expect=code)
    assert words in call.err
    call("journal")
    assert "is down" not in call.out


def test_it_is_part_of_the_version_and_a_file_without_it_keeps_its_name() -> None:
    from pressrelease.release import Attachment, Release, canonical, from_canonical

    plain = Release("names", "Names", "immediate", "Words.", attachments=(Attachment("photo.jpg"),))
    timed = plain._replace(attachments=(Attachment("photo.jpg", remove_at="14 days"),))
    assert b"remove_at" not in canonical(plain)
    assert canonical(plain) != canonical(timed)
    assert from_canonical(canonical(timed)) == timed


def test_on_either_database(store: Store) -> None:
    assert list(after_publication.removals(store.read)) == []
    assert list(after_publication.removed(store.read, "names")) == []
    assert list(after_publication.places(store.read, "names")) == []


@given(st.text(max_size=9), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)), st.integers(1, 10_000))
def test_what_is_written_into_the_journal_reads_back(what: str, at: datetime, hours: int) -> None:
    for one in (Removal(what, at=at.replace(microsecond=0, tzinfo=UTC)), Removal(what, after=timedelta(hours=hours))):
        assert removals_in(json.dumps({"removals": [one.as_detail()]})) == [one]


def test_the_list_of_the_day_has_it_every_day() -> None:
    lines = due_lines([DueRemoval("names", "photo.jpg", NOW, ("newsroom", "media (60 recipients)"))], timezone=ZONE)
    assert lines == [
        "photo.jpg of names was to come down Monday, Jan. 5, 2026, 10 a.m. PST, from newsroom, media (60 recipients)."
    ]
    day = NOW.astimezone(ZoneInfo(ZONE)).date()
    assert lines[0] in daily_notice(day, [], [], removals=lines, now=NOW, timezone=ZONE).words
