"""Lifts of releases that wait for an event, signed by the lifter's SSH key, as approvals are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from pressrelease.signing import Approved, statement_bytes, utc_text


@dataclass(frozen=True)
class LiftStatement:
    """What somebody signs who says that the event of a release has happened."""

    store_id: str
    slug: str
    version: str
    content: str
    by: str
    at: datetime

    nothing_done: ClassVar[str] = "Nothing was changed."

    def text(self) -> bytes:
        """Return the statement as bytes that depend on nothing else, and that no approval can be."""
        values = {
            "lifts": self.slug,
            "version": self.version,
            "content": self.content,
            "by": self.by,
            "at": utc_text(self.at),
            "store": self.store_id,
        }
        return statement_bytes(values)


def lift_statement(approved: Approved, by: str, at: datetime) -> LiftStatement:
    """Return what `by` signs at `at` to lift the version that `approved` is of."""
    return LiftStatement(approved.store_id, approved.slug, approved.version, approved.content, by, at)
