"""Texts of config.toml, and what is read from them or wrong with them."""

from __future__ import annotations

from typing import Any

import pytest

from pressrelease.config import (
    OutletConfig,
    read_config,
)
from pressrelease.errors import ConfigRefused, Problem

OFFICE = '[office]\nname = "District Attorney"\ntimezone = "America/Los_Angeles"\n'


ENV = '{ env = "SECRET" }'


def problems(text: str, *, office: bool = True) -> tuple[Problem, ...]:
    with pytest.raises(ConfigRefused) as caught:
        read_config((OFFICE if office else "") + text)
    return caught.value.problems


def outlet(text: str) -> OutletConfig:
    [found] = read_config(f"{OFFICE}[outlets.media]\n{text}").outlets.values()
    return found


def as_toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(character):08x}" for character in value) + '"'
    if isinstance(value, list):
        return f"[{', '.join(map(as_toml, value))}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{as_toml(key)} = {as_toml(entry)}' for key, entry in value.items())} }}"
    return value.isoformat() if hasattr(value, "isoformat") else repr(value)
