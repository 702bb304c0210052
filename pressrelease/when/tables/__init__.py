"""Tables of words, apart from the logic: lines of a kind, a value and words, with tabs between the three."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path


class Table:
    """The rows of a file beside this module: for each kind, its words with the value of each, in the file's order."""

    def __init__(self, name: str) -> None:
        self._rows: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for line in Path(__file__).with_name(f"{name}.txt").read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                kind, value, words = line.split("\t")
                self._rows[kind] += [(word, value) for word in words.split("|")]

    def rows(self, kind: str) -> list[tuple[str, str]]:
        """Return every word of a kind with its value; a word may come twice."""
        return self._rows[kind]

    def values(self, kind: str) -> dict[str, str]:
        """Return each word of a kind with its value."""
        return dict(self._rows[kind])

    def words(self, kind: str) -> frozenset[str]:
        """Return the words of a kind."""
        return frozenset(word for word, _ in self._rows[kind])
