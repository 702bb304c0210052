"""How far each recipient of [notify] has been notified: up to which journal line, and about which conditions.

    claim_cursor    one claim a recipient, in a transaction, before anything is sent: no notification is sent twice
    mark_notified   records what was sent; the next notification may follow after a pause
    postpone        sending failed: the same again, with what has happened since, after a longer pause
    a process that dies has only claimed: its claim expires like a pause, and another process sends the same

A claim, a pause and a failure share one column, `not_before`; `tries` tells them apart: 0 after a success.
Nothing here writes a journal line or a newest time: a doubtful clock is itself something to notify about.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pressrelease.store.journal import LINE_COLUMNS, Line
from pressrelease.store.rows import from_micros, to_micros

if TYPE_CHECKING:
    from pressrelease.store.ledger import Ledger
    from pressrelease.store.queries import Reader

#: The layout that introduced the table.
SINCE = 4

_LONG_AGO = from_micros(0)

#: No pause is longer. A `not_before` further ahead was written under another clock, and is ignored.
LONGEST_PAUSE = timedelta(hours=1)

#: A new recipient is notified of what happened this long ago and later.
FIRST_LOOKBACK = timedelta(hours=1)


@dataclass(frozen=True)
class NotificationCursor:
    """How far one recipient of an outlet has been notified; `recipient` is "" if the outlet is one place.

    `line` is the last journal line that was sent or skipped, `conditions` the keys of conditions that were sent and
    still held then. `tries` counts tries since the last success. `not_before` is UTC.
    """

    outlet: str
    recipient: str
    line: int = 0
    conditions: frozenset[str] = frozenset()
    tries: int = 0
    not_before: datetime = _LONG_AGO

    def may_be_notified(self, now: datetime, *, urgent: bool = False) -> bool:
        """Return whether a notification may start. An urgent one waits only after a failure or for a claim."""
        waits = now < self.not_before <= now + LONGEST_PAUSE
        return not waits or (urgent and not self.tries)


def read_cursors(read: Reader, outlet: str) -> dict[str, NotificationCursor]:
    """Return the cursor of each recipient of an outlet that was ever notified, by recipient."""
    return {
        row["recipient"]: NotificationCursor(
            outlet=outlet,
            recipient=row["recipient"],
            line=int(row["line"]),
            conditions=frozenset(json.loads(row["conditions"])),
            tries=int(row["tries"]),
            not_before=from_micros(row["not_before"]),
        )
        for row in read.rows("SELECT * FROM told WHERE outlet = :outlet", {"outlet": outlet})
    }


def lines_of(read: Reader, events: Collection[str], *, after: int, upto: int, most: int) -> Iterator[Line]:
    """Return the journal's lines of certain events, after one line and up to another, in order; at most `most`."""
    marks = {f"e{number}": event for number, event in enumerate(sorted(events))}
    named = ", ".join(f":{mark}" for mark in marks)
    query = f"SELECT {LINE_COLUMNS} FROM journal WHERE n > :after AND n <= :upto AND event IN ({named})"
    query += " ORDER BY n LIMIT :most"
    for row in read.rows(query, {**marks, "after": after, "upto": upto, "most": most}):
        yield Line(**row)


def slugs_out(read: Reader, slugs: Collection[str]) -> set[str]:
    """Return those of `slugs` with a version that has arrived anywhere: these may be named."""
    found: set[str] = set()
    for slug in slugs:
        query = "SELECT 1 AS one FROM deliveries WHERE slug = :slug AND state = 'delivered' LIMIT 1"
        if read.rows(query, {"slug": slug}):
            found.add(slug)
    return found


def early_words(read: Reader, slug: str, version: str) -> Line | None:
    """Return the last line in which a person published this version before its embargo; None if nobody did."""
    query = (
        f"SELECT {LINE_COLUMNS} FROM journal WHERE slug = :slug AND version = :version AND event = 'release.early'"
        " ORDER BY n DESC LIMIT 1"
    )
    rows = read.rows(query, {"slug": slug, "version": version})
    return Line(**rows[0]) if rows else None


def coming_lifts(read: Reader, after: datetime, upto: datetime) -> list[tuple[str, str, datetime, datetime]]:
    """Return slug, version, lift and the time of the last directive of each open release that lifts then (UTC)."""
    query = (
        "SELECT slug, version, lift, word_at FROM releases"
        " WHERE open AND word <> 'killed' AND lift > :after AND lift <= :upto ORDER BY lift, slug"
    )
    return [
        (row["slug"], row["version"], from_micros(row["lift"]), from_micros(row["word_at"]))
        for row in read.rows(query, {"after": to_micros(after), "upto": to_micros(upto)})
    ]


def without_lift(read: Reader) -> list[str]:
    """Return the slugs of open releases that have no lift yet: they wait for an approval, or for an event."""
    rows = read.rows("SELECT slug FROM releases WHERE open AND word <> 'killed' AND lift IS NULL ORDER BY slug")
    return [str(row["slug"]) for row in rows]


def first_line_for(read: Reader, now: datetime) -> int:
    """Return the line after which a new recipient starts."""
    query = "SELECT max(n) AS n FROM journal WHERE at < :since"
    return int(read.rows(query, {"since": to_micros(now - FIRST_LOOKBACK)})[0]["n"] or 0)


def add_reader(ledger: Ledger, outlet: str, recipient: str, line: int) -> None:
    """Add a recipient starting at a line, unless they are known."""
    from pressrelease.store.tables import told

    ledger.add_if_new(told, outlet=outlet, recipient=recipient, line=line, conditions="[]", tries=0, not_before=0)


def drop_reader(ledger: Ledger, outlet: str, recipient: str) -> None:
    """Forget a recipient who is no longer on the list."""
    from sqlalchemy import delete

    from pressrelease.store.tables import told

    ledger.connection.execute(delete(told).where(told.c.outlet == outlet, told.c.recipient == recipient))


def claim_cursor(ledger: Ledger, reader: NotificationCursor, *, until: datetime) -> bool:
    """Claim a recipient's notification until then (UTC). Return False if another process was first."""
    return _change(ledger, reader, tries=reader.tries + 1, not_before=until, unclaimed=True)


def mark_notified(
    ledger: Ledger, reader: NotificationCursor, *, line: int, conditions: Collection[str], not_before: datetime
) -> None:
    """Record what was sent or skipped: everything up to a line, and these conditions."""
    _change(ledger, reader, tries=0, not_before=not_before, line=line, conditions=conditions)


def postpone(ledger: Ledger, reader: NotificationCursor, *, not_before: datetime) -> None:
    """Record a failed notification; retry at `not_before` (UTC)."""
    _change(ledger, reader, tries=reader.tries + 1, not_before=not_before)


def _change(
    ledger: Ledger,
    reader: NotificationCursor,
    *,
    tries: int,
    not_before: datetime,
    line: int | None = None,
    conditions: Collection[str] | None = None,
    unclaimed: bool = False,
) -> bool:
    from sqlalchemy import update

    from pressrelease.store.tables import told

    # Compare-and-set: never move another process's cursor backwards, or take over its claim.
    unchanged = [told.c.outlet == reader.outlet, told.c.recipient == reader.recipient, told.c.line == reader.line]
    if unclaimed:
        unchanged.append(told.c.not_before == to_micros(reader.not_before))
    values = {
        "line": reader.line if line is None else line,
        "conditions": json.dumps(sorted(reader.conditions if conditions is None else conditions)),
        "tries": tries,
        "not_before": to_micros(not_before),
    }
    return bool(ledger.connection.execute(update(told).where(*unchanged).values(values)).rowcount)
