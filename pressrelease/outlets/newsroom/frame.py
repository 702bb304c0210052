"""What every page of a newsroom has around it: whose it is, its head, its masthead, its foot. Pure.

Made for WCAG 2.1 AA: a language, a title, one h1, landmarks, a link past the masthead, a visible focus, text that
wraps at 320 px. No script runs, nothing is fetched from elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from urllib.parse import urlsplit

from pressrelease.config import Office
from pressrelease.message.localization import Words, day_words, moment_words, words_in, zone_of
from pressrelease.outlets.newsroom.record import PageRecord
from pressrelease.outlets.newsroom.style import STYLE
from pressrelease.release import Contact

FEED = "feed.atom"
INDEX = "index.html"
#: The addresses of withdrawn releases, for a web server that is to answer them with 410 (Gone).
WITHDRAWN = "withdrawn.map"
MAP_HEAD = "# pressrelease: withdrawn releases\n"
#: The mark of a list that this program wrote, and what lists had before that mark existed.
OURS = '<meta name="generator" content="pressrelease">'
_BEFORE_THAT = ('<header class="masthead"><div class="inner">', 'type="application/atom+xml" title="')
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

    def day(self, moment: datetime) -> str:
        """Return the day of a moment where the office is, in words."""
        return day_words(moment, self.office.timezone, self.office.language)

    def stamp(self, moment: datetime) -> str:
        """Return a moment in the office's own time, for machines."""
        return moment.astimezone(zone_of(self.office.timezone)).isoformat(timespec="seconds")

    def title_of(self, record: PageRecord) -> str:
        """Return what a list, a link or the feed calls a release: its headline, or that it was withdrawn."""
        return self.words.page_withdrawn if record.canceled else record.headline

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


def is_our_list(text: str) -> bool:
    """Return whether this program wrote a list page, in this version or an earlier one."""
    return OURS in text or all(part in text for part in _BEFORE_THAT)


def page_around(
    site: NewsroomSite, *, title: str, description: str, head: Sequence[str], main: str, up: str, listed: bool = False
) -> str:
    """Return a whole page. `up` leads to the root; `listed` says that this is the list of all."""
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
        f'<meta name="description" content="{_(description)}">' if description else "",
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


def contact_box(contact: Contact, words: Words) -> str:
    """Return the media contact as a section; "" if there is none."""
    lines = contact_parts(contact)
    if not lines:
        return ""
    return (
        f'<section class="contact" aria-labelledby="contact"><h2 id="contact">{words.contact}</h2>'
        f"<p>{'<br>'.join(lines)}</p></section>"
    )


def contact_parts(contact: Contact) -> list[str]:
    """Return what is known of a contact, each part as HTML."""
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


def _(text: str) -> str:
    return escape(text, quote=True)
