"""A whole office for tests: a workspace, a webhook receiver on loopback, and the installed command."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import threading
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from preloaded import COMMAND, Forked, can_fork, command_started, preloaded  # noqa: F401  (tests take COMMAND from here)

from pressrelease.cli import main

#: A lift that no test lives to see.
FAR = "2099-09-24T09:00:00-07:00"


@dataclass(frozen=True)
class Arrival:
    """One request at the receiver; `at` is UTC, taken when its headers had been read. What it answered says whether it
    took it."""

    id: str
    slug: str
    at: datetime
    body: bytes
    path: str
    status: int


@dataclass
class Receiver:
    """A webhook receiver that keeps what it got. `pause` seconds pass before each answer."""

    port: int = 0
    pause: float = 0.0
    status: int = 204
    got: list[Arrival] = field(default_factory=list)

    @property
    def ids(self) -> dict[str, set[str]]:
        """Every webhook-id that came, by slug."""
        found: dict[str, set[str]] = {}
        for arrival in self.got:
            found.setdefault(arrival.slug, set()).add(arrival.id)
        return found

    @property
    def counts(self) -> Counter[str]:
        """How many requests came, by slug."""
        return Counter(arrival.slug for arrival in self.got)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


@contextmanager
def receiving(pause: float = 0.0) -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver(pause=pause)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            at = datetime.now(UTC)
            body = self.rfile.read(int(self.headers["content-length"]))
            slug, status = json.loads(body)["data"]["slug"], receiver.status
            receiver.got.append(Arrival(self.headers["webhook-id"], slug, at, body, self.path, status))
            time.sleep(receiver.pause)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Office:
    """A workspace on disk, worked by the command in processes of its own, as a person or cron would.

    `fresh` has each of them begin as a new interpreter, which is how people start them.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    fresh: bool = False

    @property
    def pages(self) -> list[str]:
        """The slugs that the newsroom's web root has a page of."""
        return sorted(page.parent.name for page in (self.folder / "newsroom").glob("*/index.html"))

    def write(self, slug: str, *, embargo: str = "immediate", body: str = "Words.", **keys: str) -> Path:
        """Write a release's file, as an editor would."""
        front = {"headline": f"Headline of {slug}", "date": "2026-01-05", "embargo": embargo} | keys
        text = "".join(f"{key}: {value}\n" for key, value in front.items())
        path = self.folder / "releases" / f"{slug}.md"
        path.write_text(f"---\n{text}---\n\n{body}\n", encoding="utf-8")
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str] | Forked:
        """Start the command; the caller ends it."""
        environment = os.environ | self.environment
        return command_started(arguments, cwd=self.folder, environment=environment, fresh=self.fresh)

    def run(
        self, *arguments: str, expect: int | Sequence[int] = 0, timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, and insist on its exit code."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        expected = {expect} if isinstance(expect, int) else set(expect)
        assert process.returncode in expected, f"{arguments}: exit {process.returncode}\n{out}\n{err}"
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def json(self, *arguments: str, expect: int | Sequence[int] | None = None) -> Any:
        """The command's answer in JSON; `status` may say by its exit code that something is due and nothing runs."""
        if expect is None:
            expect = (0, 10) if arguments[:1] == ("status",) else 0
        return json.loads(self.run(*arguments, "--json", expect=expect).stdout)

    def state(self, slug: str) -> str:
        """Where one release stands."""
        return str(self.json("status", slug)["releases"][0]["state"])

    @contextmanager
    def scheduler(self) -> Iterator[subprocess.Popen[str] | Forked]:
        """`run`, up and looking; ended by SIGTERM."""
        process = self.start("run")
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert "running" in line, line + process.stderr.read()
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)


class HereOffice(Office):
    """An office whose commands run in this process, where starting one costs nothing."""

    def run(
        self, *arguments: str, expect: int | Sequence[int] = 0, timeout: float = 90
    ) -> subprocess.CompletedProcess[str]:
        """Run the command to its end, and insist on its exit code."""
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        with redirect_stdout(out), redirect_stderr(err):
            code = main(["--workspace", str(self.folder), *arguments])
        expected = {expect} if isinstance(expect, int) else set(expect)
        said, told = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
        assert code in expected, f"{arguments}: exit {code}\n{said}\n{told}"
        return subprocess.CompletedProcess(arguments, code, said, told)


def found_office(folder: Path, receiver: Receiver | None = None, *, more: str = "", policy: str = "") -> Office:
    """An office with a newsroom, and, given a receiver, an outlet `media` that posts to it."""
    (folder / "releases").mkdir(parents=True)
    text = f'[office]\nname = "The Office"\ntimezone = "America/Los_Angeles"\n{policy}\n'
    text += '[outlets.newsroom]\ntype = "newsroom"\n'
    if receiver is not None:
        text += (
            f'[outlets.media]\ntype = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/press"\n'
            'secret = { file = "webhook.secret" }\n[defaults]\noutlets = ["newsroom", "media"]\n'
        )
        secret = folder / "webhook.secret"
        secret.touch(mode=0o600)
        secret.write_text("whsec_" + b64encode(bytes(range(32))).decode(), encoding="ascii")
    (folder / "config.toml").write_text(text + more, encoding="utf-8")
    # A pass waits for a config.toml that is only just being written.
    os.utime(folder / "config.toml", (time.time() - 300,) * 2)
    return Office(folder)


def in_seconds(seconds: float) -> datetime:
    """A whole second, at least `seconds` from now: a lift, for which the commands that follow have to be in time."""
    if can_fork():
        preloaded()
    return (datetime.now(UTC) + timedelta(seconds=seconds + 1)).replace(microsecond=0)


def iso(moment: datetime) -> str:
    """As an embargo is typed by a program."""
    return moment.isoformat().replace("+00:00", "Z")


def make_original(folder: Path) -> None:
    """Have a copied office count as one of its own: the test has copied it in place of making it once more."""
    marker = folder / ".pressrelease" / "state.db.id"
    marker.write_text(json.loads(marker.read_text(encoding="ascii"))["store"], encoding="ascii")
