"""Change the rules that decide, one place at a time, and see that a test notices each change.

    python .ci/mutation.py

[tool.mutmut] in pyproject.toml says what mutmut changes, and which tests it runs. A change that no test notices ends
this with exit 1, unless ACCEPTED says why it makes no difference.
"""

# ruff: noqa: E501, T201

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

#: The changed lines, without their indents, and why no test can or need notice them.
ACCEPTED = {
    **dict.fromkeys(
        (
            """-named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), "")
+named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), None)""",
            """-named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), "")
+named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), )""",
            """-named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), "")
+named = _BETWEEN[cause].join(outlets) if cause in _BETWEEN else next(iter(outlets), "XXXX")""",
        ),
        "a cause whose command names an outlet always has one; the other commands don't show it",
    ),
    **dict.fromkeys(
        (
            """-self._asked = float("-inf")
+self._asked = float("-INF")""",
            """-self._vouched: clock.ClockReading | None = None
+self._vouched: clock.ClockReading | None = \"\"""",
            """-self._denied = False
+self._denied = True""",
        ),
        "until witnesses were asked, no answer of theirs is looked at",
    ),
    """-return f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} the database server's"
+return f"this machine's clock is {abs(ahead)} s {'ahead of' if ahead >= 0 else 'behind'} the database server's\"""": (
        "of 0 s neither is true"
    ),
    """-assert mark.uptime is not None and before.uptime is not None  # noqa: S101, PT018  (readings of one boot have it)
+assert mark.uptime is not None or before.uptime is not None  # noqa: S101, PT018  (readings of one boot have it)""": (
        "it is for the type checker; the line after it fails as well"
    ),
    """-given = [*(one for one in dossier.approvals if one.by not in uncounted), Approval(by, ledger.now)]
+given = [*(one for one in dossier.approvals if one.by not in uncounted), Approval(by, None)]""": (
        "people are counted, whenever they approved"
    ),
    """-words += [next((one.error for one in held_up if one.error), "")]
+words += [next((one.error for one in held_up if one.error), None)]""": "an empty word and none are both left out",
}


def main() -> int:
    shutil.rmtree(ROOT / "mutants", ignore_errors=True)
    mutmut("run", "--max-children", str(os.cpu_count() or 1))
    unseen = []
    for line in mutmut("results", quiet=True).splitlines():
        name, _, status = line.strip().rpartition(": ")
        if status in {"survived", "no tests", "suspicious"}:
            changed = difference(name)
            if changed not in ACCEPTED:
                unseen.append(f"{name} ({status})\n{changed}")
    print("\n".join(unseen))
    print(f"{len(unseen)} changes that no test notices; ACCEPTED in .ci/mutation.py has {len(ACCEPTED)} more")
    return 1 if unseen else 0


def mutmut(*arguments: str, quiet: bool = False) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *arguments],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE if quiet else None,
    )
    return done.stdout or ""


def difference(name: str) -> str:
    """Return the lines that a change takes away and puts in, without their indents."""
    shown = mutmut("show", name, quiet=True).splitlines()
    lines = [line for line in shown if line[:1] in {"-", "+"} and not line.startswith(("---", "+++"))]
    return "\n".join(f"{line[0]}{line[1:].strip()}" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
