"""Where releases go: the protocol every kind keeps, and the table of kinds, opened when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pressrelease.delivery import Receipt, Repeats
from pressrelease.message import Message


@dataclass(frozen=True)
class Parcel:
    """A message made ready for one recipient, in memory only: nothing is left to do but send it.

    `content` is exactly what `proof` shows and what leaves; `prepared` is the kind's own business.
    """

    content: bytes
    media_type: str
    prepared: Any = None


class Outlet(Protocol):
    """One configured outlet. Used by several threads at once, after the clock and every guard were asked."""

    name: str
    repeats: Repeats

    def recipients(self) -> tuple[str, ...]:
        """The rows a release gets here, fixed when it is scheduled; ("",) where the outlet is one place."""
        ...

    def prepare(self, message: Message, *, key: str, recipient: str) -> Parcel:
        """Render for one recipient. Pure, apart from remembering; touches neither network nor disk."""
        ...

    def send(self, parcel: Parcel, *, key: str, recipient: str) -> Receipt:
        """Hand it over, once, within the outlet's timeout as a total. Raises DeliveryFailed and nothing else.

        No retry in here: what follows a failure is decided by the plan. No redirect is followed.
        """
        ...

    def warm(self) -> None:
        """Connect ahead of a lift, sending nothing of any release. Failing is silent."""
        ...

    def probe(self) -> str:
        """Reach the outlet with its credentials, publishing nothing; a sentence on what was found.

        Raises DeliveryFailed where it can't be reached or says no.
        """
        ...

    def close(self) -> None:
        """Let go of connections; further use is an error."""
        ...
