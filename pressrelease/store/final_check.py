"""The check of a claimed delivery just before its first byte: may it still leave, by the store at this moment?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.dossier import Directive
from pressrelease.store.agreement import Agreement
from pressrelease.store.batched_query import BatchedQuery
from pressrelease.store.connection import Ask, in_parts
from pressrelease.store.rows import Row, believed, from_micros, text_of, to_micros
from pressrelease.system.stop_file import stops_in_force

if TYPE_CHECKING:
    from pressrelease.config import ClearanceRule


#: The older deliveries of the same release to the recipients of those asked about, each with that one's number.
OLDER = (
    "SELECT d.id AS of_id, o.* FROM deliveries d JOIN deliveries o"
    " ON o.slug = d.slug AND o.outlet = d.outlet AND o.recipient = d.recipient AND o.action <> 'withdraw'"
    " AND (d.action = 'withdraw' OR o.n < d.n) WHERE d.id IN ({}) ORDER BY o.n, o.id"
)


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
        if delivery.withdraws:
            return _why_not_withdrawn(row, delivery) or None
        if row["stopped"] is None or row["stopped"] or row["stop_file"]:
            return "everything is stopped"
        if row["hold_file"]:
            return "it was put on hold in the meantime"
        if row["word"] != "scheduled":
            happened = {"held": "put on hold", None: "taken away"}.get(row["word"], row["word"])
            return f"it was {happened} in the meantime"
        if (row["version"], row["n"]) != (delivery.version, delivery.n):
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
        return _why_not_mine(row, delivery) or _why_not_as_it_is(row) or None

    def _what_is_in_the_way(self, numbers: Sequence[int]) -> dict[int, Row]:
        found, differ = self._agreement.of_deliveries(self._rows, numbers)
        stopped, held = stops_in_force(self._workspace, {row["slug"] for row in found})
        older = older_deliveries(self._rows, [row["id"] for row in found if row["of_n"] > 1 or _withdraws(row)])
        return {
            row["id"]: {
                **row,
                "stop_file": stopped,
                "hold_file": row["slug"] in held,
                "differs": differ.get(row["id"], ""),
                "older": older.get(row["id"], ()),
            }
            for row in found
        }


def older_deliveries(rows: Ask, numbers: Sequence[int]) -> dict[int, list[Row]]:
    """Return the rows of `OLDER` by the number of the delivery that each is older than."""
    found: dict[int, list[Row]] = {}
    for row in in_parts(rows, OLDER, numbers):
        found.setdefault(row["of_id"], []).append(row)
    return found


def _withdraws(row: Row) -> bool:
    return bool(row["action"] == Action.WITHDRAW.value)


def _why_not_withdrawn(row: Row, delivery: Delivery) -> str:
    """Return why a withdrawal may not leave, in words; "" if it may. No lift, approval, stop or hold keeps it."""
    if row["word"] != Directive.KILLED.value:
        return "its release is not withdrawn"
    if row["closed"]:
        return "its outlet has rejected the login in the meantime"
    if row["differs"]:
        return f"the database and the journal disagree: {row['differs']}"
    return _why_not_mine(row, delivery) or _why_not_as_it_is(row)


def _why_not_mine(row: Row, delivery: Delivery) -> str:
    mine = ("sending", delivery.owner, delivery.claims)
    return "" if (row["state"], row["owner"], row["claims"]) == mine else "another process took over"


def _why_not_as_it_is(row: Row) -> str:
    """Return why a delivery may not leave as what it was claimed as, in words; "" if it may."""
    anyone = any(one["state"] == DeliveryState.DELIVERED.value or one["unanswered"] > 0 for one in row["older"])
    if _withdraws(row):
        return "" if anyone else "nobody there has anything to withdraw any more"
    if row["of_n"] == 1 or row["unanswered"] > 1:  # a repeat of what is in doubt says the same again
        return ""
    meant = Action.CORRECT.value if anyone else Action.PUBLISH.value
    return "" if row["action"] == meant else "what its recipient has changed in the meantime"


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
