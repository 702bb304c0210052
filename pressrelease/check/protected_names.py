"""Find people who must not be named. Only keyed hashes of their names are kept.

    name ──keys_of──▶ "maria garcia", "m garcia" … ──digest──▶ what names.csv keeps
    text ──pairs_in──▶ every two words that may be a name ──digest──▶ compared

A digest takes PBKDF2 with 1,000 rounds and the workspace's key: without the key nobody can try out names.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from pressrelease.check.finding import Finding, Severity
from pressrelease.check.passages import MOST_OF_A_CODE, Passage
from pressrelease.release import Release

ROUNDS = 1000
#: How many bytes of a digest are kept.
_LENGTH = 8
#: How many words may be between two that belong to one name.
_APART = 3

_LEFT_OUT = frozenset(
    "mr mrs ms miss dr prof rev hon judge justice deputy officer detective sergeant sgt jr sr ii iii iv phd md esq"
    " de la del van von der bin al da dos das los las the".split()
)
#: Short forms and the names that they are short for.
_FORMAL = {
    short: formal
    for formal, shorts in {
        "robert": "bob bobby rob robbie", "william": "bill billy will willie", "richard": "rick ricky dick rich",
        "elizabeth": "liz lizzie beth betty eliza", "margaret": "maggie meg peggy", "michael": "mike mikey mick",
        "james": "jim jimmy jamie", "john": "jack johnny", "joseph": "joe joey", "thomas": "tom tommy",
        "katherine": "kate kathy katie cathy kathryn catherine", "edward": "ed eddie ted", "anthony": "tony",
        "christopher": "chris", "daniel": "dan danny", "david": "dave davey", "jennifer": "jen jenny",
        "jessica": "jess jessie", "matthew": "matt", "nicholas": "nick nicky", "patricia": "pat patty trish",
        "rebecca": "becky becca", "samuel": "sam sammy", "stephen": "steve steven", "susan": "sue susie",
        "alexander": "alex", "andrew": "andy drew", "benjamin": "ben benny", "charles": "charlie chuck",
        "deborah": "deb debbie", "francisco": "paco pancho", "jose": "pepe", "guadalupe": "lupe",
        "kenneth": "ken kenny",
    }.items()
    for short in shorts.split()
}  # fmt: skip
#: Letters of other scripts that look like ours.
_ALIKE = str.maketrans("асеорхуіјѕАВСЕНІЈКМОРЅТХΑΒΕΗΙΚΜΝΟΡΤΧ", "aceopxyijsABCEHIJKMOPSTXABEHIKMNOPTX")

_WORD = re.compile(r"[^\W\d_][\w'’]*")
#: A word, a number, or a sign that ends a name. A comma, a quotation mark and a hyphen don't.
_TOKEN = re.compile(r"[^\W\d_][\w'’]*|\w+|[;:!?|/]")


def plain_words(text: str) -> list[str]:
    """Return the words of a name as they are compared: small letters without accents, titles and particles."""
    text = _visible(text).translate(_ALIKE)
    text = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    words = re.findall(r"[^\W\d_]+", re.sub(r"['’]", "", text.casefold()))
    return [_FORMAL.get(word, word) for word in words if word not in _LEFT_OUT]


def keys_of(name: str) -> frozenset[str]:
    """Return the pairs of words under which a person is found: first name or initial with each surname."""
    last, comma, first = name.partition(",")
    words = plain_words(f"{first} {last}") if comma and len(plain_words(first)) else plain_words(name)
    if len(words) < 2:
        return frozenset()
    surnames = [word for word in words[1:] if len(word) > 1][-2:]
    return frozenset(f"{start} {surname}" for start in (words[0], words[0][0]) for surname in surnames)


def pairs_in(text: str, *, any_case: bool = False) -> Iterator[str]:
    """Yield the pairs of words in a text that may be a name, in both orders.

    In a text they begin with a capital; with `any_case`, for names of files and addresses, any two do.
    """
    words = [
        word
        for token in _WORD.findall(_visible(text))
        if any_case or token[0].isupper()
        for word in plain_words(token.replace("_", " "))
    ]
    for at, one in enumerate(words):
        for other in words[at + 1 : at + 1 + _APART]:
            yield f"{one} {other}"
            yield f"{other} {one}"


def digest(pair: str, key: bytes) -> str:
    """Return a pair's keyed hash, in hexadecimal."""
    return hashlib.pbkdf2_hmac("sha256", pair.encode(), key, ROUNDS, _LENGTH).hex()


def named_findings(
    release: Release, texts: Sequence[Passage], known: frozenset[str], digested: Callable[[str], str]
) -> Iterator[Finding]:
    """Yield an error for each line that names somebody of `known`: digests of pairs, made by `digested`."""
    seen = lru_cache(maxsize=None)(lambda pair: digested(pair) in known)
    lines = {one.line for one in texts if any(seen(pair) for pair in _capitalized(one.text))}
    for number, attachment in enumerate(release.attachments):
        if any(seen(pair) for pair in pairs_in(attachment.path, any_case=True)):
            lines.add(release.line_of(f"attachments.{number}"))
    addresses = re.findall(r"[\w.+-]+@[\w.-]+", release.body)
    if any(seen(pair) for one in addresses for pair in pairs_in(one.partition("@")[0], any_case=True)):
        lines.add(release.body_line)
    for line in sorted(lines)[:MOST_OF_A_CODE]:
        yield Finding(
            release.slug,
            "protected_name",
            Severity.ERROR,
            line,
            "This names somebody of the list of people who must not be named ([check] names).",
            "Leave out the name. If it is another person of that name, take the entry off the list.",
        )


def _capitalized(text: str) -> Iterator[str]:
    """Yield the pairs of words that follow each other in a sentence with nothing but capitals between them."""
    run: list[str] = []
    for token in _TOKEN.findall(_visible(text)):
        if token[0].isupper():
            run.append(token)
        elif token.casefold() not in _LEFT_OUT or not run:
            yield from pairs_in(" ".join(run))
            run = []
    yield from pairs_in(" ".join(run))


def _visible(text: str) -> str:
    """Return a text without signs that nobody sees, each letter in one with its accents."""
    return unicodedata.normalize("NFC", "".join(sign for sign in text if unicodedata.category(sign) != "Cf"))
