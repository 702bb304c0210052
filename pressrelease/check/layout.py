"""Find text that readers will see differently from how it was typed: joined lines, code blocks, plain addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pressrelease.check.finding import Finding, Severity
from pressrelease.release import Release, ReleaseKind

_MARKED = re.compile(r"\s*(?:[-*+•>|#]|\d{1,3}[.)]\s|```|~~~)|\s{4,}|.*\|.*\|")
_ENDS = re.compile(r"[.!?:]['\"”’)]*$")
_HARD_BREAK = re.compile(r"(?:\\| {2,})$")
#: A line of a text that an editor wrapped is not longer than this.
_WRAPPED = 130
_LABEL = 60

_ADDRESS = re.compile(
    r"(?<![\w@/.<(\[\"'=])(?:https?://|www\.)[\w-]+\.[^\s<>()\[\]\"“”]{2,}"
    r"|(?<![\w@/.<(\[:])[\w.+-]{1,64}@[\w-]{1,63}\.[A-Za-z][\w.-]+"
)
_LINKED = re.compile(r"\[[^\]\n]{0,300}\]\([^)\n]{0,500}\)|<[^<>\s]{3,500}>|`[^`\n]*`|^\s{0,3}\[[^\]\n]+\]:.*$", re.M)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,30}\]|~~[^~\n]{1,300}~~")
#: A dash or colon after a place in the first words: "AUBURN, Calif. –", "Placer County, September 2018 –".
_DATELINE = re.compile(r"^.{0,10}[A-Z][^\n]{1,110}?(?: ?[–—] ?| -{1,3} ?|--)")


def layout_findings(release: Release) -> Iterator[Finding]:
    """Yield warnings about what the page will show differently, and about a missing dateline."""
    for code, line, message, hint in (*_joined(release), *_code(release), *_addresses(release), *_footnotes(release)):
        yield Finding(release.slug, code, Severity.WARNING, line, message, hint)
    if release.kind is ReleaseKind.RELEASE and release.body.strip() and not release.dateline:
        first = re.sub(r"[*_#>]", "", release.body.strip().split("\n\n", 1)[0])[:200]
        if not _DATELINE.match(first):
            yield Finding(
                release.slug,
                "dateline_missing",
                Severity.WARNING,
                release.body_line,
                "The release has no dateline.",
                "Add a line like `dateline: AUBURN, Calif.` above the text.",
            )


def _blocks(body: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each run of lines without a blank line between them, with the number of its first line, from 0."""
    block: list[str] = []
    fenced = False
    for number, line in enumerate([*body.split("\n"), ""]):
        if re.match(r"\s{0,3}(?:```|~~~)", line):
            fenced = not fenced
        if line.strip() and not fenced:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _joined(release: Release) -> Iterator[tuple[str, int, str, str]]:
    for start, lines in _blocks(release.body):
        plain = [line for line in lines if not _MARKED.match(line) and not _HARD_BREAK.search(line)]
        if len(plain) < len(lines) - 1 or len(lines) < 2 or _MARKED.match(lines[0]):
            continue
        long = [line for line in lines if len(line) > _WRAPPED]
        ends = [bool(_ENDS.search(line.rstrip())) for line in lines[:-1]]
        begins = [bool(re.match(r"[\"“'‘(*_]*[A-Z0-9]", line.strip())) for line in lines[1:]]
        paragraphs = bool(long) and all(begins) and sum(ends) * 2 > len(ends)
        # Three sentences, each alone on its line and of very different lengths, were never wrapped by an editor.
        paragraphs |= len(lines) >= 3 and all(ends) and all(begins) and max(map(len, lines)) > 40
        short = (
            len(lines) >= 3
            and all(len(line) <= _LABEL for line in lines)
            and all(begins)
            and not any(line.rstrip().endswith((",", ";")) for line in lines[:-1])
        )
        if paragraphs or short:
            yield (
                "paragraphs_joined",
                release.body_line + start,
                "These lines have no blank line between them, so readers see them as one paragraph.",
                "Put a blank line between paragraphs, or end a line with \\ to keep a line break.",
            )
            return


def _code(release: Release) -> Iterator[tuple[str, int, str, str]]:
    if not re.search(r"^(?: {4}|\t)", release.body, re.M) and not release.body.startswith(("    ", "\t")):
        return
    from markdown_it import MarkdownIt

    for token in MarkdownIt("commonmark", {"html": False}).enable("table").parse(release.body):
        if token.type == "code_block" and token.map is not None:
            yield (
                "code_block",
                release.body_line + token.map[0],
                "This paragraph begins with four blanks or a tab, so readers see it as program code.",
                "Delete the blanks at the beginning of the line.",
            )
            return


def _addresses(release: Release) -> Iterator[tuple[str, int, str, str]]:
    body = _LINKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), release.body)
    found = _ADDRESS.search(body)
    if found:
        mail = "@" in found.group() and "://" not in found.group()
        yield (
            "bare_address",
            release.body_line + body.count("\n", 0, found.start()),
            f"{'An e-mail' if mail else 'A web'} address here is no link on the page.",
            "Put it in angle brackets, like <https://www.example.org> or <tips@example.org>.",
        )


def _footnotes(release: Release) -> Iterator[tuple[str, int, str, str]]:
    body = _LINKED.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), release.body)
    found = _FOOTNOTE.search(body)
    if found:
        what = "Struck-out text" if found.group().startswith("~") else "A footnote"
        yield (
            "footnote",
            release.body_line + body.count("\n", 0, found.start()),
            f"{what} can't be shown; readers will see the signs as typed.",
            "Write it into the text, or delete it.",
        )
