"""HTTP connections that record how far a request came.

    resolve ─▶ connect ─▶ TLS ─▶ ║ first byte of the request ─▶ answer
    └──── nothing has left ────┘ ║ └──── it may have arrived ────┘

The exception that a library raises does not show on which side of the double line a failure fell: the same "connection
reset" is raised on both. So each connection records it as it happens (`Connection.started`).

Over the public classes of `http.client`. No deadline of its own, or of requests and urllib3, covers the lookup of a
name, and none of them has a pool that connects ahead of a lift without sending: so both are here. Only `outlets.http`
imports this module, and only when a request is made.
"""

from __future__ import annotations

import contextlib
import http
import http.client
import ssl
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pressrelease.outlets.deadline import ProxyRefused, TimedReader, TimedSocket, TimeLeft, connect, secured
from pressrelease.system.clock import pause_clock

__all__ = ["KEPT_CONNECTIONS", "Connection", "Pool", "Proxy", "WholeHead"]

#: A connection that has been idle for longer, in seconds, is not reused: the server may have dropped it (a minute is
#: the shortest usual time). One that was opened half a minute ahead of a lift is good for the rush after it.
LONGEST_IDLE = 45.0
#: How many idle connections to a server are kept.
KEPT_CONNECTIONS = 64
#: Below this size, in bytes, the head and the body of a request leave in one write: two would wake the server twice.
LARGEST_PIECE = 1 << 16

_DEFAULT_PORTS = {"http": 80, "https": 443}


class WholeHead(http.client.HTTPResponse):
    """An answer whose head ends with its blank line, and that is the final one.

    The library also takes a cut connection for the head's end, and so half a head for an answer. And it takes 103
    (Early Hints) for the answer itself, though the final one follows every interim one (RFC 9110, section 15.2).
    """

    def begin(self) -> None:
        """Read the head. Raises OSError, HTTPException."""
        reader = self.fp
        while True:
            super().begin()
            assert isinstance(reader, TimedReader)  # noqa: S101  (made by a TimedSocket)
            if not reader.last_line:
                raise http.client.RemoteDisconnected("the start of the answer was cut short")
            if not 100 <= self.status < 200 or self.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return
            self.headers = None  # type: ignore[assignment]  # so that the next head is read


class Connection(http.client.HTTPConnection):
    """One open connection; for one thread at a time.

    `started` says that a byte of the present request may have left.
    """

    response_class = WholeHead
    auto_open = 0

    def __init__(self, server: tuple[str, int], scheme: str, sock: TimedSocket) -> None:
        self.default_port = _DEFAULT_PORTS[scheme]
        super().__init__(*server)
        self.sock: Any = sock
        self.started = False
        self._pieces: list[bytes] = []
        self._answer: http.client.HTTPResponse | None = None
        self._timed = sock
        self._last_used = pause_clock()

    def allow_until(self, end: float) -> None:
        """Set the deadline of what comes next, on the pause clock."""
        self._timed.time_left.end = end
        self.started = False

    def ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> http.client.HTTPResponse:
        """Send one request and return its answer, the head read. Raises OSError, HTTPException, ValueError."""
        self._pieces = []
        self.request(method, target, body, headers)
        pieces, self._pieces = self._pieces, []
        if sum(map(len, pieces)) < LARGEST_PIECE:
            pieces = [b"".join(pieces)]
        # A process that was suspended up to here must not send what another has sent by now.
        self._timed.time_left.seconds()
        self.started = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before
            for piece in pieces:
                super().send(piece)
        self._answer = self.getresponse()
        self._last_used = pause_clock()
        return self._answer

    def send(self, data: Any) -> None:
        """Collect what the library has made of a request; `ask` sends it."""
        self._pieces.append(data)

    def may_follow(self, answer: http.client.HTTPResponse) -> bool:
        """Return whether another request may be sent here: the answer was read whole, and the server stays on."""
        return self.sock is not None and answer.isclosed() and answer.status != http.HTTPStatus.SWITCHING_PROTOCOLS

    def is_usable(self) -> bool:
        """Return whether a kept connection is still open, with nothing unread in it, and not idle for too long."""
        return pause_clock() - self._last_used < LONGEST_IDLE and self._timed.look() is None

    @property
    def certificate_ends(self) -> Any:
        """When the server's certificate expires (UTC); None without one."""
        return self._timed.certificate_ends

    def drop(self) -> None:
        """Close it, whatever is unread."""
        self.close()
        if self._answer is not None:  # it reads from the file that is closed next
            self._answer.close()
        self._timed.shut()


@dataclass(frozen=True)
class Proxy:
    """A proxy that connects to servers when asked to (CONNECT). `login` is a secret: a header's value, "" for none."""

    host: str
    port: int
    scheme: str
    login: str = field(default="", repr=False)


class Pool:
    """The connections to one server: those that are idle, and how to open another. Safe for several threads."""

    def __init__(self, scheme: str, host: str, port: int | None, context: ssl.SSLContext, proxy: Proxy | None) -> None:
        self.proxy = proxy
        self._scheme = scheme
        self._server = (host, port or _DEFAULT_PORTS[scheme])
        self._context = context
        self._idle: deque[Connection] = deque()
        self._closed = False
        self._lock = threading.Lock()

    def take(self, end: float) -> Connection:
        """Return an open connection for use until `end` on the pause clock: the last used, or a new one.

        Raises OSError, HTTPException, ValueError.
        """
        with contextlib.suppress(IndexError):
            while True:
                kept = self._idle.pop()
                if kept.is_usable():
                    kept.allow_until(end)
                    return kept
                kept.drop()
        return self._opened(TimeLeft(end))

    def put_back(self, connection: Connection) -> None:
        """Keep a connection for another request."""
        with self._lock:
            if not self._closed and len(self._idle) < KEPT_CONNECTIONS:
                self._idle.append(connection)
                return
        connection.drop()

    def close(self) -> None:
        """Close the idle connections; those in use are closed when they are put back."""
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.drop()

    def _opened(self, time_left: TimeLeft) -> Connection:
        host, port = self._server
        if self.proxy is None:
            sock: Any = connect(host, port, time_left)
        else:
            sock = connect(self.proxy.host, self.proxy.port, time_left)
            if self.proxy.scheme == "https":
                sock = secured(sock, self._context, self.proxy.host, time_left)
            _pass_through(TimedSocket(sock, time_left), self._server, self.proxy.login)
        if self._scheme == "https":
            sock = secured(sock, self._context, host, time_left)
        return Connection(self._server, self._scheme, TimedSocket(sock, time_left))


def _pass_through(proxy: TimedSocket, server: tuple[str, int], login: str) -> None:
    """Have a proxy connect to a server (RFC 9110, section 9.3.6). Raises OSError, HTTPException."""
    host, port = server
    there = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {there} HTTP/1.1", f"Host: {there}", *([f"Proxy-Authorization: {login}"] if login else [])]
    try:
        proxy.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1"))
        with contextlib.closing(WholeHead(proxy, method="CONNECT")) as answer:  # type: ignore[arg-type]
            answer.begin()
            if not 200 <= answer.status < 300:
                raise ProxyRefused(answer.status)
            if proxy.look() is not None:
                raise ConnectionAbortedError("the proxy closed the connection, or sent something unasked")
    except BaseException:
        proxy.shut()
        raise
