"""Find minors in a release: those who are spoken of, and those who can be identified.

California: juvenile records are confidential unless a court orders otherwise (Welfare and Institutions Code 827, 828).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pressrelease.check.finding import Finding
from pressrelease.check.names import names_in, trimmed
from pressrelease.check.passages import Passage, at_lines, in_capitals
from pressrelease.check.tables import Table
from pressrelease.release import Release

_H = "[-\u2010-\u2013 ]"
_AGE = r"(?:1[0-7]|[1-9])"
_SPELLED = (
    "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
)
#: Things that have an age, too.
_THING = (
    r"(?: \w+)? (?:laws?|cases?|crimes?|murders?|homicides?|killings?|buildings?|programs?|traditions?|compan\w+"
    r"|vehicles?|cars?|trucks?|sedans?"
    r"|houses?|homes?|agreements?|investigations?|decisions?|sentences?|terms?|wines?|dogs?|horses?|cats?|toyota"
    r"|honda|ford"
    r"|partnership|policy|statute|record|contract|plan|warrant|debt|mystery|evidence|business|rape kits?)\b"
)
_NOUN = (
    r"(?:an?|the|one|two|three|four|five|six|\d{1,2}|another|each|several|multiple|female|male|other|young|unnamed"
    r"|unidentified|his|her|their)"
)
#: A form of saying how old: "17-year-old", "17 yo", "15 years old", "eight-month-old", "fifteen-year-old".
AGED = re.compile(
    rf"(?<![\w$.,-])(?:(?:{_AGE}|{_SPELLED}){_H}?y(?:ea)?rs?\.?{_H}olds?\b|(?:\d{{1,2}}|{_SPELLED}){_H}?(?:months?"
    rf"|weeks?|days?){_H}olds?\b"
    rf"|{_AGE}{_H}?(?:yo|y/o|y\.o\.|yr\.?s?/?{_H}?old|yoa|yof|yom)(?!\w)|{_AGE}{_H}y(?:ea)?rs? of age\b(?! (?:or"
    rf"|and) (?:older|over)))"
    rf"(?!{_THING})",
    re.I,
)
_AT_AGE = re.compile(
    rf"\b(?:aged?|ages):? (?:of )?(?:{_AGE}|{_SPELLED})\b(?![\d%.]*\d)(?! (?:or|and) (?:older|over|up|above))(?!\+"
    rf"|{_H}?(?:to|through|and)?{_H}?(?:1[89]|[2-9]\d))"
    rf"|\bwhen (?:he|she|they) (?:was|were) (?:only |just )?{_AGE}\b(?! (?:minutes|miles|feet|hours|days"
    rf"|years (?:into|in)))"
    rf"|\b(?:is|was|are|were|turned) (?:only |just )?{_AGE} (?:years old|at the time)",
    re.I,
)
_SPOKEN = re.compile(
    rf"\b(?:{_NOUN} )(?:\w+ )?minors?\b(?! (?:injur|damage|traffic|offen[cs]e|crash|collision|accident|violation"
    rf"|wound|change|role|part\b"
    r"|crime|infraction|fire|issue|repair|edit|league|point|matter|burn|cut|detail|adjust|correction|delay"
    r"|in (?:psych|music)))"
    r"|\bminor (?:victim|child|female|male|girl|boy|daughter|son|suspect|defendant|witness|passenger|sister|brother)"
    r"|\bjuvenile (?:suspect|defendant|offender|female|male|victim|boy|girl|witness|passenger|arrestee)s?\b"
    rf"|\b{_NOUN} juveniles?\b(?! (?:court|hall|justice|probation|detention|delinquency|division|program|system"
    rf"|crime|unit|facility|law))"
    r"|\bjuvenile court (?:petition|proceeding|case)s?\b"
    r"|\bunder-?age(?:d)? (?:girl|boy|victim|female|male|teen|person|passenger|driver)s?\b"
    r"|\bchild victims?\b|\bteen(?:age|aged)? (?:girl|boy|victim|suspect|driver|daughter|son|passenger|male|female)s?\b"
    rf"|\b{_NOUN} (?:\w+ )?(?:teenager|teen|toddler|infant|newborn|baby|preschooler)s?\b(?! (?:shower|food|court"
    rf"|driver program))"
    rf"|\b{_NOUN} (?:\w+ )?(?:girl|boy)s?\b(?! (?:scouts?|['’&]|and girls|basketball|soccer|club|team|volleyball)"
    rf"|friend)"
    rf"|\b{_NOUN} (?:young |minor |small |little )?(?:child|children|kids)\b(?! (?:abuse|porn|endanger|care"
    rf"|support|custody|protect|advoca|safety|welfare|interview|exploit|seat|psych|development|online|and famil))"
    r"|\b(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|\d{1,2}th)[- ]grader\b"
    r"|\b(?:children|girls|boys|minors|persons?|girl|boy|child) (?:under|younger than) (?:the age of )?(?:1[0-8]"
    r"|[1-9])\b",
    re.I,
)
#: Sentences about everybody's children: events, programs, advice.
_IN_GENERAL = re.compile(
    r"\b(?:parents|families|students|residents) (?:are|can|should|may|who)\b|\b(?:event|free|admission|register"
    r"|volunteer|mentor|toy drive|backpack"
    r"|scholarship|camp|awareness|workshop|fair|field trip)\b|\bprotect (?:our|the|all) children\b|\b(?:protecting"
    r"|keep) (?:our |the |a )?child|\bmust be accompanied\b"
    r"|\b(?:talk to|talk with|monitor) (?:your|their)\b|\bif (?:you|your)\b|\byour (?:child|teen)",
    re.I,
)
_END = (
    r"(?= ?(?:[,;)|.\]–—-]|$|(?:of|was|is|were|are|who|has|had|from|and|years?|yrs?|yo|y/o|died|on|in|with|faces"
    r"|for)\b))"
)
#: "Roe, 17", "Roe (17)", "Roe, age 17", "Roe – 17", "Roe | 17", before the end of the words about a person.
_AGE_AFTER = re.compile(
    rf"^(?:(?:,|;| ?\|| ?–| ?—| -)? ?\(?(?:aged? ?:? ?|who (?:was|is) |was |is )?(?P<age>{_AGE}"
    rf"|(?-i:ten|eleven|twelve|(?:thir|four|fif|six|seven)teen))\b(?!\d|[./:]\d|%|,\d{{3}})(?:\)|{_H}years?{_H}old"
    rf"|{_END}))",
    re.I,
)
_NEEDS_A_MARK = re.compile(r"^(?: ?[,;|–—(-]| (?:aged?|who|was|is)\b)", re.I)
#: After these a number is a length of time, a count or a place in a list.
_NO_AGE = re.compile(
    r"^\W*(?:was|is)? ?\d+ (?:years? (?!old\b|of age\b)\w|months?|days?|counts?|felon|times|people|hours"
    r"|officers|others)",
    re.I,
)
_NAMED = re.compile(
    r"\b(?:minor|juvenile|child|teen(?:ager)?|boy|girl|toddler|infant|baby)(?: (?:victim|suspect|defendant"
    r"|offender|male|female))?"
    r"(?:,| was| is| has been)?(?: (?:also )?(?:identified|named|known|named in court) as| named| called)?,? $",
)
_AGED_BEFORE = re.compile(rf"(?:{AGED.pattern})(?:,| (?!and\b)[a-z-]+){{0,3}},? $", re.I)


def minor_findings(release: Release, texts: Sequence[Passage], tables: Sequence[Table]) -> Iterator[Finding]:
    """Yield `minor_identified` for each line that names a minor, and `minor` for each other one that speaks of one."""
    identified = {one.line for one in texts if names_a_minor(one.text)}
    identified |= {line for table in tables for line in _rows(table)}
    labels = dict(_labels(texts))
    identified |= set(labels)
    spoken = {one.line for one in texts if speaks_of_a_minor(one.text)} - identified - set(labels.values())
    yield from at_lines(
        release,
        "minor_identified",
        identified,
        "This names a minor. Juvenile records are confidential unless a court orders otherwise (WIC 827, 828).",
        "Leave out the name. If a court allows it, write which order in `accept`.",
    )
    yield from at_lines(
        release,
        "minor",
        spoken,
        "This speaks of a minor. Juvenile records are confidential unless a court orders otherwise (WIC 827, 828).",
        "Make sure that nothing in the release identifies the minor: name, school, street, family.",
    )


def speaks_of_a_minor(text: str) -> bool:
    """Return whether a sentence speaks of somebody under 18."""
    if AGED.search(text) or _AT_AGE.search(text):
        return not _IN_GENERAL.search(text)
    return (bool(_SPOKEN.search(text)) and not _IN_GENERAL.search(text)) or names_a_minor(text, pseudonyms=True)


def names_a_minor(text: str, *, pseudonyms: bool = False) -> bool:
    """Return whether a sentence or a row has a name beside an age under 18, or a minor's name."""
    title = in_capitals(text)
    for start, end, _ in _doe(text) if pseudonyms else names_in(text):
        after = text[end:]
        age = _AGE_AFTER.match(after)
        if age and _NEEDS_A_MARK.match(after) and not _NO_AGE.match(after):
            return True
        if not title and (_NAMED.search(text[:start]) or _AGED_BEFORE.search(text[:start])):
            return True
        if AGED.match(after.lstrip(" ,;|–—(-")) and not title:
            return True
    return False


def _doe(text: str) -> Iterator[tuple[int, int, str]]:
    yield from (
        (one.start(), one.end(), one.group()) for one in re.finditer(r"\b(?:Jane|John|Janet) Doe(?: \d+)?", text)
    )


def _rows(table: Table) -> Iterator[int]:
    """Yield the lines of a table's rows that have a name and an age under 18."""
    column = next((n for n, title in enumerate(table.header) if re.search(r"\bage\b", title, re.I)), None)
    for line, cells in table.rows:
        if not any(_whole_name(cell) for cell in cells):
            continue
        ages = (
            [cells[column]] if column is not None and column < len(cells) else ([] if column is not None else cells[1:])
        )
        plain = (
            rf"\(?(?:age )?{'(?:1[0-7]|[1-9])' if column is not None else '1[0-7]'}\)?(?: ?(?:yo|y/o"
            rf"|years?(?: old)?|yrs?))?"
        )
        if any(re.fullmatch(plain, cell.strip(), re.I) for cell in ages) or any(
            AGED.fullmatch(cell.strip()) for cell in cells
        ):
            yield line


def _whole_name(cell: str) -> bool:
    cell = cell.strip()
    if trimmed(cell):
        return True
    last, comma, first = cell.partition(",")
    return bool(comma) and bool(trimmed(f"{first.strip()} {last.strip()}"))


def _labels(texts: Sequence[Passage]) -> Iterator[tuple[int, int]]:
    """Yield the line of each "Name: …" that is followed by "Age: 17" a few lines below, and the line of that."""
    for number, one in enumerate(texts):
        found = re.match(r"(?:name|suspect|defendant|victim|arrestee)s?: (.+)", one.text, re.I)
        if found and trimmed(found[1].split(",")[0]):
            for after in texts[number : number + 4]:
                if re.search(r"\bage: ?(?:1[0-7]|[1-9])\b(?!\d)", after.text, re.I):
                    yield one.line, after.line
