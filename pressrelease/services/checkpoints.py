"""Check the checkpoints that the journal has: signed with the office's key, stamped by a service elsewhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pressrelease.config import Config
from pressrelease.errors import PressReleaseError
from pressrelease.signing.checkpoints import Checkpoint, KeptCheckpoint, kept_of, why_not_signed
from pressrelease.store import Reader
from pressrelease.store.rows import from_micros


class Examined(NamedTuple):
    """How many checkpoints were made, how many signatures and stamps were checked and count, and what is wrong.

    `unchecked` are sentences about what could not be checked, `last` is when the newest was made (UTC), None if there
    is none, and `trouble` is why that one lacks something, "" if it doesn't.
    """

    made: int = 0
    signed: int = 0
    stamped: int = 0
    wrong: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    last: datetime | None = None
    trouble: str = ""


def examine(read: Reader, config: Config) -> Examined:
    """Check every checkpoint: that the journal up to it is still the same, who signed it, and who stamped it."""
    found = Examined()
    wrong: list[str] = []
    unchecked: dict[str, None] = {}
    points = list(_kept(read))
    digests = _digests(read, {str(kept.values.get("checkpoint")) for _, _, kept, _ in points})
    store_id = read.store_id()
    for n, at, kept, error in points:
        found = found._replace(made=found.made + 1, last=at, trouble=error)
        checkpoint = kept.checkpoint
        if checkpoint is None or (store_id, digests.get(checkpoint.head)) != (checkpoint.store_id, checkpoint.hashes):
            wrong.append(f"the journal is not the one that the checkpoint in line {n} was made of")
            continue
        if kept.signature and not config.policy.allowed_signers:
            unchecked["whose key signed the checkpoints: [policy] allowed_signers names no file"] = None
        elif kept.signature:
            doubt = why_not_signed(kept, Path(config.policy.allowed_signers))
            found = found._replace(signed=found.signed + (not doubt))
            wrong += [f"the checkpoint in line {n} does not count: {doubt}"] if doubt else []
        if kept.stamp:
            doubt, open_question = _stamp_doubt(kept, checkpoint, config)
            found = found._replace(stamped=found.stamped + (not doubt and not open_question))
            wrong += [f"the stamp in line {n} does not count: {doubt}"] if doubt else []
            if open_question:
                unchecked[open_question] = None
    return found._replace(wrong=tuple(wrong), unchecked=tuple(unchecked))


def _kept(read: Reader) -> Iterator[tuple[int, datetime, KeptCheckpoint, str]]:
    query = "SELECT n, at, detail FROM journal WHERE slug = '' AND event = 'checkpoint' ORDER BY n"
    for row in read.rows(query):
        error = str(json.loads(row["detail"]).get("error") or "")
        yield int(row["n"]), from_micros(row["at"]), kept_of(row["detail"]), error


def _digests(read: Reader, heads: Collection[str]) -> dict[str, str]:
    """Return, for each of these lines (`N:HASH`) that the journal has, the SHA-256 of the hashes up to it."""
    found, hashes = {}, hashlib.sha256()
    for row in read.rows("SELECT n, hash FROM journal ORDER BY n") if heads else ():
        hashes.update(f"{row['hash']}\n".encode())
        if (head := f"{row['n']}:{row['hash']}") in heads:
            found[head] = hashes.hexdigest()
    return found


def _stamp_doubt(kept: KeptCheckpoint, checkpoint: Checkpoint, config: Config) -> tuple[str, str]:
    """Return why a stamp does not count, and what keeps it from being checked; "" for each that there isn't."""
    from pressrelease.signing.timestamps import why_not_stamped

    authorities = config.journal.timestamp_ca
    if not authorities:
        return "", "who stamped the checkpoints: [journal] timestamp_ca names no file"
    try:
        return why_not_stamped(kept.stamp, kept.text.encode(), Path(authorities), checkpoint.at), ""
    except PressReleaseError as error:
        return "", error.message.rstrip(".")
