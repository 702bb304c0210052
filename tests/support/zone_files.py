"""Zone databases of the tests' own making: the rules of one zone changed, as a legislature would."""

from __future__ import annotations

import io
import struct
import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from pressrelease.when import rules, zones

LA = "America/Los_Angeles"


def zone_bytes(offset: timedelta, name: str = "XST", rest: str = "") -> bytes:
    """A zone file (RFC 9636) whose clock is always at `offset` from UTC, or goes by `rest` of a POSIX TZ string."""
    seconds = round(offset.total_seconds())
    counts = struct.pack(">6l", 0, 0, 0, 0, 1, len(name) + 1)
    block = struct.pack(">lbb", seconds, 0, 0) + name.encode() + b"\0"
    header = b"TZif2" + bytes(15) + counts
    behind, sign = abs(seconds), "" if seconds <= 0 else "-"
    posix = f"{name}{sign}{behind // 3600}:{behind // 60 % 60:02}:{behind % 60:02}{rest}"
    return header + block + header + block + b"\n" + posix.encode() + b"\n"


def zone_of(offset: timedelta, name: str = "XST", rest: str = "") -> ZoneInfo:
    """Such a zone, under the name of California's."""
    return ZoneInfo.from_file(io.BytesIO(zone_bytes(offset, name, rest)), key=LA)


def database(folder: Path, offset: timedelta, release: str = "", *, zone: str = LA, rest: str = "") -> Path:
    """A folder for PYTHONTZPATH with one zone of other rules; `release` "" for a database that doesn't say."""
    file = folder / zone
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(zone_bytes(offset, rest=rest))
    if release:
        (folder / "tzdata.zi").write_text(f"# version {release}\n", encoding="utf-8")
    return folder


@contextmanager
def going_by(*folders: Path) -> Iterator[None]:
    """Have this process go by these databases before the system's, and then by the system's again."""
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(to=[*map(str, folders), *before])
    _forget()
    try:
        yield
    finally:
        zoneinfo.reset_tzpath(to=before)
        _forget()


def _forget() -> None:
    ZoneInfo.clear_cache()
    rules._loaded.clear()
    zones.abbreviations.cache_clear()
