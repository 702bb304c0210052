"""A release by its fields."""

from __future__ import annotations

from datetime import date
from typing import Any

from pressrelease.release import Attachment, Contact, ReleaseKind

#: A different value for each field; a field that is added without a line here fails a test.
OTHERWISE: dict[str, Any] = {
    "slug": "names-withheld",
    "headline": "Names withheld",
    "embargo": "immediate",
    "body": "The names. ",
    "subhead": "Thirty arrests",
    "date": date(2018, 9, 19),
    "dateline": "AUBURN, Calif.",
    "kind": ReleaseKind.STATEMENT,
    "follows": "county-wide-operation",
    "outlets": ("newsroom",),
    "author": "jdoe",
    "contact": Contact(),
    "keywords": ("trafficking",),
    "attachments": (Attachment("sheet.pdf", "Sheet", "A table"),),
    "editor_note": "Embargoed.",
    "accept": (("presumption_missing", "sentenced"),),
    "clearances": ("charges",),
    "not_before": "2018-09-24",
    "no_later_than": "2018-09-28",
    "alternates": "smith-verdict",
    "case": "62-185543",
    "remove_at": "14 days",
}
