"""Slugs: the names of releases in files, addresses and commands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from pressrelease.errors import ReleaseRefused

LONGEST_SLUG = 80

#: How similar a slug and the typed text must be, from 0 to 1, and how much less similar a second one may be.
NEAR = 0.75
NEARLY_AS_NEAR = 0.05

#: How many slugs are compared letter by letter: an office has thousands of releases.
MOST_COMPARED = 200

#: The most slugs that are proposed.
MOST_NEAR = 5

#: Names that Windows reserves for devices, with any extension: `con.md` opens the console there.
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

#: Letters that NFKD doesn't change, though a reader expects an ASCII one.
_SMALL = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


#: The same for capitals, which a slug never has.
_CAPITALS = str.maketrans({"ẞ": "SS", "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "Th"})


def in_ascii(text: str) -> str:
    """Return Latin letters in ASCII, "Größe" as "Grosse"; any other letter is left out."""
    spelled = unicodedata.normalize("NFKD", text.translate(_CAPITALS).translate(_SMALL))
    return spelled.encode("ascii", "ignore").decode("ascii")


def valid_slug(text: str) -> bool:
    """Return whether `text` can be a slug: `[a-z0-9-]`, 1 to 80 characters, and not a device name of Windows."""
    return _SLUG.fullmatch(text) is not None and text not in RESERVED


def slug_of(headline: str) -> str:
    """Return the slug for a headline, in ASCII, cut at a word. Raises ReleaseRefused if nothing is left.

    "Attorney's" gives "attorneys", not "attorney-s"; "2018–2019" gives "2018-2019", not "20182019".
    """
    lowered = unicodedata.normalize("NFKD", headline.casefold().replace("&", " and ").translate(_SMALL))
    slug = "-".join(re.findall(r"[a-z0-9]+", "".join(_spelled(character) for character in lowered)))
    if len(slug) > LONGEST_SLUG:
        whole_words, dash, _ = slug[: LONGEST_SLUG + 1].rpartition("-")
        slug = whole_words if dash else slug[:LONGEST_SLUG]
    if not slug:
        raise ReleaseRefused(
            "The headline has no Latin letter or digit to make the file's name from.",
            hint="Add a word in Latin letters to the headline. You can change it in the file afterwards.",
            code="no_slug",
        )
    if not valid_slug(slug):
        raise ReleaseRefused(
            f"A file can't be named {slug}, because Windows reserves that name for a device.",
            hint="Add a word to the headline.",
            code="no_slug",
        )
    return slug


def near_slugs(typed: str, slugs: Collection[str]) -> list[str]:
    """Return the few slugs that `typed` may mean, the nearest first: one, several that fit equally well, or none.

    A match at the beginning comes before one in the middle, and both before a misspelling.
    """
    word = re.sub(r"[\s_]+", "-", re.split(r"[\\/]", typed)[-1].casefold().removesuffix(".md").strip())[:LONGEST_SLUG]
    if not word.strip("-"):
        return []
    if word in slugs:
        return [word]
    for found in (
        [slug for slug in slugs if slug.startswith(word)],
        [slug for slug in slugs if f"-{word}" in slug],
    ):
        if found:
            return sorted(found)[:MOST_NEAR]
    return _misspelled(word, slugs)


def _misspelled(word: str, slugs: Collection[str]) -> list[str]:
    """Return the slugs that are spelled like `word`, or begin like it, the nearest first, without much weaker ones."""
    import difflib

    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(word)
    # By letters alone first: that is never less than the true similarity, which takes a hundred times as long.
    possible = []
    for slug in slugs:
        for part in dict.fromkeys((slug, slug[: len(word)])):
            matcher.set_seq1(part)
            if matcher.real_quick_ratio() >= NEAR and (most := matcher.quick_ratio()) >= NEAR:
                possible.append((most, part, slug))
    found, nearest = [], 0.0
    for most, part, slug in sorted(possible, reverse=True)[:MOST_COMPARED]:
        if most < nearest - NEARLY_AS_NEAR:
            break
        matcher.set_seq1(part)
        found.append((matcher.ratio(), slug))
        nearest = max(nearest, found[-1][0])
    near = sorted((-ratio, slug) for ratio, slug in found if ratio >= max(NEAR, nearest - NEARLY_AS_NEAR))
    return list(dict.fromkeys(slug for _, slug in near))[:MOST_NEAR]


def _spelled(character: str) -> str:
    """Return an ASCII character as it is; "" for a mark inside a word; a space for what separates words."""
    if character.isascii() and character != "'":
        return character
    return "" if character in "'’‘" or character.isalpha() or unicodedata.combining(character) else " "
