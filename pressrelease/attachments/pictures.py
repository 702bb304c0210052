"""Photographs: position, author, comments, thumbnails, and what comes after the picture's end. Needs Pillow."""

from __future__ import annotations

import io
import struct
import warnings
from collections.abc import Iterator
from typing import Any

from pressrelease.attachments import Found, FoundKind
from pressrelease.errors import Refused

#: EXIF tags (Exif 2.32) that say who, by which device, or in which words.
_TAGS = {
    0x010E: "a description",
    0x013B: "its author",
    0x8298: "a copyright notice",
    0x9286: "a comment",
    0x927C: "the maker's notes, often with a serial number",
    0x9C9B: "a title",
    0x9C9C: "a comment",
    0x9C9D: "its author",
    0x9C9E: "keywords",
    0xA430: "its owner",
    0xA431: "the camera's serial number",
    0xA435: "the lens's serial number",
}
_GPS, _EXIF, _THUMBNAIL = 0x8825, 0x8769, 1
_ORIENTATION = 0x0112
#: JPEG segments that a picture needs: JFIF, Adobe's color transform, and the color profile.
_JFIF, _ICC, _ADOBE = 0xE0, 0xE2, 0xEE
_QUALITY = 92


def _opened(data: bytes) -> Any:
    """Return the picture, opened by Pillow. Raises Refused for one that can't be opened."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused("The picture can't be opened.", hint="Save it again as PNG or JPEG.", code="not_clean") from error


def look_into_picture(data: bytes) -> tuple[Found, ...]:
    """Return what a picture says about people, and where it was taken."""
    try:
        import PIL  # noqa: F401
    except ImportError:
        return (Found(FoundKind.UNREAD, "can't be looked into, because Pillow is not installed"),)
    try:
        picture = _opened(data)
    except Refused:
        kind = "HEIC picture" if data[4:8] == b"ftyp" else "picture"
        return (Found(FoundKind.UNREAD, f"is a {kind} that can't be opened. Export it as JPEG"),)
    words = list(dict.fromkeys(_facts(picture, data)))
    return (Found(FoundKind.METADATA, f"shows {_listed(words)}"),) if words else ()


def _facts(picture: Any, data: bytes) -> Iterator[str]:
    exif = picture.getexif()
    if any(exif.get_ifd(_GPS).values()):
        yield "where it was taken"
    for tags in (exif, exif.get_ifd(_EXIF)):
        for tag, words in _TAGS.items():
            if str(tags.get(tag, "")).strip("\x00 ") not in {"", "b''"}:
                yield words
    if exif.get_ifd(_THUMBNAIL):
        yield "a small copy of the picture, as it was before it was cropped"
    for key, words in (("xmp", "its editing history (XMP)"), ("photoshop", "a caption with names (IPTC)")):
        if picture.info.get(key):
            yield words
    comment = picture.info.get("comment")
    if comment and not bytes(str(comment), "utf-8").startswith(b"Created with GIMP"):
        yield "a comment"
    if picture.format == "PNG" and getattr(picture, "text", None):
        yield "a comment"
    if len(_up_to_its_end(data)) < len(data):
        yield "more data after its end, such as a second picture or a video"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _up_to_its_end(data: bytes) -> bytes:
    """Return a JPEG or PNG without what comes after its end; any other picture whole."""
    if data.startswith(b"\xff\xd8"):
        return b"".join(_segments(data, keep_all=True))
    if data.startswith(b"\x89PNG"):
        return data[:8] + b"".join(chunk for _, chunk in _chunks(data))
    return data


def _segments(data: bytes, *, keep_all: bool = False) -> Iterator[bytes]:
    """Yield a JPEG's segments up to its end; without `keep_all` only those that the picture needs."""
    yield data[:2]
    at = 2
    while at + 2 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == 0xD9:
            yield data[at : at + 2]
            return
        if at + 4 > len(data):
            return
        end = at + 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]
        segment = data[at:end]
        if marker == 0xDA:  # the picture's own data, up to the next marker that is none of its restarts
            while True:
                end = data.find(b"\xff", end)
                if end < 0 or end + 1 >= len(data):
                    yield data[at:]
                    return
                if data[end + 1] in {0x00, 0xFF, *range(0xD0, 0xD8)}:
                    end += 1 if data[end + 1] == 0xFF else 2
                    continue
                break
            yield data[at:end]
        elif keep_all or _is_needed(marker, segment):
            yield segment
        at = end


def _is_needed(marker: int, segment: bytes) -> bool:
    if marker == _JFIF:
        return segment[4:8] == b"JFIF"
    if marker == _ICC:
        return segment[4:15] == b"ICC_PROFILE"
    return marker == _ADOBE or not (0xE1 <= marker <= 0xEF or marker == 0xFE)


#: PNG chunks of words, dates and EXIF.
_WORDS = frozenset({b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME"})


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + 12 + length
        yield kind, data[at:end]
        at = end
        if kind == b"IEND":
            return


def cleaned_picture(data: bytes) -> bytes:
    """Return the picture alone. A JPEG or PNG keeps every pixel, unless it must be turned upright first.

    Raises: Refused for a kind that can't be written.
    """
    picture = _opened(data)
    upright = picture.getexif().get(_ORIENTATION, 1) in {0, 1}
    if picture.format == "PNG" and upright:
        return data[:8] + b"".join(chunk for kind, chunk in _chunks(data) if kind not in _WORDS)
    if picture.format in {"JPEG", "MPO"} and upright:
        return b"".join(_segments(data))
    return _written_again(picture)


def _written_again(picture: Any) -> bytes:
    from PIL import ImageOps

    kind = {"MPO": "JPEG"}.get(picture.format, picture.format)
    if kind not in {"JPEG", "PNG", "WEBP", "GIF", "TIFF", "AVIF"}:
        raise Refused("This kind of picture can't be written.", hint="Export it as JPEG.", code="not_clean")
    animated = getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO"
    if animated and kind != "GIF":
        raise Refused("A moving picture can't be cleaned.", hint="Export it as GIF.", code="not_clean")
    profile = picture.info.get("icc_profile")
    turned = picture if animated else ImageOps.exif_transpose(picture)
    turned.info = {key: value for key, value in turned.info.items() if key in {"transparency", "duration", "loop"}}
    more: dict[str, Any] = {"quality": _QUALITY} if kind in {"JPEG", "WEBP", "AVIF"} else {}
    if profile:
        more["icc_profile"] = profile
    if animated:
        more |= {"save_all": True, "comment": b""}
    if kind == "TIFF":
        turned = turned.copy()
        more["tiffinfo"] = {}
    written = io.BytesIO()
    turned.save(written, kind, **more)
    return written.getvalue()
