"""Which software runs behind Mastodon's API, by `/api/v2/instance` (before Mastodon 4: v1). Pure."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from pressrelease.outlets.answers import HttpAnswer

#: Where Mastodon's own source is, under its current and its first address.
_SOURCES = re.compile(r"https://github\.com/(mastodon|tootsuite)/mastodon/?")
#: A version as Mastodon writes it. Others with its API say "4.0.0 (compatible; …)" or count from 0.
_MASTODON_4 = re.compile(r"(?:[4-9]|[1-9]\d)\.\d+\.\d+(?:[-+.]?(?:alpha|beta|rc|nightly)[\w.-]*)?")
_MASTODON_BEFORE_4 = re.compile(r"[23]\.\d+\.\d+(?:rc\d+)?")


class Software(NamedTuple):
    """What a server is. `keeps_keys`: Mastodon itself, which keeps an `Idempotency-Key`. `longest` is of a post."""

    version: str
    keeps_keys: bool
    longest: int | None = None


def software_of(answer: HttpAnswer, *, api: int) -> Software | None:
    """Read the answer of `/api/v{api}/instance`; None if it is none."""
    reply = answer.json()
    version = _inside(reply, "version")
    if not 200 <= answer.status < 300 or not isinstance(version, str):
        return None
    longest = _inside(reply, "configuration", "statuses", "max_characters")
    source = _inside(reply, "source_url")
    if api == 2:
        keeps = isinstance(source, str) and bool(_SOURCES.fullmatch(source) and _MASTODON_4.fullmatch(version))
    else:
        keeps = bool(_MASTODON_BEFORE_4.fullmatch(version))
    return Software(version, keeps, longest if isinstance(longest, int) and not isinstance(longest, bool) else None)


def _inside(reply: Any, *names: str) -> Any:
    for name in names:
        reply = reply.get(name) if isinstance(reply, dict) else None
    return reply
