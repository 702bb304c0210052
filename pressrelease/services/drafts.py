"""Find the drafts in releases/: the files that the record has no release of.

That takes a look at every name in the folder and in the record, which is slow with many thousands. From then on they
are cached with the folder's own time of change: a file that comes or goes changes that, and what was unscheduled
since is in the journal.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from pressrelease.services import ServiceContext
from pressrelease.store import Reader
from pressrelease.system import clock

#: With fewer files than this, no cache is kept.
MANY = 2_000

#: The coarsest clock that a file system stamps a folder by, in seconds; within it a second change may not show.
STAMPS = 2.5


def drafts(context: ServiceContext) -> list[str]:
    """Return the slugs of all drafts, in order."""
    if not context.store.exists:
        return context.library.slugs()
    read = context.store.read
    remembered = _remembered(context)
    if remembered is not None:
        since, slugs = remembered
        slugs |= {slug for slug in _unscheduled_since(read, since) if context.library.source_hash(slug) is not None}
        return sorted(slugs - {release.slug for release in read.releases(sorted(slugs))})
    stamp, last = _stamp(context.library.folder), read.head().n
    files = context.library.slugs()
    ever = read.slugs()
    found = [slug for slug in files if slug not in ever]
    if len(files) >= MANY and stamp is not None:
        kept = {"store": read.store_id(), "folder": stamp, "line": last, "drafts": found}
        _remember(context.workspace.private / "drafts.json", kept)
    return found


def _remembered(context: ServiceContext) -> tuple[int, set[str]] | None:
    """Return the journal's last line when drafts were cached, and the drafts; None if files came or went since."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads((context.workspace.private / "drafts.json").read_bytes())
        same_store = kept["store"] == context.store.read.store_id()
        if same_store and kept["folder"] is not None and kept["folder"] == _stamp(context.library.folder):
            return int(kept["line"]), {str(slug) for slug in kept["drafts"]}
    return None


def _stamp(folder: Path) -> list[int] | None:
    """Return what changes with every file that comes or goes; None while another change could still have the same."""
    try:
        found = folder.stat()
    except OSError:
        return None
    if abs(clock.utc_now().timestamp() - found.st_mtime) < STAMPS:
        return None
    return [found.st_ino, found.st_mtime_ns, found.st_ctime_ns]


def _unscheduled_since(read: Reader, line: int) -> set[str]:
    found = read.rows("SELECT slug FROM journal WHERE n > :line AND event = 'release.unscheduled'", {"line": line})
    return {str(row["slug"]) for row in found}


def _remember(file: Path, kept: dict[str, Any]) -> None:
    """Write the cache completely or not at all; if it can't be written, the next search is as long as this one."""
    from pressrelease.system.files import write_atomically

    with contextlib.suppress(OSError):
        write_atomically(file, json.dumps(kept).encode(), durable=False)
