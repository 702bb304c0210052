"""Instants, windows and durations: read what people type, and write times out in full.

Pure: the present, the zone and the office's hour are always arguments. A phrase that has more than one safe reading is
refused, with every reading that was possible; nothing is ever guessed.

The grammar is loaded when the first phrase is read; writing a time out doesn't need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.formatting import embargo_as_json, say, say_embargo, say_full, say_span
from pressrelease.when.written import read_duration, read_rfc3339, rfc3339

if TYPE_CHECKING:
    from pressrelease.when.reading import read_embargo
    from pressrelease.when.search import find_times
    from pressrelease.when.zones import read_zone

__all__ = [
    "Embargo",
    "EmbargoKind",
    "embargo_as_json",
    "find_times",
    "read_duration",
    "read_embargo",
    "read_rfc3339",
    "read_zone",
    "rfc3339",
    "say",
    "say_embargo",
    "say_full",
    "say_span",
]

_WHERE = {"find_times": "search", "read_embargo": "reading", "read_zone": "zones"}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    found: object = getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
