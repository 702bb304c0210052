"""What a person does with a release: schedule, approve, hold, resume, publish, settle.

Each verb is a function of a `ServiceContext`: it checks, writes one transaction, and prints, prompts and sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.config import Config
from pressrelease.errors import NotFound
from pressrelease.library import Library
from pressrelease.publishing.clock_trust import trust
from pressrelease.publishing.snapshot import Report, reports
from pressrelease.status.dossier import Scheduled
from pressrelease.store import Store
from pressrelease.system import clock
from pressrelease.system.who import as_actor
from pressrelease.wiring import Workspace

if TYPE_CHECKING:
    from pressrelease.store.ledger import Ledger

__all__ = ["Report", "ServiceContext"]


class ServiceContext(NamedTuple):
    """A workspace as one person works with it; `actor` is the name that the journal will have.

    With `dry_run` every guard is checked and every row written, in a transaction that is then undone.
    """

    workspace: Workspace
    actor: str
    dry_run: bool = False

    @property
    def config(self) -> Config:
        """The workspace's config."""
        return self.workspace.config

    @property
    def store(self) -> Store:
        """The workspace's record."""
        return self.workspace.store

    @property
    def library(self) -> Library:
        """The workspace's releases/."""
        return self.workspace.library

    @contextmanager
    def ledger(self, now: datetime | None = None) -> Iterator[Ledger]:
        """Open one transaction in this person's name; `now` is UTC.

        A clock that can be trusted is recorded, so that the first pass has a reading to compare with.
        """
        from pressrelease.store import presence

        mark = clock.read_clock()
        self.store.open(mark.wall)
        kept = trust(self.store, mark, self.config).kept
        with self.store.ledger(now=now or mark.wall, actor=as_actor(self.actor), undo=self.dry_run) as ledger:
            yield ledger
            if kept is not None:
                presence.record_reading(ledger, kept)

    def report(self, slug: str) -> Report:
        """Return the status of a scheduled release. Raises NotFound for a draft or an unknown one."""
        release = self.store.read.release(slug) if self.store.exists else None
        if release is None:
            self.library.read(slug)  # raises NotFound if there is no such release
            raise NotFound(
                f"{slug} is a draft and is not scheduled.",
                hint=f"To schedule it: `pressrelease schedule {slug}`.",
                code="not_scheduled",
            )
        return self.reports([release])[0]

    def reports(self, releases: Sequence[Scheduled]) -> list[Report]:
        """Return the current status of scheduled releases."""
        from pressrelease.services.lists import list_changes

        folder = self.workspace.folder
        return [
            one._replace(dossier=one.dossier._replace(lists=tuple(list_changes(one.dossier, self.config, folder))))
            for one in reports(self.store, self.library, self.config, releases)
        ]
