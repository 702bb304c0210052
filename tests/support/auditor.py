"""Hold the journal against what receivers got, without a line of the program.

Written from docs/ and what the office promises, and from nothing else: it has its own hash chain, its own delivery keys
and its own idea of what must hold. It reads the table `journal` (`journal_lines`, `journal_replay`) and lists of
arrivals, each by its receiver's clock. It counts what it saw: an audit of a test in which nothing happened is red.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from journal_lines import Line, Place, key_of, read_journal
from journal_replay import NOT_SENT, Claim, Delivery, Replay


@dataclass(frozen=True)
class Arrival:
    """What a receiver got and took: `at` is UTC by the receiver's clock.

    It is known by its delivery's `key`; a page has none, and is known by its `slug`. `digest` is of the bytes, "" where
    nobody looked. `coarse` is how much too early the receiver's clock may have noted it. `line` is the journal's last
    line when its first byte left, for a receiver that could look.
    """

    at: datetime
    outlet: str
    key: str = ""
    slug: str = ""
    recipient: str = ""
    digest: str = ""
    coarse: timedelta = timedelta(0)
    line: int | None = None


class Auditor(Replay):
    """Reads lines, then arrivals; `found` has a sentence for everything that must not be."""

    #: What arrived, by delivery.
    got: dict[Place, list[Arrival]]

    def __init__(self, outlets: Mapping[str, bool], *, approvals: int = 1, clock_was_set: bool = False) -> None:
        super().__init__(outlets, approvals=approvals, clock_was_set=clock_was_set)
        self.got = {}
        self.replaced: set[Place] = set()

    def hold_against(self, arrivals: Iterable[Arrival], *, in_flight: timedelta = timedelta(seconds=10)) -> None:
        """Hold what arrived against the lines. What left just before a stop may arrive `in_flight` after it."""
        by_key = {key_of(place[:4]): one for place, one in self.deliveries.items() if len(place) == 4}
        by_key |= {claim.line.key: one for one in self.deliveries.values() for claim in one.claims}
        got = self.got
        for arrival in sorted(arrivals, key=lambda one: (one.at, one.line or 0)):
            self.seen["arrivals"] += 1
            if arrival.outlet not in self.outlets:
                raise ValueError(f"say whether {arrival.outlet} can tell a repeat")
            delivery = by_key.get(arrival.key) if arrival.key else self._page_of(arrival)
            if delivery is None or delivery.place[2] != arrival.outlet:
                self.found.append(f"{arrival.outlet} got {arrival.key or arrival.slug}, and no line says so")
                continue
            if arrival.recipient and arrival.recipient != delivery.reader[2]:
                self.found.append(f"{delivery.name} went to {arrival.recipient}, to whom it was not addressed")
            if not arrival.key:
                older = [one for one in self.deliveries.values() if one.reader == delivery.reader]
                self.replaced |= {one.place for one in older if one is not delivery}
            got.setdefault(delivery.place, []).append(arrival)
            self._arrived(delivery, arrival, in_flight)
        for place, delivery in self.deliveries.items():
            if place[2] in self.outlets:
                self._how_often(delivery, got.get(place, []))
        self._withdrawn()

    def _page_of(self, arrival: Arrival) -> Delivery | None:
        of_it = [one for one in self.deliveries.values() if one.reader[:2] == (arrival.slug, arrival.outlet)]
        begun = [one for one in of_it if one.claims or one.sent_elsewhere]
        return max(begun, key=lambda one: one.claims[-1].line.n if one.claims else 0, default=None)

    def _arrived(self, delivery: Delivery, arrival: Arrival, in_flight: timedelta) -> None:
        at = arrival.at + arrival.coarse
        claim = next((one for one in reversed(delivery.claims) if _before(one.line, arrival)), None)
        if claim is None:
            if not delivery.sent_elsewhere:
                self.found.append(f"{delivery.name} arrived at {arrival.at}, before any claim on it")
            return
        if not delivery.withdraws and (claim.lift is None or at < claim.lift):
            early = f" by {claim.lift - arrival.at}" if claim.lift else ""
            self.found.append(f"{delivery.name} arrived EARLY{early}: at {arrival.at}, its lift was {claim.lift}")
        if claim.outcomes and all(one.event in NOT_SENT for one in claim.outcomes):
            said = claim.outcomes[-1].event
            self.found.append(f"{delivery.name} arrived at {arrival.at}, and line {claim.outcomes[-1].n} says {said}")
        self._fenced(delivery, claim, arrival, in_flight)

    def _fenced(self, delivery: Delivery, claim: Claim, arrival: Arrival, in_flight: timedelta) -> None:
        for fence in () if delivery.withdraws else self.fences:
            if fence.line.n < claim.line.n or fence.slug not in {"", delivery.place[0]}:
                continue
            late = (
                fence.line.n <= arrival.line if arrival.line is not None else fence.line.moment + in_flight < arrival.at
            )
            if late and not (fence.until is not None and fence.until <= arrival.at + arrival.coarse):
                self.found.append(
                    f"{delivery.name} arrived at {arrival.at}, after {fence.line.event} (line {fence.line.n}),"
                    f" on a claim from before it (line {claim.line.n})"
                )

    def _how_often(self, delivery: Delivery, arrivals: Sequence[Arrival]) -> None:
        times = len(arrivals)
        self.seen["repeats"] += max(0, times - 1)
        replaced = delivery.place in self.replaced  # a page shows the last that was written there
        if delivery.state == "delivered" and not times and not delivery.settled_as_sent and not replaced:
            self.found.append(f"{delivery.name} is delivered by the journal, and never arrived")
        if not self.outlets[delivery.place[2]] and times > 1 + delivery.resends:
            self.found.append(f"{delivery.name} arrived {times} times, and nobody can tell there")
        if times > len(delivery.claims) + delivery.sent_elsewhere:
            self.found.append(f"{delivery.name} arrived {times} times on {len(delivery.claims)} claims")
        if len({one.digest for one in arrivals} - {""}) > 1:
            self.found.append(f"{delivery.name} arrived in different bytes under one key")

    def _withdrawn(self) -> None:
        """Nothing of a release arrives after its withdrawal, and that reaches nobody who can't have the release.

        No original arrives after its correction.
        """
        for place, arrivals in self.got.items():
            withdrawal = self.deliveries[place]
            if not withdrawal.withdraws:
                self._corrected_last(withdrawal, arrivals)
                continue
            self.seen["withdrawals that arrived"] += 1
            older = [one for one in self.deliveries.values() if one.reader == withdrawal.reader and not one.withdraws]
            later = [one for each in older for one in self.got.get(each.place, []) if _order(one) > _order(arrivals[0])]
            if later:
                self.found.append(f"{withdrawal.name} arrived, and the release did after it, at {later[-1].at}")
            if not any(one.may_have or self.got.get(one.place) for one in older):
                self.found.append(f"{withdrawal.name} arrived, and the release never had")

    def _corrected_last(self, correction: Delivery, arrivals: Sequence[Arrival]) -> None:
        if correction.n == 1:
            return
        self.seen["corrected versions that arrived"] += 1
        older = [one for one in self.deliveries.values() if one.reader == correction.reader and one.n < correction.n]
        if any(_order(one) > _order(arrivals[0]) for each in older for one in self.got.get(each.place, [])):
            self.found.append(f"{correction.name} arrived, and an older version did after it")

    # -- the end

    def _all_withdrawn(self, slug: str, told: Collection[str]) -> None:
        """Everyone who has a killed release is withdrawn from, or somebody is told."""
        mine = [one for one in self.deliveries.values() if one.place[0] == slug]
        withdrawals = {one.reader: one for one in mine if one.withdraws}
        for one in mine:
            has_it = bool(self.got.get(one.place)) or one.state == "delivered"
            if one.withdraws or not has_it or slug in told or one.place[2] in self.closed:
                continue
            withdrawal = withdrawals.get(one.reader)
            if withdrawal is None or withdrawal.state not in {"delivered", "drop"}:
                state = withdrawal.state if withdrawal else "never begun"
                self.found.append(f"the withdrawal of {one.name} is lost: it is {state}, and nobody is told")

    def nothing_lost(self, *, until: datetime, told: Collection[str] = ()) -> None:
        """Every approved delivery whose lift has come by `until` is over, or its release waits for a person.

        `told` are releases that the program's own screen says wait for a person, for a reason with no line of its own.
        """
        for slug, release in self.releases.items():
            if release.killed:
                self._all_withdrawn(slug, told)
                continue
            approved = len(release.approved_by) >= self.approvals
            if slug in told or self.stopped or release.held or not approved:
                self.seen["waits for a person"] += 1
                continue
            if release.lift is None or release.lift > until:
                continue
            of_it = [one for one in self.versions_of(slug, release) if one.state]
            open_ = [one for one in of_it if not one.over and one.place[2] not in self.closed]
            for one in open_:
                self.found.append(f"{one.name} is lost: it ended {one.state}, and nobody is told")
            if len(of_it) < release.deliveries and not self.closed & set(release.outlets):
                missing = release.deliveries - len(of_it)
                self.found.append(f"{missing} of {release.deliveries} deliveries of {slug} are lost: never begun")


def _order(arrival: Arrival) -> tuple[datetime, int]:
    return arrival.at, arrival.line or 0


def _before(line: Line, arrival: Arrival) -> bool:
    if arrival.line is not None:
        return line.n <= arrival.line
    return line.moment <= arrival.at + arrival.coarse


# -- in one call ----------------------------------------------------------------------------------------------------


def findings(
    lines: Sequence[Line],
    arrivals: Iterable[Arrival],
    outlets: Mapping[str, bool],
    *,
    approvals: int = 1,
    clock_was_set: bool = False,
    told: Iterable[str] | None = (),
    until: datetime | None = None,
) -> tuple[list[str], Counter[str]]:
    """Everything that must not be, in sentences, and what was seen. `told` None: it is not over, so nothing is lost."""
    auditor = Auditor(outlets, approvals=approvals, clock_was_set=clock_was_set)
    auditor.read(lines)
    auditor.hold_against(arrivals)
    if told is not None:
        auditor.nothing_lost(until=until or datetime.now(UTC), told=set(told))
    return auditor.found, auditor.seen


def audit(
    journal: Path | str | Sequence[Line],
    arrivals: Iterable[Arrival],
    outlets: Mapping[str, bool],
    *,
    at_least: Mapping[str, int],
    **more: Any,
) -> Counter[str]:
    """Insist that nothing is found, and that something happened: `at_least` says how much of what must be seen."""
    lines = read_journal(journal) if isinstance(journal, (Path, str)) else journal
    found, seen = findings(lines, arrivals, outlets, **more)
    found += [
        f"only {seen[what]} {what} were seen, not {number}" for what, number in at_least.items() if seen[what] < number
    ]
    assert not found, "the auditor found:\n" + "\n".join(found)
    return seen
