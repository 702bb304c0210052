"""Addresses and lists: what mail can be sent to, each once, and nothing left out in silence."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.errors import ConfigRefused
from pressrelease.outlets.email.addresses import NotAnAddress, read_address
from pressrelease.outlets.email.recipients import MOST_TOLD, complaints_about, read_csv, read_recipient_list


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("jane@example.org", "jane@example.org"),
        ("  Jane.Doe+press@Example.ORG ", "Jane.Doe+press@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("jane@bücher.example", "jane@xn--bcher-kva.example"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),  # IDNA 2003 would write to another domain
        ("用户@例子.广告", "用户@xn--fsqu00a.xn--4rr70v"),
        ("jo\u0308rg@example.org", "jörg@example.org"),
    ],
)
def test_an_address_as_the_wire_has_it(text: str, wire: str) -> None:
    assert read_address(text).wire == wire
    assert read_address(text).needs_utf8 is not wire.isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "jane",
        "jane@",
        "@example.org",
        "jane@example",
        "jane@localhost",
        "jane@@example.org",
        "Jane <jane@example.org>",
        "jane@example.org, joe@example.org",
        "jane@example.org; joe@example.org",
        "jane doe@example.org",
        '"jane doe"@example.org',
        "jane@example.org\r\nRCPT TO:<joe@example.org>",
        "jane@example.org>\r\nDATA",
        "jane\x00@example.org",
        "ja\u200bne@example.org",
        "ja\u202ene@example.org",
        ".jane@example.org",
        "jane.@example.org",
        "ja..ne@example.org",
        "jane@-example.org",
        "jane@exa_mple.org",
        "jane@example..org",
        "jane@127.0.0.1",
        "jane@[127.0.0.1]",
        f"{'j' * 65}@example.org",
        f"jane@{'.'.join(['e' * 63] * 4)}.org",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(NotAnAddress):
        read_address(text)


@given(st.one_of(st.text(), st.from_regex(r"[^@]{1,20}@[^@]{1,20}", fullmatch=True), st.emails()))
def test_whatever_is_accepted_is_harmless_in_a_header_and_in_a_command(text: str) -> None:
    try:
        address = read_address(text)
    except NotAnAddress:
        return
    assert address.wire.isprintable()
    assert not set(address.wire) & set(' \t\r\n<>(),;:"[]\\')
    assert address.wire.count("@") == 1
    assert len(address.wire.encode()) <= 254
    assert read_address(address.wire) == address


addresses = st.builds(
    lambda local, domain: f"{local}@{domain}.example",
    st.text("abcXYZ0", min_size=1, max_size=3),
    st.text("abAB", min_size=1, max_size=2),
)


@given(
    st.lists(addresses, min_size=1, max_size=40),
    st.sampled_from(",;\t"),
    st.sampled_from(["email", "Email", " EMAIL "]),
)
def test_every_mailbox_of_a_file_is_on_the_roll_once(
    tmp_path_factory: pytest.TempPathFactory, entries: list[str], separator: str, heading: str
) -> None:
    file = tmp_path_factory.getbasetemp() / "roll.csv"
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["name", heading, "desk"])
    writer.writerows(["A, B; C", entry, "\n"] for entry in entries)
    file.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
    roll = read_csv(file)
    assert [one.casefold() for one in roll.addresses] == list(dict.fromkeys(entry.casefold() for entry in entries))
    twice = len(entries) - len(roll.addresses)
    assert len(roll.complaints) == min(twice, MOST_TOLD + 1)
    assert not any(complaint.in_the_way for complaint in roll.complaints)
    assert roll.must_be_whole() == roll.addresses


@given(st.binary(max_size=300))
def test_any_bytes_are_a_roll_or_a_complaint(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.csv"
    file.write_bytes(b"email\n" + data if len(data) % 2 else data)
    roll = read_csv(file)
    if not any(complaint.in_the_way for complaint in roll.complaints):
        assert roll.must_be_whole()
        return
    with pytest.raises(ConfigRefused):
        roll.must_be_whole()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"name\nJane\n", "media.csv:1: it has no `email` column"),
        (b"email,Email\na@example.org,b@example.org\n", "media.csv:1: it has more than one `email` column"),
        (b"email\n", "media.csv: it has no addresses"),
        (b"", "media.csv: it has no `email` column"),
        (b"email\nj\xe9r\xf4me@example.org\n", "media.csv: it is not UTF-8 text"),
        (b"email\na@example.org\nnobody\n", "media.csv:3: “nobody” is not an e-mail address: it has no @"),
        (b"name,email\nJane,\n", "media.csv:2: entry 1 is not an e-mail address: it is empty"),
        (b"email\nJane <jane@example.org>\n", "media.csv:2: “Jane <jane@example.org>” is not an e-mail address"),
        (b'email\n"a@example.org\nb@example.org\n', "media.csv:2: a quotation mark"),
        (b"email\n\x1b[31m@example.org\n", "“[31m@example.org” is not an e-mail address"),
    ],
)
def test_a_file_that_is_not_whole_is_refused_with_its_lines(tmp_path: Path, data: bytes, told: str) -> None:
    (tmp_path / "media.csv").write_bytes(data)
    with pytest.raises(ConfigRefused) as refused:
        read_recipient_list("media.csv", tmp_path).must_be_whole()
    assert told in refused.value.message
    assert refused.value.hint


def test_a_file_that_is_not_there_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigRefused, match="there is no such file"):
        read_recipient_list("media.csv", tmp_path).must_be_whole()
    monkeypatch.setattr("pressrelease.outlets.email.recipients.LARGEST_LIST", 10)
    (tmp_path / "media.csv").write_text("email\njane@example.org\n")
    with pytest.raises(ConfigRefused, match="it is larger than"):
        read_recipient_list("media.csv", tmp_path).must_be_whole()


def test_all_bad_addresses_are_reported_at_once_and_no_more_than_a_screen(tmp_path: Path) -> None:
    bad = "\n".join(f"bad-{number}" for number in range(500))
    (tmp_path / "media.csv").write_text(f"email\na@example.org\na@example.org\n{bad}\n", encoding="utf-8")
    roll = read_recipient_list("media.csv", tmp_path)
    assert len(roll.complaints) == MOST_TOLD + 1
    assert roll.complaints[-1].message == "and 481 more like these"
    assert roll.complaints[-1].in_the_way
    assert len(complaints_about("media.csv", tmp_path)) == MOST_TOLD + 1


def test_a_list_in_the_config(tmp_path: Path) -> None:
    roll = read_recipient_list(("a@example.org", "b@example.org", "A@example.org"), tmp_path)
    assert roll.addresses == ("a@example.org", "b@example.org")
    assert [complaint.message for complaint in roll.complaints] == [
        "“A@example.org” is in it twice; one message goes there"
    ]
    with pytest.raises(ConfigRefused, match="“bad” is not an e-mail address"):
        read_recipient_list(("bad",), tmp_path).must_be_whole()


def test_five_thousand_are_read_in_a_moment(tmp_path: Path) -> None:
    lines = "\n".join(f"Reporter {number},reporter-{number}@example.org" for number in range(5000))
    (tmp_path / "media.csv").write_text(f"name,email\n{lines}\n", encoding="utf-8")
    assert len(read_recipient_list("media.csv", tmp_path).must_be_whole()) == 5000


# -- rows that would be lost in silence ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('email,name\njane@paper.example,"unclosed\nrick@paper.example,Rick\nanna@paper.example,Anna\n', 2),
        ('email,outlet\na@paper.example,"KCRA 3\nb@paper.example,KXTV\nc@paper.example,"KOVR" 13\n', 2),
        ('email,outlet\na@paper.example,A\nb@paper.example,"KXTV\nc@paper.example,C"\nd@paper.example,D\n', 3),
        ("email,name\na@paper.example,A\nb@paper.example,c@paper.example,C\n", 3),
        ("email,name,desk\nb@paper.example,c@paper.example\n", 2),
        ('"email\n', 1),
    ],
)
def test_a_row_that_may_hide_another_is_an_error_with_its_line(tmp_path: Path, text: str, line: int) -> None:
    file = tmp_path / "media.csv"
    file.write_text(text, encoding="utf-8", newline="")
    [fault] = [complaint for complaint in read_csv(file).complaints if complaint.in_the_way]
    assert fault.line == line
    with pytest.raises(ConfigRefused):
        read_csv(file).must_be_whole()


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ('email;"Notes, comments, and so on"\r\njane@paper.example;"a, b, c"\r\n', ("jane@paper.example",)),
        ("email,name\njane@p.example,a\x0bb\nrick@p.example,c\u2028d\x85\n", ("jane@p.example", "rick@p.example")),
        ('email,name\njane@p.example,"two\nlines"\n', ("jane@p.example",)),
        ("email,name\njane@p.example\nrick@p.example,Rick,,,\n", ("jane@p.example", "rick@p.example")),
        ("email\rjane@p.example\rrick@p.example\r", ("jane@p.example", "rick@p.example")),
        ("\n\nemail\n\njane@p.example\n,\n", ("jane@p.example",)),
        ("email\nstrasse@p.example\nstra\u00dfe@p.example\n", ("strasse@p.example", "straße@p.example")),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path: Path, text: str, addresses: tuple[str, ...]) -> None:
    file = tmp_path / "media.csv"
    file.write_text(text, encoding="utf-8", newline="")
    assert read_csv(file).must_be_whole() == addresses


@given(
    st.lists(
        st.lists(
            st.sampled_from(['"', ",", ";", "\n", "\r\n", "\x0b", " ", "A", "a@p.example", "b@p.example"]), max_size=9
        ),
        max_size=6,
    )
)
def test_no_address_of_a_file_is_left_out_in_silence(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """Numbered, so that each address of the file is another; each is on the roll, or something is said of the list."""
    count = 0
    text = "email,name\n"
    for row in rows:
        for part in row:
            count += "@" in part
            text += part.replace("@", f"{count}@")
        text += "\n"
    file = tmp_path_factory.getbasetemp() / "property.csv"
    file.write_text(text, encoding="utf-8", newline="")
    roll = read_csv(file)
    assert len(roll.addresses) == count or roll.complaints
    assert len(set(roll.addresses)) == len(roll.addresses) <= count
