"""Find placeholders, an empty text and a headline that is too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from pressrelease.check.finding import Finding, Severity
from pressrelease.release import Release

LONGEST_HEADLINE = 150

#: How many placeholders of one text are reported; the rest are reported once these are gone.
MOST_REPORTED = 20

#: Brackets that an author escaped (`\[…\]`), and a link's words, are meant as they are.
_NOT_A_LINK = r"(?![\[(:])"

#: Words in brackets for something to be filled in, in capitals to the end: "[NAMES]", "[insert NAME HERE]".
_TO_COME = (
    r"NAMES?|DATES?|TIMES?|TITLES?|PHONE|E-?MAIL|ADDRESS(?:ES)?|PLACE|CITY|COUNTY NAME|QUOTES?|LINK|URL|NUMBERS?"
    r"|AGES?|CHARGES?|COUNTS?|PHOTO|HEADLINE|PLACEHOLDER|TBD|TBC|TBA|TO COME|(?:NAME|TEXT|WRITE|DATE|FILL IN|ADD) HERE"
)

#: Placeholders. A false alarm costs a person a minute; a miss publishes "[NAMES]".
_PLACEHOLDER = re.compile(
    r"(?<!\\)\[\["
    rf"|(?<!\\)\[[^\[\]\n]{{0,100}}\b(?:{_TO_COME})\b[^\[\]a-z\n]{{0,100}}\]{_NOT_A_LINK}"
    r"|(?<!\\)\[(?i:insert|fill in|add|enter|your|placeholder|name of|date of|to come|tbd|tbc|tk)\b[^\[\]\n]*\]"
    rf"{_NOT_A_LINK}"
    r"|\b(?:TK)+\b|\bTODO\b|\bFIXME\b|\bXXX+\b|(?i:\blorem ipsum\b)"
    r"|\{\{ ?[A-Za-z_][A-Za-z_ ]{0,60}\}\}|<<[A-Za-z_ ]{1,60}>>|«[A-Za-z_]{1,60}»|\bXX[/-]XX\b"
    r"|(?i:\bclick or tap (?:here )?to enter\b)"
    r"|\((?i:insert|fill in|name|date|phone number|quote) (?:HERE|here|tk|TK)\)"
)  # fmt: skip

#: It may be a placeholder, or an acronym inside a quotation. A line of underscores alone is a ruled line.
_PERHAPS = re.compile(
    rf"\[[A-Z][A-Z0-9 ,.&’'/-]*\\?\]{_NOT_A_LINK}|\bTB[DAC]\b|[^\s_][ \t]{{0,20}}_{{4,}}|(?<!_)_{{4,}}[ \t]*[^\s_]"
)


def wording_findings(release: Release) -> Iterator[Finding]:
    """Yield findings for placeholders in anything that is published, a missing text, a long headline."""
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
            f"The headline has {len(release.headline)} characters. Feeds and e-mail programs will cut it off.",
            f"Shorten it to {LONGEST_HEADLINE} characters, and put the rest in `subhead`.",
        )
    for text, line in published_texts(release):
        yield from _placeholders(release, text, line)


def published_texts(release: Release) -> Iterator[tuple[str, int]]:
    """Yield every text of a release that readers get, with the line that it begins on."""
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
    reported: set[int] = set()
    for line in islice(_lines(_PLACEHOLDER, text, first_line), MOST_REPORTED):
        reported.add(line)
        yield Finding(
            release.slug,
            "placeholder",
            Severity.ERROR,
            line,
            "There is still a placeholder here.",
            "Replace it with the real text.",
        )
    for line in islice(_lines(_PERHAPS, text, first_line), MOST_REPORTED):
        if line not in reported:
            yield Finding(
                release.slug,
                "placeholder_perhaps",
                Severity.WARNING,
                line,
                "This looks like a placeholder.",
                "If it is, replace it with the real text.",
            )


def _lines(pattern: re.Pattern[str], text: str, first_line: int) -> Iterator[int]:
    """Yield each line that the pattern is found on, once, in order."""
    line, counted, before = first_line, 0, -1
    for match in pattern.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        if line != before:
            yield line
        before = line
