"""Which schedulers are alive, and the readings that each machine's clock is compared with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import case, delete, insert, select, update

from pressrelease.errors import NOTHING_SENT, StateUnreadable
from pressrelease.store.ledger import Ledger
from pressrelease.store.records import MARK, mark_of
from pressrelease.store.rows import to_micros
from pressrelease.store.send_log import LogFindings, SendLog, read_log
from pressrelease.store.tables import control, marks, processes
from pressrelease.system import clock
from pressrelease.system.accounts import make_folder
from pressrelease.system.clock import ClockReading, tighter
from pressrelease.system.lock import FileLock

#: How many boots' readings are kept: many machines may share one record, and each reboots from time to time.
BOOTS_KEPT = 200


@dataclass(frozen=True)
class ProcessLock:
    """This process's name as an owner of claims, held by a lock that the system releases when it dies."""

    owner: str
    lock: FileLock
    log: SendLog

    def leave(self, *, claims_left: bool = False) -> None:
        """Give the name up. If the store may still have claims under it, leave it like a dead process's."""
        if not claims_left:
            self.lock.path.unlink(missing_ok=True)
        self.lock.release()


def register(folder: Path, owner: str) -> ProcessLock:
    """Take a name in `folder` (made private), before the first claim under it. Raises StateUnreadable."""
    lock = FileLock(folder / f"{owner}.lock")
    try:
        make_folder(folder)
        lock.acquire(wait=False)
    except OSError as error:
        raise StateUnreadable(
            f"{folder.parent.name}/{folder.name}/ can't be written ({error.strerror}).",
            outcome=NOTHING_SENT,
            hint="Give the account that publishes permission to write there, and check that the disk has room.",
        ) from None
    return ProcessLock(owner, lock, SendLog(lock, clock.read_clock().boot))


def is_dead(folder: Path, owner: str) -> bool:
    """Return whether the process of that name is known to be gone: its lock is here and nobody holds it.

    False proves nothing: it may live, or have worked from another machine.
    """
    path = folder / f"{owner}.lock"
    if not path.exists():
        return False
    lock = FileLock(path)
    try:
        if not lock.acquire(wait=False):
            return False
    except PermissionError:  # another account's: it may live
        return False
    lock.release()
    return True


def left_by(folder: Path, owner: str) -> LogFindings:
    """Return what a process that is surely dead has left in its log."""
    return read_log(folder / f"{owner}.lock", clock.read_clock().boot)


def remove_dead(folder: Path, owner: str) -> None:
    """Remove the lock of a dead process whose claims have been ended."""
    (folder / f"{owner}.lock").unlink(missing_ok=True)


def check_in(
    ledger: Ledger,
    owner: str,
    kind: str,
    mark: ClockReading | None,
    *,
    vouched: bool = False,
    gone_after: timedelta | None = None,
) -> None:
    """Record that a scheduler is alive, and its clock reading if it has one; `vouched` as in `record_reading`.

    If the last sign is older than `gone_after`, a new series begins and `started_at` is set to this one.
    """
    values: dict[str, Any] = {"last_seen": ledger.micros, "ended_at": None}
    if gone_after is not None:
        oldest = ledger.micros - gone_after // timedelta(microseconds=1)
        follows = processes.c.last_seen.between(oldest, ledger.micros)
        values["started_at"] = case((follows, processes.c.started_at), else_=ledger.micros)
    seen = ledger.connection.execute(update(processes).where(processes.c.owner == owner).values(values))
    if not seen.rowcount:
        ledger.connection.execute(
            insert(processes).values(
                owner=owner,
                kind=kind,
                host=ledger.host,
                pid=os.getpid(),
                started_at=ledger.micros,
                last_seen=ledger.micros,
            )
        )
    if mark is not None:
        record_reading(ledger, mark, vouched=vouched)


def record_reading(ledger: Ledger, mark: ClockReading, *, vouched: bool = False) -> None:
    """Keep a trusted reading as the one that its boot is measured by, if it is more precise.

    If a witness or a person has `vouched` for it, measuring starts again with it, whatever was kept before.
    """
    if mark.boot is not None and mark.uptime is not None:
        found = ledger.ask(MARK, {"boot": mark.boot})
        before = mark_of(found[0]) if found else None
        if vouched or tighter(before, mark) is mark:
            values = {"wall": to_micros(mark.wall), "uptime": mark.uptime // timedelta(microseconds=1)}
            if before is None:
                ledger.connection.execute(insert(marks).values(boot=mark.boot, **values))
                _forget_old_boots(ledger)
            else:
                ledger.connection.execute(update(marks).where(marks.c.boot == mark.boot).values(values))
    ledger.remember_time()


def _forget_old_boots(ledger: Ledger) -> None:
    newest = select(marks.c.boot).order_by(marks.c.wall.desc(), marks.c.boot).limit(BOOTS_KEPT)
    ledger.connection.execute(delete(marks).where(marks.c.boot.not_in(newest)))


def confirm_clock(ledger: Ledger, mark: ClockReading) -> None:
    """Record a person's confirmation that the clock is right: earlier records no longer count against it."""
    ledger.connection.execute(update(control).values(newest=to_micros(mark.wall)))
    record_reading(ledger, mark, vouched=True)
    ledger.note("clock.confirmed")


def check_out(ledger: Ledger, owner: str, now: datetime) -> None:
    """Record that a scheduler has ended in good order."""
    ledger.connection.execute(
        update(processes).where(processes.c.owner == owner).values(last_seen=to_micros(now), ended_at=to_micros(now))
    )
