"""Several schedulers, cron, and a person with a text editor, all at once on one office."""

from __future__ import annotations

import random
import signal
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from faults import SCALE, Scene, report, scene, staying_up, until
from office import found_office, in_seconds, receiving

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_two_schedulers_cron_and_a_person_at_once(tmp_path: Path) -> None:
    """The person holds some before their lift, stops everything across it, lets go, and resumes what was held."""
    with scene(tmp_path / "office") as made:
        slugs = [f"release-{number}" for number in range(round(24 * min(SCALE, 5)))]
        held = slugs[::4]
        lift = in_seconds(30)
        made.put(*slugs, lift=lift)
        office = made.office
        running = [office.start("run") for _ in range(2)]
        calling = [office.start("publish-due") for _ in range(2)]
        chance = random.Random(4)
        stopped_at = let_go_at = resumed_at = None
        end = lift + timedelta(seconds=14)
        while (now := datetime.now(UTC)) < end:
            for number, process in enumerate(calling):
                if process.poll() is not None:
                    assert process.returncode in {0, 10, 11, 75}, process.communicate()
                    process.communicate()
                    calling[number] = office.start("publish-due")
            if held and resumed_at is None and now < lift - timedelta(seconds=10):
                office.run("hold", *held, "--why", "a call")
                office.run("unapprove", slugs[1])
                office.run("approve", slugs[1], "--as", "da")
                resumed_at = datetime.max.replace(tzinfo=UTC)
            elif stopped_at is None and now >= lift - timedelta(seconds=10):
                office.run("stop", "--why", "a leak")
                stopped_at = datetime.now(UTC)
            elif stopped_at and let_go_at is None and now >= lift + timedelta(seconds=3):
                in_flight = stopped_at + timedelta(seconds=1)
                assert [moment for moment in made.arrivals()[1] if moment > in_flight] == [], (
                    "a stop lets nothing leave"
                )
                let_go_at = datetime.now(UTC)
                office.run("resume", "--all", "--yes")
            elif let_go_at and resumed_at and resumed_at.year == 9999 and now >= let_go_at + timedelta(seconds=3):
                arrived = {arrival.slug for arrival in made.receiver.got}
                assert not arrived & set(held), "what is held does not leave"
                resumed_at = datetime.now(UTC)
                office.run("resume", *held)
            else:
                time.sleep(chance.uniform(0.02, 0.2))
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in (*running, *calling):
            out, err = process.communicate(timeout=60)
            assert process.returncode in {0, 10, 75}, out + err
        made.settle()
        assert resumed_at is not None
        assert resumed_at.year != 9999
        acted = {"stopped": 1, "resumed": 1, "release.held": len(held), "release.unapproved": 1}
        count = made.count(at_least={"arrivals": 5 * len(slugs)} | acted)
        assert (count.in_doubt, count.told_again) == (0, 0)
        assert {slug: len(ids) for slug, ids in made.receiver.ids.items()} == dict.fromkeys(slugs, 1)
        assert {row["state"] for row in office.json("status", "--all")["releases"]} == {"published"}
        first = min(arrival.at for arrival in made.receiver.got if arrival.slug in held)
        assert first >= resumed_at
        report("two `run`, cron, and a person who holds, stops and resumes, at once", count)


def edit(made: Scene, old: str, new: str) -> None:
    """Change config.toml as an editor does that writes in place."""
    path = made.office.folder / "config.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_config_broken_and_fixed_under_the_scheduler(tmp_path: Path) -> None:
    """The last good one stays in force; a broken one is told of; a mended one is taken up without a restart."""
    with scene(tmp_path / "office") as made, receiving() as other, staying_up(made.office) as voice:
        made.office.run("schedule", *ahead(made, "names", in_seconds(14)), "--yes")
        made.office.run("approve", "names")
        edit(made, "[outlets.media]", "[outlets.media")
        voice.wait_for("can't be used", 15)
        assert any("config.toml:" in line for line in voice.said), "it must say where"
        until(lambda: made.receiver.counts["names"] == 1, 40)
        edit(made, "[outlets.media", "[outlets.media]")
        voice.wait_for("settings are in use.", 15)
        edit(made, f"http://127.0.0.1:{made.receiver.port}/press", f"http://127.0.0.1:{other.port}/press")
        until(lambda: sum("settings are in use." in line for line in voice.said) == 2, 15)
        made.office.write("statement", outlets="[newsroom, media]")
        made.office.run("schedule", "statement", "--yes")
        made.office.run("approve", "statement")
        until(lambda: other.counts["statement"] == 1, 15)
        assert made.receiver.counts == {"names": 1}
        assert voice.end() == 0
        made.receiver.got += other.got
        made.settle()
        report("config.toml broken and fixed under `run`", made.count())


@pytest.mark.parametrize("broken", ["[outlets.media", "[office", "approvals = many"])
def test_a_stop_needs_no_config(tmp_path: Path, broken: str) -> None:
    """A scheduler goes on with the last good one, so whoever would stop it must be able to."""
    with scene(tmp_path / "office") as made, staying_up(made.office):
        time.sleep(3)
        lift = in_seconds(20)
        made.put("names", lift=lift)
        path = made.office.folder / "config.toml"
        whole = path.read_text(encoding="utf-8")
        path.write_text(f"{broken}\n{whole}", encoding="utf-8")
        said = made.office.run("stop", "--why", "a leak")
        assert "STOPPED" in said.stdout + said.stderr
        assert datetime.now(UTC) < lift, "this machine is too slow for this test"
        time.sleep(max(0.0, (lift - datetime.now(UTC)).total_seconds()) + 2)
        assert not made.arrivals()[0]
        path.write_text(whole, encoding="utf-8")
        made.office.run("publish-due", expect=11)
        assert not made.arrivals()[0]
        made.audit(at_least={"stopped": 1, "waits for a person": 1})


def test_a_stop_is_not_said_where_nothing_was_stopped(tmp_path: Path) -> None:
    office = found_office(tmp_path / "office", policy="approvals = many\n")
    assert "STOPPED" not in office.run("stop", expect=78).stdout
    assert not (office.folder / ".pressrelease" / "state.db").exists()


def ahead(made: Scene, slug: str, lift: datetime) -> list[str]:
    made.office.write(slug, embargo=lift.isoformat().replace("+00:00", "Z"), outlets="[newsroom, media]")
    made.lift = lift
    return [slug]


def test_half_of_a_config_is_not_taken_up(tmp_path: Path) -> None:
    """An editor that writes slowly leaves half a file for a moment: here, one that asks for one approval less."""
    with receiving() as receiver:
        office = found_office(tmp_path / "office", receiver, policy="")
        path = office.folder / "config.toml"
        half = path.read_text(encoding="utf-8")
        whole = half + "[policy]\napprovals = 2\n"
        path.write_text(whole, encoding="utf-8")
        office.write("names")
        office.run("schedule", "names", "--yes")
        office.run("approve", "names", "--as", "deputy")
        with staying_up(office) as voice:
            time.sleep(3)
            end = time.monotonic() + 6
            while time.monotonic() < end:
                path.write_text(half, encoding="utf-8")
                time.sleep(0.8)
                path.write_text(whole, encoding="utf-8")
                time.sleep(0.4)
            time.sleep(3)
            assert receiver.got == [], voice.said
        assert office.state("names") == "unapproved"


def test_an_outlet_taken_out_and_put_back(tmp_path: Path) -> None:
    with scene(tmp_path / "office") as made:
        made.receiver.status = 503
        made.put("names")
        made.office.run("publish-due", expect=75)
        refused = made.receiver.counts["names"]
        edit(made, "[outlets.media]", "[outlets.renamed]")
        edit(made, 'outlets = ["newsroom", "media"]', 'outlets = ["newsroom"]')
        made.receiver.status = 204
        made.put("statement", outlets="[newsroom, program]")
        said = made.office.run("publish-due", expect=10).stderr
        assert "the outlet media is not in config.toml any more" in said
        assert made.office.state("names") == "needs_you"
        assert made.office.state("statement") == "published"
        edit(made, "[outlets.renamed]", "[outlets.media]")
        made.settle()
        assert made.office.state("names") == "published"
        made.lift = datetime.min.replace(tzinfo=UTC)
        count = made.count()
        assert count.told_again == refused, "what was refused with 503 had not been taken"
        count.told_again -= refused
        report("an outlet taken out of config.toml with deliveries waiting, and put back", count)


def test_an_outlet_taken_out_before_the_lift_costs_the_others_nothing(tmp_path: Path) -> None:
    with scene(tmp_path / "office") as made:
        made.put("names")
        edit(made, "[outlets.media]", "[outlets.renamed]")
        edit(made, 'outlets = ["newsroom", "media"]', 'outlets = ["newsroom"]')
        assert "media" in made.office.run("publish-due", expect=10).stderr
        assert made.office.pages == ["names"]
        assert made.mail.counts == dict.fromkeys(("ann@paper.example", "bob@radio.example"), 1)
        edit(made, "[outlets.renamed]", "[outlets.media]")
        made.settle()
        assert made.office.state("names") == "published"
        report("an outlet taken out of config.toml with deliveries waiting, and put back", made.count())
