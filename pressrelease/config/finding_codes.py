"""Every code of a finding of `check`, which [check] severity and a release's `accept` can name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
        "remove_at_unclear": "`remove_at` can't be read.",
        "remove_at_early": "It would have to come down before it goes out.",
        "booking_photo_stays": "A booking photograph has no `remove_at`, or one that is too late for [policy].",
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
        "minor": "The text speaks of a minor.",
        "minor_identified": "The text names a minor.",
        "victim_identified": "The text may identify a victim.",
        "prejudice": "The text may prejudice a jury.",
        "guilt_stated": "The text says that somebody is guilty before a verdict.",
        "birth_date": "The text has a birth date.",
        "ssn": "The text has a Social Security number.",
        "home_address": "The text has a home address.",
        "phone_number": "The text has a phone number that is not the media contact's.",
        "weekday_mismatch": "A date falls on another weekday.",
        "no_such_day": "A date doesn't exist.",
        "zone_season": "A time zone is not in use on that date.",
        "date_past": "What will happen is on a day that will be past.",
        "paragraphs_joined": "Lines without a blank line between them become one paragraph.",
        "code_block": "A paragraph is shown as program code.",
        "bare_address": "A web or e-mail address is no link.",
        "footnote": "Footnotes and struck-out text can't be shown.",
        "dateline_missing": "There is no dateline.",
        "ap_style": "A time, date, number or title is not in the AP's style.",
    }
)

#: Codes whose severity the office can't change: without these a release can't be sent as it is, or not safely.
FIXED = frozenset(
    {
        "embargo_missing",
        "embargo_length",
        "embargo_past",
        "event_missing",
        "no_outlet",
        "unknown_outlet",
        "outlet_disabled",
        "unknown_clearance",
        "follows_itself",
        "follows_unknown",
        "attachments_too_large",
        "attachment_missing",
        "accept_unknown",
        "body_empty",
        "recipients",
        "unsafe_link",
        "remote_image",
    }
)

#: Codes of findings that need more than the release's own text: its lists, its alternates, what it follows, its files.
BEYOND_THE_TEXT = frozenset(
    {
        "alternate_missing",
        "attachment_hidden_text",
        "attachment_metadata",
        "attachment_unread",
        "dead_link",
        "outside_promise",
        "protected_name",
        "recipients",
        "recipients_twice",
    }
)
