"""The newsroom's page of a release, and the notice in its place once it is withdrawn. Pure.

Everything that comes from a text is escaped here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from pressrelease.message import Enclosure, Message
from pressrelease.message.composing import END
from pressrelease.message.localization import Words
from pressrelease.outlets.newsroom.frame import NewsroomSite, contact_box, contact_parts, page_around
from pressrelease.outlets.newsroom.record import BODY, RELATED, Note, PageRecord, hashed, record_tag
from pressrelease.release import Contact


def record_of(message: Message, site: NewsroomSite, before: PageRecord | None = None) -> PageRecord:
    """Return the page's own record; `before` is the earlier version's, if there was one."""
    return PageRecord(
        slug=message.slug,
        version=message.version,
        headline=message.release.headline,
        kind=message.release.kind.value,
        published=before.published if before else message.original.lift,
        updated=message.lift,
        id=before.id if before else site.entry_id(message.slug, message.original.lift),
        summary=message.summary,
        follows=_follows(message, before),
        enclosures=tuple(enclosure.name for enclosure in message.enclosures),
        n=message.n,
        notes=_notes(message, before),
    )


def withdrawn_record(message: Message, site: NewsroomSite, before: PageRecord | None = None) -> PageRecord:
    """Return the record of a withdrawn release's page: its name in the feed, and nothing of its text."""
    return PageRecord(
        slug=message.slug,
        version=message.version,
        headline="",
        kind=message.release.kind.value,
        published=before.published if before else message.original.lift,
        updated=message.dated,
        id=before.id if before else site.entry_id(message.slug, message.original.lift),
        n=message.n,
        canceled=True,
    )


def _notes(message: Message, before: PageRecord | None) -> tuple[Note, ...]:
    """Return the notes of all corrections up to this version, oldest first."""
    earlier = [note for note in (before.notes if before else ()) if note.n < message.n]
    own = [Note(message.n, message.noted_at or message.lift, message.note)] if message.n > 1 and message.note else []
    return (*earlier, *own)


def _follows(message: Message, before: PageRecord | None) -> str:
    """Return what the page says of the release that it follows; the earlier page knows if it is public by now."""
    if message.release.follows:
        return hashed(message.release.follows)
    return before.follows if before and before.follows and message.follows_mark else message.follows_mark


def release_page(message: Message, site: NewsroomSite, record: PageRecord) -> str:
    """Return a release's page, in press order, with no link yet to the releases before and after it."""
    release, words = message.release, site.words
    corrected = record.updated != record.published
    when = f'{words.published} <time datetime="{site.stamp(record.published)}">{_(site.local(record.published))}</time>'
    if corrected:
        when += (
            f'<br>{words.updated} <time datetime="{site.stamp(record.updated)}">{_(site.local(record.updated))}</time>'
        )
    parts = [
        '<article class="inner">',
        "<header>",
        f'<div class="slip"><div><p class="line">{_(words.release_line(release.kind))}</p><p>{when}</p></div>',
        f"{_contact_lines(message.contact, words)}</div>",
        f"<h1>{_(release.headline)}</h1>",
        f'<p class="subhead">{_(release.subhead)}</p>' if release.subhead else "",
        "</header>",
        RELATED[0] + RELATED[1],
        f'<div class="body">{BODY[0]}\n{_note_lines(record, site)}{message.html}\n{BODY[1]}</div>',
        *_figures(message.enclosures),
        _files(message.enclosures, words),
        contact_box(message.contact, words),
        f'<p class="end"><span aria-hidden="true">{END}</span></p>',
        "</article>",
    ]
    return page_around(
        site,
        title=f"{release.headline} – {site.office.name}",
        description=message.summary,
        head=[record_tag(record), *_open_graph(message, site, record), _json_ld(message, site, record)],
        main="\n".join(part for part in parts if part),
        up="../",
    )


def notice_page(message: Message, site: NewsroomSite, record: PageRecord) -> str:
    """Return the page in place of a withdrawn release: the dates and the public note. Nothing of its text is in it."""
    from pressrelease.message.follow_up import public_notice

    words, contact = site.words, site.office.contact
    said = "\n".join(f"<p>{_(part)}</p>" for part in public_notice(message))
    parts = [
        '<article class="inner">',
        f"<h1>{words.page_withdrawn}</h1>",
        RELATED[0] + RELATED[1],
        f'<div class="body">{BODY[0]}\n{said}\n{BODY[1]}</div>',
        contact_box(contact, words),
        "</article>",
    ]
    return page_around(
        site,
        title=f"{words.page_withdrawn} – {site.office.name}",
        description="",
        head=['<meta name="robots" content="noindex">', record_tag(record)],
        main="\n".join(part for part in parts if part),
        up="../",
    )


def _note_lines(record: PageRecord, site: NewsroomSite) -> str:
    """Return the dated notes of corrections, before the text that they correct; the feed has them too."""
    lines = [
        f"<p><strong>{_(site.words.corrected_on.format(day=site.day(note.at), note=note.text))}</strong></p>\n"
        for note in record.notes
    ]
    return "".join(lines)


def _contact_lines(contact: Contact, words: Words) -> str:
    lines = contact_parts(contact)
    return f"<div><p>{words.contact}</p><p>{'<br>'.join(lines)}</p></div>" if lines else ""


def _figures(enclosures: Iterable[Enclosure]) -> list[str]:
    figures = []
    for enclosure in enclosures:
        if enclosure.is_image and not enclosure.shown:
            caption = f"<figcaption>{_(enclosure.title)}</figcaption>" if enclosure.title else ""
            image = f'<img src="{_(enclosure.name)}" alt="{_(enclosure.alt or enclosure.title)}">'
            figures.append(f"<figure>{image}{caption}</figure>")
    return figures


def _files(enclosures: Iterable[Enclosure], words: Words) -> str:
    files = [enclosure for enclosure in enclosures if not enclosure.is_image]
    if not files:
        return ""
    items = []
    for enclosure in files:
        ending = enclosure.name.rpartition(".")[2].upper()
        said = enclosure.words
        size = f'<span class="size">({ending}, {size_words(len(enclosure.content))})</span>'
        items.append(f'<li><a href="{_(enclosure.name)}">{_(said)} {size}</a></li>')
    return (
        f'<section class="files" aria-labelledby="files"><h2 id="files">{words.attachments}</h2>'
        f"<ul>{''.join(items)}</ul></section>"
    )


def size_words(size: int) -> str:
    """Return a file's size as people read it: "340 KB", "1.2 MB"."""
    if size < 1000:
        return f"{size} bytes"
    return f"{round(size / 1000)} KB" if size < 999_500 else f"{size / 1e6:.1f} MB"


def related_links(site: NewsroomSite, first: PageRecord | None, later: Sequence[PageRecord]) -> str:
    """Return the links from a release to the one it follows and to those that follow it; "" if none is public."""
    words = site.words
    lines = [(words.earlier, record) for record in ([first] if first else [])]
    lines += [(words.later, record) for record in later]
    if not lines:
        return ""
    items = "".join(
        f'<p>{said}: <a href="../{record.slug}/{site.folder_link}">{_(site.title_of(record))}</a> '
        f'(<time datetime="{site.stamp(record.published)}">{_(site.local(record.published))}</time>)</p>'
        for said, record in lines
    )
    return f'<nav class="related" aria-label="{words.earlier if first else words.later}">{items}</nav>'


def _open_graph(message: Message, site: NewsroomSite, record: PageRecord) -> list[str]:
    url = site.page_url(message.slug)
    properties = [
        ("og:type", "article"),
        ("og:title", message.release.headline),
        ("og:description", message.summary),
        ("og:site_name", site.office.name),
        ("og:locale", site.office.language.replace("-", "_")),
        ("og:url", url),
        ("article:published_time", site.stamp(record.published)),
        ("article:modified_time", site.stamp(record.updated)),
    ]
    image = next((enclosure for enclosure in message.enclosures if enclosure.is_image), None)
    if image is not None and url:
        properties += [("og:image", url + image.name), ("og:image:alt", image.alt or image.title)]
    tags = [f'<meta property="{name}" content="{_(value)}">' for name, value in properties if value]
    return [f'<link rel="canonical" href="{_(url)}">', *tags] if url else tags


def _json_ld(message: Message, site: NewsroomSite, record: PageRecord) -> str:
    url = site.page_url(message.slug)
    office: dict[str, Any] = {"@type": "GovernmentOrganization", "name": site.office.name}
    if site.office.url:
        office["url"] = site.office.url
    article: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": message.release.headline,
        "description": message.summary,
        "datePublished": site.stamp(record.published),
        "dateModified": site.stamp(record.updated),
        "inLanguage": site.office.language,
        "author": office,
        "publisher": office,
    }
    if record.notes:
        article["correction"] = [
            {"@type": "CorrectionComment", "text": note.text, "datePublished": site.stamp(note.at)}
            for note in record.notes
        ]
    if message.release.dateline:
        article["dateline"] = message.release.dateline
    if message.release.keywords:
        article["keywords"] = list(message.release.keywords)
    if url:
        article |= {"url": url, "mainEntityOfPage": url}
        images = [url + enclosure.name for enclosure in message.enclosures if enclosure.is_image]
        if images:
            article["image"] = images
    text = json.dumps(article, ensure_ascii=False)
    # Inside a script element nothing is unescaped, and "</script" would end it.
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f'<script type="application/ld+json">{text}</script>'


def _(text: str) -> str:
    return escape(text, quote=True)
