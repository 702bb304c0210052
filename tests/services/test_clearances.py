"""Clearances as people give, refuse and lose them, and what leaves meanwhile."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Caller
from office import Office, found_office, iso
from simulator.machine import Machine, running_on

from pressrelease.services.keeping import verify
from pressrelease.store import Store

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
MONDAY = datetime(2026, 1, 5, 18, tzinfo=UTC)
FRIDAY = datetime(2026, 1, 9, 17, tzinfo=UTC)  # 9 a.m. in California
RULES = """
[policy]
approvers = ["da"]
[clearances.charges]
ask = "Do the charges against each named person still stand?"
by = ["da", "deputy"]
life = "24h"
[clearances.victim]
ask = "Does the victim still agree?"
by = ["rroe"]
life = "7d"
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine(MONDAY)
    with running_on(made, 0):
        yield made


@pytest.fixture
def office(machine: Machine, call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office on Monday, with one release for Friday at 9 that is approved and lacks its clearances."""
    made = found_office(tmp_path / "office", policy=RULES)
    os.utime(made.folder / "config.toml", (MONDAY.timestamp() - 300,) * 2)
    monkeypatch.chdir(made.folder)
    made.write("names", embargo=iso(FRIDAY), clearances="[charges, victim]")
    call("schedule", "names", "--yes")
    call("approve", "names", "--as", "da")
    return made


def given(call: Caller) -> dict[str, str]:
    (release,) = call.json("status", "names")["releases"]
    return {one["name"]: one["state"] for one in release["clearances"]}


def cause(call: Caller) -> tuple[str, str | None]:
    (release,) = call.json("status", "names")["releases"]
    return release["state"], release["cause"]


def test_what_nobody_can_give_yet_is_on_every_screen(office: Office, machine: Machine, call: Caller) -> None:
    call("clear", "names", "victim", "--as", "rroe")
    words = "charges must still be cleared, after Thu. Jan. 8, 9 a.m. PST (da or deputy)"
    assert words in call("status")
    assert words in call()
    machine.true = FRIDAY - HOUR
    call("clear", "names", "charges", "--as", "deputy")
    assert "cleared" not in call("status")
    assert "cleared" not in call()


def test_nothing_leaves_without_them_and_giving_the_last_one_lets_it_go(
    office: Office, machine: Machine, call: Caller
) -> None:
    machine.true = FRIDAY - HOUR
    call("clear", "names", "victim", "--as", "rroe")
    machine.true = FRIDAY
    call("publish-due", expect=10)
    assert office.pages == []
    assert cause(call) == ("needs_you", "clearance_missing")
    machine.true = FRIDAY + 10 * MINUTE
    assert "needed: charges (da or deputy)" in call.reason("names")
    call("clear", "names", "charges", "--as", "deputy")
    assert given(call) == {"charges": "given", "victim": "given"}
    call("publish-due")
    assert office.pages == ["names"]
    assert cause(call) == ("published", None)


def test_one_that_expired_holds_it_back_and_one_given_late_does_not_undo_max_late(
    office: Office, machine: Machine, call: Caller
) -> None:
    machine.true = FRIDAY - 24 * HOUR
    for name, who in (("victim", "rroe"), ("charges", "da")):
        call("clear", "names", name, "--as", who)
    assert "That is before it goes out" in call.out  # by a moment: it ends as the release goes out
    machine.true = FRIDAY
    call("publish-due", expect=10)
    assert cause(call) == ("needs_you", "clearance_expired")
    machine.true = FRIDAY + 25 * HOUR
    call("clear", "names", "charges", "--as", "da")
    call("publish-due", expect=10)
    assert cause(call) == ("needs_you", "missed")
    assert office.pages == []


def test_a_clock_that_was_ahead_when_it_was_given_lends_it_no_longer_life(
    office: Office, machine: Machine, call: Caller
) -> None:
    machine.offset = timedelta(days=5)
    machine.reboot()  # so that nothing here can tell
    machine.true = FRIDAY - 26 * HOUR
    call("clear", "names", "charges", "--as", "da")
    call("clear", "names", "victim", "--as", "rroe")
    machine.offset = timedelta(0)
    machine.reboot()
    machine.true = FRIDAY
    call("resume", "--all", "--confirm", "clock")
    call("publish-due", expect=10)
    assert office.pages == []
    assert cause(call)[1] == "clearance_missing"


def test_a_clock_in_doubt_gives_no_clearance_and_refuses_one(office: Office, machine: Machine, call: Caller) -> None:
    machine.offset = HOUR
    call("clear", "names", "charges", "--as", "da", expect=10)
    assert "The clock jumped ahead by 3600 s. Nothing was recorded." in call.err
    call("clear", "names", "charges", "--as", "da", "--refuse")
    assert given(call) == {"charges": "refused", "victim": "missing"}
    call("resume", "--all", "--confirm", "clock")
    call("clear", "names", "victim", "--as", "rroe")


def test_a_refusal_holds_at_once_whatever_became_of_the_file(office: Office, machine: Machine, call: Caller) -> None:
    office.write("names", embargo=iso(FRIDAY), clearances="[charges, victim]", body="Other words.")
    call("clear", "names", "charges", "--as", "da", expect=10)
    assert "was changed after it was scheduled. Nothing was recorded." in call.err
    call("clear", "names", "charges", "--as", "da", "--refuse", "--why", "One charge was dropped")
    (release,) = call.json("status", "names")["releases"]
    assert release["state"] == "held"
    assert "charges refused: One charge was dropped" in release["reason"]
    assert given(call)["charges"] == "refused"


def test_one_that_was_refused_is_needed_after_the_hold_too(office: Office, machine: Machine, call: Caller) -> None:
    machine.true = FRIDAY - HOUR
    call("clear", "names", "victim", "--as", "rroe")
    call("clear", "names", "charges", "--as", "da", "--refuse")
    call("resume", "names")
    assert cause(call) == ("needs_you", "clearance_refused")
    call("clear", "names", "charges", "--as", "deputy")
    assert cause(call) == ("scheduled", None)
    machine.true = FRIDAY
    call("publish-due")
    assert office.pages == ["names"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("clear", "names", "charges", "--as", "jdoe"), 77, "jdoe can't answer charges. Nothing was recorded."),
        (("clear", "names", "charge", "--as", "da"), 66, "does not need a clearance charge."),
        (("clear", "plain", "charges", "--as", "da"), 66, "plain needs no clearance."),
        (("clear", "draft", "charges", "--as", "da"), 66, "draft is a draft"),
        (("clear", "names"), 2, "Name one clearance, or add --all."),
        (("clear", "--all", "--refuse", "names"), 2, "Name one clearance, or add --all."),
        (("clear", "--all", "names", "--as", "da"), 10, "Each must be answered. Nothing was recorded."),
        (("publish", "names", "--early", "--why", "now", "--confirm", "names"), 77, "it lacks charges (da or deputy)"),
    ],
)
def test_what_is_refused(office: Office, call: Caller, arguments: tuple[str, ...], code: int, words: str) -> None:
    office.write("plain", embargo=iso(FRIDAY))
    office.write("draft", embargo=iso(FRIDAY))
    call("schedule", "plain", "--yes")
    call(*arguments, expect=code)
    assert words in call.err
    assert given(call) == {"charges": "missing", "victim": "missing"}


def test_an_unknown_name_is_an_error_with_the_one_that_may_be_meant(office: Office, call: Caller) -> None:
    office.write("other", embargo=iso(FRIDAY), clearances="[charge]")
    (finding,) = [one for one in call.json("check", "other", expect=65)["findings"] if one["severity"] == "error"]
    assert finding["code"] == "unknown_clearance"
    assert finding["message"] == "There is no clearance charge. Did you mean charges?"
    call("schedule", "other", "--yes", expect=65)


def test_a_dry_run_changes_nothing(office: Office, call: Caller) -> None:
    call("clear", "names", "charges", "--as", "da", "--dry-run")
    call("clear", "names", "charges", "--as", "da", "--refuse", "--dry-run")
    assert given(call)["charges"] == "missing"
    assert call.state("names") == "scheduled"


def test_scheduled_again_it_needs_them_again(office: Office, machine: Machine, call: Caller) -> None:
    machine.true = FRIDAY - HOUR
    call("clear", "names", "charges", "--as", "da")
    call("clear", "names", "victim", "--as", "rroe")
    call("schedule", "names", "--yes")
    assert given(call) == {"charges": "missing", "victim": "missing"}
    call("unschedule", "names")
    (draft,) = call.json("status", "names")["releases"]
    assert draft["clearances"] == []


def test_a_weaker_rule_needs_the_release_to_be_scheduled_again(office: Office, call: Caller) -> None:
    config = office.folder / "config.toml"
    text = config.read_text(encoding="utf-8")
    for before, after, words in (
        ('life = "24h"', 'life = "48h"', "[clearances.charges] life was made weaker"),
        ('by = ["da", "deputy"]', 'by = ["da", "jdoe"]', "[clearances.charges] by was made weaker"),
        ("still stand?", "stand?", "[clearances.charges] ask was changed"),
        ("[clearances.charges]", "[clearances.other]", "[clearances.charges] was deleted"),
    ):
        config.write_text(text.replace(before, after), encoding="utf-8")
        assert words in call.reason("names")
        call("clear", "names", "charges", "--as", "da", expect=10)
        assert "Nothing was recorded." in call.err
    config.write_text(text.replace('by = ["da", "deputy"]', 'by = ["da"]'), encoding="utf-8")
    assert call.state("names") == "scheduled"


def test_who_must_give_what_is_on_the_first_screen_once_it_would_last(
    office: Office, machine: Machine, call: Caller
) -> None:
    assert "ACTION NEEDED" in call()
    assert "needed: victim (rroe)" in call.out
    machine.true = FRIDAY - 23 * HOUR
    call()
    assert "names: NOT CLEARED" in call.out
    assert "needed: charges (da or deputy), victim (rroe)" in call.out
    assert "pressrelease clear --all names" in call.out
    assert "if it is cleared by then." in call.out
    call("clear", "names", "charges", "--as", "da")
    call("status", "names")
    assert "clearance charges: given by da until" in call.out
    assert "clearance victim: victim is not cleared; rroe can give it" in call.out


def test_the_journal_says_it_and_a_changed_row_is_found(office: Office, machine: Machine, call: Caller) -> None:
    machine.true = FRIDAY - HOUR
    call("clear", "names", "charges", "--as", "da")
    call("clear", "names", "victim", "--as", "rroe", "--refuse", "--why", "no consent")
    call("journal", "names")
    assert "da cleared charges, until Saturday, Jan. 10, 2026, 8 a.m. PST." in call.out
    assert "rroe refused the clearance victim: no consent." in call.out
    call("journal", "--verify")
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    for change, words in (
        ("UPDATE clearances SET state = 'given', until = until + 1 WHERE name = 'charges'", "charges is given by da"),
        ("UPDATE clearances SET state = 'given', until = 9e15 WHERE name = 'victim'", "victim is refused by rroe"),
        ("DELETE FROM clearances WHERE name = 'victim'", "it needs the clearance victim"),
        ("UPDATE clearances SET person = 'x' WHERE name = 'charges'", "recorded under two names"),
        (
            "INSERT INTO clearances (slug, version, name, state) SELECT slug, version, 'more', 'missing' FROM releases",
            "knows of no clearance more",
        ),
    ):
        with store.ledger(now=machine.wall, actor="x", undo=False) as ledger, ledger.connection.begin_nested() as part:
            ledger.connection.exec_driver_sql(change)
            rows = ledger.ask("SELECT * FROM clearances", {})
            differs = ledger.agreement.of_releases(ledger.ask, ["names"])
            assert words in differs["names"], (change, rows)
            part.rollback()
    assert verify(store.read).disagreements == ()
    store.close()


def test_it_is_asked_again_after_the_claim_and_one_that_ends_in_between_lets_nothing_leave(
    office: Office, machine: Machine, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pressrelease.publishing.sender import Sender

    machine.true = FRIDAY - 24 * HOUR + SECOND
    call("clear", "names", "charges", "--as", "da")
    call("clear", "names", "victim", "--as", "rroe")
    machine.true = FRIDAY
    make = Sender._make

    def slow(*arguments: object) -> object:
        machine.true += 2 * SECOND
        return make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Sender, "_make", slow)
    call("publish-due", expect=(10, 75))
    assert office.pages == []
    call("journal", "names")
    assert "its clearance charges is expired" in call.out
    call("publish-due", expect=10)
    assert cause(call) == ("needs_you", "clearance_expired")
