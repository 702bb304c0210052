"""Refusals that teach: the problem, the readings that were possible, and what to type instead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from pressrelease.errors import EmbargoRefused
from pressrelease.when.formatting import MONTHS, say, say_clock, say_zone

EXAMPLE = "Sept. 24, 2018, 9 a.m. PT"


def refusal(
    message: str, *, hint: str = "", code: str = "embargo_refused", candidates: Iterable[str] = ()
) -> EmbargoRefused:
    """Return the refusal of a phrase; the hint has an example if nothing better is known."""
    return EmbargoRefused(
        message,
        hint=hint or f"Write the day, the hour and the zone, such as “{EXAMPLE}”.",
        code=code,
        candidates=tuple(dict.fromkeys(candidates)),
    )


def typed(moment: datetime) -> str:
    """Return a local moment as it can be typed without doubt: "Sep 24, 2018, 9:00 AM PDT"."""
    clock = say_clock(moment).partition(" (")[0]
    return f"{MONTHS[moment.month - 1]} {moment.day}, {moment.year}, {clock} {say_zone(moment)}"


def typed_day(day: date) -> str:
    """Return a day as it can be typed: "Sep 24, 2018"."""
    return f"{MONTHS[day.month - 1]} {day.day}, {day.year}"


def which_one(instants: Iterable[datetime], *, zone: str, now: datetime, why: str, code: str) -> EmbargoRefused:
    """Return a refusal with several instants (UTC), each in full, and the hint to type one of them."""
    from zoneinfo import ZoneInfo

    ordered = sorted(set(instants))
    first = ordered[0].astimezone(ZoneInfo(zone)) if ordered else None
    return refusal(
        why,
        code=code,
        candidates=[say(moment, timezone=zone, now=now) for moment in ordered],
        hint=f"Type the one that is meant, such as “{typed(first)}”." if first else "",
    )
