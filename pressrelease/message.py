"""A frozen release as the world will read it: subject, text, HTML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pressrelease.config import Office
from pressrelease.release import Release


@dataclass(frozen=True)
class Enclosure:
    """An attachment's frozen bytes with what a page or a mail says of it; `name` is a safe file name."""

    name: str
    media_type: str
    content: bytes
    title: str = ""
    alt: str = ""


@dataclass(frozen=True)
class Message:
    """What every outlet is given. `html` is a sanitised fragment (no scripts, no remote images); `text` is
    plain text wrapped for mail. `lift` is aware UTC. `url` is the release's public page, "" where none."""

    slug: str
    version: str
    release: Release
    office: Office
    lift: datetime
    html: str
    text: str
    url: str = ""
    enclosures: tuple[Enclosure, ...] = ()
