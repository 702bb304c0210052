"""Find times in running prose."""

from __future__ import annotations

from pressrelease.when.phrase import TIMES, settle, spread
from pressrelease.when.tokenizer import scan
from pressrelease.when.tokens import Connector, Part, Punctuation, RangeWord, UnknownWord, ZoneMention

_INSIDE = frozenset(",()-/\n")
_JOINING = {Connector.AT, Connector.TO, Connector.THROUGH, Connector.AND, Connector.UNTIL}
_LINKS = frozenset({"on", "of", "the", "in", "for"})


def find_times(text: str) -> list[tuple[int, int]]:
    """Return spans (start, end) of the phrases in `text` that name a time, in order, for `read_embargo` to read.

    "will be released the week of 9/24 by the office" holds one: "the week of 9/24". Words like "by" and "after" stay
    outside,
    though "between" belongs to its two ends.
    """
    spans: list[tuple[int, int]] = []
    group: list[Part] = []
    parts = settle(spread(scan(text)))
    for index, part in enumerate(parts):
        if isinstance(part, TIMES) or (
            isinstance(part, ZoneMention) and not part.bare and (group or _time_follows(parts, index))
        ):
            if not group and index and _opens(parts[index - 1]):
                group.append(parts[index - 1])
            group.append(part)
        elif not (group and _inside(part, group) and _time_follows(parts, index)):
            _close(text, group, part, spans)
            group = []
        else:
            group.append(part)
    _close(text, group, None, spans)
    return spans


def _opens(part: Part) -> bool:
    return isinstance(part, RangeWord) and part.tie is Connector.BETWEEN


def _inside(part: Part, group: list[Part]) -> bool:
    if isinstance(part, Punctuation):
        return part.mark in _INSIDE and not (
            part.mark == "\n" and isinstance(group[-1], Punctuation) and group[-1].mark == "\n"
        )
    if isinstance(part, RangeWord):
        if part.tie is Connector.AND:
            return any(_opens(other) for other in group)
        return part.tie in _JOINING
    return isinstance(part, UnknownWord) and part.text in _LINKS


def _time_follows(parts: list[Part], index: int) -> bool:
    """Return whether the phrase goes on after the joining words from `index`."""
    for part in parts[index + 1 : index + 5]:
        if isinstance(part, (*TIMES, ZoneMention)):
            return True
        if not (isinstance(part, (Punctuation, RangeWord)) or (isinstance(part, UnknownWord) and part.text in _LINKS)):
            return False
        if isinstance(part, Punctuation) and part.mark not in _INSIDE:
            return False
    return False


def _close(text: str, group: list[Part], following: Part | None, spans: list[tuple[int, int]]) -> None:
    while group and not isinstance(group[-1], (*TIMES, ZoneMention)):
        group.pop()
    if not any(isinstance(part, TIMES) for part in group):
        return
    start, end = group[0].start, group[-1].end
    opened = sum(isinstance(part, Punctuation) and part.mark == "(" for part in group)
    closed = sum(isinstance(part, Punctuation) and part.mark == ")" for part in group)
    if opened > closed and isinstance(following, Punctuation) and following.mark == ")":
        end = following.end
    words = text[start:end]
    spans.append((start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))))
