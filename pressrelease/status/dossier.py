"""All that is known of one scheduled release: the values that its status is decided from. Pure."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.when.embargo import Embargo

if TYPE_CHECKING:
    from pressrelease.status.clearances import Clearance
    from pressrelease.when.wall_time import ZoneCheck


class Directive(str, Enum):
    """A person's last decision about a release, as it is stored. The state follows from it and the facts."""

    SCHEDULED = "scheduled"
    HELD = "held"
    KILLED = "killed"
    DISMISSED = "dismissed"


class FileFact(str, Enum):
    """What has become of the release's file since its version was frozen."""

    SAME = "same"
    CHANGED = "changed"
    GONE = "gone"


class Approval(NamedTuple):
    """One person's yes to exactly one version; `at` is UTC.

    `signature` is their SSH key's, "" without one; `doubt` says why the yes does not count, "" if it may. `key` is
    the fingerprint of the key that made the signature, "" if that was not asked.
    """

    by: str
    at: datetime
    signature: str = ""
    doubt: str = ""
    key: str = ""


class Scheduled(NamedTuple):
    """A release as scheduled: one frozen version and a person's last command about it. Times are aware UTC.

    `lift` is None while an `immediate` release still waits for its approvals: it lifts when the last one is
    given. `late_accepted_at` is when a person last allowed it to go out late: `max_late` then counts from there, not
    from its lift. `wall` is the lift as wall time, "" if an instant was meant; `zones` is the release of the zone
    database that the lift was last calculated with, "" if unknown. `scheduled_by` is the person who fixed this
    version and its lift. `n` is 1 for the original, and one more for each correction; `note` is the public note
    of the newest correction or of the withdrawal, "" for neither.
    """

    slug: str
    version: str
    headline: str
    embargo: Embargo
    lift: datetime | None
    outlets: tuple[str, ...]
    author: str
    source_hash: str
    word: Directive
    word_by: str
    word_at: datetime
    why: str = ""
    late_accepted_at: datetime | None = None
    wall: str = ""
    zones: str = ""
    scheduled_by: str = ""
    event_group: str = ""
    n: int = 1
    note: str = ""

    @property
    def waits_for_event(self) -> bool:
        """Whether it goes out only when a person says that its event has happened, and nobody has yet."""
        return self.lift is None and bool(self.event_group)

    @property
    def has_followers(self) -> bool:
        """Whether deliveries of more than one version or action belong to it."""
        return self.n > 1 or self.word is Directive.KILLED

    def is_current(self, delivery: Delivery) -> bool:
        """Return whether a delivery is its recipient's last: of this version or, if it is killed, a withdrawal."""
        if delivery.n != self.n or delivery.version != self.version:
            return False
        return delivery.withdraws is (self.word is Directive.KILLED)

    @property
    def makers(self) -> frozenset[str]:
        """Who wrote it and who scheduled it, as names are compared: their own approval may not count."""
        return frozenset(same_person(name) for name in (self.author, self.scheduled_by) if name)


class Terms(NamedTuple):
    """When a version was frozen (UTC), and the SHA-256 of what config.toml added to it then, "" if it was not kept."""

    settings: str
    frozen_at: datetime


class ListChange(NamedTuple):
    """How many joined and left an outlet's list of recipients since a release was scheduled."""

    outlet: str
    joined: int
    left: int


class PastVersion(NamedTuple):
    """A version that another one followed, or is to follow; `note` is its public note, `lift` is UTC."""

    n: int
    version: str
    note: str
    lift: datetime | None
    approvals: tuple[Approval, ...] = ()


class Dossier(NamedTuple):
    """All that is known of one scheduled release.

    `ruling` is what the zone rules of this machine make of its lift, None if they have nothing to say. `changed`
    says which key of config.toml differs from what was frozen with the version, "" if none that matters does; `lists`
    has the lists that were edited since, where a person looks. `disagrees` says in what the record of it differs from
    the journal, "" if they agree. `clearances` are those that its version needs, as config.toml has them now.

    `deliveries` are those of its newest version or, once it is withdrawn, the withdrawals; `earlier` are the others.
    `history` has the versions before, oldest first, where a person looks.
    """

    release: Scheduled
    approvals: tuple[Approval, ...]
    deliveries: tuple[Delivery, ...]
    file: FileFact = FileFact.SAME
    ruling: "ZoneCheck | None" = None
    terms: Terms | None = None
    changed: str = ""
    lists: tuple[ListChange, ...] = ()
    disagrees: str = ""
    clearances: "tuple[Clearance, ...]" = ()
    earlier: tuple[Delivery, ...] = ()
    history: tuple[PastVersion, ...] = ()

    @property
    def begun(self) -> bool:
        """Whether any delivery has ever been claimed."""
        return any(delivery.attempts for delivery in self.deliveries)

    @property
    def shown(self) -> tuple[Delivery, ...]:
        """Its deliveries, or those of its last version if it was killed before anybody had it."""
        of_last = (self.release.n, self.release.version)
        return self.deliveries or tuple(one for one in self.earlier if (one.n, one.version) == of_last)

    def quiet_moments(self) -> dict[tuple[str, str], datetime]:
        """Return, by outlet and recipient, until when something older is under way there (UTC)."""
        found: dict[tuple[str, str], datetime] = {}
        for one in self.earlier:
            until = one.lease_until if one.state is DeliveryState.SENDING else one.quiet_at if one.unanswered else None
            if until is not None:
                place = (one.outlet, one.recipient)
                found[place] = max(until, found.get(place, until))
        return found

    @classmethod
    def of(cls, release: Scheduled, deliveries: Sequence[Delivery], **more: Any) -> Self:
        """Return the dossier of a release with its deliveries, whatever their version if it has followers."""
        if not release.has_followers:
            return cls(release, deliveries=tuple(deliveries), **more)
        current = tuple(filter(release.is_current, deliveries))
        earlier = tuple(one for one in deliveries if not release.is_current(one))
        return cls(release, deliveries=current, earlier=earlier, **more)


def same_person(name: str) -> str:
    """Return a name as it is compared: `JDoe` and ` jdoe` are one person, and give one approval."""
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
