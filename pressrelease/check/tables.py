"""The tables in a Markdown text, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

#: Words in the title of a column. Without one, the first row is about a person, like the others.
_TITLE = re.compile(
    r"\b(?:name|age|dob|birth|address|residence|city|charges?|suspect|defendant|date|offense|phone)s?\b", re.I
)
_RULE = re.compile(r"\|?[\s:|-]*-[\s:|-]*\|?")


class Table(NamedTuple):
    """A table: the titles of its columns, and each row with its line in the release's file."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def tables_in(body: str, first_line: int) -> tuple[Table, ...]:
    """Return the tables of a text whose first line is `first_line`; lines with tabs between cells are rows too."""
    return tuple(_tables(body, first_line))


def _tables(body: str, first_line: int) -> Iterator[Table]:
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, line in enumerate([*body.split("\n"), ""], start=first_line):
        cells = _cells(line)
        if cells:
            if not _RULE.fullmatch(line.strip()):
                rows.append((number, cells))
        elif rows:
            titled = any(_TITLE.search(cell) for cell in rows[0][1])
            yield Table(rows[0][1], tuple(rows[1:])) if titled else Table((), tuple(rows))
            rows = []


def _cells(line: str) -> tuple[str, ...]:
    bare = line.strip()
    separator = "|" if "|" in bare else "\t"
    if separator not in bare:
        return ()
    cells = bare.strip("|").split(separator)
    return tuple(re.sub(r"[*_`\\]", "", cell).strip() for cell in cells) if len(cells) > 1 else ()
