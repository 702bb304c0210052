"""Ask whether the links of a release lead anywhere: the only check that goes online, for `check --links`."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from pressrelease.check import Finding, Severity
from pressrelease.release import Release

#: How many links of one release are asked for, how many at once, and how many seconds each may take.
MOST_LINKS = 100
_AT_ONCE = 8
_SECONDS = 10
#: A site that answers so is there; it refuses programs, or this kind of question.
_REFUSES = frozenset({401, 403, 405, 406, 429, 451, 501, 999})


def dead_link_findings(release: Release) -> Iterator[Finding]:
    """Yield a warning for each line with a link that leads nowhere. Only the link itself is sent."""
    lines = _links(release)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for (address, line), reason in zip(lines.items(), pool.map(_reason, lines), strict=True):
            if reason:
                host = address.split("/")[2]
                message = f"A link to {host} leads nowhere: {reason}."
                hint = "Correct the address, or leave the link out."
                yield Finding(release.slug, "dead_link", Severity.WARNING, line, message, hint)


def _links(release: Release) -> dict[str, int]:
    """Return the web addresses that the page links to, each with its first line."""
    from markdown_it import MarkdownIt

    found: dict[str, int] = {}
    line = 0
    for token in MarkdownIt("commonmark", {"html": False}).enable("table").parse(release.body):
        if token.map is not None:
            line = token.map[0]
        for child in token.children or ():
            address = str(child.attrGet("href") or "") if child.type == "link_open" else ""
            if address.startswith(("http://", "https://")) and len(found) < MOST_LINKS:
                found.setdefault(address, release.body_line + line)
    return found


def _reason(address: str) -> str:
    """Return why a link leads nowhere, "" if it leads somewhere."""
    import requests

    try:
        for method in ("HEAD", "GET"):
            with requests.request(
                method, address, timeout=_SECONDS, stream=True, headers={"User-Agent": "Mozilla/5.0 (link check)"}
            ) as answer:
                status = answer.status_code
            if status < 400:
                return ""
            if status not in _REFUSES and method == "GET":
                return f"the site answers {status}"
    except requests.exceptions.SSLError:
        return "its certificate is not valid"
    except (requests.RequestException, ValueError):
        return "no site answers there"
    return ""
