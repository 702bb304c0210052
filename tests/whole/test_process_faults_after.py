"""`kill` and `correct` killed (kill -9) at their system calls: what they began is done wholly or not at all.

Afterwards the command is typed again, passes go on as cron would make them, and everyone who had the release has what
follows it, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import SCALE, Count, Scene, calls_of, report, scene, spread, traced

pytestmark = pytest.mark.slow

#: At how many of each system call a test tries it; with FAULTS=100 at all.
TRIES = max(2, round(2 * SCALE))

KILL = ("kill", "names", "--why", "Wrong person", "--note", "It named the wrong person.", "--confirm", "names")
CORRECT = ("correct", "names", "--note", "One name was wrong.")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """An office with a release that is out everywhere; each try has a copy of it."""
    with scene(tmp_path_factory.mktemp("faults") / "office") as made:
        made.put("names")
        made.settle()
        yield made


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("call", ["fdatasync", "pwrite64", "sendto"])
def test_a_kill_killed_at_each_system_call(out: Scene, call: str, tmp_path: Path) -> None:
    made = calls_of(out.copied(tmp_path / "healthy").office, [call], tmp_path / "log", *KILL)[call]
    total, killed = Count(), 0
    for when in spread(made, TRIES):
        tried = out.copied(tmp_path / f"{when}")
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        killed += traced(tried.office, inject, *KILL).returncode in {-9, 137}
        tried.office.run(*KILL, expect=(0, 10, 75))
        tried.settle()
        found = tried.office.json("status", "names")["releases"][0]
        assert found["state"] == "killed"
        withdrawn = [one for one in found["deliveries"] if one["action"] == "withdraw"]
        assert len(withdrawn) == len(found["deliveries"]) / 2, "each recipient has one"
        one = tried.count_last("names")
        assert one.good, (when, one)
        total += one
    report("`kill -9` of `kill`", total)
    assert killed, f"no try at {call} killed anything"


@pytest.mark.timeout(3000)
def test_a_correction_killed_at_each_write(out: Scene, tmp_path: Path) -> None:
    call, killed, total = "fdatasync", 0, Count()
    healthy = out.copied(tmp_path / "healthy")
    healthy.office.write("names", body="Better words.")
    made = calls_of(healthy.office, [call], tmp_path / "log", *CORRECT)[call]
    for when in spread(made, TRIES):
        tried = out.copied(tmp_path / f"{when}")
        tried.office.write("names", body="Better words.")
        inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGKILL:when={when}"]
        killed += traced(tried.office, inject, *CORRECT).returncode in {-9, 137}
        if tried.office.json("status", "names")["releases"][0]["state"] == "published":
            tried.office.run(*CORRECT)
        tried.office.run("approve", "names", "--as", "deputy")
        tried.settle()
        found = tried.office.json("status", "names")["releases"][0]
        assert {one["action"] for one in found["deliveries"]} == {"correct"}
        one = tried.count_last("names")
        assert one.good, (when, one)
        total += one
    report("`kill -9` of `correct`", total)
    assert killed, "no try killed anything"
