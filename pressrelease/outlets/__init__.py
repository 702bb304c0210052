"""Where releases go: the protocol that every outlet kind follows, and the table of kinds, opened when first needed."""

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

#: Every built-in kind, and the function that opens it: `(config, office, folder, secret) -> Outlet`.
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

#: Kinds that send to a list, and the function that checks it: `(config, folder) -> tuple[Complaint, ...]`.
LISTS: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:email_complaints"})

#: Those kinds' lists as addresses, read without secrets: `(config, folder) -> tuple[str, ...]`.
ADDRESSES: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:email_addresses"})

#: And the functions that return a list's mailboxes: now, `(config, folder)`, or of addresses, `(addresses)`.
MAILBOXES: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:mailboxes_now"})
MAILBOXES_OF: Mapping[str, str] = MappingProxyType({"email": "pressrelease.outlets.email:mailboxes_of"})

#: Where other packages register kinds of their own, opened by a function with the same arguments.
ENTRY_POINTS = "pressrelease.outlets"


@dataclass(frozen=True)
class RenderedMessage:
    """A message rendered for one recipient, in memory only, ready to send.

    `content` is exactly what `proof` shows and what leaves; `prepared` is for the kind's own use.
    """

    content: bytes
    media_type: str
    prepared: Any = None


@dataclass(frozen=True)
class Complaint:
    """A problem with an outlet's recipients that a person should fix.

    `in_the_way`: nothing can be scheduled there before. `line` is of the list's own file, from 1; 0 for no line.
    """

    message: str
    hint: str = ""
    line: int = 0
    in_the_way: bool = True


class Outlet(Protocol):
    """One configured outlet. Used by several threads at once, after the clock and every guard were checked.

    An outlet that can change, withdraw or show what it has says so in `abilities`; see `abilities_of`.
    """

    name: str

    @property
    def repeats(self) -> Repeats:
        """What a second send with the same key would do. May change as the outlet learns what its server is."""
        ...

    def recipients(self) -> tuple[str, ...]:
        """Return the recipients a release gets here, fixed when it is scheduled; ("",) if the outlet is one place."""
        ...

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Render for one recipient. Pure, apart from caching; touches neither network nor disk."""
        ...

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Send once, within the outlet's timeout as a total. Raises DeliveryFailed and nothing else.

        Never retries: the plan decides what follows a failure. Follows no redirect.
        """
        ...

    def warm(self, sends: int = 4) -> None:
        """Connect ahead of a lift at which `sends` sends start at once, sending nothing. Failing is silent."""
        ...

    def probe(self) -> str:
        """Reach the outlet with its credentials, publishing nothing. Return a sentence on what was found.

        Raises: DeliveryFailed if it can't be reached or refuses.
        """
        ...

    def close(self) -> None:
        """Close connections; further use is an error."""
        ...


@runtime_checkable
class Finds(Protocol):
    """An outlet that can look for what an earlier try left there; it says so with `Repeats.findable`."""

    def find(self, rendered: RenderedMessage, *, key: str, recipient: str, since: datetime) -> Receipt | None:
        """Return the receipt of what arrived since `since` (aware UTC), None if sending now makes no duplicate.

        Publishes nothing. Raises DeliveryFailed: NOT_SENT to look again later, FOR_GOOD if only a person can tell.
        """
        ...


def open_outlet(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Outlet:
    """Open the configured outlet, ready to use; connects to nothing. `folder` is the workspace's.

    Imports only the kind asked for.

    Raises: ConfigRefused for a kind that isn't installed, or whose resolved secrets are not what they should be.
    """
    place = KINDS.get(config.type)
    if place is not None:
        outlet: Outlet = _function(place)(config, office, folder, secret)
        return outlet
    from pressrelease.outlets.guarded import guarded

    point = _point_of(config)
    return guarded(config.name, config.type, lambda: point.load()(config, office, folder, secret))


def abilities_of(outlet: Outlet) -> Abilities:
    """Return what an outlet says it can do with what it has, from its `abilities`; nothing if it has none."""
    told = getattr(outlet, "abilities", None)
    return told if isinstance(told, Abilities) else Abilities()


def certificate_ends_of(outlet: Outlet) -> datetime | None:
    """Return when the certificate of an outlet's server expires (UTC), asked in its own way; None if it can't tell."""
    ask = getattr(outlet, "certificate_ends", None)
    ends = ask() if callable(ask) else None
    return ends if isinstance(ends, datetime) else None


def complaints(config: OutletConfig, folder: Path) -> tuple[Complaint, ...]:
    """Return the problems with an outlet's recipients, found without its secrets and the network."""
    place = LISTS.get(config.type)
    if place is None:
        return ()
    found: tuple[Complaint, ...] = _function(place)(config, folder)
    return found


def recipients_of(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> tuple[str, ...]:
    """Return the recipients a release gets at an outlet; ("",) if it is one place. Raises ConfigRefused for a bad list.

    Resolves no secret of a built-in kind, so that scheduling does not need the scheduler's passwords. A kind from
    another
    package is opened, because only it knows.
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
    """Return an outlet's current recipients, as addresses by mailbox; two spellings of one are one.

    Empty if the list can't be read, or if the outlet has none.
    """
    place = MAILBOXES.get(config.type)
    found: dict[str, str] = _function(place)(config, folder) if place else {}
    return found


def mailboxes(config: OutletConfig, addresses: Sequence[str]) -> dict[str, str]:
    """Return what `mailboxes_now` does, for the addresses given."""
    place = MAILBOXES_OF.get(config.type)
    found: dict[str, str] = _function(place)(addresses) if place else {}
    return found


def _function(place: str) -> Callable[..., Any]:
    """Return the function at "module:name", importing the module only then."""
    import importlib

    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _point_of(config: OutletConfig) -> EntryPoint:
    """Return the entry point of another package's kind. Raises ConfigRefused if no package provides it."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=config.type):
        return point
    raise ConfigRefused(
        [
            Problem(
                0,
                f"outlets.{config.name} has a type that is not installed: {config.type}",
                f"Install the package that provides it, or use one of {', '.join(KINDS)}.",
            )
        ]
    )
