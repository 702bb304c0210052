"""The words that make a sentence a promise, what they must be about, and whether they need a day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pressrelease.promises.vocabulary import (
    DAY_WORDS,
    EVENT,
    EXACT_DAY,
    HAPPENS,
    INFORMATION,
    NO_EVENT,
    OTHERS,
    PUBLISHED,
    PUBLISHES,
)


class DayNeeded(Enum):
    """Whether a cue needs a day beside it."""

    NONE = "it promises with or without a day"
    ANYWHERE = "some word of the sentence must say when"
    NEXT = "a day must follow at once"
    EXACT = "a particular day must follow"


@dataclass(frozen=True)
class Cue:
    """Words that promise. `subject` must be before them, `object` within a few words after them.

    `unless_of` must not be right before them. A `headline` is short and ends without a period.
    """

    words: re.Pattern[str]
    day: DayNeeded = DayNeeded.NONE
    subject: re.Pattern[str] | None = None
    object: re.Pattern[str] | None = None
    unless_of: re.Pattern[str] | None = None
    headline: bool = False

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """Yield every place where a cue is found with everything that it needs."""
        if self.headline and not _is_headline(text):
            return
        for match in self.words.finditer(text):
            if self.subject is not None and not self.subject.search(text, max(0, match.start() - 130), match.start()):
                continue
            if self.unless_of is not None and self.unless_of.search(text, 0, match.start()):
                continue
            if self.object is not None and not self.object.search(_few_words(text[match.end() :])):
                continue
            if self._has_day(text, match.end()):
                yield match

    def _has_day(self, text: str, end: int) -> bool:
        if self.day is DayNeeded.ANYWHERE:
            return DAY_WORDS.search(text) is not None
        if self.day is DayNeeded.NEXT:
            return any(
                DAY_WORDS.match(text, gap.end()) for gap in (_BLANKS.match(text, end), _TO_DAY.match(text, end)) if gap
            )
        return self.day is DayNeeded.NONE or _EXACTLY.search(text, end, end + 160) is not None


_BLANKS = re.compile(r"[\s,:–-]*")
_TO_DAY = re.compile(
    r"[\s,:–-]*(?:at\s+[\d:.]+\s*[ap]\.?m\.?\s+)?(?:again\s+|back\s+)?(?:to the public\s+)?(?:on|at|in|from|is|for"
    r"|by)?\s*"
)
_EXACTLY = re.compile(rf"{EXACT_DAY.pattern}|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b|\d\s*[ap]\.?m\b", re.I)


def _is_headline(text: str) -> bool:
    return len(text.split()) <= 22 and re.search(r"(?<!\b[ap]\.m)[.!?][\"')]*$", text) is None


def _few_words(after: str) -> str:
    """Return the next words, up to the beginning of something else."""
    return " ".join(re.split(r"[;!?]|\.\s|\b(?:that|which|who)\b", after[:120], maxsplit=1)[0].split()[:9])


# -- the future --------------------------------------------------------------------------------------------------

_ADVERBS = r"(?:\s+(?:\w+ly|also|then|soon|now|next|first|later|again|once again|both|all|still|instead|together))*"
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_ASIDE = (
    r"(?:,?\s+(?:on|at|this|next|later|in|by|during|starting|beginning|within|as)\s[^,;]{1,30}?,?"
    rf"|\s+(?:today|tonight|tomorrow|{_WEEKDAY}),?)?"
)
#: "will" and its synonyms.
_WILL = (
    r"(?:\b(?:will|shall)\b|'ll\b|\b(?:is|are|am|'s|'re)(?:\s+(?:\w+ly|now|also|still|next))?\s+(?:going|expected"
    r"|scheduled|due|set|slated|planning|planned|intending|preparing|anticipated|poised|likely|about|hoping|aiming"
    r"|expecting|projected)(?:\s+\w+ly)?\s+to\b|\b(?:is|are)\s+to\b"
    r"|(?<!\ba\s)(?<!the\s)(?<!his\s)(?<!her\s)(?<!their\s)(?<!action\s)(?<!of\s)\bplans?\s+to\b|\b(?:expects?"
    r"|intends?|anticipates?|hopes?|promises?|pledges?|vows?)\s+to\b|\b(?:has|have)(?:\s+(?:also"
    r"|now))?\s+(?:promised|pledged|decided|vowed|agreed)\s+to\b|\bnow to\b)"
)
_SOON = rf"{_WILL}{_ASIDE}{_ADVERBS}\s+"
_BE_ING = r"(?:be\s+)?"
_IS = r"\b(?:is|are|'s|has been|have been)\s+(?:\w+ly\s+|now\s+|also\s+)?"

#: A headline's "Sheriff to release …": there is no other verb before the "to".
_A_VERB = (
    r"\b(?:was|were|is|are|has|have|had|will|said|says|asked|urged|must|should|may|can|would|could|does|do|did|not"
    r"|how|ways?|want|need|helps?|vows|about|able|order|chance|opportunity|right|plans?|efforts?|calls?|works?"
    r"|working|continues?|begins?|likely|back|close|according|thanks|moves?|fails?|seeks?|tries|refuses?|pleads?"
    r"|sentenced|charged|ordered|promised|agrees?|led|leads?|aims?|you|your|please|wishing|interested|invited"
    r"|seeking|applying|anyone|planned|hoped|wanted|agreed|heard|tried|tends?|needed|used|failed|decided|refused"
    r"|intended|attempted|threatened|offered|vowed|told|that|who|which|when|where|because|am|went|took|held|made|got"
    r"|came|(?!united|limited|armed|expected|scheduled)\w{3,}ed|announces|launches|creates|unveils|offers|uses|joins"
    r"|introduces|opens|urges|files|provides|initiatives?|programs?|projects?|campaigns?|bills?|laws?|teams?|units?"
    r"|partnerships?|tips|booth|motions?)\b"
)
_HEADLINE = (
    rf"^[\"']?(?:[A-Z][A-Z ]{{2,30}}:\s+)?[A-Z\d](?:(?!{_A_VERB})[^.;:]){{1,90}}?"
    r"\s+to(?:\s+(?:also|soon|officially|publicly))?\s+"
)
_ASKED_TO = r"\b(?:is|are)\s+(?:\w+ly\s+)?(?:invited|welcome|encouraged|asked|urged)\s+to\s+"
_COME = (
    r"(?:attend|join|take part|participate|watch|listen|tune in|film|cover|tour|photograph|observe|visit|interview"
    r"|see|meet|hear|view|come)\b"
)


def _read(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.I)


CUES = (
    # "will be released", "is expected to be reviewed and announced"
    Cue(_read(rf"{_SOON}(?:be|get)\s+(?:\w+ed\s+and\s+)?(?:\w+ly\s+|also\s+|then\s+|soon\s+|first\s+)?{PUBLISHED}\b")),
    # "will release", "plans to publish"
    Cue(_read(rf"{_SOON}{PUBLISHES}\b")),
    Cue(_read(rf"{_SOON}be\s+(?:\w+ly\s+)?(?:releas|announc|publish|unveil|issu|post|disclos|reveal)ing\b")),
    # "will provide an update", "are expected to have more details"
    Cue(
        _read(
            rf"{_SOON}{_BE_ING}(?:provid|shar|giv|offer|present|deliver|report|issu|post|communicat|distribut"
            rf"|circulat|supply|send|submit|fil|introduc|outlin|discuss|detail|confirm|reveal|follow up with"
            rf"|broadcast)(?:e|ing|)\b"
        ),
        object=INFORMATION,
    ),
    Cue(_read(rf"{_SOON}have more\s+(?:on|about|to say|for you)\b")),
    Cue(
        _read(
            rf"{_SOON}(?:have|return with|be back with)\s+(?:an?|more|further|additional"
            rf"|the)\s+(?:\w+\s+){{0,2}}(?:updates?|information|details|announcements?|statements?|results|news"
            rf"|reports?|answers?|numbers|figures|totals|findings|decisions?)\b"
        )
    ),
    Cue(
        _read(rf"{_SOON}{_BE_ING}mak(?:e|ing)\b"),
        object=_read(r"\b(?:announcements?|statements?|decisions?|determinations?|remarks|appearances?|public)\b"),
    ),
    Cue(
        _read(rf"{_SOON}(?:be\s+)?(?:made|taken|reached|given|handed down)\b"),
        subject=_read(
            r"\b(?:announcement|decision|determination|statement|appointment|selection|recommendation|choice"
            r"|ruling)s?\b"
        ),
    ),
    Cue(_read(rf"{_SOON}continue to\s+(?:provide|share|post|release|issue|give|publish|offer)\b"), object=INFORMATION),
    Cue(_read(rf"{_SOON}(?:file|bring|announce)\s+(?:\w+\s+){{0,2}}charges\b"), DayNeeded.ANYWHERE),
    # "will hold a press conference"
    Cue(
        _read(
            rf"{_SOON}{_BE_ING}(?:co-?)?(?:hold|host|conven|conduct|stag|organi[sz]|giv|sponsor|present)(?:e|ing|)\b"
        ),
        object=EVENT,
    ),
    Cue(
        _read(rf"{_SOON}{_BE_ING}hav(?:e|ing)\b"),
        object=_read(r"\b(?:conference|presser|briefing|meeting|town hall|ceremony|hearing|forum|open house)s?\b"),
    ),
    Cue(
        _read(rf"{_SOON}(?:hold|host|convene)\s+(?:its|their|our|an?|the|his|her)\b(?!\s+(?:line|record|job|position))")
    ),
    Cue(
        _read(
            rf"{_SOON}(?:brief|update|address)\s+(?:the\s+)?(?:\w+\s+)?(?:media|press|reporters|public|community"
            rf"|residents|council|board|nation|families)\b"
        )
    ),
    Cue(_read(rf"{_SOON}update\s+(?:this|the)\s+(?:story|page|post|article|release|advisory|statement)\b")),
    Cue(_read(rf"{_SOON}let\s+(?:you|everyone|(?:the\s+)?(?:public|community|media|residents|families))\s+know\b")),
    Cue(_read(rf"{_SOON}{_BE_ING}keep(?:ing)?\s+(?:\w+\s+){{1,4}}(?:informed|updated|posted|up to date|apprised)\b")),
    Cue(
        _read(
            rf"{_SOON}(?:take place|be taking place|come out|go live|go on (?:sale|display)|get under ?way|kick off"
            rf"|break ground|vote on|decide (?:whether|on)|rule on|(?:answer|take) questions)\b"
        )
    ),
    Cue(_read(rf"{_SOON}(?:speak|talk|meet)\s+(?:with|to)\s+(?:\w+\s+)?(?:media|press|reporters|journalists)\b")),
    # "Details will follow", "Results will be ready"
    Cue(
        _read(
            rf"{_WILL}{_ADVERBS}\s+(?:follow|come|publish|be (?:made )?(?:forthcoming|coming|ready|out|online|up"
            rf"|live|available|accessible|archived|known|provided|given|shared|shown|supplied|offered|presented"
            rf"|distributed|sent|added|put out|released))\b(?!\s+(?:24|forward|around the clock|free of charge"
            rf"|upon request))"
        ),
        subject=_read(rf"{INFORMATION.pattern}(?:\W+(?!will\b)\w+){{0,8}}\W*$"),
    ),
    Cue(
        _read(
            rf"{_WILL}\s+be\s+available\s+(?:for|to (?:answer|speak|talk|meet|discuss"
            rf"|take))\s+(?:\w+\s+){{0,3}}(?:interview|comment|question|media|press)"
        )
    ),
    Cue(_read(rf"{_WILL}{_ADVERBS}\s+follow\b"), subject=_read(rf"{EVENT.pattern}\s*$")),
    # "Dates to be announced", "Details to follow"
    Cue(
        _read(
            r"\b(?:(?:is|are)\s+)?(?:yet\s+|still\s+)?to\s+(?:be\s+(?:announced|released|confirmed|published"
            r"|provided|disclosed|revealed|posted|shared)|follow|come)\b(?!\s+(?:forward|out|to|in|into|back|up)\b)"
        ),
        subject=_read(rf"(?:{INFORMATION.pattern}|\b(?:more|times?|speakers?|tickets?|venue)\b)\W*(?:\w+\W+){{0,2}}$"),
    ),
    Cue(_read(r"(?:^|[:,(–-]\s*|\b(?:is|are|still|yet)\s+)(?:to be (?:announced|confirmed|published|released)|tba)\b")),
    Cue(_read(r"\bto be (?:made|taken)\b"), subject=_read(r"\b(?:decision|announcement|determination)s?\s*$")),
    # "A decision is expected by Friday", "Details forthcoming"
    Cue(
        _read(
            r"\b(?:is|are|'s)\s+(?:\w+ly\s+|now\s+)?(?:expected|due(?!\s+to\b)|scheduled|slated|anticipated"
            r"|forthcoming|imminent|coming|on (?:the|its|their) way|planned|set)\b(?!\s+to\b)"
        ),
        subject=_read(rf"(?:{INFORMATION.pattern}|\b(?:vote|outcome|answer)\b),?(?:\s+[\w'’.,-]+){{0,18}}\s*$"),
    ),
    Cue(
        _read(r"\b(?:forthcoming|coming (?:soon|shortly|\w+day)|follows?(?: soon| shortly)?\W*$)"),
        subject=_read(rf"(?:{INFORMATION.pattern}|\bmore)\s*$"),
    ),
    Cue(
        _read(
            r"\b(?:stay tuned|watch this space|check back|save the date|mark (?:your|their) calendars?|coming soon)\b"
        )
    ),
    Cue(_read(r"^\W*(?:please\s+)?(?:look|look out|watch|watch out|listen) for\b"), DayNeeded.ANYWHERE),
    Cue(
        _read(r"(?:^\W*(?:please\s+)?|\b(?:you|reporters|the public|residents) (?:can|should) )expect\b"),
        object=INFORMATION,
    ),
    Cue(_read(r"\b(?:promises|pledges|guarantees)\s+(?:an?|the|its|more|further)\b"), object=INFORMATION),
    Cue(
        _read(
            rf"{_IS}(?:set|scheduled|slated|due|planned|on track|targeted|ready)\s+for\s+(?:\w+\s+){{0,3}}(?:release"
            rf"|publication|announcement|unveiling|launch|broadcast)\b"
        )
    ),
    # "A hearing is scheduled for Monday", "The meeting has been moved to May 5"
    Cue(
        _read(
            rf"{_IS}(?:re-?)?(?:scheduled|set|planned|slated|confirmed|arranged|moved|postponed|delayed|adjourned"
            rf"|pushed back|put off)\s+(?:to (?:begin|start|take place|be held)\s+|back\s+)?(?:for|to|on|at|from"
            rf"|until|till|in|this|next|tomorrow|today|tonight)\b"
        ),
        subject=EVENT,
    ),
    Cue(_read(rf"{_SOON}be\s+re-?scheduled\b")),
    Cue(_read(rf"{_SOON}be\s+(?:scheduled|arranged|called|organi[sz]ed|set)\b"), subject=EVENT),
    Cue(
        _read(
            r"\b(?:has|have) been (?:re-?scheduled|postponed|moved|delayed|pushed back|put back|brought forward)"
            r"(?:\s+from\s+[^;]{1,30}?)?\s+(?:to|until|till|for)\b"
        )
    ),
    Cue(_read(rf"\bthere\s+(?:will|is going to|are going to){_ADVERBS}\s+be\b(?!\s+no\b)"), object=EVENT),
    Cue(_read(rf"\bthere\s+(?:will|is going to|are going to){_ADVERBS}\s+be\b(?!\s+no\b)"), object=INFORMATION),
    # "Media are invited to attend the briefing", "Join us for the opening"
    Cue(_read(rf"{_ASKED_TO}{_COME}"), object=EVENT),
    Cue(_read(r"\b(?:is|are)\s+(?:\w+ly\s+)?invited\s+to\s+(?:an?|the|our|this|its)\b"), object=EVENT),
    Cue(_read(r"^\W*(?:please\s+)?join\s"), object=EVENT),
    Cue(_read(r"\bjoin us\s+(?:on|at|for|in|as|this|next|tomorrow|today|tonight)\b"), DayNeeded.ANYWHERE),
    Cue(_read(r"\b(?:is|are)\s+(?:holding|hosting|convening|presenting|sponsoring)\b"), object=EVENT),
    Cue(_read(r"^\W*(?:you are|you're)\s+(?:cordially\s+)?invited\b")),
    Cue(
        _read(
            r"\blooks? forward to\s+(?:\w+ly\s+)?(?:announc|releas|shar|publish|unveil|reveal|present|report|host"
            r"|hold)ing\b"
        )
    ),
    Cue(
        _read(
            r"\b(?:anticipates?|expects?|plans? on)\s+(?:having|releasing|announcing|sharing|publishing|holding|issuing"
            r"|providing|posting|presenting|unveiling|reporting|hosting|launching|filing|(?:making|reaching)\s+(?:an?|its"
            r"|our|his|her|their|the))\b"
        )
    ),
    # "Sheriff to Announce Charges", "Names to be released Monday"
    Cue(_read(rf"{_HEADLINE}(?:be\s+{PUBLISHED}|{PUBLISHES}|come out|take place|go live|kick off)\b"), headline=True),
    Cue(_read(rf"{_HEADLINE}(?:hold|host|convene)\b"), object=EVENT, headline=True),
    Cue(_read(rf"{_HEADLINE}(?:report|present)\b"), object=_read(r"\b(?:results|earnings)\b"), headline=True),
    Cue(
        _read(rf"{_HEADLINE}(?:hold|host|convene|give|vote|meet|pick|file|tour|{HAPPENS})\b"),
        DayNeeded.ANYWHERE,
        headline=True,
    ),
    # "will not be released until Monday" is a promise of that day
    Cue(
        _read(
            r"\b(?:will|is|are)\s+not\s+(?:be\s+|going to be\s+|to be\s+)?(?:released|announced|published|identified"
            r"|named|made public|known|available|disclosed|unveiled|revealed|issued|posted|final"
            r"|complete)\b[^.;]{0,40}?\b(?:until|before)\s+(?:after\s+)?"
        ),
        DayNeeded.NEXT,
    ),
    # Only with a day beside them
    Cue(_read(rf"{_SOON}{HAPPENS}\b"), DayNeeded.ANYWHERE),
    Cue(
        _read(
            rf"{_SOON}be\s+(?:launching|opening|hosting|holding|starting|beginning|returning|meeting|presenting"
            rf"|reporting|offering|celebrating|visiting|debuting|performing|voting|back|live|complete|completed"
            rf"|on view|on (?:display|sale|air)|in (?:stores|theaters|cinemas)|available|ready|open to (?:the public"
            rf"|visitors|everyone|the media))\b"
        ),
        DayNeeded.ANYWHERE,
    ),
    Cue(_read(r"\b(?:takes?|taking)\s+place\b"), DayNeeded.ANYWHERE),
    Cue(
        _read(
            r"\b(?:is|are)\s+(?:being\s+held|(?:host|hold|launch|open|unveil|conven|present|organiz|plann|releas"
            r"|announc|report|publish|celebrat|sponsor)ing)\b"
        ),
        DayNeeded.ANYWHERE,
        object=_read(rf"{EVENT.pattern}|{INFORMATION.pattern}|^(?:at|on|in)\b"),
    ),
    Cue(
        _read(
            r"\b(?:(?:takes?|comes?|goes?) (?:into |in )?(?:effect|force)|occurs|happens"
            r"|(?<!is\s)(?<!are\s)(?<!be\s)opens?|(?<!we\s)(?<!you\s)begins?(?!\s+today)|starts|launches|kicks off"
            r"|premieres|debuts|drops(?=\s+(?:on|tomorrow|today|this|next|\w+day)\b)|goes public"
            r"|goes? live|returns|resumes|airs|meets"
            r"|goes on sale|go on sale|gets under ?way|votes|convenes|reconvenes|reopens|arrives|(?:is|are"
            r"|comes?) out)\b(?!\s+(?:until|through))"
        ),
        DayNeeded.NEXT,
    ),
    Cue(_read(r"\b(?:is|are) coming\b"), DayNeeded.EXACT),
    Cue(_read(r"^\W*coming\b"), DayNeeded.NEXT),
    Cue(_read(r"\b(?:votes|decides)\s+on\b"), DayNeeded.ANYWHERE),
    Cue(_read(r"\bdue out\b"), DayNeeded.NEXT),
    Cue(
        _read(r"\bopens?\b"),
        DayNeeded.ANYWHERE,
        subject=_read(
            r"\b(?:registration|applications?|nominations?|bookings?|enrol?lment|tickets?|sales?|voting|submissions?"
            r"|doors)\s*$"
        ),
    ),
    Cue(
        _read(r"^\W*(?:when(?!.{0,20}\byesterday)|date and time|date/time|date & time|time and date)\s*[:–-]"),
        DayNeeded.ANYWHERE,
    ),
    Cue(
        _read(
            r"^\W*(?:next\s+(?:\w+\s+){0,2}?(?:release|update|publication|announcement|report|meeting|briefing|edition|results?"
            r"|bulletin)|(?:the\s+)?date of (?:the\s+)?next (?:release|publication|update)"
            r"|(?:release|publication|launch|results?|announcement|event|hearing"
            r"|meeting)\s+date)\b[^.;]{0,60}?[:–-]"
        ),
        DayNeeded.ANYWHERE,
    ),
    Cue(_read(rf"{_ASKED_TO}{_COME}"), DayNeeded.ANYWHERE),
    Cue(_read(r"^\W*(?:please\s+)?(?:join|come)\s"), DayNeeded.ANYWHERE),
    Cue(
        _read(r"\b(?:is|are)\b(?=\s+(?:on|at|this|next|tomorrow|\w+day|\w+\s+\d))"),
        DayNeeded.NEXT,
        subject=_read(rf"{EVENT.pattern}\s*$"),
    ),
    Cue(_read(rf"\bnext\s+(?:\w+\s+)?(?:{EVENT.pattern}|{INFORMATION.pattern})\s+(?:is|are)\b"), DayNeeded.ANYWHERE),
    Cue(
        _read(
            r"\b(?:plans?|(?:has|have) (?:scheduled|set|planned|called|arranged|organi[sz]ed))\s+(?:an?|the|its"
            r"|another)\b"
        ),
        DayNeeded.ANYWHERE,
        object=EVENT,
    ),
    Cue(
        _read(r"\b(?:set|scheduled|slated|due|planned|expected)\b(?![^.;]*\b(?:was|were|is|are|has|have|had)\b)"),
        DayNeeded.NEXT,
        subject=_read(rf"(?<!the\s)(?:{EVENT.pattern}|{INFORMATION.pattern})\s*$"),
    ),
    # Anything else that the issuer says will be on a particular day
    Cue(
        _read(rf"{_SOON}(?!\w+ly\b)(?:be\s+(?!{NO_EVENT}\b)\w+|(?!{NO_EVENT}\b)\w+(?<!ing))\b"),
        DayNeeded.EXACT,
        unless_of=OTHERS,
    ),
)
