"""From a folder with a config.toml to live objects: the only module that knows how everything is put together."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
import uuid
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pressrelease.config import Config, Office, SecretReference, read_config
from pressrelease.errors import NOTHING_SENT, ConfigRefused, NotFound, NotPermitted, Problem
from pressrelease.library import Library
from pressrelease.store import Store, sqlite_file
from pressrelease.system import clock, who
from pressrelease.system.accounts import (
    PRIVATE,
    Accounts,
    as_account,
    keep_private,
    must_be_trusted,
    must_be_usable,
    owner_of,
    work_as_owner,
)

if TYPE_CHECKING:
    from pressrelease.outlets import Outlet
    from pressrelease.publishing.clock_trust import Witnesses
    from pressrelease.publishing.cycle import Cycle

#: The largest config.toml, in bytes.
LARGEST_CONFIG = 1 << 20

#: Seconds for which config.toml must not change before a scheduler uses it: one that an editor has half written may be
#: a valid config that asks for an approval less.
CONFIG_SETTLED = 2.0

#: What the first screen and `doctor` show in the program's own folder, and what to do.
SAMPLE = "This is the sample that comes with the program, not your office's workspace."
MAKE_YOUR_OWN = "Make your own in another folder: `pressrelease init ~/office`."


class Workspace:
    """An office's folder. Nothing is read before it is asked for, and then once."""

    def __init__(self, folder: Path, *, config: Config | None = None) -> None:
        """`config` replaces what config.toml says; None to read it."""
        self.folder = folder
        self._config = config
        self._library: Library | None = None
        self._store: Store | None = None
        self._secrets: dict[SecretReference, str] = {}
        self._fingerprints: dict[str, str] = {}

    @property
    def config(self) -> Config:
        """config.toml. Raises ConfigRefused with every problem, NotFound without the file."""
        if self._config is None:
            self._config = read_config_file(self.folder / "config.toml")
        return self._config

    @property
    def library(self) -> Library:
        """releases/."""
        if self._library is None:
            self._library = Library(self.folder / "releases")
        return self._library

    @property
    def store(self) -> Store:
        """The record. Raises NotPermitted if this account may not use it."""
        if self._store is None:
            url = self.config.store_url
            must_be_usable(self.private, sqlite_file(url, self.folder))
            keep_private(self.private)
            self._store = Store(url, self.folder)
        return self._store

    def use(self, config: Config) -> None:
        """Use another config from now on."""
        self._config = config

    def reread(self, config: Config | None = None) -> Self:
        """Return the same workspace with its secrets to be read again, and config.toml too unless `config` is given.

        Both have one store: what its connections have noticed is not lost.
        """
        self._store = self.store
        again = copy(self)
        again._config, again._secrets, again._fingerprints = config, {}, {}
        return again

    @property
    def is_sample(self) -> bool:
        """Whether this is the sample beside the program's own source code, not an office's workspace."""
        return (self.folder / "pyproject.toml").is_file() and (self.folder / "pressrelease" / "__main__.py").is_file()

    @property
    def private(self) -> Path:
        """.pressrelease/, 0700, or 2770 where a group shares it."""
        return self.folder / PRIVATE

    @property
    def alive(self) -> Path:
        """The folder in which running senders hold their names."""
        return self.private / "alive"

    def outlets(self) -> dict[str, Outlet]:
        """Return every outlet that is configured and switched on, by its name. Raises ConfigRefused."""
        from pressrelease.outlets import open_outlet

        return {
            name: open_outlet(outlet, self.config.office, self.folder, self.secret)
            for name, outlet in self.config.outlets.items()
            if outlet.enabled
        }

    def secret(self, reference: SecretReference) -> str:
        """Return the secret that a reference in config.toml names; resolved once, so that all callers get the same.

        Raises ConfigRefused, naming the place and never the value.
        """
        if reference not in self._secrets:
            from pressrelease.wiring.secrets import resolve

            self._secrets[reference] = resolve(reference, self.folder)
        return self._secrets[reference]

    def fingerprint(self, name: str) -> str:
        """Return a hash of an outlet's table and its secrets, in hex digits.

        It is slow on purpose (50 ms): it is stored, and a password may be short. Raises ConfigRefused.
        """
        if name not in self._fingerprints:
            from pressrelease.wiring.secrets import in_full

            outlet = self.config.outlets[name]
            contents = json.dumps([outlet.type, in_full(outlet.settings, self.secret)], sort_keys=True, default=str)
            salt = f"{self.store.read.store_id()}/{name}".encode()
            made = hashlib.scrypt(contents.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
            self._fingerprints[name] = made.hex()
        return self._fingerprints[name]


def find_workspace(named: Path | None, environment: str | None, current: Path) -> Workspace:
    """Return the workspace that was named, or that PRESSRELEASE_WORKSPACE names, or that the current folder is in.

    One that was not named must be this account's own. Root continues as the account that owns it.

    Raises: NotFound, NotPermitted.
    """
    folder = locate(named, environment, current)
    if named is None and not environment:
        must_be_trusted(folder)
    work_as_owner(folder)
    return Workspace(folder)


def locate(named: Path | None, environment: str | None, current: Path) -> Path:
    """Return where the workspace is, without checking its owner. Raises NotFound; NotPermitted if it can't be read."""
    chosen = named or (Path(environment) if environment else None)
    if chosen is not None:
        if not _is_file(chosen / "config.toml"):
            raise NotFound(
                f"There is no config.toml in {chosen}.",
                hint=f"To set up a press office there: `pressrelease init {chosen}`.",
                code="no_workspace",
            )
        return chosen.absolute()
    for folder in (current, *current.parents):
        with contextlib.suppress(PermissionError):
            if (folder / "config.toml").is_file() and (folder / "releases").is_dir():
                return folder.absolute()
    for folder in (current, *current.parents):
        with contextlib.suppress(PermissionError):
            if (folder / "config.toml").is_file():
                raise NotFound(
                    f"{folder} has a config.toml but no releases/ folder, so it is not a press office's workspace.",
                    hint="If this is your office's folder, run `mkdir releases` there. If not, name the right folder"
                    " with --workspace.",
                    code="no_workspace",
                )
    raise NotFound(
        "No press office is set up here: there is no config.toml in this folder or above it.",
        hint="Change to your office's folder, or name it with --workspace. To set up a new one: `pressrelease init`.",
        code="no_workspace",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        raise NotPermitted(
            f"You don't have permission to open {path.parent}.",
            outcome=NOTHING_SENT,
            hint=f"Run the command from the account that owns it: `{as_account(owner_of(path.parent))} pressrelease"
            " …`.",
            code="not_your_workspace",
        ) from None


def to_stop(workspace: Workspace, refused: ConfigRefused) -> Workspace:
    """Return the workspace for `stop` if its config.toml is broken: a scheduler may still use the last good one.

    Its store is the one that the file's text names. Raises `refused` if there is none.
    """
    text = (workspace.folder / "config.toml").read_bytes().decode("utf-8", "replace")
    named = re.search(r'^\s*url\s*=\s*["\']((?:sqlite:///|postgresql\+psycopg://)[^"\']+)', text, re.MULTILINE)
    config = Config(Office("", "UTC"))
    if named is not None:
        config = config._replace(store_url=named[1])
    found = Workspace(workspace.folder, config=config)
    if not found.store.exists:
        raise refused
    return found


def take_settled_config(workspace: Workspace) -> None:
    """Read config.toml for a pass, once it has been left alone for `CONFIG_SETTLED`. Raises as `config` does.

    Returns at once unless the file was written a moment ago.
    """
    path = workspace.folder / "config.toml"
    pause = threading.Event()
    seen, since = config_signature(path), clock.pause_clock()
    age = clock.utc_now().timestamp() - (path.stat().st_mtime if path.exists() else 0.0)
    settled = age >= CONFIG_SETTLED
    while True:
        while not settled:
            pause.wait(0.1)
            if (now := config_signature(path)) != seen:
                seen, since = now, clock.pause_clock()
            settled = clock.pause_clock() - since >= CONFIG_SETTLED
        config = read_config_file(path)
        if config_signature(path) == seen:
            workspace.use(config)
            return
        settled = False


def config_signature(path: Path) -> object:
    """Return values that differ for any two versions of config.toml."""
    try:
        found = path.stat()
    except OSError:
        return "gone"
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def read_config_file(path: Path) -> Config:
    """Read and check config.toml, and make the path of the signers' file absolute. Raises ConfigRefused, NotFound."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotFound(f"{path.name} is gone.", hint="To make one: `pressrelease init`.", code="no_config") from None
    except OSError as error:
        raise ConfigRefused([Problem(0, f"it can't be read: {error.strerror}")]) from None
    if len(data) > LARGEST_CONFIG:
        raise ConfigRefused(
            [
                Problem(
                    0, "it is larger than 1 MiB", "A config.toml has a few kilobytes. Remove what doesn't belong in it."
                )
            ]
        )
    try:
        config = read_config(data.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise ConfigRefused([Problem(0, "it is not UTF-8 text", "Save it as UTF-8.")]) from None
    policy, journal = config.policy, config.journal
    if not (policy.allowed_signers or journal.checkpoints):
        return config
    return config._replace(
        policy=policy._replace(allowed_signers=_beside(path, policy.allowed_signers)),
        journal=journal._replace(key=_beside(path, journal.key), timestamp_ca=_beside(path, journal.timestamp_ca)),
    )


def _beside(path: Path, named: str) -> str:
    """Return a file that config.toml names, from its own folder; "" if it names none."""
    return str(path.parent / named) if named else ""


def person() -> str:
    """Return the name of the person at the keyboard, as the journal and approvals have it."""
    return Accounts.person or who.person()


def open_fixed(workspace: Workspace, now: datetime) -> None:
    """Send again to outlets that rejected the login with other credentials than the workspace has now."""
    from pressrelease.store.circuit import closed_outlets, open_outlet_again

    closed = closed_outlets(workspace.store.read)
    fixed = [name for name, outlet in closed.items() if was_fixed(workspace, name, outlet.fingerprint)]
    if fixed:
        with workspace.store.ledger(now=now, actor="scheduler") as ledger:
            for name in fixed:
                open_outlet_again(ledger, name, why="its credentials in config.toml were changed")


def was_fixed(workspace: Workspace, name: str, refused: str) -> bool:
    """Return whether an outlet's table or secrets differ from those that it refused, and can be used."""
    configured = workspace.config.outlets.get(name)
    if configured is None or not configured.enabled:
        return False
    try:
        return workspace.fingerprint(name) != refused
    except ConfigRefused:
        return False


@contextmanager
def sending(workspace: Workspace, now: datetime, witnesses: Witnesses | None = None) -> Iterator[Cycle]:
    """Open a cycle that may send, under a name of its own until the block ends; `witnesses` as in `Cycle`."""
    from pressrelease.publishing.cycle import Cycle
    from pressrelease.store.presence import register

    workspace.store.open(now)
    outlets = workspace.outlets()
    open_fixed(workspace, now)
    alive = register(workspace.alive, uuid.uuid4().hex)
    claims_left = False
    try:
        cycle = Cycle(
            config=workspace.config,
            store=workspace.store,
            library=workspace.library,
            outlets=outlets,
            alive=alive,
            folder=workspace.alive,
            fingerprint=workspace.fingerprint,
            witnesses=witnesses,
        )
        try:
            yield cycle
        finally:
            cycle.close()
            claims_left = cycle.claims_left
    finally:
        alive.leave(claims_left=claims_left)
