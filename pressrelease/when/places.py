"""Zones as people name them: "PT", "Eastern Standard Time", "BST", "Beijing time", "UTC+2"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache

from pressrelease.when.refusals import Why
from pressrelease.when.tokens import Doubt, Part, ZoneMention
from pressrelease.when.zones import database_file

#: They follow their place's clock, summer and winter.
GENERIC = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
    "akt": "America/Anchorage",
    "eastern": "America/New_York",
    "central": "America/Chicago",
    "mountain": "America/Denver",
    "pacific": "America/Los_Angeles",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "hawaiian": "Pacific/Honolulu",
    "atlantic": "America/Halifax",
    "newfoundland": "America/St_Johns",
    "central european": "Europe/Paris",
    "eastern european": "Europe/Helsinki",
    "western european": "Europe/Lisbon",
    "british": "Europe/London",
    "australian eastern": "Australia/Sydney",
}

#: Exact offsets in minutes from UTC, and the places where the abbreviation is on the clock in its season. With several
#: places
#: of different offsets, only the office's own zone, or a second clock, can settle it.
EXACT: dict[str, tuple[tuple[str, int], ...]] = {
    "est": (("America/New_York", -300),),
    "edt": (("America/New_York", -240),),
    "cst": (("America/Chicago", -360), ("Asia/Shanghai", 480), ("America/Havana", -300)),
    "cdt": (("America/Chicago", -300),),
    "mst": (("America/Denver", -420),),
    "mdt": (("America/Denver", -360),),
    "pst": (("America/Los_Angeles", -480),),
    "pdt": (("America/Los_Angeles", -420),),
    "akst": (("America/Anchorage", -540),),
    "akdt": (("America/Anchorage", -480),),
    "hst": (("Pacific/Honolulu", -600),),
    "ast": (("America/Halifax", -240), ("Asia/Riyadh", 180)),
    "adt": (("America/Halifax", -180),),
    "nst": (("America/St_Johns", -210),),
    "ndt": (("America/St_Johns", -150),),
    "bst": (("Europe/London", 60), ("Asia/Dhaka", 360)),
    "ist": (("Asia/Kolkata", 330), ("Europe/Dublin", 60), ("Asia/Jerusalem", 120)),
    "idt": (("Asia/Jerusalem", 180),),
    "cet": (("Europe/Paris", 60),),
    "cest": (("Europe/Paris", 120),),
    "eet": (("Europe/Helsinki", 120),),
    "eest": (("Europe/Helsinki", 180),),
    "wet": (("Europe/Lisbon", 0),),
    "west": (("Europe/Lisbon", 60),),
    "msk": (("Europe/Moscow", 180),),
    "sast": (("Africa/Johannesburg", 120),),
    "eat": (("Africa/Nairobi", 180),),
    "pkt": (("Asia/Karachi", 300),),
    "jst": (("Asia/Tokyo", 540),),
    "kst": (("Asia/Seoul", 540),),
    "hkt": (("Asia/Hong_Kong", 480),),
    "awst": (("Australia/Perth", 480),),
    "acst": (("Australia/Adelaide", 570), ("Australia/Darwin", 570)),
    "acdt": (("Australia/Adelaide", 630),),
    "aest": (("Australia/Sydney", 600),),
    "aedt": (("Australia/Sydney", 660),),
    "nzst": (("Pacific/Auckland", 720),),
    "nzdt": (("Pacific/Auckland", 780),),
}

#: In Australia people drop the A.
AUSTRALIAN = {
    "est": ("Australia/Sydney", 600),
    "edt": ("Australia/Sydney", 660),
    "cst": ("Australia/Adelaide", 570),
    "cdt": ("Australia/Adelaide", 630),
}

#: Fixed in every season; a clock that reads GMT all year is usual in embargo lines.
FIXED = {"gmt": 0, "utc": 0, "z": 0, "zulu": 0, "ut": 0, "sgt": 480}

#: Long names of exact offsets.
LONG = {
    "eastern standard": "est",
    "eastern daylight": "edt",
    "central standard": "cst-us",
    "central daylight": "cdt",
    "mountain standard": "mst",
    "mountain daylight": "mdt",
    "pacific standard": "pst",
    "pacific daylight": "pdt",
    "alaska standard": "akst",
    "alaska daylight": "akdt",
    "hawaii standard": "hst",
    "hawaii-aleutian standard": "hst",
    "atlantic standard": "ast-ca",
    "atlantic daylight": "adt",
    "british summer": "bst-uk",
    "irish standard": "ist-ie",
    "irish summer": "ist-ie",
    "india standard": "ist-in",
    "indian standard": "ist-in",
    "israel standard": "ist-il",
    "israel daylight": "idt",
    "greenwich mean": "gmt",
    "coordinated universal": "utc",
    "universal": "utc",
    "central european summer": "cest",
    "central european standard": "cet",
    "eastern european summer": "eest",
    "eastern european standard": "eet",
    "western european summer": "west",
    "china standard": "cst-cn",
    "japan standard": "jst",
    "korea standard": "kst",
    "singapore standard": "sgt",
    "singapore": "sgt",
    "australian eastern standard": "aest",
    "australian eastern daylight": "aedt",
    "australian central standard": "acst",
    "australian central daylight": "acdt",
    "australian western standard": "awst",
    "new zealand standard": "nzst",
    "new zealand daylight": "nzdt",
}

#: One home of an abbreviation that has several, if the words leave no doubt.
ONE_HOME: dict[str, tuple[str, int]] = {
    "cst-us": ("America/Chicago", -360),
    "cst-cn": ("Asia/Shanghai", 480),
    "ast-ca": ("America/Halifax", -240),
    "bst-uk": ("Europe/London", 60),
    "ist-ie": ("Europe/Dublin", 60),
    "ist-in": ("Asia/Kolkata", 330),
    "ist-il": ("Asia/Jerusalem", 120),
}

#: Places that give their name to a clock and no name to a zone file.
_MORE_PLACES = {
    "beijing": "Asia/Shanghai",
    "china": "Asia/Shanghai",
    "canberra": "Australia/Sydney",
    "washington": "America/New_York",
    "washington dc": "America/New_York",
    "washington, dc": "America/New_York",
    "d.c.": "America/New_York",
    "boston": "America/New_York",
    "miami": "America/New_York",
    "atlanta": "America/New_York",
    "philadelphia": "America/New_York",
    "houston": "America/Chicago",
    "dallas": "America/Chicago",
    "austin": "America/Chicago",
    "california": "America/Los_Angeles",
    "san francisco": "America/Los_Angeles",
    "san diego": "America/Los_Angeles",
    "sacramento": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "las vegas": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "ottawa": "America/Toronto",
    "montreal": "America/Toronto",
    "geneva": "Europe/Zurich",
    "swiss": "Europe/Zurich",
    "frankfurt": "Europe/Berlin",
    "munich": "Europe/Berlin",
    "german": "Europe/Berlin",
    "germany": "Europe/Berlin",
    "milan": "Europe/Rome",
    "barcelona": "Europe/Madrid",
    "edinburgh": "Europe/London",
    "cardiff": "Europe/London",
    "uk": "Europe/London",
    "u.k.": "Europe/London",
    "british": "Europe/London",
    "irish": "Europe/Dublin",
    "israel": "Asia/Jerusalem",
    "tel aviv": "Asia/Jerusalem",
    "delhi": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "bangalore": "Asia/Kolkata",
    "india": "Asia/Kolkata",
    "indian": "Asia/Kolkata",
    "japan": "Asia/Tokyo",
    "osaka": "Asia/Tokyo",
    "korea": "Asia/Seoul",
    "hanoi": "Asia/Bangkok",
    "cape town": "Africa/Johannesburg",
    "south africa": "Africa/Johannesburg",
    "south african": "Africa/Johannesburg",
    "abuja": "Africa/Lagos",
    "rio de janeiro": "America/Sao_Paulo",
    "wellington": "Pacific/Auckland",
    "new zealand": "Pacific/Auckland",
    "nz": "Pacific/Auckland",
    "abu dhabi": "Asia/Dubai",
    "new york city": "America/New_York",
    "nyc": "America/New_York",
}

#: States and countries by the clock that most of their people live by. A place counts as a clock only right beside an
#: hour;
#: elsewhere in a phrase without a zone, a clock that differs from the office's is asked about.
_REGIONS = {
    "America/New_York": "connecticut|delaware|florida|georgia|maine|maryland|massachusetts|michigan|new hampshire"
    "|new jersey|north carolina|ohio|pennsylvania|rhode island|south carolina|vermont|virginia|west virginia"
    "|charlotte|baltimore|pittsburgh|cleveland|orlando|tampa|east coast",
    "America/Chicago": "alabama|arkansas|illinois|iowa|kansas|louisiana|minnesota|mississippi|missouri|nebraska"
    "|north dakota|oklahoma|south dakota|tennessee|texas|wisconsin|st. louis|st louis|kansas city|minneapolis|omaha"
    "|new orleans|memphis|milwaukee|nashville|san antonio",
    "America/Denver": "colorado|montana|new mexico|utah|wyoming|idaho|salt lake city|albuquerque",
    "America/Los_Angeles": "oregon|nevada|portland|reno|spokane|west coast",
    "America/Toronto": "ontario|quebec",
    "America/Vancouver": "british columbia",
    "Asia/Shanghai": "chinese|shenzhen|guangzhou",
    "Asia/Tokyo": "japanese",
    "Asia/Seoul": "south korea|korean",
    "Asia/Jerusalem": "israeli|jerusalem",
    "Asia/Manila": "philippines|philippine",
    "Asia/Bangkok": "thailand|vietnam",
    "Asia/Karachi": "pakistan|islamabad|lahore",
    "Asia/Riyadh": "saudi arabia",
    "Asia/Dubai": "uae|emirates",
    "Asia/Taipei": "taiwan",
    "Australia/Sydney": "new south wales|nsw|victoria",
    "Australia/Brisbane": "queensland",
    "Africa/Lagos": "nigeria|nigerian",
    "Africa/Nairobi": "kenya|kenyan",
    "Africa/Cairo": "egypt|egyptian",
    "Europe/London": "england|scotland|wales|united kingdom|britain|manchester|birmingham|glasgow",
    "Europe/Dublin": "ireland",
    "Europe/Paris": "france|french|strasbourg",
    "Europe/Madrid": "spain|spanish",
    "Europe/Rome": "italy|italian",
    "Europe/Zurich": "switzerland|bern|basel|davos",
    "Europe/Brussels": "belgium|belgian",
    "Europe/Amsterdam": "netherlands|dutch|the hague|hague",
    "Europe/Vienna": "austria|austrian",
    "Europe/Stockholm": "sweden|swedish",
    "Europe/Oslo": "norway|norwegian",
    "Europe/Copenhagen": "denmark|danish",
    "Europe/Helsinki": "finland|finnish",
    "Europe/Warsaw": "poland|polish",
    "Europe/Athens": "greece|greek",
    "Europe/Kyiv": "ukraine|ukrainian",
    "Europe/Moscow": "russia|russian",
    "Europe/Lisbon": "portugal|portuguese",
    "Europe/Istanbul": "turkey|turkish|ankara",
}

_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Pacific", "Indian")

#: Zone files that are named like ordinary words, or like other things than a place.
_NO_PLACES = frozenset(
    "act center central christmas chagos cocos currie easter eastern gap general ho indiana knox lhi male marengo"
    " midway mountain nome north north_dakota pacific reunion south troll wake west yap".split()
)


@cache
def zone_names() -> dict[str, str]:
    """Return every zone of the database, by its name in lower case."""
    return {name.lower(): name for name in database_file("zones").split()}


@cache
def place_zones() -> dict[str, str]:
    """Return lower-case names of places with the IANA zone of their clock: every zone's own city, and some more."""
    places: dict[str, str] = {}
    for name in sorted(zone_names().values()):
        area, _, city = name.rpartition("/")
        word = city.lower()
        if area.split("/")[0] in _AREAS and word not in _NO_PLACES and word.replace("_", "").isalpha():
            places.setdefault(word.replace("_", " "), name)
    for zone, names in _REGIONS.items():
        places |= dict.fromkeys(names.split("|"), zone)
    return places | _MORE_PLACES


def _words_of(names: Iterable[str]) -> str:
    escaped = (re.escape(name).replace(r"\ ", r"\s+") for name in names)
    return "|".join(sorted(escaped, key=len, reverse=True))


#: Abbreviations that are words too: a zone only right beside a clock.
_WORDS_TOO = frozenset({"west", "eat", "wet", "ut", "z", "mt", "ct", "ast"})


def _iana(found: re.Match[str]) -> Part | None:
    name = zone_names().get(found[0])
    return ZoneMention(*found.span(), found[0], iana=name) if name else None


def _offset(found: re.Match[str]) -> Part | None:
    hours, minutes = int(found["off_hours"]), int(found["off_minutes"] or 0)
    if hours > 14 or minutes > 59:
        return Doubt(*found.span(), Why.NO_ZONE_OFFSET)
    offset = timedelta(hours=hours, minutes=minutes) * (-1 if found["off_sign"] == "-" else 1)
    return ZoneMention(*found.span(), found[0], offset=offset)


def _bare_offset(found: re.Match[str]) -> Part | None:
    offset = timedelta(hours=int(found["bo_hours"]), minutes=int(found["bo_minutes"]))
    return ZoneMention(*found.span(), found[0], offset=offset * (-1 if found["bo_sign"] == "-" else 1))


def _long(found: re.Match[str]) -> Part | None:
    name = " ".join(found["long_name"].split())
    if name in LONG:
        return _exact(found, LONG[name])
    return ZoneMention(*found.span(), name, iana=GENERIC[name])


def _generic(found: re.Match[str]) -> Part | None:
    return ZoneMention(*found.span(), found["gen_name"], iana=GENERIC[found["gen_name"]], bare=True)


def _exact(found: re.Match[str], name: str, *, bare: bool = False) -> Part:
    if name in FIXED:
        return ZoneMention(*found.span(), name, offset=timedelta(minutes=FIXED[name]), bare=bare)
    return ZoneMention(*found.span(), name, exact=name, bare=bare)


def _abbreviation(found: re.Match[str]) -> Part | None:
    name = found["abbr_name"].replace(".", "").replace(" ", "").replace("\n", "")
    bare = name in _WORDS_TOO
    if bare and name.isalpha() and len(name) > 2 and found[0].rstrip().endswith("time"):
        return None
    if name in GENERIC:
        return ZoneMention(*found.span(), name, iana=GENERIC[name], bare=bare)
    return _exact(found, name, bare=bare)


def _city(found: re.Match[str]) -> Part | None:
    name = " ".join(found["city_name"].split())
    return ZoneMention(*found.span(), name, iana=place_zones()[name], bare=found["city_time"] is None)


_US = r"(?:u\.?s\.?(?:a\.?)?[\s-]+)?"


def patterns() -> list[tuple[str, str, Callable[[re.Match[str]], Part | None]]]:
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
        ("longzone", rf"\b{_US}(?P<long_name>{_words_of((*LONG, *GENERIC))})\s+time\b", _long),
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
