"""A small workspace on a real disk, with outlets that do what a test asks and write down what they got.

Importable from a process of its own: what arrived is kept in a file beside the workspace.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pressrelease.config import ClockRules, Config, Office, OutletConfig, Policy
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.release import Attachment, Release, digests_of, version_of
from pressrelease.release.delivery import Delivery, Receipt, Repeats
from pressrelease.services import ServiceContext, approving, scheduling
from pressrelease.store import Store
from pressrelease.system import clock
from pressrelease.when import Embargo, EmbargoKind
from pressrelease.wiring import Workspace


@dataclass
class WritesDown:
    """An outlet that takes `seconds` a delivery, or hangs while a file named `hang` lies in its folder."""

    name: str
    folder: Path
    repeats: Repeats = Repeats(told_apart=True)  # noqa: RUF009
    people: tuple[str, ...] = ("",)
    seconds: float = 0.0

    @property
    def _log(self) -> Path:
        return self.folder / f"{self.name}.got"

    def recipients(self) -> tuple[str, ...]:
        return self.people

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        return RenderedMessage(message.text.encode(), "text/plain", prepared=message.slug)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        line = f"{time.time_ns() // 1000} {rendered.prepared} {recipient or '-'} {key}\n".encode()
        descriptor = os.open(self._log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(descriptor, line)
        os.close(descriptor)
        time.sleep(self.seconds)
        while (self.folder / f"{self.name}.hang").exists():
            time.sleep(0.01)
        return Receipt(remote_id=key)

    def warm(self, sends: int = 4) -> None: ...

    def probe(self) -> str:
        return "reached"

    def close(self) -> None: ...

    def got(self) -> list[tuple[datetime, str, str, str]]:
        """What arrived so far: when (UTC), slug, recipient, key."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        parts = [line.split(" ") for line in lines]
        return [(datetime.fromtimestamp(int(at) / 1e6, UTC), slug, who, key) for at, slug, who, key in parts]


@dataclass
class LooksFirst(WritesDown):
    """One that makes a second thing of a repeat, and can look for what it got."""

    repeats: Repeats = Repeats(told_apart=False, findable=True, settle=timedelta(seconds=2))  # noqa: RUF009
    looks: int = 0

    def find(self, rendered: RenderedMessage, *, key: str, recipient: str, since: datetime) -> Receipt | None:
        self.looks += 1
        arrived = any(key == got and at >= since - timedelta(seconds=1) for at, _, _, got in self.got())
        return Receipt(remote_id=f"found {key}") if arrived else None


class Place(Workspace):
    """A workspace with outlets of the test's making."""

    def __init__(
        self,
        folder: Path,
        made: Mapping[str, WritesDown],
        *,
        timeout: timedelta = timedelta(seconds=10),
        witnesses: tuple[str, ...] = (),
        store: Store | None = None,
    ) -> None:
        super().__init__(folder)
        self.made, self.timeout, self.witnesses = made, timeout, witnesses
        self._store = store

    @property
    def config(self) -> Config:  # type: ignore[override]
        return Config(
            office=Office("District Attorney", "America/Los_Angeles"),
            policy=Policy(approvals=1),
            clock=ClockRules(witnesses=self.witnesses),
            outlets={name: OutletConfig(name, "command", timeout=self.timeout) for name in self.made},
        )

    def outlets(self) -> dict[str, Any]:
        return dict(self.made)


def found(folder: Path, **outlets: Mapping[str, Any]) -> Place:
    """A workspace in `folder` with these outlets; keys are those of `WritesDown`."""
    (folder / "releases").mkdir(exist_ok=True)
    return Place(folder, {name: kind(keys)(name, folder, **keys) for name, keys in outlets.items()})


def kind(keys: Mapping[str, Any]) -> type[WritesDown]:
    """Which outlet these keys are for."""
    repeats = keys.get("repeats")
    return LooksFirst if repeats is not None and repeats.findable else WritesDown


def schedule(
    place: Place,
    slug: str,
    lift: datetime | None = None,
    attachments: Mapping[str, bytes] | None = None,
    body: str = "",
) -> None:
    """Write a release, schedule it for `lift` (None: at once) and approve it."""
    attached = dict(attachments or {})
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in attached.items()}
    source = (body or f"Text of {slug}.").encode()
    (place.folder / "releases" / f"{slug}.md").write_bytes(source)
    names = tuple(place.made)
    release = Release(
        slug,
        f"Headline of {slug}",
        "…",
        source.decode(),
        attachments=tuple(Attachment(path) for path in attached),
        source_hash=hashlib.sha256(source).hexdigest(),
    )
    recipients = {name: place.made[name].recipients() for name in names}
    kind = EmbargoKind.IMMEDIATE if lift is None else EmbargoKind.INSTANT
    proposal = scheduling.Proposal(
        release=release,
        embargo=Embargo("…", kind, "America/Los_Angeles", not_before=lift, lift=lift),
        lift=lift,
        version=version_of(
            release, attachment_hashes=hashes, lift=lift, outlets=names, recipients=digests_of(recipients)
        ),
        recipients=recipients,
        attachments=attached,
        findings=(),
        questions=(),
    )
    context = ServiceContext(place, "jdoe")
    scheduling.schedule(context, proposal)
    approving.approve(context, slug, "da")


def deliveries(store: Store) -> list[Delivery]:
    """Every delivery of every release."""
    return [one for dossier in store.read.dossiers(store.read.releases()) for one in dossier.deliveries]


def soon(seconds: float) -> datetime:
    """A moment ahead of now, UTC."""
    return clock.utc_now() + timedelta(seconds=seconds)
