"""`proof`: the same bytes as the outlet's server gets, and nothing before that."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import pytest
from mail_server import mail_server
from needed import needs_module
from office import Office, found_office, receiving

from pressrelease.cli import main
from pressrelease.services.proofing import Rendered

FORMATS = ("text", "html", "eml", "json", "ninjs", "newsml")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Caller:
    """The command line in this process; answers are bytes."""

    def __init__(self, capture: pytest.CaptureFixture[bytes]) -> None:
        self._capture = capture
        self.err = ""

    def __call__(self, *arguments: str, expect: int = 0) -> bytes:
        self._capture.readouterr()
        code = main(arguments)
        out, err = self._capture.readouterr()
        self.err = err.decode()
        assert code == expect, (arguments, code, out, self.err)
        return out


@pytest.fixture
def call(capsysbinary: pytest.CaptureFixture[bytes]) -> Caller:
    return Caller(capsysbinary)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose webhook and mail server are not there: a proof that reached for one would fail."""
    more = (
        '[outlets.media]\ntype = "webhook"\nurl = "http://127.0.0.1:9/press"\nsecret = { env = "HOOK" }\n'
        '[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\n'
        'from = "Press <press@da.example>"\nrecipients = ["a@paper.example", "b@paper.example"]\n'
        '[defaults]\noutlets = ["newsroom", "media", "mail"]\n'
    )
    made = found_office(tmp_path / "office", more=more)
    monkeypatch.chdir(made.folder)
    monkeypatch.setenv("HOOK", SECRET)
    return made


def schedule(call: Caller, slug: str) -> None:
    call("schedule", slug, "--yes")
    call("approve", slug, "--as", "da")


def test_what_is_proven_is_what_arrives(tmp_path: Path, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver, mail_server() as server:
        more = (
            f'[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {server.port}\nsecurity = "none"\n'
            'from = "Press <press@da.example>"\nrecipients = ["a@paper.example", "b@paper.example"]\n'
        )
        office = found_office(tmp_path / "office", receiver, more=more)
        monkeypatch.chdir(office.folder)
        office.write("names", body="Words.\n\n.A dot first, and *more*.", outlets="[newsroom, media, mail]")
        schedule(call, "names")
        hook = call("proof", "names", "--outlet", "media")
        first = call("proof", "names", "--outlet", "mail")
        assert "2 recipients. This is what a@paper.example gets" in call.err
        second = call("proof", "names", "--outlet", "mail", "--recipient", "b@paper.example")
        page = call("proof", "names", "--outlet", "newsroom")
        assert not receiver.got
        assert not server.got
        assert not office.pages
        call("publish-due")
        assert [arrival.body for arrival in receiver.got] == [hook]
        arrived = {letter.recipients[0]: letter.content for letter in server.got}
        assert arrived == {"a@paper.example": first, "b@paper.example": second}
        assert (office.folder / "newsroom" / "names" / "index.html").read_bytes() == page


def test_a_draft_is_proven_and_said_to_be_one(office: Office, call: Caller) -> None:
    office.write("names", embargo="2031-01-06T17:00:00Z", outlets="[newsroom]")
    told = call("proof", "names")
    assert b"Headline of names" in told
    assert told.endswith(b"###\n")
    assert "not scheduled" in call.err
    # Scheduled as it is, every byte stays the same, and nothing more is said than its version.
    draft = call("proof", "names", "--outlet", "newsroom")
    schedule(call, "names")
    assert call("proof", "names", "--outlet", "newsroom") == draft
    assert re.fullmatch("This is version [0-9a-f]{12}.\n", call.err)


def test_the_frozen_version_is_proven_although_its_file_was_changed(office: Office, call: Caller) -> None:
    office.write("names", embargo="2031-01-06T17:00:00Z", body="As approved.")
    schedule(call, "names")
    office.write("names", embargo="2031-01-06T17:00:00Z", body="Changed since.")
    told = call("proof", "names")
    assert b"As approved." in told
    assert b"Changed since." not in told
    assert "has changed" in call.err


def test_an_embargo_that_cannot_be_read_still_gives_a_proof(office: Office, call: Caller) -> None:
    office.write("names", embargo="sometime soon")
    assert b"Headline of names" in call("proof", "names")
    assert "is not clear" in call.err


@pytest.mark.parametrize(
    ("contact", "sender"),
    [
        ("press@b\u00fccher.example", b"press@xn--bcher-kva.example"),
        ("j\u00fcrgen@da.example", b"press@office.invalid"),
        ("call us", b"press@office.invalid"),
    ],
)
def test_a_contact_that_no_mail_can_come_from_still_gives_a_proof(
    office: Office, call: Caller, contact: str, sender: bytes
) -> None:
    office.write("names", contact=f"{{name: Press, email: {contact}}}")
    mail = call("proof", "names", "--format", "eml")
    assert b"\r\nFrom: The Office <" + sender + b">\r\n" in mail


def test_an_immediate_one_before_its_approval(office: Office, call: Caller) -> None:
    office.write("names")
    call("schedule", "names", "--yes")
    assert b"Headline of names" in call("proof", "names", "--outlet", "media")
    assert "goes out as soon as it is approved" in call.err
    assert json.loads(call("proof", "names", "--format", "ninjs"))["pubStatus"] == "withheld"


def test_the_status_follows_the_office_word(office: Office, call: Caller) -> None:
    office.write("names", embargo="2031-01-06T17:00:00Z")

    def told() -> dict[str, str]:
        return dict(json.loads(call("proof", "names", "--format", "ninjs")))

    assert told()["pubStatus"] == "withheld"
    schedule(call, "names")
    assert (told()["pubStatus"], told()["embargoedUntil"]) == ("usable", "2031-01-06T09:00:00-08:00")
    call("hold", "names", "--why", "a judge asked")
    assert told()["pubStatus"] == "withheld"
    assert "a judge asked" not in json.dumps(told())
    before = told()
    call("resume", "names")
    call("unschedule", "names")
    office.write("names", embargo="2031-01-06T17:00:00Z", body="Other words.")
    schedule(call, "names")
    assert told()["uri"] == before["uri"]
    assert told()["version"] == before["version"] == "1"  # the first never left: no wire has anything to update


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_holds_the_headline(office: Office, call: Caller, format_: str) -> None:
    office.write("names", headline="Names & numbers", embargo="2031-01-06T17:00:00Z")
    told = call("proof", "names", "--format", format_)
    assert b"Names & numbers" in told or b"Names &amp; numbers" in told


def test_a_missing_recipient_outlet_or_format_is_refused(office: Office, call: Caller) -> None:
    office.write("names", outlets="[newsroom]")
    cases: Sequence[tuple[Sequence[str], int, str]] = [
        (["--outlet", "nowhere"], 66, "no outlet nowhere"),
        (["--outlet", "mail", "--recipient", "c@paper.example"], 66, "does not go to c@paper.example"),
        (["--recipient", "a@paper.example"], 2, "--outlet"),
        (["--outlet", "media", "--format", "eml"], 2, "application/json"),
        (["--outlet", "media", "--format", "ninjs"], 2, "application/json"),
        (["--format", "pdf"], 2, "pdf"),
    ]
    for arguments, code, words in cases:
        assert call("proof", "names", *arguments, expect=code) == b""
        assert words in call.err
    call("proof", "nothing", expect=66)
    assert b"press_release.published" in call("proof", "names", "--outlet", "media", "--format", "json")
    assert "does not go to media" in call.err


def test_into_a_file_of_ones_own(office: Office, call: Caller, tmp_path: Path) -> None:
    office.write("names", embargo="2031-01-06T17:00:00Z")
    file = tmp_path / "proof.txt"
    old = os.umask(0)
    try:
        call("proof", "names", "-o", str(file))
    finally:
        os.umask(old)
    text = call("proof", "names")
    assert file.read_bytes() == text
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    file.write_text("mine")
    call("proof", "names", "-o", str(file), expect=77)
    assert file.read_text() == "mine"
    call("proof", "names", "-o", str(file), "--force")
    assert file.read_bytes() == text
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["proof.txt"]
    call("proof", "names", "-o", str(tmp_path / "no" / "proof.txt"), expect=66)
    for place in ("newsroom", "releases"):
        (office.folder / place).mkdir(exist_ok=True)
        call("proof", "names", "-o", str(office.folder / place / "proof.txt"), expect=77)
        assert not (office.folder / place / "proof.txt").exists()


def test_what_no_terminal_can_show_goes_into_a_file(
    office: Office, call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs_module("docx")
    office.write("names")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    call("proof", "names", "--format", "docx", expect=2)
    assert "-o FILE" in call.err
    call("proof", "names", "--format", "docx", "-o", str(tmp_path / "proof.docx"))
    assert (tmp_path / "proof.docx").read_bytes().startswith(b"PK")
    assert call("proof", "names").endswith(b"###\n")


@pytest.mark.parametrize(
    ("content", "shown"),
    [(b"words\n", True), ("señales".encode(), True), (b"\x1b[2J", False), (b"PK\x03\x04", False), (b"\xff", False)],
)
def test_what_a_terminal_is_given(content: bytes, shown: bool) -> None:
    assert (Rendered(content, "text/plain").words is not None) is shown


def test_without_python_docx_it_says_what_to_install(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.write("names")
    monkeypatch.setitem(sys.modules, "docx", None)
    call("proof", "names", "--format", "docx", expect=2)
    assert "pressrelease[word]" in call.err


def test_in_json(office: Office, call: Caller) -> None:
    office.write("names", embargo="2031-01-06T17:00:00Z")
    told = json.loads(call("proof", "names", "--outlet", "media", "--json"))
    assert (told["slug"], told["scheduled"], told["outlet"], told["recipient"]) == ("names", False, "media", None)
    assert told["media_type"] == "application/json"
    assert told["text"].encode() == call("proof", "names", "--outlet", "media")
    needs_module("docx")
    told = json.loads(call("proof", "names", "--format", "docx", "--json"))
    assert b64decode(told["base64"]).startswith(b"PK")


def test_no_secret_is_in_a_proof(office: Office, call: Caller) -> None:
    office.write("names")
    for arguments in (["--outlet", "media"], ["--outlet", "mail"], ["--outlet", "media", "--json"]):
        assert SECRET.encode() not in call("proof", "names", *arguments)
        assert SECRET not in call.err


def test_nothing_is_recorded(office: Office, call: Caller) -> None:
    office.write("names")
    for format_ in FORMATS:
        call("proof", "names", "--format", format_)
    assert not (office.folder / ".pressrelease" / "state.db").exists()


def test_no_secret_is_asked_for(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    config = office.folder / "config.toml"
    login = 'security = "tls"\nusername = "press"\npassword = { file = "not-here" }\n'
    config.write_text(config.read_text(encoding="utf-8").replace('security = "none"\n', login), encoding="utf-8")
    monkeypatch.delenv("HOOK")
    office.write("names")
    assert b"b@paper.example" in call("proof", "names", "--outlet", "mail", "--recipient", "b@paper.example")
    assert json.loads(call("proof", "names", "--outlet", "media"))["data"]["slug"] == "names"
