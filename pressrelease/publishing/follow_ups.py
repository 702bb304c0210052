"""What a correction and a withdrawal say beyond the release itself: their note, and what they follow."""

from __future__ import annotations

from dataclasses import replace

from pressrelease.errors import StateUnreadable
from pressrelease.message import First, Message
from pressrelease.release.delivery import Delivery
from pressrelease.status.dossier import Scheduled
from pressrelease.store import Reader


def as_follow_up(message: Message, delivery: Delivery, read: Reader) -> Message:
    """Return the message of a correction or of a withdrawal. Raises StateUnreadable if what was recorded is gone."""
    release = read.release(delivery.slug)
    corrections = read.corrections(delivery.slug)
    own = next((one for one in corrections if one.n == delivery.n), None)
    if release is None or (own is None and delivery.n > 1):
        raise StateUnreadable(f"What was recorded about the correction of {delivery.slug} is missing. It was not sent.")
    previous = delivery.version if delivery.withdraws or own is None else own.before.version
    noted = release if delivery.withdraws else own
    return replace(
        message,
        action=delivery.action,
        n=delivery.n,
        note=noted.note if noted is not None else "",
        noted_at=release.word_at if delivery.withdraws else delivery.lift,
        previous_version=previous,
        first=_first(corrections[0].before) if corrections else None,
    )


def _first(original: Scheduled) -> First | None:
    if original.lift is None:
        return None
    return First(original.headline, original.version, original.lift)
