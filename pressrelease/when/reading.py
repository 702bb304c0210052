"""Reading an embargo phrase: what it means in an office, or a refusal that says why not.

The text is cut into parts (`scanning`), which are settled by their neighbours (`phrase`). What is left says
days, hours and zones, in any order; each hour with its day and zone is a set of instants, and all of them
must share exactly one. More than one is asked; none is a contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from pressrelease.errors import EmbargoRefused
from pressrelease.when import calendar
from pressrelease.when.embargo import Embargo, EmbargoKind
from pressrelease.when.moments import Found, Office, boundary, instants, zone_of
from pressrelease.when.office_days import day_off, proposed_lift
from pressrelease.when.parts import (
    Ahead,
    AtOnce,
    Bound,
    Clock,
    Day,
    DaysAhead,
    Mark,
    Midnight,
    NthWeekday,
    Part,
    PartOfDay,
    Place,
    Span,
    Stretch,
    Tie,
    Weekday,
)
from pressrelease.when.phrase import DAYLIKE, TIMES, Phrase, places_after, read_phrase, shown, year_said
from pressrelease.when.ranges import Range, find_range
from pressrelease.when.refusals import refusal, typed, typed_day, which_one
from pressrelease.when.saying import say, say_day
from pressrelease.when.zones import abbreviations, month_first, read_zone


#: A day without an hour that is further off is more likely to be a misread hour.
_FAR_YEARS = 5


def read_embargo(text: str, *, now: datetime, timezone: str, release_time: time, close: time = time(17, 0)) -> Embargo:
    """What `text` means at `now` (aware) in an office of that zone.

    `release_time` and `close` are the office's hours (local). Raises EmbargoRefused for any text that has no
    single safe reading; Refused for a zone that doesn't exist.
    """
    zone = read_zone(timezone)
    office = Office(timezone, zone, release_time, close, now.astimezone(UTC))
    try:
        phrase = read_phrase(
            text, {*abbreviations(timezone, office.today.year), *abbreviations(timezone, office.today.year + 1)}
        )
        return _read(phrase, office)
    except OverflowError:
        raise refusal("That lies outside the calendar.", code="embargo_nonexistent")


def _read(phrase: Phrase, office: Office) -> Embargo:
    if any(isinstance(part, AtOnce) for part in phrase.parts):
        return _at_once(phrase, office)
    if not any(isinstance(part, TIMES) for part in phrase.parts):
        raise refusal(
            f"“{shown(phrase.text)}” names no day.",
            code="embargo_unclear",
            hint="Write when it may go out, such as “Sept. 24, 2018, 9 a.m. PT”, or “immediate”.",
        )
    found = find_range(phrase.parts)
    if found is not None:
        return _between(phrase, found, office)
    _refuse_deadline(phrase)
    if any(isinstance(part, Span) for part in phrase.parts):
        return _span(phrase, office)
    _refuse_vague_hours(phrase, office)
    if any(isinstance(part, Ahead) for part in phrase.parts) and not any(
        isinstance(part, Clock) for part in phrase.parts
    ):
        return _from_now(phrase, office)
    if not any(isinstance(part, Clock) for part in phrase.parts):
        return _day(phrase, office)
    return _instant(phrase, office)


def _at_once(phrase: Phrase, office: Office) -> Embargo:
    """ "For immediate release", with no other day beside it than today's date."""
    times = [part for part in phrase.parts if isinstance(part, TIMES)]
    waits = any(
        isinstance(part, Bound) and part.tie in {Tie.UNTIL, Tie.AFTER, Tie.NOT_BEFORE, Tie.BY} for part in phrase.parts
    )
    if times and (waits or not all(isinstance(part, DAYLIKE) for part in times)):
        raise refusal("It says at once, and it names a time too.", code="embargo_ambiguous", hint="Keep one of them.")
    if times:
        try:
            days = _agreed_days(phrase.parts, (), office)
        except EmbargoRefused as refused:
            raise refusal(
                f"It says at once, and beside it stands another day. {refused.message}",
                code=refused.code,
                hint="Keep one of them.",
                candidates=refused.candidates,
            )
        if days != {office.today}:
            raise refusal(
                "It says at once, and beside it stands another day than today.",
                code="embargo_ambiguous",
                hint="Keep one of them.",
                candidates=["immediate", *map(say_day, sorted(days))],
            )
    return Embargo(phrase.text, EmbargoKind.IMMEDIATE, office.name)


def _refuse_deadline(phrase: Phrase) -> None:
    """ "By Friday" bounds the release from above, and says nothing of how early it may be."""
    parts = phrase.parts
    for index, part in enumerate(parts):
        if not isinstance(part, Bound) or part.tie not in {Tie.BY, Tie.THROUGH, Tie.BETWEEN}:
            continue
        following = next((other for other in parts[index + 1 :] if not isinstance(other, Mark)), None)
        if phrase.words(part).lower() == "by" and not isinstance(following, (*TIMES, Place)):
            continue
        raise refusal(
            f"“{phrase.words(part)}” says how late it may be, and not how early.",
            code="embargo_deadline",
            hint="Say from when: “Sept. 24, 2018, 9 a.m. PT”, or “between 9 a.m. and 5 p.m. on Sept. 24, 2018”.",
        )


def _refuse_vague_hours(phrase: Phrase, office: Office) -> None:
    parts = phrase.parts
    clocks = any(isinstance(part, Clock) for part in parts)
    if any(isinstance(part, Midnight) for part in parts):
        days = sorted(_some_days(parts, office))
        said = [
            say(boundary(day + timedelta(days=more), (), office), timezone=office.name, now=office.now)
            for day in days[:1]
            for more in (0, 1)
        ]
        first = f"{say_day(days[0])}, 12:01 a.m." if days else "Sept. 24, 2018, 12:01 a.m. PT"
        raise refusal(
            "Midnight could be the day's beginning or its end.",
            code="embargo_ambiguous",
            candidates=said,
            hint=f"Write 12:01 a.m. and the day that then begins, such as “{first}”.",
        )
    for part in parts:
        if isinstance(part, PartOfDay) and not clocks:
            raise refusal(
                f"“{phrase.words(part)}” has no fixed hour.",
                code="embargo_unclear",
                hint="Write the hour, such as “Monday at 9 a.m.”.",
            )
    if clocks or not any(isinstance(part, Bound) and part.tie is Tie.AFTER for part in parts):
        return
    raise refusal(
        "After a day, and no hour: it could be any day that follows.",
        code="embargo_unclear",
        hint="Write the day and the hour from which it may go out.",
    )


def _some_days(parts: Sequence[Part], office: Office) -> set[date]:
    try:
        return _agreed_days(parts, (), office)
    except EmbargoRefused:
        return set()


def _from_now(phrase: Phrase, office: Office) -> Embargo:
    aheads = [part for part in phrase.parts if isinstance(part, Ahead)]
    others = [part for part in phrase.parts if isinstance(part, (*TIMES, Place)) and not isinstance(part, Ahead)]
    if len(aheads) != 1 or others:
        raise refusal("A time from now, and another time beside it.", code="embargo_ambiguous")
    return _embargo_at(phrase, office.now + aheads[0].length, office.name, office, ())


def _day(phrase: Phrase, office: Office) -> Embargo:
    """A day without an hour is a window of that day."""
    places = tuple(part for part in phrase.parts if isinstance(part, Place))
    days = _agreed_days(phrase.parts, places, office)
    day = _one_day(days, office)
    if day.year > office.today.year + _FAR_YEARS:
        raise refusal(
            f"{say_day(day)} is years ahead, and “{day.year}” could be an hour.",
            code="embargo_ambiguous",
            hint=f"Add the hour, such as “{typed_day(day)}, 9 a.m.”, or write it with a colon.",
            candidates=[say_day(day)],
        )
    return window(phrase, day, day + timedelta(days=1), places, office)


def _one_day(days: set[date], office: Office) -> date:
    if len(days) == 1:
        return days.pop()
    ordered = sorted(days)
    raise refusal(
        "That day could be more than one.",
        code="embargo_ambiguous",
        candidates=[say_day(day) for day in ordered],
        hint=f"Write the date: “{say_day(ordered[-1])}”.",
    )


def _span(phrase: Phrase, office: Office) -> Embargo:
    """A week, a month or a weekend; or one weekday in it."""
    parts = phrase.parts
    spans = [part for part in parts if isinstance(part, Span)]
    places = tuple(part for part in parts if isinstance(part, Place))
    today = _today(places, office)
    first, end = _span_days(spans, parts, today)
    chosen = [part for part in parts if isinstance(part, Weekday) and part.start < spans[0].start]
    if not chosen and spans[0].stretch is Stretch.WEEK:
        chosen = [part for part in parts if isinstance(part, Weekday)]
    hours = [part for part in parts if isinstance(part, (Clock, Midnight, PartOfDay, Ahead, DaysAhead, NthWeekday))]
    if chosen and not spans[0].piece:
        days = {first + timedelta(days=step) for step in range((end - first).days)}
        days = {day for day in days if day.weekday() in {part.weekday for part in chosen}}
        day = _one_day(days, office)
        if not hours:
            return window(phrase, day, day + timedelta(days=1), places, office)
        rest = tuple(part for part in parts if not isinstance(part, (Span, Weekday, Day)))
        dated = Day(0, 0, ((day.year, day.month, day.day),))
        return _instant(Phrase(phrase.text, (dated, *rest)), office)
    if hours:
        raise refusal(
            "An hour stands beside several days.",
            code="embargo_ambiguous",
            hint="Name the day, such as “Sept. 24, 2018, 9 a.m. PT”, or leave the hour out.",
        )
    return window(phrase, first, end, places, office)


def _span_days(spans: list[Span], parts: Sequence[Part], today: calendar.Today) -> tuple[date, date]:
    span = spans[0]
    if span.stretch in {Stretch.WEEK_OF, Stretch.WEEK_FROM, Stretch.WEEK_ENDING}:
        found = _week_of(span, parts, today)
    else:
        found = calendar.span_dates(span, today)
        if any(isinstance(part, Day) for part in parts):
            raise refusal("A span of days, and a date beside it.", code="embargo_ambiguous", hint="Keep one of them.")
    if any(
        other != span and (other.stretch, other.number, other.month) != (span.stretch, span.number, span.month)
        for other in spans[1:]
    ):
        raise refusal("There is more than one span of days in it.", code="embargo_ambiguous", hint="Keep one of them.")
    return found


def _week_of(span: Span, parts: Sequence[Part], today: calendar.Today) -> tuple[date, date]:
    dates = [part for part in parts if isinstance(part, Day)]
    after = frozenset(part.weekday for part in parts if isinstance(part, Weekday) and part.start > span.start)
    if not dates:
        weekdays = [part for part in parts if isinstance(part, Weekday) and part.start > span.start]
        if len(weekdays) != 1:
            raise refusal("The week of which day?", code="embargo_unclear", hint="Such as “the week of 9/24”.")
        days = calendar.weekday_dates(weekdays[0], today)
        if len(days) > 1:
            raise refusal(
                "That day could be more than one.", code="embargo_ambiguous", candidates=[say_day(day) for day in days]
            )
        day = days[0]
    else:
        found = {calendar.dates_of(part, today, after, year=year_said(tuple(parts)), week=True) for part in dates}
        if len(found) > 1:
            raise refusal(
                "There is more than one date in it.", code="embargo_ambiguous", candidates=map(say_day, sorted(found))
            )
        day = found.pop()
    return calendar.week_around(span, day)


def _between(phrase: Phrase, found: Range, office: Office) -> Embargo:
    """A window from one time to another, each side lending the other what it leaves out."""
    _refuse_midnight_range(phrase)
    left, right = found.left, found.right
    clocks = [any(isinstance(part, Clock) for part in side) for side in (left, right)]
    days = [any(isinstance(part, DAYLIKE) for part in side) for side in (left, right)]
    places = tuple(part for part in phrase.parts if isinstance(part, Place))
    if not any(clocks):
        span = [part for part in phrase.parts if isinstance(part, Span)]
        if all(any(isinstance(part, Day) for part in side) for side in (left, right)):
            # "the week of Sept. 24-28": the days themselves say which.
            span = [part for part in span if part.stretch is not Stretch.WEEK_OF]
        first, last = _range_of_days(left, right, span, phrase, places, office)
        return window(phrase, first, last + timedelta(days=1), places, office)
    if clocks != [True, True] or any(isinstance(part, (Span, Ahead)) for part in phrase.parts):
        raise refusal(
            "One end of it has an hour and the other has none.", code="embargo_ambiguous", hint="Give both their hour."
        )
    if not any(days):
        raise refusal("It names hours and no day.", code="embargo_unclear", hint="Add the day: “on Sept. 24, 2018”.")
    lent = tuple(part for part in (*left, *right) if isinstance(part, (*DAYLIKE, PartOfDay)))
    left_days = _agreed_days(left if days[0] else lent, places, office, year=year_said(phrase.parts))
    right_days = _agreed_days(right if days[1] else lent, places, office, year=year_said(phrase.parts))
    starts = _side(left, right, _one_day(left_days, office), office)
    ends = _side(right, left, _one_day(right_days, office), office)
    pairs = [(start, end) for start in starts.instants for end in ends.instants if start < end]
    if len(pairs) > 1 and (starts.likely or ends.likely or len(starts.instants) + len(ends.instants) > 2):
        pairs = _shortest(pairs, starts, ends, office)
    if not pairs:
        raise refusal(
            "Its end isn't after its beginning.",
            code="embargo_ambiguous",
            hint="Write both ends with a.m. or p.m. and the day.",
        )
    if len(pairs) > 1:
        raise refusal(
            "Its ends could be more than one time.", code="embargo_ambiguous", hint="Write both ends with a.m. or p.m."
        )
    start, end = pairs[0]
    if end <= office.now:
        raise _past(end, office)
    remarks = tuple(remark for remark in (starts.assumed, ends.assumed) if remark)
    zone = starts.instants[start]
    return Embargo(phrase.text, EmbargoKind.WINDOW, zone, start, end, start, (*remarks, *_off_hours(start, office)))


def _refuse_midnight_range(phrase: Phrase) -> None:
    if any(isinstance(part, Midnight) for part in phrase.parts):
        raise refusal(
            "Midnight could be the day's beginning or its end.",
            code="embargo_ambiguous",
            hint="Write 12:01 a.m. or 11:59 p.m., and the day.",
        )


def _shortest(
    pairs: list[tuple[datetime, datetime]], starts: Found, ends: Found, office: Office
) -> list[tuple[datetime, datetime]]:
    """Where halves of the day were left out: both ends in office hours, or the nearest start to a sure end."""
    if len(ends.instants) == 1:
        return [max(pairs)]
    inside = [
        (start, end)
        for start, end in pairs
        if office.release_time <= start.astimezone(office.zone).time()
        and end.astimezone(office.zone).time() <= office.close
        and start.astimezone(office.zone).date() == end.astimezone(office.zone).date()
    ]
    return inside or pairs


def _side(side: Sequence[Part], other: Sequence[Part], day: date, office: Office) -> Found:
    clocks = [part for part in side if isinstance(part, Clock)]
    if len(clocks) != 1:
        raise refusal("There are more than two times in it.", code="embargo_ambiguous")
    places = tuple(part for part in side if isinstance(part, Place)) or tuple(
        part for part in other if isinstance(part, Place)
    )
    part_of_day = next((part for part in side if isinstance(part, PartOfDay)), None)
    found = instants(day, clocks[0], part_of_day, places, office)
    if found.unsettled and len(found.instants) > 1:
        raise _ask_home(found, office)
    return found


def _range_of_days(
    left: Sequence[Part],
    right: Sequence[Part],
    spans: list[Span],
    phrase: Phrase,
    places: tuple[Place, ...],
    office: Office,
) -> tuple[date, date]:
    if spans:
        first, end = _span_days(
            spans, [part for part in phrase.parts if not isinstance(part, Weekday)], _today(places, office)
        )
        names = [next((part.weekday for part in side if isinstance(part, Weekday)), None) for side in (left, right)]
        if None in names or spans[0].piece:
            raise refusal(
                "A span of days, and other days beside it.", code="embargo_ambiguous", hint="Keep one of them."
            )
        chosen = [
            [day for step in range((end - first).days) if (day := first + timedelta(days=step)).weekday() == name]
            for name in names
        ]
        if any(len(days) != 1 for days in chosen) or chosen[0][0] > chosen[1][0]:
            raise refusal("Its days could be more than one.", code="embargo_ambiguous")
        return chosen[0][0], chosen[1][0]
    year = year_said(phrase.parts)
    right_dates = [part for part in right if isinstance(part, Day)]
    for part in right_dates:
        year = year if year is not None else part.readings[0][0]
    ends = [part for part in right if isinstance(part, Weekday)]
    if ends and all(isinstance(part, Weekday) for part in right if isinstance(part, DAYLIKE)):
        # "Monday through Friday next week": what is said of the last day is said of the first one.
        left = tuple(
            replace(part, which=ends[0].which) if isinstance(part, Weekday) and not part.which else part
            for part in left
        )
        first = _one_day(_agreed_days(left, places, office, year=year), office)
        last = first + timedelta(days=(ends[0].weekday - first.weekday()) % 7 or 7)
    else:
        left = _month_lent(left, right)
        first = _one_day(_agreed_days(left, places, office, year=year, week=True), office)
        last = _one_day(_agreed_days(right, places, office, year=year), office)
    if last < first:
        raise refusal(
            "Its last day is before its first.", code="embargo_ambiguous", candidates=[say_day(first), say_day(last)]
        )
    return first, last


def _month_lent(left: Sequence[Part], right: Sequence[Part]) -> tuple[Part, ...]:
    """ "24 to 28 September": the month is said once."""
    months = [part.readings[0][1] for part in right if isinstance(part, Day)]
    lent = months[0] if months else None
    return tuple(
        Day(part.start, part.end, ((part.readings[0][0], lent, part.readings[0][2]),))
        if isinstance(part, Day) and part.readings[0][1] is None
        else part
        for part in left
    )


def _instant(phrase: Phrase, office: Office) -> Embargo:
    """Every clock, on its day and in its zone, must mean the same instant."""
    parts = phrase.parts
    indexes = [index for index, part in enumerate(parts) if isinstance(part, Clock)]
    own = [places_after(parts, index) for index in indexes]
    attached = {id(place) for places in own for place in places}
    loose = tuple(part for part in parts if isinstance(part, Place) and id(part) not in attached)
    if loose and len(set(loose)) > 1 and not any(own) and len(indexes) > 1:
        raise refusal("It isn't plain which zone belongs to which hour.", code="embargo_zone")
    part_of_day = next((part for part in parts if isinstance(part, PartOfDay)), None)
    shared = loose or (own[-1] if len([places for places in own if places]) == 1 else ())
    days = _days_by_clock(parts, indexes, [places or shared for places in own], office)
    found: Found | None = None
    for index, places, options in zip(indexes, own, days, strict=True):
        here = Found()
        clock = parts[index]
        assert isinstance(clock, Clock)  # noqa: S101  (chosen above)
        # Beside an hour that has its zone, one without may be in the same zone or in the office's.
        lent = [(*places, *loose) or shared, ()] if shared and not places and not loose else [(*places, *loose)]
        for day, zones in [(day, zones) for day in sorted(options) for zones in lent]:
            one = instants(day, clock, part_of_day, zones, office)
            here.instants |= one.instants
            here.likely |= one.likely
            here.assumed = one.assumed or here.assumed
            here.unsettled = one.unsettled or here.unsettled
        found = here if found is None else _both(found, here, office)
    assert found is not None  # noqa: S101  (there is a clock)
    return _settled(phrase, found, office, zoned=bool(any(own) or loose))


def _both(one: Found, other: Found, office: Office) -> Found:
    agreed = {instant: zone for instant, zone in one.instants.items() if instant in other.instants}
    if not agreed:
        raise which_one(
            [*one.instants, *other.instants],
            zone=office.name,
            now=office.now,
            why="There are two times in it, and they aren't the same instant.",
            code="embargo_ambiguous",
        )
    unsettled = one.unsettled and other.unsettled if len(agreed) == 1 else one.unsettled or other.unsettled
    return Found(agreed, (one.likely | other.likely) & set(agreed), one.assumed or other.assumed, unsettled)


def _ask_home(found: Found, office: Office) -> EmbargoRefused:
    return which_one(
        found.instants,
        zone=office.name,
        now=office.now,
        why=f"{found.unsettled} is the zone of more than one place, and the office's zone doesn't settle it.",
        code="embargo_zone",
    )


def _settled(phrase: Phrase, found: Found, office: Office, *, zoned: bool) -> Embargo:
    remarks: list[str] = []
    moments = dict(found.instants)
    if found.unsettled:
        raise _ask_home(found, office)
    if len(moments) > 1 and len(found.likely) == 1:
        moments = {instant: zone for instant, zone in moments.items() if instant in found.likely}
        remarks.append(found.assumed)
    if len(moments) > 1:
        walls = {instant.astimezone(read_zone(zone)).replace(tzinfo=None) for instant, zone in moments.items()}
        twice = len(walls) == 1
        raise which_one(
            moments,
            zone=next(iter(moments.values())) if twice else office.name,
            now=office.now,
            why="The clock is put back over that hour, so it comes twice."
            if twice
            else "That could be more than one time.",
            code="embargo_overlap" if twice else "embargo_ambiguous",
        )
    (moment, zone), *_ = moments.items()
    if not zoned:
        for place in phrase.mentioned:
            there = read_zone(place.iana or office.name)
            if moment.astimezone(there).utcoffset() != moment.astimezone(office.zone).utcoffset():
                wall = moment.astimezone(office.zone).replace(tzinfo=there)
                raise which_one(
                    [moment, wall.astimezone(UTC)],
                    zone=office.name,
                    now=office.now,
                    why=f"It speaks of {phrase.words(place)}, and doesn't say whose clock is meant.",
                    code="embargo_zone",
                )
    return _embargo_at(phrase, moment, zone, office, tuple(remarks))


def _days_by_clock(
    parts: Sequence[Part], indexes: list[int], places: list[tuple[Place, ...]], office: Office
) -> list[set[date]]:
    """The days that each clock stands on: one for all, or as many days as clocks, in order."""
    dates = [part for part in parts if isinstance(part, Day)]
    if len(dates) > 1 and len(dates) == len(indexes):
        groups = _grouped(parts, dates)
        year = next((part.readings[0][0] for part in dates if part.readings[0][0] is not None), None)
        return [_agreed_days(group, own, office, year=year) for group, own in zip(groups, places, strict=True)]
    every = tuple(dict.fromkeys(place for own in places for place in own))
    days = _agreed_days(parts, every, office)
    return [days for _ in indexes]


def _grouped(parts: Sequence[Part], dates: list[Day]) -> list[tuple[Part, ...]]:
    """Each date with the weekdays that stand nearest to it; what counts from today goes with the first."""
    groups: list[list[Part]] = [[day] for day in dates]
    for part in parts:
        if isinstance(part, Weekday):
            near = min(range(len(dates)), key=lambda number: abs(dates[number].start - part.start))
            groups[near].append(part)
        elif isinstance(part, (DaysAhead, NthWeekday)):
            groups[0].append(part)
    return [tuple(group) for group in groups]


def _today(places: tuple[Place, ...], office: Office) -> calendar.Today:
    there = office.now.astimezone(read_zone(zone_of(places, office))).date()
    return calendar.Today(there, month_first(office.name))


def _agreed_days(
    parts: Sequence[Part], places: tuple[Place, ...], office: Office, *, year: int | None = None, week: bool = False
) -> set[date]:
    """The days on which all that says a day agrees. Raises EmbargoRefused."""
    today = _today(places, office)
    dates = [part for part in parts if isinstance(part, Day)]
    names = [part for part in parts if isinstance(part, Weekday)]
    counted = [part for part in parts if isinstance(part, (DaysAhead, NthWeekday))]
    tonight = any(isinstance(part, PartOfDay) and part.today for part in parts)
    year = year if year is not None else year_said(tuple(parts))
    if year is None:
        year = next((part.readings[0][0] for part in dates if part.readings[0][0] is not None), None)
    weekdays = frozenset(part.weekday for part in names)
    sets: list[set[date]] = [{calendar.dates_of(part, today, weekdays, year=year, week=week)} for part in dates]
    if tonight:
        sets.append({today.day})
    for part in counted:
        day = calendar.nth_weekday(part, today) if isinstance(part, NthWeekday) else calendar.ahead(part, today)
        loose = isinstance(part, DaysAhead) and part.days > 1 and dates
        # "in 3 days" beside a date is rounded; it only must not contradict it.
        sets.append({day + timedelta(days=step) for step in ((-1, 0, 1) if loose else (0,))})
    if names and not sets:
        sets = [set(calendar.weekday_dates(part, today)) for part in names]
    elif names:
        sets += [{day for known in sets for day in known if day.weekday() == part.weekday} for part in names]
    if not sets:
        raise refusal(
            "It names an hour and no day.",
            code="embargo_unclear",
            hint="Add the day: “today”, “Monday”, or “Sept. 24, 2018”.",
        )
    agreed = set.intersection(*sets)
    if not agreed:
        raise refusal(
            "Its days don't agree." if len(dates) < 2 else "There is more than one date in it.",
            code="embargo_ambiguous",
            candidates=[say_day(day) for day in sorted({day for days in sets[:3] for day in days})][:6],
            hint="Keep the one that is meant.",
        )
    if (counted or tonight or (names and not dates)) and not dates and office.today != today.day:
        raise refusal(
            "It is another day there than in the office, so what counts from today has two readings.",
            code="embargo_ambiguous",
            candidates=[say_day(day) for day in sorted(agreed)],
            hint="Write the date.",
        )
    return agreed


def _past(moment: datetime, office: Office) -> EmbargoRefused:
    said = say(moment, timezone=office.name, now=office.now)
    return refusal(
        f"{said} is past.",
        code="embargo_past",
        candidates=[said],
        hint="Give a time that is ahead, or “immediate”.",
    )


def _off_hours(moment: datetime, office: Office) -> tuple[str, ...]:
    why = day_off(moment.astimezone(office.zone).date(), office.name)
    return (why,) if why else ()


def _embargo_at(phrase: Phrase, moment: datetime, zone: str, office: Office, remarks: tuple[str, ...]) -> Embargo:
    for part in phrase.parts:
        if isinstance(part, Ahead) and abs(moment - office.now - part.length) > part.unit:
            raise refusal("A time from now, and another time that isn't the same.", code="embargo_ambiguous")
        if isinstance(part, DaysAhead) and part.days > 1:
            exact = timedelta(days=part.days) <= moment - office.now < timedelta(days=part.days + 1)
            counted = office.today + timedelta(days=part.days) == moment.astimezone(read_zone(zone)).date()
            if not exact and not counted:
                raise refusal("Days from now, and another day that isn't the same.", code="embargo_ambiguous")
    if moment <= office.now:
        raise _past(moment, office)
    far = moment - office.now > timedelta(days=400)
    if far:
        remarks = (*remarks, f"{typed(moment.astimezone(office.zone))} is more than a year ahead.")
    return Embargo(
        phrase.text, EmbargoKind.INSTANT, zone, moment, None, moment, (*remarks, *_off_hours(moment, office))
    )


def window(phrase: Phrase, first: date, end: date, places: tuple[Place, ...], office: Office) -> Embargo:
    """A window of whole days, with the lift that is proposed for it. Raises EmbargoRefused when it is over."""
    begins, ends = boundary(first, places, office), boundary(end, places, office)
    if ends <= office.now:
        raise _past(ends, office)
    name = zone_of(places, office)
    lift, remarks = proposed_lift(
        first, end, release_time=office.release_time, zone=read_zone(name), office=office.name, now=office.now
    )
    return Embargo(phrase.text, EmbargoKind.WINDOW, name, begins, ends, lift, remarks)
