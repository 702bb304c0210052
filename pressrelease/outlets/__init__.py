"""Where releases go: the protocol every kind keeps, and the table of kinds, opened when first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.message import Message
from pressrelease.release.delivery import Abilities, Receipt, Repeats

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: Resolves a reference in config.toml; raises ConfigRefused, never with the value.
Secret: TypeAlias = Callable[[SecretReference], str]

#: Every kind of our own, and the function that opens it: `(config, office, folder, secret) -> Outlet`.
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "newsroom": "pressrelease.outlets.newsroom:open_newsroom",
        "webhook": "pressrelease.outlets.webhook:open_webhook",
        "email": "pressrelease.outlets.email:open_email",
        "wordpress": "pressrelease.outlets.wordpress:open_wordpress",
        "mastodon": "pressrelease.outlets.mastodon:open_mastodon",
        "bluesky": "pressrelease.outlets.bluesky:open_bluesky",
        "apprise": "pressrelease.outlets.apprise:open_apprise",
        "command": "pressrelease.outlets.command:open_command",
    }
)

#: Kinds that write to a list, and the function that looks it over: `(config, folder) -> tuple[Complaint, ...]`.
LISTS: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:email_complaints"})

#: Those kinds' lists as addresses, read without secrets: `(config, folder) -> tuple[str, ...]`.
ADDRESSES: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:email_addresses"})

#: And the functions that say which mailboxes it has: now, `(config, folder)`, or of addresses, `(addresses)`.
MAILBOXES: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:mailboxes_now"})
MAILBOXES_OF: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:mailboxes_of"})

#: Where other packages name kinds of theirs, opened by a function with the same arguments.
ENTRY_POINTS = "pressrelease.outlets"


@dataclass(frozen=True)
class RenderedMessage:
    """A message made ready for one recipient, in memory only: nothing is left to do but send it.

    `content` is exactly what `proof` shows and what leaves; `prepared` is the kind's own business.
    """

    content: bytes
    media_type: str
    prepared: Any = None


@dataclass(frozen=True)
class Complaint:
    """Something about whom an outlet would send to that a person should see to.

    `in_the_way`: nothing can be scheduled there before. `line` is of the list's own file, from 1; 0 for no line.
    """

    message: str
    hint: str = ""
    line: int = 0
    in_the_way: bool = True


class Outlet(Protocol):
    """One configured outlet. Used by several threads at once, after the clock and every guard were asked.

    One that can change, withdraw or show what it has says so in `abilities`; see `abilities_of`.
    """

    name: str

    @property
    def repeats(self) -> Repeats:
        """What a second send with the same key would do; it may change as the outlet learns what its server is."""
        ...

    def recipients(self) -> tuple[str, ...]:
        """The rows a release gets here, fixed when it is scheduled; ("",) where the outlet is one place."""
        ...

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Render for one recipient. Pure, apart from remembering; touches neither network nor disk."""
        ...

    def send(self, parcel: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Hand it over, once, within the outlet's timeout as a total. Raises DeliveryFailed and nothing else.

        No retry in here: what follows a failure is decided by the plan. No redirect is followed.
        """
        ...

    def warm(self, sends: int = 4) -> None:
        """Connect ahead of a lift at which so many `sends` begin at once, sending nothing of any. Failing is silent."""
        ...

    def probe(self) -> str:
        """Reach the outlet with its credentials, publishing nothing; a sentence on what was found.

        Raises DeliveryFailed where it can't be reached or says no.
        """
        ...

    def close(self) -> None:
        """Let go of connections; further use is an error."""
        ...


@runtime_checkable
class Finds(Protocol):
    """An outlet that can look for what an earlier try left there; it says so with `Repeats.findable`."""

    def find(self, parcel: RenderedMessage, *, key: str, recipient: str, since: datetime) -> Receipt | None:
        """Return the receipt of what arrived since `since` (aware UTC), None if sending now makes no second one.

        Publishes nothing. Raises DeliveryFailed: NOT_SENT to look again later, FOR_GOOD if only a person can tell.
        """
        ...


def open_outlet(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Outlet:
    """The configured outlet, ready to use; connects to nothing. `folder` is the workspace's.

    Only the kind asked for is imported. Raises ConfigRefused for a kind that isn't installed, or whose
    resolved secrets are not what they should be.
    """
    place = KINDS.get(config.type)
    if place is not None:
        outlet: Outlet = _function(place)(config, office, folder, secret)
        return outlet
    from pressrelease.outlets.guarded import guarded

    point = _point_of(config)
    return guarded(config.name, config.type, lambda: point.load()(config, office, folder, secret))


def abilities_of(outlet: Outlet) -> Abilities:
    """What an outlet says it can do about what it has, in an `abilities` of its own; nothing where it says nothing."""
    told = getattr(outlet, "abilities", None)
    return told if isinstance(told, Abilities) else Abilities()


def certificate_ends_of(outlet: Outlet) -> datetime | None:
    """When the certificate of an outlet's server ends (UTC), asked in its own way; None where it can't tell."""
    ask = getattr(outlet, "certificate_ends", None)
    ends = ask() if callable(ask) else None
    return ends if isinstance(ends, datetime) else None


def complaints(config: OutletConfig, folder: Path) -> tuple[Complaint, ...]:
    """What a person should know of an outlet's recipients, found without its secrets and the network."""
    place = LISTS.get(config.type)
    if place is None:
        return ()
    found: tuple[Complaint, ...] = _function(place)(config, folder)
    return found


def recipients_of(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> tuple[str, ...]:
    """The rows a release gets at an outlet; ("",) where it is one place. Raises ConfigRefused for a bad list.

    No secret of a kind of our own is resolved: whoever schedules need not hold the passwords of the scheduler. A kind
    from another package is opened, since only it knows.
    """
    if config.type not in KINDS:
        opened = open_outlet(config, office, folder, secret)
        try:
            return opened.recipients()
        finally:
            opened.close()
    if (place := ADDRESSES.get(config.type)) is None:
        return ("",)
    found: tuple[str, ...] = _function(place)(config, folder)
    return found


def mailboxes_now(config: OutletConfig, folder: Path) -> dict[str, str]:
    """Whom an outlet's list has now, as addresses by mailbox: two spellings of one are one. Empty if it can't be read,
    or if the outlet has no list."""
    place = MAILBOXES.get(config.type)
    found: dict[str, str] = _function(place)(config, folder) if place else {}
    return found


def mailboxes(config: OutletConfig, addresses: Sequence[str]) -> dict[str, str]:
    """As `mailboxes_now`, of addresses that are at hand."""
    place = MAILBOXES_OF.get(config.type)
    found: dict[str, str] = _function(place)(addresses) if place else {}
    return found


def _function(place: str) -> Callable[..., Any]:
    """What stands at "module:name"; only then is the module imported."""
    import importlib

    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _point_of(config: OutletConfig) -> EntryPoint:
    """The entry point of another package's kind. Raises ConfigRefused where no package brings it."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=config.type):
        return point
    raise ConfigRefused(
        [
            Problem(
                0,
                f"outlets.{config.name} is of a kind that is not installed: {config.type}",
                f"Install the package that brings it, or use one of {', '.join(KINDS)}.",
            )
        ]
    )
