"""Zones as people name them: "PT", "Eastern Standard Time", "BST", "Beijing time", "UTC+2" (tables/places.txt)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import cache

from pressrelease.when.refusals import Why
from pressrelease.when.tables import Table
from pressrelease.when.tokens import Doubt, Pattern, Token, ZoneMention
from pressrelease.when.zones import database_file

_TABLE = Table("places")


def _home(value: str) -> tuple[str, int]:
    zone, minutes = value.split()
    return zone, int(minutes)


#: They follow their place's clock, summer and winter.
GENERIC = _TABLE.values("clock")

#: For each abbreviation of an exact offset, the places whose clock has it in its season, and minutes from UTC.
EXACT: dict[str, tuple[tuple[str, int], ...]] = {}
for _name, _value in _TABLE.rows("exact"):
    EXACT[_name] = (*EXACT.get(_name, ()), _home(_value))

#: In Australia people drop the A.
AUSTRALIAN = {name: _home(value) for name, value in _TABLE.rows("australian")}

#: The same offset in every season, in minutes.
FIXED = {name: int(minutes) for name, minutes in _TABLE.rows("fixed")}

#: Long names of exact offsets.
LONG = _TABLE.values("long")

#: One home of an abbreviation that has several, if the words leave no doubt.
ONE_HOME = {name: _home(value) for name, value in _TABLE.rows("one home")}

_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific", "Indian")


@cache
def zone_names() -> dict[str, str]:
    """Return every zone of the database, by its name in lower case."""
    return {name.lower(): name for name in database_file("zones").split()}


@cache
def place_zones() -> dict[str, str]:
    """Return lower-case names of places with the IANA zone of their clock: every zone's own city, and some more."""
    no_places = _TABLE.words("not a place")
    places: dict[str, str] = {}
    for name in sorted(zone_names().values()):
        area, _, city = name.rpartition("/")
        word = city.lower()
        if area.split("/")[0] in _AREAS and word not in no_places and word.replace("_", "").isalpha():
            places.setdefault(word.replace("_", " "), name)
    return places | _TABLE.values("place")


def _words_of(names: Iterable[str]) -> str:
    escaped = (re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return "|".join(sorted(escaped, key=len, reverse=True))


#: Abbreviations that are words too: a zone only right beside a clock.
_WORDS_TOO = frozenset({"west", "eat", "wet", "ut", "z", "mt", "ct", "ast"})


def _iana(found: re.Match[str]) -> Token | None:
    name = zone_names().get(found[0])
    return ZoneMention(*found.span(), found[0], iana=name) if name else None


def _offset(found: re.Match[str]) -> Token | None:
    hours, minutes = int(found["off_hours"]), int(found["off_minutes"] or 0)
    if hours > 14 or minutes > 59:
        return Doubt(*found.span(), Why.NO_ZONE_OFFSET)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if found["off_sign"] == "-" else 1)
    return ZoneMention(*found.span(), found[0], offset=offset)


def _bare_offset(found: re.Match[str]) -> Token | None:
    offset = timedelta(hours=int(found["bo_hours"]), minutes=int(found["bo_minutes"]))
    return ZoneMention(*found.span(), found[0], offset=offset * (-1 if found["bo_sign"] == "-" else 1))


def _long(found: re.Match[str]) -> Token | None:
    name = " ".join(found["long_name"].split())
    if name in LONG:
        return _exact(found, LONG[name])
    return ZoneMention(*found.span(), name, iana=GENERIC[name])


def _generic(found: re.Match[str]) -> Token | None:
    return ZoneMention(*found.span(), found["gen_name"], iana=GENERIC[found["gen_name"]], bare=True)


def _exact(found: re.Match[str], name: str, *, bare: bool = False) -> Token:
    if name in FIXED:
        return ZoneMention(*found.span(), name, offset=timedelta(minutes=FIXED[name]), bare=bare)
    return ZoneMention(*found.span(), name, exact=name, bare=bare)


def _abbreviation(found: re.Match[str]) -> Token | None:
    name = found["abbr_name"].replace(".", "").replace(" ", "").replace("\n", "")
    bare = name in _WORDS_TOO
    if bare and name.isalpha() and len(name) > 2 and found[0].rstrip().endswith("time"):
        return None
    if name in GENERIC:
        return ZoneMention(*found.span(), name, iana=GENERIC[name], bare=bare)
    return _exact(found, name, bare=bare)


def _city(found: re.Match[str]) -> Token | None:
    name = " ".join(found["city_name"].split())
    return ZoneMention(*found.span(), name, iana=place_zones()[name], bare=found["city_time"] is None)


_US = r"(?:u\.?s\.?(?:a\.?)?[\s-]+)?"


def patterns() -> list[Pattern]:
    """Return the tokenizer's patterns; the names of places are read from the zone database."""
    return [
        (
            "iana",
            r"(?<![\w/])(?:[a-z]+(?:_[a-z]+)*/[a-z]+(?:[_-][a-z]+)*(?:/[a-z_]+)?|etc/[a-z0-9+-]+)(?![\w/])",
            _iana,
        ),
        (
            "offset",
            r"\b(?:utc|gmt)\s?(?P<off_sign>[+-])\s?(?P<off_hours>[0-9]{1,2})(?::?(?P<off_minutes>[0-9]{2}))?(?!\w)",
            _offset,
        ),
        (
            "bareoffset",
            r"(?<=[\s\d(])(?P<bo_sign>[+-])(?P<bo_hours>0[0-9]|1[0-4]):?(?P<bo_minutes>[0-5][0-9])(?![\w:])",
            _bare_offset,
        ),
        ("longzone", rf"\b{_US}(?P<long_name>{_words_of((*LONG, *GENERIC))})\s+{_US}time\b", _long),
        (
            "abbreviation",
            rf"(?<![^\W\d]){_US}(?P<abbr_name>{_SHORT}|[ecmp]\.\s?(?:[sd]\.\s?)?t\b\.?|g\.m\.t\b\.?)(?:\s+time\b)?(?![\w']|\s+(?:coast|virginia)\b)",
            _abbreviation,
        ),
        (
            "generic",
            rf"\b{_US}(?P<gen_name>eastern|central|mountain|pacific|alaska|hawaii)\b(?!\s+(?:standard|daylight)\b)",
            _generic,
        ),
        (
            "local",
            r"\b(?:our\s+|office\s+)?local(?:\s+time)?\b(?!\s+(?:police|authorities|officials|media|news))",
            lambda found: ZoneMention(*found.span(), "local", bare="time" not in found[0]),
        ),
        (
            "city",
            rf"\b(?P<city_name>{_words_of(place_zones())})(?:'s)?(?!\w)(?P<city_time>\s+(?:local\s+|standard\s+)?time\b)?",
            _city,
        ),
    ]


_SHORT = _words_of((*EXACT, *FIXED, "et", "ct", "mt", "pt", "akt"))
