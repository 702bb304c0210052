"""What a check of `doctor` is given, and what it says."""

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

#: A backup older than this is too old to be a comfort.
BACKUP_EVERY = timedelta(days=7)


class Weight(str, Enum):
    """How much a remark weighs: nothing to do, to be seen to some day, or to be seen to now."""

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
    """As it should be."""
    return DoctorFinding(Weight.FINE, message)


def warning(message: str, hint: str) -> DoctorFinding:
    """To be seen to some day."""
    return DoctorFinding(Weight.WARNING, message, hint)


def error(message: str, hint: str) -> DoctorFinding:
    """To be seen to now."""
    return DoctorFinding(Weight.ERROR, message, hint)


@dataclass(frozen=True)
class DoctorContext:
    """What is looked over, each part opened when it is first asked for. `mark` is the clock as it was read."""

    workspace: Workspace
    mark: clock.ClockReading
    offline: bool = False
    #: When each outlet's certificate ends (UTC), as far as it could be asked; filled while outlets are reached.
    certificates: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """config.toml. Raises ConfigRefused."""
        return self.workspace.config

    @cached_property
    def store(self) -> Store:
        """The record, wherever config.toml says, or would say if it could be read. Raises NotPermitted."""
        try:
            url = self.config.store_url
        except PressReleaseError:
            url = STORE_URL
        must_be_usable(self.workspace.private, sqlite_file(url, self.workspace.folder))
        return Store(url, self.workspace.folder)

    def close(self) -> None:
        """Close the record, if it was opened."""
        if (opened := vars(self).get("store")) is not None:
            opened.close()

    @property
    def read(self) -> Reader | None:
        """Questions to the record; None where nothing was ever recorded. Raises NeedsPerson, WillRetry."""
        if not self.store.exists:
            return None
        if self._busy is not None:
            raise self._busy
        return self.store.read

    @cached_property
    def _busy(self) -> WillRetry | NeedsPerson | None:
        """Why the record answers nobody just now: asked once, since whoever asks waits for its turn."""
        from pressrelease.services.doctor.holding import what_holds

        return what_holds(self.store)
