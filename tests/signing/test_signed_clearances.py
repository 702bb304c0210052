"""Clearances are signed where approvals are, and one without the signature of its giver lets nothing leave."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import forging
import pytest
from calling import Caller
from office import Office
from signing_keys import Keys, found, key, keys, made_keys

from pressrelease.store import Store
from pressrelease.store.rows import format_utc, from_micros, to_micros
from pressrelease.system import clock

__all__ = ["found", "keys", "made_keys"]  # fixtures

SIGNED = 'allowed_signers = "../keys/allowed_signers"'
CHARGES = '\n[clearances.charges]\nask = "Do the charges stand?"\nby = ["deputy"]\n'


@pytest.fixture
def office(found: Callable[..., Office], keys: Keys, call: Caller) -> Office:
    """An office with one release that is due, approved with a signature, and lacks its clearance."""
    made = found(SIGNED + CHARGES, clearances="[charges]")
    call("schedule", "names", "--yes")
    call("approve", "names", *key(keys, "da"))
    return made


def test_one_that_is_signed_by_its_giver_lets_it_go(office: Office, keys: Keys, call: Caller) -> None:
    call("clear", "names", "charges", "--as", "deputy", expect=77)
    assert "you named no key. Nothing was recorded." in call.err
    call("clear", "names", "charges", "--as", "deputy", "--key", str(keys.folder / "da"), expect=77)
    assert "would not count as deputy's" in call.err
    call("publish-due", expect=10)
    assert office.pages == []
    call("clear", "names", "charges", *key(keys, "deputy"))
    call("publish-due")
    assert office.pages == ["names"]


def test_a_refusal_needs_no_key(office: Office, call: Caller) -> None:
    call("clear", "names", "charges", "--as", "deputy", "--refuse")
    assert call.state("names") == "held"


def test_one_that_somebody_wrote_into_row_and_journal_does_not_count(office: Office, call: Caller) -> None:
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    at = to_micros(clock.utc_now())
    until = at + timedelta(hours=1) // timedelta(microseconds=1)
    forging.write_rows(
        store,
        f"UPDATE clearances SET state = 'given', \"by\" = 'deputy', person = 'deputy', at = {at}, until = {until}",
    )
    assert "the journal says that the clearance charges is missing" in call.reason("names")
    told = {"clearance": "charges", "by": "deputy", "until": format_utc(from_micros(until)), "signed": True}
    forging.tell(store, "release.cleared", "names", told, at=at)
    assert "cleared by deputy, does not count: it is not signed" in call.reason("names")
    call("publish-due", expect=10)
    assert office.pages == []
