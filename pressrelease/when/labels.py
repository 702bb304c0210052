"""Recognize the labels above a release."""

from __future__ import annotations

from collections.abc import Sequence

from pressrelease.when.tokens import Aside, AtOnce, Part, Punctuation, UnknownWord


def labelled_at_once(parts: Sequence[Part], text: str) -> bool:
    """Return whether "FOR IMMEDIATE RELEASE" is a label: nothing strange before it, and its end plain to see."""
    for index, part in enumerate(parts):
        if isinstance(part, AtOnce) and "release" in text[part.start : part.end].lower():
            strange = any(isinstance(other, UnknownWord) and not other.known for other in parts[:index])
            after = parts[index + 1 :]
            return not strange and bool(after) and (isinstance(after[0], (Punctuation, Aside)) or _is_contact(after))
    return False


def _is_contact(parts: Sequence[Part]) -> bool:
    """Return whether it is "Contact: Jane Doe" right after a label."""
    first, second = (*parts, None, None)[:2]
    return (
        isinstance(first, UnknownWord)
        and first.text.startswith("contact")
        and isinstance(second, Punctuation)
        and second.mark == ":"
    )
