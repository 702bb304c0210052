"""The bare command, `status`, `journal`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pressrelease.cli.answer import answer
from pressrelease.cli.options import MaybeSlugsArgument, command
from pressrelease.cli.session import Session
from pressrelease.status.causes import ADVICE, Cause
from pressrelease.system import clock

if TYPE_CHECKING:
    from datetime import datetime

    from pressrelease.services import ServiceContext
    from pressrelease.services.listing import Listing
    from pressrelease.status.views import Row, SchedulerSign
    from pressrelease.store.records import Control

app = typer.Typer()

#: How many releases that ask nothing more a plain `status` still shows.
RECENT = 10

#: How long after a release went out the office is asked how the case ended (`status.outcomes`).
OUTCOME_ASKED = timedelta(days=90)

#: How many rows of each kind `status --json` has without `--all`.
SHOWN_AS_JSON = 1_000


def today(workspace: Path | None, *, as_json: bool, no_input: bool) -> None:
    """The bare command: what goes out next, what needs a person, whether a scheduler is running."""
    from pressrelease.services.listing import listing
    from pressrelease.status.views import status_json
    from pressrelease.wiring import MAKE_YOUR_OWN, SAMPLE

    session = Session.of(workspace, as_json=as_json, no_input=no_input)
    context = session.context(only_looks=True)
    now = clock.utc_now()
    seen = listing(context, now=now)
    session.give(status_json(seen.rows, now=now, stopped=seen.stopped, scheduler=seen.scheduler))
    if session.as_json:
        _leave_if_unattended(seen.rows)
        return
    lines = [context.config.office.name, ""]
    if context.workspace.is_sample:
        lines += [SAMPLE, f"  {MAKE_YOUR_OWN}", ""]
    if seen.stopped:
        lines += [seen.stopped_words, ""]
    if seen.clock_doubt:
        lines += [clock_line(seen.clock_doubt), "  pressrelease doctor", ""]
    running = scheduler_lines(seen.scheduler, seen)
    first = bool(running) and not seen.scheduler.alive and not seen.stopped
    lines += [*running, ""] if first else []
    lines += _release_lines(seen, context, now)
    lines += _promised(context, now)
    lines += [*_owed(context, now), *_removals(context, now)]
    lines += [] if first else running
    session.say(*(lines if lines[-1] else lines[:-1]))
    _leave_if_unattended(seen.rows)


def _promised(context: ServiceContext, now: datetime) -> list[str]:
    """The promises that fall due about now; what puts them into words is loaded only if there are any."""
    from pressrelease.notifications.near_promises import near_promises

    if not near_promises(context.workspace, now=now):
        return []
    from pressrelease.cli.promising import near_lines

    return near_lines(context, now=now)


def _owed(context: ServiceContext, now: datetime) -> list[str]:
    """The releases whose outcome is owed; what puts them into words is loaded only if there are any."""
    if not context.store.exists:
        return []
    from pressrelease.store import after_publication

    owed = after_publication.outcomes_owed(context.store.read, now - OUTCOME_ASKED)
    if not owed:
        return []
    from pressrelease.status.outcomes import Owed, owed_lines

    lines = owed_lines([Owed(*one) for one in owed], now)
    return [
        "How did the case end?",
        *(f"  {line}" for line in lines),
        "    pressrelease outcome SLUG OUTCOME --why …",
        "",
    ]


def _removals(context: ServiceContext, now: datetime) -> list[str]:
    """What was to come down by now; what finds it is loaded only if anything ever has to."""
    if not context.store.exists:
        return []
    from pressrelease.store import after_publication

    if not after_publication.removals(context.store.read):
        return []
    from pressrelease.notifications.removals import due_removals
    from pressrelease.status.removals import due_lines

    due = sorted(due_removals(context.store.read, now), key=lambda one: one.due_at)
    if not due:
        return []
    lines = due_lines(due, timezone=context.config.office.timezone)
    below = [f"    {one.command}" for one in due]
    return ["Take down now", *(f"  {words}" for pair in zip(lines, below, strict=True) for words in pair), ""]


def _release_lines(seen: Listing, context: ServiceContext, now: datetime) -> list[str]:
    """The releases of the first screen: those that need a person before those that wait, and drafts last."""
    from pressrelease.status.evaluation import ReleaseState
    from pressrelease.status.views import (
        approver_words,
        goes_out_words,
        next_command,
        status_words,
        to_clear_words,
        when_words,
    )

    zone, policy = context.config.office.timezone, context.config.policy
    going = {None, Cause.RETRYING, Cause.DELAYED}
    due = [row for row in seen.rows if row.status.state is ReleaseState.PUBLISHING and row.status.cause in going]
    waiting = [row for row in seen.rows if next_command(row) and row not in due]
    wanted = [row for row in waiting if row.status.state is not ReleaseState.DRAFT]
    lines = []
    if wanted:
        lines.append("ACTION NEEDED")
        for row in wanted:
            lines += [f"  {row.slug}: {status_words(row.status)}", f"    {_sentence(_reason(row))}"]
            below = (goes_out_words(row, timezone=zone, now=now), approver_words(row, policy), next_command(row))
            lines += [f"    {words}" for words in below if words]
        lines.append("")
    ahead = [row for row in seen.rows if row.lift is not None and row.lift > now and not row.status.blocked]
    if ahead:
        first = min(ahead, key=lambda row: row.lift or now)
        heading = "Goes out next, once the stop has ended" if seen.stopped else "Goes out next"
        when = [when_words(first, timezone=zone, now=now), *to_clear_words(first, timezone=zone, now=now)]
        lines += [heading, f"  {first.slug}", *(f"  {words}" for words in when), ""]
    elif not any(row.status.state is ReleaseState.PUBLISHING for row in seen.rows):
        lines += ["No approved release is waiting to go out.", ""]
    if due:
        lines += ["Stopped, though it is due" if seen.stopped else "Going out now"]
        for row in due:
            late = f": {status_words(row.status)}" if row.status.cause is Cause.DELAYED else ""
            lines.append(f"  {row.slug}{late}")
            lines += [f"    {words}" for words in (row.status.reason, next_command(row)) if words]
        lines.append("")
    armed = [row for row in seen.rows if row.status.state is ReleaseState.ARMED]
    if armed:
        lines.append("Waiting for an event")
        for row in armed:
            lines += [f"  {row.slug}: {_reason(row)}", f"    pressrelease lift {row.slug}"]
        lines.append("")
    held = [row for row in seen.rows if row.status.state is ReleaseState.HELD]
    if held:
        lines.append("On hold")
        for row in held:
            lines += [f"  {row.slug}: {_reason(row)}", f"    {goes_out_words(row, timezone=zone, now=now)}".rstrip()]
        lines.append("")
    drafts = [row for row in waiting if row not in wanted]
    if drafts:
        lines.append("Drafts")
        for row in drafts:
            lines += [f"  {row.slug}: {_reason(row)}", f"    {next_command(row)}"]
        lines.append("")
    return lines


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _leave_if_unattended(rows: Sequence[Row]) -> None:
    """Exit with the code of what is due and nobody sends: the one thing that no scheduler's own exit code can say."""
    if any(row.status.cause is Cause.NO_SCHEDULER for row in rows):
        raise typer.Exit(ADVICE[Cause.NO_SCHEDULER].exit_code)


def _reason(row: Row) -> str:
    return row.status.reason or row.status.state.sentence


def clock_line(doubt: str) -> str:
    """Say that the machine's clock is not trusted; if it is behind, no release would say it of itself."""
    return f"CHECK THE CLOCK: {doubt}. Nothing goes out until someone checks it."


def scheduler_lines(sign: SchedulerSign, control: Control | Listing) -> list[str]:
    """Say whether a scheduler is running, and what to do if none is; nothing for a copy, which only knows its
    original's.

    While everything is stopped, starting a scheduler would publish nothing, so none is asked for yet.
    """
    if control.not_the_original:
        return []
    if control.stopped and not sign.alive:
        return ["No scheduler is running either. Start one after the stop has ended."]
    return [scheduler_line(sign)]


def scheduler_line(sign: SchedulerSign) -> str:
    """Say whether a scheduler is running, and what to do if none is."""
    from pressrelease.when import say_span

    start = "Start `pressrelease run`, or run `pressrelease publish-due` from cron."
    if sign.last_seen is None:
        return f"NOT RUNNING: no scheduler is running, so nothing will be published. {start}"
    ago = say_span(clock.utc_now() - sign.last_seen)
    if sign.alive:
        return f"The scheduler is running on {sign.host} ({sign.kind}, last seen {ago} ago)."
    if sign.once:
        return (
            f"`publish-due` ran once, {ago} ago on {sign.host}, and nothing shows that it will run again."
            f" If cron doesn't run it every minute: {start[0].lower()}{start[1:]}"
        )
    return (
        f"NOT RUNNING: no scheduler is running (last seen {ago} ago on {sign.host}), so nothing will be published."
        f" {start}"
    )


@command(app, "status")
def status(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also show releases that went out long ago or are far ahead.")
    ] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep running and show changes as they happen.")] = False,
) -> None:
    """Show releases: when each goes out and its status, outlet by outlet.

    \b
    pressrelease status
    pressrelease status names-released --watch
    """
    from pressrelease.services.listing import listing
    from pressrelease.status.views import status_json

    context = session.context(only_looks=True)
    if watch:
        from pressrelease.cli.watching import watch_status

        watch_status(session, context, slugs or [], everything=everything)
        return
    now = clock.utc_now()
    bounds = {"ahead": SHOWN_AS_JSON, "behind": SHOWN_AS_JSON} if session.as_json else {}
    seen = listing(context, slugs or None, everything=everything, recent=RECENT, now=now, **bounds)
    more = f"{seen.more:,} more are not shown. To see them: `pressrelease status --all`"
    if session.as_json:
        session.give(status_json(seen.rows, now=now, stopped=seen.stopped, scheduler=seen.scheduler))
        if seen.more:
            session.say(more)
        _leave_if_unattended(seen.rows)
        return
    if seen.stopped:
        session.say(seen.stopped_words, "")
    if seen.clock_doubt:
        session.say(clock_line(seen.clock_doubt), "next: pressrelease doctor", "")
    running = scheduler_lines(seen.scheduler, seen)
    first = bool(running) and not seen.scheduler.alive and not seen.stopped
    if first:
        session.say(*running, "")
    _show(session, context, seen.rows, detailed=bool(slugs))
    below = [] if slugs else [*_promised(context, now), *_owed(context, now), *_removals(context, now)]
    below += [] if first else running
    session.say(*([more] if seen.more else []))
    if below:
        session.say("", *(below if below[-1] else below[:-1]))
    _leave_if_unattended(seen.rows)


def _show(session: Session, context: ServiceContext, rows: list[Row], *, detailed: bool) -> None:
    if sys.stdout.isatty() and not detailed:
        from pressrelease.cli.terminal import print_status

        print_status(rows, timezone=context.config.office.timezone, now=clock.utc_now(), policy=context.config.policy)
    else:
        from pressrelease.cli.text_output import status_lines

        session.say(
            *status_lines(
                rows,
                timezone=context.config.office.timezone,
                now=clock.utc_now(),
                policy=context.config.policy,
                detailed=detailed,
            )
        )


@command(app, "journal")
def journal(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Check that no line was changed or moved and that the database agrees.")
    ] = False,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="N:HASH",
            help="With --verify: a head that you kept, or a backup file, that must be in it.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Show who did what and when. With --verify, check that nobody changed it.

    Every line's hash covers the line before it. Only a head that you keep elsewhere, as `backup` prints it, shows
    that the end was cut off or everything was rewritten.

    \b
    pressrelease journal names-released
    pressrelease journal --verify
    """
    from pressrelease.cli.journal_sentences import journal_sentence
    from pressrelease.errors import StateUnreadable
    from pressrelease.services.listing import journal_json

    context = session.context()
    if not (verify or head is not None):
        answer.by_line()
    if not context.store.exists:
        session.say("The journal is empty.")
        return
    if verify or head is not None:
        from pressrelease.services.keeping import known_head
        from pressrelease.services.keeping import verify as verify_journal

        verified = verify_journal(context.store.read, known_head(head) if head is not None else None)
        broken = verified.walk.broken or next(iter(verified.disagreements), None)
        if broken:
            raise StateUnreadable(
                f"The journal does not hold: {broken}.",
                hint="Someone changed the database. Stop (`pressrelease stop`) and compare with the last backup.",
                code="journal_broken",
            )
        from pressrelease.services.checkpoints import examine

        points = examine(context.store.read, context.config)
        if points.wrong:
            raise StateUnreadable(
                f"The journal does not hold: {points.wrong[0]}.",
                hint="Someone changed the database. Stop (`pressrelease stop`) and compare with the last backup.",
                code="journal_broken",
            )
        found = verified.walk.head
        head_hash = found.hash if found.n else None
        session.give({"holds": True, "lines": found.n, "head": head_hash, "checkpoints": points.made})
        session.say(
            f"The journal is intact: {found.n} lines, none changed or moved; releases and deliveries agree with it.",
            f"Its head: {found}"
            + (
                ". Only a head kept elsewhere (--head) can show that its end was not cut off."
                if head is None
                else ", and the one given is in it: nothing was cut off before that."
            ),
            *(
                [f"Its checkpoints: {points.made}, of them checked: {points.signed} signed, {points.stamped} stamped."]
                if points.made
                else []
            ),
            *(f"Not checked: {sentence}." for sentence in points.unchecked),
        )
        return
    for line in context.store.read.journal(slugs or ()):
        session.give_line(journal_json(line))
        if not session.as_json:
            session.say(journal_sentence(line, timezone=context.config.office.timezone, named=len(slugs or ()) != 1))
