"""Mail: a correction and a withdrawal reply to what the recipient has, and can be understood without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from follow_ups import NOTE, corrected, earlier, withdrawn
from hypothesis import given, settings
from hypothesis import strategies as st
from mail_server import mail_server
from mails import MESSAGE, RELEASE, composed

from pressrelease.config import Office, OutletConfig
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.email import PLACE, RenderedEmail
from pressrelease.release.delivery import Action, Earlier, Receipt

JANE = "jane@example.org"
FIRST, SECOND, OWN = "1" * 32, "2" * 32, "3" * 32
CORRECTION = corrected(MESSAGE, composed(RELEASE._replace(headline="Names of 14 released")))
GOT = earlier(MESSAGE, Receipt(remote_id=f"<{FIRST}@da.example>"), key=FIRST)


def outlet(port: int = 25, sender: str = "Press Office <press@da.example>") -> Any:
    settings = {"host": "127.0.0.1", "port": port, "security": "none", "from": sender, "recipients": (JANE,)}
    config = OutletConfig("media", "email", timeout=timedelta(seconds=5), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: "")


def mail(message: Message, *before: Earlier, opened: Any = None, key: str = OWN) -> EmailMessage:
    rendered = (opened or outlet()).prepare_follow_up(message, key=key, recipient=JANE, earlier=before)
    assert isinstance(rendered, RenderedEmail)
    assert rendered.size == len(rendered.content)
    with_ids = (b"Message-ID: ", b"In-Reply-To: ", b"References: ", b" <")  # a domain may be long
    assert all(len(line) <= 78 for line in rendered.content.split(b"\r\n") if not line.startswith(with_ids))
    read: Any = BytesParser(policy=SMTP).parsebytes(rendered.content)
    assert not any(part.defects for part in read.walk())
    return read  # type: ignore[no-any-return]


def said(read: EmailMessage, kind: str = "plain") -> str:
    part = read.get_body((kind,))
    assert part is not None
    return " ".join(part.get_content().split())


def test_a_correction_replies_to_the_first_and_has_the_whole_release() -> None:
    read = mail(CORRECTION, GOT)
    assert read["Subject"] == "CORRECTION: Names of 14 released"
    assert read["Message-ID"] == f"<{OWN}@da.example>"
    assert read["In-Reply-To"] == read["References"] == f"<{FIRST}@da.example>"
    assert read["Date"] == "Tue, 25 Sep 2018 11:00:00 -0700"
    for kind in ("plain", "html"):
        text = said(read, kind).replace("&quot;", '"')
        assert 'This corrects the release "Names released" of Monday, Sept. 24, 2018, 9 a.m. PDT.' in text
        assert f"Correction, Tuesday, Sept. 25, 2018: {NOTE}" in text
        assert "Nineteen people were" in text
    assert "FOR IMMEDIATE RELEASE" not in said(read, "html")
    assert [part.get_filename() for part in read.iter_attachments()] == ["names.pdf"]


def test_a_withdrawal_says_what_to_do_and_has_nothing_of_the_text() -> None:
    read = mail(withdrawn(CORRECTION), GOT)
    assert read["Subject"] == "KILL: Names of 14 released"
    assert read["Date"] == "Thu, 27 Sep 2018 13:00:00 -0700"
    assert not list(read.iter_attachments())
    for kind in ("plain", "html"):
        text = said(read, kind).replace("&quot;", '"').replace("&lt;", "<").replace("&gt;", ">")
        assert 'we withdrew the release "Names released" of Monday, Sept. 24, 2018, 9 a.m. PDT.' in text
        assert 'This includes the corrected version, "Names of 14 released".' in text
        what_to_do = "Do not use the release. Remove it wherever you published it. Notify everyone you gave it to."
        # What to do comes before what only finds the mail.
        found = [text.index(one) for one in (NOTE, what_to_do, f"Message-ID of the first mail: <{FIRST}@da.example>")]
        assert found == sorted(found)
        assert "media@da.example" in text
        for hidden in ("arrested", "Evidence", "AUBURN", "Online", "FOR IMMEDIATE", PLACE):
            assert hidden not in text, hidden


def test_it_refers_to_every_earlier_mail_whether_it_surely_arrived_or_not() -> None:
    doubted = earlier(CORRECTION, None, key=SECOND)
    read = mail(withdrawn(CORRECTION), GOT, doubted)
    assert read["In-Reply-To"] == f"<{FIRST}@da.example>"
    assert str(read["References"]).split() == [f"<{FIRST}@da.example>", f"<{SECOND}@da.example>"]


def test_the_recorded_message_id_counts_though_the_office_writes_from_another_address_now() -> None:
    before = earlier(MESSAGE, Receipt(remote_id=f"<{FIRST}@old.example>"), key=FIRST)
    read = mail(withdrawn(CORRECTION), before)
    assert read["In-Reply-To"] == f"<{FIRST}@old.example>"
    assert f"Message-ID of the first mail: <{FIRST}@old.example>" in said(read)


@settings(max_examples=25)
@given(st.text(max_size=80))
def test_no_recorded_message_id_breaks_out_of_its_line(recorded: str) -> None:
    before = earlier(MESSAGE, Receipt(remote_id=f"<{recorded}@x>"), key=FIRST)
    read = mail(withdrawn(CORRECTION), before)
    [named] = str(read["References"]).split()
    assert named in {f"<{FIRST}@da.example>", f"<{recorded}@x>"}
    assert len(list(read.keys())) == len(set(read.keys()))


labels = st.from_regex(r"[a-j]([a-j-]{0,40}[a-j])?", fullmatch=True)


@settings(max_examples=15)
@given(st.lists(labels, min_size=1, max_size=4).map(".".join), st.booleans())
def test_each_recipient_s_own_id_is_whole_however_long_the_domain(name: str, spanish: bool) -> None:
    opened = outlet(sender=f"press@{name}.example")
    message = withdrawn(CORRECTION)
    if spanish:
        message = withdrawn(composed(), note="¿Qué?")
    read = mail(message, earlier(MESSAGE, None, key=FIRST), opened=opened)
    assert f"<{FIRST}@{name}.example>" in said(read)
    assert PLACE not in read.as_string()


def test_what_all_get_is_made_once_and_each_try_has_the_same_bytes() -> None:
    opened = outlet()
    made = [
        opened.prepare_follow_up(message, key=key, recipient=JANE, earlier=(GOT,))
        for message in (CORRECTION, withdrawn(CORRECTION))
        for key in (OWN, OWN, SECOND)
    ]
    assert [one.content for one in made[:2]] == [made[0].content] * 2
    assert made[0].prepared is made[2].prepared
    assert made[3].content == made[4].content
    # Those who have nothing yet get the corrected version as a plain release.
    plain = opened.prepare(replace(CORRECTION, action=Action.PUBLISH), key=OWN, recipient=JANE)
    assert b"CORRECTION" not in plain.content
    assert b"In-Reply-To" not in plain.content


@pytest.mark.parametrize("method", ["replace", "withdraw"])
def test_it_is_sent_as_any_mail(method: str) -> None:
    with mail_server() as server:
        opened = outlet(server.port)
        message = CORRECTION if method == "replace" else withdrawn(CORRECTION)
        rendered = opened.prepare_follow_up(message, key=OWN, recipient=JANE, earlier=(GOT,))
        receipt = getattr(opened, method)(rendered, key=OWN, recipient=JANE, earlier=(GOT,))
        opened.close()
    assert receipt == Receipt(remote_id=f"<{OWN}@da.example>")
    [letter] = server.got
    assert letter.content.rstrip() == rendered.content.rstrip()
