"""Times and durations as programs and config files write them: RFC 3339, and "5s 2m 1h 3d"."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pressrelease.errors import Refused

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def rfc3339(moment: datetime) -> str:
    """Return an aware moment in UTC, like "2018-09-24T16:00:00Z"; microseconds only if there are any."""
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone has no place on the UTC line")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_rfc3339(text: str) -> datetime:
    """Return an aware UTC datetime from an ISO 8601 instant that carries its offset. Raises Refused."""
    trimmed = text.strip()
    try:
        # Python also accepts a date alone and a comma; an instant has a clock and an offset, checked below.
        moment = datetime.fromisoformat(trimmed)
        aware = None if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refused(
            f"“{_short(trimmed)}” is no instant in ISO 8601.",
            hint="Such as 2018-09-24T09:00:00-07:00 or 2018-09-24T16:00:00Z.",
            code="not_an_instant",
        ) from None
    if aware is None:
        raise Refused(
            f"“{_short(trimmed)}” has no offset from UTC, so it could be any of a day's worth of instants.",
            hint="Add the offset, such as 2018-09-24T09:00:00-07:00, or Z for UTC.",
            code="offset_missing",
        )
    return aware


def read_duration(text: str) -> timedelta:
    """Return a length of time from "5s", "2m", "1h" or "3d". Raises Refused."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd])", text.strip())
    if match is None:
        raise Refused(
            f"“{_short(text)}” is no length of time.",
            hint="Write a number and s, m, h or d, such as 30s, 2m, 1h or 3d.",
            code="not_a_duration",
        )
    try:
        return timedelta(seconds=int(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise Refused(f"“{_short(text)}” is longer than time is counted here.", code="not_a_duration") from None


def _short(text: str) -> str:
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= 80 else clean[:79] + "…"
