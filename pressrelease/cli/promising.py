"""`promises`, and what the bare command and `status` say of those that are near."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressrelease.cli.options import MaybeSlugsArgument, WhyOption, command
from pressrelease.cli.session import Session
from pressrelease.system import clock

if TYPE_CHECKING:
    from datetime import datetime

    from pressrelease.config import Office
    from pressrelease.promises import CourtDate
    from pressrelease.release import Release
    from pressrelease.services import ServiceContext
    from pressrelease.services.promising import Promised

app = typer.Typer()


@command(app, "promises", dry_run=True)
def promises(
    session: Session,
    slugs: MaybeSlugsArgument = None,
    court: Annotated[
        bool, typer.Option("--court", help="Show court dates, too: hearings, arraignments, sentencings, trials.")
    ] = False,
    kept: Annotated[
        int, typer.Option("--kept", metavar="N", help="Record that promise N of the list is kept; needs --why.")
    ] = 0,
    why: WhyOption = "",
) -> None:
    """Show what releases promised for later, when it is due, and which release keeps the promise.

    A release that follows another keeps its promise by itself if it comes in time and says what was promised. For any
    other case, a person settles the promise with --kept.

    \b
    kept     the release that keeps it has been published
    planned  the release that keeps it is scheduled in time
    open     no release that keeps it is scheduled in time
    overdue  it was due, and no release that keeps it has been published

    \b
    pressrelease promises
    pressrelease promises names-released
    pressrelease promises names-released --kept 1 --why "Read at the news conference of Sept. 24"
    """
    from pressrelease.services.promising import court_dates, promised

    context = session.context()
    now = clock.utc_now()
    found = promised(context, slugs or None, now=now)
    if kept:
        _settle(session, context, found, kept, why)
        found = promised(context, slugs or None, now=now)
    dates = court_dates(context, slugs or None, now=now) if court or context.config.promises.court else None
    answer: dict[str, Any] = {"promises": [promise_json(one) for one in found]}
    if dates is not None:
        answer["court"] = [_court_json(one) for one in dates]
    session.give(answer)
    if session.as_json:
        return
    zone = context.config.office.timezone
    if not found:
        session.say("It promises nothing." if slugs else "No release promises anything.")
    elif sys.stdout.isatty():
        _print_table(found, zone, now)
    else:
        session.say(*promise_lines(found, timezone=zone, now=now))
    if dates is not None:
        session.say(*_court_lines(dates, timezone=zone, now=now))


def _settle(session: Session, context: ServiceContext, found: Sequence[Promised], number: int, why: str) -> None:
    """Record that one promise of the list is kept. Raises NotFound for a number that isn't in it."""
    from pressrelease.errors import NotFound
    from pressrelease.services.promising import settle_promise

    if not 0 < number <= len(found):
        raise NotFound(
            f"There is no promise {number}. Nothing was recorded.",
            hint=f"The list has {len(found)}: `pressrelease promises`.",
            code="no_such_promise",
        )
    one = found[number - 1]
    settle_promise(context, one, why.strip())
    done = "Would record" if session.dry_run else "Recorded"
    session.say(f"{done}: kept: {one.promise.slug}: “{_shortened(one.promise.text)}”")


def _court_json(one: CourtDate) -> dict[str, Any]:
    """One element of `promises --json`'s `court`."""
    from pressrelease.status.views import maybe_rfc3339

    return {
        "slug": one.slug,
        "kind": one.event.value,
        "text": one.text,
        "line": one.line,
        "not_before": maybe_rfc3339(one.not_before),
        "no_later_than": maybe_rfc3339(one.no_later_than),
    }


def _court_lines(dates: Sequence[CourtDate], *, timezone: str, now: datetime) -> list[str]:
    """Court dates as plain lines, the soonest first."""
    from pressrelease.services.promising import time_words

    if not dates:
        return ["No court dates are ahead."]
    lines = ["Court dates"]
    for one in dates:
        when = time_words(one.not_before, one.no_later_than, timezone=timezone, now=now)
        lines += [f"  {when}: {one.event.value} ({one.slug})", f"    “{_shortened(one.text)}”"]
    return lines


def promise_json(one: Promised) -> dict[str, Any]:
    """One element of `promises --json`'s `promises` (CONTRACT section 6)."""
    from pressrelease.status.views import maybe_rfc3339

    promise = one.promise
    return {
        "slug": promise.slug,
        "text": promise.text,
        "line": promise.line,
        "not_before": maybe_rfc3339(promise.not_before),
        "no_later_than": maybe_rfc3339(promise.no_later_than),
        "kept_by": one.kept.kept_by or None,
        "state": one.kept.state.value,
    }


def promise_lines(found: Sequence[Promised], *, timezone: str, now: datetime) -> list[str]:
    """Promises as plain lines, a promise a paragraph."""
    from pressrelease.services.promising import due_words

    lines: list[str] = []
    for number, one in enumerate(found, start=1):
        place = f"releases/{one.promise.slug}.md" + (f":{one.promise.line}" if one.promise.line else "")
        lines.append(f"{number}. {place}: {_state_words(one)}")
        lines.append(f"  “{_shortened(one.promise.text)}”")
        lines.append(f"  when: {due_words(one.promise, timezone=timezone, now=now)}")
        if command := _next_command(one):
            lines.append(f"  next: {command}")
    return lines


def made_lines(office: Office, release: Release, *, lift: datetime | None = None) -> list[str]:
    """What the text of a release promises and when it is due, a promise a line.

    It counts from the day it was written; without one, from `lift` (aware), or from now.
    """
    from pressrelease.notifications.near_promises import promises_of
    from pressrelease.services.promising import due_words

    now = clock.utc_now()
    return [
        f"“{_shortened(one.text)}”{f' (line {one.line})' if one.line else ''}:"
        f" {due_words(one, timezone=office.timezone, now=now)}"
        for one in promises_of(office, release, lift or now)
    ]


def near_lines(context: ServiceContext, *, now: datetime) -> list[str]:
    """The promises that fall due about now and are not provided for; nothing where there are none."""
    from pressrelease.services.promising import due_words, near_promises

    lines: list[str] = []
    for one in near_promises(context, now=now):
        due = due_words(one.promise, timezone=context.config.office.timezone, now=now)
        lines.append(f"  {one.promise.slug}: {_state_words(one)}")
        lines.append(f"    “{_shortened(one.promise.text)}” ({due})")
        lines.append(f"    {_next_command(one)}")
    return ["Promised to the public", *lines, ""] if lines else []


def _state_words(one: Promised) -> str:
    """Return a promise's state, with the release that keeps it."""
    from pressrelease.promises import PromiseState
    from pressrelease.status.evaluation import ReleaseState

    state, by = one.kept.state, one.kept.kept_by
    draft = "not public yet (still a draft); " if one.made_by is ReleaseState.DRAFT else ""
    if one.kept.settled:
        return f"{draft}kept, as a person settled"
    if state is PromiseState.KEPT:
        return f"{draft}kept by {by}"
    if state is PromiseState.PLANNED:
        return f"{draft}planned: {by} keeps it"
    word = "OVERDUE" if state is PromiseState.OVERDUE else "NOT SCHEDULED YET"
    if one.kept.asks:
        return f"{draft}{word}: {by} follows it, and doesn't say what was promised. Does it keep the promise?"
    return f"{draft}{word}: " + (f"{by} should keep it, and is not scheduled in time" if by else "no release keeps it")


def _next_command(one: Promised) -> str:
    """The command to run next, for a promise that nothing provides for."""
    from pressrelease.promises import PromiseState

    if one.kept.state in {PromiseState.KEPT, PromiseState.PLANNED}:
        return ""
    if one.kept.asks:
        return f"pressrelease promises {one.promise.slug} (then --kept N --why …, if it does)"
    if one.kept.kept_by:
        return f"pressrelease schedule {one.kept.kept_by}"
    return f'pressrelease new "HEADLINE" --follows {one.promise.slug}'


def _shortened(text: str, longest: int = 200) -> str:
    return text if len(text) <= longest else text[: longest - 1].rsplit(" ", 1)[0] + "…"


def _print_table(found: Sequence[Promised], timezone: str, now: datetime) -> None:
    from rich.table import Table
    from rich.text import Text

    from pressrelease.cli.terminal import console
    from pressrelease.promises import PromiseState
    from pressrelease.services.promising import due_words
    from pressrelease.system.printable import printable

    meaning = {
        PromiseState.KEPT: "out",
        PromiseState.PLANNED: "ahead",
        PromiseState.OPEN: "wants",
        PromiseState.OVERDUE: "stopped",
    }
    table = Table(box=None, padding=(0, 2, 1, 0), show_edge=False, header_style="bold", expand=True)
    table.add_column("Promised by", ratio=5, overflow="fold")
    table.add_column("When", ratio=4, overflow="fold")
    table.add_column("Status", ratio=4, overflow="fold")
    for number, one in enumerate(found, start=1):
        what = Text(f"{number}. {one.promise.slug}", style="bold")
        what.append(f"\n“{printable(_shortened(one.promise.text))}”", style="quiet")
        how = Text(_state_words(one), style=meaning[one.kept.state])
        table.add_row(what, due_words(one.promise, timezone=timezone, now=now), how)
    screen = console()
    screen.print(table)
    for command in dict.fromkeys(command for one in found if (command := _next_command(one))):
        screen.print(Text(f"next: {command}", style="command"), soft_wrap=True)
