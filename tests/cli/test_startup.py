"""What the two commands that run all day load: `status`, and `publish-due`, which cron starts every minute.

A module costs a start a third of a millisecond, and nobody notices one. So a new one is added here, on purpose, or is
imported where it is needed. docs/explanation/performance.md has what a start costs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from records import office, schedule, write

from pressrelease.scheduler.passes import publish_due

#: With releases scheduled, approved and compared with the journal, and nothing due; `status` into a pipe.
STATUS = {
    "cli": "answer app completing looking naming options session streams text_output wrapping",
    "config": "frozen keys loading outlet_keys outlet_values sections settings values",
    "errors": "",
    "library": "",
    "notifications": "near_promises",
    "publishing": "approved_config clock_trust snapshot",
    "release": "delivery model slug text version",
    "services": "drafts listing lists",
    "status": "causes dossier evaluation views",
    "store": "after_publication agreement circuit connection journal origin queries records replay rows",
    "system": "accounts clock mounts printable stop_file who",
    "when": "embargo formatting written",
    "wiring": "",
}
#: What a pass loads more, if the last one was less than 20 seconds ago.
A_PASS = {
    "cli": "sending",
    "notifications": "heartbeat notifier",
    "publishing": "plan",
    "scheduler": "passes",
    "services": "reminding",
    "system": "log",
}
#: Each of these takes as long as ten of ours, or more.
HEAVY = (
    "apscheduler", "asyncio", "dataclasses", "dateutil", "email", "http", "logging.handlers", "markdown_it", "pickle",
    "random", "requests", "rich", "socket", "sqlalchemy", "ssl", "tempfile", "urllib.request", "yaml",
)  # fmt: skip

SCRIPT = """
import json, sys
from pressrelease.cli import main
loaded = []
for command in ("status", "publish-due"):
    assert main([command]) == 0
    loaded.append(sorted(sys.modules))
print(json.dumps(loaded))
"""


def named(rooms: dict[str, str]) -> set[str]:
    return {
        name
        for room, modules in rooms.items()
        for name in [f"pressrelease.{room}", *(f"pressrelease.{room}.{module}" for module in modules.split())]
    }


def test_status_and_a_pass_load_no_more_than_they_need(tmp_path: Path) -> None:
    workspace = office(tmp_path / "office")
    for slug in ("names-released", "names-withheld"):
        write(workspace, slug)
        schedule(workspace, slug)
    publish_due(workspace)
    # Coverage loads some of them itself.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    shown = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True, text=True, check=True, env=alone, cwd=workspace.folder, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    status, a_pass = map(set, json.loads(shown.stdout.splitlines()[-1]))
    ours = {name for name in status if name.startswith("pressrelease.")}
    assert ours == named(STATUS)
    assert {name for name in a_pass - status if name.startswith("pressrelease.")} == named(A_PASS) - named(STATUS)
    assert sorted(a_pass.intersection(HEAVY)) == []
