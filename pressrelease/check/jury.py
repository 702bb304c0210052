"""Find what may prejudice a jury before a verdict.

California Rule of Professional Conduct 3.6 with comment 5 of the ABA's model rule: confessions, tests, records, pleas,
character, and an opinion of guilt. After a verdict they are facts of the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pressrelease.check.case_state import Case, CaseState
from pressrelease.check.finding import Finding
from pressrelease.check.names import names_in
from pressrelease.check.passages import Passage, at_lines
from pressrelease.check.presumption import PRESUMED
from pressrelease.release import Release

_PREJUDICE = re.compile(
    r"\bconfess(?:ed|es|ing|ion|ions)\b|\b(?:polygraph|lie[- ]detector)s?\b|\bplea (?:deals?|bargains?|agreements?"
    r"|offers?|negotiations?)\b"
    r"|\badmitted (?:to )?(?:(?:police|detectives|investigators|officers|deputies)|(?:his|her|their) (?:guilt|role"
    r"|involvement|part|crime)|(?:kill|shoot|stabb|steal|rob|assault|abus|molest|touch|tak|hitt|driv|having"
    r"|committing|it\b|the (?:crime|killing|theft|assault|abuse)))\w*"
    r"|\bincriminating statements?\b|\b(?:made|gave|provided) (?:an? )?(?:full |detailed |recorded )?(?:statement"
    r"|admission)s? (?:to|admitting|implicating)\b"
    r"|\b(?:prior|previous|earlier|past) (?:\w+ ){0,2}(?:convictions?|arrests?|felonies|DUIs?|strikes?|offen[cs]es)\b"
    r"|\b(?:numerous|multiple|two|three|four|five|several) (?:\w+ )?(?:convictions|strikes)\b"
    r"|\b(?:arrest|criminal|rap) (?:record|history|histories|sheet)s?\b|\bpriors\b|\b(?:previously|twice"
    r"|already) (?:been )?(?:convicted|arrested|served)\b|\bserved (?:\w+ ){0,3}(?:prison|jail) for\b"
    r"|\b(?:an?|is|this|the|as) (?:\w+ )?(?:convicted|career|habitual|repeat|known|violent|documented|validated"
    r"|registered) (?:felon|criminal|offender|sex offender|gang member|drug dealer|thief|predator)\b"
    r"|\bon (?:active |felony |formal |searchable )*(?:parole|probation) (?:for|at|when|after|in)\b"
    r"|\brefus(?:ed|es|al|ing) (?:to )?(?:speak|talk|make a statement|answer|cooperate|take|submit|provide"
    r"|a (?:breath|blood|chemical|polygraph))"
    r"|\b(?:failed|passed|took|declined|refused) (?:the |an? |his |her |to take (?:the "
    r"|an? )?)?(?:\w+ )?(?:sobriety|breath|blood|drug|chemical|polygraph|dna) ?(?:test|exam|sample)s?\b"
    r"|\bblood[- ]alcohol (?:content|level|concentration|of)\b|\bBAC\b|\b(?:DNA|fingerprints?|ballistics?|forensic"
    r"|lab(?:oratory)?|test results?|blood tests?|toxicology)(?: \w+){0,4} (?:match\w*|confirm\w*|show\w*|prov\w+"
    r"|link\w*|ident\w+|reveal\w*|ti(?:es|ed))\b"
    r"|\b(?:overwhelming|strong|irrefutable|damning|ironclad|mountain of) (?:\w+ )?evidence\b|\b(?:smoking pistol"
    r"|smoking gun)\b"
    r"|\b(?:expected|agreed|willing|plans?) to plead guilty\b|\bwill plead guilty\b|\bmay plead\b",
    re.I,
)
#: The record is the charge itself, it helps the accused, or it is about everybody.
_NOT_PREJUDICE = re.compile(
    r"\b(?:felon|person)s? in possession\b|\bno (?:known |prior |previous )?(?:criminal|arrest) (?:record"
    r"|history)\b|\bno prior\b|\bexpun(?:g|ct)\w+|\bclear (?:\w+ )*record|\bclean slate\b|\bbackground checks?\b"
    r"|\brecord (?:clearance|clearing|sealing)\b|\bfelon with a (?:firearm|gun)\b|\bpossession of a (?:firearm|gun"
    r"|weapon|ammunition) by a\b|\bconfessional\b|\bif convicted\b(?=.*prior)",
    re.I,
)
_KILLER = (
    r"(?:killers?|murderers?|rapists?|predators?|molesters?|thugs?|monsters?|thie(?:f|ves)|gunm[ae]n|robbers?"
    r"|traffickers?"
    r"|perpetrators?|pedophiles?|animals?|con ?artist|scam ?artist)"
)
_PERSON = r"(?:he|she|they|him|her|them|man|woman|men|women|suspects?|defendants?|individuals?|persons?|people|couple)"
_AWFUL = r"(?:heinous|horrific|despicable|brutal|evil|cowardly|senseless|vicious|terrible|violent|criminal|depraved)"
_GUILT = re.compile(
    r"\b(?:was|were|clearly|obviously|undoubtedly) guilty of\b|\b(?:is|are|clearly|obviously|undoubtedly) guilty\b"
    r"|\bguilty of (?:this|these|the) (?:crime|murder|act|horrific|heinous|offense)"
    rf"|\b(?:this|these) (?:\w+ ){{0,2}}(?:{_KILLER}|criminals|offenders?|abusers?)\b"
    rf"|\b(?:the|a) (?:\w+ )?{_KILLER}\b(?=.*\b(?:behind bars|off (?:the|our) streets?|caught|in custody|locked"
    rf"|captured)\b)"
    rf"|\b(?:{_PERSON}|{_KILLER})\b[^.;]{{0,40}}\boff (?:the|our) streets?\b"
    r"|\bwe (?:got|caught) (?:him|her|them|our|the (?:man|woman|person|people) who)\b"
    rf"|\b(?:his|her|their) {_AWFUL} (?:crimes?|acts?|murders?|attacks?|actions?|conduct|behavior|killings?"
    rf"|rampage|scheme)"
    rf"|\b(?:accountable|pay|answer|punished?|justice) (?:for|to) (?:his|her|their) (?:\w+ )?(?:crimes?|actions?"
    rf"|acts?)\b"
    r"|\bresponsible for (?:this|these|the) (?:\w+ )?(?:crimes?|murders?|killings?|deaths?|attacks?|rapes?"
    r"|robber(?:y|ies)"
    r"|burglar(?:y|ies))\b(?=.*\b(?:arrest\w*|charg\w*|caught|custody|behind bars|jail)\b)"
    rf"|\b(?:{_PERSON}|\w+ who) (?:committed|carried out) (?:this|these|the|a|his|her|their) (?:\w+ ){{0,2}}"
    r"(?:crimes?|murders?|killings?|attacks?|robber(?:y|ies)|acts?)\b"
    r"|\bbelongs? (?:in|behind) (?:prison|bars|jail)\b"
    r"|\bno doubt (?:that )?(?:he|she|they|the (?:defendant|suspect)|\w+ \w+) (?:did|is|are|killed|committed)\b",
    re.I,
)
_DID = (
    r"(?:(?:then|also|brutally|repeatedly|later|intentionally|willfully|personally|viciously|fatally|sexually"
    r"|knowingly|forcibly) )*"
    r"(?:shot|stabbed|killed|murdered|raped|molested|robbed|stole|embezzled|trafficked|abused|strangled|assaulted"
    r"|beat|defrauded|kidnapped|attacked|burglarized|pimped|punched|scammed|set fire)\b"
)
_ACCUSED_DID = re.compile(
    rf"\b(?:he|she|they|(?:the )?(?:defendants?|suspects?)|the (?:man|woman|couple|pair|men)) {_DID}", re.I
)
_NAME_DID = re.compile(rf"^,? (?:\d{{1,3}},? )?(?:of [A-Z][\w ]{{2,25}}, )?(?:who )?{_DID}")
#: Who says so: then it is an accusation.
_ATTRIBUTED = re.compile(
    r"\balleg\w*|\baccus\w*|\bsuspected\b|\baccording to\b|\bcharg(?:e|es|ed|ing)\b|\bcomplaint\b|\bindict\w*"
    r"|\b(?:investigators|police|prosecutors|detectives|officers|deputies|authorities|the people"
    r"|evidence)(?: \w+){0,2} (?:believe|say|said|contend|claim|suspect|maintain|will show)\w*|\bbeliev\w+"
    r"|\breportedly\b|\bclaim\w*|\barrest\w*|\bif \b|\bmay have\b|\bwhether\b|\bconspir\w+",
    re.I,
)
#: How many sentences back somebody may have been named as the one who says so.
_REACH = 1
_NOT_GUILT = re.compile(r"\bnot guilty\b|\bplea|\bplead|\bif \b", re.I)


def jury_findings(release: Release, texts: Sequence[Passage], case: Case) -> Iterator[Finding]:
    """Yield `prejudice` and `guilt_stated` for each line, unless the case is over."""
    if case.state not in {CaseState.NONE, CaseState.CHARGED}:
        return  # a verdict on one and an accusation of another are written in the same words
    yield from at_lines(
        release,
        "prejudice",
        [one.line for one in texts if _PREJUDICE.search(one.text) and not _NOT_PREJUDICE.search(one.text)],
        "This may prejudice a jury: a confession, a test, a record, a plea or evidence (Rule 3.6).",
        "Keep to the charge and the public record, or have an attorney approve this wording.",
    )
    yield from at_lines(
        release,
        "guilt_stated",
        [one.line for number, one in enumerate(texts) if _states_guilt(texts, number, case)],
        "This says that somebody is guilty before a verdict (Rule 3.6, 3.8).",
        "Say who accuses and of what: “is charged with”, “allegedly”, “according to the complaint”.",
    )


def _states_guilt(texts: Sequence[Passage], number: int, case: Case) -> bool:
    text = texts[number].text
    if PRESUMED.search(text):
        return False
    if _GUILT.search(text) and not _NOT_GUILT.search(text):
        return True
    if case.state is not CaseState.CHARGED or any(
        _ATTRIBUTED.search(one.text) for one in texts[max(0, number - _REACH) : number + 1]
    ):
        return False
    return bool(_ACCUSED_DID.search(text)) or any(_NAME_DID.match(text[end:]) for _, end, _ in names_in(text))
