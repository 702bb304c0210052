"""A release as a mail: what a reader's program makes of it, and what nobody can make it say."""

from __future__ import annotations

import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, compat32
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mails import KEY, LETTERHEAD, LIFT, MESSAGE, OFFICE, RELEASE, composed

from pressrelease.formats.eml import Letterhead, eml, shared
from pressrelease.message import Enclosure, Message, compose
from pressrelease.release import Attachment, Contact


def mail(
    message: Message, letterhead: Letterhead = LETTERHEAD, recipient: str = "jane@example.org", key: str = KEY
) -> tuple[bytes, EmailMessage]:
    """A message's bytes, and what the standard library reads from them."""
    content = eml(message, letterhead, key=key, recipient=recipient)
    return content, BytesParser(policy=SMTP).parsebytes(content)  # type: ignore[return-value]


def test_the_headers_of_the_standards() -> None:
    content, read = mail(MESSAGE, replace(LETTERHEAD, list_id="media.da.example", unsubscribe="mailto:out@da.example"))
    assert str(read["From"]) == "District Attorney <press@da.example>"
    assert read["To"] == "jane@example.org"
    assert read["Reply-To"] == "media@da.example"
    assert read["Subject"] == "Names released"
    assert read["Message-ID"] == f"<{KEY}@da.example>"
    assert read["Date"] == "Mon, 24 Sep 2018 09:00:00 -0700"
    assert parsedate_to_datetime(read["Date"]) == LIFT
    assert read["List-Id"] == "<media.da.example>"
    assert read["List-Unsubscribe"] == "<mailto:out@da.example>"
    assert "List-Unsubscribe-Post" not in read  # nobody there could take the POST
    assert read["Auto-Submitted"] == "auto-generated"
    assert not {"cc", "bcc", "sender", "x-mailer", "received"} & {name.lower() for name in read}
    assert content.endswith(b"\r\n")


def test_nothing_is_said_of_a_list_that_is_not_configured() -> None:
    _, read = mail(MESSAGE)
    assert not [name for name in read if name.lower().startswith("list-")]


def test_leaving_the_list_by_one_click_keeps_its_address_whole() -> None:
    address = "https://da.example/leave?" + "x" * 300 + "&who={address}"
    content, read = mail(MESSAGE, replace(LETTERHEAD, unsubscribe=address), recipient="jane+press@example.org")
    expected = "<https://da.example/leave?" + "x" * 300 + "&who=jane%2Bpress@example.org>"
    assert f"\r\nList-Unsubscribe: {expected}\r\n".encode() in content
    assert read["List-Unsubscribe"] == expected
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_text_first_html_last_images_beside_it_and_the_rest_attached() -> None:
    _, read = mail(MESSAGE)
    assert read.get_content_type() == "multipart/mixed"
    both, names = read.iter_parts()
    text, page = both.iter_parts()
    html, photo = page.iter_parts()
    kinds = [part.get_content_type() for part in (both, text, page, html, photo, names)]
    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/jpeg",
        "application/pdf",
    ]
    assert {text["Content-Transfer-Encoding"], html["Content-Transfer-Encoding"]} == {"quoted-printable"}
    assert "AUBURN, Calif. – Nineteen people were arrested." in text.get_content()
    assert f'src="cid:{photo["Content-ID"].strip("<>")}"' in html.get_content()
    assert (photo.get_content(), photo.get_content_disposition()) == (b"\xff\xd8photo", "inline")
    assert (names.get_content(), names.get_filename()) == (b"%PDF names", "names.pdf")
    assert "http" not in html.get_content().replace("http-equiv", "")  # nothing remote is loaded


def test_an_attachment_keeps_its_own_name_whatever_its_letters() -> None:
    paths = ("Скан приговора.pdf", "Größe.pdf", "起訴" * 40 + ".pdf", 'a "b".pdf', "x.php")
    release = RELEASE._replace(attachments=tuple(Attachment(path) for path in paths), body="Words.")
    contents = dict.fromkeys(paths, b"bytes")
    raw, read = mail(compose(release, version="v1", office=OFFICE, lift=LIFT, url="", attachments=contents))
    names = [part.get_filename() for part in read.iter_attachments()]
    assert names[:2] == ["Скан приговора.pdf", "Größe.pdf"]
    assert names[2] == ("起訴" * 40)[:80] + ".pdf"
    assert names[3:] == ["a -b-.pdf", "x.php.bin"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not any(part.defects for part in read.walk())


def test_content_ids_are_like_no_other_mail_s_and_the_same_on_every_try() -> None:
    def ids(message: Message) -> list[str]:
        return [str(part["Content-ID"]) for part in mail(message)[1].walk() if part["Content-ID"]]

    first = ids(MESSAGE)
    assert first == ids(MESSAGE)
    assert len(set(first)) == len(first) == 2
    assert not set(first) & set(ids(replace(MESSAGE, version="another")))
    assert not set(first) & set(ids(replace(MESSAGE, slug="another")))


def test_an_image_is_no_wider_than_the_page() -> None:
    html = mail(MESSAGE)[1].get_body(("html",))
    assert html is not None
    assert '<img style="max-width:100%;height:auto" src="cid:' in html.get_content()


def test_a_link_to_an_attachment_leads_to_the_public_page_where_there_is_one() -> None:
    _, read = mail(composed(url="https://news.da.example/names-released/"))
    html = read.get_body(("html",))
    assert html is not None
    assert 'href="https://news.da.example/names-released/names.pdf"' in html.get_content()
    assert 'src="cid:' in html.get_content()


def test_without_attachments_there_are_two_parts() -> None:
    _, read = mail(composed(RELEASE._replace(attachments=(), body="Words.")))
    assert [part.get_content_type() for part in read.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_the_contact_of_the_release_comes_before_the_office_and_the_config_before_both() -> None:
    own = RELEASE._replace(contact=Contact(email="jdoe@da.example"))
    assert mail(composed(own))[1]["Reply-To"] == "jdoe@da.example"
    assert mail(composed(own), replace(LETTERHEAD, reply_to="desk@da.example"))[1]["Reply-To"] == "desk@da.example"
    assert mail(composed(own), replace(LETTERHEAD, address="jdoe@da.example"))[1]["Reply-To"] is None


def test_recipients_differ_in_three_lines_and_nobody_sees_another() -> None:
    message = MESSAGE
    first, _ = mail(message, key=KEY, recipient="jane@example.org")
    second, _ = mail(message, key=KEY[::-1], recipient="joe@example.org")
    apart = set(first.split(b"\r\n")) ^ set(second.split(b"\r\n"))
    assert {line.split(b":")[0] for line in apart} == {b"To", b"Message-ID"}
    assert b"joe" not in first


def test_a_recipient_with_other_letters_than_ascii() -> None:
    content, _ = mail(MESSAGE, recipient="jörg@example.org")
    assert content.startswith("To: jörg@example.org\r\n".encode())


text_of_any_kind = st.text(st.characters(exclude_categories=()), max_size=300)


@given(
    text_of_any_kind,
    text_of_any_kind,
    text_of_any_kind,
    text_of_any_kind,
    st.sampled_from(["", "https://da.example/{address}"]),
)
def test_no_text_breaks_out_of_its_place(headline: str, name: str, text: str, html: str, unsubscribe: str) -> None:
    message = replace(MESSAGE, text=text, html=html, release=RELEASE._replace(headline=headline))
    letterhead = replace(LETTERHEAD, name=name, unsubscribe=unsubscribe)
    content, read = mail(message, letterhead)
    assert content == eml(message, letterhead, key=KEY, recipient="jane@example.org")
    names = [header.lower() for header in read]
    assert len(names) == len(set(names))
    assert set(names) <= {
        *("to", "message-id", "list-unsubscribe", "list-unsubscribe-post", "from", "reply-to", "subject", "date"),
        *("auto-submitted", "precedence", "mime-version", "content-type"),
    }
    assert [part.get_content_type() for part in read.walk()].count("text/plain") == 1
    assert not [part.defects for part in read.walk() if part.defects]
    lines = content.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert all(len(line) <= 78 for line in lines if not line.startswith((b"To:", b"List-Unsubscribe:")))
    assert content.isascii()


#: Of letters of all kinds: what is folded differs with how many bytes a letter has, and blanks fall anywhere.
words_of_a_line = st.lists(
    st.one_of(
        st.sampled_from("Fiscalía condena José Núñez – “12 años” prison; Офис, 検察 A.B. & =?x?=".split()),
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs")), min_size=1),
        st.text("ab,", min_size=50, max_size=90),
    ),
    min_size=1,
    max_size=25,
)


def is_folded_well(content: bytes) -> bool:
    """Whether no line of the headers is too long (RFC 5322, 2.1.1), and no encoded word (RFC 2047, section 2)."""
    head = content.partition(b"\r\n\r\n")[0]
    words = re.findall(rb"=\?utf-8\?[^ \r\n]*\?=", head)
    return all(len(line) <= 78 for line in head.split(b"\r\n")) and all(len(word) <= 75 for word in words)


@given(words_of_a_line)
@example(["prison;", "0" * 38, "0" * 39])
def test_a_reader_sees_the_headline_as_it_was_typed(words: list[str]) -> None:
    headline = " ".join(words)
    content, read = mail(replace(MESSAGE, release=RELEASE._replace(headline=headline)))
    assert str(read["Subject"]) == headline
    unfolded = BytesParser(policy=compat32).parsebytes(content)["Subject"].replace("\r\n", "")
    assert str(make_header(decode_header(unfolded))) == headline
    assert is_folded_well(content)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=300))
def test_a_reader_sees_the_text_as_it_was_composed(text: str) -> None:
    _, read = mail(replace(MESSAGE, text=text))
    part = read.get_body(("plain",))
    assert part is not None
    assert part.get_content().replace("\r\n", "\n").removesuffix("\n") == text.removesuffix("\n")


@given(words_of_a_line.map(" ".join))
@example("Büro für Öffentlichkeit " * 8)
@example('The "Büro", of; <Names>')
@example('The \\"Office\\", of; <Names>')
@example("A, B")
@example("prison; " + "0" * 38 + " " + "0" * 38)
def test_a_name_with_other_letters_or_signs_stays_one_sender(name: str) -> None:
    content, read = mail(MESSAGE, replace(LETTERHEAD, name=name))
    assert [sender.addr_spec for sender in read["From"].addresses] == ["press@da.example"]
    assert is_folded_well(content)
    header = BytesParser(policy=compat32).parsebytes(content)["From"]
    # By the older half of the library: the newer one puts a blank between two encoded words of a name.
    shown, address = parseaddr(header.replace("\r\n", ""))
    assert address == "press@da.example"
    assert str(make_header(decode_header(shown))) == name.strip()


def test_a_hostile_file_name_or_type_stays_in_its_place() -> None:
    enclosure = Enclosure('a"\r\nBcc: x@example.org\r\n.pdf', "application/pdf", b"x")
    with pytest.raises(ValueError, match=r"."):
        shared(replace(MESSAGE, enclosures=(enclosure,)), LETTERHEAD)
