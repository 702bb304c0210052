"""A Word file → the parts of a release: looked through first, then read by mammoth, then compared with what it read."""

from __future__ import annotations

import hashlib
import io
import re
from typing import Any

from pressrelease.errors import Refused
from pressrelease.importing.html import html_to_markdown
from pressrelease.importing.imported import Imported, Picture, Seen
from pressrelease.importing.recognition import recognized
from pressrelease.importing.word_package import W, WordPackage, damaged, xml_library
from pressrelease.importing.word_scan import find, scan

_STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh > em
p[style-name='Quote'] => blockquote > p:fresh
p[style-name='Intense Quote'] => blockquote > p:fresh
p[style-name='Caption'] => p:fresh
br[type='page'] => br
br[type='column'] => br
"""
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}


def read_word(data: bytes, *, accept_changes: bool) -> Imported:
    """Return the parts of a Word file. If something must be cleaned first, only `seen` is filled.

    Raises: Refused for a damaged file, Usage without mammoth.
    """
    package = WordPackage(data)
    if "word/document.xml" not in package.names:
        raise damaged("It has no text")
    seen = tuple(dict.fromkeys(scan(package, accept_changes=accept_changes)))
    if any(one.refused for one in seen):
        return Imported(seen=seen)
    html, pictures, lost = _through_mammoth(package.rewritten({"word/document.xml": _plain_breaks(package)}))
    page = html_to_markdown(html)
    _must_be_the_same(html, page.markdown)
    return recognized(page.markdown, (*seen, *lost, *page.seen), pictures)


def _plain_breaks(package: WordPackage) -> bytes:
    """Return document.xml with the breaks and wrappers that mammoth would lose with the text in them made plain."""
    etree = xml_library()
    tree = package.tree("word/document.xml")
    for one in find(tree, "//w:cr|//w:br[@w:type]"):
        for attribute in list(one.attrib):
            del one.attrib[attribute]
        one.tag = f"{{{W}}}br"
    for wrapper in find(tree, "//w:fldSimple|//w:bdo|//w:dir|//w:smartTag"):
        parent = wrapper.getparent()
        at = parent.index(wrapper)
        for child in reversed(list(wrapper)):
            parent.insert(at, child)
        parent.remove(wrapper)
    return bytes(etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))


def _through_mammoth(data: bytes) -> tuple[str, tuple[Picture, ...], tuple[Seen, ...]]:
    try:
        import mammoth
    except ImportError:
        xml_library()
        from pressrelease.errors import Usage

        raise Usage(
            "Word files need mammoth, which is not installed. Nothing was imported.",
            hint="pip install 'pressrelease[word]', or save the file as plain text and import that.",
            code="not_installed",
        ) from None
    pictures: dict[str, Picture] = {}
    refused: list[Seen] = []

    def kept(image: Any) -> dict[str, str]:
        with image.open() as stream:
            content = stream.read()
        ending = _ENDINGS.get(image.content_type)
        if ending is None:
            refused.append(Seen("picture", "Left out: a picture that web pages can't show. Insert it as PNG or JPEG."))
            return {"src": ""}
        name = f"picture-{hashlib.sha256(content).hexdigest()[:8]}.{ending}"
        pictures[name] = Picture(name, content, image.alt_text or "")
        return {"src": f"picture:{name}"}

    try:
        result = mammoth.convert_to_html(
            io.BytesIO(data), style_map=_STYLES, convert_image=mammoth.images.img_element(kept)
        )
    except Exception:  # noqa: BLE001  (mammoth raises what it happens to meet in a damaged file)
        raise damaged("Its text has a form that can't be read") from None
    lost = [
        Seen("dropped", f"Left out: {message.message[:200]}")
        for message in result.messages
        if "unrecognised element" in message.message.lower() and not re.search(r"proofErr|bookmark", message.message)
    ]
    return str(result.value), tuple(pictures.values()), (*refused, *dict.fromkeys(lost))


def _must_be_the_same(html: str, markdown: str) -> None:
    """Raise Refused unless the Markdown, rendered as the page renders it, has the words that mammoth read."""
    from pressrelease.message.html import markdown as renderer

    read = _words(re.sub(r"<img[^>]*>", " ", html))
    shown = _words(re.sub(r"<img[^>]*>", " ", renderer().render(markdown)))
    if read != shown:
        raise Refused(
            "The Word file's text could not be brought over word for word. Nothing was imported.",
            hint="In Word, save it as Plain Text (Unicode, UTF-8), and import that.",
            code="not_importable",
        )


def _words(html: str) -> list[str]:
    from html import unescape

    text = unescape(re.sub(r"<[^>]*>", " ", html))
    return re.findall(r"\w+", text)
