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
    from pressrelease.promises.detection import find_promises, promises_in

__all__ = ["Follower", "Kept", "Promise", "PromiseState", "find_promises", "keep", "promises_in"]


def __getattr__(name: str) -> object:
    if name not in {"find_promises", "promises_in"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pressrelease.promises import detection

    found: object = getattr(detection, name)
    globals()[name] = found
    return found
