"""Read a release's embargo and check whether it can still be kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from pressrelease.check.finding import Finding, Severity
from pressrelease.config import Config
from pressrelease.errors import EmbargoRefused
from pressrelease.release import Release
from pressrelease.when import Embargo, EmbargoKind

#: Long enough that a phrase like "Friday" means another day.
_LATER = timedelta(days=8)


def embargo_of(release: Release, config: Config, *, now: datetime) -> Embargo:
    """Read a release's embargo, in the office's zone, as meant when it was written.

    "Friday at 9" in a release dated 2018-09-19 is that week's Friday, whenever it is read. Without a date in the
    file it is read from `now` (aware), and moves with it.

    Raises: EmbargoRefused, also for an empty embargo (`embargo_missing`) and for a length of time
    (`embargo_length`), because a file doesn't say from when to count.
    """
    if not release.embargo:
        raise EmbargoRefused(
            "This draft has no embargo, so it has no release time.",
            hint=f"Write one, such as `embargo: Monday at 9 a.m.`, or choose a time:"
            f" `pressrelease schedule {release.slug} --at 'Monday at 9 a.m.'`.",
            code="embargo_missing",
        )
    try:
        meant = _read(release.embargo, release, config, now)
        return _bounded(meant, release, config, now) if meant.kind is EmbargoKind.EVENT else meant
    except EmbargoRefused as refused:
        if refused.code == "embargo_length" and (counted := counted_from(release.embargo, config, now=now)):
            refused.hint = f"If it counts from now, write “{counted}”."
        if refused.past is not None:
            _say_past(refused, refused.past, release, config, now)
        raise


def _read(text: str, release: Release, config: Config, now: datetime) -> Embargo:
    from pressrelease.when import read_embargo

    office = config.office
    return read_embargo(
        text,
        now=_reference(release, config, now),
        timezone=office.timezone,
        release_time=office.release_time,
        close=office.close,
        only_day=True,
    )


def _bounded(event: Embargo, release: Release, config: Config, now: datetime) -> Embargo:
    """Return an embargo that waits for an event, with the bounds of the front matter. Raises EmbargoRefused."""
    found: dict[str, datetime | None] = {}
    for key, typed in (("not_before", release.not_before), ("no_later_than", release.no_later_than)):
        if not typed:
            continue
        try:
            meant = _read(typed, release, config, now)
        except EmbargoRefused as refused:
            if key == "not_before" and refused.past is not None:
                found[key] = refused.past
                continue
            refused.message = f"`{key}` is refused. {refused.message}"
            raise
        found[key] = meant.not_before if key == "not_before" else (meant.no_later_than or meant.lift)
    first, last = found.get("not_before"), found.get("no_later_than")
    if first is not None and last is not None and last <= first:
        raise EmbargoRefused(
            "`no_later_than` is not after `not_before`.", hint="Correct one of them.", code="embargo_order"
        )
    return event._replace(not_before=first, no_later_than=last)


def _say_past(refused: EmbargoRefused, moment: datetime, release: Release, config: Config, now: datetime) -> None:
    """Make a refusal show its time seen from `now`, because it was read from the release's own date."""
    from pressrelease.when import say_full

    time = say_full(moment, timezone=config.office.timezone, now=now)
    if moment > now:
        refused.message = f"The embargo, {time}, is before the release's own date ({release.date})."
        refused.hint = "Correct `date` or `embargo` in the file."
    else:
        refused.message = f"The embargo has already passed: {time}."
        refused.hint = _choose_ahead(release)
    refused.candidates = ()


def _choose_ahead(release: Release) -> str:
    return f"Change it, or choose a time: `pressrelease schedule {release.slug} --at 'tomorrow at 10 a.m.'`."


def counted_from(text: str, config: Config, *, now: datetime) -> str:
    """Return the moment that `text` means at `now` (aware), in words that can be typed; "" for none."""
    from zoneinfo import ZoneInfo

    from pressrelease.when import read_embargo
    from pressrelease.when.formatting import typed

    office = config.office
    try:
        meant = read_embargo(
            text, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close
        )
    except EmbargoRefused:
        return ""
    if meant.kind is not EmbargoKind.INSTANT or meant.lift is None:
        return ""
    return typed(meant.lift.astimezone(ZoneInfo(office.timezone)))


def _reference(release: Release, config: Config, now: datetime) -> datetime:
    if release.date is None:
        return now
    from zoneinfo import ZoneInfo

    return datetime.combine(release.date, time(), ZoneInfo(config.office.timezone)).astimezone(UTC)


def embargo_findings(release: Release, config: Config, *, now: datetime) -> Iterator[Finding]:
    """Yield findings for an embargo that is refused, past, already open, or without a day to count from."""
    from pressrelease.when import say_full

    line = release.line_of("embargo")
    try:
        embargo = embargo_of(release, config, now=now)
    except EmbargoRefused as refused:
        if refused.code == "embargo_missing":
            yield Finding(release.slug, refused.code, Severity.WARNING, line, refused.message, refused.hint)
            return
        could_be = f" It could be: {'; '.join(refused.candidates)}." if refused.candidates else ""
        yield Finding(release.slug, refused.code, Severity.ERROR, line, f"{refused.message}{could_be}", refused.hint)
        return
    if embargo.kind is not EmbargoKind.EVENT:
        for key, value in (
            ("not_before", release.not_before),
            ("no_later_than", release.no_later_than),
            ("alternates", release.alternates),
        ):
            if value:
                message = f"`{key}` is only for a release that waits for an event, such as `embargo: on verdict`."
                yield Finding(
                    release.slug, "event_missing", Severity.ERROR, release.line_of(key), message, f"Delete `{key}`."
                )
    ahead = _choose_ahead(release)
    zone = config.office.timezone
    if embargo.kind is EmbargoKind.INSTANT and embargo.lift is not None and embargo.lift <= now:
        moment = say_full(embargo.lift, timezone=zone, now=now)
        yield Finding(
            release.slug, "embargo_past", Severity.ERROR, line, f"The embargo has already passed: {moment}.", ahead
        )
    elif embargo.no_later_than is not None and embargo.no_later_than <= now:
        moment = say_full(embargo.no_later_than, timezone=zone, now=now)
        message = f"The embargo has already passed: its window closed {moment}."
        yield Finding(release.slug, "embargo_past", Severity.ERROR, line, message, ahead)
    elif embargo.kind is EmbargoKind.WINDOW and embargo.lift is not None and embargo.lift <= now:
        moment = say_full(embargo.lift, timezone=zone, now=now)
        message = f"The window is open, but its usual release time has already passed: {moment}."
        yield Finding(release.slug, "window_begun", Severity.WARNING, line, message, ahead)
    if release.date is None and embargo.kind not in _WITHOUT_A_DAY and _moves(release, config, embargo, now):
        yield Finding(
            release.slug,
            "date_missing",
            Severity.WARNING,
            line,
            "The embargo counts from today. If it is read on another day, it means another date.",
            "Add the day you wrote it, like `date: 2018-09-19`, or give the embargo a full date.",
        )


_WITHOUT_A_DAY = frozenset({EmbargoKind.IMMEDIATE, EmbargoKind.EVENT})


def _moves(release: Release, config: Config, embargo: Embargo, now: datetime) -> bool:
    try:
        later = embargo_of(release, config, now=now + _LATER)
    except EmbargoRefused:
        # It is refused then because it has passed by then; that alone doesn't make it another day.
        return embargo.not_before is None or embargo.not_before > now + _LATER
    return later.not_before != embargo.not_before
