"""The demo: two releases of September 2018, dated today, sent by the real scheduler to outlets on this machine.

A webhook receiver runs in a thread and records when each request came; the scheduler is `pressrelease run` in its own
process. What is printed was read from the store and the receiver.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease.errors import PressReleaseError
from pressrelease.services import ServiceContext
from pressrelease.services.approving import approve
from pressrelease.services.scheduling import propose, write
from pressrelease.status.evaluation import ReleaseState
from pressrelease.status.views import late_words, where_words
from pressrelease.system import clock
from pressrelease.when import read_rfc3339, rfc3339, say, say_full
from pressrelease.wiring import Workspace

#: How long until the second release lifts; if half of it passes before it is scheduled, the next one is used.
AHEAD = (timedelta(seconds=8), timedelta(seconds=20), timedelta(seconds=60))
#: How long everything may take after that lift.
PATIENCE = timedelta(seconds=45)
ZONE = "America/Los_Angeles"

FIRST = "county-wide-human-trafficking-operation"
SECOND = "names-released-in-county-wide-human-trafficking-operation"

#: What the second release says instead of its list of names.
NOBODY = "In a real office, the names that the District Attorney has reviewed would be here. The demo names nobody."

_CONFIG = """\
[office]
name = "Placer County District Attorney (demonstration)"
timezone = "{zone}"

[defaults]
outlets = ["newsroom", "media"]

[outlets.newsroom]
type = "newsroom"

[outlets.media]
type = "webhook"
url = "http://127.0.0.1:{port}/press"
secret = {{ file = "webhook.secret" }}
"""


@dataclass(frozen=True)
class Received:
    """One request at the receiver: its webhook-id, the slug in its body, when it came (UTC), and how late."""

    id: str
    slug: str
    at: datetime
    late_ms: int


@dataclass(frozen=True)
class Demonstration:
    """The demo's result. `early` counts what came before its lift: zero, or the demo fails."""

    folder: Path
    page: Path
    received: tuple[Received, ...]
    early: int


@dataclass
class _Receiver:
    """A webhook receiver on loopback that records what it receives."""

    got: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, headers: dict[str, str], body: bytes, at: datetime) -> None:
        """Record one request."""
        data = json.loads(body)["data"]
        late = round((at - read_rfc3339(data["lift"])).total_seconds() * 1000)
        with self.changed:
            self.got.append(Received(headers.get("webhook-id", ""), data["slug"], at, late))
            self.changed.notify_all()


def _serve(receiver: _Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = clock.utc_now()
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            receiver.take({name.lower(): value for name, value in self.headers.items()}, body, at)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print nothing: the demo itself shows what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, name="receiver", daemon=True).start()
    return server


def demonstrate(say_line: Callable[[str], None]) -> Demonstration:
    """Run the demo and report each step. Raises PressReleaseError if anything came early, twice or not at all."""
    folder = Path(tempfile.mkdtemp(prefix="pressrelease-demo-"))
    receiver = _Receiver()
    server = _serve(receiver)
    try:
        workspace = _furnish(folder, server.server_address[1])
        context = ServiceContext(workspace, "demo")
        say_line(f"A workspace in {folder}, with a newsroom and a webhook receiver on this machine.")
        return _play(context, receiver, say_line)
    finally:
        server.shutdown()
        server.server_close()


def _furnish(folder: Path, port: int) -> Workspace:
    (folder / "releases").mkdir()
    (folder / "config.toml").write_text(_CONFIG.format(zone=ZONE, port=port), encoding="utf-8")
    secret = folder / "webhook.secret"
    secret.touch(mode=0o600)
    secret.write_text("whsec_" + b64encode(secrets.token_bytes(32)).decode(), encoding="ascii")
    return Workspace(folder)


def _play(context: ServiceContext, receiver: _Receiver, say_line: Callable[[str], None]) -> Demonstration:
    folder, lift = context.workspace.folder, _scheduled(context)
    say_line(f"Scheduled {FIRST}: at once.")
    say_line(f"Scheduled {SECOND}: {say_full(lift, timezone=ZONE, now=clock.utc_now())}.")
    command = [sys.executable, "-m", "pressrelease", "--workspace", str(folder), "run"]
    scheduler = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        for slug in (FIRST, SECOND):
            approve(context, slug, "demo")
        say_line("Both are approved. The scheduler is running in its own process.")
        _follow(context, lift + PATIENCE, say_line, scheduler)
    finally:
        scheduler.terminate()
        scheduler.communicate()
    return _verdict(context, receiver, lift, say_line)


def _scheduled(context: ServiceContext) -> datetime:
    """Write and schedule both releases, and return the lift of the second (UTC).

    Both go into the store in one transaction, so that nothing is left behind if the lift passes in the meantime.

    Raises: PressReleaseError if there was never time enough.
    """
    for ahead in AHEAD:
        now = clock.utc_now()
        lift = (now + ahead).replace(microsecond=0)
        for slug, text in redated(now, lift).items():
            (context.workspace.folder / "releases" / f"{slug}.md").write_text(text, encoding="utf-8")
        try:
            proposals = [propose(context, slug) for slug in (FIRST, SECOND)]
            if lift - clock.utc_now() < ahead / 2:
                continue
            with context.ledger() as ledger:
                for proposal in proposals:
                    write(ledger, context, proposal)
        except PressReleaseError as error:
            if error.code != "embargo_past":
                raise
        else:
            return lift
    raise PressReleaseError(
        f"This computer is too busy for the demo: two releases could not be scheduled within"
        f" {ahead.total_seconds() / 2:.0f} s. Nothing was sent.",
        hint="Try it again when less is running.",
        code="demo_failed",
    )


def redated(now: datetime, lift: datetime) -> dict[str, str]:
    """Return the two releases by their slugs, as if written at `now` and promised for `lift` (both UTC)."""
    today = now.astimezone(ZoneInfo(ZONE)).date()
    texts = {}
    for slug in (FIRST, SECOND):
        text = files(__name__).joinpath("releases", f"{slug}.md").read_text(encoding="utf-8")
        text = text.replace("date: 2018-09-19", f"date: {today}")
        text = text.replace("embargo: the week of 9/24", f"embargo: {rfc3339(lift)}")
        text = text.replace("released the week of 9/24", f"released {say(lift, timezone=ZONE)}")
        texts[slug] = re.sub(r"\[\[.*?\]\]", NOBODY, text, flags=re.DOTALL)
    return texts


def _follow(
    context: ServiceContext, until: datetime, say_line: Callable[[str], None], scheduler: subprocess.Popen[str]
) -> None:
    """Report each change until everything is out."""
    shown: dict[str, str] = {}
    while clock.utc_now() < until:
        reports = {slug: context.report(slug) for slug in (FIRST, SECOND)}
        for slug, report in reports.items():
            words = f"{report.status.state.value} ({'; '.join(where_words(report.dossier.deliveries))})"
            if shown.get(slug) != words:
                shown[slug] = words
                say_line(f"  {slug}: {words}")
        if all(report.status.state is ReleaseState.PUBLISHED for report in reports.values()):
            return
        if scheduler.poll() is not None:
            output = scheduler.stderr.read() if scheduler.stderr else ""
            raise PressReleaseError(f"The scheduler ended: {output.strip()}", code="demo_failed")
        threading.Event().wait(0.1)
    raise PressReleaseError(
        f"The demo did not finish within {PATIENCE.total_seconds():.0f} s of the second release's time: {shown}.",
        code="demo_failed",
    )


def _verdict(
    context: ServiceContext, receiver: _Receiver, lift: datetime, say_line: Callable[[str], None]
) -> Demonstration:
    folder = context.workspace.folder
    page = folder / "newsroom" / "index.html"
    received = tuple(receiver.got)
    early = sum(1 for one in received if one.late_ms < 0)
    say_line("")
    for one in received:
        late = late_words(timedelta(milliseconds=one.late_ms))
        say_line(f"The receiver got {one.slug}, {late} (webhook-id {one.id}).")
    if early or sorted(one.slug for one in received) != sorted((FIRST, SECOND)) or not page.exists():
        raise PressReleaseError("The demo failed: see above.", code="demo_failed")
    say_line(f"Nothing came before its time ({say_full(lift, timezone=ZONE)}), and nothing came twice.")
    say_line(f"The newsroom: {page}")
    say_line(f"The journal:  pressrelease --workspace {folder} journal")
    return Demonstration(folder, page, received, early)
