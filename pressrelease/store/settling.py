"""A person's words on single deliveries, and whether a release asks anything more of anybody after them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, update

from pressrelease.delivery import SETTLED, Delivery, DeliveryState
from pressrelease.errors import NotPermitted
from pressrelease.standing import Word
from pressrelease.store.ledger import Ledger
from pressrelease.store.tables import deliveries, releases


def try_again(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """Have failed deliveries claimed again, as from the start, at the next pass."""
    for delivery in chosen:
        _move(ledger, delivery, delivery._replace(state=DeliveryState.RETRYING), "delivery.retried")


def settle_sent(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """A person found out that these arrived; when they did, nobody saw."""
    for delivery in chosen:
        after = delivery._replace(state=DeliveryState.DELIVERED, error=f"it arrived, by {ledger.actor}'s word")
        _move(ledger, delivery, after, "delivery.settled", settled="sent")


def settle_again(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """A person decided that these are sent again, though they may have arrived."""
    for delivery in chosen:
        after = delivery._replace(state=DeliveryState.RETRYING)
        _move(ledger, delivery, after, "delivery.settled", settled="resend")


def settle_dropped(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """A person decided that nothing more is done about these."""
    for delivery in chosen:
        _move(ledger, delivery, delivery._replace(state=DeliveryState.CANCELED), "delivery.settled", settled="drop")


def _move(ledger: Ledger, before: Delivery, after: Delivery, event: str, **detail: str) -> None:
    again = after.state is DeliveryState.RETRYING
    values = {
        "state": after.state.value,
        "next_try": ledger.micros if again else None,
        "error": after.error,
    }
    if again:
        # The time to give up counts from here: a person has just looked.
        values["first_sent_at"] = None
    done = ledger.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.id == before.id,
            deliveries.c.state == before.state.value,
            deliveries.c.attempts == before.attempts,
        )
        .values(**values)
    )
    if not done.rowcount:
        raise NotPermitted(
            f"{before.slug} moved on meanwhile at {before.outlet}; nothing was changed.",
            hint=f"Look again with `pressrelease status {before.slug}`.",
            code="moved_on",
        )
    ledger.note_of(before, event, **detail)
    close_if_done(ledger, [before.slug])


@cache
def _how_far() -> Select[Any]:
    """What the deliveries of releases have come to; made once, since that takes longer than the asking."""

    def any_delivery(*which: ColumnElement[bool]) -> ColumnElement[bool]:
        own = (deliveries.c.slug == releases.c.slug, deliveries.c.version == releases.c.version)
        return select(deliveries.c.id).where(*own, *which).exists()

    unsettled = any_delivery(deliveries.c.state.not_in([state.value for state in SETTLED]))
    delivered = any_delivery(deliveries.c.state == DeliveryState.DELIVERED.value)
    columns = (releases.c.slug, releases.c.version, releases.c.word, releases.c.open)
    asked = releases.c.slug.in_(bindparam("slugs", expanding=True))
    return select(*columns, unsettled.label("unsettled"), delivered.label("delivered")).where(asked)


_OPEN = (
    update(releases)
    .where(releases.c.slug.in_(bindparam("slugs", expanding=True)))
    .values(open=bindparam("still_open"), changed_at=bindparam("now"))
)


def close_if_done(ledger: Ledger, slugs: Sequence[str]) -> None:
    """Set whether releases still ask anything of anybody; note the moment at which the last delivery settled."""
    found = ledger.rows(_how_far(), {"slugs": list(slugs)})
    by_slug = {row["slug"]: row for row in found if bool(row["open"]) != bool(row["unsettled"])}
    for still_open in (False, True):
        changed = [slug for slug in slugs if slug in by_slug and bool(by_slug[slug]["unsettled"]) is still_open]
        if changed:
            now = {"slugs": changed, "still_open": still_open, "now": ledger.micros}
            ledger.connection.execute(_OPEN, now)
    for slug in slugs:
        row = by_slug.get(slug)
        if row and row["delivered"] and not row["unsettled"] and row["word"] == Word.SCHEDULED.value:
            ledger.note("release.published", slug, row["version"])
