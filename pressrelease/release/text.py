"""Refuse characters that hide, reorder or break what a reader sees.

They are refused, not removed, so that the approver sees exactly the words that go out.
"""

from __future__ import annotations

import re
import unicodedata

from pressrelease.errors import ReleaseRefused

#: C0 and C1 controls but the tab and the line feed; the bidirectional controls (UAX #9); line and paragraph
#: separators; a byte order mark inside; interlinear annotation; lone surrogates; two noncharacters.
_FORBIDDEN = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e"
    "\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)

#: How many combining marks may follow each other.
MOST_MARKS = 30


def forbidden_in(text: str) -> re.Match[str] | None:
    """Return the first character that no text may contain, or None."""
    # All of them are unprintable in Unicode, and hardly any line is, so this quick test is enough for most.
    return None if text.isprintable() else re.search(_FORBIDDEN, text)


def name_of(character: str) -> str:
    """Return a name for an invisible character: its Unicode name and number."""
    name = unicodedata.name(character, "a control character").replace("-", " ").lower()
    return f"{name} (U+{ord(character):04X})"


def decode(data: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark, to NFC text with `\\n` line ends.

    Raises: ReleaseRefused with the line of the first byte or character that can't be accepted.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # "utf-8-sig" counts from after the byte order mark, which contains no line break.
        before = error.object[: error.start]
        raise ReleaseRefused(
            "This line is not UTF-8 text.",
            line=_line_of_end(before.decode("utf-8", "replace")),
            hint="Save the file as UTF-8 (in Word: Plain Text, then Unicode (UTF-8)).",
            code="not_utf8",
        ) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = forbidden_in(text)
    if found is not None:
        raise ReleaseRefused(
            f"This line contains an invisible character: {name_of(found.group())}.",
            line=_line_of_end(text[: found.start()]),
            hint="Delete it and type that part again. Such characters often come with pasted text.",
            code="control_character",
        )
    piled = _piled(text)
    if piled:
        raise ReleaseRefused(
            f"This line has more than {MOST_MARKS} accents on one letter.",
            line=_line_of_end(text[:piled]),
            hint="Delete the letter and type it again.",
            code="too_many_marks",
        )
    return unicodedata.normalize("NFC", text)


def _piled(text: str) -> int:
    """Return the position at which more than MOST_MARKS combining marks follow each other, 0 for none.

    No language has them (UAX #15, Stream-Safe Text Format); they hide the text around them, and a megabyte of them
    takes minutes to normalize.
    """
    for run in re.finditer(rf"[^\x00-\x7f]{{{MOST_MARKS + 1},}}", text):
        marks = 0
        for at, character in enumerate(run.group(), run.start()):
            marks = marks + 1 if unicodedata.combining(character) else 0
            if marks > MOST_MARKS:
                return at
    return 0


def _line_of_end(text: str) -> int:
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


def settled(value: str, *, key: str, line: int, longest: int, line_breaks: bool = False) -> str:
    """Return a front-matter value as it is kept: NFC, no spaces around it. (YAML's escapes can make any character.)

    Raises: ReleaseRefused for a hidden character, a line break or tab in a one-line value, and for more than `longest`
    characters.
    """
    text = unicodedata.normalize("NFC", value).strip(" \t\n")
    found = forbidden_in(text)
    if found is not None:
        raise ReleaseRefused(
            f"{key} contains an invisible character: {name_of(found.group())}.",
            line=line,
            hint="Delete it and type that part again.",
            code="control_character",
        )
    if not line_breaks and ("\n" in text or "\t" in text):
        raise ReleaseRefused(
            f"{key} contains a line break or a tab.", line=line, hint=f"Write {key} on one line.", code="line_break"
        )
    if len(text) > longest:
        raise ReleaseRefused(
            f"{key} is longer than {longest:,} characters.",
            line=line,
            hint="Shorten it, or move it to the text below the second `---`.",
            code="too_long",
        )
    return text
