"""`lift` and `clear` killed at their system calls, and two people who lift two alternates at once."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import fresh_schema
from faults import SCALE, Count, report, spread, traced
from office import HereOffice, Office, found_office, make_original

from pressrelease.services.keeping import verify
from pressrelease.wiring import Workspace

pytestmark = pytest.mark.slow

GUILTY, NOT_GUILTY = "smith-guilty", "smith-not-guilty"
RULES = '[clearances.charges]\nask = "Do the charges stand?"\nby = ["deputy"]\n'
LIFT = ("lift", GUILTY, "--as", "da", "--confirm", GUILTY)
CLEAR = ("clear", "names", "charges", "--as", "deputy")
REFUSE = (*CLEAR, "--refuse", "--why", "dropped")

#: By store: where SQLite writes, makes what it wrote durable and drops its rollback journal; what is said to a server.
CALLS = ("pwrite64", "fdatasync", "fsync")
SAID = ("sendto", "recvfrom")
TRIES, TRIES_THERE = round(6 * SCALE), round(3 * SCALE)

Found = Callable[[Path], HereOffice]


def found(folder: Path, more: str = "") -> HereOffice:
    """An office with two alternates that are armed, and a release that is due and lacks its clearance."""
    office = HereOffice(found_office(folder, policy=RULES, more=more).folder)
    for slug in (GUILTY, NOT_GUILTY):
        office.write(slug, embargo="on verdict", alternates="smith-verdict")
    office.write("names", clearances="[charges]")
    office.run("schedule", GUILTY, NOT_GUILTY, "names", "--yes")
    office.run("approve", GUILTY, NOT_GUILTY, "names", "--as", "da")
    return office


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return found(tmp_path_factory.mktemp("lift") / "office").folder


@pytest.fixture
def offices(template: Path) -> Found:
    """Each call makes such an office, with a record of its own in a file."""
    return lambda folder: copied(template, folder)


@pytest.fixture
def offices_there(postgres: str) -> Found:
    """The same, each with a record of its own on a database server."""
    return lambda folder: found(folder, f'[store]\nurl = "{fresh_schema(postgres)}"\n')


def copied(template: Path, folder: Path) -> HereOffice:
    shutil.copytree(template, folder, symlinks=True)
    make_original(folder)
    return HereOffice(folder)


def on_record(office: Office) -> tuple[dict[str, str], dict[str, str], int]:
    """The word on each release, the state of each clearance, and how many groups were lifted; all agree."""
    store = Workspace(office.folder).store
    try:
        assert verify(store.read).disagreements == ()
        words = {one.slug: one.word.value for one in store.read.releases()}
        cleared = {row["name"]: row["state"] for row in store.read.rows("SELECT name, state FROM clearances")}
        return words, cleared, len(store.read.rows("SELECT slug FROM event_lifts"))
    finally:
        store.close()


def kills(offices: Found, folder: Path, call: str, arguments: tuple[str, ...], tries: int) -> Iterator[HereOffice]:
    """Offices in each of which the command was killed at another call of this name."""
    healthy, log = offices(folder / "healthy"), folder / "log"
    assert traced(healthy, ["-e", f"trace={call}"], *arguments, log=log).returncode == 0
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    most = Counter(found[1] for line in lines if (found := re.match(rf"(\d+) +{call}\(", line)))
    assert most, f"it never calls {call}"
    for when in spread(max(most.values()), tries):
        office = offices(folder / str(when))
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        code = traced(office, inject, *arguments).returncode
        assert code in {0, -9, 137}
        if code:  # else it made fewer of these calls than the first time
            yield office


def lift_killed(offices: Found, folder: Path, call: str, tries: int) -> None:
    count = Count()
    for office in kills(offices, folder, call, LIFT, tries):
        words, _, lifted = on_record(office)
        assert office.pages == []
        if lifted:
            assert (words[GUILTY], words[NOT_GUILTY]) == ("scheduled", "dismissed")
        else:
            assert (words[GUILTY], words[NOT_GUILTY]) == ("scheduled", "scheduled")
            office.run(*LIFT)
        office.run("publish-due", expect=(0, 10))
        count += Count(tries=1, deliveries=1, lost=GUILTY not in office.pages, early=NOT_GUILTY in office.pages)
        assert on_record(office)[0][NOT_GUILTY] == "dismissed"
    assert count.tries
    report("`kill -9` at a system call of `lift`", count)


def clear_killed(offices: Found, folder: Path, call: str, arguments: tuple[str, ...], tries: int) -> None:
    count, refused = Count(), "--refuse" in arguments
    for office in kills(offices, folder, call, arguments, tries):
        words, cleared, _ = on_record(office)
        before = (words["names"], cleared["charges"])
        assert before in {("scheduled", "missing"), ("held", "refused") if refused else ("scheduled", "given")}
        office.run("publish-due", expect=(0, 10))
        expected = ["names"] if before == ("scheduled", "given") else []
        count += Count(
            tries=1, deliveries=1, lost=len(set(expected) - set(office.pages)), early=office.pages > expected
        )
        if before == ("scheduled", "missing"):
            office.run(*CLEAR)
            office.run("publish-due")
            assert office.pages == ["names"]
    assert count.tries
    report("`kill -9` at a system call of `clear`", count)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("call", CALLS)
def test_lift_killed_at_its_system_calls_lets_one_out_or_none(offices: Found, tmp_path: Path, call: str) -> None:
    lift_killed(offices, tmp_path, call, TRIES)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("call", SAID)
def test_lift_killed_as_it_talks_to_a_server(offices_there: Found, tmp_path: Path, call: str) -> None:
    lift_killed(offices_there, tmp_path, call, TRIES_THERE)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("arguments", [CLEAR, REFUSE], ids=["give", "refuse"])
@pytest.mark.parametrize("call", CALLS)
def test_clear_killed_at_its_system_calls_is_done_whole_or_not_at_all(
    offices: Found, tmp_path: Path, call: str, arguments: tuple[str, ...]
) -> None:
    clear_killed(offices, tmp_path, call, arguments, TRIES)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("arguments", [CLEAR, REFUSE], ids=["give", "refuse"])
def test_clear_killed_as_it_talks_to_a_server(offices_there: Found, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    clear_killed(offices_there, tmp_path, "sendto", arguments, TRIES_THERE)


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
