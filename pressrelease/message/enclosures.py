"""Give attachments names that are safe on every disk, in every header and on every web server."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pressrelease.message.message import Enclosure
from pressrelease.release import Attachment
from pressrelease.release.slug import in_ascii

LONGEST_STEM = 80

#: What may keep its ending. Everything else is served as bytes, under an ending that no server runs and no browser
#: opens:
#: an attachment is approved for what it says, not for what it does.
MEDIA_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "pdf": "application/pdf",
        "jpg": "image/jpeg",
        "jpeg": "image/jpeg",
        "png": "image/png",
        "gif": "image/gif",
        "webp": "image/webp",
        "avif": "image/avif",
        "txt": "text/plain",
        "csv": "text/csv",
        "rtf": "application/rtf",
        "doc": "application/msword",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls": "application/vnd.ms-excel",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "ppt": "application/vnd.ms-powerpoint",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt": "application/vnd.oasis.opendocument.text",
        "ods": "application/vnd.oasis.opendocument.spreadsheet",
        "ics": "text/calendar",
        "mp3": "audio/mpeg",
        "m4a": "audio/mp4",
        "wav": "audio/wav",
        "mp4": "video/mp4",
        "mov": "video/quicktime",
        "webm": "video/webm",
        "zip": "application/zip",
    }
)
_NOT_IN_NAMES = frozenset('/\\:*?"<>|')
OTHER_ENDING, OTHER_TYPE = "bin", "application/octet-stream"


def safe_names(paths: Iterable[str]) -> dict[str, str]:
    """Return a file name for each path: `[A-Za-z0-9_-]`, one dot and a known ending; unique, whatever the case.

    "lists/Names of 2018.pdf" gives "Names-of-2018.pdf", "Größe.pdf" "Grosse.pdf", "x.php" "x-php.bin", a second
    photo.jpg from another folder "photo-2.jpg".
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for path in paths:
        stem, ending = _parts(path.rpartition("/")[2])
        name, number = f"{stem}.{ending}", 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}.{ending}"
        taken.add(name.lower())
        names[path] = name
    return names


def _parts(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    ending = ending.lower()
    if not dot or ending not in MEDIA_TYPES:
        stem, ending = name, OTHER_ENDING
    # No dot inside: some servers run x.php.pdf because of its first ending.
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", in_ascii(stem)).strip("-")[:LONGEST_STEM].strip("-")
    return safe or "attachment", ending


def original_name(path: str, safe: str) -> str:
    """Return the file's own name as people may read it and a mail may carry it, with the ending of its `safe` name.

    "lists/Скан.pdf" stays "Скан.pdf"; "x.php" is "x.php.bin"; what no name on a disk may hold becomes a dash.
    """
    stem, ending = unicodedata.normalize("NFC", path.rpartition("/")[2]), safe.rpartition(".")[2]
    if stem.lower().endswith(f".{ending}"):
        stem = stem[: -len(ending) - 1]
    stem = "".join("-" if letter in _NOT_IN_NAMES or not letter.isprintable() else letter for letter in stem)
    return f"{stem.strip(' .')[:LONGEST_STEM].strip(' .') or 'attachment'}.{ending}"


def enclose(
    attachments: Iterable[Attachment], contents: Mapping[str, bytes], names: Mapping[str, str], shown: frozenset[str]
) -> tuple[Enclosure, ...]:
    """Return the attachments in order; `contents` and `names` are by path, `shown` holds names."""
    return tuple(
        Enclosure(
            name=names[attachment.path],
            media_type=MEDIA_TYPES.get(names[attachment.path].rpartition(".")[2], OTHER_TYPE),
            content=contents[attachment.path],
            title=attachment.title,
            alt=attachment.alt,
            shown=names[attachment.path] in shown,
            original=original_name(attachment.path, names[attachment.path]),
        )
        for attachment in attachments
    )
