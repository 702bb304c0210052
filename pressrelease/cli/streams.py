"""Standard input, output and error that can be used whatever the caller made of them.

cron lines that end in `>&-`, services and `pythonw` start programs without some of these. Python then has None, and the
next file that is opened gets the stream's number: a message would be written into it.
"""

from __future__ import annotations

import io
import os
import sys
from typing import IO, Any, ClassVar


class _Steady(io.RawIOBase):
    """A stream's file, in which what can't be written is dropped: work that was done is not undone by a full disk.

    With `tells_of_reader`, a reader that went away is raised: the reader of `status | head` wants no more.
    """

    #: Why the first thing could not be written; None while everything was.
    failure: ClassVar[OSError | None] = None

    def __init__(self, file: Any, *, tells_of_reader: bool) -> None:
        super().__init__()
        self._file = file
        self._tells_of_reader = tells_of_reader

    def write(self, data: Any) -> int:
        try:
            written: int = self._file.write(data)
            return written
        except BrokenPipeError:
            if self._tells_of_reader:
                raise
        except OSError as error:
            if self._tells_of_reader:
                _Steady.failure = _Steady.failure or error
        return len(data)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return int(self._file.fileno())

    def isatty(self) -> bool:
        return bool(self._file.isatty())

    def close(self) -> None:
        """Keep the file open: Python may still write to it when it ends."""


def open_standard_streams() -> None:
    """Put the null device where a standard stream is closed, and have none of them end the program."""
    while (number := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(os.devnull)), encoding="utf-8")
    sys.stdout = _steadied(sys.stdout, tells_of_reader=True)
    sys.stderr = _steadied(sys.stderr, tells_of_reader=False)


def unwritten() -> OSError | None:
    """Return why part of the answer could not be written, None if all was; standard output is flushed first."""
    sys.stdout.flush()
    return _Steady.failure


def _steadied(stream: IO[str] | None, *, tells_of_reader: bool) -> io.TextIOWrapper:
    if not isinstance(stream, io.TextIOWrapper):  # None: it is closed
        return io.TextIOWrapper(io.BufferedWriter(io.FileIO(os.devnull, "w")), encoding="utf-8")
    encoding, errors = stream.encoding, stream.errors
    by_line = stream.line_buffering or stream.isatty() or not tells_of_reader
    buffered = stream.detach()
    file = _Steady(getattr(buffered, "raw", buffered), tells_of_reader=tells_of_reader)
    # The one before is kept: its file would be closed with it.
    file.before = buffered  # type: ignore[attr-defined]
    return io.TextIOWrapper(io.BufferedWriter(file), encoding=encoding, errors=errors, line_buffering=by_line)
