"""Saying times back, and reading them again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis_profiles import examples

from pressrelease.errors import Refused
from pressrelease.when import (
    Embargo,
    EmbargoKind,
    embargo_as_json,
    read_duration,
    read_embargo,
    read_rfc3339,
    read_zone,
    rfc3339,
    say,
    say_embargo,
    say_span,
)

LOS_ANGELES = "America/Los_Angeles"
FRIDAY = datetime(2018, 9, 21, 16, tzinfo=UTC)
#: Half hours, quarter hours, both hemispheres, days that begin at one, numeric names, a date line crossed.
SAMPLE = (
    "America/Los_Angeles America/New_York America/Phoenix America/St_Johns America/Sao_Paulo America/Havana"
    " Europe/London Europe/Dublin Europe/Moscow Asia/Kolkata Asia/Kathmandu Asia/Beirut Asia/Tehran Africa/Casablanca"
    " Africa/Cairo Australia/Lord_Howe Australia/Sydney Pacific/Apia Pacific/Chatham Pacific/Kiritimati"
    " Pacific/Honolulu Antarctica/Troll Asia/Pyongyang UTC Etc/GMT+5"
).split()


def transitions(zone: str) -> list[datetime]:
    """The instants from 2018 to 2030 at which the clock of a zone changes."""
    place = ZoneInfo(zone)
    found = []
    moment, end = datetime(2018, 1, 1, tzinfo=UTC), datetime(2030, 12, 31, tzinfo=UTC)
    while moment < end:
        later = moment + timedelta(days=7)
        if moment.astimezone(place).utcoffset() != later.astimezone(place).utcoffset():
            low, high = moment, later
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                same = middle.astimezone(place).utcoffset() == moment.astimezone(place).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high.replace(second=0, microsecond=0))
        moment = later
    return found


def said_and_read(moment: datetime, zone: str, now: datetime) -> datetime | None:
    said = say(moment, timezone=zone, now=now)
    return read_embargo(said, now=now, timezone=zone, release_time=time(9)).lift


def check_transitions(zone: str, around: tuple[int, ...]) -> None:
    for change in transitions(zone):
        for minutes in around:
            moment = change + timedelta(minutes=minutes)
            now = moment - timedelta(days=3, hours=1)
            assert said_and_read(moment, zone, now) == moment, (zone, say(moment, timezone=zone))


@pytest.mark.parametrize("zone", SAMPLE)
def test_what_is_said_is_read_as_the_same_instant_at_clock_changes(zone: str) -> None:
    check_transitions(zone, (-61, -1, 0, 30, 61))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_what_is_said_is_read_as_the_same_instant_in_every_zone() -> None:
    for zone in sorted(available_timezones()):
        if not zone.startswith(("right/", "posix/")) and zone not in {"localtime", "Factory", "posixrules"}:
            check_transitions(zone, (-90, -60, -30, -1, 0, 1, 29, 30, 59, 60, 90))


@examples(100)
@given(
    moment=st.datetimes(datetime(2018, 1, 1), datetime(2030, 12, 31)).map(
        lambda at: at.replace(microsecond=0, tzinfo=UTC)
    ),
    zone=st.sampled_from(SAMPLE),
    before=st.timedeltas(timedelta(seconds=1), timedelta(days=300)),
)
def test_any_instant_is_read_back(moment: datetime, zone: str, before: timedelta) -> None:
    now = (moment - before).replace(microsecond=0)
    assert said_and_read(moment, zone, now) == moment


@pytest.mark.parametrize(
    ("moment", "zone", "now", "words"),
    [
        ("2018-09-24T16:00:00Z", LOS_ANGELES, None, "Mon, Sep 24, 2018, 9:00 AM PDT (16:00 UTC)"),
        ("2018-09-24T16:00:00Z", LOS_ANGELES, FRIDAY, "Mon, Sep 24, 2018, 9:00 AM PDT, in 3 days (16:00 UTC)"),
        ("2018-09-25T04:00:00Z", LOS_ANGELES, None, "Mon, Sep 24, 2018, 9:00 PM PDT (Tue, Sep 25, 04:00 UTC)"),
        ("2019-01-01T04:00:00Z", LOS_ANGELES, None, "Mon, Dec 31, 2018, 8:00 PM PST (Tue, Jan 1, 2019, 04:00 UTC)"),
        ("2018-09-24T19:00:00Z", LOS_ANGELES, None, "Mon, Sep 24, 2018, 12:00 PM (noon) PDT (19:00 UTC)"),
        (
            "2018-09-24T07:01:00Z",
            LOS_ANGELES,
            None,
            "Mon, Sep 24, 2018, 12:01 AM (one minute past midnight) PDT (07:01 UTC)",
        ),
        (
            "2018-09-24T07:00:00Z",
            LOS_ANGELES,
            None,
            "Mon, Sep 24, 2018, 12:00 AM (midnight, as the day begins) PDT (07:00 UTC)",
        ),
        ("2018-11-04T09:30:00Z", LOS_ANGELES, None, "Sun, Nov 4, 2018, 1:30 AM PST (09:30 UTC)"),
        ("2018-09-24T12:00:05Z", "America/Sao_Paulo", None, "Mon, Sep 24, 2018, 9:00:05 AM UTC-03:00 (12:00:05 UTC)"),
        ("2018-09-21T15:58:00Z", LOS_ANGELES, FRIDAY, "Fri, Sep 21, 2018, 8:58 AM PDT, 2 min ago (15:58 UTC)"),
        ("2018-09-21T16:00:00Z", LOS_ANGELES, FRIDAY, "Fri, Sep 21, 2018, 9:00 AM PDT, now (16:00 UTC)"),
    ],
)
def test_times_are_said_in_full(moment: str, zone: str, now: datetime | None, words: str) -> None:
    assert say(read_rfc3339(moment), timezone=zone, now=now) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172800, "2 days"),
        (216000, "3 days"),
    ],
)
def test_spans_are_said_in_their_largest_fitting_unit(seconds: int, words: str) -> None:
    assert say_span(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("text", "length"),
    [("5s", timedelta(seconds=5)), ("2m", timedelta(minutes=2)), ("1h", timedelta(hours=1)), ("3d", timedelta(days=3))],
)
def test_durations(text: str, length: timedelta) -> None:
    assert read_duration(text) == length


@given(st.text(max_size=12))
@example("5 s")
@example("-5s")
@example("999999999d")
@example("٣s")
def test_no_text_but_a_duration_is_one(text: str) -> None:
    try:
        assert read_duration(text) >= timedelta()
        assert text.strip()[-1] in "smhd"
    except Refused:
        pass


@given(st.datetimes(timezones=st.timezones()).filter(lambda at: 1 < at.year < 9999))
def test_rfc3339_is_read_back(moment: datetime) -> None:
    written = rfc3339(moment)
    assert written.endswith("Z")
    assert read_rfc3339(written) == moment.astimezone(UTC)


@pytest.mark.parametrize(
    "text", ["2018-09-24T09:00:00", "2018-09-24", "24/9/2018", "", "now", "0001-01-01T00:00:00+10:00"]
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(Refused) as caught:
        read_rfc3339(text)
    assert caught.value.hint


def test_microseconds_are_written_only_where_there_are_any() -> None:
    assert rfc3339(datetime(2018, 9, 24, 16, 0, 0, 500000, tzinfo=UTC)) == "2018-09-24T16:00:00.500000Z"
    assert rfc3339(datetime(2018, 9, 24, 16, tzinfo=UTC)) == "2018-09-24T16:00:00Z"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("America/Los_Angelos", "America/Los_Angeles"),
        ("london", "Europe/London"),
        ("Los Angeles", "America/Los_Angeles"),
        ("europe/berlin", "Europe/Berlin"),
    ],
)
def test_unknown_zones_are_refused_with_near_ones(name: str, near: str) -> None:
    with pytest.raises(Refused) as caught:
        read_zone(name)
    assert near in caught.value.candidates


@pytest.mark.parametrize(
    "name",
    ["", "../../etc/passwd", "/etc/localtime", "America", "right/UTC", "Factory", "a\0b", "\ud800", "posixrules"],
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        read_zone(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Sept. 24, 2018, 8:30 a.m. ET", "Monday, Sept. 24, 2018, 8:30 a.m. EDT / 5:30 a.m. PDT (in 3 days)"),
        (
            "Sept. 25, 2018, 12:30 a.m. ET",
            "Tuesday, Sept. 25, 2018, 12:30 a.m. EDT / Monday, Sept. 24, 2018, 9:30 p.m. PDT (in 4 days)",
        ),
        ("Sept. 24, 2018, 9 a.m. PT", "Monday, Sept. 24, 2018, 9 a.m. PDT (in 3 days)"),
    ],
)
def test_a_time_in_another_zone_is_said_in_the_offices_own_too(text: str, said: str) -> None:
    meant = read_embargo(text, now=FRIDAY, timezone=LOS_ANGELES, release_time=time(9))
    assert say_embargo(meant, now=FRIDAY) == said
    again = read_embargo(said, now=FRIDAY, timezone=LOS_ANGELES, release_time=time(9))
    assert again.lift == meant.lift


def test_embargoes_of_each_kind_are_said_on_one_line_and_as_json() -> None:
    at_once = read_embargo("immediate", now=FRIDAY, timezone=LOS_ANGELES, release_time=time(9))
    window = read_embargo("the week of 9/24", now=FRIDAY, timezone=LOS_ANGELES, release_time=time(9))
    hours = read_embargo("between 9 a.m. and noon on Monday", now=FRIDAY, timezone=LOS_ANGELES, release_time=time(9))
    assert say_embargo(at_once, now=FRIDAY) == "At once, as soon as it is approved"
    assert say_embargo(window, now=FRIDAY) == (
        "From Monday, Sept. 24, 2018, through Sunday, Sept. 30, 2018, PDT;"
        " proposed: Monday, Sept. 24, 2018, 9 a.m. PDT (in 3 days)"
    )
    assert say_embargo(hours, now=FRIDAY).startswith(
        "Not before Monday, Sept. 24, 2018, 9 a.m. PDT, and before Monday, Sept. 24, 2018, noon PDT"
    )
    assert embargo_as_json(window, now=FRIDAY) == {
        "text": "the week of 9/24",
        "kind": "window",
        "not_before": "2018-09-24T07:00:00Z",
        "no_later_than": "2018-10-01T07:00:00Z",
        "lift": "2018-09-24T16:00:00Z",
        "timezone": LOS_ANGELES,
        "says": say_embargo(window, now=FRIDAY),
    }
    empty = embargo_as_json(Embargo("immediate", EmbargoKind.IMMEDIATE, LOS_ANGELES), now=FRIDAY)
    assert [empty[key] for key in ("not_before", "no_later_than", "lift")] == [None, None, None]
