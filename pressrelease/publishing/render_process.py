"""Long bodies are rendered in a process of their own, so that no other release waits for this one's Python.

Python runs one thread at a time, and a table of a megabyte keeps it busy for many seconds. The process is given the
body on its standard input, never as an argument, and answers on its standard output. It has no secret: its environment
is empty. It ends with its parent, since its standard input then ends.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from pressrelease.message import Body, Source, render

#: How long the process may take, in seconds, and how much memory it may use, in bytes (not on Windows).
LONGEST = 120.0
MOST_MEMORY = 2 << 30

#: What Windows starts no program without.
_KEPT = ("SYSTEMROOT", "WINDIR")

_log = logging.getLogger(__name__)


def render_apart(source: Source) -> Body:
    """As `render`, in a process of its own. Raises OSError where there is none, ValueError where it did not answer."""
    if not sys.executable:
        raise FileNotFoundError("the program of this Python is not known")
    windows: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    posix: dict[str, Any] = {"start_new_session": True}  # an interrupt at the terminal is for the scheduler alone
    process = subprocess.Popen(
        [str(Path(sys.executable).absolute()), "-I", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        **(windows if sys.platform == "win32" else posix),
    )
    too_late = threading.Timer(LONGEST, process.kill)
    too_late.start()
    try:
        with process:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
            process.stdin.write(_line(source._asdict()))
            process.stdin.flush()
            # Its input stays open: that it ends is how the process sees that its parent has.
            answer = process.stdout.read()
            return _body(json.loads(answer))
    finally:
        too_late.cancel()
        process.kill()


def render_apart_or_here(source: Source) -> Body:
    """As `render_apart`; in this process where that fails."""
    try:
        return render_apart(source)
    except (OSError, ValueError) as error:
        _log.warning("a long text could not be rendered in a process of its own: %s", type(error).__name__)
        return render(source)


def _line(values: dict[str, Any]) -> bytes:
    """One line of ASCII, whatever is in the values."""
    return json.dumps(values).encode("ascii") + b"\n"


def _body(values: dict[str, Any]) -> Body:
    """Raises ValueError for anything that is no answer."""
    try:
        return Body(**values | {"shown": frozenset(values["shown"])})
    except (TypeError, KeyError):
        raise ValueError("no answer") from None


# -- in that process --------------------------------------------------------------------------------------------------


def _main() -> None:
    _limit()
    given, answer = sys.stdin.buffer, sys.stdout.buffer
    source = Source(**json.loads(given.readline()))
    threading.Thread(target=_end_with_parent, args=(given,), daemon=True).start()
    body = render(source)
    answer.write(_line(body._asdict() | {"shown": sorted(body.shown)}))
    answer.flush()
    os._exit(0)  # not held up by the thread that still reads


def _end_with_parent(given: IO[bytes]) -> None:
    given.read()
    os._exit(1)


def _limit() -> None:
    """Bound memory, let the others come first, and leave no text in a core dump; a signal to end is for the parent."""
    if sys.platform == "win32":
        return
    import resource
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(5)
    for which, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MOST_MEMORY)):
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):  # macOS bounds no address space, and a lower limit may be set already
            continue


if __name__ == "__main__":
    _main()
