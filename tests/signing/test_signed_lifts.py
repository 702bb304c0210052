"""A lift is signed where approvals are, and one that only the record has lets nothing leave."""

from __future__ import annotations

from collections.abc import Callable

import forging
import pytest
from calling import Caller
from office import Office
from signing_keys import Keys, found, key, keys, made_keys

from pressrelease.store import Store
from pressrelease.store.rows import format_utc, from_micros, to_micros
from pressrelease.system import clock

__all__ = ["found", "keys", "made_keys"]  # fixtures

SIGNED = 'allowed_signers = "../keys/allowed_signers"\nlifters = ["deputy"]'


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


@pytest.fixture
def office(found: Callable[..., Office], keys: Keys, call: Caller) -> Office:
    """An office with one release that is approved with a signature, and waits for its event."""
    made = found(SIGNED, embargo="on verdict")
    call("schedule", "names", "--yes")
    call("approve", "names", *key(keys, "da"))
    return made


def test_one_that_is_signed_by_a_lifter_lets_it_go(office: Office, keys: Keys, call: Caller) -> None:
    call("lift", "names", "--confirm", "names", *key(keys, "da"), expect=77)
    call("lift", "names", "--confirm", "names", "--as", "deputy", expect=77)
    assert "you named no key. Nothing was changed." in call.err
    call("lift", "names", "--confirm", "names", "--as", "deputy", "--key", str(keys.folder / "da"), expect=77)
    assert "would not count as deputy's" in call.err
    assert call.state("names") == "armed"
    call("lift", "names", "--confirm", "names", *key(keys, "deputy"))
    call("publish-due")
    assert office.pages == ["names"]


def test_one_that_somebody_wrote_into_rows_and_journal_does_not_count(office: Office, call: Caller) -> None:
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    at = to_micros(clock.utc_now())
    for statement in (
        f"INSERT INTO event_lifts SELECT event_group, slug, version, 'deputy', {at}, NULL FROM releases",
        f"UPDATE releases SET lift = {at}",
        f"UPDATE deliveries SET lift = {at}, next_try = {at}",
    ):
        forging.write_rows(store, statement)
    forging.tell(store, "release.lifted", "names", {"event": "on verdict", "by": "deputy", "why": ""}, at=at)
    forging.tell(store, "release.lift_moved", "names", {"before": None, "lift": format_utc(from_micros(at))}, at=at)
    assert call.state("names") == "needs_you"
    assert "its lift by deputy does not count: it is not signed" in call.reason("names")
    call("publish-due", expect=10)
    assert office.pages == []
