"""Mail from end to end: one message, one row and one outcome for each recipient."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mail_server import MailServer, Script, mail_server, scripted
from office import HereOffice, Office, found_office, in_seconds, iso
from preloaded import command_started

PEOPLE = [f"reporter-{number}@example.org" for number in range(60)]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def office_with_mail(folder: Path, port: int, people: list[str], *, more: str = "") -> Office:
    """An office whose outlet `media` writes to everybody in media.csv."""
    office = found_office(
        folder,
        more=f'[outlets.media]\ntype = "email"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'from = "press@da.example"\nrecipients = "media.csv"\ntimeout = "5s"\n'
        f'[defaults]\noutlets = ["media"]\n[retry]\nschedule = ["1s"]\n{more}',
    )
    (folder / "media.csv").write_text("name,email\n" + "".join(f"Somebody,{one}\n" for one in people), encoding="utf-8")
    return HereOffice(office.folder)


def put(office: Office) -> None:
    """A release that lifts with its approval."""
    office.write("names-released")
    office.run("schedule", "names-released", "--yes")
    office.run("approve", "names-released", "--as", "deputy")


def row(office: Office) -> dict[str, Any]:
    """What `status` says of the release."""
    found: dict[str, Any] = office.json("status", "names-released")["releases"][0]
    return found


def states(office: Office) -> dict[str, str]:
    """Where each recipient's delivery stands."""
    return {delivery["recipient"]: delivery["state"] for delivery in row(office)["deliveries"]}


def test_sixty_recipients_one_refused_and_one_greylisted(tmp_path: Path, server: MailServer) -> None:
    office = office_with_mail(tmp_path / "office", server.port, PEOPLE)
    refused, greylisted = PEOPLE[7], PEOPLE[31]
    server.refused[refused] = "550 5.1.1 no such mailbox"
    server.greylisted[greylisted] = "450 4.2.0 greylisted, try again in a second"
    put(office)
    office.run("publish-due", expect=10)
    assert len(server.got) == 58
    assert Counter(states(office).values()) == {"delivered": 58, "failed": 1, "retrying": 1}
    time.sleep(1.3)
    office.run("publish-due", expect=10)
    assert server.counts == Counter(set(PEOPLE) - {refused})
    assert {address for address, state in states(office).items() if state != "delivered"} == {refused}
    (failed,) = [one for one in row(office)["deliveries"] if one["recipient"] == refused]
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert "no such mailbox" in failed["error"]
    assert row(office)["state"] == "needs_you"
    for letter in server.got:
        (recipient,) = letter.recipients
        assert letter.message["To"] == recipient
        assert not [other for other in PEOPLE if f"{other}".encode() in letter.content and other != recipient]
    assert len({letter.message["Message-ID"] for letter in server.got}) == 59
    del server.refused[refused]
    office.run("retry", "names-released", "--outlet", "media")
    office.run("publish-due")
    assert server.counts == Counter(PEOPLE)
    assert row(office)["state"] == "published"
    office.run("journal", "--verify")


def test_each_try_sends_the_same_bytes(tmp_path: Path) -> None:
    with scripted(dot="451 4.3.0 try again") as script:
        office = office_with_mail(tmp_path / "office", script.port, ["jane@example.org"])
        put(office)
        office.run("publish-due", expect=75)
        time.sleep(1.3)
        script.acts["dot"] = "250 taken"
        office.run("publish-due")
    first, second = script.texts
    assert first == second


@pytest.mark.parametrize(
    ("word", "state"), [("--sent", "delivered"), ("--drop", "canceled"), ("--resend", "delivered")]
)
def test_dropped_after_the_dot_is_in_doubt_until_a_person_says_so(
    tmp_path: Path, server: MailServer, word: str, state: str
) -> None:
    office = office_with_mail(tmp_path / "office", server.port, PEOPLE[:4])
    server.dropped.add(PEOPLE[2])
    put(office)
    office.run("publish-due", expect=10)
    assert Counter(states(office).values()) == {"delivered": 3, "in_doubt": 1}
    assert states(office)[PEOPLE[2]] == "in_doubt"
    server.dropped.clear()
    if word == "--sent":
        time.sleep(1.3)  # longer than the pause between two tries
    office.run("publish-due", expect=10)
    assert server.whole_texts == Counter(PEOPLE[:4])
    assert row(office)["state"] == "needs_you"
    office.run("settle", "names-released", "--outlet", "media", word)
    office.run("publish-due")
    assert states(office)[PEOPLE[2]] == state
    assert server.whole_texts[PEOPLE[2]] == (2 if word == "--resend" else 1)
    assert row(office)["state"] == "published"


def test_a_sender_killed_after_the_dot_leaves_a_doubt_and_sends_no_second(tmp_path: Path) -> None:
    with scripted(dot="") as script:
        office = office_with_mail(tmp_path / "office", script.port, ["jane@example.org"])
        put(office)
        process = office.start("publish-due")
        wait_for(script, 1)
        process.kill()
        process.communicate()
        script.acts["dot"] = "250 taken"
        office.run("publish-due", expect=10)
        assert states(office) == {"jane@example.org": "in_doubt"}
        assert len(script.texts) == 1


def wait_for(script: Script, texts: int) -> None:
    """Wait until so many whole texts came."""
    deadline = time.monotonic() + 20
    while len(script.texts) < texts:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_no_byte_of_it_leaves_before_its_lift(tmp_path: Path) -> None:
    with scripted() as script:
        office = office_with_mail(tmp_path / "office", script.port, PEOPLE[:3])
        lift = in_seconds(5)
        office.write("names-released", embargo=iso(lift), body="A word to be kept: heliotrope.")
        office.run("schedule", "names-released", "--yes")
        office.run("approve", "names-released", "--as", "deputy")
        office.run("outlets", "--test", "media")
        assert not script.texts
        while len(script.texts) < 3:
            office.run("publish-due")
        about_it = [at for at, line in script.heard_at if line.startswith(("MAIL", "RCPT", "DATA"))]
        assert min(about_it) >= lift.timestamp()
        assert all(b"heliotrope" in text for text in script.texts)


def test_check_finds_duplicates_and_bad_addresses(tmp_path: Path, server: MailServer) -> None:
    office = office_with_mail(tmp_path / "office", server.port, ["a@example.org", "A@example.org", "nobody"])
    office.write("names-released")
    found = [
        (one["severity"], one["message"])
        for one in office.json("check", "names-released", expect=65)["findings"]
        if one["code"] == "recipients"
    ]
    assert found == [
        (
            "warning",
            "media: media.csv, line 3: “A@example.org” is in it twice, first on line 2; one message goes there.",
        ),
        ("error", "media: media.csv, line 4: “nobody” is not an e-mail address: it has no @."),
    ]
    told = office.run("schedule", "names-released", "--yes", expect=65)
    assert "line 4" in told.stderr
    (office.folder / "media.csv").write_text("email\na@example.org\nA@example.org\n", encoding="utf-8")
    put(office)
    office.run("publish-due")
    assert server.counts == {"a@example.org": 1}


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals")
def test_a_terminal_shows_how_far_many_deliveries_have_come(tmp_path: Path, server: MailServer) -> None:
    office = office_with_mail(tmp_path / "office", server.port, PEOPLE)
    server.pause = 0.15
    put(office)
    ours, theirs = os.openpty()
    process = command_started(
        ["publish-due"],
        cwd=office.folder,
        environment=os.environ | {"TERM": "xterm", "COLUMNS": "80"},
        streams=dict.fromkeys(range(3), theirs),
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the other end was closed
        while data := os.read(ours, 65536):
            shown += data
    os.close(ours)
    assert process.wait(30) == 0
    assert b"Sending" in shown
    assert re.search(rb"m[1-5]?\d/60", shown)
    assert b"Published: names-released." in shown


@pytest.mark.slow
def test_five_thousand_recipients_in_one_release(tmp_path: Path, server: MailServer) -> None:
    people = [f"reporter-{number}@example.org" for number in range(5000)]
    office = office_with_mail(tmp_path / "office", server.port, people)
    put(office)
    office.run("publish-due", timeout=120)
    assert server.counts == Counter(people)
    assert row(office)["state"] == "published"
    assert server.sessions <= 64
