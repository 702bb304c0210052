"""Connections on which all waiting ends at one moment, for HTTP and for mail.

A library's timeout limits each wait for a byte, not the whole: a server that drips one byte a second blocks it forever.
So these sockets ask how much time is left before each read and each write. They take the place of a socket in
`http.client` and `smtplib`, which only send, make a file of it, and close it.
"""

from __future__ import annotations

import contextlib
import http
import io
import socket
import ssl
import threading
from datetime import UTC, datetime
from typing import Any

from pressrelease.system.clock import pause_clock

__all__ = ["TimeLeft", "TimedReader", "TimedSocket", "connect", "resolve", "secured", "trouble_words"]


class TimeLeft:
    """How long a connection may still wait. `end` is on the pause clock, and is set for each request or message.

    `looking`: it may not wait at all, because somebody only looks whether something came.
    """

    def __init__(self, end: float) -> None:
        self.end = end
        self.looking = False

    def seconds(self) -> float:
        """Return the seconds that are left. Raises TimeoutError if none are."""
        if self.looking:
            return 0.0
        left = self.end - pause_clock()
        if left <= 0:
            raise TimeoutError("out of time")
        return left


class TimedSocket:
    """A connected socket that waits no longer than `time_left`.

    `http.client` may close it while it still reads from its file (`makefile`): then it stays open. `shut` closes both.
    """

    def __init__(self, sock: Any, time_left: TimeLeft) -> None:
        """`sock` is a socket, with or without TLS, or urllib3's TLS within TLS."""
        self.inner = sock
        self.time_left = time_left
        self.reader: TimedReader | None = None

    def sendall(self, data: bytes) -> None:
        """Send all of it. Raises TimeoutError, OSError."""
        view = memoryview(data)
        while view:
            self.inner.settimeout(self.time_left.seconds())
            view = view[self.inner.send(view) :]

    def recv(self, size: int) -> bytes:
        """Return what comes next, at most `size` bytes; b"" for the end. Raises TimeoutError, OSError."""
        self.inner.settimeout(self.time_left.seconds())
        return bytes(self.inner.recv(size))

    def makefile(self, mode: str = "rb", *_: object) -> TimedReader:
        """Return the file to read from: the same one until it is closed, so that nothing that it has read is lost."""
        if self.reader is None or self.reader.closed:
            self.reader = TimedReader(self.inner, self.time_left)
        return self.reader

    def look(self) -> bytes | None:
        """Return the start of what came and was not read yet, without waiting; None for nothing, b"" for the end.

        TLS's own session tickets, which a server sends after the handshake, are nothing.
        """
        reader = self.makefile()
        self.time_left.looking = True
        try:
            return reader.peek(1) or (b"" if reader.ended else None)
        except OSError:
            return b""
        finally:
            self.time_left.looking = False

    def settimeout(self, _: float | None) -> None:
        """Do nothing: the time left is asked before each wait."""

    def fileno(self) -> int:
        """Return the number of the open connection, -1 for a closed one."""
        return int(self.inner.fileno())

    @property
    def certificate_ends(self) -> datetime | None:
        """When the certificate at the other end expires (UTC); None without one."""
        ask = getattr(self.inner, "getpeercert", None)
        certificate = ask() if ask is not None else None
        if not certificate or "notAfter" not in certificate:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)

    def close(self) -> None:
        """Close the connection, unless its file is still read from."""
        if self.reader is None or self.reader.closed:
            with contextlib.suppress(OSError):
                self.inner.close()

    def shut(self) -> None:
        """Close the file and the connection."""
        if self.reader is not None:
            self.reader.close()
        self.close()


class _Incoming(io.RawIOBase):
    """What comes in on a TimedSocket, as `io` reads it."""

    def __init__(self, sock: Any, time_left: TimeLeft) -> None:
        self._sock = sock
        self._time_left = time_left
        self.ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        try:
            self._sock.settimeout(self._time_left.seconds())
            size = int(self._sock.recv_into(buffer))
        except (BlockingIOError, ssl.SSLWantReadError):  # only while looking: nothing has come
            return None
        self.ended = size == 0
        return size


class TimedReader(io.BufferedReader):
    """A file to read from a TimedSocket; `last_line` is the last line read, b"" once the other side has closed."""

    def __init__(self, sock: Any, time_left: TimeLeft) -> None:
        self._incoming = _Incoming(sock, time_left)
        super().__init__(self._incoming)
        self.last_line = b""

    @property
    def ended(self) -> bool:
        """Whether the other side has closed."""
        return self._incoming.ended

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line, without its end if the connection ended in it."""
        self.last_line = super().readline(size)
        return self.last_line


def connect(host: str, port: int, time_left: TimeLeft) -> socket.socket:
    """Return a socket connected to the first of a host's addresses that answers. Raises OSError."""
    refused = OSError("no address")
    addresses = resolve(host, port, time_left.end)
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            # A short line must not wait for the answer to the line before it (Nagle).
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # An address that never answers (IPv6, often) must leave time for the others.
            left = time_left.seconds()
            sock.settimeout(max(left / (len(addresses) - number), min(left, 1)))
            sock.connect(address)
        except OSError as error:
            sock.close()
            refused = error
            if time_left.end <= pause_clock():
                break
            continue
        return sock
    raise refused


def secured(sock: Any, context: ssl.SSLContext, host: str, time_left: TimeLeft) -> Any:
    """Return a socket with TLS around another one, its certificate checked for `host`. Raises OSError, ValueError."""
    name = host.rstrip(".")
    try:
        if isinstance(sock, ssl.SSLSocket):  # through a proxy that itself is asked over TLS
            from urllib3.util.ssltransport import SSLTransport

            return SSLTransport(TimedSocket(sock, time_left), context, name)  # type: ignore[arg-type]
        sock.settimeout(time_left.seconds())
        return context.wrap_socket(sock, server_hostname=name)
    except BaseException:
        sock.close()
        raise


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


#: A proxy's answer when it wants a login (407 to CONNECT).
PROXY_LOGIN = "the proxy requires a login (407)"
PROXY_NO = "the proxy would not connect to it"


class ProxyUnusable(OSError):
    """The environment names a proxy that is no http or https address."""


class ProxyRefused(OSError):
    """A proxy's answer to CONNECT that is no yes."""

    def __init__(self, status: int) -> None:
        super().__init__(f"CONNECT: {status}")
        self.status = status


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
            case ProxyUnusable():
                return "the address of the proxy in HTTPS_PROXY is not http or https"
            case ProxyRefused():
                return PROXY_LOGIN if seen.status == http.HTTPStatus.PROXY_AUTHENTICATION_REQUIRED else PROXY_NO
            case OSError() if seen.errno is not None and seen.strerror:
                return f"it can't be reached ({seen.strerror})"
        seen = seen.__cause__ or seen.__context__
    return "no connection was possible"
