"""Render long bodies in a separate process, so that no other release waits for this one's Python code.

Python runs one thread at a time, and a table of a megabyte keeps it busy for many seconds. The process gets the body on
its standard input, never as an argument, and answers on its standard output. It has no secrets: its environment is
empty. It ends with its parent, because its standard input then ends.
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

#: Seconds that the process may take, and bytes of memory it may use (not on Windows).
LONGEST = 120.0
MOST_MEMORY = 2 << 30

#: Windows starts no program without these.
_KEPT = ("SYSTEMROOT", "WINDIR")

_log = logging.getLogger(__name__)


def render_apart(source: Source) -> Body:
    """Return what `render` does, run in a separate process. Raises OSError (no start), ValueError (no answer)."""
    if not sys.executable:
        raise FileNotFoundError("the program of this Python is not known")
    windows: dict[str, Any] = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    posix: dict[str, Any] = {"start_new_session": True}  # an interrupt at the terminal is for the scheduler only
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
            # Its input stays open: its end is how the process notices that its parent is gone.
            answer = process.stdout.read()
            return _body(json.loads(answer))
    finally:
        too_late.cancel()
        process.kill()


def render_apart_or_here(source: Source) -> Body:
    """Return what `render_apart` does; render in this process if that fails."""
    try:
        return render_apart(source)
    except (OSError, ValueError) as error:
        _log.warning("a long text could not be rendered in a process of its own: %s", type(error).__name__)
        return render(source)


def _line(values: dict[str, Any]) -> bytes:
    """Return the values as one line of ASCII JSON."""
    return json.dumps(values).encode("ascii") + b"\n"


def _body(values: dict[str, Any]) -> Body:
    """Return the body in an answer. Raises ValueError for anything else."""
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
    os._exit(0)  # don't wait for the thread that still reads


def _end_with_parent(given: IO[bytes]) -> None:
    given.read()
    os._exit(1)


def _limit() -> None:
    """Limit memory, lower the priority, and keep text out of core dumps. Signals to end are for the parent."""
    if sys.platform == "win32":
        return
    import resource
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.nice(5)
    for which, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MOST_MEMORY)):
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):  # macOS limits no address space, and a lower limit may be set already
            continue


if __name__ == "__main__":
    _main()
