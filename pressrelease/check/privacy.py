"""Find what must not be public about a person: birth date, Social Security number, home address, phone number.

Penal Code 841.5 (addresses and phone numbers of victims and witnesses); Government Code 7922.200 (Social Security
numbers); Rule of Court 1.201 (identifiers in court papers); Rule 3.6(b): the general area of residence is public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pressrelease.check.finding import Finding, Severity
from pressrelease.check.passages import MOST_OF_A_CODE, Passage, at_lines
from pressrelease.check.places import HOUSE
from pressrelease.check.tables import Table
from pressrelease.release import Contact, Release

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember"
    r"|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DATE = (
    rf"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:19|20)?\d\d|(?:19|20)\d\d-\d\d-\d\d|{_MONTH} \d{{1,2}}(?:st|nd|rd"
    rf"|th)?,? (?:19|20)\d\d|\d{{1,2}} {_MONTH} (?:19|20)\d\d)"
)
_BIRTH = re.compile(
    rf"\b(?:D\.?O\.?B\.?|dates? of birth|birth ?dates?|birthday|born(?: on)?|b\.)\b\.?[\s:,;(|-]*(?:is |was |of "
    rf"|on )*{_DATE}"
    rf"|{_DATE}[\s)]*\(?(?:D\.?O\.?B\b|date of birth)",
    re.I,
)
_DATE_CELL = re.compile(rf"{_DATE}", re.I)
_SSN = re.compile(
    r"(?<![\w/-])(?!000|666)\d{3}([-\u2010-\u2013.])(?!00)\d{2}\1(?!0000)\d{4}(?![\w-])"
    r"|\b(?:SSN|social security(?: (?:number|no\.?|#))?)[\s:#|]*(?:is |was |of )?\d{3}[ -]?\d{2}[ -]?\d{4}\b",
    re.I,
)
_HOME = re.compile(
    r"\b(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing|ents?|ence)|home|house|apartment|condo(?:minium)?|mobile home"
    r"|her address|his address|their address|home address)\b",
    re.I,
)
_NO_HOME = re.compile(
    r"\b(?:office|court ?house|headquarters|open house|town ?hall|library|museum|center located|news conference"
    r"|press conference|clinic|event|held at|senior living|nursing home|funeral home|business|store|restaurant)\b",
    re.I,
)
#: A person in a list: "Richard Roe, 34, of 123 Maple Street".
_IN_A_LIST = re.compile(
    rf"(?:, ?\d{{1,3}}|\(\d{{1,3}}\)|[|;–-] ?\d{{1,3}})(?:,| \||;| [–-])? ?(?:of |at )?(?:the )?(?={HOUSE.pattern})"
)
_PHONE = re.compile(
    r"(?<![\w.-])(?:\+?1[ .-]?)?(?:\((\d{3})\) ?|(\d{3})[ .\u2010-\u2013-])(\d{3})[ .\u2010-\u2013-](\d{4})(?![\w-])"
)
_TOLL_FREE = frozenset({"800", "833", "844", "855", "866", "877", "888"})
#: A number that the public is meant to call.
_TO_CALL = re.compile(
    r"\bcontacts?:|\b(?:hot ?line|help ?line|tip ?line|crisis|tips?\b|(?:any|more|further|with"
    r"|additional) information|dispatch"
    r"|victim[/ -](?:and )?witness"
    r"|victim services|report(?:ing)? (?:fraud|abuse|a crime|suspected)|(?:media|press|public information"
    r"|general) (?:contact|office|officer|inquir\w+|line)|crime ?stoppers"
    r"|rsvp|register|for help|if you (?:are|have|were)|anyone who)\b|\b(?:District Attorney|Sheriff"
    r"|Police)['’]?s? (?:Office|Department)[^.;]{0,30}(?:at|:|\() ?$",
    re.I,
)


def privacy_findings(
    release: Release, office: Contact, texts: Sequence[Passage], tables: Sequence[Table]
) -> Iterator[Finding]:
    """Yield findings for lines with a birth date, a Social Security number, a home address or a phone number."""
    yield from at_lines(
        release,
        "birth_date",
        [
            *(one.line for n, one in enumerate(texts) if _BIRTH.search(f"{_before(texts, n)[-12:]} {one.text}")),
            *_column(tables, r"\b(?:DOB|D\.O\.B|birth)", _DATE_CELL),
        ],
        "This is a birth date. With a name, it is enough to take over somebody's identity.",
        "Write the age instead.",
    )
    lines = sorted(
        {one.line for one in texts if _SSN.search(one.text)} | {n for n, t in _raw(release) if _SSN.search(t)}
    )
    for line in lines[:MOST_OF_A_CODE]:
        yield Finding(
            release.slug,
            "ssn",
            Severity.ERROR,
            line,
            "This is a Social Security number, which must never be published (Gov. Code 7922.200).",
            "Delete it.",
        )
    yield from at_lines(
        release,
        "home_address",
        [
            *(one.line for one in texts if _home(one.text)),
            *_column(tables, r"\b(?:home )?address|residence", HOUSE),
        ],
        "This is a home address. Only the general area is public (Rule 3.6(b); Penal Code 293, 841.5).",
        "Write the city, or the block: “the 400 block of Maple Street”.",
    )
    known = {_digits(contact.phone) for contact in (release.contact or Contact(), office)}
    yield from at_lines(
        release,
        "phone_number",
        [one.line for number, one in enumerate(texts) if _private_number(one.text, _before(texts, number), known)],
        "This phone number is not the media contact's.",
        "Delete it, or say in the same sentence what it is for, such as “tip line”.",
    )


def _before(texts: Sequence[Passage], number: int) -> str:
    return texts[number - 1].text if number else ""


def _raw(release: Release) -> Iterator[tuple[int, str]]:
    """Yield every line of the text as it was typed: a sentence is read only in part if it is very long."""
    yield from enumerate(release.body.split("\n"), start=release.body_line)


def _home(text: str) -> bool:
    if not HOUSE.search(text):
        return False
    return bool(_IN_A_LIST.search(text)) or (bool(_HOME.search(text)) and not _NO_HOME.search(text))


def _column(tables: Sequence[Table], title: str, cell: re.Pattern[str]) -> Iterator[int]:
    """Yield the lines of the rows whose cell under a title like this is found."""
    for table in tables:
        columns = [number for number, name in enumerate(table.header) if re.search(title, name, re.I)]
        for line, cells in table.rows:
            if any(number < len(cells) and cell.search(cells[number]) for number in columns):
                yield line


def _private_number(text: str, before: str, known: set[str]) -> bool:
    for match in _PHONE.finditer(text):
        area = match[1] or match[2]
        digits = area + match[3] + match[4]
        if area in _TOLL_FREE or any(digits in number for number in known if number):
            continue
        if _TO_CALL.search(text[: match.start()]) or _TO_CALL.search(text[match.end() :]):
            continue
        if re.fullmatch(r"[^.]{0,40}\bcontacts?:?", before, re.I):
            continue  # the line below "Media contact:"
        return True
    return False


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
