"""Recognize a phrase in Spanish, and give its English words. It is never read: they are offered to a person."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pressrelease.when.tables import Table


def spanish_word(text: str) -> tuple[int, int] | None:
    """Return where a word is that shows that `text` is Spanish; None for another language."""
    flat = _flat(text)
    sure, names, beside = _shown_by()
    found = sure.search(flat)
    if found is None and beside.search(flat):
        found = names.search(flat)
    return found.span() if found else None


def in_english(text: str) -> str:
    """Return the English words of a Spanish phrase; "" if its numbers could be a date in more than one order."""
    flat = _flat(text)
    if any(int(one) <= 12 and int(two) <= 12 for one, two in re.findall(r"\b(\d{1,2})[/.-](\d{1,2})\b", flat)):
        return ""
    flat = re.sub(r"\b(\d{1,2})\s+y\s+media\b", r"\1:30", flat)
    flat = re.sub(r"\b(\d{1,2})\s+y\s+cuarto\b", r"\1:15", flat)
    flat = re.sub(r"\b(\w+)\s+(?:proximo|que viene)\b", r"proximo \1", flat)
    pattern, english = _dictionary()
    words = pattern.sub(lambda found: english[" ".join(found[0].split())], flat)
    words = re.sub(r"\b(\d{1,2}(?::\d\d)?)\s+(a\.m\.|p\.m\.)", r"\1 \2", words)
    return " ".join(words.split())


def _flat(text: str) -> str:
    """Return `text` in lower case and without accents; every letter keeps its place."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", letter)[0].lower()[:1] or letter for letter in text)


@cache
def _shown_by() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    table = Table("spanish")
    kinds = ("day", "month", "time")
    sure = [word for kind in kinds for word in table.words(kind)]
    return _any_of(sure), _any_of(table.words("name")), re.compile(r"\b(?:a\s+las?|el|del?|hasta|antes)\b")


@cache
def _dictionary() -> tuple[re.Pattern[str], dict[str, str]]:
    table = Table("spanish")
    english = {
        word: value.strip("-") for kind in ("day", "month", "time", "name", "small") for word, value in table.rows(kind)
    }
    return _any_of(english), english


def _any_of(phrases: object) -> re.Pattern[str]:
    found = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))  # type: ignore[call-overload]
    return re.compile(rf"\b(?:{'|'.join(phrase.replace(' ', chr(92) + 's+') for phrase in found)})\b")
