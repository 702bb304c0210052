"""Parse a file in releases/ into a Release, or refuse it with a line number."""

from __future__ import annotations

import hashlib
import re

from pressrelease.errors import ReleaseRefused
from pressrelease.release.frontmatter import Fields, Items, Text, read_front_matter
from pressrelease.release.key_values import (
    read_accepted,
    read_alternates,
    read_attachments,
    read_contact,
    read_date,
    read_follows,
    read_kind,
    read_line,
    read_names,
    read_outlets,
    read_required,
    refuse_unknown,
)
from pressrelease.release.model import LARGEST_RELEASE, Release
from pressrelease.release.slug import valid_slug
from pressrelease.release.text import decode

LARGEST_FRONT_MATTER = 64 * 1024
LONGEST_NOTE = 10_000

#: The most opening brackets in a body: each may start a link, and the search for its end takes quadratic time.
MOST_BRACKETS = 5_000

KEYS = (
    "headline",
    "subhead",
    "date",
    "embargo",
    "dateline",
    "kind",
    "follows",
    "outlets",
    "author",
    "contact",
    "keywords",
    "attachments",
    "editor_note",
    "accept",
    "clearances",
    "not_before",
    "no_later_than",
    "alternates",
    "case",
    "remove_at",
)

_FENCE = re.compile(r"---[ \t]*")
_SHAPE = "A release begins with a line `---`, then `headline:` and `embargo:`, then a line `---`, then its text."


def parse(data: bytes, slug: str) -> Release:
    """Parse one file of releases/; `slug` is the file's name without `.md`. Pure.

    Every value is text as typed: `9:00` is "9:00". Raises ReleaseRefused with the line, from 1.
    """
    if not valid_slug(slug):
        raise ReleaseRefused(
            "The file's name can't be the name of a release.",
            hint="Use small letters a to z, digits and dashes, up to 80 characters: `names-released.md`.",
            code="bad_slug",
        )
    if len(data) > LARGEST_RELEASE:
        raise ReleaseRefused(
            "The file is larger than 1 MiB.",
            hint="Put images and sheets in separate files beside it, and list them in `attachments`.",
            code="too_large",
        )
    front, body, body_line = _split(decode(data))
    if body.count("[") > MOST_BRACKETS:
        raise ReleaseRefused(
            f"The text has more than {MOST_BRACKETS:,} opening brackets.",
            line=body_line,
            hint="Put a long list of links in an attachment.",
            code="too_many_brackets",
        )
    fields = read_front_matter(front)
    refuse_unknown(fields, KEYS)
    return Release(
        slug=slug,
        headline=read_required(fields, "headline", "headline: Names released in county-wide operation"),
        embargo=read_line(fields, "embargo"),
        body=body,
        subhead=read_line(fields, "subhead"),
        date=read_date(fields),
        dateline=read_line(fields, "dateline"),
        kind=read_kind(fields),
        follows=read_follows(fields),
        outlets=read_outlets(fields),
        author=read_line(fields, "author"),
        contact=read_contact(fields),
        keywords=read_names(fields, "keywords"),
        attachments=read_attachments(fields),
        editor_note=read_line(fields, "editor_note", longest=LONGEST_NOTE, line_breaks=True),
        accept=read_accepted(fields),
        clearances=read_names(fields, "clearances"),
        not_before=read_line(fields, "not_before"),
        no_later_than=read_line(fields, "no_later_than"),
        alternates=read_alternates(fields),
        case=read_line(fields, "case"),
        remove_at=read_line(fields, "remove_at"),
        lines=_lines(fields),
        body_line=body_line,
        source_hash=hashlib.sha256(data).hexdigest(),
    )


def _split(text: str) -> tuple[str, str, int]:
    """Return front matter, body without blank lines around it, and the body's first line in the file."""
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        raise ReleaseRefused("The front matter is missing.", line=1, hint=_SHAPE, code="front_matter_missing")
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), None)
    if end is None:
        raise ReleaseRefused(
            "The front matter that begins here has no end.",
            line=1,
            hint=f"Put a line `---` before the text of the release. {_SHAPE}",
            code="front_matter_missing",
        )
    front = "\n".join(lines[1:end])
    if len(front) > LARGEST_FRONT_MATTER:
        raise ReleaseRefused(
            "The front matter is longer than 64 KiB.",
            line=1,
            hint="Put the text of the release below the second `---`.",
            code="too_large",
        )
    first = end + 1
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first == len(lines):
        return front, "", end + 1
    return front, "\n".join(lines[first:]).rstrip(), first + 1


def _lines(fields: Fields) -> tuple[tuple[str, int], ...]:
    lines = dict(fields.lines)
    contact = fields.values.get("contact")
    if isinstance(contact, Fields):
        lines |= {f"contact.{key}": line for key, line in contact.lines.items()}
    accept = fields.values.get("accept")
    if isinstance(accept, Fields):
        lines |= {f"accept.{code}": line for code, line in accept.lines.items()}
    attachments = fields.values.get("attachments")
    if isinstance(attachments, Items):
        lines |= {f"attachments.{number}": item.line for number, item in enumerate(attachments.items)}
    elif isinstance(attachments, Text) and attachments.value.strip():
        lines["attachments.0"] = attachments.line
    return tuple(lines.items())
