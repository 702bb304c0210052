"""The findings of `check`, and their codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


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


#: Every code of `check` and its meaning. A refused embargo has the code of its refusal, which begins with
#: `embargo_`.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "embargo_missing": "There is no embargo yet; `schedule` needs `--at`.",
        "embargo_length": "The embargo counts from the moment it was typed, and the file doesn't say when that was.",
        "embargo_past": "The embargo, or the end of its window, has passed.",
        "window_begun": "The window is open, and its usual release time has passed.",
        "date_missing": "The embargo has no fixed date; it would mean a different day tomorrow.",
        "no_outlet": "The release goes to no outlet.",
        "unknown_outlet": "The release names an outlet that config.toml doesn't have.",
        "outlet_disabled": "The release names an outlet that is switched off.",
        "unknown_clearance": "The release names a clearance that config.toml doesn't have.",
        "event_missing": "The release has bounds or alternates, but waits for no event.",
        "follows_itself": "The release follows itself.",
        "follows_unknown": "The release follows one that doesn't exist.",
        "attachments_too_large": "The attachments together are too large to send.",
        "attachment_missing": "An attachment is not in releases/, is a link, or is too large.",
        "attachment_empty": "An attachment is empty.",
        "image_alt": "An image has no alt text.",
        "contact_missing": "No media contact.",
        "accept_unknown": "`accept` names a finding that `check` doesn't have.",
        "body_empty": "There is no text.",
        "headline_long": "The headline is longer than feeds and e-mail programs show.",
        "placeholder": "There is still a placeholder.",
        "placeholder_perhaps": "Something looks like a placeholder.",
        "unsafe_link": "A link goes to something other than a web page, an e-mail address or a phone number.",
        "link_nowhere": "A link has no valid address and names no attachment.",
        "remote_image": "An image comes from another website.",
        "image_not_attached": "An image is not in the list of attachments.",
        "raw_html": "The text contains HTML, which readers will see as code.",
        "presumption_missing": "There is no presumption-of-innocence statement.",
        "juvenile": "The text may identify a minor.",
        "victim": "The text may identify a victim.",
        "prejudice": "The text may prejudice a jury.",
    }
)

#: Codes of findings that need more than the release's own text: its lists, its alternates, the release that it follows.
BEYOND_THE_TEXT = frozenset({"recipients", "recipients_twice", "alternate_missing", "outside_promise"})
