"""Screens for a terminal, by Rich: a theme by meaning, and tables that hold at 80 columns.

Words carry every meaning; colour and weight only repeat it. `python -m pressrelease.cli.terminal` shows the gallery.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from pressrelease.status.evaluation import ReleaseState
from pressrelease.status.views import (
    Row,
    approver_words,
    list_words,
    next_command,
    status_words,
    to_clear_words,
    when_words,
    where_words,
)
from pressrelease.system.printable import printable

if TYPE_CHECKING:
    from pressrelease.config import Policy
    from pressrelease.services.reaching import OutletFacts

THEME = Theme(
    {
        "out": "green",
        "ahead": "cyan",
        "wants": "bold yellow",
        "stopped": "bold red",
        "quiet": "dim",
        "command": "bold",
    }
)

_MEANING = {
    ReleaseState.DRAFT: "quiet",
    ReleaseState.UNAPPROVED: "wants",
    ReleaseState.SCHEDULED: "ahead",
    ReleaseState.HELD: "wants",
    ReleaseState.PUBLISHING: "ahead",
    ReleaseState.PUBLISHED: "out",
    ReleaseState.NEEDS_YOU: "stopped",
    ReleaseState.ARMED: "ahead",
    ReleaseState.KILLED: "stopped",
}


def console() -> Console:
    """A console in this program's theme; NO_COLOR, TERM=dumb and pipes are honoured by Rich itself."""
    return Console(theme=THEME, highlight=False, soft_wrap=False)


#: With fewer deliveries than this a bar would be gone before it was seen.
MANY = 20


@contextmanager
def sending_bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar while many deliveries leave; the yielded function gets how many of how many have started."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    progress = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console, transient=True
    )
    task = progress.add_task("Sending", total=None)

    def tell(begun: int, of: int) -> None:
        if of > MANY:
            progress.start()
            progress.update(task, completed=begun, total=of)

    try:
        yield tell
    finally:
        progress.stop()


def status_table(rows: Sequence[Row], *, timezone: str, now: datetime, width: int = 80) -> Table:
    """Return what, when and the status, outlet by outlet, as a table of at most `width` columns."""
    table = Table(box=None, padding=(0, 2, 1, 0), show_edge=False, header_style="bold")
    first = max(10, (width - 6) * 4 // 13)
    table.add_column("Release", width=first, overflow="fold")
    table.add_column("Goes out", ratio=4, overflow="fold")
    table.add_column("Status", ratio=5, overflow="fold")
    table.expand = True
    for row in rows:
        what = Text(_at_hyphens(row.slug, first), style="bold")
        if row.headline:
            what.append(f"\n{printable(row.headline)}", style="quiet")
        table.add_row(
            what, printable(when_words(row, timezone=timezone, now=now, short=True)), _where(row, timezone, now)
        )
    return table


def _at_hyphens(slug: str, width: int) -> str:
    """A slug on lines of at most `width` columns, broken after its hyphens."""
    lines = [""]
    for part in slug.replace("-", "- ").split():
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _where(row: Row, timezone: str, now: datetime) -> Text:
    text = Text(status_words(row.status), style=_MEANING[row.status.state])
    if reason := row.status.reason:
        text.append(f"\n{printable(reason)}", style="default")
    below = to_clear_words(row, timezone=timezone, now=now)
    below += [*where_words(row.dossier.deliveries), *list_words(row.dossier.lists)] if row.dossier else []
    for line in below:
        text.append(f"\n{printable(line)}", style="default")
    return text


def print_status(
    rows: Sequence[Row], *, timezone: str, now: datetime, policy: Policy, to: Console | None = None
) -> None:
    """Print the table, or a sentence if there is nothing to show."""
    to = to or console()
    if not rows:
        to.print("There are no releases yet. To start one: `pressrelease new HEADLINE`")
        return
    to.print(status_table(rows, timezone=timezone, now=now, width=to.width))
    steps = {command: approver_words(row, policy) for row in rows if (command := next_command(row))}
    for command, who in steps.items():
        if who:
            to.print(Text(who))
        # Whole lines, however narrow the window: a command that is broken up can't be copied.
        to.print(Text(f"next: {command}", style="command"), soft_wrap=True)


def print_outlets(found: Sequence[OutletFacts], *, to: Console | None = None) -> None:
    """Print a table of outlets, and below it the state of each."""
    from pressrelease.services.reaching import state_words
    from pressrelease.when import say_span

    to = to or console()
    if not found:
        to.print("There is no outlet in config.toml.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="bold")
    table.add_column("Outlet", overflow="fold", style="bold")
    for title in ("Kind", "List", "Knows repeats", "Corrected", "Withdrawn", "Proof"):
        table.add_column(title, overflow="fold")
    for facts in found:
        repeats, able = facts.repeats, facts.abilities
        cells = ["?"] * 4
        if repeats is not None and able is not None:
            recognized = f"for {say_span(repeats.within)}" if repeats.within else "always"
            cells = [
                recognized if repeats.told_apart else "no",
                "in place" if able.correct else "by another",
                "yes" if able.withdraw else "no",
                "yes" if able.provable else "no",
            ]
        people = "" if facts.recipients is None else f"{facts.recipients:,}"
        table.add_row(printable(facts.name), printable(facts.kind), people, *cells)
    to.print(table)
    for facts in found:
        if state := state_words(facts):
            wanted = facts.closed is not None or facts.trouble or facts.reached is False
            to.print(Text(f"\n{printable(facts.name)}: {printable(state)}", style="stopped" if wanted else "out"))


def _gallery() -> None:
    from datetime import UTC, timedelta

    from pressrelease.config import Policy
    from pressrelease.release.delivery import Delivery, DeliveryState
    from pressrelease.status.dossier import Directive, Dossier, Scheduled
    from pressrelease.status.evaluation import ReleaseStatus
    from pressrelease.when.embargo import Embargo, EmbargoKind

    now = datetime(2018, 9, 21, 16, tzinfo=UTC)
    lift = now + timedelta(days=3)
    embargo = Embargo("Monday at 9", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=lift, lift=lift)
    rows = []
    for number, state in enumerate(ReleaseState):
        release = Scheduled(
            f"release-{number}", "0123", "Names released in county-wide operation", embargo, lift, ("newsroom",),
            "jdoe", "", Directive.SCHEDULED, "jdoe", now,
        )  # fmt: skip
        delivery = Delivery(number, release.slug, "0123", "newsroom", "", DeliveryState.WAITING, lift=lift)
        rows.append(
            Row(release.slug, release.headline, ReleaseStatus(state), embargo, Dossier(release, (), (delivery,)))
        )
    print_status(rows, timezone="America/Los_Angeles", now=now, policy=Policy())


if __name__ == "__main__":
    _gallery()
