"""`import`: from Word into a draft, and an edited file back into its release."""

from __future__ import annotations

from pathlib import Path

import pytest
from calling import Caller
from needed import needs_module
from office import FAR, Office, found_office
from word_files import paragraph, run, with_namespace, word_file

needs_module("mammoth")


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    return made


def saved(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


WORD = word_file(
    paragraph(f"EMBARGOED UNTIL {FAR}"),
    paragraph("Names released"),
    paragraph("AUBURN, Calif. – The office released the ", run("names", "<w:b/>"), "."),
)


def test_a_word_file_becomes_a_draft_that_can_be_scheduled(office: Office, call: Caller, tmp_path: Path) -> None:
    file = saved(tmp_path, "Final v3.docx", WORD)
    assert call("import", file, "--dry-run").startswith("Would create releases/names-released.md")
    assert not (office.folder / "releases" / "names-released.md").exists()
    shown = call("import", file)
    assert "Created releases/names-released.md" in shown
    assert "embargo: Thursday, Sept. 24, 2099, 9 a.m. PDT" in shown
    text = (office.folder / "releases" / "names-released.md").read_text(encoding="utf-8")
    assert 'dateline: "AUBURN, Calif."' in text or "dateline: AUBURN, Calif." in text
    assert text.endswith("\n---\n\nThe office released the **names**.\n")
    call("schedule", "names-released", "--yes")
    assert call.state("names-released") == "unapproved"
    call("import", file, expect=65)
    assert "exists already" in call.err


def test_an_embargo_in_the_command_replaces_that_of_the_file(office: Office, call: Caller, tmp_path: Path) -> None:
    call("import", saved(tmp_path, "x.docx", WORD), "--embargo", FAR)
    assert f"embargo: {FAR}" in (office.folder / "releases" / "names-released.md").read_text(encoding="utf-8")
    call("import", saved(tmp_path, "x.docx", WORD), "--embargo", "soon", expect=65)


def test_hidden_text_and_comments_are_shown_and_nothing_is_imported(
    office: Office, call: Caller, tmp_path: Path
) -> None:
    unclean = word_file(
        "A headline",
        paragraph("Shown. ", run("SECRET", "<w:vanish/>")),
        word__comments_xml=with_namespace(
            "comments", f'<w:comment w:author="J. Doe">{paragraph("Is it true?")}</w:comment>'
        ),
    )
    shown = call("import", saved(tmp_path, "x.docx", unclean), expect=65)
    assert "Hidden text" in shown
    assert "“SECRET”" in shown
    assert "Comment by J. Doe" in shown
    assert "“Is it true?”" in shown
    assert "Nothing was imported." in call.err
    assert list((office.folder / "releases").glob("*headline*")) == []


def test_tracked_changes_need_a_person(office: Office, call: Caller, tmp_path: Path) -> None:
    changed = word_file(
        "A headline", f'<w:p>{run("It is ")}<w:ins w:author="J. Doe">{run("not ")}</w:ins>{run("true.")}</w:p>'
    )
    file = saved(tmp_path, "x.docx", changed)
    call("import", file, expect=65)
    assert "--accept-changes" in call.err
    assert "Added by J. Doe, accepted. “not”" in call("import", file, "--accept-changes")
    assert (office.folder / "releases" / "a-headline.md").read_text(encoding="utf-8").endswith("It is not true.\n")


def test_an_edited_file_comes_back_with_the_difference(office: Office, call: Caller, tmp_path: Path) -> None:
    office.write("names", headline="Names released", embargo=FAR, body="The office released the names.", keywords="[a]")
    before = (office.folder / "releases" / "names.md").read_text(encoding="utf-8")
    edited = word_file("FOR IMMEDIATE RELEASE", "Names released today", "The office released all the names.")
    file = saved(tmp_path, "x.docx", edited)
    assert "Would change" in call("import", file, "--into", "names", "--dry-run")
    assert (office.folder / "releases" / "names.md").read_text(encoding="utf-8") == before
    shown = call("import", file, "--into", "names")
    assert "{+all" in shown
    assert "embargo line was ignored" in shown
    after = (office.folder / "releases" / "names.md").read_text(encoding="utf-8")
    assert "headline: Names released today\n" in after
    assert f"embargo: {FAR}" in after
    assert "keywords: [a]" in after
    assert after.endswith("The office released all the names.\n")
    assert "has the same text already" in call("import", file, "--into", "names")
    call("import", file, "--into", "nothing", expect=66)
    call("import", file, "--into", "names", "--embargo", "now", expect=2)


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\rIDATx"
    b"\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\xa75\x81\x84\x00\x00\x00\x00IEND\xaeB`\x82"
)
PICTURE = (
    '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    '<wp:docPr id="1" name="p" descr="{alt}"/><a:graphic><a:graphicData>'
    '<pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill>'
    '<a:blip r:embed="rId7"/>'
    "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
)
IMAGE = (
    '<Relationship Id="rId7" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image"'
    ' Target="media/image1.png"/>'
)


def test_a_picture_is_attached_with_its_alternative_text(office: Office, call: Caller, tmp_path: Path) -> None:
    data = word_file(
        "A headline", "Text.", PICTURE.format(alt="Evidence on a table"), rels=IMAGE, word__media__image1_png=PNG
    )
    answer = call.json("import", saved(tmp_path, "x.docx", data))
    [name] = answer["files"]
    assert (office.folder / "releases" / name).read_bytes() == PNG
    text = (office.folder / "releases" / "a-headline.md").read_text(encoding="utf-8")
    assert f"![Evidence on a table]({name})" in text
    assert "alt: Evidence on a table" in text


def test_without_mammoth_it_says_what_to_install(
    office: Office, call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mammoth", None)
    call("import", saved(tmp_path, "x.docx", WORD), expect=2)
    assert "pip install 'pressrelease[word]'" in call.err
