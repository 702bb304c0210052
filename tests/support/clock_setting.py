"""A clock set wrong under an office's commands, and witnesses of the time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from needed import needs_program
from office import Office, Receiver, found_office, iso

#: The library that `faketime` loads; uptime stays real, as it would on a machine whose clock was set.
FAKE = {"FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1"}

#: Python's sleep asks for an absolute time on a clock that libfaketime gets wrong; a wait doesn't.
SITE = """
import time, threading
time.sleep = lambda seconds, _event=threading.Event(): _event.wait(seconds)
"""


def set_clock(office: Office, offset: str) -> None:
    """Have the office's commands see a clock that is off: `+1y`, `-1h`, or "" for the right one."""
    needs_program("faketime", "faketime")
    if not offset:
        office.environment.clear()
        return
    libraries = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    site = office.folder / ".site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])])
    office.environment |= FAKE | {"LD_PRELOAD": str(libraries[0]), "FAKETIME": offset, "PYTHONPATH": path}


def put(office: Office, lift: datetime) -> None:
    office.write("names-released", embargo=iso(lift))
    office.run("schedule", "names-released", "--yes")
    office.run("approve", "names-released", "--as", "deputy")


def nothing_out(office: Office, receiver: Receiver) -> bool:
    return receiver.got == [] and office.pages == []


@contextmanager
def witness(offset: timedelta) -> Iterator[str]:
    """A server that tells the time, off by `offset`."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(204)
            self.send_header("date", format_datetime(datetime.now(UTC) + offset, usegmt=True))
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


def witnessed(folder: Path, receiver: Receiver, address: str) -> Office:
    return found_office(folder / "office", receiver, more=f'[clock]\nwitnesses = ["{address}"]\n')
