"""Many deliveries due at one instant, against a bare loop in the same run.

    python benchmarks/many.py                  1,000 releases to one webhook, answered at once; then after 20 ms
    python benchmarks/many.py --count 10000    as many as that
    python benchmarks/many.py --pause 0.02     only an outlet that takes 20 ms to answer

A `run` that was idle before sends what is due at one instant, with everything that the program keeps and asks: each
delivery claimed durably before its first byte, every guard asked again, each answer on the disk before many others
leave. Its rate is counted from the instant to the last arrival. The bare loop sends the same bodies to the same
receiver, once before and once after, over sixteen threads with a warm Session each (with a pause: as many as the
program has senders), keeps no record and asks nothing. Printed is the ratio of the rates, the median of the rounds.
Nothing may come before the instant, nothing twice, and the connections are open before it.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import ground

THREADS = 16


def one_round(count: int, pause: float, width: int) -> tuple[float, float, float]:
    """The rates of the program and of the bare loop, a second; and after how many seconds the first byte came."""
    with tempfile.TemporaryDirectory() as name, ground.receiving(pause) as receiver:
        folder = Path(name) / "office"
        ground.found_office(folder, receiver.url)
        slugs = [f"release-{number}" for number in range(count)]
        lift = ground.in_seconds(30 + count / 250)
        ground.schedule_many(folder, slugs, [lift] * count)
        bodies = ground.bodies_of(folder, slugs)
        before = count / ground.bare_loop(receiver.url, bodies, width)
        receiver.forget()
        if (left := lift.timestamp() - time.time()) < 12:
            sys.exit(f"only {left:.0f} s are left before the lift: give it more")
        with ground.scheduler(folder):
            time.sleep(max(0.0, lift.timestamp() - time.time() - 0.5))
            ahead = receiver.connections()
            last, seen, asked = time.monotonic(), 0, 0
            while seen < count and time.monotonic() - last < 60:
                time.sleep(0.5 + pause + count / 20_000)
                asked += 1
                if (now_seen := len(receiver.came())) != seen:
                    last, seen = time.monotonic(), now_seen
        opened = receiver.connections() - ahead - asked - 1
        came = receiver.came()
        receiver.forget()
        after = count / ground.bare_loop(receiver.url, bodies, width)
        if len(came) != count or ground.states(folder) != {"delivered": count}:
            sys.exit(f"{len(came)} of {count} came: {ground.states(folder)}")
        if came[0] < lift.timestamp():
            sys.exit("something came before its lift")
    rate, bare = count / (came[-1] - lift.timestamp()), (before + after) / 2
    print(
        f"  {rate:7.0f}/s, bare loop {bare:.0f}/s ({before:.0f} before, {after:.0f} after): {rate / bare:.2f};"
        f" first byte {1000 * (came[0] - lift.timestamp()):.1f} ms after the lift, {ahead} connections open before it,"
        f" {opened} opened after",
        flush=True,
    )
    return rate, bare, came[0] - lift.timestamp()


def main() -> None:
    """Measure, and print a row a setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--pause", type=float, action="append", help="seconds until an answer; may be repeated")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    from pressrelease.publishing.workers import REPEATABLE_LIMITS

    for pause in given.pause or [0.0, 0.02]:
        width = REPEATABLE_LIMITS.senders if pause else THREADS
        print(f"{given.count:,} due at once, answered after {1000 * pause:.0f} ms, bare loop of {width} threads")
        rounds = [one_round(given.count, pause, width) for _ in range(given.rounds)]
        ratio = statistics.median(rate / bare for rate, bare, _ in rounds)
        print(f"{ratio:.2f} of the bare loop's rate, the median of {given.rounds} (wanted: 0.85)\n", flush=True)


if __name__ == "__main__":
    main()
