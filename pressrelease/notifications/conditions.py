"""Conditions that a person should know about and that have no journal line: a state, or a lift that comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pressrelease.config import Config
from pressrelease.notifications.notice import CODE, Coming, Known, Notice, sentence
from pressrelease.release.delivery import DeliveryState
from pressrelease.status.causes import ADVICE, UNCLEARED, Cause, Topic
from pressrelease.status.dossier import Directive, FileFact
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, due_since, too_late
from pressrelease.when import rfc3339, say_full, say_span
from pressrelease.when.formatting import say_time

#: How long before a lift a reminder is sent.
REMINDERS = (timedelta(minutes=15), timedelta(hours=24))

#: How long before a lift people are reminded of the clearances that are still open.
CLEARANCE_REMINDERS = (timedelta(hours=2), timedelta(hours=24))

#: How many codes one sentence has at most.
MOST_CODES = 5


def conditions(
    known: Iterable[Known], *, config: Config, known_outlets: Collection[str], now: datetime, clock_doubt: str | None
) -> list[Notice]:
    """Return what needs a person now and has no journal line. `now` is UTC."""
    found: list[Notice] = []
    if clock_doubt:
        # Its own text counts seconds, and would be new at every snapshot.
        words = "The computer's clock looks wrong. Nothing goes out until someone checks it: `pressrelease doctor`."
        found.append(Notice(Topic.CLOCK, words, "clock"))
    for one in known:
        release, deliveries = one.dossier.release, one.dossier.deliveries
        going = [delivery for delivery in deliveries if delivery.is_open]
        if release.word is Directive.KILLED:
            if one.status and one.status.cause is Cause.WITHDRAWAL_OUTLET_UNKNOWN:
                names = ", ".join(one.status.outlets)
                words = f"The withdrawal of {one.name} waits: config.toml no longer has {names}, or it is switched off."
                found.append(_condition(one, one.status.cause, words, one.status.outlets))
            continue
        if not going:
            continue
        lifted = release.lift is not None and release.lift <= now and not clock_doubt
        reasons: list[tuple[Cause, str]] = []
        if one.dossier.file is not FileFact.SAME:
            what = "was changed after it was scheduled" if one.dossier.file is FileFact.CHANGED else "is gone"
            cause = Cause.FILE_CHANGED if one.dossier.file is FileFact.CHANGED else Cause.FILE_MISSING
            reasons.append((cause, f"The file of {one.name} {what}. Nothing more of it goes out."))
        if changed := one.dossier.changed:
            reasons.append((Cause.CONFIG_CHANGED, f"{changed} after {one.name} was scheduled. Nothing of it goes out."))
        if (ruling := one.dossier.ruling) and ruling.asks:
            reasons.append((Cause.ZONE_RULES_ASK, f"About {one.name}: {ruling.words}."))
        if lifted and any(
            too_late(delivery, release, policy=config.policy, retry=config.retry, now=now)
            for delivery in going
            if delivery.outlet in known_outlets
        ):
            reasons.append(
                (
                    Cause.MISSED,
                    f"{one.name} missed its release time by more than max_late allows and does not go out by itself.",
                )
            )
        elif lifted and release.word is Directive.HELD:
            reasons.append((Cause.HELD, f"{one.name} was due to go out, and it is on hold."))
        elif lifted and one.missing > 0:
            reasons.append((Cause.APPROVAL_MISSING, f"{one.name} was due to go out, and it is not approved."))
        elif lifted and one.status and one.status.cause in UNCLEARED:
            reasons.append((one.status.cause, f"{one.name} was due to go out, and {_uncleared(one, now)}."))
        elif one.status and one.status.cause is Cause.EVENT_OVERDUE:
            reasons.append((Cause.EVENT_OVERDUE, f"{one.name} waits for an event, and its last moment has passed."))
        if one.status and one.status.cause is Cause.DELAYED and not clock_doubt:
            reasons.append((Cause.DELAYED, _delayed(one, config.office.timezone, now)))
        if gone := sorted({delivery.outlet for delivery in going} - set(known_outlets)):
            waits = f"{one.name} can't go to {', '.join(gone)}: config.toml no longer has it, or it is switched off."
            reasons.append((Cause.OUTLET_UNKNOWN, waits))
        found += [_condition(one, cause, words, gone) for cause, words in reasons]
    return found


def _uncleared(one: Known, moment: datetime) -> str:
    """Return which clearances it lacks at `moment`, and who can give each; no reason that somebody typed."""
    from pressrelease.status.clearances import open_at, who_words

    return f"it lacks {who_words(open_at(one.dossier.clearances, moment))}"


def clearance_reminders(known: Iterable[Known], *, now: datetime, timezone: str) -> list[Notice]:
    """Return who must still give what, for each release that lifts soon. `now` is UTC."""
    from pressrelease.status.clearances import open_at

    found = []
    for one in known:
        release = one.dossier.release
        if release.lift is None or release.word is not Directive.SCHEDULED:
            continue
        ahead = next((reminder for reminder in CLEARANCE_REMINDERS if now < release.lift <= now + reminder), None)
        left = open_at(one.dossier.clearances, release.lift)
        if ahead is None or not left:
            continue
        lift = say_full(release.lift, timezone=timezone, now=now)
        words = f"{one.name} goes out {lift}, but {_uncleared(one, release.lift)}"
        for each in left:
            if (useful := each.useful_from(release.lift)) > now:
                words += f". {each.name} can be given after {say_full(useful, timezone=timezone)}"
        key = f"clearance: {release.slug} {release.version[:16]} {rfc3339(release.lift)} {say_span(ahead)}"
        found.append(Notice(Topic.CLEARANCE, f"{sentence(words)}. To answer: `pressrelease clear --all SLUG`.", key))
    return found


def _condition(one: Known, cause: Cause, words: str, gone: Sequence[str]) -> Notice:
    """Return one notice. Its key names the outlets concerned, because one more of them is news."""
    outlets: Sequence[str] = ()
    if cause in {Cause.OUTLET_UNKNOWN, Cause.WITHDRAWAL_OUTLET_UNKNOWN}:
        outlets = gone
    elif cause is Cause.DELAYED and one.status:
        outlets = one.status.outlets
    release = one.dossier.release
    return Notice(
        ADVICE[cause].topic or Topic.NEEDS_YOU,
        f"{sentence(words)} To see what to do: `pressrelease status`.",
        " ".join([cause.value, *outlets, release.slug, release.version[:16]]),
    )


def _delayed(one: Known, timezone: str, now: datetime) -> str:
    """Return how far a stuck release has come. No answer of a server is repeated here."""
    assert one.status is not None  # noqa: S101  (its cause was checked)
    places = []
    for outlet in one.status.outlets:
        deliveries = [each for each in one.dossier.deliveries if each.outlet == outlet]
        sent = sum(each.state is DeliveryState.DELIVERED for each in deliveries)
        next_try = min((each.next_try for each in deliveries if each.next_try and each.next_try > now), default=None)
        again = f" (next try {say_time(next_try, timezone=timezone)})" if next_try else ""
        places.append(f"{outlet}: {sent} of {len(deliveries)} sent{again}")
    late = say_span(now - (due_since(one.dossier) or now))
    return f"{one.name} has not gone out {late} after it was due. {'; '.join(places)}."


def reminders(
    coming: Iterable[Coming], statuses: Mapping[str, ReleaseStatus], *, now: datetime, timezone: str
) -> list[Notice]:
    """Return a reminder before each lift, for all that lifts at the same moment; none if it was scheduled only since.

    `statuses` are by slug; `now` is UTC.
    """
    by_lift: dict[tuple[datetime, timedelta], list[Coming]] = {}
    for one in coming:
        ahead = next((reminder for reminder in REMINDERS if now < one.lift <= now + reminder), None)
        if ahead is not None and one.since < one.lift - ahead:
            by_lift.setdefault((one.lift, ahead), []).append(one)
    found = []
    for (lift, ahead), those in sorted(by_lift.items()):
        codes = ", ".join(one.version[:CODE] for one in those[:MOST_CODES])
        more = f" and {len(those) - MOST_CODES} more" if len(those) > MOST_CODES else ""
        what = (
            f"A release (code {codes}) goes out"
            if len(those) == 1
            else f"{len(those)} releases (codes {codes}{more}) go out"
        )
        states = [statuses[one.slug].state for one in those if one.slug in statuses]
        unready = "".join(
            f" {_of_them(states.count(state), len(those))} {words}."
            for state, words in _NOT_READY.items()
            if state in states
        )
        words = f"{what} {say_full(lift, timezone=timezone, now=now)}.{unready}"
        found.append(Notice(Topic.SOON, words, f"soon: {rfc3339(lift)} {say_span(ahead)}"))
    return found


_NOT_READY = {
    ReleaseState.UNAPPROVED: "still waiting for approval",
    ReleaseState.HELD: "on hold",
    ReleaseState.NEEDS_YOU: "in need of your attention first",
}


def _of_them(count: int, all_of_them: int) -> str:
    if all_of_them == 1:
        return "It is"
    return f"{count} of them {'is' if count == 1 else 'are'}"
