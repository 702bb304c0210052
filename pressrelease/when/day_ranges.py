"""Spans of days as people write them: "the week of", "w/c", "next week", "early next week", "in October"."""

from __future__ import annotations

import re

from pressrelease.when.days import HOLIDAY, MONTH, NTH, WEEKDAY, month_of
from pressrelease.when.refusals import Why
from pressrelease.when.tokens import Doubt, Pattern, Span, Stretch, Token

_YEAR = r"(?:20|21)[0-9]{2}(?![0-9:])"
_EARLY = r"(?:in\s+the\s+)?(?:early\s+part\s+of|early\s+in|early|first\s+half\s+of|beginning\s+of|start\s+of)"
_MID = r"(?:in\s+the\s+)?(?:mid|middle\s+of|mid-?\s?way\s+through|midweek\s+of)"
_LATE = (
    r"(?:in\s+the\s+)?(?:late\s+in|later\s+in|latter\s+part\s+of|late|later|second\s+half\s+of|end\s+of"
    r"|towards?\s+the\s+end\s+of)"
)
_PIECE = rf"(?:(?P<{{0}}_early>{_EARLY})|(?P<{{0}}_mid>{_MID})|(?P<{{0}}_late>{_LATE}))[\s-]+(?:the\s+)?"


def _piece(found: re.Match[str], group: str) -> str:
    for piece in ("early", "mid", "late"):
        if found[f"{group}_{piece}"]:
            return piece
    return ""


def _week_of(found: re.Match[str]) -> Token:
    words = found[0]
    if "ending" in words or words.startswith("w/e"):
        stretch = Stretch.WEEK_ENDING
    elif words.rstrip(" :").endswith("of"):
        stretch = Stretch.WEEK_OF
    else:
        stretch = Stretch.WEEK_FROM
    return Span(*found.span(), stretch, piece=_piece(found, "wo"))


def _week(found: re.Match[str]) -> Token | None:
    which = " ".join(found["week_which"].split())
    if which in {"last", "past"}:
        return Doubt(*found.span(), Why.PASSED)
    number = 2 if found["week_after"] else 0 if which in {"this", "current", "the current"} else 1
    return Span(*found.span(), Stretch.WEEK, number, piece=_piece(found, "week"))


def _first_week(found: re.Match[str]) -> Token:
    year = found["fw_year"]
    return Span(
        *found.span(),
        Stretch.FIRST_WEEK,
        NTH[found["fw_nth"]],
        month_of(found["fw_month"]),
        int(year) if year else None,
    )


def _month(found: re.Match[str]) -> Token:
    year = found["month_year"]
    return Span(
        *found.span(),
        Stretch.MONTH,
        0,
        month_of(found["month_name"]),
        int(year) if year else None,
        _piece(found, "month"),
    )


def _months_ahead(found: re.Match[str]) -> Token:
    number = 0 if "this" in found["ma_which"] or "current" in found["ma_which"] else 1
    return Span(*found.span(), Stretch.MONTHS_AHEAD, number, piece=_piece(found, "ma"))


def _weekend(found: re.Match[str]) -> Token:
    which = found["we_which"] or ""
    return Span(*found.span(), Stretch.WEEKEND, 1 if "next" in which else 0)


def _month_unless_verb(found: re.Match[str]) -> Token | None:
    if found["month_name"] in {"may", "march", "mar"} and found[0].strip() == found["month_name"]:
        # "may not be used", "a march": alone they are words, unless they are the whole text.
        return _month(found) if found.string.strip() == found[0].strip() else None
    return _month(found)


PATTERNS: list[Pattern] = [
    (
        "weekof",
        rf"""\b(?:(?:some\s?time\s+)?(?:(?:in|during|for|over)\s+)?(?:the\s+)?(?:{_PIECE.format("wo")})?(?:work(?:ing)?[\s-]?|calendar\s+)?week[\s-]+
        (?:of|beginning|commencing|starting|begins|starts|ending|from)\b(?:\s+(?:on|of))?|w/[cbe]\b|w\.c\.|wc\b|wk\s+of\b|wk\.?\s+(?:commencing|beginning)\b)
        \s*:?(?=\s*(?:the\s+)?(?:[0-9]|{MONTH}\b|{WEEKDAY}\b|(?:{HOLIDAY})\b))""",
        _week_of,
    ),
    (
        "isoweek",
        r"\b(?P<iw_year>[0-9]{4})-?w(?P<iw_week>[0-9]{2})\b(?!-)",
        lambda found: Span(*found.span(), Stretch.ISO_WEEK, int(found["iw_week"]), year=int(found["iw_year"])),
    ),
    (
        "week",
        rf"""\b(?:(?:some\s?time|anytime|any\s+time|on\s+any\s+day)\s+)?(?:(?:in|during|for)\s+)?(?:{_PIECE.format("week")})?
        (?P<week_which>this\s+coming|the\s+coming|coming|this|next|the\s+following|following|the\s+next|the\s+current|current|last|past|the(?=\s+week\s+after\s+next))
        \s+(?:calendar\s+|work(?:ing)?\s+)?week\b(?P<week_after>\s+after\s+next\b)?(?!\s*-?end)""",
        _week,
    ),
    (
        "firstweek",
        rf"""\b(?:in\s+|during\s+)?(?:the\s+)?(?P<fw_nth>{"|".join(NTH)})\s+(?:full\s+|calendar\s+)?week\s+(?:of|in)\s+(?P<fw_month>{MONTH})\b\.?(?:,?\s+(?P<fw_year>{_YEAR}))?""",
        _first_week,
    ),
    (
        "monthsahead",
        rf"""\b(?:(?:some\s?time|some\s+time)\s+)?(?:(?:in|during)\s+)?(?:{_PIECE.format("ma")})?(?P<ma_which>this|next|the\s+coming|the\s+current)\s+month\b""",
        _months_ahead,
    ),
    (
        "weekend",
        r"\b(?:(?:over|during|on|at)\s+)?(?P<we_which>this\s+coming|this|next|the\s+coming|the)\s+week-?\s?end\b",
        _weekend,
    ),
]

#: Tried after whole dates.
MONTHS: list[Pattern] = [
    (
        "month",
        rf"""\b(?:(?:some\s?time|some\s+time|any\s?time)\s+)?(?:(?:in|during|of)\s+)?(?:{_PIECE.format("month")})?(?:the\s+month\s+of\s+)?
        (?P<month_name>{MONTH})\b(?!\.?,?\s*[0-9]{{1,3}}\b)
        (?:(?<!ary)(?<!rch)(?<!ril)(?<!may)(?<!june)(?<!july)(?<!ust)(?<!ber)\.)?(?:,?\s+(?P<month_year>{_YEAR}))?""",
        _month_unless_verb,
    ),
]
