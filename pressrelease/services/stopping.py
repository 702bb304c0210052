"""Stop and resume: one release, or everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pressrelease.errors import EmbargoRefused, NeedsPerson, NotFound, NotPermitted
from pressrelease.publishing.clock_trust import Witnesses, looked_into
from pressrelease.publishing.snapshot import reports
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.services import ServiceContext
from pressrelease.services.lifts import has_no_time, must_fit
from pressrelease.status.causes import Cause
from pressrelease.status.dossier import Directive, Dossier, FileFact, Scheduled
from pressrelease.status.evaluation import ReleaseState
from pressrelease.system import clock
from pressrelease.system.stop_file import HOLD, STOP, is_held, is_stopped
from pressrelease.when import EmbargoKind, read_embargo, say_full
from pressrelease.when.wall_time import known_release


@dataclass(frozen=True)
class Resumed:
    """What `resume --all` found: what became due in the meantime, and whether it goes out or is held for a person.

    `was_stopped` is False if there was no stop to end and no clock in doubt; then nothing was changed.
    """

    fell_due: tuple[str, ...]
    let_go: bool
    was_stopped: bool = True


def hold(context: ServiceContext, slug: str, why: str = "") -> None:
    """Hold one release; what is being sent can't be called back."""
    from pressrelease.store import commands

    try:
        context.report(slug)
    except NotFound as error:
        if error.code == "not_scheduled":  # the next step is not to schedule what somebody wants held
            error.hint = "It can't go out until somebody schedules it."
        raise
    with context.ledger() as ledger:
        commands.set_directive(ledger, slug, Directive.HELD, by=context.actor, why=why)


def give_reason(context: ServiceContext, slug: str, why: str) -> None:
    """Record why this person holds a release that they hold already."""
    from pressrelease.store import commands

    with context.ledger() as ledger:
        commands.give_reason(ledger, slug, by=context.actor, why=why)


def waiting(context: ServiceContext) -> tuple[str, ...]:
    """Return the scheduled releases that are not out everywhere yet."""
    return tuple(release.slug for release in context.store.read.open_releases()) if context.store.exists else ()


@dataclass(frozen=True)
class Later:
    """The later lift of a release that is resumed, and what must be confirmed first.

    The lift is in UTC, with its wall time ("" for an instant); the questions are whole sentences.
    """

    lift: datetime
    wall: str
    questions: tuple[str, ...]


def later(context: ServiceContext, slug: str, at: str, *, now: datetime) -> Later:
    """Return the lift that `at` means, typed at `now`, for a scheduled release.

    Raises: EmbargoRefused if it is past or after the release's window, NotPermitted if it is before its embargo.
    """
    office = context.config.office
    meant = read_embargo(at, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close)
    release = context.report(slug).dossier.release
    if release.waits_for_event or meant.kind is EmbargoKind.EVENT:
        raise has_no_time(slug, release.embargo if release.waits_for_event else meant)
    if meant.kind is EmbargoKind.IMMEDIATE:
        return Later(now, "", ())
    assert meant.lift is not None  # noqa: S101  (only an immediate embargo has none)
    moment = say_full(meant.lift, timezone=office.timezone, now=now)
    if meant.lift <= now:
        raise EmbargoRefused(
            f"{moment} has already passed. Nothing was changed.",
            hint="Choose a time in the future.",
            code="embargo_past",
        )
    must_fit(release.embargo, meant.lift, slug=slug, timezone=office.timezone, now=now)
    questions = list(meant.remarks)
    if meant.kind is EmbargoKind.WINDOW:
        questions.insert(0, f"“{meant.text}” is not an exact time. It would go out {moment}.")
    return Later(meant.lift, meant.wall, tuple(questions))


def resume(context: ServiceContext, slug: str, at: Later | None = None) -> None:
    """Let a held or missed release go: at its own lift, at a later one, or, once that is past, at the next pass.

    Raises: NotPermitted for one that is neither, unless it gets a later lift.
    """
    from pressrelease.store import commands, lifts

    _record_stop_files(context)
    if not context.dry_run and is_held(context.workspace.folder, slug):
        raise NotPermitted(
            f"You don't have permission to delete the file {HOLD}{slug}. {slug} is still on hold.",
            hint=f"rm {context.workspace.folder / f'{HOLD}{slug}'}",
            code="not_resumed",
        )
    now = clock.utc_now()
    report = context.report(slug)
    over = report.status.state in {ReleaseState.PUBLISHED, ReleaseState.KILLED}  # which the ledger reports by itself
    if report.dossier.file is not FileFact.SAME and not over:
        became = "is gone" if report.dossier.file is FileFact.GONE else "was changed after it was scheduled"
        raise NeedsPerson(
            f"releases/{slug}.md {became}. {slug} was not resumed.",
            hint=f"Put the file back as it was, or schedule the new text: `pressrelease schedule {slug}`.",
            code="file_changed",
        )
    with context.ledger(now) as ledger:
        before = commands.set_directive(ledger, slug, Directive.SCHEDULED, by=context.actor)
        waits = report.status.cause in {Cause.MISSED, Cause.ZONE_RULES_ASK}
        if at is None and before.release.word is not Directive.HELD and not waits:
            stopped = context.store.read.control().stopped
            raise NotPermitted(
                f"{slug} is not on hold. Nothing was changed.",
                hint="Everything is stopped. To start publishing again: `pressrelease resume --all`."
                if stopped
                else f"To see its status: `pressrelease status {slug}`.",
                code="not_held",
            )
        if at is not None:
            lifts.postpone(ledger, before.release, at.lift, wall=at.wall, zones=known_release(at.wall))
        else:
            lifts.accept_late(ledger, before.release)


def stop(context: ServiceContext, why: str) -> tuple[Delivery, ...]:
    """Stop everything. Return what was being sent at that moment and can't be called back."""
    from pressrelease.store import commands

    with context.ledger() as ledger:
        commands.stop(ledger, by=context.actor, why=why)
    return tuple(context.store.read.claimed()) if context.store.exists else ()


def fell_due(context: ServiceContext) -> tuple[Scheduled, ...]:
    """Return what would leave at once if everything were resumed now."""
    now = clock.utc_now()
    if not context.store.exists:
        return ()
    found = reports(
        context.store, context.library, context.config, context.store.read.due_releases(now), trust_clock=True
    )
    # Today's zone rules may have put a lift later than the record has it.
    come = [one for one in found if one.dossier.release.lift is not None and one.dossier.release.lift <= now]
    return tuple(one.dossier.release for one in come if not one.status.blocked and _waits(one.dossier))


class ClockShown(NamedTuple):
    """The time that this machine shows (UTC), and why it can't be trusted, None if nothing speaks against it."""

    now: datetime
    doubt: str | None


def something_is_stopped(context: ServiceContext) -> bool:
    """Return whether there is a stop to end, on record or as a file STOP."""
    on_record = context.store.exists and context.store.read.control().stopped
    return on_record or is_stopped(context.workspace.folder)


def clock_shown(context: ServiceContext) -> ClockShown:
    """Return the clock, for a person to check before they confirm it. Asks the witnesses; takes some seconds."""
    mark = clock.read_clock()
    return ClockShown(
        mark.wall, looked_into(context.store, mark, context.config, Witnesses()) if context.store.exists else None
    )


def resume_all(context: ServiceContext, *, let_go: bool, clock_confirmed: bool = False) -> Resumed:
    """End the stop. What became due in the meantime goes out only if a person confirmed it; otherwise it is held.

    From then on the clock is compared with what it shows now. Raises NeedsPerson if it is in doubt and no person has
    `clock_confirmed` that it is right.
    """
    from pressrelease.services.adopting import must_be_the_original
    from pressrelease.store import commands, presence

    must_be_the_original(context)
    shown = clock_shown(context)
    if shown.doubt and not clock_confirmed:
        raise NeedsPerson(
            f"{shown.doubt[0].upper()}{shown.doubt[1:]}. Nothing was changed.",
            hint="Set the clock, or confirm that it is right: `pressrelease resume --all --confirm clock`.",
            code="clock_in_doubt",
        )
    stopped = something_is_stopped(context)
    _record_stop_files(context)
    if not context.dry_run and is_stopped(context.workspace.folder):
        raise NotPermitted(
            "You don't have permission to delete the file STOP. Everything is still stopped.",
            hint=f"rm {context.workspace.folder / STOP}",
            code="not_resumed",
        )
    if not shown.doubt and not stopped:
        return Resumed((), let_go=False, was_stopped=False)  # a line in the journal would be false
    due = tuple(release.slug for release in fell_due(context))
    with context.ledger() as ledger:
        for slug in due:
            if not let_go:
                why = "became due while everything was stopped"
                commands.set_directive(ledger, slug, Directive.HELD, by=context.actor, why=why)
        commands.go_on(ledger)
        presence.confirm_clock(ledger, clock.read_clock())
    return Resumed(due, let_go)


def _record_stop_files(context: ServiceContext) -> None:
    """Record what STOP and HOLD files ask for, so that what is resumed is what the record has."""
    from pressrelease.store.stop_requests import record_stop_files

    if not context.dry_run and context.store.exists:
        record_stop_files(context.store, clock.utc_now())


def _waits(dossier: Dossier) -> bool:
    return any(delivery.is_open and delivery.state is not DeliveryState.SENDING for delivery in dossier.deliveries)
