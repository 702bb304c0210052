"""Every row of the table of refusals: a phrase that meets it, and sentences without a gap."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import Any

import pytest

from pressrelease.errors import EmbargoRefused
from pressrelease.when import read_embargo, wording
from pressrelease.when.refusals import NoReading, Why

LOS_ANGELES, LONDON = "America/Los_Angeles", "Europe/London"
#: Wednesday, 10:00 AM PDT, and the Sunday after it.
WEDNESDAY = datetime(2018, 9, 19, 17, tzinfo=UTC)
SUNDAY = datetime(2018, 9, 23, 17, tzinfo=UTC)
LATE_SUNDAY = datetime(2018, 9, 24, 6, 30, tzinfo=UTC)

ROWS: dict[Why, tuple[str, str]] = {
    Why.OPEN: ("Sept. 24, 9 a.m. TBD", "“TBD” leaves the time open."),
    Why.WAITS: ("upon approval", "“upon” waits for something that has no set time."),
    Why.DEPENDS: ("Sept. 24, 9 a.m. unless told otherwise", "“unless” makes the time depend on something else."),
    Why.CHOICE: ("Sept. 24, 9 a.m. or 10 a.m.", "“or” leaves more than one time possible."),
    Why.CHANGE: ("Sept. 24, 9 a.m. (was 8 a.m.)", "“was” mentions a change, so this may not be the time that counts."),
    Why.PASSED: ("yesterday", "“yesterday” is in the past."),
    Why.NO_MOMENT: ("soon", "“soon” is not an exact time."),
    Why.MANY_DAYS: ("every Monday at 9 a.m.", "“every” means more than one day."),
    Why.NEGATION: ("not Monday", "“not” is negative, and it isn't clear what it applies to."),
    Why.NO_FIXED_HOUR: ("Monday EOM", "“EOM” has no fixed hour."),
    Why.NO_CLOCK_TIME: ("Monday 25:00", "“25:00” is not a time on any clock."),
    Why.NO_ISO_TIME: ("2018-09-24T09:00+25:00", "“2018-09-24T09:00+25:00” is not a date and time that exists."),
    Why.OFFICE_CLOSES: ("COB Monday", "“COB” has no fixed hour. Your office closes at 5 p.m."),
    Why.OFFICE_OPENS: ("Monday morning", "“morning” has no fixed hour. Your office's release time is 9 a.m."),
    Why.SLIP: ("Thrusday at 9", "“Thrusday” isn't understood. Did you mean “Thursday”?"),
    Why.SPANISH: ("el lunes a las 9", "“lunes” is Spanish, and an embargo is read in English."),
    Why.MALFORMED_OFFSET: ("2018-09-24T09:00:00 Z-5", "“2018-09-24T09:00:00 Z-5” is not an offset from UTC."),
    Why.OFFSET_OR_HOURS: (
        "2018-09-24 02:00-05:00",
        "“2018-09-24 02:00-05:00” could end with an offset from UTC, or with a second hour.",
    ),
    Why.NO_ZONE_OFFSET: ("Sept. 24, 9 a.m. UTC+15", "“UTC+15” is a UTC offset that no clock has."),
    Why.NAMES_NO_DAY: ("in two months", "“in two months” doesn't name a day."),
    Why.DAY_MISSING: ("Jan. 9 a.m.", "“Jan” has no day of the month beside it."),
    Why.MAYBE_A_TIME: ("midweekly", "“midweekly” isn't understood, and it could be about the time."),
    Why.EVENT: ("the verdict", "“verdict” is an event, and an event has no set time."),
    Why.REPORTED_PERIOD: ("Q1 2019", "“Q1 2019” is a period, and not a time."),
    Why.TOO_LONG: ("9" * 2001, "This is too long for an embargo."),
    Why.EMPTY: ("", "The embargo is empty."),
    Why.NO_DAY: ("embargoed", "“embargoed” names no day."),
    Why.OUTSIDE_CALENDAR: ("0001-01-01T00:00:00+10:00", "That time is outside the calendar."),
    Why.COUNTED: (
        "in 20 hours",
        "“in 20 hours” counts from the moment it is typed, and a file keeps only the day.",
    ),
    Why.NUMBER: ("Monday 17", "“17” isn't understood, and it could be part of a time."),
    Why.NOT_A_TIME: ("Case No. 62-158374", "“Case No. 62-158374” is a number or an address, not a time."),
    Why.UNKNOWN_WORD: ("Monday pizza", "“pizza” isn't understood, and it could change the time."),
    Why.WAITS_FOR: ("hold until family is", "“until family” waits for something that has no set time."),
    Why.NOTHING_AFTER: ("until", "There is no time after “until”."),
    Why.NO_HOUR_AFTER: ("Monday at", "There is no hour after “at” that is understood."),
    Why.DAY_BEFORE_WORD: ("the day tomorrow at 9 a.m.", "“day tomorrow” could be another day."),
    Why.COUNTS_FROM: ("after tomorrow at 10 a.m.", "“after” counts from another time."),
    Why.BEGINS_OR_ENDS: (
        "embargoed from 9 a.m. Monday",
        "“embargoed from” could mean that the embargo begins then, or that it ends then.",
    ),
    Why.DEADLINE: ("by Friday", "“by Friday” is a deadline. When should it go out?"),
    Why.NO_END: (
        "from Friday",
        "A day to start from, without an hour or an end: it could be any later day.",
    ),
    Why.AT_ONCE_AND_WHEN: ("from now", "It says “immediate”, and also something else about when."),
    Why.AT_ONCE_AND_HOLD: ("embargoed immediate", "It says “immediate”, and also to hold it."),
    Why.AT_ONCE_AND_TIME: ("immediate release, September 2018", "It says “immediate”, and also names a time."),
    Why.AT_ONCE_AND_DAY: (
        "FOR IMMEDIATE RELEASE\nSept. 24",
        "It says “immediate”, and also names a day other than today.",
    ),
    Why.WEEKDAY: ("Tuesday, Sept. 24", "Sept. 24, 2018, is a Monday, not a Tuesday."),
    Why.NO_SUCH_DATE: ("Feb. 30 at 9 a.m.", "There is no Feb. 30."),
    Why.NO_DATE_IN_ANY_ORDER: ("9/31", "“9/31” is not a date, with the month first or the day first."),
    Why.DATE_ORDER: ("10/2/2018", "“10/2/2018” can be read with the day first or with the month first."),
    Why.NUMBERS_FAR_AHEAD: (
        "9/24/31 9am",
        "“9/24/31” could be Wednesday, Sept. 24, 2031, which is years ahead, so the numbers may be in another order.",
    ),
    Why.NOT_THIS_YEAR_OR_NEXT: ("Feb. 29 at 3 p.m.", "Feb. 29 isn't in this year or the next one."),
    Why.YEAR_MISSING_PAST: (
        "September 10",
        "Sept. 10 has no year: it could be Monday, Sept. 10, 2018, which is past, or Tuesday, Sept. 10, 2019.",
    ),
    Why.YEAR_MISSING: (
        "April 1",
        "April 1 has no year: it could be Sunday, April 1, 2018, which is past, or Monday, April 1, 2019.",
    ),
    Why.JUST_PASSED: ("the 18th", "The 18th has just passed, and the next one is a month away."),
    Why.NO_MONTH_HAS_IT: ("the 32nd", "No month near today has a day 32."),
    Why.NO_NTH_WEEKDAY: ("the fifth Friday in February 2019", "There is no such Friday in February 2019."),
    Why.MONTH_WITHOUT_YEAR: ("Labor Day", "“Labor Day” has no year, and it is just past or far away."),
    Why.MONTH_YEAR_MISSING: ("May", "May has no year, and it is just past or far away."),
    Why.TWO_YEARS: ("2019, Monday 9 a.m., 2018", "It names two years."),
    Why.NO_SUCH_DAY: ("Friday this weekend", "It names no day that exists."),
    Why.MANY_POSSIBLE_DAYS: ("Wednesday", "That could be more than one day."),
    Why.DAYS_DISAGREE: ("next Monday at 9 tonight", "Its days don't agree."),
    Why.TWO_DATES: ("9 a.m. Sept. 24, Sept. 25", "It names more than one date."),
    Why.OTHER_DAY_THERE: (
        "tonight at 2 EDT",
        "It is another day there than in the office, so days counted from today have two readings.",
    ),
    Why.FAR_WITHOUT_YEAR: (
        "in 350 days",
        "It names no year, and means Wednesday, Sept. 4, 2019, 9 a.m. PDT (in 350 days), more than 11 months ahead.",
    ),
    Why.FAR_YEAR: (
        "Sept. 24, 2021, 9 a.m.",
        "Friday, Sept. 24, 2021, 9 a.m. PDT (in 1101 days) is more than two years ahead, so the year may be mistyped.",
    ),
    Why.YEAR_OR_HOUR: ("Sept 24 2100", "Friday, Sept. 24, 2100, is years ahead, and “2100” could be an hour."),
    Why.SUNDAY_NEXT_WEEK: (
        "this week",
        "On a Sunday, that could be the week that begins tomorrow or the week after it.",
    ),
    Why.SUNDAY_OF_WEEK: (
        "early in the week of 9/23",
        "Sept. 23, 2018, is a Sunday, which ends a week for some and begins one for others.",
    ),
    Why.NO_SUCH_WEEK: ("2018-W60", "There is no such week."),
    Why.NEXT_WEEKEND: (
        "next weekend",
        "“Next weekend” is the coming one for some, and the one after it for others.",
    ),
    Why.PART_OF_SPAN: ("mid-October", "“mid” has no agreed first and last day."),
    Why.WHICH_WEEK: (
        "the first week of November",
        "The month doesn't begin on a Monday, so its weeks are counted in more than one way.",
    ),
    Why.WHICH_DAY_OF_WEEK: ("the week of October", "It isn't clear which day the week is named by."),
    Why.SPAN_AND_DAY: ("October, Monday", "It names several days, and also one day."),
    Why.TWO_SPANS: ("next week, October", "It names more than one span of days."),
    Why.HOUR_AND_SPAN: ("next week at 9 a.m.", "It names an hour, and several days."),
    Why.TWO_RANGES: ("Sept. 24-28 at 9 a.m. to 6 p.m.", "It has more than one beginning or end."),
    Why.DAY_BEFORE_BETWEEN: (
        "Sept. 24 between Sept. 25 and Sept. 26",
        "It has one day before “between”, and another one after it.",
    ),
    Why.ONE_END_WITHOUT_HOUR: ("Monday to Friday 9 a.m.", "One end has an hour, and the other has none."),
    Why.HOURS_WITHOUT_DAY: ("9 a.m. to 5 p.m.", "It names hours and no day."),
    Why.END_BEFORE_BEGINNING: ("between noon and 9 a.m. Monday", "Its end isn't after its beginning."),
    Why.ENDS_UNCLEAR: ("between 2 and 4 on Monday", "Its ends could be more than one time."),
    Why.LAST_BEFORE_FIRST: ("between Sept. 28 and 24", "Its last day is before its first."),
    Why.DAYS_UNCLEAR: ("Monday to Friday in October", "Its days could be more than one."),
    Why.MIDNIGHT_IN_RANGE: ("24-28 September midnight", "Midnight could be the day's beginning or its end."),
    Why.MANY_TIMES: ("9-11 a.m. 9/24/18 - 5 p.m.", "It names more than two times."),
    Why.MIDNIGHT: ("midnight Sunday", "Midnight could be the day's beginning or its end."),
    Why.VAGUE_HOUR: ("Monday afternoon", "“afternoon” has no fixed hour."),
    Why.HOUR_WITHOUT_DAY: ("9 a.m.", "It names an hour and no day."),
    Why.HOUR_OR_DAY: ("Thursday 4", "“Thursday 4” could be a date, and “4” an hour."),
    Why.TWO_PARTS_OF_DAY: ("this morning at 9 tonight", "It names two parts of the day."),
    Why.NOT_IN_PART_OF_DAY: ("tonight at 9 a.m.", "That hour doesn't fit “tonight”."),
    Why.FROM_NOW_AND_TIME: ("in two hours Friday", "It counts from now, and also names another time."),
    Why.FROM_NOW_DISAGREES: (
        "Friday 1 p.m., in half an hour",
        "It counts from now, and also names a time that isn't the same.",
    ),
    Why.DAYS_FROM_NOW_DISAGREE: (
        "Sept. 24, 2018, 9 a.m. (in 4 days), in 6 days",
        "It counts days from now, and also names a day that isn't the same.",
    ),
    Why.TWO_TIMES: ("9 a.m. PT / 1 p.m. ET Monday", "It names two times, and they aren't the same instant."),
    Why.MANY_POSSIBLE_TIMES: ("Monday at 2", "That could be more than one time."),
    Why.HOUR_TWICE: ("Nov. 4, 2018, 1:30 a.m.", "The clock is set back over that hour, so it comes twice."),
    Why.HOUR_SKIPPED: (
        "March 10, 2019, 2:30 a.m.",
        "There is no 2:30 a.m. on Sunday, March 10, 2019, in America/Los_Angeles: the clock is set forward over it.",
    ),
    Why.PAST: (
        "today at 9 a.m.",
        "Wednesday, Sept. 19, 2018, 9 a.m. PDT (60 min ago) has already passed.",
    ),
    Why.ZONE_WITHOUT_HOUR: ("Friday PT", "“PT” is a time zone without an hour beside it."),
    Why.TIME_WITHOUT_ZONE: ("Sept. 24, 9 a.m. time", "It has an hour, and “time” without a zone."),
    Why.MAYBE_A_ZONE: ("Sept. 24, 9 a.m. XYZ", "“XYZ” beside an hour could be its zone, and isn't known."),
    Why.WHOSE_CLOCK: ("Texas", "It mentions Texas, and doesn't say whose clock is meant."),
    Why.WHICH_CLOCK: (
        "Sept. 24, 2018, 9 a.m., in London",
        "It mentions London, and doesn't say whose clock is meant.",
    ),
    Why.WHICH_HOUR_S_ZONE: (
        "Sept. 24: 5 p.m. on Monday PT, 8 p.m. on ET",
        "It isn't clear which zone belongs to which hour.",
    ),
    Why.ZONES_DISAGREE: ("9 a.m. CST Monday EDT", "The zones CST and EDT don't agree."),
    Why.MANY_PLACES: (
        "Sept. 24, 9 a.m. IST",
        "IST is the zone of more than one place, and the office's zone doesn't settle it.",
    ),
    Why.NOT_IN_SEASON: (
        "Sept. 24, 9 a.m. PST",
        "On Monday, Sept. 24, 2018, clocks in America/Los_Angeles are on PDT, not on PST.",
    ),
}
NOWS = {Why.SUNDAY_NEXT_WEEK: SUNDAY, Why.OTHER_DAY_THERE: LATE_SUNDAY}


def test_every_row_of_the_table_has_a_phrase() -> None:
    assert set(ROWS) == set(Why)


@pytest.mark.parametrize("why", list(Why), ids=lambda why: why.name)
def test_a_phrase_is_refused_in_the_words_of_its_row(why: Why, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[Why] = []

    def spy(refusal: NoReading, *others: Any) -> EmbargoRefused:
        found.append(refusal.why)
        return worded(refusal, *others)

    worded = wording.worded
    monkeypatch.setattr(wording, "worded", spy)
    text, message = ROWS[why]
    office: dict[str, Any] = {
        "now": NOWS.get(why, WEDNESDAY),
        "timezone": LONDON if why is Why.DATE_ORDER else LOS_ANGELES,
        "release_time": time(9),
        "only_day": why is Why.COUNTED,
    }
    with pytest.raises(EmbargoRefused) as caught:
        read_embargo(text, **office)
    assert found == [why]
    assert caught.value.message == message
    assert caught.value.code == why.code
    assert caught.value.hint
    assert "{" not in caught.value.message + caught.value.hint
    monkeypatch.undo()
    for offered in (*caught.value.candidates, *re.findall(r"“([^”]*)”", caught.value.hint)):
        assert read_embargo(offered, **office), "whatever a refusal offers is accepted when it is typed"
