"""Correct a release that is out: its file, as it is now, becomes the next version."""

from __future__ import annotations

from datetime import datetime

from pressrelease.check import Severity, with_accepted
from pressrelease.config.frozen import frozen_settings, settings_name
from pressrelease.errors import EmbargoRefused, NeedsPerson, NotPermitted, Refused
from pressrelease.publishing.snapshot import Report
from pressrelease.release import digests_of, version_of
from pressrelease.services import ServiceContext
from pressrelease.services.promising import lift_findings
from pressrelease.services.scheduling import Proposal, Recipients, findings, hashes_of, removals_for, to_schedule
from pressrelease.status.dossier import Directive
from pressrelease.system import clock
from pressrelease.when import EmbargoKind, read_embargo, say_full


def propose(context: ServiceContext, slug: str, at: str | None = None) -> Proposal:
    """Return what correcting a release would fix. `at` is a phrase for its lift; without one, it is its last approval.

    It goes to everyone the release went to, and to outlets that its file has gained.

    Raises: Refused with the findings that block it, NotPermitted for a release that was withdrawn, EmbargoRefused for a
    lift that is past, NotFound for a draft.
    """
    now = clock.utc_now()
    report = context.report(slug)
    if report.dossier.release.word in {Directive.KILLED, Directive.DISMISSED}:
        raise NotPermitted(
            f"{slug} was withdrawn for good. Nothing was changed.",
            hint="If its text must go out after all, write it as a new release.",
            code="killed",
        )
    release = context.library.read(slug)
    # Its embargo has passed, or was lifted: what `check` finds about it keeps nothing back any more.
    found = tuple(one for one in findings(context, slug) if not one.code.startswith("embargo_"))
    if faults := [one for one in found if one.severity is Severity.ERROR]:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Refused(
            f"{slug} can't be corrected like this: {faults[0].message}{more} Nothing was changed.",
            hint=faults[0].hint or f"To see all of it: `pressrelease check {slug}`.",
            code=faults[0].code,
        )
    lift, wall, questions = _lift(context, at, now)
    people = _recipients(context, report, release.outlets or context.config.default_outlets)
    attachments = {one.path: context.library.attachment(release, one) for one in release.attachments}
    settings = frozen_settings(context.config, people, release.clearances)
    return Proposal(
        release=release,
        embargo=report.dossier.release.embargo,
        lift=lift,
        version=version_of(
            release,
            attachment_hashes=hashes_of(attachments),
            lift=lift,
            outlets=tuple(people),
            wall=wall,
            recipients=digests_of(people),
            settings=settings_name(settings),
        ),
        recipients=people,
        attachments=attachments,
        findings=found + with_accepted(release, lift_findings(context, release, lift or now, now=now)),
        questions=questions,
        wall=wall,
        settings=settings,
        removals=removals_for(context, release, lift, now),
    )


def _lift(context: ServiceContext, at: str | None, now: datetime) -> tuple[datetime | None, str, tuple[str, ...]]:
    """Return the lift that `at` means, None for the last approval, its wall time, and what must be confirmed."""
    if at is None:
        return None, "", ()
    office = context.config.office
    meant = read_embargo(at, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close)
    if meant.kind is EmbargoKind.IMMEDIATE:
        return None, "", ()
    if meant.lift is None or meant.lift <= now:
        raise EmbargoRefused(
            f"{at} is not a time ahead. Nothing was changed.", hint="Choose a time in the future.", code="embargo_past"
        )
    questions = list(meant.remarks)
    if meant.kind is EmbargoKind.WINDOW:
        moment = say_full(meant.lift, timezone=office.timezone, now=now)
        questions.insert(0, f"“{meant.text}” is not an exact time. It would go out {moment}.")
    return meant.lift, meant.wall, tuple(questions)


def _recipients(context: ServiceContext, report: Report, outlets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return everyone the release went to, in the order of before, and those of outlets that are new to it."""
    went_to: dict[str, dict[str, None]] = {}
    for one in (*report.dossier.earlier, *report.dossier.deliveries):
        if (one.n, one.version) == (report.dossier.release.n, report.dossier.release.version):
            went_to.setdefault(one.outlet, {})[one.recipient] = None
    recipients = Recipients(context)
    added = {name: recipients.of(name) for name in outlets if name not in went_to}
    return {outlet: tuple(people) for outlet, people in went_to.items()} | added


def correct(context: ServiceContext, proposal: Proposal, *, note: str, why: str = "") -> int:
    """Freeze the proposed correction; return its number. If it needs no approval, it goes out. Raises NotPermitted."""
    from pressrelease.store import corrections

    if not note.strip():
        raise NeedsPerson("A correction needs a note that readers see. Nothing was changed.", hint='Add --note "…"')
    with context.ledger() as ledger:
        scheduled, frozen = to_schedule(context, proposal, ledger.now)
        at_once = proposal.lift is None and context.config.policy.approvals == 0
        scheduled = scheduled._replace(event_group="", lift=ledger.now if at_once else proposal.lift)
        return corrections.correct(ledger, scheduled, frozen, proposal.recipients, note=note, why=why)
