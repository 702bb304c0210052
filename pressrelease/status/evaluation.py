"""The status of a scheduled release, and why, from what is on record. Pure: the whole vocabulary of states."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Self

from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.causes import Cause, say
from pressrelease.status.dossier import Approval, Directive, Dossier, FileFact, Scheduled, same_person
from pressrelease.when.formatting import say_full, say_time


class ReleaseState(str, Enum):
    """The state of a release (CONTRACT section 5); each member has the sentence that a person reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    DRAFT = "draft", "a draft, not scheduled yet"
    UNAPPROVED = "unapproved", "scheduled, and waiting for approval"
    SCHEDULED = "scheduled", "approved, and waiting for its time"
    ARMED = "armed", "approved, and waiting for its event"
    HELD = "held", "on hold"
    PUBLISHING = "publishing", "going out"
    PUBLISHED = "published", "published"
    NEEDS_YOU = "needs_you", "needs a person"
    KILLED = "killed", "withdrawn"


class ReleaseStatus(NamedTuple):
    """A release's state with its reason in words ("" if the state says it all), and as a code.

    `blocked` says whether nothing may leave at the moment, whatever is due; `cause` is None if `reason` is "", and
    `outlets` are those that it is about.
    """

    state: ReleaseState
    reason: str = ""
    blocked: bool = False
    cause: Cause | None = None
    outlets: tuple[str, ...] = ()

    @classmethod
    def because(
        cls, state: ReleaseState, cause: Cause, *, blocked: bool = False, outlets: Iterable[str] = (), **facts: str
    ) -> Self:
        """Return the status of a release with a cause; `facts` are what its text names."""
        return cls(state, say(cause, **facts), blocked, cause, tuple(outlets))


def counted_approvals(approvals: Iterable[Approval], policy: Policy, makers: Collection[str]) -> int:
    """Return how many people's approvals count under the policy in force.

    Several approvals are one person's if they share a name or a key: a key that the file of signers has under two
    names, or under a pattern, is one person. `makers` are the people who wrote and scheduled it (`Scheduled.makers`).
    The claim counts names in SQL by the same comparison (`store.claims`).
    """
    may = {same_person(name) for name in policy.approvers}
    people: list[set[str]] = []
    for approval in approvals:
        name = same_person(approval.by)
        if approval.doubt or (may and name not in may) or (not policy.author_may_approve and name in makers):
            continue
        marks = {f"name {name}"} | ({f"key {approval.key}"} if approval.key else set())
        same = [known for known in people if known & marks]
        people = [known for known in people if not known & marks] + [marks.union(*same)]
    return len(people)


def too_late(delivery: Delivery, release: Scheduled, *, policy: Policy, retry: Retry, now: datetime) -> bool:
    """Return whether a delivery is so late that only a person may still send it.

    `store.claims.in_time` is the same rule in SQL; tests/publishing/test_lateness.py compares the two.
    """
    if release.lift is None or delivery.state not in _STILL_TO_SEND or delivery.withdraws:
        return False
    # Lateness accepted before the lift would end before the lift's own `max_late` does.
    if now - max(release.lift, release.late_accepted_at or release.lift) <= policy.max_late:
        return False
    return delivery.first_sent_at is None or now - delivery.first_sent_at > retry.give_up


#: How long after it could go out the office is notified of what is still unsent.
OVERDUE = timedelta(minutes=5)

_STILL_TO_SEND = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING})


def evaluate(
    dossier: Dossier,
    *,
    policy: Policy,
    retry: Retry,
    known_outlets: Collection[str],
    now: datetime,
    clock_doubt: str | None = None,
    closed: Mapping[str, str] = MappingProxyType({}),
) -> ReleaseStatus:
    """Return the status of a release at `now`: the first reason that stops it, in the order that a person would ask.

    `closed` are the outlets that refuse our credentials, each with its words.
    """
    release, deliveries = dossier.release, dossier.deliveries
    if release.word is Directive.KILLED:
        from pressrelease.status.withdrawals import withdrawn  # only if something was withdrawn

        return withdrawn(dossier, known_outlets=known_outlets, closed=closed, now=now)
    if release.word is Directive.DISMISSED:
        return ReleaseStatus.because(ReleaseState.KILLED, Cause.DISMISSED, blocked=True, why=release.why)
    still_open = [delivery for delivery in deliveries if delivery.is_open]
    # What a closed outlet has refused is tried again by itself once it opens: the outlet needs a person, not this.
    refused = [one for one in deliveries if one.state is DeliveryState.FAILED and one.outlet in closed]
    stuck = _stuck([one for one in deliveries if one not in refused])
    if not still_open and not stuck and not refused:
        return _settled(deliveries)
    if release.word is Directive.HELD:
        why = f": {release.why}" if release.why else ""
        return ReleaseStatus.because(ReleaseState.HELD, Cause.HELD, blocked=True, by=release.word_by, why=why)
    if still_open and (stopper := _stopper(dossier, still_open, policy, retry, known_outlets, now, clock_doubt)):
        return stopper
    changed = dossier.ruling.words if dossier.ruling else ""
    missing = policy.approvals - counted_approvals(dossier.approvals, policy, release.makers)
    if missing > 0 and still_open:
        given = f"{missing} more approval{'s' if missing > 1 else ''} needed"
        given += f" for correction {release.n - 1}" if release.n > 1 else ""
        given += "".join(f"; {one.by}'s does not count: {one.doubt}" for one in dossier.approvals if one.doubt)
        given += f"; {changed}" if changed else ""
        return ReleaseStatus.because(ReleaseState.UNAPPROVED, Cause.APPROVAL_MISSING, blocked=True, missing=given)
    if release.waits_for_event and still_open:
        return _armed(dossier, now)
    if release.lift is None and still_open:
        # `approvals` was lowered in the meantime; an edit of config.toml alone lets nothing out.
        given = "it goes out with its next approval"
        return ReleaseStatus.because(ReleaseState.UNAPPROVED, Cause.APPROVAL_MISSING, blocked=True, missing=given)
    lifted = release.lift is not None and release.lift <= now
    uncleared = _uncleared(dossier, now) if dossier.clearances and still_open else None
    if uncleared and (lifted or uncleared.blocked):
        return uncleared
    # The others go on: an outlet that was taken out of config.toml costs them nothing, as one that is down.
    if unknown := sorted({delivery.outlet for delivery in still_open} - set(known_outlets)):
        return ReleaseStatus.because(
            ReleaseState.NEEDS_YOU, Cause.OUTLET_UNKNOWN, outlets=unknown, names=", ".join(unknown)
        )
    if stuck:
        return stuck
    if dossier.ruling and dossier.ruling.asks and still_open:
        return ReleaseStatus.because(ReleaseState.NEEDS_YOU, Cause.ZONE_RULES_ASK, ruling=changed)
    if shut := sorted({delivery.outlet for delivery in (*still_open, *refused)} & set(closed)):
        refusals = "; ".join(closed_words(outlet, closed[outlet]) for outlet in shut)
        return ReleaseStatus.because(ReleaseState.NEEDS_YOU, Cause.OUTLET_CLOSED, outlets=shut, refusals=refusals)
    if dossier.begun or lifted:
        return _on_its_way(dossier, now)
    if uncleared:
        return uncleared
    if changed:
        return ReleaseStatus.because(ReleaseState.SCHEDULED, Cause.ZONE_RULES_CHANGED, ruling=changed)
    return ReleaseStatus(ReleaseState.SCHEDULED)


def due_since(dossier: Dossier) -> datetime | None:
    """Return when a release could first go out (UTC): at its lift, or once a person let it go; None without a lift."""
    release = dossier.release
    if release.lift is None:
        return None
    let_go = [approval.at for approval in dossier.approvals]
    let_go += [clearance.at for clearance in dossier.clearances if clearance.at]
    return max([release.lift, release.late_accepted_at or release.lift, release.word_at, *let_go])


def _on_its_way(dossier: Dossier, now: datetime) -> ReleaseStatus:
    """Return the status of a release that is going out. The outlets that don't get it are named, with the reason."""
    since = due_since(dossier)
    overdue = since is not None and now - since >= OVERDUE
    sending = {one.outlet for one in dossier.deliveries if one.state is DeliveryState.SENDING}
    held_up: dict[str, list[Delivery]] = {}
    for one in dossier.deliveries:
        tried = one.is_open and one.state in _TRIED
        if tried or (overdue and one.state is DeliveryState.WAITING and one.outlet not in sending):
            held_up.setdefault(one.outlet, []).append(one)
    if not held_up:
        return ReleaseStatus(ReleaseState.PUBLISHING)
    progress = "; ".join(_progress(dossier, outlet, those, now) for outlet, those in held_up.items())
    cause = Cause.DELAYED if overdue else Cause.RETRYING
    return ReleaseStatus.because(ReleaseState.PUBLISHING, cause, outlets=held_up, progress=progress)


_TRIED = frozenset({DeliveryState.RETRYING, DeliveryState.IN_DOUBT})


def _progress(dossier: Dossier, outlet: str, held_up: Sequence[Delivery], now: datetime) -> str:
    """Return how many of an outlet's recipients have it, why the others don't, and when it is tried again."""
    all_of_them = [one for one in dossier.deliveries if one.outlet == outlet]
    sent = sum(one.state is DeliveryState.DELIVERED for one in all_of_them)
    words = [f"{outlet}: {sent} of {len(all_of_them)} sent"]
    words += [next((one.error for one in held_up if one.error), "")]
    next_try = min((one.next_try for one in held_up if one.next_try and one.next_try > now), default=None)
    if next_try is not None:
        words.append(f"next try {say_time(next_try, timezone=dossier.release.embargo.timezone)}")
    return "; ".join(word for word in words if word)


def closed_words(outlet: str, reason: str) -> str:
    """Return the sentence about an outlet that rejected the login; one for all that waits there."""
    return f"{outlet} rejected the login ({reason}). Sending to it is paused until its credentials are fixed"


def _settled(deliveries: Sequence[Delivery]) -> ReleaseStatus:
    """Return the status of a release that needs nothing more."""
    called_off = sum(delivery.state is DeliveryState.CANCELED for delivery in deliveries)
    if deliveries and called_off == len(deliveries):
        return ReleaseStatus.because(ReleaseState.KILLED, Cause.CANCELED, blocked=True)
    if called_off:
        return ReleaseStatus.because(ReleaseState.PUBLISHED, Cause.PARTLY_CANCELED)
    return ReleaseStatus(ReleaseState.PUBLISHED)


def _armed(dossier: Dossier, now: datetime) -> ReleaseStatus:
    """Return the status of an approved release whose event nobody has lifted yet; nothing of it leaves."""
    embargo = dossier.release.embargo
    if embargo.no_later_than is not None and now >= embargo.no_later_than:
        by = say_full(embargo.no_later_than, timezone=embargo.timezone)
        return ReleaseStatus.because(
            ReleaseState.NEEDS_YOU, Cause.EVENT_OVERDUE, blocked=True, event=embargo.text, by=by
        )
    if dossier.clearances and (uncleared := _uncleared(dossier, now)):
        return uncleared._replace(state=ReleaseState.ARMED, blocked=True)
    return ReleaseStatus.because(ReleaseState.ARMED, Cause.WAITS_FOR_EVENT, blocked=True, event=embargo.text)


def _uncleared(dossier: Dossier, now: datetime) -> ReleaseStatus | None:
    """Which clearances are not given; None if all are, or nobody can give the others yet.

    It is blocked once the lift has come, and at any time by a refusal.
    """
    from pressrelease.status.clearances import ClearanceState, asked_for, who_words, why_open

    release = dossier.release
    moment = max(release.lift or now, now)
    left = asked_for(dossier.clearances, moment, now)
    if not left:
        return None
    first = left[0].state(moment)
    cause = {
        ClearanceState.REFUSED: Cause.CLEARANCE_REFUSED,
        ClearanceState.EXPIRED: Cause.CLEARANCE_EXPIRED,
    }.get(first, Cause.CLEARANCE_MISSING)
    blocked = cause is Cause.CLEARANCE_REFUSED or moment == now
    return ReleaseStatus.because(
        ReleaseState.NEEDS_YOU if blocked else ReleaseState.SCHEDULED,
        cause,
        blocked=blocked,
        open="; ".join(why_open(one, moment, timezone=release.embargo.timezone) for one in left),
        who=who_words(left),
        until="; nothing goes out until then" if blocked else "",
    )


def _stuck(deliveries: Sequence[Delivery]) -> ReleaseStatus | None:
    """Return the status by deliveries that only a person can decide about; None if there are none."""
    stuck = [delivery for delivery in deliveries if delivery.needs_person]
    if not stuck:
        return None
    # What may have arrived comes first: it is settled before anything is sent again.
    first = next((one for one in stuck if one.state is DeliveryState.IN_DOUBT), stuck[0])
    where = first.outlet + (f" ({first.recipient})" if first.recipient else "")
    more = f", and {len(stuck) - 1} more" if len(stuck) > 1 else ""
    return ReleaseStatus.because(
        ReleaseState.NEEDS_YOU,
        Cause.IN_DOUBT if first.state is DeliveryState.IN_DOUBT else Cause.FAILED,
        outlets=dict.fromkeys(one.outlet for one in stuck if one.state is first.state),
        where=where,
        error=first.error or first.state.sentence,
        more=more,
    )


def _stopper(
    dossier: Dossier,
    still_open: Sequence[Delivery],
    policy: Policy,
    retry: Retry,
    known_outlets: Collection[str],
    now: datetime,
    clock_doubt: str | None,
) -> ReleaseStatus | None:
    """Return why nothing of a release may leave until somebody has looked; None if nothing stops it."""
    release = dossier.release
    if dossier.disagrees:
        return _blocked(Cause.RECORD_DISAGREES, difference=dossier.disagrees)
    if dossier.file is FileFact.CHANGED:
        return _blocked(Cause.FILE_CHANGED)
    if dossier.file is FileFact.GONE:
        return _blocked(Cause.FILE_MISSING)
    if dossier.changed:
        way_out = "the old value is back" if dossier.begun or release.n > 1 else "it is scheduled again"
        return _blocked(Cause.CONFIG_CHANGED, change=dossier.changed, way_out=way_out)
    if dossier.ruling and dossier.ruling.blocked:
        return _blocked(Cause.ZONE_RULES_ASK, ruling=dossier.ruling.words)
    lifted = release.lift is not None and release.lift <= now
    if lifted and clock_doubt:
        return _blocked(Cause.CLOCK_IN_DOUBT, doubt=clock_doubt)
    going = [delivery for delivery in still_open if delivery.outlet in known_outlets]
    if any(too_late(delivery, release, policy=policy, retry=retry, now=now) for delivery in going):
        assert release.lift is not None  # noqa: S101  (too_late says False without one)
        return _blocked(Cause.MISSED, late=_hours(now - release.lift))
    return None


def _blocked(cause: Cause, **facts: str) -> ReleaseStatus:
    return ReleaseStatus.because(ReleaseState.NEEDS_YOU, cause, blocked=True, **facts)


def _hours(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"
