"""Open a Word file safely: its parts as XML trees, within limits, with nothing fetched or expanded. Needs lxml."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

from pressrelease.errors import Refused, Usage

#: The most that the parts may have together, how many there may be, and how far one may have been compressed.
LARGEST_TOGETHER = 100 * 1024 * 1024
MOST_PARTS = 2000
MOST_COMPRESSED = 200

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": W.encode(),
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": (
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    ),
    b"http://purl.oclc.org/ooxml/drawingml/main": b"http://schemas.openxmlformats.org/drawingml/2006/main",
}


class WordPackage:
    """The parts of a Word file. `names` has every part; `tree` reads one as XML, None if it isn't there."""

    def __init__(self, data: bytes) -> None:
        self._zip = zipfile.ZipFile(io.BytesIO(data))
        parts = self._zip.infolist()
        self.names = [part.filename for part in parts]
        lowered = [name.lower() for name in self.names]
        odd = any("\\" in name or ".." in name.split("/") or name.startswith("/") for name in self.names)
        if odd or len(set(lowered)) < len(lowered):
            raise damaged("It has parts with the same or with odd names")
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_TOGETHER:
            raise damaged("It is far larger inside than a Word file is")
        if any(part.file_size > MOST_COMPRESSED * max(part.compress_size, 500) for part in parts):
            raise damaged("A part of it is compressed as no Word file is")

    def content(self, name: str) -> bytes:
        """Return a part's bytes. Raises Refused for a damaged one."""
        try:
            return self._zip.read(name)
        except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
            raise damaged("A part of it can't be read") from None

    def tree(self, name: str) -> Any:
        """Return a part's root element, None for a part that isn't there. Raises Refused for what is no plain XML."""
        if name not in self.names:
            return None
        etree = xml_library()
        content = self.content(name)
        for strict, usual in _STRICT.items():
            content = content.replace(strict, usual)
        if re.search(rb"<!(?:DOCTYPE|ENTITY)", content):
            raise damaged("It declares entities, which no Word file does")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
        try:
            return etree.fromstring(content, parser)
        except etree.XMLSyntaxError:
            raise damaged("A part of it is no XML") from None

    def rewritten(self, changed: dict[str, bytes]) -> bytes:
        """Return the file with some parts replaced."""
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
            for name in self.names:
                new.writestr(name, changed[name] if name in changed else self.content(name))
        return written.getvalue()


def xml_library() -> Any:
    """Return lxml's etree. Raises Usage if it isn't installed."""
    try:
        from lxml import etree
    except ImportError:
        raise Usage(
            "Word files need mammoth and lxml, which are not installed. Nothing was imported.",
            hint="pip install 'pressrelease[word]', or save the file as plain text and import that.",
            code="not_installed",
        ) from None
    return etree


def damaged(words: str) -> Refused:
    """Return the refusal of a file that is no sound Word file."""
    return Refused(
        f"The Word file can't be read. {words}. Nothing was imported.",
        hint="Open it in Word, save it under another name, and import that.",
        code="not_importable",
    )
