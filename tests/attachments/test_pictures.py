"""Photographs: what they say about people, and clean copies with every pixel."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from needed import needs_module

from pressrelease.attachments import FoundKind, cleaned, look
from pressrelease.errors import Refused

Image = needs_module("PIL.Image")
PngImagePlugin = needs_module("PIL.PngImagePlugin")


def picture() -> Any:
    made = Image.new("RGB", (40, 30), (200, 30, 30))
    made.putpixel((3, 4), (1, 2, 3))
    return made


def saved(
    kind: str = "JPEG", *, tags: dict[int, Any] | None = None, gps: bool = False, made: Any = None, **more: Any
) -> bytes:
    exif = Image.Exif()
    for tag, value in (tags or {}).items():
        exif[tag] = value
    if gps:
        exif.get_ifd(0x8825)[1] = "N"
        exif.get_ifd(0x8825)[2] = (38.0, 53.0, 0.0)
    written = io.BytesIO()
    (made or picture()).save(written, kind, exif=exif, **more)
    return written.getvalue()


def words(data: bytes) -> str:
    return " ".join(one.words for one in look(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_position_author_and_description_are_found(kind: str) -> None:
    assert look(saved(kind)) == ()
    assert "where it was taken" in words(saved(kind, tags={0x0110: "A camera"}, gps=True))
    assert "its author" in words(saved(kind, tags={0x013B: "J. Doe"}))
    assert "a description" in words(saved(kind, tags={0x010E: "The house of J. Doe"}))


def test_comments_captions_and_what_comes_after_the_end_are_found() -> None:
    assert words(saved(comment=b"taken at home")) == "shows a comment"
    note = PngImagePlugin.PngInfo()
    note.add_text("Author", "J. Doe")
    assert words(saved("PNG", pnginfo=note)) == "shows a comment"
    for kind in ("JPEG", "PNG"):
        assert "more data after its end" in words(saved(kind) + b"ftypmp42 a video")
    assert "editing history" in words(saved(xmp=b"<x:xmpmeta>J. Doe</x:xmpmeta>"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF"])
def test_a_clean_copy_shows_the_same_and_says_nothing(kind: str) -> None:
    tags = {0x013B: "J. Doe"} if kind != "GIF" else {}
    more: dict[str, Any] = {"comment": b"home"} if kind in {"JPEG", "GIF"} else {}
    data = saved(kind, tags=tags, made=picture().convert("P") if kind == "GIF" else None, **more)
    assert look(data)
    copy = cleaned(data)
    assert look(copy) == ()
    assert b"J. Doe" not in copy
    before, after = (Image.open(io.BytesIO(one)) for one in (data, copy))
    assert after.size == before.size
    if kind in {"JPEG", "PNG"}:
        assert after.tobytes() == before.tobytes()


def test_a_picture_that_lies_on_its_side_is_upright_in_the_copy() -> None:
    copy = cleaned(saved(tags={0x0112: 6, 0x013B: "J. Doe"}))
    assert look(copy) == ()
    assert Image.open(io.BytesIO(copy)).size == (30, 40)


def test_a_picture_that_cannot_be_opened_is_reported_and_not_cleaned() -> None:
    heic = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00Exif\x00\x00"
    assert [one.kind for one in look(heic)] == [FoundKind.UNREAD]
    with pytest.raises(Refused):
        cleaned(heic)
    assert [one.kind for one in look(b"\xff\xd8\xff broken")] == [FoundKind.UNREAD]


def test_an_svg_is_an_error_and_other_files_are_unknown() -> None:
    assert [one.kind for one in look(b"<?xml version='1.0'?><svg><script/></svg>")] == [FoundKind.METADATA]
    assert look(b"facts") == ()


def test_a_copy_that_still_says_something_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from pressrelease.attachments import pictures

    monkeypatch.setattr(pictures, "cleaned_picture", lambda data: data)
    with pytest.raises(Refused, match="its author"):
        cleaned(saved(tags={0x013B: "J. Doe"}))


@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_a_damaged_picture_is_reported_and_breaks_nothing(kind: str, data: st.DataObject) -> None:
    whole = saved(kind, made=picture().convert("P") if kind == "GIF" else None)
    cut = data.draw(st.integers(8, len(whole)))
    broken = bytearray(whole[:cut])
    for at in data.draw(st.lists(st.integers(4, cut - 1), max_size=5)):
        broken[at] ^= 0xFF
    look(bytes(broken))
    with contextlib.suppress(Refused):
        assert look(cleaned(bytes(broken))) == ()
