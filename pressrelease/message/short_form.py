"""A release for services that take a few hundred characters: its headline, what fits of its summary, its link. Pure.

    Names released in county-wide human trafficking operation

    Fourteen people were arrested in the three-day operation, the District…

    https://news.example.org/names-released/

A text too long is cut at a word, so that no sentence seems to end where it doesn't; a link is never cut, since half
of one leads nowhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pressrelease.message import Message

ELLIPSIS = "…"
APART = "\n\n"
#: Less of a summary than this, in characters, is not worth showing.
SHORTEST_SUMMARY = 40


@dataclass(frozen=True)
class Limit:
    """How long a service lets a post be, in its own units.

    `characters` are user-perceived ones; `octets` of UTF-8, if the service counts those too; `link` is what every
    public web address counts as, whatever its length, if the service says so.
    """

    characters: int
    octets: int | None = None
    link: int | None = None

    def length_of_link(self, link: str) -> int:
        """Return what an address counts as. One that the service may not recognize counts as it is written."""
        if self.link is not None and _is_public(link):
            return self.link
        return max(characters_of(link), self.link or 0)

    def allows(self, words: str, link: str = "") -> bool:
        """Return whether words, followed by a link, fit. Never True if the service would refuse them."""
        length = characters_of(words)
        if self.link is not None:
            length += self.link * words.count("://")
        if link:
            length += self.length_of_link(link) + (len(APART) if words else 0)
        whole = joined(words, link)
        return length <= self.characters and (self.octets is None or len(whole.encode()) <= self.octets)


#: Mastodon's own default; a server may allow more, and hardly ever less. Addresses count as 23.
MASTODON = Limit(characters=500, link=23)
#: The lexicon app.bsky.feed.post: `maxGraphemes` and `maxLength`.
BLUESKY = Limit(characters=300, octets=3000)


@dataclass(frozen=True)
class ShortForm:
    """`words` without the link, and the `link`, "" if the release has no page."""

    words: str
    link: str

    @property
    def text(self) -> str:
        """All of it, as it is posted."""
        return joined(self.words, self.link)


def short_form(message: Message, limit: Limit) -> ShortForm:
    """Return headline, summary and link within a limit. The same release gives the same text every time."""
    link = message.url if limit.allows(message.release.headline[:1], message.url) else ""

    def fits(words: str) -> bool:
        return limit.allows(words, link)

    headline = message.release.headline
    if not fits(headline):
        return ShortForm(cut(headline, fits), link)
    summary = cut(message.summary, lambda part: fits(headline + APART + part))
    if not summary or (summary != message.summary and len(summary) < SHORTEST_SUMMARY):
        return ShortForm(headline, link)
    return ShortForm(headline + APART + summary, link)


def joined(words: str, link: str) -> str:
    """Return words and link as they are in a post."""
    return APART.join(part for part in (words, link) if part)


def characters_of(text: str) -> int:
    """Return how many characters a reader sees, or a few more:

    never fewer than UAX #29's extended grapheme clusters.

    "é" in two code points is 1; a family emoji, joined of five code points, counts 5 where a service counts 1.
    """
    count, before = 0, "\n"
    for sign in text:
        if not _hangs_on(sign) or unicodedata.category(before) in {"Cc", "Cf", "Zl", "Zp"}:
            count += 1
        before = sign
    return count


def cut(text: str, fits: Callable[[str], bool]) -> str:
    """Return the longest start that fits, ended at a word with an ellipsis; "" if not even a letter does."""
    if fits(text):
        return text
    words = text.split(" ")
    for kept in range(len(words) - 1, 0, -1):
        shorter = " ".join(words[:kept]).rstrip(" ,;:.–—-") + ELLIPSIS
        if len(shorter) > len(ELLIPSIS) and fits(shorter):
            return shorter
    for kept in range(len(words[0]) - 1, 0, -1):
        if _hangs_on(words[0][kept]):
            continue  # an accent stays with its letter
        shorter = words[0][:kept] + ELLIPSIS
        if fits(shorter):
            return shorter
    return ""


def _hangs_on(sign: str) -> bool:
    """Return whether a code point belongs to the one before it, by UAX #29 (GB9): marks, and what joins emoji."""
    return unicodedata.category(sign) in {"Mn", "Me"} or sign in {"\u200d", "\ufe0f"}


def _is_public(link: str) -> bool:
    """Return whether any service would take it for a web address: a scheme, a dotted name, a top level of letters."""
    host = urlsplit(link).hostname or ""
    dotted, _, top = host.rpartition(".")
    return link.startswith(("https://", "http://")) and bool(dotted) and top.isascii() and top.isalpha()
