"""Errors of worker threads, kept for the next look: a worker has nobody to report to."""

from __future__ import annotations

import logging

from pressrelease.errors import PressReleaseError
from pressrelease.release.delivery import Delivery
from pressrelease.system.log import frames

#: The code of an error about a send whose answer is not on record.
UNRECORDED = "answer_unrecorded"

_log = logging.getLogger(__name__)


class WorkerErrors:
    """Logs each error and keeps one. Safe for several threads."""

    def __init__(self) -> None:
        self._kept: PressReleaseError | None = None
        #: Whether the store may still have claims of this process that it could not end.
        self.claims_left = False

    def note(self, what: str, error: Exception) -> None:
        """Log an error, and keep it for `raise_kept` unless one about an unrecorded answer is kept already."""
        _log.error("%s: %s", what, error.code if isinstance(error, PressReleaseError) else frames(error))
        if isinstance(error, PressReleaseError) and (self._kept is None or self._kept.code != UNRECORDED):
            self._kept = error

    def note_left(self, what: str, error: Exception) -> None:
        """As `note`, if the store may still have claims of this process because of it."""
        self.claims_left = True
        self.note(what, error)

    def raise_kept(self) -> None:
        """Raise the kept error, once."""
        kept, self._kept = self._kept, None
        if kept is not None:
            raise kept


def unrecorded(delivery: Delivery, error: Exception) -> Exception:
    """Return the store's error for a send that may have left: it must not claim that nothing was sent."""
    if not isinstance(error, PressReleaseError):
        return error
    return type(error)(
        f"{delivery.slug} was sent to {delivery.outlet}, and the answer could not be recorded, so it is in"
        f" doubt. {error.message.partition(' Nothing')[0]}",
        hint=error.hint,
        code=UNRECORDED,
    )
