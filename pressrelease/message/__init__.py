"""A frozen release as the world will read it: text for mail and programs, HTML for pages. Pure.

Release ──compose──▶ Message(html, text, enclosures)      one per version, the same bytes every time
          ├── html   the body: sanitized, the dateline before its lead, images by enclosure name
          └── text   the whole release in press order, from its release line to ###
"""

from __future__ import annotations

from pressrelease.message.body import Body, Source, render
from pressrelease.message.composing import compose, plain_body
from pressrelease.message.html import html_with_addresses
from pressrelease.message.message import Enclosure, First, Message, mark_of

__all__ = [
    "Body",
    "Enclosure",
    "First",
    "Message",
    "Source",
    "compose",
    "html_with_addresses",
    "mark_of",
    "plain_body",
    "render",
]
