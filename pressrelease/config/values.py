"""Functions that read single values: TOML's value in, ours out, or Wrong with what to write instead.

No message ever repeats a value, because it could be a secret at the wrong key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

from pressrelease.config.keys import Reader, Several, Wrong
from pressrelease.config.settings import SecretReference, SecretSource
from pressrelease.errors import Refused
from pressrelease.release.text import forbidden_in

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LONGEST_TEXT = 2000
MOST_ENTRIES = 1000

_NAME = re.compile(r"[a-z0-9_-]{1,60}")
_REFERENCE = 'Write { env = "NAME" }, { file = "path" } or { keyring = "service/name" }.'


def text(value: Any) -> str:
    """Return one line of text, not empty."""
    if not isinstance(value, str):
        raise Wrong("should be text", 'Put it in double quotes: "…".')
    if not value.strip():
        raise Wrong("is empty", "Write something, or delete the line.")
    return _one_line(value)


def _one_line(value: str) -> str:
    if forbidden_in(value) or "\n" in value or "\t" in value:
        raise Wrong("contains a line break, a tab or an invisible character", "Type it again on one line.")
    if len(value) > LONGEST_TEXT:
        raise Wrong(f"is longer than {LONGEST_TEXT:,} characters")
    return value.strip()


def text_or_empty(value: Any) -> str:
    """Return one line of text; "" for none."""
    if value == "":
        return ""
    return text(value)


def flag(value: Any) -> bool:
    """Return a TOML boolean."""
    if not isinstance(value, bool):
        raise Wrong("should be true or false", "Write true or false, in small letters and without quotes.")
    return value


def whole(least: int, most: int) -> Reader:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Wrong(
                f"should be a whole number from {least} to {most}", f"Write a number from {least} to {most}, no quotes."
            )
        return value

    return read


def share(value: Any) -> float:
    """Return a number from 0 to 1."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Wrong("should be a number from 0 to 1", "Write a number from 0 to 1, like 0.2.")
    return float(value)


def one_of(*choices: str) -> Reader:
    """Return a reader of one of a few words."""

    def read(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        near = did_you_mean(value, choices) if isinstance(value, str) else ""
        raise Wrong(f"should be one of {', '.join(choices)}{near}", f'Write it in quotes: "{choices[0]}".')

    return read


def duration(least: timedelta, most: timedelta) -> Reader:
    """Return a reader of lengths of time from `least` to `most`: "5s", "2m", "1h", "3d"."""

    def read(value: Any) -> timedelta:
        from pressrelease.when import read_duration

        shape = 'Write a number and s, m, h or d in quotes: "30s", "24h".'
        if not isinstance(value, str):
            raise Wrong("should be a length of time", shape)
        try:
            found: timedelta = read_duration(value)
        except Refused:
            raise Wrong("is not a length of time", shape) from None
        if not least <= found <= most:
            raise Wrong(f"should be between {duration_text(least)} and {duration_text(most)}", shape)
        return found

    return read


def duration_or_empty(least: timedelta, most: timedelta) -> Reader:
    """As `duration`; None for an empty text."""
    read = duration(least, most)
    return lambda value: None if value == "" else read(value)


def duration_text(length: timedelta) -> str:
    """Return a duration as config.toml writes it, in its largest whole unit."""
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0 and (unit != "d" or seconds > size):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def wall_time(value: Any) -> time:
    """Return a local time of day, "HH:MM"."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise Wrong("should be a time of day", 'Write hours and minutes, 00:00 to 23:59, in quotes: "09:00".')
    return time.fromisoformat(value)


def wall_time_or_empty(value: Any) -> time | None:
    """As `wall_time`; None for an empty text."""
    return None if value == "" else wall_time(value)


def timezone(value: Any) -> str:
    """Return an IANA zone that exists on this machine; no leap-second or machine-local zone."""
    name = text(value)
    if re.fullmatch(r"[A-Za-z0-9_+/-]+", name) and not name.startswith(("right/", "posix/", "/")):
        import zoneinfo

        try:
            zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            pass
        else:
            # On a disk that ignores case, "america/los_angeles" opens too, here and nowhere else.
            if name not in {"localtime", "posixrules", "Factory"} and (name == "UTC" or name[0].isupper()):
                return name
    raise Wrong(f"is not a time zone of the IANA database{_zones_like(name)}", 'Write it like "America/Los_Angeles".')


def _zones_like(name: str) -> str:
    import difflib
    import zoneinfo

    zones = {zone.lower(): zone for zone in sorted(zoneinfo.available_timezones())}
    wanted = name.strip().lower().replace(" ", "_")
    cities: dict[str, str] = {}
    for lowered, zone in zones.items():
        cities.setdefault(lowered.rpartition("/")[2], zone)
    for names in (zones, cities):
        found = difflib.get_close_matches(wanted, names, n=1, cutoff=0.75)
        if found:
            return f"; did you mean {names[found[0]]}?"
    return ""


def outlet_name(value: Any) -> str:
    """Return an outlet's name: `[a-z0-9_-]`, 1 to 60 characters."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise Wrong("should be an outlet's name", "Use small letters, digits, _ and -.")
    return value


def list_of(reader: Reader, example: str, *, unique: bool = True, least: int = 0) -> Reader:
    """Return a reader of lists whose every entry `reader` accepts, as a tuple."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong("should be a list", f"Write it like {example}.")
        if len(value) < least:
            raise Wrong("should not be empty", f"Write it like {example}.")
        if len(value) > MOST_ENTRIES:
            raise Wrong(f"has more than {MOST_ENTRIES:,} entries")
        found, wrongs = [], []
        for number, entry in enumerate(value):
            try:
                result = reader(entry)
                if unique and result in found:
                    raise Wrong("is in this list twice", "Delete one of them.")
                found.append(result)
            except Wrong as wrong:
                wrongs.append(Wrong(f"entry {number + 1} {wrong.message}", wrong.hint, (number, *wrong.at)))
        if wrongs:
            raise Several(wrongs)
        return tuple(found)

    return read


def web_address(value: Any) -> str:
    """Return an https address, or http on loopback only; without a user name or password in it."""
    address = text(value)
    parts = _split(address)
    if parts.scheme not in {"https", "http"} or not parts.hostname or any(sign in address for sign in ' \\"<>'):
        raise Wrong("is not a web address", 'Write it in full: "https://news.example.org".')
    if parts.username is not None or parts.password is not None:
        raise Wrong("contains a user name or password", "Put them in their own keys, as references to a secret.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise Wrong("is not encrypted", "Write https:// instead of http://. Plain http is for this machine only.")
    return address


def _split(address: str) -> SplitResult:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  (raises if the port is not a number)
        parts.hostname  # noqa: B018
    except ValueError:
        raise Wrong("is not a web address", 'Write it in full: "https://news.example.org".') from None
    return parts


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is this machine: 127.0.0.0/8, ::1, localhost (RFC 6761, section 6.3)."""
    import ipaddress

    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def web_address_or_empty(value: Any) -> str:
    """Return what `web_address` does; "" for none."""
    return "" if value == "" else web_address(value)


def secret(value: Any) -> SecretReference:
    """Return where a secret is kept. Refuse a secret that is written out."""
    if not isinstance(value, dict):
        raise Wrong(
            "is a secret; don't write it in this file",
            f"Put the secret in a variable, a file or the keyring, and name that place. {_REFERENCE}",
        )
    known = [source.value for source in SecretSource]
    if len(value) != 1 or next(iter(value)) not in known:
        raise Wrong("should name exactly one place where the secret is kept", _REFERENCE)
    [(source, name)] = value.items()
    if not isinstance(name, str) or not name.strip() or forbidden_in(name) or "\n" in name or "\t" in name:
        raise Wrong("should name the place where the secret is kept", _REFERENCE)
    if source == "env" and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise Wrong("should name an environment variable", 'Write { env = "NAME" }: letters, digits and _ only.')
    if source == "keyring" and not all(part.strip() for part in name.rpartition("/")):
        raise Wrong("should name a service and a name in the keyring", 'Write { keyring = "service/name" }.')
    return SecretReference(SecretSource(source), name.strip())


def address_or_secret(value: Any) -> str | SecretReference:
    """Return a web address, or a reference to one that is itself a secret."""
    return secret(value) if isinstance(value, dict) else web_address(value)


def address_or_secret_or_empty(value: Any) -> str | SecretReference:
    """Return what `address_or_secret` does; "" for none."""
    return "" if value == "" else address_or_secret(value)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return "; did you mean x?", or "" if no known word is similar."""
    import difflib

    near = difflib.get_close_matches(word.lower(), known, n=1)
    return f"; did you mean {near[0]}?" if near else ""
