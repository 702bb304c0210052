"""`calendar`."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pressrelease.cli.options import command
from pressrelease.cli.session import Session
from pressrelease.system import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pressrelease.services.coming import Entry

app = typer.Typer()


@command(app, "calendar")
def calendar(
    session: Session,
    ics: Annotated[
        Path | None,
        typer.Option("--ics", metavar="FILE", help="Write the moments into a calendar file, without any name."),
    ] = None,
    weeks: Annotated[int, typer.Option("--weeks", metavar="N", help="How many weeks to show, 1 to 52.")] = 4,
) -> None:
    """Show the coming weeks: what goes out, promises that are due, court dates, and holidays.

    The file that --ics writes can be shared: it has when something goes out, and no headline or name of a release.

    \b
    pressrelease calendar
    pressrelease calendar --weeks 8 --ics releases.ics
    """
    from pressrelease.services.coming import as_ics, coming
    from pressrelease.when import rfc3339

    context = session.context()
    now = clock.utc_now()
    entries = coming(context, now=now, weeks=min(max(weeks, 1), 52))
    if ics is not None:
        _write(ics, as_ics(entries, now=now))
    session.give({"at": rfc3339(now), "entries": [_json(one) for one in entries]})
    if session.as_json:
        return
    session.say(*_lines(entries, timezone=context.config.office.timezone, now=now))
    if ics is not None:
        session.say(f"Written: {ics}. It names no release.")


def _write(file: Path, data: bytes) -> None:
    from pressrelease.errors import Refused
    from pressrelease.system.files import write_atomically

    try:
        write_atomically(file, data)
    except OSError as failure:
        raise Refused(
            f"{file} can't be written ({failure.strerror}).", hint="Choose another file.", code="cant_write"
        ) from None


def _json(one: Entry) -> dict[str, Any]:
    """One element of `calendar --json`'s `entries`."""
    from pressrelease.status.views import maybe_rfc3339

    return {
        "at": maybe_rfc3339(one.at),
        "until": maybe_rfc3339(one.until),
        "kind": one.kind,
        "slug": one.slug or None,
        "says": one.words,
        "conflict": one.conflict,
    }


def _lines(entries: Sequence[Entry], *, timezone: str, now: datetime) -> list[str]:
    """The entries week by week."""
    from zoneinfo import ZoneInfo

    from pressrelease.when.formatting import AP_MONTHS, say_short

    if not entries:
        return ["Nothing is coming in these weeks."]
    zone = ZoneInfo(timezone)
    lines: list[str] = []
    week: date | None = None
    for one in entries:
        local = max(one.at, now).astimezone(zone) if one.until else one.at.astimezone(zone)
        monday = local.date() - timedelta(days=local.weekday())
        if monday != week:
            week = monday
            lines += ["", f"Week of {AP_MONTHS[monday.month - 1]} {monday.day}, {monday.year}"]
        when = say_short(local, timezone=timezone, now=now)
        if one.until is not None:
            when = when.rpartition(", ")[0]
        what = {"release": f"{one.slug}: {one.words}", "holiday": f"holiday: {one.words}"}.get(
            one.kind, f"{one.kind}: {one.words} ({one.slug})"
        )
        lines.append(f"  {when}  {what}" + ("  CONFLICT: another goes out at the same moment" if one.conflict else ""))
    return lines[1:]
