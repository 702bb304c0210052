"""Offices with one release, and SSH keys that approvals are signed with."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from needed import needs_program
from office import Office, found_office

from pressrelease.store import Store

AT = datetime(2026, 1, 5, 18, 0, tzinfo=UTC)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Office]:
    """Makes an office with one release, `names`, and puts the current folder in it."""

    def make(policy: str = "", *, embargo: str = "immediate", **keys: str) -> Office:
        office = found_office(tmp_path / "office", policy=f"[policy]\n{policy}\n")
        office.write("names", embargo=embargo, **keys)
        monkeypatch.chdir(office.folder)
        return office

    return make


def sql(office: Office, statement: str, *values: object) -> None:
    """What somebody does who can write the database and nothing else."""
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db")
    with connection:
        assert connection.execute(statement, values).rowcount, statement
    connection.close()


def store_of(office: Office) -> Store:
    return Store("sqlite:///.pressrelease/state.db", office.folder)


def long_ago() -> datetime:
    return (datetime.now(UTC) - timedelta(minutes=1)).replace(microsecond=0)


@dataclass(frozen=True)
class Keys:
    """SSH keys in a folder, and a file that says whose they are."""

    folder: Path

    @property
    def signers(self) -> Path:
        return self.folder / "allowed_signers"

    def make(self, name: str, *, passphrase: str = "", options: str = "") -> str:
        """A key of `name`'s, and the line that vouches for it; the path of the private half."""
        path = self.folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(path)], check=True)
        public = path.with_suffix(".pub").read_text().split()
        with self.signers.open("a") as stream:
            stream.write(f"{name} {options}{' ' if options else ''}{public[0]} {public[1]}\n")
        return str(path)


@pytest.fixture(scope="module")
def made_keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    """Keys of `da`, who is trusted, of `deputy`, who is too, and of `stranger`, who is not."""
    needs_program("ssh-keygen", "openssh-client")
    keys = Keys(tmp_path_factory.mktemp("keys"))
    for name in ("da", "deputy", "stranger"):
        keys.make(name)
    keys.signers.write_text("".join(line for line in keys.signers.open() if not line.startswith("stranger")))
    return keys


@pytest.fixture
def keys(made_keys: Keys, tmp_path: Path) -> Keys:
    """The same keys, in a folder that a test may spoil."""
    return Keys(Path(shutil.copytree(made_keys.folder, tmp_path / "keys")))


def key(keys: Keys, name: str) -> tuple[str, ...]:
    return ("--as", name, "--key", str(keys.folder / name))
