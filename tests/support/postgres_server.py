"""A PostgreSQL server of a test's own, on a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from needed import unavailable

#: Bytes that a few servers may need in memory.
ROOM = 2 << 30


@dataclass(frozen=True)
class Server:
    """A running server: its folder, its socket's folder, and the programs that belong to it."""

    folder: Path
    programs: Path

    @property
    def socket(self) -> Path:
        """The folder of its socket."""
        return self.folder / "socket"

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def url(self, user: str = "office", database: str = "postgres") -> str:
        """The address that [store] url takes."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.socket}"


def programs() -> Path:
    """The folder of PostgreSQL's own programs; skips where there is none."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if os.name == "posix" else []
    found = shutil.which("initdb") or (str(binaries[-1]) if binaries else None)
    if found is None:
        unavailable("PostgreSQL's server is not installed. To install it: `apt-get install postgresql`.")
    return Path(found).resolve().parent


def as_postgres() -> list[str]:
    """What goes before a server's command, which refuses to run as root."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return []


run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, cwd="/")


def own_folder() -> Path:
    """A folder for a server. Not below pytest's own: another run of pytest takes that away from everyone but root.

    It is in memory where there is room: a crash of a process is tried here, not one of the machine's power.
    """
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir=_memory()))
    (folder / "socket").mkdir()
    if as_postgres():
        for path in (folder, folder / "socket"):
            shutil.chown(path, "postgres", "postgres")
    return folder


def _memory() -> Path | None:
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > ROOM else None


@contextmanager
def running(folder: Path, options: str = "") -> Iterator[Server]:
    """A server on the data in `folder`, ended as a power cut would end it."""
    server = Server(folder, programs())
    control = [*as_postgres(), str(server.programs / "pg_ctl"), "-D", str(folder / "data")]
    how = f"-k {server.socket} -c listen_addresses='' {options}"
    run([*control, "-o", how, "-w", "start", "-l", str(folder / "log")])
    try:
        yield server
    finally:
        run([*control, "-m", "immediate", "stop"])


@contextmanager
def new_server(*, options: str = "-c fsync=on -c max_connections=200", password: str = "") -> Iterator[Server]:
    """An empty server whose owner is `office`; anyone may log in, or with `password` only who knows it."""
    folder = own_folder()
    login = ["--auth=trust"]
    if password:
        (folder / "password").write_text(password)
        login = ["--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    try:
        initdb = str(programs() / "initdb")
        run([*as_postgres(), initdb, "-D", str(folder / "data"), "-U", "office", "-E", "UTF8", *login])
        with running(folder, options) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
