"""What breaks the installed command from outside, and the count of what came of it.

A `Scene` is an office with one outlet of each nature: the newsroom (the same bytes), a webhook (tells a repeat by its
id), a program and a mail server (neither tells). What arrived is counted where it arrives, never asked of the program.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from auditing import audit_office
from mail_server import MailServer, mail_server
from needed import needs_program
from office import COMMAND, Office, Receiver, found_office, make_original, receiving
from postgres_server import programs

from pressrelease.release.delivery import Delivery, DeliveryState
from pressrelease.wiring import Workspace

#: How often a fault is tried, as a multiple of what the tests do by themselves.
SCALE = float(os.environ.get("FAULTS", "1"))

ALL = "[newsroom, media, program, mail]"
READERS = ("ann@paper.example", "bob@radio.example")

_PROGRAM = """#!/bin/sh
cat > /dev/null
echo "$(date +%s%N) $PRESSRELEASE_KEY" >> "$0.got"
"""


# -- what came of it ------------------------------------------------------------------------------------------


@dataclass
class Count:
    """What came of a fault, over all tries. `told_again` are repeats that their receiver can tell from a first time."""

    tries: int = 0
    deliveries: int = 0
    lost: int = 0
    early: int = 0
    told_again: int = 0
    untold_again: int = 0
    in_doubt: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(**{key: value + getattr(other, key) for key, value in asdict(self).items()})

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        return not (self.lost or self.early or self.untold_again)


def report(fault: str, count: Count, *, uncounted: Sequence[str] = ()) -> None:
    """Insist that every promise was kept; tell whoever writes the table what was counted, and what was not."""
    if place := os.environ.get("FAULTS_TABLE"):
        with Path(place).open("a", encoding="utf-8") as table:
            test = os.environ["PYTEST_CURRENT_TEST"].split("::")
            name = test[1].partition("[")[0].partition(" ")[0]
            counted = {column: number for column, number in asdict(count).items() if column not in uncounted}
            table.write(json.dumps({"fault": fault, "test": f"{test[0]} -k {name}"} | counted) + "\n")
    assert count.good, f"{fault}: {count}"


# -- the office, and its receivers ------------------------------------------------------------------------------


@dataclass
class Scene:
    """An office, what arrived from it, and the moment before which nothing may."""

    office: Office
    receiver: Receiver
    mail: MailServer
    lift: datetime = field(default_factory=lambda: datetime.now(UTC))
    #: The PostgreSQL server's address, where the record is there.
    store: str = ""

    def put(self, *slugs: str, lift: datetime | None = None, outlets: str = ALL) -> None:
        """Write, schedule and approve; without a `lift` the releases are due at once."""
        for slug in slugs:
            when = lift.isoformat().replace("+00:00", "Z") if lift else "immediate"
            self.office.write(slug, embargo=when, outlets=outlets)
        self.office.run("schedule", *slugs, "--yes")
        self.lift = lift or datetime.now(UTC)
        self.office.run("approve", *slugs, "--as", "deputy")

    def copied(self, folder: Path) -> Scene:
        """The same office in another folder, with nothing arrived yet."""
        shutil.copytree(self.office.folder, folder, symlinks=True)
        make_original(folder)
        self.forget()
        return Scene(Office(folder, dict(self.office.environment)), self.receiver, self.mail, self.lift)

    def forget(self) -> None:
        """Let the receivers forget what they got."""
        self.receiver.got.clear()
        self.mail.got.clear()

    def settle(self, *, passes: int = 12) -> None:
        """Passes until none has anything left to do by itself, each of them by the installed command."""
        for _ in range(passes):
            if self.office.run("publish-due", expect=(0, 10, 75)).returncode != 75:
                return
            time.sleep(0.4)
        raise AssertionError(f"it never came to an end: {self.office.json('status')}")

    def deliveries(self) -> list[Delivery]:
        """Every delivery on record."""
        workspace = Workspace(self.office.folder)
        try:
            reader = workspace.store.read
            return [one for dossier in reader.dossiers(reader.releases(), {}) for one in dossier.deliveries]
        finally:
            workspace.store.close()

    def arrivals(self) -> tuple[Counter[str], list[datetime]]:
        """How often each delivery's key arrived, and when anything did (UTC). A page only is there, or is not."""
        keys = Counter(arrival.id for arrival in self.receiver.got)
        moments = [arrival.at for arrival in self.receiver.got]
        log = self.office.folder / "program.sh.got"
        for line in log.read_text(encoding="ascii").splitlines() if log.exists() else ():
            nanoseconds, key = line.split()
            keys[key] += 1
            moments.append(datetime.fromtimestamp(int(nanoseconds) / 1e9, UTC))
        for letter in self.mail.got:
            for address in letter.recipients:
                keys[f"{str(letter.message['subject']).rpartition(' ')[2]} to {address}"] += 1
        return keys, moments

    def audit(self, **more: Any) -> Counter[str]:
        """Have the auditor hold the journal against what arrived, without a line of the program."""
        return audit_office(self.office, self.receiver, mail=self.mail, store=self.store, **more)

    def count(self, *, at_least: Mapping[str, int] | None = None) -> Count:
        """Hold the record against what arrived; the journal must be whole. The auditor must have seen `at_least` that,
        something at all if it is not given."""
        self.office.run("journal", "--verify")
        self.audit(at_least=at_least)
        keys, moments = self.arrivals()
        count = Count(tries=1, early=sum(moment < self.lift for moment in moments))
        for delivery in self.deliveries():
            count += self._of_one(delivery, keys)
        return count

    def count_last(self, slug: str) -> Count:
        """As `count`, of a release's newest version or its withdrawals, and without the auditor."""
        self.office.run("journal", "--verify")
        keys, _ = self.arrivals()
        return sum((self._of_one(one, keys) for one in self.deliveries() if one.slug == slug), Count(tries=1))

    def _of_one(self, delivery: Delivery, keys: Counter[str]) -> Count:
        key = f"{delivery.slug} to {delivery.recipient}" if delivery.outlet == "mail" else delivery.key
        arrived = keys[key]
        if delivery.outlet == "newsroom":
            arrived = int(delivery.slug in self.office.pages)
        settled = delivery.state in {DeliveryState.DELIVERED, DeliveryState.CANCELED} or delivery.needs_person
        missing_there = delivery.state is DeliveryState.DELIVERED and not arrived
        again = max(0, arrived - 1)
        told = delivery.outlet in {"newsroom", "media"}
        return Count(
            deliveries=1,
            lost=int(not settled or missing_there),
            told_again=again if told else 0,
            untold_again=0 if told else again,
            in_doubt=int(delivery.state is DeliveryState.IN_DOUBT),
        )


@contextmanager
def scene(folder: Path, *, more: str = "", pause: float = 0.0, timeout: str = "20s") -> Iterator[Scene]:
    """An office with its four outlets, and their receivers on loopback."""
    with receiving(pause) as receiver, mail_server() as mail:
        office = found_office(
            folder,
            receiver,
            policy='[retry]\nschedule = ["1s"]\njitter = 0.0\n',
            more=(
                '[outlets.program]\ntype = "command"\nargv = ["./program.sh"]\n'
                f'timeout = "{timeout}"\n[outlets.mail]\ntype = "email"\nhost = "127.0.0.1"\nport = {mail.port}\n'
                f'security = "none"\nfrom = "press@office.example"\nrecipients = {json.dumps(list(READERS))}\n'
                f'timeout = "{timeout}"\n{more}'
            ),
        )
        program = folder / "program.sh"
        program.write_text(_PROGRAM, encoding="ascii")
        program.chmod(0o755)
        found = re.search(r'url = "(postgresql[^"]*)"', more)
        yield Scene(office, receiver, mail, store=found[1] if found else "")


class Voice:
    """What a command that stays up says on standard error, line by line, as it is said."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said: list[str] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def wait_for(self, words: str, seconds: float = 30.0) -> None:
        """Wait until it has said this."""
        end = time.monotonic() + seconds
        while not any(words in line for line in list(self.said)):
            assert time.monotonic() < end, f"never said {words!r}: {self.said}"
            assert self.process.poll() is None or self._thread.is_alive(), f"it ended: {self.said}"
            time.sleep(0.02)

    def end(self) -> int:
        """End it in good order; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._thread.join(5)
        return code


@contextmanager
def staying_up(office: Office) -> Iterator[Voice]:
    """`run`, with its voice; whatever happens it is gone afterwards."""
    voice = Voice(office.start("run"))
    try:
        voice.wait_for("running")
        yield voice
    finally:
        try:
            voice.end()
        finally:
            if voice.process.poll() is None:
                voice.process.kill()
            voice.process.wait(10)


def until(true: object, seconds: float = 30.0) -> None:
    """Wait for something to become true."""
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


# -- system calls -----------------------------------------------------------------------------------------------


def traced(
    office: Office, options: Sequence[str], *arguments: str, log: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command under strace(1) to its end, its children too; its exit code is -9 where it was killed."""
    needs_program("strace", "strace")
    return subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log or "/dev/null"), *options, *COMMAND, *arguments],
        cwd=office.folder,
        env=os.environ | office.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def suspended_at(office: Office, call: str, when: int, *arguments: str, log: Path) -> Iterator[int]:
    """The command, stopped (SIGSTOP) at a thread's `when`-th system call of this name: its process's number.

    Woken where the block ends, as often as another of its threads stops there too, and waited for.
    """
    needs_program("strace", "strace")
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:signal=SIGSTOP:when={when}"]
    strace = subprocess.Popen(
        ["strace", "-f", "-q", "-o", str(log), *inject, *COMMAND, *arguments],
        cwd=office.folder,
        env=os.environ | office.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: log.exists() and "stopped by SIGSTOP" in log.read_text(encoding="utf-8", errors="replace"))
    process = int(Path(f"/proc/{strace.pid}/task/{strace.pid}/children").read_text(encoding="ascii").split()[0])
    try:
        yield process
        end = time.monotonic() + 60
        while strace.poll() is None:
            assert time.monotonic() < end, "it was woken, and never came to its end"
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGCONT)
            time.sleep(0.05)
        assert strace.returncode in {0, 10, 75}
    finally:
        if strace.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            strace.kill()
            strace.wait(10)


def calls_of(office: Office, calls: Iterable[str], log: Path, *arguments: str) -> dict[str, int]:
    """How often a healthy command, or a pass, makes each system call, in the thread that makes it most: strace counts
    by thread."""
    traced(office, ["-e", f"trace={','.join(calls)}"], *(arguments or ("publish-due",)), log=log)
    made: Counter[tuple[str, str]] = Counter()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        if found := re.match(r"(\d+) +(\w+)\(", line):
            made[found[2], found[1]] += 1
    return {call: max((n for (name, _), n in made.items() if name == call), default=0) for call in calls}


def spread(most: int, tries: int) -> list[int]:
    """So many numbers from 1 to `most`, evenly."""
    if most <= tries:
        return list(range(1, most + 1))
    return sorted({1 + round(n * (most - 1) / (tries - 1)) for n in range(tries)})


# -- PostgreSQL -------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A PostgreSQL server of our own, that can be killed and started again."""

    folder: Path
    binaries: Path

    @property
    def url(self) -> str:
        """As [store] url has it."""
        return f"postgresql+psycopg://office@/postgres?host={self.folder / 'socket'}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-k {self.folder / 'socket'} -c listen_addresses='' -c max_connections=300"
        self._as_owner(
            self.binaries / "pg_ctl",
            "-D",
            self.folder / "data",
            "-o",
            options,
            "-w",
            "start",
            "-l",
            self.folder / "log",
        )

    def kill(self) -> None:
        """Kill every process of it at once, as a power cut does to its machine; its disk keeps what was synced."""
        number = int((self.folder / "data" / "postmaster.pid").read_text(encoding="ascii").split()[0])
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(number)], capture_output=True, text=True, check=False
        )
        for each in (number, *map(int, children.stdout.split())):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{number}").exists() or _is_zombie(number))
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def _as_owner(self, *command: object) -> None:
        owner = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
        subprocess.run(
            [*owner, *map(str, command)],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=60,
        )


def _is_zombie(number: int) -> bool:
    return Path(f"/proc/{number}/stat").read_text(encoding="ascii").rpartition(") ")[2].startswith("Z")


@contextmanager
def database_server(folder: Path) -> Iterator[Server]:
    """A fresh server below `folder`, which must be one that other users may enter."""
    binaries = programs()
    server = Server(folder, binaries)
    (folder / "socket").mkdir()
    if os.geteuid() == 0:
        for path in (folder, folder / "socket"):
            shutil.chown(path, "postgres", "postgres")
    server._as_owner(binaries / "initdb", "-D", folder / "data", "-U", "office", "--auth=trust", "-E", "UTF8")
    server.start()
    try:
        yield server
    finally:
        server._as_owner(binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
