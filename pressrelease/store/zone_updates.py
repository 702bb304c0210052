"""Update lifts that follow local wall time when a zone's rules change: each move with its journal line.

    the hour comes later than the record has it      the lift moves, whichever machine finds it first
    it comes earlier                                 the lift moves only by rules known to be newer
    it comes when the record says, by newer rules    the record notes their release, and older rules move it no more

So of two machines with different rules each can move a lift back at most once: by a release that is newer than the
record's. Until then the later of the two moments counts, in the plan, in the claim, and at the last check.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.status.dossier import Scheduled
from pressrelease.store.rows import embargo_text, from_micros, local_text, maybe_micros
from pressrelease.when.embargo import EmbargoKind
from pressrelease.when.wall_time import ZoneCheck, not_yet

if TYPE_CHECKING:
    from sqlalchemy import Select

    from pressrelease.store import Store
    from pressrelease.store.ledger import Ledger


class Followed(NamedTuple):
    """A release as recorded, and what this machine's zone rules mean for its lift."""

    release: Scheduled
    ruling: ZoneCheck


def follow_rules(store: Store, found: Sequence[Followed], now: datetime) -> None:
    """Run `follow` in a transaction of its own; `now` is UTC. Raises WillRetry, StateUnreadable."""
    with store.ledger(now=now, actor="scheduler") as ledger:
        follow(ledger, found)


def follow(ledger: Ledger, found: Sequence[Followed]) -> None:
    """Update the record by the rules, unless it was changed in the meantime. Approvals stay: they are for that hour."""
    confirmed = 0
    for release, ruling in found:
        if ruling.follow is None or not _put_down(ledger, release, ruling):
            continue
        if ruling.follow == release.lift:
            confirmed += 1
            continue
        from pressrelease.store.lifts import wait_until

        wait_until(ledger, release, ruling.follow)
        ledger.note(
            "release.zone_rules_changed",
            release.slug,
            release.version,
            before=_utc_text(release),
            lift=ruling.follow.isoformat().replace("+00:00", "Z"),
            local=local_text(ruling.follow, release.embargo.timezone),
            wall=release.wall,
            zones_before=release.zones or "unknown",
            zones=ruling.release or "unknown",
        )
    if confirmed:
        ledger.note("zones.confirmed", releases=confirmed, zones=max(one.ruling.release for one in found))


def _put_down(ledger: Ledger, release: Scheduled, ruling: ZoneCheck) -> bool:
    from sqlalchemy import update

    from pressrelease.store.tables import releases

    before, lift = maybe_micros(release.lift), maybe_micros(ruling.follow)
    values = {"lift": lift, "zones": ruling.release or None}
    if lift != before:
        embargo = release.embargo
        if embargo.kind is EmbargoKind.INSTANT and embargo.lift == release.lift:
            embargo = embargo._replace(not_before=ruling.follow, lift=ruling.follow)
        values |= {"embargo": embargo_text(embargo), "late_accepted_at": None, "changed_at": ledger.micros}
    done = ledger.connection.execute(
        update(releases)
        .where(
            releases.c.slug == release.slug,
            releases.c.version == release.version,
            releases.c.lift == before,
            releases.c.wall == release.wall,
            releases.c.zones.is_not_distinct_from(release.zones or None),
        )
        .values(values)
    )
    return bool(done.rowcount)


def _utc_text(release: Scheduled) -> str | None:
    return None if release.lift is None else release.lift.isoformat().replace("+00:00", "Z")


def due_by_wall_time(ledger: Ledger, ids: Sequence[int]) -> list[int]:
    """Return the ids whose lift has also come under this machine's current zone rules."""
    kept = {
        row["id"]
        for row in ledger.rows(_clocks_of(), {"ids": list(ids)})
        if not_yet(from_micros(row["lift"]), row["wall"], row["zones"] or "", now=ledger.now)
    }
    return [number for number in ids if number not in kept]


@cache
def _clocks_of() -> Select[Any]:
    """Return the query; building it each time would delay the commit of a claim at a lift."""
    from sqlalchemy import bindparam, select

    from pressrelease.store.tables import deliveries, releases

    return (
        select(deliveries.c.id, releases.c.lift, releases.c.wall, releases.c.zones)
        .join(releases, releases.c.slug == deliveries.c.slug)
        .where(
            deliveries.c.id.in_(bindparam("ids", expanding=True)),
            releases.c.wall.is_not(None),
            releases.c.lift.is_not(None),
        )
    )
