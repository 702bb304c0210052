"""The findings of `check`, and their codes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pressrelease.config.finding_codes import BEYOND_THE_TEXT, CODES

__all__ = ["BEYOND_THE_TEXT", "CODES", "Finding", "Severity"]


class Severity(str, Enum):
    """Whether a release with this finding can be scheduled: not with an error."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """`line` counts from 1 in the release's file, 0 for the whole file. No text of the release is in it.

    `accepted` is the reason that the file gives for a warning that somebody read and accepted, "" for any other.
    """

    slug: str
    code: str
    severity: Severity
    line: int
    message: str
    hint: str = ""
    accepted: str = ""

    def as_json(self) -> dict[str, str | int | None]:
        """Return the finding as `check --json` shows it."""
        return {
            "slug": self.slug,
            "code": self.code,
            "severity": self.severity.value,
            "line": self.line,
            "message": self.message,
            "hint": self.hint,
            "accepted": self.accepted or None,
        }
