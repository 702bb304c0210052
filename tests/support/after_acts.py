"""What tests of corrections and kills do with a store by hand: one recipient, and what may become of its delivery."""

from __future__ import annotations

from datetime import datetime, timedelta

from store_acts import AFTER, LEASE

from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import Certainty, Delivery, DeliveryFailed, Receipt
from pressrelease.store import Store, claims, settling
from pressrelease.store.kills import Killed, kill

SLUG = "names-released"
SETTLE = timedelta(seconds=30)
SECOND = timedelta(seconds=1)
#: When what was claimed at `AFTER` can no longer arrive.
QUIET = AFTER + LEASE + SETTLE


def claim(store: Store, now: datetime = AFTER, owner: str = "one") -> list[Delivery]:
    ids = [row["id"] for row in store.read.rows("SELECT id FROM deliveries ORDER BY id")]
    with store.ledger(now=now, actor="scheduler") as ledger:
        return claims.claim(
            ledger, ids, owner=owner, lease_until=now + LEASE, policy=Policy(approvals=1), retry=Retry(), settle=SETTLE
        )


def answer(store: Store, claimed: Delivery, certainty: Certainty | None, now: datetime = AFTER) -> None:
    """Record an outlet's answer: that it arrived (None), or how it failed."""
    if certainty is None:
        after = claimed.delivered(Receipt("https://x.example/1", "id-1"), now)
    else:
        after = claimed.failed(
            DeliveryFailed(certainty, "its answer"), next_try=None if certainty is Certainty.FOR_GOOD else now
        )
        if certainty is Certainty.UNSURE:
            after = after._replace(quiet_at=now + SETTLE)
    with store.ledger(now=now, actor="scheduler") as ledger:
        claims.record(ledger, [claims.Result(claimed, after)])


def killed(store: Store, now: datetime = AFTER, note: str = "") -> Killed:
    with store.ledger(now=now, actor="jdoe") as ledger:
        return kill(ledger, SLUG, by="jdoe", why="wrong name", note=note)


def given_back(store: Store, claimed: Delivery, now: datetime = AFTER) -> None:
    with store.ledger(now=now, actor="scheduler") as ledger:
        claims.give_back(ledger, [claimed], "a guard")


def lapsed(store: Store, claimed: Delivery, now: datetime = AFTER) -> None:
    with store.ledger(now=now, actor="scheduler") as ledger:
        claims.put_in_doubt(ledger, claimed, reason="its lease ran out", again=now + SETTLE)


def is_open(store: Store) -> bool:
    return SLUG in store.read.still_open([SLUG])


# -- what may have come before -----------------------------------------------------------------------------------------


def nothing(store: Store) -> None:
    """It waits for its lift, or for a pass."""


def retrying(store: Store) -> None:
    answer(store, claim(store)[0], Certainty.NOT_SENT)


def was_given_back(store: Store) -> None:
    given_back(store, claim(store)[0])


def refused(store: Store) -> None:
    answer(store, claim(store)[0], Certainty.FOR_GOOD)


def delivered(store: Store) -> None:
    answer(store, claim(store)[0], None)


def doubtful(store: Store) -> None:
    answer(store, claim(store)[0], Certainty.UNSURE)


def dropped(store: Store) -> None:
    doubtful(store)
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        settling.settle_dropped(ledger, store.read.deliveries())


def sent_again(store: Store) -> None:
    doubtful(store)
    with store.ledger(now=AFTER, actor="jdoe") as ledger:
        settling.settle_again(ledger, store.read.deliveries())


def doubtful_then_surely_not(store: Store) -> None:
    """A second try's "not now" says nothing of the first."""
    doubtful(store)
    answer(store, claim(store, AFTER + SECOND)[0], Certainty.NOT_SENT)


def dead(store: Store) -> None:
    lapsed(store, claim(store)[0])
