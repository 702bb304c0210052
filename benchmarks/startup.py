"""How long a command takes to start, beside a bare interpreter in the same run: `python benchmarks/startup.py`.

Prints the median of each command's wall time as a multiple of `python -c pass`, commands taken in turn so that a
machine that changes its speed changes it for all. Bytecode is kept, as an installed program's is: in a folder of the
benchmark's own, and written in a round that doesn't count.
"""

from __future__ import annotations

import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROUNDS = int(os.environ.get("ROUNDS", "15"))
PROGRAM = [sys.executable, "-c", "import sys; from pressrelease.cli import main; sys.exit(main())"]


def furnish(folder: Path) -> None:
    """A workspace with ten approved releases that lift next week."""
    (folder / "releases").mkdir()
    (folder / "config.toml").write_text(
        '[office]\nname = "Office"\ntimezone = "America/Los_Angeles"\n[outlets.newsroom]\ntype = "newsroom"\n',
        encoding="utf-8",
    )
    lift = (datetime.now(UTC) + timedelta(days=7)).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    slugs = [f"release-{number}" for number in range(10)]
    for slug in slugs:
        text = f"---\nheadline: Headline of {slug}\ndate: 2026-01-05\nembargo: {lift}\n---\n\nWords.\n"
        (folder / "releases" / f"{slug}.md").write_text(text, encoding="utf-8")
    subprocess.run([*PROGRAM, "schedule", "--yes", *slugs], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*PROGRAM, "approve", "--no-input", *slugs], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*PROGRAM, "publish-due"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def in_a_pipe(command: list[str], folder: Path) -> float:
    """Seconds from start to end, output read from a pipe."""
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - began


def on_a_terminal(command: list[str], folder: Path) -> float:
    """Seconds from start to end, on a pseudo-terminal."""
    ours, theirs = pty.openpty()
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        while os.read(ours, 65536):
            pass
    except OSError:  # the other end was closed
        pass
    process.wait()
    took = time.perf_counter() - began
    os.close(ours)
    return took


def main() -> None:
    """Measure, and print a row a command."""
    typer_alone = [sys.executable, "-c", "import typer; typer.run(lambda: None)"]
    commands = {
        "an empty Typer app": (typer_alone, in_a_pipe, ""),
        "--version": ([*PROGRAM, "--version"], in_a_pipe, "6.5"),
        "status, into a pipe": ([*PROGRAM, "status"], in_a_pipe, "8"),
        "status, on a terminal": ([*PROGRAM, "status"], on_a_terminal, "11"),
        "publish-due, nothing due": ([*PROGRAM, "publish-due"], in_a_pipe, "9"),
        "--help": ([*PROGRAM, "--help"], in_a_pipe, "12"),
    }
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = bytecode
        folder = Path(name)
        furnish(folder)
        bare: list[float] = []
        taken: dict[str, list[float]] = {title: [] for title in commands}
        for round_ in range(ROUNDS + 1):
            took = in_a_pipe([sys.executable, "-c", "pass"], folder)
            if round_:
                bare.append(took)
            for title, (command, how, _) in commands.items():
                took = how(command, folder)
                if round_:
                    taken[title].append(took)
    unit = statistics.median(bare)
    print(f"a bare interpreter: {unit * 1000:.1f} ms (median of {ROUNDS})")
    for title, times in taken.items():
        wanted = commands[title][2]
        print(f"{statistics.median(times) / unit:6.2f} times  {title}" + (f"  (at most {wanted})" if wanted else ""))


if __name__ == "__main__":
    main()
