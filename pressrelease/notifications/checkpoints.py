"""Make a checkpoint of the journal once a day: signed, stamped, and written as a line of its own.

A stamp is asked for before the line is written, so that the line has it. While the service doesn't answer no line is
written, for a day at most; then one without a stamp is, which says so. The line is a notice, too: everybody who is
notified has the journal's last line in their mail.
"""

from __future__ import annotations

import base64
import logging
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pressrelease.config.settings import JournalRules
from pressrelease.errors import PressReleaseError
from pressrelease.store.rows import from_micros
from pressrelease.system import clock
from pressrelease.wiring import Workspace

if TYPE_CHECKING:
    from pressrelease.signing.checkpoints import Checkpoint
    from pressrelease.store import Reader
    from pressrelease.store.journal import Head

#: The time from one checkpoint to the next, and for how much longer a stamp is waited for.
EVERY = timedelta(days=1)
WAITED_FOR = timedelta(days=1)

#: How long the service may take to answer, and how large its answer may be, in bytes.
PATIENCE = timedelta(seconds=10)
LARGEST_ANSWER = 1 << 16

_LAST = "SELECT n, at FROM journal WHERE slug = '' AND event = 'checkpoint' ORDER BY n DESC LIMIT 1"
_FIRST = "SELECT at FROM journal WHERE n = 1"

_log = logging.getLogger(__name__)


def make_checkpoint(workspace: Workspace, *, at_once: bool = False) -> bool:
    """Make a checkpoint if one is due, or `at_once`, with or without a stamp. Return whether a line was written.

    Raises PressReleaseError.
    """
    read, now = workspace.store.read, clock.utc_now()
    head, last = read.head(), read.rows(_LAST)
    if not head.n or (last and head.n == last[0]["n"]):
        return False  # nothing was written since
    since = from_micros((last or read.rows(_FIRST))[0]["at"])
    if not at_once and last and now - since < EVERY:
        return False
    if read.control().not_the_original:
        return False  # a copy vouches for nothing
    from pressrelease.signing.checkpoints import Checkpoint, hash_of_hashes

    rules = workspace.config.journal
    checkpoint = Checkpoint(read.store_id(), str(head), hash_of_hashes(_hashes(read, head)), now)
    stamp, unstamped = _stamp(rules, checkpoint)
    if unstamped:
        _log.warning("no stamp of the journal: %s", unstamped)
        if not at_once and now - since < EVERY + WAITED_FOR:
            return False
    signature, unsigned = _signature(rules, checkpoint)
    trouble = "; ".join(one for one in (unsigned, unstamped) if one)
    with workspace.store.ledger(now=now, actor="scheduler") as ledger:
        ledger.note(
            "checkpoint",
            head=checkpoint.head,
            signed=checkpoint.text().decode(),
            **({"signature": signature} if signature else {}),
            **({"stamp": stamp, "service": rules.timestamp} if stamp else {}),
            **({"error": trouble} if trouble else {}),
        )
    return True


def _hashes(read: Reader, head: Head) -> list[str]:
    return [str(row["hash"]) for row in read.rows("SELECT hash FROM journal WHERE n <= :n ORDER BY n", {"n": head.n})]


def _signature(rules: JournalRules, checkpoint: Checkpoint) -> tuple[str, str]:
    """Return the signature by the office's key, and why there is none, both "" without a key."""
    from pressrelease.signing import sign

    if not rules.key:
        return "", ""
    try:
        return sign(checkpoint, rules.key, may_ask=False), ""
    except PressReleaseError as error:
        _log.warning("the checkpoint of the journal is not signed: %s", error.code)
        return "", error.message


def _stamp(rules: JournalRules, checkpoint: Checkpoint) -> tuple[str, str]:
    """Return the stamp (base64), and why there is none, both "" if no service is named."""
    if not rules.timestamp:
        return "", ""
    from pressrelease.outlets.http import Http
    from pressrelease.release.delivery import DeliveryFailed
    from pressrelease.signing.timestamps import MEDIA_TYPE, stamp_request, why_refused

    try:
        asked = stamp_request(checkpoint.text())
        http = Http(called="the time stamp service", timeout=PATIENCE)
        headers = {"content-type": MEDIA_TYPE}
        try:
            answer = http.request("POST", rules.timestamp, body=asked.content, headers=headers, largest=LARGEST_ANSWER)
        finally:
            http.close()
        authorities = Path(rules.timestamp_ca) if rules.timestamp_ca else None
        if refused := why_refused(answer.body, checkpoint.text(), asked, authorities):
            return "", refused
    except DeliveryFailed as failure:
        return "", failure.reason
    except PressReleaseError as error:
        return "", error.message
    return base64.b64encode(answer.body).decode(), ""
