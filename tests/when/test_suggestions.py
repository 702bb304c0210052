"""What a refusal offers instead: what was meant is named, can be typed, comes later first, and is never taken."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pressrelease.errors import EmbargoRefused
from pressrelease.when import Embargo, EmbargoKind, read_embargo
from pressrelease.when.slips import meant_words

LOS_ANGELES = "America/Los_Angeles"
#: Wednesday, 10 a.m. PST.
WEDNESDAY = datetime(2026, 11, 18, 18, tzinfo=UTC)
WEEKDAYS = ("Monday", "Tuesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "April", "August", "September", "October", "November", "December")


def read(text: str, **other: Any) -> Embargo:
    return read_embargo(text, **{"now": WEDNESDAY, "timezone": LOS_ANGELES, "release_time": time(9), **other})


def refused(text: str, **other: Any) -> EmbargoRefused:
    with pytest.raises(EmbargoRefused) as caught:
        read(text, **other)
    return caught.value


def lifts(text: str) -> list[datetime | None]:
    """Return the lift of a phrase, or those that its refusal offers."""
    try:
        return [read(text).lift]
    except EmbargoRefused as refusal:
        return [read(one).lift for one in refusal.candidates]


@pytest.mark.parametrize(
    ("text", "words", "offered"),
    [
        ("Thrusday at 9 a.m.", "Did you mean “Thursday”?", ["Thursday, Nov. 19, 2026, 9 a.m. PST (in 23 h)"]),
        ("Decmeber 4 at noon", "Did you mean “December”?", ["Friday, Dec. 4, 2026, noon PST (in 16 days)"]),
        ("tommorow at 10", "Did you mean “tomorrow”?", ["Thursday, Nov. 19, 2026, 10 a.m. PST (in 24 h)"]),
        ("Tursday 9am", "“Tuesday” or “Thursday”", ["Tuesday, Nov. 24, 2026, 9 a.m. PST (in 6 days)",
                                                    "Thursday, Nov. 19, 2026, 9 a.m. PST (in 23 h)"]),
        ("el jueves a las 9 de la mañana", "Spanish", ["Thursday, Nov. 19, 2026, 9 a.m. PST (in 23 h)"]),
        ("4 de diciembre de 2026 a las 2 de la tarde", "Spanish", ["Friday, Dec. 4, 2026, 2 p.m. PST (in 16 days)"]),
        ("la semana del 7 de diciembre", "Spanish", ["the week of Dec. 7, 2026"]),
        ("a más tardar el viernes", "Spanish", ["Friday, Nov. 20, 2026, 9 a.m. PST (in 47 h)"]),
        ("el 4/12/2026 a las 9, viernes", "Spanish", []),
        ("by Friday", "“by Friday” is a deadline.", ["Friday, Nov. 20, 2026, 9 a.m. PST (in 47 h)"]),
        ("before Friday", "a deadline", ["Thursday, Nov. 19, 2026, 9 a.m. PST (in 23 h)"]),
        (
            "no later than 5 p.m. Friday",
            "a deadline",
            ["Friday, Nov. 20, 2026, 5 p.m. PST (in 2 days)", "Friday, Nov. 20, 2026, 9 a.m. PST (in 47 h)"],
        ),
        ("by the week of Dec. 7", "a deadline", ["Friday, Dec. 11, 2026, 9 a.m. PST (in 23 days)"]),
        ("COB Monday", "Your office closes at 5 p.m.", ["Monday, Nov. 23, 2026, 5 p.m. PST (in 5 days)"]),
        ("by close of business Friday", "closes at 5 p.m.", ["Friday, Nov. 20, 2026, 5 p.m. PST (in 2 days)"]),
        ("Monday EOD", "closes at 5 p.m.", ["Monday, Nov. 23, 2026, 5 p.m. PST (in 5 days)"]),
        ("Monday morning", "release time is 9 a.m.", ["Monday, Nov. 23, 2026, 9 a.m. PST (in 5 days)"]),
        ("11 a.m.", "no day", ["Thursday, Nov. 19, 2026, 11 a.m. PST (in 25 h)",
                               "Wednesday, Nov. 18, 2026, 11 a.m. PST (in 60 min)"]),
        ("Friday at 3", "more than one time", ["Friday, Nov. 20, 2026, 3 p.m. PST (in 2 days)",
                                               "Friday, Nov. 20, 2026, 3 a.m. PST (in 41 h)"]),
        ("12/11/27 9am", "12/11/27", ["Saturday, Dec. 11, 2027", "Friday, Nov. 12, 2027"]),
        ("Dec. 1, 2029, 9 a.m.", "more than two years ahead", ["2029-12-01T09:00:00-08:00"]),
        ("in 350 days", "more than 11 months", ["Wednesday, Nov. 3, 2027, 9 a.m. PDT (in 350 days)"]),
    ],
)  # fmt: skip
def test_a_refusal_names_what_may_have_been_meant(text: str, words: str, offered: list[str]) -> None:
    refusal = refused(text)
    assert words in refusal.message
    assert list(refusal.candidates) == offered or set(offered) <= set(refusal.candidates)
    assert list(refusal.candidates)[: len(offered)] == offered
    moments = [read(one).lift for one in refusal.candidates]
    assert moments == sorted(moments, key=str, reverse=True), "the later one is offered first"


@pytest.mark.parametrize("text", ["COB Friday", "by COB Friday", "end of day Friday", "close of business, Friday"])
def test_the_close_is_the_offices_own(text: str) -> None:
    refusal = refused(text, close=time(16, 30))
    assert "4:30 p.m." in refusal.message
    assert read(refusal.candidates[0], close=time(16, 30)).lift == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@given(
    st.sampled_from(WEEKDAYS) | st.sampled_from(MONTHS),
    st.integers(0, 12),
    st.sampled_from(["swap", "drop", "double", "change"]),
    st.sampled_from("aeiourstn"),
)
def test_a_mistyped_word_is_asked_about_and_never_read(word: str, place: int, how: str, letter: str) -> None:
    place %= len(word) - 1
    typed = {
        "swap": word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        "drop": word[:place] + word[place + 1 :],
        "double": word[:place] + word[place] + word[place:],
        "change": word[:place] + letter + word[place + 1 :],
    }[how]
    assume(typed.lower() != word.lower())
    text, right = ((f"{typed} at 9 a.m.", f"{word} at 9 a.m.") if word in WEEKDAYS
                   else (f"{typed} 10, 2027, 9 a.m.", f"{word} 10, 2027, 9 a.m."))  # fmt: skip
    assert read(right).lift in lifts(text), f"{text} means {right}, or it is asked"


@pytest.mark.parametrize("day", ["Mondya", "Wednesdy", "Thrusady", "Fridya", "tommorow"])
def test_a_mistyped_day_beside_a_whole_date_is_asked_about(day: str) -> None:
    assert "Did you mean" in refused(f"{day}, Dec. 4, 2026, 9 a.m.").message


@pytest.mark.parametrize("name", ["Moody", "Sunda Ray", "Jane Doe", "Marsh", "Augusta", "Wren"])
def test_a_name_is_no_slip_where_the_time_is_whole(name: str) -> None:
    assert meant_words("monday") == ()
    if name not in {"Sunda Ray"}:
        assert read(f"Embargoed until Dec. 4, 2026, 9 a.m. Contact: {name}").lift


@given(st.integers(1, 415), st.sampled_from(["in {n} days", "{n} days from now", "in {h} hours"]))
def test_nothing_without_a_year_is_more_than_eleven_months_ahead(days: int, form: str) -> None:
    text = form.format(n=days, h=days * 24)
    latest = WEDNESDAY.astimezone(ZoneInfo(LOS_ANGELES)).date().replace(year=2027, month=10)
    if days < 330:
        lift = read(text).lift
        assert lift is not None
        assert lift.astimezone(ZoneInfo(LOS_ANGELES)).date() <= latest
    if days > 340:
        assert read(refused(text).candidates[0]).lift


@given(st.dates(datetime(2026, 11, 19).date(), datetime(2035, 1, 1).date()))
def test_a_year_more_than_two_years_ahead_is_asked_about(day: Any) -> None:
    text = f"{day:%B} {day.day}, {day.year}, 9 a.m."
    local = datetime.combine(day, time(9), ZoneInfo(LOS_ANGELES))
    if day <= datetime(2028, 11, 18).date():
        assert read(text).lift == local
        return
    refusal = refused(text)
    (iso,) = refusal.candidates
    assert iso in refusal.hint
    assert read(iso).lift == local


@settings(max_examples=60)
@given(st.integers(1, 12), st.integers(1, 12), st.integers(26, 28))
def test_three_numbers_that_fit_more_than_one_order_are_asked_about(month: int, day: int, year: int) -> None:
    text = f"{month}/{day}/{year} 9am"
    dates = {(month, day), (day, month)}
    if len(dates) > 1:
        refused(text)
    try:
        found = read(text)
    except EmbargoRefused:
        return
    assert found.lift == datetime(2000 + year, month, day, 9, tzinfo=ZoneInfo(LOS_ANGELES))


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T09:00:00 Z-5", "2026-11-24T09:00:00Z-05:00", "2026-11-24T09:00 -5", "2026-11-24T09:00:00-5:00",
        "2026-11-24 09:00 +5", "Nov. 24, 2026, 9 a.m. -7", "Nov. 24, 2026, 9 a.m. -07", "2026-11-24T09:00 PST-1",
        "2026-11-24T09:00:00+05:00:30", "Nov. 24, 2026, 09:00 Z+1", "Nov. 24, 2026, 9 a.m. UTC+5:5",
        "Nov. 24, 2026, 9 a.m. GMT+5.5", "Nov. 24, 2026, 9 a.m. UTC+99",
    ],
)  # fmt: skip
def test_a_malformed_offset_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    "text", ["9 a.m. - 11 a.m. Nov. 24, 2026", "Nov. 24, 2026, 9-11 a.m.", "Nov. 24, 2026, 9 a.m. - 5"]
)
def test_a_window_of_hours_is_no_offset(text: str) -> None:
    assert read(text).kind is EmbargoKind.WINDOW


def test_whatever_is_offered_lies_ahead_and_in_the_window_that_was_named() -> None:
    for text, first, last in (
        ("next week at 9 a.m.", "2026-11-23", "2026-11-29"),
        ("the week of Nov. 30, in the morning", "2026-11-30", "2026-12-06"),
        ("mid-December", "2026-12-01", "2026-12-31"),
        ("by Dec. 4", "2026-11-18", "2026-12-04"),
    ):
        offered = refused(text).candidates
        assert offered, text
        for one in offered:
            meant = read(one)
            assert meant.not_before is not None
            assert meant.not_before > WEDNESDAY
            ends = (meant.no_later_than or meant.not_before) - timedelta(microseconds=1)
            for moment in (meant.not_before, ends):
                assert first <= f"{moment.astimezone(ZoneInfo(LOS_ANGELES)):%Y-%m-%d}" <= last, (text, one)


def test_what_is_offered_in_a_file_can_be_written_into_it() -> None:
    refusal = refused("Friday at 3", only_day=True)
    assert refusal.candidates[0].startswith("Friday, Nov. 20, 2026, 3 p.m. PST")
    for one in (*refusal.candidates, *re.findall(r"“([^”]*)”", refusal.hint)):
        assert read(one, only_day=True).lift
