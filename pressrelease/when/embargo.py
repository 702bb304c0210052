"""The meaning of an embargo phrase: an instant, a window, an event, or at once."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from datetime import datetime
from enum import Enum
from typing import NamedTuple


class EmbargoKind(str, Enum):
    """The four things that an embargo can be."""

    INSTANT = "instant"
    WINDOW = "window"
    EVENT = "event"
    IMMEDIATE = "immediate"


class Embargo(NamedTuple):
    """A reading of `text`. Every time is an aware UTC datetime; `timezone` is the IANA zone it was read in.

        instant:   `not_before` == `lift`, `no_later_than` is None.
        window:    not before, and before `no_later_than` (exclusive); `lift` is only proposed, a person fixes it.
        event:     it waits for a person who says that the event has happened; `not_before` and `no_later_than`, if
                   given, are the bounds for that, and `lift` is None.
        immediate: all three are None.

    `remarks` are sentences that a person should read with the answer: "Neither a.m. nor p.m. was given, so 9 a.m. is
    assumed.", "Monday, Sept. 7, 2026, is a holiday (Labor Day)."

    `office` is the office's own IANA zone, "" if it isn't known.

    `wall` is the lift as local wall time (`pressrelease.when.wall_time`), "" for an instant.
    """

    text: str
    kind: EmbargoKind
    timezone: str
    not_before: datetime | None = None
    no_later_than: datetime | None = None
    lift: datetime | None = None
    remarks: tuple[str, ...] = ()
    wall: str = ""
    office: str = ""
