"""What the store keeps besides releases, approvals and deliveries (`rows.py`): each value, and how its row is read."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from pressrelease.status.dossier import Terms
from pressrelease.store.rows import Row, believed, digests_of_text, from_micros, maybe_time, text_of, texts_of
from pressrelease.system.clock import ClockReading

# Queries that a reader and a transaction both run.

#: The only row of `control`.
CONTROL = "SELECT * FROM control WHERE id = 1"

#: The reading that a boot's clock is compared with.
MARK = "SELECT wall, uptime, boot FROM marks WHERE boot = :boot"

#: A frozen version.
FROZEN = "SELECT * FROM versions WHERE slug = :slug AND version = :version"


class Control(NamedTuple):
    """Whether everything is stopped, who stopped it and why; and the newest time since the clock was confirmed.

    `not_the_original` says why the record may be a copy or an older one, "" if nothing suggests it. Such a record
    counts as stopped, whatever it says.
    """

    stopped: bool
    stopped_by: str = ""
    stopped_why: str = ""
    stopped_at: datetime | None = None
    newest: datetime | None = None
    not_the_original: str = ""

    @property
    def why_stopped(self) -> str:
        """Why nothing goes out, in a sentence without its full stop; "" if nothing is stopped."""
        if self.not_the_original:
            return self.not_the_original
        if not self.stopped:
            return ""
        return f"everything was stopped by {self.stopped_by}" + (f": {self.stopped_why}" if self.stopped_why else "")

    @property
    def headline(self) -> str:
        """The line above every screen while nothing goes out; "" if nothing is stopped."""
        if not self.stopped:
            return ""
        why = f": {self.stopped_why.rstrip('.')}" if self.stopped_why else ""
        by = f"STOPPED: {self.not_the_original}." if self.not_the_original else f"STOPPED by {self.stopped_by}{why}."
        return f"{by} Nothing goes out until `{self.way_out}`."

    @property
    def way_out(self) -> str:
        """The command that ends the stop."""
        return "pressrelease adopt" if self.not_the_original else "pressrelease resume --all"


class SchedulerProcess(NamedTuple):
    """A scheduler that has been seen: `run`, or a pass of cron. Times are UTC."""

    owner: str
    kind: str
    host: str
    pid: int
    started_at: datetime
    last_seen: datetime
    ended_at: datetime | None


class FrozenVersion(NamedTuple):
    """The bytes that were approved, each attachment's SHA-256 by its path, and the lift and outlets approved with it.

    `lift` is UTC, None for `immediate`; a person may have moved the release's own lift since. `wall` is the lift as
    local wall time, "" for an instant. `recipients` has the digest of each outlet's recipients by its name; `settings`
    is the SHA-256 of what config.toml adds to it (`Reader.settings` has the values). Both are empty for a version
    frozen before they existed.
    """

    canonical: bytes
    attachments: Mapping[str, str]
    lift: datetime | None
    outlets: tuple[str, ...]
    wall: str = ""
    recipients: Mapping[str, str] = MappingProxyType({})
    settings: str = ""


class EventLift(NamedTuple):
    """Who lifted which version of a release that waited for an event; `at` is UTC, `signature` "" if there is none."""

    slug: str
    version: str
    by: str
    at: datetime
    signature: str = ""


@believed
def event_lift_of(row: Row) -> EventLift:
    return EventLift(
        slug=text_of(row["slug"]),
        version=text_of(row["version"]),
        by=text_of(row["by"]),
        at=from_micros(row["at"]),
        signature=text_of(row["signature"] or ""),
    )


@believed
def control_of(row: Row) -> Control:
    return Control(
        stopped={0: False, 1: True}[row["stopped"]],
        stopped_by=text_of(row["stopped_by"] or ""),
        stopped_why=text_of(row["stopped_why"] or ""),
        stopped_at=maybe_time(row["stopped_at"]),
        newest=maybe_time(row["newest"]),
    )


@believed
def mark_of(row: Row) -> ClockReading:
    uptime = timedelta(microseconds=row["uptime"])
    if not timedelta(0) <= uptime < timedelta(days=36525):
        raise OverflowError
    return ClockReading(from_micros(row["wall"]), uptime, text_of(row["boot"]))


@believed
def content_of(row: Row) -> bytes:
    return _bytes_of(row["content"])


def _bytes_of(value: Any) -> bytes:
    if not isinstance(value, (bytes, memoryview)):
        raise TypeError  # given a number, `bytes` would make that many zeros
    return bytes(value)


@believed
def process_of(row: Row) -> SchedulerProcess:
    return SchedulerProcess(
        owner=text_of(row["owner"]),
        kind=text_of(row["kind"]),
        host=text_of(row["host"]),
        pid=int(row["pid"]),
        started_at=from_micros(row["started_at"]),
        last_seen=from_micros(row["last_seen"]),
        ended_at=maybe_time(row["ended_at"]),
    )


@believed
def frozen_of(row: Row) -> FrozenVersion:
    hashes = json.loads(row["attachments"])
    return FrozenVersion(
        canonical=_bytes_of(row["canonical"]),
        attachments={text_of(path): text_of(sha256) for path, sha256 in hashes.items()},
        lift=maybe_time(row["lift"]),
        outlets=texts_of(row["outlets"]),
        wall=text_of(row.get("wall") or ""),
        recipients=digests_of_text(row.get("recipients")),
        settings=text_of(row.get("settings") or ""),
    )


@believed
def settings_of(row: Row) -> Mapping[str, Any]:
    settings = json.loads(row["content"])
    return {name: settings[name] for name in (*settings, "office", "outlets")}


@believed
def terms_of(found: Row) -> dict[tuple[str, str], Terms]:
    rows: list[Row] = found["rows"]
    # Many were frozen at few moments.
    moments = {micros: from_micros(micros) for micros in {row["frozen_at"] for row in rows}}
    return {
        (row["slug"], row["version"]): Terms(text_of(row["settings"] or ""), moments[row["frozen_at"]]) for row in rows
    }
