"""What a command answers under `--json`: one document on standard output, written once, when the command ends.

A command may give its answer and still leave with an error: the document then has both. Only `journal` and
`status --watch` answer line by line, each line an object.
"""

from __future__ import annotations

import sys
from typing import Any

from pressrelease.errors import PressReleaseError


class Answer:
    """One command's answer. `wanted` is whether JSON was asked for, before or after the command's name."""

    def __init__(self) -> None:
        self.wanted = False
        self._document: dict[str, Any] = {}
        self._by_line = False

    def begin(self, arguments: list[str]) -> None:
        """Forget the command before; that JSON is wanted is known before a command line is understood."""
        self.wanted = "--json" in arguments[: arguments.index("--") if "--" in arguments else None]
        self._document, self._by_line = {}, False

    def give(self, data: dict[str, Any]) -> None:
        """Add to the document."""
        self._document |= data

    def give_line(self, data: dict[str, Any]) -> None:
        """Write an object at once, as one line."""
        self.by_line()
        _write(data)

    def by_line(self) -> None:
        """Say that this answer is lines, were it none."""
        self._by_line = True

    def end(self, error: PressReleaseError | None = None) -> None:
        """Write the document, with the error if there is one; nothing where JSON isn't wanted."""
        if not self.wanted or (self._by_line and error is None):
            return
        _write(self._document | ({"error": error.as_json()} if error else {}))


def _write(data: dict[str, Any]) -> None:
    from pressrelease.system.printable import in_alphabet, json_line

    print(in_alphabet(json_line(data), sys.stdout.encoding))  # noqa: T201


#: The answer of the command that this process runs.
answer = Answer()
