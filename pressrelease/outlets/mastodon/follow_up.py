"""A corrected post, and what recognizes the posts of one release among an account's own. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from pressrelease.message import Message
from pressrelease.message.follow_up import correction_note
from pressrelease.message.localization import words_in
from pressrelease.message.short_form import MASTODON, short_form
from pressrelease.release.delivery import Action


class FollowUp(NamedTuple):
    """A correction or a withdrawal, sent as `fields`.

    A post of the release begins with one of `headlines` and has the `link`, if that isn't ""; none is older than
    `since` (aware UTC).
    """

    fields: dict[str, Any]
    headlines: tuple[str, ...]
    link: str
    since: datetime


def follow_up_of(message: Message, visibility: str) -> FollowUp:
    """Return the corrected post, which says what was wrong; for a withdrawal, one that is addressed to nobody."""
    short = short_form(message, MASTODON)
    headlines = (message.original.headline, message.release.headline)
    if message.action is Action.WITHDRAW:
        text, visibility = words_in(message.office.language).page_withdrawn, "direct"
    else:
        said = "\n\n".join(part for part in (correction_note(message), message.summary) if part)
        text = short_form(replace(message, summary=said), MASTODON).text
    fields = {
        "status": text,
        "visibility": visibility,
        "language": message.office.language.partition("-")[0].lower(),
    }
    return FollowUp(fields, headlines, short.link, message.original.lift)


def body_of(follow_up: FollowUp) -> bytes:
    """Return the fields as they are sent."""
    return json.dumps(follow_up.fields, ensure_ascii=False).encode()
