"""Plain words for a terminal: nothing that a file's author typed may move the cursor or turn the text around."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """`text` without control, bidirectional and other invisible characters; line breaks stay."""
    return "".join(
        character
        for character in text
        if character == "\n" or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
