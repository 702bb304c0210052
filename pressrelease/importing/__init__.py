"""Read a file from elsewhere (Word, HTML, Markdown, text) as the parts of a release. Pure: bytes in, words out.

    Word ──word_scan──▶ what nobody would see ──word──▶ HTML ──html──▶ Markdown ──recognition──▶ Imported

mammoth and lxml are loaded only for a Word file.
"""

from __future__ import annotations

from pressrelease.errors import Refused
from pressrelease.importing.imported import Imported, Picture, Seen

__all__ = ["LARGEST_FILE", "Imported", "Picture", "Seen", "read_foreign"]

#: The most that a file may have, in bytes.
LARGEST_FILE = 20 * 1024 * 1024

_HTML_NAMES = (".html", ".htm", ".xhtml")
_MARKDOWN_NAMES = (".md", ".markdown", ".mdown")


def read_foreign(data: bytes, name: str, *, accept_changes: bool = False) -> Imported:
    """Return what a file says. `name` is the file's name, whose ending decides between HTML, Markdown and text.

    Word is known by its bytes. With `accept_changes` tracked changes are accepted and reported in `seen`. What must
    be cleaned first is in `seen` with `refused`. Raises Refused for a file that can't be read at all.
    """
    from pressrelease.importing.kinds import kind_of

    if len(data) > LARGEST_FILE:
        raise Refused(
            "The file is larger than 20 MiB. Nothing was imported.", hint="Take out large pictures.", code="too_large"
        )
    if kind_of(data) == "docx":
        from pressrelease.importing.word import read_word

        return read_word(data, accept_changes=accept_changes)
    from pressrelease.importing.text import read_text
    from pressrelease.release.text import decode

    ending = name.lower()
    text = decode(_without_odd_signs(data))
    if ending.endswith(_HTML_NAMES) or text.lstrip()[:200].lower().startswith(("<!doctype html", "<html")):
        from pressrelease.importing.html import html_to_markdown
        from pressrelease.importing.recognition import recognized

        page = html_to_markdown(text)
        return recognized(page.markdown, page.seen)
    return read_text(text, markdown=ending.endswith(_MARKDOWN_NAMES))


def _without_odd_signs(data: bytes) -> bytes:
    """Return UTF-8 for a text in UTF-16 or Windows-1252, as old editors save it; line separators are line breaks."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.translate(
        {0x2028: "\n", 0x2029: "\n", 0x0B: "\n", 0x0C: "\n", 0x200E: "", 0x200F: "", 0xFEFF: ""}
    ).encode()
