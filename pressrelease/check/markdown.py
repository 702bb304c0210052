"""Find what a page must not contain in a release's Markdown: remote images, unsafe links, HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pressrelease.check.finding import Finding, Severity
from pressrelease.release import Release

if TYPE_CHECKING:
    from markdown_it.token import Token

#: The schemes that a link may have.
_SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel"})

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
_HTML = re.compile(r"</?[A-Za-z][A-Za-z0-9-]*(?:\s[^<>]*)?/?>|<!--")


def markup_findings(release: Release) -> Iterator[Finding]:
    """Yield findings from the same parser that renders the page, so that none is missed or invented."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    # The parser would leave an unsafe link as text; here it must be parsed so that it can be reported.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]
    line = 0
    for token in markdown.parse(release.body):
        if token.map is not None:  # a cell of a table has none of its own; its row has
            line = token.map[0]
        if token.type == "inline":
            yield from _inline(release, token.children or [], release.body_line + line)


def _inline(release: Release, tokens: list[Token], line: int) -> Iterator[Finding]:
    words: list[str] = []
    at = line
    for token in tokens:
        if token.type in {"softbreak", "hardbreak"}:
            at += 1
            words.append("\n")
        elif token.type == "text":
            words.append(token.content)
        elif token.type == "link_open":
            yield from _link(release, str(token.attrGet("href") or ""), at)
        elif token.type == "image":
            yield from _image(release, token, at)
        else:
            words.append(" ")
    html = _HTML.search("".join(words))
    if html is not None:
        yield Finding(
            release.slug,
            "raw_html",
            Severity.WARNING,
            line + "".join(words).count("\n", 0, html.start()),
            "This is HTML, and readers will see it as code, brackets and all.",
            "Write it in Markdown: **bold**, *italic*, [words](https://…).",
        )


def _link(release: Release, href: str, line: int) -> Iterator[Finding]:
    scheme = _scheme(href)
    if scheme not in {"", *_SAFE_SCHEMES}:
        yield Finding(
            release.slug,
            "unsafe_link",
            Severity.ERROR,
            line,
            "A link goes to something other than a web page, an e-mail address or a phone number.",
            "Use an address that begins with https://.",
        )
    elif not scheme and unquote(href) not in _paths(release) and not re.match(r"/(?![/\\]|%5C)", href):
        yield Finding(
            release.slug,
            "link_nowhere",
            Severity.WARNING,
            line,
            "A link has no valid address and names no attachment, so readers will see only its words.",
            "Write the full address with https://, or add the file to `attachments`.",
        )


def _paths(release: Release) -> set[str]:
    return {attachment.path for attachment in release.attachments}


def _image(release: Release, token: Token, line: int) -> Iterator[Finding]:
    source = str(token.attrGet("src") or "")
    if _scheme(source) or source.startswith(("//", "\\\\", "%5C")):
        yield Finding(
            release.slug,
            "remote_image",
            Severity.ERROR,
            line,
            "An image comes from another website. That site can see who reads the release, and can change the"
            " image after approval.",
            "Put the image file in releases/, add it to `attachments`, and write ![what it shows](photo.jpg).",
        )
    elif unquote(source) not in _paths(release):
        yield Finding(
            release.slug,
            "image_not_attached",
            Severity.WARNING,
            line,
            "An image is not in the list of attachments, so readers will not see it.",
            "Add it to `attachments` with the same file name.",
        )
    if not token.content.strip() and not any(
        attachment.alt for attachment in release.attachments if attachment.path == unquote(source)
    ):
        yield Finding(
            release.slug,
            "image_alt",
            Severity.ERROR,
            line,
            "An image has no alt text, which accessibility rules require (WCAG 2.1, 1.1.1).",
            "Write what it shows between the brackets: ![Evidence on a table](photo.jpg).",
        )


def _scheme(address: str) -> str:
    """Return the scheme that a browser would see, in small letters; "" for a relative address."""
    found = _SCHEME.match(address)
    return found.group(1).lower() if found else ""
