"""Copied workspaces and older records put back by hand: nothing leaves until a person has adopted one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from pressrelease.release.delivery import DeliveryState
from pressrelease.services import ServiceContext, adopting
from simulator.machine import Machine
from simulator.office import STORE, Known, Place, Row


class Kept(NamedTuple):
    """A record that somebody copied aside, and what the people knew then."""

    record: bytes
    head: str
    known: dict[str, Known]
    rows: dict[str, Row]
    stopped: bool
    arrivals: int
    winners: dict[str, str]


class Copies:
    """What becomes of an office whose folder, or whose record alone, is copied."""

    url: str
    folder: Path
    folders: list[Path]
    left: list[Path]
    machine: Machine
    machines: list[Machine]
    context: ServiceContext
    known: dict[str, Known]
    drafts: dict[str, Known]
    rows: dict[str, Row]
    stopped: bool
    copied: bool
    clock_was_set_back: bool
    kept: Kept | None
    counts: dict[str, int]
    winners: dict[str, str]
    left_of: dict[str, set[str]]
    _try: Callable[[Callable[[], object]], bool]
    _on: Callable[[Machine], AbstractContextManager[None]]
    _follow_zone_rules: Callable[[], None]

    @property
    def _record(self) -> Path:
        return self.folder / ".pressrelease/state.db"

    def copy_folder(self, *, adopt: bool) -> None:
        """Somebody copies the workspace and has a pass made in the copy; with `adopt` they go on with it."""
        if self.url != STORE:
            return
        there = self._new_folder()
        shutil.copytree(self.folder, there, dirs_exist_ok=True, ignore=shutil.ignore_patterns("zones-*", "state"))
        self._pass_in(Place(there, self, self.machines[0]))  # what it sends is found out there
        self.counts["copied, and nothing left by the copy"] += 1
        if not adopt:
            shutil.rmtree(there)
            return
        self.kill_daemon()
        self.context.store.close()
        self.left.append(self.folder)
        self.folder = self.folders[0] = there
        self.sit_down()
        self._adopt()

    def keep_record(self) -> None:
        """Somebody copies the record aside."""
        if self.url == STORE:
            self.kept = Kept(
                self._record.read_bytes(),
                self._head(),
                {slug: replace(known) for slug, known in self.known.items()},
                {key: replace(row, arrivals=[*row.arrivals]) for key, row in self.rows.items()},
                self.stopped,
                len(self.log),
                dict(self.winners),
            )

    def put_back_record(self, *, adopt: bool) -> None:
        """Somebody puts back by hand the record that was kept, if any was; else one is kept.

        With `adopt` they go on with it, otherwise with the right one.
        """
        kept, self.kept = self.kept, None
        if kept is None:
            self.keep_record()
            return
        if kept.head == self._head():
            return
        if self.clock_was_set_back and self.counts["adopted"]:
            return  # store/origin.py says why this alone is not noticed
        self.kill_daemon()
        right = self._record.read_bytes()
        self._replace_record(kept.record)
        self.copied = True
        self._pass_in(Place(self.folder, self, self.machines[0]))
        self.copied = False
        self.counts["an older record put back, and nothing left by it"] += 1
        if not adopt:
            self._replace_record(right)
            return
        self.known, self.stopped = kept.known, kept.stopped
        self._follow_zone_rules()  # the record is older; the law is not
        if self.winners != kept.winners:
            self.winners = kept.winners
            self.left_of.clear()  # this record can't know which of them left
            self.counts["an older record that does not know who was lifted"] += 1
        self.drafts.clear()
        for key in [key for key, row in self.rows.items() if (row.withdraws or row.n > 1) and key not in kept.rows]:
            del self.rows[key]  # by this record, nobody killed or corrected it
        del self.log[kept.arrivals :]  # of the rest this record knows nothing; it is not its own
        self.mend_clock()
        self._adopt(kept)

    def _adopt(self, kept: Kept | None = None) -> None:
        self.copied = True
        if not self._try_adopting():
            return
        self.copied, self.stopped = False, True
        self.wait(timedelta(milliseconds=1))  # no two lines of a real record are of one moment
        self.counts["adopted"] += 1
        if kept is not None:
            self._allow_what_it_cant_know(kept)

    def _try_adopting(self) -> bool:
        self.newest = self.context.store.read.newest_time() or self.newest
        return self._try(lambda: adopting.adopt(self.context, "the disk died"))

    def _allow_what_it_cant_know(self, kept: Kept) -> None:
        """What left since, and by this record is not due yet, it holds for not sent; all else it may not repeat."""
        reader = self.context.store.read
        waits = {
            delivery.key
            for dossier in reader.dossiers(reader.releases())
            for delivery in dossier.deliveries
            if delivery.state in {DeliveryState.WAITING, DeliveryState.RETRYING}
        }
        for key, row in self.rows.items():
            before = kept.rows.get(key)
            if before is None:
                continue
            row.dropped, row.declared, row.began = before.dropped, before.declared, before.began
            arrived_since = len(row.arrivals) > len(before.arrivals)
            row.sent_again = max(before.sent_again, len(row.arrivals) - 1)
            if arrived_since:
                self.counts["left after the older record was made"] += 1
            if arrived_since and key in waits:
                row.sent_again += 1
                self.counts["and it could not know that"] += 1

    def _replace_record(self, content: bytes) -> None:
        self.context.store.close()
        fresh = self._record.with_name("fresh")
        fresh.write_bytes(content)
        fresh.chmod(0o600)
        fresh.replace(self._record)
        self.newest = self.context.store.read.newest_time() or self.newest

    def _head(self) -> str:
        lines = self.context.store.read.rows("SELECT hash FROM journal ORDER BY n DESC LIMIT 1")
        return str(lines[0]["hash"]) if lines else ""
