"""Days as people write them: "Sept. 24, 2018", "24/9/18", "the 24th", "next Monday", "tomorrow", "in 3 days"."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache

from pressrelease.when.refusals import Why
from pressrelease.when.tables import Table
from pressrelease.when.tokens import (
    Ahead,
    Clock,
    Day,
    DaysAhead,
    Doubt,
    Half,
    Holiday,
    Instant,
    NthWeekday,
    Pattern,
    Token,
    Weekday,
    Year,
)
from pressrelease.when.vocabulary import NUMBER_WORDS, number_of

MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:s|nesday)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)"
)
NTH = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "fifth": 5,
    "5th": 5,
    "last": -1,
}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMED = "|".join(NUMBER_WORDS)
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth"
    " twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
_ANY_ORDINAL = "|".join(sorted(_ORDINALS, key=len, reverse=True)).replace("-", r"[-\s]")
#: A year ends here; "2000 hrs" and "2018-09" are not years.
_YEAR = r"(?:19|20|21)[0-9]{2}(?!\s?(?:hrs?|hours?|h\b)|[0-9]|[:/.-][0-9])"
_NO_ZONE_AFTER = r"(?!\s*[(\[]?\s*(?:gmt|utc|bst|cest?|eest?|ist|sast|jst|[ecmp][sd]t)\b)"
_DAY_END = r"(?![0-9]|[:/][0-9]|\.[0-9]|\s?[ap]\.?\s?m\b)"


def month_of(name: str) -> int:
    """Return a month's number, 1 to 12."""
    return _MONTHS.index(name[:3]) + 1


def weekday_of(name: str) -> int:
    """Return a weekday's number, 0 for Monday."""
    return _WEEKDAYS.index(name[:3])


@cache
def _names() -> re.Pattern[str]:
    return re.compile(rf"(?:{MONTH}|{WEEKDAY})")


def is_name(word: str) -> bool:
    """Return whether a word is a month's or a day's name. "may" and "march" are mostly other words."""
    return word not in {"may", "march", "mar", "sun", "sat"} and _names().fullmatch(word) is not None


def _year(written: str | None) -> int | None:
    if not written:
        return None
    digits = written.lstrip("'")
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


_HOLIDAY_TABLE = Table("holidays")


def _day_of(words: str) -> tuple[int, ...]:
    """Return (month, day) of "july 4"; (which, weekday, month) of "first monday september"."""
    first, *rest = words.split()
    if first in NTH:
        return NTH[first], weekday_of(rest[0]), month_of(rest[1])
    return month_of(first), int(rest[0])


#: Each name as a pattern, its day, and whether only offices in the United States mean that day.
_HOLIDAYS = [
    (re.sub(r"([.,'])", r"\\\1?", name).replace(" ", r"\s+"), _day_of(day), kind == "american")
    for kind in ("everywhere", "american")
    for name, day in _HOLIDAY_TABLE.rows(kind)
]
#: "Labor Day weekend", "the Thanksgiving parade": several days, or a thing.
_NOT_A_DAY = rf"(?!\s+(?!(?:at|on|in|and|to|through|noon|{MONTH}|{WEEKDAY})\b)[a-z]|-|')"

HOLIDAY = "|".join(pattern for pattern, _, _ in _HOLIDAYS)


def _holiday(found: re.Match[str]) -> Token | None:
    return _named_holiday(found, "holiday")


def _named_holiday(found: re.Match[str], group: str) -> Holiday | None:
    named = found[f"{group}_holiday" if group == "bh" else "holiday_name"]
    for pattern, when, american in _HOLIDAYS:
        if re.fullmatch(pattern, named):
            year = found[f"{group}_year"]
            return Holiday(*found.span(), named, when, int(year) if year else None, american)
    return None


def _beside_holiday(found: re.Match[str]) -> Token | None:
    holiday = _named_holiday(found, "bh")
    name = found["bh_name"]
    return holiday and replace(
        holiday,
        weekday=weekday_of(name) if name and name != "day" else None,
        steps=-1 if found["bh_side"] == "before" else 1,
    )


def _iso(found: re.Match[str]) -> Token | None:
    if found["iso_week"]:
        return None
    # Here, and not above: it takes 10 ms to load, and most phrases have no ISO date.
    from dateutil.parser import isoparser

    iso = isoparser()
    try:
        written = f"{found['iso_year']}-{found['iso_month']}-{found['iso_day']}"
        day = iso.parse_isodate(written)
        if found["iso_hour"] is None:
            return Day(*found.span(), ((day.year, day.month, day.day),))
        fraction = f".{found['iso_fraction']}" if found["iso_fraction"] else ""
        hour, minute, second = found["iso_hour"], found["iso_minute"], found["iso_second"] or "00"
        offset = found["iso_offset"] or ""
        if offset.startswith("-") and offset > f"-{hour}:{minute}" and not found["iso_second"] and " " in found[0]:
            # "2026-11-24 02:00-05:00" may be from two to five.
            return Doubt(*found.span(), Why.OFFSET_OR_HOURS)
        time = iso.parse_isotime(f"{hour}:{minute}:{second}{fraction}{offset.upper()}")
    except ValueError:
        return Doubt(*found.span(), Why.NO_ISO_TIME)
    # 24:00 is the end of its day, and stays on it here.
    clock = Clock(*found.span(), int(hour), time.minute, time.second, Half.WHOLE, True, time.microsecond)
    return Instant(*found.span(), (day.year, day.month, day.day), clock, time.utcoffset())


def _numeric(found: re.Match[str]) -> Token | None:
    first, second, third = found["num_first"], found["num_second"], found["num_third"]
    if found[0] == "24/7":
        return Doubt(*found.span(), Why.NAMES_NO_DAY)
    if len(first) > 2:
        if len(first) != 4 or third is None or len(third) > 2:
            return None
        return Day(*found.span(), ((int(first), int(second), int(third)),), numeric=False)
    if third is not None and len(third) not in {2, 4}:
        return None
    if third is None and found["num_mark"] != "/":
        return None
    one, two, year = int(first), int(second), _year(third)
    # Month first comes first; which country writes which is decided once the office is known. The year may come first
    # too, if it has two digits.
    year_first = ((2000 + one, two, int(third)),) if third is not None and len(third) == 2 else ()
    return Day(*found.span(), ((year, one, two), (year, two, one), *year_first), numeric=True)


def _ordinal(found: re.Match[str]) -> Token | None:
    day = _ORDINALS.index(re.sub(r"\s", "-", found["ord_day"])) + 1
    return Day(*found.span(), ((_year(found["ord_year"]), month_of(found["ord_month"]), day),))


def _nth_day(found: re.Match[str]) -> Token | None:
    return Day(*found.span(), ((None, None, int(found["nth_day"])),))


def _weekday(found: re.Match[str]) -> Token | None:
    which, name, after = found["wd_which"] or "", found["wd_name"], found["wd_after"] or ""
    weekday = weekday_of(name)
    which = " ".join(which.split())
    if which in {"last", "past"}:
        return Doubt(*found.span(), Why.PASSED)
    weeks = 0
    if found["wd_weeks"]:
        weeks = number_of(found["wd_weeks"])
    if after:
        after = " ".join(after.split())
        if "after next" in after:
            which = "week after next" if "week" in after else "after next"
        elif "next week" in after or "following week" in after:
            which = "next week"
        elif "this week" in after:
            which = "this week"
        elif after == "next":
            which = "next"
        else:
            weeks = 1
    return Weekday(*found.span(), weekday, which, weeks)


def _nth_weekday(found: re.Match[str]) -> Token | None:
    return NthWeekday(
        *found.span(),
        NTH[found["nw_nth"]],
        weekday_of(found["nw_name"]),
        month_of(found["nw_month"]),
        _year(found["nw_year"]),
    )


def _ahead(found: re.Match[str]) -> Token | None:
    written = found["ahead_count"]
    count = number_of(written)
    unit = found["ahead_unit"]
    if found["ahead_half"]:
        return Ahead(*found.span(), timedelta(minutes=30), timedelta(minutes=1)) if unit.startswith("hour") else None
    if unit.startswith("month"):
        return Doubt(*found.span(), Why.NAMES_NO_DAY)
    if unit.startswith(("day", "week")):
        return DaysAhead(*found.span(), min(count * (7 if unit.startswith("week") else 1), 4000))
    size = 3600 if unit.startswith("h") else 60 if unit.startswith("m") else 1
    return Ahead(*found.span(), timedelta(seconds=count * size), timedelta(seconds=size))


def _relative(found: re.Match[str]) -> Token | None:
    word = " ".join(found[0].split())
    if "after tomorrow" in word:
        return DaysAhead(*found.span(), 2)
    return DaysAhead(*found.span(), 1 if word.startswith("t") and not word.startswith("today") else 0)


def _week_from(found: re.Match[str]) -> Token | None:
    written = found["wf_count"]
    weeks = number_of(written)
    return DaysAhead(*found.span(), weeks * 7 + (1 if found["wf_day"] == "tomorrow" else 0))


def _from_now(found: re.Match[str]) -> Token | None:
    written, unit = found["now_count"], found["now_unit"]
    count = number_of(written)
    if unit.startswith("month"):
        return Doubt(*found.span(), Why.NAMES_NO_DAY)
    if unit[0] in "dw":
        return DaysAhead(*found.span(), min(count * (7 if unit[0] == "w" else 1), 4000))
    size = timedelta(hours=1) if unit[0] == "h" else timedelta(minutes=1)
    return Ahead(*found.span(), count * size, size)


def _month_day_or_short(found: re.Match[str], kind: str) -> Token:
    two = found["dm_two"] if kind == "dm" else None
    year = _year(found[f"{kind}_year"] or found[f"{kind}_short"] or two)
    return Day(*found.span(), ((year, month_of(found[f"{kind}_month"]), int(found[f"{kind}_day"])),))


PATTERNS: list[Pattern] = [
    (
        "besideholiday",
        rf"""\b(?:the\s+)?(?:first\s+)?(?P<bh_name>day|{WEEKDAY})\s+(?:immediately\s+)?(?P<bh_side>after|following|before)\s+(?:the\s+)?
        (?P<bh_holiday>{HOLIDAY})\b(?:,?\s+(?P<bh_year>20[0-9]{{2}})\b)?{_NOT_A_DAY}""",
        _beside_holiday,
    ),
    ("holiday", rf"\b(?P<holiday_name>{HOLIDAY})\b(?:,?\s+(?P<holiday_year>20[0-9]{{2}})\b)?{_NOT_A_DAY}", _holiday),
    (
        "iso",
        r"""\b(?P<iso_year>[0-9]{4})(?:-(?P<iso_week>w)|(?P<iso_dash>-?)(?P<iso_month>[0-9]{2})(?P=iso_dash)(?P<iso_day>[0-9]{2}))
        (?![0-9])(?:(?:t|\s+t?)(?P<iso_hour>[0-9]{2})(?::?)(?P<iso_minute>[0-9]{2})(?::?(?P<iso_second>[0-9]{2})(?:[.,](?P<iso_fraction>[0-9]{1,9}))?)?
        (?![0-9:])(?:\s?(?P<iso_offset>z|[+-][0-9]{2}(?::?[0-9]{2})?)(?![\w:]))?(?!\s*[ap]\.?m\b))?""",
        _iso,
    ),
    (
        "nthweekday",
        rf"""\b(?P<nw_nth>{"|".join(NTH)})\s+(?P<nw_name>{WEEKDAY})\b\.?\s+(?:in|of)\s+(?P<nw_month>{MONTH})\b\.?(?:,?\s+(?P<nw_year>{_YEAR}))?""",
        _nth_weekday,
    ),
    (
        "monthday",
        rf"""\b(?P<md_month>{MONTH})(?:\b[.,]?\s*(?:the\s+)?|(?=[0-9]))(?P<md_day>[0-9]{{1,2}})(?:\s?(?:st|nd|rd|th)\b)?{_DAY_END}
        (?:(?:\s*,\s*|\s+|\s*\()(?P<md_year>{_YEAR})\)?|\s*,?\s*(?P<md_short>'[0-9]{{2}})(?![0-9]))?""",
        lambda found: _month_day_or_short(found, "md"),
    ),
    (
        "daymonth",
        rf"""\b(?:the\s+)?(?P<dm_day>[0-9]{{1,2}})(?:\s?(?:st|nd|rd|th)\b|\.)?(?:\s+day)?\s*(?:of\s+|(?P<dm_dash>-)\s?|/)?(?P<dm_month>{MONTH})\b\.?(?(dm_dash)(?:-(?P<dm_two>[0-9]{{2}})(?![0-9:]))?)
        (?:(?:\s*,\s*|\s+|\s*[-/]\s*|\s*\()(?P<dm_year>{_YEAR})\)?|\s*,?\s*(?P<dm_short>'[0-9]{{2}})(?![0-9]))?""",
        lambda found: _month_day_or_short(found, "dm"),
    ),
    (
        "ordinal",
        rf"""\b(?:the\s+)?(?P<ord_day>{_ANY_ORDINAL})
        (?:\s+day)?\s+of\s+(?P<ord_month>{MONTH})\b\.?(?:,?\s+(?P<ord_year>{_YEAR}))?""",
        _ordinal,
    ),
    (
        "numeric",
        r"""\b(?P<num_first>[0-9]{1,4})(?P<num_mark>[/.-])(?P<num_second>[0-9]{1,2})(?:(?P=num_mark)(?P<num_third>[0-9]{2,4}))?
        (?![\w]|[/.:][0-9]|-[0-9](?![0-9]?/[0-9]))(?!\s?[ap]\.?\s?m\b)""",
        _numeric,
    ),
    (
        "dayrange",
        rf"""\b(?:the\s+)?(?P<dr_day>[0-9]{{1,2}})(?:st|nd|rd|th)?
        (?=\s*(?:-|to\b|through\b|and\b|until\b)\s*(?:the\s+)?[0-9]{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}\b)""",
        lambda found: Day(*found.span(), ((None, None, int(found["dr_day"])),)),
    ),
    (
        "nthday",
        r"\b(?:the\s+)?(?P<nth_day>[0-9]{1,2})\s?(?:st|nd|rd|th)\b(?!\s+(?:anniversary|annual|amendment))",
        _nth_day,
    ),
    (
        "weekfrom",
        rf"""\b(?P<wf_count>a|{_NAMED}|[0-9]{{1,2}})\s+weeks?\s+(?:from|after)\s+(?P<wf_day>today|tomorrow|now)\b""",
        _week_from,
    ),
    (
        "weekday",
        rf"""\b(?:on\s+)?(?:(?P<wd_weeks>a|{_NAMED}|[0-9]{{1,2}})\s+weeks?\s+(?:from|on|after)\s+)?
        (?:(?P<wd_which>this\s+coming|this|next|the\s+coming|coming|the\s+following|following|upcoming|last|past)\s+)?
        (?P<wd_name>{WEEKDAY})\b(?:(?<!day)\.)?(?!')
        (?P<wd_after>\s+week\b(?!\s+(?:of|beginning|commencing|starting|ending|after|from))
        |\s+after\s+next\b|,?\s+(?:of\s+|in\s+)?the\s+(?:week\s+after\s+next|following\s+week)\b|,?\s+(?:of\s+|in\s+)?(?:next|this)\s+week\b
        |\s+next\b(?!\s+(?:week|month|year|{WEEKDAY})))?""",
        _weekday,
    ),
    (
        "ahead",
        rf"""\bin\s+(?P<ahead_half>half\s+)?(?:exactly\s+)?(?P<ahead_count>[0-9]{{1,4}}|an?|{_NAMED})(?:\s*|-)
        (?P<ahead_unit>hours?|hrs?|h|minutes?|mins?|seconds?|secs?|s|days?|weeks?|months?)\b\.?(?:'?\s+time\b)?""",
        _ahead,
    ),
    (
        "fromnow",
        rf"""\b(?P<now_count>[0-9]{{1,4}}|an?|{_NAMED})\s+(?P<now_unit>hours?|hrs?|minutes?|mins?|days?|weeks?|months?)\s+(?:from\s+(?:now|today)|hence)\b""",
        _from_now,
    ),
    (
        "relative",
        r"\b(?:(?:the\s+)?day\s+after\s+tomorrow|tomorrow|tmrw|tmrow|tmw|(?:later\s+)?today(?:'s)?(?:\s+date)?)\b",
        _relative,
    ),
    # "1900 GMT" is a time of day.
    ("year", rf"\b{_YEAR}\b{_NO_ZONE_AFTER}", lambda found: Year(*found.span(), int(found[0]))),
]
