"""PostgreSQL as the store of several machines: schedulers killed in turn, the server killed, clocks that are apart."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from auditing import audit_office
from clock_setting import set_clock
from faults import Count, Server, database_server, report, scene, staying_up, until
from office import Office, Receiver, found_office, in_seconds, receiving

pytestmark = pytest.mark.slow

#: How many deliveries three schedulers share that are killed in turn.
MANY = int(os.environ.get("DELIVERIES", "2000"))
OUTLETS = 20


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="faults-postgres-"))
    try:
        with database_server(folder) as started:
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def on(server: Server) -> str:
    return f'[store]\nurl = "{server.url}"\n'


def crowd(folder: Path, server: Server, receiver: Receiver) -> Office:
    """An office with many webhooks, all of them one receiver: its ids tell the deliveries apart."""
    names = [f"hook-{number}" for number in range(OUTLETS)]
    secret = f'secret = {{ file = "{folder / "webhook.secret"}" }}\n'
    tables = "".join(
        f'[outlets.{name}]\ntype = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/{name}"\ntimeout = "5s"\n{secret}'
        for name in names
    )
    office = found_office(folder, receiver, more=tables + on(server), policy='[retry]\nschedule = ["1s"]\n')
    config = folder / "config.toml"
    config.write_text(config.read_text().replace('outlets = ["newsroom", "media"]', f"outlets = {names}"))
    return office


def state_counts(server: Server) -> Counter[str]:
    with psycopg.connect(server.url.replace("+psycopg", "")) as connection:
        return Counter(dict(connection.execute("SELECT state, count(*) FROM deliveries GROUP BY state").fetchall()))


def approve(office: Office, slugs: list[str]) -> None:
    """A person who approves meanwhile, some at a time."""
    for part in range(0, len(slugs), 25):
        office.run("approve", *slugs[part : part + 25], "--as", "deputy", timeout=300)


@pytest.mark.timeout(1500)
def test_three_schedulers_on_two_machines_killed_in_turn(tmp_path: Path, server: Server) -> None:
    """The second machine has a folder of its own: only by its lease can it be told there that a first one's is dead."""
    releases = MANY // OUTLETS
    slugs = [f"release-{number}" for number in range(releases)]
    with receiving(pause=0.02) as receiver:
        here = crowd(tmp_path / "here", server, receiver)
        for slug in slugs:
            here.write(slug)
        for part in range(0, releases, 100):
            here.run("schedule", *slugs[part : part + 100], "--yes", timeout=300)
        shutil.copytree(here.folder, tmp_path / "there", ignore=shutil.ignore_patterns(".pressrelease"))
        there = Office(tmp_path / "there")
        machines = [here, here, there]
        began = datetime.now(UTC)
        running = [machine.start("run") for machine in machines]
        approving = threading.Thread(target=approve, args=(here, slugs))
        approving.start()
        chance, killed, end = random.Random(3), 0, time.monotonic() + 900
        while state_counts(server)["delivered"] < MANY * 0.95 and time.monotonic() < end:
            # Longer than a scheduler takes to start on a busy machine: each of the three gets something done between.
            time.sleep(chance.uniform(3.0, 6.0))
            number = killed % len(running)
            running[number].kill()
            running[number].communicate(timeout=20)
            running[number] = machines[number].start("run")
            killed += 1
        approving.join()
        until(lambda: state_counts(server)["delivered"] == MANY, max(150.0, end - time.monotonic()))
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            assert process.wait(60) in {0, -signal.SIGTERM}, process.communicate()  # one may be just starting
        here.run("journal", "--verify", timeout=300)
        assert min(arrival.at for arrival in receiver.got) >= began
        keys = Counter(arrival.id for arrival in receiver.got)
        assert killed >= 3
        assert len(keys) == MANY, "one id a delivery"
        audit_office(here, receiver, store=server.url, at_least={"arrivals": MANY, "release.published": releases})
        count = Count(tries=killed, deliveries=MANY, lost=MANY - len(keys), told_again=keys.total() - MANY)
        report("PostgreSQL: three `run` on two machines, killed in turn", count)


@pytest.mark.timeout(300)
def test_the_server_killed_under_a_scheduler(tmp_path: Path, server: Server) -> None:
    with scene(tmp_path / "office", more=on(server)) as made:
        slugs = [f"release-{number}" for number in range(20)]
        lift = in_seconds(12)
        made.put(*slugs, lift=lift)
        with staying_up(made.office) as voice:
            made.receiver.pause = 0.3
            until(lambda: len(made.receiver.got) >= 5, 60)
            server.kill()
            said = made.office.run("publish-due", expect=75).stderr
            assert "database server" in said
            voice.wait_for("database server", 60)
            time.sleep(3)
            assert voice.process.poll() is None, voice.said
            server.start()
            until(lambda: {arrival.slug for arrival in made.receiver.got} == set(slugs), 90)
            time.sleep(2)
            assert voice.end() == 0
        made.settle()
        count = made.count()
        assert {slug: len(ids) for slug, ids in made.receiver.ids.items()} == dict.fromkeys(slugs, 1)
        report("PostgreSQL: its server killed in the middle, and started again", count)


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_machine_whose_clock_is_apart_from_the_server_s(tmp_path: Path, server: Server, offset: str) -> None:
    """From its first command on, so that nothing on record speaks against its clock."""
    with scene(tmp_path / "office", more=on(server)) as made:
        set_clock(made.office, offset)
        made.put("names")
        said = made.office.run("publish-due", expect=10).stderr
        assert "database server's" in said
        assert not made.arrivals()[0]
        assert made.office.pages == []
        set_clock(made.office, "")
        made.office.run("resume", "--all", "--yes", "--confirm", "clock")
        made.settle()
        count = made.count(at_least={"clock.confirmed": 1} if offset == "+1h" else None)
        if offset == "+1h":  # it was approved in an hour, by the clock of that machine, and lifts then
            assert made.office.state("names") == "scheduled"
            count.lost -= count.deliveries
        report("PostgreSQL: a machine whose clock is an hour off the server's", count)


def test_a_word_on_one_machine_wakes_the_other(tmp_path: Path, server: Server) -> None:
    with scene(tmp_path / "here", more=on(server)) as made:
        made.office.write("names", outlets="[newsroom, media]")
        made.office.run("schedule", "names", "--yes")
        shutil.copytree(made.office.folder, tmp_path / "there", ignore=shutil.ignore_patterns(".pressrelease"))
        with staying_up(Office(tmp_path / "there")):
            time.sleep(4)
            before = datetime.now(UTC)
            made.office.run("approve", "names")
            until(lambda: made.receiver.got, 15)
            assert made.receiver.got[0].at - before < timedelta(seconds=12), "sooner than a pass without a word"
