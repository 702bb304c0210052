"""What holds for every text: only the refusal, never a contradiction, never an instant that wasn't said."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis_profiles import examples

from pressrelease.errors import EmbargoRefused
from pressrelease.when import Embargo, EmbargoKind, find_times, read_embargo, read_zone, rfc3339, say_embargo

LOS_ANGELES = "America/Los_Angeles"
NOW = datetime(2018, 9, 19, 17, tzinfo=UTC)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
AP_MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
OFFICES = (LOS_ANGELES, "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Sydney", "UTC")
#: Words that the grammar knows, to be put together at random.
BITS = (
    "Monday Tue. Friday next this coming week weekend month of the beginning w/c at @ on by until till after before not"
    " between and from to through - – / ( ) , ; : . \n 9 10 12 24 30 2018 2019 '18 9am 9:30 21:00 0930 1400Z 00.01"
    " 24:00 9 a.m. 12 a.m. 12 p.m. noon midnight ET PT EST PST PDT BST IST CST GMT Z UTC+2 +0100 America/Chicago London"
    " time (Beijing) local Sept. September 24th 24 1st May march 9/24 24/9/18 9.24.18 2018-09-24 2018-09-24T09:00:00Z"
    " today tomorrow tonight yesterday in two hours 3 days early late mid immediate now embargoed hold for release"
    " EMBARGO unless or tentatively verdict Case No. 62-158374 530-555-0100 Jane Doe morning half past nine first last"
    " TBD ?"
).split(" ")

fuzzed = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(BITS), max_size=12).map(" ".join),
    st.lists(st.one_of(st.sampled_from(BITS), st.text(max_size=3)), max_size=10).map("".join),
    st.from_regex(
        r"[0-9]{1,4}[-/.: ][0-9]{1,4}([-/.: T][0-9]{1,4}){0,5}( ?[ap]\.?m\.?)?[Z+-]?[0-9]{0,4}", fullmatch=True
    ),
)


def read(text: str, *, now: datetime = NOW, zone: str = LOS_ANGELES) -> Embargo | None:
    try:
        return read_embargo(text, now=now, timezone=zone, release_time=time(9))
    except EmbargoRefused as caught:
        refusal = caught
    assert refusal.message
    assert refusal.hint
    assert all(refusal.candidates)
    return None


@examples(250)
@given(text=fuzzed, zone=st.sampled_from(OFFICES))
@example("9999-12-31T23:59:59Z", LOS_ANGELES)
@example("0001-01-01", LOS_ANGELES)
@example("in 9999 weeks", LOS_ANGELES)
@example("0000-00-00T99:99:99", LOS_ANGELES)
@example("December 31, 2199 at 11 p.m.", LOS_ANGELES)
@example("\ud800 9 a.m.", LOS_ANGELES)
@example("İstanbul ﷺ ½ ² ٣/٤", LOS_ANGELES)
@example("9" * 3000, LOS_ANGELES)
@example("the 31st", LOS_ANGELES)
@example("first Monday in October 9999", LOS_ANGELES)
@example("fifth Friday of February 2019", LOS_ANGELES)
@example("2018-W60", LOS_ANGELES)
@example("99 weeks from Monday", LOS_ANGELES)
@example("between between and and", LOS_ANGELES)
def test_any_text_gives_an_embargo_that_is_ahead_or_a_refusal(text: str, zone: str) -> None:
    embargo = read(text, zone=zone)
    if embargo is None or embargo.kind is EmbargoKind.IMMEDIATE:
        return
    assert embargo.text == text
    assert embargo.not_before is not None
    assert embargo.lift is not None
    read_zone(embargo.timezone)
    assert say_embargo(embargo, now=NOW)
    if embargo.kind is EmbargoKind.INSTANT:
        assert embargo.no_later_than is None
        assert embargo.lift == embargo.not_before > NOW
    else:
        assert embargo.no_later_than is not None
        assert embargo.not_before < embargo.no_later_than > NOW
        assert embargo.not_before <= embargo.lift < embargo.no_later_than
    for moment in (embargo.not_before, embargo.lift):
        assert moment.utcoffset() == timedelta()


@examples(100)
@given(text=st.one_of(fuzzed, st.lists(fuzzed, max_size=6).map("\n".join)))
def test_times_are_found_in_any_text_in_order_and_inside_it(text: str) -> None:
    end = 0
    for start, stop in find_times(text):
        assert end <= start < stop <= len(text)
        assert text[start:stop] == text[start:stop].strip()
        end = stop


clocks = st.tuples(st.integers(0, 23), st.sampled_from([0, 0, 0, 1, 15, 30, 45, 59]))
days_ahead = st.integers(1, 180)


def written_clock(hour: int, minute: int, style: int) -> str:
    half = "a.m." if hour < 12 else "p.m."
    twelve = hour % 12 or 12
    minutes = f":{minute:02}" if minute else ""
    return [
        f"{twelve}{minutes} {half}",
        f"{twelve}:{minute:02} {half.upper()}",
        f"{twelve}{minutes}{half.replace('.', '')}",
        f"{hour:02}:{minute:02} hours",
        f"{hour:02}.{minute:02} hrs",
        f"{hour:02}{minute:02} hours",
    ][style]


def written_day(day: date, style: int) -> str:
    return [
        f"{AP_MONTHS[day.month - 1]} {day.day}",
        f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
        f"{day.day} {MONTHS[day.month - 1]} {day.year}",
        f"{MONTHS[day.month - 1].upper()} {day.day}TH, {day.year}",
        f"{day.isoformat()}",
    ][style]


#: {} are the label, the weekday, the day and the clock with its zone.
FRAMES = (
    "{label}{clock}, {weekday}, {day}",
    "{label}{weekday}, {day}, {clock}",
    "{label}{weekday} {day} at {clock}",
    "{clock} on {weekday} {day}",
    "{label}\n{clock}\n{weekday}, {day}\n",
    "{label}{day} ({weekday}) – {clock}",
)
LABELS = ("", "EMBARGOED UNTIL ", "HOLD FOR RELEASE: ", "Not for release before ", "STRICTLY EMBARGOED until ")
parts = {
    "ahead": days_ahead,
    "clock": clocks,
    "styles": st.tuples(st.integers(0, 5), st.integers(0, 4)),
    "frame": st.sampled_from(FRAMES),
    "label": st.sampled_from(LABELS),
}


def line(
    frame: str, label: str, weekday: str, day: date, clock: tuple[int, int], styles: tuple[int, int], zone: str
) -> str:
    hours = f"{written_clock(*clock, styles[0])}{zone}"
    return frame.format(label=label, weekday=weekday, day=written_day(day, styles[1]), clock=hours)


@examples(150)
@given(office=st.sampled_from(OFFICES), **parts)
def test_what_is_said_in_full_is_that_instant(
    office: str, ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    place = ZoneInfo(office)
    day = NOW.astimezone(place).date() + timedelta(days=ahead)
    wall = datetime.combine(day, time(*clock), place)
    other_fold = wall.replace(fold=1)
    assume(wall.utcoffset() == other_fold.utcoffset())
    text = line(frame, label, DAYS[day.weekday()], day, clock, styles, "")
    embargo = read(text, zone=office)
    assert embargo is not None, text
    assert embargo.kind is EmbargoKind.INSTANT
    assert embargo.lift == wall.astimezone(UTC), text


@examples(150)
@given(off=st.integers(1, 6), office=st.sampled_from(OFFICES), **parts)
def test_a_weekday_that_is_not_the_dates_is_never_an_instant(
    off: int, office: str, ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    day = NOW.astimezone(ZoneInfo(office)).date() + timedelta(days=ahead)
    weekday = DAYS[(day.weekday() + off) % 7]
    assert read(line(frame, label, weekday, day, clock, styles, ""), zone=office) is None


@examples(150)
@given(pair=st.sampled_from([("EST", "EDT"), ("CST", "CDT"), ("MST", "MDT"), ("PST", "PDT"), ("GMT", "BST")]), **parts)
def test_a_zone_against_the_season_is_never_an_instant(
    pair: tuple[str, str], ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    home = {
        "E": "America/New_York",
        "C": "America/Chicago",
        "M": "America/Denver",
        "P": LOS_ANGELES,
        "G": "Europe/London",
    }
    place = home[pair[0][0]]
    day = NOW.astimezone(ZoneInfo(place)).date() + timedelta(days=ahead)
    local = datetime.combine(day, time(*clock), ZoneInfo(place))
    assume(local.utcoffset() == local.replace(fold=1).utcoffset())
    wrong = next(name for name in pair if name != local.tzname())
    assume(wrong != "GMT")  # GMT is right all year; only the place's people have another clock in summer
    right = local.tzname() or ""
    assert read(line(frame, label, DAYS[day.weekday()], day, clock, styles, f" {wrong}"), zone=place) is None
    said = read(line(frame, label, DAYS[day.weekday()], day, clock, styles, f" {right}"), zone=place)
    assert said is not None
    assert said.lift == local.astimezone(UTC)


@examples(100)
@given(differ=st.integers(1, 11), **parts)
def test_two_clocks_that_differ_are_never_an_instant(
    differ: int, ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    day = NOW.astimezone(ZoneInfo(LOS_ANGELES)).date() + timedelta(days=ahead)
    local = datetime.combine(day, time(*clock), ZoneInfo(LOS_ANGELES))
    assume(local.utcoffset() == local.replace(fold=1).utcoffset())
    there = (local.astimezone(UTC) + timedelta(hours=differ)).astimezone(ZoneInfo("America/New_York"))
    second = f" PT / {written_clock(there.hour, there.minute, 0)} ET"
    embargo = read(line(frame, label, DAYS[day.weekday()], day, clock, styles, second))
    assert embargo is None


@examples(100)
@given(
    spoiler=st.sampled_from(
        " unless otherwise told| or Tuesday|?| (tentative)| if approved| TBD| - cancelled| approximately| or later"
        "| and every Monday| pending the verdict| XST| until notified| (was 8 a.m.)| 17".split("|")
    ),
    **parts,
)
def test_a_word_that_makes_it_uncertain_is_never_passed_over(
    spoiler: str, ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    day = NOW.astimezone(ZoneInfo(LOS_ANGELES)).date() + timedelta(days=ahead)
    text = line(frame, label, DAYS[day.weekday()], day, clock, styles, "").rstrip() + spoiler
    assert read(text) is None, text


@examples(100)
@given(**parts)
def test_case_blanks_and_dashes_change_nothing(
    ahead: int, clock: tuple[int, int], styles: tuple[int, int], frame: str, label: str
) -> None:
    day = NOW.astimezone(ZoneInfo(LOS_ANGELES)).date() + timedelta(days=ahead)
    text = line(frame, label, DAYS[day.weekday()], day, clock, styles, " PT")
    plain = read(text)
    for other in (text.upper(), text.lower(), text.replace(" ", "\u00a0"), text.replace("–", "—"), f"\u2003{text}\n"):
        again = read(other)
        assert (again and again.lift) == (plain and plain.lift)


@examples(80)
@given(st.integers(0, 400), st.integers(0, 6))
def test_the_week_of_a_day_holds_it_from_monday_to_monday(ahead: int, now_plus: int) -> None:
    now = NOW + timedelta(days=now_plus)
    place = ZoneInfo(LOS_ANGELES)
    day = now.astimezone(place).date() + timedelta(days=ahead)
    embargo = read(f"the week of {MONTHS[day.month - 1]} {day.day}, {day.year}", now=now)
    begins = 6 if day.weekday() == 6 else 0  # American calendars begin with a Sunday, and a Sunday names that week
    assert embargo is not None
    assert embargo.not_before is not None
    assert embargo.no_later_than is not None
    first, end = (moment.astimezone(place) for moment in (embargo.not_before, embargo.no_later_than))
    assert (first.weekday(), first.time(), end.weekday(), end.time()) == (begins, time(0), begins, time(0))
    assert first.date() <= day < end.date()
    assert end.date() - first.date() == timedelta(days=7)


@examples(80)
@given(st.datetimes(datetime(2018, 9, 21), datetime(2030, 1, 1), timezones=st.timezones()))
def test_iso_instants_are_themselves(moment: datetime) -> None:
    offset = moment.utcoffset() or timedelta()
    assume(offset.seconds % 60 == 0)
    expected = moment.astimezone(UTC)
    for text in (rfc3339(moment), moment.isoformat(), moment.isoformat(" ")):
        embargo = read(text)
        assert embargo is not None, text
        assert embargo.lift == expected, text


@pytest.mark.parametrize("text", ["a" * 2001, "9 a.m. " * 400, "(" * 2000, "1/" * 1000, "Mon 9 " * 330])
def test_long_texts_are_refused_quickly(text: str) -> None:
    assert read(text) is None


@pytest.mark.slow
@settings(max_examples=int(os.environ.get("TEXTS", "4000")), deadline=None)
@given(text=fuzzed, zone=st.sampled_from(OFFICES))
def test_many_more_texts(text: str, zone: str) -> None:
    test_any_text_gives_an_embargo_that_is_ahead_or_a_refusal.hypothesis.inner_test(text, zone)  # type: ignore[attr-defined]
