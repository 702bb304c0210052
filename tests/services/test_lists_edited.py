"""A list of recipients that is edited after scheduling: what leaves stays as it was frozen, and people are told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from office import Office, found_office
from records import left_alone

from pressrelease.cli import session as sessions
from pressrelease.cli.session import Session
from pressrelease.services.list_growth import grew

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


# --- A list that grew since the last release ------------------------------------------------------------------------


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_fifth_of_those_before_is_asked_about(then: int, joined: int) -> None:
    assert grew(then, joined) is (then > 0 and joined * 5 >= then)


@pytest.fixture
def after_a_release(office: Office, call: Caller) -> Office:
    """The office after `first` went out to a list of ten."""
    _list(office, *(f"r{n}@example.org" for n in range(10)))
    office.write("first", embargo="immediate")
    call("schedule", "first", "--yes")
    call("approve", "first", "--as", "da")
    import sqlite3

    # As after a pass: the mail server of this office is one that nobody runs.
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        connection.execute("UPDATE deliveries SET state = 'delivered', attempts = 1, first_sent_at = lift")
        connection.execute("UPDATE releases SET open = 0")
    connection.close()
    office.write("names", embargo="immediate")
    left_alone(office.folder)
    return office


def test_one_newcomer_in_ten_asks_nothing(after_a_release: Office, call: Caller) -> None:
    _list(after_a_release, *(f"R{n}@EXAMPLE.org" for n in range(10)), "new@example.org")
    call("schedule", "names", "--no-input")
    assert "CHANGED" not in call.out


@pytest.mark.parametrize("options", [(), ("--yes",), ("--no-input",), ("--yes", "--confirm", "newsroom")])
def test_two_newcomers_in_ten_are_refused_unless_their_outlet_is_confirmed(
    after_a_release: Office, call: Caller, options: tuple[str, ...]
) -> None:
    _list(after_a_release, *(f"r{n}@example.org" for n in range(12)))
    call("schedule", "names", *options, expect=10)
    assert "press: 2 of 12 recipients are new since first went out. Nothing was scheduled." in call.err
    assert "--confirm press" in call.err
    answer = call.json("schedule", "names", *options, expect=10)
    assert answer["error"]["code"] == "list_grew"
    assert "CHANGED   press: 2 of 12 recipients" in call("schedule", "names", *options, "--dry-run")
    call("publish", "names", "--yes", expect=10)
    assert "press: 2 of 12 recipients" in call.err
    assert call.state("names") == "draft"
    call("schedule", "names", "--confirm", "press", *(option for option in options if option == "--yes"))
    assert call.state("names") == "unapproved"


def test_a_list_that_became_another_is_asked_about_though_it_is_no_longer(
    after_a_release: Office, call: Caller
) -> None:
    _list(after_a_release, *(f"staff{n}@example.org" for n in range(9)))
    call("schedule", "names", "--yes", expect=10)
    assert "press: 9 of 9 recipients are new since first went out." in call.err


@pytest.mark.parametrize(("answer", "state"), [("", "draft"), ("\n", "draft"), ("n\n", "draft"), ("y\n", "unapproved")])
def test_at_a_terminal_it_asks_and_the_default_is_no(
    after_a_release: Office, call: Caller, monkeypatch: pytest.MonkeyPatch, answer: str, state: str
) -> None:
    asked: list[str] = []
    typed: Callable[[str], str] = lambda prompt: asked.append(prompt) or answer  # type: ignore[func-returns-value]  # noqa: E731
    monkeypatch.setattr(Session, "may_ask", property(lambda self: not self.no_input))
    monkeypatch.setattr(sessions, "input_line", typed)
    _list(after_a_release, *(f"r{n}@example.org" for n in range(12)))
    call("schedule", "names", expect=0 if state == "unapproved" else 10)
    assert "2 of 12 recipients are new since first went out. Schedule it? [y/N]" in " ".join(asked[0].split())
    assert call.state("names") == state


def test_without_a_release_before_there_is_nothing_to_compare_with(office: Office, call: Caller) -> None:
    office.write("names", embargo="immediate")
    call("schedule", "names", "--no-input")
    _list(office, *(f"r{n}@example.org" for n in range(50)))
    call("schedule", "names", "--no-input")  # only scheduled, never sent
