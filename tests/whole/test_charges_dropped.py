"""The case that the program exists for: on Friday morning, a charge against one of the named is dropped."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from calling import Caller
from office import found_office, iso
from simulator.machine import Machine, running_on

MONDAY = datetime(2026, 1, 5, 18, tzinfo=UTC)
NINE = datetime(2026, 1, 9, 17, tzinfo=UTC)  # Friday, 9 a.m. in California
RULES = """
[clearances.charges]
ask = "Do the charges against each named person still stand?"
by = ["deputy"]
life = "24h"
"""
NAMES = "Arrested were A. Able and B. Baker. All are presumed innocent until proven guilty."


def test_a_charge_is_dropped_two_minutes_before_the_names_go_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call, machine = Caller(capsys), Machine(MONDAY)
    office = found_office(tmp_path / "office", policy=RULES)
    os.utime(office.folder / "config.toml", (MONDAY.timestamp() - 300,) * 2)
    monkeypatch.chdir(office.folder)

    def at(moment: datetime) -> None:
        machine.true = moment
        call("publish-due", expect=(0, 10))

    with running_on(machine, 0):
        # Monday: written, scheduled and approved.
        office.write("names", embargo=iso(NINE), clearances="[charges]", body=NAMES)
        call("schedule", "names", "--yes")
        call("approve", "names", "--as", "da")
        # Thursday, 4 p.m.: the deputy clears the charges, for a day.
        at(NINE - timedelta(hours=17))
        call("clear", "names", "charges", "--as", "deputy")
        assert call.state("names") == "scheduled"
        # Friday, 8:58: the court calls.
        at(NINE - timedelta(minutes=2))
        call("clear", "names", "charges", "--as", "deputy", "--refuse", "--why", "The charge against Baker was dropped")
        for second in range(0, 130, 10):
            at(NINE - timedelta(minutes=2) + timedelta(seconds=second))
        assert machine.true >= NINE
        assert call.state("names") == "held"
        assert office.pages == []
        # 9:01: corrected, scheduled again; the hold and the approvals were of the first version.
        at(NINE + timedelta(minutes=1))
        office.write("names", embargo="immediate", clearances="[charges]", body=NAMES.replace(" and B. Baker", ""))
        call("schedule", "names", "--yes")
        at(NINE + timedelta(minutes=2))
        assert office.pages == []
        call("approve", "names", "--as", "da")
        at(NINE + timedelta(minutes=3))
        assert call.state("names") == "needs_you"
        assert office.pages == []
        call("clear", "names", "charges", "--as", "deputy")
        at(NINE + timedelta(minutes=3, seconds=30))
        assert office.pages == ["names"]
        assert "Baker" not in (office.folder / "newsroom/names/index.html").read_text(encoding="utf-8")
        (release,) = call.json("status", "names")["releases"]
        assert release["state"] == "published"
        arrived = datetime.fromisoformat(release["deliveries"][0]["delivered_at"])
        assert arrived < NINE + timedelta(minutes=4)
        call("journal", "--verify")
