"""An office under changed zone rules: its releases follow the clock on the wall, and its people are notified."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import records
from conftest import NOW
from notices import delivery, happening, known, told_words
from office import found_office, receiving
from sqlalchemy import text
from store_acts import LIFT
from zone_files import LA, database, going_by
from zone_rules import FIVE, HOUR, NEW, NINE, NINE_PDT, SECOND, UNKNOWN, rules_of

from pressrelease.config import Config, Office
from pressrelease.errors import EmbargoRefused
from pressrelease.notifications.conditions import conditions
from pressrelease.notifications.notice import Known
from pressrelease.publishing.signatures import approved
from pressrelease.publishing.snapshot import take_snapshot
from pressrelease.release.delivery import DeliveryState
from pressrelease.scheduler.passes import publish_due
from pressrelease.services import ServiceContext, proofing, scheduling, stopping
from pressrelease.services.doctor import record
from pressrelease.services.doctor.findings import DoctorContext, Weight
from pressrelease.status.evaluation import ReleaseState
from pressrelease.store import lifts
from pressrelease.when import read_embargo
from pressrelease.when.wall_time import (
    ZoneCheck,
    check_against_zone_rules,
    known_release,
    reckoned,
    wall_text,
)
from pressrelease.wiring import Workspace, sending

# -- a workspace, its people and its passes --------------------------------------------------------------------------


def away(hours: float = 30) -> datetime:
    """A whole minute ahead."""
    return (datetime.now(UTC) + hours * HOUR).replace(second=0, microsecond=0)


def on_the_wall(moment: datetime, zone: str = LA) -> str:
    """A moment as an office types it: by the clock on its own wall."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(sep=" ")


@pytest.fixture
def ahead(tmp_path: Path) -> Workspace:
    """A workspace with a release that is approved for an hour on the wall, 30 hours ahead."""
    workspace = records.office(tmp_path / "office")
    records.write(workspace, "names", embargo=on_the_wall(away()))
    records.scheduled(workspace, "names", approved=True)
    return workspace


def changed(tmp_path: Path, hours: float, release: str = "") -> Path:
    """A zone database in which California's clock is so many hours from where it is 30 hours from now."""
    offset = away().astimezone(ZoneInfo(LA)).utcoffset()
    assert offset is not None
    return database(tmp_path / f"zones {hours} {release}", offset + hours * HOUR, release)


def of_names(workspace: Workspace) -> Any:
    return ServiceContext(workspace, "jdoe").report("names")


def test_what_is_scheduled_keeps_the_clock_and_the_release_of_its_rules(ahead: Workspace) -> None:
    release = of_names(ahead).dossier.release
    assert release.wall == wall_text(release.lift, LA)
    assert release.zones == known_release(release.wall)
    frozen = ahead.store.read.frozen("names", release.version)
    assert frozen is not None
    assert (frozen.wall, frozen.lift) == (release.wall, release.lift)
    detail = json.loads(next(line.detail for line in ahead.store.read.journal() if line.event == "release.scheduled"))
    assert (detail["wall"], detail["zones"]) == (release.wall, release.zones or "unknown")


def test_an_hour_on_the_wall_and_an_instant_are_not_the_same_version(tmp_path: Path) -> None:
    versions = set()
    moment = away()
    office = records.office(tmp_path / "office")
    for embargo in (on_the_wall(moment), moment.isoformat().replace("+00:00", "Z")):
        records.write(office, "names", embargo="immediate")
        proposal = scheduling.propose(ServiceContext(office, "jdoe"), "names", at=embargo)
        assert proposal.lift == moment
        versions.add(proposal.version)
    assert len(versions) == 2


def test_a_lift_follows_its_clock_to_a_later_moment_and_everybody_is_notified(ahead: Workspace, tmp_path: Path) -> None:
    before = of_names(ahead)
    lift = before.dossier.release.lift
    with going_by(changed(tmp_path, -1, "2099a")):
        report = of_names(ahead)  # before any pass has looked
        assert (report.status.state, report.dossier.release.lift) == (ReleaseState.SCHEDULED, lift + HOUR)
        assert "have changed" in report.status.reason
        assert [one.weight for one in remarks(ahead) if "names" in one.message] == [Weight.WARNING]
        outcome = publish_due(ahead)
        (moved,) = outcome.moved
        assert moved.startswith("a release (code ")  # it is said in cron's mail, before the lift
        assert "names" not in moved
        after = of_names(ahead)
        assert after.dossier.release.lift == lift + HOUR
        assert after.dossier.release.zones == "2099a"
        assert after.status == report.status  # approved as before, its file the same
        assert after.dossier.release.version == before.dossier.release.version
        assert publish_due(ahead).moved == ()
        (told,) = told_words(
            happening("release.zone_rules_changed"),
            of=Known(known(lift=FIVE).dossier._replace(ruling=later())),
        )
        assert "keeps the approved local time and goes out Monday, Sept. 24, 2018" in told
        assert any("its release time was moved" in one.message for one in remarks(ahead))
    # A machine whose rules are still the older ones leaves it there.
    assert publish_due(ahead).moved == ()
    assert of_names(ahead).dossier.release.lift == lift + HOUR
    assert of_names(ahead).status.state is ReleaseState.SCHEDULED


def test_a_scheduler_that_stays_up_follows_rules_that_change_under_it(ahead: Workspace, tmp_path: Path) -> None:
    lift = of_names(ahead).dossier.release.lift
    with sending(ahead, datetime.now(UTC)) as cycle:
        assert cycle.look().to_follow == ()
        with going_by(changed(tmp_path, -1, "2099a")):
            seen = cycle.look()
            assert seen.to_follow == ()
            assert of_names(ahead).dossier.release.lift == lift + HOUR
    assert records.events(ahead.store).count("release.zone_rules_changed") == 1


def test_what_is_far_ahead_follows_at_once(tmp_path: Path) -> None:
    workspace = records.office(tmp_path / "office")
    records.write(workspace, "names", embargo=on_the_wall(away(24 * 100)))
    records.scheduled(workspace, "names", approved=False)
    lift = of_names(workspace).dossier.release.lift
    offset = lift.astimezone(ZoneInfo(LA)).utcoffset()
    with going_by(database(tmp_path / "zones", offset - HOUR, "2099a")):
        assert len(publish_due(workspace).moved) == 1
        report = of_names(workspace)
        assert report.dossier.release.lift == lift + HOUR
        assert "have changed" in report.status.reason  # whoever is to approve it reads of it


def test_rules_that_a_doubted_clock_would_put_on_record_wait(ahead: Workspace, tmp_path: Path) -> None:
    long_after = int((datetime.now(UTC) + 24 * HOUR).timestamp() * 1e6)
    with ahead.store.ledger(now=datetime.now(UTC), actor="nobody") as ledger:
        ledger.connection.execute(text(f"UPDATE control SET newest = {long_after}"))
    with going_by(changed(tmp_path, -1, "2099a")):
        assert publish_due(ahead).moved == ()
        assert "release.zone_rules_changed" not in records.events(ahead.store)


@pytest.mark.parametrize(
    ("wall", "hours", "words"), [(NINE_PDT, -8, "nothing goes out until"), (NINE, -6, "stays with the later")]
)
def test_a_person_is_notified_of_what_they_are_asked(wall: str, hours: int, words: str) -> None:
    asked = known(delivery(state=DeliveryState.WAITING), lift=LIFT)
    ruling = check_against_zone_rules(LIFT, wall, UNKNOWN, now=NOW, rules=rules_of(hours))
    told = conditions(
        [Known(asked.dossier._replace(ruling=ruling))],
        config=Config(Office("The Office", LA)),
        known_outlets={"media"},
        now=NOW,
        clock_doubt=None,
    )
    assert [words in one.words for one in told] == [True]
    assert [one.key.partition(" ")[0] for one in told] == ["zone_rules_ask"]


def later() -> ZoneCheck:
    return check_against_zone_rules(FIVE, NINE, NEW, now=NOW, rules=rules_of(-8, NEW))


def remarks(workspace: Workspace) -> list[Any]:
    from pressrelease.system import clock

    return list(record.zones(DoctorContext(workspace, clock.read_clock())))


def test_a_lift_follows_newer_rules_to_an_earlier_moment_and_no_others(ahead: Workspace, tmp_path: Path) -> None:
    lift = of_names(ahead).dossier.release.lift
    with going_by(changed(tmp_path, 1)):  # of a release that nobody can tell
        assert publish_due(ahead).moved == ()
        report = of_names(ahead)
        assert (report.dossier.release.lift, report.status.state) == (lift, ReleaseState.NEEDS_YOU)
        assert not report.status.blocked  # it goes out at the later moment, unless a person says otherwise
        assert "stays with the later" in report.status.reason
        assert [one.weight for one in remarks(ahead) if "names" in one.message] == [Weight.ERROR]
    with going_by(changed(tmp_path, 1, "2001a")):
        assert publish_due(ahead).moved == ()
        assert of_names(ahead).status.state is ReleaseState.SCHEDULED
    with going_by(changed(tmp_path, 1, "2099a")):
        assert of_names(ahead).dossier.release.lift == lift  # the later of the two until it is on record
        assert len(publish_due(ahead).moved) == 1
        assert of_names(ahead).dossier.release.lift == lift - HOUR
    with going_by(changed(tmp_path, 22, "2099b")):
        assert publish_due(ahead).moved == ()
        report = of_names(ahead)
        assert (report.status.state, report.status.blocked) == (ReleaseState.NEEDS_YOU, False)
        assert "says that it is newer (2099b)" in report.status.reason
    assert of_names(ahead).dossier.release.lift == lift - HOUR
    assert publish_due(ahead).moved == ()


@pytest.mark.parametrize("hours", [-1, 1])
def test_an_hour_whose_offset_was_named_too_waits_for_a_person(tmp_path: Path, hours: int) -> None:
    workspace = records.office(tmp_path / "office")
    moment = away()
    abbreviation = moment.astimezone(ZoneInfo(LA)).tzname()
    records.write(workspace, "names", embargo=f"{on_the_wall(moment)} {abbreviation}")
    records.scheduled(workspace, "names", approved=True)
    with going_by(changed(tmp_path, hours, "2099a")):
        outcome = publish_due(workspace)
        assert [one.slug for one in outcome.needs_you] in ([], ["names"])
        report = of_names(workspace)
        assert (report.status.state, report.status.blocked) == (ReleaseState.NEEDS_YOU, True)
        assert "nothing goes out until a person chooses one" in report.status.reason
        recorded = workspace.store.read.release("names")
        assert recorded is not None
        assert recorded.lift == (moment + HOUR if hours < 0 else moment)  # nobody else lifts it earlier
        with pytest.raises(EmbargoRefused):
            read_embargo(
                recorded.embargo.text, now=datetime.now(UTC), timezone=LA, release_time=datetime(1, 1, 1, 9).time()
            )
        context = ServiceContext(workspace, "jdoe")
        later = stopping.later(context, "names", on_the_wall(moment + 3 * HOUR), now=datetime.now(UTC))
        stopping.resume(context, "names", later)
        assert of_names(workspace).status.state is ReleaseState.SCHEDULED


def test_an_instant_stays_whatever_the_rules(tmp_path: Path) -> None:
    workspace = records.office(tmp_path / "office")
    records.schedule(workspace, "names", days=0.5)
    lift = of_names(workspace).dossier.release.lift
    with going_by(changed(tmp_path, -1, "2099a")):
        assert publish_due(workspace).moved == ()
        report = of_names(workspace)
        assert (report.dossier.release.lift, report.status.reason) == (lift, "")


def test_nothing_is_due_at_the_old_moment_and_a_pass_wakes_at_the_new(ahead: Workspace, tmp_path: Path) -> None:
    """As if 29 and a half hours had gone by: the plan's own guard, before the record has followed."""
    back = 30 * HOUR + timedelta(minutes=2)
    with ahead.store.ledger(now=datetime.now(UTC), actor="nobody") as ledger:
        release = ahead.store.read.release("names")
        assert release is not None
        assert release.lift is not None
        lifts.move_lift(
            ledger, release, release.lift - back, wall=wall_text(release.lift - back, LA), zones=release.zones
        )
    assert [one.slug for one in take_snapshot(ahead.store, ahead.library, ahead.config).plan.due] == ["names"]
    with going_by(changed(tmp_path, -1, "2099a")):
        seen = take_snapshot(ahead.store, ahead.library, ahead.config)
        assert seen.plan.due == ()
        assert [one.release.slug for one in seen.to_follow] == ["names"]
        assert seen.plan.next_wake == release.lift - back + HOUR
        assert stopping.fell_due(ServiceContext(ahead, "jdoe")) == ()


def test_approvals_are_good_from_the_hour_on_by_the_rules_of_this_machine(ahead: Workspace, tmp_path: Path) -> None:
    release = of_names(ahead).dossier.release
    assert approved(ahead.store, release).earliest == release.lift
    with going_by(changed(tmp_path, 1, "2099a")):
        assert approved(ahead.store, release).earliest == release.lift - HOUR
    assert reckoned(NINE_PDT, rules=rules_of(-6)) == LIFT
    assert reckoned(NINE_PDT, rules=rules_of(-8)) == FIVE
    assert reckoned("") is None


def test_a_proof_of_a_draft_names_the_version_that_scheduling_makes(tmp_path: Path) -> None:
    workspace = records.office(tmp_path / "office")
    records.write(workspace, "names", embargo=on_the_wall(away()))
    context = ServiceContext(workspace, "jdoe")
    assert proofing.proof_of(context, "names").message.version == scheduling.propose(context, "names").version


# -- the installed command -------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_a_release_leaves_at_the_hour_that_was_approved(
    tmp_path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    """The clock of California is set back by some seconds, by law, just before the lift."""
    seconds = 8
    with receiving() as receiver:
        more = ""
        if store == "postgresql":
            from conftest import fresh_schema

            more = f'[store]\nurl = "{fresh_schema(request.getfixturevalue("postgres"))}"\n'
        office = found_office(tmp_path / "office", receiver, more=more)
        lift = (datetime.now(UTC) + timedelta(seconds=6)).replace(microsecond=0)
        office.write("names", embargo=on_the_wall(lift))
        office.run("schedule", "names", "--yes")
        office.run("approve", "names", "--as", "da")
        offset = lift.astimezone(ZoneInfo(LA)).utcoffset()
        assert offset is not None
        zones = database(tmp_path / "zones", offset - seconds * SECOND)
        office.environment["PYTHONTZPATH"] = str(zones)
        (shown,) = office.json("status", "names")["releases"]
        assert (shown["state"], shown["lift"]) == ("scheduled", (lift + seconds * SECOND).isoformat()[:19] + "Z")
        assert "the rules of America/Los_Angeles have changed" in shown["reason"]
        told = office.run("publish-due").stdout
        assert "): the rules of America/Los_Angeles have changed" in told
        time.sleep(max(0.0, (lift + SECOND - datetime.now(UTC)).total_seconds()))
        quiet = office.run("publish-due")
        assert quiet.stdout + quiet.stderr == ""
        assert receiver.got == []
        assert office.pages == []
        time.sleep(max(0.0, (lift + (seconds + 0.2) * SECOND - datetime.now(UTC)).total_seconds()))
        office.run("publish-due")
        assert office.state("names") == "published"
        assert receiver.counts == {"names": 1}
        assert all(one.at >= lift + seconds * SECOND for one in receiver.got)
        assert "release.zone_rules_changed" in office.run("journal", "names", "--json").stdout
        office.run("journal", "--verify")
