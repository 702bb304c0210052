"""The check of a claimed delivery just before its first byte: may it still leave, by the store at this moment?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressrelease.release.delivery import Delivery
from pressrelease.store.agreement import Agreement
from pressrelease.store.batched_query import BatchedQuery
from pressrelease.store.rows import Row, believed, from_micros, text_of, to_micros
from pressrelease.system.stop_file import stops_in_force

if TYPE_CHECKING:
    from pressrelease.config import ClearanceRule


class FinalCheck:
    """The check for every sender of one process: those that ask at the same moment share one query."""

    def __init__(
        self, rows: Callable[[str, Mapping[str, Any]], Sequence[Row]], agreement: Agreement, workspace: Path | None
    ) -> None:
        """`rows` runs a query; `workspace` is the folder where STOP and HOLD files may be, None if there is none."""
        self._rows = rows
        self._agreement = agreement
        self._workspace = workspace
        self._in_the_way: BatchedQuery[Row] = BatchedQuery(self._what_is_in_the_way)

    def why_not(
        self, delivery: Delivery, *, source_hash: str | None, now: datetime, rules: Mapping[str, ClearanceRule]
    ) -> str | None:
        """Return why a claimed delivery may not leave after all, by the store at this moment; None if it may.

        `source_hash` is of the release's file as it is now, None if it is gone; `rules` are the clearances of
        config.toml.
        """
        row = self._in_the_way.ask(delivery.id)
        if row is None:
            return "its row is gone"
        if row["stopped"] is None or row["stopped"] or row["stop_file"]:
            return "everything is stopped"
        if row["hold_file"]:
            return "it was put on hold in the meantime"
        if row["word"] != "scheduled":
            happened = {"held": "put on hold", None: "taken away"}.get(row["word"], row["word"])
            return f"it was {happened} in the meantime"
        if row["version"] != delivery.version:
            return "a newer version replaced it"
        if row["closed"]:
            return "its outlet has rejected the login in the meantime"
        if row["event_group"] and row["lifted"] != f"{row['slug']} {row['version']}":
            return "nobody says that its event has happened"
        if row["lift"] is None or row["lift"] > to_micros(now):
            return "its release time has not come"
        if row["wall"] and (why_not := _not_yet(row, now)):
            return why_not
        if row["source_hash"] != source_hash:
            return "its file was changed after it was scheduled"
        if row["differs"]:
            return f"the database and the journal disagree: {row['differs']}"
        if row["clearances"] and (why_not := _uncleared(row, rules, now)):
            return why_not
        if (row["state"], row["owner"], row["attempts"]) != ("sending", delivery.owner, delivery.attempts):
            return "another process took over"
        return None

    def _what_is_in_the_way(self, numbers: Sequence[int]) -> dict[int, Row]:
        found, differ = self._agreement.of_deliveries(self._rows, numbers)
        stopped, held = stops_in_force(self._workspace, {row["slug"] for row in found})
        return {
            row["id"]: {
                **row,
                "stop_file": stopped,
                "hold_file": row["slug"] in held,
                "differs": differ.get(row["id"], ""),
            }
            for row in found
        }


@believed
def _clocks_of(row: Row) -> tuple[datetime, str, str]:
    """Return a lift, its wall time, and the release of the zone database that it was computed with."""
    return from_micros(row["lift"]), text_of(row["wall"] or ""), text_of(row["zones"] or "")


def _not_yet(row: Row, now: datetime) -> str:
    """Return why this machine's zone rules say that a recorded lift has not come yet; "" if it has."""
    from pressrelease.when.wall_time import not_yet  # only if a lift has a wall time

    return not_yet(*_clocks_of(row), now=now)


def _uncleared(row: Row, rules: Mapping[str, ClearanceRule], now: datetime) -> str:
    """Return which clearance of a delivery's version is not given; "" if all are."""
    from pressrelease.store.clearance_rows import why_uncleared  # only if a release needs one

    return why_uncleared(row["clearances"], rules, now)
