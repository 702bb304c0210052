"""What is coming in the next weeks: lifts, promises, court dates, holidays; and a calendar file that names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from zoneinfo import ZoneInfo

from pressrelease.services import ServiceContext
from pressrelease.status.evaluation import ReleaseState

_AHEAD = frozenset(
    {
        ReleaseState.SCHEDULED,
        ReleaseState.UNAPPROVED,
        ReleaseState.HELD,
        ReleaseState.NEEDS_YOU,
        ReleaseState.PUBLISHING,
    }
)
#: What kind of entry comes first at one moment.
_ORDER = ("holiday", "release", "promise", "court")


class Entry(NamedTuple):
    """One line of the calendar. Times are aware UTC; `until` is exclusive, None for an instant.

    `kind` is "release", "promise", "court" or "holiday"; `words` say more: its state, the event in court, the
    name of the holiday. `version` is that of a scheduled release.
    """

    at: datetime
    until: datetime | None
    kind: str
    slug: str
    words: str
    version: str = ""
    conflict: bool = False


def coming(context: ServiceContext, *, now: datetime, weeks: int) -> list[Entry]:
    """Return what is ahead, from today to the end of so many weeks (Monday to Sunday, this one included), by time.

    `now` is aware. Releases that go out at one moment are marked as a conflict.
    """
    zone = ZoneInfo(context.config.office.timezone)
    today = now.astimezone(zone).date()
    last = today - timedelta(days=today.weekday()) + timedelta(weeks=weeks)
    end = datetime.combine(last, datetime.min.time(), zone).astimezone(UTC)
    found = [
        *_releases(context, end),
        *_promises(context, now),
        *_court(context, now),
        *_holidays(context, today, last),
    ]
    ahead = [one for one in found if (one.until or one.at) > now - timedelta(hours=1) and one.at < end]
    at_once = Counter(one.at for one in ahead if one.kind == "release")
    marked = [one._replace(conflict=one.kind == "release" and at_once[one.at] > 1) for one in ahead]
    return sorted(marked, key=lambda one: (max(one.at, now), _ORDER.index(one.kind), one.slug))


def _releases(context: ServiceContext, end: datetime) -> list[Entry]:
    if not context.store.exists:
        return []
    found = []
    for report in context.reports(context.store.read.releases()):
        release, state = report.dossier.release, report.status.state
        if release.lift is not None and release.lift < end and state in _AHEAD:
            found.append(Entry(release.lift, None, "release", release.slug, state.value, release.version))
    return found


def _promises(context: ServiceContext, now: datetime) -> list[Entry]:
    """Return the promises of what is out that nothing keeps yet; each at the end of its time, when it is due."""
    from pressrelease.promises import PromiseState
    from pressrelease.promises.fulfillment import closes
    from pressrelease.services.promising import promised

    found = []
    for one in promised(context, now=now):
        end = closes(one.promise)
        if end is None or one.made_by is not ReleaseState.PUBLISHED or one.kept.state is not PromiseState.OPEN:
            continue
        due = one.promise.not_before if one.promise.no_later_than is None else end - timedelta(seconds=1)
        found.append(
            Entry(due or end, None, "promise", one.promise.slug, "due, and nothing is scheduled that keeps it")
        )
    return found


def _court(context: ServiceContext, now: datetime) -> list[Entry]:
    from pressrelease.services.promising import court_dates

    return [
        Entry(one.not_before, one.no_later_than, "court", one.slug, one.event.value)
        for one in court_dates(context, now=now)
    ]


def _holidays(context: ServiceContext, first: date, end: date) -> list[Entry]:
    from pressrelease.when.office import day_off

    name = context.config.office.timezone
    zone = ZoneInfo(name)
    found = []
    for number in range((end - first).days):
        day = first + timedelta(days=number)
        if day.weekday() < 5 and (why := day_off(day, name)):
            begins, ends = (
                datetime.combine(day + timedelta(days=more), datetime.min.time(), zone).astimezone(UTC)
                for more in (0, 1)
            )
            found.append(Entry(begins, ends, "holiday", "", why.rpartition("(")[2].removesuffix(").")))
    return found


def as_ics(entries: Sequence[Entry], *, now: datetime) -> bytes:
    """Return the releases among the entries as a calendar (RFC 5545) that others may read.

    It has the moments alone: no headline, no slug, no text, and an identifier from which none can be guessed.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//pressrelease//calendar//EN"]
    for one in entries:
        if one.kind != "release":
            continue
        lines += [
            "BEGIN:VEVENT",
            f"UID:{sha256(f'{one.version} {one.slug}'.encode()).hexdigest()[:32]}@pressrelease.invalid",
            f"DTSTAMP:{_stamp(now)}",
            f"DTSTART:{_stamp(one.at)}",
            "DURATION:PT15M",
            "SUMMARY:A press release goes out",
            f"STATUS:{'CONFIRMED' if one.words == ReleaseState.SCHEDULED.value else 'TENTATIVE'}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
