"""Checkpoints of the journal: its last line, signed with the office's SSH key and stamped by a service elsewhere.

The journal's chain shows that no line in it was changed. It can't show that its end was cut off or that all of it was
written again; a checkpoint that was kept elsewhere can. It also covers every line's hash, so an export that has the
other releases' lines by their hashes only is bound to it as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from pressrelease.signing import statement_bytes, utc_text, why_not_vouched

#: In whose name a checkpoint is signed: the first word of the key's line in the file of signers.
SIGNER = "office"


@dataclass(frozen=True)
class Checkpoint:
    """What is signed and stamped: the journal's last line (`N:HASH`), and the SHA-256 of all lines' hashes up to it.

    `at` is UTC.
    """

    store_id: str
    head: str
    hashes: str
    at: datetime

    nothing_done: ClassVar[str] = "The checkpoint was not signed."
    by: ClassVar[str] = SIGNER

    def text(self) -> bytes:
        """Return the checkpoint as bytes that depend on nothing else, and that no approval can be."""
        return statement_bytes(
            {
                "checkpoint": self.head,
                "hashes": self.hashes,
                "by": self.by,
                "at": utc_text(self.at),
                "store": self.store_id,
            }
        )


class KeptCheckpoint(NamedTuple):
    """A checkpoint as a line of the journal has it, the text that was signed, and what was made of it.

    `signature` and `stamp` (base64) are "" if there is none; `service` is the address of the one that stamped it.
    """

    text: str
    signature: str = ""
    stamp: str = ""
    service: str = ""

    @property
    def values(self) -> dict[str, Any]:
        """What the text says; empty if it can't be read."""
        try:
            found = json.loads(self.text)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The checkpoint that the text is of; None if it is of none."""
        found = self.values
        try:
            at = datetime.fromisoformat(str(found["at"]).replace("Z", "+00:00")).astimezone(UTC)
            made = Checkpoint(str(found["store"]), str(found["checkpoint"]), str(found["hashes"]), at)
        except (LookupError, ValueError):
            return None
        return made if made.text().decode() == self.text else None


def kept_of(detail: str) -> KeptCheckpoint:
    """Return the checkpoint that a line's detail has; one without text if it has none."""
    found = json.loads(detail)
    return KeptCheckpoint(*(str(found.get(name) or "") for name in ("signed", "signature", "stamp", "service")))


def hash_of_hashes(hashes: Iterable[str]) -> str:
    """Return the SHA-256, in hexadecimal, of the lines' hashes, each with a line feed after it."""
    whole = hashlib.sha256()
    for one in hashes:
        whole.update(one.encode() + b"\n")
    return whole.hexdigest()


def why_not_signed(kept: KeptCheckpoint, signers: Path) -> str:
    """Return why a checkpoint's signature does not count, in words; "" if the file of signers confirms it."""
    if (checkpoint := kept.checkpoint) is None:
        return "its text can't be read"
    return why_not_vouched(checkpoint, kept.signature, signers)
