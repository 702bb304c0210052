"""Decide when a delivery that did not surely succeed is tried again automatically, if ever. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from pressrelease.config import Retry
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, Repeats

#: The longest delay that an outlet may ask for (Retry-After); beyond it, the news would be stale.
LONGEST_RETRY_AFTER = timedelta(hours=2)


def next_try(
    delivery: Delivery,
    failure: DeliveryFailed,
    *,
    rules: Retry,
    repeats: Repeats,
    now: datetime,
    chance: float,
) -> datetime | None:
    """Return the time of the next try, or None if a person must decide.

    `chance` is uniform in [0, 1) and spreads the pauses by `rules.jitter` either way, so that many deliveries refused
    together do not come back together. A delivery that may have arrived, at this try or an earlier one, is tried
    again only at an outlet that recognizes repeats, and only while it still does.
    """
    if failure.certainty is Certainty.FOR_GOOD:
        return None
    began = delivery.first_sent_at or now
    planned = rules.schedule[min(max(delivery.attempts - 1, 0), len(rules.schedule) - 1)]
    pause = planned * (1 + rules.jitter * (2 * chance - 1))
    if failure.retry_after is not None:
        pause = max(pause, min(failure.retry_after, LONGEST_RETRY_AFTER))
    in_doubt = failure.certainty is Certainty.UNSURE or delivery.may_have_arrived
    if in_doubt:
        pause = max(pause, repeats.settle)
    moment = now + pause
    if moment - began > rules.give_up:
        return None
    if in_doubt and not may_repeat(delivery, rules=rules, repeats=repeats, now=moment):
        return None
    return moment


def may_repeat(delivery: Delivery, *, rules: Retry, repeats: Repeats, now: datetime) -> bool:
    """Return whether an outlet may be asked again at `now`, without a person, for what may have arrived."""
    began = delivery.first_sent_at or now
    return (repeats.findable or repeats.still_told(began, now)) and now - began <= rules.give_up
