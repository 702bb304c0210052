"""Bring together what a person approves: all that one version covers, and what changed since the last approval."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.errors import PressReleaseError, StateUnreadable
from pressrelease.release import Release, from_canonical, is_named
from pressrelease.release.difference import Covered, Difference, difference
from pressrelease.services import Report, ServiceContext
from pressrelease.store.rows import from_micros
from pressrelease.system import clock

if TYPE_CHECKING:
    from pressrelease.check import Finding
    from pressrelease.promises import Promise
    from pressrelease.store.records import FrozenVersion

#: Findings that scheduling has settled: about the choice of a time, and about lists as they are now.
_SETTLED = frozenset({"window_begun", "date_missing", "recipients"})


class AttachedFile(NamedTuple):
    """A file that goes out with a release; `size` is in bytes."""

    path: str
    title: str
    alt: str
    size: int
    sha256: str


class LastApproval(NamedTuple):
    """The other version that was approved last: who approved it, when (UTC), and what differs since.

    `difference` is None if that version can't be read any more.
    """

    version: str
    by: str
    at: datetime
    difference: Difference | None


class Review(NamedTuple):
    """All that an approval of one version covers, as it is shown before it is given.

    `last` is None if no other version of the release was ever approved.
    """

    report: Report
    covered: Covered
    attachments: tuple[AttachedFile, ...]
    findings: tuple[Finding, ...]
    promises: tuple[Promise, ...]
    last: LastApproval | None


def review(context: ServiceContext, report: Report) -> Review:
    """Return what somebody who approves `report`'s version must see.

    Raises: StateUnreadable if the frozen version is damaged or missing.
    """
    scheduled = report.dossier.release
    frozen = context.store.read.frozen(scheduled.slug, scheduled.version)
    if frozen is None:
        raise StateUnreadable(
            f"The text of {scheduled.slug} is missing from the database. Nothing was approved.",
            hint="To check the database: `pressrelease doctor`.",
        )
    covered = _covered(context, scheduled.slug, scheduled.version, frozen)
    covered = covered._replace(lift=scheduled.lift)  # a person may have moved it since
    release = _with_lines(context, covered.release, scheduled.source_hash)
    files = tuple(
        AttachedFile(one.path, one.title, one.alt, _size(context, frozen.attachments[one.path]), sha256)
        for one in release.attachments
        if (sha256 := frozen.attachments.get(one.path))
    )
    return Review(
        report,
        covered._replace(release=release),
        files,
        _findings(context, release, files, scheduled.lift),
        _promises(context, release, scheduled.lift),
        _last_approval(context, covered),
    )


def _covered(context: ServiceContext, slug: str, version: str, frozen: FrozenVersion) -> Covered:
    """Return a frozen version. Raises StateUnreadable if it is not what its name says."""
    release = from_canonical(frozen.canonical)
    if not is_named(
        version,
        release,
        attachment_hashes=frozen.attachments,
        lift=frozen.lift,
        outlets=frozen.outlets,
        wall=frozen.wall,
        recipients=frozen.recipients,
        settings=frozen.settings,
    ):
        raise StateUnreadable(
            f"The stored text of {slug} is not the one of version {version[:12]}. Nothing was approved.",
            hint="To check the database: `pressrelease doctor`.",
        )
    people: dict[str, set[str]] = {outlet: set() for outlet in frozen.outlets}
    rows = context.store.read.rows(
        "SELECT outlet, recipient FROM deliveries WHERE slug = :slug AND version = :version",
        {"slug": slug, "version": version},
    )
    for row in rows:
        people.setdefault(row["outlet"], set()).add(row["recipient"])
    return Covered(
        version=version,
        release=release,
        lift=frozen.lift,
        wall=frozen.wall,
        recipients={outlet: frozenset(those) for outlet, those in people.items()},
        attachments=frozen.attachments,
        settings=context.store.read.settings(frozen.settings) if frozen.settings else {},
    )


def _with_lines(context: ServiceContext, release: Release, source_hash: str) -> Release:
    """Return the frozen release with the lines of its file, as long as that is the same."""
    try:
        file = context.library.read(release.slug)
    except PressReleaseError:
        return release
    if file.source_hash != source_hash:
        return release
    return release._replace(lines=file.lines, body_line=file.body_line)


def _size(context: ServiceContext, sha256: str) -> int:
    rows = context.store.read.rows("SELECT length(content) AS size FROM blobs WHERE sha256 = :it", {"it": sha256})
    return int(rows[0]["size"]) if rows else 0


def _findings(
    context: ServiceContext, release: Release, files: tuple[AttachedFile, ...], lift: datetime | None
) -> tuple[Finding, ...]:
    """Return what `check` finds in the frozen version today, without what scheduling has settled."""
    from pressrelease.check import with_accepted
    from pressrelease.services.promising import lift_findings
    from pressrelease.services.scheduling import findings_in

    now = clock.utc_now()
    sizes = {one.path: one.size for one in files}
    found = findings_in(context, release, now=now, known=context.library.slugs(), sizes=sizes)
    found += with_accepted(release, lift_findings(context, release, lift, now=now))
    return tuple(one for one in found if one.code not in _SETTLED and not one.code.startswith("embargo_"))


def _promises(context: ServiceContext, release: Release, lift: datetime | None) -> tuple[Promise, ...]:
    from pressrelease.notifications.near_promises import promises_of

    return promises_of(context.config.office, release, lift or clock.utc_now())


def _last_approval(context: ServiceContext, covered: Covered) -> LastApproval | None:
    """Return the last approval of any other version, by the journal: rows alone could be another's work."""
    lines = context.store.read.rows(
        "SELECT version, at, detail FROM journal WHERE slug = :slug AND event = 'release.approved'"
        " AND version <> :version ORDER BY n DESC LIMIT 1",
        {"slug": covered.release.slug, "version": covered.version},
    )
    if not lines:
        return None
    version, by = str(lines[0]["version"]), str(json.loads(lines[0]["detail"]).get("by", ""))
    frozen = context.store.read.frozen(covered.release.slug, version)
    try:
        before = _covered(context, covered.release.slug, version, frozen) if frozen else None
    except StateUnreadable:
        before = None  # `doctor` reports it; this version can be read, and is shown in whole
    return LastApproval(
        version, by, from_micros(lines[0]["at"]), difference(before, covered) if before is not None else None
    )
