"""What the receivers of a test's office got, brought to the auditor in one call."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor import Arrival, audit
from mail_server import MailServer
from office import Office, Receiver

#: Outlets of the tests' offices that can't tell a repeat; every other one can.
CANT_TELL = frozenset({"program", "mail"})

#: States in which `status` says that a person is asked.
ASKED = frozenset({"needs_you", "held", "unapproved"})

#: What the cause of a killed release begins with where a person is asked about its withdrawal.
WITHDRAWAL = "withdrawal_"

#: The kernel notes a file's time by its last tick, which may be so much earlier.
TICK = timedelta(milliseconds=10)


def audit_office(
    office: Office,
    *receivers: Receiver,
    mail: MailServer | None = None,
    store: str = "",
    at_least: Mapping[str, int] | None = None,
    off: timedelta = timedelta(0),
    finished: bool = True,
    **more: object,
) -> Counter[str]:
    """Hold an office's journal (on PostgreSQL at `store`) against what its outlets got; what was seen.

    `off` is by how much the receivers' clock is behind the true time. Without `at_least`, something must have arrived.
    """
    arrivals = [*pages(office.folder), *programs(office.folder)]
    arrivals += [one for receiver in receivers for one in requests(receiver)]
    arrivals += letters(mail) if mail else []
    arrivals = [Arrival(**vars(one) | {"at": one.at + off}) for one in arrivals]
    rows = office.json("status", "--all", expect=(0, 10, 11, 75))["releases"] if finished else []
    outlets = {"newsroom", "media", "program", "mail"} | {one.outlet for one in arrivals}
    return audit(
        store or office.folder,
        arrivals,
        {name: name not in CANT_TELL for name in outlets},
        at_least={"arrivals": 1, "delivery.claimed": 1} if at_least is None else at_least,
        told={one["slug"] for one in rows if _asks(one)} if finished else None,
        **more,
    )


def _asks(row: Mapping[str, object]) -> bool:
    return row["state"] in ASKED or str(row.get("cause")).startswith(WITHDRAWAL)


def pages(folder: Path, *, outlet: str = "newsroom", but: Collection[str] = ()) -> Iterator[Arrival]:
    """Each release's page, at the moment at which it was given its name: the time of its content is set to its lift."""
    for page in (folder / "newsroom").glob("*/index.html"):
        at = datetime.fromtimestamp(page.stat().st_ctime_ns / 1e9, UTC)
        if page.parent.name not in but:
            yield Arrival(at, outlet, slug=page.parent.name, coarse=TICK)


def requests(receiver: Receiver) -> Iterator[Arrival]:
    """Each request that a webhook's receiver said it took."""
    for one in receiver.got:
        if 200 <= one.status < 300:
            outlet = "media" if one.path == "/press" else one.path.strip("/")
            yield Arrival(one.at, outlet, one.id, digest=hashlib.sha256(one.body).hexdigest())
            assert json.loads(one.body)["data"]["slug"] == one.slug


def programs(folder: Path) -> Iterator[Arrival]:
    """Each line that the program of `faults` wrote."""
    log = folder / "program.sh.got"
    for line in log.read_text(encoding="ascii").splitlines() if log.exists() else ():
        nanoseconds, key = line.split()
        yield Arrival(datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC), "program", key)


def letters(mail: MailServer) -> Iterator[Arrival]:
    """Each message that a mail server took, once for each recipient."""
    for letter in mail.got:
        key = str(letter.message["Message-ID"]).strip().strip("<>").partition("@")[0]
        for recipient in letter.recipients:
            digest = hashlib.sha256(letter.content).hexdigest()
            yield Arrival(letter.at, "mail", key, recipient=recipient, digest=digest)
