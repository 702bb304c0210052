"""Decide what is due now, what waits and why, and when to look again. Pure: the whole decision of one pass."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import CLAIMABLE, Delivery
from pressrelease.status.causes import WITHDRAWAL_STUCK, Cause
from pressrelease.status.dossier import Dossier
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, evaluate, too_late

#: How long before its lift a delivery is listed as coming, so that everything can be ready for it.
AHEAD = timedelta(seconds=30)


class Waiting(NamedTuple):
    """A release that waits for a person, whether it is due yet or not; `reason` is in words.

    `outlets` are those that the cause is about; many releases may wait for the same outlet that refuses our
    credentials. `lifted` is whether its lift has come: until then its name is not for everybody's eyes.
    """

    slug: str
    reason: str
    cause: Cause
    outlets: tuple[str, ...] = ()
    version: str = ""
    lifted: bool = True

    @property
    def waits_for_outlets(self) -> bool:
        """Whether fixing the outlets' credentials lets this release go on, with every other that waits for them."""
        return self.cause in {Cause.OUTLET_CLOSED, Cause.WITHDRAWAL_OUTLET_CLOSED}


class Plan(NamedTuple):
    """The decision of one pass. `due` is in the order of lift; `next_wake` is UTC, None if nothing is ahead.

    `retrying` are the slugs of releases that will be tried again automatically. `coming` are deliveries whose lift is
    near: they may be made ready, and nothing more.
    """

    due: tuple[Delivery, ...]
    needs_you: tuple[Waiting, ...]
    statuses: tuple[tuple[str, ReleaseStatus], ...]
    next_wake: datetime | None
    retrying: tuple[str, ...] = ()
    coming: tuple[Delivery, ...] = ()


def make_plan(
    dossiers: Iterable[Dossier],
    *,
    policy: Policy,
    retry: Retry,
    known_outlets: Collection[str],
    now: datetime,
    clock_doubt: str | None = None,
    closed: Mapping[str, str] = MappingProxyType({}),
) -> Plan:
    """Decide for every scheduled release at once.

    `now` is aware UTC; `closed` are the outlets that refuse our credentials.
    """
    due: list[Delivery] = []
    needs_you: list[Waiting] = []
    statuses: list[tuple[str, ReleaseStatus]] = []
    wakes: list[datetime] = []
    coming: list[Delivery] = []
    retrying: list[str] = []
    for dossier in dossiers:
        release = dossier.release
        status = evaluate(
            dossier,
            policy=policy,
            retry=retry,
            known_outlets=known_outlets,
            now=now,
            clock_doubt=clock_doubt,
            closed=closed,
        )
        statuses.append((release.slug, status))
        lifted = release.lift is not None and release.lift <= now
        waits = lifted and status.state in _WAITS_FOR_A_PERSON
        if status.state is ReleaseState.NEEDS_YOU or status.cause in WITHDRAWAL_STUCK or waits:
            assert status.cause is not None  # noqa: S101  (every waiting release has one, as test_evaluation shows)
            needs_you.append(
                Waiting(release.slug, status.reason, status.cause, status.outlets, release.version, lifted)
            )
        quiet = dossier.quiet_moments() if dossier.earlier else {}
        for delivery in dossier.deliveries:
            if status.blocked and not delivery.withdraws:
                continue
            if delivery.state not in CLAIMABLE or delivery.next_try is None or delivery.outlet not in known_outlets:
                continue
            if delivery.outlet in closed:
                continue
            moment: datetime | None = delivery.next_try
            if not delivery.withdraws:
                moment = max(delivery.next_try, release.lift) if release.lift else None
            if moment is None or too_late(delivery, release, policy=policy, retry=retry, now=now):
                continue
            moment = max(moment, quiet.get((delivery.outlet, delivery.recipient), moment))
            if delivery.attempts and delivery.slug not in retrying:
                retrying.append(delivery.slug)
            if moment <= now:
                due.append(delivery)
            else:
                wakes.append(moment)
                if moment - now <= AHEAD and not delivery.withdraws:
                    coming.append(delivery)
    for deliveries in (due, coming):
        deliveries.sort(key=lambda delivery: (delivery.next_try, delivery.id))
    wake = min(wakes, default=None)
    return Plan(tuple(due), tuple(needs_you), tuple(statuses), wake, tuple(retrying), tuple(coming))


_WAITS_FOR_A_PERSON = frozenset({ReleaseState.HELD, ReleaseState.UNAPPROVED})
