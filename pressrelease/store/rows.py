"""Convert rows of the database to the core's values and back. Times are whole microseconds of UTC in the rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pressrelease.errors import NOTHING_SENT, StateUnreadable
from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.dossier import Approval, Directive, Scheduled
from pressrelease.when.embargo import Embargo, EmbargoKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

#: Within a day of the first and the last year some zone has no date for it.
_FIRST, _LAST = -62_135_510_400_000_000, 253_402_214_400_000_000

Row = Mapping[str, Any]


def to_micros(moment: datetime) -> int:
    """Return whole microseconds since 1970; exact, where a float would round. Raises TypeError on a naive time."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC time of whole microseconds since 1970. Raises OverflowError if no zone could show it."""
    if not _FIRST <= micros <= _LAST:
        raise OverflowError
    return _EPOCH + timedelta(microseconds=micros)


def maybe_micros(moment: datetime | None) -> int | None:
    """Return what `to_micros` does, None for None."""
    return None if moment is None else to_micros(moment)


def maybe_time(micros: int | None) -> datetime | None:
    """Return what `from_micros` does, None for None."""
    return None if micros is None else from_micros(micros)


def format_utc(moment: datetime) -> str:
    """Format an instant as the journal has it: RFC 3339, in UTC, with any microseconds."""
    return moment.isoformat().replace("+00:00", "Z")


def local_text(moment: datetime | None, timezone: str) -> str | None:
    """Return a time as wall time in `timezone`, with its offset and zone (RFC 9557); None for None.

    Kept beside the UTC time, because a later release of the zone database may make the two differ.
    """
    if moment is None:
        return None
    return f"{moment.astimezone(ZoneInfo(timezone)).isoformat()}[{timezone}]"


def embargo_text(embargo: Embargo) -> str:
    """Return an embargo as JSON."""
    return json.dumps(
        {
            "text": embargo.text,
            "kind": embargo.kind.value,
            "timezone": embargo.timezone,
            "not_before": maybe_micros(embargo.not_before),
            "no_later_than": maybe_micros(embargo.no_later_than),
            "lift": maybe_micros(embargo.lift),
            "remarks": embargo.remarks,
            "wall": embargo.wall,
        }
    )


def embargo_of_text(text: str) -> Embargo:
    """Return the embargo that `embargo_text` wrote."""
    kept = json.loads(text)
    return Embargo(
        text=text_of(kept["text"]),
        kind=EmbargoKind(kept["kind"]),
        timezone=ZoneInfo(kept["timezone"]).key,
        not_before=maybe_time(kept["not_before"]),
        no_later_than=maybe_time(kept["no_later_than"]),
        lift=maybe_time(kept["lift"]),
        remarks=tuple(text_of(remark) for remark in kept["remarks"]),
        wall=text_of(kept.get("wall", "")),
    )


def text_of(value: Any) -> str:
    """Return a value that must be text. SQLite keeps anything in any column. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError
    return value


def maybe_text(value: Any) -> str | None:
    """Return what `text_of` does, None for None."""
    return None if value is None else text_of(value)


def texts_of(listed: str) -> tuple[str, ...]:
    """Return the texts in a JSON list. Raises TypeError, ValueError."""
    found = json.loads(listed)
    if not isinstance(found, list):
        raise TypeError
    return tuple(text_of(value) for value in found)


def digests_of_text(listed: str | None) -> dict[str, str]:
    """Return the digest of each outlet's recipients, from JSON; empty for None. Raises TypeError, ValueError."""
    if listed is None:
        return {}
    return {text_of(outlet): text_of(digest) for outlet, digest in json.loads(listed).items()}


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


_Read = TypeVar("_Read")


def believed(read: Callable[[Row], _Read]) -> Callable[[Row], _Read]:
    """Make a reader of rows raise StateUnreadable for any damaged row."""

    @wraps(read)
    def reading(row: Row) -> _Read:
        try:
            return read(row)
        except (LookupError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            raise StateUnreadable(
                "The database contains a row that can't be read.",
                outcome=NOTHING_SENT,
                hint="Restore the last backup. To check the whole database: `pressrelease doctor`.",
            ) from None

    return reading


# Queries that a reader and a transaction both run (`connection.in_parts`); a transaction may lock the rows.

#: Releases by slug.
RELEASES = "SELECT * FROM releases WHERE slug IN ({})"

#: The approvals that count, and the deliveries, of versions: each a slug and a version.
APPROVALS = "SELECT * FROM approvals WHERE (slug, version) IN (VALUES {}) AND withdrawn_at IS NULL ORDER BY id"
DELIVERIES = "SELECT * FROM deliveries WHERE (slug, version) IN (VALUES {}) ORDER BY id"

#: Every delivery of releases, of all their versions.
OF_RELEASES = "SELECT * FROM deliveries WHERE slug IN ({}) ORDER BY id"

#: Every delivery.
EVERY_DELIVERY = "SELECT * FROM deliveries ORDER BY id"


@believed
def scheduled_of(row: Row) -> Scheduled:
    """Return a row of `releases` as a Scheduled; an older layout has no wall time."""
    wall = text_of(row.get("wall") or "")
    if wall:
        from pressrelease.when.wall_time import read_wall_times

        read_wall_times(wall)
    return Scheduled(
        slug=text_of(row["slug"]),
        version=text_of(row["version"]),
        headline=text_of(row["headline"]),
        embargo=embargo_of_text(row["embargo"]),
        lift=maybe_time(row["lift"]),
        outlets=texts_of(row["outlets"]),
        author=text_of(row["author"]),
        source_hash=text_of(row["source_hash"]),
        word=Directive(row["word"]),
        word_by=text_of(row["word_by"]),
        word_at=from_micros(row["word_at"]),
        why=text_of(row["why"]),
        late_accepted_at=maybe_time(row["late_accepted_at"]),
        wall=wall,
        zones=text_of(row.get("zones") or ""),
        scheduled_by=text_of(row.get("scheduled_by") or ""),
        event_group=text_of(row.get("event_group") or ""),
        n=_whole(row.get("n", 1)),
        note=text_of(row.get("note") or ""),
    )


def row_of_scheduled(release: Scheduled) -> dict[str, Any]:
    """Return a row for `releases`, without `open` and `changed_at`."""
    return {
        "slug": release.slug,
        "version": release.version,
        "headline": release.headline,
        "embargo": embargo_text(release.embargo),
        "lift": maybe_micros(release.lift),
        "outlets": json.dumps(release.outlets),
        "author": release.author,
        "source_hash": release.source_hash,
        "word": release.word.value,
        "word_by": release.word_by,
        "word_at": to_micros(release.word_at),
        "why": release.why,
        "late_accepted_at": maybe_micros(release.late_accepted_at),
        "wall": release.wall or None,
        "zones": release.zones or None,
        "scheduled_by": release.scheduled_by,
        "event_group": release.event_group or None,
        "n": release.n,
        "note": release.note or None,
    }


@believed
def approval_of(row: Row) -> Approval:
    """Return a row of `approvals` as an Approval; an older layout has no signatures."""
    return Approval(text_of(row["by"]), from_micros(row["at"]), text_of(row.get("signature") or ""))


@believed
def delivery_of(row: Row) -> Delivery:
    """Return a row of `deliveries` as a Delivery; an older layout has one version and one action."""
    return Delivery(
        id=row["id"],
        slug=text_of(row["slug"]),
        version=text_of(row["version"]),
        outlet=text_of(row["outlet"]),
        recipient=text_of(row["recipient"]),
        state=DeliveryState(row["state"]),
        lift=maybe_time(row["lift"]),
        attempts=_whole(row["attempts"]),
        claimed_from=DeliveryState(row["claimed_from"]) if row["claimed_from"] else None,
        owner=maybe_text(row["owner"]),
        lease_until=maybe_time(row["lease_until"]),
        next_try=maybe_time(row["next_try"]),
        first_sent_at=maybe_time(row["first_sent_at"]),
        delivered_at=maybe_time(row["delivered_at"]),
        url=maybe_text(row["url"]),
        remote_id=maybe_text(row["remote_id"]),
        error=maybe_text(row["error"]),
        n=_whole(row.get("n", 1)),
        action=_ACTIONS[row.get("action", "publish")],
        claims=_whole(row.get("claims", row["attempts"])),
        unanswered=_whole(row.get("unanswered", 0)),
        quiet_at=maybe_time(row.get("quiet_at")),
    )


_ACTIONS = {action.value: action for action in Action}


def row_of_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return what may change in a row of `deliveries`."""
    return {
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "claimed_from": delivery.claimed_from.value if delivery.claimed_from else None,
        "owner": delivery.owner,
        "lease_until": maybe_micros(delivery.lease_until),
        "next_try": maybe_micros(delivery.next_try),
        "first_sent_at": maybe_micros(delivery.first_sent_at),
        "delivered_at": maybe_micros(delivery.delivered_at),
        "url": delivery.url,
        "remote_id": delivery.remote_id,
        "error": delivery.error,
        "quiet_at": maybe_micros(delivery.quiet_at),
    }
