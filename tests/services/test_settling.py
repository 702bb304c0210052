"""A person settles what is in doubt: all of it, some of it, by a mail server's log, and takes it back."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from calling import Caller
from hypothesis import given
from hypothesis import strategies as st
from mail_server import MailServer, mail_server
from needed import needs_program
from office import Office, found_office
from preloaded import command_started

from pressrelease.services.settling import read_names

LIST = [f"r{number}@paper.example" for number in range(6)]
DOUBTFUL = LIST[2:]
ABOUT = ("names", "--outlet", "media")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as made:
        yield made


def office_to(folder: Path, port: int, people: list[str]) -> Office:
    office = found_office(
        folder,
        more=f'[outlets.media]\ntype = "email"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        f'from = "press@office.example"\nrecipients = {json.dumps(people)}\n[defaults]\noutlets = ["media"]\n',
    )
    office.write("names")
    return office


def approve(office: Office | Here) -> None:
    office.run("schedule", "names", "--yes")
    office.run("approve", "names", "--as", "deputy")


@dataclass
class Here:
    """An office worked in this process."""

    folder: Path
    call: Caller

    def run(self, *arguments: str, expect: int = 0) -> SimpleNamespace:
        self.call(*arguments, expect=expect)
        return SimpleNamespace(stdout=self.call.out, stderr=self.call.err)

    def json(self, *arguments: str) -> Any:
        return self.call.json(*arguments)

    def state(self, slug: str) -> str:
        return self.call.state(slug)


@pytest.fixture
def office(
    tmp_path: Path, server: MailServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Here:
    """A mailing to six, of which four got no answer after the final dot."""
    server.dropped.update(DOUBTFUL)
    folder = tmp_path / "office"
    office_to(folder, server.port, LIST)
    monkeypatch.chdir(folder)
    made = Here(folder, Caller(capsys))
    approve(made)
    made.run("publish-due", expect=10)
    server.dropped.clear()
    return made


def rows(office: Office | Here) -> dict[str, dict[str, str]]:
    (release,) = office.json("status", "names")["releases"]
    return {one["recipient"]: one for one in release["deliveries"]}


def states(office: Office | Here) -> dict[str, str]:
    return {name: row["state"] for name, row in rows(office).items()}


def events(office: Here) -> Counter[str]:
    return Counter(json.loads(line)["event"] for line in office.run("journal", "--json").stdout.splitlines())


def test_the_key_is_shown_wherever_one_looks_for_it(office: Here, server: MailServer) -> None:
    keys = {name: row["key"] for name, row in rows(office).items()}
    for letter in server.got:
        assert letter.message["message-id"] == f"<{keys[letter.recipients[0]]}@office.example>"
    doubtful = {keys[name] for name in DOUBTFUL}
    assert all(key in office.run("status", "names").stdout for key in doubtful)
    lines = [json.loads(line) for line in office.run("journal", "names", "--json").stdout.splitlines()]
    assert {line["detail"]["key"] for line in lines if line["event"] == "delivery.in_doubt"} == doubtful
    unsaid = office.run("settle", *ABOUT, expect=2)
    assert all(f"{name}  key {keys[name]}" in unsaid.stderr for name in DOUBTFUL)
    assert "--undo" not in unsaid.stderr, "nobody has answered anything yet"


def test_one_recipient_is_settled_and_the_others_stay_in_doubt(office: Here, server: MailServer) -> None:
    said = office.json(
        "settle", *ABOUT, "--recipient", "R2@Paper.example", "--recipient", rows(office)[LIST[3]]["key"], "--sent"
    )
    assert [one["recipient"] for one in said["settled"]] == LIST[2:4]
    assert [one["recipient"] for one in said["still_in_doubt"]] == LIST[4:]
    assert [states(office)[name] for name in DOUBTFUL] == ["delivered", "delivered", "in_doubt", "in_doubt"]
    office.run("settle", *ABOUT, "--recipient", LIST[4], "--resend")
    office.run("settle", *ABOUT, "--recipient", LIST[5], "--drop")
    office.run("publish-due")
    assert list(states(office).values()) == ["delivered"] * 5 + ["canceled"]
    assert server.whole_texts == Counter(LIST) + Counter([LIST[4]])
    assert events(office)["delivery.settled"] == 4
    office.run("journal", "--verify")


@pytest.mark.parametrize("stranger", ["nobody@paper.example", "r2", "f" * 32, LIST[0]])
def test_a_recipient_that_is_none_is_refused_and_nothing_is_changed(office: Here, stranger: str) -> None:
    expect = 0 if stranger == LIST[0] else 66  # one that is not in doubt is said, and the others are settled
    said = office.run("settle", *ABOUT, "--recipient", DOUBTFUL[0], "--recipient", stranger, "--sent", expect=expect)
    assert states(office)[DOUBTFUL[0]] == ("in_doubt" if expect else "delivered")
    assert stranger in said.stdout + said.stderr


def test_a_word_for_several_that_names_none_needs_a_yes(office: Here) -> None:
    for word in ("--sent", "--resend", "--drop"):
        refused = office.run("settle", *ABOUT, word, "--no-input", expect=10)
        assert "4 deliveries" in refused.stderr
    assert Counter(states(office).values()) == {"delivered": 2, "in_doubt": 4}
    office.run("settle", *ABOUT, "--drop", "--yes")
    assert Counter(states(office).values()) == {"delivered": 2, "canceled": 4}


def test_a_dry_run_says_exactly_what_would_be_settled(office: Here) -> None:
    asked = ("settle", *ABOUT, "--recipient", DOUBTFUL[0], "--sent")
    before = states(office)
    told = office.json(*asked, "--dry-run")
    assert states(office) == before
    done = office.json(*asked)
    assert {key: told[key] for key in ("verdict", "settled", "still_in_doubt")} == {
        key: done[key] for key in ("verdict", "settled", "still_in_doubt")
    }


def log_of(server: MailServer) -> str:
    """What a mail server logs of all that it took, with other people's mail between."""
    lines = ["Nov 27 09:00:00 mx postfix/qmgr[1]: 4XZ: from=<other@x.example>, size=900 (queue active)"]
    for letter in server.got:
        lines += [
            f"Nov 27 09:00:01 mx postfix/cleanup[9]: 4F2: message-id={letter.message['message-id']}",
            f"Nov 27 09:00:02 mx postfix/smtp[9]: 4F2: to=<{letter.recipients[0]}>, status=sent (250 ok)",
            f"Nov 27 09:00:02 mx postfix/smtp[9]: 3AA: to=<{LIST[5]}>, status=sent (of last week's mail)",
            f"Nov 27 09:00:03 mx postfix/cleanup[9]: 4F3: message-id=<{'ab' * 16}@x.example>",
        ]
    return "\n".join(lines) + "\n"


def test_a_log_settles_those_whose_message_id_it_has_and_no_address_alone(office: Here, server: MailServer) -> None:
    keys = {name: row["key"] for name, row in rows(office).items()}
    log = log_of(server) + f"… message-id=<{keys[LIST[2]].upper()}@office.example> …\n"
    (office.folder / "mail.log").write_bytes(log.encode() + b"\xff\xfe torn\n")
    said = office.json("settle", *ABOUT, "--from", "mail.log", "--sent")
    assert [one["recipient"] for one in said["settled"]] == [LIST[2]]
    assert [one["recipient"] for one in said["still_in_doubt"]] == LIST[3:]
    assert [one["recipient"] for one in said["not_in_doubt"]] == LIST[:2]
    assert [one["recipient"] for one in said["seen_without_key"]] == [LIST[5]]
    assert said["unknown"] == ["ab" * 16]


def test_a_list_on_standard_input_holds_an_address_or_a_message_id_a_line(office: Here) -> None:
    key = rows(office)[LIST[3]]["key"]
    listed = f"email\r\n<{LIST[2]}>,\r\n\r\n<{key}@office.example>\r\nsomebody@else.example\r\n"
    (office.folder / "listed").write_text(listed, encoding="utf-8", newline="")
    with (office.folder / "listed").open() as file:
        command = ["settle", *ABOUT, "--from", "-", "--sent", "--json"]
        out, _ = command_started(command, cwd=office.folder, streams={0: file.fileno()}).communicate()
    said = json.loads(out)
    assert [one["recipient"] for one in said["settled"]] == LIST[2:4]
    assert said["unknown"] == ["somebody@else.example"]


def test_nothing_named_and_no_file_are_refused(office: Here) -> None:
    (office.folder / "empty").write_text("\n", encoding="utf-8")
    office.run("settle", *ABOUT, "--from", "empty", "--sent", expect=66)
    office.run("settle", *ABOUT, "--from", "gone", "--sent", expect=66)
    office.run("settle", *ABOUT, "--from", "empty", "--recipient", LIST[2], "--sent", expect=2)
    office.run("settle", *ABOUT, "--sent", "--undo", expect=2)
    assert Counter(states(office).values()) == {"delivered": 2, "in_doubt": 4}


@pytest.mark.parametrize("word", ["--sent", "--resend", "--drop"])
def test_the_last_settlement_is_taken_back_once(office: Here, word: str) -> None:
    before = rows(office)
    office.run("settle", *ABOUT, "--undo", expect=66)
    office.run("settle", *ABOUT, "--recipient", LIST[2], "--drop")
    office.run("settle", *ABOUT, "--recipient", LIST[3], "--recipient", LIST[4], word)
    said = office.json("settle", *ABOUT, "--undo")
    assert [one["recipient"] for one in said["settled"]] == LIST[3:5]
    assert rows(office) == before | {LIST[2]: rows(office)[LIST[2]]}
    assert states(office)[LIST[2]] == "canceled"
    office.run("settle", *ABOUT, "--undo")
    assert rows(office) == before
    office.run("settle", *ABOUT, "--undo", expect=66)
    assert events(office)["delivery.unsettled"] == 3
    office.run("journal", "--verify")


def test_what_was_sent_since_is_not_taken_back(office: Here, server: MailServer) -> None:
    office.run("settle", *ABOUT, "--recipient", LIST[2], "--resend")
    office.run("publish-due", expect=10)
    refused = office.run("settle", *ABOUT, "--undo", expect=66)
    assert "something was sent after it" in refused.stderr
    assert server.whole_texts[LIST[2]] == 2


def test_what_was_tried_again_since_is_not_taken_back(office: Here, server: MailServer) -> None:
    server.refused[LIST[2]] = "450 4.2.0 later"
    office.run("settle", *ABOUT, "--recipient", LIST[2], "--resend")
    office.run("publish-due", expect=10)
    assert states(office)[LIST[2]] == "retrying"
    office.run("settle", *ABOUT, "--undo", expect=66)


def test_the_doubt_comes_back_after_the_release_was_out(office: Here) -> None:
    office.run("settle", *ABOUT, "--sent", "--yes")
    assert office.state("names") == "published"
    office.run("settle", *ABOUT, "--undo")
    assert office.state("names") == "needs_you"
    office.run("publish-due", expect=10)
    assert Counter(states(office).values()) == {"delivered": 2, "in_doubt": 4}


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals")
@pytest.mark.parametrize(
    ("word", "answer", "code"),
    [("--sent", "n", 10), ("--sent", "y", 0), ("--drop", "y", 0), ("--resend", "y", 10), ("--resend", "names", 0)],
)
def test_at_a_terminal_it_asks_as_the_verdict_asks_for(office: Here, word: str, answer: str, code: int) -> None:
    ours, theirs = os.openpty()
    os.write(ours, answer.encode() + b"\n")
    command = ["settle", *ABOUT, "--recipient", LIST[2], word]
    process = command_started(command, cwd=office.folder, streams={0: theirs, 2: theirs})
    os.close(theirs)
    process.communicate()
    os.close(ours)
    assert process.returncode == code
    assert (states(office)[LIST[2]] == "in_doubt") is bool(code)


@given(st.lists(st.text(max_size=40), max_size=10))
def test_any_lines_are_read(lines: list[str]) -> None:
    read_names(lines)


@given(
    keys=st.sets(st.text("0123456789abcdef", min_size=32, max_size=32), max_size=5),
    before=st.sampled_from(["", "message-id=<", "id=", "4F2: "]),
    after=st.sampled_from(["", "@office.example>", ">, size=3", " x"]),
)
def test_every_key_is_found_anywhere(keys: set[str], before: str, after: str) -> None:
    assert read_names(f"{before}{key}{after}\n" for key in keys).keys == keys


def test_a_longer_run_of_digits_is_no_key() -> None:
    assert not read_names(["a" * 33, "a" * 64, "b" * 31]).keys


def test_the_documented_awk_passes_on_only_what_postfix_queued(tmp_path: Path) -> None:
    needs_program("awk", "mawk")
    documented = (Path(__file__).parents[2] / "docs/how-to/settle-doubts.md").read_text(encoding="utf-8")
    program = documented.split("awk '")[1].split("' /var/log/mail.log")[0]
    taken, cut = "1" * 32, "2" * 32
    log = (
        f"2026-11-27T09:00:00.1-08:00 mx postfix/cleanup[9]: 4F2ab: message-id=<{taken}@office.example>\n"
        f"Nov 27 09:00:01 mx postfix/cleanup[9]: 4F3ab: message-id=<{cut}@office.example>\n"
        "Nov 27 09:00:01 mx postfix/qmgr[1]: 4F2ab: from=<press@office.example>, size=9, nrcpt=1 (queue active)\n"
        "Nov 27 09:00:01 mx postfix/qmgr[1]: 4XXab: from=<press@office.example>, size=9, nrcpt=1 (queue active)\n"
    )
    done = subprocess.run(["awk", program], input=log, capture_output=True, text=True, check=True)
    assert read_names(done.stdout.splitlines()).keys == {taken}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_mailing_of_300_killed_at_70_is_settled_by_the_log_each_once_and_none_lost(
    tmp_path: Path, server: MailServer
) -> None:
    """The worked example of docs/how-to/settle-doubts.md."""
    people = [f"reporter-{number}@paper.example" for number in range(300)]
    office = office_to(tmp_path / "office", server.port, people)
    approve(office)
    server.pause = 0.2
    process = office.start("publish-due")
    end = time.monotonic() + 120
    while len(server.got) < 70 and time.monotonic() < end:
        time.sleep(0.005)
    process.kill()
    process.communicate()
    time.sleep(0.5)
    server.pause = 0.0
    office.run("publish-due", expect=10)
    doubtful = [name for name, state in states(office).items() if state == "in_doubt"]
    assert 0 < len(doubtful) <= 16
    (office.folder / "mail.log").write_text(log_of(server), encoding="utf-8")
    arrived = set(server.counts) & set(doubtful)
    if arrived:
        office.run("settle", *ABOUT, "--from", "mail.log", "--sent")
    if arrived != set(doubtful):
        office.run("settle", *ABOUT, "--resend", "--yes")
    office.run("publish-due")
    assert server.counts == Counter(people)
    assert set(states(office).values()) == {"delivered"}
    assert office.state("names") == "published"
    office.run("journal", "--verify")
