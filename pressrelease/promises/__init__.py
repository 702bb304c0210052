"""Find what a text promises for later, and which release keeps each promise. Pure.

    Release ──find_promises──▶ Promise … ──keep──▶ kept · planned · open · overdue

A promise is a commitment to, or notice of, a future release, announcement, decision or event of the issuer.
`classification` decides which sentences are one, `dates` when it is due. The word lists are loaded when a text is first
read; the state of a promise doesn't need them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressrelease.promises.fulfillment import Follower, Kept, PromiseState, keep
from pressrelease.promises.promise import Promise

if TYPE_CHECKING:
    from pressrelease.promises.court import CourtDate
    from pressrelease.promises.detection import find_court_dates, find_promises, promises_in

__all__ = [
    "CourtDate",
    "Follower",
    "Kept",
    "Promise",
    "PromiseState",
    "find_court_dates",
    "find_promises",
    "keep",
    "promises_in",
]

_WHERE = {
    "CourtDate": "court",
    "find_court_dates": "detection",
    "find_promises": "detection",
    "promises_in": "detection",
}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
