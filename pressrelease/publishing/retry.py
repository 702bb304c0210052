"""Decide when a delivery that did not surely succeed is tried again automatically, if ever. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pressrelease.config import Retry
from pressrelease.release.delivery import Action, Certainty, Delivery, DeliveryFailed, Repeats

if TYPE_CHECKING:
    from pressrelease.outlets import Outlet

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
    again only at an outlet that recognizes repeats, and only while it still does. A withdrawal is tried for as long as
    it takes.
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
    if moment - began > rules.give_up and not delivery.withdraws:
        return None
    if in_doubt and not may_repeat(delivery, rules=rules, repeats=repeats, now=moment):
        return None
    return moment


def may_repeat(delivery: Delivery, *, rules: Retry, repeats: Repeats, now: datetime) -> bool:
    """Return whether an outlet may be asked again at `now`, without a person, for what may have arrived."""
    began = delivery.first_sent_at or now
    in_time = delivery.withdraws or now - began <= rules.give_up
    return (repeats.findable or repeats.still_told(began, now)) and in_time


def repeats_of(outlet: Outlet, delivery: Delivery) -> Repeats:
    """Return what a second try of this delivery does at its outlet.

    Where a correction or a withdrawal changes what is there, the same again changes nothing. Elsewhere each is a
    message of its own, which is not looked for as the first is.
    """
    own = outlet.repeats
    if delivery.action not in {Action.CORRECT, Action.WITHDRAW}:
        return own
    able = outlet.abilities
    in_place = able.withdraw if delivery.withdraws else able.correct
    return Repeats(told_apart=True, settle=own.settle) if in_place else own._replace(findable=False)
