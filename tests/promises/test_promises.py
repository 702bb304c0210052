"""What a text promises: which sentences do, when each falls due, and on which line of a release it stands."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pressrelease.promises import Promise, find_promises, promises_in
from pressrelease.promises.classification import cue_of
from pressrelease.promises.phrases import Tie, time_phrases
from pressrelease.promises.sentences import sentences
from pressrelease.release import canonical, from_canonical, parse

EXAMPLES = Path(__file__).parents[1] / "examples"
RELEASES = Path(__file__).parents[2] / "releases"
ZONE = "America/Los_Angeles"
NOW = datetime(2019, 4, 10, 17, tzinfo=UTC)  # a Wednesday morning in California


def rows(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def answer(promise: Promise) -> str:
    """As the table writes it."""
    if promise.not_before is None:
        return "undated"
    return "/".join(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (promise.not_before, promise.no_later_than) if moment
    )


def read_row(row: dict[str, str]) -> tuple[Promise, ...]:
    return promises_in(
        row["text"].replace("\\n", "\n"),
        now=datetime.fromisoformat(row["reference_now"]),
        timezone=row["default_tz"],
        release_time=time.fromisoformat(row["default_time"] or "09:00"),
    )


def wrong(row: dict[str, str]) -> str:
    """What is wrong with the answer to one row of a table; "" where nothing is."""
    found = read_row(row)
    if row["part"] == "promise_no":
        return f"{row['id']} is no promise: {row['text']}" if found else ""
    if not found:
        return f"{row['id']} is a promise: {row['text']}"
    kind, start, end = row["expected_kind"], row["expected_start"], row["expected_end"]
    right = {
        kind if kind == "undated" else "/".join(filter(None, (start, end))),
        *filter(None, row["also_ok"].split(";")),
    }
    answers = [answer(promise) for promise in found]
    return "" if kind == "any" or right & set(answers) else f"{row['id']}: {answers}, not {right}: {row['text']}"


def judged(row: dict[str, str]) -> str:
    """How one row of a table was answered: is it a promise or not, and is its time right, asked, wrong or early?"""
    found = read_row(row)
    if row["part"] == "promise_no" or not found:
        return ("found" if found else "none") + (" falsely" if bool(found) is (row["part"] == "promise_no") else "")
    if not wrong(row):
        return "right"
    if all(promise.undated for promise in found):
        return "asked"
    return "early" if any(answer(promise) < row["expected_start"] for promise in found) else "wrong"


def test_the_table_of_sentences() -> None:
    table = rows(EXAMPLES / "promise_sentences.tsv")
    assert len(table) > 1000
    assert sum(row["part"] == "promise_no" for row in table) > 300
    counts = Counter(judged(row) for row in table)
    dated = {how: counts[how] for how in ("right", "asked", "wrong", "early")}
    found, falsely, missed = sum(dated.values()), counts["found falsely"], counts["none falsely"]
    print(f"\n{len(table)} sentences: precision {found / (found + falsely):.1%}, recall {found / (found + missed):.1%}")
    for how, count in dated.items():
        print(f"  {how:6} {count:4}  {count / found:6.1%}")
    assert [trouble for row in table if (trouble := wrong(row))] == []


def test_the_examples_with_answers() -> None:
    assert [trouble for row in rows(EXAMPLES / "promises.tsv") if (trouble := wrong(row))] == []


# -- what takes a promise back, each beside the promise that it takes back ------------------------------------------

PAIRS = [
    ("The names will be released Monday.", "The names will not be released Monday."),
    ("The names will be released Monday.", "No names will be released Monday."),
    ("The names will be released Monday.", "The names may be released Monday."),
    ("The names will be released Monday.", "The names would be released Monday."),
    ("The names will be released Monday.", "The names were to be released Monday."),
    ("The names will be released Monday.", "If charges are filed, the names will be released Monday."),
    ("Once charges are filed, the names will be released.", "If charges are filed, the names will be released."),
    ("Updates will be posted on Friday, May 3.", "Updates will be posted every Friday."),
    ("The meeting will be held Monday.", "The meeting that will be held Monday has been canceled."),
    ("The meeting has been postponed to May 6.", "The meeting has been postponed indefinitely."),
    ("A public hearing will be held May 6.", "A preliminary hearing will be held May 6."),
    ("The report will be released Monday.", "The suspect will be released Monday."),
    ("The name of the suspect will be released Monday.", "The suspect will be released on bail Monday."),
    ("The briefing will be held at noon Monday.", "He will be held without bail until Monday."),
    ("We plan to hold a press conference.", "We plan to hold offenders accountable."),
    ("The office will release the names Monday.", "The office had said it would release the names Monday."),
    ("The chief said: “The names will be released.”", "The release said: “The names will be released.”"),
    ("Officials said the names will be released.", "Officials did not say when the names will be released."),
    ("The names will not be released until May 6.", "The names will not be released until families are told."),
    ("Results are due on May 6.", "Entries are due on May 6."),
    ("Sheriff to announce charges", "Residents asked to announce visitors"),
    ("Details to follow", "Rules to follow when swimming"),
    ("The Chief will speak at noon on Monday.", "The storm will strike at noon on Monday."),
    ("The ruling will be released Monday.", "The ruling will release two men Monday."),
    ("The office will release the names of the two men.", "The office will release the two men."),
    ("The office will publish a notice by May 1.", "Under the decree the company will publish a notice by May 1."),
    (
        "The office will announce Friday whether charges will be filed.",
        "The office will decide whether to file charges.",
    ),
    ("“We will post the video Friday,” the sheriff said.", "“I will post the video Friday,” the caller said."),
    ("The police chief wrote: “We will post it Friday.”", "The boy wrote: “We will post it Friday.”"),
]


@pytest.mark.parametrize(("promise", "none"), PAIRS)
def test_a_promise_and_what_takes_it_back(promise: str, none: str) -> None:
    assert cue_of(promise)
    assert cue_of(none) is None


# -- days ---------------------------------------------------------------------------------------------------------


@given(
    st.dates(date(2019, 4, 11), date(2019, 9, 30)),
    st.sampled_from(["{d:%B} {d.day}", "{d:%A}, {d:%B} {d.day}, {d.year}"]),
)
def test_a_day_is_read_as_that_day_in_the_offices_zone(day: date, written: str) -> None:
    (promise,) = promises_in(f"The names will be released on {written.format(d=day)}.", now=NOW, timezone=ZONE)
    begins = datetime(day.year, day.month, day.day, 7, tzinfo=UTC)
    assert (promise.not_before, promise.no_later_than) == (begins, begins + timedelta(days=1))


@given(st.dates(date(2019, 4, 11), date(2019, 9, 30)), st.dates(date(2019, 4, 11), date(2019, 9, 30)))
def test_anothers_deadline_is_never_the_promises_day(ours: date, theirs: date) -> None:
    (promise,) = promises_in(
        f"Entries must be received by {theirs:%B} {theirs.day}; winners will be announced on {ours:%B} {ours.day}.",
        now=NOW,
        timezone=ZONE,
    )
    assert promise.not_before == datetime(ours.year, ours.month, ours.day, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "tie"),
    [
        ("on May 6", Tie.THEN),
        ("by May 6", Tie.BY),
        ("May 6 at the latest", Tie.BY),
        ("before May 6", Tie.BEFORE),
        ("after May 6", Tie.ELSEWHERE),
        ("around May 6", Tie.ELSEWHERE),
        ("on May 6 or 7", Tie.ELSEWHERE),
        ("in the May 6 election", Tie.ELSEWHERE),
    ],
)
def test_words_beside_a_time_change_its_meaning(written: str, tie: Tie) -> None:
    assert [phrase.tie for phrase in time_phrases(f"It will be released {written}, officials say.")] == [tie]


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("by the end of the day", "2019-04-11"), ("by the end of the week", "2019-04-13"),
        ("by the end of next week", "2019-04-20"), ("by the end of the month", "2019-05-01"),
        ("by the end of next month", "2019-06-01"), ("before the end of June", "2019-07-01"),
        ("by the end of the year", "2020-01-01"), ("by year's end", "2020-01-01"),
        ("by the end of 2020", "2021-01-01"), ("by the end of January", "2020-02-01"),
    ],
)  # fmt: skip
def test_the_end_of_a_span_is_the_day(written: str, end: str) -> None:
    (promise,) = promises_in(f"The report will be published {written}.", now=NOW, timezone=ZONE)
    assert promise.no_later_than is not None
    assert f"{promise.no_later_than.astimezone(ZoneInfo(ZONE)):%Y-%m-%d %H:%M}" == f"{end} 00:00"


@given(st.dates(date(2019, 4, 1), date(2019, 9, 30)), st.sampled_from(["{d:%A}", "on {d:%A}", "{d:%a}."]))
def test_the_releases_own_weekday_is_today(day: date, written: str) -> None:
    now = datetime.combine(day, time(), ZoneInfo(ZONE))
    (promise,) = promises_in(f"The names will be released {written.format(d=day)}", now=now, timezone=ZONE)
    assert promise.not_before == now


@pytest.mark.parametrize("zone", ["SGT", "(Beijing)", "IST", "XYZ"])
def test_an_hour_is_never_read_in_the_office_zone_beside_another(zone: str) -> None:
    (promise,) = promises_in(f"The names will be released at 10 a.m. {zone} on May 6.", now=NOW, timezone=ZONE)
    assert promise.not_before != datetime(2019, 5, 6, 17, tzinfo=UTC)


def test_the_hour_of_a_day_in_the_sentence_before() -> None:
    text = (
        "Results will be released on May 6. A call will be held later that day at 2 p.m. Another will be held at 3 p.m."
    )
    first, second, third = promises_in(text, now=NOW, timezone=ZONE)
    assert answer(first) == "2019-05-06T07:00:00Z/2019-05-07T07:00:00Z"
    assert answer(second) == "2019-05-06T21:00:00Z"
    assert third.undated, "nothing says that the third is of that day"


# -- sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two.", [("One.", 1), ("Two.", 1)]),
        ("At 9 a.m. Sept. 24 Lt. Doe spoke. He left.", [("At 9 a.m. Sept. 24 Lt. Doe spoke.", 1), ("He left.", 1)]),
        ("It ends at 5 p.m. The doors close.", [("It ends at 5 p.m.", 1), ("The doors close.", 1)]),
        ("AUBURN, Calif. – No. 5 St. James St., U.S. Army", [("AUBURN, Calif. – No. 5 St. James St., U.S. Army", 1)]),
        ("“We will.” She left.", [("“We will.”", 1), ("She left.", 1)]),
        ("# Names out\n\nText goes\non here. More.", [("Names out", 1), ("Text goes on here.", 3), ("More.", 4)]),
        ("- one\n- two\n1. three", [("one", 1), ("two", 2), ("three", 3)]),
        ("> **Bold** [words](https://x.example/a.b)", [("Bold words", 1)]),
        ("WHAT: A talk\nWHEN: Monday", [("WHAT: A talk", 1), ("WHEN: Monday", 2)]),
        ("", []),
        ("***\n\n---", []),
    ],
)  # fmt: skip
def test_sentences_with_their_lines(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(found.text, found.line) for found in sentences(text)] == expected


PIECES = [
    "will be released",
    "Monday",
    "May 5",
    "at 5 p.m.",
    ". ",
    "\n",
    "\n\n",
    "# ",
    "- ",
    "**",
    "[",
    "](",
    "by",
    "not",
    "names",
    "“",
    "§",
    " ",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map(" ".join))
def test_any_text_has_an_answer(text: str) -> None:
    lines = text.count("\n") + 1
    for promise in promises_in(text, now=NOW, timezone=ZONE):
        assert promise.text == promise.text.strip() != ""
        assert "\n" not in promise.text
        assert 1 <= promise.line <= lines
        if promise.no_later_than is not None:
            assert promise.not_before is not None
            assert promise.not_before < promise.no_later_than


@pytest.mark.parametrize(
    "hostile",
    [
        "will " * 60_000,
        "[" * 300_000,
        "<a" * 150_000,
        "A. " * 20_000,
        " " * 300_000,
        "May 5, " * 40_000,
        "to A " * 60_000,
    ],
)
def test_a_hostile_text_takes_no_long_time(hostile: str) -> None:
    assert len(promises_in(hostile, now=NOW, timezone=ZONE)) < 3


# -- a release ----------------------------------------------------------------------------------------------------


def test_the_release_that_it_was_made_for() -> None:
    slug = "county-wide-human-trafficking-operation"
    release = parse((RELEASES / f"{slug}.md").read_bytes(), slug)
    found = find_promises(release, timezone=ZONE, release_time=time(9), reference=date(2018, 9, 19))
    (promise,) = found
    assert (promise.slug, promise.line) == (slug, release.line_of("subhead"))
    assert promise.text.startswith("The identities of those arrested will be released the week of 9/24")
    assert answer(promise) == "2018-09-24T07:00:00Z/2018-10-01T07:00:00Z"


def test_headline_subhead_and_body_by_their_lines() -> None:
    front = "---\nheadline: Names to be released Monday\nsubhead: Details to follow\nembargo: immediate\n---\n"
    text = front + "\nNothing.\n\nMore on May 6:\nthe map will be posted then.\n"
    release = parse(text.encode(), "a")
    found = find_promises(release, timezone=ZONE, release_time=time(9), reference=date(2019, 4, 10))
    assert [promise.line for promise in found] == [2, 3, 9]
    frozen = from_canonical(canonical(release))
    again = find_promises(frozen, timezone=ZONE, release_time=time(9), reference=date(2019, 4, 10))
    assert [promise.line for promise in again] == [0, 0, 0], "a frozen text has no lines"
    assert [answer(promise) for promise in again] == [answer(promise) for promise in found]
