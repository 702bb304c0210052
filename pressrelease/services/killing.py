"""Withdraw a release: nothing of it leaves any more, and everyone who has it gets a withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.errors import NotFound, PressReleaseError
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.services import ServiceContext
from pressrelease.status.dossier import Directive, Dossier

if TYPE_CHECKING:
    from pressrelease.outlets import Outlet
    from pressrelease.store.kills import Killed


class Reach(NamedTuple):
    """How far a release has come at one outlet: how many have it, may have it, or are being sent it at this moment.

    `people` says that the outlet sends to each address of a list.
    """

    outlet: str
    has: int = 0
    may_have: int = 0
    under_way: int = 0
    people: bool = False

    @property
    def anybody(self) -> bool:
        """Whether anybody there has it or may have it."""
        return bool(self.has or self.may_have or self.under_way)

    @property
    def words(self) -> str:
        """Say it in words."""
        parts = [(self.has, "have it"), (self.may_have, "may have it"), (self.under_way, "being sent now")]
        if self.people:
            return f"{self.outlet}: " + ", ".join(f"{count:,} {words}" for count, words in parts if count)
        return self.outlet if self.has else f"{self.outlet} ({'being sent now' if self.under_way else 'perhaps'})"


def reach_of(dossier: Dossier) -> tuple[Reach, ...]:
    """Return the outlets where anybody has a release or may have it, whatever the version."""
    found: dict[tuple[str, str], str] = {}
    for one in (*dossier.earlier, *dossier.deliveries):
        if (level := _level(one)) and not one.withdraws:
            place = (one.outlet, one.recipient)
            found[place] = max(level, found.get(place, ""), key=_LEVELS.index)
    reached = []
    for outlet in dict.fromkeys(name for name, _ in found):
        counts = [level for (name, _), level in found.items() if name == outlet]
        people = any(recipient for name, recipient in found if name == outlet)
        has, may_have, under_way = (counts.count(level) for level in ("has", "may_have", "under_way"))
        reached.append(Reach(outlet, has, may_have, under_way, people))
    return tuple(reached)


_LEVELS = ("", "may_have", "under_way", "has")


def _level(delivery: Delivery) -> str:
    if delivery.state is DeliveryState.DELIVERED:
        return "has"
    if delivery.state is DeliveryState.SENDING:
        return "under_way"
    return "may_have" if delivery.unanswered else ""


def may_be_killed(context: ServiceContext, slug: str) -> bool:
    """Return whether a release was not called off for good before. Raises NotFound for a draft or an unknown one."""
    release = context.store.read.release(slug) if context.store.exists else None
    if release is None:
        context.library.read(slug)  # raises NotFound if there is no such release
        raise NotFound(
            f"{slug} is a draft and has not gone out. Nothing was changed.",
            hint="It can't go out until somebody schedules it.",
            code="not_scheduled",
        )
    return release.word not in {Directive.KILLED, Directive.DISMISSED}


def reached(context: ServiceContext, slug: str) -> tuple[Reach, ...]:
    """Return who has a scheduled release or may have it."""
    return reach_of(context.store.read.dossiers(context.store.read.releases([slug]))[0])


def kill(context: ServiceContext, slug: str, *, why: str, note: str = "") -> Killed:
    """Withdraw a release for good. Raises NotFound for a draft."""
    from pressrelease.store import kills

    with context.ledger() as ledger:
        return kills.kill(ledger, slug, by=context.actor, why=why, note=note)


def stays_with(context: ServiceContext, outlets: Sequence[str]) -> tuple[str, ...]:
    """Return those outlets from which this program can't remove what arrived: there a message asks people to."""
    return tuple(name for name in outlets if not _takes_back(context, name))


def _takes_back(context: ServiceContext, name: str) -> bool:
    config = context.config.outlets.get(name)
    if config is None:
        return False
    from pressrelease.outlets import open_outlet

    try:
        outlet: Outlet = open_outlet(config, context.config.office, context.workspace.folder, context.workspace.secret)
    except PressReleaseError:
        return False
    able = outlet.abilities
    outlet.close()
    return able.withdraw


def as_json(slug: str, found: Killed, reach: Sequence[Reach], stays: Sequence[str]) -> dict[str, Any]:
    """Return what a kill found and did, as JSON."""
    return {
        "slug": slug,
        "already": found.already,
        "reached": [
            {"outlet": one.outlet, "has": one.has, "may_have": one.may_have, "being_sent": one.under_way}
            for one in reach
        ],
        "withdrawals": found.withdrawals,
        "cant_be_taken_back": list(stays),
    }
