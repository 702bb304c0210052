"""The power cut at each moment of a publish: the disk then holds what was synced, and who knows what of the rest.

strace(1) writes down every change that the installed command makes to its record, and every byte that leaves. From
that the disk is put together as a power cut would leave it after each of them, and opened as the next start would.
"""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from auditor import audit
from faults import Count, report, scene, traced
from journal_lines import read_journal

pytestmark = pytest.mark.slow

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_PLACE = re.compile(r"<((?:\\x[0-9a-f]{2}|[^<>])*)>")

NAMES = "openat,pwrite64,ftruncate,fdatasync,fsync,unlink,sendto,execve,rename"


@dataclass(frozen=True)
class Event:
    """One system call: its name, the path that it is about, its text, its numbers, and what it gave back."""

    call: str
    path: str
    text: bytes
    numbers: tuple[int, ...]
    created: bool = False


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def events(log: Path) -> Iterator[Event]:
    """What strace wrote down, each call at its end; what leaves the machine, at its beginning."""
    begun: dict[str, str] = {}
    for line in log.read_text(encoding="ascii", errors="replace").splitlines():
        found = _CALL.match(line)
        if found is None:
            continue
        thread, call, rest = found.groups()
        resumed = " resumed>" in line.split("(")[0]
        if resumed:
            rest = begun.pop(thread, "") + rest
            if call in {"sendto", "execve"}:
                continue
        elif rest.endswith("<unfinished ...>"):
            begun[thread] = rest.removesuffix("<unfinished ...>").rstrip()
            if call not in {"sendto", "execve"}:
                continue
        if event := _event(call, rest):
            yield event


def _event(call: str, rest: str) -> Event | None:
    if ") = -1 " in rest:
        return None
    strings = [_plain(one) for one in _STRING.findall(rest)]
    places = [_plain(one).decode() if "\\x" in one else one for one in _PLACE.findall(rest)]
    tail = rest.rpartition('"')[2] if strings else rest.partition(">")[2]
    numbers = tuple(int(one) for one in re.findall(r"(?:^|, )(\d+)(?=[,)])", tail))
    if call in {"unlink", "execve"}:
        return Event(call, strings[0].decode() if strings else "", b" ".join(strings), numbers)
    if call == "openat":
        return Event(call, places[-1] if places else "", b"", numbers, created="O_CREAT" in rest)
    return Event(call, places[0] if places else "", strings[0] if strings else b"", numbers)


@dataclass
class File:
    """A file's bytes that are on the disk for sure, and the changes that may or may not be."""

    synced: bytes = b""
    pending: list[Event] = field(default_factory=list)
    #: Whether its name is in its folder on the disk, and whether it is in the system's view.
    named: bool = False
    there: bool = True

    def bytes_with(self, kept: list[Event]) -> bytes:
        """Its content where of the unsynced changes only these came to the disk."""
        content = bytearray(self.synced)
        for event in kept:
            if event.call == "ftruncate":
                del content[event.numbers[0] :]
                continue
            at = event.numbers[-1]
            content.extend(b"\0" * (at + len(event.text) - len(content)))
            content[at : at + len(event.text)] = event.text
        return bytes(content)


class Disk:
    """One folder of the disk, as the system sees it and as a power cut would find it."""

    def __init__(self, folder: Path) -> None:
        """Everything that is there now is on the disk."""
        self.folder = folder
        self.files = {str(path): File(path.read_bytes(), named=True) for path in folder.iterdir() if path.is_file()}
        self.left: set[str] = set()

    def take(self, event: Event) -> bool:
        """Let it happen; whether it changed anything."""
        file = self.files.get(event.path)
        if event.call == "openat" and event.created and event.path.startswith(f"{self.folder}/"):
            if file is None or not file.there:
                # A name that is used again before its removal was synced: the old file may be what is found.
                self.files[event.path] = File(
                    file.synced if file and file.named else b"", named=bool(file and file.named)
                )
                return True
        elif event.call in {"pwrite64", "ftruncate"} and file:
            file.pending.append(event)
            return True
        elif event.call in {"fdatasync", "fsync"}:
            if event.path == str(self.folder):
                for one in self.files.values():
                    one.named = one.there
                return True
            if file:
                file.synced, file.pending = file.bytes_with(file.pending), []
                return True
        elif event.call == "unlink" and file:
            file.there = False
            return True
        return False

    def cut(self, into: Path, chance: random.Random | None) -> None:
        """Write down what a power cut leaves: only what is sure, or with `chance` some of the rest as well."""
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir(parents=True)
        for path, file in self.files.items():
            named = file.named if file.named == file.there or chance is None else chance.random() < 0.5
            if named:
                kept = [event for event in file.pending if chance is not None and chance.random() < 0.5]
                (into / Path(path).name).write_bytes(file.bytes_with(kept))


def begun_by(event: Event, port: int) -> str | None:
    """The outlet, or the reader, whom a byte leaves for by this event."""
    if event.call == "execve" and event.path.endswith("program.sh"):
        return "program"
    if event.call == "sendto":
        if event.text.startswith(b"POST"):
            return "media"
        if found := re.search(rb"RCPT TO:<([^>]+)>", event.text):
            return found[1].decode()
    return None


@pytest.mark.timeout(1200)
def test_the_power_fails_at_each_moment_of_a_publish(tmp_path: Path) -> None:
    with scene(tmp_path / "office") as made:
        made.put("names")
        private = made.office.folder / ".pressrelease"
        disk = Disk(private)
        log = tmp_path / "log"
        traced(made.office, ["-y", "-xx", "-s", "70000", "-e", f"trace={NAMES}"], "publish-due", log=log)
        port = made.receiver.port
        assert sum(made.arrivals()[0].values()) == 4
        made.audit(at_least={"arrivals": 5, "delivery.delivered": 5})

    chance, image = random.Random(1), tmp_path / "image"
    begun: set[str] = set()
    total, claimed_at_send = Count(), 0
    for event in events(log):
        leaves = begun_by(event, port)
        if leaves is None and not disk.take(event):
            continue
        if leaves:
            begun.add(leaves)
        for luck in (None, chance):
            disk.cut(image, luck)
            states = look_at(image)
            assert len(states) == 5, "a delivery is gone"
            for name in begun:
                assert states[name] not in {"waiting", "retrying"}, f"a byte left for {name}, and nothing says so"
            if leaves:
                claimed_at_send += 1
            total += Count(tries=1, deliveries=len(states))
    assert begun == {"media", "program", "ann@paper.example", "bob@radio.example"}
    assert claimed_at_send == 2 * len(begun)
    assert total.tries > 200
    report("the power cut after each write", total, uncounted=["early", "told_again", "untold_again", "in_doubt"])


def look_at(folder: Path) -> dict[str, str]:
    """What the next start would find on the disk; the record must be whole, and its journal too."""
    with sqlite3.connect(folder / "state.db", isolation_level=None) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = database.execute("SELECT outlet, recipient, state FROM deliveries").fetchall()
    database.close()
    audit(read_journal(folder / "state.db"), [], {}, at_least={"release.approved": 1}, told=None)
    return {recipient or outlet: state for outlet, recipient, state in rows}
