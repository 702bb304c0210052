#!/usr/bin/env python3
"""Check an archive that `pressrelease export` made, on a machine that doesn't have that program.

    python3 verify.py ARCHIVE [--signers FILE] [--authorities FILE] [--head N:HASH] [--index SHA256]

Needs Python 3.8 or newer and nothing else; signatures are checked if `ssh-keygen` (OpenSSH 8.2 or newer) is
installed, time stamps if `openssl` is. It unpacks nothing and uses no network. The exit code is 0 if everything that
could be checked holds, else 65.

An archive can't vouch for itself. What it is compared with must come from somewhere else: from the office, from a
backup, from what `export` printed. That is who signs with which key (--signers), the certificates of the authority
whose time stamps count (--authorities), the journal's last line (--head), and the SHA-256 of the index (--index). So
should this script, or compare its SHA-256 with the one in the documentation. (It is one file because `export` puts it
into every archive as it is.)
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, NamedTuple

FORMAT, FORMAT_NUMBER = "pressrelease-export", 1
INDEX, JOURNAL = "index.json", "journal.jsonl"
CHECKPOINT = "checkpoint"

#: Limits on what is read, in bytes and files: far above any real archive, far below what would fill a disk or a memory.
LARGEST_INDEX = 64 << 20
LARGEST_FILE = 256 << 20
LARGEST_ARCHIVE = 2 << 30
MOST_FILES = 100_000
MOST_SIGNATURES = 2_000
LONGEST_NAME = 1_000

#: Keeps a signature made for anything else from being taken for one of ours.
NAMESPACE = "pressrelease-approval"

LINE_KEYS = ("n", "at", "actor", "host", "event", "slug", "version", "detail", "prev", "hash")
BEGINNING = "0" * 64
SHORT_NAME = 16  # the length of a version's name in old records

_FREEZING = ("release.scheduled", "release.corrected")
_SAID_DELIVERED = ("delivery.delivered", "delivery.late_answer")


class Refused(Exception):
    """The archive is damaged, hostile, or not one of ours. Nothing more of it is read."""


class Finding(NamedTuple):
    """One sentence about the archive; `holds` is None for what could not be checked."""

    holds: bool | None
    says: str


class Outside(NamedTuple):
    """What is known from elsewhere: a file of signers, the journal's head (N:HASH), the index's SHA-256.

    `authorities` are the certificates whose time stamps count. Each program is None if it is not installed.
    """

    signers: bytes | None = None
    head: str = ""
    index_sha256: str = ""
    ssh_keygen: str | None = None
    authorities: bytes | None = None
    openssl: str | None = None


class Signed(NamedTuple):
    """Something that a person signed: a sentence about it, who and when, the bytes, and the signature."""

    what: str
    by: str
    at: str
    text: str
    signature: str


def verify(path: str, outside: Outside) -> list[Finding]:
    """Return what holds and what doesn't, a sentence each. Reads the archive and changes nothing."""
    try:
        with open(path, "rb") as stream, zipfile.ZipFile(stream) as whole:
            return _Check(whole, os.fstat(stream.fileno()).st_size, outside).findings()
    except FileNotFoundError:
        return [Finding(False, "There is no such file.")]
    except Refused as refused:
        return [Finding(False, f"The archive was refused: {refused}.")]
    except _DAMAGE:
        return [Finding(False, "The archive was refused: it is damaged, or it is not one that `export` made.")]


#: What Python's own modules raise for a damaged or hostile file.
_DAMAGE = (
    OSError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,
    RecursionError, LookupError, TypeError, ValueError, AttributeError, OverflowError, MemoryError,
)  # fmt: skip


class _Check:
    """One archive being checked."""

    def __init__(self, whole: zipfile.ZipFile, size: int, outside: Outside) -> None:
        self._zip = whole
        self._outside = outside
        self._found: list[Finding] = []
        self._signed: list[Signed] = []
        self._stamps: list[Signed] = []
        infos = whole.infolist()
        _must_be_harmless(infos, size)
        self._sizes = {info.filename: info.file_size for info in infos}

    def findings(self) -> list[Finding]:
        data = self._read(INDEX, LARGEST_INDEX)
        self._index = json.loads(data)
        if self._index.get("format") != FORMAT:
            raise Refused("its index is not one that `export` writes")
        if self._index["format_number"] != FORMAT_NUMBER:
            raise Refused("it was made by a newer pressrelease; use the verify.py of that version")
        self._files(hashlib.sha256(data).hexdigest())
        lines = self._journal()
        self._checkpoints(lines.get("", []))
        for slug in self._index["releases"]:
            self._release(str(slug), lines.get(str(slug), []))
        self._signatures()
        self._time_stamps()
        return self._found

    def _say(self, wrong: list[str], holds: str) -> None:
        """Say each thing that is wrong, or else that it holds."""
        self._found += [Finding(False, what) for what in wrong] or [Finding(True, holds)]

    # -- the files ---------------------------------------------------------------------------------------------

    def _files(self, index: str) -> None:
        listed = {str(one["name"]): one for one in self._index["files"]}
        there = set(self._sizes) - {INDEX}
        wrong = [f"{name} is not listed in the index." for name in sorted(there - set(listed))]
        wrong += [f"{name} is missing." for name in sorted(set(listed) - there)]
        if len(listed) != len(self._index["files"]):
            wrong.append("The index lists a file twice.")
        for name in sorted(there & set(listed)):
            digest, size = hashlib.sha256(), 0
            for piece in self._pieces(name):
                digest.update(piece)
                size += len(piece)
            if size != listed[name]["size"] or digest.hexdigest() != listed[name]["sha256"]:
                wrong.append(f"{name} was changed after the archive was made.")
        self._say(wrong, f"All {len(there)} files are the ones that the index lists.")
        known = self._outside.index_sha256.strip().lower()
        if not known:
            says = f"Whether the whole archive was made again: compare the SHA-256 of its index, {index},"
            self._found.append(Finding(None, f"{says} with the one that `export` printed (--index)."))
        elif known == index:
            self._found.append(Finding(True, "The index is the one that you named."))
        else:
            self._found.append(Finding(False, f"The index is not the one that you named: its SHA-256 is {index}."))

    def _pieces(self, name: str) -> Iterator[bytes]:
        left = self._sizes[name]
        with self._zip.open(name) as source:
            while piece := source.read(1 << 20):
                left -= len(piece)
                if left < 0:
                    raise Refused(f"{name} is larger than it says")
                yield piece
        if left:
            raise Refused(f"{name} is smaller than it says")

    def _read(self, name: str, largest: int = LARGEST_FILE) -> bytes:
        if self._sizes.get(name, largest + 1) > largest:
            raise Refused(f"{name} is missing or too large")
        return b"".join(self._pieces(name))

    def _table(self, name: str) -> Any:
        return json.loads(self._read(name))

    # -- the journal -------------------------------------------------------------------------------------------

    def _journal(self) -> dict[str, list[dict[str, Any]]]:
        """Walk the journal. Return the lines that are here in full, by release."""
        wrong: list[str] = []
        lines: dict[str, list[dict[str, Any]]] = {}
        before, number, whole, hashes = BEGINNING, 0, 0, hashlib.sha256()
        known_number, _, known_hash = self._outside.head.strip().partition(":")
        seen = False
        points = self._points()
        with self._zip.open(JOURNAL) as source:
            for raw in io.BufferedReader(source):  # type: ignore[type-var]
                line = json.loads(raw)
                number += 1
                if line["n"] != number:
                    wrong.append(f"Line {number} of the journal is missing.")
                    break
                if "event" in line:
                    whole += 1
                    lines.setdefault(str(line["slug"]), []).append(line)
                    if line["prev"] != before:
                        wrong.append(f"Line {number} of the journal does not follow the line before it.")
                    if _hash_of_line(line) != line["hash"]:
                        wrong.append(f"Line {number} of the journal was changed.")
                before = str(line["hash"])
                hashes.update(before.encode("utf-8", "replace") + b"\n")
                if f"{number}:{before}" in points:
                    self._digests[f"{number}:{before}"] = hashes.hexdigest()
                seen = seen or ((str(number), before) == (known_number, known_hash))
        head = f"{number}:{before}"
        if head != self._index["journal"]["head"] or hashes.hexdigest() != self._index["journal"]["hashes"]:
            wrong.append("The journal's lines are not those that the index states.")
        about = f"The journal has {number} lines up to this export. The {whole} that are here in full were not changed"
        rest = "; the others are about other releases and are here by their hashes only." if whole < number else "."
        self._say(wrong, about + rest)
        if not known_number:
            says = "Whether the journal was rewritten before the export: name a head that was kept elsewhere (--head)."
            self._found.append(Finding(None, says))
        else:
            found = "The head that you named is in the journal." if seen else "The head that you named is not in it."
            self._found.append(Finding(seen, found))
        return lines

    def _points(self) -> set[str]:
        """Return the lines (N:HASH) that checkpoints in the journal are of."""
        self._digests: dict[str, str] = {}
        mark = f'"event":"{CHECKPOINT}"'.encode()
        with self._zip.open(JOURNAL) as source:
            found = [json.loads(raw)["detail"] for raw in source if mark in raw]
        return {str(json.loads(json.loads(detail)["signed"])["checkpoint"]) for detail in found}

    def _checkpoints(self, lines: list[dict[str, Any]]) -> None:
        """Check that each checkpoint is of this journal; its signature and its stamp are checked later."""
        wrong, last = [], ""
        for line in lines:
            detail = json.loads(line["detail"])
            text = json.loads(detail["signed"])
            said = f"The checkpoint in line {line['n']}"
            last = str(text["checkpoint"])
            if text["store"] != self._index["store"] or self._digests.get(last) != text["hashes"]:
                wrong.append(f"{said} is of another journal.")
            signed = Signed(said, str(text["by"]), str(text["at"]), str(detail["signed"]), "")
            if detail.get("signature"):
                self._signed.append(signed._replace(signature=str(detail["signature"])))
            if detail.get("stamp"):
                self._stamps.append(signed._replace(signature=str(detail["stamp"])))
        if lines:
            covers = f"the last one covers every line up to {last.partition(':')[0]}"
            self._say(wrong, f"Each checkpoint ({len(lines)}) is of this journal; {covers}.")

    # -- a release ---------------------------------------------------------------------------------------------

    def _release(self, slug: str, lines: list[dict[str, Any]]) -> None:
        folder = f"releases/{slug}/"
        versions = self._table(folder + "versions.json")
        deliveries = self._table(folder + "deliveries.json")
        contents: dict[str, str] = {}
        wrong: list[str] = []
        for one in versions:
            contents[str(one["version"])] = self._version(folder, one, deliveries, wrong)
        frozen = {str(line["version"]) for line in lines if line["event"] in _FREEZING}
        missing = sorted(frozen - set(contents))
        wrong += [f"{slug}: the journal freezes a version {name[:12]} that is not here." for name in missing]
        holds = "is named by the hash of its text, attachments, recipients and time"
        self._say(wrong, f"{slug}: each version ({len(versions)}) {holds}.")
        by_name = {str(one["version"]): one for one in versions}
        self._approvals(slug, self._table(folder + "approvals.json"), lines, by_name, contents)
        self._answers(slug, folder, lines, contents)
        self._deliveries(slug, deliveries, lines, contents)

    def _version(self, folder: str, one: dict[str, Any], deliveries: list[dict[str, Any]], wrong: list[str]) -> str:
        """Check a frozen version; return the SHA-256 that approvals are of."""
        place = folder + str(one["folder"])
        canonical = self._read(place + "frozen.json")
        said = f"{place}: "
        settings = str(one["settings"] or "")
        if settings and hashlib.sha256(self._read(place + "settings.json")).hexdigest() != settings:
            wrong.append(said + "settings.json is not what was frozen.")
        for path, digest in one["attachments"].items():
            if hashlib.sha256(self._read(place + str(one["files"][path]))).hexdigest() != digest:
                wrong.append(f"{said}the attachment {path} is not the one that was frozen.")
        recipients = dict(one["recipients"] or {})
        for outlet, digest in recipients.items():
            people = {
                str(row["recipient"]) for row in deliveries
                if row["version"] == one["version"] and row["outlet"] == outlet and row.get("action") != "withdraw"
            }  # fmt: skip
            if people and hashlib.sha256(_stable(sorted(people))).hexdigest() != digest:
                wrong.append(f"{said}the recipients at {outlet} are not those that were frozen.")
        parts = {
            "release": json.loads(canonical),
            "attachments": one["attachments"],
            "lift": _in_utc(one["lift"]),
            "outlets": sorted(set(one["outlets"])),
        }
        later = {"wall": one["wall"], "recipients": recipients, "settings": settings}
        parts.update({name: value for name, value in later.items() if value})
        name, whole = str(one["version"]), hashlib.sha256(_stable(parts)).hexdigest()
        if name != whole and not (not settings and len(name) == SHORT_NAME and whole.startswith(name)):
            wrong.append(said + "its text, attachments, recipients or time are not those that it was named for.")
        listed: list[object] = [hashlib.sha256(canonical).hexdigest(), one["attachments"], sorted(one["outlets"])]
        listed += [recipients] if recipients else []
        listed += [settings] if settings else []
        return hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()

    def _approvals(
        self, slug: str, rows: list[dict[str, Any]], lines: list[dict[str, Any]],
        versions: dict[str, dict[str, Any]], contents: dict[str, str],
    ) -> None:  # fmt: skip
        wrong = []
        for row in rows:
            said = f"{slug}: the approval by {row['by']}"
            if not _line_of(lines, "release.approved", row, {"by": row["by"]}):
                wrong.append(said + " is not in the journal.")
            if row["signature"]:
                version = versions.get(row["version"], {})
                lift = _micros(version.get("lift")) or "as soon as it is approved"
                asked = {"approves": slug, "lift": lift}
                asked.update({"wall": version["wall"]} if version.get("wall") else {})
                self._keep_signed(said, row, asked, contents, wrong)
        there = {(row["version"], _person(row["by"])) for row in rows}
        for line in lines:
            by = json.loads(line["detail"]).get("by", "")
            if line["event"] == "release.approved" and (line["version"], _person(by)) not in there:
                wrong.append(f"{slug}: the journal has an approval by {by} that is not here.")
        signed = sum(bool(row["signature"]) for row in rows)
        self._say(wrong, f"{slug}: each approval ({len(rows)}, {signed} signed) is in the journal.")

    def _answers(self, slug: str, folder: str, lines: list[dict[str, Any]], contents: dict[str, str]) -> None:
        """Check the clearances that were answered, and who reported the event."""
        wrong, rows = [], self._table(folder + "clearances.json")
        for row in rows:
            said = f"{slug}: the clearance {row['clearance']}"
            event = {"given": "release.cleared", "refused": "release.clearance_refused"}.get(str(row["state"]))
            if event and not _line_of(lines, event, row, {"by": row["by"], "clearance": row["clearance"]}):
                wrong.append(said + " is not in the journal as it is here.")
            if row["signature"]:
                self._keep_signed(said, row, {"clears": slug, "clearance": row["clearance"]}, contents, wrong)
        for row in self._table(folder + "lifts.json"):
            rows = [*rows, row]
            said = f"{slug}: the report of its event by {row['by']}"
            if not _line_of(lines, "release.lifted", row, {"by": row["by"]}):
                wrong.append(said + " is not in the journal.")
            if row["signature"]:
                self._keep_signed(said, row, {"lifts": slug}, contents, wrong)
        if rows:
            self._say(wrong, f"{slug}: its clearances and the report of its event are in the journal.")

    def _keep_signed(
        self, said: str, row: dict[str, Any], asked: dict[str, Any], contents: dict[str, str], wrong: list[str]
    ) -> None:
        """Check that a signed text is about what it is kept with; whose signature it is, is checked later."""
        text = json.loads(row["signed"])
        wanted = dict(asked, by=row["by"], at=_micros(row["at"]), version=row["version"], store=self._index["store"])
        wanted["content"] = contents.get(row["version"], "")
        if any(text.get(key) != value for key, value in wanted.items()):
            wrong.append(said + " was signed for something else.")
        self._signed.append(Signed(said, str(row["by"]), str(row["at"]), str(row["signed"]), str(row["signature"])))

    def _deliveries(
        self, slug: str, rows: list[dict[str, Any]], lines: list[dict[str, Any]], contents: dict[str, str]
    ) -> None:
        wrong = []
        arrived: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for line in lines:
            detail = json.loads(line["detail"])
            sent = line["event"] == "delivery.settled" and detail.get("settled") == "sent"
            answered = line["event"] in _SAID_DELIVERED and not detail.get("error")
            if sent or answered:
                what = (detail.get("n", 1), detail.get("action", "publish"))
                key = (line["version"], *what, detail.get("outlet"), detail.get("recipient") or "")
                arrived.setdefault(key, []).append(detail)
        for row in rows:
            key = _key_of(row)
            where = f"{row['outlet']} ({row['recipient']})" if row["recipient"] else str(row["outlet"])
            if row["version"] not in contents:
                wrong.append(f"{slug}: a delivery to {where} is of a version that is not here.")
            if row["state"] != "delivered":
                continue
            details = arrived.get(key, [])
            if not details:
                wrong.append(f"{slug}: the journal does not show that {where} got it.")
            elif not any(_same_receipt(row, detail) for detail in details):
                wrong.append(f"{slug}: the receipt from {where} is not the one in the journal.")
        there = {_key_of(row) for row in rows}
        lost = sorted(set(arrived) - there, key=repr)
        wrong += [f"{slug}: the journal has a delivery to {key[3]} that is not here." for key in lost]
        count = sum(row["state"] == "delivered" for row in rows)
        self._say(wrong, f"{slug}: each delivery that arrived ({count}) is in the journal, with the same receipt.")

    # -- signatures --------------------------------------------------------------------------------------------

    def _signatures(self) -> None:
        if not self._signed:
            return
        if len(self._signed) > MOST_SIGNATURES:
            raise Refused("it has more signatures than any archive of ours")
        if self._outside.signers is None or self._outside.ssh_keygen is None:
            lacks = "ssh-keygen is not installed" if self._outside.signers is not None else "name a file of signers"
            says = f"Whether {len(self._signed)} signatures are by the people named: {lacks} (--signers)."
            self._found.append(Finding(None, says))
            return
        wrong = [
            f"{one.what}: its signature is not by a key listed for {one.by}."
            for one in self._signed
            if not _is_signed(one, self._outside.ssh_keygen, self._outside.signers)
        ]
        self._say(wrong, f"All {len(self._signed)} signatures are by keys that the file of signers lists.")

    def _time_stamps(self) -> None:
        if not self._stamps:
            return
        if len(self._stamps) > MOST_SIGNATURES:
            raise Refused("it has more time stamps than any archive of ours")
        if self._outside.authorities is None or self._outside.openssl is None:
            lacks = "openssl is not installed" if self._outside.authorities is not None else "name their certificates"
            says = (
                f"Whether {len(self._stamps)} time stamps are by authorities that you trust: {lacks} (--authorities)."
            )
            self._found.append(Finding(None, says))
            return
        wrong = [
            f"{one.what}: its time stamp is not of this text, time and authority."
            for one in self._stamps
            if not _is_stamped(one, self._outside.openssl, self._outside.authorities)
        ]
        self._say(wrong, f"All {len(self._stamps)} time stamps are by authorities that you trust.")


def _must_be_harmless(infos: list[zipfile.ZipInfo], size: int) -> None:
    """Check names, kinds and sizes before a byte is read. Raises Refused."""
    names = [info.filename for info in infos]
    if len(names) > MOST_FILES:
        raise Refused("it contains too many files")
    if len({name.lower() for name in names}) != len(names):
        raise Refused("it contains two files with one name")
    if sum(info.compress_size for info in infos) > size:
        raise Refused("its parts overlap")
    if sum(info.file_size for info in infos) > LARGEST_ARCHIVE or any(info.file_size > LARGEST_FILE for info in infos):
        raise Refused("unpacked, it is too large")
    for info in infos:
        # zipfile cuts a name at a NUL, so what it was called is looked at too.
        for name in (info.filename, info.orig_filename):
            parts = name.split("/")
            plain = name.isprintable() and len(name) <= LONGEST_NAME and not set(name) & set('\\:*?"<>|')
            if not plain or not all(part.strip(". ") for part in parts):
                raise Refused("it contains a file whose name leads to another folder")
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG) or info.is_dir():
            raise Refused("it contains a link, a folder or a device")
        if info.flag_bits & 0x1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("part of it is compressed in a way that `export` does not use")


def _hash_of_line(line: dict[str, Any]) -> str:
    """Return the SHA-256 of a journal line: its canonical JSON without `hash`, as docs/reference/journal.md says."""
    if set(line) != set(LINE_KEYS):
        return ""
    return hashlib.sha256(_stable({key: line[key] for key in LINE_KEYS if key != "hash"})).hexdigest()


def _stable(value: Any) -> bytes:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _line_of(lines: list[dict[str, Any]], event: str, row: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """Return whether the journal has the line of an act: its version, its moment, and the details named."""
    for line in lines:
        if line["event"] == event and line["version"] == row["version"] and _moment(line["at"]) == _micros(row["at"]):
            detail = json.loads(line["detail"])
            if all(detail.get(key) == value for key, value in wanted.items()):
                return True
    return False


def _key_of(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a delivery is known by: its version, number and action, where it went, and to whose address."""
    what = (row.get("n", 1), row.get("action", "publish"))
    return (row["version"], *what, row["outlet"], row["recipient"] or "")


def _same_receipt(row: dict[str, Any], detail: dict[str, Any]) -> bool:
    """Return whether a delivery's receipt is the one in its line; a settled one has none in its line."""
    if "settled" in detail:
        return True
    return all(row.get(key) == detail.get(key) for key in ("url", "remote_id"))


def _moment(micros: int) -> str:
    whole, part = divmod(micros, 1_000_000)
    return datetime.fromtimestamp(whole, timezone.utc).strftime(f"%Y-%m-%dT%H:%M:%S.{part:06}Z")


def _parsed(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc)


def _micros(text: str | None) -> str | None:
    """Return a moment as signed texts have it: RFC 3339 in UTC, to the microsecond; None for None."""
    return None if text is None else _parsed(text).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _in_utc(text: str | None) -> str | None:
    return None if text is None else _parsed(text).isoformat(timespec="microseconds")


def _person(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", str(name)).split()).casefold()


def _is_signed(one: Signed, program: str, signers: bytes) -> bool:
    """Ask `ssh-keygen`, as of the moment at which it was signed."""
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        for name, content in (("signers", signers), ("signature", one.signature.encode("ascii", "replace"))):
            with open(os.path.join(folder, name), "wb") as stream:
                stream.write(content)
        asked = [program, "-Y", "verify", "-n", NAMESPACE, "-I", one.by]
        asked += ["-f", os.path.join(folder, "signers"), "-s", os.path.join(folder, "signature")]
        asked += ["-O", "verify-time=" + _parsed(one.at).strftime("%Y%m%d%H%M%S")]
        return _succeeds(asked, one.text.encode("utf-8", "surrogatepass"))


def _is_stamped(one: Signed, program: str, authorities: bytes) -> bool:
    """Ask `openssl`, as of the moment that the text names, which must be about that of the stamp."""
    stamp = base64.b64decode(one.signature, validate=True)
    # The first GeneralizedTime in the answer is the stamp's own: the certificates come after it.
    found = re.search(rb"\x18.(\d{14})(?:\.\d+)?Z", stamp, re.DOTALL)
    if found is None:
        return False
    stamped = datetime.strptime(found[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    if abs((stamped - _parsed(one.at)).total_seconds()) > 3600:
        return False
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        asked = [program, "ts", "-verify"]
        text = one.text.encode("utf-8", "surrogatepass")
        for option, content in (("-data", text), ("-in", stamp), ("-CAfile", authorities)):
            place = os.path.join(folder, option)
            with open(place, "wb") as stream:
                stream.write(content)
            asked += [option, place]
        return _succeeds([*asked, "-attime", str(int(stamped.timestamp()))], b"")


def _succeeds(asked: list[str], given: bytes) -> bool:
    environment = dict(os.environ, TZ="UTC0", LC_ALL="C")
    quiet = subprocess.DEVNULL
    try:
        done = subprocess.run(asked, input=given, stdout=quiet, stderr=quiet, timeout=20, check=False, env=environment)
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def main(arguments: list[str] | None = None) -> int:
    """Check the archive named, and print what holds and what doesn't."""
    parser = argparse.ArgumentParser(description="Check an archive that `pressrelease export` made.")
    parser.add_argument("archive")
    parser.add_argument("--signers", metavar="FILE", help="who signs with which key, in OpenSSH's allowed_signers form")
    parser.add_argument("--head", default="", metavar="N:HASH", help="a line of the journal that was kept elsewhere")
    parser.add_argument("--index", default="", metavar="SHA256", help="the SHA-256 that `export` printed")
    parser.add_argument("--authorities", metavar="FILE", help="the certificates whose time stamps count (PEM)")
    given = parser.parse_args(arguments)
    outside = Outside(head=given.head, index_sha256=given.index)
    try:
        if given.signers:
            with open(given.signers, "rb") as stream:
                outside = outside._replace(signers=stream.read(1 << 20), ssh_keygen=shutil.which("ssh-keygen"))
        if given.authorities:
            with open(given.authorities, "rb") as stream:
                outside = outside._replace(authorities=stream.read(1 << 20), openssl=shutil.which("openssl"))
    except OSError as error:
        parser.error(f"{error.filename} can't be read: {error.strerror}")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    found = verify(given.archive, outside)
    for finding in found:
        mark = {True: "holds        ", False: "DOES NOT HOLD", None: "not checked  "}[finding.holds]
        print(mark, "".join(letter if letter.isprintable() else "?" for letter in finding.says))
    wrong = sum(finding.holds is False for finding in found)
    print(f"Does not hold: {wrong}. Don't rely on this archive." if wrong else "Everything that was checked holds.")
    return 65 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
