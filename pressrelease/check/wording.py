"""Words that were never meant to leave: placeholders, an empty text, a headline that no reader finishes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pressrelease.check.finding import Finding, Severity
from pressrelease.release import Release

LONGEST_HEADLINE = 150

_NOT_A_LINK = r"(?![\[(:])"

#: Marks of a text to come. A false alarm costs a person a minute; a miss publishes "[NAMES]".
_PLACEHOLDER = re.compile(
    r"\[\["
    r"|\[(?:[^\[\]\n]*\b(?:NAMES?|DATES?|TIMES?|TITLES?|PHONE|E-?MAIL|ADDRESS(?:ES)?|PLACE|CITY|COUNTY NAME|QUOTES?|LINK|URL"
    r"|NUMBERS?|AGES?|CHARGES?|COUNTS?|PHOTO|HEADLINE|PLACEHOLDER|TBD|TBC|TBA|TO COME|HERE)\b[^\[\]a-z\n]*)\]" + _NOT_A_LINK
    + r"|\[(?i:insert|fill in|add|enter|your|placeholder|name of|date of|to come|tbd|tbc|tk)\b[^\[\]\n]*\]" + _NOT_A_LINK
    + r"|\b(?:TK)+\b|\bTODO\b|\bFIXME\b|\bXXX+\b|(?i:\blorem ipsum\b)"
)  # fmt: skip

#: May be a placeholder, or an acronym put into a quotation.
_PERHAPS = re.compile(r"\[[A-Z][A-Z0-9 ,.&’'/-]*\\?\]" + _NOT_A_LINK + r"|\bTB[DAC]\b|_{4,}(?=[^\n_]*\S)(?!\n)")


def wording_findings(release: Release) -> Iterator[Finding]:
    """Placeholders anywhere that is published, a missing text, a long headline."""
    if not release.body.strip():
        yield Finding(
            release.slug,
            "body_empty",
            Severity.ERROR,
            release.body_line,
            "There is no text.",
            "Write the release below the second `---`.",
        )
    if len(release.headline) > LONGEST_HEADLINE:
        yield Finding(
            release.slug,
            "headline_long",
            Severity.WARNING,
            release.line_of("headline"),
            f"The headline has {len(release.headline)} characters; feeds and mail cut it off.",
            f"Keep it within {LONGEST_HEADLINE}, and put the rest into `subhead`.",
        )
    for text, line in published_texts(release):
        yield from _placeholders(release, text, line)


def published_texts(release: Release) -> Iterator[tuple[str, int]]:
    """Every text of a release that readers get, with the line that it begins on."""
    yield release.headline, release.line_of("headline")
    yield release.subhead, release.line_of("subhead")
    yield release.dateline, release.line_of("dateline")
    for keyword in release.keywords:
        yield keyword, release.line_of("keywords")
    if release.contact is not None:
        yield release.contact.name, release.line_of("contact.name")
        yield release.contact.phone, release.line_of("contact.phone")
        yield release.contact.email, release.line_of("contact.email")
    for number, attachment in enumerate(release.attachments):
        yield attachment.title, release.line_of(f"attachments.{number}")
        yield attachment.alt, release.line_of(f"attachments.{number}")
    yield release.body, release.body_line


def _placeholders(release: Release, text: str, first_line: int) -> Iterator[Finding]:
    told: set[int] = set()
    for match in _PLACEHOLDER.finditer(text):
        line = first_line + text.count("\n", 0, match.start())
        if line not in told:
            told.add(line)
            yield Finding(
                release.slug,
                "placeholder",
                Severity.ERROR,
                line,
                "A placeholder still stands here.",
                "Write what belongs there, and delete the mark.",
            )
    for match in _PERHAPS.finditer(text):
        line = first_line + text.count("\n", 0, match.start())
        if line not in told:
            told.add(line)
            yield Finding(
                release.slug,
                "placeholder_perhaps",
                Severity.WARNING,
                line,
                "This looks like a placeholder.",
                "If it is one, write what belongs there.",
            )
