"""Whether the clearances that a release needs are given and fresh. Pure.

A clearance is the answer of one named person to one question, for one version, and it expires. What is on record is
what that person answered; whether the answer counts at a moment follows from the moment and from config.toml as it is
then. `store.clearances.all_cleared` is the same rule in SQL; tests/status/test_clearances.py compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import NamedTuple

from pressrelease.config import ClearanceRule
from pressrelease.status.dossier import Dossier, same_person
from pressrelease.when import say_full

#: How far the clocks of two machines that share a record may differ: an answer given on one counts on the other.
CLOCKS_DIFFER = timedelta(minutes=1)

#: A moment before any that a release can have.
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class ClearanceState(str, Enum):
    """The state of a clearance. It is never recorded as `expired`: time alone makes it so."""

    MISSING = "missing"
    GIVEN = "given"
    EXPIRED = "expired"
    REFUSED = "refused"


class Clearance(NamedTuple):
    """A clearance that a version needs, with the last answer; every time is aware UTC.

    `recorded` is the answer as it was given. `until` is when it expires, None unless it was given. `doubt` says why a
    given one does not count, "" if it may, and `rule` is its table in config.toml; both are filled in by `under`.
    """

    name: str
    recorded: ClearanceState = ClearanceState.MISSING
    by: str = ""
    at: datetime | None = None
    until: datetime | None = None
    why: str = ""
    signature: str = ""
    doubt: str = ""
    rule: ClearanceRule | None = None

    def state(self, moment: datetime) -> ClearanceState:
        """Return what it is at `moment`, which is aware."""
        if self.recorded is not ClearanceState.GIVEN:
            return self.recorded
        if self.doubt or self.at is None or self.until is None or self.at > moment + CLOCKS_DIFFER:
            return ClearanceState.MISSING
        return ClearanceState.GIVEN if moment < self.until else ClearanceState.EXPIRED

    def useful_from(self, lift: datetime) -> datetime:
        """Return the first moment at which an answer would still count at `lift`."""
        return lift - self.rule.life if self.rule else EARLIEST


def under(clearance: Clearance, rules: Mapping[str, ClearanceRule]) -> Clearance:
    """Return a clearance as config.toml has it now: who may give it, and for how long at most."""
    rule = rules.get(clearance.name)
    if rule is None:
        return clearance._replace(doubt=f"config.toml has no [clearances.{clearance.name}]")
    until, doubt = clearance.until, clearance.doubt
    if clearance.at is not None and until is not None:
        until = min(until, clearance.at + rule.life)
    if clearance.recorded is ClearanceState.GIVEN and not may_give(clearance.by, rule):
        doubt = f"{clearance.by} can't give it any more"
    return clearance._replace(until=until, doubt=doubt, rule=rule)


def by_rules(dossier: Dossier, rules: Mapping[str, ClearanceRule]) -> Dossier:
    """Return a dossier with its clearances as config.toml has them now."""
    if not dossier.clearances:
        return dossier
    return dossier._replace(clearances=tuple(under(one, rules) for one in dossier.clearances))


def may_give(name: str, rule: ClearanceRule) -> bool:
    """Return whether a clearance may be given, or refused, in this name."""
    return same_person(name) in {same_person(one) for one in rule.by}


def open_at(clearances: Iterable[Clearance], moment: datetime) -> tuple[Clearance, ...]:
    """Return the clearances that are not given at `moment`, those that were refused first."""
    left = [one for one in clearances if one.state(moment) is not ClearanceState.GIVEN]
    return tuple(sorted(left, key=lambda one: one.recorded is not ClearanceState.REFUSED))


def asked_for(clearances: Iterable[Clearance], lift: datetime, now: datetime) -> tuple[Clearance, ...]:
    """Return the clearances that somebody can answer now, ahead of `lift`, so that they are given when it comes.

    One that would expire before the lift is left out, unless it was refused.
    """
    moment = max(lift, now)
    return tuple(
        one
        for one in open_at(clearances, moment)
        if one.recorded is ClearanceState.REFUSED or now >= one.useful_from(moment)
    )


def why_open(clearance: Clearance, moment: datetime, *, timezone: str) -> str:
    """Return in words why a clearance is not given at `moment`."""
    name, state = clearance.name, clearance.state(moment)
    if state is ClearanceState.REFUSED:
        return f"{name} was refused by {clearance.by}" + (f": {clearance.why}" if clearance.why else "")
    if state is ClearanceState.EXPIRED:
        assert clearance.until is not None  # noqa: S101  (what expires was given until then)
        return f"{name} was cleared by {clearance.by} only until {say_full(clearance.until, timezone=timezone)}"
    if clearance.doubt and clearance.recorded is ClearanceState.GIVEN:
        return f"{name}, cleared by {clearance.by}, does not count: {clearance.doubt}"
    return f"{name} is not cleared"


def who_words(clearances: Iterable[Clearance]) -> str:
    """Return who can give which clearance, in words: "charges (jdoe or asmith), victim (rroe)"."""
    return ", ".join(f"{one.name} ({' or '.join(one.rule.by)})" if one.rule else one.name for one in clearances)
