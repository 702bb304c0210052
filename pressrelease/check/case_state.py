"""How far a criminal case is, as a release reports it: what is owed to the accused follows from that."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from pressrelease.check.passages import Passage


class CaseState(str, Enum):
    """The furthest step that a release reports."""

    NONE = "none"
    CHARGED = "charged"
    CONVICTED = "convicted"
    SENTENCED = "sentenced"
    ACQUITTED = "acquitted"


class Case(NamedTuple):
    """The state of a release's case; `accused_line` is where someone is first said to be accused, 0 for nowhere.

    `pending` is whether somebody in it is still waiting for a verdict, such as a co-defendant of one who was convicted.
    """

    state: CaseState
    accused_line: int
    pending: bool


_NUMBER = r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)"

_SENTENCED = re.compile(
    r"\b(?:was|were|been|is|are|being|judge|court|jury|today|\d+)? ?\bsentenced\b"
    r"|\bsentences (?:\w+ ){1,6}to\b"
    rf"|\b(?:received|given|imposed|handed down|gets?|got|serve) (?:an? )?(?:[\w-]+ ){{0,4}}(?:sentence|{_NUMBER}"
    r"(?:[ -]\w+){0,3} (?:years?|months?|days?) (?:in|of|to life))"
    r"|\bsentence of\b|\b\d+[- ]years?(?:[- ]to[- ]life)? (?:\w+ )?sentence\b|\bsentencing of\b"
    r"|\bordered to serve\b|\blife (?:in prison )?without (?:the possibility of )?parole\b",
    re.I,
)
#: A sentence that is possible or to come, or somebody else's from before.
_NOT_SENTENCED = re.compile(
    r"\b(?:faces?|facing|could|may|might|would|can|if convicted|maximum|up to|eligible|carries|punishable|will be"
    r"|to be|be sentenced|scheduled|sentencing is|seeks?|seeking|previously sentenced|prior|exposure|possible"
    r"|potential)\b",
    re.I,
)
_CONVICTED = re.compile(
    r"\bconvict(?:s|ed)\b|\bfound (?:\w+ ){0,4}guilty\b|\bfinds (?:\w+ ){0,6}guilty\b|\bguilty (?:verdicts?|pleas?)\b"
    r"|\bverdicts? of guilty\b|\bple(?:aded|d|ads|ad)(?: \w+){0,2} (?:guilty|no[- ]contest|nolo)\b"
    r"|\bpleading (?:guilty|no[- ]contest)\b|\bjury (?:returned|reached) (?:an? )?(?:\w+ ){0,2}conviction\b"
    r"|\b(?:secured?s?|obtained?|wins?|won|announces?d?) (?:an? |the |\w+ )?convictions?\b"
    r"|\bentered (?:an? )?(?:\w+ )?(?:guilty|no[- ]contest) plea\b|\bconviction (?:of|by jury)\b"
    r"|\b(?:admitted|convicts?)(?: \w+){0,3} (?:counts?|charges?)\b|\bfound true\b",
    re.I,
)
#: Guilt that is not established in this case: a condition, a statement of the presumption, an earlier case.
_NOT_CONVICTED = re.compile(
    r"\b(?:if|when|upon|until|unless|not|never|before|previously|prior|earlier|twice|once|already|being|felons?)\b"
    r"(?: \w+){0,5} (?:convict|guilty|found|plead|pled)|\bconvicted (?:felon|sex offender|criminal|of all)?.{0,40}"
    r"\b(?:faces|could|may|would)\b|\bconvicted (?:felon|sex offender)"
    r"|\b(?:previously|prior|earlier)\b[^.;]{0,50}\bconvict|\bconvicted (?:\w+ ){0,8}in (?:19|20)\d\d\b"
    r"|\bnot guilty\b|\bif (?:he|she|they|\w+ ?\w*) (?:is|are)? ?convicted|\bconviction (?:carries|could|would|can)"
    r"|\bmust be convicted|\bto convict\b|\bproven guilty\b|\bconvicted in (?:a )?court of law",
    re.I,
)
_ACQUITTED = re.compile(
    r"\bacquit(?:ted|s|tal)?\b|\bfound (?:\w+ ){0,4}not guilty\b|\bnot[- ]guilty verdicts?\b"
    r"|\bverdicts? of not guilty\b"
    r"|\b(?:charges?|case|complaint|indictment|counts?)(?: \w+){0,6} (?:were|was|has been|have been|are|is)"
    r"(?: \w+)? (?:dismissed|dropped|withdrawn)\b|\b(?:dismiss(?:es|ed)?|drop(?:s|ped)?) (?:all |the |\w+ )*"
    r"(?:charges?|case)\b|\bexonerat(?:ed|es|ion)\b|\bfactually innocent\b"
    r"|\b(?:declin(?:ed|es) to (?:file|charge|prosecute)|will not file|no charges will be filed)\b",
    re.I,
)
_ACCUSED = re.compile(
    r"\b(?:was|were|been|is|are|being|people|men|women|suspects?|those|persons?|individuals?|adults?|man|woman)"
    r"(?: \w+){0,3} (?:arrested|charged|indicted|arraigned|accused|booked|detained|apprehended)\b"
    r"|\b(?:arrest(?:ed|s)|charg(?:ed|es)|indict(?:ed|s)|arraign(?:ed|s)) (?:\w+ ){0,3}(?:with|for|on|after|in)\b"
    r"|\bpolice (?:have )?arrest(?:ed)?\b|\b(?:co-?defendants?|grand jury indictment"
    r"|held without bail|held to answer)\b|^(?:\w+ )?(?:suspects?|defendants?)\b|\b(?:is|are|was|were"
    r"|remains?) in custody\b"
    r"|\b(?:the|both|each|all|two|three|four|five|six|seven|eight|\d+) (?:\w+ )?(?:defendants?|suspects?|arrestees?)\b"
    r"|\bthe accused (?:is|was|are|were|has|man|woman)\b|\barraignment (?:is|was|of|on|for)\b"
    r"|\bbooked (?:\w+ ){0,4}(?:into|on|for)\b|\bfac(?:es|ing) (?:[\w-]+ ){0,5}(?:charges?|counts?|trial)\b"
    r"|\bstand(?:s)? trial\b"
    r"|\bcomplaint (?:alleges|charges|was filed)\b|\b(?:filed|files|filing) (?:\w+ ){0,6}(?:charges?|complaint)\b"
    r"|\bcharges? (?:\w+ ){0,3}(?:filed|against|include)\b|\bple(?:aded|d|ads) not guilty\b|\baccused of\b"
    r"|\ballegedly\b|\b(?:arrested|charged|indicted)\b(?= (?:\w+ )?(?:man|woman|yesterday|today|last|this)\b)"
    r"|^(?:[\w’' -]+ )?(?:arrested|charged|indicted|arraigned)\b|\barrested (?:in|by|on|at|near)\b"
    r"|\barrests? (?:of|made)\b",
    re.I,
)
#: Arrests and charges in general: what may happen to anybody, numbers of a year, programs, money.
_IN_GENERAL = re.compile(
    r"\b(?:can|could|may|might|will|would|should|must|to) be (?:arrested|charged|prosecuted|indicted)\b"
    r"|\b(?:anyone|those who|people who|any person|whoever|drivers who|motorists)\b"
    r"|\b(?:free of|no|without|extra|in|additional) charge\b(?!s)|\bcharged? a fee\b|\bcharged up\b|\belectric"
    r"|\bper (?:year|month)\b|\beach year\b|\bannual(?:ly)?\b|\bdiversion\b|\btraining\b|\bgrant\b|\brecruit"
    r"|\bcharged with (?:the )?(?:responsibility|duty|task|protecting|overseeing|enforcing)\b",
    re.I,
)
_PENDING = re.compile(
    r"\bco-?defendants?\b[^;]{0,120}\b(?:not guilty|await|trial|charged|pending|preliminary|arraign|court|fugitive)"
    r"|\b(?:remains? (?:charged|at large)|(?:await(?:s|ing)?|pending) (?:trial|arraignment)|charges? against"
    r"(?: \w+){1,6} (?:is|are|remain) pending|(?:his|her|their|case) (?:\w+ )?(?:is|remains) pending"
    r"|trial (?:is |date )?(?:set|scheduled))\b|\bremaining defendants?\b|\bother defendants?\b[^;]{0,80}"
    r"\b(?:not guilty|await|trial|charged|pending)",
    re.I,
)


def case_of(texts: Sequence[Passage]) -> Case:
    """Return how far the case of a release is, by what its sentences report."""
    from pressrelease.check.presumption import PRESUMED

    reports = [passage for passage in texts if not PRESUMED.search(passage.text)]
    accused = next((one.line or 1 for one in reports if _accused(one.text)), 0)
    # The headline reports what is new; a text about a new charge may mention an earlier sentence.
    state = _furthest(reports[:1]) or _furthest(reports) or CaseState.NONE
    if state is CaseState.CHARGED and not accused:
        state = CaseState.NONE
    others = state is not CaseState.NONE and any(_PENDING.search(one.text) for one in reports)
    return Case(state, accused, state is CaseState.CHARGED or others)


def _furthest(reports: Sequence[Passage]) -> CaseState | None:
    state = CaseState.CHARGED if any(_accused(one.text) for one in reports) else None
    for of, found, excluded in (
        (CaseState.ACQUITTED, _ACQUITTED, None),
        (CaseState.CONVICTED, _CONVICTED, _NOT_CONVICTED),
        (CaseState.SENTENCED, _SENTENCED, _NOT_SENTENCED),
    ):
        if any(found.search(one.text) and not (excluded and excluded.search(one.text)) for one in reports):
            state = of
    return state


def _accused(text: str) -> bool:
    return _ACCUSED.search(text) is not None and not _IN_GENERAL.search(text)
