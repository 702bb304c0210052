"""Office files (Word, Excel, PowerPoint, LibreOffice): author, changes, comments, hidden sheets and slides."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

from pressrelease.attachments import Found, FoundKind
from pressrelease.errors import Refused, Usage

_PEOPLE = re.compile(rb"<(dc:creator|cp:lastModifiedBy|Company|Manager|meta:initial-creator|meta:creator)>[^<]+</")
#: Parts whose only content is about the file.
_OF_THE_FILE = ("docProps/", "meta.xml")
_THUMBNAIL = re.compile(r"(?:docProps/thumbnail\.\w+|Thumbnails/.*)")


def look_into_office_file(data: bytes) -> tuple[Found, ...]:
    """Return what an Office file says that its pages don't show."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = {name: package.read(name) for name in package.namelist() if _is_read(name)}
            names = package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        return (Found(FoundKind.UNREAD, "is a damaged Office file. Save it again"),)
    found = []
    facts = list(dict.fromkeys(_facts(parts, names)))
    if facts:
        found.append(Found(FoundKind.METADATA, f"has {', '.join(facts)}"))
    hidden = list(dict.fromkeys((*_hidden(parts, names), *_in_word(data, names))))
    if hidden:
        found.append(Found(FoundKind.HIDDEN_TEXT, f"has {', '.join(hidden)}"))
    return tuple(found)


def _is_read(name: str) -> bool:
    return name.endswith(".xml") and name.startswith(("docProps/", "xl/", "ppt/slides/", "meta.xml", "content.xml"))


def _facts(parts: dict[str, bytes], names: list[str]) -> Iterator[str]:
    for name, content in parts.items():
        if name.startswith(_OF_THE_FILE) and _PEOPLE.search(content):
            yield "its author's name"
    if any(_THUMBNAIL.fullmatch(name) for name in names):
        yield "a small picture of its first page"


def _hidden(parts: dict[str, bytes], names: list[str]) -> Iterator[str]:
    if re.search(rb'<sheet [^>]*state="(?:hidden|veryHidden)"', parts.get("xl/workbook.xml", b"")):
        yield "hidden sheets"
    if any(re.match(r"xl/(?:comments|threadedComments)|ppt/comments", name) for name in names):
        yield "comments"
    if any(name.startswith(("xl/externalLinks/", "xl/pivotCache/")) for name in names):
        yield "data from other files"
    if any(name.startswith("ppt/notesSlides/") for name in names):
        yield "speaker's notes"
    if any(name.startswith("ppt/slides/") and b'show="0"' in content[:2000] for name, content in parts.items()):
        yield "hidden slides"
    if b"text:tracked-changes" in parts.get("content.xml", b""):
        yield "tracked changes"
    if b"<office:annotation" in parts.get("content.xml", b""):
        yield "comments"


_WORDS = {"change": "tracked changes", "comment": "comments", "hidden": "hidden text"}


def _in_word(data: bytes, names: list[str]) -> Iterator[str]:
    if "word/document.xml" not in names:
        return
    from pressrelease.importing.word_package import WordPackage
    from pressrelease.importing.word_scan import scan

    try:
        for one in scan(WordPackage(data), accept_changes=False):
            if one.refused and one.kind in {"change", "comment", "hidden", "same_color", "tiny"}:
                yield _WORDS.get(one.kind, "hidden text")
    except (Refused, Usage):
        yield "parts that can't be read"


def cleaned_office_file(data: bytes) -> bytes:
    """Return the file without names of people and its small picture. Raises Refused for changes and comments."""
    for one in look_into_office_file(data):
        if one.kind is not FoundKind.METADATA:
            raise Refused(
                f"The file {one.words}.",
                hint="Clean it in Word (File, Info, Inspect Document) and save it, or attach a PDF of it.",
                code="not_clean",
            )
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as package, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for part in package.infolist():
            content = package.read(part.filename)
            if _THUMBNAIL.fullmatch(part.filename):
                continue
            if part.filename.endswith(".rels") or part.filename == "[Content_Types].xml":
                content = re.sub(rb"<(?:Relationship|Override)\b[^>]*thumbnail[^>]*/>", b"", content)
            if part.filename.startswith(_OF_THE_FILE):
                content = _PEOPLE.sub(lambda found: b"<" + found[1] + b"></", content)
            fixed = zipfile.ZipInfo(part.filename, (1980, 1, 1, 0, 0, 0))
            fixed.compress_type = part.compress_type
            new.writestr(fixed, content)
    return written.getvalue()
