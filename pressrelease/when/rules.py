"""Read a zone's current rules from this machine's disk, with the release of the database that they are of.

A process that stays up would keep using the rules that it once loaded. Here each question checks whether the zone's
file has been replaced; if so, everything cached from the old one is dropped.
"""

from __future__ import annotations

import os
import zoneinfo
from functools import cache
from typing import NamedTuple

from pressrelease.errors import NOTHING_SENT, StateUnreadable


class Rules(NamedTuple):
    """A zone's clock, and the folder of the zone database that it was read from."""

    clock: zoneinfo.ZoneInfo
    folder: str

    @property
    def release(self) -> str:
        """The release of the database that they are of, like 2026a; "" if unknown."""
        return release_in(self.folder)


#: What was loaded of each zone, with what tells its file from any other.
_loaded: dict[str, tuple[object, Rules]] = {}


def present_rules(name: str) -> Rules:
    """Return the current rules of the IANA zone `name`. Raises StateUnreadable if there are none."""
    folder, file = _place_of(name)
    known = _loaded.get(name)
    if known is not None and known[0] == file:
        return known[1]
    try:
        found = Rules(zoneinfo.ZoneInfo.no_cache(name), folder)
    except (KeyError, ValueError, OSError):
        if known is not None:
            return known[1]  # its file is just being replaced
        raise StateUnreadable(
            f"This machine has no rules for the time zone {name!a}.",
            outcome=NOTHING_SENT,
            hint="pip install --upgrade tzdata, or update the system's tzdata package.",
            code="zone_unreadable",
        ) from None
    if known is not None:
        zoneinfo.ZoneInfo.clear_cache()
    _loaded[name] = file, found
    return found


def _place_of(name: str) -> tuple[str, object]:
    """Return the folder in which `zoneinfo` finds a zone, and what tells its file there from any other."""
    for folder in zoneinfo.TZPATH:
        try:
            return folder, _identity(f"{folder}/{name}")
        except (OSError, ValueError):
            continue
    folder = _package()
    try:
        return folder, _identity(f"{folder}/zoneinfo/{name}")
    except (OSError, ValueError):
        return folder, None


@cache
def _package() -> str:
    """Return the folder of the package `tzdata`, the fallback for the system's; "" if it is not installed."""
    from importlib.util import find_spec

    found = find_spec("tzdata")
    return os.path.dirname(found.origin) if found is not None and found.origin else ""  # noqa: PTH120


def database_release() -> str:
    """Return the release of the zone database that most zones are read from, like 2026a; "" if unknown."""
    for folder in zoneinfo.TZPATH:
        if (release := release_in(folder)) or os.path.exists(f"{folder}/UTC"):  # noqa: PTH110
            return release
    return release_in(_package())


#: Where a zone database names its release, and the text before it: the system's files, macOS's, the package's.
_SAYS = (("tzdata.zi", "# version"), ("+VERSION", ""), ("__init__.py", "IANA_VERSION ="))

#: What each of those files said, with what tells it from any other.
_said: dict[str, tuple[object, str]] = {}


def release_in(folder: str) -> str:
    """Return the release of the zone database in a folder, "" if it names none, or an invalid one."""
    for name, mark in _SAYS:
        path = f"{folder}/{name}"
        try:
            found = _identity(path)
            known = _said.get(path)
            if known is None or known[0] != found:
                with open(path, encoding="utf-8") as stream:  # noqa: PTH123
                    lines = stream if name.endswith(".py") else [stream.readline()]
                    said = next((line for line in lines if line.startswith(mark)), "")
                _said[path] = known = found, said.removeprefix(mark).strip(" \"'\n")
        except (OSError, ValueError):
            continue
        if is_release(known[1]):
            return known[1]
    return ""


def _identity(path: str) -> object:
    """Return what tells the file at a path from any that may replace it. Raises OSError, ValueError."""
    found = os.stat(path)  # noqa: PTH116  (asked for each delivery: a Path costs as much again)
    return path, found.st_mtime_ns, found.st_ino, found.st_size


def is_release(text: str) -> bool:
    """Return whether a text names a release of the zone database, like 2026a: later ones sort behind earlier ones."""
    return text[:4].isdecimal() and text[4:].isalpha() and text.isascii() and text.islower()
