"""What an approver sees, and that exactly that is approved: whatever others do between the screen and the yes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from calling import Caller
from office import FAR, Office, found_office
from preloaded import command_started
from records import left_alone

from pressrelease.cli import approval_screen, session
from pressrelease.cli.session import Session
from pressrelease.cli.wrapping import wrapped

TEXT = """\
The office said that 17 people were arrested in a county-wide operation.

Richard Roe, 17, of Lincoln was booked into jail.

The office will release the photos by Oct. 10, 2099."""

MEDIA = """
[outlets.media]
type = "email"
host = "127.0.0.1"
security = "none"
from = "press@example.org"
recipients = "media.csv"
[defaults]
outlets = ["newsroom", "media"]
"""


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with a scheduled release `names`, for the newsroom and a list of two."""
    made = found_office(tmp_path / "office", more=MEDIA)
    people(made, 2)
    (made.folder / "releases" / "sheet.pdf").write_bytes(b"facts")
    write(made)
    left_alone(made.folder)
    monkeypatch.chdir(made.folder)
    return made


def people(office: Office, number: int) -> None:
    (office.folder / "media.csv").write_text(
        "email\n" + "".join(f"r{n}@paper.example\n" for n in range(number)), encoding="ascii"
    )


def write(office: Office, *, body: str = TEXT, **keys: str) -> None:
    given = {
        "headline": "Names released",
        "embargo": FAR,
        "attachments": "[{path: sheet.pdf, title: The sheet}]",
        "accept": "{presumption_missing: the sheet has it}",
    } | keys
    office.write("names", body=body, **given)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Makes somebody sit at a terminal: what is asked, and what happens before the answer is given."""

    def sit(answer: str = "y", before: Callable[[], object] = lambda: None) -> list[str]:
        asked: list[str] = []

        def typed(prompt: str) -> str:
            asked.append(" ".join(prompt.split()))
            before()
            return answer

        monkeypatch.setattr(Session, "may_ask", property(lambda self: not self.no_input))
        monkeypatch.setattr(session, "input_line", typed)
        return asked

    return sit


def scheduled(call: Caller, *more: str) -> str:
    call("schedule", "names", "--yes", *more)
    return str(call.json("status", "names")["releases"][0]["version"])


# --- What is shown --------------------------------------------------------------------------------------------------


def test_all_that_is_approved_is_on_the_screen(
    office: Office, call: Caller, answering: Callable[..., list[str]]
) -> None:
    version = scheduled(call)
    asked = answering()
    shown = call("approve", "names", "--as", "deputy") + call.err
    for words in (
        "headline  Names released\n",
        "goes out  Thursday, Sept. 24, 2099, 9 a.m. PDT (in ",
        "to        newsroom\n",
        "to        media (2 recipients)\n",
        "attached  sheet.pdf (5 bytes, “The sheet”)\n",
        "accepted  The release says someone was arrested or charged",
        "Reason: the sheet has it\n",
        "warning   This names a minor",
        "promises  “The office will release the photos by Oct. 10, 2099.” (line 13): ",
        f"version   {version[:12]}\n",
        "changed   No other version of it was approved before.",
    ):
        assert words in shown, words
    assert asked == [f"Approve version {version[:12]} of names as deputy? [y/N]"]
    assert call.state("names") == "scheduled"


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yess\n"])
def test_what_is_no_yes_approves_nothing(
    office: Office, call: Caller, answering: Callable[..., list[str]], answer: str
) -> None:
    scheduled(call)
    answering(answer)
    call("approve", "names", expect=10)
    assert "Not confirmed. Nothing was changed." in call.err
    assert "pressrelease proof names" in call.err
    assert call.state("names") == "unapproved"


def test_a_script_approves_as_before(office: Office, call: Caller, answering: Callable[..., list[str]]) -> None:
    scheduled(call)
    asked = answering()
    call("approve", "names", "--no-input")
    assert not asked
    assert call.state("names") == "scheduled"


def test_a_dry_run_shows_and_asks_nothing(office: Office, call: Caller, answering: Callable[..., list[str]]) -> None:
    scheduled(call)
    asked = answering()
    assert "headline  Names released" in call("approve", "names", "--dry-run")
    assert not asked
    assert call.state("names") == "unapproved"


def test_what_is_asked_is_shown_where_it_is_asked(
    office: Office, call: Caller, answering: Callable[..., list[str]]
) -> None:
    scheduled(call)
    answering()
    call("approve", "names")  # standard output is no terminal here
    assert "headline  Names released" in call.err


@pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("typed", "state"), [(b"y\n", "scheduled"), (b"", "unapproved")])
def test_a_real_terminal_is_asked_and_a_closed_one_approves_nothing(
    office: Office, call: Caller, typed: bytes, state: str
) -> None:
    import pty

    scheduled(call)
    keyboard, terminal = pty.openpty()
    process = command_started(
        ["approve", "names", "--as", "deputy"],
        cwd=office.folder,
        environment=os.environ | {"COLUMNS": "80"},
        streams=dict.fromkeys(range(3), terminal),
    )
    os.close(terminal)
    screen = b""
    try:
        while b"[y/N]" not in screen:
            screen += os.read(keyboard, 4096)
        if typed:
            os.write(keyboard, typed)
        else:
            os.close(keyboard)
        assert (process.wait(timeout=60) == 0) is bool(typed)
    finally:
        process.kill()
        if typed:
            os.close(keyboard)
    assert b"\x1b" not in screen
    assert max(map(len, screen.decode().splitlines())) <= 80
    assert call.state("names") == state


def test_the_clearances_that_it_needs_are_on_the_screen(office: Office, call: Caller) -> None:
    config = office.folder / "config.toml"
    config.write_text(config.read_text() + '\n[clearances.charges]\nask = "Do they stand?"\nby = ["jdoe"]\n')
    left_alone(office.folder)
    write(office, clearances="[charges]")
    scheduled(call)
    assert "needs     charges is not cleared; jdoe can give it" in call("approve", "names", "--dry-run")
    (found,) = call.json("approve", "names", "--dry-run")["approving"]
    assert [(one["name"], one["state"]) for one in found["clearances"]] == [("charges", "missing")]


# --- What changed ---------------------------------------------------------------------------------------------------


def test_what_changed_since_the_last_approval_is_shown_and_in_the_json(office: Office, call: Caller) -> None:
    first = scheduled(call)
    call("approve", "names", "--as", "da")
    people(office, 3)
    (office.folder / "releases" / "sheet.pdf").write_bytes(b"other facts")
    write(office, body=TEXT.replace("Roe, 17", "Roe, 18"), headline="Names withheld", embargo="2099-09-25T09:00-07:00")
    scheduled(call)
    config = office.folder / "config.toml"
    config.write_text(config.read_text().replace('"The Office"', '"An Office"'))
    left_alone(office.folder)
    second = scheduled(call)
    shown = call("approve", "names", "--dry-run")
    after = shown[shown.index("CHANGED") :]
    assert f"CHANGED   since version {first[:12]}, approved by da, " in after
    for words in (
        "    goes out\n      was  Thursday, Sept. 24, 2099, 9 a.m. PDT\n",
        "      now  Friday, Sept. 25, 2099, 9 a.m. PDT\n",
        "    24 h later\n",
        "    to media (1 recipient): NEW: r2@paper.example\n",
        "    headline\n      was  Names released\n      now  Names withheld\n",
        "    text: 1 word taken out, 1 added ([-taken out-], {+added+})\n",
        "      line 11: Richard Roe, [-17,-] {+18,+} of Lincoln was booked into jail.\n",
        "    attached: sheet.pdf: the file was changed\n",
        "    config.toml, [office] name\n      was  The Office\n      now  An Office\n",
    ):
        assert words in after, words
    (found,) = call.json("approve", "names", "--dry-run")["approving"]
    assert (found["version"], found["since"]["version"], found["since"]["approved_by"]) == (second, first, "da")
    told = found["since"]["difference"]
    assert told["lift"] == {"before": "2099-09-24T16:00:00Z", "after": "2099-09-25T16:00:00Z"}
    assert told["recipients"] == [{"outlet": "media", "change": "changed", "joined": ["r2@paper.example"], "left": []}]
    assert {"name": "headline", "before": "Names released", "after": "Names withheld"} in told["values"]
    assert [piece["text"] for piece in told["text"][0]["pieces"] if piece["kind"] == "added"] == ["18, "]
    assert told["text"][0]["line"] == 11
    assert told["attachments"] == [{"path": "sheet.pdf", "change": "changed"}]
    assert told["config"] == [{"name": "[office] name", "before": "The Office", "after": "An Office"}]


def test_the_keys_of_an_approval_in_json(office: Office, call: Caller) -> None:
    scheduled(call)
    answer = call.json("approve", "names", "--as", "da")
    assert [one["slug"] for one in answer["releases"]] == ["names"]
    (found,) = answer["approving"]
    assert list(found) == (
        "slug version n note headline lift outlets attachments findings promises lists_edited"
        " clearances approvals since".split()
    )
    assert found["outlets"] == [
        {"outlet": "newsroom", "recipients": None},
        {"outlet": "media", "recipients": 2},
    ]
    assert [one["accepted"] for one in found["findings"] if one["code"] == "presumption_missing"] == [
        "the sheet has it"
    ]
    assert found["since"] is None


def test_a_version_approved_before_and_edited_back_names_the_one_between(office: Office, call: Caller) -> None:
    scheduled(call)
    call("approve", "names", "--as", "da")
    write(office, headline="Another")
    between = scheduled(call)
    call("approve", "names", "--as", "deputy")
    write(office)
    scheduled(call)
    (found,) = call.json("approve", "names", "--dry-run")["approving"]
    assert (found["since"]["version"], found["since"]["approved_by"]) == (between, "deputy")
    assert found["since"]["difference"]["values"] == [
        {"name": "headline", "before": "Another", "after": "Names released"}
    ]


def test_a_row_written_into_the_database_hides_no_change(office: Office, call: Caller) -> None:
    first = scheduled(call)
    call("approve", "names", "--as", "da")
    write(office, headline="Another")
    second = scheduled(call)
    write(office, headline="A third")
    scheduled(call)
    import sqlite3

    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        connection.execute(
            "INSERT INTO approvals (slug, version, by, at, withdrawn_at) VALUES ('names', ?, 'da', 1, 2)", [second]
        )
    connection.close()
    (found,) = call.json("approve", "names", "--dry-run", expect=(0, 10))["approving"]
    assert found["since"]["version"] == first


# --- Between the screen and the yes ---------------------------------------------------------------------------------


def edited(office: Office, call: Caller) -> None:
    write(office, headline="Edited meanwhile")


def scheduled_again(office: Office, call: Caller) -> None:
    write(office, headline="Edited meanwhile")
    office.run("schedule", "names", "--yes")


def moved(office: Office, call: Caller) -> None:
    office.run("resume", "names", "--at", "2099-09-28T09:00:00-07:00", "--yes")


def list_edited(office: Office, call: Caller) -> None:
    people(office, 3)


MEANWHILE: dict[str, tuple[Callable[[Office, Caller], None], str]] = {
    "the file was edited": (edited, "was changed after it was scheduled"),
    "it was edited and scheduled again": (scheduled_again, "was scheduled again in the meantime"),
    "its lift was moved": (moved, "The release time of names was changed in the meantime"),
    "a list was edited": (list_edited, "A list that names goes to was edited in the meantime"),
}


@pytest.mark.parametrize("happening", MEANWHILE)
def test_only_what_was_shown_is_approved(
    office: Office, call: Caller, answering: Callable[..., list[str]], happening: str
) -> None:
    scheduled(call)
    if happening == "its lift was moved":
        call("hold", "names")
    act, words = MEANWHILE[happening]
    answering(before=lambda: act(office, call))
    call("approve", "names", "--as", "da", expect=(10, 77))
    assert f"{words}" in call.err
    assert "Nothing was approved." in call.err
    assert call.json("status", "names")["releases"][0]["approvals"] == []


def test_two_approvers_at_once_give_two_approvals_of_one_version(
    office: Office, call: Caller, answering: Callable[..., list[str]]
) -> None:
    version = scheduled(call)
    answering(before=lambda: office.run("approve", "names", "--as", "deputy"))
    call("approve", "names", "--as", "da")
    release = call.json("status", "names")["releases"][0]
    assert release["version"] == version
    assert [one["by"] for one in release["approvals"]] == ["deputy", "da"]


def test_each_of_several_is_shown_and_asked_by_itself(
    office: Office, call: Caller, answering: Callable[..., list[str]]
) -> None:
    office.write("other", embargo=FAR)
    call("schedule", "names", "other", "--yes")
    asked = answering()
    call("approve", "names", "other")
    assert [question.split(" of ")[1].split()[0] for question in asked] == ["names", "other"]


def test_the_version_that_was_read_in_the_proof_is_the_one_approved(office: Office, call: Caller) -> None:
    version = scheduled(call)
    call("proof", "names", "--outlet", "newsroom")
    assert f"pressrelease approve names --version {version[:12]}" in call.err
    write(office, headline="Another")
    scheduled(call)
    call("approve", "names", "--version", version[:12], expect=77)
    assert call.state("names") == "unapproved"


# --- Hostile, and large ---------------------------------------------------------------------------------------------


def test_no_character_moves_the_cursor_or_hides_a_change(office: Office, call: Caller) -> None:
    write(office, headline='"Names re\\u200dleased"', body="A soft\u00adhyphen and [-taken out-] {+added+}.\u00a0End.")
    scheduled(call)
    call("approve", "names", "--as", "da")
    write(office, headline='"Names released"', body="A softhyphen and [-taken out-] {+added+}. End.")
    scheduled(call)
    shown = call("approve", "names", "--dry-run")
    assert "was  Names re<U+200D>leased" in shown
    assert "[[-soft<U+00AD>hyphen-]] {{+softhyphen+}}" in shown
    assert "[[-{+added+}.<U+00A0>-]]" in shown
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_thousands_of_recipients_are_a_number_and_some_names(office: Office, call: Caller) -> None:
    people(office, 2)
    scheduled(call)
    call("approve", "names", "--as", "da")
    people(office, 2_000)
    scheduled(call)
    shown = call("approve", "names", "--dry-run")
    assert "to        media (2,000 recipients)" in shown
    assert shown.count("@paper.example") == approval_screen.MOST_PEOPLE
    assert f"and {1_998 - approval_screen.MOST_PEOPLE:,} more" in shown
    assert len(shown) < 4_000
    (found,) = call.json("approve", "names", "--dry-run")["approving"]
    assert len(found["since"]["difference"]["recipients"][0]["joined"]) == 1_998


def test_a_huge_change_is_counted_and_the_screen_stays_short(office: Office, call: Caller) -> None:
    write(office, body="\n\n".join(f"Sentence number {n} is here to stay." for n in range(1_200)))
    scheduled(call)
    call("approve", "names", "--as", "da")
    write(office, body="\n\n".join(f"Sentence number {n} is not here to stay." for n in range(1_200)))
    scheduled(call)
    shown = call("approve", "names", "--dry-run")
    assert "words taken out" in shown
    assert "Read the whole text" in shown or "much more was changed here" in shown
    assert len(wrapped(shown, 80).splitlines()) < 150
    json.dumps(call.json("approve", "names", "--dry-run")["approving"])


def test_a_frozen_text_that_was_altered_is_not_shown_as_approvable(office: Office, call: Caller) -> None:
    scheduled(call)
    import sqlite3

    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        (frozen,) = connection.execute("SELECT canonical FROM versions").fetchone()
        connection.execute("UPDATE versions SET canonical = ?", [frozen.replace(b"Names released", b"Names invented")])
    connection.close()
    call("approve", "names", "--dry-run", expect=10)
    assert "is not the one of version" in call.err
