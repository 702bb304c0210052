"""What follows a release to its recipients, as SQL: all deliveries of one release to one recipient of one outlet.

    V1 (the original)  <  V2  <  V3 (corrections)  <  W (the withdrawal, once the release is killed)

    only the newest is claimed     no version once a newer one is frozen, and none of a killed release
    it waits its turn              until nothing older is being sent, and what older claims left unanswered has had
                                   its time to arrive (`quiet_at`)
    publish, correct or withdraw   is decided by the claim, from who has or may have an older one by then
    nothing revives what was overtaken: it ends canceled, failed, or in doubt and asks nobody

`tests/support/after_model.py` is this as a model, explored through every interleaving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, null, or_, select, update

from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import Row
from pressrelease.store.tables import deliveries

_older = deliveries.alias("older")

#: States in which a delivery has left nothing that is under way, and may be claimed.
UNSENT = (DeliveryState.WAITING.value, DeliveryState.RETRYING.value)

withdraws = deliveries.c.action == Action.WITHDRAW.value

#: The first thing that a recipient is to get of a release; everything else has something older before it.
_is_first = and_(deliveries.c.n == 1, ~withdraws)


def _any_older(which: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(_older.c.id)
        .where(
            _older.c.slug == deliveries.c.slug,
            _older.c.outlet == deliveries.c.outlet,
            _older.c.recipient == deliveries.c.recipient,
            _older.c.action != Action.WITHDRAW.value,
            or_(withdraws, _older.c.n < deliveries.c.n),
            which,
        )
        .correlate(deliveries)
        .exists()
    )


def somebody_has_it() -> ColumnElement[bool]:
    """Return the SQL for "the recipient of this delivery has, or may have, something older", over `deliveries`."""
    return _any_older(or_(_older.c.state == DeliveryState.DELIVERED.value, _older.c.unanswered > 0))


def its_turn(now: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the SQL for "nothing older is under way to this recipient at `now`", over `deliveries`.

    The first in a chain asks nothing: a mailing has thousands.
    """
    sending = _older.c.state == DeliveryState.SENDING.value
    loose = and_(_older.c.unanswered > 0, func.coalesce(_older.c.quiet_at, 0) > now)
    return or_(_is_first, ~_any_older(or_(sending, loose)))


def action_now() -> ColumnElement[str]:
    """Return the SQL for what a delivery that is claimed goes as. A repeat of what is in doubt says the same again."""
    same = or_(_is_first, withdraws, deliveries.c.unanswered > 0)
    return case((same, deliveries.c.action), (somebody_has_it(), Action.CORRECT.value), else_=Action.PUBLISH.value)


_OF_SLUG = deliveries.c.slug == bindparam("of_slug")
_TO_ONE = (
    _OF_SLUG,
    deliveries.c.outlet == bindparam("of_outlet"),
    deliveries.c.recipient == bindparam("of_recipient"),
)
_VERSIONS_BEFORE = and_(~withdraws, deliveries.c.n < bindparam("before_n"))
_STATE_OVER = case((deliveries.c.state.in_(UNSENT), DeliveryState.CANCELED.value), else_=deliveries.c.state)
_MOVING = deliveries.c.state.in_([*UNSENT, DeliveryState.IN_DOUBT.value])

_OVERTAKE = update(deliveries).where(_OF_SLUG, _VERSIONS_BEFORE, _MOVING).values(state=_STATE_OVER, next_try=null())
_OVERTAKE_ONE = update(deliveries).where(*_TO_ONE, _VERSIONS_BEFORE, _MOVING).values(state=_STATE_OVER, next_try=null())

_CANCELED = deliveries.c.state == DeliveryState.CANCELED.value

_WITHDRAWAL = (
    update(deliveries)
    .where(
        *_TO_ONE,
        withdraws,
        deliveries.c.unanswered == 0,
        deliveries.c.state.in_([*UNSENT, DeliveryState.CANCELED.value]),
    )
    .values(
        state=case(
            (and_(_CANCELED, somebody_has_it()), DeliveryState.WAITING.value),
            (somebody_has_it(), deliveries.c.state),
            else_=DeliveryState.CANCELED.value,
        ),
        next_try=case(
            (and_(_CANCELED, somebody_has_it()), bindparam("at_now", type_=deliveries.c.next_try.type)),
            (somebody_has_it(), deliveries.c.next_try),
            else_=null(),
        ),
    )
)

_REFUSED = (
    update(deliveries)
    .where(
        *_TO_ONE,
        ~withdraws,
        deliveries.c.n == bindparam("newest_n"),
        deliveries.c.claims == 0,
        deliveries.c.state.in_(UNSENT),
        _any_older(_older.c.state == DeliveryState.FAILED.value),
        ~somebody_has_it(),
    )
    .values(state=DeliveryState.FAILED.value, next_try=null(), error=bindparam("refusal"))
)


def overtake(ledger: Ledger, slug: str, n: int) -> None:
    """Cancel what is unsent of versions before `n`, which is in force. What is in doubt of them is not asked again."""
    ledger.connection.execute(_OVERTAKE, {"of_slug": slug, "before_n": n})


def catch_up(ledger: Ledger, ended: Sequence[Delivery], releases: Mapping[str, Row]) -> bool:
    """Decide again what follows to the recipients whose older delivery just ended. Return whether anything was asked.

    `releases` has the rows, by slug, of those that have followers: `word`, `n`, and whether the newest is `begun`.
    """
    asked = False
    for one in ended:
        row = releases.get(one.slug)
        if row is None or (one.state is DeliveryState.DELIVERED and one.withdraws):
            continue
        killed = row["word"] == Directive.KILLED.value
        if not killed and one.n >= row["n"]:
            continue
        asked = True
        place = {"of_slug": one.slug, "of_outlet": one.outlet, "of_recipient": one.recipient}
        if killed:
            ledger.connection.execute(_OVERTAKE_ONE, place | {"before_n": row["n"] + 1})
            ledger.connection.execute(_WITHDRAWAL, place | {"at_now": ledger.micros})
            continue
        if row["begun"]:
            ledger.connection.execute(_OVERTAKE_ONE, place | {"before_n": row["n"]})
        ledger.connection.execute(
            _REFUSED, place | {"newest_n": row["n"], "refusal": one.error or "its outlet refused an earlier version"}
        )
    return asked


def of_followers(found: Sequence[Row]) -> dict[str, Row]:
    """Return those rows of releases, by slug, that have more than their original: a correction or withdrawals."""
    return {row["slug"]: row for row in found if row["n"] > 1 or row["word"] == Directive.KILLED.value}


def values_of_claim(quiet_at: Any) -> dict[str, Any]:
    """Return what a claim writes of the chain."""
    return {
        "action": action_now(),
        "claims": deliveries.c.claims + 1,
        "unanswered": deliveries.c.unanswered + 1,
        "quiet_at": quiet_at,
    }
