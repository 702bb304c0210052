"""The queries that only read the store, as plain SQL over the driver's own connection (`connection.py`)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pressrelease.errors import NOTHING_SENT, PressReleaseError, StateUnreadable
from pressrelease.release.delivery import Delivery, DeliveryState, Earlier
from pressrelease.status.dossier import Approval, Dossier, FileFact, PastVersion, Scheduled, Terms
from pressrelease.store.agreement import Agreement
from pressrelease.store.connection import ReadConnections, in_parts
from pressrelease.store.journal import BEGINNING, LAST_LINE, LINE_COLUMNS, Head, Line
from pressrelease.store.records import (
    CONTROL,
    FROZEN,
    MARK,
    Control,
    EventLift,
    FrozenVersion,
    SchedulerProcess,
    content_of,
    control_of,
    event_lift_of,
    frozen_of,
    mark_of,
    process_of,
    settings_of,
    terms_of,
)
from pressrelease.store.rows import (
    APPROVALS,
    DELIVERIES,
    EVERY_DELIVERY,
    OF_RELEASES,
    RELEASES,
    Row,
    approval_of,
    believed,
    delivery_of,
    from_micros,
    maybe_time,
    scheduled_of,
    to_micros,
)
from pressrelease.system.clock import ClockReading

if TYPE_CHECKING:
    from pressrelease.config import ClearanceRule
    from pressrelease.status.clearances import Clearance
    from pressrelease.store.correction_rows import Correction
    from pressrelease.store.final_check import FinalCheck
    from pressrelease.store.origin import Origin

#: The newest layout of the tables that this program knows.
SCHEMA = 13

#: The layout that introduced wall time.
ZONES_SINCE = 6

#: The layout that introduced a clock reading for each boot.
MARKS_SINCE = 8

#: The layout that introduced settings frozen with a version.
SETTINGS_SINCE = 9

#: The layout that introduced clearances.
CLEARANCES_SINCE = 11

#: `DELIVERIES` that may still leave or need a person.
_UNSETTLED = DELIVERIES.replace(" ORDER BY", " AND state NOT IN ('delivered', 'canceled') ORDER BY")

#: Of `OF_RELEASES`, those that may still leave, need a person, or may have arrived.
_UNSETTLED_OF = OF_RELEASES.replace(
    " ORDER BY", " AND (state NOT IN ('delivered', 'canceled') OR unanswered > 0) ORDER BY"
)

#: How many lines of the journal are read at once.
JOURNAL_PAGE = 1000


class Reader(ReadConnections):
    """The read queries on one store. Safe for several threads."""

    def __init__(
        self,
        database: Path | str,
        origin: Origin | None = None,
        agreement: Agreement | None = None,
        workspace: Path | None = None,
    ) -> None:
        """`database` is SQLite's file, or a libpq connection string for PostgreSQL.

        `origin` is what this workspace remembers of the record, and `workspace` its folder, where STOP and HOLD files
        may be. Both are None for a record that is not the workspace's own, such as a backup.
        """
        super().__init__(database)
        self.agreement = agreement or Agreement()
        self._origin = origin
        self._workspace = workspace
        self._settings: dict[str, Mapping[str, Any]] = {}
        self._terms: dict[tuple[str, str], Terms] = {}

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
        found = self.rows(CONTROL)
        if not found:
            raise StateUnreadable("The database is damaged: its control row is missing.", outcome=NOTHING_SENT)
        control = control_of(found[0])
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
        try:
            found = self.rows(MARK, {"boot": boot})
        except PressReleaseError:
            if self.schema() >= MARKS_SINCE:
                raise
            return None
        return mark_of(found[0]) if found else None

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
            str(row["slug"])
            for row in in_parts(self.rows, "SELECT slug FROM releases WHERE open AND slug IN ({})", slugs)
        }

    def due_releases(self, now: datetime) -> list[Scheduled]:
        """Return the open releases whose lift has come at `now`, by lift, and those that are being withdrawn."""
        return [
            scheduled_of(row)
            for row in self.rows(
                "SELECT * FROM releases WHERE open AND (lift <= :now OR word = 'killed') ORDER BY lift, slug",
                {"now": to_micros(now)},
            )
        ]

    def overdue_events(self, now: datetime) -> list[Scheduled]:
        """Return the open releases whose event was not reported by their `no_later_than`, at `now`."""
        waiting = [scheduled_of(row) for row in self.rows("SELECT * FROM releases WHERE open AND lift IS NULL")]
        return [
            one
            for one in waiting
            if one.waits_for_event and one.embargo.no_later_than is not None and one.embargo.no_later_than <= now
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

    def out_before(self, slug: str, most: int) -> list[Scheduled]:
        """Return the last `most` finished releases other than `slug`, by lift, newest first; none that was killed."""
        query = (
            "SELECT * FROM releases WHERE NOT open AND word <> 'killed' AND slug <> :slug"
            " ORDER BY lift DESC, slug LIMIT :most"
        )
        return [scheduled_of(row) for row in self.rows(query, {"slug": slug, "most": most})]

    def sent_to(self, release: Scheduled, outlet: str) -> list[str]:
        """Return the recipients of an outlet to which a release's current version was sent, answered or not."""
        query = (
            "SELECT recipient FROM deliveries WHERE slug = :slug AND version = :version AND outlet = :outlet"
            " AND first_sent_at IS NOT NULL ORDER BY id"
        )
        values = {"slug": release.slug, "version": release.version, "outlet": outlet}
        return [str(row["recipient"]) for row in self.rows(query, values)]

    def releases(self, slugs: Sequence[str] | None = None) -> list[Scheduled]:
        """Return all releases ever scheduled, or those named, in the order of their slugs."""
        if slugs is None:
            return [scheduled_of(row) for row in self.rows("SELECT * FROM releases ORDER BY slug")]
        return [scheduled_of(row) for row in in_parts(self.rows, RELEASES, slugs)]

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
        """Return the approvals of each release's newest version and its deliveries, with the state of its file.

        `unsettled_only` leaves out what was delivered or called off: enough for an open release's plan.
        """
        versions = [(release.slug, release.version) for release in releases]
        approvals: dict[tuple[str, str], list[Approval]] = {}
        for row in in_parts(self.rows, APPROVALS, versions):
            approvals.setdefault((row["slug"], row["version"]), []).append(approval_of(row))
        deliveries: dict[tuple[str, str], list[Delivery]] = {}
        wanted = _UNSETTLED if unsettled_only else DELIVERIES
        alone = [(release.slug, release.version) for release in releases if not release.has_followers]
        for row in in_parts(self.rows, wanted, alone):
            deliveries.setdefault((row["slug"], row["version"]), []).append(delivery_of(row))
        if followed := {release.slug: release.version for release in releases if release.has_followers}:
            for row in in_parts(self.rows, _UNSETTLED_OF if unsettled_only else OF_RELEASES, list(followed)):
                deliveries.setdefault((row["slug"], followed[row["slug"]]), []).append(delivery_of(row))
        history = {} if unsettled_only else self._history_of([one for one in releases if one.n > 1])
        terms = self._terms_for(releases)
        clearances = self.clearances([release.slug for release in releases])
        return [
            Dossier.of(
                release,
                deliveries.get((release.slug, release.version), ()),
                approvals=tuple(approvals.get((release.slug, release.version), ())),
                history=history.get(release.slug, ()),
                file=(files or {}).get(release.slug, FileFact.SAME),
                terms=terms.get((release.slug, release.version)),
                clearances=tuple(clearances.get((release.slug, release.version), ())),
            )
            for release in releases
        ]

    def _history_of(self, corrected: Sequence[Scheduled]) -> dict[str, tuple[PastVersion, ...]]:
        """Return the versions that a release's newest followed, oldest first, by slug."""
        found: dict[str, tuple[PastVersion, ...]] = {}
        for release in corrected:
            by_number = {one.n: one.before for one in self.corrections(release.slug)}
            past: list[Scheduled] = []
            n = release.n
            while n in by_number:
                past.insert(0, by_number[n])
                n = by_number[n].n
            approvals: dict[str, list[Approval]] = {}
            for row in in_parts(self.rows, APPROVALS, [(release.slug, one.version) for one in past]):
                approvals.setdefault(row["version"], []).append(approval_of(row))
            found[release.slug] = tuple(
                PastVersion(one.n, one.version, one.note, one.lift, tuple(approvals.get(one.version, ())))
                for one in past
            )
        return found

    def clearances(self, slugs: Sequence[str]) -> dict[tuple[str, str], list[Clearance]]:
        """Return the clearances that each release needs, as they were answered, by slug and version."""
        found: dict[tuple[str, str], list[Clearance]] = {}
        try:
            rows = list(in_parts(self.rows, "SELECT * FROM clearances WHERE slug IN ({}) ORDER BY name", slugs))
        except PressReleaseError:
            if self.schema() >= CLEARANCES_SINCE:
                raise
            return {}
        if rows:
            from pressrelease.store.clearance_rows import clearance_of  # only if a release needs one

            for row in rows:
                found.setdefault((row["slug"], row["version"]), []).append(clearance_of(row))
        return found

    def event_lift(self, group: str) -> EventLift | None:
        """Return which release of a group was lifted, and who lifted it; None if none was."""
        found = self.rows("SELECT * FROM event_lifts WHERE event_group = :name", {"name": group})
        return event_lift_of(found[0]) if found else None

    def alternates(self, release: Scheduled) -> list[str]:
        """Return the other releases of a release's group that are scheduled and not called off."""
        query = (
            "SELECT slug FROM releases WHERE event_group = :name AND slug <> :slug"
            " AND word NOT IN ('dismissed', 'killed') ORDER BY slug"
        )
        return [str(row["slug"]) for row in self.rows(query, {"name": release.event_group, "slug": release.slug})]

    def terms(self, slugs: Sequence[str]) -> dict[tuple[str, str], Terms]:
        """Return the settings that each release's current version was frozen under, by slug and version."""
        if not slugs or self.schema() < SETTINGS_SINCE:
            return {}
        query = (
            "SELECT v.slug, v.version, v.settings, v.frozen_at FROM releases r JOIN versions v"
            " ON v.slug = r.slug AND v.version = r.version WHERE r.slug IN ({})"
        )
        return terms_of({"rows": list(in_parts(self.rows, query, slugs))})

    def _terms_for(self, releases: Sequence[Scheduled]) -> Mapping[tuple[str, str], Terms]:
        """Return what `terms` does. A frozen version never changes, so a scheduler reads each only once."""
        unknown = [one.slug for one in releases if (one.slug, one.version) not in self._terms]
        self._terms |= self.terms(unknown)
        return self._terms

    def was_out(self, slug: str, moment: datetime) -> bool:
        """Return whether anything of a release had been delivered by `moment`."""
        query = (
            "SELECT 1 AS found FROM deliveries WHERE slug = :slug AND state = 'delivered' AND delivered_at <= :moment"
        )
        return bool(self.rows(f"{query} LIMIT 1", {"slug": slug, "moment": to_micros(moment)}))

    # -- a claimed delivery, just before its first byte ------------------------------------------------------

    def why_not(
        self,
        delivery: Delivery,
        *,
        source_hash: str | None,
        now: datetime,
        rules: Mapping[str, ClearanceRule] = MappingProxyType({}),
    ) -> str | None:
        """Return what `FinalCheck.why_not` does."""
        return self._final_check.why_not(delivery, source_hash=source_hash, now=now, rules=rules)

    @cached_property
    def _final_check(self) -> FinalCheck:
        from pressrelease.store.final_check import FinalCheck

        return FinalCheck(self.rows, self.agreement, self._workspace)

    def earlier(self, delivery: Delivery) -> tuple[Earlier, ...]:
        """Return the older deliveries of the release that this one's recipient has or may have, oldest first."""
        from pressrelease.store.final_check import older_deliveries

        older = (delivery_of(row) for row in older_deliveries(self.rows, [delivery.id]).get(delivery.id, ()))
        return tuple(
            Earlier(
                one.n,
                one.action,
                one.key,
                one.state is DeliveryState.DELIVERED,
                one.delivered_at,
                one.url,
                one.remote_id,
            )
            for one in older
            if one.has_it
        )

    def corrections(self, slug: str) -> list[Correction]:
        """Return every correction of a release, oldest first, also those that were taken back."""
        from pressrelease.store.correction_rows import correction_of

        return [
            correction_of(row)
            for row in self.rows("SELECT * FROM corrections WHERE slug = :slug ORDER BY n", {"slug": slug})
        ]

    # -- frozen versions ---------------------------------------------------------------------------------

    def frozen(self, slug: str, version: str) -> FrozenVersion | None:
        """Return a frozen version as it was approved."""
        found = self.rows(FROZEN, {"slug": slug, "version": version})
        if not found:
            return None
        return frozen_of(found[0])

    def versions_named(self, slug: str, prefix: str) -> list[str]:
        """Return the frozen versions of a release whose names start with `prefix`, which is hexadecimal."""
        query = "SELECT version FROM versions WHERE slug = :slug AND version LIKE :prefix ORDER BY version"
        return [str(row["version"]) for row in self.rows(query, {"slug": slug, "prefix": f"{prefix}%"})]

    def blob(self, sha256: str) -> bytes | None:
        """Return an attachment's frozen bytes."""
        found = self.rows("SELECT content FROM blobs WHERE sha256 = :sha256", {"sha256": sha256})
        return content_of(found[0]) if found else None

    def settings(self, sha256: str) -> Mapping[str, Any]:
        """Return what config.toml added to a version when it was frozen.

        Raises StateUnreadable if it is damaged or gone.
        """
        found = self._settings.get(sha256)
        if found is None:
            content = self.blob(sha256)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                raise StateUnreadable("The settings stored with a release are damaged. It was not sent.")
            found = self._settings[sha256] = settings_of({"content": content})
        return found

    # -- schedulers, claims and the journal -----------------------------------------------------------------

    def processes(self, limit: int = 20) -> list[SchedulerProcess]:
        """Return the schedulers seen last, newest first."""
        return [
            process_of(row)
            for row in self.rows("SELECT * FROM processes ORDER BY last_seen DESC LIMIT :limit", {"limit": limit})
        ]

    def claimed(self) -> list[Delivery]:
        """Return every delivery that some process has a claim on."""
        return [
            delivery_of(row) for row in self.rows("SELECT * FROM deliveries WHERE owner IS NOT NULL ORDER BY owner, id")
        ]

    def journal(self, slugs: Iterable[str] = ()) -> Iterator[Line]:
        """Return the journal's lines from the first, or only those of the slugs named."""
        named = list(slugs)
        if named:
            yield from sorted(
                (
                    Line(**row)
                    for row in in_parts(self.rows, f"SELECT {LINE_COLUMNS} FROM journal WHERE slug IN ({{}})", named)
                ),
                key=lambda line: line.n,
            )
        else:
            last = 0
            page = f"SELECT {LINE_COLUMNS} FROM journal WHERE n > :last ORDER BY n LIMIT {JOURNAL_PAGE}"
            while found := self.rows(page, {"last": last}):
                yield from (Line(**row) for row in found)
                last = found[-1]["n"]

    def head(self) -> Head:
        """Return the journal's last number and hash."""
        found = self.rows(LAST_LINE)
        return Head(found[0]["n"], found[0]["hash"]) if found else Head(0, BEGINNING)

    def deliveries(self) -> list[Delivery]:
        """Return every delivery."""
        return [delivery_of(row) for row in self.rows(EVERY_DELIVERY)]

    def server_time(self) -> datetime | None:
        """Return the time of PostgreSQL's machine, as aware UTC; None with SQLite, whose machine is this one."""
        if not self.on_server:
            return None
        micros = self.rows("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now")[0]["now"]
        return from_micros(micros)


@believed
def _number_of(row: Row) -> int:
    return int(row["number"] or 0)


@believed
def _lift_of(row: Row) -> datetime | None:
    return maybe_time(row["lift"])
