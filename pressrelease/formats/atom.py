"""An Atom feed (RFC 4287)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pressrelease.formats.xml_words import attribute as _attribute
from pressrelease.formats.xml_words import text as _text

MEDIA_TYPE = "application/atom+xml"

_TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"

#: The mark of a feed that this program wrote (RFC 4287, section 4.2.4).
GENERATOR = "<generator>pressrelease</generator>"


@dataclass(frozen=True)
class FeedEntry:
    """One release in a feed.

    `id` never changes; times are aware; `html` is sanitized, with addresses relative to `url`, "" for none."""

    id: str
    title: str
    url: str
    published: datetime
    updated: datetime
    summary: str = ""
    html: str = ""


@dataclass(frozen=True)
class Gone:
    """The tombstone of an entry that the feed no longer has (RFC 6721). `when` is aware.

    Few readers know it. While the feed has the entry, what replaces its text reaches everybody.
    """

    id: str
    when: datetime


@dataclass(frozen=True)
class FeedHead:
    """The head of a feed. `feed_url` is its own address, `page_url` that of the page with the same releases."""

    id: str
    title: str
    author: str
    language: str
    page_url: str
    feed_url: str


def atom_feed(head: FeedHead, entries: Sequence[FeedEntry], *, updated: datetime, gone: Sequence[Gone] = ()) -> bytes:
    """Return the feed, entries in the order given. `updated` is the moment of the last significant change, aware."""
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={_attribute(head.language)}>',
        f"<id>{_text(head.id)}</id>",
        f"<title>{_text(head.title)}</title>",
        f"<updated>{_time(updated)}</updated>",
        GENERATOR,
        f"<author><name>{_text(head.author)}</name></author>",
        f'<link rel="self" type="{MEDIA_TYPE}" href={_attribute(head.feed_url)}/>',
        f'<link rel="alternate" type="text/html" href={_attribute(head.page_url)}/>',
    ]
    for entry in entries:
        lines += _entry(entry)
    # No link inside: some readers would take it for the feed's own.
    lines += [
        f'<at:deleted-entry xmlns:at="{_TOMBSTONES}" ref={_attribute(one.id)} when="{_time(one.when)}"/>'
        for one in gone
    ]
    return "\n".join([*lines, "</feed>", ""]).encode()


def _entry(entry: FeedEntry) -> list[str]:
    lines = [
        "<entry>",
        f"<id>{_text(entry.id)}</id>",
        f"<title>{_text(entry.title)}</title>",
        f'<link rel="alternate" type="text/html" href={_attribute(entry.url)}/>',
        f"<published>{_time(entry.published)}</published>",
        f"<updated>{_time(entry.updated)}</updated>",
    ]
    if entry.summary:
        lines.append(f"<summary>{_text(entry.summary)}</summary>")
    if entry.html:
        lines.append(f'<content type="html" xml:base={_attribute(entry.url)}>{_text(entry.html)}</content>')
    return [*lines, "</entry>"]


def is_our_feed(text: str) -> bool:
    """Return whether this program wrote a feed, in this version or an earlier one."""
    before_that = '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="'
    return GENERATOR in text or text.startswith(before_that)


def _time(moment: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second (RFC 4287, section 3.3)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
