"""Servers that misbehave on purpose: real sockets on loopback, no pretending. Each test says how, request by request.

    with FlakyServer(reset_after_request, answer(200)) as server:
        ...                         # the first request is reset after it arrived whole, the second is answered
    server.requests                 # what arrived whole, in order

What is left of the list when it runs out is its last entry, for ever.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias


@dataclass(frozen=True)
class Request:
    """One request that arrived whole. Header names are in small letters; `at` is on the monotonic clock."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Connection:
    """One accepted connection, as a behaviour sees it."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self.sock = sock
        self.closing = closing
        self._pending = b""

    def read_request(self) -> Request | None:
        """The next request, None where the client has gone."""
        while b"\r\n\r\n" not in self._pending:
            if not self._more():
                return None
        head, _, self._pending = self._pending.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", "0"))
        while len(self._pending) < size:
            if not self._more():
                return None
        body, self._pending = self._pending[:size], self._pending[size:]
        method, target, _ = first.split(" ", 2)
        return Request(method, target, headers, body)

    def _more(self) -> bool:
        try:
            part = self.sock.recv(1 << 20)  # in large parts: joining many small ones takes seconds
        except OSError:
            return False
        self._pending += part
        return bool(part)

    def send(self, data: bytes) -> None:
        """Send, whether or not anybody still listens."""
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def reset(self) -> None:
        """End it with a RST."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def hang(self, seconds: float = 30) -> None:
        """Say nothing more for that long, or until the server ends."""
        self.closing.wait(seconds)


@dataclass(frozen=True)
class Behaviour:
    """What is done with one request: `before` it is read (True: go on and read it), and `after`.

    `after` is True where the connection is kept for another request.
    """

    name: str
    after: Callable[[Connection, Request], bool]
    before: Callable[[Connection], bool] = lambda connection: True


Handler: TypeAlias = Callable[[Connection, Request], None]


def answer(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Behaviour:
    """A whole answer; the connection is kept."""
    return Behaviour(f"answer {status}", lambda connection, _: _send_answer(connection, status, body, headers or {}))


def _send_answer(connection: Connection, status: int, body: bytes, headers: Mapping[str, str]) -> bool:
    lines = [f"HTTP/1.1 {status} Something", *(f"{name}: {value}" for name, value in headers.items())]
    if status != 204:
        lines.append(f"Content-Length: {len(body)}")
    connection.send("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
    return True


def redirect(to: str, status: int = 302) -> Behaviour:
    """Leads elsewhere."""
    return answer(status, headers={"Location": to})


def _ends(name: str, act: Handler) -> Behaviour:
    def after(connection: Connection, request: Request) -> bool:
        act(connection, request)
        return False

    return Behaviour(name, after)


def raw(data: bytes, *, name: str = "raw", then: Callable[[Connection], None] = lambda connection: None) -> Behaviour:
    """Exactly these bytes after the request, then `then`, then the end."""

    def act(connection: Connection, request: Request) -> None:
        connection.send(data)
        then(connection)

    return _ends(name, act)


def drip(data: bytes, *, every: float, first: bytes = b"") -> Behaviour:
    """`first` at once, then a byte of `data` every so many seconds, so that no wait for a byte is ever long."""

    def act(connection: Connection, request: Request) -> None:
        connection.send(first)
        for byte in data:
            if connection.closing.wait(every):
                return
            connection.send(bytes([byte]))

    return _ends("drip", act)


def late(seconds: float, then: Behaviour) -> Behaviour:
    """Waits before it answers."""

    def after(connection: Connection, request: Request) -> bool:
        connection.hang(seconds)
        return then.after(connection, request)

    return Behaviour(f"late {then.name}", after)


def tunnel(port: int) -> Behaviour:
    """A proxy that does as CONNECT asks, whatever host is named: it goes on to `port` on this machine."""

    def act(connection: Connection, request: Request) -> None:
        connection.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        with socket.create_connection(("127.0.0.1", port)) as inner:
            back = threading.Thread(target=_pump, args=(inner, connection.sock), name="flaky tunnel", daemon=True)
            back.start()
            _pump(connection.sock, inner)
            back.join(5)

    return _ends("tunnel", act)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes until it ends, and then end the other side."""
    with contextlib.suppress(OSError):
        while part := source.recv(1 << 16):
            sink.sendall(part)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _reset_first(connection: Connection) -> bool:
    connection.reset()
    return False


def _hang_first(connection: Connection) -> bool:
    connection.hang()
    return False


def _never(connection: Connection, request: Request) -> bool:
    raise AssertionError("unreachable")


reset_at_once = Behaviour("reset at once", _never, before=_reset_first)
never_reads = Behaviour("never reads", _never, before=_hang_first)
reset_after_request = _ends("reset after the request", lambda connection, request: connection.reset())
close_after_request = _ends("close after the request", lambda connection, request: None)
hang_after_request = _ends("hang after the request", lambda connection, request: connection.hang())
half_answer = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", name="half an answer")
half_chunk = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf", name="half a chunk")
half_head = raw(b"HTTP/1.1 200 OK\r\nContent-", name="half a head")
garbage = raw(b"\x00\xff not HTTP at all\r\n\r\n", name="garbage")
answer_then_close = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", name="answer, then close")


class FlakyServer:
    """A server on 127.0.0.1 that does with each request what the list says. Use it in a `with`."""

    def __init__(self, *behaviours: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self._behaviours = list(behaviours) or [answer()]
        self._tls = tls
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self.requests: list[Request] = []
        #: How many connections were accepted, and how many of them made it through TLS.
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Its address, with `localhost` where it speaks TLS."""
        return f"https://localhost:{self.port}" if self._tls else f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> FlakyServer:
        accepting = threading.Thread(target=self._accept, name="flaky server", daemon=True)
        accepting.start()
        self._threads.append(accepting)
        return self

    def __exit__(self, *exc: object) -> None:
        self._closing.set()
        # Closing alone does not wake a thread that waits in accept().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            left = list(self._open)
        for sock in left:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(sock)
            thread = threading.Thread(target=self._serve, args=(sock,), name="flaky connection", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _next(self) -> Behaviour:
        with self._lock:
            return self._behaviours.pop(0) if len(self._behaviours) > 1 else self._behaviours[0]

    def _peek(self) -> Behaviour:
        with self._lock:
            return self._behaviours[0]

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._peek().before is not Behaviour.before and not self._peek().before(Connection(sock, self._closing)):
                self._next()
                return
            if self._tls is not None:
                with self._lock:
                    self._open.discard(sock)
                sock = self._tls.wrap_socket(sock, server_side=True)
                with self._lock:
                    self._open.add(sock)
            connection = Connection(sock, self._closing)
            while (request := connection.read_request()) is not None:
                with self._lock:
                    self.requests.append(request)
                if not self._next().after(connection, request):
                    return
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(sock)
            sock.close()


def unused_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test's own: its certificate, and one for `localhost` that it signed."""

    certificate: Path
    server: ssl.SSLContext


def make_authority(folder: Path, *, name: str = "localhost", days: int = 30) -> Authority:
    """Made with the `openssl` program. `days` below zero makes a certificate that has expired.

    It has the extensions of RFC 5280 that Python 3.13 and later ask of an authority and of what it signed.
    """

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    folder.mkdir(parents=True, exist_ok=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    own = ("-subj", "/CN=test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", *own)
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={name}")
    (folder / "names").write_text(f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid\n")
    signing = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
    openssl(*signing, "-out", "server.pem", "-days", str(days), "-extfile", "names")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return Authority(folder / "ca.pem", context)
