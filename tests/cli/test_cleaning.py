"""`clean`, and attachments that keep a release from being scheduled."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from calling import Caller
from needed import needs_module
from office import FAR, Office, found_office

Image = needs_module("PIL.Image")


def photo(author: str = "J. Doe") -> bytes:
    exif = Image.Exif()
    exif[0x013B] = author
    written = io.BytesIO()
    Image.new("RGB", (20, 10), (1, 2, 3)).save(written, "JPEG", exif=exif)
    return written.getvalue()


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    made = found_office(tmp_path / "office")
    monkeypatch.chdir(made.folder)
    (made.folder / "releases" / "photo.jpg").write_bytes(photo())
    made.write(
        "names",
        headline="Names released",
        embargo=FAR,
        attachments="[{path: photo.jpg, alt: A table}]",
        body="The office spoke.\n\n![A table](photo.jpg)",
    )
    return made


def test_a_photograph_that_names_its_author_is_cleaned_before_it_can_be_scheduled(office: Office, call: Caller) -> None:
    [found] = [one for one in call.json("check", "names", expect=65)["findings"] if one["severity"] == "error"]
    assert (found["code"], found["line"]) == ("attachment_metadata", 5)
    assert found["message"] == "An attachment shows its author."
    call("schedule", "names", "--yes", expect=65)
    call("clean", "names", "--dry-run")
    assert not (office.folder / "releases" / "photo-clean.jpg").exists()
    assert "Wrote releases/photo-clean.jpg, a clean copy of photo.jpg" in call("clean", "names")
    copy = (office.folder / "releases" / "photo-clean.jpg").read_bytes()
    assert b"J. Doe" not in copy
    assert (office.folder / "releases" / "photo.jpg").read_bytes() == photo()
    text = (office.folder / "releases" / "names.md").read_text(encoding="utf-8")
    assert "path: photo-clean.jpg" in text
    assert "![A table](photo-clean.jpg)" in text
    call("schedule", "names", "--yes")
    assert "No attachment needs to be cleaned." in call("clean", "names")


def test_another_file_under_the_copys_name_is_never_written_over(office: Office, call: Caller) -> None:
    (office.folder / "releases" / "photo-clean.jpg").write_bytes(b"another")
    call("clean", "names", expect=65)
    assert (office.folder / "releases" / "photo-clean.jpg").read_bytes() == b"another"
    assert "photo-clean" not in (office.folder / "releases" / "names.md").read_text(encoding="utf-8")


def test_an_office_may_have_it_be_a_warning(office: Office, call: Caller) -> None:
    config = office.folder / "config.toml"
    config.write_text(
        config.read_text(encoding="utf-8") + '[check]\nseverity = { attachment_metadata = "warning" }\n',
        encoding="utf-8",
    )
    found = {one["code"]: one["severity"] for one in call.json("check", "names")["findings"]}
    assert found["attachment_metadata"] == "warning"
