"""Where releases go: the base class of every kind of outlet, and how one is opened from its row.

The rows, one a kind, are `OUTLET_KINDS` in `pressrelease.config.outlet_keys`; a kind's code is loaded when it is first
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.config.outlet_keys import ENTRY_POINTS, OUTLET_KINDS, outlet_kind
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.message import Message
from pressrelease.release.delivery import Abilities, Earlier, Receipt, Repeats

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

#: Resolves a reference in config.toml; raises ConfigRefused, never with the value.
Secret: TypeAlias = Callable[[SecretReference], str]


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


class Outlet:
    """One configured outlet. Used by several threads at once, after the clock and every guard were checked.

    A kind overrides `prepare`, `send` and `probe`, and what is different there from an outlet that is one place, keeps
    no connection, recognizes nothing, and can't change what arrived. One that can look for what an earlier try left is
    `Finds`, too.
    """

    name: str

    @property
    def repeats(self) -> Repeats:
        """What a second send with the same key would do. May change as the outlet learns what its server is."""
        return Repeats(told_apart=False)

    @property
    def abilities(self) -> Abilities:
        """What can be done about a release that it has."""
        return Abilities()

    def recipients(self) -> tuple[str, ...]:
        """Return the recipients a release gets here, fixed when it is scheduled; ("",) if the outlet is one place."""
        return ("",)

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Render for one recipient. Pure, apart from caching; touches neither network nor disk."""
        raise NotImplementedError

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Send once, within the outlet's timeout as a total. Raises DeliveryFailed and nothing else.

        Never retries: the plan decides what follows a failure. Follows no redirect.
        """
        raise NotImplementedError

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Render a correction or a withdrawal for one recipient who has or may have an earlier version. As `prepare`.

        `earlier` has every such delivery, oldest first. Without a rule of the kind's own, it is a message that names
        the first version.
        """
        from pressrelease.message.follow_up import follow_up

        del earlier
        return self.prepare(follow_up(message), key=key, recipient=recipient)

    def replace(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Replace what the recipient has by a corrected version, or send that after it. As `send`.

        What is in doubt (`Earlier.surely` is false) is looked for first, if the outlet can be asked.
        """
        del earlier
        return self.send(rendered, key=key, recipient=recipient)

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Take back what the recipient has or may have, or send the withdrawal after it. As `replace`."""
        del earlier
        return self.send(rendered, key=key, recipient=recipient)

    def warm(self, sends: int = 4) -> None:
        """Connect ahead of a lift at which `sends` sends start at once, sending nothing. Failing is silent."""

    def probe(self) -> str:
        """Reach the outlet with its credentials, publishing nothing. Return a sentence on what was found.

        Raises: DeliveryFailed if it can't be reached or refuses.
        """
        raise NotImplementedError

    def certificate_ends(self) -> datetime | None:
        """Return when the certificate of its server expires (UTC); None if it has none or can't be reached."""
        return None

    def close(self) -> None:
        """Close connections; further use is an error."""


class RecipientLists(Protocol):
    """What a kind that sends to each address of a list knows of it without its secrets and the network."""

    def complaints(self, config: OutletConfig, folder: Path) -> tuple[Complaint, ...]:
        """Return the problems with an outlet's list."""
        ...

    def addresses(self, config: OutletConfig, folder: Path) -> tuple[str, ...]:
        """Return the addresses on an outlet's list, each once. Raises ConfigRefused for a list with an error."""
        ...

    def mailboxes(self, addresses: Sequence[str]) -> dict[str, str]:
        """Return addresses by their mailbox: two spellings of one are one. What is no address is left out."""
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
    kind = outlet_kind(config.type)
    if kind is not None:
        outlet: Outlet = _named(kind.opener)(config, office, folder, secret)
        return outlet
    from pressrelease.outlets.guarded import guarded

    point = _point_of(config)
    return guarded(config.name, config.type, lambda: point.load()(config, office, folder, secret))


def complaints(config: OutletConfig, folder: Path) -> tuple[Complaint, ...]:
    """Return the problems with an outlet's recipients, found without its secrets and the network."""
    lists = _lists_of(config)
    return lists.complaints(config, folder) if lists is not None else ()


def recipients_of(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> tuple[str, ...]:
    """Return the recipients a release gets at an outlet; ("",) if it is one place. Raises ConfigRefused for a bad list.

    Resolves no secret of a built-in kind, so that scheduling does not need the scheduler's passwords. A kind from
    another package is opened, because only it knows.
    """
    if outlet_kind(config.type) is None:
        opened = open_outlet(config, office, folder, secret)
        try:
            return opened.recipients()
        finally:
            opened.close()
    lists = _lists_of(config)
    return lists.addresses(config, folder) if lists is not None else ("",)


def mailboxes_now(config: OutletConfig, folder: Path) -> dict[str, str]:
    """Return an outlet's current recipients, as addresses by mailbox; two spellings of one are one.

    Empty if the list can't be read, or if the outlet has none.
    """
    lists = _lists_of(config)
    if lists is None:
        return {}
    try:
        return lists.mailboxes(lists.addresses(config, folder))
    except ConfigRefused:
        return {}


def mailboxes(config: OutletConfig, addresses: Sequence[str]) -> dict[str, str]:
    """Return what `mailboxes_now` does, for the addresses given."""
    lists = _lists_of(config)
    return lists.mailboxes(addresses) if lists is not None else {}


def _lists_of(config: OutletConfig) -> RecipientLists | None:
    """Return what the outlet's kind knows of recipient lists, None if it sends to none."""
    kind = outlet_kind(config.type)
    if kind is None or not kind.recipient_list:
        return None
    lists: RecipientLists = _named(kind.recipient_list)
    return lists


def _named(place: str) -> Any:
    """Return what "module:name" names, importing the module only then."""
    import importlib

    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


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
                f"Install the package that provides it, or use one of {', '.join(kind.name for kind in OUTLET_KINDS)}.",
            )
        ]
    )
