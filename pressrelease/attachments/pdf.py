"""PDF files: author, comments, earlier versions, files inside, hidden layers, and words under black boxes.

Words are looked for by drawing each page twice, with and without its text: where a word's place shows no difference,
nobody sees the word. Needs pikepdf, and pypdfium2 and Pillow for drawing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from pressrelease.attachments import Found, FoundKind
from pressrelease.errors import Refused

#: How many pages are drawn; the words of longer files are not looked at after these.
MOST_PAGES = 60
#: How many pixels a point has when a page is drawn, and how many a page may have.
_SCALE = 2
_MOST_PIXELS = 12_000_000
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})
_HARMLESS = frozenset({"/Link", "/Widget", "/Popup"})


def look_into_pdf(data: bytes) -> tuple[Found, ...]:
    """Return what a PDF says that its pages don't show."""
    try:
        import pikepdf
    except ImportError:
        return (Found(FoundKind.UNREAD, "can't be looked into, because pikepdf is not installed"),)
    try:
        with pikepdf.open(io.BytesIO(data)) as pdf:
            facts = list(dict.fromkeys(_facts(pdf, data)))
            layers = _hidden_layers(pdf)
            bare = _without_text(pdf)
    except pikepdf.PasswordError:
        return (Found(FoundKind.UNREAD, "is protected with a password, so readers can't open it"),)
    except (pikepdf.PdfError, ValueError, RuntimeError):
        return (Found(FoundKind.UNREAD, "is no sound PDF file. Make it again"),)
    found = []
    if facts:
        found.append(Found(FoundKind.METADATA, f"has {', '.join(facts)}"))
    if layers:
        found.append(Found(FoundKind.HIDDEN_TEXT, "has layers that are switched off, and readers can switch them on"))
    return (*found, *_unseen_words(data, bare))


def _facts(pdf: Any, data: bytes) -> Iterator[str]:
    for key, words in (("/Author", "its author"), ("/Keywords", "keywords"), ("/Company", "a company's name")):
        if key in pdf.docinfo and str(pdf.docinfo[key]).strip():
            yield words
    xmp = bytes(pdf.Root.Metadata.read_bytes()) if "/Metadata" in pdf.Root else b""
    if b"dc:creator" in xmp:
        yield "its author"
    if b"xmpMM:History" in xmp or b"xmpMM:DerivedFrom" in xmp:
        yield "its editing history"
    if data.count(b"%%EOF") - 1 - pdf.is_linearized > 0:
        yield "earlier versions of itself"
    if len(pdf.attachments) or "/AF" in pdf.Root:
        yield "other files inside"
    names = pdf.Root.get("/Names", {})
    if ("/OpenAction" in pdf.Root and "/JS" in str(pdf.Root.OpenAction)) or "/AA" in pdf.Root or "/JavaScript" in names:
        yield "a program"
    for page in pdf.pages:
        kinds = {str(one.get("/Subtype", "")) for one in page.get("/Annots", [])}
        if "/Redact" in kinds:
            yield "redaction marks that were never applied: the words are still there"
        if kinds - _HARMLESS - {"/Redact"}:
            yield "comments"
        if "/PieceInfo" in page or "/Thumb" in page:
            yield "a program's private data"
    for one in pdf.objects:
        if _is_jpeg(one) and _jpeg_without_facts(bytes(one.read_raw_bytes())) is not None:
            yield "photographs with their own metadata"


def _is_jpeg(one: Any) -> bool:
    import pikepdf

    return isinstance(one, pikepdf.Stream) and str(one.get("/Filter", "")) == "/DCTDecode"


def _jpeg_without_facts(data: bytes) -> bytes | None:
    """Return a JPEG without position, author and comments; None if it has none or can't be read."""
    from pressrelease.attachments.pictures import cleaned_picture, look_into_picture

    try:
        found = [one for one in look_into_picture(data) if one.kind is FoundKind.METADATA]
        return cleaned_picture(data) if found else None
    except Refused:
        return None


def _hidden_layers(pdf: Any) -> bool:
    layers = pdf.Root.get("/OCProperties")
    return layers is not None and "/D" in layers and len(layers.D.get("/OFF", [])) > 0


def _without_text(pdf: Any) -> bytes:
    """Return the file without the text of its pages, forms in them included."""
    import pikepdf

    seen: set[tuple[int, int]] = set()

    def strip(owner: Any, resources: Any) -> None:
        for form in (resources.get("/XObject") or {}).values() if resources is not None else ():
            if str(form.get("/Subtype", "")) == "/Form" and form.objgen not in seen:
                seen.add(form.objgen)
                strip(form, form.get("/Resources"))
        kept = [(list(one.operands), one.operator) for one in pikepdf.parse_content_stream(owner)]
        stream = pikepdf.unparse_content_stream([one for one in kept if str(one[1]) not in _SHOWS])
        if isinstance(owner, pikepdf.Page):
            owner.Contents = pdf.make_stream(stream)
        else:
            owner.write(stream)

    for page in pdf.pages[:MOST_PAGES] if len(pdf.pages) > MOST_PAGES else pdf.pages:
        strip(page, page.get("/Resources"))
    written = io.BytesIO()
    pdf.save(written)
    return written.getvalue()


def _unseen_words(data: bytes, bare: bytes) -> Iterator[Found]:
    try:
        import pypdfium2
        from PIL import ImageChops, ImageStat
    except ImportError:
        yield Found(FoundKind.UNREAD, "was not searched for words under boxes, because pypdfium2 is not installed")
        return
    covered = hidden = 0
    drawn, blank = pypdfium2.PdfDocument(data), pypdfium2.PdfDocument(bare)
    drawn.init_forms()
    if len(drawn) > MOST_PAGES:
        yield Found(FoundKind.UNREAD, f"was searched for words under boxes on its first {MOST_PAGES} pages only")
    for number in range(min(len(drawn), MOST_PAGES)):
        page = drawn[number]
        width, height = page.get_size()
        if width * height * _SCALE**2 > _MOST_PIXELS:
            continue
        text = page.get_textpage()
        boxes = list(_word_boxes(text))
        if not boxes:
            continue
        left, _, _, top = page.get_cropbox()
        one = page.render(scale=_SCALE, may_draw_forms=True).to_pil().convert("RGB")
        other = blank[number].render(scale=_SCALE).to_pil().convert("RGB")
        if one.size != other.size:
            continue
        difference = ImageChops.difference(one, other)
        for box in boxes:
            place = tuple(round(edge * _SCALE) for edge in (box[0] - left, top - box[3], box[2] - left, top - box[1]))
            inside = (max(place[0], 0), max(place[1], 0), min(place[2], one.width), min(place[3], one.height))
            if inside[2] <= inside[0] or inside[3] <= inside[1]:
                hidden += 1
            elif difference.crop(inside).getbbox() is None:
                flat = max(ImageStat.Stat(one.crop(inside)).stddev) < 12
                covered += flat
                hidden += not flat
    if covered >= 2:
        yield Found(
            FoundKind.HIDDEN_TEXT, f"has {covered} words that can't be seen but can be copied, as under a black box"
        )
    elif covered or hidden > 2:
        yield Found(FoundKind.HIDDEN_TEXT, f"has {covered + hidden} words that can't be seen but can be copied")


def _word_boxes(text: Any) -> Iterator[tuple[float, float, float, float]]:
    """Yield the place of each word: left, bottom, right, top, in points."""
    box: list[float] = []
    count = text.count_chars()
    characters = text.get_text_range(0, count) if count else ""
    if len(characters) != count:
        characters = "".join(text.get_text_range(at, 1)[:1] or " " for at in range(count))
    for at, character in enumerate([*characters, " "]):
        if character.isspace():
            if box:
                yield box[0], box[1], box[2], box[3]
            box = []
            continue
        left, bottom, right, top = text.get_charbox(at, loose=True)
        box = (
            [min(box[0], left), min(box[1], bottom), max(box[2], right), max(box[3], top)]
            if box
            else [left, bottom, right, top]
        )


def cleaned_pdf(data: bytes) -> bytes:
    """Return the file without author, comments' names, earlier versions, files inside and programs. Its pages stay.

    Raises: Refused for hidden words, layers and redactions, which a person must take out.
    """
    import pikepdf

    for one in look_into_pdf(data):
        if one.kind is not FoundKind.METADATA or "redaction" in one.words or "comments" in one.words:
            raise Refused(
                f"The PDF {one.words}.",
                hint=(
                    "Take it out where the PDF was made, and export it again. To redact: delete the words, then export."
                ),
                code="not_clean",
            )
    with pikepdf.open(io.BytesIO(data)) as pdf:
        _without(pdf.docinfo, [str(key) for key in pdf.docinfo if key not in {"/Title", "/CreationDate", "/ModDate"}])
        if "/Metadata" in pdf.Root:
            with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as meta:
                for name in list(meta):
                    if not any(part in name for part in ("pdfuaid", "pdfaid", "}title", "}language", "}format")):
                        del meta[name]
        for name in list(pdf.attachments):
            del pdf.attachments[name]
        _without(pdf.Root, ["/AF", "/OpenAction", "/AA", "/PieceInfo"])
        _without(pdf.Root.get("/Names", {}), ["/JavaScript", "/EmbeddedFiles"])
        for page in pdf.pages:
            _without(page, ["/PieceInfo", "/Thumb", "/AA"])
        for item in pdf.objects:
            bare = _jpeg_without_facts(bytes(item.read_raw_bytes())) if _is_jpeg(item) else None
            if bare is not None and isinstance(item, pikepdf.Stream):
                item.write(bare, filter=pikepdf.Name.DCTDecode)
        written = io.BytesIO()
        pdf.save(written, deterministic_id=True)
    return written.getvalue()


def _without(owner: Any, keys: list[str]) -> None:
    for key in keys:
        if key in owner:
            del owner[key]
