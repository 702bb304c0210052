"""Nothing leaks: unique words in every secret and every text, every failing path walked, everything swept for them."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from calling import Caller
from leaking import (
    SECRET_WORDS,
    SECRETS,
    SLUG,
    TEXT,
    TEXT_WORDS,
    URL_WORD,
    Bad,
    bad,
    failing_outlets,
    found_in,
    modes,
    office,
    sweep,
)
from office import COMMAND, Office, in_seconds, iso, receiving
from records import left_alone

from pressrelease import wiring
from pressrelease.cli import main
from pressrelease.cli.app import COMMANDS
from pressrelease.library import Library
from pressrelease.store import connection as store_connection

__all__ = ["bad", "office"]  # fixtures

posix_only = pytest.mark.skipif(os.name != "posix", reason="this is about POSIX modes and /proc")


def test_the_sweep_itself_finds_what_it_looks_for() -> None:
    for value in (*SECRETS.values(), *TEXT.values()):
        words = SECRET_WORDS + TEXT_WORDS
        assert found_in(f"x{value}y", words)
        for pad in ("", "a", "ab"):
            assert found_in(base64.b64encode(f"{pad}{value}…".encode()), words), value
    assert not found_in("nothing of the kind", SECRET_WORDS + TEXT_WORDS)


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capfd)


def run(call: Caller, *arguments: str) -> str:
    """A command, whatever its exit code; what it said on both streams."""
    call._capsys.readouterr()
    code = main(arguments)
    out, err = call._capsys.readouterr()
    assert code in {0, 1, 2, 10, 11, 65, 66, 75, 77, 78}, (arguments, code)
    assert "Traceback" not in out + err
    return out + err


# --- Before the lift -------------------------------------------------------------------------------------------------


def _state(office: Office) -> dict[str, tuple[Any, ...]]:
    """Every file of the web root, with its bytes and times."""
    root = office.folder / "newsroom"
    return {
        str(path.relative_to(root)): (
            path.stat().st_mtime_ns,
            path.stat().st_mode,
            path.is_file() and path.read_bytes(),
        )
        for path in (root, *root.rglob("*"))
    }


def _locked(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    patch.setattr(store_connection, "READ_PATIENCE", 0.1)
    connection = sqlite3.connect(office.folder / ".pressrelease" / "state.db", isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    return connection.close


def _damaged(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    file = office.folder / ".pressrelease" / "state.db"
    before = file.read_bytes()
    file.write_bytes(before[:200] + b"\xff" * 2000 + before[2200:])
    return lambda: file.write_bytes(before) and None


def _faulty(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"{TEXT['headline']} {TEXT['body']} {SECRETS['SMTP_PASSWORD']}")

    patch.setattr(Library, "source_hash", fail)
    return lambda: None


def _config(change: Callable[[str], str]) -> Callable[[Office, pytest.MonkeyPatch], Callable[[], None]]:
    def spoil(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
        file = office.folder / "config.toml"
        before = file.read_text()
        file.write_text(change(before))
        left_alone(office.folder)

        def put_back() -> None:
            file.write_text(before)
            left_alone(office.folder)

        return put_back

    return spoil


def _release(text: str) -> Callable[[Office, pytest.MonkeyPatch], Callable[[], None]]:
    def spoil(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
        file = office.folder / "releases" / f"{SLUG}.md"
        before = file.read_text()
        file.write_text(text.format(text=before))
        return lambda: file.write_text(before) and None

    return spoil


def _no_secret(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    patch.delenv("HOOK_SECRET")
    (office.folder / "echo.url").chmod(0o644)
    return lambda: (office.folder / "echo.url").chmod(0o600)


def _wrong_secret(office: Office, patch: pytest.MonkeyPatch) -> Callable[[], None]:
    for name, value in SECRETS.items():
        patch.setenv(name, f"{value}\n\x1b]0;{value}é\x00".replace("\x00", "\x01"))
    return lambda: None


PLAIN = SECRETS["WP_PASSWORD"]


FAULTS: dict[str, Callable[[Office, pytest.MonkeyPatch], Callable[[], None]]] = {
    "nothing wrong": lambda office, patch: lambda: None,
    "the store is locked": _locked,
    "the store is damaged": _damaged,
    "a fault of our own": _faulty,
    "a secret in plain": _config(lambda text: text.replace('{ env = "WP_PASSWORD" }', f'"{PLAIN}"', 1)),
    "an address with a password": _config(
        lambda text: text.replace('url = "http://', f'url = "http://u:{PLAIN[:12]}@', 1)
    ),
    "a secret in broken TOML": _config(lambda text: f'password = "{PLAIN}\n{text}'),
    "a secret under a wrong name": _config(lambda text: f'{text}passwort = "{PLAIN}"\n'),
    "a secret as a key": _config(lambda text: f'{text}"x" = {{ "{PLAIN}" = 1 }}\n'),
    "a store's password": _config(lambda text: f'{text}[store]\nurl = "postgresql+psycopg://u:{PLAIN[:12]}@h/d"\n'),
    "secrets missing, or open to others": _no_secret,
    "secrets that are none": _wrong_secret,
    "a release's front matter broken": _release("---\nheadline: [{text}"),
    "a release that was edited": _release("{text}\nZqtextbody again.\n"),
}


#: What cron and a service run, and what a person types; the second may see the release, and neither a secret.
UNSEEN = (
    ("publish-due",),
    ("publish-due", "--json"),
    ("journal", "--json"),
    ("journal", "--verify"),
    ("doctor", "--json"),
)


SEEN = (
    ("status",),
    ("status", "--json", "--all"),
    ("check", SLUG),
    ("check", "--json"),
    ("outlets",),
    ("proof", SLUG, "--outlet", "hook-refuse"),
    ("proof", SLUG, "--outlet", "mail"),
    ("publish", SLUG, "--no-input"),
    ("edit", SLUG),
    ("calendar",),
    ("promises",),
)


#: A fault keeps a command from being heard at all only where it is in the config; the others are asked everything.
AFTER = (("hold", SLUG, "--why", "a call"), ("resume", SLUG), ("unapprove", SLUG), ("approve", SLUG))


@posix_only
@pytest.mark.timeout(110)
def test_nothing_leaks_before_the_lift(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = os.umask(0)
    try:
        _walk_every_path(office, call, monkeypatch)
    finally:
        os.umask(before)
    assert not found_in(caplog.text, SECRET_WORDS + TEXT_WORDS)


@posix_only
def test_under_no_umask_is_a_workspace_made_that_others_may_change(tmp_path: Path) -> None:
    folder = tmp_path / "office"
    line = 'umask 000; "$@" init office --timezone UTC --no-input >&2 && cd office && exec "$@" status'
    done = subprocess.run(
        ["/bin/sh", "-c", line, "sh", *COMMAND], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 10}, done.stderr
    assert "not name this workspace" not in done.stderr
    assert (folder / ".pressrelease").is_dir()
    assert not [path for path in (folder, *folder.rglob("*")) if path.stat().st_mode & stat.S_IWOTH]


def _walk_every_path(office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    call("schedule", "public")
    call("approve", "public")
    call("publish-due")
    published = _state(office)
    call("schedule", SLUG, "--yes")
    call("approve", SLUG)
    monkeypatch.setenv("EDITOR", f"{sys.executable} -c 'import sys; sys.exit(3)'")
    monkeypatch.setattr("pressrelease.services.doctor.environment.PROBE_PATIENCE", 1.0)
    for fault, spoil in FAULTS.items():
        with monkeypatch.context() as patch:
            mend = spoil(office, patch)
            for arguments in (*UNSEEN, *SEEN):
                reaching = arguments[0] == "doctor"  # for every outlet, which takes its time
                if arguments[0] not in COMMANDS or (reaching and fault != "nothing wrong"):
                    continue
                told = run(call, *arguments)
                assert not found_in(told, SECRET_WORDS), (fault, arguments)
                if arguments in UNSEEN:
                    assert not found_in(told, TEXT_WORDS), (fault, arguments)
            mend()
        sweep(office)
    for arguments in AFTER:
        assert not found_in(run(call, *arguments), SECRET_WORDS)
    told = run(call, "outlets", "--test")
    assert not found_in(told, SECRET_WORDS + TEXT_WORDS)
    sweep(office)
    modes(office)
    assert _state(office) == published, "the web root tells that something is coming"
    assert call.state(SLUG) == "scheduled"
    _what_a_person_keeps(office, call)


def _what_a_person_keeps(office: Office, call: Caller) -> None:
    """Files that hold the release because somebody asked for them are their owner's alone."""
    kept = [office.folder.parent / name for name in ("backup.zip", "proof.docx", "proof.txt", "record.zip")]
    call("backup", str(kept[0]))
    call("proof", SLUG, "-o", str(kept[2]))
    call("export", SLUG, "-o", str(kept[3]))
    with zipfile.ZipFile(kept[3]) as whole:
        assert not found_in(b"".join(map(whole.read, whole.namelist())), SECRET_WORDS)
    with contextlib.suppress(ImportError):
        import docx  # noqa: F401

        call("proof", SLUG, "--format", "docx", "-o", str(kept[1]))
    call("new", "Zqtextnew drafted")
    for path in (*kept, *(office.folder / "releases").glob("zqtextnew*")):
        if path.exists():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path
            assert not found_in(path.read_bytes(), SECRET_WORDS), path
    assert {stat.S_IMODE(kept[number].stat().st_mode) for number in (0, 3)} == {0o600}


@posix_only
def test_a_calendar_names_no_headline_before_its_lift(office: Office, call: Caller) -> None:
    if "calendar" not in COMMANDS:
        pytest.skip("there is no calendar yet")
    call("schedule", SLUG, "--yes")
    call("approve", SLUG)
    call("calendar", "--ics", str(office.folder.parent / "weeks.ics"))
    told = (office.folder.parent / "weeks.ics").read_bytes().replace(b"\r\n ", b"")
    assert not found_in(told, TEXT_WORDS + SECRET_WORDS)


@posix_only
def test_a_scheduler_says_nothing_of_what_a_release_says(office: Office, call: Caller) -> None:
    for slug in ("revised", "due"):
        office.write(slug, embargo=iso(in_seconds(600)), outlets="[hook-echo]", headline=TEXT["headline"])
    call("schedule", "revised", "due", "--yes")
    call("approve", "revised", "due")
    call("publish", "due", "--early", "--why", "a test", "--confirm", "due", expect=10)
    (office.folder / "releases" / "revised.md").write_text(f"---\nheadline: [{TEXT['headline']}")
    process = office.start("run")
    assert process.stderr is not None
    said = process.stderr.readline()
    until = time.monotonic() + 10
    changed = "a release (code "  # its lift is ahead: not even its slug is said
    while changed not in said and time.monotonic() < until:
        said += process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert changed in said
    assert not found_in(said + out + err, [b"revised", *TEXT_WORDS, *SECRET_WORDS]), said
    sweep(office)


@contextlib.contextmanager
def recording() -> Iterator[tuple[int, list[bytes]]]:
    """A server that keeps whole requests as they came, and says yes to all; its port, and what it keeps."""
    got: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listening.accept()
                with sock, contextlib.suppress(OSError):
                    sock.settimeout(0.5)
                    asked = b""
                    while b"\r\n\r\n" not in asked and (part := sock.recv(65536)):
                        asked += part
                    length = re.search(rb"content-length: (\d+)", asked, re.IGNORECASE)
                    while length and len(asked.partition(b"\r\n\r\n")[2]) < int(length.group(1)):
                        asked += sock.recv(65536)
                    got.append(asked)
                    sock.sendall(b"HTTP/1.1 204 x\r\nConnection: close\r\n\r\n")

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1], got
    finally:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


@posix_only
def test_an_alert_says_nothing_of_a_release_before_its_lift(
    office: Office, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording() as (port, got):
        config = office.folder / "config.toml"
        text = config.read_text().replace("[notify]\n", '[notify]\noutlets = ["pager"]\n')
        text += f'[outlets.pager]\ntype = "webhook"\nurl = "http://127.0.0.1:{port}/pager"\n'
        config.write_text(text + 'secret = { env = "HOOK_SECRET" }\nheaders = { X-Token = { env = "HOOK_HEADER" } }\n')
        left_alone(office.folder)
        monkeypatch.setenv("HEARTBEAT", f"http://127.0.0.1:{port}/beat")
        call("schedule", SLUG, "--yes")
        run(call, "publish-due")
        call("approve", SLUG)
        call("hold", SLUG, "--why", "a call")
        run(call, "publish-due")
        call("resume", SLUG)
        (office.folder / "releases" / f"{SLUG}.md").write_text("Zqtextbody, edited")
        run(call, "publish-due")
        call("stop", "--why", "a leak")
        run(call, "publish-due")
        alerts = [asked.partition(b"\r\n\r\n")[2] for asked in got]
    assert got
    for alert, asked in zip(alerts, got, strict=True):
        assert not found_in(asked, TEXT_WORDS), alert
        assert not found_in(alert, SECRET_WORDS), alert
        if asked.startswith(b"GET /beat"):
            assert alert == b""


# --- At the lift, at outlets of which every one fails -----------------------------------------------------------------


@posix_only
def test_no_secret_leaks_when_everything_fails(office: Office, bad: Bad, call: Caller) -> None:
    outlets = ["newsroom", *failing_outlets(bad.ports)]
    keys = {name: TEXT[name] for name in ("headline", "subhead", "editor_note", "keywords")}
    office.write("due", body=TEXT["body"], outlets=f"[{', '.join(outlets)}]", **keys)
    office.environment = SECRETS | {"TMPDIR": str(office.folder.parent / "temporary")}
    call("schedule", "due")
    call("approve", "due")
    process = office.start("publish-due")
    arguments = set(_arguments_below(process))
    out, err = process.communicate(timeout=90)
    assert process.returncode == 10, out + err
    told = [
        out + err,
        call("status", "due", "--json"),
        call("journal", "--json"),
        call("status", "due"),
        *arguments,
    ]
    for words in told:
        assert not found_in(words, SECRET_WORDS), words
    for words in arguments:
        assert not found_in(words, TEXT_WORDS), words
    assert any("tell.sh" in words for words in arguments), "no child was seen"
    given = (office.folder / "given").read_bytes()
    assert found_in(given, TEXT_WORDS), "the program was given the release by standard input"
    assert not found_in((office.folder / "told").read_bytes(), TEXT_WORDS)
    assert not found_in((office.folder / ".pressrelease" / "state.db").read_bytes(), SECRET_WORDS)
    log = office.folder / ".pressrelease" / "log"
    assert not found_in(log.read_bytes() if log.exists() else b"", SECRET_WORDS + TEXT_WORDS)
    states = {one["outlet"]: one["state"] for one in call.json("status", "due")["releases"][0]["deliveries"]}
    assert {name for name, state in states.items() if state == "delivered"} <= {"newsroom", "hook-yes"}, states
    assert list((office.folder.parent / "temporary").iterdir()) == []
    modes(office)


def _arguments_below(process: subprocess.Popen[str]) -> Iterator[str]:
    """The argument lists of a process and of everything that it starts, until it ends."""
    while process.poll() is None:
        for place in Path("/proc").iterdir():
            if place.name.isdigit():
                with contextlib.suppress(OSError, IndexError, ValueError):
                    parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
                    if process.pid in (parent, int(place.name)):
                        yield (place / "cmdline").read_text()
        time.sleep(0.01)


@posix_only
def test_a_redirect_takes_no_secret_along(office: Office, call: Caller) -> None:
    """What another server would get of a request that was sent elsewhere: nothing."""
    with receiving() as other:
        secret = office.folder / "elsewhere.url"
        secret.write_text(f"http://127.0.0.1:{_sends_to(other.port)}/{URL_WORD}")
        office.write("due", outlets="[hook-elsewhere]")
        call("schedule", "due")
        call("approve", "due")
        call("publish-due", expect=10)
        assert "redirects are not followed" in call.err
        assert other.got == []


def _sends_to(port: int) -> int:
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        sock, _ = listening.accept()
        with sock, contextlib.suppress(OSError):
            sock.recv(65536)
            sock.sendall(f"HTTP/1.1 307 x\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n".encode())
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(listening.getsockname()[1])


def test_objects_that_hold_secrets_do_not_show_them(office: Office) -> None:
    workspace = wiring.Workspace(office.folder)
    for name, outlet in workspace.outlets().items():
        assert not found_in(repr(outlet) + str(outlet), SECRET_WORDS), name
        outlet.close()
    assert not found_in(repr(workspace.config), SECRET_WORDS)
