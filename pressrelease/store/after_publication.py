"""What follows publication, as the journal says: outcomes, removals, promises kept. No table has to agree with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pressrelease.store.rows import Row, from_micros, to_micros

if TYPE_CHECKING:
    from pressrelease.store.queries import Reader


def outcomes_owed(read: Reader, until: datetime) -> list[tuple[str, datetime]]:
    """Return, with when it first went out, each release that is out since `until` or before, owes how its case
    ended, and has no outcome yet; none that was killed.

    The journal says both: no table has to agree with it.
    """
    query = """
        SELECT r.slug, (SELECT min(d.delivered_at) FROM deliveries d WHERE d.slug = r.slug) AS out_at
        FROM releases r WHERE r.word <> 'killed' AND (r.lift IS NULL OR r.lift <= :until)
        AND EXISTS (SELECT 1 FROM journal s WHERE s.slug = r.slug AND s.version = r.version
            AND substr(s.event, 1, 9) <> 'delivery.' AND s.event IN ('release.scheduled', 'release.corrected')
            AND s.detail LIKE :owed)
        AND NOT EXISTS (SELECT 1 FROM journal t WHERE t.slug = r.slug
            AND substr(t.event, 1, 9) <> 'delivery.' AND t.event = 'release.outcome')
    """
    rows = read.rows(query, {"until": to_micros(until), "owed": '%"outcome_owed":true%'})
    found = [(str(row["slug"]), from_micros(row["out_at"])) for row in rows if row["out_at"] is not None]
    return [(slug, out_at) for slug, out_at in found if out_at <= until]


def outcome(read: Reader, slug: str) -> str:
    """Return the last outcome on record of a release's case, "" for none."""
    query = "SELECT detail FROM journal WHERE slug = :slug AND event = 'release.outcome' ORDER BY n DESC LIMIT 1"
    found = read.rows(query, {"slug": slug})
    return str(json.loads(found[0]["detail"]).get("outcome", "")) if found else ""


def outcomes_unanswered(read: Reader) -> list[tuple[str, str, datetime]]:
    """Return the slug, the last outcome and its time of each release that was not killed, corrected or taken down
    since that outcome was recorded.
    """
    query = """
        SELECT t.slug, t.detail, t.at FROM journal t JOIN releases r ON r.slug = t.slug
        WHERE t.event = 'release.outcome' AND substr(t.event, 1, 9) <> 'delivery.' AND r.word <> 'killed'
        AND NOT EXISTS (SELECT 1 FROM journal u WHERE u.slug = t.slug AND substr(u.event, 1, 9) <> 'delivery.'
            AND u.n > t.n AND u.event IN ('release.outcome', 'release.corrected', 'release.removed'))
        ORDER BY t.n
    """
    return [
        (str(row["slug"]), str(json.loads(row["detail"]).get("outcome", "")), from_micros(row["at"]))
        for row in read.rows(query)
    ]


def removals(read: Reader, slugs: Sequence[str] | None = None) -> Sequence[Row]:
    """Return, of each release or of those named that must come down or has an attachment that must: its slug, the
    line that says so, when it first went out, and the frozen bytes of its current version; none that was killed.
    """
    query = """
        SELECT r.slug, s.detail, v.canonical,
            (SELECT min(d.delivered_at) FROM deliveries d WHERE d.slug = r.slug) AS out_at
        FROM releases r JOIN versions v ON v.slug = r.slug AND v.version = r.version
        JOIN journal s ON s.slug = r.slug AND s.version = r.version AND substr(s.event, 1, 9) <> 'delivery.'
            AND s.event IN ('release.scheduled', 'release.corrected') AND s.detail LIKE :planned
        WHERE r.word <> 'killed' AND NOT EXISTS (SELECT 1 FROM journal t WHERE t.slug = r.slug
            AND t.version = r.version AND substr(t.event, 1, 9) <> 'delivery.' AND t.n > s.n
            AND t.event IN ('release.scheduled', 'release.corrected'))
    """
    rows = read.rows(query, {"planned": '%"removals":[%'})
    return rows if slugs is None else [row for row in rows if row["slug"] in slugs]


def removed(read: Reader, slug: str) -> Sequence[Row]:
    """Return the detail of each line that says that something of a release is down."""
    return read.rows(
        "SELECT detail FROM journal WHERE slug = :slug AND event = 'release.removed' ORDER BY n", {"slug": slug}
    )


def places(read: Reader, slug: str) -> Sequence[Row]:
    """Return the outlets that a release was delivered to, each with how many recipients got it."""
    return read.rows(
        "SELECT outlet, count(DISTINCT recipient) AS number FROM deliveries WHERE slug = :slug"
        " AND state = 'delivered' GROUP BY outlet ORDER BY outlet",
        {"slug": slug},
    )


def promises_kept(read: Reader, slug: str) -> frozenset[str]:
    """Return the keys of the promises of a release that a person settled as kept.

    The journal says so: no table has to agree with it.
    """
    query = (
        "SELECT detail FROM journal WHERE slug = :slug AND event = 'release.promise_kept'"
        " AND substr(event, 1, 9) <> 'delivery.'"
    )
    return frozenset(str(json.loads(row["detail"]).get("promise", "")) for row in read.rows(query, {"slug": slug}))
