"""Turn the text of config.toml into a Config, or report every problem at once, each with its line and its fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pressrelease.config.keys import Key, Several, Wrong
from pressrelease.config.outlet_keys import COMMON_KEYS, OUTLET_KINDS, brought_by_others, keeps_public_site, outlet_kind
from pressrelease.config.outlet_values import foreign_settings
from pressrelease.config.sections import CLEARANCE_KEYS, SECTIONS
from pressrelease.config.settings import (
    CheckRules,
    ClearanceRule,
    ClockRules,
    Config,
    JournalRules,
    Notify,
    Office,
    OutletConfig,
    Policy,
    PromiseRules,
    Retry,
)
from pressrelease.config.values import did_you_mean, outlet_name
from pressrelease.errors import ConfigRefused, Problem

if TYPE_CHECKING:
    from pressrelease.config.line_numbers import Path


def read_config(text: str, *, source: str = "config.toml") -> Config:
    """Read and validate a whole config. Raises ConfigRefused with all problems; no value is repeated in them."""
    text = text.removeprefix("\ufeff")
    reading = _Loader(_parse(text, source), text)
    config = reading.config()
    if config is None or reading.problems:
        raise ConfigRefused(reading.problems, source)
    return config


def _parse(text: str, source: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, words = _place(str(error), text)
        problem = Problem(line, f"this is not valid TOML: {words}", 'Put text in double quotes: name = "…".')
        raise ConfigRefused([problem], source) from None
    except (ValueError, RecursionError, OverflowError):
        # A number with thousands of digits, or lists nested deeper than the stack allows.
        raise ConfigRefused(
            [Problem(0, "this is not valid TOML", "Start again from `pressrelease init`.")], source
        ) from None


def _place(words: str, text: str) -> tuple[int, str]:
    """Split tomllib's "Expected '=' … (at line 3, column 5)" into line and words."""
    import re

    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", words)
    if found is None:
        return 0, "it can't be read"
    line = int(found.group(1)) if found.group(1) else text.rstrip().count("\n") + 1
    # tomllib's message may quote a key of the file; for a syntax error it never quotes a value.
    return line, words[: found.start()][:100].rstrip(".")


class _Loader:
    """Reads one config and collects all problems instead of stopping at the first."""

    def __init__(self, values: dict[str, Any], text: str) -> None:
        self.problems: list[Problem] = []
        self._values = values
        self._text = text

    def config(self) -> Config | None:
        """Return the config, as far as it could be read; not to be used if there are problems."""
        known = (*(section.name for section in SECTIONS), "clearances", "outlets")
        for name in self._values:
            if name not in known:
                self._say((name,), f"[{_short(name)}] is not known{did_you_mean(name, known)}", _list("tables", known))
        found = {section.name: self._table((section.name,), section.keys) for section in SECTIONS}
        clearances = self._clearances()
        outlets = self._outlets()
        self._cross(found, outlets)
        if self.problems:
            return None
        return Config(
            office=Office(**found["office"]),
            default_outlets=found["defaults"]["outlets"],
            policy=Policy(**found["policy"]),
            retry=Retry(**found["retry"]),
            clock=ClockRules(**found["clock"]),
            store_url=found["store"]["url"],
            notify=Notify(**found["notify"]),
            outlets=outlets,
            clearances=clearances,
            journal=JournalRules(**found["journal"]),
            check=CheckRules(**found["check"]),
            promises=PromiseRules(**found["promises"]),
        )

    @cached_property
    def _lines(self) -> dict[Path, int]:
        from pressrelease.config.line_numbers import key_lines

        return key_lines(self._text)

    def _say(self, path: Path, message: str, hint: str = "") -> None:
        from pressrelease.config.line_numbers import line_of

        self.problems.append(Problem(line_of(self._lines, path), message, hint))

    def _table(self, path: Path, keys: tuple[Key, ...]) -> dict[str, Any]:
        """Return every key of one table with defaults filled in; those with problems are left out."""
        title = f"[{'.'.join(str(part) for part in path)}]"
        values = self._at(path)
        if not isinstance(values, dict):
            self._say(path, f"{title} should be a table", f"Write {title} on a line of its own, its keys below it.")
            return {}
        names = [key.name for key in keys]
        for name in values:
            if name not in names:
                self._say(
                    (*path, name),
                    f"{title} {_short(name)} is not known{did_you_mean(name, names)}",
                    _list("keys", names),
                )
        found: dict[str, Any] = {}
        for key in keys:
            if key.name in values:
                self._read(key, values[key.name], (*path, key.name), title, found)
            elif key.required:
                example = f" Write it like: {key.name} = {key.sample}" if key.sample else ""
                self._say(path, f"{title} {key.name} is missing", f"{title} {key.name}: {key.help}.{example}")
            else:
                found[key.name] = key.default
        return found

    def _read(self, key: Key, value: Any, path: Path, title: str, found: dict[str, Any]) -> None:
        wrongs: tuple[Wrong, ...]
        try:
            found[key.name] = key.reads(value)
        except Wrong as error:
            wrongs = (error,)
        except Several as error:
            wrongs = error.wrongs
        else:
            return
        for wrong in wrongs:
            hint = f"{title} {key.name}: {wrong.hint}" if wrong.hint else ""
            self._say((*path, *wrong.at), f"{title} {key.name} {wrong.message}", hint)

    def _at(self, path: Path) -> Any:
        value: Any = self._values
        for part in path:
            value = value.get(part, {})
        return value

    def _clearances(self) -> dict[str, ClearanceRule]:
        tables = self._at(("clearances",))
        if not isinstance(tables, dict):
            self._say(("clearances",), "[clearances] should hold a table a clearance", "Write [clearances.charges].")
            return {}
        found: dict[str, ClearanceRule] = {}
        for name in tables:
            path = ("clearances", name)
            try:
                outlet_name(name)
            except Wrong as wrong:
                self._say(path, "a clearance's name is not accepted", wrong.hint)
                continue
            before = len(self.problems)
            values = self._table(path, CLEARANCE_KEYS)
            if len(self.problems) == before:
                found[name] = ClearanceRule(name, **values)
        return found

    def _outlets(self) -> dict[str, OutletConfig]:
        tables = self._at(("outlets",))
        if not isinstance(tables, dict):
            self._say(("outlets",), "[outlets] should have one table for each outlet", "Write [outlets.newsroom].")
            return {}
        found: dict[str, OutletConfig] = {}
        for name in tables:
            outlet = self._outlet(name)
            if outlet is not None:
                found[name] = outlet
        return found

    def _outlet(self, name: str) -> OutletConfig | None:
        path = ("outlets", name)
        try:
            outlet_name(name)
        except Wrong as wrong:
            self._say(path, "an outlet's name is not allowed", wrong.hint)
            return None
        table = self._at(path)
        title = f"[outlets.{name}]"
        if not isinstance(table, dict):
            self._say(path, f"{title} should be a table", f"Write {title} on a line of its own, its keys below it.")
            return None
        known = [kind.name for kind in OUTLET_KINDS]
        if "type" not in table:
            near = f' It may be: type = "{name}"' if name in known else ""
            self._say(path, f"{title} type is missing", f"{title} type is one of {', '.join(known)}.{near}")
            return None
        given = table["type"]
        kind = outlet_kind(given) if isinstance(given, str) else None
        if kind is None and isinstance(given, str) and brought_by_others(given):
            return self._foreign(name, given)
        if kind is None:
            near = did_you_mean(given, known) if isinstance(given, str) else ""
            self._say(
                (*path, "type"), f"{title} type is not known{near}", f"{title} type is one of {', '.join(known)}."
            )
            return None
        before = len(self.problems)
        values = self._table(path, (Key("type", str, kind.help), *COMMON_KEYS, *kind.keys))
        if len(self.problems) == before:
            self._wrong(kind.rules(values), title, path)
        if len(self.problems) > before:
            # Its name is known, so that [defaults] or [notify] naming it is not a second problem.
            return OutletConfig(name, kind.name)
        settings = {key.name: values[key.name] for key in kind.keys}
        return OutletConfig(name, kind.name, values["enabled"], values["timeout"], settings)

    def _foreign(self, name: str, kind: str) -> OutletConfig:
        """Return an outlet of a kind from another package, which checks its own keys when it is opened."""
        path = ("outlets", name)
        table = self._at(path)
        title = f"[outlets.{name}]"
        common: dict[str, Any] = {key.name: key.default for key in COMMON_KEYS}
        for key in COMMON_KEYS:
            if key.name in table:
                self._read(key, table[key.name], (*path, key.name), title, common)
        settings: dict[str, Any] = {}
        try:
            settings = foreign_settings({key: table[key] for key in table if key != "type" and key not in common})
        except Several as several:
            self._wrong(several.wrongs, title, path)
        return OutletConfig(name, kind, common["enabled"], common["timeout"], settings)

    def _wrong(self, wrongs: Iterable[Wrong], title: str, path: Path) -> None:
        """Record problems whose `at` begins with the key that they are about."""
        for wrong in wrongs:
            where = f"{title} {_short(str(wrong.at[0]))}"
            self._say((*path, *wrong.at), f"{where} {wrong.message}", f"{where}: {wrong.hint}" if wrong.hint else "")

    def _cross(self, found: Mapping[str, dict[str, Any]], outlets: Mapping[str, OutletConfig]) -> None:
        """Record problems between two places of the config."""
        tables = self._at(("outlets",))
        names = list(tables) if isinstance(tables, dict) else []
        known = _list("outlets", names) if names else "There are no outlets yet."
        for section in ("defaults", "notify"):
            # A default that nobody wrote is reported for the release that relies on it, where it can be fixed.
            written = isinstance(self._at((section,)), dict) and "outlets" in self._at((section,))
            for number, name in enumerate(found[section].get("outlets", ()) if written else ()):
                path = (section, "outlets", number)
                if name not in names:
                    near = did_you_mean(name, names)
                    self._say(
                        path,
                        f"[{section}] outlets entry {number + 1} names an outlet that doesn't exist{near}",
                        f"{known} A new one begins with a line like [outlets.media], and has a type.",
                    )
                elif section == "notify" and name in outlets:
                    kind = outlet_kind(outlets[name].type)
                    if kind is not None and not kind.tells_people:
                        self._say(
                            path,
                            f"[notify] outlets: {name} is public and can't be used to notify the office",
                            "Name an outlet that only the office reads, such as a webhook or email.",
                        )
        approvals, approvers = found["policy"].get("approvals"), found["policy"].get("approvers")
        if approvals is not None and approvers and approvals > len(approvers):
            self._say(
                ("policy", "approvals"),
                f"[policy] approvals requires {approvals}, but only {len(approvers)} can approve",
                "Name more approvers, or require fewer approvals.",
            )
        self._shared_folders(outlets)

    def _shared_folders(self, outlets: Mapping[str, OutletConfig]) -> None:
        folders: dict[str, str] = {}
        for name, outlet in outlets.items():
            folder = outlet.settings.get("path") if keeps_public_site(outlet) else None
            if not isinstance(folder, str):
                continue
            plain = "/".join(part for part in folder.split("/") if part not in {"", "."}).casefold()
            if plain in folders:
                self._say(
                    ("outlets", name, "path"),
                    f"[outlets.{name}] path is the same as in [outlets.{folders[plain]}]",
                    "Each newsroom needs its own folder.",
                )
            folders.setdefault(plain, name)


def _short(key: str) -> str:
    """Return a key as a message may show it: printable and short."""
    plain = "".join(character for character in key if character.isprintable())
    return plain if len(plain) <= 40 else f"{plain[:40]}…"


def _list(what: str, known: Iterable[str]) -> str:
    return f"The {what} are {', '.join(known)}."
