"""The clearances of a release as `status SLUG` shows them."""

from __future__ import annotations

from datetime import datetime

from pressrelease.status.clearances import Clearance, ClearanceState, why_open
from pressrelease.status.dossier import Dossier
from pressrelease.when import say_full


def clearance_lines(dossier: Dossier, *, timezone: str, now: datetime) -> list[str]:
    """Return a line for each clearance: the answer and until when, or who can give it."""
    moment = max(dossier.release.lift or now, now)
    return [_line(one, moment, timezone, now) for one in dossier.clearances]


def _line(clearance: Clearance, moment: datetime, timezone: str, now: datetime) -> str:
    if clearance.state(moment) is ClearanceState.GIVEN and clearance.until is not None:
        until = say_full(clearance.until, timezone=timezone)
        return f"clearance {clearance.name}: given by {clearance.by} until {until}"
    words = f"clearance {clearance.name}: {why_open(clearance, moment, timezone=timezone)}"
    if clearance.rule is None:
        return words
    useful = clearance.useful_from(moment)
    after = f" after {say_full(useful, timezone=timezone)}" if useful > now else ""
    return f"{words}; {' or '.join(clearance.rule.by)} can give it{after}"
