"""Small servers that keep Mastodon's and Bluesky's documented rules, and a release to send to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from pressrelease.config import Office
from pressrelease.message import Message, compose
from pressrelease.release import Attachment, Contact, Release

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
VERSION = "a" * 64


def a_message(
    slug: str = "names-released",
    *,
    headline: str = "Names released in county-wide human trafficking operation",
    body: str = "The District Attorney released the names today.\n\nThey were arrested last week.",
    subhead: str = "",
    url: str = "https://news.example.org/names-released/",
    version: str = VERSION,
    lift: datetime = LIFT,
    attachments: Mapping[str, bytes] | None = None,
    alts: Mapping[str, str] | None = None,
    language: str = "en-US",
) -> Message:
    """A composed release."""
    contents = dict(attachments or {})
    release = Release(
        slug=slug,
        headline=headline,
        embargo="immediate",
        body=body,
        subhead=subhead,
        attachments=tuple(Attachment(path, title="", alt=(alts or {}).get(path, "")) for path in contents),
    )
    office = Office(
        "Office of the District Attorney",
        "America/Los_Angeles",
        url="https://da.example.org",
        contact=Contact("A. Clerk", "530-555-0100", "press@example.org"),
        language=language,
    )
    return compose(release, version=version, office=office, lift=lift, url=url, attachments=contents)
