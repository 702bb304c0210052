"""What the office promised, by when, and which release keeps it: texts, record and clock brought together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from pressrelease.errors import NotPermitted, PressReleaseError, Refused
from pressrelease.notifications.near_promises import due, follower, frozen_text, promises_of, state_of
from pressrelease.release import Release
from pressrelease.services import ServiceContext
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store import after_publication

if TYPE_CHECKING:
    from pressrelease.check import Finding
    from pressrelease.promises import CourtDate, Kept, Promise
    from pressrelease.publishing.snapshot import Report


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
        state = state_of(reports, slug)
        if state is ReleaseState.KILLED:
            continue
        promises = _promises(context, texts[slug], reports.get(slug), now)
        following = [
            follower(reports, other.slug, other)
            for other in texts.values()
            if other.follows == slug and other.slug != slug and state_of(reports, other.slug) is not ReleaseState.KILLED
        ]
        settled = after_publication.promises_kept(context.store.read, slug) if slug in reports else ()
        found += [Promised(kept, state) for kept in keep(promises, following, now=now, settled=settled)]
    return sorted(found, key=lambda one: due(one.promise))


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
            texts[slug] = frozen_text(context.store, slug, report.dossier.release.version)
    return texts


def _promises(context: ServiceContext, release: Release, report: Report | None, now: datetime) -> tuple[Promise, ...]:
    """Return a release's promises, counted from the day it was written; without one, from its lift, or from now."""
    lift = report.dossier.release.lift if report is not None else None
    return promises_of(context.config.office, release, lift or now)


def court_dates(context: ServiceContext, slugs: Sequence[str] | None = None, *, now: datetime) -> list[CourtDate]:
    """Return the court dates that are ahead, the soonest first: in the releases named, or in all but the withdrawn.

    `now` is aware. Raises what `promised` does.
    """
    from pressrelease.notifications.near_promises import court_dates_of

    reports = (
        {report.slug: report for report in context.reports(context.store.read.releases())}
        if context.store.exists
        else {}
    )
    texts = _texts(context, reports, named=slugs)
    found: list[CourtDate] = []
    for slug in dict.fromkeys(slugs if slugs is not None else sorted(texts)):
        if state_of(reports, slug) is ReleaseState.KILLED:
            continue
        lift = reports[slug].dossier.release.lift if slug in reports else None
        found += [
            one
            for one in court_dates_of(context.config.office, texts[slug], lift or now)
            if (one.no_later_than or one.not_before) > now
        ]
    return sorted(found, key=lambda one: (one.not_before, one.slug, one.line))


def settle_promise(context: ServiceContext, one: Promised, why: str) -> None:
    """Record that a person says a promise is kept; nothing of what is published changes.

    Raises: Refused without a reason, or if it is kept already; NotPermitted for the promise of a draft.
    """
    promise = one.promise
    if not why:
        raise Refused(
            "No reason was given. Nothing was recorded.",
            hint="Say how it was kept: --why 'The names were read at the news conference of Sept. 24'.",
            code="why_missing",
        )
    if one.made_by is ReleaseState.DRAFT:
        raise NotPermitted(
            f"{promise.slug} is a draft, and has promised nothing yet. Nothing was recorded.",
            hint=f"To see its promises: `pressrelease promises {promise.slug}`.",
            code="not_out",
        )
    if one.kept.settled:
        raise Refused(
            "That promise is settled already. Nothing was recorded.",
            hint=f"To see who settled it: `pressrelease journal {promise.slug}`.",
            code="already_settled",
        )
    release = context.report(promise.slug).dossier.release
    with context.ledger() as ledger:
        ledger.note(
            "release.promise_kept", promise.slug, release.version, promise=promise.key, by=context.actor, why=why
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
    from pressrelease.when import say_full

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
            f" {say_full(lift or now, timezone=zone, now=now)}.",
            "Choose a time with --at that keeps the promise, or announce that it will come later.",
        ),
    )


def _when(promise: Promise, zone: str, now: datetime) -> str:
    words = due_words(promise, timezone=zone, now=now)
    return words[:1].lower() + words[1:] if words.startswith(("From ", "On ", "Not ")) else words


def due_words(promise: Promise, *, timezone: str, now: datetime) -> str:
    """Return when a promise falls due, in words."""
    if promise.not_before is None:
        return "no date given"
    return time_words(promise.not_before, promise.no_later_than, timezone=timezone, now=now)


def time_words(not_before: datetime, no_later_than: datetime | None, *, timezone: str, now: datetime) -> str:
    """Return an instant, or a window whose end is exclusive, in words."""
    from pressrelease.when import say_full
    from pressrelease.when.formatting import say_window

    if no_later_than is None:
        return say_full(not_before, timezone=timezone, now=now)
    return say_window(not_before, no_later_than, timezone)


def near_promises(context: ServiceContext, *, now: datetime) -> list[Promised]:
    """Return the open and overdue promises of what is out, whose end is within seven days of `now`."""
    from pressrelease.notifications.near_promises import near_promises as found_near

    return [Promised(kept, ReleaseState.PUBLISHED) for kept in found_near(context.workspace, now=now)]
