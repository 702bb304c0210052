"""What differs between two versions of a release: everything that an approval covers. Pure.

    (the version that was approved last, the version to approve) ──difference──▶ Difference ──▶ a screen, JSON

Two versions with different names never have an empty difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pressrelease.release.model import Contact, Release
from pressrelease.release.word_changes import TextChange, text_changes


class Covered(NamedTuple):
    """What the approval of one version covers.

    `lift` is aware, None for one that goes out with its last approval, and `wall` is its wall time, "" for an instant.
    `recipients` maps each outlet to its recipients, "" for an outlet that is one place; `attachments` maps a path to
    the SHA-256 of its bytes; `settings` is what config.toml adds, table by table, empty if it was not kept.
    """

    version: str
    release: Release
    lift: datetime | None
    wall: str
    recipients: Mapping[str, frozenset[str]]
    attachments: Mapping[str, str]
    settings: Mapping[str, Any]


class ValueChange(NamedTuple):
    """One value that differs, as people read it: a key of the file, or of config.toml with its table. "" is none."""

    name: str
    before: str
    after: str


class LiftChange(NamedTuple):
    """The lift before and after (aware; None: with its last approval); the same if only its wall time differs."""

    before: datetime | None
    after: datetime | None


class RecipientChange(NamedTuple):
    """An outlet that is new or gone, or whose recipients differ. `joined` and `left` are addresses, in order."""

    outlet: str
    change: str  # added, removed or changed
    joined: tuple[str, ...]
    left: tuple[str, ...]


class AttachmentChange(NamedTuple):
    """A file that is attached now, is no longer, has other bytes, or another title or alt text."""

    path: str
    change: str  # added, removed, changed or described


class Difference(NamedTuple):
    """What differs, in the order in which an approver reads it."""

    lift: LiftChange | None
    recipients: tuple[RecipientChange, ...]
    values: tuple[ValueChange, ...]
    text: tuple[TextChange, ...]
    attachments: tuple[AttachmentChange, ...]
    config: tuple[ValueChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not any(self)


#: What is compared in another way, or is of the file alone.
_NOT_VALUES = frozenset({"slug", "body", "lines", "body_line", "source_hash"})


def difference(before: Covered, after: Covered) -> Difference:
    """Return what differs between two versions of one release."""
    moved = (before.lift, before.wall) != (after.lift, after.wall)
    recipients = tuple(_recipients(before.recipients, after.recipients))
    attachments = tuple(_attachments(before, after))
    shown = {"outlets"} if before.recipients.keys() != after.recipients.keys() else set()
    shown |= {"attachments"} if attachments else set()
    return Difference(
        lift=LiftChange(before.lift, after.lift) if moved else None,
        recipients=recipients,
        values=tuple(one for one in _values(before.release, after.release) if one.name not in shown),
        text=text_changes(before.release.body, after.release.body),
        attachments=attachments,
        config=tuple(_settings(before.settings, after.settings)),
    )


def _kinds(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield each key that was added, removed or changed, with that word."""
    for key in dict.fromkeys([*after, *before]):
        if key not in before:
            yield key, "added"
        elif key not in after:
            yield key, "removed"
        elif before[key] != after[key]:
            yield key, "changed"


def _attachments(before: Covered, after: Covered) -> Iterator[AttachmentChange]:
    old, new = ({one.path: one for one in covered.release.attachments} for covered in (before, after))
    content = dict(_kinds(before.attachments, after.attachments))
    words = dict(_kinds(old, new))
    for path in dict.fromkeys([*content, *words]):
        yield AttachmentChange(path, content.get(path) or "described")


def _recipients(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> Iterator[RecipientChange]:
    for outlet, how in _kinds(before, after):
        old, new = before.get(outlet, frozenset()), after.get(outlet, frozenset())
        yield RecipientChange(outlet, how, _people(new - old), _people(old - new))


def _people(recipients: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(one for one in recipients if one))


def _values(before: Release, after: Release) -> Iterator[ValueChange]:
    for name in Release._fields:
        old, new = getattr(before, name), getattr(after, name)
        if name not in _NOT_VALUES and old != new:
            yield ValueChange(name, _shown(old), _shown(new))


def _settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[ValueChange]:
    """Yield each key of config.toml that differs, as `[outlets.media] from`."""
    if not (before and after):
        if before or after:
            yield ValueChange("config.toml", *("recorded" if one else "not recorded" for one in (before, after)))
        return
    old, new = _flat(before, after), _flat(after, before)
    for name, _ in _kinds(old, new):
        yield ValueChange(name, _shown(old.get(name)), _shown(new.get(name)))


def _flat(settings: Mapping[str, Any], beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of config.toml by name; of outlets only those that are in both."""
    tables = {name: table for name, table in settings.items() if name != "outlets" and isinstance(table, Mapping)}
    outlets = settings.get("outlets", {})
    tables |= {f"outlets.{name}": outlets[name] for name in outlets if name in beside.get("outlets", {})}
    return {f"[{table}] {key}": value for table, keys in tables.items() for key, value in keys.items()}


def _shown(value: Any) -> str:
    """Return a value as people read it, on one line."""
    if value is None or value == Contact():
        return ""
    if isinstance(value, Mapping):
        return "; ".join(f"{name}: {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return ", ".join(str(part) for part in value if part)
    if isinstance(value, (tuple, list)):
        pairs = all(isinstance(part, tuple) and len(part) == 2 and not hasattr(part, "_asdict") for part in value)
        return "; ".join(f"{one}: {other}" for one, other in value) if pairs else ", ".join(map(_shown, value))
    return str(getattr(value, "value", value))
