"""Releases that are corrected once they are out: who gets what, in which order, and what may no longer leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from pressrelease.release.delivery import Action, delivery_key
from pressrelease.services import ServiceContext, correcting
from pressrelease.when import rfc3339
from simulator.machine import Machine
from simulator.office import OUTLETS, Known, Row

NOTE = "A name was wrong."


class Corrections:
    """Whoever has or may have a version gets the next as a correction, others as their first; nobody gets an older."""

    context: ServiceContext
    folder: Path
    machine: Machine
    known: dict[str, Known]
    rows: dict[str, Row]
    counts: Counter[str]
    _new_text: Callable[..., tuple[str, str]]
    _done: Callable[[Callable[[], Any], str], bool]
    may_be_awaited: Callable[[Row], bool]

    def correct(self, slug: str, fate: str = "", after: timedelta | None = None) -> None:
        """Somebody edits the file of a release that is out and has it corrected, at its approval or at a later time."""
        before = self.known.get(slug)
        if before is None:
            return
        text, source = self._new_text(slug, before.outlets, needs=before.needs, event=before.event)
        path = self.folder / "releases" / f"{slug}.md"
        was = path.read_bytes() if path.exists() else None
        path.write_bytes(source.encode())
        lift = None if after is None else self.machine.wall.replace(microsecond=0) + after
        found: list[correcting.Proposal] = []
        numbers: list[int] = []

        def act() -> None:
            found.append(correcting.propose(self.context, slug, rfc3339(lift) if lift is not None else None))
            numbers.append(correcting.correct(self.context, found[0], note=NOTE))

        if not self._done(act, fate):
            if was is not None:
                path.write_bytes(was)
            return
        assert not before.killed, "corrected, and it was withdrawn for good"
        n = numbers[0] if numbers else self.context.store.read.releases([slug])[0].n
        self.known[slug] = Known(
            found[0].version, text, source, before.outlets, lift, self.context.config, held=before.held,
            needs=before.needs, event=before.event, lifted=before.lifted, n=n, corrects=before,
        )  # fmt: skip
        for outlet in before.outlets:
            for recipient in OUTLETS[outlet][1]:
                row = Row(slug, found[0].version, outlet, "", recipient, n=n)
                for action in (Action.CORRECT, Action.PUBLISH):
                    row.key = delivery_key(slug, row.version, outlet, recipient, n, action)
                    self.rows[row.key] = row
        self.counts["corrected"] += 1

    def _took_back(self, slug: str) -> bool:
        """Whether what makes a draft of a release took back its correction instead; then the older one goes on."""
        known = self.known[slug]
        if known.corrects is None:
            return False
        self.known[slug] = replace(known.corrects, held=known.held)
        self.counts["correction taken back"] += 1
        return True

    def older(self, row: Row) -> list[Row]:
        """What the same recipient may have of versions before."""
        reader = row.slug, row.outlet, row.recipient
        found = [one for one in self.rows.values() if (one.slug, one.outlet, one.recipient) == reader]
        return [one for one in found if one.n < row.n and not one.withdraws]

    def _ask_of_correction(self, row: Row, key: str, doubted: Iterable[str]) -> None:
        """What was promised of the first byte of a corrected version, beyond what is of any other."""
        older = self.older(row)
        assert not any(self.may_be_awaited(one) for one in older), (
            "corrected while an older version was on its way there"
        )
        publishes = key == delivery_key(row.slug, row.version, row.outlet, row.recipient, row.n, Action.PUBLISH)
        if publishes:
            has_it = any(one.arrivals for one in older) and not self.counts["adopted"]
            assert not has_it, "a first publication to one who has an older version"
        else:
            may_have = [one for one in older if one.arrivals or one.may or one.key in set(doubted)]
            assert may_have, "a correction to one who never had anything"
        self.counts["a correction left" if not publishes else "a corrected version left as the first"] += 1

    def _ask_of_newer(self, row: Row) -> None:
        """Nothing older arrives after a newer version."""
        reader = row.slug, row.outlet, row.recipient
        for one in self.rows.values():
            if (one.slug, one.outlet, one.recipient) == reader and not one.withdraws and one.n > row.n:
                assert not one.arrivals, "an original arrived after its correction"
