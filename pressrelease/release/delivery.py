"""One release version to one recipient of one outlet: its state, and what may follow.

    waiting ──claim──▶ sending ──▶ delivered
       ▲                 │ │ └───▶ failed      a person: retry ─▶ waiting
       │                 │ └─────▶ retrying ──claim──▶ sending
       │                 └───────▶ in_doubt ──▶ settle: delivered, waiting or canceled
       └── only a delivery whose first byte surely never left comes back by itself

Beside its state a delivery counts the claims that no sure answer has ended (`unanswered`): while there are any, the
recipient may have it, whatever a person decided since. What follows a release to its recipients (a correction, a
withdrawal) is decided by that count.

An `in_doubt` delivery with a `next_try` is at an outlet that recognizes repeats: it is asked again automatically,
with the same key, while that outlet still remembers the first send. If a repeat is refused, the delivery stays in
doubt: a second send that did not arrive proves nothing about the first.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import hashlib
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple, Self

from pressrelease.system.printable import printable

#: How much of an outlet's own text is recorded, in characters.
LONGEST_WORDS = 2000


class DeliveryState(str, Enum):
    """The state of a delivery; each member carries the sentence that a person reads."""

    sentence: str

    def __new__(cls, value: str, sentence: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    WAITING = "waiting", "waiting for its time"
    SENDING = "sending", "being sent now"
    RETRYING = "retrying", "did not go through; will be tried again"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "failed for good; nothing arrived"
    IN_DOUBT = "in_doubt", "it was sent, and no answer says whether it arrived"
    CANCELED = "canceled", "canceled"


#: States in which a delivery needs nothing more from anybody.
SETTLED = frozenset({DeliveryState.DELIVERED, DeliveryState.CANCELED})
#: States in which it may be claimed, once `next_try` has come.
CLAIMABLE = frozenset({DeliveryState.WAITING, DeliveryState.RETRYING, DeliveryState.IN_DOUBT})


class Action(str, Enum):
    """What a delivery does for its recipient; the values are JSON's `action`."""

    PUBLISH = "publish"  # the first that it gets of the release
    ADVANCE = "advance"  # ahead of the lift, under embargo
    CORRECT = "correct"  # a corrected version, to one that has or may have an earlier version
    WITHDRAW = "withdraw"  # the withdrawal of a killed release


class Certainty(str, Enum):
    """What a failure says about whether the text arrived. Whether it may be sent again follows from it alone."""

    NOT_SENT = "not_sent"  # surely nothing arrived, and trying again may help: refused connection, 429, 503
    UNSURE = "unsure"  # it may have arrived: the answer was lost, late, or cut short
    FOR_GOOD = "for_good"  # surely refused, and repeating the same will not help: 400, 401, 404, 5yz


class DeliveryFailed(Exception):
    """An outlet's report that a send did not surely succeed.

    `reason` is for people and contains no secret, no release text, and no URL with credentials. `retry_after` is the
    pause that the outlet asked for (RFC 9110, section 10.2.3), if any. `credentials` means that the login was rejected,
    so every other release would be refused too.
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
    """An outlet's report that a delivery arrived: where it can be seen, and the outlet's own name for it."""

    url: str | None = None
    remote_id: str | None = None


class Earlier(NamedTuple):
    """An earlier delivery of the same release to the same recipient, which arrived or may have arrived.

    `n` is the number of its version, `key` its delivery key. `surely` says that the outlet confirmed it; `delivered_at`
    is aware UTC, and `url` and `remote_id` are its receipt, all None if it didn't.
    """

    n: int
    action: Action
    key: str
    surely: bool
    delivered_at: datetime | None = None
    url: str | None = None
    remote_id: str | None = None


class Repeats(NamedTuple):
    """What an outlet does with a second send with the same key.

    `told_apart`: it recognizes a repeat and makes nothing new of it, for as long as `within` (None: forever).
    `findable`: it has a method `find` (`pressrelease.outlets.Finds`), called before any second send of what may have
    arrived. `settle` is how long a try in doubt is left alone before the outlet is asked again: its server may still
    be working on it.
    """

    told_apart: bool
    within: timedelta | None = None
    findable: bool = False
    settle: timedelta = timedelta(0)

    @property
    def always_told(self) -> bool:
        """Whether what is in doubt is always asked again, whatever the first send did: no log of sends is needed."""
        return self.told_apart and self.within is None

    def still_told(self, first_sent: datetime, now: datetime) -> bool:
        """Return whether a repeat sent at `now` of what first left at `first_sent` would be recognized."""
        return self.told_apart and (self.within is None or now - first_sent < self.within)


class Abilities(NamedTuple):
    """What can be done about a release that an outlet already has.

    `correct`: a corrected version replaces the first one; elsewhere it follows as another message. `withdraw`: this
    program can remove what arrived; elsewhere people must be asked to. `provable`: the outlet shows what it has;
    elsewhere its answer at the moment of sending is the only proof.
    """

    correct: bool = False
    withdraw: bool = False
    provable: bool = False


#: A delivery's identity in any copy of the record: slug, version, outlet, recipient, n, and whether it is a withdrawal.
Place = tuple[str, str, str, str, int, bool]


class Delivery(NamedTuple):
    """One delivery. Every time is an aware UTC datetime.

    `claimed_from` is the state before the last claim: an unsent claim returns to it. `n` numbers the release's
    versions: 1 is the original, each correction has the next. `claims` is the number of the last claim; unlike
    `attempts` it is never counted back. `unanswered` is how many claims no sure answer has ended; from `quiet_at` on,
    what they left can no longer arrive.
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
    n: int = 1
    action: Action = Action.PUBLISH
    claims: int = 0
    unanswered: int = 0
    quiet_at: datetime | None = None

    @property
    def key(self) -> str:
        """The delivery's key, the same on every try, so that an outlet can recognize a repeat.

        32 hex digits, no secret.
        """
        return delivery_key(self.slug, self.version, self.outlet, self.recipient, self.n, self.action)

    @property
    def place(self) -> Place:
        """Its identity in any copy of the record, whatever its number there."""
        return self.slug, self.version, self.outlet, self.recipient, self.n, self.withdraws

    @property
    def withdraws(self) -> bool:
        """Whether it takes the release back."""
        return self.action is Action.WITHDRAW

    @property
    def has_it(self) -> bool:
        """Whether its recipient has it, or may have it."""
        return self.state is DeliveryState.DELIVERED or self.unanswered > 0

    @property
    def needs_person(self) -> bool:
        """Whether it failed for good, or is in doubt at an outlet that can't (or no longer can) recognize a repeat."""
        return self.state is DeliveryState.FAILED or (self.state is DeliveryState.IN_DOUBT and self.next_try is None)

    @property
    def is_open(self) -> bool:
        """Whether the program still has something to do for it."""
        return self.state not in SETTLED and not self.needs_person

    @property
    def late(self) -> timedelta | None:
        """How long after its lift it was delivered; None until it is delivered, and for a withdrawal."""
        if self.delivered_at is None or self.lift is None or self.withdraws:
            return None
        return self.delivered_at - self.lift

    def delivered(self, receipt: Receipt, now: datetime) -> Self:
        """Return the delivery after the outlet accepted it."""
        return self._replace(
            state=DeliveryState.DELIVERED,
            delivered_at=now,
            url=_kept(receipt.url),
            remote_id=_kept(receipt.remote_id),
            error=None,
            next_try=None,
            owner=None,
            lease_until=None,
            unanswered=max(0, self.unanswered - 1),
        )

    @property
    def may_have_arrived(self) -> bool:
        """Whether an earlier try of a claimed delivery is in doubt and not settled by a person."""
        return self.claimed_from is DeliveryState.IN_DOUBT

    def failed(self, failure: DeliveryFailed, *, next_try: datetime | None) -> Self:
        """Return the delivery after a failure; `next_try` is None if nothing follows automatically."""
        if failure.certainty is Certainty.UNSURE or self.may_have_arrived:
            state = DeliveryState.IN_DOUBT
        elif failure.certainty is Certainty.FOR_GOOD or next_try is None:
            state = DeliveryState.FAILED
        else:
            state = DeliveryState.RETRYING
        sure = failure.certainty is not Certainty.UNSURE
        return self._replace(
            state=state,
            error=_kept(failure.reason),
            next_try=next_try,
            owner=None,
            lease_until=None,
            unanswered=max(0, self.unanswered - sure),
        )


def _kept(text: str | None) -> str | None:
    """Return an outlet's text as it is recorded: printable and short."""
    return None if text is None else printable(text)[:LONGEST_WORDS]


def delivery_key(
    slug: str, version: str, outlet: str, recipient: str, n: int = 1, action: Action = Action.PUBLISH
) -> str:
    """Return a delivery's identity, 32 hex digits of SHA-256; injective, because no part contains a newline.

    The first publication's has no number and no action: keys that outlets know from before there were corrections hold.
    """
    parts = [slug, version, outlet, recipient]
    if (n, action) != (1, Action.PUBLISH):
        parts += [str(n), action.value]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
