"""PDF and Office files: author, comments, earlier versions, and words that nobody sees."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from needed import needs_module
from word_files import paragraph, run, with_namespace, word_file

from pressrelease.attachments import FoundKind, cleaned, look
from pressrelease.errors import Refused

pikepdf = needs_module("pikepdf")
needs_module("pypdfium2")

TEXT = "BT /F1 18 Tf 60 700 Td (The first secret words stand here) Tj ET"


def pdf(content: str = TEXT, *, change: Any = None) -> bytes:
    made = pikepdf.new()
    page = made.add_blank_page(page_size=(612, 792))
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = made.make_stream(content.encode())
    if change:
        change(made)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_a_plain_page_has_nothing_to_find() -> None:
    assert look(pdf()) == ()


@pytest.mark.parametrize(
    "content",
    [
        f"{TEXT} 0 g 50 690 400 30 re f",
        f"{TEXT} 1 g 50 690 400 30 re f",
        f"1 g {TEXT}",
        f"0 g 50 690 400 30 re f {TEXT}",
        TEXT.replace("Tf", "Tf 3 Tr"),
        TEXT.replace("60 700", "60 900"),
    ],
    ids=["black box", "white box", "white on white", "black on black", "invisible", "outside"],
)
def test_words_that_nobody_sees_are_found_and_never_cleaned(content: str) -> None:
    data = pdf(content)
    assert [one.kind for one in look(data)] == [FoundKind.HIDDEN_TEXT]
    with pytest.raises(Refused, match="can't be seen"):
        cleaned(data)


def test_white_words_on_a_dark_banner_are_seen() -> None:
    assert look(pdf(f"0 0 0.5 rg 50 690 400 30 re f 1 g {TEXT}")) == ()


def author(made: Any) -> None:
    made.docinfo["/Author"] = "J. Doe"


def files_inside(made: Any) -> None:
    made.attachments["secret.txt"] = b"J. Doe"


def note(made: Any) -> None:
    annotation = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 10, 20, 20], Contents="Ask J. Doe"
    )
    made.pages[0].Annots = pikepdf.Array([annotation])


@pytest.mark.parametrize(("change", "words"), [(author, "its author"), (files_inside, "other files inside")])
def test_author_and_files_inside_are_found_and_cleaned(change: Any, words: str) -> None:
    data = pdf(change=change)
    [found] = look(data)
    assert (found.kind, found.words) == (FoundKind.METADATA, f"has {words}")
    copy = cleaned(data)
    assert look(copy) == ()
    assert b"J. Doe" not in copy


def test_an_earlier_version_goes_with_saving() -> None:
    first = pdf()
    later = first + b"\n1 0 obj\n<<>>\nendobj\nxref\n0 0\ntrailer\n<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    assert "earlier versions" in " ".join(one.words for one in look(later)) or look(later)[0].kind is FoundKind.UNREAD


def test_comments_need_a_person() -> None:
    data = pdf(change=note)
    assert look(data)[0].words == "has comments"
    with pytest.raises(Refused, match="comments"):
        cleaned(data)


def test_a_locked_or_broken_pdf_is_reported() -> None:
    made = pikepdf.open(io.BytesIO(pdf()))
    written = io.BytesIO()
    made.save(written, encryption=pikepdf.Encryption(owner="o", user="u"))
    for data in (written.getvalue(), b"%PDF-1.7 broken"):
        assert [one.kind for one in look(data)] == [FoundKind.UNREAD]


CORE = '<cp:coreProperties xmlns:cp="a" xmlns:dc="b"><dc:creator>J. Doe</dc:creator></cp:coreProperties>'


def test_the_author_of_a_word_file_is_found_and_cleaned() -> None:
    data = word_file("Text.", docProps__core_xml=CORE)
    assert [one.words for one in look(data)] == ["has its author's name"]
    copy = cleaned(data)
    assert look(copy) == ()
    assert zipfile.ZipFile(io.BytesIO(copy)).read("word/document.xml")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (word_file(paragraph("a", run("b", "<w:vanish/>"))), "hidden text"),
        (word_file(f"<w:p><w:ins>{run('b')}</w:ins></w:p>"), "tracked changes"),
        (
            word_file("a", word__comments_xml=with_namespace("comments", f"<w:comment>{paragraph('b')}</w:comment>")),
            "comments",
        ),
        (word_file("a", xl__workbook_xml='<sheets><sheet name="x" state="hidden"/></sheets>'), "hidden sheets"),
        (word_file("a", ppt__notesSlides__n1_xml="<n/>"), "speaker's notes"),
    ],
)
def test_changes_comments_and_hidden_parts_of_office_files_need_a_person(data: bytes, words: str) -> None:
    assert [(one.kind, one.words) for one in look(data)] == [(FoundKind.HIDDEN_TEXT, f"has {words}")]
    with pytest.raises(Refused):
        cleaned(data)
