"""Read the rows of clearances, without what writes them: `status` and the last look before a send need no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from pressrelease.config import ClearanceRule
from pressrelease.status.clearances import Clearance, ClearanceState, open_at, under
from pressrelease.store.rows import Row, believed, maybe_time, text_of


@believed
def clearance_of(row: Row) -> Clearance:
    """Return a row of `clearances` as a Clearance."""
    return Clearance(
        name=text_of(row["name"]),
        recorded=ClearanceState(row["state"]),
        by=text_of(row["by"] or ""),
        at=maybe_time(row["at"]),
        until=maybe_time(row["until"]),
        why=text_of(row["why"] or ""),
        signature=text_of(row["signature"] or ""),
    )


def why_uncleared(rows: Sequence[Row], rules: Mapping[str, ClearanceRule], now: datetime) -> str:
    """Return which clearance in `rows` is not given at `now` by `rules`, in words; "" if all are."""
    left = open_at([under(clearance_of(row), rules) for row in rows], now)
    return f"its clearance {left[0].name} is {left[0].state(now).value}" if left else ""
