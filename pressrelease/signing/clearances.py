"""Clearances signed by their givers' SSH keys, as approvals are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from pressrelease.signing import Approved, statement_bytes, utc_text, why_not_vouched
from pressrelease.status.clearances import Clearance, ClearanceState


@dataclass(frozen=True)
class ClearanceStatement:
    """What somebody signs who gives a clearance: for which version, and the question that they answered."""

    store_id: str
    slug: str
    version: str
    content: str
    clearance: str
    ask: str
    by: str
    at: datetime

    nothing_done: ClassVar[str] = "Nothing was recorded."

    def text(self) -> bytes:
        """Return the statement as bytes that depend on nothing else, and that no approval can be."""
        values = {
            "clears": self.slug,
            "clearance": self.clearance,
            "ask": self.ask,
            "version": self.version,
            "content": self.content,
            "by": self.by,
            "at": utc_text(self.at),
            "store": self.store_id,
        }
        return statement_bytes(values)


def clearance_statement(approved: Approved, clearance: Clearance, by: str, at: datetime) -> ClearanceStatement:
    """Return what `by` signs at `at` to give a clearance for the version that `approved` is of."""
    ask = clearance.rule.ask if clearance.rule else ""
    return ClearanceStatement(
        approved.store_id, approved.slug, approved.version, approved.content, clearance.name, ask, by, at
    )


def examined(clearances: Iterable[Clearance], approved: Approved, signers: Path) -> tuple[Clearance, ...]:
    """Return the clearances, each given one marked if its signature can't be verified."""
    return tuple(one._replace(doubt=one.doubt or _doubt(one, approved, signers)) for one in clearances)


def _doubt(clearance: Clearance, approved: Approved, signers: Path) -> str:
    if clearance.recorded is not ClearanceState.GIVEN or clearance.at is None:
        return ""
    statement = clearance_statement(approved, clearance, clearance.by, clearance.at)
    return why_not_vouched(statement, clearance.signature, signers)
