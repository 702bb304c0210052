"""Times of day as people write them: "9 a.m.", "00.01 hrs", "0930", "half past nine", "noon"."""

from __future__ import annotations

import re

from pressrelease.when.refusals import Why
from pressrelease.when.tokens import Clock, Doubt, Half, Midnight, PartOfDay, Pattern, Token
from pressrelease.when.vocabulary import NUMBER_WORDS, number_of

_NAMED = "|".join(NUMBER_WORDS)
_HALF = r"(?:[ap]\.?\s?m\b\.?)"
_HOURS = r"(?:hrs?\b\.?|hours?\b|h\b|uhr\b|o'?\s?clock\b)"

_PARTS_OF_DAY = {
    "morning": (0, 12),
    "forenoon": (0, 12),
    "afternoon": (12, 18),
    "evening": (16, 24),
    "night": (18, 24),
    "tonight": (16, 24),
}
_DAY_WORDS = "morning|forenoon|afternoon|evening|night"

#: A zone right after four digits shows that they are a clock and no year.
_ZONE_AFTER = r"(?=\s*[(\[]?\s*(?:gmt|utc|ut|[ecmp][sd]?t|bst|cest?|eest?|ist|sast|jst|local|[a-z]+\s+time)\b)"

_NOON = r"(?:(?:12|twelve)(?:[:.]00)?\s*(?:p\.?m\.?)?[\s(,-]*)?(?:noon|midday|mid-day)\b\)?"


def _half(found: re.Match[str], group: str) -> Half:
    written = found[group]
    return Half.UNSAID if not written else Half.AM if written[0] == "a" else Half.PM


def _contradiction(found: re.Match[str]) -> Token:
    return Doubt(*found.span(), Why.NO_CLOCK_TIME)


def _with_half(found: re.Match[str]) -> Token | None:
    if found["c12_together"]:
        digits = found["c12_together"]
        hour, minute, second = int(digits[:-2]), int(digits[-2:]), 0
    else:
        hour = number_of(found["c12_hour"])
        minute, second = int(found["c12_minute"] or 0), int(found["c12_second"] or 0)
    letter = found["c12_letter"]
    half = _half(found, "c12_letter" if letter else "c12_half")
    if letter and (not found[0][0].isdigit() or not 1 <= hour <= 12 or minute > 59):
        return None
    if minute > 59 or second > 59 or hour > 23 or (half is Half.AM and hour > 12) or (half is Half.PM and hour == 0):
        return _contradiction(found)
    if hour > 12 or hour == 0:
        half = Half.WHOLE
    return Clock(*found.span(), hour, minute, second, half, minutes_written=True)


def _with_minutes(found: re.Match[str]) -> Token | None:
    written = found["c24_hour"]
    hour, minute, second = int(written), int(found["c24_minute"]), int(found["c24_second"] or 0)
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
        return _contradiction(found)
    clear = (
        hour == 0 or hour > 12 or written.startswith("0") or (found["c24_hours"] and "clock" not in found["c24_hours"])
    )
    return Clock(*found.span(), hour, minute, second, Half.WHOLE if clear else Half.UNSAID, minutes_written=True)


def _range_begins(found: re.Match[str]) -> Token | None:
    hour = int(found["cr_hour"])
    if not 1 <= hour <= 12:
        return None
    return Clock(*found.span(), hour, int(found["cr_minute"] or 0))


def _bare(found: re.Match[str]) -> Token | None:
    hour = number_of(found["c1_hour"])
    if hour > 24:
        return _contradiction(found)
    words = found["c1_hours"] or ""
    whole = hour > 12 or hour == 0 or (words and "clock" not in words) or found["c1_hour"].startswith("0")
    return Clock(*found.span(), hour, 0, 0, Half.WHOLE if whole else Half.UNSAID)


def _spoken(found: re.Match[str]) -> Token | None:
    hour = number_of(found["said_hour"])
    if not 1 <= hour <= 12:
        return _contradiction(found)
    share = found["said_share"]
    minute = 30 if share == "half" else 15 if "quarter" in share else number_of(found["said_minutes"])
    if not 0 < minute < 60:
        return _contradiction(found)
    if found["said_to"] == "to":
        hour, minute = (hour - 2) % 12 + 1, 60 - minute
    return Clock(*found.span(), hour, minute, 0, _half(found, "said_half"), minutes_written=False)


def _after_midnight(found: re.Match[str]) -> Token:
    words = found["after_count"]
    minutes = 1 if words in {"a", "one"} else int(words)
    return Clock(*found.span(), 0, minutes, 0, Half.WHOLE) if 0 < minutes < 60 else _contradiction(found)


def _part_of_day(found: re.Match[str]) -> Token:
    name = found["part_name"]
    today = name == "tonight" or found["part_this"] is not None
    return PartOfDay(*found.span(), name, *_PARTS_OF_DAY[name], today)


def _four(found: re.Match[str]) -> Token | None:
    digits = found["c4_digits"] or found["c4_tagged"] or found["c4_zoned"] or found["c4_plain"]
    hour, minute = int(digits[:2]), int(digits[2:])
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        return _contradiction(found)
    zulu = found["c4_tagged"] is not None and found[0].rstrip().endswith(("z", "zulu"))
    end = found.start() + 4 if zulu else found.end()
    return Clock(found.start(), end, hour, minute, 0, Half.WHOLE, minutes_written=True)


PATTERNS: list[Pattern] = [
    (
        "aftermidnight",
        r"(?:\b12[:.]01\s*a\.?m\.?[\s(,-]*)?\b(?P<after_count>a|one|[0-9]{1,2})\s+minutes?\s+(?:past|after)\s+midnight\b",
        _after_midnight,
    ),
    (
        "daybegins",
        r"(?:\b12(?:[:.]00)?\s*(?:a\.?m\.?)?[\s(,-]*)?\bmidnight[\s,(-]+(?:as\s+the\s+day\s+begins|at\s+the\s+(?:start|beginning)\s+of(?:\s+the\s+day)?|start\s+of(?:\s+the)?\s+day)\b\)?",
        lambda found: Clock(*found.span(), 0, 0, 0, Half.WHOLE),
    ),
    (
        "midnight",
        r"(?:\b(?:12|twelve)(?:[:.]00)?\s*(?:a\.?m\.?)?[\s(,-]*)?\bmidnight\b\)?",
        lambda found: Midnight(*found.span()),
    ),
    ("noon", rf"\b{_NOON}", lambda found: Clock(*found.span(), 12, 0, 0, Half.WHOLE)),
    (
        "spoken",
        rf"""\b(?P<said_share>half(?=\s+past)|(?:a\s+)?quarter|(?P<said_minutes>five|ten|[0-9]{{1,2}})(?:\s+minutes|(?=\s+past)))\s+(?P<said_to>past|to)
        \s+(?P<said_hour>{_NAMED}|[0-9]{{1,2}})(?:\s*o'?clock)?(?:\s*(?P<said_half>{_HALF}))?(?![\w:/])""",
        _spoken,
    ),
    (
        "clock12",
        rf"""\b(?<![0-9][:.])(?:(?P<c12_hour>[0-2]?[0-9]|{_NAMED})(?:\s?[:.]\s?(?P<c12_minute>[0-9]{{2}}))?(?:[:.](?P<c12_second>[0-9]{{2}}))?
        |(?P<c12_together>[0-9]{{3,4}}))(?:\s*(?:hrs?|hours|o'?clock))?(?:[\s-]*(?P<c12_half>{_HALF})|(?P<c12_letter>[ap]\b(?!\.?\w|['’])))(?!\w)""",
        _with_half,
    ),
    (
        "clockrange",
        rf"""\b(?P<cr_hour>[0-9]{{1,2}})(?:[:.](?P<cr_minute>[0-5][0-9]))?
        (?=\s*(?:-|to\b|until\b|and\b|through\b)\s*(?:[0-9]{{1,2}}(?:[:.][0-5][0-9])?\s*{_HALF}|noon\b))""",
        _range_begins,
    ),
    (
        "clock24",
        rf"""\b(?<![0-9][:.])(?P<c24_hour>[0-9]{{1,2}})(?:[:.h]|:\s|\sh\s)(?P<c24_minute>[0-9]{{2}})(?:[:.](?P<c24_second>[0-9]{{2}}))?(?![0-9/]|[.:-][0-9])
        \s*(?P<c24_hours>{_HOURS})?""",
        _with_minutes,
    ),
    (
        "clock4",
        rf"""\b(?P<c4_tagged>[0-9]{{4}})\s?(?:{_HOURS}|z\b|zulu\b)
        |(?:(?<=at\s)|(?<=@\s)|(?<=at\n)|(?<=@))(?P<c4_digits>[0-9]{{4}})(?![\w./-])
        |\b(?P<c4_zoned>[0-2][0-9][0-5][0-9]){_ZONE_AFTER}
        |\b(?P<c4_plain>0[0-9][0-5][0-9]|1[0-8][0-5][0-9]|2[1-4][0-5][0-9])(?![\w./:-])""",
        _four,
    ),
    (
        "clock1",
        # "10 hours" may be a length of time, so only "0930 hours" and "10.00 hrs" are clocks.
        rf"\b(?P<c1_hour>[0-9]{{1,2}}|{_NAMED})\s*(?P<c1_hours>h\b|uhr\b|o'?\s?clock\b)(?!\w)",
        _bare,
    ),
    (
        "partofday",
        rf"\b(?:(?P<part_this>this\s+)|(?:in|during)\s+the\s+|at\s+)?(?P<part_name>{_DAY_WORDS}|tonight)\b",
        _part_of_day,
    ),
]


def hour_of(value: int, start: int, end: int, written: str) -> Clock | None:
    """Return a number as an hour, after words like "at" or "until"."""
    if not 0 <= value <= 24:
        return None
    whole = value > 12 or value == 0 or written.startswith("0")
    return Clock(start, end, value, 0, 0, Half.WHOLE if whole else Half.UNSAID)
