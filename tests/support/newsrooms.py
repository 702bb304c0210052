"""What the tests of the newsroom share: an office, its releases, and sending them."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.message import Message, compose
from pressrelease.outlets import Outlet, open_outlet
from pressrelease.release import Contact, Release
from pressrelease.release.delivery import Receipt

LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
EARLIER = datetime(2018, 9, 19, 17, 30, tzinfo=UTC)
OFFICE = Office(
    "Placer County District Attorney",
    "America/Los_Angeles",
    url="https://www.example.org",
    contact=Contact("Press Office", "530-555-0100", "press@example.org"),
)
URL = "https://news.example.org"


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what is tried at every step need not wait for a real disk each time."""
    if not os.access("/dev/shm", os.W_OK):
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def open_newsroom_in(folder: Path, *, url: str = URL, timeout: float = 20, name: str = "newsroom") -> Outlet:
    """A newsroom as a process opens it; several on one folder are several processes."""
    config = OutletConfig(
        name, "newsroom", timeout=timedelta(seconds=timeout), settings={"path": "newsroom", "url": url}
    )
    return open_outlet(config, OFFICE, folder, lambda _: "")


def message_of(
    slug: str = "a-slug", *, lift: datetime = LIFT, version: str = "v1", body: str = "Lead.", **more: object
) -> Message:
    """A release, composed; attachments get bytes of their own."""
    release = Release(slug, str(more.pop("headline", f"Headline of {slug}")), "immediate", body, **more)  # type: ignore[arg-type]
    contents = {attachment.path: b"bytes of " + attachment.path.encode() for attachment in release.attachments}
    return compose(release, version=version, office=OFFICE, lift=lift, url=f"{URL}/{slug}/", attachments=contents)


def send(outlet: Outlet, message: Message) -> Receipt:
    """Prepare and send, as the cycle does."""
    return outlet.send(outlet.prepare(message, key="k", recipient=""), key="k", recipient="")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file that is public, by its path."""
    root = folder / "newsroom"
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def at_once(work: list[Callable[[], object]], width: int) -> list[Exception]:
    """Do all of it on `width` threads; what went wrong."""
    left, failures, lock = list(work), list[Exception](), threading.Lock()

    def run() -> None:
        while True:
            with lock:
                if not left:
                    return
                job = left.pop()
            try:
                job()
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(width)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
