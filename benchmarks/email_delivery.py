"""One release to many recipients, against a bare loop that sends ready messages over as many kept connections.

    python benchmarks/email_delivery.py                   10,000 recipients; a minute
    python benchmarks/email_delivery.py --quick           1,000 recipients
    python benchmarks/email_delivery.py --server fast     a server that does next to nothing

Both go, in this run, to the same mail server in a process of its own, the bare loop before the program and once more
after it. The ratio is what counts: figures differ by machine, and by what else it does. The bare loop keeps no record
and asks nothing; `publish-due` claims each delivery durably before its first byte, asks every guard again, and has
each answer on the disk before many others leave.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import queue
import smtplib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP

LARGEST_RATIO = 1.3

BODY = "\n\n".join(f"Paragraph {number}. " + "Nineteen people were arrested. " * 12 for number in range(12))


class _Counting:
    """Takes everything and keeps nothing."""

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802
        return "250 taken"


def serve(port: int) -> None:
    """The mail server: aiosmtpd."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(
        loop.create_server(lambda: SMTP(_Counting(), hostname="sink.example.org", loop=loop), "127.0.0.1", port)
    )
    print("up", flush=True)
    loop.run_forever()


class _Fast(asyncio.Protocol):
    """SMTP in a few lines, so that the sender, and not the server, is what is measured."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.heard = b""
        self.in_text = False
        transport.write(b"220 ready\r\n")  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.heard += data
        while True:
            if self.in_text:
                if not self.heard.endswith(b"\r\n.\r\n"):
                    return
                self.heard, self.in_text, answer = b"", False, b"250 taken"
            else:
                line, found, rest = self.heard.partition(b"\r\n")
                if not found:
                    return
                self.heard = rest
                self.in_text = line.upper() == b"DATA"
                answer = b"354 go on" if self.in_text else b"221 bye" if line.upper() == b"QUIT" else b"250 ok"
            self.transport.write(answer + b"\r\n")  # type: ignore[attr-defined]


def serve_fast(port: int) -> None:
    """A server that does next to nothing."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(loop.create_server(_Fast, "127.0.0.1", port))
    print("up", flush=True)
    loop.run_forever()


def bare(port: int, letters: list[tuple[str, bytes]], connections: int) -> float:
    """Send ready messages over kept connections, and nothing else; seconds."""
    waiting: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    for letter in letters:
        waiting.put(letter)

    def work() -> None:
        with smtplib.SMTP("127.0.0.1", port) as server:
            while True:
                try:
                    address, content = waiting.get_nowait()
                except queue.Empty:
                    return
                server.sendmail("press@example.org", [address], content)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def command(folder: Path, *arguments: str) -> str:
    """Run `pressrelease`, as cron would."""
    done = subprocess.run(
        [sys.executable, "-m", "pressrelease", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def found_office(folder: Path, port: int, recipients: list[str]) -> None:
    """A workspace with one release, scheduled and approved, to everybody on the list."""
    (folder / "releases").mkdir(parents=True)
    (folder / "media.csv").write_text("email\n" + "\n".join(recipients) + "\n", encoding="utf-8")
    (folder / "config.toml").write_text(
        '[office]\nname = "The Office"\ntimezone = "America/Los_Angeles"\n'
        '[defaults]\noutlets = ["media"]\n[policy]\napprovals = 1\n'
        f'[outlets.media]\ntype = "email"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n'
        'from = "press@example.org"\nrecipients = "media.csv"\n',
        encoding="utf-8",
    )
    (folder / "releases" / "names-released.md").write_text(
        f"---\nheadline: Names released\ndate: 2026-01-05\nembargo: immediate\n---\n\n{BODY}\n", encoding="utf-8"
    )
    command(folder, "schedule", "names-released", "--yes")


def measure(kind: str, folder: Path, count: int, connections: int) -> float:
    """One comparison against one kind of server; the ratio."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    server = subprocess.Popen([sys.executable, __file__, "--serve", kind, str(port)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    server.stdout.readline()
    try:
        recipients = [f"reporter-{number}@example.org" for number in range(count)]
        found_office(folder, port, recipients)
        command(folder, "approve", "names-released", "--as", "deputy", "--no-input")
        content = ready(folder)
        letters = [(address, content) for address in recipients]
        before = bare(port, letters, connections)
        began = time.perf_counter()
        command(folder, "publish-due")
        seconds = time.perf_counter() - began
        loop_seconds = (before + bare(port, letters, connections)) / 2
        (row,) = json.loads(command(folder, "status", "names-released", "--json"))["releases"]
        delivered = sum(delivery["state"] == "delivered" for delivery in row["deliveries"])
        if delivered != count:
            sys.exit(f"{delivered} of {count} were delivered")
    finally:
        server.kill()
        server.wait()
    print(
        f"{kind:9} {count:,} recipients, {connections} connections, {len(content):,} bytes each: "
        f"bare loop {loop_seconds:.2f} s ({count / loop_seconds:,.0f}/s), "
        f"publish-due {seconds:.2f} s ({count / seconds:,.0f}/s), ratio {seconds / loop_seconds:.2f}"
    )
    return seconds / loop_seconds


def ready(folder: Path) -> bytes:
    """One recipient's message, as the outlet makes it."""
    from pressrelease.publishing.rendering import RenderCache
    from pressrelease.publishing.snapshot import take_snapshot
    from pressrelease.wiring import Workspace

    workspace = Workspace(folder)
    delivery = take_snapshot(workspace.store, workspace.library, workspace.config).plan.due[0]
    outlet = workspace.outlets()["media"]
    return RenderCache(workspace.config, workspace.store).make(outlet, delivery).content


def main() -> None:
    """Print the ratio, and fail where it is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--server", default="aiosmtpd", choices=["aiosmtpd", "fast"])
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        kind, port = given.serve
        (serve if kind == "aiosmtpd" else serve_fast)(int(port))
        return
    count = 1_000 if given.quick else given.recipients
    with tempfile.TemporaryDirectory() as folder:
        ratio = measure(given.server, Path(folder) / "office", count, given.connections)
    if ratio > LARGEST_RATIO and not given.quick and given.server == "aiosmtpd":
        sys.exit(f"slower than {LARGEST_RATIO} times a bare loop")


if __name__ == "__main__":
    os.environ.pop("PRESSRELEASE_WORKSPACE", None)
    main()
