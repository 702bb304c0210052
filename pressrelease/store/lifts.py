"""Write when a release goes out: another lift, a later one, or later than its lift."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import null, select, update

from pressrelease.errors import NotPermitted
from pressrelease.release.delivery import Action, DeliveryState
from pressrelease.status.dossier import Scheduled
from pressrelease.store.ledger import Ledger
from pressrelease.store.rows import (
    format_utc,
    local_text,
    maybe_micros,
    maybe_time,
    to_micros,
)
from pressrelease.store.tables import deliveries, releases
from pressrelease.when import say_full


def move_lift(
    ledger: Ledger, release: Scheduled, lift: datetime | None, why: str = "", *, wall: str = "", zones: str = ""
) -> None:
    """Give a release another lift, and with it all its waiting deliveries.

    `wall` is the lift as local wall time, "" for an instant; `zones` is the release of the zone database that it was
    computed with.
    """
    micros = maybe_micros(lift)
    # The caller may use changed zone rules that the record has not followed yet; the journal is about the record.
    (on_record,) = ledger.rows(select(releases.c.lift).where(releases.c.slug == release.slug))
    ledger.connection.execute(
        update(releases)
        .where(releases.c.slug == release.slug)
        .values(lift=micros, late_accepted_at=null(), changed_at=ledger.micros, wall=wall or None, zones=zones or None)
    )
    wait_until(ledger, release, lift)
    ledger.note(
        "release.lift_moved",
        release.slug,
        release.version,
        before=maybe_utc(maybe_time(on_record["lift"])),
        lift=maybe_utc(lift),
        local=local_text(lift, release.embargo.timezone),
        **wall_detail(wall, zones),
        why=why,
    )


def wait_until(ledger: Ledger, release: Scheduled, lift: datetime | None) -> None:
    """Make all waiting deliveries of a release go out at its lift."""
    micros = maybe_micros(lift)
    ledger.connection.execute(
        update(deliveries)
        .where(
            deliveries.c.slug == release.slug,
            deliveries.c.version == release.version,
            deliveries.c.n == release.n,
            deliveries.c.action != Action.WITHDRAW.value,
            deliveries.c.state == DeliveryState.WAITING.value,
        )
        .values(lift=micros, next_try=micros)
    )


def postpone(ledger: Ledger, release: Scheduled, moment: datetime, *, wall: str = "", zones: str = "") -> None:
    """Do what `move_lift` does, but refuse to bring forward what was approved for later."""
    if release.lift is not None and to_micros(moment) < to_micros(release.lift):
        zone = release.embargo.timezone
        raise NotPermitted(
            f"{release.slug} was approved for {say_full(release.lift, timezone=zone)}."
            f" {say_full(moment, timezone=zone)} is earlier. Nothing was changed.",
            hint=f"For an earlier time, schedule it again and have it approved: `pressrelease schedule {release.slug}"
            f" --at …`. If it must go out now: `pressrelease publish {release.slug} --early --why …`.",
            code="earlier_than_approved",
        )
    move_lift(ledger, release, moment, wall=wall, zones=zones)


def accept_late(ledger: Ledger, release: Scheduled) -> None:
    """Record that a release may go out although its lift is past; good for `max_late` from now.

    Changes and notes nothing if the lift is still ahead: it is not late.
    """
    if release.lift is None or release.lift > ledger.now:
        return
    ledger.connection.execute(
        update(releases).where(releases.c.slug == release.slug).values(late_accepted_at=ledger.micros)
    )
    ledger.note("release.late_accepted", release.slug, release.version, lift=maybe_utc(release.lift))


def wall_detail(wall: str, zones: str) -> dict[str, str]:
    """Return what the journal notes about a lift's wall time; nothing for an instant."""
    return {"wall": wall, "zones": zones or "unknown"} if wall else {}


def maybe_utc(moment: datetime | None) -> str | None:
    return None if moment is None else format_utc(moment)
