"""A thousand releases scheduled in one call and approved in another: `python benchmarks/bulk.py`.

Prints the seconds of each call, from the command's start to its end, and both together beside a bare interpreter's
start in the same run; the median of the rounds.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ground

COUNT = 1000
ROUNDS = 5


def main() -> None:
    """Measure, and print."""
    rounds, bare = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append(time.perf_counter() - began)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "office"
            ground.found_office(folder, "http://127.0.0.1:9/press")
            lift = (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0)
            slugs = [f"release-{number}" for number in range(COUNT)]
            for number, slug in enumerate(slugs):
                moment = lift + timedelta(minutes=number)
                ground.write_release(folder, slug, moment.isoformat().replace("+00:00", "Z"))
            began = time.perf_counter()
            ground.command(folder, "schedule", "--yes", *slugs)
            scheduled = time.perf_counter()
            ground.command(folder, "approve", "--no-input", "--as", "deputy", *slugs)
            rounds.append((scheduled - began, time.perf_counter() - scheduled))
            if ground.states(folder) != {"waiting": COUNT}:
                sys.exit("not all of them were scheduled")
            print(f"  schedule {rounds[-1][0]:.2f} s, approve {rounds[-1][1]:.2f} s", flush=True)
    both = statistics.median(sum(one) for one in rounds)
    print(f"{COUNT:,} scheduled and approved: {both:.2f} s together, the median of {ROUNDS} (wanted: under 5)")
    print(f"that is {both / statistics.median(bare):.0f} starts of a bare interpreter")


if __name__ == "__main__":
    main()
