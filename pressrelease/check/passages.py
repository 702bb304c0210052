"""The sentences of a release that readers get, each with its line and without its markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pressrelease.check.finding import Finding, Severity
from pressrelease.promises.sentences import sentences
from pressrelease.release import Release

#: How many findings of one code are reported for one release; the rest are reported once these are gone.
MOST_OF_A_CODE = 20


class Passage(NamedTuple):
    """One sentence, list item or row of a table, on one line; `line` counts from 1 in the release's file."""

    text: str
    line: int


def passages(release: Release) -> tuple[Passage, ...]:
    """Return headline, subhead, the body's sentences and the captions, in this order."""
    return tuple(_passages(release))


def _passages(release: Release) -> Iterator[Passage]:
    for text, key in ((release.headline, "headline"), (release.subhead, "subhead")):
        if text:
            yield Passage(text, release.line_of(key))
    for sentence in sentences(release.body):
        yield Passage(sentence.text, release.body_line + sentence.line - 1)
    for number, attachment in enumerate(release.attachments):
        for text in (attachment.title, attachment.alt):
            if text:
                yield Passage(text, release.line_of(f"attachments.{number}"))


def in_capitals(text: str) -> bool:
    """Return whether a sentence is set in capitals or as a title, so that a capital marks no name."""
    words = [word for word in text.split() if word[:1].isalpha()]
    capitals = sum(word[0].isupper() for word in words)
    return len(words) >= 5 and capitals * 10 >= len(words) * 7


def at_lines(release: Release, code: str, lines: Iterable[int], message: str, hint: str) -> Iterator[Finding]:
    """Yield a warning for each of these lines, once, in order and at most `MOST_OF_A_CODE`."""
    for line in sorted(set(lines))[:MOST_OF_A_CODE]:
        yield Finding(release.slug, code, Severity.WARNING, line, message, hint)
