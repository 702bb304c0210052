"""Kill a release: nothing of it leaves any more, and it is withdrawn from everyone who has it or may have it."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, insert, literal, null, or_, select, update

from pressrelease.release.delivery import Action, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store import chain
from pressrelease.store.commands import load_for_update, load_release
from pressrelease.store.corrections import may_be_taken_back, take_back
from pressrelease.store.ledger import Ledger
from pressrelease.store.tables import deliveries, releases

_OF_SLUG = deliveries.c.slug == bindparam("of_slug")

_CALLED_OFF = (
    update(deliveries)
    .where(_OF_SLUG, ~chain.withdraws, deliveries.c.state.in_(chain.UNSENT))
    .values(state=DeliveryState.CANCELED.value, next_try=null())
)
_NOT_ASKED_AGAIN = (
    update(deliveries)
    .where(_OF_SLUG, ~chain.withdraws, deliveries.c.state == DeliveryState.IN_DOUBT.value)
    .values(next_try=null())
)


class Killed(NamedTuple):
    """What a kill did: how many withdrawals are due, none if nobody has it or may have it.

    `already` says that it had been killed before; then nothing was changed.
    """

    withdrawals: int = 0
    already: bool = False


_DUE = select(func.count()).select_from(deliveries).where(_OF_SLUG, chain.withdraws)


def kill(ledger: Ledger, slug: str, *, by: str, why: str, note: str = "") -> Killed:
    """Kill a release for good; a withdrawal is due at once to everyone who may have it. Raises NotFound for a draft.

    A correction that has not started to go out is taken back first: a withdrawal is of what was out. No delivery is
    loaded, since nothing stops leaving before this transaction ends.
    """
    release, of_slug = load_release(ledger, slug), {"of_slug": slug}
    if release.word in {Directive.KILLED, Directive.DISMISSED}:
        return Killed(ledger.connection.execute(_DUE, of_slug).scalar_one(), already=True)
    if release.n > 1 and may_be_taken_back(before := load_for_update(ledger, slug)):
        take_back(ledger, before)
        release = load_release(ledger, slug)
    ledger.connection.execute(_CALLED_OFF, of_slug)
    ledger.connection.execute(_NOT_ASKED_AGAIN, of_slug)
    ledger.connection.execute(_withdrawals(release.n, release.version), of_slug | {"at_now": ledger.micros})
    due = ledger.connection.execute(_DUE, of_slug).scalar_one()
    ledger.connection.execute(
        update(releases)
        .where(releases.c.slug == slug)
        .values(
            word=Directive.KILLED.value,
            word_by=by,
            word_at=ledger.micros,
            why=why,
            note=note or None,
            open=due > 0,
            changed_at=ledger.micros,
        )
    )
    ledger.note("release.killed", slug, release.version, why=why, note=note, withdrawals=due)
    return Killed(due)


def _withdrawals(n: int, version: str) -> Any:
    """Return the statement that makes a withdrawal due to each recipient who has the release or may have it."""
    made = {
        "slug": deliveries.c.slug,
        "version": literal(version),
        "outlet": deliveries.c.outlet,
        "recipient": deliveries.c.recipient,
        "state": literal(DeliveryState.WAITING.value),
        "attempts": literal(0, deliveries.c.attempts.type),
        "next_try": bindparam("at_now", type_=deliveries.c.next_try.type),
        "lift": func.max(deliveries.c.lift),
        "n": literal(n, deliveries.c.n.type),
        "action": literal(Action.WITHDRAW.value),
    }
    has_it = or_(
        deliveries.c.state.in_([DeliveryState.DELIVERED.value, DeliveryState.SENDING.value]),
        deliveries.c.unanswered > 0,
    )
    found = (
        select(*made.values())
        .where(_OF_SLUG, ~chain.withdraws, has_it)
        .group_by(deliveries.c.slug, deliveries.c.outlet, deliveries.c.recipient)
        .order_by(func.min(deliveries.c.id))
    )
    return insert(deliveries).from_select(list(made), found)
