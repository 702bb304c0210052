"""Promises that fall due about now and that nothing keeps yet: for the first screen and for the day's list.

What a frozen version promises never changes, so it is read once and cached in the private folder.
"""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pressrelease import __version__
from pressrelease.errors import NotFound, PressReleaseError
from pressrelease.publishing.snapshot import reports
from pressrelease.release import Release, from_canonical
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store.rows import from_micros, maybe_micros, maybe_time, to_micros

if TYPE_CHECKING:
    from pressrelease.config import Office
    from pressrelease.promises import CourtDate, Follower, Kept, Promise
    from pressrelease.publishing.snapshot import Report
    from pressrelease.store import Store
    from pressrelease.wiring import Workspace

#: How near an open promise must be to its end, on either side, to be shown without being asked for.
NEAR = timedelta(days=7)

#: How long after it went out `status` still looks at a release for promises, and how many new ones at once.
REMEMBERED = timedelta(days=400)
AT_ONCE = 50

_ON_ITS_WAY = frozenset({ReleaseState.SCHEDULED, ReleaseState.UNAPPROVED, ReleaseState.PUBLISHING})


def near_promises(workspace: Workspace, *, now: datetime) -> list[Kept]:
    """Return the open and overdue promises of what is out, whose end is within seven days of `now`.

    `status` is typed all day: what a frozen version promises never changes, so it is read once and cached.
    """
    if not workspace.store.exists:
        return []
    remembered = _remembered(workspace, now)
    if not remembered:
        return []
    from pressrelease.promises.fulfillment import PromiseState, closes, keep
    from pressrelease.store import after_publication

    found: list[Kept] = []
    for slug, promises in remembered.items():
        if not any((end := closes(promise)) is not None and abs(end - now) <= NEAR for promise in promises):
            continue
        settled = after_publication.promises_kept(workspace.store.read, slug)
        for kept in keep(promises, _followers_of(workspace, slug), now=now, settled=settled):
            end = closes(kept.promise)
            if end is not None and abs(end - now) <= NEAR and kept.state in {PromiseState.OPEN, PromiseState.OVERDUE}:
                found.append(kept)
    return sorted(found, key=lambda kept: due(kept.promise))


def _followers_of(workspace: Workspace, slug: str) -> list[Follower]:
    texts: dict[str, Release] = {}
    for other in workspace.library.slugs():
        with contextlib.suppress(PressReleaseError):
            if (
                other != slug
                and slug in workspace.library.text(other)
                and (release := workspace.library.read(other)).follows == slug
            ):
                texts[other] = release
    scheduled = workspace.store.read.releases(list(texts))
    found = reports(workspace.store, workspace.library, workspace.config, scheduled)
    by_slug = {report.slug: report for report in found}
    return [
        follower(by_slug, name, text)
        for name, text in texts.items()
        if state_of(by_slug, name) is not ReleaseState.KILLED
    ]


def _remembered(workspace: Workspace, now: datetime) -> dict[str, tuple[Promise, ...]]:
    """Return the promises of every recent release, by slug; only versions not yet known are read."""
    office = workspace.config.office
    made_with = [__version__, office.timezone, office.release_time.isoformat()]
    file = workspace.private / "promises.json"
    known: dict[str, list[list[Any]]] = {}
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        kept = json.loads(file.read_bytes())
        known = dict(kept["versions"]) if kept["made_with"] == made_with else {}
    those = "SELECT slug, version, lift FROM releases WHERE word <> 'killed' AND lift <= :now AND lift > :then"
    rows = workspace.store.read.rows(
        f"{those} AND open UNION ALL {those} AND NOT open ORDER BY lift DESC",  # each half has an index
        {"now": to_micros(now), "then": to_micros(now - REMEMBERED)},
    )
    current: dict[str, list[list[Any]]] = {}
    found: dict[str, tuple[Promise, ...]] = {}
    fresh = 0
    for row in rows:
        slug, key = row["slug"], f"{row['slug']} {row['version']} {row['lift']}"
        if key not in known:
            fresh += 1
            if fresh > AT_ONCE:
                continue
            try:
                promises = promises_of(
                    workspace.config.office,
                    frozen_text(workspace.store, slug, row["version"]),
                    from_micros(row["lift"]),
                )
            except PressReleaseError:
                continue  # `doctor` reports a frozen text that can't be read; it must not stop `status`
            known[key] = [[one.text, maybe_micros(one.not_before), maybe_micros(one.no_later_than)] for one in promises]
        current[key] = known[key]
        if known[key]:
            found[slug] = tuple(_promise(slug, values) for values in known[key])
    if fresh:
        _write_private(workspace, {"made_with": made_with, "versions": current})
    return found


def _promise(slug: str, values: list[Any]) -> Promise:
    from pressrelease.promises import Promise

    text, not_before, no_later_than = values
    return Promise(slug, text, 0, maybe_time(not_before), maybe_time(no_later_than))


def _write_private(workspace: Workspace, kept: dict[str, Any]) -> None:
    """Write the cache; if it can't be written, everything is read again next time."""
    from pressrelease.system.files import write_atomically

    with contextlib.suppress(OSError):
        data = json.dumps(kept, ensure_ascii=False).encode()
        write_atomically(workspace.private / "promises.json", data, durable=False)


def due(promise: Promise) -> tuple[bool, datetime, str, int]:
    """Return what promises are sorted by: the soonest due first, those without a day last."""
    from pressrelease.promises.fulfillment import closes

    end = closes(promise)
    return end is None, end or from_micros(0), promise.slug, promise.line


def state_of(reports: dict[str, Report], slug: str) -> ReleaseState:
    """Return the state of a release by its report; one without a report is a draft."""
    return reports[slug].status.state if slug in reports else ReleaseState.DRAFT


def follower(reports: dict[str, Report], slug: str, release: Release) -> Follower:
    """Return a release that says it follows another, as far as it has come."""
    from pressrelease.promises import Follower

    text = "\n".join((release.headline, release.subhead, release.body))
    if slug not in reports:
        return Follower(slug, text=text)
    state = reports[slug].status.state
    return Follower(
        slug,
        lift=reports[slug].dossier.release.lift,
        out=state is ReleaseState.PUBLISHED,
        scheduled=state in _ON_ITS_WAY,
        text=text,
    )


def frozen_text(store: Store, slug: str, version: str) -> Release:
    """Return the frozen text of a version. Raises NotFound if it is missing."""
    frozen = store.read.frozen(slug, version)
    if frozen is None:
        raise NotFound(
            f"The approved text of {slug} is missing from the database.",
            hint="To check the database: `pressrelease doctor`.",
        )
    return from_canonical(frozen.canonical)


def court_dates_of(office: Office, release: Release, otherwise: datetime) -> tuple[CourtDate, ...]:
    """Return the court dates of one text, counted as `promises_of` counts."""
    from pressrelease.promises import find_court_dates

    return find_court_dates(
        release,
        timezone=office.timezone,
        release_time=office.release_time,
        reference=release.date if release.date is not None else otherwise,
    )


def promises_of(office: Office, release: Release, otherwise: datetime) -> tuple[Promise, ...]:
    """Return the promises of one text, counted from the day it was written; without one, from `otherwise` (aware)."""
    from pressrelease.promises import find_promises

    return find_promises(
        release,
        timezone=office.timezone,
        release_time=office.release_time,
        reference=release.date if release.date is not None else otherwise,
    )
