"""Propose the IANA zone that "PST", "Pacific Time", "California" or "Sacramento" most likely means.

A person confirms it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pressrelease.when.places import EXACT, GENERIC
from pressrelease.when.tables import Table
from pressrelease.when.zones import read_zone

_TABLE = Table("places")

#: States and cities. A place before its state: "Washington" alone is the state of that name, which more people mean.
_PLACES = _TABLE.values("city") | _TABLE.values("state")

_ANY_YEAR = 2026

_FILLING = ("time", "standard", "daylight", "zone", "us", "u.s.", "usa")


def proposed_zone(name: str) -> str:
    """Return the zone that `name` most likely means; "" if nothing is near. A person confirms it.

    "PST", "PDT", "PT", "Pacific Time", "Auburn, CA" and "Sacramento" are all America/Los_Angeles.
    """
    plain = " ".join(name.replace("_", " ").replace("/", " ").replace(".", "").split()).casefold()
    parts = [part.strip() for part in plain.split(",") if part.strip()]
    if len(parts) > 1 and parts[-1] in _PLACES:
        return _PLACES[parts[-1]]  # a city with its state: there is more than one Portland
    words = [word for word in plain.split() if word not in _FILLING]
    core = " ".join(words)
    for table in (GENERIC, _PLACES):
        if core in table:
            return table[core]
    if core in EXACT:
        return EXACT[core][0][0]
    return ""


def keeps_one_offset(name: str) -> bool:
    """Return whether a zone is an offset and not a place, so that no state's rule moves it: MST, Etc/GMT+8, UTC."""
    return ("/" not in name and not _has_seasons(name)) or name.startswith("Etc/")


def _has_seasons(name: str) -> bool:
    zone = read_zone(name)
    offsets = {datetime(_ANY_YEAR, month, 1, 12, tzinfo=UTC).astimezone(zone).utcoffset() for month in (1, 7)}
    return len(offsets) > 1
