"""A clock that runs ahead little by little, under the installed command: it is found out, and nothing leaves early."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clock_setting import nothing_out, put, set_clock, witness, witnessed
from needed import needs_program
from office import COMMAND, Office, Receiver, found_office, in_seconds, receiving

pytestmark = pytest.mark.slow

#: Below the tolerance of [clock], so that each step by itself is believed.
STEP = 1.9


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as open_receiver:
        yield open_receiver


def in_minutes(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=minutes)


def forget_passes(office: Office) -> None:
    """As if the last pass were long ago: the next one has to leave its sign."""
    with sqlite3.connect(office.folder / ".pressrelease" / "state.db") as database:
        database.execute("UPDATE processes SET last_seen = 1")


@pytest.mark.parametrize("by", ["commands", "passes"])
def test_small_steps_between_commands_and_passes_add_up(tmp_path: Path, receiver: Receiver, by: str) -> None:
    office = found_office(tmp_path / "office", receiver)
    put(office, in_minutes(20))
    office.run("publish-due")
    said = ""
    for step in range(1, 5):
        set_clock(office, f"+{step * STEP}s")
        if by == "commands":
            office.run("hold", "names-released", "--why", "wait")
            office.run("resume", "names-released", expect=(0, 10))
        else:
            forget_passes(office)
            said += office.run("publish-due", expect=(0, 10)).stderr
    # A pass says it once, and its exit code says it each time.
    assert "clock jumped ahead by" in said + office.run("publish-due", expect=10).stderr
    assert nothing_out(office, receiver)
    if by == "passes":  # what a person did by the wrong clock is on record, and the right one is behind it for a while
        set_clock(office, "")
        assert office.run("publish-due").stderr == ""


@contextmanager
def creeping(office: Office, clock_file: Path) -> Iterator[None]:
    """A scheduler whose clock gains a step with each sign of life, from before the lift until after it."""
    clock_file.write_text("+0", encoding="ascii")
    set_clock(office, "+0")
    del office.environment["FAKETIME"]
    office.environment["FAKETIME_TIMESTAMP_FILE"] = str(clock_file)
    with office.scheduler():
        for step in range(1, 5):
            time.sleep(11)
            clock_file.write_text(f"+{step * STEP}", encoding="ascii")
        yield


@pytest.mark.parametrize("asked", [False, True])
def test_small_steps_under_the_scheduler_add_up(tmp_path: Path, receiver: Receiver, asked: bool) -> None:
    with witness(timedelta(0)) as address:
        office = witnessed(tmp_path, receiver, address) if asked else found_office(tmp_path / "office", receiver)
        if asked:  # what they have once vouched for must not make them needless
            office.write("statement", embargo="immediate")
            office.run("schedule", "statement", "--yes")
            office.run("approve", "statement", "--as", "deputy")
            office.run("publish-due")
        lift = in_seconds(60)
        put(office, lift)
        time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds() - 50))
        with creeping(office, tmp_path / "clock"):
            time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds() - 3.5))
            assert "names-released" not in office.pages
            time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds() + 1))
            row = office.json("status", "names-released")["releases"][0]
            assert (row["state"], "clock" in (row["reason"] or "")) == ("needs_you", True)
        assert "names-released" not in office.pages
        assert "names-released" not in receiver.counts


def test_another_host_name_is_no_other_machine(tmp_path: Path, receiver: Receiver) -> None:
    needs_program("unshare", "util-linux")
    if subprocess.run(["unshare", "--uts", "true"], check=False, capture_output=True).returncode:
        pytest.skip("may not give itself another host name")
    office = found_office(tmp_path / "office", receiver)
    put(office, in_minutes(30))
    office.run("publish-due")
    set_clock(office, "+1d")
    renamed = ["unshare", "--uts", "sh", "-c", 'hostname another-container && exec "$@"', "sh"]
    ended = subprocess.run(
        [*renamed, *COMMAND, "publish-due"],
        cwd=office.folder,
        env=os.environ | office.environment,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert ended.returncode == 10, ended.stderr
    assert "clock" in ended.stderr
    assert nothing_out(office, receiver)


def test_of_two_machines_on_one_record_each_is_measured_by_its_own_clock(
    tmp_path: Path, receiver: Receiver, postgres: str
) -> None:
    """The other machine wrote its mark last; a server on the machine whose clock jumped is no second opinion."""
    from conftest import fresh_schema
    from sqlalchemy import create_engine, text

    url = fresh_schema(postgres)
    office = found_office(tmp_path / "office", receiver, more=f'[store]\nurl = "{url}"\n')
    put(office, in_minutes(30))
    office.run("publish-due")
    engine = create_engine(url)
    with engine.begin() as there:
        now = time.time_ns() // 1000
        there.execute(text("INSERT INTO marks (boot, wall, uptime) VALUES ('another', :now, 1000000)"), {"now": now})
    engine.dispose()
    set_clock(office, "+1d")
    assert "clock jumped ahead by" in office.run("publish-due", expect=10).stderr
    assert nothing_out(office, receiver)
