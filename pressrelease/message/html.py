"""Markdown, made safe to show: CommonMark with tables, as a tree that pages and plain text are both made from.

HTML in the source stays visible text; a link leads to a web page, a mail address, a telephone or an attachment, or is
no link; an image is an attachment, or is left out. After all of it, a sanitizer lets through only the tags that this
module itself writes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin

from pressrelease.release.text import forbidden_in

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

#: What an author may close with; the composer sets the end mark itself.
_END_MARK = re.compile(r"(?:\A|\n)[ \t]*(?:#{3}|# # #|[-–—] ?30 ?[-–—])[ \t]*\s*\Z")
_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_ENCLOSURE_ADDRESS = re.compile(r'(<(?:img src|a href)=")([A-Za-z0-9_-]+\.[a-z0-9]+)(?=")')

_TAGS = frozenset(
    {"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "a", "img"}
    | {"br", "hr", "table", "thead", "tbody", "tr", "th", "td", "span"}
)
_ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt", "title"}, "ol": {"start"}, "th": {"scope"}}
_CLASSES = {"span": {"dateline"}}


@cache
def markdown() -> MarkdownIt:
    """Return the parser of releases. It keeps nothing between texts, so threads may share it."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("dateline", _dateline_html)
    return parser


def _dateline_html(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    from markdown_it.common.utils import escapeHtml

    return f'<span class="dateline">{escapeHtml(tokens[at].content)}</span> – '


def settled(body: str, *, dateline: str, names: Mapping[str, str], alts: Mapping[str, str], base: str) -> list[Token]:
    """Return the body's tokens with links and images resolved, headings below the page's own, the dateline set.

    `names` maps an attachment's path to its enclosure name, `alts` to its description; `base` is the address that a
    link starting with / is relative to, "" if there is none.
    """
    tokens = markdown().parse(_END_MARK.sub("", body))
    _lower_headings(tokens)
    for token in tokens:
        if token.type == "th_open":
            token.attrs = {"scope": "col"}
        elif token.type == "td_open":
            token.attrs = {}
        elif token.type == "inline":
            token.children = _inline(token.children or [], names, alts, base)
    return _with_dateline(_without_empty(tokens), dateline)


def _lower_headings(tokens: Sequence[Token]) -> None:
    """Make the first heading an h2 below the headline's h1, and never skip a level (WCAG 2.1, 1.3.1)."""
    opened = [token for token in tokens if token.type == "heading_open"]
    highest = min((int(token.tag[1]) for token in opened), default=1)
    level, tags = 1, []
    for token in opened:
        level = min(int(token.tag[1]) - highest + 2, level + 1, 6)
        tags.append(f"h{level}")
    for token, tag in zip((token for token in tokens if token.type == "heading_close"), tags, strict=True):
        token.tag = tag
    for token, tag in zip(opened, tags, strict=True):
        token.tag = tag


def _inline(children: Sequence[Token], names: Mapping[str, str], alts: Mapping[str, str], base: str) -> list[Token]:
    kept: list[Token] = []
    links: list[bool] = []
    for token in children:
        if token.type == "link_open":
            address = _link_address(str(token.attrGet("href") or ""), names, base)
            links.append(bool(address))
            if not address:
                continue
            token.attrs = {"href": address}
        elif token.type == "link_close" and not links.pop():
            continue
        elif token.type == "image":
            path = unquote(str(token.attrGet("src") or ""))
            if path not in names:
                continue
            # The renderer takes the alt text from the children; one plain text replaces them all.
            words = " ".join(_plain(token.children or []).split()) or alts.get(path, "")
            token.attrs = {"src": names[path], "alt": ""}
            token.children, token.content = [_text(_visible(words))], _visible(words)
        elif token.content:
            token.content = _visible(token.content)
        kept.append(token)
    return kept


def _visible(text: str) -> str:
    """Remove the characters that no release may hold: an entity like &#x202e; brings them past the file parser."""
    if forbidden_in(text) is None:
        return text
    return "".join(character for character in text if forbidden_in(character) is None)


def _link_address(href: str, names: Mapping[str, str], base: str) -> str:
    path = unquote(href)
    if path in names:
        return names[path]
    found = _SCHEME.match(href)
    if found is not None:
        return href if found.group(1).lower() in SAFE_SCHEMES else ""
    if base and href.startswith("/") and not href.startswith(("//", "/\\", "/%5C")):
        return urljoin(base, href)
    return ""


def _text(content: str) -> Token:
    from markdown_it.token import Token

    return Token("text", "", 0, content=content)


def _plain(children: Sequence[Token]) -> str:
    parts = []
    for token in children:
        if token.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif token.type == "image":
            parts.append(_plain(token.children or []))
        else:
            parts.append(token.content)
    return "".join(parts)


def _without_empty(tokens: list[Token]) -> list[Token]:
    """Remove headings and paragraphs without a word or an image: a screen reader would announce nothing."""
    kept: list[Token] = []
    for token in tokens:
        kept.append(token)
        if token.type in {"heading_close", "paragraph_close"}:
            children = kept[-2].children or []
            if not _plain(children).strip() and not any(child.type == "image" for child in children):
                del kept[-3:]
    return kept


def _with_dateline(tokens: list[Token], dateline: str) -> list[Token]:
    """Put the dateline before the lead: the first top-level paragraph that has words."""
    place = dateline.rstrip(" –—-").strip()
    if not place:
        return tokens
    from markdown_it.token import Token

    for before, token in pairwise(tokens):
        if before.type == "paragraph_open" and before.level == 0 and _plain(token.children or []).strip():
            if not _plain(token.children or []).casefold().lstrip().startswith(place.casefold()):
                token.children = [Token("dateline", "", 0, content=place), *(token.children or [])]
            return tokens
    alone = Token("inline", "", 0, children=[_text(place)], content=place, level=1)
    return [Token("paragraph_open", "p", 1, block=True), alone, Token("paragraph_close", "p", -1, block=True), *tokens]


def html_of(tokens: Sequence[Token]) -> str:
    """Return the fragment, sanitized."""
    import nh3

    parser = markdown()
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        allowed_classes={tag: set(names) for tag, names in _CLASSES.items()},
        url_schemes=set(SAFE_SCHEMES),
        link_rel=None,
    ).strip()


def shown_in(tokens: Sequence[Token]) -> frozenset[str]:
    """Return the names of the enclosures that the body shows as images."""
    return frozenset(
        str(child.attrGet("src")) for token in tokens for child in token.children or () if child.type == "image"
    )


def html_with_addresses(html: str, address_of: Callable[[str], str]) -> str:
    """Return a message's `html` with another address for each enclosure: `cid:…` in a mail, a whole URL elsewhere.

    The tags found here are surely tags: the sanitizer leaves no bare < in a text, and no bare " in an attribute.
    """
    from html import escape

    return _ENCLOSURE_ADDRESS.sub(lambda found: found[1] + escape(address_of(found[2]), quote=True), html)
