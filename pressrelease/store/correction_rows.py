"""A correction, and how its row is read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from pressrelease.status.dossier import Scheduled
from pressrelease.store.rows import Row, believed, from_micros, maybe_time, scheduled_of, text_of


class Correction(NamedTuple):
    """The correction with the number `n`: its public note, and the release from before it. Times are UTC.

    `ended_at` is when it was taken back, None if it was not.
    """

    slug: str
    n: int
    version: str
    note: str
    why: str
    by: str
    at: datetime
    before: Scheduled
    ended_at: datetime | None = None


@believed
def correction_of(row: Row) -> Correction:
    """Return a row of `corrections` as a Correction."""
    return Correction(
        slug=text_of(row["slug"]),
        n=int(row["n"]),
        version=text_of(row["version"]),
        note=text_of(row["note"]),
        why=text_of(row["why"]),
        by=text_of(row["by"]),
        at=from_micros(row["at"]),
        before=scheduled_of(json.loads(row["before"])),
        ended_at=maybe_time(row["ended_at"]),
    )
