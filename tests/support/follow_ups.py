"""Corrections and withdrawals of a release that is out, and what earlier deliveries left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from pressrelease.message import First, Message
from pressrelease.release.delivery import Action, Earlier, Receipt, delivery_key

NOTE = "The first version named the wrong person."


def corrected(
    original: Message, changed: Message, *, n: int = 2, action: Action = Action.CORRECT, note: str = NOTE,
    at: datetime | None = None,
) -> Message:  # fmt: skip
    """`changed` as version `n` of what `original` began, 26 hours after it, or at `at`."""
    when = at or original.lift + timedelta(hours=26)
    return replace(
        changed,
        version=f"{n:064x}",
        lift=when,
        action=action,
        n=n,
        note=note,
        noted_at=when,
        previous_version=original.version,
        first=First(original.release.headline, original.version, original.lift),
    )


def withdrawn(last: Message, *, note: str = NOTE, at: datetime | None = None) -> Message:
    """The withdrawal of a release whose last version is `last`, two days after that, or at `at`."""
    when = at or last.lift + timedelta(hours=50)
    return replace(
        last, action=Action.WITHDRAW, note=note, noted_at=when, previous_version=last.version, first=last.original
    )


def earlier(message: Message, receipt: Receipt | None, *, key: str = "", recipient: str = "") -> Earlier:
    """What a delivery of `message` left: with a receipt it surely arrived, without one it may have."""
    return Earlier(
        n=message.n,
        action=message.action,
        key=key or delivery_key(message.slug, message.version, "outlet", recipient),
        surely=receipt is not None,
        delivered_at=message.lift if receipt is not None else None,
        url=receipt.url if receipt else None,
        remote_id=receipt.remote_id if receipt else None,
    )
