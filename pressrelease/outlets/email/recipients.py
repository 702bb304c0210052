"""Read an outlet's recipients: a list in config.toml, or a CSV file with an `email` column.

Every address is one delivery, one message and one outcome. Duplicates are dropped and reported; a bad address blocks
scheduling until somebody fixes it, because a reporter left out in silence is a delivery lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pressrelease.errors import ConfigRefused, Problem
from pressrelease.outlets import Complaint
from pressrelease.outlets.email.addresses import NotAnAddress, read_address
from pressrelease.system.printable import printable

#: The most addresses in a list, and the largest CSV file in bytes.
MOST_RECIPIENTS = 100_000
LARGEST_LIST = 16 << 20

#: How many complaints about one list are listed one by one.
MOST_TOLD = 20

_COLUMN = "email"
_QUOTE_HINT = "Look for a quotation mark that is not closed."
_HEADER_HINT = "The first line must name the columns, and one of them must be `email`."


@dataclass(frozen=True)
class RecipientList:
    """A list as it was read: addresses in order, each once, and the complaints about it.

    `source` is what the list is called; `complaints` are in the order of its lines.
    """

    source: str
    addresses: tuple[str, ...]
    complaints: tuple[Complaint, ...]

    def must_be_whole(self) -> tuple[str, ...]:
        """Return the addresses. Raises ConfigRefused with every complaint that blocks scheduling."""
        faults = [complaint for complaint in self.complaints if complaint.in_the_way]
        if faults:
            raise ConfigRefused([Problem(one.line, one.message, one.hint) for one in faults], self.source)
        return self.addresses


def complaints_about(setting: str | Sequence[str], folder: Path) -> tuple[Complaint, ...]:
    """Return the problems with a list; needs neither secrets nor the network."""
    roll = read_recipient_list(setting, folder)
    return tuple(
        Complaint(
            f"{roll.source}{f', line {one.line}' if one.line else ''}: {one.message}",
            one.hint,
            in_the_way=one.in_the_way,
        )
        for one in roll.complaints
    )


def read_recipient_list(setting: str | Sequence[str], folder: Path) -> RecipientList:
    """Return the list that `recipients` names: addresses, or a CSV file's path from the workspace's `folder`."""
    if isinstance(setting, str):
        return read_csv(folder / setting)
    return _recipient_list("recipients", ((0, entry) for entry in setting))


def read_csv(path: Path) -> RecipientList:
    """Return the addresses of a CSV file; an error in the file itself is a complaint as well."""
    source = printable(path.name)[:80]
    try:
        if not path.is_file():
            return _refused(source, "there is no such file", "Name a CSV file with an `email` column.")
        with path.open("rb") as file:
            data = file.read(LARGEST_LIST + 1)
    except OSError as error:
        return _refused(source, f"it can't be read: {error.strerror}", "Give this program permission to read it.")
    if len(data) > LARGEST_LIST:
        return _refused(source, f"it is larger than {LARGEST_LIST >> 20} MiB", "Remove everything but the recipients.")
    return _parsed(source, data)


@lru_cache(maxsize=4)
def _parsed(source: str, data: bytes) -> RecipientList:
    """Parse a CSV file. Cached, because `check` asks for every release, and most use the same list."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(source, "it is not UTF-8 text", "In Excel, save it as “CSV UTF-8”.")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    line = 1
    try:
        heading: list[str] = []
        while not any(cell.strip() for cell in heading):
            line = reader.line_num + 1
            heading = next(reader, ["-"])
        columns = [cell.strip().casefold() for cell in heading]
        if columns.count(_COLUMN) != 1:
            many = "more than one `email` column" if _COLUMN in columns else "no `email` column"
            return _refused(source, f"it has {many}", _HEADER_HINT, line=reader.line_num)
        table = _Table(columns, columns.index(_COLUMN))
        while True:
            line = reader.line_num + 1
            row = next(reader, None)
            if row is None:
                break
            table.take(line, row)
    except csv.Error:
        return _refused(source, "a quotation mark is opened here and not closed", _QUOTE_HINT, line)
    return _recipient_list(source, iter(table.entries), table.complaints)


def _separator(text: str) -> str:
    """Return the separator: one that gives the heading its `email` column, or else the most frequent there."""
    first = "".join(text.lstrip().splitlines()[:1])
    by_count = sorted(",;\t", key=first.count, reverse=True)
    for separator in by_count:
        cells = next(csv.reader([first], delimiter=separator), [])
        if _COLUMN in (cell.strip().casefold() for cell in cells):
            return separator
    return by_count[0]


class _Table:
    """The rows below a heading: each is an entry of the list, with a complaint if it may hide another address."""

    def __init__(self, columns: Sequence[str], column: int) -> None:
        self._columns = columns
        self._column = column
        self._elsewhere: set[int] = set()
        self.entries: list[tuple[int, str]] = []
        self.complaints: list[Complaint] = []

    def take(self, line: int, row: Sequence[str]) -> None:
        """Add one row, whose first line is `line`. Blank rows are skipped."""
        cells = [cell.strip() for cell in row]
        if not any(cells):
            return
        self.entries.append((line, cells[self._column] if self._column < len(cells) else ""))
        while len(cells) > len(self._columns) and not cells[-1]:
            cells.pop()
        others = [number for number, cell in enumerate(cells) if number != self._column and "@" in cell]
        if any("\n" in cells[number] or "\r" in cells[number] for number in others):
            self._object(line, "a cell contains an @ and a line break, so other rows may be inside it", _QUOTE_HINT)
        elif others and len(cells) != len(self._columns):
            words = f"the row has {len(cells)} cells, its heading {len(self._columns)}, and an @ outside of `email`"
            self._object(
                line, words, "Put cells that contain a comma in quotation marks, and write one address on each row."
            )
        else:
            self._note(line, others)

    def _object(self, line: int, message: str, hint: str) -> None:
        self.complaints.append(Complaint(message, hint, line))

    def _note(self, line: int, others: Sequence[int]) -> None:
        """Note once for each other column that its addresses are not written to."""
        for number in others:
            if number not in self._elsewhere:
                self._elsewhere.add(number)
                words = (
                    f"the column `{printable(self._columns[number])[:40]}` contains addresses, and"
                    " nothing is sent to them"
                )
                self.complaints.append(Complaint(words, "Give each address its own row.", line, in_the_way=False))


def _recipient_list(source: str, entries: Iterator[tuple[int, str]], known: Sequence[Complaint] = ()) -> RecipientList:
    """Return each address once, in order, with the `known` complaints and one for each bad or repeated entry."""
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
                Complaint(
                    f"{what} is not an e-mail address: it {wrong}",
                    "Write one plain address, like jane@example.org.",
                    line,
                )
            )
            continue
        if address.mailbox in seen:
            before, _ = seen[address.mailbox]
            where = f", first on line {before}" if before else ""
            words = f"{shown} is in it twice{where}; one message goes there"
            found.append(Complaint(words, "Delete one of them.", line, in_the_way=False))
            continue
        seen[address.mailbox] = (line, address.wire)
    if not seen and not found:
        found.append(Complaint("it has no addresses", "A list needs at least one address."))
    return RecipientList(source, tuple(wire for _, wire in seen.values()), _bounded(_by_line([*known, *found])))


def _by_line(found: list[Complaint]) -> list[Complaint]:
    return sorted(found, key=lambda complaint: complaint.line)


def _bounded(found: list[Complaint]) -> tuple[Complaint, ...]:
    """Return the complaints to show: blocking ones are kept first, and the rest is counted."""
    if len(found) <= MOST_TOLD:
        return tuple(found)
    kept = sorted(found, key=lambda complaint: not complaint.in_the_way)[:MOST_TOLD]
    rest = len(found) - len(kept)
    more = Complaint(f"and {rest:,} more like these", "", in_the_way=kept[-1].in_the_way)
    return (*_by_line(kept), more)


def _refused(source: str, message: str, hint: str, line: int = 0) -> RecipientList:
    return RecipientList(source, (), (Complaint(message, hint, line),))
