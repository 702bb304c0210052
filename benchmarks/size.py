"""What a large office costs beside a small one: `python benchmarks/size.py`.

The small one has ten scheduled releases and ten past ones, those to a hundred recipients each. The large one has
100,000 that lift over the coming years, and 1,000,000 past deliveries: 10,000 such releases of the last ten years,
every one with its file in releases/.
Both are asked in turn, in the same run; printed is how many times as long the large one takes, medians of the rounds:
`status` into a pipe, `publish-due` with nothing due, a pass of the scheduler, and the memory of `run`.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ground

LARGEST_TIME = 1.2
LARGEST_MEMORY = 1.3

#: Prints the seconds of seven passes as JSON.
PASSES = """
import json, sys, time
from pathlib import Path
from pressrelease.system import clock
from pressrelease.wiring import Workspace, sending
with sending(Workspace(Path.cwd()), clock.utc_now()) as cycle:
    times = []
    for _ in range(7):
        began = time.perf_counter()
        cycle.look()
        times.append(time.perf_counter() - began)
    print(json.dumps(times))
"""


def fill(folder: Path, scheduled: int, past: int, recipients: int) -> None:
    """Add copies of the first release: `scheduled` ahead, and `past` that are out, to `recipients` each."""
    now = datetime.now(UTC)
    text = (folder / "releases" / "release-0.md").read_text(encoding="utf-8")
    for slug in [f"ahead-{number}" for number in range(scheduled)] + [f"past-{number}" for number in range(past)]:
        (folder / "releases" / f"{slug}.md").write_text(text, encoding="utf-8")
    database = sqlite3.connect(folder / ".pressrelease" / "state.db", isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("BEGIN")
    ahead = [
        (f"ahead-{number}", micros(now + timedelta(days=3, minutes=20 * number)), True) for number in range(scheduled)
    ]
    gone = [(f"past-{number}", micros(now - timedelta(hours=8.7 * (number + 1))), False) for number in range(past)]
    for slug, lift, still_open in (*ahead, *gone):
        copy(database, "releases", {"slug": slug, "lift": lift, "open": still_open, "changed_at": lift})
        copy(database, "versions", {"slug": slug, "lift": lift})
        copy(database, "approvals", {"id": None, "slug": slug})
        for number in range(1 if still_open else recipients):
            state = {} if still_open else {"state": "delivered", "delivered_at": lift, "next_try": None, "attempts": 1}
            recipient = "" if still_open else f"r{number}@example.org"
            copy(
                database,
                "deliveries",
                {"id": None, "slug": slug, "lift": lift, "recipient": recipient, "next_try": lift} | state,
            )
    last = database.execute("SELECT max(n) FROM journal").fetchone()[0]
    lines = ((last + 1 + n, f"past-{n // max(recipients, 1)}") for n in range(past * recipients))
    database.executemany(
        "INSERT INTO journal SELECT ?1, at, actor, host, 'delivery.delivered', ?2, version, detail, prev, hash"
        " FROM journal WHERE n = 1",
        lines,
    )
    database.execute("COMMIT")
    database.close()


_rows: dict[tuple[int, str], dict[str, object]] = {}


def copy(database: sqlite3.Connection, table: str, changed: dict[str, object]) -> None:
    """Insert the table's first row once more, changed."""
    first = _rows.get((id(database), table))
    if first is None:
        cursor = database.execute(f"SELECT * FROM {table} ORDER BY slug LIMIT 1")
        first = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
        _rows[id(database), table] = first
    row = first | changed
    marks = ", ".join("?" * len(row))
    names = ", ".join(f'"{name}"' for name in row)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


def micros(moment: datetime) -> int:
    """As the record has times."""
    return int(moment.timestamp() * 1_000_000)


def seconds(folder: Path, *arguments: str) -> float:
    """One command, from its start to its end."""
    began = time.perf_counter()
    ground.command(folder, *arguments)
    return time.perf_counter() - began


def one_pass(folder: Path) -> float:
    """A pass of a scheduler that has made some already."""
    done = subprocess.run([sys.executable, "-c", PASSES], cwd=folder, capture_output=True, text=True, check=True)
    return statistics.median(json.loads(done.stdout)[2:])


def memory(folder: Path) -> float:
    """The memory of `run` after some seconds, in MiB."""
    with ground.scheduler(folder) as process:
        time.sleep(5)
        told = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(told.partition("VmRSS:")[2].split()[0]) / 1024


def main() -> None:
    """Measure, and print a row a question."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scheduled", type=int, default=100_000)
    parser.add_argument("--past", type=int, default=10_000)
    parser.add_argument("--recipients", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name) / "small", Path(name) / "large"
        for folder in (small, large):
            ground.found_office(folder, "http://127.0.0.1:9/press")
            lifts = [datetime.now(UTC) + timedelta(days=7 + number) for number in range(10)]
            ground.schedule_many(folder, [f"release-{number}" for number in range(10)], lifts)
        began = time.perf_counter()
        fill(small, 10, 10, given.recipients)
        fill(large, given.scheduled, given.past, given.recipients)
        print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        for folder in (small, large):
            for _ in range(25):  # what `status` reads once, and then remembers
                ground.command(folder, "status")
            ground.command(folder, "publish-due")
        questions = {
            "status, into a pipe": (lambda folder: seconds(folder, "status"), LARGEST_TIME, "s"),
            "publish-due, nothing due": (lambda folder: seconds(folder, "publish-due"), LARGEST_TIME, "s"),
            "a pass of the scheduler": (one_pass, LARGEST_TIME, "s"),
            "memory of `run`": (memory, LARGEST_MEMORY, "MiB"),
        }
        for title, (ask, wanted, unit) in questions.items():
            pairs = [(ask(small), ask(large)) for _ in range(given.rounds)]
            few, many = (statistics.median(values) for values in zip(*pairs, strict=True))
            print(f"{many / few:5.2f} times  {title}: {few:.4g} and {many:.4g} {unit} (at most {wanted})", flush=True)


if __name__ == "__main__":
    main()
