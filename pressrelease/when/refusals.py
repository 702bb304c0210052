"""Why a phrase has no single safe reading: one table with the words of every refusal.

The grammar raises `NoReading` with values: the row, the tokens concerned, the readings that are possible. They become
text in one place, `wording.worded`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, tzinfo
from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pressrelease.when.tokens import Token

_WRITE_ALL = "Write the day, the hour and the zone, such as “{example}”."
_KEEP_AS_DRAFT = "Keep it as a draft, or write an hour that is certainly later; `pressrelease hold` can still stop it."
_GIVE_ZONE = "Write the zone as ET, CT, MT, PT, GMT or by its IANA name, such as Europe/London."
_ONE_OF_EACH = "between 9 a.m. and 5 p.m. on {example_day}"
_KEEP_ONE = "Keep one of them."
_TYPE_ONE = "Type the one that you mean, such as “{offer}”."
_TYPE_IT = "If so, type “{offer}”."

#: What a candidate may be: an instant in the zone to show it in, a day, the first and last day of several, a phrase.
Candidate = datetime | date | tuple[date, date] | str


@unique
class Why(Enum):
    """The reasons for a refusal: its code, what is said, and what to write instead.

    `{0}` and `{1}` are the tokens concerned, as they were typed; other names are values of the refusal: a day, an
    instant, a text. After `:typed` they are shown as they can be typed, after `:weekday` by the day's name. `{offer}`
    is the first candidate as it can be typed, `{example}` and the like are ahead of the office's present.
    """

    def __init__(self, code: str, message: str, hint: str = _WRITE_ALL) -> None:
        self.code = code
        self.message = message
        self.hint = hint

    # -- words that make any time beside them uncertain (tables/vocabulary.txt names these rows) -----------------
    OPEN = "embargo_unclear", "“{0}” leaves the time open."
    WAITS = "embargo_event", "“{0}” waits for something that has no set time.", _KEEP_AS_DRAFT
    DEPENDS = "embargo_event", "“{0}” makes the time depend on something else.", _KEEP_AS_DRAFT
    CHOICE = "embargo_ambiguous", "“{0}” leaves more than one time possible."
    CHANGE = "embargo_ambiguous", "“{0}” mentions a change, so this may not be the time that counts."
    PASSED = "embargo_past", "“{0}” is in the past.", "Write a time in the future, or “immediate”."
    NO_MOMENT = "embargo_unclear", "“{0}” is not an exact time."
    MANY_DAYS = "embargo_ambiguous", "“{0}” means more than one day."
    NEGATION = "embargo_unclear", "“{0}” is negative, and it isn't clear what it applies to."
    NO_FIXED_HOUR = "embargo_unclear", "“{0}” has no fixed hour."
    OFFICE_CLOSES = "embargo_unclear", "“{0}” has no fixed hour. Your office closes at {hour}.", _TYPE_IT
    OFFICE_OPENS = "embargo_unclear", "“{0}” has no fixed hour. Your office's release time is {hour}.", _TYPE_IT
    SLIP = "embargo_unclear", "“{0}” isn't understood. Did you mean “{meant}”?", _TYPE_IT
    SPANISH = "embargo_unclear", "“{0}” is Spanish, and an embargo is read in English.", "In English: “{offer}”."
    NO_CLOCK_TIME = "embargo_nonexistent", "“{0}” is not a time on any clock."
    NO_ISO_TIME = "embargo_nonexistent", "“{0}” is not a date and time that exists."
    NO_ZONE_OFFSET = "embargo_zone", "“{0}” is a UTC offset that no clock has."
    MALFORMED_OFFSET = (
        "embargo_zone",
        "“{0}” is not an offset from UTC.",
        "Write it with two digits for the hours and two for the minutes, such as “{example_iso}”.",
    )
    OFFSET_OR_HOURS = (
        "embargo_zone",
        "“{0}” could end with an offset from UTC, or with a second hour.",
        "Write a T between the day and the hour, such as “{example_iso}”.",
    )
    NAMES_NO_DAY = "embargo_unclear", "“{0}” doesn't name a day."
    DAY_MISSING = "embargo_unclear", "“{0}” has no day of the month beside it."
    MAYBE_A_TIME = "embargo_unclear", "“{0}” isn't understood, and it could be about the time."
    EVENT = "embargo_event", "“{0}” is an event, and an event has no set time.", _KEEP_AS_DRAFT
    REPORTED_PERIOD = "embargo_event", "“{0}” is a period, and not a time.", _KEEP_AS_DRAFT

    # -- the text as a whole --------------------------------------------------------------------------------------
    TOO_LONG = (
        "embargo_refused",
        "This is too long for an embargo.",
        "Give only the line that says when, such as “{example}”.",
    )
    EMPTY = (
        "embargo_refused",
        "The embargo is empty.",
        "Write when the release may go out, such as “{example}”, or “immediate”.",
    )
    NO_DAY = (
        "embargo_unclear",
        "“{text}” names no day.",
        "Write when the release may go out, such as “{example}”, or “immediate”.",
    )
    OUTSIDE_CALENDAR = "embargo_nonexistent", "That time is outside the calendar."
    COUNTED = (
        "embargo_length",
        "“{0}” counts from the moment it is typed, and a file keeps only the day.",
        "Write the date and the time, such as “{example}”.",
    )

    # -- words and their neighbors --------------------------------------------------------------------------------
    NUMBER = (
        "embargo_unclear",
        "“{0}” isn't understood, and it could be part of a time.",
        "Write the hour with a.m. or p.m., write the month as a word, and leave out other numbers: “{example}”.",
    )
    NOT_A_TIME = "embargo_unclear", "“{0}” is a number or an address, not a time."
    UNKNOWN_WORD = "embargo_unclear", "“{0}” isn't understood, and it could change the time."
    WAITS_FOR = "embargo_event", "“{0} {1}” waits for something that has no set time.", _KEEP_AS_DRAFT
    NOTHING_AFTER = "embargo_unclear", "There is no time after “{0}”."
    NO_HOUR_AFTER = "embargo_unclear", "There is no hour after “{0}” that is understood."
    DAY_BEFORE_WORD = "embargo_unclear", "“day {0}” could be another day."
    COUNTS_FROM = (
        "embargo_unclear",
        "“{0}” counts from another time.",
        "Write the day and the hour themselves.",
    )
    BEGINS_OR_ENDS = (
        "embargo_ambiguous",
        "“{0} {1}” could mean that the embargo begins then, or that it ends then.",
        "Write “embargoed until {example}”.",
    )
    DEADLINE = (
        "embargo_deadline",
        "“{deadline}” is a deadline. When should it go out?",
        "Type the moment, such as “{offer}”.",
    )
    NO_END = (
        "embargo_unclear",
        "A day to start from, without an hour or an end: it could be any later day.",
        "Write the day and the hour from which the release may go out.",
    )

    # -- immediate ------------------------------------------------------------------------------------------------
    AT_ONCE_AND_WHEN = "embargo_ambiguous", "It says “immediate”, and also something else about when.", _KEEP_ONE
    AT_ONCE_AND_HOLD = "embargo_ambiguous", "It says “immediate”, and also to hold it.", _KEEP_ONE
    AT_ONCE_AND_TIME = "embargo_ambiguous", "It says “immediate”, and also names a time.", _KEEP_ONE
    AT_ONCE_AND_DAY = "embargo_ambiguous", "It says “immediate”, and also names a day other than today.", _KEEP_ONE

    # -- days -----------------------------------------------------------------------------------------------------
    WEEKDAY = (
        "embargo_weekday",
        "{day:typed}, is a {day:weekday}, not a {nearest:weekday}.",
        _TYPE_ONE,
    )
    NO_SUCH_DATE = "embargo_nonexistent", "There is no {date}."
    NO_DATE_IN_ANY_ORDER = "embargo_nonexistent", "“{0}” is not a date, with the month first or the day first."
    DATE_ORDER = (
        "embargo_ambiguous",
        "“{0}” can be read with the day first or with the month first.",
        "Write the month as a word, such as “{offer}”.",
    )
    NUMBERS_FAR_AHEAD = (
        "embargo_ambiguous",
        "“{0}” could be {day}, which is years ahead, so the numbers may be in another order.",
        "Write the month as a word, such as “{offer}”.",
    )
    NOT_THIS_YEAR_OR_NEXT = "embargo_nonexistent", "{date} isn't in this year or the next one."
    YEAR_MISSING_PAST = (
        "embargo_past",
        "{date} has no year: it could be {last}, which is past, or {coming}.",
        "Add the year: “{coming:typed}”.",
    )
    YEAR_MISSING = (
        "embargo_ambiguous",
        "{date} has no year: it could be {last}, which is past, or {coming}.",
        "Add the year: “{coming:typed}”.",
    )
    JUST_PASSED = (
        "embargo_past",
        "The {nth} has just passed, and the next one is a month away.",
        "Add the month: “{day:typed}”.",
    )
    NO_MONTH_HAS_IT = "embargo_nonexistent", "No month near today has a day {number}."
    NO_NTH_WEEKDAY = "embargo_nonexistent", "There is no such {weekday} in {month} {year}."
    MONTH_WITHOUT_YEAR = (
        "embargo_past",
        "“{0}” has no year, and it is just past or far away.",
        "Add the year: “{offer}”.",
    )
    MONTH_YEAR_MISSING = (
        "embargo_past",
        "{month} has no year, and it is just past or far away.",
        "Add the year: “{coming}”.",
    )
    TWO_YEARS = "embargo_ambiguous", "It names two years."
    NO_SUCH_DAY = "embargo_ambiguous", "It names no day that exists.", "Write the date."
    MANY_POSSIBLE_DAYS = "embargo_ambiguous", "That could be more than one day.", "Write the date: “{offer}”."
    DAYS_DISAGREE = "embargo_ambiguous", "Its days don't agree.", "Keep the one that you mean."
    TWO_DATES = "embargo_ambiguous", "It names more than one date.", "Keep the one that you mean."
    OTHER_DAY_THERE = (
        "embargo_ambiguous",
        "It is another day there than in the office, so days counted from today have two readings.",
        "Write the date.",
    )
    FAR_WITHOUT_YEAR = (
        "embargo_ambiguous",
        "It names no year, and means {moment}, more than 11 months ahead.",
        "Add the year: “{offer}”.",
    )
    FAR_YEAR = (
        "embargo_ambiguous",
        "{moment} is more than two years ahead, so the year may be mistyped.",
        "If it is right, type “{offer}”.",
    )
    YEAR_OR_HOUR = (
        "embargo_ambiguous",
        "{day}, is years ahead, and “{year}” could be an hour.",
        "Add the year and write the hour with a.m. or p.m., such as “{example}”.",
    )

    # -- several days ---------------------------------------------------------------------------------------------
    SUNDAY_NEXT_WEEK = (
        "embargo_ambiguous",
        "On a Sunday, that could be the week that begins tomorrow or the week after it.",
        "Name its Monday: “{monday}”.",
    )
    SUNDAY_OF_WEEK = (
        "embargo_ambiguous",
        "{day:typed}, is a Sunday, which ends a week for some and begins one for others.",
        "Name the Monday: “{monday}”.",
    )
    NO_SUCH_WEEK = "embargo_nonexistent", "There is no such week."
    NEXT_WEEKEND = (
        "embargo_ambiguous",
        "“Next weekend” is the coming one for some, and the one after it for others.",
        "Name the days: “{first:typed} to {last:typed}”.",
    )
    PART_OF_SPAN = (
        "embargo_unclear",
        "“{piece}” has no agreed first and last day.",
        "Name the days: “{first:typed} to {last:typed}”.",
    )
    WHICH_WEEK = (
        "embargo_ambiguous",
        "The month doesn't begin on a Monday, so its weeks are counted in more than one way.",
        "Name its first day: “{monday}”.",
    )
    WHICH_DAY_OF_WEEK = (
        "embargo_unclear",
        "It isn't clear which day the week is named by.",
        "Write one date, such as “the week of {example_day}”.",
    )
    SPAN_AND_DAY = "embargo_ambiguous", "It names several days, and also one day.", _KEEP_ONE
    TWO_SPANS = "embargo_ambiguous", "It names more than one span of days.", _KEEP_ONE
    HOUR_AND_SPAN = (
        "embargo_ambiguous",
        "It names an hour, and several days.",
        "Name the day, such as “{offer}”, or leave out the hour.",
    )

    # -- from one time to another ---------------------------------------------------------------------------------
    TWO_RANGES = (
        "embargo_ambiguous",
        "It has more than one beginning or end.",
        f"Write one of each: “{_ONE_OF_EACH}”.",
    )
    DAY_BEFORE_BETWEEN = (
        "embargo_ambiguous",
        "It has one day before “between”, and another one after it.",
        f"Write “{_ONE_OF_EACH}”.",
    )
    ONE_END_WITHOUT_HOUR = (
        "embargo_ambiguous",
        "One end has an hour, and the other has none.",
        "Write an hour for both.",
    )
    HOURS_WITHOUT_DAY = "embargo_unclear", "It names hours and no day.", "Add the day: “{text} on {example_day}”."
    END_BEFORE_BEGINNING = (
        "embargo_ambiguous",
        "Its end isn't after its beginning.",
        "Write both ends with the day, and a.m. or p.m.",
    )
    ENDS_UNCLEAR = (
        "embargo_ambiguous",
        "Its ends could be more than one time.",
        "Write both ends with a.m. or p.m.",
    )
    LAST_BEFORE_FIRST = "embargo_ambiguous", "Its last day is before its first."
    DAYS_UNCLEAR = "embargo_ambiguous", "Its days could be more than one."
    MIDNIGHT_IN_RANGE = (
        "embargo_ambiguous",
        "Midnight could be the day's beginning or its end.",
        "Write 12:01 a.m. or 11:59 p.m., and the day.",
    )
    MANY_TIMES = "embargo_ambiguous", "It names more than two times."

    # -- hours ----------------------------------------------------------------------------------------------------
    MIDNIGHT = (
        "embargo_ambiguous",
        "Midnight could be the day's beginning or its end.",
        "Write 12:01 a.m. and the day that then begins, or “{offer}”.",
    )
    VAGUE_HOUR = (
        "embargo_unclear",
        "“{0}” has no fixed hour.",
        "Write the hour, such as “{offer}”.",
    )
    HOUR_WITHOUT_DAY = "embargo_unclear", "It names an hour and no day.", "Add the day, such as “{offer}”."
    HOUR_OR_DAY = (
        "embargo_ambiguous",
        "“{0}” could be a date, and “{1}” an hour.",
        "Write the hour with a.m. or p.m.; if it is the date, type “{offer}”.",
    )
    TWO_PARTS_OF_DAY = "embargo_ambiguous", "It names two parts of the day.", _KEEP_ONE
    NOT_IN_PART_OF_DAY = "embargo_ambiguous", "That hour doesn't fit “{part}”.", "Write only a.m. or p.m."
    FROM_NOW_AND_TIME = "embargo_ambiguous", "It counts from now, and also names another time."
    FROM_NOW_DISAGREES = "embargo_ambiguous", "It counts from now, and also names a time that isn't the same."
    DAYS_FROM_NOW_DISAGREE = "embargo_ambiguous", "It counts days from now, and also names a day that isn't the same."
    TWO_TIMES = "embargo_ambiguous", "It names two times, and they aren't the same instant.", _TYPE_ONE
    MANY_POSSIBLE_TIMES = "embargo_ambiguous", "That could be more than one time.", _TYPE_ONE
    HOUR_TWICE = "embargo_overlap", "The clock is set back over that hour, so it comes twice.", _TYPE_ONE
    HOUR_SKIPPED = (
        "embargo_gap",
        "There is no {clock} on {day}, in {zone}: the clock is set forward over it.",
        _TYPE_ONE,
    )
    PAST = (
        "embargo_past",
        "{moment} has already passed.",
        "Choose a time in the future, such as “{ahead:typed}”, or “immediate”.",
    )

    # -- zones ----------------------------------------------------------------------------------------------------
    ZONE_WITHOUT_HOUR = "embargo_unclear", "“{0}” is a time zone without an hour beside it."
    TIME_WITHOUT_ZONE = "embargo_zone", "It has an hour, and “time” without a zone.", _GIVE_ZONE
    MAYBE_A_ZONE = "embargo_zone", "“{0}” beside an hour could be its zone, and isn't known.", _GIVE_ZONE
    WHOSE_CLOCK = (
        "embargo_zone",
        "It mentions {0}, and doesn't say whose clock is meant.",
        "Write the zone right after the hour, such as “{example}”.",
    )
    WHICH_CLOCK = "embargo_zone", "It mentions {0}, and doesn't say whose clock is meant.", _TYPE_ONE
    WHICH_HOUR_S_ZONE = "embargo_zone", "It isn't clear which zone belongs to which hour."
    ZONES_DISAGREE = "embargo_zone", "The zones {zones} don't agree.", _TYPE_ONE
    MANY_PLACES = (
        "embargo_zone",
        "{abbreviation} is the zone of more than one place, and the office's zone doesn't settle it.",
        _TYPE_ONE,
    )
    NOT_IN_SEASON = (
        "embargo_zone",
        "On {day}, clocks in {place} are on {actual}, not on {zone}.",
        "Write the zone of the season, such as “{in_season:typed}”.",
    )


class NoReading(Exception):
    """A phrase has no single safe reading. `values` are what the row's sentences are filled with.

    `candidates` are given with the earliest first, and kept with the latest first.
    """

    def __init__(
        self, why: Why, *tokens: Token, candidates: Iterable[Candidate] = (), **values: date | datetime | str | int
    ) -> None:
        super().__init__(why.name)
        self.why = why
        self.tokens = tokens
        #: The later first: it is offered, and a name that goes out late can still go out.
        self.candidates = tuple(reversed(tuple(candidates)))
        self.values = values


def which_one(why: Why, instants: Iterable[datetime], zone: tzinfo, *tokens: Token, **values: str) -> NoReading:
    """Return the refusal of a phrase that can mean several instants (UTC), to be shown in `zone`."""
    ordered = [moment.astimezone(zone) for moment in sorted(set(instants))]
    return NoReading(why, *tokens, candidates=ordered, **values)
