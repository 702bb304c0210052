"""Find which release keeps a promise, and the promise's state."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from pressrelease.promises.matching import says_what_was_promised
from pressrelease.promises.promise import Promise

#: How long after its instant a promise may still be kept, before it counts as broken.
GRACE = timedelta(hours=24)


class PromiseState(str, Enum):
    """The state of a promise; each member has the words that a person reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> PromiseState:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    KEPT = "kept", "the release that keeps it has been published"
    PLANNED = "planned", "the release that keeps it is scheduled in time"
    OPEN = "open", "nothing that keeps it is scheduled in time"
    OVERDUE = "overdue", "its time has passed, and nothing that keeps it has been published"


@dataclass(frozen=True)
class Follower:
    """A release that follows another. `lift` is UTC: when it went out or will; None for a draft.

    `text` is all that it says; "" if it isn't known, and then it is taken to say what was promised.
    """

    slug: str
    lift: datetime | None = None
    out: bool = False
    scheduled: bool = False
    text: str = ""


@dataclass(frozen=True)
class Kept:
    """A promise, its state, and the release that keeps it or is meant to ("" for none)."""

    promise: Promise
    state: PromiseState
    kept_by: str = ""
    #: Whether a person said that it is kept.
    settled: bool = False
    #: Whether `kept_by` is out or scheduled and doesn't say what was promised: a person must say whether it keeps it.
    asks: bool = False


def closes(promise: Promise) -> datetime | None:
    """Return when a promise is broken: at its window's end, a day after its instant; None for an undated one."""
    if promise.no_later_than is not None or promise.not_before is None:
        return promise.no_later_than
    return promise.not_before + GRACE


def fits(promise: Promise, lift: datetime | None) -> bool:
    """Return whether a release with that lift comes when it was promised; any time is right for an undated promise."""
    end = closes(promise)
    if promise.not_before is None or end is None:
        return True
    return lift is not None and promise.not_before <= lift < end


def keep(
    promises: Sequence[Promise], followers: Iterable[Follower], *, now: datetime, settled: Collection[str] = ()
) -> list[Kept]:
    """Return the state of each promise of one release, given the releases that follow it. `now` is aware.

    `settled` are the keys of those that a person said are kept. A follower keeps a promise by itself only if it says
    what was promised.

    A follower keeps the promises in whose window it lifts; one that fits no window may be meant for any of them. If it
    came out too early or too late, it still keeps one, unless another is planned in time; but a too early one does not
    if there is an undated promise that it may have kept instead.
    """
    following = sorted(followers, key=lambda follower: (not follower.out, not follower.scheduled, follower.slug))
    return [
        Kept(promise, PromiseState.KEPT, settled=True)
        if promise.key in settled
        else _keep(promise, promises, following, now)
        for promise in promises
    ]


def _keep(promise: Promise, promises: Sequence[Promise], following: Sequence[Follower], now: datetime) -> Kept:
    dated = [other for other in promises if not other.undated]
    its_own = [
        follower
        for follower in following
        if fits(promise, follower.lift) or not any(fits(other, follower.lift) for other in dated)
    ]
    over = (end := closes(promise)) is not None and end <= now
    silent = [one for one in its_own if one.text and not says_what_was_promised(promise.text, one.text)]
    its_own = [follower for follower in its_own if follower not in silent]
    in_time = [follower for follower in its_own if fits(promise, follower.lift)]
    if kept_by := next((follower for follower in in_time if follower.out), None):
        return Kept(promise, PromiseState.KEPT, kept_by.slug)
    planned = next((follower for follower in in_time if follower.scheduled), None)
    if planned is not None and not over:
        return Kept(promise, PromiseState.PLANNED, planned.slug)
    for follower in its_own:
        late = end is not None and follower.lift is not None and follower.lift >= end
        if follower.out and (late or len(dated) == len(promises)):
            return Kept(promise, PromiseState.KEPT, follower.slug)
    meant = planned or next(iter((*its_own, *silent)), None)
    state = PromiseState.OVERDUE if over else PromiseState.OPEN
    asks = meant in silent and (meant.out or meant.scheduled) if meant is not None else False
    return Kept(promise, state, meant.slug if meant else "", asks=asks)
