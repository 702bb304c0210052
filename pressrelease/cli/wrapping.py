"""Lines broken at words for the width of a terminal; a command to copy is never cut."""

from __future__ import annotations

import os
import re
from typing import TextIO

# Patterns are text, compiled when a line is first broken: into a pipe, none is.

#: A line that is a command, with what may stand before it; it stays whole, however narrow the window.
_COMMAND = r"\s*(?:[Nn]ext: +)?(?:pressrelease|cd|sudo|export|set|chmod|systemctl|crontab) \S"

#: What is never broken: a word, and everything between two backticks.
_WORD = r"(?:`[^`]*`|[^\s`]|`)+"

#: The beginning of a line before its text: spaces, and a label that ends with two spaces or a colon.
_LABEL = r"(\s*)(?:(\S{1,12}(?: \S{1,8})? {2,})|(- |[a-z]{2,8}(?: [0-9]{1,6})?: ))?"


def terminal_width(stream: TextIO) -> int | None:
    """Return how many columns the terminal behind `stream` has; None if there is no terminal.

    The environment's COLUMNS counts first, as for every program.
    """
    try:
        if not stream.isatty():
            return None
        named = os.environ.get("COLUMNS", "")
        return int(named) if named.isdecimal() and int(named) else os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return None


def wrapped(text: str, width: int | None) -> str:
    """Return `text` with each of its lines broken at words to fit `width` columns; as it is if `width` is None.

    Lines that follow are indented below the first one's text. A word longer than a line stays whole.
    """
    if width is None:
        return text
    return "\n".join(broken for line in text.split("\n") for broken in _broken(line, width))


def _broken(line: str, width: int) -> list[str]:
    if len(line) <= width or re.match(_COMMAND, line):
        return [line]
    label = re.match(_LABEL, line)
    assert label is not None  # noqa: S101  (every part of it may be empty)
    blanks, column, word = label.groups()
    indent = label.end() if column else len(blanks) + (2 if word else 0)
    if indent > width // 2:
        indent = len(blanks) if len(blanks) <= width // 2 else 0
    current, lines = line[: label.end()], []
    empty = True
    for part in re.findall(_WORD, line[label.end() :]):
        if empty:
            current, empty = current + part, False
        elif len(current) + 1 + len(part) <= width:
            current = f"{current} {part}"
        else:
            lines.append(current)
            current = " " * indent + part
    return [*lines, current]
