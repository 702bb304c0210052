"""The words that promises are made of. Each pattern ignores case and matches whole words."""

from __future__ import annotations

import re


def one_of(text: str) -> str:
    """Return alternatives as a pattern: one on each line, or with | between; a space matches any spaces."""
    lines = "|".join(line.strip() for line in text.strip().split("\n"))
    return "(?:" + re.sub(r" +", r"\\s+", re.sub(r" *\| *", "|", lines)) + ")"


def words(text: str, *, start: str = r"\b", end: str = r"\b") -> re.Pattern[str]:
    """Return the alternatives of `one_of` as whole words."""
    return re.compile(start + one_of(text) + end, re.I)


#: Information that becomes public.
INFORMATION = words(
    r"""
    updates? | information | details? | briefings? | statements? | announcements? | results? | earnings | decisions?
    rulings? | verdicts? | findings | reports? | recommendations? | names? | identit(?:y|ies) | winners? | shortlist
    longlist | finalists? | list | schedule | timetable | agenda | releases? | news | guidance | guidelines
    advisory | specifics | figures | totals | tally | counts? | statistics | data | numbers | outcome | keynote
    remarks | speech | lecture | presentation | proposals? | bulletin | dates? | locations? | venues? | line-?up
    footage | video | conclusions | opinions? | judge?ments? | documents | records | answers? | reply | replies
    evaluation | review | recording | replay | webcast | archive | transcripts? | slides | live ?stream | copies
    photos?
    """
)

#: Events that people come to, or tune in to.
EVENT = words(
    r"""
    conferences? | pressers? | briefings? | calls? | teleconferences? | webcasts? | webinars? | hearings?
    meetings? | town ?halls? | forums? | open houses? | ceremon(?:y|ies) | vigils? | memorials? | services?
    celebrations? | events? | ribbon[- ]cuttings? | ground ?breakings? | openings? | festivals? | fairs? | parades?
    march | rall(?:y|ies) | concerts? | exhibitions? | exhibits? | shows? | screenings? | workshops? | trainings?
    class(?:es)? | clinics? | sessions? | seminars? | symposi(?:um|a) | summits? | conventions? | fundraisers?
    galas? | dinners? | luncheons? | lunch | breakfasts? | receptions? | auctions? | races? | runs? | walks?
    tours? | tournaments? | games? | match(?:es)? | competitions? | contests? | drawings? | draws? | raffles?
    hackathons? | drives? | giveaways? | checkpoints? | drills? | exercises? | tests? | round ?tables? | panels?
    discussions? | lectures? | talks? | speech(?:es)? | premieres? | launch(?:es)? | part(?:y|ies) | picnics?
    inaugurations? | commencements? | graduations? | convocations? | elections? | referend(?:um|a) | votes?
    debates? | consultations? | q ?& ?a | availabilit(?:y|ies) | photo op\w* | demonstrations? | presentations?
    camps? | recounts? | count | canvass | bazaars? | markets? | swap | unveilings? | dedications? | reunions?
    readings? | performances? | recitals? | plays? | inquests? | funerals? | viewings? | investor day | days?
    awards? | interviews? | drop-ins? | expos? | sales? | walk-?throughs? | lotter(?:y|ies) | survey | auditions?
    inspections? | appearances? | kick-?off | hunt | festivities
    """
)

#: What is done to make a thing public or let it happen: "will be …".
PUBLISHED = one_of(
    r"""
    (?:re-?)?released | announced | (?:re-?)?published | re-?posted | posted | issued | unveiled | revealed
    disclosed | declared | named | made (?:public|known) | sent out | handed down | held | hosted | convened
    conducted | launched | (?:re-?)?opened | streamed | live[- ]?streamed | broadcast | televised | webcast | aired
    rolled out | dedicated | inaugurated | celebrated | rescheduled | certified | finali[sz]ed | introduced
    voted on | taken up | debated | decided | notified | informed | drawn | sworn in | screened | exhibited
    performed | unsealed | identified | communicated | circulated | distributed to (?:the )?(?:media|press)
    awarded | put (?:up for|to) (?:a )?vote | on display | handed out | given out | elected | appointed | installed
    heard (?:by (?!a jury|the jury|a judge)|at|on)
    confirmed (?:by|on|at|later|in|next|soon|shortly|once|when|after)
    shared (?:with the (?:public|media|press|community)|on|as|when|at|later|publicly|once|after|in|soon)
    provided (?:as|when|at|on|later|once|by|in the coming|to the (?:media|press|public)|throughout|via|tomorrow|this)
    provided (?:next|following|soon|through|shortly|regularly)
    updated (?:as|when|on|with|at|later|by|once|throughout|in|to)
    presented (?:at|on|in|during|by|to the (?:public|council|board|city|commission|committee|media))
    considered (?:by|at|on) | discussed (?:at|on|by|during) | reviewed (?:by|at)
    (?:honou?red|recogni[sz]ed) (?:at|on|during|by|with|for|in) | featured (?:at|on|in|during)
    (?:selected|chosen) (?:by|on|in|at|from|and) | determined (?:later|at a later|after|once|soon|next)
    made available (?:on|online|at|to the (?:public|media|press)|for (?:review|download|viewing|public)|later|soon)
    made available (?:shortly|by|in|tomorrow|next|this|when|as soon|once|after)
    """
)

#: What the issuer does: "will …".
PUBLISHES = one_of(
    r"""
    release | announce | publish | unveil | disclose | declare | make public | put out | send out | hand down
    certify | reveal (?:a|an|the|its|their|details|who|more|which|how) | name (?:the|its|a|an|winners?|finalists?)
    live-?stream | webcast | (?:come to|reach) a decision | render (?:a|its) (?:decision|verdict)
    notify (?:the public|parents|families|residents|applicants|customers|winners|members|voters)
    issue (?:regular |further |more |additional |new |another )?(?:updates|statements)
    post (?:the|its|their|all|more|updates?|results|details|information|an?|video|any|additional|further|new|regular)
    """
)

#: Verbs that are a promise only with a day beside them: "will open on June 5".
HAPPENS = one_of(
    r"""
    open | begin | start | launch | resume | return | introduce | debut | celebrate | commemorate | honou?r
    recogni[sz]e | consider | discuss | hear | present | deliver | review | participate | visit | perform | travel
    air | sign | dedicate | commence | reopen | roll out | vote | decide | rule | meet | gather | speak | hold
    host | occur | happen | premiere | convene | reconvene | report | join | run | offer | conclude | complete
    expand | show | feature | screen | conduct | break | submit | respond | select | choose | determine
    finali[sz]e | implement | install | take effect | go into effect | become effective | address | update | attend
    kick off | swear in
    """
)

#: Verbs with a day that are no event of the issuer: "will be sentenced", "will rain".
NO_EVENT = one_of(
    r"""
    be | do | next | now | also | then | soon | first | later | again | all | both | still | only | ordered
    sentenced | arraigned | charged | tried | prosecuted | close | closed | closing | heavy | ticketed | fined
    towed | required | asked | eligible | allowed | able | subject | responsible | cited | arrested | deported
    extradited | transported | buried | laid | billed | affected | detoured | diverted | detained | paid | used
    needed | given | free | mailed | due | accept\w* | receiv\w* | seen | hot | cold | warm | cool | sunny | cloudy
    rain | snow | rise | fall | increase | decrease | turn | need | require | have | pay | retire | plead | serve
    survive | remain | last | cost | stay | get | face | lose | expire | end | cease | use | apply | learn | return
    appear | know | enjoy | see | wear | drive | leave | stop | contain | cover | continue | arrive | help | allow
    ensure | make | work | take | succeed | replace | become | earn | owe | benefit | save | add | avoid | reduce
    affect | bring | keep | look | testify | in | brought | released | request\w* | dispatched | find | stand | act
    resign | step down | charge | seek | file | investigate | go to | come forward | like | not | never
    """
)

#: People who are released, tried or hurt, right before a cue.
ACCUSED = words(
    r"""
    he | she | defendants? | suspects? | inmates? | prisoners? | patients? | victims? | the man | the woman
    the couple | the two | juveniles? | teens? | hostages? | men | women | offenders? | (?<!of\s)voters | jurors
    the jury | a jury | a judge | the judge | grand jury | mother | father | widow
    """,
    end=r"(?:,\s+\d+,?)?\s*$",
)
#: Others who are not the issuer.
OTHERS = words(
    r"""
    storm | weather | temperatures? | rain | snow | traffic | drivers | motorists | residents | customers
    employees | workers | students | patients | participants | applicants | anyone | those | callers | payments?
    fees? | taxes | fines? | deadline | offer | bail | who | you | passengers | members | visitors | guests | fans
    parents | rates?
    """,
    end=r"\s*$",
)
#: Events of a court.
COURT = words(
    r"""
    arraign\w* | sentenc\w+ | closing arguments | deliberations | (?:penalty|sanity|guilt) phase
    jury selection | opening statements
    in court | court on
    court process | next hearing | (?:his|her|their|both|\w+['’]s?) hearings?
    (?:court|preliminary|prelim|bail|bond|detention|plea|status|custody) (?:hearing|appearance|date)s?
    (?:pre-?trial|initial|extradition|parole) (?:hearing|appearance|date)s?
    (?:evidentiary|disposition|competency|probable cause|omnibus|motion|restitution|readiness|re-?sentencing) hearings?
    (?:settlement|status|pre-?trial|readiness) conference | felony settlement
    (?<!clinical\s)(?<!phase\s)(?<!pilot\s)(?<!\d\s)(?<!mock\s)trial(?! (?:results|data|period|run))
    """
)
#: A room of a courthouse: an event there without the press belongs to the court.
COURTROOM = words(r"(?:Department|Dept\.?|Dept) [A-Z]{0,2}-?\d+ | courtroom | back in court")

_MONTH = one_of(
    r"""
    jan(?:uary|\.)? | feb(?:ruary|\.)? | mar(?:ch|\.) | apr(?:il|\.)? | may | june?\.? | july?\.? | aug(?:ust|\.)?
    sept?(?:ember|\.)? | oct(?:ober|\.)? | nov(?:ember|\.)? | dec(?:ember|\.)?
    """
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"

#: A particular day of the calendar.
EXACT_DAY = re.compile(
    rf"\b(?:{_MONTH}\s+\d{{1,2}}\b|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b|\d{{1,2}}/\d{{1,2}}\b"
    rf"|20\d\d-\d\d-\d\d\b|(?:this|next|coming)\s+{_WEEKDAY}\b|(?:today|tonight|tomorrow)\b(?!['’]s))",
    re.I,
)
#: Words that say when, even vaguely.
DAY_WORDS = re.compile(
    rf"\b(?:{_WEEKDAY}\b|(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\.|{_MONTH}\s+\d{{1,4}}\b|\d{{1,2}}(?:st|nd|rd"
    rf"|th)?\s+(?:of\s+)?{_MONTH}\b|(?:in|by|until|during|early|mid|late|of|this|next|through)[ -](?:early |mid-"
    rf"|late )?{_MONTH}\b"
    r"|\d{1,2}/\d{1,2}\b|20\d\d-\d\d-\d\d\b|(?:today(?!['’]s)|tonight|tomorrow|soon|shortly|upcoming|noon"
    r"|midnight)\b|(?:this|next|coming|later|following|same)\s+(?:week|weekend|month|year|quarter|spring|summer|fall"
    r"|autumn|winter"
    rf"|season|morning|afternoon|evening|night|{_WEEKDAY}|today|this|in)\b|(?:in|within|over)\s+(?:the\s+)?(?:coming"
    rf"|next|near)\b|week of\b|end of (?:the|this|next)\b|(?:in|within)\s+(?:about |approximately |roughly )?(?:\d+"
    rf"|one|two|three|four|five|six|seven|ten|a few|several)\s+(?:hours?|days?|weeks?|months?)\b|(?:first|second"
    rf"|third|fourth)\s+(?:quarter|half)\b|(?:in |this |next )?(?:spring|summer|fall|autumn|winter"
    rf"|q[1-4])(?: of)? 20\d\d\b|in (?:spring|summer|fall|autumn)\b"
    r"|\d{1,2}(?:[:.]\d\d)?\s*[ap]\.?\s?m\b|(?:in|by|before|until)\s+(?:mid-|early |late )?20\d\d\b"
    r"|at \d\d[:.]\d\d\b|the \d{1,2}(?:st|nd|rd|th)\b(?!\s+(?!of\b|at\b|and\b|by\b|in\b|to\b)\w))",
    re.I,
)
