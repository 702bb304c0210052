"""Whether the rows say what the journal says: each delivery that was ever begun, told of and still there.

The journal's chain proves that its lines are as they were written; this proves that nothing was lost, doubled or
turned around beside it. Pure: it is given the lines and the rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from pressrelease.delivery import Delivery, DeliveryState
from pressrelease.store.journal import Line

#: A delivery's place in the record: slug, version, outlet, recipient.
Place = tuple[str, str, str, str]

_S = DeliveryState

#: What a row may say after a line, until the next line of the same delivery. Lines not named here change no row.
_MAY_FOLLOW = {
    "delivery.claimed": {_S.SENDING},
    "delivery.given_back": {_S.WAITING, _S.RETRYING, _S.IN_DOUBT},
    "delivery.delivered": {_S.DELIVERED},
    "delivery.failed": {_S.FAILED},
    "delivery.retrying": {_S.RETRYING},
    "delivery.in_doubt": {_S.IN_DOUBT},
    "delivery.retried": {_S.RETRYING},
    "delivery.settled sent": {_S.DELIVERED},
    "delivery.settled resend": {_S.RETRYING},
    "delivery.settled drop": {_S.CANCELED},
    "delivery.unsettled": {_S.IN_DOUBT, _S.FAILED},
}

#: What nothing was ever told of may only wait, or have been called off with its release.
_NEVER_BEGUN = {_S.WAITING, _S.CANCELED}

#: A person's word on a release calls off what had not arrived, without a line for each.
_NEVER_CALLED_OFF = {"delivery.claimed", "delivery.delivered", "delivery.settled sent"}


class Account:
    """Gathers what the journal tells of deliveries, line by line, and compares it with the rows."""

    def __init__(self) -> None:
        self._last: dict[Place, str] = {}
        self._scheduled: dict[tuple[str, str], int] = {}

    def hear(self, line: Line) -> None:
        """Take in one line; lines come in their order."""
        detail = _detail(line)
        if line.event == "release.scheduled" and isinstance(detail.get("deliveries"), int):
            self._scheduled[line.slug, line.version] = detail["deliveries"]
        if not line.event.startswith("delivery."):
            return
        told = f"{line.event} {detail.get('settled')}" if line.event == "delivery.settled" else line.event
        place = (line.slug, line.version, str(detail.get("outlet", "")), str(detail.get("recipient", "")))
        if told in _MAY_FOLLOW:
            self._last[place] = told
        elif told not in {"delivery.late_answer"}:
            self._last.pop(place, None)  # a word of a later program: it says nothing that could be judged here

    def heard(self, lines: Iterable[Line]) -> Iterator[Line]:
        """The lines unchanged, each taken in as it passes."""
        for line in lines:
            self.hear(line)
            yield line

    def disagreements(self, rows: Iterable[Delivery]) -> list[str]:
        """Where rows and journal part ways, in sentences; recipients are not named."""
        found: list[str] = []
        there: set[Place] = set()
        counts: Counter[tuple[str, str]] = Counter()
        for row in rows:
            place = (row.slug, row.version, row.outlet, row.recipient)
            there.add(place)
            counts[row.slug, row.version] += 1
            told = self._last.get(place)
            if not _agrees(row.state, told):
                says = told or "nothing"
                found.append(f"{row.slug} at {row.outlet} stands as {row.state.value}, and the journal says {says}")
        for slug, version, outlet, recipient in sorted(set(self._last) - there):
            told = self._last[slug, version, outlet, recipient]
            if told != "delivery.given_back":  # never begun after all: scheduled anew, its row may have gone
                found.append(f"{slug} has lost its row at {outlet}, of which the journal says {told}")
        for (slug, version), number in sorted(self._scheduled.items()):
            if counts[slug, version] != number:
                found.append(f"{slug} was scheduled for {number} deliveries, and has rows for {counts[slug, version]}")
        return found


def _agrees(state: DeliveryState, told: str | None) -> bool:
    if told is None:
        return state in _NEVER_BEGUN
    if state is _S.CANCELED:
        return told not in _NEVER_CALLED_OFF
    return state in _MAY_FOLLOW[told]


def _detail(line: Line) -> dict[str, Any]:
    try:
        found = json.loads(line.detail)
    except (ValueError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
