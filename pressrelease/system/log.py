"""The private log: what happened in the program, for its administrator, and never the words of a release.

The text of an exception is left out, because libraries put whole addresses, with tokens, in it.
"""

from __future__ import annotations

import logging
import traceback
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.system.accounts import make_folder

if TYPE_CHECKING:
    from pressrelease.system.log_file import LogFile


class _PrivateLog(logging.Handler):
    """The private log at `path`. Its file is loaded and opened with the first line: most commands write none."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @cached_property
    def file(self) -> LogFile:
        """The file with the log's lines."""
        from pressrelease.system.log_file import LogFile

        return LogFile(self._path)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        self.file.emit(record)

    def close(self) -> None:
        """Close the file, if any line was written."""
        if "file" in self.__dict__:
            self.file.close()
        super().close()


def log_to(folder: Path) -> None:
    """Send this program's log to `folder`/log, made private; libraries' own logs go nowhere."""
    ours = logging.getLogger("pressrelease")
    ours.propagate = False
    ours.setLevel(logging.INFO)
    make_folder(folder)
    for earlier in list(ours.handlers):
        ours.removeHandler(earlier)
        earlier.close()
    ours.addHandler(_PrivateLog(folder / "log"))


def frames(error: BaseException) -> str:
    """Return where an exception and its causes came from, and their types; none of their text or values."""
    found: list[str] = []
    current: BaseException | None = error
    while current is not None and len(found) < 8:
        places = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in reversed(traceback.extract_tb(current.__traceback__))
        )
        found.append(f"{type(current).__name__} at {places or 'no frame'}")
        current = current.__cause__ or current.__context__
    return "; from ".join(found)


def log_fault(reference: str, places: str) -> str | None:
    """Keep a fault in the private log. Return where that is, None if no log is open or it could not be written."""
    for handler in logging.getLogger("pressrelease").handlers:
        if isinstance(handler, _PrivateLog):
            handler.file.lost = False
            logging.getLogger(__name__).error("fault %s: %s", reference, places)
            return None if handler.file.lost else handler.file.baseFilename
    return None
