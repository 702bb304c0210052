"""A release as a Word file for people to read and comment on; no outlet gets it. Needs python-docx."""

from __future__ import annotations

import io
from datetime import UTC

from pressrelease.errors import Usage
from pressrelease.formats.news_item import UNWRAPPED, Edition
from pressrelease.formats.xml_words import holdable
from pressrelease.message import Message, plain_body
from pressrelease.message.localization import moment_words

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def docx(message: Message, edition: Edition, mark: str = "") -> bytes:
    """Return the file, with `mark` on its first line and in its header: PROOF, unless another is given.

    Raises: Usage without python-docx.
    """
    try:
        from docx import Document
    except ImportError:
        raise Usage(
            "A Word file needs python-docx, which is not installed.",
            hint="pip install 'pressrelease[word]', or choose another --format.",
            code="not_installed",
        ) from None
    release, office = message.release, message.office
    when = edition.embargoed_until
    until = f"embargoed until {moment_words(when, office.timezone, office.language)}" if when else "no embargo ahead"
    mark = mark or f"PROOF – version {message.version[:12]}, {until}"
    document = Document()
    document.core_properties.title = holdable(release.headline)
    document.core_properties.author = holdable(office.name)
    document.core_properties.created = document.core_properties.modified = edition.created.astimezone(UTC).replace(
        tzinfo=None
    )
    document.sections[0].header.paragraphs[0].text = mark
    document.add_paragraph().add_run(mark).bold = True
    document.add_heading(holdable(release.headline), level=1)
    if release.subhead:
        document.add_paragraph().add_run(holdable(release.subhead)).italic = True
    for paragraph in plain_body(message, UNWRAPPED).split("\n\n"):
        document.add_paragraph(holdable(paragraph))
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()
