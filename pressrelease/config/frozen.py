"""What config.toml adds to a release, frozen with its version, and which of it was changed since then.

    config.toml ──frozen_settings──▶ JSON, kept with the version and covered by its approval
that JSON and the present config ──changes──▶ which keys differ, in words

`Key.covers` says which keys are frozen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pressrelease.config.keys import Cover, Key
from pressrelease.config.outlet_keys import outlet_kind
from pressrelease.config.sections import SECTIONS
from pressrelease.config.settings import ClearanceRule, Config, Office, OutletConfig, SecretReference
from pressrelease.release.model import Contact

FORMAT = 1

#: The key under which `changes` returns what concerns every outlet.
EVERYWHERE = ""


def frozen_settings(config: Config, outlets: Iterable[str], clearances: Iterable[str] = ()) -> str:
    """Return what config.toml adds to a release for `outlets` that needs `clearances`, as JSON.

    It is the same text for the same values.
    """
    values: dict[str, Any] = {"format": FORMAT}
    for section in SECTIONS:
        covered = {key.name: _plain(getattr(_table(config, section.name), key.name)) for key in _covered(section.keys)}
        if covered:
            values[section.name] = covered
    if rules := [config.clearances[name] for name in clearances if name in config.clearances]:
        values["clearances"] = {rule.name: _of_clearance(rule) for rule in rules}
    values["outlets"] = {name: _of_outlet(config.outlets[name]) for name in outlets if name in config.outlets}
    import json  # needed by few of the commands that read a config

    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def settings_name(settings: str) -> str:
    """Return the SHA-256 (64 hex digits) that names frozen settings; "" if there are none."""
    return hashlib.sha256(settings.encode("utf-8", "surrogatepass")).hexdigest() if settings else ""


def office_of(settings: Mapping[str, Any], office: Office) -> Office:
    """Return the office as it was frozen; what an approval does not cover is taken from `office`."""
    frozen = dict(settings["office"])
    frozen["contact"] = Contact(**frozen.get("contact") or {})
    return office._replace(**{name: frozen[name] for name in frozen if name in Office._fields})


def outlets_of(settings: Mapping[str, Any], outlets: Mapping[str, OutletConfig]) -> dict[str, OutletConfig]:
    """Return `outlets` with the public addresses that were frozen; everything else is unchanged."""
    found = dict(outlets)
    for name, frozen in settings["outlets"].items():
        own = found.get(name, OutletConfig(name, frozen["type"]))
        kind = outlet_kind(frozen["type"])
        if kind is not None and kind.public_site:
            found[name] = own._replace(type=kind.name, settings={**own.settings, "url": frozen.get("url", "")})
    return found


def changes(settings: Mapping[str, Any], config: Config) -> dict[str, str]:
    """Return which keys of config.toml differ from what was frozen, in words, by outlet; empty if none does.

    What concerns every outlet has the key `EVERYWHERE`. An outlet that config.toml no longer has is left out.
    """
    found: dict[str, str] = {}
    for section in SECTIONS:
        frozen = settings.get(section.name)
        if frozen is None or EVERYWHERE in found:
            continue
        if words := _changed(section.name, section.keys, frozen, _table(config, section.name)):
            found[EVERYWHERE] = words
    for name, frozen in settings.get("clearances", {}).items():
        if EVERYWHERE not in found and (words := _clearance_changed(name, frozen, config.clearances.get(name))):
            found[EVERYWHERE] = words
    for name, frozen in settings["outlets"].items():
        if name in config.outlets and (words := _outlet_changed(config.outlets[name], frozen)):
            found[name] = words
    return found


def _changed(table: str, keys: Iterable[Key], frozen: Mapping[str, Any], now: object) -> str:
    """Return the first key of a table that differs, in words; "" if none does."""
    for key in _covered(keys):
        before, value = frozen.get(key.name, _plain(key.default)), _plain(getattr(now, key.name))
        if before == value:
            continue
        if key.covers is Cover.YES:
            return f"[{table}] {key.name} was changed"
        if _WEAKER[key.name](before, value):
            return f"[{table}] {key.name} was made weaker"
    return ""


def _clearance_changed(name: str, frozen: Mapping[str, Any], rule: ClearanceRule | None) -> str:
    if rule is None:
        return f"[clearances.{name}] was deleted"
    now = _of_clearance(rule)
    if now["ask"] != frozen["ask"]:
        return f"[clearances.{name}] ask was changed"
    weaker = next((key for key in ("by", "life") if _WEAKER[key](frozen[key], now[key])), "")
    return f"[clearances.{name}] {weaker} was made weaker" if weaker else ""


def _of_clearance(rule: ClearanceRule) -> dict[str, Any]:
    """What a clearance's table says; `life` in whole seconds."""
    return {"ask": rule.ask, "by": list(rule.by), "life": int(rule.life.total_seconds())}


def _outlet_changed(outlet: OutletConfig, frozen: Mapping[str, Any]) -> str:
    now = _of_outlet(outlet)
    kind = outlet_kind(outlet.type)
    names = [key.name for key in _covered(kind.keys)] if kind is not None else sorted({*frozen, *now})
    defaults = {key.name: _plain(key.default) for key in kind.keys} if kind is not None else {}
    for name in dict.fromkeys(["type", *names]):
        default = defaults.get(name)
        if frozen.get(name, default) != now.get(name, default):
            return f"[outlets.{outlet.name}] {name} was changed"
    return ""


def _of_outlet(outlet: OutletConfig) -> dict[str, Any]:
    """Return what an outlet's table adds; for a kind from another package, everything but its secrets."""
    kind = outlet_kind(outlet.type)
    if kind is None:
        covered = {name: value for name, value in outlet.settings.items() if not isinstance(value, SecretReference)}
    else:
        covered = {key.name: outlet.settings.get(key.name, key.default) for key in _covered(kind.keys)}
    return {"type": outlet.type, **{name: _plain(value) for name, value in covered.items()}}


def _table(config: Config, section: str) -> Any:
    return getattr(config, section, None)


def _covered(keys: Iterable[Key]) -> list[Key]:
    return [key for key in keys if key.covers is not Cover.NO]


def _plain(value: Any) -> Any:
    """Return a value of config.toml for JSON; a secret stays the reference that config.toml has."""
    if isinstance(value, SecretReference):  # a tuple too, like Contact, so both are checked before tuples
        return {value.source.value: value.name}
    if isinstance(value, Contact):
        return {name: part for name, part in value._asdict().items() if part}
    if isinstance(value, Mapping):
        # A secret header is a login, and no part of what readers get.
        return {name: _plain(inner) for name, inner in value.items() if not isinstance(inner, SecretReference)}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


#: Whether a rule about who approves or clears requires less than it did. Arguments: the frozen value, the present one.
_WEAKER: Mapping[str, Callable[[Any, Any], bool]] = {
    "approvals": lambda before, now: bool(now < before),
    "approvers": lambda before, now: bool(before) and (not now or not set(now) <= set(before)),
    "lifters": lambda before, now: bool(before) and (not now or not set(now) <= set(before)),
    "author_may_approve": lambda before, now: bool(now and not before),
    "allowed_signers": lambda before, now: bool(before and not now),
    "by": lambda before, now: not set(now) <= set(before),
    "life": lambda before, now: bool(now > before),
}
