"""The screen of the how-to page, made by the program from one release: the page and the program can't differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pressrelease.check import Finding, Severity
from pressrelease.cli.approval_screen import screen_lines
from pressrelease.cli.wrapping import wrapped
from pressrelease.config.settings import ClearanceRule
from pressrelease.promises import Promise
from pressrelease.publishing.snapshot import Report
from pressrelease.release import Attachment, Release
from pressrelease.release.difference import Covered, difference
from pressrelease.services.reviewing import AttachedFile, LastApproval, Review
from pressrelease.status.clearances import Clearance
from pressrelease.status.dossier import Directive, Dossier, Scheduled
from pressrelease.status.evaluation import ReleaseState, ReleaseStatus
from pressrelease.when import Embargo, EmbargoKind

TOP = next(folder for folder in Path(__file__).parents if (folder / "pyproject.toml").is_file())
PAGE = TOP / "docs" / "how-to" / "approve-a-release.md"

ZONE = "America/Los_Angeles"
NOW = datetime(2018, 9, 21, 23, 12, tzinfo=UTC)
LIFT = datetime(2018, 9, 24, 16, 0, tzinfo=UTC)
SLUG = "names-released"
TEXT = """\
AUBURN, Calif. – The office today released the names of 17 people arrested in a
county-wide human trafficking operation.

Richard Roe, 17, of Lincoln, was arrested on suspicion of solicitation.

The office will release the booking photos by Sept. 28."""


def shown() -> list[str]:
    """The lines of the screen, at 80 columns."""
    before = Covered(
        "8d11f0aa0c12",
        Release(SLUG, "Names released in operation", "the week of 9/24", TEXT, attachments=(Attachment("sheet.pdf"),)),
        LIFT + timedelta(days=1),
        "",
        {"newsroom": frozenset({""}), "media": frozenset({f"r{n}@paper.example" for n in range(48)})},
        {"sheet.pdf": "aa"},
        {"format": 1},
    )
    release = before.release._replace(
        headline="Names released in county-wide human trafficking operation",
        body=TEXT.replace("Roe, 17,", "Roe, 27,").replace("was arrested on", "was booked on"),
        accept=(("presumption_missing", "the statement is in the fact sheet"),),
        attachments=(Attachment("sheet.pdf", "Fact sheet"),),
        clearances=("charges",),
        body_line=12,
    )
    after = before._replace(
        version="3fa2c1b09d54" + "0" * 52,
        release=release,
        lift=LIFT,
        recipients={**before.recipients, "media": before.recipients["media"] | {"r48@paper.example"}},
    )
    embargo = Embargo(release.embargo, EmbargoKind.WINDOW, ZONE, not_before=LIFT, lift=LIFT)
    scheduled = Scheduled(
        SLUG, after.version, release.headline, embargo, LIFT, ("newsroom", "media"), "jdoe", "", Directive.SCHEDULED,
        "jdoe", NOW,
    )  # fmt: skip
    rule = ClearanceRule("charges", "Do the charges against each named person still stand?", ("asmith", "rroe"))
    dossier = Dossier(scheduled, (), (), clearances=(Clearance("charges", rule=rule),))
    review = Review(
        Report(dossier, ReleaseStatus(ReleaseState.UNAPPROVED)),
        after,
        (AttachedFile("sheet.pdf", "Fact sheet", "", 48_200, "aa"),),
        (
            Finding(SLUG, "contact_missing", Severity.WARNING, 0, "No media contact."),
            Finding(
                SLUG,
                "presumption_missing",
                Severity.WARNING,
                13,
                "The release says someone was arrested or charged but has no presumption-of-innocence statement.",
                accepted="the statement is in the fact sheet",
            ),
        ),
        (
            Promise(
                SLUG,
                "The office will release the booking photos by Sept. 28.",
                17,
                datetime(2018, 9, 21, 7, tzinfo=UTC),
                datetime(2018, 9, 29, 7, tzinfo=UTC),
            ),
        ),
        LastApproval(before.version, "deputy", NOW - timedelta(hours=3), difference(before, after)),
    )
    lines = screen_lines(review, timezone=ZONE, now=NOW)
    lines.append(f"Approve version {after.version[:12]} of {SLUG} as da? [y/N]")
    return wrapped("\n".join(lines), 80).splitlines()


def test_the_page_shows_what_the_program_shows() -> None:
    page = PAGE.read_text(encoding="utf-8")
    block = page.partition("<!-- made by tests/cli/test_approval_screen.py -->\n```text\n")[2].partition("```")[0]
    assert block.splitlines() == shown(), "\n".join(["the page should have:", *shown()])


def test_the_screen_is_plain_and_fits() -> None:
    assert all(len(line) <= 80 and line.isprintable() for line in shown())
