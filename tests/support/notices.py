"""A release, what happened to it, and what the office's people are told of it: the pieces of many tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from conftest import NOW

from pressrelease.notifications.events import grouped, notice_of
from pressrelease.notifications.notice import JournalEvent, Known
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.dossier import Directive, Dossier, FileFact, Scheduled
from pressrelease.when import Embargo, EmbargoKind

ZONE = "America/Los_Angeles"
SLUG = "zqslug-of-the-accused"
VERSION = "3fa2c1" + "0" * 58
LIFT = NOW - timedelta(minutes=5)


def delivery(outlet: str = "media", state: DeliveryState = DeliveryState.DELIVERED, **more: Any) -> Delivery:
    at = LIFT + timedelta(seconds=1) if state is DeliveryState.DELIVERED else None
    return Delivery(1, SLUG, VERSION, outlet, more.pop("recipient", ""), state, LIFT, 1, delivered_at=at, **more)


def known(*deliveries: Delivery, out: bool = False, missing: int = 0, **more: Any) -> Known:
    file = more.pop("file", FileFact.SAME)
    lift = more.pop("lift", LIFT)
    embargo = Embargo("…", EmbargoKind.INSTANT, ZONE, not_before=lift, lift=lift)
    release = Scheduled(
        SLUG, VERSION, "Zqheadline", embargo, lift, ("media",), "jdoe", "f", Directive.SCHEDULED, "jdoe", NOW, "zqwhy"
    )
    return Known(Dossier(release._replace(**more), (), deliveries, file), missing=missing, out=out)


def happening(event: str, n: int = 1, slug: str = SLUG, version: str = VERSION, **detail: Any) -> JournalEvent:
    return JournalEvent(n, NOW, "da", event, slug, version, detail)


def told_words(*lines: JournalEvent, of: Known | None = None, closed: tuple[str, ...] = ()) -> list[str]:
    out = of is not None and of.out
    notices = [notice_of(one, of, closed=closed, out=out, now=NOW, timezone=ZONE) for one in grouped(lines)]
    return [notice.words for notice in notices if notice is not None]


WAITING = delivery(state=DeliveryState.WAITING)
