"""Word files for tests, written as XML by hand: what Word itself writes, and what people hide in it."""

from __future__ import annotations

import io
import zipfile

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_MORE = (
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
    ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
)
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
    '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
_RELS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def run(text: str, properties: str = "") -> str:
    """A run of text; `properties` is XML of its w:rPr."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*runs: str, properties: str = "") -> str:
    """A paragraph of runs, or of plain text."""
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p><w:pPr>{properties}</w:pPr>{inner}</w:p>"


def word_file(*blocks: str, styles: str = "", rels: str = "", **parts: str | bytes) -> bytes:
    """A Word file of these blocks. `parts` are more parts: `word__comments_xml` is word/comments.xml."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        target = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        package.writestr("_rels/.rels", _RELS.format(target))
        body = "".join(one if one.startswith("<") else paragraph(one) for one in blocks)
        package.writestr("word/document.xml", f"<w:document {_W} {_MORE}><w:body>{body}</w:body></w:document>")
        styled = f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/>'
        package.writestr("word/_rels/document.xml.rels", _RELS.format(styled + rels))
        package.writestr("word/styles.xml", f"<w:styles {_W}>{styles}</w:styles>")
        for name, content in parts.items():
            path = name.replace("__", "/").replace("_xml", ".xml").replace("_png", ".png").replace("_bin", ".bin")
            package.writestr(path, content.replace("<W ", f"<W {_W} ") if isinstance(content, str) else content)
    return written.getvalue()


def with_namespace(root: str, inner: str) -> str:
    """A part with one root element of Word's namespace."""
    return f"<w:{root} {_W}>{inner}</w:{root}>"
