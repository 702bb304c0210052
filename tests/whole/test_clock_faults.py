"""The clock set wrong under the installed command: nothing early, nothing twice, and a person is told."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from auditing import audit_office
from clock_setting import nothing_out, put, set_clock, witness, witnessed
from office import Office, Receiver, found_office, in_seconds, receiving

pytestmark = pytest.mark.slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as open_receiver:
        yield open_receiver


def put_due(office: Office) -> None:
    """A release whose lift has come by now."""
    lift = in_seconds(15)
    put(office, lift)
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))


@pytest.mark.parametrize("offset", ["+1h", "+1d", "+1y"])
def test_a_clock_set_ahead_publishes_nothing_and_tells_a_person(
    tmp_path: Path, receiver: Receiver, offset: str
) -> None:
    office = found_office(tmp_path / "office", receiver)
    put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
    set_clock(office, offset)
    told = office.run("publish-due", expect=10)
    assert "clock" in told.stderr
    assert nothing_out(office, receiver)
    row = office.json("status", "names-released")["releases"][0]
    assert (row["state"], "clock" in row["reason"]) == ("needs_you", True)
    set_clock(office, "")
    assert office.run("publish-due").stderr == ""
    assert office.state("names-released") == "scheduled"
    audit_office(office, receiver, at_least={"release.approved": 1})


def test_a_clock_set_ahead_under_the_scheduler(tmp_path: Path, receiver: Receiver) -> None:
    office = found_office(tmp_path / "office", receiver)
    put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
    clock_file = tmp_path / "clock"
    clock_file.write_text("+0", encoding="ascii")
    set_clock(office, "+0")
    del office.environment["FAKETIME"]
    office.environment["FAKETIME_TIMESTAMP_FILE"] = str(clock_file)
    with office.scheduler() as scheduler:
        clock_file.write_text("+1d", encoding="ascii")
        assert scheduler.stderr is not None
        assert "clock" in scheduler.stderr.readline()
        assert nothing_out(office, receiver)


@pytest.mark.parametrize("offset", ["-1h", "-1y"])
def test_a_clock_set_back_publishes_nothing_twice_and_nothing_at_all(
    tmp_path: Path, receiver: Receiver, offset: str
) -> None:
    office = found_office(tmp_path / "office", receiver)
    put_due(office)
    office.run("publish-due")
    assert len(receiver.got) == 1
    set_clock(office, offset)
    office.write("statement", embargo="immediate")
    office.run("schedule", "statement", "--yes", expect=(0, 10))
    office.run("approve", "statement", expect=(0, 10, 66))
    office.run("publish-due", expect=10)
    assert [arrival.slug for arrival in receiver.got] == ["names-released"]
    audit_office(office, receiver, clock_was_set=True)


def reboot(office: Office) -> None:
    """Have the record say that the clock was last looked at in another boot of the machine."""
    with sqlite3.connect(office.folder / ".pressrelease" / "state.db") as database:
        database.execute("UPDATE marks SET boot = 'an earlier one', uptime = 1")


def test_after_a_reboot_a_wrong_clock_is_found_out_by_a_witness(tmp_path: Path, receiver: Receiver) -> None:
    with witness(timedelta(0)) as address:
        office = witnessed(tmp_path, receiver, address)
        put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
        reboot(office)
        set_clock(office, "+1d")
        assert "witness" in office.run("publish-due", expect=10).stderr
        assert nothing_out(office, receiver)


def test_after_a_reboot_a_right_clock_is_vouched_for(tmp_path: Path, receiver: Receiver) -> None:
    with witness(timedelta(0)) as address:
        office = witnessed(tmp_path, receiver, address)
        put_due(office)
        reboot(office)
        office.run("publish-due")
        assert len(receiver.got) == 1
        audit_office(office, receiver)


def test_after_a_reboot_without_an_answer_nothing_goes_out(tmp_path: Path, receiver: Receiver) -> None:
    office = witnessed(tmp_path, receiver, "http://127.0.0.1:9/")
    put_due(office)
    reboot(office)
    assert "witness" in office.run("publish-due", expect=10).stderr
    assert nothing_out(office, receiver)


def test_a_jump_ahead_that_was_right_is_vouched_for(tmp_path: Path, receiver: Receiver) -> None:
    with witness(timedelta(hours=1)) as address:
        office = witnessed(tmp_path, receiver, address)
        put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
        set_clock(office, "+1h")
        office.run("publish-due")
        assert len(receiver.got) == 1
        audit_office(office, receiver, off=timedelta(hours=1))


def test_a_person_can_vouch_for_the_clock_and_must_name_it(tmp_path: Path, receiver: Receiver) -> None:
    office = found_office(tmp_path / "office", receiver)
    put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
    set_clock(office, "+1h")
    office.run("publish-due", expect=10)
    office.run("stop", "--why", "printer on fire")
    refused = office.run("resume", "--all", "--yes", expect=10)
    assert "This computer's clock shows" in refused.stdout
    assert "clock jumped ahead by" in refused.stderr
    assert "--confirm clock" in refused.stderr
    office.run("publish-due", expect=11)
    assert nothing_out(office, receiver)
    resumed = office.json("resume", "--all", "--yes", "--confirm", "clock")
    assert (resumed["fell_due"], resumed["let_go"]) == (["names-released"], True)
    assert "jumped ahead" in resumed["clock_doubt"]
    office.run("publish-due")
    assert len(receiver.got) == 1
    assert office.json("resume", "--all", "--yes")["clock_doubt"] is None
    seen = {"arrivals": 2, "stopped": 1, "clock.confirmed": 1}
    audit_office(office, receiver, off=timedelta(hours=1), at_least=seen)


def test_resuming_asks_the_witnesses_and_names_their_word(tmp_path: Path, receiver: Receiver) -> None:
    with witness(timedelta(0)) as address:
        office = witnessed(tmp_path, receiver, address)
        put(office, datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30))
        reboot(office)
        set_clock(office, "+1d")
        assert "witnesses" in office.run("resume", "--all", "--yes", expect=10).stderr
        set_clock(office, "")
        office.run("resume", "--all", "--yes")
