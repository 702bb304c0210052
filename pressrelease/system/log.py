"""The private log: what happened in the program, for its administrator, and never the words of a release.

The text of an exception is left out, because libraries put whole addresses, with tokens, in it.
"""

from __future__ import annotations

import logging
import traceback
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pressrelease.system.accounts import make_folder, opened

#: A log file's size in bytes before it is rotated, and how many are kept.
LARGEST = 2_000_000
KEPT = 5


class _PrivateFile(RotatingFileHandler):
    """A rotating file that only the accounts of the workspace can read, from its first byte on."""

    #: Whether the last line could not be written.
    lost = False

    def _open(self) -> TextIOWrapper:
        def private(name: str, flags: int) -> int:
            return opened(Path(name), flags)

        return open(self.baseFilename, "a", encoding=self.encoding, opener=private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the library's name)
        """Ignore a log that can't be written: the person who typed the command needs no traceback for that."""
        self.lost = True


def log_to(folder: Path) -> None:
    """Send this program's log to `folder`/log, made private; libraries' own logs go nowhere."""
    ours = logging.getLogger("pressrelease")
    ours.propagate = False
    ours.setLevel(logging.INFO)
    make_folder(folder)
    handler = _PrivateFile(folder / "log", maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))
    for earlier in list(ours.handlers):
        ours.removeHandler(earlier)
        earlier.close()
    ours.addHandler(handler)


def frames(error: BaseException) -> str:
    """Return where an exception and its causes came from, and their types; none of their text or values."""
    told: list[str] = []
    current: BaseException | None = error
    while current is not None and len(told) < 8:
        places = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in reversed(traceback.extract_tb(current.__traceback__))
        )
        told.append(f"{type(current).__name__} at {places or 'no frame'}")
        current = current.__cause__ or current.__context__
    return "; from ".join(told)


def log_fault(reference: str, told: str) -> str | None:
    """Keep a fault in the private log. Return where that is, None if no log is open or it could not be written."""
    for handler in logging.getLogger("pressrelease").handlers:
        if isinstance(handler, _PrivateFile):
            handler.lost = False
            logging.getLogger(__name__).error("fault %s: %s", reference, told)
            return None if handler.lost else handler.baseFilename
    return None
