"""The stages of the grammar, as the page that follows one phrase through them shows them."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from pressrelease.errors import EmbargoRefused
from pressrelease.when import read_embargo
from pressrelease.when.settle import read_phrase
from pressrelease.when.tokens import Clock, Day, ZoneMention

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "how-a-phrase-is-read.md"
WEDNESDAY = datetime(2018, 9, 19, 17, tzinfo=UTC)


def test_the_page_shows_what_each_stage_makes_of_a_phrase() -> None:
    failed, tried = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert tried > 20
    assert not failed


@pytest.mark.parametrize(("written", "clock"), [("23:59:59.25", (23, 59, 59, 250000)), ("24:00", (24, 0, 0, 0))])
def test_an_iso_instant_is_its_own_day_a_clock_and_an_offset(written: str, clock: tuple[int, ...]) -> None:
    day, hour, zone = read_phrase(f"2018-09-24T{written}+05:30", (), american=False).tokens
    assert isinstance(day, Day)
    assert day.readings == ((2018, 9, 24),)
    assert isinstance(hour, Clock)
    assert (hour.hour, hour.minute, hour.second, hour.microsecond) == clock
    assert isinstance(zone, ZoneMention)
    assert zone.offset == timedelta(hours=5, minutes=30)


@pytest.mark.parametrize(
    "text",
    [
        "2018-13-24T09:00:00Z", "2018-02-30", "2018-09-24T25:00", "2018-09-24T24:00:01", "2018-09-24T09:60",
        "2018-09-24T09:00+24:00", "2018-09-24T09:00+05:60",
    ],
)  # fmt: skip
def test_an_iso_instant_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(EmbargoRefused) as caught:
        read_embargo(text, now=WEDNESDAY, timezone="America/Los_Angeles", release_time=time(9))
    assert caught.value.code == "embargo_nonexistent"


def test_two_places_that_are_mentioned_are_both_asked_about() -> None:
    with pytest.raises(EmbargoRefused) as caught:
        read_embargo(
            "9 a.m. in Tokyo Monday the week of Sept. 24 in London",
            now=WEDNESDAY,
            timezone="America/Los_Angeles",
            release_time=time(9),
        )
    assert caught.value.code == "embargo_zone"
