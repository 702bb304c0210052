"""One thing that `check` has to say."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Severity(str, Enum):
    """Whether it can be scheduled all the same."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """`line` counts from 1 in the release's file, 0 for the whole file. No text of the release is in it."""

    slug: str
    code: str
    severity: Severity
    line: int
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, str | int]:
        """The keys of `check --json` (CONTRACT section 6)."""
        return {
            "slug": self.slug,
            "code": self.code,
            "severity": self.severity.value,
            "line": self.line,
            "message": self.message,
            "hint": self.hint,
        }
