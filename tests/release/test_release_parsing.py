"""A release file is read as typed, or refused in plain words with its line. Nothing else ever happens."""

from __future__ import annotations

import json
import ntpath
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pressrelease.errors import ReleaseRefused
from pressrelease.release import LARGEST_RELEASE, Attachment, Contact, Release, ReleaseKind, parse
from pressrelease.release.parsing import MOST_BRACKETS
from pressrelease.release.text import forbidden_in

FENCE = "---\n"
LEAST = "headline: Names released\nembargo: the week of 9/24\n"


def release(front: str = "", body: str = "Words.\n", *, least: str = LEAST) -> Release:
    return parse(f"{FENCE}{least}{front}\n{FENCE}{body}".encode(), "names-released")


def refusal(front: str = "", body: str = "Words.\n", *, least: str = LEAST) -> ReleaseRefused:
    with pytest.raises(ReleaseRefused) as caught:
        release(front, body, least=least)
    return caught.value


# --- Any bytes at all ---------------------------------------------------------------------------------------------

#: What YAML's scanner trips over, to be shuffled.
FRAGMENTS = (
    *("headline", "embargo", "subhead", "contact", "attachments", "keywords", "outlets", "date", "kind", "path", "x"),
    *(": ", ":", " ", "  ", "\n", "\n  ", "\n- ", "\n  - ", "- ", "? ", ", ", "[", "]", "{", "}", "'", '"', "|", ">"),
    *(
        "|-\n  ",
        ">+2\n   ",
        "&a ",
        "*a",
        "!",
        "!!str ",
        "!<x>",
        "%YAML 1.1\n",
        "---",
        "\n---\n",
        "\n...\n",
        "#",
        " #",
        "# ",
    ),
    *("\t", "\\", '"\\x00"', '"\\ud800"', '"\\U00110000"', "<<: ", "~", "@", "`", "é", "\u0301", "🕘", "9:00", "../x"),
)
shuffled = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join)
nested = st.recursive(
    st.text(max_size=20) | st.sampled_from(["", "9:00", "../x", "photo.jpg"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FRAGMENTS), inner, max_size=4),
    max_leaves=12,
)
structured = st.builds(
    lambda values, flow: yaml.safe_dump(values, default_flow_style=flow, allow_unicode=True),
    st.dictionaries(
        st.sampled_from(
            ["headline", "embargo", "contact", "attachments", "keywords", "outlets", "date", "kind", "follows"]
        ),
        nested,
        max_size=6,
    ),
    st.booleans(),
)


def read_or_refused(data: bytes) -> Release | None:
    try:
        return parse(data, "a-slug")
    except ReleaseRefused as error:
        refused = error
    assert refused.message.endswith((".", "?")), refused.message
    assert refused.hint, refused.message
    assert 0 <= refused.line <= data.count(b"\n") + data.count(b"\r") + 1
    return None


@given(st.binary(max_size=200))
@example(b"")
@example(b"---")
@example(b"---\n---")
@example(b"\xef\xbb\xbf---\n\xff")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    read_or_refused(data)
    read_or_refused(b"---\n" + LEAST.encode() + data + b"\n---\nWords.")


@given(shuffled | structured)
def test_any_front_matter_is_read_or_refused(front: str) -> None:
    read_or_refused(f"---\n{front}\n---\nWords.".encode())
    read_or_refused(f"---\n{LEAST}{front}\n---\nWords.".encode())


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml here")
@given(shuffled | structured)
def test_reading_does_not_depend_on_how_pyyaml_was_built(front: str) -> None:
    data = f"---\n{LEAST}{front}\n---\nWords.".encode()
    fast = yaml.CSafeLoader
    del yaml.CSafeLoader
    try:
        slow = read_or_refused(data)
    finally:
        yaml.CSafeLoader = fast
    quick = read_or_refused(data)
    # The two scanners differ in what they refuse, never in what they read.
    if slow is not None and quick is not None:
        assert (slow.headline, slow.subhead, slow.keywords) == (quick.headline, quick.subhead, quick.keywords)


@given(structured)
def test_what_is_read_holds_no_hidden_character_and_only_texts(front: str) -> None:
    found = read_or_refused(f"---\n{LEAST}{front}\n---\nWords.".encode())
    if found is not None:
        texts = [
            found.headline,
            found.embargo,
            found.author,
            found.editor_note,
            *found.keywords,
            *(found.outlets or ()),
        ]
        assert all(isinstance(text, str) for text in texts)
        assert all(character == "\n" or character >= " " for text in texts for character in text)


# --- Texts as typed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "9:00",
        "010",
        "no",
        "null",
        "~",
        "true",
        "2018-09-24",
        "2018-09-24T09:00:00-07:00",
        "1e3",
        "0x1F",
        "1_000",
        ".inf",
    ],
)
def test_yaml_guesses_nothing(typed: str) -> None:
    found = release(f"subhead: {typed}\neditor_note: '{typed}'\nkeywords: [{typed}]")
    assert (found.subhead, found.editor_note, found.keywords) == (typed, typed, (typed,))


def test_every_key_of_the_contract_is_read() -> None:
    found = release(
        """\
subhead: Thirty arrests
date: 2018-09-19
dateline: AUBURN, Calif.
kind: statement
follows: county-wide-operation
outlets: [newsroom, media]
author: jdoe
contact: {name: Press Office, phone: 530-555-0100, email: press@example.org}
keywords: [one, two]
attachments: [{path: sheet.pdf, title: The sheet}, {path: photo.jpg, alt: A table}]
editor_note: To editors.
accept: {presumption_missing: sentenced, minor: of age}"""
    )
    assert found == Release(
        slug="names-released",
        headline="Names released",
        embargo="the week of 9/24",
        body="Words.",
        subhead="Thirty arrests",
        date=date(2018, 9, 19),
        dateline="AUBURN, Calif.",
        kind=ReleaseKind.STATEMENT,
        follows="county-wide-operation",
        outlets=("newsroom", "media"),
        author="jdoe",
        contact=Contact("Press Office", "530-555-0100", "press@example.org"),
        keywords=("one", "two"),
        attachments=(Attachment("sheet.pdf", "The sheet"), Attachment("photo.jpg", "", "A table")),
        editor_note="To editors.",
        accept=(("presumption_missing", "sentenced"), ("minor", "of age")),
        lines=found.lines,
        body_line=found.body_line,
        source_hash=found.source_hash,
    )
    assert found.line_of("contact.email") == 11
    assert found.line_of("attachments.1") == 13
    assert found.line_of("accept.minor") == 15
    assert found.line_of("nothing") == 0


def test_what_is_left_out_says_nothing() -> None:
    found = release()
    assert (found.outlets, found.contact, found.date, found.kind) == (None, None, None, ReleaseKind.RELEASE)
    assert release("contact:\ndate:\nkind:\nkeywords:\nattachments:\nsubhead:").subhead == ""


@pytest.mark.parametrize(
    ("front", "key", "value"),
    [
        ("keywords: one, two", "keywords", ("one", "two")),
        ("keywords: [one, two, one]", "keywords", ("one", "two")),
        ("outlets: media", "outlets", ("media",)),
        ("attachments: sheet.pdf", "attachments", (Attachment("sheet.pdf"),)),
        ("attachments: [sheet.pdf]", "attachments", (Attachment("sheet.pdf"),)),
        ("subhead: a # a comment", "subhead", "a"),
        ("subhead: # a comment\n  a", "subhead", "a"),
        ("subhead: >-\n  one\n  two #3", "subhead", "one two #3"),
        ("editor_note: |\n  one\n\n  two #3\n", "editor_note", "one\n\ntwo #3"),
        ("#subhead: later", "subhead", ""),
        ("subhead: 'it''s'", "subhead", "it's"),
        ("subhead: e\u0301", "subhead", "é"),
        ('subhead: "e\\u0301"', "subhead", "é"),
        ("? subhead\n: x", "subhead", "x"),
    ],
)
def test_shapes_that_people_write(front: str, key: str, value: Any) -> None:
    assert getattr(release(front), key) == value


# --- Refusals: the line, the code, and a word on what to do --------------------------------------------------------

REFUSED = [
    # Texts that YAML would lose or change.
    ("subhead: Case #12 dismissed", 4, "lost_words"),
    ("subhead: Case # 12 dismissed", 4, "lost_words"),
    ("subhead: #MeToo", 4, "lost_words"),
    ('subhead: "x" #y', 4, "lost_words"),
    ("keywords:\n  - #MeToo\n  - x", 5, "lost_words"),
    ("keywords: [x, #y\n  ]", 4, "lost_words"),
    ("keywords: [x] #y", 4, "lost_words"),
    ("contact:\n  name: x\n  phone: #12", 6, "lost_words"),
    # YAML's machinery.
    ("subhead: &a x", 4, "front_matter"),
    ("subhead: *a", 4, "front_matter"),
    ("&a subhead: x", 4, "front_matter"),
    ("subhead: !!python/object/apply:os.system [x]", 4, "front_matter"),
    ("subhead: !x y", 4, "front_matter"),
    ("subhead: ! x", 4, "front_matter"),
    ("...\nsubhead: x", 5, "front_matter"),
    ("--- x", 4, "front_matter"),
    ("--- {headline: x, embargo: immediate}", 4, "front_matter"),
    ("subhead: a: b", 4, "front_matter"),
    ("subhead: @x", 4, "front_matter"),
    ("\tsubhead: x", 4, "front_matter"),
    ('subhead: "x\nauthor: y', 4, "front_matter"),
    ("keywords: {a: {b: {c: {d: e}}}}", 4, "front_matter"),
    ("keywords: [[[[[x]]]]]", 4, "front_matter"),
    ("? [x]\n: y", 4, "front_matter"),
    ("keywords: [" + "x, " * 1001 + "]", 4, "front_matter"),
    # Keys.
    ("titel: x", 4, "unknown_key"),
    ("<<: {author: x}", 4, "unknown_key"),
    ("Subhead: x", 4, "unknown_key"),
    ("'': x", 4, "unknown_key"),
    ("contact:\n  mail: x", 5, "unknown_key"),
    ("attachments: [{path: a.pdf,\n  caption: x}]", 5, "unknown_key"),
    ("subhead: x\nauthor: y\nsubhead: x", 6, "duplicate_key"),
    ("contact: {name: x, name: y}", 4, "duplicate_key"),
    # Shapes.
    ("subhead: [x]", 4, "wrong_shape"),
    ("subhead: {x: y}", 4, "wrong_shape"),
    ("contact: x", 4, "wrong_shape"),
    ("contact: {name: [x]}", 4, "wrong_shape"),
    ("keywords: {x: y}", 4, "wrong_shape"),
    ("keywords: [[x]]", 4, "wrong_shape"),
    ("attachments: {path: x}", 4, "wrong_shape"),
    ("attachments: [[x]]", 4, "wrong_shape"),
    # Values.
    ("date: 2018-02-30", 4, "bad_date"),
    ("date: 9/19/2018", 4, "bad_date"),
    ("date: 20180919", 4, "bad_date"),
    ("date: ２018-09-19", 4, "bad_date"),
    ("kind: pressrelease", 4, "unknown_kind"),
    ("follows: ../x", 4, "bad_slug"),
    ("follows: Names", 4, "bad_slug"),
    ("outlets: []", 4, "no_outlet"),
    ("outlets:", 4, "no_outlet"),
    ("outlets: ['', ' ']", 4, "no_outlet"),
    ("subhead: |\n  one\n  two", 4, "line_break"),
    ('author: "a\\tb"', 4, "line_break"),
    ("subhead: " + "x" * 1001, 4, "too_long"),
    ("editor_note: " + "x" * 10_001, 4, "too_long"),
    ("keywords: [" + "x, " * 101 + "]", 4, "too_long"),
    ('subhead: "a\\0b"', 4, "control_character"),
    ('subhead: "a\\u202eb"', 4, "control_character"),
    ('keywords:\n  - x\n  - "a\\eb"', 6, "control_character"),
    ("accept: sentenced", 4, "wrong_shape"),
    ("accept: [presumption_missing]", 4, "wrong_shape"),
    ("accept: {presumption_missing: ''}", 4, "reason_missing"),
    ("accept:\n  presumption_missing:", 5, "reason_missing"),
    ("accept:\n  minor: of age\n  No Code: x", 6, "bad_code"),
    ("accept: {minor: [x]}", 4, "wrong_shape"),
    ("accept: {minor: " + "x" * 1001 + "}", 4, "too_long"),
    ("accept: {" + ", ".join(f"c{n}: x" for n in range(101)) + "}", 4, "too_long"),
    ("attachments:\n  - a.pdf\n  - A.PDF", 6, "duplicate_attachment"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("front", "line", "code"), REFUSED, ids=[f"{code}-{n}" for n, (_, _, code) in enumerate(REFUSED)]
)
def test_what_is_refused_says_where_and_what_to_do(front: str, line: int, code: str) -> None:
    refused = refusal(front)
    assert (refused.line, refused.code) == (line, code), refused.message
    assert refused.hint
    assert refused.exit_code == 65


@pytest.mark.parametrize(
    ("least", "line", "code"),
    [
        ("embargo: immediate\n", 1, "headline_missing"),
        ("embargo: immediate\nheadline:\n", 3, "headline_missing"),
        ("embargo: immediate\nheadline: '  '\n", 3, "headline_missing"),
        ("- headline: x\n", 2, "front_matter"),
        ("headline\n", 2, "front_matter"),
        ("", 1, "headline_missing"),
    ],
)
def test_what_is_required(least: str, line: int, code: str) -> None:
    refused = refusal(least=least)
    assert (refused.line, refused.code) == (line, code)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("titel", "headline"), ("title", "headline"), ("headlin", "headline"), ("HEADLINE", "headline"),
        ("embargoed", "embargo"), ("when", "embargo"), ("sub-head", "subhead"), ("summary", "subhead"),
        ("outlet", "outlets"), ("tags", "keywords"), ("attachment", "attachments"), ("note", "editor_note"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_asked_about(typed: str, meant: str) -> None:
    refused = refusal(f"{typed}: x")
    assert refused.candidates[0] == meant
    assert f"Did you mean `{meant}`?" in refused.message


def test_a_key_that_is_like_none_is_not_asked_about() -> None:
    assert "Did you mean" not in refusal("zzzz: x").message
    assert refusal("x" * 5000 + "é: x").message.count("x") < 50


@pytest.mark.parametrize(
    ("data", "line", "code"),
    [
        (b"", 1, "front_matter_missing"),
        (b"Just words.", 1, "front_matter_missing"),
        (b"\n---\nheadline: x\n---\n", 1, "front_matter_missing"),
        (b"---\nheadline: x\nembargo: immediate\n", 1, "front_matter_missing"),
        (b"---\nheadline: x\n ---\nwords", 1, "front_matter_missing"),
        (b"---\nheadline: caf\xe9\n---\n", 2, "not_utf8"),
        (b"---\r\nheadline: x\r\nembargo: y\r\n---\r\n\r\n\xed\xa0\x80", 6, "not_utf8"),
        ("---\nheadline: x".encode("utf-16"), 1, "not_utf8"),
        (b"---\n#" + b"x" * 65536 + b"\n---\n", 1, "too_large"),
        (b"x" * (LARGEST_RELEASE + 1), 0, "too_large"),
    ],
    ids=[
        "empty",
        "words",
        "blank-line-first",
        "no-end",
        "indented-end",
        "latin-1",
        "surrogate",
        "utf-16",
        "front",
        "whole",
    ],
)
def test_files_that_are_no_release(data: bytes, line: int, code: str) -> None:
    with pytest.raises(ReleaseRefused) as caught:
        parse(data, "x")
    assert (caught.value.line, caught.value.code) == (line, code)


def test_a_release_of_exactly_a_mebibyte_is_read() -> None:
    head = f"---\n{LEAST}---\n".encode()
    assert len(parse(head + b"x" * (LARGEST_RELEASE - len(head)), "x").body) == LARGEST_RELEASE - len(head)


@pytest.mark.parametrize("slug", ["", "Names", "a b", "a.b", "../a", "a/b", "é", "con", "com1", "x" * 81, "a\n"])
def test_a_file_whose_name_is_no_slug_is_refused(slug: str) -> None:
    with pytest.raises(ReleaseRefused) as caught:
        parse(f"---\n{LEAST}---\nWords.".encode(), slug)
    assert caught.value.code == "bad_slug"


# --- Characters that hide -----------------------------------------------------------------------------------------

HIDDEN = [
    *(chr(number) for number in range(32) if chr(number) not in "\t\n\r"),
    *(chr(number) for number in range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffe\uffff",
]


@given(
    st.lists(
        st.text(
            st.characters(
                codec="utf-8", exclude_characters="\r\n", exclude_categories=("Cc", "Cf", "Mn", "Zl", "Zp", "Cn")
            )
        )
    ),
    st.sampled_from(HIDDEN),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_a_hidden_character_is_refused_with_its_line(
    before: list[str], hidden: str, end: str, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, 5))
    body = end.join([*before, "words"[:column] + hidden + "words"[column:], "after"])
    with pytest.raises(ReleaseRefused) as caught:
        parse(f"---\n{LEAST}---\n{body}".replace("\n---\n", end.join(["", "---", ""])).encode(), "x")
    assert caught.value.code == "control_character"
    lines = 4 + len(before) + 1
    assert caught.value.line == lines
    assert f"U+{ord(hidden):04X}" in caught.value.message
    assert hidden not in caught.value.message


@pytest.mark.parametrize("kept", ["\t", "\u00a0", "\u200b", "\u200d", "\u00ad", "👩‍⚖️", "नि", "שלום", "ﬁ"])
def test_characters_that_languages_need_are_kept(kept: str) -> None:
    assert kept in release(body=f"a{kept}b").body


def test_piled_accents_are_refused_at_once() -> None:
    accents = "\u0301\u0323" * 20_000
    refused = refusal(body=f"one\ntwo a{accents}")
    assert (refused.code, refused.line) == ("too_many_marks", 7)
    assert release(body="a" + "\u0301" * 30).body


def test_thousands_of_brackets_are_refused_since_each_may_begin_a_link() -> None:
    refused = refusal(body="one\n" + "![" * (MOST_BRACKETS + 1))
    assert (refused.code, refused.line) == ("too_many_brackets", 6)
    assert release(body="![" * MOST_BRACKETS).body


# --- Bombs: refused or read within a moment ------------------------------------------------------------------------

BOMBS: dict[str, Callable[[], str]] = {
    "billion laughs": lambda: (
        "a: &a [x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    ),
    "flow lists": lambda: "keywords: " + "[" * 60_000,
    "flow maps": lambda: "keywords: " + "{" * 60_000,
    "block lists": lambda: "- " * 30_000,
    "question marks": lambda: "? " * 30_000,
    "keys": lambda: "".join(f"k{n}:\n" for n in range(9_000)),
    "comments": lambda: "keywords: [" + "x #" * 20_000 + "]",
    "blank lines": lambda: "subhead: 'x" + "\n" * 60_000 + "'",
    "quotes": lambda: "subhead: '" + "''" * 30_000 + "'",
    "escapes": lambda: 'subhead: "' + "\\u0301\\u0323" * 5_000 + '"',
}


@pytest.mark.timeout(10)
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_do_not_go_off(bomb: str) -> None:
    front = BOMBS[bomb]()
    assert len(front) < 64 * 1024
    read_or_refused(f"---\n{LEAST}{front}\n---\nWords.".encode())


# --- Attachments ---------------------------------------------------------------------------------------------------

BAD_PATHS = [
    *("/etc/passwd", "../config.toml", "a/../../b.pdf", "a/../b.pdf", "./a.pdf", "a//b.pdf", "a/", "~/a.pdf", ".."),
    *("C:/a.pdf", "c:a.pdf", "a\\b.pdf", "\\\\host\\a.pdf", "a:b", "a*b.pdf", "a?.pdf", "<a>.pdf", 'a".pdf', "a|b.pdf"),
    *(".hidden.pdf", "a/.git/b.pdf", "a./b.pdf", "con.pdf", "a/NUL.txt", "aux", "Com1.pdf", "lpt¹.pdf", "CONIN$.pdf"),
    *("other-release.md", "a/b.MD", "x" * 256 + ".pdf", ""),
]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    refused = refusal(f"attachments: [{{path: {json.dumps(path)}}}]")
    assert (refused.code, refused.line) == ("bad_path", 4)


#: YAML reads JSON's escapes, but not its surrogates.
any_path = st.lists(
    st.sampled_from(["..", ".", "", "a", "con", "A.pdf", "~", "C:", "é", " ", "x.md", "nul.txt", "a ", "b."])
    | st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
    max_size=5,
).map("/".join)


@given(any_path)
def test_a_path_that_is_taken_stays_inside_on_every_system(path: str) -> None:
    try:
        [found] = release(f"attachments: [{{path: {json.dumps(path, ensure_ascii=False)}}}]").attachments
    except ReleaseRefused:
        return
    posix, windows = PurePosixPath(found.path), PureWindowsPath(found.path)
    assert not posix.is_absolute()
    assert not windows.is_absolute()
    assert not windows.drive
    assert ".." not in posix.parts
    assert posix.parts == windows.parts
    assert not _reserved(windows)
    root = Path("/office/releases")
    assert (root / found.path).resolve().is_relative_to(root)


def _reserved(path: Any) -> bool:
    told = getattr(ntpath, "isreserved", None)  # from Python 3.13 on
    return bool(told(str(path)) if told else path.is_reserved())


def test_just_the_characters_that_hide_are_found_between_letters() -> None:
    hidden = [
        *(number for number in (*range(0x20), *range(0x7F, 0xA0)) if number not in {0x09, 0x0A}),
        *(0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)),
        *(*range(0xD800, 0xE000), 0xFEFF, *range(0xFFF9, 0xFFFC), 0xFFFE, 0xFFFF),
    ]
    assert [number for number in range(0x10000) if forbidden_in(f"a{chr(number)}b")] == hidden
