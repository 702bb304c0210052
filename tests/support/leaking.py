"""An office of which every word can be recognized, outlets that fail in each way, and the search for leaks."""

from __future__ import annotations

import base64
import contextlib
import socket
import stat
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from office import FAR, Office
from records import left_alone

SLUG = "names"


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


def found_in(data: str | bytes, words: list[bytes]) -> list[bytes]:
    """Which of the words are somewhere in `data`."""
    raw = (data.encode("utf-8", "replace") if isinstance(data, str) else data).lower()
    return [word for word in words if word in raw]


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


def failing_outlets(ports: dict[str, int]) -> dict[str, str]:
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
    outlets = failing_outlets(bad.ports)
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


#: Where embargoed text may be: the office's own files, and the program's private folder.
PRIVATE = (".pressrelease", "releases")


def sweep(office: Office) -> None:
    """No file holds a secret that is not its own, and none outside the private places a word of the release."""
    for path in office.folder.parent.rglob("*"):
        if not path.is_file() or path.is_symlink() or path.name.endswith(".url"):
            continue
        data = path.read_bytes()
        assert not found_in(data, SECRET_WORDS), path
        place = path.relative_to(office.folder.parent).parts
        if place[1] not in PRIVATE or path.name.startswith("log"):
            assert not found_in(data, TEXT_WORDS), path
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
