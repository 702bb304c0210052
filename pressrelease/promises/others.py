"""Sentences in which somebody or something else than the issuer will do it: a law, a decree, a company, a threat."""

from __future__ import annotations

import re

from pressrelease.promises.vocabulary import one_of, words


def _read(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


def by_another(text: str, cue: re.Match[str]) -> bool:
    """Return whether what a cue says is not the issuer's: an effect of a law, a term of a decree, somebody's threat."""
    before, said, after = text[: cue.start()], cue.group(), text[cue.end() :]
    if _is_threat(text, cue.start()):
        return True
    if not _ISSUER.search(before[-60:]) and (_UNDER.match(text) or _REQUIRES.search(before)):
        return True
    if _TO_THE_COURT.match(after) or _CHARGING.search(said + after[:60]):
        return True
    if (_ACTIVE.search(said) or _TAKES_EFFECT.match(said)) and _RULE.search(before):
        return True
    return _PERSONS.search(said + after[:80]) is not None


#: The issuer, before a cue: a press office speaks for one of them.
_ISSUER = words(
    r"""
    we | our office | (?:district|city|county|state|u\.?s\.?) attorney(?:'s)?(?: office)? | da(?:'s)?(?: office)?
    sheriff(?:'s)?(?: office)? | police department | this office | the department
    """,
    end=r"(?:'s office)?\s*$",
)
_DECREE = one_of(
    r"""
    (?:consent )?decrees? | (?:\w+ )?judgments? | settlements? | (?:plea |settlement )?agreements? | injunctions?
    (?:court |restraining |protective )?orders? | probation | parole | plea | deal | sentence | rulings?
    """
)
#: "Under the decree the company will publish a notice", "as part of the settlement".
_UNDER = _read(
    r"^\W*(?:under|as part of|pursuant to|per|as a condition of|in accordance with)\s+"
    rf"(?:(?:the|an?|this|that|its|their|his|her) )?(?:terms? (?:and conditions )?of )?"
    rf"(?:the |a |his |her |their )?{_DECREE}\b"
)
#: "The judgment requires that the company will provide …".
_REQUIRES = _read(
    rf"\b{_DECREE}\s+(?:also\s+)?(?:requires?|orders?|says?|provides?|calls for|mandates?|stipulates?|directs?"
    r"|obligates?)\b"
)
_TO_THE_COURT = _read(
    r"[^.;]{0,60}\b(?:to|with) (?:the |a )?(?:court|judge|probation (?:department|office\w*)|monitor|jail"
    r"|prison)\b"
)
#: A decision to charge announces nothing: "will decide whether to charge", "will ask them to file charges".
_CHARGING = _read(
    r"\b(?:decides?|determines?|consider)\s+(?:[^.;,]{0,25}\s)??(?:whether|if)\s+(?:or not\s+)?(?:to\s+)?"
    r"(?:\w+\s+){0,3}?(?:charge|charges|file|filed|prosecut\w+|seek|pursue|warranted)\b"
    r"|\bdecide on (?:the |any )?charges\b"
    r"|\bask (?:\w+ ){0,3}?(?:to )?(?:file|bring) charges\b"
)
#: "will release", but not "will be released": there the thing is the subject, and not who does it.
_ACTIVE = _read(r"^(?!.*\b(?:be|get)\b).*\b(?:will|shall|going to)\b")
_TAKES_EFFECT = _read(r"(?:takes?|comes?|goes?)\s+(?:into\s+|in\s+)?(?:effect|force)")
#: A law or a ruling does something: "The ruling will release two men", "the new law will take effect".
_RULE = words(
    r"""
    rulings? | orders? | decisions? | laws? | ordinances? | measures? | acts? | bills? | agreements? | settlements?
    (?:consent )?decrees? | judgments? | injunctions? | verdicts? | convictions? | sentences? | commutations? | pardons?
    closures? | detours? | arrests? | polic(?:y|ies) | statutes? | amendments? | propositions?
    """,
    end=r"(?:\s+will|\s+shall)?\s*$",
)
_PERSON = one_of(
    r"""
    men | women | people | persons? | inmates? | prisoners? | detainees? | defendants? | suspects? | offenders?
    patients? | hostages? | juveniles? | parolees? | (?:all|any|further) claims | liability | boys? | girls?
    child(?:ren)? | man | woman | cars? | vehicles? | trucks? | dogs? | animals? | money | funds | belongings
    """
)
#: "will release 40 inmates", but not "will release the names of 40 inmates" or "the suspect's name".
_PERSONS = _read(
    r"\breleas(?:e|ing)\s+(?:(?!of\b|names?\b|identit|photo|video|image|information|details|the\s+\w+'s\b)"
    rf"[\w,$'-]+\s+){{0,4}}?{_PERSON}\b(?!'|\s+(?:names?|identit\w+|photo\w*|information|details|list|records?)\b)"
    r"|\breleas(?:e|ing)\s+(?:\w+\s+){1,4}from\s+(?:all|any|further|liability|custody|jail|prison|detention|its"
    r"|their)\b"
)

_QUOTE = _read(r'"[^"]*(?:"|$)')
_SOMEBODY = one_of(
    r"""
    boy | girl | teen\w* | student | man | woman | caller | hackers? | gunman | suspects? | defendants? | stalker
    extortionists? | blackmailers? | \d+-year-old | youth | juvenile | husband | boyfriend | girlfriend | customer
    neighbor | attackers?
    """
)
_WROTE = "wrote|texted|threatened|messaged|e-?mailed|yelled|shouted|demanded"
#: Somebody else spoke, and not the issuer: a suspect, a caller, or "he" to a victim.
_THREATENS = _read(
    rf"\b{_SOMEBODY}\s+(?:\w+ ){{0,2}}?(?:{_WROTE}|said|told|posted|warned|replied)\b"
    rf"|\b(?:he|she|they)\s+(?:then |also |later |allegedly )?(?:{_WROTE})\b"
    r"|\b(?:he|she|they)\s+(?:\w+ )?told\s+(?:her|him|them|the (?:victim|girl|boy|woman|man|child|teen\w*|clerk))\b"
    r"|\bthreaten(?:ed|ing)\b"
    r"|\baccording to (?:the |court |a |an )?(?:complaint|affidavit|indictment|documents?|records?|deputies|police"
    r"|detectives|investigators|charges|warrant)\b"
)
#: "The note said: …", "she posted on Snapchat: …", unless an official is named.
_FOREIGN = _read(
    r"\b(?:texts?|messages?|notes?|letters?|posts?|voicemails?|captions?|videos?|tweets?|e-?mails?)\b[^\"]*"
    r"\b(?:reads?|said|says|stated|warned)\b"
    r"|\bposted (?:\w+ )?on (?:snapchat|instagram|facebook|tiktok|social media|x|twitter|discord)\b"
)
_OFFICIAL = words(
    r"""
    chief | sheriff(?:'s)? | (?:district|city|county|state|u\.?s\.?) attorney(?:'s)? | da | police | mayor | governor
    spokes\w+ | captain | sergeant | lieutenant | superintendent | director | office | department | detectives?
    deputies | officials? | county | agency | board | commissioner | coroner | undersheriff | release
    """
)


def _is_threat(text: str, start: int) -> bool:
    """Return whether a cue at `start` is in quotation marks, and somebody else than the issuer said it."""
    if not any(quote.start() < start < quote.end() for quote in _QUOTE.finditer(text)):
        return False
    around = _QUOTE.sub(" ", text)
    return _THREATENS.search(around) is not None or (
        _FOREIGN.search(around) is not None and not _OFFICIAL.search(around)
    )
