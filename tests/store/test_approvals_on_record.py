"""What an approval and its withdrawal write: the rows, the line of the journal, and the lift of what was immediate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NOW
from store_acts import LIFT, events, only, put, sqlite_store, take

from pressrelease.config import Policy
from pressrelease.errors import NotPermitted
from pressrelease.store import Store, approvals
from pressrelease.store.rows import to_micros

SLUG = "names-released"
LATER = NOW + timedelta(hours=1)
ONE, TWO = Policy(approvals=1), Policy(approvals=2)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Store]:
    opened = sqlite_store(tmp_path)
    opened.open(NOW)
    yield opened
    opened.close()


def approve(
    record: Store, by: str, *, at: datetime = LATER, slug: str = SLUG, version: str = "v1", **more: Any
) -> None:
    with record.ledger(now=at, actor="root") as ledger:
        approvals.approve(ledger, slug, version, by, **({"policy": TWO} | more))


def unapprove(record: Store, *why: str) -> int:
    with record.ledger(now=LATER, actor="root") as ledger:
        return approvals.unapprove(ledger, SLUG, *why)


def rows(record: Store) -> list[dict[str, Any]]:
    return [dict(row) for row in record.read.rows("SELECT * FROM approvals ORDER BY id")]


def last_line(record: Store) -> tuple[str, str | None, str | None, dict[str, Any]]:
    *_, line = record.read.journal()
    return line.event, line.slug, line.version, json.loads(line.detail)


def lift_of(record: Store) -> datetime | None:
    release = record.read.release(SLUG)
    assert release is not None
    return release.lift


@pytest.mark.parametrize(("by", "person", "own"), [("The DA", "the da", False), ("JDoe", "jdoe", True)])
def test_an_approval_is_a_row_and_a_line(record: Store, by: str, person: str, own: bool) -> None:
    put(record, approvals=0)
    approve(record, by)
    (row,) = rows(record)
    del row["id"]
    assert row == {
        "slug": SLUG,
        "version": "v1",
        "by": by,
        "at": to_micros(LATER),
        "withdrawn_at": None,
        "signature": None,
        "person": person,
        "own": own,
    }
    assert last_line(record) == ("release.approved", SLUG, "v1", {"by": by})


def test_a_person_who_approves_twice_changes_nothing(record: Store) -> None:
    put(record, approvals=0)
    approve(record, "da")
    before = rows(record), events(record)
    approve(record, "DA", at=LATER + timedelta(hours=1))
    assert (rows(record), events(record)) == before


def test_a_signature_takes_the_place_of_the_same_persons_approval_and_of_no_others(record: Store) -> None:
    put(record, approvals=0)
    put(record, "other", approvals=0)
    approve(record, "da", slug="other")
    approve(record, "da", at=NOW)
    unapprove(record)
    approve(record, "da")
    approve(record, "deputy")
    approve(record, "DA", at=LATER + timedelta(hours=1), signature="-----BEGIN")
    assert [(row["slug"], row["by"], row["withdrawn_at"], row["signature"]) for row in rows(record)] == [
        ("other", "da", None, None),
        (SLUG, "da", to_micros(LATER), None),
        (SLUG, "da", to_micros(LATER + timedelta(hours=1)), None),
        (SLUG, "deputy", None, None),
        (SLUG, "DA", None, "-----BEGIN"),
    ]
    assert last_line(record) == ("release.approved", SLUG, "v1", {"by": "DA", "signed": True})


def test_what_was_scheduled_again_in_the_meantime_is_not_approved(record: Store) -> None:
    put(record, approvals=0)
    with pytest.raises(NotPermitted) as refused:
        approve(record, "da", version="v2")
    assert refused.value.code == "version_changed"
    assert refused.value.message == (
        f"{SLUG} was scheduled again in the meantime. What you read is not what would go out. Nothing was approved."
    )
    assert refused.value.hint == f"Read it again (`pressrelease proof {SLUG}`), then approve it."
    assert rows(record) == []


def test_what_lifts_at_another_time_by_now_is_not_approved(record: Store) -> None:
    put(record, approvals=0)
    with pytest.raises(NotPermitted) as refused:
        approve(record, "da", shown_lift=LIFT + timedelta(minutes=1))
    assert refused.value.code == "lift_changed"
    assert refused.value.message == f"The release time of {SLUG} was changed in the meantime. Nothing was approved."
    assert refused.value.hint == f"To see it and approve it: `pressrelease approve {SLUG}`."
    assert rows(record) == []
    approve(record, "da", shown_lift=LIFT)
    approve(record, "deputy", shown_lift=None)
    assert [row["by"] for row in rows(record)] == ["da", "deputy"]


def test_the_last_approval_lifts_what_is_immediate(record: Store) -> None:
    put(record, lift=None, approvals=0)
    approve(record, "da")
    assert lift_of(record) is None
    approve(record, "DA", at=LATER + timedelta(hours=1))
    assert lift_of(record) is None, "it is the same person"
    approve(record, "deputy", at=LATER + timedelta(hours=2))
    assert lift_of(record) == LATER + timedelta(hours=2)
    approve(record, "another", at=LATER + timedelta(hours=3))
    assert lift_of(record) == LATER + timedelta(hours=2), "it has lifted"


def test_an_approval_that_counts_for_nothing_lifts_nothing(record: Store) -> None:
    put(record, lift=None, approvals=0)
    approve(record, "da")
    approve(record, "deputy", uncounted={"da"})
    assert lift_of(record) is None
    approve(record, "another", uncounted={"da"})
    assert lift_of(record) == LATER


def test_a_makers_own_approval_counts_only_where_the_policy_says_so(record: Store) -> None:
    put(record, lift=None, approvals=0)
    approve(record, "jdoe", policy=Policy(approvals=1, author_may_approve=False))
    assert lift_of(record) is None
    approve(record, "da", policy=Policy(approvals=1, author_may_approve=False))
    assert lift_of(record) == LATER


def test_a_lift_that_was_chosen_stays(record: Store) -> None:
    put(record, approvals=0)
    approve(record, "da", policy=ONE)
    assert lift_of(record) == LIFT


@pytest.mark.parametrize("why", [(), ("a name is wrong",)])
def test_a_withdrawal_ends_every_approval_of_one_release(record: Store, why: tuple[str, ...]) -> None:
    put(record, approvals=2)
    put(record, "other", approvals=1)
    assert unapprove(record, *why) == 2
    assert [(row["slug"], row["withdrawn_at"]) for row in rows(record)] == [
        (SLUG, to_micros(LATER)),
        (SLUG, to_micros(LATER)),
        ("other", None),
    ]
    assert last_line(record) == ("release.unapproved", SLUG, "v1", {"withdrawn": 2, "why": "".join(why)})
    assert lift_of(record) == LIFT


def test_a_withdrawal_takes_the_lift_from_what_lifts_with_its_last_approval(record: Store) -> None:
    put(record, lift=None, approvals=1)
    assert lift_of(record) == NOW
    assert unapprove(record) == 1
    assert lift_of(record) is None


def test_where_nobody_approved_nothing_is_withdrawn(record: Store) -> None:
    put(record, approvals=0)
    with pytest.raises(NotPermitted) as refused:
        unapprove(record)
    assert refused.value.code == "not_approved"
    assert refused.value.message == f"{SLUG} has no approval to take back. Nothing was changed."


def test_what_has_started_to_go_out_keeps_its_approval(record: Store) -> None:
    put(record, approvals=1)
    take(record)
    assert only(record).state.value == "sending"
    with pytest.raises(NotPermitted) as refused:
        unapprove(record)
    assert refused.value.code == "already_begun"
    assert refused.value.message == f"{SLUG} has started to go out; its approval can't be taken back."
    assert refused.value.hint == f"To stop the rest: `pressrelease hold {SLUG}`."
    assert [row["withdrawn_at"] for row in rows(record)] == [None]
