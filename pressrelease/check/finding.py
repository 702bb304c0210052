"""One thing that `check` has to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


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


#: Every code that `check` gives, and what gives rise to it. An embargo that is refused keeps the code of its
#: refusal, which begins with `embargo_`.
CODES: Mapping[str, str] = MappingProxyType(
    {
        "embargo_missing": "There is no embargo yet; `schedule` needs `--at`.",
        "embargo_length": "The embargo is a length of time, and a file can't say from when it counts.",
        "embargo_past": "The embargo, or the window's end, is over.",
        "window_begun": "The window is open, and the lift that it would get by itself is over.",
        "date_missing": "The embargo means another day when it is read another day.",
        "no_outlet": "It goes nowhere.",
        "unknown_outlet": "It names an outlet that config.toml doesn't have.",
        "outlet_disabled": "It names an outlet that is switched off.",
        "follows_itself": "It follows itself.",
        "follows_unknown": "It follows a release that there isn't.",
        "attachments_too_large": "The attachments are larger together than an outlet can send.",
        "attachment_missing": "An attachment is not in releases/, is a link, or is too large.",
        "attachment_empty": "An attachment has no bytes.",
        "image_alt": "An image has no description for those who can't see it.",
        "contact_missing": "Nobody is named whom a reporter could call or write to.",
        "body_empty": "There is no text.",
        "headline_long": "The headline is longer than feeds and mail show.",
        "placeholder": "A mark of a text to come still stands there.",
        "placeholder_perhaps": "Something looks like a mark of a text to come.",
        "unsafe_link": "A link leads to something other than a web page, a mail address or a telephone.",
        "link_nowhere": "A link leads to no address and to no attachment.",
        "remote_image": "An image would be fetched from elsewhere.",
        "image_not_attached": "An image is shown that is not among the attachments.",
        "raw_html": "HTML stands in the text, and will be shown as it is.",
        "presumption_missing": "People are accused, and nothing says that they are presumed innocent.",
        "juvenile": "The text speaks of a minor.",
        "victim": "The text may tell who a victim is.",
        "prejudice": "The text may prejudice a jury.",
    }
)
