"""The office of the simulator: its config, its outlets, and what the world outside knows of each delivery."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pressrelease.config import ClearanceRule, Config, Office, OutletConfig, Policy, Retry
from pressrelease.library import Library
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage
from pressrelease.release.delivery import Abilities, Action, Earlier, Receipt, Repeats
from pressrelease.store import Store
from pressrelease.store.presence import check_in
from pressrelease.wiring import Workspace
from simulator.machine import FragileStore, Machine

if TYPE_CHECKING:
    from simulator.world import World

BEGIN = datetime(2018, 9, 21, 16, 0, tzinfo=UTC)
STORE = "sqlite:///.pressrelease/state.db"
SLUGS = ("operation", "names", "charges", "plea", "verdict")
#: Two releases that wait for one event, of which at most one may leave.
ALTERNATES = ("guilty", "not-guilty")
EVENT, TRIAL = "on verdict", "trial"
CLEARANCE = "charges"
#: How long a clearance lasts.
LIFE = timedelta(minutes=30)
TIMEOUT = timedelta(seconds=10)
REMEMBERS = timedelta(minutes=3)

#: What each outlet can do, and to whom a release goes there.
OUTLETS: dict[str, tuple[Repeats, tuple[str, ...]]] = {
    "page": (Repeats(told_apart=True), ("",)),
    "social": (Repeats(told_apart=True, within=REMEMBERS), ("",)),
    "mail": (Repeats(told_apart=False), ("a@news.example", "b@news.example")),
}

CONFIG = Config(
    office=Office("District Attorney", "America/Los_Angeles"),
    default_outlets=tuple(OUTLETS),
    policy=Policy(approvals=1, max_late=timedelta(hours=1)),
    retry=Retry(
        schedule=(timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2)), give_up=timedelta(minutes=10)
    ),
    store_url=STORE,
    outlets={name: OutletConfig(name, "command", timeout=TIMEOUT) for name in OUTLETS},
    clearances={CLEARANCE: ClearanceRule(CLEARANCE, "Do the charges still stand?", ("deputy",), LIFE)},
)

#: An office that goes on trying for longer than a release may begin late: the try that began in time is what counts.
PATIENT = CONFIG._replace(
    policy=CONFIG.policy._replace(max_late=timedelta(minutes=10)),
    retry=CONFIG.retry._replace(give_up=timedelta(hours=3)),
)


#: What somebody may write into config.toml that an approval covers, and the old values again.
EDITS = ("name", "argv", "back")


def edited(config: Config, what: str) -> Config:
    """A config after one of EDITS: other words, another destination, or what it said at first."""
    if what == "name":
        return config._replace(office=config.office._replace(name="Another Office"))
    if what == "argv":
        moved = {name: one._replace(settings={"argv": ("elsewhere",)}) for name, one in config.outlets.items()}
        return config._replace(outlets=moved)
    return config._replace(office=CONFIG.office, outlets=CONFIG.outlets)


def shared_memory() -> str | None:
    """A folder in memory: a crash of a process is tried here, not one of the machine's power."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@cache
def empty_office() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pressrelease-", dir=shared_memory()))
    Finalize(None, shutil.rmtree, args=(folder,), kwargs={"ignore_errors": True}, exitpriority=1)
    store = Store(STORE, folder)
    with store.ledger(now=BEGIN, actor="scheduler") as ledger:
        check_in(ledger, "publish-due", "publish-due", Machine(BEGIN).read_clock())
    store.close()
    return folder


class Place(Workspace):
    """A workspace as one process of one machine has it: the config and the outlets are the simulator's."""

    def __init__(self, folder: Path, world: World, machine: Machine, store: Store | None = None) -> None:
        super().__init__(folder)
        self.world, self.machine = world, machine
        self._store = store

    @property
    def config(self) -> Config:  # type: ignore[override]
        return self.world.config

    @property
    def library(self) -> Library:  # type: ignore[override]
        """releases/, which machines that share a record share as well."""
        if self._library is None:
            self._library = Library(self.world.releases(self.folder))
        return self._library

    @property
    def store(self) -> Store:  # type: ignore[override]
        if self._store is None:
            self._store = self._open()
        return self._store

    def _open(self) -> Store:
        return FragileStore(
            self.world.url,
            self.folder,
            self.world.fates,
            lambda: self.world.note_the_living(self.folder),
            reached=lambda point: self.world.ends_at(point, self),
            server_time=lambda: self.machine.true,
        )

    def kill(self) -> None:
        """End this process here. Raises Killed."""
        assert isinstance(self.store, FragileStore)
        self.store.kill()

    def outlets(self) -> dict[str, Any]:
        told = self.world.config.outlets
        return {name: FakeOutlet(name, self.world, self, dict(told[name].settings)) for name in OUTLETS}


def source_of(slug: str, text: str, outlets: tuple[str, ...], *, needs: bool = False, event: str = "") -> str:
    """A release's file."""
    more = f"clearances: [{CLEARANCE}]\n" if needs else ""
    more += f"embargo: {EVENT}\nalternates: {event}\n" if event else ""
    return f"---\nheadline: On {slug}\ndate: 2018-09-21\noutlets: [{', '.join(outlets)}]\n{more}---\n\n{text}\n"


@dataclass
class FakeOutlet:
    """An outlet that does what the test wants, and knows what really arrived."""

    name: str
    world: World
    place: Place
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def repeats(self) -> Repeats:
        return OUTLETS[self.name][0]

    def recipients(self) -> tuple[str, ...]:
        return OUTLETS[self.name][1]

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        self.world.between(self.place)
        return RenderedMessage(message.text.encode(), "text/plain")

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        return self.world.sent(self, rendered, key)

    @property
    def abilities(self) -> Abilities:
        """A page can be changed where it is; elsewhere another message follows."""
        return Abilities(correct=True, withdraw=True) if self.name == "page" else Abilities()

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        self.world.between(self.place)
        text = message.text if message.action is Action.CORRECT else ""
        return RenderedMessage(f"{message.action.value}: {message.note}{text}".encode(), "text/plain")

    def replace(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        return self.world.sent(self, rendered, key)

    withdraw = replace

    def warm(self, sends: int = 4) -> None: ...

    def probe(self) -> str:
        return "reached"

    def close(self) -> None: ...


@dataclass
class Known:
    """What the people know of one release, kept without asking the program.

    `hour` is what California's clock shows at its lift, None where an instant was meant; `later` is the latest moment
    at which that ever was, since what was not looked at meanwhile may go by it. `config` is what config.toml said;
    `text` is what readers get of the file `source`. `needs` is whether it needs its clearance, which was given until
    `cleared_until` by the clock of whoever gave it. `event` is the group of a release that waits for a verdict.
    """

    version: str
    text: str
    source: str
    outlets: tuple[str, ...]
    lift: datetime | None
    config: Config
    approvals: int = 0
    held: bool = False
    decided: datetime | None = None
    hour: datetime | None = None
    later: datetime | None = None
    needs: bool = False
    cleared_until: datetime | None = None
    refused: bool = False
    event: str = ""
    lifted: bool = False
    dismissed: bool = False
    killed: bool = False
    #: The number of the version, and what was known before it was corrected.
    n: int = 1
    corrects: Known | None = None


@dataclass
class Row:
    """One delivery as the world outside knows it.

    `may` is how many sends of it were not surely refused; `under_way` is since when one of them is, and `left_after`
    the journal's last line when its first byte left.
    """

    slug: str
    version: str
    outlet: str
    key: str
    recipient: str
    withdraws: bool = False
    may: int = 0
    under_way: datetime | None = None
    left_after: int = 0
    n: int = 1
    arrivals: list[datetime] = field(default_factory=list)
    seen: dict[str, datetime] = field(default_factory=dict)
    sent_again: int = 0
    began: datetime | None = None
    dropped: bool = False
    declared: bool = False
