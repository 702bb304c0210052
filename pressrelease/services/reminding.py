"""What cron has mailed already: what waits for a person is mailed once, again when more comes, and after a day.

The exit code says it at every pass. Kept in a file of the private folder: it is of one machine's cron, and losing it
costs one mail too many.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from pressrelease.when import read_rfc3339, rfc3339

#: The file's name in the private folder, and how long its entries count.
FILE = "said.json"
SAID_AGAIN_AFTER = timedelta(days=1)


def is_news(private: Path, facts: Collection[str], now: datetime) -> bool:
    """Return whether any of `facts` was not mailed within a day, and record all of them as mailed. `now` is UTC.

    What no longer holds is forgotten, so that it is news if it comes again. Anything that can't be read or kept is
    news.
    """
    file = private / FILE
    mailed = _mailed(file)
    news = any(fact not in mailed or not timedelta(0) <= now - mailed[fact] < SAID_AGAIN_AFTER for fact in facts)
    kept = {fact: now if news else mailed[fact] for fact in facts}
    if kept != mailed:
        _keep(file, kept)
    return news


def _mailed(file: Path) -> dict[str, datetime]:
    try:
        return {str(fact): read_rfc3339(at) for fact, at in json.loads(file.read_bytes()).items()}
    except Exception:  # noqa: BLE001  (a file that anything may have happened to; without it, the mail is repeated)
        return {}


def _keep(file: Path, mailed: dict[str, datetime]) -> None:
    from pressrelease.system.files import write_atomically

    data = json.dumps({fact: rfc3339(at) for fact, at in sorted(mailed.items())}).encode()
    with contextlib.suppress(OSError):  # it is mailed again
        write_atomically(file, data, 0o600, durable=False)
