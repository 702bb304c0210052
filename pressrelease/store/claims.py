"""Claims on deliveries: taken before the first byte, ended by an answer, and what happens to a dead process's.

Crash safety is explained in `pressrelease.publishing.cycle`; these are its four writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
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
from pressrelease.release.delivery import CLAIMABLE, Action, Delivery, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store import chain
from pressrelease.store.circuit import close_outlet
from pressrelease.store.clearances import all_cleared
from pressrelease.store.event_lifts import lifted
from pressrelease.store.guards import approvals_given, in_time, who_may_approve
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import delivery_of, format_utc, row_of_delivery, to_micros
from pressrelease.store.settling import close_if_done
from pressrelease.store.tables import closed_outlets, control, deliveries, releases
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
    settle: timedelta = timedelta(0),
) -> list[Delivery]:
    """Claim those of `ids` that may leave now, in one statement that checks every guard of the store again.

    A row is left out if its record does not agree with the journal, if another process has claimed it, if it is held,
    stopped or moved, if an approval was withdrawn, if a clearance that it needs is not given by `rules`, if its outlet
    is closed, or if its lift is by now too long past (a machine may have been suspended). A withdrawal asks for none of
    that but its release's word and its outlet. Neither is claimed while anything older is under way to its recipient
    (`store.chain`). The caller sends nothing before the transaction has ended: the claim is then on disk.

    `settle` is how long what was sent may still arrive at this outlet after its sender has ended.
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
        "quiet": to_micros(lease_until + settle),
    }
    claiming = _claiming(policy, tuple(rules), ledger.connection.dialect.name)
    claimed = [delivery_of(row) for row in ledger.rows(claiming, asked)]
    claimed.sort(key=lambda delivery: delivery.id)
    for delivery in claimed:
        ledger.note_of(delivery, "delivery.claimed", attempt=delivery.attempts)
    for slug, n in {(one.slug, one.n) for one in claimed if one.n > 1}:
        chain.overtake(ledger, slug, n)
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
            releases.c.n == deliveries.c.n,
            releases.c.word == Directive.SCHEDULED.value,
            releases.c.lift <= now,
            in_time(),
            or_(releases.c.event_group.is_(None), lifted()),
        )
        .exists()
    )
    taken_back = (
        select(releases.c.slug)
        .where(releases.c.slug == deliveries.c.slug, releases.c.word == Directive.KILLED.value)
        .exists()
    )
    going = select(control.c.id).where(control.c.id == 1, control.c.stopped.is_(False)).exists()
    given = approvals_given(deliveries, *who_may_approve(policy))
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
    asked = and_(~chain.withdraws, may_leave, going, given >= policy.approvals, all_cleared(rules, now))
    withdrawn = and_(chain.withdraws, taken_back, chain.somebody_has_it())
    return (
        update(deliveries)
        .where(chosen, *ready, or_(asked, withdrawn), chain.its_turn(now), taken)
        .values(
            state=DeliveryState.SENDING.value,
            claimed_from=deliveries.c.state,
            owner=bindparam("claimant"),
            lease_until=bindparam("until"),
            attempts=deliveries.c.attempts + 1,
            first_sent_at=func.coalesce(deliveries.c.first_sent_at, now),
            next_try=null(),
            **chain.values_of_claim(bindparam("quiet")),
        )
        .returning(*deliveries.c)
    )


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
        if not was_ours or before.claims != before.attempts:
            detail["claim"] = before.claims
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
    close_if_done(
        ledger, list(dict.fromkeys(result.claimed.slug for result in results)), [one.after for one in results]
    )


def _write(ledger: Ledger, results: Sequence[Result]) -> list[bool]:
    """Return which results found their claim still open, or given up and unclaimed since."""
    values = [_values(result) for result in results]
    if len(values) > 1:
        savepoint = ledger.connection.begin_nested()
        if ledger.each(_OWN_CLAIM, values) == len(results):
            savepoint.commit()
            return [True] * len(results)
        savepoint.rollback()
    return [
        bool(ledger.connection.execute(_OWN_CLAIM, one).rowcount) or _write_late(ledger, result, one)
        for result, one in zip(results, values, strict=True)
    ]


def _write_late(ledger: Ledger, result: Result, values: dict[str, Any]) -> bool:
    """Write an answer whose claim was taken away. Return whether it still decides its delivery's state.

    A sure no then counts for what the recipient may have, whatever became of the delivery; each claim's only once.
    """
    arrived = result.after.state is DeliveryState.DELIVERED
    if _is_answered(ledger, result.claimed):
        values = values | {"b_less": 0}
    if ledger.connection.execute(_GIVEN_UP if arrived else _OWN_DOUBT, values).rowcount:
        return True
    if arrived and ledger.connection.execute(_ARRIVED_LATE, values).rowcount:
        return True
    if values["b_less"] and not arrived:
        ledger.connection.execute(_ONE_LESS, {"b_id": result.claimed.id})
    return False


def _is_answered(ledger: Ledger, claimed: Delivery) -> bool:
    """Return whether the journal has an answer to this claim already: a busy store is given it more than once."""
    lines = ledger.ask(
        "SELECT detail FROM journal WHERE slug = :slug AND version = :version AND event IN ('delivery.delivered',"
        " 'delivery.failed', 'delivery.retrying', 'delivery.given_back', 'delivery.late_answer')",
        {"slug": claimed.slug, "version": claimed.version},
    )
    answers = [json.loads(line["detail"]) for line in lines]
    return any(
        one.get("claim", one.get("attempt")) == claimed.claims
        and (one.get("outlet"), one.get("recipient")) == (claimed.outlet, claimed.recipient)
        and (one.get("n", 1), one.get("action") == Action.WITHDRAW.value) == (claimed.n, claimed.withdraws)
        for one in answers
    )


def _values(result: Result) -> dict[str, Any]:
    before, after = result.claimed, result.after
    named = {"b_id": before.id, "b_claims": before.claims, "b_owner": before.owner}
    return named | {"b_less": before.unanswered - after.unanswered} | row_of_delivery(after)


_LESS = {"unanswered": deliveries.c.unanswered - bindparam("b_less")}

# The state is written into the statement itself: `Ledger.each` takes only each row's own values.
_OWN_CLAIM = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("b_id"),
        deliveries.c.state == literal_column(f"'{DeliveryState.SENDING.value}'"),
        deliveries.c.owner == bindparam("b_owner"),
        deliveries.c.claims == bindparam("b_claims"),
    )
    .values(_LESS)
)

# A sender that was given up for dead and still answers knows better than the doubt that it left behind.
_OWN_DOUBT = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("b_id"),
        deliveries.c.state == DeliveryState.IN_DOUBT.value,
        deliveries.c.claims == bindparam("b_claims"),
    )
    .values(_LESS)
)

# And what surely arrived is not sent again, whatever a person decided in the meantime without knowing.
_GIVEN_UP = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("b_id"),
        deliveries.c.owner.is_(None),
        deliveries.c.claims == bindparam("b_claims"),
    )
    .values(_LESS)
)

# The same, if it was claimed again since and that claim is over: the later claim's own doubt stays.
_ARRIVED_LATE = (
    update(deliveries)
    .where(
        deliveries.c.id == bindparam("b_id"),
        deliveries.c.owner.is_(None),
        deliveries.c.state != DeliveryState.DELIVERED.value,
    )
    .values(_LESS)
)

_ONE_LESS = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("b_id"), deliveries.c.unanswered > 0)
    .values(unanswered=deliveries.c.unanswered - 1)
)


def _still_claimed(delivery: Delivery) -> tuple[ColumnElement[bool], ...]:
    return (
        deliveries.c.id == delivery.id,
        deliveries.c.state == DeliveryState.SENDING.value,
        deliveries.c.owner == delivery.owner,
        deliveries.c.claims == delivery.claims,
    )


def give_back(ledger: Ledger, claimed: Sequence[Delivery], reason: str) -> None:
    """End this process's claims whose first byte was never sent. Each returns to its state before the claim.

    Also one that another pass put in doubt because this process seemed dead.
    """
    first_time = deliveries.c.attempts <= 1
    values = {
        "state": deliveries.c.claimed_from,
        "owner": null(),
        "lease_until": null(),
        "attempts": deliveries.c.attempts - 1,
        "unanswered": deliveries.c.unanswered - 1,
        "first_sent_at": case((first_time, null()), else_=deliveries.c.first_sent_at),
        "next_try": ledger.micros,
    }
    for delivery in claimed:
        giving = update(deliveries).where(*_still_claimed(delivery)).values(values)
        if not ledger.connection.execute(giving).rowcount:
            if _is_answered(ledger, delivery):
                continue
            own_doubt = (
                deliveries.c.id == delivery.id,
                deliveries.c.state == DeliveryState.IN_DOUBT.value,
                deliveries.c.claims == delivery.claims,
            )
            giving = update(deliveries).where(*own_doubt).values(values | {"error": null()})
            if not ledger.connection.execute(giving).rowcount:
                if ledger.connection.execute(_ONE_LESS, {"b_id": delivery.id}).rowcount:
                    ledger.note_of(delivery, "delivery.late_answer", error=reason, claim=delivery.claims)
                continue
        ledger.note_of(delivery, "delivery.given_back", reason=reason, claim=delivery.claims)
    close_if_done(ledger, list(dict.fromkeys(one.slug for one in claimed)), claimed)


def put_in_doubt(
    ledger: Ledger, delivery: Delivery, *, reason: str, again: datetime | None, quiet: datetime | None = None
) -> None:
    """Put another process's claim in doubt because it died or its lease expired.

    `again` is when its outlet is asked about it; from `quiet` on, what it sent can no longer arrive (None: as the claim
    reckoned).
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
            quiet_at=deliveries.c.quiet_at if quiet is None else to_micros(quiet),
        )
    )
    if done.rowcount:
        close_if_done(ledger, [delivery.slug], [delivery])
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
                deliveries.c.claims == delivery.claims,
                deliveries.c.next_try.is_not(None),
            )
            .values(next_try=null())
        )
        if done.rowcount:
            ledger.note_of(delivery, "delivery.in_doubt", attempt=delivery.attempts, error=reason, again=False)
