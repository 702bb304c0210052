"""A list of recipients that is edited after scheduling: what leaves stays as it was frozen, and people are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from calling import Caller
from office import Office, found_office

MAIL = """
[outlets.press]
type = "email"
host = "127.0.0.1"
port = 2501
security = "none"
from = "press@example.org"
recipients = "media.csv"
[defaults]
outlets = ["press"]
"""
FAR = "2031-01-06T17:00:00Z"


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office", more=MAIL)
    monkeypatch.chdir(made.folder)
    _list(made, "jane@example.org", "rick@example.org")
    return made


def _list(office: Office, *addresses: str, name: str = "media.csv") -> None:
    (office.folder / name).write_text("email\n" + "".join(f"{one}\n" for one in addresses), encoding="utf-8")


def test_check_status_and_approve_say_how_many_joined_and_left(office: Office, call: Caller) -> None:
    office.write("names", embargo=FAR)
    call("schedule", "names", "--yes")
    assert call.json("status", "names")["releases"][0]["lists_edited"] == []
    _list(office, "RICK@example.org", "new@example.org", "other@example.org")
    words = "press: 2 people were added to its list and 1 removed since this was scheduled"
    told = call.json("status", "names")["releases"][0]
    assert told["lists_edited"] == [{"outlet": "press", "joined": 2, "left": 1}]
    assert {one["recipient"] for one in told["deliveries"]} == {"jane@example.org", "rick@example.org"}
    assert words in call("status", expect=(0, 10))
    assert words in call("check", "names", expect=(0, 65))
    (finding,) = [one for one in call.json("check", "names")["findings"] if one["code"] == "recipients_changed"]
    assert finding["severity"] == "warning"
    assert words in call("approve", "names", "--as", "da")
    # Whoever is told is told numbers: no address came into the log or the journal.
    kept = [path.read_text(errors="replace") for path in (office.folder / ".pressrelease").glob("log*")]
    assert not any("other@example.org" in text for text in [*kept, call("journal")])
    # Scheduled again, it is for the list as it is now.
    call("schedule", "names", "--yes")
    told = call.json("status", "names")["releases"][0]
    assert told["lists_edited"] == []
    assert {one["recipient"] for one in told["deliveries"]} == {
        "RICK@example.org", "new@example.org", "other@example.org"
    }  # fmt: skip


def test_a_list_that_was_touched_and_not_changed_is_no_news(office: Office, call: Caller) -> None:
    office.write("names", embargo=FAR)
    call("schedule", "names", "--yes")
    _list(office, "rick@example.org", "Jane@example.org")
    assert call.json("status", "names")["releases"][0]["lists_edited"] == []


def test_a_list_that_was_not_touched_is_not_read(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    office.write("names", embargo=FAR)
    then = (office.folder / "media.csv").stat().st_mtime - 60
    os.utime(office.folder / "media.csv", (then, then))
    call("schedule", "names", "--yes")

    def no(*_: object) -> None:
        raise AssertionError("it was read")

    monkeypatch.setattr("pressrelease.outlets.mailboxes_now", no)
    assert call.json("status", "names")["releases"][0]["lists_edited"] == []


def test_one_reporter_on_two_lists_of_a_release_is_a_warning(office: Office, call: Caller) -> None:
    with (office.folder / "config.toml").open("a", encoding="utf-8") as config:
        config.write(MAIL.partition("[defaults]")[0].replace("outlets.press", "outlets.tv").replace("media.", "tv."))
    _list(office, "Jane@example.org", "tv@example.org", name="tv.csv")
    office.write("names", embargo=FAR, outlets="[press, tv]")
    (finding,) = [one for one in call.json("check", "names")["findings"] if one["code"] == "recipients_twice"]
    assert (finding["severity"], finding["line"]) == ("warning", 5)
    assert "1 recipient is on both lists, press and tv" in finding["message"]
    assert "example.org" not in finding["message"]


def test_an_edit_of_config_is_a_finding_too(office: Office, call: Caller) -> None:
    office.write("names", embargo=FAR)
    call("schedule", "names", "--yes")
    text = (office.folder / "config.toml").read_text(encoding="utf-8")
    (office.folder / "config.toml").write_text(text.replace("The Office", "Another Office"), encoding="utf-8")
    (finding,) = [one for one in call.json("check", "names")["findings"] if one["code"] == "config_changed"]
    assert finding["message"] == "[office] name was changed after it was scheduled."
