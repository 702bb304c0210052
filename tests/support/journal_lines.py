"""The journal's lines as docs/reference/journal.md has them: read, hashed, and traced to deliveries.

No line of the program is used here: whoever reads that page could have written this.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "journal.md"
COLUMNS = ("n", "at", "actor", "host", "event", "slug", "version", "detail", "prev", "hash")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """One line of the journal, as it is in the table: `at` in microseconds, `detail` as its JSON text."""

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

    @property
    def moment(self) -> datetime:
        """`at`, as a time in UTC."""
        return _EPOCH + timedelta(microseconds=self.at)

    @property
    def told(self) -> dict[str, Any]:
        """`detail`, read."""
        return dict(json.loads(self.detail))

    @property
    def place(self) -> Place:
        """The delivery that a `delivery.…` line is about."""
        told = self.told
        first = (self.slug, self.version, str(told.get("outlet")), str(told.get("recipient")))
        if "action" not in told:
            return first
        return (*first, str(told.get("n", 1)), WITHDRAW if told["action"] == WITHDRAW else "")

    @property
    def key(self) -> str:
        """The key under which that delivery goes, as this line has it."""
        told = self.told
        more = (str(told.get("n", 1)), str(told["action"])) if "action" in told else ()
        return key_of((*self.place[:4], *more))


#: A delivery: slug, version, outlet, recipient; of one that is not the first publication the version's number too, and
#: whether it is a withdrawal. (A correction may be claimed as one, given back, and claimed as a first publication.)
Place = tuple[str, ...]

WITHDRAW = "withdraw"


def read_journal(place: Path | str) -> list[Line]:
    """Every line: of a workspace's folder with SQLite, of a database file, or of a PostgreSQL address."""
    query = f"SELECT {', '.join(COLUMNS)} FROM journal ORDER BY n"
    if isinstance(place, Path):
        file = place / ".pressrelease" / "state.db" if place.is_dir() else place
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
            return [Line(*row) for row in database.execute(query)]
    import psycopg

    with psycopg.connect(place.replace("+psycopg", "")) as server:
        return [Line(*row) for row in server.execute(query).fetchall()]


def read_printed(lines: Iterable[str]) -> list[Line]:
    """Every line, from what `pressrelease journal --json` prints."""
    found = []
    for row in map(json.loads, lines):
        at = (datetime.fromisoformat(row["at"]) - _EPOCH) // timedelta(microseconds=1)
        empty = {name: row[name] or "" for name in ("slug", "version")}
        found.append(Line(**row | empty | {"at": at, "detail": _plain_json(row["detail"])}))
    return found


def _plain_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def hash_of(line: Line) -> str:
    """The hash that a line must have, from its nine other fields."""
    rest = {name: value for name, value in vars(line).items() if name != "hash"}
    return hashlib.sha256(_plain_json(rest).encode("utf-8", "surrogatepass")).hexdigest()


def key_of(place: Place) -> str:
    """What a delivery's arrivals carry: of its four fields, or of six with its number and action."""
    return hashlib.sha256("\n".join(place).encode()).hexdigest()[:32]


def digest_of(recipients: Iterable[str]) -> str:
    """The digest of an outlet's recipients."""
    return hashlib.sha256(_plain_json(sorted(recipients)).encode()).hexdigest()


@cache
def documented() -> dict[str, frozenset[str]]:
    """Every event that docs/reference/journal.md names, with the fields of its detail."""
    section = PAGE.read_text(encoding="utf-8").partition("## The journal's lines")[2].partition("\n## ")[0]
    found: dict[str, frozenset[str]] = {}
    for row in section.partition("| event |")[2].splitlines()[2:]:
        cells = row.strip().strip("|").split(" | ")
        for event in re.findall(r"`([^`]+)`", cells[0]):
            of_delivery = {"outlet", "recipient", "n", "action"} if event.startswith("delivery.") else set()
            fields = " ".join(re.findall(r"`([^`]+)`", cells[-1] if len(cells) > 2 else "")).split()
            found[event] = frozenset(fields) | of_delivery
    return found
