"""Secrets by reference: found where config.toml says, refused where others may read them, never said back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import records
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needed import needs_module

from pressrelease.config import SecretReference, SecretSource
from pressrelease.errors import ConfigRefused, NotFound
from pressrelease.wiring import LARGEST_CONFIG, Workspace, read_config_file
from pressrelease.wiring.secrets import LARGEST_SECRET, resolve

VALUE = "hunter2-canary"
posix_only = pytest.mark.skipif(os.name != "posix", reason="this is about POSIX modes, links and pipes")


def refusal(source: SecretSource, name: str, folder: Path) -> ConfigRefused:
    with pytest.raises(ConfigRefused) as caught:
        resolve(SecretReference(source, name), folder)
    assert VALUE not in caught.value.message + caught.value.hint
    assert caught.value.exit_code == 78
    assert caught.value.hint
    assert name in caught.value.message, "which secret it is must be said"
    assert caught.value.__suppress_context__ or caught.value.__context__ is None, "a traceback would show more"
    return caught.value


# --- Variables -----------------------------------------------------------------------------------------------------


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRESS_SECRET", f" {VALUE}\n")
    assert resolve(SecretReference(SecretSource.ENV, "PRESS_SECRET"), tmp_path) == VALUE


@pytest.mark.parametrize("value", [None, "", " \n"])
def test_a_variable_without_a_value_is_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.delenv("PRESS_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("PRESS_SECRET", value)
    assert "missing or empty" in refusal(SecretSource.ENV, "PRESS_SECRET", tmp_path).message


# --- Files ---------------------------------------------------------------------------------------------------------


def private(path: Path, data: bytes = VALUE.encode()) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("data", [VALUE, f"{VALUE}\n", f"  {VALUE}\r\n", f"\ufeff{VALUE}\n"])
def test_a_private_file_is_read_without_what_editors_add(tmp_path: Path, data: str) -> None:
    private(tmp_path / "hook.key", data.encode())
    assert resolve(SecretReference(SecretSource.FILE, "hook.key"), tmp_path) == VALUE
    assert resolve(SecretReference(SecretSource.FILE, str(tmp_path / "hook.key")), Path("/")) == VALUE


@posix_only
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 0o777))
def test_a_file_that_others_may_touch_is_refused_in_any_mode(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "hook.key")
    path.chmod(mode)
    if mode & 0o077:
        refused = refusal(SecretSource.FILE, "hook.key", tmp_path)
        assert "can read the secret" in refused.message
        assert "chmod 600 hook.key" in refused.hint
    elif mode & 0o400 or os.geteuid() == 0:
        assert resolve(SecretReference(SecretSource.FILE, "hook.key"), tmp_path) == VALUE
    else:
        refusal(SecretSource.FILE, "hook.key", tmp_path)


@posix_only
def test_the_mode_that_counts_is_that_of_the_file_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(private(tmp_path / "hook.key"))
    assert resolve(SecretReference(SecretSource.FILE, "link"), tmp_path) == VALUE
    (tmp_path / "hook.key").chmod(0o640)
    refusal(SecretSource.FILE, "link", tmp_path)


STRANGE: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda path: None,
    "folder": lambda path: path.mkdir(mode=0o700),
    "pipe": lambda path: os.mkfifo(path, 0o600),
    "dangling link": lambda path: path.symlink_to("nowhere"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "binary": lambda path: private(path, b"\xff\xfe\x00"),
    "empty": lambda path: private(path, b""),
    "blank": lambda path: private(path, b" \n"),
    "giant": lambda path: private(path, b"x" * (LARGEST_SECRET + 1)),
}


@posix_only
@pytest.mark.timeout(10)
@pytest.mark.parametrize("strange", STRANGE)
def test_what_holds_no_secret_is_refused_at_once(tmp_path: Path, strange: str) -> None:
    STRANGE[strange](tmp_path / "hook.key")
    refusal(SecretSource.FILE, "hook.key", tmp_path)


@posix_only
def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    private(tmp_path / "hook.key")
    STRANGE["folder"](tmp_path / "folder")
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(20):
        resolve(SecretReference(SecretSource.FILE, "hook.key"), tmp_path)
        refusal(SecretSource.FILE, "folder", tmp_path)
    after = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    assert after == before


# --- The keyring ---------------------------------------------------------------------------------------------------


@pytest.fixture
def keyring() -> Iterator[Any]:
    """A real keyring backend, in memory, in place of this machine's."""
    real = needs_module("keyring")
    from keyring.backend import KeyringBackend

    class InMemory(KeyringBackend):
        priority = 1  # type: ignore[assignment]
        locked = False

        def __init__(self) -> None:
            super().__init__()
            self.kept: dict[tuple[str, str], str] = {}

        def get_password(self, service: str, username: str) -> str | None:
            if self.locked:
                raise RuntimeError(f"locked, but it was {VALUE}")
            return self.kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            self.kept[service, username] = password

    before = real.get_keyring()
    backend = InMemory()
    real.set_keyring(backend)
    yield backend
    real.set_keyring(before)


@pytest.mark.parametrize(("name", "service", "user"), [("smtp/press", "smtp", "press"), ("a/b/press", "a/b", "press")])
def test_the_keyring_is_asked_for_service_and_name(
    keyring: Any, tmp_path: Path, name: str, service: str, user: str
) -> None:
    keyring.set_password(service, user, VALUE)
    assert resolve(SecretReference(SecretSource.KEYRING, name), tmp_path) == VALUE


def test_a_keyring_that_has_it_not_or_is_locked_says_no_more(keyring: Any, tmp_path: Path) -> None:
    assert "missing or empty" in refusal(SecretSource.KEYRING, "smtp/press", tmp_path).message
    keyring.locked = True
    assert "did not hand over" in refusal(SecretSource.KEYRING, "smtp/press", tmp_path).message


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "pip install" in refusal(SecretSource.KEYRING, "smtp/press", tmp_path).hint


# --- config.toml as a file -----------------------------------------------------------------------------------------


def test_a_reference_is_kept_as_such_and_resolved_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        '[office]\nname = "DA"\ntimezone = "UTC"\n[outlets.media]\ntype = "webhook"\n'
        'url = "https://hook.example.org"\nsecret = { env = "PRESS_SECRET" }\n'
    )
    monkeypatch.setenv("PRESS_SECRET", VALUE)
    workspace = Workspace(tmp_path)
    assert VALUE not in repr(workspace.config)
    assert workspace.secret(workspace.config.outlets["media"].settings["secret"]) == VALUE


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff", "not UTF-8"), (b"#" * (LARGEST_CONFIG + 1), "larger than 1 MiB"), (b"[office", "not valid TOML")],
    ids=["latin-1", "giant", "broken"],
)
def test_a_config_that_is_none_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "config.toml").write_bytes(data)
    with pytest.raises(ConfigRefused, match=words):
        read_config_file(tmp_path / "config.toml")


def test_a_config_that_is_gone_or_a_folder_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_config_file(tmp_path / "config.toml")
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigRefused):
        read_config_file(tmp_path / "config.toml")


def test_scheduling_needs_no_outlets_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The secrets live where the scheduler runs, in a systemd credential, say; the press officer's shell has none."""
    from pressrelease.services import ServiceContext, approving, scheduling

    monkeypatch.delenv("SMTPPW", raising=False)
    mail = (
        '[outlets.media]\ntype = "email"\nhost = "mail.example.org"\nfrom = "press@example.org"\nusername = "u"\n'
        'password = {env = "SMTPPW"}\nrecipients = ["a@x.example", "b@x.example"]\n'
        '[outlets.hook]\ntype = "webhook"\nurl = "https://hook.example.org"\nsecret = {env = "SMTPPW"}\n'
        '[defaults]\noutlets = ["newsroom", "media", "hook"]\n'
    )
    context = ServiceContext(records.office(tmp_path / "office", more=mail), "jdoe")
    records.write(context.workspace, "names")
    proposal = scheduling.propose(context, "names")
    assert proposal.recipients == {"newsroom": ("",), "media": ("a@x.example", "b@x.example"), "hook": ("",)}
    scheduling.schedule(context, proposal)
    approving.approve(context, "names", "da")
    with pytest.raises(ConfigRefused):
        context.workspace.outlets()
