"""config.toml as frozen values, with every default in one place and every secret by reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum
from typing import Any

from pressrelease.release import Contact


class SecretSource(str, Enum):
    """Where a secret is kept; never in config.toml itself."""

    ENV = "env"
    FILE = "file"
    KEYRING = "keyring"


@dataclass(frozen=True)
class SecretReference:
    """Names a secret without holding it: a variable, a file of mode 0600, or `service/name` in the keyring."""

    source: SecretSource
    name: str


@dataclass(frozen=True)
class Office:
    """[office]. `timezone` is an IANA name that exists; the two times are local wall time."""

    name: str
    timezone: str
    url: str = ""
    contact: Contact = field(default_factory=Contact)
    language: str = "en-US"
    release_time: time = time(9, 0)
    close: time = time(17, 0)


@dataclass(frozen=True)
class Policy:
    """[policy]: who must say yes, and how late is too late to send without asking.

    `allowed_signers` is the file of the keys that approvals must be signed with, "" where none need be.
    """

    approvals: int = 1
    approvers: tuple[str, ...] = ()
    author_may_approve: bool = True
    max_late: timedelta = timedelta(hours=24)
    allowed_signers: str = ""


@dataclass(frozen=True)
class Retry:
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


@dataclass(frozen=True)
class ClockRules:
    """[clock]: whose HTTP Date is asked when the local clock has jumped, and how far it may be off."""

    witnesses: tuple[str, ...] = ()
    tolerance: timedelta = timedelta(seconds=2)


@dataclass(frozen=True)
class Notify:
    """[notify]: who is told, and the dead-man's switch (a URL that is itself a secret)."""

    outlets: tuple[str, ...] = ()
    heartbeat: str | SecretReference = ""


@dataclass(frozen=True)
class OutletConfig:
    """[outlets.NAME]. `settings` holds the keys of its type only, validated, secrets as SecretReference."""

    name: str
    type: str
    enabled: bool = True
    timeout: timedelta = timedelta(seconds=60)
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """The whole of config.toml, valid."""

    office: Office
    default_outlets: tuple[str, ...] = ("newsroom",)
    policy: Policy = field(default_factory=Policy)
    retry: Retry = field(default_factory=Retry)
    clock: ClockRules = field(default_factory=ClockRules)
    store_url: str = "sqlite:///.pressrelease/state.db"
    notify: Notify = field(default_factory=Notify)
    outlets: Mapping[str, OutletConfig] = field(default_factory=dict)
