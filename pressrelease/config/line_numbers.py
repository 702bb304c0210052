"""The line of each key and table in a TOML text, which tomllib doesn't report.

It only gets text that tomllib has accepted, so it separates tokens and trusts their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r'''(?P<long>"""(?:[^\\]|\\.)*?"{3,5}(?!")|\'\'\'.*?'{3,5}(?!'))'''
    r"""|(?P<quoted>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
    r"""|(?P<comment>\#[^\n]*)|(?P<newline>\n)|(?P<sign>[\[\]{},=.])|(?P<bare>[A-Za-z0-9_-]+)|(?P<other>[^\s])""",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """Return the line, from 1, of every table, key and list entry.

    `("outlets", "media", "url")` is a key, `("retry", "schedule", 2)` the third entry of a list.
    """
    return _Scan(text).run()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """Return the line of `path`, or of the nearest table or key around it; 0 if no part of it is in the file."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


class _Scan:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            self._tokens.append((match.lastgroup or "", match.group(), line))
            line += match.group().count("\n")
        self._tokens.append(("end", "", line))
        self._at = 0
        self._lines: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        while self._kind != "end":
            if self._kind in {"newline", "comment"}:
                self._at += 1
            elif self._word == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _word(self) -> str:
        return self._tokens[self._at][1]

    def _note(self, path: Path, line: int, since: int) -> None:
        for length in range(since + 1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _header(self) -> Path:
        line = self._tokens[self._at][2]
        brackets = 0
        while self._word == "[":
            self._at += 1
            brackets += 1
        path: Path = self._name(until="]")
        while self._word == "]":
            self._at += 1
        if brackets == 2:
            number = self._arrays[path] = self._arrays.get(path, -1) + 1
            path = (*path, number)
        self._note(path, line, 0)
        return path

    def _name(self, until: str) -> tuple[str, ...]:
        parts: list[str] = []
        while self._word != until and self._kind != "end":
            if self._kind == "quoted":
                parts.append(_unquoted(self._word))
            elif self._kind == "bare":
                parts.append(self._word)
            self._at += 1
        return tuple(parts)

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at][2]
        path = (*table, *self._name(until="="))
        self._at = min(self._at + 1, len(self._tokens) - 1)
        self._note(path, line, len(table))
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._word == "{":
            self._at += 1
            while self._word != "}" and self._kind != "end":
                if self._word == "," or self._kind in {"newline", "comment"}:
                    self._at += 1
                else:
                    self._pair(path)
            self._at += self._kind != "end"
        elif self._word == "[":
            self._at += 1
            self._entries(path)
            self._at += self._kind != "end"
        else:
            while self._word not in {",", "]", "}"} and self._kind not in {"newline", "comment", "end"}:
                self._at += 1

    def _entries(self, path: Path) -> None:
        number = 0
        while self._word != "]" and self._kind != "end":
            if self._word == "," or self._kind in {"newline", "comment"}:
                self._at += 1
                continue
            self._lines.setdefault((*path, number), self._tokens[self._at][2])
            before = self._at
            self._value((*path, number))
            self._at += self._at == before
            number += 1


def _unquoted(token: str) -> str:
    if token.startswith("'"):
        return token[1:-1]
    import tomllib

    return str(tomllib.loads(f"key = {token}")["key"])
