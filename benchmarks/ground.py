"""What the benchmarks stand on: a receiver in a process of its own, a bare loop, an office full of releases.

The receiver answers as fast as Python can (asyncio, a few lines), so that the sender, and not the server, is what is
measured; with a pause it answers that much later, as a server far away does. It notes when the first byte of each
request came. The bare loop is what anybody would write who wants it fast and keeps no record: threads with a warm
`requests.Session` each, sending ready bodies.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

PROGRAM = [sys.executable, "-c", "import sys; from pressrelease.cli import main; sys.exit(main())"]
BODY = "\n\n".join(f"Paragraph {number}. " + "Nineteen people were arrested. " * 6 for number in range(6))
SECRET = "whsec_" + b64encode(bytes(range(32))).decode()


# -- a receiver ------------------------------------------------------------------------------------------------------


class _Receiving(asyncio.Protocol):
    """HTTP/1.1 in a few lines: one request at a time on a connection that is kept."""

    came: list[int] = []  # noqa: RUF012  (one list for all connections)
    connections = 0
    pause = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.heard = b""
        self.began = 0
        _Receiving.connections += 1

    def data_received(self, data: bytes) -> None:
        if not self.heard:
            self.began = time.time_ns()
        self.heard += data
        head, found, body = self.heard.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET"):
            self.heard = b""
            told = json.dumps({"came": self.came, "connections": _Receiving.connections}).encode()
            if b"/forget" in head:
                self.came.clear()
                _Receiving.connections = 0
            self._answer(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(told), told))
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self.heard = b""
        self.came.append(self.began)
        answer = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"
        if self.pause:
            asyncio.get_running_loop().call_later(self.pause, self._answer, answer)
        else:
            self._answer(answer)

    def _answer(self, answer: bytes) -> None:
        self.transport.write(answer)  # type: ignore[attr-defined]


async def _serve(pause: float) -> None:
    _Receiving.pause = pause
    server = await asyncio.get_running_loop().create_server(_Receiving, "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True)
class Receiver:
    """A receiver that is up."""

    port: int

    @property
    def url(self) -> str:
        """Where it takes posts."""
        return f"http://127.0.0.1:{self.port}/press"

    def came(self) -> list[float]:
        """When the first byte of each request came, as seconds since 1970, in order."""
        return sorted(moment / 1e9 for moment in self._told("/came")["came"])

    def connections(self) -> int:
        """How many connections were opened to it since it last forgot, this one's own question left out."""
        return int(self._told("/came")["connections"]) - 1

    def forget(self) -> None:
        """Let it begin anew."""
        self._told("/forget")

    def _told(self, path: str) -> dict[str, list[int]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
            return json.load(answer)  # type: ignore[no-any-return]


@contextmanager
def receiving(pause: float = 0.0) -> Iterator[Receiver]:
    """A receiver in a process of its own, that answers after `pause` seconds."""
    process = subprocess.Popen([sys.executable, __file__, str(pause)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield Receiver(int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


# -- a bare loop -----------------------------------------------------------------------------------------------------


def bare_loop(url: str, bodies: Sequence[bytes], threads: int) -> float:
    """Post ready bodies, each thread over a warm Session of its own, and nothing else; seconds."""
    import requests

    sessions = [requests.Session() for _ in range(threads)]
    for session in sessions:
        session.trust_env = False  # as the program: the environment's proxies are asked for once
        session.get(url.replace("/press", "/came"), timeout=60)
    waiting = iter(list(enumerate(bodies)))
    lock, start = threading.Lock(), threading.Event()

    def work(session: requests.Session) -> None:
        start.wait()
        while True:
            with lock:
                number, body = next(waiting, (-1, b""))
            if number < 0:
                return
            headers = {
                "content-type": "application/json",
                "webhook-id": f"id-{number}",
                "webhook-timestamp": str(int(time.time())),
                "webhook-signature": "v1," + "A" * 44,
            }
            session.post(url, data=body, headers=headers, timeout=60).raise_for_status()

    workers = [threading.Thread(target=work, args=(session,)) for session in sessions]
    for worker in workers:
        worker.start()
    began = time.perf_counter()
    start.set()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    for session in sessions:
        session.close()
    return took


# -- an office -------------------------------------------------------------------------------------------------------


def found_office(folder: Path, url: str, *, store_url: str = "", more: str = "") -> None:
    """A workspace with one webhook."""
    (folder / "releases").mkdir(parents=True)
    store = f'[store]\nurl = "{store_url}"\n' if store_url else ""
    (folder / "config.toml").write_text(
        '[office]\nname = "The Office"\ntimezone = "America/Los_Angeles"\n[defaults]\noutlets = ["media"]\n'
        f'[policy]\napprovals = 1\n{store}[outlets.media]\ntype = "webhook"\nurl = "{url}"\n'
        f'secret = {{ file = "webhook.secret" }}\n{more}',
        encoding="utf-8",
    )
    secret = folder / "webhook.secret"
    secret.touch(mode=0o600)
    secret.write_text(SECRET, encoding="ascii")


def write_release(folder: Path, slug: str, embargo: str) -> str:
    """A release's file; its text."""
    text = f"---\nheadline: Headline of {slug}\ndate: 2026-01-05\nembargo: {embargo}\n---\n\n{BODY}\n"
    (folder / "releases" / f"{slug}.md").write_text(text, encoding="utf-8")
    return text


def schedule_many(
    folder: Path, slugs: Sequence[str], lifts: Sequence[datetime], outlets: tuple[str, ...] = ("media",)
) -> None:
    """Schedule and approve releases straight in the record, as the commands do, one transaction for all."""
    from pressrelease.config.frozen import frozen_settings, settings_name
    from pressrelease.release import canonical, digests_of, parse, version_of
    from pressrelease.status.dossier import Directive, Scheduled
    from pressrelease.store import approvals, freezing, presence
    from pressrelease.system import clock
    from pressrelease.when import Embargo, EmbargoKind
    from pressrelease.wiring import Workspace

    workspace = Workspace(folder)
    now = clock.utc_now()
    people = dict.fromkeys(outlets, ("",))
    settings = frozen_settings(workspace.config, outlets)
    with workspace.store.ledger(now=now, actor="jdoe") as ledger:
        for slug, lift in zip(slugs, lifts, strict=True):
            text = write_release(folder, slug, lift.astimezone(UTC).isoformat().replace("+00:00", "Z"))
            release = parse(text.encode(), slug)
            version = version_of(
                release,
                attachment_hashes={},
                lift=lift,
                outlets=outlets,
                recipients=digests_of(people),
                settings=settings_name(settings),
            )
            embargo = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=lift, lift=lift)
            source = hashlib.sha256(text.encode()).hexdigest()
            scheduled = Scheduled(
                slug,
                version,
                release.headline,
                embargo,
                lift,
                outlets,
                "jdoe",
                source,
                Directive.SCHEDULED,
                "jdoe",
                now,
            )
            frozen = freezing.Frozen(canonical(release), lift, {}, {}, settings=settings)
            freezing.schedule(ledger, scheduled, frozen, people)
            approvals.approve(ledger, slug, version, "deputy", policy=workspace.config.policy)
        presence.record_reading(ledger, clock.read_clock())
    workspace.store.close()


def bodies_of(folder: Path, slugs: Sequence[str]) -> list[bytes]:
    """What the webhook would post for each release."""
    from pressrelease.publishing.rendering import RenderCache
    from pressrelease.wiring import Workspace

    workspace = Workspace(folder)
    outlet = workspace.outlets()["media"]
    renders = RenderCache(workspace.config, workspace.store)
    read = workspace.store.read
    made = [
        renders.make(outlet, delivery).content
        for dossier in read.dossiers(read.releases(list(slugs)))
        for delivery in dossier.deliveries
    ]
    workspace.store.close()
    return made


def command(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Run the command to its end, and insist that it went well."""
    done = subprocess.run(
        [*PROGRAM, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (environment or {}),
    )
    if done.returncode:
        sys.exit(f"{arguments[0]}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def _line(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline()


@contextmanager
def scheduler(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`run`, up and looking; ended by SIGTERM."""
    process = subprocess.Popen([*PROGRAM, "run"], cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        if "running" not in (said := _line(process.stderr)):
            sys.exit(f"run: {said}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)


def states(folder: Path) -> dict[str, int]:
    """How many deliveries are in each state."""
    from pressrelease.wiring import Workspace

    store = Workspace(folder).store
    found = store.read.rows("SELECT state, count(*) AS count FROM deliveries GROUP BY state")
    store.close()
    return {row["state"]: row["count"] for row in found}


def in_seconds(seconds: float) -> datetime:
    """A moment ahead, UTC, on a whole tenth of a second."""
    return datetime.fromtimestamp(round(time.time() + seconds, 1), UTC)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1])))
