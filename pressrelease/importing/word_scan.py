"""Find what a Word file holds beside its visible text: hidden text, changes, comments, boxes, headers, fields.

mammoth prints hidden text as if it were visible and accepts tracked changes silently, so this looks at the XML first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pressrelease.importing.imported import Seen
from pressrelease.importing.word_package import W, WordPackage

_NS = {
    "w": W,
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
}
_CHANGES = "//w:ins|//w:del|//w:moveFrom|//w:moveTo|//w:cellIns|//w:cellDel|//w:cellMerge"
_OFF = frozenset({"0", "false", "off", "none"})
#: Half points; smaller text is not meant to be read.
_TINY = 8
_EXCERPT = 200


def scan(package: WordPackage, *, accept_changes: bool) -> Iterator[Seen]:
    """Yield everything that a reader of the text would not see, or would see differently."""
    document = package.tree("word/document.xml")
    yield from _foreign_parts(package)
    if document is None:
        return
    yield from _changes(package, document, accept_changes)
    yield from _comments(package)
    hidden = _Hidden(package)
    for name in _texts(package):
        tree = package.tree(name)
        yield from hidden.runs(tree)
        yield from _boxes(tree)
        yield from _fields(tree)
    yield from _headers(package)
    yield from _notes(document)
    yield from _lost(document)


def _texts(package: WordPackage) -> list[str]:
    return [
        "word/document.xml",
        *(name for name in ("word/footnotes.xml", "word/endnotes.xml") if name in package.names),
    ]


def find(tree: Any, path: str) -> list[Any]:
    """Return what an XPath finds, with Word's usual prefixes."""
    return list(tree.xpath(path, namespaces=_NS))


def words_of(element: Any) -> str:
    """Return an element's text, deleted text included."""
    found = find(element, ".//w:t|.//w:delText|.//w:tab|.//w:br|.//w:p")
    parts = [(one.text or "") if one.tag in {f"{{{W}}}t", f"{{{W}}}delText"} else " " for one in found]
    return " ".join("".join(parts).split())[:_EXCERPT]


def _value(element: Any, name: str = "val") -> str:
    return str(element.get(f"{{{W}}}{name}", ""))


def _foreign_parts(package: WordPackage) -> Iterator[Seen]:
    names = package.names
    types = package.content("[Content_Types].xml") if "[Content_Types].xml" in names else b""
    if any(name.endswith("vbaProject.bin") for name in names) or b"macroEnabled" in types:
        yield Seen("macro", "The file has a macro (a program). Save it as .docx without macros.", refused=True)
    if any(name.startswith(("word/embeddings/", "word/activeX/")) or "afchunk" in name.lower() for name in names):
        yield Seen("object", "The file has another file inside. Delete it, or attach it by itself.", refused=True)
    for name in names:
        if not name.endswith(".rels"):
            continue
        for one in package.tree(name):
            kind = str(one.get("Type", ""))
            if one.get("TargetMode") == "External" and not kind.endswith(("/hyperlink", "/attachedTemplate")):
                yield Seen(
                    "external", "The file loads something from elsewhere. Insert it into the file.", refused=True
                )


def _changes(package: WordPackage, document: Any, accept: bool) -> Iterator[Seen]:
    for name in _texts(package):
        for one in find(document if name == "word/document.xml" else package.tree(name), _CHANGES):
            kind = one.tag.rpartition("}")[2]
            done = "Deleted" if kind in {"del", "moveFrom", "cellDel"} else "Added"
            author = _value(one, "author")
            by = f" by {author}" if author else ""
            end = ", accepted." if accept else ". Accept or reject the change in Word, or use --accept-changes."
            yield Seen("change", f"{done}{by}{end}", words_of(one), refused=not accept)
    if any(find(document, "//*[substring(local-name(), string-length(local-name()) - 5) = 'Change']")):
        yield Seen("format", "Changes of format were accepted.")


def _comments(package: WordPackage) -> Iterator[Seen]:
    tree = package.tree("word/comments.xml")
    for one in find(tree, "//w:comment") if tree is not None else ():
        author = _value(one, "author")
        yield Seen(
            "comment", f"Comment{f' by {author}' if author else ''}. Delete it in Word.", words_of(one), refused=True
        )


class _Hidden:
    """Text that Word does not show: by itself, by a style, or by default."""

    def __init__(self, package: WordPackage) -> None:
        styles = package.tree("word/styles.xml")
        self._by_default = styles is not None and any(map(_on, find(styles, "//w:docDefaults//w:rPr/w:vanish")))
        self._styles: dict[str, Any] = {}
        if styles is not None:
            self._styles = {_value(style, "styleId"): style for style in find(styles, "//w:style")}

    def runs(self, tree: Any) -> Iterator[Seen]:
        for paragraph in find(tree, "//w:p"):
            style = _first_value(paragraph, "./w:pPr/w:pStyle")
            fill = _fill(paragraph)
            hidden: list[str] = []
            same: list[str] = []
            tiny: list[str] = []
            for run in find(paragraph, ".//w:r[not(ancestor::w:txbxContent)]"):
                words = words_of(run)
                if not words or run.getparent() is None:
                    continue
                if self._is_hidden(run, style):
                    hidden.append(words)
                elif _like_its_ground(run, fill):
                    same.append(words)
                elif _is_tiny(run):
                    tiny.append(words)
            for kind, what, found in (
                ("hidden", "Hidden text", hidden),
                ("same_color", "Text in the color of the page", same),
                ("tiny", "Text too small to read", tiny),
            ):
                if found:
                    yield Seen(
                        kind, f"{what}. Delete it, or make it visible.", " ".join(found)[:_EXCERPT], refused=True
                    )

    def _is_hidden(self, run: Any, paragraph_style: str) -> bool:
        own = find(run, "./w:rPr/w:vanish|./w:rPr/w:webHidden")
        if own:
            return any(map(_on, own))
        styles = [paragraph_style, _first_value(run, "./w:rPr/w:rStyle")]
        return self._by_default or any(self._style_hides(style) for style in styles if style)

    def _style_hides(self, name: str) -> bool:
        for _ in range(20):  # a style may be based on itself
            style = self._styles.get(name)
            if style is None:
                return False
            if any(map(_on, find(style, "./w:rPr/w:vanish|./w:rPr/w:webHidden"))):
                return True
            name = _first_value(style, "./w:basedOn")
        return False


def _on(element: Any) -> bool:
    return _value(element).lower() not in _OFF


def _first_value(element: Any, path: str) -> str:
    found = find(element, path)
    return _value(found[0]) if found else ""


def _fill(paragraph: Any) -> str:
    for path in ("./w:pPr/w:shd", "ancestor::w:tc[1]/w:tcPr/w:shd"):
        for one in find(paragraph, path):
            color = _value(one, "fill")
            if re.fullmatch(r"[0-9A-Fa-f]{6}", color):
                return color
    # The style of a table may shade its cells, which this does not follow: then no color is compared.
    return "" if find(paragraph, "ancestor::w:tbl/w:tblPr/w:tblStyle") else "FFFFFF"


_HIGHLIGHTS = {"black": "000000", "darkBlue": "000080", "yellow": "FFFF00", "white": "FFFFFF", "darkGray": "808080"}


def _like_its_ground(run: Any, fill: str) -> bool:
    highlight = _first_value(run, "./w:rPr/w:highlight")
    shade = [_value(one, "fill") for one in find(run, "./w:rPr/w:shd")]
    ground = _HIGHLIGHTS.get(highlight, "") or next((one for one in shade if re.fullmatch("[0-9A-Fa-f]{6}", one)), fill)
    color = _first_value(run, "./w:rPr/w:color")
    if color in {"", "auto"}:
        color = "000000"
        if ground != "000000" or highlight != "black":
            return False
    if not re.fullmatch("[0-9A-Fa-f]{6}", color) or not ground:
        return False
    one, two = sorted((_luminance(color), _luminance(ground)))
    return (two + 0.05) / (one + 0.05) < 1.3


def _luminance(color: str) -> float:
    """Return the relative luminance of a color (WCAG 2.1)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _is_tiny(run: Any) -> bool:
    size = _first_value(run, "./w:rPr/w:sz")
    return size.isdecimal() and int(size) <= _TINY


def _boxes(tree: Any) -> Iterator[Seen]:
    for one in find(tree, "//w:txbxContent[not(ancestor::mc:Fallback)]"):
        if words_of(one):
            yield Seen("box", "A text box. Move its text into the page, or delete it.", words_of(one), refused=True)
    for one in find(tree, "//mc:AlternateContent"):
        choices = {words_of(part) for part in find(one, "./mc:Choice|./mc:Fallback")}
        if len(choices) > 1 and not find(one, ".//w:txbxContent"):
            yield Seen("choice", "Text that depends on the program. Type it again.", max(choices), refused=True)


def _fields(tree: Any) -> Iterator[Seen]:
    codes = [str(one.get(f"{{{W}}}instr", "")) for one in find(tree, "//w:fldSimple")]
    code = ""
    for one in find(tree, "//w:fldChar|//w:instrText"):  # Word splits a field's code over several runs
        if one.tag == f"{{{W}}}instrText":
            code += one.text or ""
        elif code:
            codes.append(code)
            code = ""
    for found in codes:
        kind = (found.split() or [""])[0].upper()
        if kind in {"MERGEFIELD", "ASK", "FILLIN", "IF", "DOCVARIABLE", "INCLUDETEXT", "INCLUDEPICTURE", "LINK", "DDE"}:
            yield Seen("field", f"A field ({kind}) that Word fills in. Type its text.", refused=True)
        elif kind in {"DATE", "TIME", "SAVEDATE", "PRINTDATE", "CREATEDATE"}:
            yield Seen("field", f"A field ({kind}) was imported as the text that it last had. Check it.")
    for one in find(tree, "//w:sdt[w:sdtPr/w:showingPlcHdr]"):
        yield Seen("placeholder", "A form field that nobody has filled in.", words_of(one), refused=True)


def _headers(package: WordPackage) -> Iterator[Seen]:
    for name in package.names:
        if re.fullmatch(r"word/(?:header|footer)\d*\.xml", name):
            words = words_of(package.tree(name))
            if words:
                what = "header" if "header" in name else "footer"
                yield Seen(what, f"Left out: the page's {what}.", words)


def _notes(document: Any) -> Iterator[Seen]:
    count = len(find(document, "//w:footnoteReference|//w:endnoteReference"))
    if count:
        yield Seen("footnotes", f"{count} footnote{'s' if count > 1 else ''} came as a list at the end.")


def _lost(document: Any) -> Iterator[Seen]:
    if find(document, "//m:oMath"):
        yield Seen("formula", "A formula. Type it as text.", refused=True)
    if find(document, "//w:altChunk|//w:subDoc|//w:object"):
        yield Seen("object", "The file has another file inside. Delete it, or attach it by itself.", refused=True)
    for one in find(document, "//a:srcRect"):
        if any(one.get(side) not in {None, "0"} for side in "lrtb"):
            words = "A picture was cropped, and the whole of it is still in the file."
            hint = " In Word: Picture Format, Compress Pictures, Delete cropped areas."
            yield Seen("cropped", words + hint, refused=True)
            return
