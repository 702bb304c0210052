"""Find lists of recipients that grew by so much since the last release that a person is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pressrelease.services import ServiceContext

#: One new recipient for so many of the last release, or more, needs confirmation.
ONE_IN = 5

#: How many releases that are out are looked through for the last one that went to an outlet.
LOOKED_THROUGH = 50


class ListGrowth(NamedTuple):
    """An outlet's list to which many were added since `since`, the last release that went there."""

    outlet: str
    joined: int
    now: int
    since: str

    @property
    def words(self) -> str:
        """What a person must agree to, in a sentence."""
        are = "recipient is" if self.joined == 1 else "recipients are"
        return f"{self.outlet}: {self.joined:,} of {self.now:,} {are} new since {self.since} went out."


def grew(then: int, joined: int) -> bool:
    """Return whether so many newcomers are asked about; `then` is how many the last release went to, 0 for none."""
    return then > 0 and joined * ONE_IN >= then


def list_growth(context: ServiceContext, slug: str, people: Mapping[str, Sequence[str]]) -> tuple[ListGrowth, ...]:
    """Return the lists that grew by a fifth or more since the last other release that went to each.

    `people` are the recipients of each outlet now. An outlet that no release went to has nothing to compare with.
    """
    lists = {outlet: those for outlet, those in people.items() if tuple(those) != ("",)}
    if not lists or not context.store.exists:
        return ()
    found = []
    for outlet, (since, then) in _last_sent(context, slug, list(lists)).items():
        new = set(_mailboxes(context, outlet, lists[outlet]))
        joined = len(new - set(_mailboxes(context, outlet, then)))
        if grew(len(then), joined):
            found.append(ListGrowth(outlet, joined, len(new), since))
    return tuple(found)


def _mailboxes(context: ServiceContext, outlet: str, addresses: Sequence[str]) -> Sequence[str]:
    """Return addresses as they are compared: two spellings of one are one."""
    from pressrelease.outlets import mailboxes

    return list(mailboxes(context.config.outlets[outlet], addresses)) or addresses


def _last_sent(context: ServiceContext, slug: str, outlets: Sequence[str]) -> dict[str, tuple[str, list[str]]]:
    """Return, for each outlet, the last other release that went there, and its recipients; none for a new outlet."""
    found: dict[str, tuple[str, list[str]]] = {}
    for one in context.store.read.out_before(slug, LOOKED_THROUGH):
        for outlet in [name for name in outlets if name not in found and name in one.outlets]:
            if sent := context.store.read.sent_to(one, outlet):
                found[outlet] = one.slug, sent
    return found
