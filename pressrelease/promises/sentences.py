"""Split a text into sentences, each with its line, in spite of Markdown, lists, quotes and abbreviations."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

#: The part of a sentence that is read; the rest of a longer one is ignored.
LONGEST = 2000


@dataclass(frozen=True)
class Sentence:
    """One sentence without its Markdown, on one line; `line` counts from 1 in the text that it was found in."""

    text: str
    line: int


def sentences(text: str) -> Iterator[Sentence]:
    """Return every sentence of a Markdown or plain text, in order. A heading, list item or label line is one too."""
    for block in _blocks(text):
        starts: list[int] = []
        length = 0
        for _, words in block:
            starts.append(length)
            length += len(words) + 1
        joined = " ".join(words for _, words in block)
        for start, end in _cuts(joined):
            piece = _plain(joined[start : min(end, start + LONGEST)])
            if piece:
                yield Sentence(piece, block[bisect_right(starts, start) - 1][0])


# -- blocks ----------------------------------------------------------------------------------------------------

_BEGINS_ANEW = re.compile(r"\s*(?:#{1,6}\s|[-*+•–]\s|\d{1,3}[.)]\s|>|\||[A-Z][A-Z ]{2,24}:\s)")
_MARKER = re.compile(r"(?:(?:#{1,6}|[-*+•–]|\d{1,3}[.)])\s|[>|])+\s*")
_RULE = re.compile(r"\s*(?:[-*_=#~]\s*){3,}$")

#: A line of a wrapped paragraph is longer than this, unless it is the last.
_SHORT = 45
_GOES_ON = re.compile(r"(?:[,;:&–—-]|\b(?:the|a|an|and|or|of|in|on|at|to|for|by|with|from|will|be|is|are|next))$", re.I)


def _blocks(text: str) -> Iterator[list[tuple[int, str]]]:
    """Yield lines that belong together, with their numbers."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        blank = not line.strip() or _RULE.match(line)
        if block and (blank or _BEGINS_ANEW.match(line) or _stands_alone(block[-1][1], line)):
            yield block
            block = []
        if not blank:
            words = line.strip()
            bare = _MARKER.match(words)
            block.append((number, words[bare.end() if bare else 0 :]))
    if block:
        yield block


def _stands_alone(before: str, line: str) -> bool:
    """Return whether `before` ends although no blank line follows: a headline, a line of an advisory."""
    following = line.strip()
    if not following[:1].isupper() or len(before) >= _SHORT or _GOES_ON.search(before):
        return False
    return before[-1:] not in ".!?" or len(before.split()) <= 4


# -- cuts ------------------------------------------------------------------------------------------------------

_END = re.compile(r"(?:[.!?]|…)+[\"”’')\]*_]*(\s+)(?=[\"“‘'(\[*_]*[A-Z0-9“])")
_LAST_WORD = re.compile(r"[\w.&-]*$")

#: A period after these never ends a sentence.
_NEVER = frozenset(
    "mr mrs ms messrs prof rev hon gov sen rep lt sgt det capt cpl cmdr gen col maj adm pvt supt no nos vs v approx est"
    " fig vol ext insp ald cllr".split()
)
#: A period after these ends a sentence only if a word follows that sentences begin with.
_SELDOM = frozenset(
    "dr st ft mt jr sr inc corp co ltd llc plc bros dept dist univ assn assoc bldg ave blvd rd hwy ln pl sq ste rm u.s"
    " u.k u.n d.c n.y n.j e.g i.e etc a.m p.m am pm ph.d m.d hrs jan feb mar apr jun jul aug sep sept oct nov dec mon"
    " tue tues wed thu thur thurs fri sat sun ala ariz ark calif colo conn del fla ga ill ind kan ky la md mass mich"
    " minn miss mo mont neb nev n.c n.d n.h n.m s.c s.d w.va okla ore pa r.i tenn tex va vt wash wis wyo"
    " e.t p.t".split()
)
_BEGINNERS = frozenset(
    "the a an this these that those there he she it they we i you his her its their our your my all any anyone some no"
    " not in on at for with to from by as if when once after before during since because while until although however"
    " additional more further other another both each every most many several several please call contact visit"
    " registration admission media members reporters residents tickets doors details results winners names police"
    " officers detectives deputies investigators parking seating space due under over about according also and but or"
    " what who where why how here today tomorrow tonight last first final full live callers participants"
    " applicants".split()
)


def _cuts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(text):
        stop = match.start()
        if text[stop] == "." and not _ends(text[max(start, stop - 40) : stop], text[match.end(1) : match.end(1) + 40]):
            continue
        yield start, match.start(1)
        start = match.end(1)
    if start < len(text):
        yield start, len(text)


def _ends(before: str, after: str) -> bool:
    """Return whether the period between these ends a sentence."""
    last = _LAST_WORD.search(before)
    word = last.group().strip("&-").lower() if last else ""
    following = re.sub(r"^[\"“‘'(\[*_]+", "", after).split(" ", 1)[0].strip(',.;:!?"”’)').lower()
    if word in _NEVER:
        # "No." may be a whole answer; a number or a name follows an abbreviation.
        return word == "no" and not following[:1].isdigit()
    if word in _SELDOM or re.fullmatch(r"[a-z]", word):
        return following in _BEGINNERS
    # "1." begins an item of a list that was written on one line.
    return not (word.isdigit() and len(before.split()) <= 1)


# -- plain words -----------------------------------------------------------------------------------------------

_IMAGE = re.compile(r"!\[[^\]]{0,300}\]\([^)]{0,500}\)")
_LINK = re.compile(r"\[([^\]]{1,300})\](?:\([^)]{0,500}\)|\[[^\]]{0,100}\])")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_EMPHASIS = re.compile(r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|\*\*|`")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+.!|<>~$&-])")


def _plain(text: str) -> str:
    text = _IMAGE.sub(" ", text)
    text = _LINK.sub(r"\1", text)
    text = _TAG.sub(" ", text)
    text = _EMPHASIS.sub("", text)
    return " ".join(unescape(_ESCAPE.sub(r"\1", text)).split())
