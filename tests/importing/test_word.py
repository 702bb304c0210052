"""Word files: looked through before anything is read, and then brought over word for word."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed import needs_module
from word_files import paragraph, run, with_namespace, word_file

from pressrelease.errors import Refused
from pressrelease.importing import Imported, read_foreign
from pressrelease.release import Contact

needs_module("mammoth")
needs_module("lxml")

RELEASE = (
    paragraph("FOR IMMEDIATE RELEASE"),
    paragraph("Contact: Lee Poe, 530-555-0144, lee@example.org"),
    paragraph("September 19, 2018"),
    paragraph("Names released in county-wide operation", properties='<w:pStyle w:val="Title"/>'),
    paragraph(run("Every case is under review", "<w:i/>")),
    paragraph("AUBURN, Calif. – The office released the ", run("names", "<w:b/>"), " today."),
    paragraph("A charge is merely an accusation."),
    paragraph("###"),
)


def read(*blocks: str, accept: bool = False, **parts: str | bytes) -> Imported:
    return read_foreign(word_file(*blocks, **parts), "release.docx", accept_changes=accept)  # type: ignore[arg-type]


def test_a_release_is_taken_apart_into_its_keys_and_its_text() -> None:
    found = read(*RELEASE, styles='<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/></w:style>')
    assert found.headline == "Names released in county-wide operation"
    assert found.subhead == "Every case is under review"
    assert found.embargo == "immediate"
    assert found.date == date(2018, 9, 19)
    assert found.contact == Contact("Lee Poe", "530-555-0144", "lee@example.org")
    assert found.dateline == "AUBURN, Calif."
    assert found.body == "The office released the **names** today.\n\nA charge is merely an accusation."
    assert [one.kind for one in found.seen] == ["dropped"]


@pytest.mark.parametrize(
    ("line", "embargo"),
    [
        ("EMBARGOED UNTIL Monday, Sept. 24, 2018, 9 a.m. PDT", "Monday, Sept. 24, 2018, 9 a.m. PDT"),
        ("HOLD FOR RELEASE UNTIL the week of 9/24", "the week of 9/24"),
        ("Not for release before noon Friday", "noon Friday"),
        ("NEWS RELEASE – FOR IMMEDIATE RELEASE", "immediate"),
    ],
)
def test_the_release_line_is_the_embargo(line: str, embargo: str) -> None:
    assert read(line, "A headline", "The text of it.").embargo == embargo


W = "w:"
HIDDEN_STYLE = (
    '<w:style w:type="character" w:styleId="Base"><w:rPr><w:vanish/></w:rPr></w:style>'
    '<w:style w:type="character" w:styleId="Quiet"><w:basedOn w:val="Base"/></w:style>'
)
BOX = (
    '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:txbxContent><w:p><w:r><w:t>SECRET</w:t></w:r></w:p>'
    "</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent><w:p><w:r><w:t>SECRET</w:t></w:r></w:p>"
    "</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r>"
)
#: Each: what must be cleaned first, with the word that is shown.
UNCLEAN: list[tuple[str, str, dict[str, str | bytes]]] = [
    ("hidden", paragraph("Shown. ", run("SECRET", "<w:vanish/>")), {}),
    ("hidden", paragraph(run("SECRET", '<w:rStyle w:val="Quiet"/>')), {"styles": HIDDEN_STYLE}),
    (
        "hidden",
        paragraph("SECRET", properties='<w:pStyle w:val="P"/>'),
        {"styles": '<w:style w:type="paragraph" w:styleId="P"><w:rPr><w:vanish w:val="1"/></w:rPr></w:style>'},
    ),
    (
        "hidden",
        "SECRET",
        {"styles": "<w:docDefaults><w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault></w:docDefaults>"},
    ),
    ("same_color", paragraph(run("SECRET", '<w:color w:val="FEFEFE"/>')), {}),
    ("same_color", paragraph(run("SECRET", '<w:highlight w:val="black"/>')), {}),
    ("tiny", paragraph(run("SECRET", '<w:sz w:val="2"/>')), {}),
    ("change", f'<w:p><w:ins w:author="J. Doe">{run("SECRET")}</w:ins></w:p>', {}),
    ("change", '<w:p><w:del w:author="J. Doe"><w:r><w:delText>SECRET</w:delText></w:r></w:del></w:p>', {}),
    (
        "comment",
        "Text.",
        {
            "word__comments_xml": with_namespace(
                "comments", f'<w:comment w:author="J. Doe">{paragraph("SECRET")}</w:comment>'
            )
        },
    ),
    ("box", paragraph(BOX), {}),
    (
        "placeholder",
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{paragraph('SECRET')}</w:sdtContent></w:sdt>",
        {},
    ),
]


@pytest.mark.parametrize(("kind", "block", "parts"), UNCLEAN, ids=[f"{one[0]}-{n}" for n, one in enumerate(UNCLEAN)])
def test_what_nobody_would_see_is_shown_and_refused(kind: str, block: str, parts: dict[str, str | bytes]) -> None:
    found = read("A headline", block, **parts)
    assert (kind, True) in {(one.kind, "SECRET" in one.text) for one in found.refused}
    assert {one.kind for one in found.refused} == {kind}
    assert (found.headline, found.body) == ("", "")


@pytest.mark.parametrize(
    ("kind", "block"),
    [
        ("field", '<w:p><w:fldSimple w:instr=" MERGEFIELD Name "><w:r><w:t>«Name»</w:t></w:r></w:fldSimple></w:p>'),
        (
            "field",
            '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>MERGE</w:instrText></w:r>'
            '<w:r><w:instrText>FIELD x</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>',
        ),
        ("formula", "<w:p><m:oMath/></w:p>"),
        ("cropped", '<w:p><w:r><a:srcRect l="2000"/></w:r></w:p>'),
        ("object", "<w:p><w:altChunk/></w:p>"),
    ],
)
def test_what_word_would_change_or_lose_is_refused(kind: str, block: str) -> None:
    assert {one.kind for one in read("A headline", block).refused} == {kind}


def test_macros_and_what_is_loaded_from_elsewhere_are_refused() -> None:
    assert {one.kind for one in read("Text.", word__vbaProject_bin=b"x").refused} == {"macro"}
    image = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"
    outside = f'<Relationship Id="rId9" Type="{image}" Target="http://evil.example/x.png" TargetMode="External"/>'
    assert {one.kind for one in read("Text.", rels=outside).refused} == {"external"}


def test_visible_text_on_a_dark_ground_and_a_style_switched_off_are_no_alarm() -> None:
    dark = paragraph(run("White", '<w:color w:val="FFFFFF"/>'), properties='<w:shd w:fill="000080"/>')
    back = paragraph(run("Shown", '<w:rStyle w:val="Quiet"/><w:vanish w:val="0"/>'))
    assert read("A headline", dark, back, styles=HIDDEN_STYLE).refused == ()


def test_tracked_changes_are_accepted_only_when_asked_and_each_is_reported() -> None:
    added = f'<w:p>{run("It is ")}<w:ins w:author="J. Doe">{run("not ")}</w:ins>{run("true.")}</w:p>'
    found = read("A headline", added, accept=True)
    assert found.refused == ()
    assert found.body == "It is not true."
    assert [one.text for one in found.seen if one.kind == "change"] == ["not"]


def test_headers_and_footers_are_shown_as_left_out() -> None:
    found = read("A headline", "Text.", word__header1_xml=with_namespace("hdr", paragraph("Letterhead of the office")))
    assert [(one.kind, one.text) for one in found.seen] == [("header", "Letterhead of the office")]


def test_line_breaks_keep_words_apart() -> None:
    found = read(
        "A headline", "<w:p><w:r><w:t>one</w:t><w:cr/><w:t>two</w:t><w:br w:type='page'/><w:t>three</w:t></w:r></w:p>"
    )
    assert re.findall(r"\w+", found.body) == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"PK\x03\x04broken", "damaged"),
        (b"\xd0\xcf\x11\xe0old", "old Word file"),
        (b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (rb"{\rtf1}", "RTF"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG", "picture"),
        (b"a\x00b", "not a text"),
    ],
)
def test_other_kinds_of_files_are_refused_with_what_to_do(data: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        read_foreign(data, "release.docx")
    assert refused.value.hint
    assert "Nothing was imported" in refused.value.message


def test_entities_bombs_and_twins_are_refused() -> None:
    sound = word_file("Text.")
    with pytest.raises(Refused, match="entities"):
        read_foreign(
            sound.replace(b"PK", b"PK") if False else word_file("Text.", word__comments_xml="<!DOCTYPE x><x/>"),
            "x.docx",
        )
    bomb = io.BytesIO(sound)
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/big.xml", b" " * 5_000_000)
    with pytest.raises(Refused, match="compressed"):
        read_foreign(bomb.getvalue(), "x.docx")
    twins = io.BytesIO(sound)
    with zipfile.ZipFile(twins, "a") as package:
        package.writestr("WORD/document.xml", b"<x/>")
    with pytest.raises(Refused, match="odd names"):
        read_foreign(twins.getvalue(), "x.docx")


@given(st.lists(st.text("ab1 *_#[]()<>|&~`\\-+.=:é“”", min_size=1, max_size=30), min_size=1, max_size=6))
def test_no_text_turns_into_markup(lines: list[str]) -> None:
    from html import escape

    found = read("A headline here", *(paragraph(escape(line)) for line in lines), "The last words.")
    assert found.refused == ()
    from pressrelease.message.html import markdown

    shown = re.sub(r"<[^>]*>", " ", markdown().render(found.body))
    for line in lines:
        for word in re.findall(r"[ab1é]+", line):
            assert word in shown or word in found.headline + found.subhead


def test_a_text_that_would_change_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pressrelease.importing import word
    from pressrelease.importing.html import Page

    monkeypatch.setattr(word, "html_to_markdown", lambda html: Page("Other words.", ()))
    with pytest.raises(Refused, match="word for word"):
        read("A headline", "The text.")
