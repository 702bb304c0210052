"""Check that the rows match the journal: each release's last state, and each delivery that was ever started.

The journal's chain proves that its lines are as they were written; this proves that nothing was lost, doubled or
reversed in the rows. Pure: it is given the lines and the rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pressrelease.release import digest_of_recipients
from pressrelease.release.delivery import Action, Delivery, DeliveryState, Place
from pressrelease.store.agreement import compare, compare_clearances
from pressrelease.store.journal import Line
from pressrelease.store.replay import ReplayedRelease, after, detail_of
from pressrelease.store.rows import Row, format_utc

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

#: A delivery without any line may only wait, or have been called off with its release.
_NEVER_BEGUN = {_S.WAITING, _S.CANCELED}
#: A correction fails without a line of its own at an outlet that refused an earlier version for good.
_NOT_TRIED = _NEVER_BEGUN | {_S.FAILED}

#: A person's directive on a release calls off what had not arrived, without a line for each.
_NEVER_CALLED_OFF = {"delivery.claimed", "delivery.delivered", "delivery.settled sent"}


class Reconciliation:
    """Collects what the journal says of deliveries, line by line, and compares it with the rows."""

    def __init__(self) -> None:
        self._last: dict[Place, str] = {}
        self._receipts: dict[Place, Mapping[str, Any]] = {}
        self._attempts: dict[Place, int] = {}
        self._scheduled: dict[tuple[str, str, int], int] = {}
        self._recipients: dict[tuple[str, str, int], Mapping[str, str]] = {}
        self._releases: dict[str, ReplayedRelease | None] = {}
        self._stopped = False

    def add(self, line: Line) -> None:
        """Add one line; lines come in their order."""
        detail = detail_of(line)
        if line.event in {"release.scheduled", "release.corrected"} and isinstance(detail.get("deliveries"), int):
            self._scheduled[line.slug, line.version, detail.get("n", 1)] = detail["deliveries"]
            self._recipients[line.slug, line.version, detail.get("n", 1)] = detail.get("recipients") or {}
        if line.event in {"stopped", "resumed"}:
            self._stopped = line.event == "stopped"
        if line.event.startswith("release."):
            self._releases[line.slug] = after(self._releases.get(line.slug), line)
        if not line.event.startswith("delivery."):
            return
        expected = f"{line.event} {detail.get('settled')}" if line.event == "delivery.settled" else line.event
        where = str(detail.get("outlet", "")), str(detail.get("recipient", "")), detail.get("n", 1)
        place = (line.slug, line.version, *where, detail.get("action") == Action.WITHDRAW.value)
        if expected in _MAY_FOLLOW:
            self._last[place] = expected
            self._receipts[place] = detail if expected == "delivery.delivered" else {}
            self._count_attempts(place, expected, detail)
        elif expected not in {"delivery.late_answer"}:
            self._last.pop(place, None)  # a later program's word: nothing to judge it by here

    def _count_attempts(self, place: Place, expected: str, detail: Mapping[str, Any]) -> None:
        if isinstance(detail.get("attempt"), int):
            self._attempts[place] = detail["attempt"]
        elif expected == "delivery.given_back" and place in self._attempts:
            self._attempts[place] -= 1

    def adding(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Yield the lines unchanged, adding each as it passes."""
        for line in lines:
            self.add(line)
            yield line

    def disagreements(self, rows: Iterable[Delivery]) -> list[str]:
        """Return how rows and journal differ, in sentences; recipients are not named."""
        found: list[str] = []
        there: set[Place] = set()
        people: dict[tuple[str, str, str, int], list[str]] = {}
        counts: Counter[tuple[str, str, int]] = Counter()
        for row in rows:
            place = row.place
            there.add(place)
            if row.withdraws:
                if (one := self._releases.get(row.slug)) is None or one.word != "killed":
                    found.append(f"{row.slug} has a withdrawal at {row.outlet}, and the journal says of none")
            else:
                counts[row.slug, row.version, row.n] += 1
                people.setdefault((row.slug, row.version, row.outlet, row.n), []).append(row.recipient)
            if told_other := self._receipt_differs(row, place):
                found.append(f"{row.slug} at {row.outlet}: {told_other}")
            expected = self._last.get(place)
            if not _agrees(row.state, expected, row.n):
                says = expected or "nothing"
                found.append(
                    f"{row.slug} at {row.outlet} is recorded as {row.state.value}, and the journal says {says}"
                )
        for place in sorted(set(self._last) - there):
            expected, (slug, _, outlet, *_) = self._last[place], place
            if expected != "delivery.given_back":  # never started after all: after rescheduling, its row may be gone
                found.append(f"{slug} has lost its row at {outlet}, and the journal says {expected}")
        for (slug, version, n), number in sorted(self._scheduled.items()):
            there_are = counts[slug, version, n]
            if there_are != number:
                found.append(f"{slug} was scheduled for {number} deliveries, and has rows for {there_are}")
            for outlet, digest in self._recipients[slug, version, n].items():
                if digest_of_recipients(people.get((slug, version, outlet, n), ())) != digest:
                    found.append(f"the recipients of {slug} at {outlet} are not the scheduled ones")
        return found

    def _receipt_differs(self, row: Delivery, place: Place) -> str:
        """Return how a row differs from the answer that the journal has, in words; "" if they agree."""
        receipt = self._receipts.get(place, {})
        for name, found in (("url", row.url), ("remote_id", row.remote_id)):
            if found != receipt.get(name):
                return f"its {name} is not the one in the journal"
        delivered = None if row.delivered_at is None else format_utc(row.delivered_at)
        # A line of an earlier program doesn't say when.
        if ("delivered_at" in receipt or not receipt) and delivered != receipt.get("delivered_at"):
            return "the journal says that it arrived at another time"
        if row.attempts != self._attempts.get(place, 0):
            return f"it was tried {self._attempts.get(place, 0)} times, and its row says {row.attempts}"
        return ""

    def release_disagreements(
        self, rows: Sequence[Row], *, stopped: bool, clearances: Mapping[str, Sequence[Row]] = MappingProxyType({})
    ) -> list[str]:
        """Return how releases' rows, approvals and clearances, and the stop, differ from the journal, in sentences.

        `rows` are those of `agreement.EVERY_RELEASE`; `clearances` are by slug.
        """
        found = []
        if stopped is not self._stopped:
            is_, says = ("stopped", "is not") if stopped else ("not stopped", "is")
            found.append(f"the database says that everything is {is_}, and the journal says that it {says}")
        expected = {row["slug"]: self._releases.get(row["slug"]) for row in rows}
        found += [
            f"the database and the journal disagree about {slug}: {differs}"
            for slug, differs in (compare(rows, expected) | compare_clearances(expected, clearances)).items()
        ]
        lost = {slug for slug, one in self._releases.items() if one is not None} - set(expected)
        found += [f"{slug} has lost its row, and the journal says that it is scheduled" for slug in sorted(lost)]
        return found


def _agrees(state: DeliveryState, expected: str | None, n: int) -> bool:
    if expected is None:
        return state in (_NOT_TRIED if n > 1 else _NEVER_BEGUN)
    if state is _S.CANCELED:
        return expected not in _NEVER_CALLED_OFF
    return state in _MAY_FOLLOW[expected]
