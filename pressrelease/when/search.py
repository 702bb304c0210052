"""Find times in running prose."""

from __future__ import annotations

from pressrelease.when.settle import settle
from pressrelease.when.tokenizer import tokenize
from pressrelease.when.tokens import TIMES, Connector, Punctuation, RangeWord, Token, UnknownWord, ZoneMention

_INSIDE = frozenset(",()-/\n")
_JOINING = {Connector.AT, Connector.TO, Connector.THROUGH, Connector.AND, Connector.UNTIL}
_LINKS = frozenset({"on", "of", "the", "in", "for"})


def find_times(text: str) -> list[tuple[int, int]]:
    """Return spans (start, end) of the phrases in `text` that name a time, in order, for `read_embargo` to read.

    "will be released the week of 9/24 by the office" holds one: "the week of 9/24". Words like "by" and "after" stay
    outside, though "between" belongs to its two ends.
    """
    spans: list[tuple[int, int]] = []
    group: list[Token] = []
    tokens = settle(tokenize(text))
    for index, token in enumerate(tokens):
        if isinstance(token, TIMES) or (
            isinstance(token, ZoneMention) and not token.bare and (group or _time_follows(tokens, index))
        ):
            if not group and index and _opens(tokens[index - 1]):
                group.append(tokens[index - 1])
            group.append(token)
        elif not (group and _inside(token, group) and _time_follows(tokens, index)):
            _close(text, group, token, spans)
            group = []
        else:
            group.append(token)
    _close(text, group, None, spans)
    return spans


def _opens(token: Token) -> bool:
    return isinstance(token, RangeWord) and token.tie is Connector.BETWEEN


def _inside(token: Token, group: list[Token]) -> bool:
    if isinstance(token, Punctuation):
        return token.mark in _INSIDE and not (
            token.mark == "\n" and isinstance(group[-1], Punctuation) and group[-1].mark == "\n"
        )
    if isinstance(token, RangeWord):
        if token.tie is Connector.AND:
            return any(_opens(other) for other in group)
        return token.tie in _JOINING
    return isinstance(token, UnknownWord) and token.text in _LINKS


def _time_follows(tokens: list[Token], index: int) -> bool:
    """Return whether the phrase goes on after the joining words from `index`."""
    for token in tokens[index + 1 : index + 5]:
        if isinstance(token, (*TIMES, ZoneMention)):
            return True
        if not (
            isinstance(token, (Punctuation, RangeWord)) or (isinstance(token, UnknownWord) and token.text in _LINKS)
        ):
            return False
        if isinstance(token, Punctuation) and token.mark not in _INSIDE:
            return False
    return False


def _close(text: str, group: list[Token], following: Token | None, spans: list[tuple[int, int]]) -> None:
    while group and not isinstance(group[-1], (*TIMES, ZoneMention)):
        group.pop()
    if not any(isinstance(token, TIMES) for token in group):
        return
    start, end = group[0].start, group[-1].end
    opened = sum(isinstance(token, Punctuation) and token.mark == "(" for token in group)
    closed = sum(isinstance(token, Punctuation) and token.mark == ")" for token in group)
    if opened > closed and isinstance(following, Punctuation) and following.mark == ")":
        end = following.end
    words = text[start:end]
    spans.append((start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))))
