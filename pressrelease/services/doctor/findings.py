"""What a check of `doctor` gets, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property

from pressrelease.config import STORE_URL, Config
from pressrelease.errors import NeedsPerson, PressReleaseError, WillRetry
from pressrelease.store import Reader, Store, sqlite_file
from pressrelease.system import clock
from pressrelease.system.accounts import must_be_usable
from pressrelease.wiring import Workspace

#: A backup older than this is stale.
BACKUP_EVERY = timedelta(days=7)


class Weight(str, Enum):
    """How serious a finding is: nothing to do, fix it later, or fix it now."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class DoctorFinding:
    """What a check found, in a sentence, and what to do about it."""

    weight: Weight
    message: str
    hint: str = ""
    check: str = ""


def fine(message: str) -> DoctorFinding:
    """Return a finding that everything is in order."""
    return DoctorFinding(Weight.FINE, message)


def warning(message: str, hint: str) -> DoctorFinding:
    """Return a finding to fix later."""
    return DoctorFinding(Weight.WARNING, message, hint)


def error(message: str, hint: str) -> DoctorFinding:
    """Return a finding to fix now."""
    return DoctorFinding(Weight.ERROR, message, hint)


@dataclass(frozen=True)
class DoctorContext:
    """What is checked, each part opened when it is first asked for. `mark` is the clock reading."""

    workspace: Workspace
    mark: clock.ClockReading
    offline: bool = False
    #: When each outlet's certificate expires (UTC), as far as it is known; filled while outlets are reached.
    certificates: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """config.toml. Raises ConfigRefused."""
        return self.workspace.config

    @cached_property
    def store(self) -> Store:
        """The store that config.toml names, or the default if it can't be read. Raises NotPermitted."""
        try:
            url = self.config.store_url
        except PressReleaseError:
            url = STORE_URL
        must_be_usable(self.workspace.private, sqlite_file(url, self.workspace.folder))
        return Store(url, self.workspace.folder)

    def close(self) -> None:
        """Close the store, if it was opened."""
        if (opened := vars(self).get("store")) is not None:
            opened.close()

    @property
    def read(self) -> Reader | None:
        """Queries on the store; None if nothing was ever recorded. Raises NeedsPerson, WillRetry."""
        if not self.store.exists:
            return None
        if self._busy is not None:
            raise self._busy
        return self.store.read

    @cached_property
    def _busy(self) -> WillRetry | NeedsPerson | None:
        """Why the store can't be queried right now: checked once, because every check would wait again."""
        from pressrelease.services.doctor.holding import what_holds

        return what_holds(self.store)
