"""`doctor`: the workspace looked over, one thing at a time, with a mend for whatever is not as it should be.

Each check stands alone: one that fails tells of itself and keeps no other from looking. Nothing is changed,
nothing is published, and a record that can't be read is a finding like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cached_property

from pressrelease import clock
from pressrelease.config import Config
from pressrelease.errors import ConfigRefused, NeedsPerson, PressReleaseError
from pressrelease.store import Reader, Store
from pressrelease.wiring import Workspace


class Weight(str, Enum):
    """How much a remark weighs: nothing to do, to be seen to some day, or to be seen to now."""

    FINE = "fine"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Remark:
    """What a check found, in a sentence, and what to do about it."""

    weight: Weight
    message: str
    hint: str = ""
    check: str = ""


def fine(message: str) -> Remark:
    """As it should be."""
    return Remark(Weight.FINE, message)


def warning(message: str, hint: str) -> Remark:
    """To be seen to some day."""
    return Remark(Weight.WARNING, message, hint)


def error(message: str, hint: str) -> Remark:
    """To be seen to now."""
    return Remark(Weight.ERROR, message, hint)


@dataclass(frozen=True)
class Patient:
    """What is looked over, each part opened when it is first asked for. `mark` is the clock as it was read."""

    workspace: Workspace
    mark: clock.Mark
    offline: bool = False

    @property
    def config(self) -> Config:
        """config.toml. Raises ConfigRefused."""
        return self.workspace.config

    @cached_property
    def store(self) -> Store:
        """The record, wherever config.toml says, or would say if it could be read."""
        try:
            url = self.config.store_url
        except PressReleaseError:
            url = Config.store_url
        return Store(url, self.workspace.folder)

    @property
    def read(self) -> Reader | None:
        """Questions to the record; None where nothing was ever recorded. Raises StateUnreadable, WillRetry."""
        return self.store.read if self.store.exists else None


Check = Callable[[Patient], Iterator[Remark]]

#: A backup older than this is too old to be a comfort.
BACKUP_EVERY = timedelta(days=7)


def examine(workspace: Workspace, *, offline: bool = False) -> list[Remark]:
    """Every check's remarks, in order; with `offline` nothing is reached over a network."""
    patient = Patient(workspace, clock.read_mark(), offline)
    remarks: list[Remark] = []
    try:
        for name, check in _checks():
            for remark in _made(check, patient):
                told = Remark(remark.weight, remark.message, remark.hint, name)
                # A config or a record that can't be read stops many checks, and is told of once.
                if not any((seen.message, seen.weight) == (told.message, told.weight) for seen in remarks):
                    remarks.append(told)
    finally:
        patient.store.close()
    return remarks


def _made(check: Check, patient: Patient) -> list[Remark]:
    made: list[Remark] = []
    try:
        made.extend(check(patient))
    except ConfigRefused as refused:
        made += [error(f"config.toml{_line(p.line)}: {p.message}", p.hint) for p in refused.problems]
    except PressReleaseError as refused:
        weight = Weight.ERROR if isinstance(refused, NeedsPerson) else Weight.WARNING
        made.append(Remark(weight, refused.message, refused.hint))
    except Exception as fault:  # noqa: BLE001  (a fault in one check must not hide what the others find)
        made.append(
            warning(f"this check itself failed ({type(fault).__name__})", "Tell whoever looks after the program.")
        )
    return made


def _line(number: int) -> str:
    return f", line {number}" if number else ""


def _checks() -> tuple[tuple[str, Check], ...]:
    from pressrelease.desk import history, surroundings

    return (
        ("config", surroundings.config),
        ("modes", surroundings.modes),
        ("disk", surroundings.disk),
        ("store", history.store),
        ("clock", surroundings.clock_and_ntp),
        ("journal", history.journal),
        ("frozen", history.frozen),
        ("zones", history.zones),
        ("scheduler", history.scheduler),
        ("claims", history.claims),
        ("overdue", history.overdue),
        ("backup", history.backup),
        ("files", surroundings.files),
        ("secrets", surroundings.secrets),
        ("outlets", surroundings.outlets),
        ("certificates", surroundings.certificates),
    )
