"""Slugs: a release's name in files, addresses and commands."""

from __future__ import annotations

import re
import unicodedata

from pressrelease.errors import ReleaseRefused

LONGEST_SLUG = 80

#: Names that Windows keeps for devices, whatever their extension: `con.md` opens the console there.
RESERVED = frozenset(
    {
        "con",
        "prn",
        "aux",
        "nul",
        "conin$",
        "conout$",
        *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³"),
    }
)

_SLUG = re.compile(rf"[a-z0-9-]{{1,{LONGEST_SLUG}}}")

#: Letters that NFKD leaves whole, though a reader expects an ASCII one.
_SMALL = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


#: The same for capitals, which a slug has none of.
_CAPITALS = str.maketrans({"ẞ": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "Th"})


def in_ascii(text: str) -> str:
    """Latin letters as ASCII writes them, "Größe" as "Grosse"; any other letter is left out."""
    spelled = unicodedata.normalize("NFKD", text.translate(_CAPITALS).translate(_SMALL))
    return spelled.encode("ascii", "ignore").decode("ascii")


def valid_slug(text: str) -> bool:
    """Whether `text` may name a release: `[a-z0-9-]`, 1 to 80 characters, and no device name of Windows."""
    return _SLUG.fullmatch(text) is not None and text not in RESERVED


def slug_of(headline: str) -> str:
    """The slug that a headline gives, in ASCII, cut at a word. Raises ReleaseRefused where none is left.

    "Attorney's" gives "attorneys", not "attorney-s"; "2018–2019" gives "2018-2019", not "20182019".
    """
    lowered = unicodedata.normalize("NFKD", headline.casefold().replace("&", " and ").translate(_SMALL))
    slug = "-".join(re.findall(r"[a-z0-9]+", "".join(_spelled(character) for character in lowered)))
    if len(slug) > LONGEST_SLUG:
        whole_words, dash, _ = slug[: LONGEST_SLUG + 1].rpartition("-")
        slug = whole_words if dash else slug[:LONGEST_SLUG]
    if not slug:
        raise ReleaseRefused(
            "The headline has no Latin letter or digit to name its file by.",
            hint="Add a word in Latin letters to the headline; it can be changed again in the file.",
            code="no_slug",
        )
    if not valid_slug(slug):
        raise ReleaseRefused(
            f"A file can't be named {slug}: Windows keeps that name for a device.",
            hint="Give the headline one more word.",
            code="no_slug",
        )
    return slug


def _spelled(character: str) -> str:
    """An ASCII character as it is; "" for what only marks or spells within a word; a blank for what parts words."""
    if character.isascii() and character != "'":
        return character
    return "" if character in "'’‘" or character.isalpha() or unicodedata.combining(character) else " "
