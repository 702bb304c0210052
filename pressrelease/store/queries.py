"""Every read query on the store, as plain SQL over the driver's own connection.

`status` is typed all day and piped into other programs; loading SQLAlchemy would take twenty times as long as the
query.
So reading knows only the driver, and writing (`ledger.py`) everything else. Each query is valid on SQLite and
PostgreSQL
alike; only the parameter marker differs.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.errors import PressReleaseError, StateUnreadable, WillRetry
from pressrelease.release.delivery import Delivery
from pressrelease.status.evaluation import Approval, Dossier, FileFact, Scheduled, Terms
from pressrelease.store.agreement import Agreement
from pressrelease.store.batched_query import BatchedQuery
from pressrelease.store.rows import (
    Row,
    approval_of,
    believed,
    delivery_of,
    digests_of_text,
    from_micros,
    maybe_time,
    scheduled_of,
    text_of,
    texts_of,
    to_micros,
)
from pressrelease.system.clock import ClockReading
from pressrelease.system.stop_file import stops_in_force

if TYPE_CHECKING:
    from pressrelease.store.journal import Line
    from pressrelease.store.origin import Origin

#: The newest layout of the tables that this program knows.
SCHEMA = 10

#: The layout that introduced wall time.
ZONES_SINCE = 6

#: The layout that introduced a clock reading for each boot.
MARKS_SINCE = 8

#: The layout that introduced settings frozen with a version.
SETTINGS_SINCE = 9

#: Seconds that a reader waits for a writer's commit before it reports that the store is busy.
READ_PATIENCE = 10.0

#: How many lines of the journal are read at once.
JOURNAL_PAGE = 1000


class Control(NamedTuple):
    """Whether everything is stopped, by whom and why; and the newest time on record since the clock was last confirmed.

    `not_the_original` says why the record may be a copy or an older one, "" if nothing suggests it. Such a record
    counts as
    stopped, whatever it says.
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
    local wall
    time, "" for an instant. `recipients` has the digest of each outlet's recipients by its name; `settings` is the
    SHA-256 of
    what config.toml adds to it (`Reader.settings` has the values). Both are empty for a version frozen before they
    existed.
    """

    canonical: bytes
    attachments: Mapping[str, str]
    lift: datetime | None
    outlets: tuple[str, ...]
    wall: str = ""
    recipients: Mapping[str, str] = MappingProxyType({})
    settings: str = ""


class Reader:
    """Read queries on one store. Safe for several threads: each query has its own connection."""

    def __init__(
        self,
        database: Path | str,
        origin: Origin | None = None,
        agreement: Agreement | None = None,
        workspace: Path | None = None,
    ) -> None:
        """`database` is SQLite's file, or a libpq connection string for PostgreSQL.

        `origin` is what this workspace remembers of the record, and `workspace` its folder, where STOP and HOLD files
        may be. Both
        are None for a record that is not the workspace's own, such as a backup.
        """
        self.agreement = agreement or Agreement()
        self._database = database
        self._origin = origin
        self._workspace = workspace
        self.on_server = not isinstance(database, Path)
        self._free: deque[Any] = deque()
        self._in_the_way: BatchedQuery[Row] = BatchedQuery(self._what_is_in_the_way)
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._terms: dict[tuple[str, str], Terms] = {}

    # -- querying -----------------------------------------------------------------------------------------

    def rows(self, query: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return all rows of a query with `:name` parameters.

        Raises: WillRetry if the store is busy, StateUnreadable if it can't be read or trusted.
        """
        known = which_file(self._database)
        while True:
            try:
                connection, of = self._free.pop()
            except IndexError:
                connection, of = self.connect(), None
            if of not in (None, known):
                connection.close()
                continue
            try:
                found = self.ask(connection, query, values or {})
            except PressReleaseError as error:
                connection.close()
                # A connection that was kept may have died with the server; a new one shows whether it is there.
                if of == "server" and isinstance(error, WillRetry):
                    continue
                raise
            self._free.append((connection, known))
            return found

    def ask(self, connection: Any, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return what `rows` does, on a connection that the caller keeps."""
        # All rows at once: an open cursor would keep every writer to SQLite from its commit.
        if not isinstance(self._database, Path):
            return _ask_postgres(connection, query, values)
        try:
            cursor = connection.execute(query, values)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]
        except sqlite3.Error as error:
            raise unreadable(error) from error
        except UnicodeDecodeError:  # from SQLite's own message, if it quotes the damage
            raise unreadable(sqlite3.DatabaseError("it is damaged")) from None

    def connect(self) -> Any:
        """Return a connection of the driver's own, for several queries on the same one. Raises what `rows` does."""
        if isinstance(self._database, Path):
            # Not mode=ro: after a crash the first reader must be able to roll back what was half written.
            try:
                connection = sqlite3.connect(
                    f"{self._database.absolute().as_uri()}?mode=rw",
                    uri=True,
                    timeout=READ_PATIENCE,
                    isolation_level=None,
                    check_same_thread=False,
                )
                connection.execute("PRAGMA query_only = ON")
            except sqlite3.Error as error:
                raise unreadable(error) from error
            return connection
        from pressrelease.store.postgres import connect

        return connect(self._database, autocommit=True)

    def close(self) -> None:
        """Close every connection that is not in use."""
        while self._free:
            self._free.pop()[0].close()

    # -- what is on record --------------------------------------------------------------------------------

    def schema(self) -> int:
        """Return the number of the newest migration that the store has been through."""
        return _number_of(self.rows("SELECT max(number) AS number FROM migrations")[0])

    def has_tables(self) -> bool:
        """Return whether PostgreSQL's database holds a store at all."""
        return self.rows("SELECT to_regclass('migrations') IS NOT NULL AS found")[0]["found"] is True

    def store_id(self) -> str:
        """Return the name that the store was given when it was created."""
        return str(self.rows("SELECT store_id FROM control")[0]["store_id"])

    def control(self) -> Control:
        """Return whether everything is stopped, and the newest time on record."""
        found = self.rows("SELECT * FROM control WHERE id = 1")
        if not found:
            raise StateUnreadable("The database is damaged: its control row is missing. Nothing was sent.")
        control = _control_of(found[0])
        if self._origin is not None and (doubt := self._origin.doubt(self.rows)):
            return control._replace(stopped=True, not_the_original=doubt)
        return control

    def newest_time(self) -> datetime | None:
        """Return the newest time on record, of a line or of a clock check, since a person last confirmed the clock."""
        return self.control().newest

    def mark(self, boot: str | None) -> ClockReading | None:
        """Return the reading that this boot's clock is compared with; None if there is none."""
        if boot is None:
            return None
        query = "SELECT wall, uptime, boot FROM marks WHERE boot = :boot"
        try:
            found = self.rows(query, {"boot": boot})
        except PressReleaseError:
            if self.schema() >= MARKS_SINCE:
                raise
            return None
        return _mark_of(found[0]) if found else None

    def open_releases(self) -> list[Scheduled]:
        """Return every scheduled release that still needs something from the program or a person, by lift."""
        return [
            scheduled_of(row)
            for row in self.rows("SELECT * FROM releases WHERE open ORDER BY lift IS NULL DESC, lift, slug")
        ]

    def first_open(self, now: datetime, *, behind: int, ahead: int) -> list[Scheduled]:
        """Return the first open releases:

        at most `behind` without a lift, as many whose lift has come, and `ahead` others.
        """
        found = []
        for which, limit in (("lift IS NULL", behind), ("lift <= :now", behind), ("lift > :now", ahead)):
            query = f"SELECT * FROM releases WHERE open AND {which} ORDER BY lift, slug LIMIT :limit"
            found += [scheduled_of(row) for row in self.rows(query, {"now": to_micros(now), "limit": limit})]
        return found

    def count_open(self) -> int:
        """Return how many releases still need something from the program or a person."""
        return int(self.rows("SELECT count(*) AS count FROM releases WHERE open")[0]["count"])

    def still_open(self, slugs: Sequence[str]) -> set[str]:
        """Return those of the releases named that still need something from the program or a person."""
        return {
            str(row["slug"]) for row in self._by_slug("SELECT slug FROM releases WHERE open AND slug IN ({})", slugs)
        }

    def due_releases(self, now: datetime) -> list[Scheduled]:
        """Return the open releases whose lift has come at `now`, by lift."""
        return [
            scheduled_of(row)
            for row in self.rows(
                "SELECT * FROM releases WHERE open AND lift <= :now ORDER BY lift, slug", {"now": to_micros(now)}
            )
        ]

    def oldest_zones(self) -> str:
        """Return the oldest release of the zone database that an open release's lift was computed with; "" for none."""
        if self.schema() < ZONES_SINCE:
            return ""
        query = "SELECT min(zones) AS zones FROM releases WHERE open AND zones IS NOT NULL"
        return str(self.rows(query)[0]["zones"] or "")

    def fixed_before(self, release: str, now: datetime) -> list[Scheduled]:
        """Return open releases ahead of `now` whose lift was computed with an older release of the zone database."""
        query = "SELECT * FROM releases WHERE open AND zones IS NOT NULL AND zones < :release AND lift > :now"
        return [scheduled_of(row) for row in self.rows(query, {"release": release, "now": to_micros(now)})]

    def next_lift(self, now: datetime) -> datetime | None:
        """Return the next lift after `now` of any open release, whether anything blocks it or not."""
        row = self.rows("SELECT min(lift) AS lift FROM releases WHERE open AND lift > :now", {"now": to_micros(now)})[0]
        return _lift_of(row)

    def recent_releases(self, limit: int) -> list[Scheduled]:
        """Return the last `limit` finished releases, newest first."""
        return [
            scheduled_of(row)
            for row in self.rows(
                "SELECT * FROM releases WHERE NOT open ORDER BY changed_at DESC, slug LIMIT :limit", {"limit": limit}
            )
        ]

    def releases(self, slugs: Sequence[str] | None = None) -> list[Scheduled]:
        """Return all releases ever scheduled, or those named, in the order of their slugs."""
        if slugs is None:
            return [scheduled_of(row) for row in self.rows("SELECT * FROM releases ORDER BY slug")]
        return [scheduled_of(row) for row in self._by_slug("SELECT * FROM releases WHERE slug IN ({})", slugs)]

    def slugs(self) -> set[str]:
        """Return every slug that was ever scheduled and is not a draft again."""
        return {str(row["slug"]) for row in self.rows("SELECT slug FROM releases")}

    def release(self, slug: str) -> Scheduled | None:
        """Return one release as scheduled; None if it is unknown or a draft."""
        found = self.releases([slug])
        return found[0] if found else None

    def dossiers(
        self,
        releases: Sequence[Scheduled],
        files: Mapping[str, FileFact] | None = None,
        *,
        unsettled_only: bool = False,
    ) -> list[Dossier]:
        """Return the approvals and deliveries of each release's current version, with the state of its file.

        `unsettled_only` leaves out what was delivered or called off: enough for an open release's plan.
        """
        slugs = [release.slug for release in releases]
        approvals: dict[tuple[str, str], list[Approval]] = {}
        for row in self._by_slug(
            "SELECT * FROM approvals WHERE withdrawn_at IS NULL AND slug IN ({}) ORDER BY id", slugs
        ):
            approvals.setdefault((row["slug"], row["version"]), []).append(approval_of(row))
        deliveries: dict[tuple[str, str], list[Delivery]] = {}
        which = " AND state NOT IN ('delivered', 'canceled')" if unsettled_only else ""
        for row in self._by_slug(f"SELECT * FROM deliveries WHERE slug IN ({{}}){which} ORDER BY id", slugs):
            deliveries.setdefault((row["slug"], row["version"]), []).append(delivery_of(row))
        terms = self._terms_for(releases)
        return [
            Dossier(
                release=release,
                approvals=tuple(approvals.get((release.slug, release.version), ())),
                deliveries=tuple(deliveries.get((release.slug, release.version), ())),
                file=(files or {}).get(release.slug, FileFact.SAME),
                terms=terms.get((release.slug, release.version)),
            )
            for release in releases
        ]

    def terms(self, slugs: Sequence[str]) -> dict[tuple[str, str], Terms]:
        """Return the settings that each release's current version was frozen under, by slug and version."""
        if not slugs or self.schema() < SETTINGS_SINCE:
            return {}
        query = (
            "SELECT v.slug, v.version, v.settings, v.frozen_at FROM releases r JOIN versions v"
            " ON v.slug = r.slug AND v.version = r.version WHERE r.slug IN ({})"
        )
        return _terms_of({"rows": list(self._by_slug(query, slugs))})

    def _terms_for(self, releases: Sequence[Scheduled]) -> Mapping[tuple[str, str], Terms]:
        """Return what `terms` does. A frozen version never changes, so a scheduler reads each only once."""
        unknown = [one.slug for one in releases if (one.slug, one.version) not in self._terms]
        self._terms |= self.terms(unknown)
        return self._terms

    def _by_slug(self, query: str, slugs: Sequence[str], at_once: int = 400) -> Iterator[dict[str, Any]]:
        for start in range(0, len(slugs), at_once):
            part = slugs[start : start + at_once]
            marks = ", ".join(f":s{number}" for number in range(len(part)))
            yield from self.rows(query.format(marks), {f"s{number}": slug for number, slug in enumerate(part)})

    def was_out(self, slug: str, moment: datetime) -> bool:
        """Return whether anything of a release had been delivered by `moment`."""
        query = (
            "SELECT 1 AS found FROM deliveries WHERE slug = :slug AND state = 'delivered' AND delivered_at <= :moment"
        )
        return bool(self.rows(f"{query} LIMIT 1", {"slug": slug, "moment": to_micros(moment)}))

    # -- a claim, checked again before its first byte --------------------------------------------------------

    def why_not(self, delivery: Delivery, *, source_hash: str | None, now: datetime) -> str | None:
        """Return why a claimed delivery may not leave after all, by the store at this moment; None if it may.

        `source_hash` is of the release's file as it is now, None if it is gone.
        """
        row = self._in_the_way.ask(delivery.id)
        if row is None:
            return "its row is gone"
        if row["stopped"] is None or row["stopped"] or row["stop_file"]:
            return "everything is stopped"
        if row["hold_file"]:
            return "it was put on hold in the meantime"
        if row["word"] != "scheduled":
            happened = {"held": "put on hold", None: "taken away"}.get(row["word"], row["word"])
            return f"it was {happened} in the meantime"
        if row["version"] != delivery.version:
            return "a newer version replaced it"
        if row["closed"]:
            return "its outlet has rejected the login in the meantime"
        if row["lift"] is None or row["lift"] > to_micros(now):
            return "its release time has not come"
        if row["wall"] and (why_not := _not_yet(row, now)):
            return why_not
        if row["source_hash"] != source_hash:
            return "its file was changed after it was scheduled"
        if row["differs"]:
            return str(row["differs"])
        if (row["state"], row["owner"], row["attempts"]) != ("sending", delivery.owner, delivery.attempts):
            return "another process took over"
        return None

    def _what_is_in_the_way(self, numbers: Sequence[int]) -> dict[int, Row]:
        found, differ = self.agreement.of_deliveries(self.rows, numbers)
        stopped, held = stops_in_force(self._workspace, {row["slug"] for row in found})
        return {
            row["id"]: {
                **row,
                "stop_file": stopped,
                "hold_file": row["slug"] in held,
                "differs": differ.get(row["id"], ""),
            }
            for row in found
        }

    # -- frozen versions ---------------------------------------------------------------------------------

    def frozen(self, slug: str, version: str) -> FrozenVersion | None:
        """Return a frozen version as it was approved."""
        found = self.rows(
            "SELECT * FROM versions WHERE slug = :slug AND version = :version", {"slug": slug, "version": version}
        )
        if not found:
            return None
        return _frozen_of(found[0])

    def versions_named(self, slug: str, prefix: str) -> list[str]:
        """Return the frozen versions of a release whose names start with `prefix`, which is hexadecimal."""
        query = "SELECT version FROM versions WHERE slug = :slug AND version LIKE :prefix ORDER BY version"
        return [str(row["version"]) for row in self.rows(query, {"slug": slug, "prefix": f"{prefix}%"})]

    def blob(self, sha256: str) -> bytes | None:
        """Return an attachment's frozen bytes."""
        found = self.rows("SELECT content FROM blobs WHERE sha256 = :sha256", {"sha256": sha256})
        return _content_of(found[0]) if found else None

    def settings(self, sha256: str) -> Mapping[str, Any]:
        """Return what config.toml added to a version when it was frozen.

        Raises StateUnreadable if it is damaged or gone.
        """
        found = self._settings.get(sha256)
        if found is None:
            content = self.blob(sha256)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                raise StateUnreadable("The settings stored with a release are damaged. It was not sent.")
            found = self._settings[sha256] = _settings_of({"content": content})
        return found

    # -- schedulers, claims and the journal -----------------------------------------------------------------

    def processes(self, limit: int = 20) -> list[SchedulerProcess]:
        """Return the schedulers seen last, newest first."""
        return [
            _process_of(row)
            for row in self.rows("SELECT * FROM processes ORDER BY last_seen DESC LIMIT :limit", {"limit": limit})
        ]

    def claimed(self) -> list[Delivery]:
        """Return every delivery that some process has a claim on."""
        return [
            delivery_of(row) for row in self.rows("SELECT * FROM deliveries WHERE owner IS NOT NULL ORDER BY owner, id")
        ]

    def journal(self, slugs: Iterable[str] = ()) -> Iterator[Line]:
        """Return the journal's lines from the first, or only those of the slugs named."""
        from pressrelease.store.journal import Line

        named = list(slugs)
        columns = ", ".join(Line.__dataclass_fields__)
        if named:
            yield from sorted(
                (Line(**row) for row in self._by_slug(f"SELECT {columns} FROM journal WHERE slug IN ({{}})", named)),
                key=lambda line: line.n,
            )
        else:
            last = 0
            page = f"SELECT {columns} FROM journal WHERE n > :last ORDER BY n LIMIT {JOURNAL_PAGE}"
            while found := self.rows(page, {"last": last}):
                yield from (Line(**row) for row in found)
                last = found[-1]["n"]

    def server_time(self) -> datetime | None:
        """Return the time of PostgreSQL's machine, as aware UTC; None with SQLite, whose machine is this one."""
        if not self.on_server:
            return None
        micros = self.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now")[0]["now"]
        return from_micros(micros)


@believed
def _control_of(row: Row) -> Control:
    return Control(
        stopped={0: False, 1: True}[row["stopped"]],
        stopped_by=text_of(row["stopped_by"] or ""),
        stopped_why=text_of(row["stopped_why"] or ""),
        stopped_at=maybe_time(row["stopped_at"]),
        newest=maybe_time(row["newest"]),
    )


@believed
def _mark_of(row: Row) -> ClockReading:
    uptime = timedelta(microseconds=row["uptime"])
    if not timedelta(0) <= uptime < timedelta(days=36525):
        raise OverflowError
    return ClockReading(from_micros(row["wall"]), uptime, text_of(row["boot"]))


@believed
def _number_of(row: Row) -> int:
    return int(row["number"] or 0)


@believed
def _lift_of(row: Row) -> datetime | None:
    return maybe_time(row["lift"])


@believed
def _content_of(row: Row) -> bytes:
    return _bytes_of(row["content"])


def _bytes_of(value: Any) -> bytes:
    if not isinstance(value, (bytes, memoryview)):
        raise TypeError  # given a number, `bytes` would make that many zeros
    return bytes(value)


@believed
def _process_of(row: Row) -> SchedulerProcess:
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
def _frozen_of(row: Row) -> FrozenVersion:
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
def _settings_of(row: Row) -> Mapping[str, Any]:
    settings = json.loads(row["content"])
    return {name: settings[name] for name in (*settings, "office", "outlets")}


@believed
def _terms_of(found: Row) -> dict[tuple[str, str], Terms]:
    rows: list[Row] = found["rows"]
    # Many were frozen at few moments.
    moments = {micros: from_micros(micros) for micros in {row["frozen_at"] for row in rows}}
    return {
        (row["slug"], row["version"]): Terms(text_of(row["settings"] or ""), moments[row["frozen_at"]]) for row in rows
    }


@believed
def _clocks_of(row: Row) -> tuple[datetime, str, str]:
    """Return a lift, its wall time, and the release of the zone database that it was computed with."""
    return from_micros(row["lift"]), text_of(row["wall"] or ""), text_of(row["zones"] or "")


def _not_yet(row: Row, now: datetime) -> str:
    """Return why this machine's zone rules say that a recorded lift has not come yet; "" if it has."""
    from pressrelease.when.wall_time import not_yet

    return not_yet(*_clocks_of(row), now=now)


def which_file(database: Path | str | None) -> object:
    """Return which file SQLite's database is right now: connections to one put aside or deleted would still answer."""
    if not isinstance(database, Path):
        return "server"
    try:
        found = database.stat()
    except OSError:
        return "gone"
    return found.st_dev, found.st_ino


def _ask_postgres(connection: Any, query: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    import psycopg

    try:
        cursor = connection.execute(for_postgres(query), values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]
    except psycopg.Error as error:
        from pressrelease.store.postgres import translated

        raise translated(error) from error


@lru_cache(maxsize=64)
def for_postgres(query: str) -> str:
    """Return a query with `:name` parameters as psycopg takes it."""
    return re.sub(r"(?<!:):([a-z_]\w*)", r"%(\1)s", query.replace("%", "%%"))


def unreadable(error: sqlite3.Error) -> StateUnreadable | WillRetry:
    """Return SQLite's error as ours: "busy" may be retried, everything else stops all sending."""
    text = str(error)
    if isinstance(error, sqlite3.OperationalError) and ("locked" in text or "busy" in text):
        return WillRetry(
            "The database is busy: another program kept it locked for too long. This command sent nothing.",
            hint="Try again in a minute. To see which program it is: `pressrelease doctor`.",
            code="store_busy",
        )
    return StateUnreadable(
        f"The database can't be read ({text}). Nothing was sent.",
        hint="Don't change anything in .pressrelease/. Restore the last backup, or ask your IT person.",
    )


def gone(file: Path) -> StateUnreadable:
    """Return the error for a record that was here and is gone, with what to do."""
    if any(file.parent.glob(f"{file.name}.moved-*")):
        return StateUnreadable(
            "The database was moved to a server, and config.toml still names the old file. Nothing was sent.",
            hint="Put the line that `pressrelease move-store` printed into [store] of config.toml.",
            code="store_moved",
        )
    return StateUnreadable(
        f"The database {file.name} is missing from {file.parent.name}/. Nothing was sent. No"
        " new one was made, because an empty database would not know what has already gone"
        " out.",
        hint="Put the file back, or restore the last backup: `pressrelease restore FILE`.",
    )
