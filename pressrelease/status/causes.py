"""Why a release waits, fails or is over, as stable codes, and what follows from each. Pure.

A cause is decided once, in `evaluation`. The text, the next command, the exit code and the notification follow from it
by `ADVICE`. Nothing decides by the words of a sentence. A new cause needs a member and its row, and nothing else.
"""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Sequence
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple, Self

from pressrelease.errors import NeedsPerson, PressReleaseError, Refused, WillRetry


class Cause(str, Enum):
    """Why a release is where it is; the value is `cause` in `status --json` (CONTRACT section 5)."""

    # A draft that can't be scheduled as it is.
    FILE_UNREADABLE = "file_unreadable"
    EMBARGO_REFUSED = "embargo_refused"
    CHECK_REFUSED = "check_refused"

    # Scheduled, and nothing of it may leave.
    HELD = "held"
    RECORD_DISAGREES = "record_disagrees"  # the database says other than the journal
    APPROVAL_MISSING = "approval_missing"
    CLEARANCE_MISSING = "clearance_missing"
    CLEARANCE_EXPIRED = "clearance_expired"
    CLEARANCE_REFUSED = "clearance_refused"
    WAITS_FOR_EVENT = "waits_for_event"
    EVENT_OVERDUE = "event_overdue"  # `no_later_than` has passed
    FILE_CHANGED = "file_changed"
    FILE_MISSING = "file_missing"
    CONFIG_CHANGED = "config_changed"  # a key that the approval covers
    CLOCK_IN_DOUBT = "clock_in_doubt"
    ZONE_RULES_ASK = "zone_rules_ask"  # the hour that was approved is no longer one instant
    MISSED = "missed"  # later than max_late

    # Scheduled, and some of it can't leave or didn't arrive.
    OUTLET_UNKNOWN = "outlet_unknown"
    OUTLET_CLOSED = "outlet_closed"  # it refuses the credentials
    IN_DOUBT = "in_doubt"
    FAILED = "failed"

    # Going out, and some of it does not get through; it is tried again by itself.
    RETRYING = "retrying"
    DELAYED = "delayed"  # minutes after its lift

    # Due, and no scheduler is alive; `listing` finds it, since a release's own record can't tell.
    NO_SCHEDULER = "no_scheduler"

    # Killed, and not taken back everywhere yet; the state stays `killed`.
    WITHDRAWING = "withdrawing"
    WITHDRAWAL_IN_DOUBT = "withdrawal_in_doubt"
    WITHDRAWAL_FAILED = "withdrawal_failed"
    WITHDRAWAL_OUTLET_CLOSED = "withdrawal_outlet_closed"
    WITHDRAWAL_OUTLET_UNKNOWN = "withdrawal_outlet_unknown"

    # Worth saying; nobody has to do anything.
    ZONE_RULES_CHANGED = "zone_rules_changed"
    KILLED = "killed"
    DISMISSED = "dismissed"  # one of its alternates was lifted
    CANCELED = "canceled"
    PARTLY_CANCELED = "partly_canceled"


#: The causes that a clearance which is not given can have.
UNCLEARED = frozenset({Cause.CLEARANCE_MISSING, Cause.CLEARANCE_EXPIRED, Cause.CLEARANCE_REFUSED})


#: What keeps a withdrawal from some of its recipients until a person has done something.
WITHDRAWAL_STUCK = frozenset(
    {
        Cause.WITHDRAWAL_IN_DOUBT,
        Cause.WITHDRAWAL_FAILED,
        Cause.WITHDRAWAL_OUTLET_CLOSED,
        Cause.WITHDRAWAL_OUTLET_UNKNOWN,
    }
)


class Topic(Enum):
    """What a notification is about, in the order in which a person should read of it."""

    title: str

    def __new__(cls, title: str) -> Self:
        member = object.__new__(cls)
        member._value_ = title
        member.title = title
        return member

    NOT_WITHDRAWN = "not withdrawn everywhere"
    STOPPED = "stopped"
    CLOCK = "clock in doubt"
    IN_DOUBT = "in doubt"
    FAILED = "failed"
    EARLY = "published early"
    REFUSED = "clearance refused"
    NEEDS_YOU = "needs a person"
    CLOSED = "outlet closed"
    DELAYED = "not getting out"
    LATE = "late"
    MOVED = "lift moved"
    APPROVAL = "approval needed"
    CLEARANCE = "clearance needed"
    DAILY = "the day ahead"
    SOON = "coming up"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    GOES_ON = "goes on"
    CHECKPOINT = "the journal's checkpoint"

    @property
    def place(self) -> int:
        """Its position in a message; 0 is first."""
        return list(Topic).index(self)


class Advice(NamedTuple):
    """What follows from a cause.

    `text` is the reason, with the facts that `say` fills in. A scheduled release's never has its name or its file's:
    cron's mail and the system's log show it before the lift. `label` is what a release is called at a terminal, "" if
    its state says it. `command` is the command to run next, with {slug} and {outlets} filled in, "" if nobody has to
    do anything; `once_begun` replaces it if a delivery has been claimed already. `refusal` carries the exit code of a
    pass that meets a due release with this cause; None if that is no trouble. `topic` is what the office is notified
    under.
    """

    text: str
    command: str = ""
    refusal: type[PressReleaseError] | None = None
    topic: Topic | None = None
    once_begun: str = ""
    label: str = ""

    @property
    def exit_code(self) -> int:
        """The exit code of a command that finds this cause and nothing graver."""
        return self.refusal.exit_code if self.refusal else 0


#: The one table: cause → text, next command, exit code, notification, label.
ADVICE = MappingProxyType(
    {
        Cause.FILE_UNREADABLE: Advice("{error}", "check {slug}", Refused),
        Cause.EMBARGO_REFUSED: Advice("{error}", "check {slug}", Refused),
        Cause.CHECK_REFUSED: Advice("{error}", "edit {slug}", Refused),
        # A person held it, and a reason such as "charges dropped" is no call to let it go.
        Cause.HELD: Advice("put on hold by {by}{why}", "", NeedsPerson, Topic.NEEDS_YOU),
        Cause.RECORD_DISAGREES: Advice(
            "the database and the journal disagree: {difference}; nothing goes out until someone checks it",
            "journal --verify",
            NeedsPerson,
            Topic.NEEDS_YOU,
        ),
        Cause.APPROVAL_MISSING: Advice("{missing}", "approve {slug}", NeedsPerson, Topic.NEEDS_YOU),
        Cause.CLEARANCE_MISSING: Advice(
            "{open}; needed: {who}{until}",
            "clear --all {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            label="NOT CLEARED",
        ),
        Cause.CLEARANCE_EXPIRED: Advice(
            "{open}; needed: {who}{until}",
            "clear --all {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            label="NOT CLEARED",
        ),
        Cause.CLEARANCE_REFUSED: Advice(
            "{open}; needed: {who}{until}",
            "clear --all {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            label="NOT CLEARED",
        ),
        Cause.WAITS_FOR_EVENT: Advice("it waits: {event}"),
        Cause.EVENT_OVERDUE: Advice(
            "it waited for its event ({event}) until {by}; it goes out only if it is scheduled again",
            "schedule {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
        ),
        Cause.FILE_CHANGED: Advice(
            "its file was edited after it was scheduled; it won't go out as it is",
            "schedule {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            once_begun="hold {slug}",
        ),
        Cause.FILE_MISSING: Advice(
            "its file is gone; it won't go out without it",
            "unschedule {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            once_begun="hold {slug}",
        ),
        Cause.CONFIG_CHANGED: Advice(
            "{change} after it was scheduled; nothing goes out until {way_out}",
            "schedule {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            once_begun="hold {slug}",
        ),
        Cause.CLOCK_IN_DOUBT: Advice(
            "{doubt}; nothing goes out until someone checks it", "doctor", NeedsPerson, Topic.CLOCK
        ),
        # Scheduled again, it is for an hour that the rules of today know.
        Cause.ZONE_RULES_ASK: Advice(
            "{ruling}", "schedule {slug}", NeedsPerson, Topic.NEEDS_YOU, once_begun="resume {slug}"
        ),
        Cause.MISSED: Advice(
            "it is {late} late, more than max_late allows, so it was not sent",
            "resume {slug}",
            NeedsPerson,
            Topic.NEEDS_YOU,
            label="LATE, ACTION NEEDED",
        ),
        Cause.OUTLET_UNKNOWN: Advice(
            "the outlet {names} is not in config.toml any more, or it is switched off;"
            " what waits for it goes out once it is back",
            "outlets",
            NeedsPerson,
            Topic.NEEDS_YOU,
        ),
        Cause.OUTLET_CLOSED: Advice("{refusals}", "outlets --test {outlets}", NeedsPerson, Topic.CLOSED),
        # Without the verdict, which is the person's: `settle` then says which there are.
        Cause.IN_DOUBT: Advice(
            "it is not certain that {where} got it: {error}{more}",
            "settle {slug} --outlet {outlets}",
            NeedsPerson,
            Topic.IN_DOUBT,
        ),
        Cause.FAILED: Advice("sending to {where} failed: {error}{more}", "retry {slug}", NeedsPerson, Topic.FAILED),
        Cause.RETRYING: Advice("{progress}", "", WillRetry),
        Cause.DELAYED: Advice("{progress}", "outlets --test {outlets}", WillRetry, Topic.DELAYED, label="LATE"),
        # Nobody is there to send a notification either.
        Cause.NO_SCHEDULER: Advice(
            "{due}, and no scheduler is running to send it", "run", NeedsPerson, label="NOT GOING OUT"
        ),
        Cause.WITHDRAWING: Advice("withdrawal under way: {progress}", "", WillRetry, label="WITHDRAWING"),
        Cause.WITHDRAWAL_IN_DOUBT: Advice(
            "it is not certain that {where} got the withdrawal: {error}{more}",
            "settle {slug} --outlet {outlets}",
            NeedsPerson,
            Topic.NOT_WITHDRAWN,
            label="WITHDRAWN, ACTION NEEDED",
        ),
        Cause.WITHDRAWAL_FAILED: Advice(
            "the withdrawal at {where} failed: {error}{more}",
            "retry {slug}",
            NeedsPerson,
            Topic.NOT_WITHDRAWN,
            label="WITHDRAWN, ACTION NEEDED",
        ),
        Cause.WITHDRAWAL_OUTLET_CLOSED: Advice(
            "the withdrawal waits: {refusals}",
            "outlets --test {outlets}",
            NeedsPerson,
            Topic.NOT_WITHDRAWN,
            label="WITHDRAWN, ACTION NEEDED",
        ),
        Cause.WITHDRAWAL_OUTLET_UNKNOWN: Advice(
            "the withdrawal waits: the outlet {names} is not in config.toml any more, or it is switched off",
            "outlets",
            NeedsPerson,
            Topic.NOT_WITHDRAWN,
            label="WITHDRAWN, ACTION NEEDED",
        ),
        Cause.ZONE_RULES_CHANGED: Advice("{ruling}", topic=Topic.MOVED),
        Cause.KILLED: Advice("{why}"),
        Cause.DISMISSED: Advice("called off for good: {why}", label="CALLED OFF"),
        Cause.CANCELED: Advice("every delivery was canceled; nothing went out", label="CANCELED"),
        Cause.PARTLY_CANCELED: Advice("some deliveries were canceled"),
    }
)


def say(cause: Cause, **facts: str) -> str:
    """Return the text of a cause with its facts filled in. Raises KeyError if one is missing."""
    return ADVICE[cause].text.format(**facts)


#: How `{outlets}` is written for a command that takes several.
_BETWEEN = {Cause.OUTLET_CLOSED: " ", Cause.WITHDRAWAL_OUTLET_CLOSED: " ", Cause.DELAYED: " "}


def command_for(cause: Cause, slug: str, *, outlets: Sequence[str] = (), begun: bool = False) -> str:
    """Return the command to run next, as it is typed; "" if nobody has to do anything.

    `outlets` are those that the cause is about; `begun` is whether a delivery has ever been claimed.
    """
    advice = ADVICE[cause]
    template = advice.once_begun if begun and advice.once_begun else advice.command
    named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), "")
    return f"pressrelease {template.format(slug=slug, outlets=named)}" if template else ""
