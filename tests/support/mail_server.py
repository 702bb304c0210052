"""Mail servers on loopback for tests: one that works, by aiosmtpd, and one that says what a script tells it to."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from typing import Any

import trustme
from aiosmtpd import smtp as aiosmtp
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass(frozen=True)
class Letter:
    """One message that the server took: its envelope, its bytes, and when (UTC)."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def message(self) -> EmailMessage:
        """The message, read by the standard library."""
        return BytesParser(policy=SMTP).parsebytes(self.content)  # type: ignore[return-value]


@dataclass
class MailServer:
    """A server that keeps what it got, and misbehaves as it is told.

    `refused` maps an address to what is answered each time, `greylisted` to what is answered the first time.
    To an address in `dropped` it takes the whole text, dot included, and ends the connection without an answer.
    """

    port: int
    refused: dict[str, str] = field(default_factory=dict)
    greylisted: dict[str, str] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    passwords: dict[str, str] = field(default_factory=dict)
    pause: float = 0.0
    got: list[Letter] = field(default_factory=list)
    whole_texts: Counter[str] = field(default_factory=Counter)
    sessions: int = 0
    logins: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many messages each address was sent and the server took."""
        return Counter(address for letter in self.got for address in letter.recipients)

    # aiosmtpd's hooks

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _: Any, __: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.refused.get(address) or self.greylisted.pop(address, "")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, server: aiosmtp.SMTP, _: Any, envelope: Envelope
    ) -> str:
        self.whole_texts.update(envelope.rcpt_tos)
        if self.pause:
            await asyncio.sleep(self.pause)
        if self.dropped.intersection(envelope.rcpt_tos):
            assert server.transport is not None
            server.transport.abort()
            raise ConnectionResetError
        assert isinstance(envelope.content, bytes)
        self.got.append(Letter(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.content))
        return "250 2.0.0 Ok: queued"

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 {type(error).__name__}"

    def authenticate(self, _: Any, __: Any, ___: Any, ____: Any, login: Any) -> AuthResult:
        self.logins += 1
        assert isinstance(login, LoginPassword)
        good = self.passwords.get(login.login.decode()) == login.password.decode()
        return AuthResult(success=good, handled=False, message=None if good else "535 5.7.8 bad hunter2")


class _Pipelining(aiosmtp.SMTP):
    """aiosmtpd reads commands one after the other anyway; this only says so."""

    async def push(self, status: str | bytes) -> None:
        await super().push("250-PIPELINING" if status == "250-8BITMIME" else status)


@contextmanager
def mail_server(
    *,
    authority: trustme.CA | None = None,
    name: str = "localhost",
    implicit_tls: bool = False,
    passwords: dict[str, str] | None = None,
    pipelining: bool = False,
    utf8: bool = True,
    limit: int = 32 << 20,
) -> Iterator[MailServer]:
    """A working server. With an `authority` it has a certificate for `name`, and speaks TLS after STARTTLS, or from
    the start where that is asked for."""
    server = MailServer(free_port(), passwords=passwords or {})
    loop = asyncio.new_event_loop()
    context: ssl.SSLContext | None = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)

    def session() -> aiosmtp.SMTP:
        server.sessions += 1
        return (_Pipelining if pipelining else aiosmtp.SMTP)(
            server,
            hostname="mail.example.org",
            enable_SMTPUTF8=utf8,
            data_size_limit=limit,
            tls_context=None if implicit_tls else context,
            require_starttls=context is not None and not implicit_tls,
            auth_require_tls=False,
            authenticator=server.authenticate,
            loop=loop,
        )

    def serve() -> None:
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(lambda *_: None)  # a client that breaks off is what many tests are about
        loop.run_until_complete(
            loop.create_server(session, "127.0.0.1", server.port, ssl=context if implicit_tls else None, backlog=256)
        )
        up.set()
        loop.run_forever()

    up = threading.Event()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert up.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


#: What a scripted server does at a step: says a line, says nothing (""), ends the connection (None), or whatever a
#: function does with it; an OSError that it raises ends the connection.
Act = str | Callable[[socket.socket], None] | None

GOOD: dict[str, Act] = {
    "greeting": "220 ready",
    "EHLO": "250-mail.example.org\r\n250-PIPELINING\r\n250 SIZE 0",
    "MAIL": "250 ok",
    "RCPT": "250 ok",
    "DATA": "354 go on",
    "dot": "250 taken",
    "RSET": "250 ok",
    "NOOP": "250 ok",
    "QUIT": "221 bye",
}


@dataclass
class Script:
    """A server that follows its script; `heard_at` is every line of every session with its time, `texts` every
    whole text."""

    port: int
    acts: dict[str, Act]
    heard_at: list[tuple[float, str]] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    sessions: int = 0
    texts_a_session: int | None = None

    @property
    def heard(self) -> list[str]:
        """Every line of every session."""
        return [line for _, line in self.heard_at]

    def once(self, step: str, act: Act) -> None:
        """Do `act` the next time that the step comes, and then again what was done before."""
        before = self.acts[step]

        def do(connection: socket.socket) -> None:
            self.acts[step] = before
            if act is None:
                raise ConnectionAbortedError
            if callable(act):
                act(connection)
            else:
                connection.sendall(act.encode() + b"\r\n")

        self.acts[step] = do

    def _serve(self, connection: socket.socket) -> None:
        self.sessions += 1
        taken = 0
        lines = connection.makefile("rb")
        with contextlib.suppress(OSError), connection, lines:
            if not self._do("greeting", connection):
                return
            while line := lines.readline():
                verb = line.split()[0].upper().decode() if line.split() else ""
                self.heard_at.append((time.time(), line.decode().strip()))
                if verb in {"MAIL", "RCPT", "DATA"} and taken == self.texts_a_session:
                    code = "452 4.4.5 enough for one session" if verb == "MAIL" else "503 no sender"
                    connection.sendall(code.encode() + b"\r\n")
                    continue
                if not self._do(verb, connection):
                    return
                if verb == "DATA" and str(self.acts["DATA"]).startswith("354"):
                    text = b""
                    while (line := lines.readline()) != b".\r\n":
                        if not line:
                            return
                        text += line
                    self.texts.append(text)
                    taken += 1
                    if not self._do("dot", connection):
                        return

    def _do(self, step: str, connection: socket.socket) -> bool:
        """Act a step; whether the session goes on."""
        act = self.acts.get(step, "502 not known")
        if act is None:
            return False
        if callable(act):
            act(connection)
        elif act:
            connection.sendall(act.encode() + b"\r\n")
            return not act.startswith("421")
        return True


@contextmanager
def scripted(**acts: Act) -> Iterator[Script]:
    """A server that does what GOOD says, but for the steps named."""
    listener = socket.create_server(("127.0.0.1", 0))
    script = Script(listener.getsockname()[1], GOOD | acts)
    open_connections: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_connections.append(connection)
            threading.Thread(target=script._serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield script
    finally:
        listener.close()
        for connection in open_connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def drip(line: str, *, every: float) -> Callable[[socket.socket], None]:
    """Says a line one byte at a time, as a server does that wants to hold a sender for ever."""

    def act(connection: socket.socket) -> None:
        for byte in line.encode() + b"\r\n":
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return act


def reset(connection: socket.socket) -> None:
    """Ends the connection the hard way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    raise ConnectionResetError
