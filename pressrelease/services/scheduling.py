"""Scheduling: what would be fixed is proposed, shown, and only then frozen."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pressrelease.check import Finding, Severity, by_severity, check_release, embargo_of, with_accepted
from pressrelease.config.frozen import frozen_settings, settings_name
from pressrelease.errors import EmbargoRefused, NeedsPerson, NotFound, PressReleaseError, Refused
from pressrelease.release import Release, canonical, digests_of, version_of
from pressrelease.services import Report, ServiceContext
from pressrelease.services.lifts import Lift, has_no_time, kept, last_lift, must_fit, said_earlier
from pressrelease.services.list_findings import list_findings, since_scheduled
from pressrelease.services.list_growth import ListGrowth, list_growth
from pressrelease.services.promising import lift_findings
from pressrelease.status.dossier import Directive, Scheduled
from pressrelease.system import clock
from pressrelease.when import Embargo, EmbargoKind, read_embargo, say_full
from pressrelease.when.wall_time import known_release

if TYPE_CHECKING:
    from pressrelease.status.removals import Removal
    from pressrelease.store.freezing import Frozen
    from pressrelease.store.ledger import Ledger


@dataclass(frozen=True)
class Proposal:
    """What scheduling a release would fix; `lift` is UTC, None if it lifts with its last approval.

    `questions` are what a person must agree to first, in whole sentences; empty if nothing was assumed. `wall` is the
    lift as local wall time, "" for an instant; `settings` is what config.toml adds. `earlier` says that the lift
    moves earlier than the last one on record, "" if it doesn't; `kept` is whether the lift is one that was chosen
    before. `grown` are lists with so many newcomers that a person must confirm each. `at_once` is whether `--at now`
    gave the lift, which has passed a moment later. `removals` are what must come down again.
    """

    release: Release
    embargo: Embargo
    lift: datetime | None
    version: str
    recipients: dict[str, tuple[str, ...]]
    attachments: dict[str, bytes]
    findings: tuple[Finding, ...]
    questions: tuple[str, ...]
    wall: str = ""
    settings: str = ""
    earlier: str = ""
    kept: bool = False
    grown: tuple[ListGrowth, ...] = ()
    at_once: bool = False
    removals: tuple[Removal, ...] = ()

    @property
    def slug(self) -> str:
        """The release's slug."""
        return self.release.slug


def findings(context: ServiceContext, slug: str) -> tuple[Finding, ...]:
    """Return what `check` finds in a release's file as it is now."""
    found = _findings(context, context.library.read(slug), clock.utc_now(), context.library.slugs())
    return (*found, *since_scheduled(context, slug))


def _findings(context: ServiceContext, release: Release, now: datetime, known: Sequence[str]) -> tuple[Finding, ...]:
    sizes: dict[str, int | None] = {}
    for attachment in release.attachments:
        try:
            sizes[attachment.path] = len(context.library.attachment(release, attachment))
        except (NotFound, Refused):
            sizes[attachment.path] = None
    found = findings_in(context, release, now=now, known=known, sizes=sizes)
    if not release.attachments:
        return found
    from pressrelease.services.cleaning import attachment_findings

    inside = by_severity(attachment_findings(context, release), context.config.check.severity)
    return (*found, *with_accepted(release, inside))


def findings_in(
    context: ServiceContext, release: Release, *, now: datetime, known: Sequence[str], sizes: Mapping[str, int | None]
) -> tuple[Finding, ...]:
    """Return what `check` finds in a release; `known` are the slugs that there are, `sizes` its attachments' bytes."""
    found = check_release(release, context.config, now=now, known_slugs=known, attachment_sizes=sizes)
    around = [*list_findings(context, release), *_alternate_findings(context, release, known)]
    if context.config.check.names:
        from pressrelease.services.protected_names import protected_findings

        around += protected_findings(context, release)
    return with_accepted(release, (*found, *by_severity(around, context.config.check.severity)))


def _alternate_findings(context: ServiceContext, release: Release, known: Sequence[str]) -> Iterator[Finding]:
    """Yield a warning if a release has `alternates` and is the only one: a misspelled group excludes nothing."""
    if not release.alternates:
        return
    for slug in known:
        with contextlib.suppress(PressReleaseError):
            if slug != release.slug and context.library.read(slug).alternates == release.alternates:
                return
    yield Finding(
        release.slug,
        "alternate_missing",
        Severity.WARNING,
        release.line_of("alternates"),
        f"No other release has `alternates: {release.alternates}`, so lifting this one calls nothing off.",
        "Write the same name in each release of the group.",
    )


def propose(context: ServiceContext, slug: str, at: str | None = None) -> Proposal:
    """Return what `Proposer.propose` does, for one release."""
    return proposing(context, at).propose(slug)


def proposing(context: ServiceContext, at: str | None = None) -> Proposer:
    """Return a Proposer as of this moment. `at` is a phrase for the lift, read at this moment."""
    return Proposer(context, at, clock.utc_now(), context.library.slugs(), Recipients(context))


@dataclass(frozen=True)
class Proposer:
    """Proposes one release after another, all as of one moment: "in 90 minutes" is the same instant for all."""

    context: ServiceContext
    at: str | None
    now: datetime
    known: Sequence[str]
    recipients: Recipients

    def propose(self, slug: str) -> Proposal:
        """Return what scheduling a release would fix.

        Raises: Refused with the findings that block it, EmbargoRefused for a lift that is past or outside the embargo's
        window,
        NotPermitted for one before the embargo.
        """
        return _propose(self.context, slug, self.at, self.now, self.known, self.recipients)


class Recipients:
    """The recipients of each outlet, read once for all releases, without any outlet's password."""

    def __init__(self, context: ServiceContext) -> None:
        self._desk = context
        self._read: dict[str, tuple[str, ...]] = {}

    def of(self, outlet: str) -> tuple[str, ...]:
        """Return the recipients that a release gets at an outlet that is enabled."""
        from pressrelease.outlets import recipients_of

        if outlet not in self._read:
            workspace, config = self._desk.workspace, self._desk.config
            self._read[outlet] = recipients_of(
                config.outlets[outlet], config.office, workspace.folder, workspace.secret
            )
        return self._read[outlet]


def _propose(
    context: ServiceContext, slug: str, at: str | None, now: datetime, known: Sequence[str], recipients: Recipients
) -> Proposal:
    release = context.library.read(slug)
    findings = _findings(context, release, now, known)
    faults = [finding for finding in findings if finding.severity is Severity.ERROR]
    last = last_lift(context, slug, now=now)
    if at is not None or (last is not None and last.chosen):
        # The lift was given separately, so a past date in the file blocks nothing.
        findings = tuple(finding for finding in findings if finding.code != "embargo_past")
        faults = [finding for finding in faults if finding.code != "embargo_past"]
    if faults:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        place = f" See releases/{slug}.md, line {first.line}." if first.line else ""
        raise Refused(
            f"{slug} can't be scheduled: {first.message}{more}{place}",
            hint=first.hint or f"To see all of it: `pressrelease check {slug}`.",
            code=first.code,
        )
    embargo = _embargo(context, release, at, last, now)
    chosen = kept(last, embargo) if at is None else None
    if chosen is None:
        lift, wall, questions = _lift(context, slug, embargo, at, now)
    else:
        lift, wall, questions = chosen.moment, chosen.wall, ()
    findings += with_accepted(release, lift_findings(context, release, lift, now=now))
    removals = removals_for(context, release, lift, now)
    outlets = release.outlets or context.config.default_outlets
    attachments = {a.path: context.library.attachment(release, a) for a in release.attachments}
    people = {name: recipients.of(name) for name in outlets}
    settings = frozen_settings(context.config, outlets, release.clearances)
    return Proposal(
        release=release,
        embargo=embargo,
        lift=lift,
        version=version_of(
            release,
            attachment_hashes=hashes_of(attachments),
            lift=lift,
            outlets=outlets,
            wall=wall,
            recipients=digests_of(people),
            settings=settings_name(settings),
        ),
        recipients=people,
        attachments=attachments,
        findings=findings,
        questions=questions,
        wall=wall,
        settings=settings,
        earlier=said_earlier(
            last, lift, timezone=context.config.office.timezone, event=embargo.kind is EmbargoKind.EVENT
        ),
        kept=chosen is not None,
        grown=list_growth(context, slug, people),
        at_once=lift == now,
        removals=removals,
    )


def removals_for(
    context: ServiceContext, release: Release, lift: datetime | None, now: datetime
) -> tuple[Removal, ...]:
    """Return what must come down again. Raises Refused for a time that is before the lift, or too late."""
    if not (release.remove_at or release.attachments):
        return ()
    from pressrelease.check.removal import removal_findings, removals_of

    for one in removal_findings(release, context.config, now=now, lift=lift):
        place = f" See releases/{release.slug}.md, line {one.line}." if one.line else ""
        raise Refused(f"{release.slug} can't be scheduled: {one.message}{place}", hint=one.hint, code=one.code)
    return removals_of(release, context.config, now=now)


def _embargo(context: ServiceContext, release: Release, at: str | None, last: Lift | None, now: datetime) -> Embargo:
    """Return the embargo of the file. If it has none, the lift given now or before is the embargo."""
    office = context.config.office
    if release.embargo:
        return embargo_of(release, context.config, now=now)
    if at is not None:
        return read_embargo(at, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close)
    if last is not None:
        moment = last.moment
        return Embargo(last.embargo, EmbargoKind.INSTANT, office.timezone, moment, None, moment, wall=last.wall)
    return embargo_of(release, context.config, now=now)


def _lift(
    context: ServiceContext, slug: str, embargo: Embargo, at: str | None, now: datetime
) -> tuple[datetime | None, str, tuple[str, ...]]:
    """Return the lift that would be fixed, its wall time ("" for an instant), and what must be confirmed."""
    office = context.config.office
    chosen = embargo
    if at is not None:
        chosen = read_embargo(
            at, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close
        )
    if EmbargoKind.EVENT in {chosen.kind, embargo.kind}:
        if chosen.kind is not embargo.kind:
            raise has_no_time(slug, embargo if embargo.kind is EmbargoKind.EVENT else chosen)
        return None, "", ()
    if chosen.kind is EmbargoKind.IMMEDIATE and embargo.kind is EmbargoKind.IMMEDIATE:
        return None, "", ()
    lift = now if chosen.kind is EmbargoKind.IMMEDIATE else chosen.lift
    assert lift is not None  # noqa: S101  (only an immediate embargo has none)
    moment = say_full(lift, timezone=office.timezone, now=now)
    must_fit(embargo, lift, slug=slug, timezone=office.timezone, now=now)
    if lift <= now and chosen.kind is not EmbargoKind.IMMEDIATE:
        raise EmbargoRefused(
            f"{moment} has already passed. Nothing was scheduled.",
            hint=f"Choose a time in the future: `pressrelease schedule {slug} --at 'tomorrow at 10 a.m.'`.",
            code="embargo_past",
        )
    questions = list(chosen.remarks)
    if chosen.kind is EmbargoKind.WINDOW:
        questions.insert(0, f"“{chosen.text}” is not an exact time. It would go out {moment}.")
    return lift, chosen.wall, tuple(questions)


def _event_group(release: Release) -> str:
    """Return the name under which one release of a group is lifted; a release without alternates is its own group."""
    return f"alternates {release.alternates}" if release.alternates else f"release {release.slug}"


def schedule(context: ServiceContext, proposal: Proposal) -> None:
    """Freeze the proposed version and fix its lift. If it needs no approval, it will go out."""
    with context.ledger() as ledger:
        write(ledger, context, proposal)


def write(ledger: Ledger, context: ServiceContext, proposal: Proposal) -> None:
    """Do what `schedule` does, in a transaction of several."""
    from pressrelease.store import freezing

    scheduled, frozen = to_schedule(context, proposal, ledger.now)
    freezing.schedule(ledger, scheduled, frozen, proposal.recipients)


def to_schedule(context: ServiceContext, proposal: Proposal, now: datetime) -> tuple[Scheduled, Frozen]:
    """Return the row and the frozen version of a proposal, as of `now` (UTC). Raises EmbargoRefused, NeedsPerson."""
    from pressrelease.store import freezing

    policy = context.config.policy
    lift = proposal.lift
    waits = proposal.embargo.kind is EmbargoKind.EVENT
    if lift is None and policy.approvals == 0 and not waits:
        lift = now
    elif lift is not None and lift <= now and not proposal.at_once:
        raise EmbargoRefused(
            "The release time passed before it was confirmed. Nothing was scheduled.",
            hint="Schedule it again for a time in the future.",
            code="embargo_past",
        )
    if context.library.source_hash(proposal.slug) != proposal.release.source_hash:
        raise NeedsPerson(
            f"releases/{proposal.slug}.md was changed while it was being scheduled. Nothing was scheduled.",
            hint="Read it again, then schedule it.",
            code="file_changed",
        )
    scheduled = Scheduled(
        slug=proposal.slug,
        version=proposal.version,
        headline=proposal.release.headline,
        embargo=proposal.embargo,
        lift=lift,
        outlets=tuple(proposal.recipients),
        author=proposal.release.author or context.actor,  # whose own approval may not count
        source_hash=proposal.release.source_hash,
        word=Directive.SCHEDULED,
        word_by=context.actor,
        word_at=now,
        wall=proposal.wall,
        zones=known_release(proposal.wall),
        scheduled_by=context.actor,
        event_group=_event_group(proposal.release) if waits else "",
    )
    frozen = freezing.Frozen(
        canonical=canonical(proposal.release),
        lift=proposal.lift,
        attachments=proposal.attachments,
        hashes=hashes_of(proposal.attachments),
        wall=proposal.wall,
        settings=proposal.settings,
        clearances=proposal.release.clearances,
        owes_outcome=_owes_outcome(proposal.release),
        removals=tuple(one.as_detail() for one in proposal.removals),
    )
    return scheduled, frozen


def _owes_outcome(release: Release) -> bool:
    """Return whether a release is about a case that has not ended: it has a number, or somebody is accused in it.

    Accepting the finding `presumption_missing` says that nobody in it is presumed innocent any more.
    """
    from pressrelease.check.law import speaks_of_accused

    if "presumption_missing" in dict(release.accept):
        return False
    return bool(release.case) or speaks_of_accused(release)


def unschedule(context: ServiceContext, slug: str) -> Report:
    """Make it a draft again. Return its report from before."""
    from pressrelease.store import freezing

    before = context.report(slug)
    with context.ledger() as ledger:
        freezing.unschedule(ledger, slug)
    return before


def hashes_of(attachments: dict[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each attachment by its path."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in attachments.items()}
