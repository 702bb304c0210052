"""Reading an embargo phrase: what it means in an office, or a refusal that says why not."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from pressrelease.errors import EmbargoRefused, Refused
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.saying import say
from pressrelease.when.written import read_rfc3339
from pressrelease.when.zones import locate, not_before, read_zone


def read_embargo(text: str, *, now: datetime, timezone: str, release_time: time) -> Embargo:
    """What `text` means at `now` (aware) in an office of that zone. Raises EmbargoRefused."""
    zone = read_zone(timezone)
    low = " ".join(text.lower().split())
    today = now.astimezone(zone).date()
    if low in {"immediate", "now", "for immediate release", "immediately", "embargo: immediate"}:
        return Embargo(text, EmbargoKind.IMMEDIATE, timezone)
    week = re.fullmatch(r"(?:the )?week of (\d{1,2})/(\d{1,2})", low)
    if week:
        day = date(today.year, int(week[1]), int(week[2]))
        first = day - timedelta(days=day.weekday())
        lift = datetime.combine(first, release_time)
        return Embargo(
            text,
            EmbargoKind.WINDOW,
            timezone,
            not_before(datetime.combine(first, time()), zone),
            not_before(datetime.combine(first + timedelta(days=7), time()), zone),
            not_before(lift, zone),
        )
    try:
        moment = read_rfc3339(text)
    except Refused:
        clock = re.fullmatch(r"(tomorrow|today) at (\d{1,2})(?::(\d\d))? ?([ap])\.?m\.?", low)
        if clock is None:
            raise EmbargoRefused(f"“{text[:80]}” can't be read.", hint="Such as 2018-09-24T09:00:00-07:00.") from None
        day = today + timedelta(days=clock[1] == "tomorrow")
        wall = datetime.combine(day, time(int(clock[2]) % 12 + 12 * (clock[4] == "p"), int(clock[3] or 0)))
        moment = (locate(wall, zone).instants or (now,))[0]
    if moment <= now:
        raise EmbargoRefused(f"{say(moment, timezone=timezone, now=now)} is past.", code="embargo_past")
    return Embargo(text, EmbargoKind.INSTANT, timezone, moment.astimezone(UTC), None, moment.astimezone(UTC))
