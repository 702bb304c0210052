"""The file of the private log. Loaded with its first line: what rotates files loads sockets and pickle too."""

from __future__ import annotations

import logging
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from pressrelease.system.accounts import opened

#: A log file's size in bytes before it is rotated, and how many are kept.
LARGEST = 2_000_000
KEPT = 5


class LogFile(RotatingFileHandler):
    """A rotating file that only the accounts of the workspace can read, from its first byte on."""

    #: Whether the last line could not be written.
    lost = False

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"))

    def _open(self) -> TextIOWrapper:
        def private(name: str, flags: int) -> int:
            return opened(Path(name), flags)

        return open(self.baseFilename, "a", encoding=self.encoding, opener=private)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  (the library's name)
        """Ignore a log that can't be written: the person who typed the command needs no traceback for that."""
        self.lost = True
