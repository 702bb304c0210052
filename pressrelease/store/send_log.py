"""A process's log of what it is claiming, sending and has delivered, kept where `kill -9` can't destroy it.

A line is in the kernel's memory as soon as it is written, so it outlives the process. It costs microseconds, while the
record's own commit waits for the disk. It doesn't outlive a power cut, so it is trusted only within the boot in which
it was written, and only in the file in which it was written: a copied folder has another one.

    claiming 7 1      before the first claim of delivery 7 is committed
    sending 7 1       before its first byte
    delivered 7 1 {…} after the outlet accepted it, before the answer is on record

It is kept for outlets at which a delivery in doubt may need a person, and not for those that always recognize repeats:
these are asked again with the same key.

Only what is certain is read from it. Claimed and never started: nothing of it left. Started, and not accepted: in
doubt.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pressrelease.errors import NOTHING_SENT, StateUnreadable
from pressrelease.release.delivery import Delivery, DeliveryState, Receipt
from pressrelease.store.rows import from_micros, to_micros
from pressrelease.system.lock import FileLock

#: A log of this size or more, in bytes, that holds nothing useful any more is emptied.
LONG = 64 * 1024

#: A claim: the delivery's number and the claim's.
Claim = tuple[int, int]


class SendLog:
    """The log of a living process, in the file of its lock. Safe for several threads."""

    def __init__(self, lock: FileLock, boot: str | None) -> None:
        """`boot` names this boot of the machine; without such a name nothing is written."""
        self._lock = lock
        self._boot = boot
        self._writing = threading.Lock()
        self._open: set[Claim] = set()
        self._size = 0

    def claiming(self, candidates: Sequence[Delivery]) -> None:
        """Log that a claim on these is about to be committed. Raises StateUnreadable."""
        claims = [(delivery.id, delivery.claims + 1) for delivery in candidates]
        with self._writing:
            self._open.update(claims)
            self._write("".join(f"claiming {number} {claim}\n" for number, claim in claims))

    def sending(self, claimed: Delivery) -> None:
        """Log that the first byte is about to be sent. Raises StateUnreadable; nothing may leave then."""
        self._write(f"sending {claimed.id} {claimed.claims}\n")

    def answered(self, after: Delivery) -> None:
        """Log the outlet's answer. Raises StateUnreadable."""
        if after.state is DeliveryState.DELIVERED and after.delivered_at is not None:
            url, remote_id = (json.dumps(one) if one else "null" for one in (after.url, after.remote_id))
            at = to_micros(after.delivered_at)
            self._write(f"delivered {after.id} {after.claims} [{at}, {url}, {remote_id}]\n")

    def ended(self, claims: Iterable[Claim]) -> None:
        """Note that these claims are ended on the record, or were never on it: the log no longer needs them."""
        with self._writing:
            self._open.difference_update(claims)
            if self._size >= LONG and not self._open:
                with contextlib.suppress(OSError):
                    self._lock.empty()
                    self._size = 0

    def _write(self, text: str) -> None:
        if self._boot is None:
            return
        try:
            if not self._size:
                text = f"{_first_line(self._boot, self._lock.status())}\n{text}"
            line = text.encode()
            self._lock.append(line)
            self._size += len(line)
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        """Go on without a log, as on a full disk: every claim of a process that dies then is in doubt."""
        self._boot = None
        try:
            self._lock.empty()
        except OSError as error:
            # What is there would be trusted, and no longer be true.
            raise StateUnreadable(
                f"{self._lock.path.parent.name}/ can't be written ({error.strerror}).",
                outcome=NOTHING_SENT,
                hint="Check that the disk has room and that the account that publishes has permission to write there.",
            ) from None


class LogFindings(NamedTuple):
    """What the log of a dead process says for certain."""

    unsent: frozenset[Claim] = frozenset()
    delivered: dict[Claim, tuple[Receipt, datetime]] = {}  # noqa: RUF012  (never changed)


def read_log(path: Path, boot: str | None) -> LogFindings:
    """Read what a dead process left at `path`; nothing is certain if the log can't be trusted."""
    try:
        with path.open("rb") as file:
            first, *lines = file.read().split(b"\n")[:-1]  # what follows the last line break was not written to its end
            if boot is None or first.decode() != _first_line(boot, os.fstat(file.fileno())):
                return LogFindings()
        return _read_lines(line.decode() for line in lines)
    except (OSError, LookupError, ValueError, TypeError, OverflowError, RecursionError):
        return LogFindings()


def _first_line(boot: str, status: os.stat_result) -> str:
    return f"boot {boot} file {status.st_dev} {status.st_ino}"


def _read_lines(lines: Iterable[str]) -> LogFindings:
    """Return the whole log; raise ValueError if any line is not one that this program writes."""
    unsent: set[Claim] = set()
    delivered: dict[Claim, tuple[Receipt, datetime]] = {}
    for line in lines:
        what, number, of_delivery, *rest = line.split(" ", 3)
        claim = int(number), int(of_delivery)
        if what == "claiming":
            unsent.add(claim)
        elif what == "sending":
            unsent.discard(claim)
        elif what == "delivered":
            at, url, remote_id = json.loads(rest[0])
            if not all(text is None or isinstance(text, str) for text in (url, remote_id)):
                raise ValueError(line)
            delivered[claim] = Receipt(url, remote_id), from_micros(at)
        else:
            raise ValueError(line)
    return LogFindings(frozenset(unsent), delivered)
