"""Markdown and plain text, also pasted with one paragraph a line."""

from __future__ import annotations

import re
from itertools import pairwise

from pressrelease.importing.imported import Imported, Seen
from pressrelease.importing.recognition import recognized

_MARKED = re.compile(r"\s*(?:[-*+•>|#]|\d{1,3}[.)]\s|```|~~~)")
_ENDS = re.compile(r"[.!?:;]['\"”’)]*$")
#: A line that an editor wrapped is hardly longer than this.
_WRAPPED = 100


def read_text(text: str, *, markdown: bool) -> Imported:
    """Return the parts of a text. Paragraphs of one line each are set apart; wrapped lines are kept as they are."""
    if markdown and text.startswith("---\n"):
        return Imported(body=text)  # a whole release: it is taken as it is
    seen: list[Seen] = []
    if not markdown:
        text = re.sub(r"^[ \t]+(?=\S)", "", text, flags=re.M)
        text = re.sub(r"^[•·▪◦‣][ \t]*", "- ", text, flags=re.M)
        text = re.sub(r"(?<![^\W_])\*(?=\S)|(?<=\S)\*(?![^\W_])", r"\\*", text)
    lines = text.split("\n")
    if _one_paragraph_a_line(lines):
        text = _set_apart(lines)
        seen.append(Seen("changed", "Each line was a paragraph; a blank line was put between them."))
    return recognized(re.sub(r"\n{3,}", "\n\n", text).strip("\n"), tuple(seen))


def _one_paragraph_a_line(lines: list[str]) -> bool:
    full = [line for line in lines if line.strip()]
    pairs = [(one, two) for one, two in pairwise(lines) if one.strip() and two.strip()]
    if not pairs:
        return False
    plain = [(one, two) for one, two in pairs if not (_MARKED.match(one) and _MARKED.match(two))]
    whole = sum(bool(_ENDS.search(one.rstrip())) or len(one) < _WRAPPED / 2 for one, two in plain)
    return bool(plain) and any(len(line) > _WRAPPED for line in full) and whole * 10 >= len(plain) * 8


def _set_apart(lines: list[str]) -> str:
    found: list[str] = []
    for line in lines:
        both_marked = bool(found) and _MARKED.match(line) and _MARKED.match(found[-1])
        if found and line.strip() and found[-1].strip() and not both_marked:
            found.append("")
        found.append(line.rstrip())
    return "\n".join(found)
