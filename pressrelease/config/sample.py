"""A config.toml to start from, written from the tables that validate it."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

from pressrelease.config.keys import Key, OutletKind
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS
from pressrelease.config.sections import CLEARANCE_KEYS, SECTIONS
from pressrelease.config.values import duration_text
from pressrelease.release.model import Contact

_HEAD = """\
# The office, its outlets, its rules. A line that begins with # is a comment. If a key follows the # directly, the line
# shows its default or an example: delete the # to set it.
# Never write a secret here: write { env = "NAME" }, { file = "path" } (mode 0600) or { keyring = "service/name" }.
# Lengths of time: "5s", "2m", "1h", "3d". To check this file: `pressrelease doctor`.
"""

#: Names of the sample's outlets if they differ from their kind.
_NAMES = {"webhook": "media"}


def sample_config(office_name: str, timezone: str, url: str = "", *, contact: Contact | None = None) -> str:
    """Return a whole config.toml for a new office; every key is in it, commented, with its default.

    `url` is where the newsroom will be read. Nothing is checked here: give the text to `read_config`.
    """
    given = {"name": office_name, "timezone": timezone}
    lines = [_HEAD]
    for section in SECTIONS:
        lines += [f"# {section.help}", f"[{section.name}]"]
        for key in section.keys:
            if section.name == "office" and key.name in given:
                lines.append(_set(key, given[key.name]))
            elif section.name == "office" and key.name == "contact" and contact is not None:
                lines.append(_set(key, contact))
            elif section.name == "defaults":
                lines.append(_set(key, key.default))
            else:
                lines.append(_shown(key))
        lines.append("")
    lines += ["# A question that must be answered before a release goes out.", "#[clearances.charges]"]
    lines += [*map(_shown, CLEARANCE_KEYS), ""]
    for kind in OUTLET_KINDS:
        lines += _outlet(kind, {"url": url} if url else {})
    return "\n".join(lines)


def _outlet(kind: OutletKind, given: dict[str, str]) -> list[str]:
    off = "" if kind.public_site else "#"
    lines = [f"# {kind.name}: {kind.help}.", f"{off}[outlets.{_NAMES.get(kind.name, kind.name)}]"]
    lines.append(f'{off}type = "{kind.name}"')
    for key in (*kind.keys, *COMMON_KEYS):
        lines.append(_set(key, given[key.name]) if not off and key.name in given else _shown(key))
    return [*lines, ""]


def _set(key: Key, value: Any) -> str:
    return f"{key.name} = {_toml(value)}  # {key.help}"


def _shown(key: Key) -> str:
    return f"#{key.name} = {key.sample or _toml(key.default)}  # {key.help}"


def _toml(value: Any) -> str:
    """Return a value of ours as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, timedelta):
        return f'"{duration_text(value)}"'
    if isinstance(value, time):
        return f'"{value:%H:%M}"'
    if isinstance(value, str):
        return f'"{"".join(_escaped(character) for character in value)}"'
    if isinstance(value, Contact):  # a tuple too, so it comes before tuples
        written = ", ".join(f"{name} = {_toml(part)}" for name, part in value._asdict().items() if part)
        return f"{{ {written} }}" if written else "{}"
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(entry) for entry in value)}]"
    return str(value)


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable() or character == " ":
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
