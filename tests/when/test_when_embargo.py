"""Embargo lines with their answers: the shared examples, and a corpus whose answers were reasoned out by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from pressrelease.errors import EmbargoRefused
from pressrelease.when import Embargo, EmbargoKind, find_times, read_embargo, rfc3339
from pressrelease.when.office import _MAY_BE_ONE, _OPEN, day_off

OWN = Path(__file__).parents[1] / "examples" / "embargo_phrases.tsv"
SHARED = Path(__file__).parents[1] / "examples" / "embargo_lines.tsv"
LOS_ANGELES = "America/Los_Angeles"
#: Wednesday, 10:00 AM PDT, the day of the first release.
WEDNESDAY = datetime(2018, 9, 19, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    """A line of a table: what is read, where and when, and the answers that are right."""

    name: str
    text: str
    now: datetime
    timezone: str
    release_time: time
    start: str
    right: frozenset[str]


def lines(table: Path) -> list[Line]:
    found = []
    for row in table.read_text(encoding="utf-8").splitlines()[1:]:
        name, text, now, zone, hour, kind, start, end, also, *_ = row.split("\t")
        answer = {"instant": start, "window": f"{start}/{end}", "refuse": "refuse", "immediate": "immediate"}[kind]
        right = frozenset(filter(None, (answer, *also.split(";"))))
        moment = datetime.fromisoformat(now)
        found.append(Line(name, text.replace("\\n", "\n"), moment, zone, time.fromisoformat(hour), start, right))
    return found


def answer_of(line: Line) -> str:
    try:
        embargo = read_embargo(line.text, now=line.now, timezone=line.timezone, release_time=line.release_time)
    except EmbargoRefused:
        return "refuse"
    if embargo.kind is EmbargoKind.IMMEDIATE:
        return "immediate"
    assert embargo.not_before is not None
    if embargo.kind is EmbargoKind.INSTANT:
        return rfc3339(embargo.not_before)
    assert embargo.no_later_than is not None
    return f"{rfc3339(embargo.not_before)}/{rfc3339(embargo.no_later_than)}"


def verdict(line: Line, answer: str) -> str:
    if answer in line.right:
        return "right"
    if answer == "refuse":
        return "asked"
    early = line.start and (answer == "immediate" or answer.partition("/")[0] < line.start)
    return "early" if early else "wrong"


@pytest.mark.parametrize("table", [SHARED, OWN], ids=["shared", "own"])
def test_embargo_lines(table: Path) -> None:
    judged = [(verdict(line, answer), line, answer) for line in lines(table) for answer in [answer_of(line)]]
    counts = Counter(how for how, _, _ in judged)
    print(f"\n{table.name}: {len(judged)} lines")
    for how in ("right", "asked", "wrong", "early"):
        print(f"  {how:6} {counts[how]:4}  {counts[how] / len(judged):6.1%}")
    faults = [f"{how}: {line.name} {line.text!r} gave {answer}" for how, line, answer in judged if how != "right"]
    assert not counts["early"], faults
    assert not counts["wrong"], faults
    assert counts["right"] >= 0.97 * len(judged), faults


def test_the_corpus_is_large_and_has_no_text_twice_in_an_office() -> None:
    keys = [(line.text, line.now, line.timezone) for line in lines(OWN)]
    assert len(keys) >= 250
    assert len(set(keys)) == len(keys)


def read(text: str, **other: object) -> Embargo:
    office: dict[str, object] = {"now": WEDNESDAY, "timezone": LOS_ANGELES, "release_time": time(9)}
    return read_embargo(text, **{**office, **other})  # type: ignore[arg-type]


def refused(text: str, **other: object) -> EmbargoRefused:
    with pytest.raises(EmbargoRefused) as caught:
        read(text, **other)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "in_message", "candidates", "in_hint"),
    [
        ("Tuesday, Sept. 24", "embargo_weekday", "is a Monday, not a Tuesday", 2, "Sept. 25, 2018"),
        ("Sept. 18 at 9 a.m.", "embargo_past", "past", 1, "Sept. 18, 2019"),
        ("today at 9 a.m.", "embargo_past", "1", 1, "future"),
        ("next Friday at 9 a.m.", "embargo_ambiguous", "more than one", 2, "Sept. 28, 2018, 9 a.m. PDT"),
        ("Monday at 2", "embargo_ambiguous", "more than one", 2, "Sept. 24, 2018, 2 p.m. PDT"),
        ("Sept. 24, 9 a.m. PST", "embargo_zone", "are on PDT, not on PST", 2, "Sept. 24, 2018, 9 a.m. PDT"),
        ("Sept. 24, 9 a.m. IST", "embargo_zone", "more than one place", 2, ""),
        ("Sept. 24, 9 a.m. XYZ", "embargo_zone", "XYZ", 0, "IANA"),
        ("Nov. 4, 2018, 1:30 a.m.", "embargo_overlap", "twice", 2, "Nov. 4, 2018, 1:30 a.m. PST"),
        ("March 10, 2019, 2:30 a.m.", "embargo_gap", "There is no 2:30 a.m.", 1, "March 10, 2019, 3 a.m. PDT"),
        ("midnight Sunday", "embargo_ambiguous", "beginning or its end", 2, "12:01 a.m."),
        ("until notification of next of kin", "embargo_event", "no set time", 0, "draft"),
        ("hold until the verdict", "embargo_event", "verdict", 0, "draft"),
        ("by Friday", "embargo_deadline", "by Friday", 1, "Sept. 21, 2018, 9 a.m. PDT"),
        ("Feb. 30 at 9 a.m.", "embargo_nonexistent", "no Feb. 30", 0, ""),
        ("Case No. 62-158374", "embargo_unclear", "not a time", 0, "Sept. 24, 2018, 9 a.m. PDT"),
        ("mid-October", "embargo_unclear", "no agreed", 1, "Oct. 11, 2018 to Oct. 20, 2018"),
        ("early in the week of 9/23", "embargo_ambiguous", "Sunday", 2, "the week of Sept. 24, 2018"),
        ("9 a.m. PT / 1 p.m. ET Monday", "embargo_ambiguous", "two times", 2, ""),
        ("9 a.m.", "embargo_unclear", "no day", 1, "Sept. 20, 2018, 9 a.m. PDT"),
        ("", "embargo_refused", "empty", 0, "immediate"),
    ],
)
def test_refusals_teach(text: str, code: str, in_message: str, candidates: int, in_hint: str) -> None:
    refusal = refused(text)
    assert refusal.code == code
    assert in_message in refusal.message
    assert len(refusal.candidates) == candidates
    assert in_hint in refusal.hint
    assert refusal.hint


@pytest.mark.parametrize(
    "text",
    [
        "next Friday at 9 a.m.", "Monday at 2", "Nov. 4, 2018, 1:30 a.m.", "March 10, 2019, 2:30 a.m.",
        "midnight Sunday", "Sept. 24, 9 a.m. PST", "Tuesday, Sept. 24", "mid-October", "early in the week of 9/23",
    ],
)  # fmt: skip
def test_every_reading_that_a_refusal_names_can_be_typed(text: str) -> None:
    for candidate in refused(text).candidates:
        assert read(candidate).kind in {EmbargoKind.INSTANT, EmbargoKind.WINDOW}


@pytest.mark.parametrize(
    ("text", "zone", "readings"),
    [("5/6/19 at 9 a.m.", "Europe/London", 2), ("5/6/19 at 9 a.m.", "Asia/Tokyo", 2), ("5/6/19 at 9 a.m.", "UTC", 2)],
)
def test_a_numeric_date_with_two_readings_is_asked_outside_the_us(text: str, zone: str, readings: int) -> None:
    assert len(refused(text, timezone=zone).candidates) == readings


def test_a_window_is_proposed_its_first_office_day() -> None:
    after_labor_day = read("the week of 9/3", now=datetime(2018, 8, 30, 17, tzinfo=UTC))
    assert after_labor_day.lift == datetime(2018, 9, 4, 16, tzinfo=UTC)
    assert any("Labor Day" in remark for remark in after_labor_day.remarks)
    assert read("the week of 9/17").lift == datetime(2018, 9, 20, 16, tzinfo=UTC)
    assert read("the week of 9/24", release_time=time(14, 30)).lift == datetime(2018, 9, 24, 21, 30, tzinfo=UTC)
    weekend = read("this weekend")
    assert weekend.lift == datetime(2018, 9, 22, 16, tzinfo=UTC)
    assert any("Saturday" in remark for remark in weekend.remarks)


def test_a_lift_is_proposed_inside_its_window_when_the_clock_changes() -> None:
    gap = read("March 10, 2019", release_time=time(2, 30))
    assert gap.lift == datetime(2019, 3, 10, 10, tzinfo=UTC)
    twice = read("Nov. 4, 2018", release_time=time(1, 30))
    assert twice.lift == datetime(2018, 11, 4, 9, 30, tzinfo=UTC)
    no_midnight = read("4 November 2018", timezone="America/Sao_Paulo")
    assert no_midnight.not_before == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert no_midnight.no_later_than == datetime(2018, 11, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Sept. 22 at 9 a.m.", "Saturday"),
        ("Nov. 12, 2018 at 9 a.m.", "Veterans Day"),
        ("Nov. 23, 2018 at 9 a.m.", "Thanksgiving"),
        ("April 1, 2019 at 9 a.m.", "Cesar Chavez Day"),
        ("April 2, 2019 at 9 a.m.", ""),
        ("Monday at 9", "9 a.m. is assumed"),
        ("Sept. 18, 2020 at 9 a.m.", "more than a year ahead"),
    ],
)
def test_what_a_person_should_hear_is_remarked(text: str, words: str) -> None:
    remarks = " ".join(read(text).remarks)
    assert words in remarks
    assert bool(remarks) is bool(words)


def test_holidays_are_looked_for_on_every_day_that_may_be_one() -> None:
    import holidays

    for year in range(2018, 2041):
        for state in ("CA", None):
            for day, name in holidays.country_holidays("US", subdiv=state, years=year).items():
                assert day.day in _MAY_BE_ONE.get(day.month, ()) or name in _OPEN, (day, name)
    assert day_off(date(2026, 11, 26), LOS_ANGELES).endswith("is a holiday (Thanksgiving Day).")
    assert day_off(date(2026, 11, 26), "Europe/London") == ""


def test_the_zone_that_was_named_is_kept() -> None:
    assert read("Sept. 24, 9 a.m. ET").timezone == "America/New_York"
    assert read("Sept. 24, 9 a.m. London time").timezone == "Europe/London"
    assert read("2018-09-24T16:00:00Z").timezone == LOS_ANGELES
    assert read("Sept. 24, 9 a.m.").timezone == LOS_ANGELES


def test_the_text_is_kept_as_it_was_typed() -> None:
    text = "  EMBARGOED UNTIL 9 a.m.\u202fPT, Sept.\u00a024 — thanks "
    assert read(text).text == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The names will be released the week of 9/24 by the District Attorney's Office.", ["the week of 9/24"]),
        ("Winners will be announced the week of April 22nd on https://example.org/a", ["the week of April 22nd"]),
        ("results will be announced TODAY (Thursday, August 13).", ["TODAY (Thursday, August 13)"]),
        (
            "a call later that day at 10:00 a.m. Central Time (11:00 a.m. Eastern Time).",
            ["10:00 a.m. Central Time (11:00 a.m. Eastern Time)"],
        ),
        (
            "A decision comes by Friday. On Monday, Sept. 24, at 9 a.m., she speaks.",
            ["Friday", "On Monday, Sept. 24, at 9 a.m"],
        ),
        ("Open between Monday and Wednesday; call 530-555-0100.", ["between Monday and Wednesday"]),
        ("Nothing is said of when.", []),
        ("", []),
    ],
)
def test_times_are_found_in_prose(text: str, found: list[str]) -> None:
    spans = [text[start:end] for start, end in find_times(text)]
    assert [span.removeprefix("On ").rstrip(".") for span in spans] == [
        one.removeprefix("On ").rstrip(".") for one in found
    ]


def test_a_length_of_days_is_counted_on_the_calendar() -> None:
    before_the_change = datetime(2018, 11, 3, 17, tzinfo=UTC)
    assert read("tomorrow at 9 a.m.", now=before_the_change).lift == datetime(2018, 11, 4, 17, tzinfo=UTC)
    assert read("in 24 hours", now=before_the_change).lift == before_the_change + timedelta(hours=24)
