"""Find victims of protected offenses who can be identified: by name, family, school or street.

California Penal Code 293 and Government Code 7923.615 list the offenses: sexual assault, human trafficking, domestic
violence, child abuse, stalking, hate crimes. Marsy's Law (Cal. Const. I §28(b)) keeps what would locate any victim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pressrelease.check.finding import Finding
from pressrelease.check.minors import names_a_minor
from pressrelease.check.names import NAME, trimmed
from pressrelease.check.passages import Passage, at_lines
from pressrelease.check.places import STREET
from pressrelease.release import Release

#: The offenses whose victims the law protects.
PROTECTED = re.compile(
    r"\b(?:rap(?:e|ed|es|ing|ist)|sodomy|incest|molest\w*|lewd|pimping|pandering|human trafficking"
    r"|sex(?:ual)? traffick\w+"
    r"|traffick\w+ (?:of )?(?:a )?(?:minor|person|human|girl|wom[ae]n)s?|forced labor|sexual\w*|sex (?:crime"
    r"|offense|abuse|assault|act)s?"
    r"|oral copulation|child (?:abuse|porn\w*|endanger\w*|cruelty|exploitation|neglect|sex\w*)|domestic violence"
    r"|domestic abuse"
    r"|spousal (?:abuse|rape|battery)|corporal injury|stalk(?:ed|ing|er|s)?|hate crime|unlawful intercourse"
    r"|indecent)\b",
    re.I,
)
#: The names of offices, programs and courts are no offense of this case.
_OF_AN_OFFICE = re.compile(
    rf"(?:{PROTECTED.pattern})(?: \w+){{0,2}} (?:unit|bureau|task force|division|team|hotline|program|center|court"
    rf"|month|law"
    r"|awareness|week|bill|act|coalition|council|prevention)\b",
    re.I,
)
#: Offenses whose victims are named in public records.
_NAMED_IN_PUBLIC = re.compile(
    r"\b(?:murder\w*|homicide|manslaughter|killed|killing|fatal\w*|deadly|DUI|embezzl\w+|fraud|theft|burglar\w*"
    r"|arson|robbery|died|death)\b",
    re.I,
)
_VICTIM = (
    r"(?:victims?|survivors?|complaining witness|the (?:girl|boy|child|woman|minor)|(?<!old )girl|(?<!old )boy"
    r"|child|minor|teen(?:ager)?)"
)
_EXPLICIT = re.compile(
    r"\bvictims?,? (?:(?:was|is|were|are|has been|have been) )?(?:(?:later|since|also) )?(?:identified as|named as"
    r"|named|known as|identified by)\b"
    r"|\b(?:identified|named|names|identifies) the (?:\w+ )?victims?\b|\b(?:names?|address(?:es)?|photos?"
    r"|photographs?|identit(?:y|ies)) of (?:the )?(?:\w+ )?victims?\b"
    r"(?! (?:will|is|are|was|were|has|have)(?: not)? (?:not|being withheld|withheld|confidential|protected|never))",
    re.I,
)
#: Saying that the name is kept back is what the law wants.
_KEPT_BACK = re.compile(
    r"\b(?:not|never|withh(?:eld|olding|old)|confidential\w*|protect\w*|redact\w*|declin\w*|cannot|can't|won't"
    r"|pseudonym|no longer)\b",
    re.I,
)
_NAMED = re.compile(
    rf"\b(?:victims?|survivors?|Victims?(?=[:,]))(?:,| (?i:is|was|were|are)(?: identified as"
    rf"| named)?)?:? (?P<name>{NAME})"
    rf"|(?P<first>{NAME}),? (?:the|a|one of the|who was the|was the) (?:\w+ )?victims?\b"
)
_KIN = (
    r"(?:step-?|foster |adopted |adoptive |ex-|former |estranged |biological |own |young |teenage |minor "
    r"|\d{1,2}-year-old |[a-z]+-year-old |live-in |then-){0,3}"
    r"(?:step-?)?(?:daughter|son|child|children|niece|nephew|grand-?daughter|grand-?son|grandchild(?:ren)?|sister"
    r"|brother|cousin|wife|husband"
    r"|girlfriend|boyfriend|fianc[ée]+|spouse|mother|father|partner|roommate|family members?|relatives?)"
)
_KINSHIP = re.compile(
    rf"\b(?:his|her|their|(?:the )?(?:defendant|suspect|accused|man|woman|couple)['’]s"
    rf"|[A-Z][\w]+['’]s?) (?P<kin>{_KIN})\b"
    r"|\b(?:daughter|son|niece|nephew|child|children|sister|brother) of (?:his|her|the defendant|the suspect)"
    r"|\brelated to (?:the (?:defendant|suspect|accused|victim)|him|her)\b",
)
#: What was done to the victim, in the same sentence as the kinship.
_HARMED = re.compile(
    r"\b(?:victim\w*|survivor|assault\w*|abus\w*|molest\w*|rap(?:e|ed|ing)|lewd|sexual\w*|traffick\w*|attack\w*"
    r"|beat\w*|chok\w*|strangl\w*|stalk\w*|hit|struck|injur\w*|batter\w*|touch\w*|violence|pimp\w*|hurt|threat\w*"
    r"|crimes? against|corporal|endanger\w*|neglect\w*)\b",
    re.I,
)
_NOT_THE_VICTIM = re.compile(
    r"\b(?:Marsy\w*|advocates?|said|testified|thanked|reported (?:it|the)|told|called (?:police|911)|statement by"
    r"|arrested (?:with"
    r"|along)|and (?:his|her) (?:wife|husband) were (?:arrested|charged))\b",
    re.I,
)
_SCHOOL = (
    r"(?:(?:[A-Z][\w.'’]+ ){1,4}(?:(?:High|Middle|Elementary|Junior High|Charter|Primary|Preparatory|Christian) School"
    r"|Academy|Preschool|Day ?[Cc]are)|[A-Z]\w+ (?:High|Middle|Elementary)(?! (?:Court|Street|River|Desert|Country)))\b"
)
#: A pupil of a school that is named.
_PUPIL = re.compile(
    r"\b(?:students?|pupils?|girls?|boys?|child(?:ren)?|victims?|minors?|teen\w*|freshm[ae]n|sophomores?|juniors?"
    r"|seniors?|\w+ graders?|daughter|son|cheerleader|player|she|he|who)\b(?: \w+){0,4}? (?:at|of|from|attend\w*"
    r"|in|for|enrolled (?:at|in))"
    rf" (?:the )?{_SCHOOL}|{_SCHOOL} (?:student|pupil|freshman|sophomore|junior|senior|\w+ grader)s?\b"
)
_LIVES = re.compile(r"\b(?:victim|girl|boy|child|woman|survivor|minor|teen(?:ager)?|she|her|family)(?:['’]s)?\b", re.I)


def victim_findings(release: Release, texts: Sequence[Passage]) -> Iterator[Finding]:
    """Yield `victim_identified` for each line that may identify a victim that the law protects."""
    protected = any(PROTECTED.search(_OF_AN_OFFICE.sub("", one.text)) for one in texts)
    public = not protected and any(_NAMED_IN_PUBLIC.search(one.text) for one in texts)
    lines = [one.line for one in texts if (not public and _names(one.text)) or (protected and _identifies(one.text))]
    yield from at_lines(
        release,
        "victim_identified",
        lines,
        "This may identify a victim (Penal Code 293; for trafficking, the family's names and images too).",
        "Leave out name, family, school and street. If the victim agreed to be named, write that in `accept`.",
    )


def _names(text: str) -> bool:
    if _EXPLICIT.search(text) and not _KEPT_BACK.search(text):
        return not re.search(
            r"\b(?:identified as|named|known as) (?:only )?(?:as )?(?:Jane|John) Doe\b|identified (?:as"
            r"|by) (?:only )?(?:a |an |the )?(?:\d|initials)",
            text,
        )
    return any(trimmed(one["name"] or one["first"] or "") for one in _NAMED.finditer(text))


def _identifies(text: str) -> bool:
    """Return whether a sentence of a release about a protected offense points at one victim."""
    if names_a_minor(text):
        return True
    if _KINSHIP.search(text) and _HARMED.search(text) and not _NOT_THE_VICTIM.search(text):
        return True
    if _PUPIL.search(text) and not re.search(
        r"\b(?:graduat\w+ from|held at|meeting at|presentation|assembly at)\b", text, re.I
    ):
        return True
    return (
        bool(STREET.search(text))
        and bool(_LIVES.search(text))
        and bool(re.search(r"\b(?:home|house|liv\w+|resid\w+|apartment)\b", text, re.I))
    )
