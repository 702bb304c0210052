"""The presumption of innocence: whether a release owes a statement of it, and whether it has one.

United States Justice Manual 1-7.500: before a verdict a release "should state that the charge is merely an accusation,
and the defendant is presumed innocent until proven guilty". California's Rule 3.6 asks for no set words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pressrelease.check.case_state import Case
from pressrelease.check.finding import Finding, Severity
from pressrelease.check.passages import Passage
from pressrelease.release import Release

_CHARGE = (
    r"(?:charges?|complaints?|indictments?|informations?|accusations?|allegations?|arrests?|citations?|bookings?"
    r"|counts?)"
)
#: Every wording that says it. Each is bounded, so that no text makes it slow.
PRESUMED = re.compile(
    r"\b(?:presum|deem|consider|regard|believ|assum)\w{0,4}(?: \w+){0,4} (?:innocent|innocence|not guilty)\b"
    r"|\bpresumption (?:of (?:\w+ )?innocence|that (?:\w+ ){1,6}(?:innocent|not guilty))"
    r"|\binnocent[,]? (?:until|unless|till|before)\b|\binnocence (?:is|must be) presumed\b"
    r"|\bnot guilty (?:until|unless)\b"
    r"|\b(?:until|unless|till) (?:and unless |or unless )?(?:\w+ ){0,5}(?:proven|proved|found|adjudicated|adjudged"
    r"|convicted|shown)"
    r"(?: \w+){0,4} (?:guilty|in (?:a )?court)"
    rf"|\b{_CHARGE}(?: \w+){{0,8}} (?:is|are|constitutes?) (?:\w+ )?(?:merely|only|simply|just|nothing more than"
    rf"|no more than)"
    r" (?:an? |the )?(?:\w+ )?(?:allegation|accusation|charge|claim)s?\b"
    rf"|\b{_CHARGE}(?: \w+){{0,8}} (?:is|are) (?:\w+ )?(?:not|no|neither) (?:\w+ ){{0,4}}(?:evidence|proof"
    rf"|indication|conviction|finding)"
    rf"|\b{_CHARGE}(?: \w+){{0,8}} (?:is|are|constitutes?) (?:an? )?(?:accusation|allegation)s?\b"
    rf"|\b{_CHARGE}(?: \w+){{0,6}} (?:has|have) not (?:yet )?been (?:proven|proved|tested|adjudicated)"
    r"|\bbeyond a reasonable doubt\b"
    r"|\b(?:burden|duty) (?:of proof|to prove|of proving)\b"
    r"|\bpresum\w{0,4} inocentes?\b|\bpresunción de inocencia\b|\binocentes? (?:hasta|mientras)\b",
    re.I,
)
#: A verdict also says "beyond a reasonable doubt"; that is no statement of the presumption.
_BY_A_JURY = re.compile(r"\b(?:jury|jurors|juries)\b[^.;]{0,60}\bbeyond a reasonable doubt", re.I)


def presumption_findings(release: Release, texts: Sequence[Passage], case: Case) -> Iterator[Finding]:
    """Yield `presumption_missing` if somebody is accused, nobody's guilt is established, and nothing says so."""
    if not case.pending or any(PRESUMED.search(one.text) and not _BY_A_JURY.search(one.text) for one in texts):
        return
    yield Finding(
        release.slug,
        "presumption_missing",
        Severity.WARNING,
        case.accused_line,
        "The release says someone was arrested or charged but has no presumption-of-innocence statement.",
        "Add: “A charge is merely an accusation, and every defendant is presumed innocent until proven guilty.”",
    )
