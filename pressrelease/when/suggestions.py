"""Refusal → a refusal that helps: what a person may have meant, as candidates. Nothing of it is ever taken.

    "Thrusday at 9"      a slip by a letter or two      Thursday at 9
    "el lunes a las 9"   Spanish                        Monday at 9
    "by Friday"          a deadline                     the office's release time on the last open day before it
    "COB Friday"         the office's close             Friday at 5 p.m.

Each reading comes from the phrase rewritten and read as any other, so it is ahead and has a single meaning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from pressrelease.when import spanish
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.formatting import say_hour, typed, week_of
from pressrelease.when.office import Office, day_off
from pressrelease.when.refusals import Candidate, NoReading, Why
from pressrelease.when.slips import corrections
from pressrelease.when.tokens import RangeWord, Token
from pressrelease.when.vocabulary import CLOSES, OPENS

#: Read a phrase; the refusal instead of the embargo if it has no single reading.
Read = Callable[[str], Embargo | NoReading]

#: How often a phrase is rewritten: "para el jueves" is Spanish, and then a deadline.
_DEEPEST = 3


def with_suggestions(found: NoReading, text: str, office: Office, read: Read, depth: int = 0) -> NoReading:
    """Return the refusal of `text` with the readings that may have been meant; `found` itself if there are none."""
    if depth >= _DEEPEST:
        return found
    for why, token, phrases, values in _rewritten(found, text, office):
        offers: list[Candidate] = []
        for phrase in phrases:
            meant = read(phrase)
            if isinstance(meant, NoReading):
                offers += with_suggestions(meant, phrase, office, read, depth + 1).candidates
            elif why is Why.DEADLINE and isinstance(token, RangeWord):
                offers += _before(meant, office, inclusive=not _EXCLUDES.match(text[token.start : token.end].lower()))
            else:
                offers += _offered(meant, office)
        if offers or why is Why.SPANISH:
            return NoReading(why, token, candidates=_earliest_first(offers), **values)
    return found


Rewritten = tuple[Why, Token, list[str], dict[str, str]]


def _rewritten(found: NoReading, text: str, office: Office) -> Iterator[Rewritten]:
    """Yield what may be behind a refusal: its row, the token that shows it, and the phrases to read instead."""
    if found.why is Why.SPANISH:
        english = spanish.in_english(text)
        yield Why.SPANISH, found.tokens[0], [english] if english else [], {}
    elif found.why is Why.DEADLINE:
        limit = found.tokens[0]
        yield Why.DEADLINE, limit, [_without(text, limit)], {"deadline": str(found.values["deadline"])}
    elif found.why is Why.HOUR_WITHOUT_DAY:
        yield found.why, _nowhere(text), [f"{text} {day}" for day in ("today", "tomorrow")], {}
    else:
        if slips := corrections(text):
            yield Why.SLIP, slips.first, slips.phrases, {"meant": "” or “".join(slips.meant)}
        yield from _office_hours(found, text, office)


def _nowhere(text: str) -> Token:
    return Token(0, len(text))


def _without(text: str, token: Token, instead: str = "") -> str:
    return f"{text[: token.start]} {instead} {text[token.end :]}"


def _earliest_first(offers: Sequence[Candidate]) -> list[Candidate]:
    return sorted(offers, key=lambda one: _begins(one) or date.max)


def _begins(offer: Candidate) -> date | None:
    if isinstance(offer, tuple):
        return offer[0]
    return None if isinstance(offer, str) else offer.date() if isinstance(offer, datetime) else offer


def _offered(meant: Embargo, office: Office) -> list[Candidate]:
    """Return a reading as a candidate: an instant, a day, several days, a week, or the words for two moments."""
    if meant.kind is EmbargoKind.IMMEDIATE:
        return ["immediate"]
    begins, ends, lift = (
        moment and moment.astimezone(office.zone) for moment in (meant.not_before, meant.no_later_than, meant.lift)
    )
    if ends is None or begins is None:
        return [lift] if lift else []
    if begins.time() != time() or ends.time() != time():
        return [f"between {typed(begins)} and {typed(ends)}"]
    first, last = begins.date(), ends.date() - timedelta(days=1)
    if first == last:
        return [first]
    return [week_of(first)] if (first.weekday(), (last - first).days) == (0, 6) else [(first, last)]


# -- deadlines --------------------------------------------------------------------------------------------------------

#: "before Friday" ends as Friday begins, "by Friday" with it.
_EXCLUDES = re.compile(r"before|prior|ahead")
#: How many days before a deadline an open one is looked for.
_DAYS_BACK = 14


def _before(limit: Embargo, office: Office, *, inclusive: bool) -> list[Candidate]:
    """Return moments that keep a deadline: the office's release time on the last open day, and the deadline itself."""
    if limit.lift is None or limit.not_before is None:
        return []
    instant = limit.kind is EmbargoKind.INSTANT
    ends = (limit.lift if instant else limit.no_later_than) if inclusive else limit.not_before
    if ends is None:
        return []
    last = ends.astimezone(office.zone).date()
    for back in range(_DAYS_BACK):
        day = last - timedelta(days=back)
        moment = datetime.combine(day, office.release_time, office.zone)
        if office.now < moment < ends and not day_off(day, office.name):
            return [moment, limit.lift.astimezone(office.zone)] if instant and inclusive else [moment]
    return [limit.lift.astimezone(office.zone)] if instant and inclusive else []


# -- the office's hours -----------------------------------------------------------------------------------------------


def _office_hours(found: NoReading, text: str, office: Office) -> Iterator[Rewritten]:
    """Yield "COB Friday" as Friday at the office's close, "Monday morning" as Monday at its release time."""
    token = found.tokens[0] if found.tokens else None
    if token is None or found.why not in {Why.NO_FIXED_HOUR, Why.VAGUE_HOUR, Why.NO_MOMENT}:
        return
    words = " ".join(text[token.start : token.end].lower().split())
    in_the_morning = office.release_time < time(12)
    hour, why = (
        (office.close, Why.OFFICE_CLOSES)
        if words in CLOSES
        else (office.release_time, Why.OFFICE_OPENS)
        if words in OPENS or (words.removeprefix("in the ").removeprefix("this ") == "morning" and in_the_morning)
        else (None, found.why)
    )
    if hour is None:
        return
    said = say_hour(datetime.combine(office.today, hour))
    today = "today " if words.startswith("this ") else ""
    phrases = [_without(text, token, f"{today}at {said}")]
    yield why, token, phrases, {"hour": said}
