"""HTTP connections that record how far a request came, and end at a deadline.

    resolve ─▶ connect ─▶ TLS ─▶ ║ first byte of the request ─▶ answer
    └──── nothing has left ────┘ ║ └──── it may have arrived ────┘

The exception that a library raises does not show on which side of the double line a failure fell: the same "connection
reset" is raised on both. So each attempt records it as it happens. And a library's timeout limits each wait for a byte,
not the whole: a server that drips one byte a second holds it for ever. So a thread ends the connection itself when the
attempt's time is up.

Only `outlets.http` imports this module, and only when a request is made: it imports urllib3.
"""

from __future__ import annotations

import contextlib
import http
import http.client
import math
import socket
import ssl
import threading
from typing import Any

# Import the package before its parts: two threads that load them in different orders may find one half initialized.
import urllib3  # noqa: F401
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pressrelease.system.clock import pause_clock

__all__ = ["Attempt", "DeadlineConnection", "PlainPool", "SecurePool", "resolve", "trouble_words"]

#: A connection that has been idle for longer, in seconds, is not reused: the server may have dropped it (a minute is
#: the
#: shortest usual time). One that was opened half a minute ahead of a lift is good for the rush after it.
LONGEST_IDLE = 45.0

#: How many bytes of a request wait for the rest of it, so that they leave together.
LARGEST_PIECE = 1 << 16


class Attempt:
    """One request and its limits. `end` is on the pause clock.

    `begun` says that a byte of the request may have left; `expired`, that the deadline ended it; `trouble` what went
    wrong
    before that, in words that hold no address; `by_proxy`, that a proxy carries it.
    """

    def __init__(self, end: float) -> None:
        self.end = end
        self.begun = False
        self.expired = False
        self.trouble = ""
        self.by_proxy = False
        self._handle: socket.socket | None = None
        self._owned = False
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds that remain; never quite zero, which a socket would take for "don't wait at all"."""
        return max(self.end - pause_clock(), 0.001)

    def hold(self, handle: socket.socket | None) -> None:
        """Set which connection to end when time is up; None: none any more."""
        with self._lock:
            if self._owned and self._handle is not None:
                self._handle.close()
            self._handle, self._owned = handle, False
            if self.expired:
                self._shut()

    def adopt(self, handle: socket.socket) -> bool:
        """Take over the socket of a connection that closes. Return False if another one is held.

        An answer that ends with its connection is read after the library has closed that.
        """
        with self._lock:
            if self._handle is handle:
                self._owned = True
            return self._owned and self._handle is handle

    def cut(self) -> None:
        """End the connection, whatever it is waiting for."""
        with self._lock:
            self.expired = True
            self._shut()

    def _shut(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)


class DeadlineThread:
    """One thread for all attempts of a process; it sleeps until the first of them is out of time."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: set[Attempt] = set()
        self._thread: threading.Thread | None = None
        self._wake = math.inf

    def watch(self, attempt: Attempt) -> None:
        with self._changed:
            self._watched.add(attempt)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._wait_for_next, name="watchman", daemon=True)
                self._thread.start()
            elif attempt.end < self._wake:
                self._changed.notify()

    def forget(self, attempt: Attempt) -> None:
        with self._changed:
            self._watched.discard(attempt)

    def _wait_for_next(self) -> None:
        while True:
            with self._changed:
                now = pause_clock()
                over = [attempt for attempt in self._watched if attempt.end <= now]
                self._watched.difference_update(over)
                if not over:
                    self._wake = min((attempt.end for attempt in self._watched), default=math.inf)
                    self._changed.wait(None if self._wake == math.inf else self._wake - now)
            for attempt in over:
                attempt.cut()


_watchman = DeadlineThread()
_current = threading.local()


class DeadlineConnection:
    """`with DeadlineConnection(attempt):` makes it this thread's attempt, and watches it."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> Attempt:
        _current.attempt = self._attempt
        _watchman.watch(self._attempt)
        return self._attempt

    def __exit__(self, *exc: object) -> None:
        _watchman.forget(self._attempt)
        self._attempt.hold(None)
        _current.attempt = None


def _attempt() -> Attempt:
    """Return this thread's attempt; outside of any, an unwatched one (for a connection being closed)."""
    return getattr(_current, "attempt", None) or Attempt(pause_clock() + 60)


def resolve(host: str, port: int, end: float) -> list[Any]:
    """Run `getaddrinfo`, abandoned at `end`: the system's own resolver may take minutes."""
    with contextlib.suppress(OSError):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    found: list[Any] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError("not a host name"))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(max(end - pause_clock(), 0.001))
    if failed:
        raise failed[0]
    if asking.is_alive() or not found:
        raise TimeoutError("its name was not found in time (DNS)")
    return found


class _RecordingReader:
    """A connection's reader while the head of an answer is read; records what the last line was."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.last = b""

    def readline(self, *limits: int) -> bytes:
        self.last = bytes(self._reader.readline(*limits))
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)


class _WholeHead(http.client.HTTPResponse):
    """An answer whose head ends with its blank line.

    The library also takes a cut connection for the head's end, and so half a head for an answer.
    """

    def begin(self) -> None:
        if getattr(self, "headers", None) is not None:  # started already
            return
        reader: Any = self.fp
        head: Any = _RecordingReader(reader)
        self.fp = head
        try:
            super().begin()
        finally:
            if self.fp is head:
                self.fp = reader
        if not head.last:
            raise http.client.RemoteDisconnected("the start of the answer was cut short")

    def _read_status(self) -> tuple[str, int, str]:
        """Read the final answer's first line, skipping interim answers before it (RFC 9110, section 15.2).

        The library skips only 100, and takes 103 (Early Hints) for the answer itself.
        """
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 <= status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


def _only_tickets(sock: socket.socket) -> bool:
    """Return whether what can be read is only TLS's own session tickets.

    A server sends them after the handshake, and they make a connection that was opened ahead look as if its server had
    sent
    something, or closed.
    """
    if not isinstance(sock, ssl.SSLSocket):
        return False
    earlier = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except ssl.SSLWantReadError:
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(earlier)
    return False  # it closed, or sent something unasked


class _RecordingConnection:
    """What both kinds of connection add to urllib3's: they record how far an attempt came."""

    sock: socket.socket | None
    port: int
    _dns_host: str
    socket_options: Any
    _handle: socket.socket | None = None
    _connecting = False
    _held: bytes | None = None
    _last_used = 0.0

    def _new_conn(self) -> socket.socket:
        """Return a connected socket, within the attempt's remaining time over all of the host's addresses."""
        attempt = _attempt()
        refused: OSError = OSError("no address")
        addresses = resolve(self._dns_host, self.port, attempt.end)
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            sock = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    sock.setsockopt(*option)
                # An address that never answers (IPv6, often) must leave time for the others.
                sock.settimeout(max(attempt.left / (len(addresses) - number), min(attempt.left, 1)))
                sock.connect(address)
                sock.settimeout(attempt.left)
            except OSError as error:
                sock.close()
                refused = error
                if attempt.end <= pause_clock():
                    break
                continue
            # The wrapping for TLS takes the socket's number over; a duplicate stays good through it.
            self._handle = sock.dup()
            attempt.hold(self._handle)
            return sock
        raise refused

    def connect(self) -> None:
        attempt = _attempt()
        self._connecting = True
        try:
            super().connect()  # type: ignore[misc]
        except Exception as error:
            attempt.trouble = trouble_words(error)
            self.close()
            raise
        finally:
            self._connecting = False
        self._last_used = pause_clock()

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request as urllib3 does, but head and body in one piece: two would wake the server twice."""
        self._held = b""
        try:
            super().request(*args, **kwargs)  # type: ignore[misc]
            held, self._held = self._held, None
        finally:
            self._held = None
        if held:
            self.send(held)

    #: urllib3 checks each header for a marker that nobody here sets.
    putheader = http.client.HTTPConnection.putheader

    def send(self, data: Any) -> None:
        if not self._connecting:  # a proxy's CONNECT is no part of the request
            if self._held is not None and len(self._held) + len(data) < LARGEST_PIECE:
                self._held += data
                return
            if self.sock is None:
                self.connect()
            attempt = _attempt()
            attempt.hold(self._handle)
            if not attempt.begun and attempt.end <= pause_clock():
                # A process that was suspended up to here must not send what another has sent meanwhile.
                raise TimeoutError
            attempt.begun = True
            if self._held:
                held, self._held = self._held, b""
                super().send(held)  # type: ignore[misc]
        super().send(data)  # type: ignore[misc]
        self._last_used = pause_clock()

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: open, nothing unread in it, and not idle for too long."""
        if self.sock is None or pause_clock() - self._last_used >= LONGEST_IDLE:
            return False
        return bool(super().is_connected) or _only_tickets(self.sock)  # type: ignore[misc]

    def close(self) -> None:
        handle, self._handle = self._handle, None
        if handle is not None and not _attempt().adopt(handle):
            handle.close()
        super().close()  # type: ignore[misc]


class _Plain(_RecordingConnection, HTTPConnection):
    response_class = _WholeHead


class _Secure(_RecordingConnection, HTTPSConnection):
    response_class = _WholeHead


class PlainPool(HTTPConnectionPool):
    """Connections on loopback."""

    ConnectionCls = _Plain


class SecurePool(HTTPSConnectionPool):
    """Connections over TLS."""

    ConnectionCls = _Secure


#: A proxy's answer when it wants a login (407 to CONNECT).
PROXY_LOGIN = "the proxy requires a login (407)"
_OWN_AUTHORITY = "; if it is the office's own, name its file in SSL_CERT_FILE"

#: What a certificate's check can find (OpenSSL's X509_V_ERR_*), in words.
_CERTIFICATE_WORDS = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: f"its certificate is self-signed and not trusted{_OWN_AUTHORITY}",
    19: f"its certificate comes from an authority that this computer doesn't trust{_OWN_AUTHORITY}",
    20: f"its certificate comes from an authority that this computer doesn't trust{_OWN_AUTHORITY}",
    21: f"its certificate comes from an authority that this computer doesn't trust{_OWN_AUTHORITY}",
    23: "its certificate was revoked",
    62: "its certificate is for another name",
    64: "its certificate is for another name",
}


def trouble_words(error: BaseException) -> str:
    """Return why no connection was made, without any address in it."""
    seen: BaseException | None = error
    while seen is not None:
        match seen:
            case ssl.SSLCertVerificationError():
                return _CERTIFICATE_WORDS.get(seen.verify_code, "its certificate can't be trusted")
            case ssl.SSLError():
                return "no secure connection (TLS) was possible"
            case socket.gaierror():
                return "its name can't be found (DNS)"
            case ConnectionRefusedError():
                return "it refused the connection"
            case TimeoutError():
                return "it could not be reached in time"
            case ConnectionError():
                return "it closed the connection at once"
            case OSError() if "Tunnel connection failed: 407" in str(seen):
                return PROXY_LOGIN
            case OSError() if "Tunnel connection failed" in str(seen):
                return "the proxy would not connect to it"
            case OSError() if seen.errno is not None and seen.strerror:
                return f"it can't be reached ({seen.strerror})"
        seen = seen.__cause__ or seen.__context__
    return "no connection was possible"
