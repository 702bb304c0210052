"""The status of a release that was killed: how far it has been taken back, and what keeps it from some. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.status.causes import Cause
from pressrelease.status.dossier import Dossier
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus, closed_words
from pressrelease.when.formatting import say_time

#: The state of a withdrawal, as a person reads it.
SENTENCES = {
    DeliveryState.WAITING: "withdrawal due",
    DeliveryState.SENDING: "withdrawal being sent now",
    DeliveryState.RETRYING: "withdrawal did not go through; will be tried again",
    DeliveryState.DELIVERED: "withdrawn",
    DeliveryState.FAILED: "WITHDRAWAL FAILED for good",
    DeliveryState.IN_DOUBT: "the withdrawal was sent, and no answer says whether it arrived",
    DeliveryState.CANCELED: "nothing to withdraw",
}


def withdrawn(
    dossier: Dossier, *, known_outlets: Collection[str], closed: Mapping[str, str], now: datetime
) -> ReleaseStatus:
    """Return the status of a killed release at `now`: what needs a person first, then what is under way.

    `closed` are the outlets that refuse our credentials, each with its words.
    """
    left = [one for one in dossier.deliveries if one.withdraws and (one.is_open or one.needs_person)]
    shut = sorted({one.outlet for one in left if one.state is not DeliveryState.IN_DOUBT or one.is_open} & set(closed))
    stuck = [one for one in left if one.needs_person and one.outlet not in shut]
    if stuck:
        # What may have arrived comes first, as with a release that goes out.
        first = next((one for one in stuck if one.state is DeliveryState.IN_DOUBT), stuck[0])
        return _because(
            Cause.WITHDRAWAL_IN_DOUBT if first.state is DeliveryState.IN_DOUBT else Cause.WITHDRAWAL_FAILED,
            outlets=list(dict.fromkeys(one.outlet for one in stuck if one.state is first.state)),
            where=first.outlet + (f" ({first.recipient})" if first.recipient else ""),
            error=first.error or first.state.sentence,
            more=f", and {len(stuck) - 1} more" if len(stuck) > 1 else "",
        )
    if shut:
        refusals = "; ".join(closed_words(outlet, closed[outlet]) for outlet in shut)
        return _because(Cause.WITHDRAWAL_OUTLET_CLOSED, outlets=shut, refusals=refusals)
    if unknown := sorted({one.outlet for one in left} - set(known_outlets)):
        return _because(Cause.WITHDRAWAL_OUTLET_UNKNOWN, outlets=unknown, names=", ".join(unknown))
    if left:
        outlets = list(dict.fromkeys(one.outlet for one in left))
        progress = "; ".join(_progress(dossier, outlet, now) for outlet in outlets)
        return _because(Cause.WITHDRAWING, outlets=outlets, progress=progress)
    return _because(Cause.KILLED, outlets=(), why=dossier.release.why)


def _because(cause: Cause, *, outlets: Sequence[str], **facts: str) -> ReleaseStatus:
    return ReleaseStatus.because(ReleaseState.KILLED, cause, blocked=True, outlets=outlets, **facts)


def _progress(dossier: Dossier, outlet: str, now: datetime) -> str:
    """Return from how many of an outlet's recipients it was withdrawn, what keeps it from others, and the next try."""
    there = [one for one in dossier.deliveries if one.outlet == outlet]
    left = [one for one in there if one.is_open]
    words = [f"{outlet}: {counted(there)}", next((one.error for one in left if one.error), "")]
    next_try = min((one.next_try for one in left if one.next_try and one.next_try > now), default=None)
    if next_try is not None:
        words.append(f"next try {say_time(next_try, timezone=dossier.release.embargo.timezone)}")
    return "; ".join(word for word in words if word)


def counted(withdrawals: Sequence[Delivery]) -> str:
    """Return from how many recipients of an outlet a release was withdrawn, of those who have it or may have it."""
    due = [one for one in withdrawals if one.state is not DeliveryState.CANCELED]
    if not due:
        return "nothing to withdraw"
    done = sum(one.state is DeliveryState.DELIVERED for one in due)
    if len(withdrawals) == 1:
        return "withdrawn" if done else "not withdrawn yet"
    return f"withdrawn from {done:,} of {len(due):,}"
