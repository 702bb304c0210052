"""A command over several releases: each is done or refused by itself, and each is reported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pressrelease.errors import PressReleaseError, most_serious


class Refused(NamedTuple):
    """A release that a command was refused for, and why."""

    slug: str
    error: PressReleaseError


class Results(NamedTuple):
    """The slugs that a command did, and those that it refused, each in the order in which they were named."""

    done: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()

    @property
    def error(self) -> PressReleaseError | None:
        """The most serious refusal, which gives the command its exit code; None where there is none."""
        return most_serious(one.error for one in self.refused) if self.refused else None

    def as_json(self) -> dict[str, Any]:
        """The keys that a command's document has for what was refused; none where nothing was."""
        if self.error is None:
            return {}
        return {
            "error": self.error.as_json(),
            "refused": [{"slug": one.slug, **one.error.as_json()} for one in self.refused],
        }


def each(slugs: Sequence[str], act: Callable[[str], object]) -> Results:
    """Call `act` with each slug once, in a transaction of its own; one that is refused keeps no other from its turn."""
    done: list[str] = []
    refused: list[Refused] = []
    for slug in dict.fromkeys(slugs):
        try:
            act(slug)
        except PressReleaseError as error:
            refused.append(Refused(slug, error))
        else:
            done.append(slug)
    return Results(tuple(done), tuple(refused))
