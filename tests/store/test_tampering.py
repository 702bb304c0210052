"""Rows that somebody wrote into the database, against what the journal says: nothing leaves, and it is said why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import forging
import pytest
import records
from conftest import fresh_schema
from office import Receiver, receiving
from sqlalchemy.exc import DBAPIError

from pressrelease.cli import main
from pressrelease.config import Policy, Retry
from pressrelease.release.delivery import Delivery
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext, approving, sending, stopping
from pressrelease.services.keeping import verify
from pressrelease.status.evaluation import ReleaseStatus
from pressrelease.store import Store, claims
from pressrelease.when import read_embargo
from pressrelease.wiring import Workspace

SOON = timedelta(minutes=1)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


#: For tables of many cases: on PostgreSQL they are tried among the slow ones.
MOSTLY_SQLITE = pytest.mark.parametrize(
    "place", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, receiver: Receiver) -> Iterator[Workspace]:
    """An office with a newsroom and a webhook, on SQLite and on PostgreSQL; releases go to the newsroom."""
    url = records.SQLITE
    if request.param == "postgresql":
        url = fresh_schema(request.getfixturevalue("postgres"))
    (tmp_path / "office").mkdir()
    secret = tmp_path / "office" / "webhook.secret"
    secret.touch(mode=0o600)
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", encoding="ascii")
    workspace = records.office(
        tmp_path / "office",
        store_url=url,
        more=f'[outlets.public]\ntype = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/press"\n'
        'secret = { file = "webhook.secret" }\n[defaults]\noutlets = ["newsroom"]\n',
    )
    yield workspace
    workspace.store.close()


def status_of(context: ServiceContext, slug: str = "names") -> ReleaseStatus:
    return context.report(slug).status


def pages(place: Workspace) -> list[str]:
    return sorted(page.parent.name for page in (place.folder / "newsroom").glob("*/index.html"))


def claimed(context: ServiceContext) -> list[Delivery]:
    """What the claim takes of everything there is, whatever any plan says."""
    ids = [row["id"] for row in context.store.read.rows("SELECT id FROM deliveries")]
    now = datetime.now(UTC)
    with context.store.ledger(now=now, actor="x", undo=True) as ledger:
        return claims.claim(ledger, ids, owner="x", lease_until=now + SOON, policy=Policy(), retry=Retry())


ADDED = (
    "INSERT INTO deliveries (slug, version, outlet, recipient, state, lift, next_try, attempts)"
    " SELECT slug, version, '{}', '{}', 'waiting', lift, next_try, 0 FROM deliveries WHERE slug = 'names'"
)
APPROVED_AGAIN = "UPDATE approvals SET withdrawn_at = NULL WHERE slug = 'names'"

#: What was done before, if anything, and then to the rows.
EDITS: dict[str, tuple[Callable[[ServiceContext], object] | None, tuple[str, ...]]] = {
    "another outlet added": (None, (ADDED.format("public", ""),)),
    "another recipient added": (None, (ADDED.format("newsroom", "tabloid@evil.example"),)),
    "sent to another outlet": (None, ("UPDATE deliveries SET outlet = 'public'",)),
    "sent to another recipient": (None, ("UPDATE deliveries SET recipient = 'tabloid@evil.example'",)),
    "another outlet, frozen too": (
        None,
        (
            "UPDATE deliveries SET outlet = 'public'",
            """UPDATE releases SET outlets = '["public"]'""",
            """UPDATE versions SET outlets = '["public"]'""",
        ),
    ),
    "a withdrawn approval back": (lambda context: approving.unapprove(context, "names"), (APPROVED_AGAIN,)),
    "a hold ended": (
        lambda context: stopping.hold(context, "names", "the judge called"),
        ("UPDATE releases SET word = 'scheduled'",),
    ),
    "a stop ended": (
        lambda context: stopping.stop(context, "the judge called"),
        ("UPDATE control SET stopped = false",),
    ),
    "approved under two names": (None, ("UPDATE approvals SET person = 'another'",)),
    "lateness accepted by nobody": (None, ("UPDATE releases SET late_accepted_at = lift",)),
    "another author": (None, ("UPDATE releases SET author = 'ghost'",)),
    "another scheduler": (None, ("UPDATE releases SET scheduled_by = 'ghost'",)),
    "a line of the journal rewritten": (None, ()),
}


def drop_guards(store: Store) -> None:
    """Take away what keeps the journal append-only."""
    if store.file is not None:
        forging.execute(store, "DROP TRIGGER journal_no_update")
    else:
        forging.execute(store, "DROP TRIGGER journal_no_change ON journal")


@MOSTLY_SQLITE
@pytest.mark.parametrize("what", EDITS)
def test_nothing_leaves_by_a_row_that_the_journal_does_not_have(
    place: Workspace, receiver: Receiver, what: str
) -> None:
    context = records.schedule_now(place, "names")
    before, edits = EDITS[what]
    if before is not None:
        before(context)
    if what == "a withdrawn approval back":
        forging.move_lift(context.store, "names", datetime.now(UTC) - SOON)
    if what == "a line of the journal rewritten":
        drop_guards(context.store)
        edits = ("UPDATE journal SET actor = 'nobody' WHERE event = 'release.approved'",)
    forging.write_rows(context.store, *edits)
    assert claimed(context) == []
    outcome = publish_due(place)
    assert [one.slug for one in outcome.needs_you] == ["names"]
    assert "the database and the journal disagree: " in outcome.needs_you[0].reason
    assert "nothing goes out until someone checks it" in outcome.needs_you[0].reason
    assert (pages(place), receiver.got) == ([], [])
    assert status_of(context).cause is not None
    assert status_of(context).cause.value == "record_disagrees"
    assert verify(context.store.read).disagreements or verify(context.store.read).walk.broken


@pytest.mark.parametrize("days", [-2, 2])
def test_a_lift_that_was_moved_in_the_database_keeps_a_release_in(place: Workspace, days: int) -> None:
    context = records.schedule(place, "names", days=1)
    forging.move_lift(context.store, "names", datetime.now(UTC) + timedelta(days=days), told=False)
    assert "the journal disagree: the journal says that it goes out at" in status_of(context).reason
    assert claimed(context) == []
    publish_due(place)
    assert pages(place) == []
    assert any("goes out at" in one for one in verify(context.store.read).disagreements)


def test_an_approval_that_nobody_gave_lets_nothing_leave(place: Workspace) -> None:
    context = records.schedule_now(place, "names", approved=False)
    forging.move_lift(context.store, "names", datetime.now(UTC) - SOON)
    forging.approve(context.store, "names", "da", told=False)
    assert claimed(context) == []
    assert "the journal says that nobody approved it" in publish_due(place).needs_you[0].reason
    assert pages(place) == []
    assert any("nobody approved it" in one for one in verify(context.store.read).disagreements)


def test_a_fresh_word_of_a_person_ends_the_disagreement(place: Workspace) -> None:
    context = records.schedule_now(place, "names")
    stopping.hold(context, "names", "wait")
    forging.write_rows(context.store, "UPDATE releases SET word = 'scheduled'")
    assert status_of(context).cause is not None
    stopping.hold(context, "names", "wait")
    assert status_of(context).state.value == "held"
    stopping.resume(context, "names")
    publish_due(place)
    assert pages(place) == ["names"]
    assert verify(context.store.read).disagreements == ()


@pytest.mark.parametrize(
    "edit",
    [
        ADDED.format("public", ""),
        "UPDATE deliveries SET outlet = 'public'",
        "UPDATE approvals SET by = 'ghost', person = 'ghost'",
        "UPDATE releases SET late_accepted_at = 1",
    ],
)
def test_what_was_edited_after_the_claim_is_found_before_the_first_byte(place: Workspace, edit: str) -> None:
    context = records.schedule_now(place, "names")
    release = context.store.read.release("names")
    assert release is not None
    now = datetime.now(UTC)
    ids = [row["id"] for row in context.store.read.rows("SELECT id FROM deliveries")]
    with context.store.ledger(now=now, actor="x") as ledger:
        (mine,) = claims.claim(ledger, ids, owner="x", lease_until=now + SOON, policy=Policy(), retry=Retry())
    ask = context.store.read.why_not
    assert ask(mine, source_hash=release.source_hash, now=now) is None
    forging.write_rows(context.store, edit)
    rows = context.store.read.rows("SELECT id FROM deliveries WHERE outlet = 'public'")
    found = {number: ask(mine._replace(id=number), source_hash=release.source_hash, now=now) for number in [mine.id]}
    found |= {row["id"]: ask(mine._replace(id=row["id"]), source_hash=release.source_hash, now=now) for row in rows}
    assert any("the journal disagree: " in str(told) for told in found.values())


def test_what_people_do_never_makes_record_and_journal_disagree(place: Workspace) -> None:
    context = records.schedule(place, "names", days=20)
    approving.unapprove(context, "names")
    approving.approve(context, "names", "da")
    approving.approve(context, "names", "DA")
    stopping.hold(context, "names", "wait")
    office = context.config.office
    phrase, now = "2099-09-24T09:00:00-07:00", datetime.now(UTC)
    later = read_embargo(phrase, now=now, timezone=office.timezone, release_time=office.release_time)
    stopping.resume(context, "names", later)
    stopping.stop(context, "wait")
    stopping.resume_all(context, let_go=True)
    sending.release_now(context, "names", early=True, why="it leaked")
    assert status_of(context).cause is None
    assert verify(context.store.read).disagreements == ()
    publish_due(place)
    assert pages(place) == ["names"]
    assert verify(context.store.read).disagreements == ()


def test_a_mailing_is_compared_without_reading_the_lines_of_its_deliveries(place: Workspace) -> None:
    context = records.schedule_now(place, "names")
    asked: list[str] = []

    def ask(query: str, values: object) -> list[dict[str, object]]:
        asked.append(query)
        return context.store.read.rows(query, values)  # type: ignore[arg-type]

    publish_due(place)
    context.store.agreement.forget()
    ids = [row["id"] for row in context.store.read.rows("SELECT id FROM deliveries")]
    context.store.agreement.of_deliveries(ask, ids)
    assert len(asked) == 3  # the rows; the release's lines; its recipients
    asked.clear()
    context.store.agreement.of_deliveries(ask, ids)
    assert len(asked) == 1
    if context.store.file is not None:
        from pressrelease.store import agreement

        for query in (agreement.LINES, agreement.BY_DELIVERY, agreement.BY_SLUG):
            plan = context.store.read.rows("EXPLAIN QUERY PLAN " + query.format("'names'"))
            used = [row["detail"] for row in plan if "journal" in row["detail"] or " j " in row["detail"]]
            assert used
            assert all("journal_releases" in one or "journal_stops" in one for one in used), used


def put_out(place: Workspace) -> ServiceContext:
    """A release that is out."""
    context = records.schedule_now(place, "names")
    publish_due(place)
    assert pages(place) == ["names"]
    assert verify(context.store.read).disagreements == ()
    return context


@MOSTLY_SQLITE
@pytest.mark.parametrize(
    "edit",
    [
        "outlet = 'public'",
        "recipient = 'tabloid@evil.example'",
        "url = 'https://evil.example/'",
        "url = NULL",
        "remote_id = 'another'",
        "delivered_at = delivered_at - 1",
        "attempts = 7",
        "state = 'canceled'",
    ],
)
def test_verify_finds_what_was_edited_in_a_delivery_that_arrived(place: Workspace, edit: str) -> None:
    context = put_out(place)
    forging.write_rows(context.store, f"UPDATE deliveries SET {edit}")
    assert verify(context.store.read).disagreements


@MOSTLY_SQLITE
@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE releases SET word = 'held'",
        "UPDATE releases SET lift = lift + 1",
        "UPDATE releases SET source_hash = 'f'",
        "UPDATE control SET stopped = true",
        "DELETE FROM releases",
        "DELETE FROM deliveries",
        "UPDATE approvals SET withdrawn_at = 1",
        "UPDATE approvals SET at = at - 1",
    ],
)
def test_verify_finds_what_was_edited_in_a_release_that_is_out(place: Workspace, edit: str) -> None:
    context = put_out(place)
    forging.write_rows(context.store, edit)
    assert verify(context.store.read).disagreements


SPOILED = {
    "sqlite": (
        "DROP TRIGGER journal_no_update",
        "DROP TRIGGER journal_no_delete",
        "DROP TRIGGER journal_no_replace",
        "CREATE TRIGGER t AFTER UPDATE ON control BEGIN UPDATE control SET stopped = 0; END",
        "CREATE VIEW v AS SELECT 1",
        "DROP INDEX journal_releases",
        "ALTER TABLE deliveries ADD COLUMN x TEXT",
        "DROP TABLE told",
    ),
    "postgresql": (
        "DROP TRIGGER journal_no_change ON journal",
        "DROP TRIGGER journal_no_truncate ON journal",
        "ALTER TABLE journal DISABLE TRIGGER journal_no_change",
        "CREATE OR REPLACE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$",
        "DROP INDEX journal_releases",
        "ALTER TABLE deliveries DROP CONSTRAINT deliveries_slug_version_outlet_recipient_n_action_key",
        "ALTER TABLE deliveries ADD COLUMN x TEXT",
        "DROP TABLE told",
    ),
}


@pytest.mark.parametrize("number", range(8))
def test_verify_finds_what_was_altered_in_the_layout(place: Workspace, number: int) -> None:
    context = records.schedule_now(place, "names")
    assert verify(context.store.read).disagreements == ()
    forging.execute(context.store, SPOILED["postgresql" if context.store.file is None else "sqlite"][number])
    assert "not as the program made it" in verify(context.store.read).disagreements[0]


@pytest.mark.parametrize("how", ["replace", "truncate", "update", "delete"])
def test_no_statement_rewrites_the_journal(place: Workspace, how: str) -> None:
    context = records.schedule_now(place, "names")
    on_server = context.store.file is None
    if how == "truncate" and not on_server:
        pytest.skip("SQLite has no TRUNCATE")
    if how == "replace" and on_server:
        pytest.skip("PostgreSQL has no INSERT OR REPLACE")
    statement = {
        "replace": "INSERT OR REPLACE INTO journal SELECT n, at, 'nobody', host, event, slug, version, detail, prev,"
        " hash FROM journal",
        "truncate": "TRUNCATE journal",
        "update": "UPDATE journal SET actor = 'nobody'",
        "delete": "DELETE FROM journal",
    }[how]
    before = list(context.store.read.journal())
    with pytest.raises(DBAPIError, match="append-only"):
        forging.execute(context.store, statement)
    assert list(context.store.read.journal()) == before


def test_verify_claims_nothing_of_a_cut_end_without_a_head(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    context = records.schedule_now(place, "names")
    head = verify(context.store.read).walk.head
    assert main(["-w", str(place.folder), "journal", "--verify"]) == 0
    told = capsys.readouterr().out
    assert "Only a head kept elsewhere (--head) can show that its end was not cut off." in told
    assert "none changed or moved;" in told
    assert main(["-w", str(place.folder), "journal", "--verify", "--head", str(head)]) == 0
    assert "nothing was cut off before that" in capsys.readouterr().out
