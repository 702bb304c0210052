"""Cut a text into the tokens of an embargo phrase. Nothing is judged here, and nothing is dropped."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache

from pressrelease.when import clocks, day_ranges, days, places
from pressrelease.when.refusals import Why
from pressrelease.when.tokens import (
    Aside,
    AtOnce,
    Builder,
    Connector,
    Doubt,
    Number,
    Pattern,
    Punctuation,
    RangeWord,
    Token,
    UnknownWord,
)
from pressrelease.when.vocabulary import DOUBTS, EVENTS, HARMLESS, HARMLESS_PHRASES, NUMBER_WORDS, TIMELY

_QUOTES = {"‘": "'", "’": "'", "ʼ": "'", "“": '"', "”": '"', "−": "-", "⁄": "/", "∕": "/", "\u2024": ".", "\u2236": ":"}


def plain(text: str) -> str:
    """Return `text` in lower case with plain spaces, dashes and quotes; every letter keeps its place."""
    if text.isascii():
        return "".join(letter if " " <= letter <= "~" or letter == "\n" else " " for letter in text.lower())
    return "".join(map(_plain_letter, text))


@cache
def _plain_letter(letter: str) -> str:
    if letter in "\n\r\u2028\u2029\x85":
        return "\n"
    kind = unicodedata.category(letter)
    if letter.isspace() or kind in {"Cc", "Cf"}:
        return " "
    if kind == "Pd":
        return "-"
    if letter in _QUOTES:
        return _QUOTES[letter]
    folded = unicodedata.normalize("NFKC", letter).lower()
    return folded if len(folded) == 1 else letter


_NOT = r"(?:not|no|nothing|never|cannot|can't|don't|won't|mustn't|isn't)"
_BEFORE = r"(?:before|until|till|prior\s+to|earlier\s+than|sooner\s+than|ahead\s+of)"

_PHONE = r"""
      (?:\+?1[-.\s])?(?:\([0-9]{3}\)\s?|\b[0-9]{3}[-.\s])[0-9]{3}[-.\s][0-9]{4}(?![0-9])
    | \b[0-9]{3}[-.][0-9]{4}(?![0-9/-])
    | \+[0-9]{1,3}(?:[\s().-]{0,2}[0-9]){7,12}(?![0-9]|\s*[ap]\.?\s?m\b|[:.][0-9])
    | \b0[0-9]{2,4}\s[0-9]{3,4}\s[0-9]{3,4}(?![0-9])
    | \b(?:tel|telephone|phone|cell|mobile|fax|call|text)\b[.:]?\s*(?:at\s+|on\s+)?
        (?:0[0-9]{2,4}[\s-][0-9]{3,4}[\s-][0-9]{3,4}|[0-9]{3}[\s.-][0-9]{4})(?![0-9])
    | \b(?:ext|extension)\b\.?\s?[0-9]{1,6}(?![0-9])
"""
_NUMBERED = r"""
      \b(?:case|docket|file|incident|report|reference|ref|release|bulletin|event|id|order|bill|badge|room|suite|page|building)
        \s*(?:no\b\.?|nos\b\.?|numbers?\b|num\b\.?|\#)\s*:?\s*\#?[a-z0-9][a-z0-9./-]*
    | \b(?:case|docket|usdl|file|sec|fda|nr|pr)[\s:-]+(?=[a-z0-9-]*[0-9]{3})[a-z0-9]+(?:-[a-z0-9]+)+
    | \b(?:case|docket|incident)[\s:]+(?=[a-z]*[0-9]{3})[a-z0-9]+(?:-[a-z0-9]+)*
    | \busdl[\s:-]*[0-9][0-9-]*
    | \#\s?[0-9][a-z0-9-]*
    | \b(?:no|nos)\.\s?(?=[0-9])[0-9a-z./-]+
    | \b(?:room|rm|suite|page|pages|floor|apt|apartment|unit|box|dept|department|division|div|courtroom|section|item
        |exhibit|count|gate|hall|building|bldg|part|line|track|route|highway|hwy|measure|prop|proposition|chapter
        |version)\.?\s[0-9]{1,5}[a-z]?\b
    | \b[0-9]{1,3}\s(?:pages?|pgs?|words|photos?|pictures?|images?|attachments?|copies|sheets)\b
"""
_ADDRESS = r"[^\s@]*[a-z][^\s@]*@\S+ | https?://\S+ | www\.\S+"

#: What results are of, with their year: "Q3 2018", "FY 2018/19".
_YEAR_OF_REPORTS = r"(?:fy\s?(?:20)?[0-9]{2}|20[0-9]{2}|'[0-9]{2})(?:[/-][0-9]{2})?(?![0-9:.])"
_REPORTED_PERIOD = (
    rf"\b(?:(?:q[1-4]|h[12])(?:\s?/\s?(?:q[1-4]|h[12]))?(?:\s*{_YEAR_OF_REPORTS})?|fy\s?(?:20)?[0-9]{{2}}"
    r"(?:[/-][0-9]{2})?(?![0-9:.]))(?![\w:])"
)

#: A house number: "210 W. Temple St.".
_STREET = r"""\b[0-9]{1,5}\s+(?:[nsew]\.?\s+|(?:north|south|east|west)\s+)?(?!am\b|pm\b|in\b|on\b|at\b|the\b|and\b|to\b)
    (?P<street_name>[a-z]{3,15})\s+(?:st\b\.?|street|ave\b\.?|avenue|blvd\b\.?|boulevard|road|rd\b\.?|drive|lane)\b"""

_TIES = {
    Connector.BETWEEN: r"between|in\s+between",
    Connector.NOT_BEFORE: r"on\s+(?:or|and)\s+after|at\s+or\s+after|not\s+earlier\s+than|no\s+earlier\s+than",
    Connector.FROM: r"as\s+from|effective\s+from|from|starting|beginning|commencing|as\s+of|since",
    Connector.AFTER: r"(?:any\s?time\s+)?after|following",
    Connector.UNTIL: r"until|till|'til|'till|til|up\s+until",
    Connector.BY: r"(?:no|not)\s+(?:later\s+than|after|beyond|past)|by|before|within|prior\s+to|ahead\s+of"
    r"|up\s+to|deadline|due",
    Connector.THROUGH: r"through\s+to|up\s+through|through|thru|-\s?thru",
    Connector.TO: r"to",
    Connector.AND: r"and|&",
    Connector.AT: r"at|@",
}

_AT_ONCE = r"""(?:for\s+)?immediate(?:\s+(?:release|use|publication|distribution|broadcast))?
    | immediately | at\s+once | right\s+away | straight\s+away | straightaway | right\s+now | now
    | no\s+embargo | embargo\s*:?\s+none | not\s+(?:under\s+)?embargo(?:ed)? | not\s+under\s+embargo"""


@cache
def _sources() -> list[Pattern]:
    return [
        (
            "period",
            _REPORTED_PERIOD,
            lambda found: UnknownWord(*found.span(), found[0], known=False, why=Why.REPORTED_PERIOD),
        ),
        ("aside", rf"{_ADDRESS} | {_PHONE} | {_NUMBERED}", lambda found: Aside(*found.span())),
        (
            "harmless",
            rf"{_any_of(HARMLESS_PHRASES)} | \bwhen\s*:",
            lambda found: UnknownWord(*found.span(), found[0], known=True),
        ),
        ("street", _STREET, _street),
        *day_ranges.PATTERNS,
        *days.PATTERNS,
        *day_ranges.MONTHS,
        *clocks.PATTERNS,
        ("doubt", _any_of(phrase for phrase in DOUBTS if " " in phrase), _doubt),
        ("atonce", rf"\b(?:{_AT_ONCE})\b", lambda found: AtOnce(*found.span())),
        (
            "notbefore",
            rf"\b{_NOT}\b(?P<notbefore_inner>(?:[\s,/]+[a-z'/&-]+){{0,25}}?)[\s,]+{_BEFORE}\b(?:\s+after\b)?",
            _not_before,
        ),
        *places.patterns(),
        *((f"tie_{tie.name.lower()}", rf"(?<![\w'])(?:{words})(?!\w)", _bound(tie)) for tie, words in _TIES.items()),
        ("number", r"[0-9]+(?:[.,:/-][0-9]+)*(?:st|nd|rd|th)?\b", _number),
        ("word", r"[^\W\d_][\w']*(?:[.&/-](?=\w)[\w']+)*", _word),
    ]


@cache
def _scanner() -> tuple[re.Pattern[str], dict[str, Builder]]:
    """Return one pattern for everything, its alternatives tried in this order, and each one's builder."""
    pattern = "|".join(f"(?P<{name}>{source})" for name, source, _ in _sources())
    return re.compile(pattern, re.VERBOSE), {name: build for name, _, build in _sources()}


@cache
def _one_by_one() -> dict[str, re.Pattern[str]]:
    return {name: re.compile(source, re.VERBOSE) for name, source, _ in _sources()}


def _any_of(phrases: Iterable[str]) -> str:
    found = sorted(phrases, key=len, reverse=True)
    either = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in found)
    return rf"\b(?:{either})\b"


def _doubt(found: re.Match[str]) -> Token:
    return Doubt(*found.span(), DOUBTS[" ".join(found[0].split())])


def _bound(tie: Connector) -> Callable[[re.Match[str]], Token]:
    return lambda found: RangeWord(*found.span(), tie)


def _not_before(found: re.Match[str]) -> Token | None:
    """Skip what may not be done before then, as long as nothing in it is in doubt or a time."""
    inner = set(re.findall(r"[a-z']+", found["notbefore_inner"])) - {"or", "and"}
    if any(word in DOUBTS or days.is_name(word) or any(stem in word for stem in TIMELY) for word in inner):
        return None
    return RangeWord(*found.span(), Connector.NOT_BEFORE)


def _street(found: re.Match[str]) -> Token | None:
    """Return a house number, unless the street's name could be a token of a time: "24 September Road"."""
    name = found["street_name"]
    if (
        days.is_name(name)
        or name in DOUBTS
        or name in EVENTS
        or name in NUMBER_WORDS
        or name in {"may", "march", "sun"}
    ):
        return None
    if any(stem in name for stem in (*TIMELY, "utc", "gmt", "hrs")):
        return None
    return Aside(*found.span())


def _number(found: re.Match[str]) -> Token:
    digits = found[0]
    return Number(*found.span(), int(digits) if digits.isdecimal() and len(digits) <= 9 else -1, digits)


def _word(found: re.Match[str]) -> Token:
    return _word_token(*found.span(), found[0])


def _word_token(start: int, end: int, text: str) -> Token:
    bare = text.removesuffix("'s")
    if text in DOUBTS:
        return Doubt(start, end, DOUBTS[text])
    if days.is_name(text):
        return Doubt(start, end, Why.DAY_MISSING)
    if text in NUMBER_WORDS:
        return Number(start, end, NUMBER_WORDS[text], text)
    if text in EVENTS or bare in EVENTS:
        return UnknownWord(start, end, text, known=False, why=Why.EVENT)
    if any(letter.isdigit() for letter in text):
        return Number(start, end, -1, text)
    known = text in HARMLESS or bare in HARMLESS
    if not known and any(stem in text for stem in TIMELY):
        return Doubt(start, end, Why.MAYBE_A_TIME)
    return UnknownWord(start, end, text, known=known)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of `text` in order; together they cover every letter that isn't a space."""
    low = plain(text)
    pattern, builders = _scanner()
    tokens: list[Token] = []
    place, end = 0, len(low)
    while place < end:
        letter = low[place]
        if letter in " \r\t":
            place += 1
            continue
        found = pattern.match(low, place)
        token = builders[found.lastgroup](found) if found is not None and found.lastgroup else None
        if token is None:
            token = _after(low, place, found.lastgroup) if found is not None and found.lastgroup else None
        if token is None:
            token = _alone(low, place)
        tokens.append(token)
        place = token.end
    return tokens


def _after(low: str, place: int, name: str) -> Token | None:
    """Return what the patterns after `name` make of this place, if that one only looked right."""
    _, builders = _scanner()
    names = list(builders)
    for other in names[names.index(name) + 1 :]:
        found = _one_by_one()[other].match(low, place)
        token = builders[other](found) if found is not None else None
        if token is not None:
            return token
    return None


def _alone(low: str, place: int) -> Token:
    """Return a word that no pattern matches, or a single sign."""
    word = re.compile(r"[^\W\d_][\w']*").match(low, place)
    if word is not None:
        return _word_token(*word.span(), word[0])
    letter = low[place]
    if letter in DOUBTS:
        return Doubt(place, place + 1, DOUBTS[letter])
    if letter.isnumeric():
        return Number(place, place + 1, -1, letter)
    return Punctuation(place, place + 1, letter)
