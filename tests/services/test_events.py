"""A release that waits for an event: a person lifts it, and its alternates never go out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Caller
from office import Office, found_office
from simulator.machine import Machine, running_on

from pressrelease.store import Store

HOUR = timedelta(hours=1)
MONDAY = datetime(2026, 1, 5, 18, tzinfo=UTC)
POLICY = '[policy]\nlifters = ["da", "deputy"]\n'
GUILTY, NOT_GUILTY = "smith-guilty", "smith-not-guilty"


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = Machine(MONDAY)
    with running_on(made, 0):
        yield made


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


@pytest.fixture
def office(machine: Machine, call: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with two alternates that are approved."""
    made = found_office(tmp_path / "office", policy=POLICY)
    os.utime(made.folder / "config.toml", (MONDAY.timestamp() - 300,) * 2)
    monkeypatch.chdir(made.folder)
    for slug in (GUILTY, NOT_GUILTY):
        made.write(slug, embargo="on verdict", alternates="smith-verdict")
    call("schedule", GUILTY, NOT_GUILTY, "--yes")
    call("approve", GUILTY, NOT_GUILTY, "--as", "da")
    return made


def lift(call: Caller, slug: str, *more: str, by: str = "da", expect: int = 0) -> None:
    call("lift", slug, "--as", by, "--confirm", slug, *more, expect=expect)


def test_approved_it_is_armed_and_waits_for_years(office: Office, machine: Machine, call: Caller) -> None:
    (release,) = call.json("status", GUILTY)["releases"]
    assert (release["state"], release["cause"], release["lift"]) == ("armed", "waits_for_event", None)
    assert (release["embargo"]["kind"], release["embargo"]["text"]) == ("event", "on verdict")
    machine.true += timedelta(days=400)
    call("publish-due")
    assert office.pages == []
    assert "pressrelease lift smith-guilty" in call()


def test_lifted_it_goes_out_and_the_other_never_does(office: Office, machine: Machine, call: Caller) -> None:
    lift(call, GUILTY, "--why", "The jury returned at 2:40 p.m.")
    assert f"Called off for good: {NOT_GUILTY}." in call.out
    call("publish-due")
    assert office.pages == [GUILTY]
    assert call.state(GUILTY) == "published"
    (other,) = call.json("status", NOT_GUILTY)["releases"]
    assert (other["state"], other["cause"]) == ("killed", "dismissed")
    assert other["reason"] == "called off for good: smith-guilty was lifted instead"
    for arguments in (
        ("lift", NOT_GUILTY, "--as", "da", "--confirm", NOT_GUILTY),
        ("schedule", NOT_GUILTY, "--yes"),
        ("unschedule", NOT_GUILTY),
        ("hold", NOT_GUILTY),
        ("resume", NOT_GUILTY),
        ("publish", NOT_GUILTY, "--early", "--why", "x", "--confirm", NOT_GUILTY),
    ):
        call(*arguments, expect=77)
        assert "Nothing" in call.err or "can't be put on hold" in call.err, arguments
    office.write("smith-third", embargo="on verdict", alternates="smith-verdict")
    call("schedule", "smith-third", "--yes", expect=77)
    assert "smith-guilty was lifted, and smith-third is an alternate of it." in call.err
    call("publish-due")
    assert office.pages == [GUILTY]
    call("journal", NOT_GUILTY)
    assert "called off for good: smith-guilty was lifted instead" in call.out
    call("journal", GUILTY)
    assert "da lifted it: its event has happened (on verdict): The jury returned at 2:40 p.m." in call.out
    call("journal", "--verify")


@pytest.mark.parametrize(
    ("before", "by", "code", "words"),
    [
        ((), "jdoe", 77, "jdoe can't lift smith-guilty."),
        (("unapprove", GUILTY), "da", 77, "1 more approval needed"),
        (("hold", GUILTY), "da", 10, "was not lifted: put on hold"),
        (("stop",), "da", 11, "was not lifted"),
        (("unschedule", GUILTY), "da", 66, "is a draft"),
    ],
)
def test_what_keeps_it_from_being_lifted(
    office: Office, call: Caller, before: tuple[str, ...], by: str, code: int, words: str
) -> None:
    if before:
        call(*before)
    lift(call, GUILTY, by=by, expect=code)
    assert words in call.err
    assert call.state(NOT_GUILTY) == "armed"


def test_it_must_be_confirmed_by_its_slug(office: Office, call: Caller) -> None:
    call("lift", GUILTY, "--as", "da", expect=10)
    call("lift", GUILTY, "--as", "da", "--confirm", NOT_GUILTY, expect=10)
    lift(call, GUILTY, "--dry-run")
    assert (call.state(GUILTY), call.state(NOT_GUILTY)) == ("armed", "armed")


@pytest.mark.parametrize("jump", [HOUR, -HOUR])
def test_a_clock_in_doubt_lifts_nothing_until_a_person_confirms_it(
    office: Office, machine: Machine, call: Caller, jump: timedelta
) -> None:
    machine.true += HOUR
    call("publish-due")
    machine.offset += jump
    lift(call, GUILTY, expect=10)
    assert f"{GUILTY} was not lifted, and nothing was sent." in call.err
    assert "pressrelease resume --all --confirm clock" in call.err
    assert (call.state(GUILTY), call.state(NOT_GUILTY)) == ("armed", "armed")
    if jump > timedelta(0):
        call("resume", "--all", "--confirm", "clock")
    else:
        machine.offset = timedelta(0)
    lift(call, GUILTY)


def test_a_group_of_alternates_with_one_release_gets_a_warning(office: Office, call: Caller) -> None:
    warned = "No other release has `alternates: jones-verdict`"
    office.write("jones-guilty", embargo="on verdict", alternates="jones-verdict")
    assert warned in call("schedule", "jones-guilty", "--yes")
    assert "alternate_missing" in [one["code"] for one in call.json("check", "jones-guilty")["findings"]]
    office.write("jones-not-guilty", embargo="on verdict", alternates="jones-verdict")
    office.write("broken", embargo="on verdict", alternates="[")
    assert warned not in call("schedule", "jones-guilty", "--yes")
    assert warned not in call("check", "jones-not-guilty")


def test_no_other_command_gives_it_a_time(office: Office, call: Caller) -> None:
    for arguments in (
        ("publish", GUILTY, "--early", "--why", "x", "--confirm", GUILTY),
        ("publish", GUILTY),
        ("resume", GUILTY, "--at", "2026-01-06T09:00:00-08:00"),
        ("schedule", GUILTY, "--at", "2026-01-06T09:00:00-08:00"),
        ("schedule", GUILTY, "--at", "immediate"),
    ):
        call(*arguments, expect=77)
        assert f"{GUILTY} waits for an event (on verdict), so it has no release time." in call.err
    call("approve", GUILTY, "--as", "deputy")
    assert call.state(GUILTY) == "armed"


def test_it_waits_for_its_event_though_no_approval_is_needed(office: Office, call: Caller) -> None:
    config = office.folder / "config.toml"
    config.write_text(config.read_text().replace("[policy]", "[policy]\napprovals = 0"), encoding="utf-8")
    os.utime(config, (MONDAY.timestamp() - 300,) * 2)
    call("schedule", GUILTY, "--yes")
    assert call.state(GUILTY) == "armed"
    call("publish-due")
    assert office.pages == []


def test_its_bounds(office: Office, machine: Machine, call: Caller) -> None:
    bounds = {"not_before": "2026-01-07T09:00:00-08:00", "no_later_than": "2026-01-09T17:00:00-08:00"}
    office.write("bounded", embargo="on sentencing", **bounds)
    call("schedule", "bounded", "--yes")
    call("approve", "bounded", "--as", "da")
    lift(call, "bounded", expect=77)
    assert "can't be lifted before Wednesday, Jan. 7, 2026, 9 a.m. PST" in call.err
    machine.true = datetime(2026, 1, 10, 1, tzinfo=UTC)
    lift(call, "bounded", expect=65)
    (release,) = call.json("status", "bounded")["releases"]
    assert (release["state"], release["cause"]) == ("needs_you", "event_overdue")
    found = call.json("publish-due", expect=10)
    assert [one["slug"] for one in found["needs_you"]] == ["bounded"]
    machine.true -= timedelta(microseconds=1)
    lift(call, "bounded")
    call("publish-due")
    assert office.pages == ["bounded"]


def test_it_lacks_a_clearance(office: Office, machine: Machine, call: Caller) -> None:
    config = office.folder / "config.toml"
    rule = '[clearances.charges]\nask = "Do they stand?"\nby = ["deputy"]\n'
    config.write_text(f"{config.read_text()}{rule}", encoding="utf-8")
    os.utime(config, (MONDAY.timestamp() - 300,) * 2)
    office.write(GUILTY, embargo="on verdict", alternates="smith-verdict", clearances="[charges]")
    call("schedule", GUILTY, "--yes")
    call("approve", GUILTY, "--as", "da")
    (release,) = call.json("status", GUILTY)["releases"]
    assert (release["state"], release["cause"]) == ("armed", "clearance_missing")
    lift(call, GUILTY, expect=77)
    assert "it lacks charges (deputy)" in call.err
    call("clear", GUILTY, "charges", "--as", "deputy")
    lift(call, GUILTY)
    call("publish-due")
    assert office.pages == [GUILTY]


def test_corrected_after_it_was_lifted_it_must_be_lifted_again_and_its_alternates_stay_called_off(
    office: Office, machine: Machine, call: Caller
) -> None:
    lift(call, GUILTY)
    call("hold", GUILTY)
    office.write(GUILTY, embargo="on verdict", alternates="smith-verdict", body="Other words.")
    call("schedule", GUILTY, "--yes")
    call("approve", GUILTY, "--as", "da")
    assert call.state(GUILTY) == "armed"
    call("publish-due")
    assert office.pages == []
    lift(call, GUILTY)
    call("publish-due")
    assert office.pages == [GUILTY]
    assert call.state(NOT_GUILTY) == "killed"


def test_put_off_after_it_was_lifted_and_corrected_it_waits_for_its_event_again(
    office: Office, machine: Machine, call: Caller
) -> None:
    lift(call, GUILTY)
    call("resume", GUILTY, "--at", "2026-01-06T09:00:00-08:00")
    office.write(GUILTY, embargo="on verdict", alternates="smith-verdict", body="Other words.")
    call("schedule", GUILTY, "--yes")
    call("approve", GUILTY, "--as", "da")
    assert call.state(GUILTY) == "armed"
    machine.true += 24 * HOUR
    call("publish-due")
    assert office.pages == []
    lift(call, GUILTY)
    call("publish-due")
    assert office.pages == [GUILTY]


@pytest.mark.parametrize("key", ["alternates", "not_before", "no_later_than"])
def test_its_keys_are_for_events_only(office: Office, call: Caller, key: str) -> None:
    office.write("plain", embargo="2026-01-09T09:00:00-08:00", **{key: "2026-01-07" if key != "alternates" else "x"})
    findings = call.json("check", "plain", expect=65)["findings"]
    assert ("event_missing", "error") in {(one["code"], one["severity"]) for one in findings}


def test_a_row_that_somebody_wrote_lets_nothing_out(office: Office, machine: Machine, call: Caller) -> None:
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    for change, words in (
        ("UPDATE releases SET event_group = NULL", "waits for another event"),
        (
            "INSERT INTO event_lifts SELECT event_group, slug, version, 'da', 1, NULL FROM releases LIMIT 1",
            "not lifted",
        ),
    ):
        with store.ledger(now=machine.wall, actor="x") as ledger, ledger.connection.begin_nested() as part:
            ledger.connection.exec_driver_sql(change)
            differs = ledger.agreement.of_releases(ledger.ask, [GUILTY])
            assert words in differs[GUILTY], change
            part.rollback()
    store.close()
