"""What an approver sees is read alike from both stores, and so is a list that grew."""

from __future__ import annotations

from pathlib import Path

from records import left_alone, office
from sqlalchemy import text

from pressrelease.release.difference import AttachmentChange, RecipientChange, ValueChange
from pressrelease.services import ServiceContext, approving, scheduling
from pressrelease.services.reviewing import review
from pressrelease.system import clock
from pressrelease.wiring import Workspace

FAR = "2099-09-24T09:00:00-07:00"
MAIL = """
[outlets.media]
type = "email"
host = "127.0.0.1"
security = "none"
from = "press@example.org"
recipients = "media.csv"
[defaults]
outlets = ["media"]
"""


def people(workspace: Workspace, number: int) -> None:
    (workspace.folder / "media.csv").write_text(
        "email\n" + "".join(f"r{n}@paper.example\n" for n in range(number)), encoding="ascii"
    )


def write(workspace: Workspace, slug: str, headline: str, embargo: str = FAR) -> None:
    (workspace.folder / "releases" / "sheet.pdf").write_bytes(headline.encode())
    (workspace.folder / "releases" / f"{slug}.md").write_text(
        f"---\nheadline: {headline}\ndate: 2026-01-05\nembargo: {embargo}\nattachments: [sheet.pdf]\n---\n\nWords.\n",
        encoding="utf-8",
    )


def scheduled(context: ServiceContext, slug: str) -> scheduling.Proposal:
    proposal = scheduling.propose(context, slug)
    scheduling.schedule(context, proposal)
    return proposal


def test_a_review_has_the_frozen_version_and_the_one_approved_before(tmp_path: Path, store_url: str) -> None:
    workspace = office(tmp_path / "office", store_url=store_url, more=MAIL)
    context = ServiceContext(workspace, "jdoe")
    people(workspace, 2)
    write(workspace, "names", "One")
    first = scheduled(context, "names")
    found = review(context, context.report("names"))
    assert found.last is None
    assert [(one.path, one.size) for one in found.attachments] == [("sheet.pdf", 3)]
    assert found.covered.recipients == {"media": frozenset({"r0@paper.example", "r1@paper.example"})}
    approving.approve(context, "names", "da")
    people(workspace, 3)
    write(workspace, "names", "Other")
    scheduled(context, "names")
    last = review(context, context.report("names")).last
    assert last is not None
    assert (last.version, last.by) == (first.version, "da")
    assert last.difference is not None
    assert {part: value for part, value in last.difference._asdict().items() if value} == {
        "recipients": (RecipientChange("media", "changed", ("r2@paper.example",), ()),),
        "values": (ValueChange("headline", "One", "Other"),),
        "attachments": (AttachmentChange("sheet.pdf", "changed"),),
    }


def test_a_list_that_grew_is_found(tmp_path: Path, store_url: str) -> None:
    workspace = office(tmp_path / "office", store_url=store_url, more=MAIL)
    context = ServiceContext(workspace, "jdoe")
    people(workspace, 10)
    write(workspace, "first", "One", embargo="immediate")
    scheduled(context, "first")
    with workspace.store.ledger(now=clock.utc_now(), actor="nobody") as ledger:  # as after a pass
        ledger.connection.execute(text("UPDATE deliveries SET state = 'delivered', attempts = 1, first_sent_at = 1"))
        ledger.connection.execute(text("UPDATE releases SET open = false"))
    people(workspace, 12)
    left_alone(workspace.folder)
    write(workspace, "names", "Other", embargo="immediate")
    (grown,) = scheduling.propose(context, "names").grown
    assert (grown.outlet, grown.joined, grown.now, grown.since) == ("media", 2, 12, "first")
    people(workspace, 11)
    assert scheduling.propose(ServiceContext(Workspace(workspace.folder), "jdoe"), "names").grown == ()
