"""A release as programs read it: the same object in a webhook's body and on a command's standard input. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pressrelease.message import Message, html_with_addresses
from pressrelease.when import rfc3339

EVENT = "press_release.published"
#: A notification to the office about its releases: not a release, and nothing to publish.
NOTICE = "press_release.notice"


def event_of(message: Message) -> dict[str, Any]:
    """Return the event: `url` and `follows` are None if there is none; every other value is a text."""
    release = message.release
    if message.notice:
        notice = {"headline": release.headline, "text": message.text, "html": message.html}
        return {"type": NOTICE, "timestamp": rfc3339(message.lift), "data": notice}
    html = message.html
    if message.url:
        html = html_with_addresses(html, lambda name: message.url + quote(name))
    lift = rfc3339(message.lift)
    return {
        "type": EVENT,
        "timestamp": lift,
        "data": {
            "slug": message.slug,
            "version": message.version,
            "headline": release.headline,
            "subhead": release.subhead,
            "url": message.url or None,
            "lift": lift,
            "html": html,
            "text": message.text,
            "kind": release.kind.value,
            "follows": release.follows or None,
        },
    }
