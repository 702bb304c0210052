"""The body of a release, rendered: the part of composing that takes long if a text is long. Pure.

Its input and its result are plain strings, so that another process can do it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pressrelease.message.html import html_of, settled, shown_in
from pressrelease.message.plain_text import lead_of, text_of


class Source(NamedTuple):
    """A body in Markdown, and everything that affects its rendering.

    `names` maps an attachment's path to its enclosure name, `alts` to its description; `base` is the address that a
    link starting with / is relative to; `image_word` introduces an image's description in the plain text.
    """

    markdown: str
    dateline: str
    names: Mapping[str, str]
    alts: Mapping[str, str]
    base: str
    image_word: str


class Body(NamedTuple):
    """A rendered body: the HTML fragment, the plain text, the words of its lead, the enclosures that it shows."""

    html: str
    text: str
    lead: str
    shown: frozenset[str]


def render(source: Source) -> Body:
    """Render a body. The same source gives the same bytes, in every process."""
    tokens = settled(source.markdown, dateline=source.dateline, names=source.names, alts=source.alts, base=source.base)
    return Body(
        html=html_of(tokens),
        text=text_of(tokens, image_word=source.image_word),
        lead=lead_of(tokens),
        shown=shown_in(tokens),
    )
