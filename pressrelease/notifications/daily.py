"""The list of the day: what goes out before tomorrow noon and still lacks something, and what was promised. Pure.

    day_of(now) ──▶ the day whose list is due ──▶ daily_notice ──▶ one Notice, without words if nothing is on the list

Its key is the day. A reader who was sent the list of a day, or had nothing on it, is not sent it again, nor that
of an earlier day: the key of the last one is kept with the reader's cursor (`lasting`), so neither a second
scheduler, nor a clock that is some seconds off, nor a list that becomes empty and fills again sends another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pressrelease.notifications.notice import Known, Notice, sentence
from pressrelease.status.causes import Topic
from pressrelease.status.dossier import Directive
from pressrelease.when import say_full
from pressrelease.when.formatting import say_full_day

if TYPE_CHECKING:
    from pressrelease.promises import Kept
    from pressrelease.status.outcomes import Owed, Unanswered

#: Until so long after its time a list is sent that could not be sent before.
SENT_WITHIN = timedelta(hours=6)

#: How many releases, and how many promises, a list names.
MOST = 20

_KEY = "daily "


def day_of(now: datetime, at: time, timezone: str) -> date:
    """Return the day whose list was due last: today from `at` on, local time, and yesterday before. `now` is aware."""
    local = now.astimezone(ZoneInfo(timezone))
    return local.date() if local.time() >= at else local.date() - timedelta(days=1)


def is_due(now: datetime, at: time, timezone: str) -> bool:
    """Return whether the last list may still be sent."""
    due = datetime.combine(day_of(now, at, timezone), at, ZoneInfo(timezone))
    return now - due < SENT_WITHIN


def noon_after(day: date, timezone: str) -> datetime:
    """Return noon of the next day (aware)."""
    return datetime.combine(day + timedelta(days=1), time(12), ZoneInfo(timezone))


def key_of(day: date) -> str:
    """Return the key of a day's list."""
    return f"{_KEY}{day.isoformat()}"


def is_daily(key: str) -> bool:
    """Return whether a condition's key is that of a list of the day."""
    return key.startswith(_KEY)


def was_sent(key: str, conditions: Collection[str]) -> bool:
    """Return whether the list with this key, or a later one, is among what a reader was notified of."""
    return any(key <= one for one in lasting(conditions, key))


def lasting(conditions: Collection[str], key: str = "") -> frozenset[str]:
    """Return which of a reader's conditions stay though they no longer hold: the last list of the day.

    With the `key` of the day, one that is more than two days later was recorded under another clock, and is forgotten.
    """
    lists = sorted(one for one in conditions if is_daily(one))
    if key:
        latest = key_of(date.fromisoformat(key.removeprefix(_KEY)) + timedelta(days=2))
        lists = [one for one in lists if one <= latest]
    return frozenset(lists[-1:])


def daily_notice(
    day: date,
    releases: Sequence[Known],
    promises: Sequence[Kept],
    *,
    owed: Sequence[Owed] = (),
    unanswered: Sequence[Unanswered] = (),
    removals: Sequence[str] = (),
    now: datetime,
    timezone: str,
) -> Notice:
    """Return the list of a day; its words are "" if nothing is on it.

    `releases` are those that go out, or may be lifted, before noon of the next day, and `promises` those of releases
    that are out. `owed` are releases that are out and whose case has no recorded outcome: on the list whenever there is
    one, but a reason for it only on the days on which the office is asked. `unanswered` are those of outcomes after
    which nothing was done. `removals` are sentences about what was to
    come down. No release that is not out is named. `now`
    is aware.
    """
    lines = _at_most([words for one in releases if (words := _waiting(one, now, timezone))], "releases")
    lines += _at_most([words for one in promises if (words := _promised(one, day, timezone))], "promises")
    lines += _at_most(list(removals), "things that must come down")
    if owed or unanswered:
        from pressrelease.status.outcomes import asked_on, owed_lines, reminded_on, unanswered_lines

        yesterday = now - timedelta(days=1)
        if lines or asked_on(owed, yesterday, now) or reminded_on(unanswered, yesterday, now):
            lines += _at_most(owed_lines(owed, now), "releases without an outcome")
            lines += _at_most(unanswered_lines(unanswered), "outcomes after which nothing was done")
    if not lines:
        return Notice(Topic.DAILY, "", key_of(day))
    noon = say_full_day(day + timedelta(days=1))
    words = f"Before noon on {noon}: {' '.join(lines)} To see what to do: `pressrelease status`."
    return Notice(Topic.DAILY, words, key_of(day))


def _at_most(lines: list[str], what: str) -> list[str]:
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], f"{more} more {what} are not listed here."]


def _waiting(one: Known, now: datetime, timezone: str) -> str:
    """Return the sentence about a release that lacks an approval or a clearance, or is armed; "" for any other."""
    from pressrelease.status.clearances import open_at, who_words

    lift = one.dossier.release.lift
    left = open_at(one.dossier.clearances, max(lift, now) if lift else now)
    lacks = []
    if one.missing > 0:
        lacks.append(f"needs {'1 more approval' if one.missing == 1 else f'{one.missing} more approvals'}")
    if left:
        lacks.append(f"lacks {who_words(left)}")
    release = one.dossier.release
    if release.waits_for_event:
        until = release.embargo.no_later_than
        if release.word is not Directive.SCHEDULED or (until is not None and until <= now):
            return ""  # on hold, or waited too long: a notice of its own says so
        if lacks:
            return sentence(f"{one.name} waits for its event and {' and '.join(lacks)}.")
        return sentence(f"{one.name} is armed: it goes out when somebody lifts it.")
    if not lacks:
        return ""
    goes = "was to go out" if lift is not None and lift <= now else "goes out"
    when = say_full(lift, timezone=timezone) if lift else "as soon as it is approved"
    return sentence(f"{one.name} {goes} {when} and {' and '.join(lacks)}.")


def _promised(kept: Kept, day: date, timezone: str) -> str:
    """Return the sentence about a promise that nothing keeps and that is due by the end of the next day."""
    from pressrelease.promises.fulfillment import PromiseState, closes

    end = closes(kept.promise)
    after = datetime.combine(day + timedelta(days=2), time(), ZoneInfo(timezone))
    if end is None or end > after:
        return ""
    local = end.astimezone(ZoneInfo(timezone))
    last = (local - timedelta(microseconds=1)).date()
    if kept.state is PromiseState.OVERDUE:
        return f"{kept.promise.slug} made a promise that was due by {say_full_day(last)}, and it was not kept."
    return f"{kept.promise.slug} made a promise that is due by {say_full_day(last)}, and nothing scheduled keeps it."
