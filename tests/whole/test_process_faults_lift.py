"""`lift` and `clear` killed at their system calls, and two people who lift two alternates at once."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from faults import spread, traced
from office import HereOffice, Office, found_office, make_original

from pressrelease.services.keeping import verify
from pressrelease.store import Store

pytestmark = pytest.mark.slow

GUILTY, NOT_GUILTY = "smith-guilty", "smith-not-guilty"
RULES = '[clearances.charges]\nask = "Do the charges stand?"\nby = ["deputy"]\n'
LIFT = ("lift", GUILTY, "--as", "da", "--confirm", GUILTY)
CLEAR = ("clear", "names", "charges", "--as", "deputy")
REFUSE = (*CLEAR, "--refuse", "--why", "dropped")

#: Where SQLite writes, makes what it wrote durable, and drops its rollback journal.
CALLS = ("pwrite64", "fdatasync", "fsync")
TRIES = 6


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with two alternates that are armed, and a release that is due and lacks its clearance."""
    office = HereOffice(found_office(tmp_path_factory.mktemp("lift") / "office", policy=RULES).folder)
    for slug in (GUILTY, NOT_GUILTY):
        office.write(slug, embargo="on verdict", alternates="smith-verdict")
    office.write("names", clearances="[charges]")
    office.run("schedule", GUILTY, NOT_GUILTY, "names", "--yes")
    office.run("approve", GUILTY, NOT_GUILTY, "names", "--as", "da")
    return office.folder


def copied(template: Path, folder: Path) -> HereOffice:
    shutil.copytree(template, folder, symlinks=True)
    make_original(folder)
    return HereOffice(folder)


def on_record(office: Office) -> tuple[dict[str, str], dict[str, str], int]:
    """The word on each release, the state of each clearance, and how many groups were lifted; all agree."""
    store = Store("sqlite:///.pressrelease/state.db", office.folder)
    try:
        assert verify(store.read).disagreements == ()
        words = {one.slug: one.word.value for one in store.read.releases()}
        cleared = {row["name"]: row["state"] for row in store.read.rows("SELECT name, state FROM clearances")}
        return words, cleared, len(store.read.rows("SELECT slug FROM event_lifts"))
    finally:
        store.close()


def kills(template: Path, folder: Path, call: str, arguments: tuple[str, ...]) -> list[HereOffice]:
    """Offices in each of which the command was killed at another call of this name."""
    healthy, log = copied(template, folder / "healthy"), folder / "log"
    assert traced(healthy, ["-e", f"trace={call}"], *arguments, log=log).returncode == 0
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    most = Counter(found[1] for line in lines if (found := re.match(rf"(\d+) +{call}\(", line)))
    made = []
    for when in spread(max(most.values(), default=0), TRIES):
        office = copied(template, folder / str(when))
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        assert traced(office, inject, *arguments).returncode in {-9, 137}
        made.append(office)
    return made


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("call", CALLS)
def test_lift_killed_at_its_system_calls_lets_one_out_or_none(template: Path, tmp_path: Path, call: str) -> None:
    for office in kills(template, tmp_path, call, LIFT):
        words, _, lifted = on_record(office)
        if lifted:
            assert (words[GUILTY], words[NOT_GUILTY]) == ("scheduled", "dismissed")
        else:
            assert (words[GUILTY], words[NOT_GUILTY]) == ("scheduled", "scheduled")
            office.run(*LIFT)
        office.run("publish-due", expect=(0, 10))
        assert office.pages == [GUILTY]
        assert on_record(office)[0][NOT_GUILTY] == "dismissed"


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("arguments", [CLEAR, REFUSE], ids=["give", "refuse"])
@pytest.mark.parametrize("call", CALLS)
def test_clear_killed_at_its_system_calls_is_done_whole_or_not_at_all(
    template: Path, tmp_path: Path, call: str, arguments: tuple[str, ...]
) -> None:
    for office in kills(template, tmp_path, call, arguments):
        words, cleared, _ = on_record(office)
        before = (words["names"], cleared["charges"])
        refused = "--refuse" in arguments
        assert before in {("scheduled", "missing"), ("held", "refused") if refused else ("scheduled", "given")}
        office.run("publish-due", expect=(0, 10))
        assert office.pages == (["names"] if before == ("scheduled", "given") else [])
        if before == ("scheduled", "missing"):
            office.run(*CLEAR)
            office.run("publish-due")
            assert office.pages == ["names"]


@pytest.mark.timeout(600)
def test_two_people_lift_two_alternates_at_once(template: Path, tmp_path: Path) -> None:
    for number in range(4):
        office = Office(copied(template, tmp_path / str(number)).folder)
        running = [office.start("lift", slug, "--as", "da", "--confirm", slug) for slug in (GUILTY, NOT_GUILTY)]
        codes = []
        for process in running:
            process.communicate(timeout=120)
            codes.append(process.returncode)
        assert sorted(codes) == [0, 77], codes
        won = (GUILTY, NOT_GUILTY)[codes.index(0)]
        office.run("publish-due", expect=(0, 10))
        assert office.pages == [won]
