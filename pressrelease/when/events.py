"""An embargo that waits for an event: "on verdict". It has no time; a person says when the event has happened."""

from __future__ import annotations

import re

from pressrelease.when.embargo import Embargo, EmbargoKind

#: The events that a release may wait for. Any other is refused, so that a mistyped day is never taken for one.
EVENTS = (
    "acquittal",
    "arraignment",
    "arrest",
    "charges",
    "conviction",
    "dismissal",
    "extradition",
    "indictment",
    "plea",
    "ruling",
    "sentencing",
    "settlement",
    "surrender",
    "verdict",
)


def read_event(text: str, timezone: str) -> Embargo | None:
    """Return the embargo of a phrase such as "on verdict"; None for any other phrase."""
    words = re.fullmatch(r"\s*on\s+([a-z]+)\s*", text, re.ASCII | re.IGNORECASE)
    if words is None or words[1].lower() not in EVENTS:
        return None
    return Embargo(" ".join(text.split()), EmbargoKind.EVENT, timezone)
