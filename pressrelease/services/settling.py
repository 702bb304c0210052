"""A person's decision on what is in doubt: which deliveries it is about, and undoing it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from pressrelease.errors import NotFound
from pressrelease.release.delivery import Action, Delivery, DeliveryState, Place
from pressrelease.services import ServiceContext
from pressrelease.services.sending import choose
from pressrelease.status.dossier import Directive
from pressrelease.store.rows import maybe_time

#: A delivery's key, alone or as the first part of a Message-ID.
_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")

#: A line with an address and nothing else, as in a list of addresses.
_ADDRESS = re.compile(r"[\s\"'<]*([^\s\"'<>,;@]+@[^\s\"'<>,;@]+)[\s\"'>,;]*")


class Named(NamedTuple):
    """The recipients a person named: keys, and addresses as `_folded` has them; `others` are other lines with an @."""

    keys: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    others: tuple[str, ...] = ()

    @property
    def anybody(self) -> bool:
        """Whether anybody was named."""
        return bool(self.keys or self.addresses)


class Chosen(NamedTuple):
    """What a settlement is about.

    `left` stays in doubt. `elsewhere` was named and is not in doubt. `unknown` was named and is no delivery of this
    release at this outlet. `unsure` are recipients whose address is in a line that has no key: a log has the same
    address for every mail.
    """

    settled: tuple[Delivery, ...]
    left: tuple[Delivery, ...] = ()
    elsewhere: tuple[Delivery, ...] = ()
    unknown: tuple[str, ...] = ()
    unsure: tuple[Delivery, ...] = ()


def read_names(lines: Iterable[str]) -> Named:
    """Find keys anywhere in `lines`, as in a mail server's log, and addresses in lines that hold nothing else."""
    keys: set[str] = set()
    addresses: set[str] = set()
    others: list[str] = []
    for line in lines:
        if found := _KEY.findall(line.lower()):
            keys.update(found)
        elif alone := _ADDRESS.fullmatch(line.rstrip("\r\n")):
            addresses.add(_folded(alone[1]))
        elif "@" in line:
            others.append(_folded(line))
    return Named(frozenset(keys), frozenset(addresses), tuple(others))


def _folded(text: str) -> str:
    """Return a form that is equal for two spellings of one address."""
    return unicodedata.normalize("NFC", text).casefold()


def in_doubt(context: ServiceContext, slug: str, outlet: str, verdict: str = "") -> tuple[Delivery, ...]:
    """Return what a person may settle of a release at an outlet with that verdict.

    Raises NotFound if there is nothing.
    """
    states = {DeliveryState.IN_DOUBT} | ({DeliveryState.FAILED} if verdict == "drop" else set())
    return choose(context, slug, outlet, states, "in doubt")


def select(context: ServiceContext, slug: str, outlet: str, verdict: str, named: Named | None) -> Chosen:
    """Return which deliveries `verdict` is about; all that may be settled if nobody was `named`. Raises NotFound."""
    may = _last_settled(context, slug, outlet) if verdict == "undo" else in_doubt(context, slug, outlet, verdict)
    if named is None:
        return Chosen(may)
    there = [one for one in context.report(slug).dossier.deliveries if one.outlet == outlet]
    asked = [one for one in there if one.key in named.keys or _folded(one.recipient) in named.addresses]
    chosen = Chosen(
        settled=tuple(one for one in may if one in asked),
        left=tuple(one for one in may if one not in asked and one.state is DeliveryState.IN_DOUBT),
        elsewhere=tuple(one for one in asked if one not in may),
        unknown=tuple(
            sorted(named.keys - {one.key for one in there})
            + sorted(named.addresses - {_folded(one.recipient) for one in there})
        ),
        unsure=tuple(
            one
            for one in may
            if one not in asked and one.recipient and any(_folded(one.recipient) in line for line in named.others)
        ),
    )
    if not chosen.settled:
        word = "can be taken back" if verdict == "undo" else "in doubt"
        raise NotFound(
            f"None of the recipients you named has a delivery of {slug} at {outlet} that is {word}. Nothing"
            " was changed.",
            hint=f"To list what is in doubt, with the keys: `pressrelease settle {slug} --outlet {outlet}`.",
            code="nothing_to_do",
        )
    return chosen


def settle(context: ServiceContext, slug: str, chosen: Sequence[Delivery], verdict: str) -> None:
    """Record a person's decision on what is in doubt: `sent`, `resend`, `drop` (also on what failed), or `undo`."""
    from pressrelease.store import lifts, settling

    acts: dict[str, Callable[..., None]] = {
        "sent": settling.settle_sent,
        "resend": settling.settle_again,
        "drop": settling.settle_dropped,
    }
    release = context.report(slug).dossier.release
    before = _before(context, slug, chosen) if verdict == "undo" else []
    with context.ledger() as ledger:
        if verdict == "resend" and release.word is not Directive.KILLED:
            lifts.accept_late(ledger, release)
        if verdict == "undo":
            settling.undo_settlement(ledger, before)
        else:
            acts[verdict](ledger, chosen)


# -- undoing it ------------------------------------------------------------------------------------------------


class _Settled(NamedTuple):
    """What the journal says of a delivery's last settlement: when, as what, and its state before."""

    at: int
    to: DeliveryState
    state: DeliveryState
    error: str | None
    first_sent_at: datetime | None


_SETTLED_AS = {
    "sent": DeliveryState.DELIVERED,
    "resend": DeliveryState.RETRYING,
    "drop": DeliveryState.CANCELED,
}


def _settlements(context: ServiceContext, slug: str, outlet: str) -> dict[Place, _Settled]:
    """Return the settlements at an outlet after which the journal has no line of that delivery."""
    found: dict[Place, _Settled] = {}
    for line in context.store.read.journal([slug]):
        detail = json.loads(line.detail)
        if not line.event.startswith("delivery.") or detail.get("outlet") != outlet:
            continue
        withdraws = detail.get("action") == Action.WITHDRAW.value
        place = (slug, line.version, outlet, str(detail.get("recipient")), detail.get("n", 1), withdraws)
        found.pop(place, None)
        if line.event == "delivery.settled" and "was" in detail:  # an older program's lines don't have it
            was, error, first_sent = DeliveryState(detail["was"]), detail["error"], maybe_time(detail["first_sent"])
            found[place] = _Settled(line.at, _SETTLED_AS[detail["settled"]], was, error, first_sent)
    return found


def _last_settled(context: ServiceContext, slug: str, outlet: str) -> tuple[Delivery, ...]:
    """Return what the last settlement at an outlet was about, as far as nothing followed. Raises NotFound for none."""
    known = _settlements(context, slug, outlet)
    there = [
        one
        for one in context.report(slug).dossier.deliveries
        if one.outlet == outlet and (was := known.get(one.place)) and one.owner is None and one.state is was.to
    ]
    if not there:
        raise NotFound(
            f"No answer about {slug} at {outlet} can be taken back: nobody gave one, or something was sent after it.",
            hint=f"To see what was answered and sent: `pressrelease journal {slug}`.",
            code="nothing_to_do",
        )
    last = max(known[one.place].at for one in there)
    return tuple(one for one in there if known[one.place].at == last)


def _before(context: ServiceContext, slug: str, chosen: Sequence[Delivery]) -> list[tuple[Delivery, Delivery]]:
    """Return each delivery, as it is and as it was before it was settled.

    After undoing, a person decides again, even if the program would have asked the outlet by itself.
    """
    known = _settlements(context, slug, chosen[0].outlet)
    changes = []
    for one in chosen:
        was = known[one.place]
        before = one._replace(state=was.state, error=was.error, first_sent_at=was.first_sent_at, next_try=None)
        changes.append((one, before))
    return changes
