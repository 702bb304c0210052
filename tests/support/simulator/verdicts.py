"""What people say last: clearances given and refused, and the verdict, which lifts one of two alternates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pressrelease.services import ServiceContext, clearing, lifting
from simulator.machine import FragileStore, Killed, Machine
from simulator.office import ALTERNATES, CLEARANCE, LIFE, OUTLETS, TRIAL, Known

if TYPE_CHECKING:
    from simulator.office import Place


class Verdicts:
    """Each method that starts with a verb is a command that somebody gives; some are killed in the act."""

    machine: Machine
    machines: list[Machine]
    context: ServiceContext
    known: dict[str, Known]
    winners: dict[str, str]
    counts: Counter[str]
    schedule: Callable[..., None]
    approve: Callable[[str], None]
    sit_down: Callable[[], None]
    place_on: Callable[[int], Place]
    _try: Callable[[Callable[[], Any]], bool]
    _on: Callable[[Machine], AbstractContextManager[None]]

    def arm(self, outlets: tuple[str, ...] = tuple(OUTLETS), *, needs: bool = False) -> None:
        """Both verdicts are written, scheduled and approved."""
        for slug in ALTERNATES:
            if slug not in self.known:
                self.schedule(slug, None, outlets, needs=needs, event=TRIAL)
            self.approve(slug)

    def clear(self, slug: str, fate: str = "") -> None:
        """The deputy gives the clearance; with a `fate` the process is killed before or after its commit."""
        if slug in self.known and self._done(lambda: clearing.give(self.context, slug, CLEARANCE, "deputy"), fate):
            known, machine = self.known[slug], self.machine
            known.cleared_until, known.refused = machine.wall + LIFE, False
            ahead = machine.bound if machine.bound is not None else machine.unnoticed()
            assert machine.offset <= ahead, "cleared by a clock that ran ahead"
            self.counts["cleared"] += 1

    def refuse(self, slug: str, fate: str = "") -> None:
        """The deputy refuses it, and that holds the release."""
        if slug in self.known and self._done(
            lambda: clearing.refuse(self.context, slug, CLEARANCE, "deputy", "dropped"), fate
        ):
            known = self.known[slug]
            known.cleared_until, known.refused, known.held = None, True, True
            self.counts["refused"] += 1

    def lift(self, slug: str, fate: str = "", *, at_once: bool = False) -> None:
        """The verdict is read. With `at_once` somebody on another machine lifts the alternate at the same moment."""
        if slug not in self.known:
            return
        other = next(one for one in ALTERNATES if one != slug) if slug in ALTERNATES else slug
        store = self.context.store
        assert isinstance(store, FragileStore)
        before = dict(self.winners)
        if at_once:
            store.meanwhile = lambda: self._lift_there(other)
        if self._done(lambda: lifting.lift(self.context, slug, "da"), fate):
            self._was_lifted(slug)
        store.meanwhile = None
        if at_once and self.winners != before:
            self.counts["two lifted at once, and one was"] += 1

    def _lift_there(self, slug: str) -> None:
        with self._on(self.machines[-1]):
            place = self.place_on(len(self.machines) - 1)
            there = ServiceContext(place, "asmith")
            if slug in self.known and self._try(lambda: lifting.lift(there, slug, "asmith")):
                self._was_lifted(slug)
            place.store.close()

    def _was_lifted(self, slug: str) -> None:
        known = self.known[slug]
        assert known.event, "lifted, and it waits for no event"
        winner = self.winners.setdefault(known.event, slug)
        assert winner == slug, f"{slug} was lifted, and {winner} was before"
        assert known.approvals >= 1, "lifted unapproved"
        self._must_be_cleared(self.machine, known, "lifted")
        known.lifted, known.lift = True, self.machine.wall
        for name, other in self.known.items():
            other.dismissed |= other.event == known.event and name != slug
        self.counts["lifted"] += 1

    @staticmethod
    def _must_be_cleared(machine: Machine, known: Known, what: str) -> None:
        """Never without a clearance that was given, not refused since, and fresh."""
        if known.needs:
            assert not known.refused, f"{what} although its clearance was refused"
            assert known.cleared_until is not None, f"{what} without its clearance"
            assert machine.wall < known.cleared_until, f"{what} on a clearance that had expired"

    def wait_for_expiry(self, slug: str, short: timedelta) -> None:
        """Until a release's clearance expires, or `short` before it."""
        known = self.known.get(slug)
        if known is not None and known.cleared_until is not None:
            self.machine.true = max(self.machine.true, known.cleared_until - short - self.machine.offset)

    def return_verdict(self) -> None:
        """Once all goes well, a person looks at every release that waits for a verdict, and lifts one of them."""
        for slug in [slug for slug, known in self.known.items() if known.event]:
            self.approve(slug)
            self.clear(slug)
            self.lift(slug)

    def _done(self, act: Callable[[], Any], fate: str) -> bool:
        """Whether a command was done, which `fate` may kill before or after its commit."""
        store = self.context.store
        assert isinstance(store, FragileStore)
        store._fates.commits += [fate] if fate else []
        try:
            return self._try(act)
        except Killed:
            self.counts[f"a command, {fate} its commit"] += 1
            store.close()
            self.sit_down()
            return fate == "killed after"
        finally:
            store._fates.commits.clear()
