"""Compose a Release into a Message, in press order: release line, contact, headline, lead, body, contact, ###."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pressrelease.config import Office
from pressrelease.message.body import Body, Source, render
from pressrelease.message.enclosures import enclose, safe_names
from pressrelease.message.html import settled
from pressrelease.message.localization import Words, day_words, words_in
from pressrelease.message.message import Enclosure, Message, contact_for
from pressrelease.message.plain_text import WIDTH, text_of, wrapped
from pressrelease.release import Contact, Release

END = "###"
LONGEST_SUMMARY = 300


def compose(
    release: Release,
    *,
    version: str,
    office: Office,
    lift: datetime,
    url: str,
    attachments: Mapping[str, bytes],
    render: Callable[[Source], Body] = render,
) -> Message:
    """Return the release as it will be read. The same arguments give the same bytes, on every machine.

    `lift` is aware; `attachments` holds every attachment's bytes by its path; `url` is "" if it has no page. `render`
    renders the body; its result is the same everywhere.
    """
    names = safe_names(attachment.path for attachment in release.attachments)
    alts = {attachment.path: attachment.alt for attachment in release.attachments}
    words = words_in(office.language)
    body = render(Source(release.body, release.dateline, names, alts, office.url, words.image))
    enclosures = enclose(release.attachments, attachments, names, body.shown)
    return Message(
        slug=release.slug,
        version=version,
        release=release,
        office=office,
        lift=lift,
        html=body.html,
        text=_document(release, office, lift, url, body=body.text, enclosures=enclosures, words=words),
        url=url,
        enclosures=enclosures,
        summary=_cut(release.subhead or body.lead, LONGEST_SUMMARY),
    )


def plain_body(message: Message, width: int = WIDTH) -> str:
    """Return only the body as plain text, a paragraph a line if `width` is wide enough for it."""
    release = message.release
    names = safe_names(attachment.path for attachment in release.attachments)
    alts = {attachment.path: attachment.alt for attachment in release.attachments}
    tokens = settled(release.body, dateline=release.dateline, names=names, alts=alts, base=message.office.url)
    return text_of(tokens, image_word=words_in(message.office.language).image, width=width)


def _document(
    release: Release,
    office: Office,
    lift: datetime,
    url: str,
    *,
    body: str,
    enclosures: Sequence[Enclosure],
    words: Words,
) -> str:
    contact = contact_lines(contact_for(release, office), words)
    day = day_words(lift, office.timezone, office.language)
    parts = [
        f"{words.release_line(release.kind)}\n{day}\n{office.name}",
        contact,
        "\n".join(wrapped(line) for line in (release.headline, release.subhead) if line),
        body,
        _enclosure_lines(enclosures, url, words),
        contact,
        f"{words.online}: {url}" if url else "",
        END,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def contact_lines(contact: Contact, words: Words) -> str:
    """Return the media contact, line by line; "" if there is none."""
    given = [line for line in (contact.name, contact.phone, contact.email) if line]
    return "\n".join([f"{words.contact}:", *given]) if given else ""


def _enclosure_lines(enclosures: Sequence[Enclosure], url: str, words: Words) -> str:
    if not enclosures:
        return ""
    lines = [f"{words.attachments}:"]
    for enclosure in enclosures:
        renamed = enclosure.original if enclosure.original != enclosure.name else ""
        name = enclosure.title or enclosure.alt or renamed
        where = f"{url}{enclosure.name}" if url else enclosure.name
        lines.append(f"- {name}: {where}" if name else f"- {where}")
    return "\n".join(lines)


def _cut(text: str, longest: int) -> str:
    """Return a text cut at a word, with an ellipsis if something is left out."""
    if len(text) <= longest:
        return text
    whole, _, _ = text[:longest].rpartition(" ")
    return f"{whole or text[: longest - 1]}…"
