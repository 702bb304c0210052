"""Find which of an account's own posts a send in doubt may have left. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum
from html import unescape
from html.parser import HTMLParser
from typing import Any

from pressrelease.release.delivery import Receipt

#: How much earlier than our clock says a post may be dated by a server whose clock is slow.
CLOCKS_APART = timedelta(minutes=2)


class Trace(Enum):
    """What one post shows about the release."""

    OURS = "the same text"
    PERHAPS = "its link with other words"
    OTHER = "another post"


def made_before(post: dict[str, Any], since: datetime) -> bool:
    """Whether a post is older than `since` (aware UTC), clocks that differ considered; False if it has no date."""
    made = _moment(post.get("created_at"))
    return made is not None and made < since - CLOCKS_APART


def trace_of(content: str, *, text: str, link: str) -> Trace:
    """Compare a post's HTML with what was sent.

    Servers change tags, spaces and punctuation, never letters and numbers.
    """
    reader = _Reader()
    reader.feed(content)
    reader.close()
    if letters_of("".join(reader.words)) == letters_of(text):
        return Trace.OURS
    return Trace.PERHAPS if link and (link in reader.links or link in unescape(content)) else Trace.OTHER


def receipt_of(reply: Any) -> Receipt | None:
    """Return the receipt for a post in Mastodon's JSON; None if it is none."""
    if not isinstance(reply, dict) or not isinstance(reply.get("id"), str):
        return None
    address = reply.get("url") or reply.get("uri")
    return Receipt(url=address if isinstance(address, str) else None, remote_id=reply["id"])


def begins_with(content: str, headlines: Iterable[str]) -> bool:
    """Whether a post's HTML begins with one of these headlines: then this program wrote it about that release."""
    reader = _Reader()
    reader.feed(content)
    reader.close()
    shown = letters_of("".join(reader.words))
    return any(shown.startswith(letters) for letters in map(letters_of, headlines) if letters)


def letters_of(text: str) -> str:
    """Return only letters and numbers, in lower case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.astimezone(UTC) if found.tzinfo else None


class _Reader(HTMLParser):
    """The words that a reader sees, and where the links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links |= {value for name, value in attrs if name == "href" and value}

    def handle_data(self, data: str) -> None:
        self.words.append(data)
