"""Whom an outlet writes to: a list in config.toml, or a CSV file with an `email` column.

Every address is one row, one message and one outcome. Duplicates are dropped and said; a bad address stands in
the way until somebody mends it, since a reporter left out in silence is a delivery lost.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pressrelease.errors import ConfigRefused, Problem
from pressrelease.outlets import Complaint
from pressrelease.outlets.email.addresses import NotAnAddress, read_address
from pressrelease.printable import printable

#: The most that a list may hold, and the largest CSV file in bytes.
MOST_RECIPIENTS = 100_000
LARGEST_LIST = 16 << 20

#: How many complaints about one list are told one by one.
MOST_TOLD = 20

_COLUMN = "email"
_HEADER_HINT = "Its first line names the columns; one of them is `email`."


@dataclass(frozen=True)
class Roll:
    """A list as it was read: addresses in their order, each once, and what a person should know of it.

    `source` is what the list is called; `complaints` are in the order of its lines.
    """

    source: str
    addresses: tuple[str, ...]
    complaints: tuple[Complaint, ...]

    def must_be_whole(self) -> tuple[str, ...]:
        """The addresses. Raises ConfigRefused with every complaint that stands in the way."""
        faults = [complaint for complaint in self.complaints if complaint.in_the_way]
        if faults:
            raise ConfigRefused([Problem(one.line, one.message, one.hint) for one in faults], self.source)
        return self.addresses


def complaints_about(setting: str | Sequence[str], folder: Path) -> tuple[Complaint, ...]:
    """What `check` has to say of a list; asks neither secrets nor the network."""
    roll = read_roll(setting, folder)
    return tuple(
        Complaint(
            f"{roll.source}{f', line {one.line}' if one.line else ''}: {one.message}",
            one.hint,
            in_the_way=one.in_the_way,
        )
        for one in roll.complaints
    )


def read_roll(setting: str | Sequence[str], folder: Path) -> Roll:
    """The list that `recipients` names: addresses, or a CSV file's path from the workspace's `folder`."""
    if isinstance(setting, str):
        return read_csv(folder / setting)
    return _roll("recipients", ((0, entry) for entry in setting))


def read_csv(path: Path) -> Roll:
    """The addresses of a CSV file; what is wrong with the file itself is a complaint as well."""
    source = printable(path.name)[:80]
    try:
        if not path.is_file():
            return _refused(source, "there is no such file", "Name a CSV file with an `email` column.")
        with path.open("rb") as file:
            data = file.read(LARGEST_LIST + 1)
    except OSError as error:
        return _refused(source, f"it can't be read: {error.strerror}", "See that this program may read it.")
    if len(data) > LARGEST_LIST:
        return _refused(source, f"it is larger than {LARGEST_LIST >> 20} MiB", "Keep only the recipients in it.")
    return _parsed(source, data)


@lru_cache(maxsize=4)
def _parsed(source: str, data: bytes) -> Roll:
    """Remembered: `check` asks for every release, and the same list stands behind most."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(source, "it is not UTF-8 text", "In Excel, save it as “CSV UTF-8”.")
    first = text.lstrip().partition("\n")[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=separator)
    try:
        heading = next((row for row in reader if any(cell.strip() for cell in row)), [])
        columns = [cell.strip().casefold() for cell in heading]
        if columns.count(_COLUMN) != 1:
            many = "more than one `email` column" if _COLUMN in columns else "no `email` column"
            return _refused(source, f"it has {many}", _HEADER_HINT, line=reader.line_num)
        return _roll(source, _cells(reader, columns.index(_COLUMN)))
    except csv.Error:
        return _refused(
            source, "this line is not CSV", "Look for a quotation mark without its other half.", reader.line_num
        )


def _cells(reader: Any, column: int) -> Iterator[tuple[int, str]]:
    for row in reader:
        if any(cell.strip() for cell in row):
            yield reader.line_num, row[column] if column < len(row) else ""


def _roll(source: str, entries: Iterator[tuple[int, str]]) -> Roll:
    """Each address once, in order, with a complaint for each entry that is none or comes again."""
    seen: dict[str, tuple[int, str]] = {}
    found: list[Complaint] = []
    for number, (line, entry) in enumerate(entries, 1):
        shown = f"“{printable(entry.strip())[:60]}”"
        if len(seen) >= MOST_RECIPIENTS:
            found.append(Complaint(f"it has more than {MOST_RECIPIENTS:,} addresses", "Split it.", line))
            break
        try:
            address = read_address(entry)
        except NotAnAddress as wrong:
            what = shown if entry.strip() else f"entry {number}"
            found.append(
                Complaint(f"{what} is no address: it {wrong}", "Write one plain address, like jane@example.org.", line)
            )
            continue
        if address.mailbox in seen:
            before, _ = seen[address.mailbox]
            where = f", first on line {before}" if before else ""
            told = f"{shown} is in it twice{where}; one message goes there"
            found.append(Complaint(told, "Delete one of them.", line, in_the_way=False))
            continue
        seen[address.mailbox] = (line, address.wire)
    if not seen and not found:
        found.append(Complaint("it holds no address", "A list needs at least one."))
    return Roll(source, tuple(wire for _, wire in seen.values()), _bounded(found))


def _bounded(found: list[Complaint]) -> tuple[Complaint, ...]:
    """The complaints that will be told: those in the way first to be kept, and a count of the rest."""
    if len(found) <= MOST_TOLD:
        return tuple(found)
    kept = sorted(found, key=lambda complaint: not complaint.in_the_way)[:MOST_TOLD]
    rest = len(found) - len(kept)
    more = Complaint(f"and {rest:,} more like these", "", in_the_way=kept[-1].in_the_way)
    return (*sorted(kept, key=lambda complaint: complaint.line), more)


def _refused(source: str, message: str, hint: str, line: int = 0) -> Roll:
    return Roll(source, (), (Complaint(message, hint, line),))
