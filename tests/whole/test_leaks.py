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
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from calling import Caller
from office import COMMAND, FAR, Office, in_seconds, iso, receiving
from records import left_alone

from pressrelease import wiring
from pressrelease.cli import main
from pressrelease.cli.app import COMMANDS
from pressrelease.library import Library
from pressrelease.store import connection as store_connection

SLUG = "names"
posix_only = pytest.mark.skipif(os.name != "posix", reason="this is about POSIX modes and /proc")

#: Each secret by the variable or the private file that holds it.
WHSEC = base64.b64encode(b"zqsecretwhsec-0123456789abcdef").decode()
SECRETS = {
    "HOOK_SECRET": f"whsec_{WHSEC}",
    "HOOK_HEADER": "zqsecretheader",
    "SMTP_PASSWORD": "zqsecretsmtp",
    "WP_PASSWORD": "zqsecretwp abcd efgh",
    "MASTODON_TOKEN": "zqsecretmastodon",
    "BLUESKY_PASSWORD": "zqsecretbluesky",
    "HEARTBEAT": "http://127.0.0.1:9/zqsecretheartbeat",
}
#: Each part of the release that nobody may see before its lift.
TEXT = {
    "headline": "Zqtextheadline indicted",
    "subhead": "Zqtextsubhead sought",
    "editor_note": "Zqtextnote for the desk",
    "keywords": "[zqtextkeyword]",
    "body": "Zqtextbody was taken into custody.",
    "attachment": "%PDF-1.4 zqtextattachment",
    "title": "Zqtexttitle",
}


def words_of(values: dict[str, str]) -> list[bytes]:
    """The unique words in values, each also as base64 has it at any of its three offsets."""
    found = []
    for value in values.values():
        word = next((part for part in value.replace("/", " ").split() if "zq" in part.lower()), "").strip("[]") or value
        found.append(word.lower().encode())
        for pad in range(3):
            whole = base64.b64encode((b"\0" * pad + word.encode()) + b"\0\0")
            found.append(whole[4 if pad else 0 : (pad + len(word)) // 3 * 4].lower())
    return [word for word in found if len(word) > 7]


URL_WORD = "zqsecreturl"
SECRET_WORDS, TEXT_WORDS = words_of(SECRETS | {"url": URL_WORD}), words_of(TEXT)


def told_in(data: str | bytes, words: list[bytes]) -> list[bytes]:
    """Which of the words are somewhere in `data`."""
    raw = (data.encode("utf-8", "replace") if isinstance(data, str) else data).lower()
    return [word for word in words if word in raw]


def test_the_sweep_itself_finds_what_it_looks_for() -> None:
    for value in (*SECRETS.values(), *TEXT.values()):
        words = SECRET_WORDS + TEXT_WORDS
        assert told_in(f"x{value}y", words)
        for pad in ("", "a", "ab"):
            assert told_in(base64.b64encode(f"{pad}{value}…".encode()), words), value
    assert not told_in("nothing of the kind", SECRET_WORDS + TEXT_WORDS)


# --- An office of which every word can be told ---------------------------------------------------------------------


@dataclass
class Bad:
    """A server on loopback that answers every connection badly, in the way that its port stands for."""

    ports: dict[str, int] = field(default_factory=dict)


def _answer_badly(way: str, sock: socket.socket) -> None:
    sock.settimeout(3)
    if way == "mail":
        _mail_badly(sock)
        return
    asked = b""
    with contextlib.suppress(OSError):
        while b"\r\n\r\n" not in asked and (part := sock.recv(65536)):
            asked += part
        sock.settimeout(0.1)
        while part := sock.recv(65536):
            asked += part
    if way == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif way == "hang":
        time.sleep(2.5)
    else:
        line = {
            "echo": "400 " + asked[:60].decode("latin-1").partition("\r")[0],
            "fault": "500 x",
            "yes": "200 OK",
        }.get(way)
        if way == "elsewhere":
            line = "302 Found\r\nLocation: http://127.0.0.1:1/?" + asked[:4000].hex()
        head = f"HTTP/1.1 {line}\r\nContent-Type: application/json\r\nContent-Length: {len(asked)}\r\n\r\n"
        with contextlib.suppress(OSError):
            sock.sendall(head.encode("latin-1") + asked)


def _mail_badly(sock: socket.socket) -> None:
    """Takes a name and a password, and says them back in its refusal."""
    with contextlib.suppress(OSError), sock.makefile("rwb") as stream:
        stream.write(b"220 hello\r\n")
        stream.flush()
        for line in stream:
            if line.upper().startswith((b"EHLO", b"HELO")):
                stream.write(b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n")
            else:
                stream.write(b"535 5.7.8 what is this: " + line.strip() + b"\r\n")
            stream.flush()


WAYS = ("echo", "reset", "hang", "fault", "elsewhere", "yes", "mail")


@pytest.fixture(scope="module")
def bad() -> Iterator[Bad]:
    servers, made = [], Bad()
    for way in WAYS:
        listening = socket.create_server(("127.0.0.1", 0), backlog=64)
        servers.append(listening)
        made.ports[way] = listening.getsockname()[1]

        def serve(listening: socket.socket = listening, way: str = way) -> None:
            while True:
                try:
                    sock, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=_one, args=(way, sock), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
    closed = socket.create_server(("127.0.0.1", 0))
    made.ports["refuse"] = closed.getsockname()[1]
    closed.close()
    yield made
    for listening in servers:
        with contextlib.suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()


def _one(way: str, sock: socket.socket) -> None:
    with sock, contextlib.suppress(OSError):
        _answer_badly(way, sock)


def _outlets(ports: dict[str, int]) -> dict[str, str]:
    """An outlet of every kind for every way of answering badly, as config.toml has it."""
    found = {
        "mail": f'type = "email"\nhost = "127.0.0.1"\nport = {ports["mail"]}\nsecurity = "none"\nusername = "press"\n'
        'password = { env = "SMTP_PASSWORD" }\nfrom = "press@example.org"\nrecipients = ["a@example.org"]',
        "program": 'type = "command"\nargv = ["/bin/sh", "tell.sh"]',
    }
    for way in ("refuse", "echo", "reset", "hang", "fault", "elsewhere", "yes", "tls"):
        scheme, port = ("https", ports["echo"]) if way == "tls" else ("http", ports[way])
        base = f"{scheme}://127.0.0.1:{port}"
        found |= {
            f"hook-{way}": f'type = "webhook"\nurl = {{ file = "{way}.url" }}\nsecret = {{ env = "HOOK_SECRET" }}\n'
            'headers = { Authorization = { env = "HOOK_HEADER" } }',
            f"wp-{way}": f'type = "wordpress"\nurl = "{base}"\nusername = "press"\n'
            'password = { env = "WP_PASSWORD" }',
            f"toot-{way}": f'type = "mastodon"\nurl = "{base}"\ntoken = {{ env = "MASTODON_TOKEN" }}',
            f"sky-{way}": f'type = "bluesky"\nurl = "{base}"\nhandle = "x.example.org"\n'
            'password = { env = "BLUESKY_PASSWORD" }',
        }
    return found


@pytest.fixture
def office(tmp_path: Path, bad: Bad, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office with one release, `names`, that goes to the newsroom and to every bad outlet."""
    folder = tmp_path / "office"
    (folder / "releases").mkdir(parents=True)
    outlets = _outlets(bad.ports)
    text = (
        '[office]\nname = "The Office"\ntimezone = "America/Los_Angeles"\n[notify]\nheartbeat = { env = "HEARTBEAT" }\n'
    )
    text += '[outlets.newsroom]\ntype = "newsroom"\nurl = "https://news.example.org"\n'
    text += "".join(f'[outlets.{name}]\ntimeout = "1s"\n{keys}\n' for name, keys in outlets.items())
    (folder / "config.toml").write_text(text)
    left_alone(folder)
    for way in ("refuse", "echo", "reset", "hang", "fault", "elsewhere", "yes", "tls"):
        scheme, port = ("https", bad.ports["echo"]) if way == "tls" else ("http", bad.ports[way])
        secret = folder / f"{way}.url"
        secret.touch(mode=0o600)
        secret.write_text(f"{scheme}://127.0.0.1:{port}/{URL_WORD}")
    (folder / "tell.sh").write_text(
        'tr "\\0" "\\n" < /proc/$$/cmdline > told\nenv | grep -v "^[A-Z_]*=.*zqsecret" >> told\n'
        "cat > given\nsleep 0.5\nexit 1\n"
    )
    (folder / "releases" / "sheet.pdf").write_text(TEXT["attachment"])
    made = Office(folder, environment=SECRETS, fresh=True)
    keys = {name: TEXT[name] for name in ("headline", "subhead", "editor_note", "keywords")}
    keys["attachments"] = f"[{{path: sheet.pdf, title: {TEXT['title']}}}]"
    keys["outlets"] = f"[newsroom, {', '.join(outlets)}]"
    made.write(SLUG, embargo=FAR, body=TEXT["body"], **keys)
    made.write("public", body="A public matter.", outlets="[newsroom]")
    for name, value in (SECRETS | {"HOME": str(_folder(tmp_path / "home"))}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TMPDIR", str(_folder(tmp_path / "temporary")))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(folder)
    return made


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


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


#: Where embargoed text may be: the office's own files, and the program's private folder.
PRIVATE = (".pressrelease", "releases")


def sweep(office: Office) -> None:
    """No file holds a secret that is not its own, and none outside the private places a word of the release."""
    for path in office.folder.parent.rglob("*"):
        if not path.is_file() or path.is_symlink() or path.name.endswith(".url"):
            continue
        data = path.read_bytes()
        assert not told_in(data, SECRET_WORDS), path
        place = path.relative_to(office.folder.parent).parts
        if place[1] not in PRIVATE or path.name.startswith("log"):
            assert not told_in(data, TEXT_WORDS), path
    assert list((office.folder.parent / "temporary").iterdir()) == []
    # How far the record has come is kept there too (store/origin), and nothing else.
    kept = [path for path in (office.folder.parent / "home").rglob("*") if path.is_file()]
    assert {path.parent.name + path.suffix for path in kept} <= {"pressrelease.at"}


def modes(office: Office) -> None:
    """Every file of the program's own is its owner's alone."""
    private = office.folder / ".pressrelease"
    for path in (private, *private.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.lstat().st_mode) == wanted, (path, oct(path.lstat().st_mode))


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
    assert not told_in(caplog.text, SECRET_WORDS + TEXT_WORDS)


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
                assert not told_in(told, SECRET_WORDS), (fault, arguments)
                if arguments in UNSEEN:
                    assert not told_in(told, TEXT_WORDS), (fault, arguments)
            mend()
        sweep(office)
    for arguments in AFTER:
        assert not told_in(run(call, *arguments), SECRET_WORDS)
    told = run(call, "outlets", "--test")
    assert not told_in(told, SECRET_WORDS + TEXT_WORDS)
    sweep(office)
    modes(office)
    assert _state(office) == published, "the web root tells that something is coming"
    assert call.state(SLUG) == "scheduled"
    _what_a_person_keeps(office, call)


def _what_a_person_keeps(office: Office, call: Caller) -> None:
    """Files that hold the release because somebody asked for them are their owner's alone."""
    kept = [office.folder.parent / name for name in ("backup.zip", "proof.docx", "proof.txt")]
    call("backup", str(kept[0]))
    call("proof", SLUG, "-o", str(kept[2]))
    with contextlib.suppress(ImportError):
        import docx  # noqa: F401

        call("proof", SLUG, "--format", "docx", "-o", str(kept[1]))
    call("new", "Zqtextnew drafted")
    for path in (*kept, *(office.folder / "releases").glob("zqtextnew*")):
        if path.exists():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o007, path
            assert not told_in(path.read_bytes(), SECRET_WORDS), path
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600


@posix_only
def test_a_calendar_names_no_headline_before_its_lift(office: Office, call: Caller) -> None:
    if "calendar" not in COMMANDS:
        pytest.skip("there is no calendar yet")
    call("schedule", SLUG, "--yes")
    call("approve", SLUG)
    call("calendar", "--ics", str(office.folder.parent / "weeks.ics"))
    told = (office.folder.parent / "weeks.ics").read_bytes().replace(b"\r\n ", b"")
    assert not told_in(told, TEXT_WORDS + SECRET_WORDS)


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
    assert not told_in(said + out + err, [b"revised", *TEXT_WORDS, *SECRET_WORDS]), said
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
        assert not told_in(asked, TEXT_WORDS), alert
        assert not told_in(alert, SECRET_WORDS), alert
        if asked.startswith(b"GET /beat"):
            assert alert == b""


# --- At the lift, at outlets of which every one fails -----------------------------------------------------------------


@posix_only
def test_no_secret_leaks_when_everything_fails(office: Office, bad: Bad, call: Caller) -> None:
    outlets = ["newsroom", *_outlets(bad.ports)]
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
        assert not told_in(words, SECRET_WORDS), words
    for words in arguments:
        assert not told_in(words, TEXT_WORDS), words
    assert any("tell.sh" in words for words in arguments), "no child was seen"
    given = (office.folder / "given").read_bytes()
    assert told_in(given, TEXT_WORDS), "the program was given the release by standard input"
    assert not told_in((office.folder / "told").read_bytes(), TEXT_WORDS)
    assert not told_in((office.folder / ".pressrelease" / "state.db").read_bytes(), SECRET_WORDS)
    log = office.folder / ".pressrelease" / "log"
    assert not told_in(log.read_bytes() if log.exists() else b"", SECRET_WORDS + TEXT_WORDS)
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
        assert not told_in(repr(outlet) + str(outlet), SECRET_WORDS), name
        outlet.close()
    assert not told_in(repr(workspace.config), SECRET_WORDS)
