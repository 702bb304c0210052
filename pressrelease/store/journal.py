"""The journal: who did what, when; each line's hash covers the line before it.

A line's hash is SHA-256 over its canonical JSON (sorted keys, no spaces, UTF-8), including `prev`. A line that was
changed, removed or moved breaks the chain at that place. Cutting off the end can only be seen by comparing with a head
kept elsewhere; each backup has one.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode

#: `prev` of the first line.
BEGINNING = "0" * 64


class Event(NamedTuple):
    """Something that happened, not yet written: a dotted name, the release it concerns, and plain JSON detail.

    `detail` never holds a secret or a release's text; `version` is "" if no version is concerned.
    """

    name: str
    slug: str = ""
    version: str = ""
    detail: Mapping[str, Any] = MappingProxyType({})


class Line(NamedTuple):
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


#: A line's columns, in the order of its fields.
LINE_COLUMNS = ", ".join(Line._fields)

#: The journal's last line; no row for an empty one.
LAST_LINE = f"SELECT {LINE_COLUMNS} FROM journal ORDER BY n DESC LIMIT 1"


def line_after(prev: tuple[int, str], event: Event, *, at: int, actor: str, host: str) -> Line:
    """Return the line that follows number and hash `prev`."""
    number, hash_before = prev
    detail = _canonical(dict(event.detail))
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
    return hashlib.sha256(_canonical_line(values).encode("utf-8", "surrogatepass")).hexdigest()


def _canonical_line(values: Mapping[str, Any]) -> str:
    """Return a line's canonical JSON, byte for byte what the encoder gives, in a third of its time."""
    text = _canonical
    return (
        f'{{"actor":{text(values["actor"])},"at":{values["at"]},"detail":{text(values["detail"])}'
        f',"event":{text(values["event"])},"host":{text(values["host"])},"n":{values["n"]}'
        f',"prev":{text(values["prev"])},"slug":{text(values["slug"])},"version":{text(values["version"])}}}'
    )


def is_unchanged(line: Line) -> bool:
    """Return whether a line's hash fits its contents. Does not check that it follows the line before it."""
    values = {name: getattr(line, name) for name in Line._fields if name != "hash"}
    return _plain(values) and _hash(values) == line.hash


def _plain(values: Mapping[str, Any]) -> bool:
    """Return whether every field has its type. SQLite would keep bytes where a text was."""
    return all(type(value) is (int if name in {"n", "at"} else str) for name, value in values.items())


class Head(NamedTuple):
    """A journal's last line: its number (0 for an empty journal) and its hash. Written `N:HASH`."""

    n: int
    hash: str

    def __str__(self) -> str:
        return f"{self.n}:{self.hash}"


def read_head(text: str) -> Head | None:
    """Return the head that `str(head)` wrote, None for any other text."""
    number, _, digest = text.strip().partition(":")
    if not (number.isascii() and number.isdigit() and re.fullmatch("[0-9a-f]{64}", digest)):
        return None
    return Head(int(number), digest)


class Walk(NamedTuple):
    """The result of walking a journal: its head as far as the chain holds, and where it breaks, None if it holds."""

    head: Head
    broken: str | None = None


def walk(lines: Iterable[Line], known: Head | None = None) -> Walk:
    """Walk a journal from its first line, and check that a head `known` from elsewhere is in it.

    The chain alone can't show that a journal was cut off at its end, or rewritten from its first line.
    """
    head = Head(0, BEGINNING)
    for number, line in enumerate(lines, start=1):
        if broken := _break_at(number, line, head, known):
            return Walk(head, broken)
        head = Head(number, line.hash)
    if known is not None and known.n > head.n:
        return Walk(head, f"its end was cut off: line {known.n} was once written, and line {head.n} is now the last")
    if known is not None and known.n == 0 and known.hash != BEGINNING:
        return Walk(head, "the N:HASH that it was compared with is not valid")
    return Walk(head)


def first_break(lines: Iterable[Line]) -> str | None:
    """Return where and how a journal, read from its first line, breaks; None if it holds."""
    return walk(lines).broken


def _break_at(number: int, line: Line, before: Head, known: Head | None) -> str | None:
    if line.n != number:
        return f"line {number} is missing; line {line.n} is in its place"
    if line.prev != before.hash:
        return f"line {number} does not follow the line before it"
    if not is_unchanged(line):
        return f"line {number} was changed after it was written"
    if known is not None and known.n == number and known.hash != line.hash:
        return f"it was rewritten: line {number} is not the one that was known"
    return None
