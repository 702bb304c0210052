"""Find people's names in running text: capitalized words that are no place, office, month or title."""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = (
    r"(?:[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ'’]+(?:[A-Z][a-zà-öø-ÿ]+)?|[A-ZÀ-ÖØ-Þ]['’][A-Z][a-zà-öø-ÿ]+"
    r"|[A-ZÀ-ÖØ-Þ]{2,}(?:['’][A-Z]+)?)"
)
_FULL = rf"{_WORD}(?:[-‑]{_WORD})*"
#: Two words with a capital or more, with initials, particles and nicknames between them.
NAME = (
    rf"{_FULL}(?: (?:{_FULL}|[A-Z]\.|[“\"‘'(]{_FULL}[”\"’')]|de la|del|de|la|van der|van|von|bin|al|da"
    rf"|dos)){{0,5}}? {_FULL}(?:,? (?:Jr|Sr|II|III|IV)\b\.?)?"
)
_NAME = re.compile(
    rf"(?<![\w’'-]){_FULL}(?: (?:{_FULL}|[A-Z]\.|[“\"‘'(]{_FULL}[”\"’')]|de la|del|de|la|van der|van|von|bin|al|da"
    rf"|dos)){{0,6}}"
)

#: Words that may be before a name without being part of it.
_BEFORE = frozenset(
    "the a an and or on in at by for of to from with after when while his her their its this that these as but not"
    " victim victims suspect suspects defendant defendants accused minor juvenile student teenager teen boy girl child"
    " deputy detective officer sergeant lieutenant captain chief sheriff judge justice attorney prosecutor senior"
    " investigator agent special supervising assistant district public defender honorable hon mr mrs ms miss dr prof"
    " rev name names monday tuesday wednesday thursday friday saturday sunday january february march april may june"
    " july august september october november december police today also co-defendant co-defendants codefendant"
    " age witness witnesses coach teacher pastor he she they authorities investigators detectives officers deputies"
    " late young little baby convicted charged arrested sentenced inmate resident".split()
)
#: Words of places, offices and things: with one of these it is no person's name.
_NOT_A_NAME = frozenset(
    "county city state states court courts courthouse office department division unit bureau district street avenue"
    " road drive lane boulevard highway freeway way parkway place circle terrace school schools high middle elementary"
    " university college hospital center centre church park police sheriff sheriff's penal code section count counts"
    " superior supreme appeal appeals federal united american california north south east west northern southern"
    " eastern"
    " western national force task program project operation department's county's city's office's team services service"
    " agency administration association club company inc llc corp corporation bank group jail prison hall house bay"
    " river lake mountain valley hills hill beach airport station mall plaza unified assembly bill act law senate"
    " congress government crime crimes victim victims witness assistance hotline line human trafficking sexual assault"
    " domestic violence family child children protective health safety vehicle vehicles code's press release media"
    " contact phone information day week month year christmas thanksgiving new year's eve labor memorial independence"
    " room suite apartment building floor page exhibit case no number chapter article amendment title rule dept"
    " interstate"
    " route mile level grade class phase part tier group degree first second third fourth fifth men women boys girls"
    " great golden red blue white black silver city-county mothers against drunk drivers fbi dea atf irs dui dna chp"
    " google facebook instagram snapchat apple iphone honda toyota ford chevrolet nissan street's attorney".split()
)
_PSEUDONYM = re.compile(r"\b(?:Jane|John|Janet|Baby|Confidential|Victim|Minor)\b.*\bDoe\b|\bDoe\b", re.I)
_TOKEN = re.compile(r"[\w’'.-]+")


def names_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each name as (start, end, name). "Jane Doe" is a pseudonym of the courts and is left out."""
    for match in _NAME.finditer(text):
        found = trimmed(match.group())
        if found:
            start = match.start() + match.group().rindex(found)
            yield start, start + len(found), found


def trimmed(words: str) -> str:
    """Return the name in a run of capitalized words, without titles before it; "" if it is no person's name."""
    tokens = list(_TOKEN.finditer(words))
    while tokens and tokens[0].group().lower().rstrip(".") in _BEFORE:
        tokens.pop(0)
    if len(tokens) < 2:
        return ""
    plain = [token.group().lower().rstrip(".") for token in tokens]
    if any(word in _NOT_A_NAME for word in plain):
        return ""
    found = words[tokens[0].start() : tokens[-1].end()]
    return "" if _PSEUDONYM.search(found) or sum(len(word) > 1 for word in plain) < 2 else found
