"""Read when a release or an attachment must come down again, and check it against the office's policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from pressrelease.check.finding import Finding, Severity
from pressrelease.config import Config
from pressrelease.errors import EmbargoRefused
from pressrelease.release import Attachment, Release
from pressrelease.status.removals import Removal
from pressrelease.when import EmbargoKind, read_embargo

_LENGTH = re.compile(r"(?:after )?(\d{1,4}) ?(h|hours?|d|days?|w|weeks?)", re.I)
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

#: What an attachment's path, title or alt text has that is a booking photograph.
_BOOKING_PHOTO = re.compile(r"\b(?:booking[ _-]?(?:photo|picture|image)|mug[ _-]?shot)", re.I)


def removals_of(release: Release, config: Config, *, now: datetime) -> tuple[Removal, ...]:
    """Return what must come down, the whole release first. `now` is aware.

    "14 days" counts from when it goes out; a day without an hour is that day at the office's release time.

    Raises: EmbargoRefused for a phrase without a single safe reading.
    """
    return tuple(_read(what, text, config, now) for what, text in _typed(release))


def _typed(release: Release) -> list[tuple[str, str]]:
    """Return what must come down, an attachment's path or "" for the whole, with when, as typed."""
    every = [("", release.remove_at), *((one.path, one.remove_at) for one in release.attachments)]
    return [(what, text) for what, text in every if text]


def _read(what: str, text: str, config: Config, now: datetime) -> Removal:
    if length := _LENGTH.fullmatch(text.strip()):
        return Removal(what, after=int(length[1]) * _UNITS[length[2][0].lower()])
    office = config.office
    meant = read_embargo(text, now=now, timezone=office.timezone, release_time=office.release_time, close=office.close)
    if meant.lift is None or meant.kind not in {EmbargoKind.INSTANT, EmbargoKind.WINDOW}:
        raise EmbargoRefused(
            "remove_at names no time.",
            hint="Write a time, such as `remove_at: Oct. 8, 2018, 9 a.m.`, or a length, such as `remove_at: 14 days`.",
            code="remove_at_unclear",
        )
    return Removal(what, at=meant.lift)


def removal_findings(release: Release, config: Config, *, now: datetime, lift: datetime | None) -> Iterator[Finding]:
    """Yield an error for a time that can't be read, one that is before `lift`, and a photograph that stays too long."""
    found = []
    for what, text in _typed(release):
        try:
            found.append(_read(what, text, config, now))
        except EmbargoRefused as refused:
            yield Finding(
                release.slug,
                "remove_at_unclear",
                Severity.ERROR,
                _line(release, what),
                f"`remove_at` can't be read: {refused.message}",
                "Write a time, such as `remove_at: Oct. 8, 2018, 9 a.m.`, or a length, such as `remove_at: 14 days`.",
            )
    for one in found:
        if one.at is not None and lift is not None and one.at <= lift:
            yield Finding(
                release.slug,
                "remove_at_early",
                Severity.ERROR,
                _line(release, one.what),
                "It would have to come down before it goes out.",
                "Correct `remove_at`, or the embargo.",
            )
    longest = config.policy.booking_photos
    if longest:
        yield from _photographs(release, {one.what: one for one in found}, longest, lift=lift, now=now)


def _photographs(
    release: Release, found: dict[str, Removal], longest: timedelta, *, lift: datetime | None, now: datetime
) -> Iterator[Finding]:
    days = longest.days if longest.days else 1
    for attachment in release.attachments:
        if not _is_booking_photo(attachment):
            continue
        own = [one for one in (found.get(attachment.path), found.get("")) if one is not None]
        if not any(_in_time(one, longest, lift or now) for one in own):
            yield Finding(
                release.slug,
                "booking_photo_stays",
                Severity.ERROR,
                _line(release, attachment.path),
                f"A booking photograph must come down {days} days after it went out at the latest.",
                f"Add to the attachment: `remove_at: {days} days`.",
            )


def _is_booking_photo(attachment: Attachment) -> bool:
    return any(_BOOKING_PHOTO.search(text) for text in (attachment.path, attachment.title, attachment.alt))


def _in_time(removal: Removal, longest: timedelta, lift: datetime) -> bool:
    return removal.due(lift) - lift <= longest


def _line(release: Release, what: str) -> int:
    for number, attachment in enumerate(release.attachments):
        if attachment.path == what:
            return release.line_of(f"attachments.{number}")
    return release.line_of("remove_at")
