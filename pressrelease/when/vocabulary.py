"""Words around a time: those that say nothing of when, and those that make it uncertain."""

from __future__ import annotations

from pressrelease.when.refusals import Why

NUMBER_WORDS = {
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(word.split()) for word in text.split("|"))


#: Labels, connectives and office talk: with or without them, the time is the same.
HARMLESS = frozenset(
    """
    embargo embargo'd embargoed embargoes embargoing embargos strict strictly under note please notice media press
    news newsroom newsdesk release releases released releasing publication publications publish published publishing
    public publicly broadcast broadcasting broadcasts broadcasters distribution distribute distributed transmission
    transmit transmitted use used using print printed online web website websites posting post posted air airing aired
    social dissemination disseminate disseminated disclosure disclose disclosed announcement announcements announce
    announced reporting report reported circulation circulated circulate share shared sharing statement statements
    advisory bulletin alert issue issued issues issuance hold held holds holding lift lifts lifting expires expire
    expiry expiration ends end ending date dates time times day dated schedule scheduled scheduling launch launches
    approved for of on the this that these to be is are it its in as with material materials information content
    contents story stories article articles text document documents data all our your we will shall may must should
    can do does an hereby herein only sharp exactly precisely prompt promptly office attorney attorneys attorney's
    district county da da's d.a sheriff sheriff's police city state department dept government go goes out send sends
    sent sending deliver delivered copy confidential private draft final important attention editor editors
    journalists reporters outlets contact viz aka same then international national worldwide us u.s usa subject: re
    attn from: thanks thank you regards names name results result paper newspaper radio television tv agency agencies
    wire wires internet electronic exclusive coverage here there date/time time/date my ok okay zone
    """.split()
)

#: Phrases with a word that would be a doubt by itself, and that say nothing of when.
HARMLESS_PHRASES = _words(
    """check against delivery|no exceptions|do not publish before then|
    do not publish before that time|do not publish before this time|
    publication or broadcast|broadcast or publication|print or broadcast|press or broadcast|
    print or online|release or publication|publication or release|publication or distribution|broadcast or online|
    publication or transmission|published or broadcast|broadcast or published|use or publication|in any form|
    will be lifted|to be lifted|shall be lifted|be lifted|is lifted|
    in whole or in part|in part or in whole|in whole or part|news update|media update|press update"""
)

_HARD: tuple[tuple[str, Why], ...] = (
    (
        """tentative|tentatively|approximately|approx|about|around|circa|roughly|estimated|expected|anticipated|likely|
        possibly|possible|maybe|perhaps|probably|hopefully|ideally|ish|provisional|provisionally|target|targeted|nearly|
        almost|proposed|planned|assuming|presumably|preferably|suggested|unconfirmed|tbd|tba|tbc|undecided|unknown|
        pencilled|penciled|at some point|think|guess|at the latest|at latest|earliest|at the earliest|to be confirmed|
        to be determined|to be announced|to be decided|?|~|≈|±|<|>""",
        Why.OPEN,
    ),
    (
        """notified|notification|notify|notifies|upon|once|when|whenever|next of kin|further notice|on receipt|
        further instructions|further advised|told|advised|instructed|informed|confirmation|confirmed|clearance|cleared|
        approval|permission|authorization|authorisation|go-ahead|green light|say so""",
        Why.WAITS,
    ),
    (
        """unless|except|excepting|excluding|if|subject to|pending|provided|contingent|conditional|depending|otherwise|
        notwithstanding|barring|in case|weather permitting|but|however|though|although|without|lest""",
        Why.DEPENDS,
    ),
    (
        "or|either|alternatively|whichever|and/or|versus|vs|various|respectively|both|and then",
        Why.CHOICE,
    ),
    (
        """rescinded|revoked|nullified|aborted|expired|invalid|outdated|obsolete|postponed|cancelled|canceled|extended|
        moved|changed|change|previously|originally|instead|rather|earlier|
        corrected|correction|revised|rescheduled|delayed|delay|brought forward|pushed|formerly|replaces|replaced|
        supersedes|superseded|withdrawn|broken|broke|lifted|already|no longer|was|were|had|wrong|typo|stet""",
        Why.CHANGE,
    ),
    (
        "yesterday|ago|past|last night|last week|last month|last year",
        Why.PASSED,
    ),
    (
        """soon|shortly|eventually|sometime soon|in due course|in the future|in the near future|near future|presently|
        momentarily|in a bit|in a while|asap|a.s.a.p|as soon as possible|as soon as|later|any day|any time|anytime|
        in the coming days|in the coming weeks|coming days|coming weeks|coming months|in a few|a few|few|several|
        couple|business day|business days|working day|working days|workday|weekday|weekdays|fortnight|lunchtime|
        lunch|teatime|breakfast|dinner|dinnertime|supper|bedtime|first thing|overnight|sunrise|sunset|dawn|dusk|
        early|mid|late|middle|prime time|primetime|after hours|afterhours|q1|q2|q3|q4|h1|h2|next|following|previous|
        prior|preceding|half|quarter past|eve|thereafter|afterwards|upcoming|coming|week|weeks|month|months|minute|
        minutes|second|seconds|days|within hours|hence|mid-week|midweek""",
        Why.NO_MOMENT,
    ),
    (
        """daily|weekly|monthly|every|each|recurring|repeatedly|hourly|mondays|tuesdays|wednesdays|thursdays|fridays|
        saturdays|sundays|mornings|afternoons|evenings|nights""",
        Why.MANY_DAYS,
    ),
    (
        """not|never|no|none|nor|neither|don't|dont|won't|can't|cannot|isn't|aren't|doesn't|didn't|shouldn't|mustn't|
        wasn't|non|nothing|hasn't|haven't|nobody|stop|stopped|cancel|kill|killed|retract|retracted|scrapped|
        abandoned|suspended|paused|ignore|disregard|void|unembargoed""",
        Why.NEGATION,
    ),
    (
        """cob|c.o.b|eob|eod|e.o.d|eom|eow|close of business|close of play|end of business|end of the day|end of day|
        end of the business day|end of the working day|start of business|opening of business|end of the week|
        end of week|end of the month|end of month|end of the year|beginning of the month|start of the month|
        start of the day|beginning of the day|business hours|office hours|working hours|start of the week|
        a.m|p.m|am|pm|ams|pms|beginning of the week|turn of the month|
        end of next week|end of this week|end of next month|
        end of this month|close of trading|market close|market open|markets close|markets open|closing bell|
        opening bell""",
        Why.NO_FIXED_HOUR,
    ),
)

#: Words that make any time beside them uncertain, and what they do.
DOUBTS: dict[str, Why] = {phrase: why for phrases, why in _HARD for phrase in _words(phrases)}

#: An unknown word that holds one of these could be about time: "midweek", "noonish", "Wendesday".
TIMELY = (
    "day",
    "week",
    "month",
    "year",
    "hour",
    "minute",
    "second",
    "noon",
    "night",
    "morn",
    "evening",
    "time",
    "clock",
)

#: Events and seasons: harmless beside a whole date and hour, but nothing to wait for by themselves.
EVENTS = _words(
    """verdict|verdicts|ruling|conviction|acquittal|arrest|arrests|arraignment|arraigned|sentencing|sentenced|hearing|
    adjournment|trial|judgment|judgement|delivery|conclusion|concludes|completion|commencement|event|ceremony|funeral|
    vote|kickoff|conference|briefing|meeting|speech|call|debate|opening|closing|signing|filing|unsealing|
    identification|spring|summer|fall|autumn|winter|quarter|christmas|easter|thanksgiving|holiday|holidays|juneteenth|
    halloween|ramadan|diwali|election|family|families|kin|indictment|charges|plea|match|game|market|markets"""
)
