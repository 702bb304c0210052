"""What is known, as rows for people and as the JSON of the contract. Pure."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from pressrelease.config import Policy
from pressrelease.release.delivery import Action, Delivery, DeliveryState
from pressrelease.status.causes import ADVICE, UNCLEARED, Cause, command_for
from pressrelease.status.dossier import Dossier, ListChange, PastVersion, same_person
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus
from pressrelease.when import Embargo, embargo_as_json, rfc3339, say_full
from pressrelease.when.formatting import say_distance, say_short

if TYPE_CHECKING:
    from pressrelease.status.clearances import Clearance

#: How old a sign of life may be before a scheduler counts as gone: one that stays up, and one that cron calls.
STAYS_UP = timedelta(seconds=45)
CALLED_BY_CRON = timedelta(minutes=6)

#: How long passes must have come one after another before another is expected: cron's shortest interval, nearly.
COMES_AGAIN = timedelta(seconds=50)


class SchedulerSign(NamedTuple):
    """The newest sign of life of any scheduler; `alive` is judged at the time of looking. Times are UTC.

    `alive` means that somebody will come again: one pass alone shows nothing, and `once` is True for it.
    """

    alive: bool
    last_seen: datetime | None = None
    host: str | None = None
    kind: str = ""
    once: bool = False


class Row(NamedTuple):
    """One release for `status`: a draft has no dossier."""

    slug: str
    headline: str
    status: ReleaseStatus
    embargo: Embargo | None
    dossier: Dossier | None = None

    @property
    def lift(self) -> datetime | None:
        """The fixed lift in UTC; None for a draft, and while `immediate` waits for its approvals."""
        return self.dossier.release.lift if self.dossier else None


def release_json(row: Row, *, now: datetime) -> dict[str, Any]:
    """One element of `status --json`'s `releases`."""
    dossier = row.dossier
    return {
        "slug": row.slug,
        "headline": row.headline,
        "state": row.status.state.value,
        "reason": row.status.reason or None,
        "cause": row.status.cause.value if row.status.cause else None,
        "version": dossier.release.version if dossier else None,
        "embargo": embargo_as_json(row.embargo, now=now) if row.embargo else None,
        "lift": maybe_rfc3339(row.lift),
        "approvals": [
            {"by": approval.by, "at": rfc3339(approval.at)} for approval in (dossier.approvals if dossier else ())
        ],
        "clearances": [clearance_json(one, now=now) for one in (dossier.clearances if dossier else ())],
        "deliveries": [delivery_json(delivery) for delivery in (_of_newest(dossier) if dossier else ())],
        "versions": versions_json(dossier, row.status) if dossier else [],
        "lists_edited": [change._asdict() for change in (dossier.lists if dossier else ())],
    }


def _of_newest(dossier: Dossier) -> list[Delivery]:
    """Return the deliveries of a release's newest version, its withdrawals last."""
    of_last = (dossier.release.n, dossier.release.version)
    return [*(one for one in dossier.earlier if (one.n, one.version) == of_last), *dossier.deliveries]


def versions_json(dossier: Dossier, status: ReleaseStatus) -> list[dict[str, Any]]:
    """Every version of a release that is out or is to go out, newest last, each with all its deliveries."""
    release = dossier.release
    everything = sorted((*dossier.earlier, *dossier.deliveries), key=lambda one: one.id)
    by_version: dict[tuple[int, str], list[Delivery]] = {}
    for each in everything:
        by_version.setdefault((each.n, each.version), []).append(each)
    newest = PastVersion(release.n, release.version, release.note, release.lift, dossier.approvals)
    return [
        {
            "n": one.n,
            "version": one.version,
            "kind": "original" if one.n == 1 else "correction",
            "note": one.note or None,
            "state": status.state.value if one.n == release.n else past_state(everything, one.n).value,
            "lift": maybe_rfc3339(one.lift),
            "approvals": [{"by": approval.by, "at": rfc3339(approval.at)} for approval in one.approvals],
            "deliveries": [
                delivery_json(each) for each in everything if (each.n, each.version) == (one.n, one.version)
            ],
        }
        for one in (*dossier.history, newest)
    ]


def past_state(deliveries: Sequence[Delivery], n: int) -> ReleaseState:
    """Return the state of a version that another one follows: whether anybody got it."""
    return ReleaseState.PUBLISHED if any(one.n == n and one.has_it for one in deliveries) else ReleaseState.KILLED


def clearance_json(clearance: "Clearance", *, now: datetime) -> dict[str, Any]:
    """One element of a release's `clearances`."""
    return {
        "name": clearance.name,
        "state": clearance.state(now).value,
        "by": clearance.by or None,
        "at": maybe_rfc3339(clearance.at),
        "until": maybe_rfc3339(clearance.until),
    }


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """One element of a release's `deliveries`."""
    late = delivery.late
    return {
        "outlet": delivery.outlet,
        "recipient": delivery.recipient or None,
        "key": delivery.key,
        "action": delivery.action.value,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "delivered_at": maybe_rfc3339(delivery.delivered_at),
        "late_ms": None if late is None else round(late.total_seconds() * 1000),
        "url": delivery.url,
        "remote_id": delivery.remote_id,
        "error": delivery.error,
        "next_try": maybe_rfc3339(delivery.next_try),
    }


def status_json(rows: Sequence[Row], *, now: datetime, stopped: bool, scheduler: SchedulerSign) -> dict[str, Any]:
    """The whole of `status --json`."""
    return {
        "at": rfc3339(now),
        "stopped": stopped,
        "scheduler": {
            "alive": scheduler.alive,
            "last_seen": maybe_rfc3339(scheduler.last_seen),
            "host": scheduler.host,
        },
        "releases": [release_json(row, now=now) for row in rows],
    }


def maybe_rfc3339(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC, None for None."""
    return None if moment is None else rfc3339(moment)


def when_words(row: Row, *, timezone: str, now: datetime, short: bool = False) -> str:
    """Return when a release goes out, or went out, in words; `short` for a column of a table."""
    if row.lift is not None and short:
        return f"{say_short(row.lift, timezone=timezone, now=now)} ({say_distance(row.lift, now)})"
    if row.lift is not None:
        return say_full(row.lift, timezone=timezone, now=now)
    if row.dossier is not None:
        return row.dossier.release.embargo.text if row.dossier.release.waits_for_event else "as soon as it is approved"
    return row.embargo.text if row.embargo else "no date yet"


def goes_out_words(row: Row, *, timezone: str, now: datetime) -> str:
    """Return the sentence that says when a release goes out, for one that is scheduled; "" for any other."""
    if row.dossier is None or row.status.state not in _AHEAD:
        return ""
    when = when_words(row, timezone=timezone, now=now)
    if row.lift is not None and row.lift <= now:
        return f"Was to go out {when}."
    if row.status.cause in UNCLEARED and not row.status.blocked:
        return f"Goes out {when}, if it is cleared by then."
    if row.status.state is ReleaseState.UNAPPROVED:
        return f"Goes out {when}" + (", if it is approved by then." if row.lift is not None else ".")
    return f"Goes out {when}." if row.status.state is ReleaseState.SCHEDULED else f"Planned for {when}."


def where_words(deliveries: Sequence[Delivery]) -> list[str]:
    """Return how far a release has come, outlet by outlet: one line each, recipients counted."""
    by_outlet: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        by_outlet.setdefault(delivery.outlet, []).append(delivery)
    return [f"{outlet}: {_counted(group)}" for outlet, group in by_outlet.items()]


def state_sentence(delivery: Delivery) -> str:
    """Return the state of a delivery in words; a withdrawal and a correction are named as such."""
    if delivery.withdraws:
        from pressrelease.status.withdrawals import SENTENCES  # only if something was withdrawn

        return SENTENCES[delivery.state]
    return f"{'correction: ' if delivery.action is Action.CORRECT else ''}{delivery.state.sentence}"


def list_words(changes: Sequence[ListChange]) -> list[str]:
    """What is said of lists that were edited since a release was scheduled: one line each, and nobody's address."""
    return [
        f"{one.outlet}: {one.joined} people were added to its list and {one.left} removed since this was scheduled;"
        " it goes to the list as it was then"
        for one in changes
    ]


def to_clear_words(row: Row, *, timezone: str, now: datetime) -> list[str]:
    """The clearances that a release will lack at its lift and that nobody can give yet; its status says the others."""
    if row.dossier is None or not row.dossier.clearances:
        return []
    from pressrelease.status.clearances import open_at

    moment = max(row.lift or now, now)
    return [
        f"{one.name} must still be cleared, after {say_short(one.useful_from(moment), timezone=timezone, now=now)}"
        f" ({' or '.join(one.rule.by)})"
        for one in open_at(row.dossier.clearances, moment)
        if one.rule and one.useful_from(moment) > now
    ]


def _counted(group: Sequence[Delivery]) -> str:
    if group[0].withdraws:
        from pressrelease.status.withdrawals import counted  # only if something was withdrawn

        return counted(group)
    if len(group) == 1:
        delivery = group[0]
        words = _WORDS[delivery.state]
        if delivery.state is DeliveryState.DELIVERED and delivery.late is not None:
            return f"{words}, {late_words(delivery.late)}"
        return f"{words} ({delivery.error})" if delivery.error else words
    counts = {state: sum(1 for delivery in group if delivery.state is state) for state in DeliveryState}
    return ", ".join(f"{count} {_WORDS[state]}" for state, count in counts.items() if count)


_WORDS = {
    DeliveryState.WAITING: "waiting",
    DeliveryState.SENDING: "going out now",
    DeliveryState.RETRYING: "will be tried again",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.FAILED: "FAILED",
    DeliveryState.IN_DOUBT: "NOT SURE IT ARRIVED",
    DeliveryState.CANCELED: "canceled",
}

#: What each state is called at a terminal: words carry the meaning, colour only repeats it.
STATE_WORDS = {
    ReleaseState.DRAFT: "draft",
    ReleaseState.UNAPPROVED: "NOT APPROVED",
    ReleaseState.ARMED: "ARMED",
    ReleaseState.SCHEDULED: "approved",
    ReleaseState.HELD: "ON HOLD",
    ReleaseState.PUBLISHING: "going out",
    ReleaseState.PUBLISHED: "published",
    ReleaseState.NEEDS_YOU: "ACTION NEEDED",
    ReleaseState.KILLED: "WITHDRAWN",
}

#: The states of a release that has not gone out yet.
_AHEAD = frozenset({ReleaseState.UNAPPROVED, ReleaseState.SCHEDULED, ReleaseState.HELD, ReleaseState.NEEDS_YOU})


def status_words(status: ReleaseStatus) -> str:
    """Return what a state is called at a terminal; what is due with nobody to send it is not "going out"."""
    by_cause = ADVICE[status.cause].label if status.cause is not None else ""
    return by_cause or STATE_WORDS[status.state]


def late_words(late: timedelta) -> str:
    """Return how long after its time a delivery arrived, in seconds as long as that is less than a minute."""
    seconds = late.total_seconds()
    if seconds < 0.05:
        return "on time"
    if seconds < 59.95:
        return f"{seconds:.1f} s after its time"
    return f"{seconds / 60:.0f} min late"


def next_command(row: Row) -> str:
    """The command to run next for a release that waits for a person; "" if it waits for nobody."""
    status = row.status
    if status.cause is None:
        return f"pressrelease schedule {row.slug}" if status.state is ReleaseState.DRAFT else ""
    begun = row.dossier is not None and (row.dossier.begun or row.dossier.release.n > 1)
    return command_for(status.cause, row.slug, outlets=status.outlets, begun=begun)


def approver_words(row: Row, policy: Policy) -> str:
    """Return the sentence that says who may approve a release that waits for it; "" if anybody may."""
    if row.status.cause is not Cause.APPROVAL_MISSING or row.dossier is None:
        return ""
    makers = row.dossier.release.makers
    given = {same_person(one.by) for one in row.dossier.approvals if not one.doubt}
    barred = given | (frozenset() if policy.author_may_approve else makers)
    if policy.approvers:
        left = [name for name in policy.approvers if same_person(name) not in barred]
        return f"Only {' or '.join(left)} may approve it." if left else "Nobody is left who may approve it."
    return "" if policy.author_may_approve else f"Anyone but {' and '.join(sorted(makers))} may approve it."
