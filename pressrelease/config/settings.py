"""config.toml as frozen values, with every default in one place and every secret by reference."""

# No postponed annotations: a NamedTuple would compile the type of each field at every start.
from collections.abc import Mapping
from datetime import time, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Any, NamedTuple

from pressrelease.release import Contact

#: The default database; its path is relative to the workspace.
STORE_URL = "sqlite:///.pressrelease/state.db"


class SecretSource(str, Enum):
    """The place where a secret is kept; never config.toml itself."""

    ENV = "env"
    FILE = "file"
    KEYRING = "keyring"


class SecretReference(NamedTuple):
    """The place of a secret, not the secret: a variable, a file of mode 0600, or `service/name` in the keyring."""

    source: SecretSource
    name: str


class Office(NamedTuple):
    """[office]. `timezone` is an IANA name that exists; the two times are local wall time."""

    name: str
    timezone: str
    url: str = ""
    contact: Contact = Contact()
    language: str = "en-US"
    release_time: time = time(9, 0)
    close: time = time(17, 0)


class Policy(NamedTuple):
    """[policy]: who must approve, and how late a release may still be sent without asking.

    `allowed_signers` is the file of the keys that approvals must be signed with, "" if they need no signature.
    `booking_photos` is how long a booking photograph may stay at most, None for no limit.
    """

    approvals: int = 1
    approvers: tuple[str, ...] = ()
    author_may_approve: bool = True
    max_late: timedelta = timedelta(hours=24)
    allowed_signers: str = ""
    lifters: tuple[str, ...] = ()
    booking_photos: timedelta | None = None


class Retry(NamedTuple):
    """[retry]: the pauses between tries, the last one repeated; `jitter` is a share of the pause, 0 to 1."""

    schedule: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=2),
    )
    give_up: timedelta = timedelta(hours=24)
    jitter: float = 0.2


class ClockRules(NamedTuple):
    """[clock]: servers whose HTTP Date is compared before anything goes out, and how far off the local clock may be."""

    witnesses: tuple[str, ...] = ()
    tolerance: timedelta = timedelta(seconds=2)


class Notify(NamedTuple):
    """[notify]: who is notified, and the monitor that is pinged (a URL that is itself a secret)."""

    outlets: tuple[str, ...] = ()
    heartbeat: str | SecretReference = ""
    daily: time | None = None


class PromiseRules(NamedTuple):
    """[promises]: whether `promises` shows court dates, too."""

    court: bool = False


class JournalRules(NamedTuple):
    """[journal]: with which key its checkpoints are signed, and which service stamps them; each "" for none.

    `timestamp_ca` is the file of the certificates that the service's stamps are checked with. Both files are as
    config.toml has them, made absolute when it is read from a workspace.
    """

    key: str = ""
    timestamp: str = ""
    timestamp_ca: str = ""

    @property
    def checkpoints(self) -> bool:
        """Whether checkpoints are made."""
        return bool(self.key or self.timestamp)


class ClearanceRule(NamedTuple):
    """[clearances.NAME]: the question, who may answer it, and how long a clearance lasts once it is given."""

    name: str
    ask: str
    by: tuple[str, ...]
    life: timedelta = timedelta(hours=24)


class CheckRules(NamedTuple):
    """[check]: the severity of each code that the office chose itself, "error", "warning" or "off".

    `names` is the list of people who must not be named, a CSV file beside config.toml; "" for none.
    """

    severity: Mapping[str, str] = MappingProxyType({})
    names: str = ""


class OutletConfig(NamedTuple):
    """[outlets.NAME]. `settings` has the keys of its type only, validated, with secrets as SecretReference."""

    name: str
    type: str
    enabled: bool = True
    timeout: timedelta = timedelta(seconds=60)
    settings: Mapping[str, Any] = MappingProxyType({})


class Config(NamedTuple):
    """All of config.toml, validated."""

    office: Office
    default_outlets: tuple[str, ...] = ("newsroom",)
    policy: Policy = Policy()
    retry: Retry = Retry()
    clock: ClockRules = ClockRules()
    store_url: str = STORE_URL
    notify: Notify = Notify()
    outlets: Mapping[str, OutletConfig] = MappingProxyType({})
    clearances: Mapping[str, ClearanceRule] = MappingProxyType({})
    journal: JournalRules = JournalRules()
    check: CheckRules = CheckRules()
    promises: PromiseRules = PromiseRules()
