"""`status --watch`: a countdown that redraws on a terminal, and elsewhere one line a change."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from pressrelease.cli.answer import answer
from pressrelease.cli.looking import clock_line, scheduler_lines
from pressrelease.cli.session import Session
from pressrelease.services import ServiceContext
from pressrelease.services.listing import Listing, listing
from pressrelease.status.evaluation import ReleaseState
from pressrelease.status.views import Row, release_json, status_words, where_words
from pressrelease.system import clock

#: Seconds between two looks.
EVERY = 1.0


def watch_status(session: Session, context: ServiceContext, slugs: Sequence[str], *, everything: bool) -> None:
    """Show each change until Ctrl-C, or until every release named is out."""
    from pressrelease.cli.terminal import console

    if sys.stdout.isatty() and not session.as_json and not console().is_dumb_terminal:
        _redraw(session, context, slugs, everything=everything)
    else:
        _tell(session, context, slugs, everything=everything)


def _look(context: ServiceContext, slugs: Sequence[str], *, everything: bool) -> Listing:
    return listing(context, list(slugs) or None, everything=everything, now=clock.utc_now())


def _above(seen: Listing) -> list[str]:
    """What holds up everything, whatever each release says of itself."""
    lines = []
    if seen.stopped:
        lines.append(seen.stopped_words)
    if seen.clock_doubt:
        lines.append(clock_line(seen.clock_doubt))
    return lines


def _done(slugs: Sequence[str], rows: Sequence[Row]) -> bool:
    return bool(slugs) and all(row.status.state is ReleaseState.PUBLISHED for row in rows)


def _tell(session: Session, context: ServiceContext, slugs: Sequence[str], *, everything: bool) -> None:
    shown: dict[str, object] = {}
    answer.by_line()
    while True:
        seen = _look(context, slugs, everything=everything)
        above = (
            seen.stopped,
            seen.stopped_words,
            seen.clock_doubt is not None,
            seen.scheduler._replace(last_seen=None),
        )
        if shown.get("") != above:
            shown[""] = above
            session.say(*_above(seen), *scheduler_lines(seen.scheduler, seen))
        for row in seen.rows:
            if shown.get(row.slug) != (facts := _facts(row)):
                shown[row.slug] = facts
                where = "; ".join(where_words(row.dossier.deliveries)) if row.dossier else ""
                words = f"{status_words(row.status)}{f' ({row.status.reason})' if row.status.reason else ''}"
                session.give_line(release_json(row, now=clock.utc_now()))
                session.say(f"{row.slug}: {words}" + (f" [{where}]" if where else ""))
                sys.stdout.flush()
        if _done(slugs, seen.rows):
            return
        time.sleep(EVERY)


def _facts(row: Row) -> object:
    """What of a release is a change worth a line; sentences count seconds, and would be one every second."""
    deliveries = row.dossier.deliveries if row.dossier else ()
    lift = row.lift
    return row.status._replace(reason=""), lift, tuple((one.id, one.state, one.error) for one in deliveries)


def _redraw(session: Session, context: ServiceContext, slugs: Sequence[str], *, everything: bool) -> None:
    from rich.console import Group
    from rich.live import Live
    from rich.text import Text

    from pressrelease.cli.terminal import console, status_table

    with Live(console=console(), auto_refresh=False, screen=False) as live:
        while True:
            seen = _look(context, slugs, everything=everything)
            now = clock.utc_now()
            table = status_table(seen.rows, timezone=context.config.office.timezone, now=now, width=live.console.width)
            above = [Text(f"{line}\n", style="stopped") for line in _above(seen)]
            below = [Text(line) for line in scheduler_lines(seen.scheduler, seen)]
            live.update(Group(*above, table, *below), refresh=True)
            if _done(slugs, seen.rows):
                return
            time.sleep(EVERY)
