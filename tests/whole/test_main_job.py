"""The main job, by the installed command: at its moment, to every outlet, once, and never before."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from auditing import audit_office
from office import HereOffice, Office, Receiver, found_office, in_seconds, iso, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as open_receiver:
        yield open_receiver


@pytest.fixture
def office(tmp_path: Path, receiver: Receiver) -> Office:
    return found_office(tmp_path / "office", receiver)


def put(office: Office, *slugs: str, lift: datetime) -> None:
    """Write, schedule and approve releases that lift at one instant."""
    for slug in slugs:
        office.write(slug, embargo=iso(lift))
    here = HereOffice(office.folder)  # what is tried comes after it, and is the installed command
    here.run("schedule", *slugs, "--yes")
    here.run("approve", *slugs, "--as", "deputy")


def test_a_release_goes_out_at_its_lift_by_the_scheduler(office: Office, receiver: Receiver) -> None:
    office.fresh = True
    lift = in_seconds(5)
    put(office, "names-released", lift=lift)
    with office.scheduler():
        office.fresh = False  # the scheduler is what is tried here
        while (now := datetime.now(UTC)) < lift - timedelta(milliseconds=100):
            assert receiver.got == [], f"it came {lift - now} early"
            assert not (office.folder / "newsroom" / "names-released").exists()
            time.sleep(0.02)
        deadline = time.monotonic() + 5
        here = HereOffice(office.folder)
        while here.state("names-released") != "published" and time.monotonic() < deadline:
            time.sleep(0.05)
    (arrival,) = receiver.got
    assert lift <= arrival.at <= lift + timedelta(seconds=1)
    assert office.pages == ["names-released"]
    deliveries = office.json("status", "names-released")["releases"][0]["deliveries"]
    assert [one["state"] for one in deliveries] == ["delivered", "delivered"]
    assert all(0 <= one["late_ms"] <= 1000 for one in deliveries)
    second = office.run("publish-due")
    assert (second.stdout, second.stderr) == ("", "")
    assert len(receiver.got) == 1
    audit_office(office, receiver, at_least={"arrivals": 2, "release.published": 1})


def test_a_release_goes_out_at_its_lift_by_passes_in_a_loop(office: Office, receiver: Receiver) -> None:
    office.fresh = True
    lift = in_seconds(5)
    put(office, "names-released", lift=lift)
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds() - 2))
    while datetime.now(UTC) < lift + timedelta(seconds=1) and not receiver.got:
        outcome = office.run("publish-due")
        if datetime.now(UTC) < lift:
            assert (outcome.stdout, receiver.got, office.pages) == ("", [], [])
    office.run("publish-due")
    (arrival,) = receiver.got
    assert lift <= arrival.at <= lift + timedelta(seconds=1)
    assert office.state("names-released") == "published"
    assert office.pages == ["names-released"]
    second = office.run("publish-due")
    assert (second.stdout, second.stderr) == ("", "")
    assert len(receiver.got) == 1
    audit_office(office, receiver, at_least={"arrivals": 2, "release.published": 1})


def crowd(office: Office, *, schedulers: int, passes: int, seconds: float) -> None:
    """So many `run` and so many loops of `publish-due` on one workspace, all at once, for a while."""
    running = [office.start("run") for _ in range(schedulers)]
    for process in running:
        assert process.stderr is not None
        assert "running" in process.stderr.readline()
    ends = time.monotonic() + seconds
    calling = [office.start("publish-due") for _ in range(passes)]
    while time.monotonic() < ends:
        for number, process in enumerate(calling):
            if process.poll() is not None:
                assert process.returncode in {0, 75}, process.communicate()
                process.communicate()
                calling[number] = office.start("publish-due")
        time.sleep(0.02)
    for process in running:
        process.send_signal(signal.SIGTERM)
    for process in (*running, *calling):
        out, err = process.communicate(timeout=60)
        assert process.returncode in {0, 75}, out + err


def test_many_due_at_once_and_several_processes(office: Office, receiver: Receiver) -> None:
    slugs = [f"release-{number}" for number in range(40)]
    lift = in_seconds(6)
    put(office, *slugs, lift=lift)
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds() - 2))  # they meet for two seconds before it
    crowd(office, schedulers=2, passes=4, seconds=max(0.0, (lift - datetime.now(UTC)).total_seconds()) + 1.5)
    office.run("publish-due")
    assert set(receiver.counts) == set(slugs)
    assert max(receiver.counts.values()) == 1, receiver.counts
    assert min(arrival.at for arrival in receiver.got) >= lift
    assert office.pages == sorted(slugs)
    rows = office.json("status", "--all")["releases"]
    assert {row["state"] for row in rows} == {"published"}
    assert {one["attempts"] for row in rows for one in row["deliveries"]} == {1}
    office.run("journal", "--verify")
    audit_office(office, receiver, at_least={"arrivals": 80, "release.published": 40})


def kill_passes(office: Office, *, moments: int, seed: int) -> None:
    """Start `publish-due` and end it by SIGKILL at a random moment, so many times."""
    chance = random.Random(seed)
    for _ in range(moments):
        process = office.start("publish-due")
        try:
            process.wait(chance.uniform(0.25, 1.3))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()


def assert_whole(office: Office, receiver: Receiver, slugs: list[str], lift: datetime) -> None:
    """Nothing lost, nothing early, and one webhook-id a delivery however often it was sent."""
    assert set(receiver.counts) == set(slugs)
    assert {slug: len(ids) for slug, ids in receiver.ids.items()} == dict.fromkeys(slugs, 1)
    assert len({arrival.id for arrival in receiver.got}) == len(slugs)
    assert min(arrival.at for arrival in receiver.got) >= lift
    assert {(arrival.slug, arrival.body) for arrival in receiver.got}.__len__() == len(slugs)
    rows = office.json("status", "--all")["releases"]
    assert {row["slug"]: row["state"] for row in rows} == dict.fromkeys(slugs, "published")
    assert office.pages == sorted(slugs)
    office.run("journal", "--verify")
    audit_office(office, receiver, at_least={"arrivals": 2 * len(slugs), "release.published": len(slugs)})


@pytest.mark.parametrize(("moments", "releases"), [(6, 12), pytest.param(50, 40, marks=pytest.mark.slow)])
def test_passes_killed_at_random_moments(tmp_path: Path, moments: int, releases: int) -> None:
    with receiving(pause=0.05) as receiver:
        office = found_office(
            tmp_path / "office", receiver, more='[retry]\nschedule = ["1s"]\n', policy='[policy]\nmax_late = "24h"\n'
        )
        slugs = [f"release-{number}" for number in range(releases)]
        lift = in_seconds(5)
        put(office, *slugs, lift=lift)
        time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
        kill_passes(office, moments=moments, seed=moments)
        deadline = time.monotonic() + 30
        while office.run("publish-due", expect=(0, 75)).returncode and time.monotonic() < deadline:
            time.sleep(0.3)
        assert_whole(office, receiver, slugs, lift)


def test_an_edit_after_approval_lets_nothing_leave(office: Office, receiver: Receiver) -> None:
    lift = in_seconds(2)
    put(office, "names-released", lift=lift)
    office.write("names-released", embargo=iso(lift), body="Other words.")
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
    told = office.run("publish-due", expect=10)
    assert "edited after it was scheduled" in told.stderr
    assert (receiver.got, office.pages) == ([], [])
    row = office.json("status", "names-released")["releases"][0]
    assert row["state"] == "needs_you"
    assert "edited" in row["reason"]
    audit_office(office, receiver, at_least={"release.approved": 1, "waits for a person": 1})


def test_a_hold_lets_nothing_leave_until_it_is_resumed(office: Office, receiver: Receiver) -> None:
    lift = in_seconds(2)
    put(office, "names-released", lift=lift)
    office.run("hold", "names-released", "--why", "charges dropped")
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
    told = office.run("publish-due", expect=10)
    assert "charges dropped" in told.stderr
    assert (receiver.got, office.pages) == ([], [])
    assert office.state("names-released") == "held"
    office.run("resume", "names-released")
    office.run("publish-due")
    assert [arrival.slug for arrival in receiver.got] == ["names-released"]
    audit_office(office, receiver, at_least={"arrivals": 2, "release.held": 1, "release.resumed": 1})


def test_a_stop_lets_nothing_leave_and_resuming_sends_nothing_unconfirmed(office: Office, receiver: Receiver) -> None:
    lift = in_seconds(2)
    put(office, "names-released", lift=lift)
    office.run("stop", "--why", "a leak")
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
    told = office.run("publish-due", expect=11)
    assert "a leak" in told.stderr
    assert office.json("status")["stopped"] is True
    assert json.loads(office.run("resume", "--all", "--json").stdout)["fell_due"] == ["names-released"]
    office.run("publish-due", expect=10)
    assert (receiver.got, office.pages) == ([], [])
    office.run("resume", "names-released")
    office.run("publish-due")
    assert [arrival.slug for arrival in receiver.got] == ["names-released"]
    audit_office(office, receiver, at_least={"arrivals": 2, "stopped": 1, "resumed": 1, "release.held": 1})


def test_without_approval_nothing_leaves(office: Office, receiver: Receiver) -> None:
    lift = in_seconds(4)
    office.write("names-released", embargo=iso(lift))
    office.run("schedule", "names-released", "--yes")
    time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()))
    told = office.run("publish-due", expect=10)
    assert "approval" in told.stderr
    assert (receiver.got, office.pages) == ([], [])
    assert office.run("publish", "names-released", expect=77).stdout == ""
    office.run("approve", "names-released")
    office.run("publish-due")
    assert len(receiver.got) == 1
    audit_office(office, receiver)


def test_sigterm_finishes_what_is_in_flight(tmp_path: Path) -> None:
    with receiving(pause=1.0) as receiver:
        office = found_office(tmp_path / "office", receiver)
        office.write("statement", embargo="immediate")
        office.run("schedule", "statement")
        with office.scheduler() as scheduler:
            office.run("approve", "statement")
            while not receiver.got:
                time.sleep(0.01)
            scheduler.send_signal(signal.SIGTERM)
            scheduler.wait(20)
        assert scheduler.returncode == 0
        assert office.state("statement") == "published"
        assert len(receiver.got) == 1
        audit_office(office, receiver, at_least={"arrivals": 2, "scheduler.ended": 1})


@pytest.mark.parametrize(
    ("phrase", "code"),
    [("Tuesday, September 24, 2018, 9 a.m.", 65), ("whenever", 65), ("March 10, 2019, 2:30 a.m.", 65)],
)
def test_a_phrase_without_one_safe_reading_is_refused(office: Office, phrase: str, code: int) -> None:
    told = office.json("when", phrase, "--now", "2018-09-19T12:00:00-07:00", expect=code)
    assert told["error"]["message"]


def test_the_week_of(office: Office) -> None:
    told = office.json("when", "the week of 9/24", "--now", "2018-09-19T12:00:00-07:00")
    assert told["kind"] == "window"
    assert told["lift"] == "2018-09-24T16:00:00Z"
    assert told["not_before"] == "2018-09-24T07:00:00Z"
    assert list(told) == ["text", "kind", "not_before", "no_later_than", "lift", "timezone", "says"]
