"""Record people's decisions on single deliveries, and close releases that need nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, update

from pressrelease.errors import NotPermitted
from pressrelease.release.delivery import SETTLED, Delivery, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store import chain
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import maybe_micros
from pressrelease.store.tables import deliveries, releases


def try_again(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """Make failed deliveries claimable again, as from the start, at the next pass."""
    _move(ledger, [(one, _again(ledger, one)) for one in chosen], "delivery.retried")


def settle_sent(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """Record that a person found out that these arrived; when they did is not known."""
    words = f"it arrived, {ledger.actor} says"
    settled = [(one, one._replace(state=DeliveryState.DELIVERED, next_try=None, error=words)) for one in chosen]
    _move(ledger, settled, "delivery.settled", settled="sent")


def settle_again(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """Record that a person decided to send these again, though they may have arrived."""
    _move(ledger, [(one, _again(ledger, one)) for one in chosen], "delivery.settled", settled="resend")


def settle_dropped(ledger: Ledger, chosen: Sequence[Delivery]) -> None:
    """Record that a person decided to do nothing more about these."""
    settled = [(one, one._replace(state=DeliveryState.CANCELED, next_try=None)) for one in chosen]
    _move(ledger, settled, "delivery.settled", settled="drop")


def undo_settlement(ledger: Ledger, changes: Sequence[tuple[Delivery, Delivery]]) -> None:
    """Undo a settlement: each delivery, as it is now and as it was before."""
    _move(ledger, changes, "delivery.unsettled")


def _again(ledger: Ledger, before: Delivery) -> Delivery:
    # The time to give up counts from here: a person has just looked.
    return before._replace(state=DeliveryState.RETRYING, next_try=ledger.now, first_sent_at=None)


def _move(ledger: Ledger, changes: Sequence[tuple[Delivery, Delivery]], event: str, **detail: str) -> None:
    """Change rows that are still as they were seen, each with its line, which has what an undo needs. All or none."""
    for before, after in changes:
        done = ledger.connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == before.id,
                deliveries.c.state == before.state.value,
                deliveries.c.claims == before.claims,
            )
            .values(
                state=after.state.value,
                next_try=maybe_micros(after.next_try),
                error=after.error,
                first_sent_at=maybe_micros(after.first_sent_at),
            )
        )
        if not done.rowcount:
            raise NotPermitted(
                f"{before.slug} changed at {before.outlet} in the meantime. Nothing was changed by you.",
                hint=f"Look at it again: `pressrelease status {before.slug}`.",
                code="moved_on",
            )
        was = {"was": before.state.value, "error": before.error, "first_sent": maybe_micros(before.first_sent_at)}
        ledger.note_of(before, event, **detail, key=before.key, **was)
    close_if_done(ledger, list(dict.fromkeys(before.slug for before, _ in changes)), [after for _, after in changes])


@cache
def _how_far() -> Select[Any]:
    """Return the query for the state of releases' deliveries; built once, since that takes longer than running it."""

    def any_delivery(*which: ColumnElement[bool]) -> ColumnElement[bool]:
        killed = releases.c.word == Directive.KILLED.value
        own = (
            deliveries.c.slug == releases.c.slug,
            deliveries.c.version == releases.c.version,
            deliveries.c.n == releases.c.n,
            or_(and_(killed, chain.withdraws), and_(~killed, ~chain.withdraws)),
        )
        return select(deliveries.c.id).where(*own, *which).exists()

    unsettled = any_delivery(deliveries.c.state.not_in([state.value for state in SETTLED]))
    delivered = any_delivery(deliveries.c.state == DeliveryState.DELIVERED.value)
    begun = any_delivery(deliveries.c.claims > 0)
    columns = (releases.c.slug, releases.c.version, releases.c.word, releases.c.open, releases.c.n)
    asked = releases.c.slug.in_(bindparam("slugs", expanding=True))
    found = (unsettled.label("unsettled"), delivered.label("delivered"), begun.label("begun"))
    return select(*columns, *found).where(asked)


_OPEN = (
    update(releases)
    .where(releases.c.slug.in_(bindparam("slugs", expanding=True)))
    .values(open=bindparam("still_open"), changed_at=bindparam("now"))
)


def close_if_done(ledger: Ledger, slugs: Sequence[str], ended: Sequence[Delivery] = ()) -> None:
    """Set whether releases still need anything from anybody; record the moment at which the last delivery settled.

    `ended` are deliveries that just got another state: what follows them to their recipients is decided again.
    """
    found = ledger.rows(_how_far(), {"slugs": list(slugs)})
    if (followed := chain.of_followers(found)) and chain.catch_up(ledger, ended, followed):
        found = ledger.rows(_how_far(), {"slugs": list(slugs)})
    by_slug = {row["slug"]: row for row in found if bool(row["open"]) != bool(row["unsettled"])}
    for still_open in (False, True):
        changed = [slug for slug in slugs if slug in by_slug and bool(by_slug[slug]["unsettled"]) is still_open]
        if changed:
            now = {"slugs": changed, "still_open": still_open, "now": ledger.micros}
            ledger.connection.execute(_OPEN, now)
    for slug in slugs:
        row = by_slug.get(slug)
        if row and row["delivered"] and not row["unsettled"] and row["word"] == Directive.SCHEDULED.value:
            ledger.note("release.published", slug, row["version"], **({"n": row["n"]} if row["n"] > 1 else {}))
        elif row and row["delivered"] and not row["unsettled"] and row["word"] == Directive.KILLED.value:
            ledger.note("release.withdrawn", slug, row["version"])
