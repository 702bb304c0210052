"""When a delivery that did not surely succeed is tried again by itself, if ever. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pressrelease.config import Retry
from pressrelease.delivery import Certainty, Delivery, DeliveryFailed, Repeats

#: The longest wish of an outlet (Retry-After) that is granted; beyond it, the news would be stale.
LONGEST_WISH = timedelta(hours=2)


def next_try(
    delivery: Delivery,
    failure: DeliveryFailed,
    *,
    rules: Retry,
    repeats: Repeats,
    now: datetime,
    chance: float,
) -> datetime | None:
    """The moment of the next try, or None where a person must decide.

    `chance` is uniform in [0, 1) and spreads the pauses by `rules.jitter` either way, so that many deliveries
    refused together do not come back together. An unsure failure is tried again only at an outlet that can
    tell a repeat, and only while it still can.
    """
    if failure.certainty is Certainty.FOR_GOOD:
        return None
    began = delivery.first_sent_at or now
    planned = rules.schedule[min(max(delivery.attempts - 1, 0), len(rules.schedule) - 1)]
    pause = planned * (1 + rules.jitter * (2 * chance - 1))
    if failure.retry_after is not None:
        pause = max(pause, min(failure.retry_after, LONGEST_WISH))
    moment = now + pause
    if moment - began > rules.give_up:
        return None
    if failure.certainty is Certainty.UNSURE and not repeats.still_told(began, moment):
        return None
    return moment
