"""How long after its lift a release's first byte arrives.

    python benchmarks/instant.py               one release at a time, to one webhook
    python benchmarks/instant.py --hanging     each to a second outlet too; once it answers, once it never does

One `run`, idle before; one release, one webhook, one lift every two seconds, a hundred of them. Beside it, in the same
run and on the same disk: what a commit of this machine's SQLite costs, which is what must be on the disk before the
first byte may leave, and how late a bare `time.sleep` wakes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import ground

MEDIAN, NINETY_NINTH = 0.010, 0.025


def bare(folder: Path, count: int) -> tuple[list[float], list[float]]:
    """Seconds that each of `count` commits took, as the record makes them; and by which each sleep was late."""
    from pressrelease.store.engine import _connect

    connection = _connect(folder / "bare.db")
    connection.execute("CREATE TABLE lines (n INTEGER PRIMARY KEY, text TEXT)")
    commits, sleeps = [], []
    for number in range(count):
        began = time.perf_counter()
        time.sleep(0.05)
        sleeps.append(time.perf_counter() - began - 0.05)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO lines VALUES (?, ?)", (number, "x" * 300))
        began = time.perf_counter()
        connection.execute("COMMIT")
        commits.append(time.perf_counter() - began)
    connection.close()
    return commits, sleeps


def told(title: str, values: list[float]) -> None:
    """Print the median and the 99th of a hundred, in milliseconds."""
    in_order = sorted(values)
    last = in_order[min(len(in_order) - 1, round(len(in_order) * 0.99) - 1)]
    print(f"  {title:44} median {1000 * statistics.median(values):6.2f} ms, 99th {1000 * last:6.2f} ms", flush=True)


def lateness(folder: Path, count: int, apart: float, *, beside: str = "") -> list[float]:
    """By how many seconds the first byte of each release followed its lift.

    `beside` says whether each goes to a second outlet too: "" for none, or one that "answers" or "hangs".
    """
    with ground.receiving() as receiver, ground.receiving(pause=100_000 if beside == "hangs" else 0) as other:
        outlets: tuple[str, ...] = ("media",)
        more = ""
        if beside:
            outlets = ("another", "media")
            more = f'[outlets.another]\ntype = "webhook"\nurl = "{other.url}"\nsecret = {{ file = "webhook.secret" }}\n'
        ground.found_office(folder, receiver.url, more=more)
        first = ground.in_seconds(15)
        lifts = [first + timedelta(seconds=apart * number) for number in range(count)]
        ground.schedule_many(folder, [f"release-{number}" for number in range(count)], lifts, outlets)
        with ground.scheduler(folder):
            time.sleep(max(0.0, lifts[-1].timestamp() - time.time() + 2))
            came = receiver.came()
            if beside and not other.came():
                sys.exit("nothing was sent to the second outlet")
    if len(came) != count:
        sys.exit(f"{len(came)} of {count} came")
    late = [moment - lift.timestamp() for moment, lift in zip(came, lifts, strict=True)]
    if min(late) < 0:
        sys.exit("something came before its lift")
    return late


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--apart", type=float, default=2.0, help="seconds between two lifts")
    parser.add_argument("--hanging", action="store_true", help="compare with an outlet that hangs beside it")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if given.hanging:
            for beside in ("answers", "hangs"):
                late = lateness(Path(name) / beside, given.count, given.apart, beside=beside)
                told(f"first byte, beside an outlet that {beside}", late)
        else:
            told("first byte after the lift (10 and 25 wanted)", lateness(Path(name) / "one", given.count, given.apart))
        commits, sleeps = bare(Path(name), given.count)
        told("one commit on this disk, nothing else", commits)
        told("a bare sleep wakes late by", sleeps)


if __name__ == "__main__":
    main()
