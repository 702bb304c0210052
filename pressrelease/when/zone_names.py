"""Propose the IANA zone that "PST", "Pacific Time", "California" or "Sacramento" most likely means.

A person confirms it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pressrelease.when.places import EXACT, GENERIC
from pressrelease.when.zones import read_zone

#: Every state's zone; if a state has two, that of most of its people, and a question is asked anyhow.
_STATES = {
    "America/New_York": "connecticut ct delaware de florida fl georgia ga maine me maryland md massachusetts ma"
    " michigan:America/Detroit mi:America/Detroit new-hampshire nh new-jersey nj new-york ny north-carolina nc ohio oh"
    " indiana:America/Indiana/Indianapolis in:America/Indiana/Indianapolis pennsylvania pa rhode-island ri"
    " south-carolina sc vermont vt virginia va west-virginia wv kentucky ky district-of-columbia washington-dc dc",
    "America/Chicago": "alabama al arkansas ar illinois il iowa ia kansas ks louisiana la minnesota mn mississippi ms"
    " missouri mo nebraska ne north-dakota nd oklahoma ok south-dakota sd tennessee tn texas tx wisconsin wi",
    "America/Denver": "colorado co montana mt new-mexico nm utah ut wyoming wy idaho:America/Boise id:America/Boise",
    "America/Phoenix": "arizona az",
    "America/Los_Angeles": "california ca calif nevada nv oregon or ore washington wa wash",
    "America/Anchorage": "alaska ak",
    "Pacific/Honolulu": "hawaii hi",
    "America/Puerto_Rico": "puerto-rico pr",
    "Pacific/Guam": "guam gu",
}

#: Cities that people name, beyond those that the zone database knows by itself.
_CITIES = {
    "America/Los_Angeles": "sacramento san-francisco san-diego san-jose fresno oakland long-beach bakersfield anaheim"
    " santa-ana riverside stockton irvine roseville auburn rocklin lincoln placer placer-county modesto redding"
    " santa-rosa seattle spokane tacoma portland salem eugene las-vegas reno carson-city la sf",
    "America/Denver": "salt-lake-city albuquerque santa-fe colorado-springs aurora cheyenne billings helena el-paso",
    "America/Phoenix": "tucson mesa scottsdale",
    "America/Chicago": "houston dallas san-antonio austin fort-worth milwaukee madison minneapolis st-paul kansas-city"
    " st-louis omaha oklahoma-city tulsa memphis nashville new-orleans baton-rouge little-rock des-moines springfield"
    " wichita topeka birmingham montgomery jackson",
    "America/New_York": "boston philadelphia washington baltimore atlanta miami orlando tampa jacksonville tallahassee"
    " charlotte raleigh richmond norfolk pittsburgh cleveland columbus cincinnati buffalo albany hartford providence"
    " newark trenton nyc manhattan brooklyn charleston columbia",
    "Pacific/Honolulu": "honolulu hilo",
    "America/Anchorage": "fairbanks",
}


def _table(rows: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for zone, words in rows.items():
        for word in words.split():
            name, _, own = word.partition(":")
            found.setdefault(name.replace("-", " "), own or zone)
    return found


#: A place before its state: "Washington" alone is the state of that name, which more people mean.
_PLACES = _table(_STATES) | {name: zone for name, zone in _table(_CITIES).items() if name not in _table(_STATES)}

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
