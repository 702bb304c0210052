"""Claims on deliveries: taken before the first byte, ended by an answer, and what happens to a dead process's.

Crash safety is explained in `pressrelease.publishing.cycle`; these are its four writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Table,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from pressrelease.config import ClearanceRule, Policy, Retry
from pressrelease.release.delivery import CLAIMABLE, Delivery, DeliveryState
from pressrelease.status.evaluation import Directive, same_person
from pressrelease.store.circuit import close_outlet
from pressrelease.store.clearances import all_cleared
from pressrelease.store.event_lifts import lifted
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import delivery_of, format_utc, row_of_delivery, to_micros
from pressrelease.store.settling import close_if_done
from pressrelease.store.tables import approvals, closed_outlets, control, deliveries, releases
from pressrelease.store.zone_updates import due_by_wall_time
from pressrelease.system.clock import ClockProof

#: Where an answer was found that its own sender did not live to record.
FOUND = "from the sender's log; the program ended before it could record this"


@dataclass(frozen=True)
class Result:
    """The result of one claimed delivery: before, as it was claimed, and after the outlet's answer.

    `closes` is the fingerprint of the credentials that the outlet refused, None if it refused none. `proof` says
    whether the lift had surely come when the send started, None if nothing was sent.
    """

    claimed: Delivery
    after: Delivery
    closes: str | None = None
    proof: ClockProof | None = None


def claim(
    ledger: Ledger,
    ids: Sequence[int],
    *,
    owner: str,
    lease_until: datetime,
    policy: Policy,
    retry: Retry,
    rules: Sequence[ClearanceRule] = (),
) -> list[Delivery]:
    """Claim those of `ids` that may leave now, in one statement that checks every guard of the store again.

    A row is left out if its record does not agree with the journal, if another process has claimed it, if it is held,
    stopped or moved, if an approval was withdrawn, if a clearance that it needs is not given by `rules`, if its outlet
    is closed, or if its lift is by now too long past (a machine may have been suspended). The caller sends nothing
    before the transaction has ended: the claim is then on disk.
    """
    if ledger.not_the_original:
        return []
    asked = {
        "ids": _that_agree(ledger, due_by_wall_time(ledger, ids)),
        "now": ledger.micros,
        "not_too_late": to_micros(ledger.now - policy.max_late),
        "not_given_up": to_micros(ledger.now - retry.give_up),
        "claimant": owner,
        "until": to_micros(lease_until),
    }
    claiming = _claiming(policy, tuple(rules), ledger.connection.dialect.name)
    claimed = [delivery_of(row) for row in ledger.rows(claiming, asked)]
    claimed.sort(key=lambda delivery: delivery.id)
    for delivery in claimed:
        ledger.note_of(delivery, "delivery.claimed", attempt=delivery.attempts)
    return claimed


def _that_agree(ledger: Ledger, ids: Sequence[int]) -> list[int]:
    """Return those deliveries of `ids` whose release's record agrees with the journal."""
    _, differ = ledger.agreement.of_deliveries(ledger.ask, ids)
    return [number for number in ids if number not in differ]


@lru_cache(maxsize=8)
def _claiming(policy: Policy, rules: tuple[ClearanceRule, ...], dialect: str) -> ReturningUpdate[Any]:
    """Build the claim statement, once:

    building it takes longer than all the rest between a lift and its claim's commit.
    """
    now: BindParameter[int] = bindparam("now")
    may_leave = (
        select(releases.c.slug)
        .where(
            releases.c.slug == deliveries.c.slug,
            releases.c.version == deliveries.c.version,
            releases.c.word == Directive.SCHEDULED.value,
            releases.c.lift <= now,
            in_time(),
            or_(releases.c.event_group.is_(None), lifted()),
        )
        .exists()
    )
    going = select(control.c.id).where(control.c.id == 1, control.c.stopped.is_(False)).exists()
    given = approvals_given(deliveries, *_who_may_approve(policy))
    taken = ~select(closed_outlets.c.outlet).where(closed_outlets.c.outlet == deliveries.c.outlet).exists()
    chosen: Any = deliveries.c.id.in_(bindparam("ids", expanding=True))
    ready = (
        chosen,
        deliveries.c.state.in_([state.value for state in CLAIMABLE]),
        deliveries.c.next_try <= now,
    )
    if dialect == "postgresql":
        # Rows that another machine is claiming right now are left to it instead of waited for.
        chosen = deliveries.c.id.in_(select(deliveries.c.id).where(*ready).with_for_update(skip_locked=True))
    return (
        update(deliveries)
        .where(chosen, *ready, may_leave, going, given >= policy.approvals, all_cleared(rules, now), taken)
        .values(
            state=DeliveryState.SENDING.value,
            claimed_from=deliveries.c.state,
            owner=bindparam("claimant"),
            lease_until=bindparam("until"),
            attempts=deliveries.c.attempts + 1,
            first_sent_at=func.coalesce(deliveries.c.first_sent_at, now),
            next_try=null(),
        )
        .returning(*deliveries.c)
    )


def in_time() -> ColumnElement[bool]:
    """Return the opposite of `evaluation.too_late` in SQL, over a release and one delivery of it."""
    accepted, lift = releases.c.late_accepted_at, releases.c.lift
    latest = case((accepted > lift, accepted), else_=lift)
    return or_(
        latest >= bindparam("not_too_late"),
        deliveries.c.first_sent_at >= bindparam("not_given_up"),
    )


def approvals_given(of: Table, *by: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return how many people have approved the version that a row of `of` is about, in SQL."""
    return (
        select(func.count(func.distinct(approvals.c.person)))
        .where(
            approvals.c.slug == of.c.slug,
            approvals.c.version == of.c.version,
            approvals.c.withdrawn_at.is_(None),
            *by,
        )
        .scalar_subquery()
    )


def _who_may_approve(policy: Policy) -> list[ColumnElement[bool]]:
    """Return the SQL for "by somebody whose approval counts under `policy`", as in `evaluation.counted_approvals`."""
    asked: list[ColumnElement[bool]] = []
    if policy.approvers:
        asked.append(approvals.c.person.in_([same_person(name) for name in policy.approvers]))
    if not policy.author_may_approve:
        asked.append(approvals.c.own.is_(False))
    return asked


def record(ledger: Ledger, results: Sequence[Result]) -> None:
    """Write the outlets' answers. An answer to a claim that has been taken away is still recorded."""
    _note_answers(ledger, results, _write(ledger, results))


def record_if_claimed(ledger: Ledger, results: Sequence[Result]) -> None:
    """Write the answers that a dead process had and did not record, if its claims are still open."""
    standing = [one for one in results if ledger.connection.execute(_OWN_CLAIM, _values(one)).rowcount]
    _note_answers(ledger, standing, [True] * len(standing), found=FOUND)


def _note_answers(ledger: Ledger, results: Sequence[Result], changed: Sequence[bool], **more: str) -> None:
    for result, was_ours in zip(results, changed, strict=True):
        before, after = result.claimed, result.after
        detail: dict[str, Any] = {"attempt": before.attempts} | more
        if after.state is DeliveryState.DELIVERED:
            if after.late is not None:
                detail["late_ms"] = round(after.late.total_seconds() * 1000)
            detail |= {"url": after.url, "remote_id": after.remote_id}
            if after.delivered_at is not None:
                detail["delivered_at"] = format_utc(after.delivered_at)
        else:
            detail |= {"error": after.error, "again": after.next_try is not None}
        if after.state is DeliveryState.IN_DOUBT:
            detail |= {"key": before.key}  # what to look for at the outlet
        if result.proof is not None:
            error = result.proof.error
            detail["clock_error_ms"] = None if error is None else ceil(error / timedelta(milliseconds=1))
            detail["lift_proved"] = result.proof.lift_proved
        name = f"delivery.{after.state.value}" if was_ours else "delivery.late_answer"
        ledger.note_of(before, name, **detail)
        if result.closes is not None:
            reason = after.error or "it rejected the login"
            close_outlet(ledger, before.outlet, before.id, reason=reason, fingerprint=result.closes)
    close_if_done(ledger, list(dict.fromkeys(result.claimed.slug for result in results)))


def _write(ledger: Ledger, results: Sequence[Result]) -> list[bool]:
    """Return which results found their claim still open, or given up and unclaimed since."""
    values = [_values(result) for result in results]
    if len(values) > 1:
        savepoint = ledger.connection.begin_nested()
        if ledger.each(_OWN_CLAIM, values) == len(results):
            savepoint.commit()
            return [True] * len(results)
        savepoint.rollback()
    changed = []
    for result, one in zip(results, values, strict=True):
        beyond = _OWN_DOUBT if result.after.state is not DeliveryState.DELIVERED else _GIVEN_UP
        changed.append(any(ledger.connection.execute(claimed, one).rowcount for claimed in (_OWN_CLAIM, beyond)))
    return changed


def _values(result: Result) -> dict[str, Any]:
    before = result.claimed
    return {"b_id": before.id, "b_attempts": before.attempts, "b_owner": before.owner} | row_of_delivery(result.after)


# The state is written into the statement itself: `Ledger.each` takes only each row's own values.
_OWN_CLAIM = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == literal_column(f"'{DeliveryState.SENDING.value}'"),
    deliveries.c.owner == bindparam("b_owner"),
    deliveries.c.attempts == bindparam("b_attempts"),
)

# A sender that was given up for dead and still answers knows better than the doubt that it left behind.
_OWN_DOUBT = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.state == DeliveryState.IN_DOUBT.value,
    deliveries.c.attempts == bindparam("b_attempts"),
)

# And what surely arrived is not sent again, whatever a person decided in the meantime without knowing.
_GIVEN_UP = update(deliveries).where(
    deliveries.c.id == bindparam("b_id"),
    deliveries.c.owner.is_(None),
    deliveries.c.attempts == bindparam("b_attempts"),
)


def _still_claimed(delivery: Delivery) -> tuple[ColumnElement[bool], ...]:
    return (
        deliveries.c.id == delivery.id,
        deliveries.c.state == DeliveryState.SENDING.value,
        deliveries.c.owner == delivery.owner,
        deliveries.c.attempts == delivery.attempts,
    )


def give_back(ledger: Ledger, claimed: Sequence[Delivery], reason: str) -> None:
    """End this process's claims whose first byte was never sent. Each returns to its state before the claim."""
    first_time = deliveries.c.attempts <= 1
    for delivery in claimed:
        done = ledger.connection.execute(
            update(deliveries)
            .where(*_still_claimed(delivery))
            .values(
                state=deliveries.c.claimed_from,
                owner=null(),
                lease_until=null(),
                attempts=deliveries.c.attempts - 1,
                first_sent_at=case((first_time, null()), else_=deliveries.c.first_sent_at),
                next_try=ledger.micros,
            )
        )
        if done.rowcount:
            ledger.note_of(delivery, "delivery.given_back", reason=reason)


def put_in_doubt(ledger: Ledger, delivery: Delivery, *, reason: str, again: datetime | None) -> None:
    """Put another process's claim in doubt because it died or its lease expired.

    `again` is when its outlet is asked about it.
    """
    done = ledger.connection.execute(
        update(deliveries)
        .where(*_still_claimed(delivery))
        .values(
            state=DeliveryState.IN_DOUBT.value,
            owner=null(),
            lease_until=null(),
            error=reason,
            next_try=null() if again is None else to_micros(again),
        )
    )
    if done.rowcount:
        told = {"attempt": delivery.attempts, "error": reason, "again": again is not None, "key": delivery.key}
        ledger.note_of(delivery, "delivery.in_doubt", **told)


def leave_to_person(ledger: Ledger, doubtful: Sequence[Delivery], reason: str) -> None:
    """Make deliveries in doubt wait for a person instead of being asked about again automatically."""
    for delivery in doubtful:
        done = ledger.connection.execute(
            update(deliveries)
            .where(
                deliveries.c.id == delivery.id,
                deliveries.c.state == DeliveryState.IN_DOUBT.value,
                deliveries.c.attempts == delivery.attempts,
                deliveries.c.next_try.is_not(None),
            )
            .values(next_try=null())
        )
        if done.rowcount:
            ledger.note_of(delivery, "delivery.in_doubt", attempt=delivery.attempts, error=reason, again=False)
