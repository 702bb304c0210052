"""docs/reference/findings.md has every finding of `check`, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_check import findings

from pressrelease.check import CODES
from pressrelease.check.finding import BEYOND_THE_TEXT

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "findings.md"

#: Codes about other keys, files or config.toml; test_check.py has an example of each.
WITHOUT_EXAMPLES = {
    "accept_unknown",
    "attachment_empty",
    "attachment_missing",
    "attachments_too_large",
    "body_empty",
    "booking_photo_stays",
    "contact_missing",
    "date_missing",
    "dateline_missing",
    "embargo_length",
    "embargo_missing",
    "embargo_past",
    "event_missing",
    "follows_itself",
    "follows_unknown",
    "headline_long",
    "no_outlet",
    "outlet_disabled",
    "remove_at_early",
    "remove_at_unclear",
    "unknown_clearance",
    "unknown_outlet",
    "window_begun",
}

sections = dict(re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S))


def test_every_finding_has_its_section_and_its_severity() -> None:
    assert set(sections) == {*CODES, *BEYOND_THE_TEXT}
    assert all(re.search(r"\*(?:Error|Warning|Off)\.\*", section) for section in sections.values())
    assert all("Answer: " in " ".join(section.split()) for section in sections.values())


@pytest.mark.parametrize("code", sorted(set(CODES) - WITHOUT_EXAMPLES))
def test_the_example_fires_and_the_other_does_not(code: str) -> None:
    fires, silent = re.findall(r"```text\n(.*?)\n```", sections[code], re.S)
    severity = re.search(r"\*(Error|Warning)\.\*", sections[code])
    found = [one for one in findings(body=fires) if one.code == code]
    assert found, fires
    assert severity is not None
    assert {one.severity.value for one in found} == {severity[1].lower()}
    assert code not in {one.code for one in findings(body=silent)}, silent
