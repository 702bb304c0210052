"""Approvals signed by their approvers' SSH keys, with OpenSSH's `ssh-keygen`.

A signature covers a statement: who approves which version and release, for which lift, in which office's
record; a release's own words are not in it. So somebody who can only write the database can't make an approval, nor
carry one over to another version, lift or office.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Protocol

from pressrelease.errors import NotPermitted
from pressrelease.signing.signers import LARGEST, read_signers
from pressrelease.status.dossier import Approval
from pressrelease.system.programs import system_program

#: Keeps a signature made for anything else, such as a commit of git, from being taken for one of ours.
NAMESPACE = "pressrelease-approval"

#: Seconds that `ssh-keygen` may take to check a signature; signing may wait for a person or a touched key.
PATIENCE = 20.0
PERSON_PATIENCE = 120.0

LARGEST_SIGNERS = LARGEST
_KEPT = 4096


class Signable(Protocol):
    """What somebody signs: who, when, and the bytes. `nothing_done` ends the message where they can't."""

    nothing_done: ClassVar[str]

    @property
    def by(self) -> str: ...

    @property
    def at(self) -> datetime: ...

    def text(self) -> bytes: ...


@dataclass(frozen=True)
class Statement:
    """What an approver signs.

    `lift` is the one that was frozen, None if it lifts with its last approval; `wall` is its wall time, "" for an
    instant. `content` is a whole SHA-256: the names of versions that an older program froze are short enough for two
    texts to be made that share one.
    """

    store_id: str
    slug: str
    version: str
    content: str
    lift: datetime | None
    by: str
    at: datetime
    wall: str = ""

    nothing_done: ClassVar[str] = "Nothing was approved."

    def text(self) -> bytes:
        """Return the statement as bytes that depend on nothing else."""
        values = {
            "approves": self.slug,
            "version": self.version,
            "content": self.content,
            "lift": utc_text(self.lift) if self.lift else "as soon as it is approved",
            "by": self.by,
            "at": utc_text(self.at),
            "store": self.store_id,
        } | ({"wall": self.wall} if self.wall else {})
        return statement_bytes(values)


@dataclass(frozen=True)
class Approved:
    """The frozen version that approvals are of, in the record named; `due` is the release's current lift.

    `earliest` is the first moment that they are good for: the lift, or, for a `wall` time, the moment at which it
    comes by the zone rules of this machine. `elsewhere` names an outlet at which something waits for a recipient who
    is not among those approved, "" if there is none.
    """

    store_id: str
    slug: str
    version: str
    content: str
    lift: datetime | None
    due: datetime | None
    wall: str = ""
    earliest: datetime | None = None
    elsewhere: str = ""

    def statement(self, by: str, at: datetime) -> Statement:
        """Return what `by` signs at `at`."""
        return Statement(self.store_id, self.slug, self.version, self.content, self.lift, by, at, self.wall)


def content_of(
    canonical: bytes,
    attachments: Mapping[str, str],
    outlets: Sequence[str],
    recipients: Mapping[str, str] = MappingProxyType({}),
    *,
    settings: str = "",
) -> str:
    """Return the SHA-256, in hexadecimal, of everything that was frozen.

    `attachments` has each one's own by its path, `recipients` the digest of each outlet's by its name, and `settings`
    is that of what config.toml adds. The last two are empty for a version frozen before they were part of it.
    """
    whole: list[object] = [hashlib.sha256(canonical).hexdigest(), dict(attachments), sorted(outlets)]
    whole += [dict(recipients)] if recipients else []
    whole += [settings] if settings else []
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def examined(approvals: Sequence[Approval], approved: Approved, signers: Path) -> tuple[Approval, ...]:
    """Return the approvals, each marked if it is doubtful: only one with a verified signature is not."""
    earliest = approved.earliest or approved.lift
    earlier = earliest is not None and approved.due is not None and approved.due < earliest
    found = []
    for approval in approvals:
        doubt = why_not_vouched(approved.statement(approval.by, approval.at), approval.signature, signers)
        if not doubt and earlier:
            doubt = "it was signed for a later release time"
        if not doubt and approved.elsewhere:
            doubt = f"it was signed for other recipients than those at {approved.elsewhere}"
        found.append(approval._replace(doubt=doubt, key=key_of(approval.signature)))
    return tuple(found)


@dataclass(frozen=True)
class Trouble:
    """Why no signature could be counted at all, and what fixes it."""

    what: str
    mend: str


def what_is_wrong(signers: Path) -> Trouble | None:
    """Return what keeps every signature from being counted, None if nothing does."""
    if _program() is None:
        return Trouble(_NO_PROGRAM, _INSTALL)
    try:
        trusted, others = read_signers(signers)
    except OSError:
        return Trouble(f"{signers.name} can't be read", f"Put the file of signers at {signers}.")
    if others:
        return Trouble(
            others,
            f"Put it where only root, or only its owner, can write, such as /etc/pressrelease/{signers.name}:"
            f" `chmod go-w {signers.name}`, and the same for every folder above it.",
        )
    if not any(line.strip() and not line.strip().startswith(b"#") for line in trusted.splitlines()):
        return Trouble(f"{signers.name} lists nobody", "Write one line for each person: the name, then the public key.")
    return None


def sign(statement: Signable, key: str, *, may_ask: bool) -> str:
    """Return the signature of `statement` by the key in the file `key`.

    The file may be a public key if an agent has its other half.

    A passphrase is asked for at the terminal only if `may_ask`. Raises NotPermitted.
    """
    program = _program()
    if program is None:
        raise NotPermitted(f"{_NO_PROGRAM}. {statement.nothing_done}", hint=_INSTALL, code="no_ssh_keygen")
    if not key:
        raise NotPermitted(
            f"config.toml requires signatures, and you named no key. {statement.nothing_done}",
            hint="Name it: --key ~/.ssh/id_ed25519, or the variable PRESSRELEASE_SIGNING_KEY.",
            code="no_signing_key",
        )
    path = Path(key).expanduser()
    if not path.is_file():
        raise NotPermitted(
            f"There is no key {key}. {statement.nothing_done}",
            hint="Name an SSH key with --key.",
            code="no_signing_key",
        )
    try:
        done = _run(
            [program, "-Y", "sign", "-n", NAMESPACE, "-f", str(path.absolute())],
            statement.text(),
            patience=PERSON_PATIENCE if may_ask else PATIENCE,
            at_terminal=may_ask,
        )
        signature = done.stdout.decode("ascii") if done.returncode == 0 else ""
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        signature = ""
    if not signature.startswith("-----BEGIN SSH SIGNATURE-----"):
        raise NotPermitted(
            f"ssh-keygen could not sign with {key}. {statement.nothing_done}",
            hint="Check that it is an SSH key with mode 0600. If it has a passphrase, run `ssh-add` first.",
            code="not_signed",
        )
    return signature


def why_not_vouched(statement: Signable, signature: str, signers: Path) -> str:
    """Return why a signature does not make its approval count, in words; "" if the file `signers` confirms it."""
    if not signature:
        return "it is not signed"
    try:
        trusted, others = read_signers(signers)
    except OSError:
        return f"{signers.name} can't be read"
    if others:
        return others
    name = (hashlib.sha256(trusted).digest(), statement, signature)
    with _lock:
        known = _verified.get(name)
    if known is not None:
        return known
    program = _program()
    if program is None:
        return _NO_PROGRAM
    try:
        doubt = "" if _verify(program, statement, signature, trusted) else "its signature is not from a listed key"
    except (OSError, subprocess.SubprocessError, UnicodeEncodeError):
        return "its signature could not be checked"
    with _lock:
        _verified[name] = doubt
        while len(_verified) > _KEPT:
            _verified.popitem(last=False)
    return doubt


_verified: OrderedDict[tuple[bytes, Signable, str], str] = OrderedDict()
_lock = threading.Lock()

_NO_PROGRAM = "ssh-keygen is not installed"
_INSTALL = "Install OpenSSH's client (Debian and Ubuntu: openssh-client; Windows has it as an optional feature)."


def key_of(signature: str) -> str:
    """Return the SHA-256 of the public key that a signature names (PROTOCOL.sshsig), "" if it can't be read.

    For a certificate it is the key in it: two certificates for one key are one person's.
    """
    try:
        body = "".join(line for line in signature.splitlines() if not line.startswith("-----"))
        data = base64.b64decode(body, validate=True)
        if data[:6] != b"SSHSIG":
            return ""
        public = _strings(data[10:], 1)[0]
        kind = _strings(public, 1)[0].decode("ascii").removesuffix("@openssh.com")
        bare = kind.removesuffix("-cert-v01")
        if bare in _KEY_FIELDS:
            before = 2 if bare != kind else 1  # a certificate has a nonce before its key
            fields = _strings(public, before + _KEY_FIELDS[bare])[before:]
            public = b"\0".join([bare.encode(), *(field.hex().encode() for field in fields)])
        return hashlib.sha256(public).hexdigest()
    except (ValueError, IndexError):
        return ""


#: How many fields a public key of each kind has after its kind (RFC 4253, PROTOCOL.certkeys, PROTOCOL.u2f).
_KEY_FIELDS = {
    "ssh-ed25519": 1,
    "ssh-rsa": 2,
    "ecdsa-sha2-nistp256": 2,
    "ecdsa-sha2-nistp384": 2,
    "ecdsa-sha2-nistp521": 2,
    "sk-ssh-ed25519": 2,
    "sk-ecdsa-sha2-nistp256": 3,
}


def _strings(data: bytes, count: int) -> list[bytes]:
    """Return the first fields of SSH's encoding, each with its length before it. Raises ValueError."""
    found = []
    for _ in range(count):
        size = int.from_bytes(data[:4], "big")
        if len(data) < 4 + size:
            raise ValueError("cut short")
        found.append(data[4 : 4 + size])
        data = data[4 + size :]
    return found


def _verify(program: str, statement: Signable, signature: str, trusted: bytes) -> bool:
    """Ask `ssh-keygen`, with exactly the signers that were read, as of the moment of the approval."""
    with tempfile.TemporaryDirectory(prefix="pressrelease-") as name:
        folder = Path(name)
        (folder / "signers").write_bytes(trusted)
        (folder / "signature").write_bytes(signature.encode("ascii"))
        asked = [program, "-Y", "verify", "-n", NAMESPACE, "-I", statement.by]
        asked += ["-f", str(folder / "signers"), "-s", str(folder / "signature")]
        # Older releases read this time in the local zone only, and know no mark for UTC.
        asked += ["-O", f"verify-time={statement.at.astimezone(UTC):%Y%m%d%H%M%S}"]
        return _run(asked, statement.text(), patience=PATIENCE).returncode == 0


def _run(
    arguments: list[str], given: bytes, *, patience: float, at_terminal: bool = False
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        arguments,
        input=given,
        stdout=subprocess.PIPE,
        stderr=None if at_terminal else subprocess.DEVNULL,
        timeout=patience,
        check=False,
        env=os.environ | {"TZ": "UTC0", "LC_ALL": "C"},
        # Without a terminal of its own it can't ask there for a passphrase.
        start_new_session=not at_terminal,
    )


def _program() -> str | None:
    return system_program("ssh-keygen")


def utc_text(moment: datetime) -> str:
    """Return a moment as statements have it: RFC 3339 in UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def statement_bytes(values: Mapping[str, str]) -> bytes:
    """Return what is signed: one line of JSON, keys sorted, so that the same values give the same bytes."""
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode() + b"\n"
