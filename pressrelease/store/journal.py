"""The journal: who did what, when; each line's hash covers the line before it.

A line's hash is SHA-256 over its canonical JSON (sorted keys, no blanks, UTF-8) with `prev` in it, so that
a line changed, taken out or moved breaks the chain at that place. Cutting off the end can only be seen
against a head kept elsewhere; each backup carries one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: `prev` of the first line.
BEGINNING = "0" * 64


@dataclass(frozen=True)
class Event:
    """Something that happened, not yet written: a dotted name, the release it concerns, and plain JSON detail.

    `detail` never holds a secret or a release's text; `version` is "" where no version is concerned.
    """

    name: str
    slug: str = ""
    version: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """A written line; `at` is whole microseconds of UTC."""

    n: int
    at: int
    actor: str
    host: str
    event: str
    slug: str
    version: str
    detail: str
    prev: str
    hash: str


def line_after(prev: tuple[int, str], event: Event, *, at: int, actor: str, host: str) -> Line:
    """The line that follows number and hash `prev`."""
    number, hash_before = prev
    detail = json.dumps(event.detail, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    values = {
        "n": number + 1,
        "at": at,
        "actor": actor,
        "host": host,
        "event": event.name,
        "slug": event.slug,
        "version": event.version,
        "detail": detail,
        "prev": hash_before,
    }
    return Line(**values, hash=_hash(values))  # type: ignore[arg-type]


def _hash(values: Mapping[str, Any]) -> str:
    canonical = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(values: Mapping[str, Any]) -> bool:
    """Whether every field has its kind; SQLite would keep bytes where a text was."""
    return all(type(value) is (int if name in {"n", "at"} else str) for name, value in values.items())


def first_break(lines: Iterable[Line]) -> str | None:
    """Where and how a journal, read from its first line, stops being true; None where it holds."""
    hash_before = BEGINNING
    for number, line in enumerate(lines, start=1):
        if line.n != number:
            return f"line {number} is missing; line {line.n} stands in its place"
        if line.prev != hash_before:
            return f"line {number} does not follow the line before it"
        values = {name: getattr(line, name) for name in Line.__dataclass_fields__ if name != "hash"}
        if not _plain(values) or _hash(values) != line.hash:
            return f"line {number} was changed after it was written"
        hash_before = line.hash
    return None
