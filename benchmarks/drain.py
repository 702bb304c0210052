"""Several processes on one store, beside one: `python benchmarks/drain.py [--postgres URL]`.

Thousands of releases to one webhook are due, and one, two or three `publish-due` are started at once, each round on a
fresh store. Printed is how many times as fast two drain it as one, and three as two, medians of the rounds, from the
first arrival to the last. The receiver answers after 20 ms, as one elsewhere does, so that its own speed is not what
is measured; `--pause 0` has it answer at once. On PostgreSQL each round gets a database of its own on the server
given, such as postgresql+psycopg://office@/postgres?host=/run/postgresql.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ground


@contextmanager
def fresh_store(postgres: str) -> Iterator[str]:
    """The URL of a store that is empty; "" for SQLite, which lies in the office's own folder."""
    if not postgres:
        yield ""
        return
    import psycopg

    name = f"drain_{uuid.uuid4().hex}"
    plain = postgres.replace("+psycopg", "")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield postgres.replace("/postgres", f"/{name}", 1)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def drain(processes: int, count: int, pause: float, postgres: str) -> float:
    """Deliveries a second, from the first arrival to the last."""
    with (
        tempfile.TemporaryDirectory() as name,
        ground.receiving(pause) as receiver,
        fresh_store(postgres) as store_url,
    ):
        folder = Path(name) / "office"
        ground.found_office(folder, receiver.url, store_url=store_url)
        lift = datetime.now(UTC) + timedelta(seconds=1)
        ground.schedule_many(folder, [f"release-{number}" for number in range(count)], [lift] * count)
        running = [
            subprocess.Popen([*ground.PROGRAM, "publish-due"], cwd=folder, stdout=subprocess.DEVNULL)
            for _ in range(processes)
        ]
        codes = [process.wait() for process in running]
        came = receiver.came()
        if codes != [0] * processes or len(came) != count or ground.states(folder) != {"delivered": count}:
            sys.exit(f"exit codes {codes}, {len(came)} of {count} came: {ground.states(folder)}")
    return count / (came[-1] - came[0])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pause", type=float, default=0.02)
    parser.add_argument("--postgres", default="", metavar="URL")
    given = parser.parse_args()
    rounds = []
    for _ in range(given.rounds):
        rounds.append([drain(number, given.count, given.pause, given.postgres) for number in (1, 2, 3)])
        print("  " + ", ".join(f"{number}: {rate:.0f}/s" for number, rate in enumerate(rounds[-1], 1)), flush=True)
    two = statistics.median(two / one for one, two, _ in rounds)
    three = statistics.median(three / two for _, two, three in rounds)
    where = "PostgreSQL" if given.postgres else "SQLite"
    print(f"{where}: two are {two:.2f} times as fast as one (1.6 wanted), three {three:.2f} times as fast as two (1)")


if __name__ == "__main__":
    main()
