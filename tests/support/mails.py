"""A release as it is mailed, with a photo and a file."""

from __future__ import annotations

from datetime import UTC, datetime

from pressrelease.config import Office
from pressrelease.formats.eml import Letterhead
from pressrelease.message import Message, compose
from pressrelease.release import Attachment, Contact, Release

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
OFFICE = Office(
    "Office of the District Attorney", "America/Los_Angeles", contact=Contact("Press", "530", "media@da.example")
)
LETTERHEAD = Letterhead("District Attorney", "press@da.example")
KEY = "0123456789abcdef" * 2

RELEASE = Release(
    slug="names-released",
    headline="Names released",
    embargo="immediate",
    body="Nineteen people were **arrested**.\n\n![Evidence](photo.jpg)\n\n.A dot first.\n\n[The names](names.pdf)",
    subhead="Nineteen people",
    dateline="AUBURN, Calif.",
    attachments=(Attachment("photo.jpg", alt="Evidence"), Attachment("names.pdf", title="The names")),
)
FILES = {"photo.jpg": b"\xff\xd8photo", "names.pdf": b"%PDF names"}


def composed(release: Release = RELEASE, url: str = "") -> Message:
    attachments = {path: content for path, content in FILES.items() if any(path == a.path for a in release.attachments)}
    return compose(release, version="v1", office=OFFICE, lift=LIFT, url=url, attachments=attachments)


MESSAGE = composed()
