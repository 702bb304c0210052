"""Find the promises in a text, and in a release: headline, subhead and body."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from pressrelease.promises.classification import cue_of
from pressrelease.promises.court import CourtDate, court_dates_in
from pressrelease.promises.dates import Present, day_of, due_of
from pressrelease.promises.promise import Promise
from pressrelease.promises.sentences import sentences
from pressrelease.release import Release


def promises_in(
    text: str, *, now: datetime, timezone: str, release_time: time = time(9), slug: str = "", line: int = 1
) -> tuple[Promise, ...]:
    """Return every promise in a prose text whose first line is `line`. `now` is aware: when it was written."""
    present = Present(now.astimezone(UTC), timezone, release_time)
    found: list[Promise] = []
    day: date | None = None
    for sentence in sentences(text):
        cue = cue_of(sentence.text)
        if cue is None:
            day = None
            continue
        due = due_of(sentence.text, cue, present, day)
        found.append(
            Promise(slug, sentence.text, line + sentence.line - 1 if line else 0, due.not_before, due.no_later_than)
        )
        day = day_of(due, timezone)
    return tuple(found)


def find_promises(
    release: Release, *, timezone: str, release_time: time, reference: datetime | date
) -> tuple[Promise, ...]:
    """Return every promise in a release's headline, subhead and body.

    Its phrases count from `reference`: a moment (aware), or the day on which it was written.
    """
    found: list[Promise] = []
    for text, line in _texts(release):
        found += promises_in(
            text,
            now=_moment(reference, timezone),
            timezone=timezone,
            release_time=release_time,
            slug=release.slug,
            line=line,
        )
    return tuple(found)


def find_court_dates(
    release: Release, *, timezone: str, release_time: time, reference: datetime | date
) -> tuple[CourtDate, ...]:
    """Return every court date in a release's headline, subhead and body; `reference` as in `find_promises`."""
    found: list[CourtDate] = []
    for text, line in _texts(release):
        found += court_dates_in(
            text,
            now=_moment(reference, timezone),
            timezone=timezone,
            release_time=release_time,
            slug=release.slug,
            line=line,
        )
    return tuple(found)


def _texts(release: Release) -> tuple[tuple[str, int], ...]:
    """Return the texts of a release with the line on which each begins."""
    return (
        (release.headline, release.line_of("headline")),
        (release.subhead, release.line_of("subhead")),
        (release.body, release.body_line if release.lines else 0),
    )


def _moment(reference: datetime | date, timezone: str) -> datetime:
    """Return the moment from which phrases count: the beginning of a day in the office's zone."""
    if isinstance(reference, datetime):
        return reference
    return datetime.combine(reference, time(), ZoneInfo(timezone))
