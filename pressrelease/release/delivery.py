"""One release, at one version, to one recipient of one outlet: where it stands, and what may follow.

    waiting ──claim──▶ sending ──▶ delivered
       ▲                 │ │ └───▶ failed      a person: retry ─▶ waiting
       │                 │ └─────▶ retrying ──claim──▶ sending
       │                 └───────▶ in_doubt ──▶ settle: delivered, waiting or canceled
       └── only a delivery whose first byte surely never left comes back by itself

An `in_doubt` delivery with a `next_try` is at an outlet that can tell a repeat from a first time: it is
asked again by itself, with the same key, while that outlet still remembers the first. Whatever such a repeat
is refused with, the doubt stays: that nothing arrived this time says nothing of the first.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from pressrelease.system.printable import printable

#: How much of an outlet's own words is recorded, in characters.
LONGEST_WORDS = 2000


class DeliveryState(str, Enum):
    """Where a delivery stands; each member carries the sentence that a person reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> DeliveryState:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    WAITING = "waiting", "waiting for its lift"
    SENDING = "sending", "being sent now"
    RETRYING = "retrying", "did not go through; will be tried again"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "failed for good; nothing arrived"
    IN_DOUBT = "in_doubt", "it left, and no answer says whether it arrived"
    CANCELED = "canceled", "called off"


#: States in which a delivery asks nothing more of anybody.
SETTLED = frozenset({DeliveryState.DELIVERED, DeliveryState.CANCELED})
#: States in which it may be claimed, once `next_try` has come.
CLAIMABLE = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT})


class Certainty(str, Enum):
    """What a failure says about whether the text arrived; the whole of "may it be sent again" follows from it."""

    NOT_SENT = "not_sent"  # surely nothing arrived, and trying again may help: refused connection, 429, 503
    UNSURE = "unsure"  # it may have arrived: the answer was lost, late, or cut short
    FOR_GOOD = "for_good"  # surely refused, and repeating the same will not help: 400, 401, 404, 5yz


class DeliveryFailed(Exception):
    """An outlet's word that a send did not surely succeed.

    `reason` is for people and holds no secret, no release text, and no URL with credentials.
    `retry_after` is the outlet's own wish (RFC 9110, section 10.2.3), where it gave one. `credentials` says that
    it is this program that is refused, and so every other release would be too.
    """

    def __init__(
        self,
        certainty: Certainty,
        reason: str,
        *,
        retry_after: timedelta | None = None,
        credentials: bool = False,
    ) -> None:
        super().__init__(reason)
        self.certainty = certainty
        self.reason = reason
        self.retry_after = retry_after
        self.credentials = credentials


class Receipt(NamedTuple):
    """An outlet's word that a delivery arrived: where it can be seen, and the outlet's own name for it."""

    url: str | None = None
    remote_id: str | None = None


class Repeats(NamedTuple):
    """What an outlet makes of a second send with the same key.

    `told_apart`: it recognizes a repeat and makes nothing new of it, for as long as `within` (None: forever).
    `findable`: it has a method `find` (`pressrelease.outlets.Finds`), called before any second send of what may have
    arrived. `settle` is how long a doubtful try is left alone before the outlet is asked again: its server may still
    be at it.
    """

    told_apart: bool
    within: timedelta | None = None
    findable: bool = False
    settle: timedelta = timedelta(0)

    def still_told(self, first_sent: datetime, now: datetime) -> bool:
        """Whether a repeat sent at `now` of what first left at `first_sent` would be recognised."""
        return self.told_apart and (self.within is None or now - first_sent < self.within)


class Abilities(NamedTuple):
    """What can be done about a release that an outlet has already.

    `correct`: a corrected version takes the first one's place; elsewhere it follows as another message.
    `withdraw`: this program can take away what arrived; elsewhere people must be asked to.
    `provable`: the outlet shows what it has; elsewhere its word at the moment of sending is all there is.
    """

    correct: bool = False
    withdraw: bool = False
    provable: bool = False


class Delivery(NamedTuple):
    """A delivery as the store keeps it. Every time is an aware UTC datetime.

    `claimed_from` is the state that the last claim found: where an unsent claim is given back to.
    """

    id: int
    slug: str
    version: str
    outlet: str
    recipient: str
    state: DeliveryState
    lift: datetime | None = None
    attempts: int = 0
    claimed_from: DeliveryState | None = None
    owner: str | None = None
    lease_until: datetime | None = None
    next_try: datetime | None = None
    first_sent_at: datetime | None = None
    delivered_at: datetime | None = None
    url: str | None = None
    remote_id: str | None = None
    error: str | None = None

    @property
    def key(self) -> str:
        """The same on every try: what an outlet may use to tell a repeat. 32 hex digits, no secret in it."""
        return delivery_key(self.slug, self.version, self.outlet, self.recipient)

    @property
    def needs_person(self) -> bool:
        """Failed for good, or in doubt at an outlet that can't (or no longer can) tell a repeat."""
        return self.state is DeliveryState.FAILED or (self.state is DeliveryState.IN_DOUBT and self.next_try is None)

    @property
    def is_open(self) -> bool:
        """Whether the program itself still has something to do for it."""
        return self.state not in SETTLED and not self.needs_person

    @property
    def late(self) -> timedelta | None:
        """How long after its lift it was delivered, or None before that."""
        if self.delivered_at is None or self.lift is None:
            return None
        return self.delivered_at - self.lift

    def delivered(self, receipt: Receipt, now: datetime) -> Delivery:
        """After the outlet said yes."""
        return self._replace(
            state=DeliveryState.DELIVERED,
            delivered_at=now,
            url=_kept(receipt.url),
            remote_id=_kept(receipt.remote_id),
            error=None,
            next_try=None,
            owner=None,
            lease_until=None,
        )

    @property
    def may_have_arrived(self) -> bool:
        """Whether an earlier try of a claimed delivery left a doubt that no person has settled."""
        return self.claimed_from is DeliveryState.IN_DOUBT

    def failed(self, failure: DeliveryFailed, *, next_try: datetime | None) -> Delivery:
        """After the outlet said no, or said nothing; `next_try` is None where nothing follows by itself."""
        if failure.certainty is Certainty.UNSURE or self.may_have_arrived:
            state = DeliveryState.IN_DOUBT
        elif failure.certainty is Certainty.FOR_GOOD or next_try is None:
            state = DeliveryState.FAILED
        else:
            state = DeliveryState.RETRYING
        return self._replace(state=state, error=_kept(failure.reason), next_try=next_try, owner=None, lease_until=None)


def _kept(text: str | None) -> str | None:
    """An outlet's words as they are recorded: whatever it answered, that it answered must be writable."""
    return None if text is None else printable(text)[:LONGEST_WORDS]


def delivery_key(slug: str, version: str, outlet: str, recipient: str) -> str:
    """The identity of one delivery, as 32 hex digits of SHA-256; injective, since no part holds a newline."""
    return hashlib.sha256("\n".join((slug, version, outlet, recipient)).encode()).hexdigest()[:32]
