"""Dates for the examples in `--help`: ahead of the day on which it is shown. Loaded only for help."""

from __future__ import annotations

import re
from datetime import date, timedelta

from pressrelease.system import clock


def today() -> date:
    """Return the day that the examples count from; docs/commands.md is made with a fixed one."""
    return clock.utc_now().date()


def _under_heading(found: re.Match[str]) -> str:
    lines = found[1].rstrip("\n").split("\n")
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def dated(text: str) -> str:
    """Return a help text with its examples under a heading, and the placeholders in them filled in.

    `<week>` is the week after next, as "the week of 9/24"; `<monday>` its Monday, as "Monday, Sept. 24, 2018".
    """
    text = re.sub(r"\x08\n((?:pressrelease [^\n]*\n?)+)", _under_heading, text)
    if "<" not in text:
        return text
    from pressrelease.when.formatting import AP_MONTHS

    now = today()
    monday = now + timedelta(days=14 - now.weekday())
    written = f"{AP_MONTHS[monday.month - 1]} {monday.day}, {monday.year}"
    week = f"the week of {monday.month}/{monday.day}"
    return text.replace("<week>", week).replace("<monday>", f"Monday, {written}")
