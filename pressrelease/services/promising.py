"""What the office promised, by when, and which release keeps it: texts, record and clock brought together."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease import __version__
from pressrelease.errors import NotFound, PressReleaseError
from pressrelease.release import Release, from_canonical
from pressrelease.services import ServiceContext
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store.rows import from_micros, maybe_micros, maybe_time, to_micros

if TYPE_CHECKING:
    from pressrelease.check import Finding
    from pressrelease.promises import Follower, Kept, Promise
    from pressrelease.publishing.snapshot import Report

#: How near an open promise must be to its end, on either side, to be shown without being asked for.
NEAR = timedelta(days=7)

#: How long after it went out `status` still looks at a release for promises, and how many new ones at once.
REMEMBERED = timedelta(days=400)
AT_ONCE = 50

_ON_ITS_WAY = frozenset({ReleaseState.SCHEDULED, ReleaseState.UNAPPROVED, ReleaseState.PUBLISHING})


class Promised(NamedTuple):
    """A promise with its status, and the state of the release that made it: a draft has promised nobody yet."""

    kept: Kept
    made_by: ReleaseState

    @property
    def promise(self) -> Promise:
        """The promise itself."""
        return self.kept.promise


def promised(context: ServiceContext, slugs: Sequence[str] | None = None, *, now: datetime) -> list[Promised]:
    """Return every promise of the releases named, or of all, the soonest due first. `now` is aware.

    A withdrawn release promises nothing any more.

    Raises: NotFound, and ReleaseRefused for a named release that can't be read; others that can't be read are skipped.
    """
    from pressrelease.promises import keep

    reports = (
        {report.slug: report for report in context.reports(context.store.read.releases())}
        if context.store.exists
        else {}
    )
    texts = _texts(context, reports, named=slugs)
    found: list[Promised] = []
    for slug in dict.fromkeys(slugs if slugs is not None else sorted(texts)):
        state = _state(reports, slug)
        if state is ReleaseState.KILLED:
            continue
        promises = _promises(context, texts[slug], reports.get(slug), now)
        following = [
            _follower(reports, other.slug)
            for other in texts.values()
            if other.follows == slug and other.slug != slug and _state(reports, other.slug) is not ReleaseState.KILLED
        ]
        found += [Promised(kept, state) for kept in keep(promises, following, now=now)]
    return sorted(found, key=_due)


def _due(one: Promised) -> tuple[bool, datetime, str, int]:
    from pressrelease.promises.fulfillment import closes

    end = closes(one.promise)
    return end is None, end or from_micros(0), one.promise.slug, one.promise.line


def _state(reports: dict[str, Report], slug: str) -> ReleaseState:
    return reports[slug].standing.state if slug in reports else ReleaseState.DRAFT


def _follower(reports: dict[str, Report], slug: str) -> Follower:
    from pressrelease.promises import Follower

    if slug not in reports:
        return Follower(slug)
    state = reports[slug].standing.state
    return Follower(
        slug,
        lift=reports[slug].dossier.release.lift,
        out=state is ReleaseState.PUBLISHED,
        scheduled=state in _ON_ITS_WAY,
    )


def _texts(context: ServiceContext, reports: dict[str, Report], *, named: Sequence[str] | None) -> dict[str, Release]:
    """Return every release's text: the frozen one if there is one, with the lines of its file if that is the same."""
    texts: dict[str, Release] = {}
    for slug in sorted({*context.library.slugs(), *reports, *(named or ())}):
        report = reports.get(slug)
        try:
            release = context.library.read(slug)
        except PressReleaseError:
            if report is None and slug in (named or ()):
                raise
        else:
            if report is None or release.source_hash == report.dossier.release.source_hash:
                texts[slug] = release
        if slug not in texts and report is not None:
            texts[slug] = _frozen(context, slug, report.dossier.release.version)
    return texts


def _frozen(context: ServiceContext, slug: str, version: str) -> Release:
    frozen = context.store.read.frozen(slug, version)
    if frozen is None:
        raise NotFound(
            f"The approved text of {slug} is missing from the database.",
            hint="To check the database: `pressrelease doctor`.",
        )
    return from_canonical(frozen.canonical)


def _promises(context: ServiceContext, release: Release, report: Report | None, now: datetime) -> tuple[Promise, ...]:
    """Return a release's promises, counted from the day it was written; without one, from its lift, or from now."""
    lift = report.dossier.release.lift if report is not None else None
    return promises_of(context, release, lift or now)


def promises_of(context: ServiceContext, release: Release, otherwise: datetime) -> tuple[Promise, ...]:
    """Return the promises of one text, counted from the day it was written; without one, from `otherwise` (aware)."""
    from pressrelease.promises import find_promises

    office = context.config.office
    return find_promises(
        release,
        timezone=office.timezone,
        release_time=office.release_time,
        reference=release.date if release.date is not None else otherwise,
    )


# -- a lift beside what was promised -----------------------------------------------------------------------------


def lift_findings(
    context: ServiceContext, release: Release, lift: datetime | None, *, now: datetime
) -> tuple[Finding, ...]:
    """Return a warning if a follow-up would lift outside of what the release that it follows promised.

    `lift` is UTC, None for one that lifts as soon as it is approved. Promises that another release has kept, and
    those without a day, don't count.
    """
    if not release.follows or release.follows == release.slug:
        return ()
    from pressrelease.check.finding import Finding, Severity
    from pressrelease.promises import PromiseState
    from pressrelease.promises.fulfillment import fits
    from pressrelease.when import say

    try:
        made = promised(context, [release.follows], now=now)
    except PressReleaseError:
        return ()
    waiting = [
        one.promise
        for one in made
        if not one.promise.undated and (one.kept.state is not PromiseState.KEPT or one.kept.kept_by == release.slug)
    ]
    if not waiting or any(fits(promise, lift or now) for promise in waiting):
        return ()
    zone = context.config.office.timezone
    return (
        Finding(
            release.slug,
            "outside_promise",
            Severity.WARNING,
            release.line_of("follows"),
            f"{release.follows} promised it for another time ({_when(waiting[0], zone, now)}). It would go out"
            f" {say(lift or now, timezone=zone, now=now)}.",
            "Choose a time with --at that keeps the promise, or announce that it will come later.",
        ),
    )


def _when(promise: Promise, zone: str, now: datetime) -> str:
    words = due_words(promise, timezone=zone, now=now)
    return words[:1].lower() + words[1:] if words.startswith(("From ", "On ", "Not ")) else words


def due_words(promise: Promise, *, timezone: str, now: datetime) -> str:
    """Return when a promise falls due, in words."""
    from pressrelease.when import say_full
    from pressrelease.when.formatting import say_window

    if promise.not_before is None:
        return "no date given"
    if promise.no_later_than is None:
        return say_full(promise.not_before, timezone=timezone, now=now)
    return say_window(promise.not_before, promise.no_later_than, timezone)


# -- what is near ------------------------------------------------------------------------------------------------


def near_promises(context: ServiceContext, *, now: datetime) -> list[Promised]:
    """Return the open and overdue promises of what is out, whose end is within seven days of `now`.

    `status` is typed all day: what a frozen version promises never changes, so it is read once and cached.
    """
    if not context.store.exists:
        return []
    remembered = _remembered(context, now)
    if not remembered:
        return []
    from pressrelease.promises.fulfillment import PromiseState, closes, keep

    found: list[Promised] = []
    for slug, promises in remembered.items():
        if not any((end := closes(promise)) is not None and abs(end - now) <= NEAR for promise in promises):
            continue
        for kept in keep(promises, _followers_of(context, slug), now=now):
            end = closes(kept.promise)
            if end is not None and abs(end - now) <= NEAR and kept.state in {PromiseState.OPEN, PromiseState.OVERDUE}:
                found.append(Promised(kept, ReleaseState.PUBLISHED))
    return sorted(found, key=_due)


def _followers_of(context: ServiceContext, slug: str) -> list[Follower]:
    names = []
    for other in context.library.slugs():
        with contextlib.suppress(PressReleaseError):
            if other != slug and slug in context.library.text(other) and context.library.read(other).follows == slug:
                names.append(other)
    reports = {report.slug: report for report in context.reports(context.store.read.releases(names))}
    return [_follower(reports, name) for name in names if _state(reports, name) is not ReleaseState.KILLED]


def _remembered(context: ServiceContext, now: datetime) -> dict[str, tuple[Promise, ...]]:
    """Return the promises of every recent release, by slug; only versions not yet known are read."""
    office = context.config.office
    made_with = [__version__, office.timezone, office.release_time.isoformat()]
    file = context.workspace.private / "promises.json"
    known: dict[str, list[list[Any]]] = {}
    with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
        kept = json.loads(file.read_bytes())
        known = dict(kept["versions"]) if kept["made_with"] == made_with else {}
    those = "SELECT slug, version, lift FROM releases WHERE word <> 'killed' AND lift <= :now AND lift > :then"
    rows = context.store.read.rows(
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
                promises = promises_of(context, _frozen(context, slug, row["version"]), from_micros(row["lift"]))
            except PressReleaseError:
                continue  # `doctor` reports a frozen text that can't be read; it must not stop `status`
            known[key] = [[one.text, maybe_micros(one.not_before), maybe_micros(one.no_later_than)] for one in promises]
        current[key] = known[key]
        if known[key]:
            found[slug] = tuple(_promise(slug, values) for values in known[key])
    if fresh:
        _write_private(context, {"made_with": made_with, "versions": current})
    return found


def _promise(slug: str, values: list[Any]) -> Promise:
    from pressrelease.promises import Promise

    text, not_before, no_later_than = values
    return Promise(slug, text, 0, maybe_time(not_before), maybe_time(no_later_than))


def _write_private(context: ServiceContext, kept: dict[str, Any]) -> None:
    """Write the cache; if it can't be written, everything is read again next time."""
    from pressrelease.system.files import write_atomically

    with contextlib.suppress(OSError):
        data = json.dumps(kept, ensure_ascii=False).encode()
        write_atomically(context.workspace.private / "promises.json", data, durable=False)
