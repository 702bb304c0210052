"""Find what should be down by now and is not: for the first screen and for the list of the day. Reads only."""

from __future__ import annotations

import json
from datetime import datetime

from pressrelease.status.removals import DueRemoval, removals_in, still_there
from pressrelease.store import Reader, after_publication
from pressrelease.store.rows import from_micros


def due_removals(read: Reader, now: datetime) -> list[DueRemoval]:
    """Return what was to come down by `now` (UTC) and is not recorded as removed.

    An attachment that a correction has left out counts as removed: what was published was changed.
    """
    found = []
    for row in after_publication.removals(read):
        if row["out_at"] is None:
            continue
        out_at = from_micros(row["out_at"])
        done = {str(json.loads(one["detail"]).get("what", "")) for one in after_publication.removed(read, row["slug"])}
        for removal in removals_in(row["detail"]):
            if removal.what in done or "" in done or removal.due(out_at) > now:
                continue
            if still_there(removal, json.loads(bytes(row["canonical"]))["attachments"]):
                found.append(DueRemoval(row["slug"], removal.what, removal.due(out_at), _places(read, row["slug"])))
    return found


def _places(read: Reader, slug: str) -> tuple[str, ...]:
    return tuple(
        f"{row['outlet']} ({row['number']} recipients)" if row["number"] > 1 else str(row["outlet"])
        for row in after_publication.places(read, slug)
    )
