"""Court dates that a text announces: a hearing, an arraignment, a sentencing, a trial, with its day and hour.

They are the court's, and no promise of the office; people look for them in its releases all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from enum import Enum

from pressrelease.promises.dates import Due, Present, due_of
from pressrelease.promises.sentences import sentences


class CourtEvent(str, Enum):
    """What happens in court."""

    HEARING = "hearing"
    ARRAIGNMENT = "arraignment"
    SENTENCING = "sentencing"
    TRIAL = "trial"


@dataclass(frozen=True)
class CourtDate:
    """One date in court. Times are aware UTC: an instant, or a window, its end exclusive. `line` as in `Promise`."""

    slug: str
    event: CourtEvent
    text: str
    line: int
    not_before: datetime
    no_later_than: datetime | None = None


def _read(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


_EVENTS = (
    (CourtEvent.ARRAIGNMENT, _read(r"\barraign(?:ment|ments|ed)\b|\binitial (?:court )?appearance\b")),
    (CourtEvent.SENTENCING, _read(r"\bre-?sentenc(?:ing|ed)\b|\bsentenc(?:ing|ed)\b")),
    (
        CourtEvent.HEARING,
        _read(
            r"\b(?:preliminary|prelim|bail|bond|detention|plea|status|custody|court|pre-?trial|motion|parole|competency"
            r"|evidentiary|readiness|extradition|restitution|probable cause|disposition|next|his|her|their|setting)"
            r"\s+(?:hearing|conference|appearance|date)s?\b"
            r"|\b(?:back|appear\w*|due|expected|return\w*)\s+(?:back\s+)?(?:in|to)\s+court\b"
            r"|\b(?:appear|return)\w*\s+(?:in|before|to)\s+(?:\w+\s+){0,4}?(?:court|judge)\b"
            r"|\b(?<!public\s)(?<!council\s)(?<!budget\s)(?<!board\s)(?<!zoning\s)(?<!commission\s)(?<!town\s)hearing\b"
        ),
    ),
    (
        CourtEvent.TRIAL,
        _read(
            r"\b(?<!clinical\s)(?<!pre-)(?<!mock\s)(?:jury |court |bench )?trial\b"
            r"(?!\s+(?:court|attorney|deput|data|results?|period|run))"
            r"|\bjury selection\b|\bopening statements\b"
        ),
    ),
)
#: It is to come: "is set for", "will be arraigned", "faces sentencing".
_AHEAD = _read(
    r"\b(?:will|shall|is|are|remains?)\b|\b(?:set|scheduled|slated|due|expected|continued|postponed|moved|reset|calendared)\b"
    r"|\bfaces?\b|\breturns?\b|\bnext\b|:\s"
)
#: It was: "was arraigned Tuesday", "at his hearing on Monday, she said".
_PAST = _read(
    r"\b(?:was|were|had been|has been|have been)\s+(?:\w+ly\s+)?(?:arraigned|sentenced|convicted|tried|held)\b"
    r"|\b(?:canceled|cancelled|vacated|dismissed|taken off calendar)\b"
    r"|\bpleaded\b(?!.*\b(?:is|will|set|scheduled|due)\b)"
    r"|\b(?:every|each)\b|\bif\b"
)


def court_dates_in(
    text: str, *, now: datetime, timezone: str, release_time: time = time(9), slug: str = "", line: int = 1
) -> tuple[CourtDate, ...]:
    """Return every court date in a prose text whose first line is `line`, and that has a day. `now` is aware."""
    present = Present(now.astimezone(UTC), timezone, release_time)
    found: list[CourtDate] = []
    for sentence in sentences(text):
        if _PAST.search(sentence.text) or not _AHEAD.search(sentence.text):
            continue
        named = [(match, event) for event, pattern in _EVENTS if (match := pattern.search(sentence.text))]
        if not named:
            continue
        place = line + sentence.line - 1 if line else 0
        for event, due in _dated(sentence.text, sorted(named, key=lambda one: one[0].start()), present):
            if due.not_before is not None and (due.no_later_than or due.not_before) > present.now:
                found.append(CourtDate(slug, event, sentence.text, place, due.not_before, due.no_later_than))
    return tuple(found)


def _dated(
    text: str, named: Sequence[tuple[re.Match[str], CourtEvent]], present: Present
) -> Iterator[tuple[CourtEvent, Due]]:
    """Yield each event with the day after it; one without a day of its own shares that of the next one."""
    waiting: CourtEvent | None = None
    starts = [0, *(match.start() for match, _ in named[1:]), len(text)]
    for number, (match, event) in enumerate(named):
        part = text[starts[number] : starts[number + 1]]
        due = due_of(part, (match.start() - starts[number], match.end() - starts[number]), present, None)
        if due.not_before is None:
            waiting = waiting or event
        else:
            yield waiting or event, due
            waiting = None
