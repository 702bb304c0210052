"""Approvals: by whom, of exactly what, until when; and signed, so that writing the database is not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import forging
import pytest
from calling import Caller
from conftest import NOW
from hypothesis import example, given
from hypothesis import strategies as st
from office import FAR, Office
from records import left_alone
from signing_keys import found, sql, store_of
from sqlalchemy import text

from pressrelease.config import Policy, Retry
from pressrelease.status.dossier import Approval, Directive, Scheduled, same_person
from pressrelease.status.evaluation import counted_approvals
from pressrelease.store import Store, claims, freezing
from pressrelease.when.embargo import Embargo, EmbargoKind

__all__ = ["found"]  # fixtures

# --- How many, and by whom -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("needed", [0, 1, 2, 3])
def test_as_many_people_must_approve_as_the_policy_requires(
    found: Callable[..., Office], call: Caller, needed: int
) -> None:
    office = found(f"approvals = {needed}")
    call("schedule", "names")
    for number in range(needed):
        call("publish-due")
        assert (office.pages, call.state("names")) == ([], "unapproved")
        assert f"{needed - number} more approval" in call.reason("names")
        call("publish", "names", expect=77)
        call("approve", "names", "--as", f"person-{number}")
    call("publish-due")
    assert office.pages == ["names"]


def test_one_person_is_one_approval_however_the_name_is_written(found: Callable[..., Office], call: Caller) -> None:
    office = found("approvals = 2")
    call("schedule", "names")
    for name in ("deputy", "deputy", "Deputy", " DEPUTY ", "\uff44eputy"):
        call("approve", "names", "--as", name)
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    assert len(call.json("status", "names")["releases"][0]["approvals"]) == 1


@pytest.mark.parametrize("name", [" ", "a\nb", "a\x1b[2Jb", "\u202eytuped", "x" * 201])
def test_what_is_no_name_is_refused(found: Callable[..., Office], call: Caller, name: str) -> None:
    found()
    call("schedule", "names")
    call("approve", "names", "--as", name, expect=65)
    assert call.state("names") == "unapproved"


def test_only_those_named_may_approve(found: Callable[..., Office], call: Caller) -> None:
    office = found('approvers = ["da", "deputy"]')
    call("schedule", "names")
    call("approve", "names", "--as", "intern", expect=77)
    assert "da, deputy" in call.err
    forging.approve(store_of(office), "names", "intern")
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    call("approve", "names", "--as", "deputy")
    call("publish-due")
    assert office.pages == ["names"]


@pytest.mark.parametrize("name", ["jdoe", "JDoe", " jdoe"])
def test_the_author_may_not_approve_where_the_policy_says_so(
    found: Callable[..., Office], call: Caller, name: str
) -> None:
    office = found("author_may_approve = false", author="jdoe")
    call("schedule", "names")
    call("approve", "names", "--as", name, expect=77)
    assert "requires somebody else" in call.err
    forging.approve(store_of(office), "names", name.strip())
    call("publish-due")
    assert (office.pages, call.state("names")) == ([], "unapproved")
    call("approve", "names", "--as", "da")
    call("publish-due")
    assert office.pages == ["names"]


def test_who_scheduled_counts_as_author_if_none_is_named(
    found: Callable[..., Office], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "asmith")
    found("author_may_approve = false")
    call("schedule", "names")
    call("approve", "names", expect=77)
    call("approve", "names", "--as", "da")


def test_the_person_who_scheduled_may_not_approve_either(
    found: Callable[..., Office], call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "asmith")
    office = found("author_may_approve = false", author="ghost")
    call("schedule", "names")
    call("approve", "names", expect=77)
    assert "scheduled names" in call.err
    call("publish-due")
    assert office.pages == []
    call("approve", "names", "--as", "da")
    call("publish-due")
    assert office.pages == ["names"]


def test_a_policy_made_stricter_counts_for_what_was_approved_before(found: Callable[..., Office], call: Caller) -> None:
    office = found()
    call("schedule", "names")
    call("approve", "names", "--as", "intern")
    config = office.folder / "config.toml"
    config.write_text(config.read_text().replace("[policy]\n", '[policy]\napprovers = ["da"]\n'))
    left_alone(office.folder)
    call("publish-due", expect=10)
    assert (office.pages, call.state("names")) == ([], "unapproved")


# --- Of exactly what -----------------------------------------------------------------------------------------------


def _edit(office: Office, call: Caller) -> None:
    office.write("names", embargo=FAR, body="Other words.")
    call("schedule", "names", "--yes")


def _move(office: Office, call: Caller) -> None:
    call("schedule", "names", "--at", "2099-09-24T10:00:00-07:00", "--yes")


def _attach(office: Office, call: Caller) -> None:
    (office.folder / "releases" / "sheet.pdf").write_bytes(b"%PDF-1.4 a")
    office.write("names", embargo=FAR, attachments="[{path: sheet.pdf, title: Sheet}]")
    call("schedule", "names", "--yes")


def _back_and_forth(office: Office, call: Caller) -> None:
    call("unschedule", "names")
    call("schedule", "names", "--yes")


CHANGES = (_edit, _move, _attach, _back_and_forth, lambda office, call: call("unapprove", "names"))


@pytest.mark.parametrize("change", CHANGES, ids=["text", "lift", "attachment", "to a draft and back", "taken back"])
def test_any_change_needs_a_new_yes(
    found: Callable[..., Office], call: Caller, change: Callable[[Office, Caller], object]
) -> None:
    office = found(embargo=FAR)
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    assert call.state("names") == "scheduled"
    change(office, call)
    row = call.json("status", "names")["releases"][0]
    assert (row["state"], row["approvals"]) == ("unapproved", [])
    call("approve", "names", "--as", "da")
    assert call.state("names") == "scheduled"


def test_a_file_edited_in_the_meantime_is_not_approved(found: Callable[..., Office], call: Caller) -> None:
    office = found(embargo=FAR)
    call("schedule", "names", "--yes")
    office.write("names", embargo=FAR, body="Other words.")
    call("approve", "names", "--as", "da", expect=10)
    assert "was changed after it was scheduled" in call.err


def test_a_yes_to_another_version_or_release_counts_for_nothing(found: Callable[..., Office], call: Caller) -> None:
    office = found()
    office.write("other")
    call("schedule", "names", "other")
    call("approve", "other", "--as", "da")
    sql(office, "INSERT INTO approvals (slug, version, by, at) VALUES ('names', 'f00', 'da', 1)")
    call("publish-due")
    assert office.pages == ["other"]
    assert call.state("names") == "unapproved"


def test_a_hold_and_its_end_leave_the_approval(found: Callable[..., Office], call: Caller) -> None:
    found(embargo=FAR)
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    call("hold", "names", "--why", "a call from the court")
    call("resume", "names")
    assert call.state("names") == "scheduled"


# --- The claim asks the same -----------------------------------------------------------------------------------------

PEOPLE = ("jdoe", "JDOE", "\uff2aDoe ", "da", "Stra\u00dfe", "STRASSE", "deputy", "intern", "asmith", "ASmith")


POLICIES = st.builds(
    Policy()._replace,
    approvals=st.integers(0, 3),
    approvers=st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True).map(tuple),
    author_may_approve=st.booleans(),
)


@example(["jdoe"], Policy(approvals=1, author_may_approve=False))
@example(["JDOE", "da"], Policy(approvals=2, author_may_approve=False))
@example(["intern"], Policy(approvals=1, approvers=("da",)))
@example(["Straße", "STRASSE"], Policy(approvals=2))
@example(["asmith"], Policy(approvals=1, author_may_approve=False))
@given(st.lists(st.sampled_from(PEOPLE), max_size=4), POLICIES)
def test_the_claim_and_the_plan_count_the_same_people(
    claiming: Callable[[list[str], Policy], bool], people: list[str], policy: Policy
) -> None:
    counted = counted_approvals([Approval(name, NOW) for name in people], policy, MAKERS)
    assert claiming(people, policy) is (counted >= policy.approvals)


#: Who wrote and who scheduled the release.
MAKERS = frozenset({"jdoe", "asmith"})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def claiming(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[list[str], Policy], bool]]:
    """Whether a release of jdoe's, approved by these people in whatever way, would be claimed under a policy."""
    url = "sqlite:///state.db"
    if request.param == "postgresql":
        import psycopg

        template = request.getfixturevalue("postgres")
        plain = template.format(database="postgres").replace("+psycopg", "")
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute("CREATE DATABASE approvals")
        url = template.format(database="approvals")
    store = Store(url, tmp_path_factory.mktemp("claiming"))
    embargo = Embargo("…", EmbargoKind.INSTANT, "America/Los_Angeles", not_before=NOW, lift=NOW)
    release = Scheduled("names", "v1", "…", embargo, NOW, ("media",), "jdoe", "f", Directive.SCHEDULED, "asmith", NOW)
    release = release._replace(scheduled_by="asmith")
    with store.ledger(now=NOW, actor="asmith") as ledger:
        freezing.schedule(ledger, release, freezing.Frozen(b"{}", NOW, {}, {}), {"media": ("",)})

    def claimed(people: list[str], policy: Policy) -> bool:
        with store.ledger(now=NOW, actor="x", undo=True) as ledger:
            for name in people:
                given = {"by": name, "person": same_person(name), "own": same_person(name) in MAKERS}
                ledger.connection.execute(
                    text(
                        "INSERT INTO approvals (slug, version, by, at, person, own)"
                        f" VALUES ('names', 'v1', :by, {ledger.micros}, :person, :own)"
                    ),
                    given,
                )
                ledger.note("release.approved", "names", "v1", by=name)
            ledger.write_lines()
            store.agreement.forget()  # what was told in the last example was undone
            ids = [row["id"] for row in ledger.rows(text("SELECT id FROM deliveries"))]
            until = NOW + timedelta(minutes=1)
            return bool(claims.claim(ledger, ids, owner="x", lease_until=until, policy=policy, retry=Retry()))

    yield claimed
    store.close()
