"""Refusal → words: what is shown for a phrase that has no single safe reading, and what to type instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from string import Formatter

from pressrelease.errors import EmbargoRefused
from pressrelease.when.formatting import (
    AP_WEEKDAYS,
    say_full,
    say_full_day,
    say_in_utc,
    typed,
    typed_day,
)
from pressrelease.when.office import Office, day_off
from pressrelease.when.refusals import Candidate, NoReading, Why

#: Whether a phrase would be read if it were typed.
Accepts = Callable[[str], bool]


def worded(found: NoReading, text: str, office: Office, accepts: Accepts = bool) -> EmbargoRefused:
    """Return the refusal of `text` in words, for an office at its present.

    Only candidates are offered that are accepted when they are typed.
    """
    words = _Words(text, office)
    offers = [offer for one in found.candidates if (offer := words.offer(one, accepts))]
    hint = found.why.hint if offers or "{offer" not in found.why.hint else Why.EMPTY.hint
    refused = EmbargoRefused(
        words.sentence(found.why.message, found),
        hint=words.sentence(hint, found, offer=offers[0][1] if offers else ""),
        code=found.why.code,
        candidates=tuple(dict.fromkeys(said for said, _ in offers)),
    )
    if found.why is Why.PAST and isinstance(moment := found.values["moment"], datetime):
        refused.past = moment.astimezone(UTC)
    return refused


class _Words(Formatter):
    """Fills a sentence of the table: tokens as they were typed, days and instants in full or as they can be typed."""

    def __init__(self, text: str, office: Office) -> None:
        self.text = text
        self.office = office

    def sentence(self, template: str, found: NoReading, *, offer: str = "") -> str:
        """Return a sentence of the table, filled."""
        values: dict[str, object] = {"text": shown(self.text), "offer": offer, **found.values}
        if "{example" in template:
            moment = _example(self.office)
            values |= {
                "example": typed(moment),
                "example_day": typed_day(moment.date()),
                "example_iso": moment.isoformat(),
            }
        return self.vformat(template, found.tokens, values).replace("m..", "m.")

    def format_field(self, value: object, format_spec: str) -> str:
        if isinstance(value, datetime):
            return typed(value) if format_spec == "typed" else self._instant(value)
        if isinstance(value, date):
            if format_spec == "weekday":
                return AP_WEEKDAYS[value.weekday()]
            return typed_day(value) if format_spec == "typed" else say_full_day(value)
        if isinstance(value, (str, int)):
            return str(value)
        return shown(self.text[value.start : value.end])  # type: ignore[attr-defined]  # a token

    def offer(self, value: Candidate, accepts: Accepts) -> tuple[str, str] | None:
        """Return a possible reading as it is listed and as it is typed; None if it isn't accepted in any form."""
        forms = [form for form in self._forms(value) if accepts(form)]
        return (forms[0], forms[-1]) if forms else None

    def _forms(self, value: Candidate) -> Iterator[str]:
        """Yield a possible reading in words that can be typed, the fullest first."""
        if isinstance(value, tuple):
            yield f"{typed_day(value[0])} to {typed_day(value[1])}"
        elif isinstance(value, datetime):
            # Elsewhere "EDT" may be the zone of another place.
            utc = f" ({say_in_utc(value)})" if value.tzinfo is not self.office.zone else ""
            yield self._instant(value) + utc
            yield f"{say_full_day(value.date())}, {typed(value).rpartition(', ')[2]}{utc}"
            yield typed(value) + utc
        elif isinstance(value, date):
            yield say_full_day(value)
            yield typed_day(value)
        else:
            yield value

    def _instant(self, moment: datetime) -> str:
        return say_full(moment, timezone=getattr(moment.tzinfo, "key", "UTC"), now=self.office.now)


def _example(office: Office) -> datetime:
    """Return a moment that is ahead: the office's release time on an open Monday."""
    day = office.today + timedelta(days=8 - office.today.isoweekday())
    while day_off(day, office.name) or day <= office.today:
        day += timedelta(days=1)
    return datetime.combine(day, office.release_time, office.zone)


def shown(text: str, longest: int = 60) -> str:
    """Return a piece of foreign text on one line, without anything that a terminal would act on."""
    clean = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"
