"""A command over several releases: each is done or refused by itself, and each is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pressrelease.errors import PressReleaseError, most_serious
from pressrelease.services import ServiceContext

if TYPE_CHECKING:
    from pressrelease.store.ledger import Ledger

#: How many releases are written in one transaction: each commit waits for the disk.
TOGETHER = 100

_Ready = TypeVar("_Ready")


class RefusedItem(NamedTuple):
    """A release that a command was refused for, and why."""

    slug: str
    error: PressReleaseError


class Results(NamedTuple):
    """The slugs that a command did, and those that it refused, each in the order in which they were named."""

    done: tuple[str, ...] = ()
    refused: tuple[RefusedItem, ...] = ()

    @property
    def error(self) -> PressReleaseError | None:
        """The most serious refusal, which gives the command its exit code; None if there is none."""
        return most_serious(one.error for one in self.refused) if self.refused else None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON keys for what was refused; none if nothing was."""
        if self.error is None:
            return {}
        return {
            "error": self.error.as_json(),
            "refused": [{"slug": one.slug, **one.error.as_json()} for one in self.refused],
        }


def each(slugs: Sequence[str], act: Callable[[str], object]) -> Results:
    """Call `act` with each slug once, in a transaction of its own; a refused one does not affect the others."""
    done: list[str] = []
    refused: list[RefusedItem] = []
    for slug in dict.fromkeys(slugs):
        try:
            act(slug)
        except PressReleaseError as error:
            refused.append(RefusedItem(slug, error))
        else:
            done.append(slug)
    return Results(tuple(done), tuple(refused))


def each_in_groups(
    context: ServiceContext,
    slugs: Sequence[str],
    prepare: Callable[[str], _Ready],
    write: Callable[[Ledger, _Ready], object],
    *,
    at_once: int = TOGETHER,
) -> Results:
    """Do what `each` does, with one transaction for up to `at_once` slugs; a refused one is undone by itself.

    `prepare` checks, with no transaction open; `write` then writes what it returned. If a transaction fails as a
    whole, nothing in it is done, and each of its slugs is refused.
    """
    named = list(dict.fromkeys(slugs))
    refusals: dict[str, PressReleaseError] = {}
    for start in range(0, len(named), at_once):
        ready: dict[str, _Ready] = {}
        for slug in named[start : start + at_once]:
            try:
                ready[slug] = prepare(slug)
            except PressReleaseError as error:
                refusals[slug] = error
        try:
            if ready:
                refusals |= _written(context, ready, write)
        except PressReleaseError as error:
            refusals |= dict.fromkeys(ready, error)
    return Results(
        tuple(slug for slug in named if slug not in refusals),
        tuple(RefusedItem(slug, refusals[slug]) for slug in named if slug in refusals),
    )


def _written(
    context: ServiceContext, ready: dict[str, _Ready], write: Callable[[Ledger, _Ready], object]
) -> dict[str, PressReleaseError]:
    """Write what is ready in one transaction. Return what was refused in it."""
    refusals: dict[str, PressReleaseError] = {}
    with context.ledger() as ledger:
        for slug, one in ready.items():
            try:
                with ledger.part():
                    write(ledger, one)
            except PressReleaseError as error:
                refusals[slug] = error
    return refusals
