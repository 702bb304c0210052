"""Outlets that refuse this office's credentials: closed at the first such answer, and sent nothing more.

    a send is refused for its credentials ──▶ that delivery fails, and in the same transaction its outlet closes
    closed                                ──▶ nothing is claimed there; what waits goes on waiting
    its table or its secrets change, `outlets --test` reaches it, or a person runs `retry`
                                          ──▶ it opens, and what it refused is tried again

Many wrong passwords lock an account, and one failure tells a person as much as twenty.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.store.rows import delivery_of, from_micros

if TYPE_CHECKING:
    from pressrelease.store.ledger import Ledger
    from pressrelease.store.queries import Reader

#: The layout that introduced the table.
SINCE = 3


class ClosedOutlet(NamedTuple):
    """A closed outlet; `fingerprint` is of the table and the secrets that it refused. `at` is UTC."""

    outlet: str
    reason: str
    fingerprint: str
    at: datetime


def closed_outlets(read: Reader) -> dict[str, ClosedOutlet]:
    """Return every closed outlet, by its name."""
    if read.schema() < SINCE:
        return {}
    return {
        row["outlet"]: ClosedOutlet(row["outlet"], row["reason"], row["fingerprint"], from_micros(row["at"]))
        for row in read.rows("SELECT * FROM closed_outlets ORDER BY outlet")
    }


def close_outlet(ledger: Ledger, outlet: str, delivery: int, *, reason: str, fingerprint: str) -> None:
    """Close an outlet because it refused `delivery` for its credentials. The journal notes only the first time."""
    from pressrelease.store.tables import closed_outlets as closed
    from pressrelease.store.tables import turned_away

    ledger.add_if_new(turned_away, delivery=delivery, outlet=outlet)
    if ledger.add_if_new(closed, outlet=outlet, reason=reason, fingerprint=fingerprint, at=ledger.micros):
        ledger.note("outlet.closed", outlet=outlet, reason=reason)


def open_outlet_again(ledger: Ledger, outlet: str, *, why: str) -> bool:
    """Open an outlet, and have what it refused tried again. Return False if it was not closed."""
    from sqlalchemy import delete, select

    from pressrelease.release.delivery import DeliveryState
    from pressrelease.store.settling import try_again
    from pressrelease.store.tables import closed_outlets as closed
    from pressrelease.store.tables import deliveries, turned_away

    if not ledger.connection.execute(delete(closed).where(closed.c.outlet == outlet)).rowcount:
        return False
    ledger.note("outlet.opened", outlet=outlet, why=why)
    refused = select(turned_away.c.delivery).where(turned_away.c.outlet == outlet)
    chosen = select(deliveries).where(deliveries.c.id.in_(refused), deliveries.c.state == DeliveryState.FAILED.value)
    try_again(ledger, [delivery_of(row) for row in ledger.rows(chosen.order_by(deliveries.c.id).with_for_update())])
    ledger.connection.execute(delete(turned_away).where(turned_away.c.outlet == outlet))
    return True
