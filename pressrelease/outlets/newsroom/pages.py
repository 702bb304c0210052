"""The newsroom's pages: a release, and the list of all. Pure; everything that comes from a text is escaped here.

Made for WCAG 2.1 AA: a language, a title, one h1, landmarks, a link past the masthead, a visible focus, text that
wraps at 320 px. No script runs, nothing is fetched from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from pressrelease.config import Office
from pressrelease.message import Enclosure, Message
from pressrelease.message.composing import END
from pressrelease.message.localization import Words, moment_words, words_in, zone_of
from pressrelease.outlets.newsroom.record import BODY, RELATED, PageRecord, hashed, record_tag
from pressrelease.outlets.newsroom.style import STYLE
from pressrelease.release import Contact, ReleaseKind

FEED = "feed.atom"
INDEX = "index.html"
#: The mark of a list that this program wrote, and what lists had before that mark existed.
OURS = '<meta name="generator" content="pressrelease">'
_BEFORE_THAT = ('<header class="masthead"><div class="inner">', 'type="application/atom+xml" title="')
#: How many releases the first list holds.
LATEST = 200

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True)
class NewsroomSite:
    """One newsroom: whose it is, and its public address without a final slash, "" if none is known."""

    office: Office
    url: str = ""

    @property
    def words(self) -> Words:
        """The fixed words, in the office's language."""
        return words_in(self.office.language)

    def page_url(self, slug: str) -> str:
        """Return a release's public address, "" if none is known."""
        return f"{self.url}/{slug}/" if self.url else ""

    @property
    def folder_link(self) -> str:
        """What a link to a folder ends with: nothing on a web server, the file's name if pages are files."""
        host = urlsplit(self.url).hostname
        return "" if host and host not in {"localhost", "127.0.0.1", "::1"} else INDEX

    def local(self, moment: datetime) -> str:
        """Return a moment in the office's own time, in words."""
        return moment_words(moment, self.office.timezone, self.office.language)

    def stamp(self, moment: datetime) -> str:
        """Return a moment in the office's own time, for machines."""
        return moment.astimezone(zone_of(self.office.timezone)).isoformat(timespec="seconds")

    def entry_id(self, slug: str, lift: datetime) -> str:
        """Return a release's name in the feed (RFC 4151): the office's domain, the day, the slug."""
        domain = (
            urlsplit(self.url).hostname
            or urlsplit(self.office.url).hostname
            or self.office.contact.email.partition("@")[2]
        )
        if not domain:
            import uuid

            return uuid.uuid5(uuid.NAMESPACE_URL, f"pressrelease:{self.office.name}/{slug}").urn
        return f"tag:{domain.lower()},{lift:%Y-%m-%d}:{slug}"


def record_of(message: Message, site: NewsroomSite, before: PageRecord | None = None) -> PageRecord:
    """Return the page's own record; `before` is the earlier version's, if there was one."""
    return PageRecord(
        slug=message.slug,
        version=message.version,
        headline=message.release.headline,
        kind=message.release.kind.value,
        published=before.published if before else message.lift,
        updated=message.lift,
        id=before.id if before else site.entry_id(message.slug, message.lift),
        summary=message.summary,
        follows=_follows(message, before),
        enclosures=tuple(enclosure.name for enclosure in message.enclosures),
    )


def _follows(message: Message, before: PageRecord | None) -> str:
    """Return what the page says of the release that it follows; the earlier page knows if it is public by now."""
    if message.release.follows:
        return hashed(message.release.follows)
    return before.follows if before and before.follows and message.follows_mark else message.follows_mark


# -- a release --------------------------------------------------------------------------------------------


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
        f'<div class="body">{BODY[0]}\n{message.html}\n{BODY[1]}</div>',
        *_figures(message.enclosures),
        _files(message.enclosures, words),
        _contact_box(message.contact, words),
        f'<p class="end"><span aria-hidden="true">{END}</span></p>',
        "</article>",
    ]
    return _page(
        site,
        title=f"{release.headline} – {site.office.name}",
        description=message.summary,
        head=[record_tag(record), *_open_graph(message, site, record), _json_ld(message, site, record)],
        main="\n".join(part for part in parts if part),
        up="../",
    )


def _contact_lines(contact: Contact, words: Words) -> str:
    lines = _contact_parts(contact)
    return f"<div><p>{words.contact}</p><p>{'<br>'.join(lines)}</p></div>" if lines else ""


def _contact_box(contact: Contact, words: Words) -> str:
    lines = _contact_parts(contact)
    if not lines:
        return ""
    return (
        f'<section class="contact" aria-labelledby="contact"><h2 id="contact">{words.contact}</h2>'
        f"<p>{'<br>'.join(lines)}</p></section>"
    )


def _contact_parts(contact: Contact) -> list[str]:
    dialled = "".join(sign for sign in contact.phone if sign.isdigit() or sign == "+")
    return [
        part
        for part in (
            _(contact.name),
            f'<a href="tel:{_(dialled)}">{_(contact.phone)}</a>' if dialled.isascii() and dialled else _(contact.phone),
            f'<a href="mailto:{_(contact.email)}">{_(contact.email)}</a>' if contact.email else "",
        )
        if part
    ]


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
        f'<p>{said}: <a href="../{record.slug}/{site.folder_link}">{_(record.headline)}</a> '
        f'(<time datetime="{site.stamp(record.published)}">{_(site.local(record.published))}</time>)</p>'
        for said, record in lines
    )
    return f'<nav class="related" aria-label="{words.earlier if first else words.later}">{items}</nav>'


def is_our_list(text: str) -> bool:
    """Return whether this program wrote a list page, in this version or an earlier one."""
    return OURS in text or all(part in text for part in _BEFORE_THAT)


# -- the list of all --------------------------------------------------------------------------------------


def list_pages(records: Sequence[PageRecord], site: NewsroomSite) -> dict[str, str]:
    """Return the lists, by file name: the newest as given, year by year, and each full year in a file of its own."""
    zone = zone_of(site.office.timezone)
    years = {
        year: list(group) for year, group in groupby(records, lambda record: record.published.astimezone(zone).year)
    }
    latest = {record.slug for record in records[:LATEST]}
    shown = {year: [record for record in group if record.slug in latest] for year, group in years.items()}
    older = [year for year, group in years.items() if len(shown[year]) < len(group)]
    pages = {INDEX: _list_page(shown, site, older=older)}
    for year in older:
        pages[f"{year}.html"] = _list_page({year: years[year]}, site, named=f"{site.words.newsroom}, {year}")
    return pages


def _list_page(
    years: Mapping[int, Sequence[PageRecord]], site: NewsroomSite, *, older: Sequence[int] = (), named: str = ""
) -> str:
    words = site.words
    title = named or words.newsroom
    parts = ['<div class="inner">', f"<h1>{title}</h1>"]
    for year, records in years.items():
        if records:
            items = "".join(_item(record, site) for record in records)
            parts.append(f'<h2 class="year">{year}</h2>\n<ul class="releases">{items}</ul>')
    if not years:
        parts.append(f"<p>{words.none_yet}</p>")
    if older:
        links = "".join(f'<li><a href="{year}.html">{year}</a></li>' for year in older)
        parts.append(
            f'<nav class="older" aria-labelledby="older"><h2 id="older">{words.older}</h2><ul>{links}</ul></nav>'
        )
    parts += [_contact_box(site.office.contact, words), "</div>"]
    own = site.url and f"{site.url}/{f'{next(iter(years))}.html' if named else ''}"
    return _page(
        site,
        title=f"{title} – {site.office.name}",
        description=f"{title} – {site.office.name}",
        head=[OURS, *([f'<link rel="canonical" href="{_(own)}">'] if own else [])],
        main="\n".join(part for part in parts if part),
        up="",
        listed=not named,
    )


def _item(record: PageRecord, site: NewsroomSite) -> str:
    words = site.words
    summary = f"<p>{_(record.summary)}</p>" if record.summary else ""
    return (
        f'\n<li><p class="meta"><time datetime="{site.stamp(record.published)}">'
        f"{_(site.local(record.published))}</time> · {words.kind(ReleaseKind(record.kind))}</p>"
        f'<h3><a href="{record.slug}/{site.folder_link}">{_(record.headline)}</a></h3>{summary}</li>'
    )


# -- around both ------------------------------------------------------------------------------------------


def _page(
    site: NewsroomSite, *, title: str, description: str, head: Sequence[str], main: str, up: str, listed: bool = False
) -> str:
    office, words = site.office, site.words
    home = f"{up}{site.folder_link}" or "./"
    lines = [
        "<!doctype html>",
        f'<html lang="{_(office.language)}">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{_(title)}</title>",
        f'<meta name="description" content="{_(description)}">',
        *head,
        f'<link rel="alternate" type="application/atom+xml" title="{_(office.name)}" href="{up}{FEED}">',
        f"<style>\n{STYLE}</style>",
        "</head>",
        "<body>",
        f'<a class="skip" href="#main">{words.skip}</a>',
        '<header class="masthead"><div class="inner">',
        f'<a class="office" href="{home}">{_(office.name)}</a>',
        f'<nav aria-label="{words.newsroom}"><a href="{home}">{words.all_releases}</a></nav>' if not listed else "",
        "</div></header>",
        f'<main id="main" tabindex="-1">\n{main}\n</main>',
        '<footer class="foot"><div class="inner">',
        f'<a href="{_(office.url)}">{words.office_site}</a>' if office.url else "",
        f'<a href="{up}{FEED}">{words.feed}</a>',
        "</div></footer>",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(line for line in lines[:-1] if line) + "\n"


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
