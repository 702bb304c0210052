"""A pseudo-terminal with somebody who answers."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from preloaded import COMMAND


def asked_at_a_terminal(folder: Path, answers: bytes) -> bytes:
    """Return what `init here` says at a terminal of a machine whose zone was never set, given these answers."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TZ": "Etc/UTC"}
    with subprocess.Popen(
        [*COMMAND, "init", "here"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        os.write(ours, answers)
        said = b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:
            pass  # how a terminal says that nobody holds its other end any more
        process.wait()
    os.close(ours)
    return said
