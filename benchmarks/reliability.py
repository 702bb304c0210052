"""Repeat every fault of docs/explanation/reliability.md, and write its table again from what was counted.

    python benchmarks/reliability.py                        half an hour or so on two cores
    python benchmarks/reliability.py --faults 100 --deliveries 100000 --histories 100000     a night

Each part is a run of pytest whose receivers count what arrived; a promise that was broken ends it with exit code 1, and
the page is left as it is. With --dry-run the table is printed instead.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "reliability.md"
BEGIN, END = "<!-- counted -->", "<!-- end -->"
COLUMNS = ("tries", "deliveries", "lost", "early", "told_again", "untold_again", "in_doubt")


@dataclass
class Row:
    """One fault: what was counted, and the command that tries it alone."""

    fault: str
    command: str
    counts: dict[str, int]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faults", type=float, default=5, help="a multiple of what the tests do by themselves")
    parser.add_argument("--deliveries", type=int, default=10_000, help="shared by schedulers that are killed in turn")
    parser.add_argument("--histories", type=int, default=10_000, help="lived through by the simulator")
    parser.add_argument("--dry-run", action="store_true", help="print the table, and leave the page as it is")
    chosen = parser.parse_args()
    scale = {
        "FAULTS": f"{chosen.faults:g}",
        "DELIVERIES": str(chosen.deliveries),
        "HISTORIES": str(chosen.histories),
        "CI": "true",  # a missing tool must fail, not be passed over
    }
    began = time.monotonic()
    aside = ("histories of the simulator, all faults at once", "tests/whole/test_simulator.py")
    clocks = ("the clock set wrong, or set under a scheduler (libfaketime)", "tests/whole/test_clock_faults.py")
    with tempfile.TemporaryDirectory(prefix="reliability-") as name, ThreadPoolExecutor(1) as pool:
        # It needs processors and no clock, the others the other way round.
        simulated = pool.submit(run, [aside[1]], scale, ["nice", "-n", "15"])
        counted = Path(name) / "counted"
        faults = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_process_faults*.py"))
        good, _ = run(faults, scale | {"FAULTS_TABLE": str(counted)})
        rows = rows_of(counted)
        set_wrong = run([clocks[1]], scale)
        # Both insist on these at each step, and count no deliveries.
        for (fault, test), (passed, number) in ((clocks, set_wrong), (aside, simulated.result())):
            good = good and passed
            tries = chosen.histories if test == aside[1] else number
            rows.append(Row(fault, test, {"tries": tries, "lost": 0, "early": 0, "untold_again": 0}))
    table = page(rows, chosen, time.monotonic() - began)
    print(table)
    if good and not chosen.dry_run:
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    return 0 if good else 1


def run(tests: list[str], scale: dict[str, str], before: Sequence[str] = ()) -> tuple[bool, int]:
    """Whether all slow tests of these files passed, and how many did; `before` is what starts them."""
    command = [
        *before,
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "slow",
        "--timeout",
        "3000",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    print("$", " ".join(command), flush=True)
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | scale, stdout=subprocess.PIPE, text=True, check=False)
    print(ended.stdout if ended.returncode else ended.stdout[-200:], flush=True)
    found = re.search(r"(\d+) passed", ended.stdout)
    return ended.returncode == 0, int(found[1]) if found else 0


def rows_of(counted: Path) -> list[Row]:
    """The counts of each fault added up, by file and in the order in which they came."""
    rows: dict[str, Row] = {}
    for line in counted.read_text(encoding="utf-8").splitlines() if counted.exists() else ():
        found = json.loads(line)
        row = rows.setdefault(found["fault"], Row(found["fault"], found["test"], {}))
        for column in COLUMNS:
            if column in found:
                row.counts[column] = row.counts.get(column, 0) + found[column]
    return sorted(rows.values(), key=lambda row: row.command.partition(" ")[0])


def page(rows: list[Row], chosen: argparse.Namespace, seconds: float) -> str:
    """The part of the page that is counted."""
    options = f"--faults {chosen.faults:g} --deliveries {chosen.deliveries} --histories {chosen.histories}"
    lines = [
        f"Counted on {datetime.now(UTC):%d %B %Y} in {seconds / 60:.0f} minutes by this command, which repeats"
        " everything and writes this table again:",
        "",
        "```sh",
        f"python benchmarks/reliability.py {options}",
        "```",
        "",
        "| fault | tries | deliveries | lost | early | repeated, recognized | repeated, not recognized | in doubt |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        counts = [f"{row.counts[column]:,}" if column in row.counts else "–" for column in COLUMNS]
        lines.append(f"| {row.fault} | {' | '.join(counts)} |")
    lines += ["", "One fault alone, as often as the tests try it:", "", "```sh"]
    lines += dict.fromkeys(f"pytest -m slow --timeout 3000 {row.command}" for row in rows)
    return "\n".join([*lines, "```"])


if __name__ == "__main__":
    sys.exit(main())
