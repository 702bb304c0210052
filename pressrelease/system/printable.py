"""Plain text for a terminal: nothing in a file can move the cursor or reverse the text."""

from __future__ import annotations

import unicodedata
from typing import Any


def printable(text: str) -> str:
    """Return `text` without control, bidirectional and other invisible characters; line breaks stay."""
    if text.isprintable():
        return text
    return "".join(
        character
        for character in text.replace("\u2028", "\n").replace("\u2029", "\n")  # Unicode's own line breaks
        if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )


def one_line(text: str) -> str:
    """Return `printable` text on one line, so that a typed reason can't look like a line of this program."""
    return " ".join(printable(text.replace("\r", " ").replace("\x85", " ")).split())


def json_line(data: Any) -> str:
    """Return `data` as one line of JSON, with escapes for what a terminal would obey or can't show."""
    import json  # every command loads this module, and few write JSON

    text = json.dumps(data, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else json.dumps(character)[1:-1] for character in text)


def in_alphabet(text: str, encoding: str | None) -> str:
    """Return `text` with what a terminal's encoding lacks replaced."""
    return text.encode(encoding or "utf-8", "replace").decode(encoding or "utf-8")
