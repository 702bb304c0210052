"""Read an embargo phrase: what it means in an office, or a refusal that says why not.

One way, each stage with a type of its own, and none looks back:

    text → tokens (tokenizer) → phrase (settle) → facts (facts) → reading (resolve) → embargo (make_embargo)

Between them `doubts` refuses what could change the time. A refusal is a value (`refusals.NoReading`), to which
`suggestions` adds what may have been meant, until `wording` puts it into words.
"""

from __future__ import annotations

from datetime import UTC, datetime, time

from pressrelease.when.doubts import refuse_doubtful_facts, refuse_doubtful_words
from pressrelease.when.embargo import Embargo
from pressrelease.when.events import read_event
from pressrelease.when.facts import gather
from pressrelease.when.lines import without_idle_lines, without_own_date
from pressrelease.when.make_embargo import make_embargo
from pressrelease.when.office import Office
from pressrelease.when.refusals import NoReading, Why
from pressrelease.when.resolve import resolve
from pressrelease.when.settle import read_phrase
from pressrelease.when.zones import abbreviations, country_of


def read_embargo(
    text: str,
    *,
    now: datetime,
    timezone: str,
    release_time: time,
    close: time = time(17, 0),
    only_day: bool = False,
    any_year: bool = False,
) -> Embargo:
    """Return what `text` means at `now` (aware) in an office of that zone.

    `release_time` and `close` are the office's hours (local). With `only_day`, `now` is a whole day, and a length of
    time ("in 20 hours") is refused: nobody knows the moment from which it counts. With `any_year` a far year is not
    asked about.

    Raises: EmbargoRefused for any text that has no single safe reading; Refused for a zone that doesn't exist.
    """
    office = Office(timezone, release_time, close, now.astimezone(UTC), any_year)
    if (event := read_event(text, timezone)) is not None:
        return event

    def meaning(phrase: str) -> Embargo | NoReading:
        try:
            return _read(phrase, office, only_day=only_day)
        except NoReading as found:
            return found
        except OverflowError:
            return NoReading(Why.OUTSIDE_CALENDAR)

    meant = meaning(text)
    if isinstance(meant, Embargo):
        return meant._replace(office=timezone)
    from pressrelease.when.suggestions import with_suggestions
    from pressrelease.when.wording import worded

    helpful = with_suggestions(meant, text, office, meaning)
    raise worded(helpful, text, office, lambda phrase: isinstance(meaning(phrase), Embargo))


def _read(text: str, office: Office, *, only_day: bool) -> Embargo:
    year = office.today.year
    own_zones = {*abbreviations(office.name, year), *abbreviations(office.name, year + 1)}
    phrase = without_idle_lines(read_phrase(text, own_zones, american=country_of(office.name) == "US"))
    refuse_doubtful_words(phrase)
    facts = gather(without_own_date(phrase, office))
    refuse_doubtful_facts(facts, office, only_day=only_day)
    return make_embargo(facts, resolve(facts, office), office)
