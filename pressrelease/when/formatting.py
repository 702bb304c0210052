"""Times in words: `say_full` and `say_short` as the AP writes them, for every screen; `say` with UTC beside it.

What `say` returns can be typed as an embargo, and is read as the same instant.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.written import rfc3339

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

AP_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AP_MONTHS = (
    "Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
)  # fmt: skip

FULL_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

_CLOCK_WORDS = {(0, 0): "midnight, as the day begins", (0, 1): "one minute past midnight", (12, 0): "noon"}


def say_day(day: date) -> str:
    """Return a day, like "Mon, Sep 24, 2018"."""
    return f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}, {day.year}"


def say_clock(moment: datetime) -> str:
    """Return a wall time like "9:00 AM", with noon and midnight in words."""
    seconds = f":{moment.second:02}" if moment.second else ""
    half = "AM" if moment.hour < 12 else "PM"
    words = "" if moment.second else _CLOCK_WORDS.get((moment.hour, moment.minute), "")
    return f"{moment.hour % 12 or 12}:{moment.minute:02}{seconds} {half}" + (f" ({words})" if words else "")


def say_zone(local: datetime) -> str:
    """Return a local moment's zone as it is then called: "PDT", or "UTC-03:00" if it has no letters."""
    name = local.tzname() or ""
    if name.isalpha():
        return name
    offset = local.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    minutes = abs(round(offset.total_seconds())) // 60
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}"


def say(moment: datetime, *, timezone: str, now: datetime | None = None) -> str:
    """Return an aware moment in the zone's local time, how far off it is from `now` (if given), and in UTC.

    "Mon, Sep 24, 2018, 9:00 AM PDT, in 3 days (16:00 UTC)". The UTC clock has a day only if it is another one: "Mon,
    Sep 24, 2018, 9:00 PM PDT (Tue, Sep 25, 04:00 UTC)".
    """
    local = _local(moment, timezone)
    away = f", {_away(moment, now)}" if now is not None else ""
    return f"{say_day(local.date())}, {say_clock(local)} {say_zone(local)}{away} ({say_in_utc(local)})"


def say_in_utc(local: datetime) -> str:
    """Return a local moment's clock in UTC, with its day if that is another one: "Tue, Sep 25, 04:00 UTC"."""
    utc = local.astimezone(UTC)
    clock = utc.strftime("%H:%M:%S UTC" if utc.second else "%H:%M UTC")
    if utc.date() == local.date():
        return clock
    # The year is given only if it differs too, so that New Year's Eve can't be misread.
    day = say_day(utc.date()) if utc.year != local.year else say_day(utc.date()).rpartition(",")[0]
    return f"{day}, {clock}"


def say_time(moment: datetime, *, timezone: str) -> str:
    """Return an aware moment's wall time in a zone, without its day: "1:37 p.m. PST"."""
    local = _local(moment, timezone).replace(microsecond=0)
    return f"{say_hour(local)} {say_zone(local)}"


def say_full(moment: datetime, *, timezone: str, now: datetime | None = None) -> str:
    """Return an aware moment in the zone's local time as the AP writes it, for a sentence that a person reads.

    "Monday, Sept. 24, 2018, 9 a.m. PDT (in 3 days)"; how far off it is from `now`, if that is given.
    """
    local = _local(moment, timezone)
    away = f" ({_away(moment, now)})" if now is not None else ""
    return f"{say_full_day(local.date())}, {say_hour(local)} {say_zone(local)}{away}"


def say_full_day(day: date) -> str:
    """Return a day as the AP writes it: "Monday, Sept. 24, 2018"."""
    return f"{AP_WEEKDAYS[day.weekday()]}, {AP_MONTHS[day.month - 1]} {day.day}, {day.year}"


def say_short(moment: datetime, *, timezone: str, now: datetime) -> str:
    """Return an aware moment in the zone's local time for a table of 80 columns: "Mon. Sept. 24, 9 a.m. PDT".

    The year is added if it is not the year of `now`.
    """
    local = _local(moment, timezone).replace(microsecond=0)
    year = f", {local.year}" if local.year != _local(now, timezone).year else ""
    day = f"{WEEKDAYS[local.weekday()]}. {AP_MONTHS[local.month - 1]} {local.day}{year}"
    return f"{day}, {say_hour(local)} {say_zone(local)}"


def say_second(moment: datetime, *, timezone: str) -> str:
    """Return an aware moment in the zone's local time, to the second: "Monday, Sept. 24, 9:00:00 a.m. PDT"."""
    local = _local(moment, timezone)
    day = f"{AP_WEEKDAYS[local.weekday()]}, {AP_MONTHS[local.month - 1]} {local.day}"
    clock = f"{local.hour % 12 or 12}:{local.minute:02}:{local.second:02} {'a.m.' if local.hour < 12 else 'p.m.'}"
    return f"{day}, {clock} {say_zone(local)}"


def say_distance(moment: datetime, now: datetime) -> str:
    """Return how far an aware moment is from `now`: "in 3 days", "2 h ago", "now"."""
    return _away(moment, now)


def say_hour(moment: datetime) -> str:
    """Return a wall time as the AP writes it: "9 a.m.", "2:30 p.m.", "noon", "midnight"."""
    if (moment.minute, moment.second) == (0, 0) and moment.hour in {0, 12}:
        return "noon" if moment.hour else "midnight (as the day begins)"
    minutes = f":{moment.minute:02}" if moment.minute or moment.second else ""
    seconds = f":{moment.second:02}" if moment.second else ""
    return f"{moment.hour % 12 or 12}{minutes}{seconds} {'a.m.' if moment.hour < 12 else 'p.m.'}"


def _local(moment: datetime, name: str) -> datetime:
    from zoneinfo import ZoneInfo

    try:
        return moment.astimezone(ZoneInfo(name))
    except OverflowError:
        return moment.astimezone(timezone.utc)  # noqa: UP017  (UTC; the edge of the calendar has no local time)


def _away(moment: datetime, now: datetime) -> str:
    distance = moment - now
    if abs(distance) < timedelta(seconds=1):
        return "now"
    return f"in {say_span(distance)}" if distance > timedelta() else f"{say_span(-distance)} ago"


def say_span(length: timedelta) -> str:
    """Return a length of time in its largest fitting unit: "3 days", "2 h", "2 min", "45 s".

    Days are rounded to the nearest, so that they are those that a calendar shows, or one off; the rest down.
    """
    seconds = abs(int(length.total_seconds()))
    if seconds >= 2 * 86400:
        return f"{(seconds + 43200) // 86400} days"
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def say_embargo(embargo: Embargo, *, now: datetime) -> str:
    """Return one line for an embargo of any kind, in the zone that it was read in."""
    if embargo.kind is EmbargoKind.IMMEDIATE:
        return "At once, as soon as it is approved"
    if embargo.kind is EmbargoKind.EVENT:
        return f"As soon as it is lifted: {embargo.text}{_bounds(embargo)}"
    if embargo.kind is EmbargoKind.INSTANT and embargo.lift is not None:
        return _say_in_both(embargo.lift, embargo, now)
    if embargo.not_before is None or embargo.no_later_than is None:
        return "No time is known"
    proposed = f"; proposed: {_say_in_both(embargo.lift, embargo, now)}" if embargo.lift else ""
    return f"{say_window(embargo.not_before, embargo.no_later_than, embargo.timezone)}{proposed}"


def _say_in_both(lift: datetime, embargo: Embargo, now: datetime) -> str:
    """Return a lift in its own zone, and in the office's if clocks differ there: "8:30 a.m. EST / 5:30 a.m. PST"."""
    said = say_full(lift, timezone=embargo.timezone)
    local, office = _local(lift, embargo.timezone), _local(lift, embargo.office or embargo.timezone)
    if local.utcoffset() != office.utcoffset():
        day = f"{say_full_day(office.date())}, " if office.date() != local.date() else ""
        said += f" / {day}{say_hour(office)} {say_zone(office)}"
    return f"{said} ({_away(lift, now)})"


def _bounds(embargo: Embargo) -> str:
    zone, begin, end = embargo.timezone, embargo.not_before, embargo.no_later_than
    after = f", not before {say_full(begin, timezone=zone)}" if begin else ""
    return after + (f", before {say_full(end, timezone=zone)}" if end else "")


def say_window(not_before: datetime, no_later_than: datetime, zone: str) -> str:
    """Return a window of whole days by its first and last day, any other by its two moments; the end is exclusive."""
    first, end = _local(not_before, zone), _local(no_later_than, zone)
    last = _local(no_later_than - timedelta(microseconds=1), zone)
    if not (_begins_a_day(first) and _begins_a_day(end)):
        return f"Not before {say_full(not_before, timezone=zone)}, and before {say_full(no_later_than, timezone=zone)}"
    if first.date() == last.date():
        return f"On {say_full_day(first.date())}, {_zone_of_days(first, last)}"
    return f"From {say_full_day(first.date())}, through {say_full_day(last.date())}, {_zone_of_days(first, last)}"


def _begins_a_day(local: datetime) -> bool:
    # A day starts late where the clock jumps over midnight, so 00:00 alone would not show it.
    just_before = (local.astimezone(UTC) - timedelta(microseconds=1)).astimezone(local.tzinfo)
    return just_before.date() < local.date()


def _zone_of_days(first: datetime, last: datetime) -> str:
    names = dict.fromkeys((say_zone(first), say_zone(last)))
    return "/".join(names)


def embargo_as_json(embargo: Embargo, *, now: datetime) -> dict[str, str | None]:
    """Return the keys that `when --json` answers with; times are RFC 3339 in UTC."""

    def written(moment: datetime | None) -> str | None:
        return None if moment is None else rfc3339(moment)

    return {
        "text": embargo.text,
        "kind": embargo.kind.value,
        "not_before": written(embargo.not_before),
        "no_later_than": written(embargo.no_later_than),
        "lift": written(embargo.lift),
        "timezone": embargo.timezone,
        "says": say_embargo(embargo, now=now),
    }


def typed(moment: datetime) -> str:
    """Return a local moment as it can be typed without doubt: "Sept. 24, 2018, 9 a.m. PDT"."""
    hour = say_hour(moment).replace("midnight (as the day begins)", "12 a.m.")
    return f"{typed_day(moment)}, {hour} {say_zone(moment)}"


def typed_day(day: date) -> str:
    """Return a day as it can be typed: "Sept. 24, 2018"."""
    return f"{AP_MONTHS[day.month - 1]} {day.day}, {day.year}"


def week_of(day: date) -> str:
    """Return the week of a day as it can be typed: "the week of Sept. 24, 2018"."""
    return f"the week of {typed_day(day)}"
