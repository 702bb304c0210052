"""What the newsroom knows of a published release, kept in the page itself.

So there is nothing beside the public folder that could disagree with it: what is in the index is what is public.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any, NamedTuple

FORMAT = 1
#: The parts of a page that are found again. No text of a release can hold a comment: every < in it is escaped.
RELATED = ("<!-- related -->", "<!-- /related -->")
BODY = ("<!-- release -->", "<!-- /release -->")

_META = re.compile(r'<meta name="pressrelease" content="([^"]{1,400000})">')


class Note(NamedTuple):
    """The public note of version `n`, dated `at` (aware UTC)."""

    n: int
    at: datetime
    text: str


@dataclass(frozen=True)
class PageRecord:
    """A page's own record. `published` is the first version's lift, `updated` this one's; both aware UTC.

    `id` is the feed's name for it and never changes; `enclosures` are the files beside the page. `follows` is the hash
    (`hashed`) of the slug that it follows, "" for none; its mark (`message.mark_of`) until that one is public.
    `n` is the version's number, and `notes` what was corrected since the first. `canceled` says that the release was
    withdrawn: the page is a notice, and no version ever takes its place.
    """

    slug: str
    version: str
    headline: str
    kind: str
    published: datetime
    updated: datetime
    id: str
    summary: str = ""
    follows: str = ""
    enclosures: tuple[str, ...] = ()
    n: int = 1
    canceled: bool = False
    notes: tuple[Note, ...] = ()


#: What a page need not say of itself: pages of earlier versions of this program don't.
_SAID_ONLY_IF = {"n": 1, "canceled": False, "notes": []}


def hashed(slug: str) -> str:
    """Return the hash by which a page names a public slug. Guessing slugs can confirm it."""
    return hashlib.sha256(slug.encode()).hexdigest()[:32] if slug else ""


def record_tag(record: PageRecord) -> str:
    """Return the record as a page's <meta>."""
    values: dict[str, Any] = asdict(record)
    values["notes"] = [[note.n, note.at.isoformat(), note.text] for note in record.notes]
    for name, usual in _SAID_ONLY_IF.items():
        if values[name] == usual:
            del values[name]
    values["published"], values["updated"] = record.published.isoformat(), record.updated.isoformat()
    values["format"] = FORMAT
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f'<meta name="pressrelease" content="{escape(text)}">'


def record_in(page: str) -> PageRecord | None:
    """Return the record of a page of ours; None for any other page."""
    found = _META.search(page)
    if found is None:
        return None
    try:
        values = json.loads(unescape(found[1]))
        if values.pop("format") != FORMAT:
            return None
        for name in ("published", "updated"):
            values[name] = datetime.fromisoformat(values[name]).astimezone(UTC)
        values["enclosures"] = tuple(str(name) for name in values["enclosures"])
        values["notes"] = tuple(
            Note(int(n), datetime.fromisoformat(at).astimezone(UTC), str(text))
            for n, at, text in values.get("notes", ())
        )
        values["n"], values["canceled"] = int(values.get("n", 1)), values.get("canceled") is True
        return PageRecord(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def between(page: str, marks: tuple[str, str]) -> str:
    """Return what is between two marks, without them; "" if they are missing."""
    _, opened, rest = page.partition(marks[0])
    inside, closed, _ = rest.partition(marks[1])
    return inside if opened and closed else ""


def put_between(page: str, marks: tuple[str, str], inside: str) -> str:
    """Return the page with something else between two marks; unchanged if they are missing."""
    before, opened, rest = page.partition(marks[0])
    _, closed, after = rest.partition(marks[1])
    return f"{before}{opened}{inside}{closed}{after}" if opened and closed else page
