"""Sentences that have the words of a promise but are none: taken back, not certain, or about somebody else."""

from __future__ import annotations

import re

from pressrelease.promises.vocabulary import ACCUSED, COURT, COURTROOM, EVENT, EXACT_DAY, INFORMATION, one_of, words


def _read(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


def none_of_it(text: str) -> bool:
    """Return whether nothing in the sentence can be a promise: it was canceled, or it happens regularly."""
    if _TAKEN_BACK.search(text) and not _ANOTHER_DAY.search(text):
        return True
    if _STANDING.search(text):
        return True
    return _AGAIN_AND_AGAIN.search(text) is not None and not EXACT_DAY.search(text)


def not_this(text: str, cue: re.Match[str]) -> bool:
    """Return whether the words around a cue give it another meaning."""
    before, said, after = text[: cue.start()], cue.group(), text[cue.end() :]
    clause = _CLAUSE.split(before)[-1]
    if _NOBODY.search(clause + said) or _NOT.search(clause.rsplit(",", 1)[-1]) or _NOT_BOUND.search(clause):
        return not _NOT_UNTIL.search(said)
    if _UNSAID.search(clause) or (_AIM.search(clause) and _TO_DO.match(said)):
        return True
    if _IF.search(before) or _ONLY_IF.match(after) or _QUOTED.search(before + said):
        return True
    if _ELSEWHERE.search(said + after[:60]):
        return True
    if _COURTLY.search(said) and COURT.search(clause[-90:] + said + after[:45]):
        return True
    if COURTROOM.search(after[:110]) and not _TO_THE_PRESS.search(text):
        return True
    return ACCUSED.search(clause[-50:]) is not None and not _ABOUT.search(clause + said)


#: Words after which the earlier part of the sentence no longer matters.
_CLAUSE = _read(
    r";|\s[–-]\s|—|\bbut\b|\bhowever\b|\balthough\b|\bwhile\b|, and\b|\band\s*(?:also|then|instead)?\s*$|\bthat\b"
    r"|\bwhich\b"
)
_NOBODY = _read(
    r"\b(?:no(?!\.)(?!\s+(?:later|sooner|earlier|fewer|less|more than|doubt))|none|neither|nothing|nobody|no one"
    r"|never)\b"
)
_NOT = _read(r"\b(?:not|hardly|cannot|can't|won't|isn't|aren't|doesn't|don't|does|do|did)\b(?!\s+only)")
_NOT_UNTIL = _read(r"\bnot\b.*\b(?:until|before)\b")
_NOT_BOUND = _read(
    r"\b(?:I|we|who|they|and)\s+hope\b[^,;]*$|\b(?:may|might|could|would|should|must|can)\s*$|\b(?:scrapped|abandoned|dropped"
    r"|shelved|halted|ended|had|blocked|reversed|withdrew)\s*$|\b(?:someone|somebody|anyone|anybody)\s*$"
    r"|\b(?:witness\w*|anyone|those|persons?|people|callers?) who\s*$"
)
#: "The goal is to release all names", but not "The strategy will be published".
_AIM = _read(
    r"\b(?:goal|aim|purpose|mission|idea|objective|role|job|challenge|focus|strategy|hope|intent|vision|point|way"
    r"|key|task|function|step)s?\b(?:\s+(?:of|for|behind)\s+[^,;]{1,50}|\s+(?:today|here|now))?\s*$"
)
_TO_DO = _read(r"(?:(?:is|are|will be|remains?)\s+)?(?:\w+ly\s+)?to\b")
#: "It is not known when the results will be published."
_UNSAID = _read(
    r"\b(?:say|said|says|know|known|knows|announced?|seen|clear|unclear|unknown|determined?|decided?|asked?"
    r"|disclosed?|wonder\w*|specify|specified)\s+(?:exactly |precisely )?(?:when|whether|if|what|who|which|how|where"
    r"|why)\b"
)
_IF = _read(r"\b(?:if(?! you\b| your\b| possible)|unless|in the event|in case|provided that|assuming)\b")
_ONLY_IF = _read(
    r"[^.;]{0,60}\bonly if\b|[^;,]{0,60}\bif (?:approved|adopted|passed|elected|accepted|granted|ratified|charged"
    r"|convicted|charges (?:are|were)|the (?:council|board|court|judge|jury|measure|bill))\b"
    r"|\s*(?:if and when|if necessary|if needed|if warranted|as needed|as necessary)"
)

_CANCELED = one_of(
    r"cancell?ed | called off | postponed | scrapped | put on hold | suspended | delayed | abandoned | withdrawn "
    r"| shelved"
)
_TAKEN_BACK = _read(
    rf"\b(?:has|have|had|was|were|is|are|will|being)\s+(?:now\s+|since\s+|\w+ly\s+)?(?:been\s+"
    rf"|be\s+)?(?:\w+ly\s+)?{_CANCELED}\b|^\W*(?:cancell?ed|postponed)\b|\b(?:cancell?ed|postponed)\W*$"
    rf"|\b(?:was|were|is|are)\s+(?:\w+ly\s+)?(?:incorrect|inaccurate|wrong|false|untrue|premature|mistaken|in error"
    rf"|(?:made|sent|issued|posted|given|published|released|announced)\s+(?:in error|by mistake|prematurely"
    rf"|erroneously))\b"
    rf"|\bpostponed indefinitely\b|\b(?:has|have) {_CANCELED}\b"
)
_ANOTHER_DAY = _read(
    r"\bre-?schedul\w+\b|\b(?:postponed|moved|delayed|put off|pushed back)\s+(?:by \w+ \w+\s+)?(?:to|until"
    r"|till)\s+(?!further)|\b(?:will|is|are) now\b|\bnew date\b|(?:;|, but|, and|\bbut|\bhowever,)\s[^;]*\b(?:will"
    r"|is|are)\b"
)

_SAID_THEN = one_of(
    "said | announced | promised | stated | planned | scheduled | reported | told | wrote | pledged | hoped"
)
#: An earlier promise that is only mentioned.
_QUOTED = _read(
    rf"\b(?:earlier|previously|originally|initially|already|once)\s+{_SAID_THEN}\s+(?:that|it|they|we|he|she|to)\b"
    rf"|\bhad\s+(?:\w+ly\s+)?(?:{_SAID_THEN}|expected|intended|been (?:expected|scheduled|due|set|slated|told"
    rf"|planned))\b|\b(?:was|were)\s+(?:\w+ly\s+)?(?:to (?!blame)\w+|(?:supposed|due|set|scheduled|expected|going"
    rf"|meant|slated) to)\b|(?<!has )(?<!have )\bpromised\s+(?:that|to|in|on|last|the|it|us|a|an|more|for|by)\b"
    rf"|\bas (?:\w+ )?(?:had )?(?:earlier )?promised\b|\bin (?:a|the|its|our|an|their) (?:\w+ )?(?:earlier|previous"
    rf"|prior|original|first|last)(?: \w+)? (?:release|statement|announcement|advisory|notice|message|letter)\b"
    r"|\b(?:rumou?rs?|hoax(?:es)?|(?:false|fake|erroneous|bogus)\s+(?:\w+\s+)?(?:reports?|claims?|posts?|stor(?:y|ies)|notices?))\b"
    r"|\b(?:release|advisory|notice|announcement)\b[^.;]{0,60}\b(?:said|stated|read|promised|wrote"
    r"|noted)\b\s*(?:that\b|:|,|\"|it\b|the\b)|\bin its release of\b"
)

_UNIT = one_of(
    r"""
    day | week | month | year | quarter | morning | evening | night | spring | summer | fall | autumn | winter | hour
    weekend | weekday | (?:mon|tues|wednes|thurs|fri|satur|sun)day | january | february | march | april | may | june
    july | august | september | october | november | december | \d+ \w+ | two weeks | few (?:days|weeks|months|hours)
    """
)
_STANDING = _read(
    rf"\b(?:every|each)\s+(?:other\s+)?(?:\w+\s+and\s+\w+\s+)?{_UNIT}\b|\b(?:mon|tues|wednes|thurs|fri|satur"
    rf"|sun)days\b|\bweekdays\b|\bweekends\b|24/7|\b24 hours a day\b|\baround the clock\b|\ba (?:week|month|year"
    rf"|day) thereafter\b|\b(?:twice|once|three times)\s+(?:a|per)\s+(?:day|week|month|year)\b|\b(?:first|second"
    rf"|third|fourth|last)(?:\s+and\s+\w+)?\s+\w+day\s+of\s+(?:each|every|the)\s+month\b"
)
_AGAIN_AND_AGAIN = _read(
    r"\b(?:daily|weekly|monthly|quarterly|annually|bi-?weekly|fortnightly|hourly|regularly|routinely|periodically"
    r"|yearly|always|usually|typically|normally)\b(?!\s+(?:results|earnings|financial|dividend|sales|cash|conference|report\b))"
)

#: Words of a press office: with one of them, a courtroom is only the place.
_TO_THE_PRESS = _read(r"\b(?:press|media|news|briefing|announce\w*|public|remarks|release\w*)\b")
#: Cues that courts use too.
_COURTLY = _read(
    r"\b(?:when|held|heard|scheduled|set|begins?|starts?|takes? place|resumes?|continue|opens?|moved|postponed"
    r"|rescheduled|conducted|due|expected|return|tried|decided|there will|slated|planned|get under ?way|occurs"
    r"|happens|is|are)\b"
)
#: Beside a person: what becomes public is about the person, as in "the name of the victim".
_ABOUT = _read(
    rf"\b(?:names?|identit\w+|photo\w*|pictures?|video|condition|age|address|cause)\b|{EVENT.pattern}"
    rf"|{INFORMATION.pattern}"
)

#: Other meanings of the verbs of publishing: people released from jail, people held, citations issued.
_ELSEWHERE = words(
    r"""
    released (?:\w+ ){0,4}?from (?:\w+ ){0,4}?(?:custody|jail|prison|hospital|quarantine|detention)
    released from the (?:dam|reservoir|plant|facility|lake) | released (?:\w+ ){0,3}?on (?:bail|bond|parole|probation)
    released (?:\w+ ){0,3}?on (?:his|her|their) own
    released (?:in)?to (?:(?:the|our) )?(?:wild|custody|river|lake|air|environment|community|streets?|neighborhoods?)
    released (?:\w+ ){0,3}?to (?:the|his|her|their) (?:custody|care|famil\w+|parents|mother|father|relatives)
    released (?:\w+ ){0,3}?to (?:his|her) (?:daughter|son|wife|husband)
    release (?:him|her|them|you|any liability|all claims|and (?:hold|discharge))
    release the (?:suspects?|inmates?|prisoners?|defendants?|hostages?|sponsors?|body(?![- ](?:worn|cam)))(?!')
    held (?:\w+ly )?(?:accountable|responsible|liable|in custody|without)
    held (?:\w+ly )?(?:on \$\s*\d|in lieu of|hostage|harmless)
    held (?:\w+ly )?(?:on|in lieu of|with) (?:an? |no )?(?:\$\S+ )?(?:bail|bond)
    held (?:in (?:jail|contempt|trust|escrow|abeyance|detention|the (?:county )?jail))
    held (?:for questioning|to account|pending)
    held (?:over for|to the same|confidential|as evidence|until (?:trial|sentencing|extradition|the owner))
    hold(?:ing)? (?:\w+ ){0,6}?(?:accountable|responsible|liable|to account)
    issued? (?:\w+ ){0,2}?(?:citations?|tickets?|fines?|summons\w*|badges?|passports?|refunds?|checks?|licen[cs]es?)
    issued? (?:\w+ ){0,2}?(?:permits?|warnings?|shares|stock|credentials|passes|vouchers?)
    posted (?:as bail|bail|bond|\$\d+|at (?:all|each|the scene|entrances))
    declared? (?:bankruptcy|war|dead|mentally|a mistrial) | announce (?:themselves|himself|herself)
    named (?:after|in (?:honou?r|memory)|as (?:a |the )?(?:defendants?|suspects?)) | identified as
    identified,? (?:and )?(?:arrested|prosecuted|charged) | dedicated to
    present(?:ed|ing)? (?:\w+ ){0,5}?to (?:the |a )?(?:\w+ ){0,3}?(?:prosecutors?|attorney|grand jury|court|judge|jury)
    presented with | (?:share|give|provide) (?:\w+ ){0,3}?information (?:with|to) (?:police|detectives|investigators)
    make (?:\w+ ){0,3}?available (?:for sale|to (?:customers|patients|students|employees))
    open(?:ed|s)? (?:fire|the door|doors to|up) | open an? (?:\w+ )?investigation | closes? the
    determined? (?:by (?:a|the) (?:judge|jury|court)|at (?:sentencing|trial)|the (?:cause|extent)|what|how|if|whether)
    report to (?:\w+ ){0,4}?(?:jail|prison)
    run (?:consecutively|concurrently) | shared with (?:investigators|police|detectives)
    appear (?:in|before|at) (?:\w+ ){0,4}?(?:court|courthouse|judge|magistrates?['’]?|jury)
    return to (?:court|prison|jail|custody|work|normal)
    begin (?:to|serving|deliberat\w+|(?:his|her) (?:sentence|term)) | start(?:ing)? to
    meet(?:ing)? (?:the (?:needs|requirements|demand|challenge|criteria)|our|its|their|your|these|those|all)
    hear (?:\w+ )?(?:arguments?|testimony|evidence|motions?|the (?:case|matter))
    available (?:24|around|at all times|upon request|free of charge) | entered into
    """
)
