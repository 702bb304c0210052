"""Look into an attachment for what its readers would not see, and write a copy without it. Pure: bytes in, bytes out.

    bytes ──look──▶ Found: who, where, hidden words
    bytes ──cleaned──▶ the same picture or pages without it, looked into once more

Pillow, pikepdf and pypdfium2 are loaded only for a file of their kind.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from pressrelease.errors import Refused


class FoundKind(str, Enum):
    """What was found in a file: facts about people, words that nobody sees, or nothing because it can't be read."""

    METADATA = "metadata"
    HIDDEN_TEXT = "hidden_text"
    UNREAD = "unread"


class Found(NamedTuple):
    """Something in a file that a reader would not see; `words` say what, without repeating it."""

    kind: FoundKind
    words: str


def look(data: bytes) -> tuple[Found, ...]:
    """Return what is found in a file. Its kind is known by its first bytes; of other kinds nothing is known."""
    try:
        return _looked(data)
    except Refused:
        raise
    except Exception:  # noqa: BLE001  (a parser raises what it happens to meet in a damaged or hostile file)
        return (Found(FoundKind.UNREAD, "can't be looked into. Save it again, or export it as PDF or JPEG"),)


def _looked(data: bytes) -> tuple[Found, ...]:
    reader = _reader(data)
    if reader == "pictures":
        from pressrelease.attachments.pictures import look_into_picture

        return look_into_picture(data)
    if reader == "pdf":
        from pressrelease.attachments.pdf import look_into_pdf

        return look_into_pdf(data)
    if reader == "office":
        from pressrelease.attachments.office_files import look_into_office_file

        return look_into_office_file(data)
    if reader == "svg":
        words = "is an SVG drawing, which can hold programs and hidden text. Export it as PNG"
        return (Found(FoundKind.METADATA, words),)
    return ()


def cleaned(data: bytes) -> bytes:
    """Return the file without what `look` finds. Raises Refused where only a person can take it out."""
    if any(one.kind is FoundKind.UNREAD for one in look(data)):
        raise _unreadable()
    try:
        result = _scrubbed(data)
    except Refused:
        raise
    except Exception:  # noqa: BLE001  (as in `look`)
        raise _unreadable() from None
    left = look(result)
    if left:
        raise Refused(
            f"It can't be cleaned by itself: it {left[0].words}.",
            hint="Take that out in the program that made the file, and save it again.",
            code="not_clean",
        )
    return result


def _unreadable() -> Refused:
    return Refused("It can't be read.", hint="Save it again, or export it as PDF or JPEG.", code="not_clean")


def _scrubbed(data: bytes) -> bytes:
    reader = _reader(data)
    if reader == "pictures":
        from pressrelease.attachments.pictures import cleaned_picture

        return cleaned_picture(data)
    if reader == "pdf":
        from pressrelease.attachments.pdf import cleaned_pdf

        return cleaned_pdf(data)
    if reader == "office":
        from pressrelease.attachments.office_files import cleaned_office_file

        return cleaned_office_file(data)
    raise Refused("This kind of file can't be cleaned.", hint="Export it as PDF, PNG or JPEG.", code="not_clean")


def _reader(data: bytes) -> str:
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", b"II*\x00", b"MM\x00*")):
        return "pictures"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "pictures"
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis", b"heic", b"heix", b"mif1"}:
        return "pictures"
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04") and (b"[Content_Types].xml" in data or b"mimetype" in data[:100]):
        return "office"
    start = data[:1000].lstrip().lower()
    return "svg" if b"<svg" in start else ""
