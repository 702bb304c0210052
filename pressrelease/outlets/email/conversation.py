"""One SMTP session over one socket, driven step by step so that it is always known how far a message came.

    MAIL ─▶ RCPT ─▶ DATA ─▶ text ─▶ ║ the final dot ─▶ answer
    └──── nothing was accepted ────┘ ║ └── it may have been ──┘

Python's smtplib raises the same exception on both sides of the double line (RFC 5321, section 4.2.5 says which is
which),
limits each wait but not the whole, and may go on in plain text. So this is written here.
"""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from pressrelease.system.clock import pause_clock
from pressrelease.system.printable import printable

#: What a server may say in one reply, and how much of it is shown to a person.
LONGEST_REPLY = 64 << 10
LONGEST_SAID = 200

CRLF = b"\r\n"
_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)

#: Below this size, head and text leave in one write.
_ONE_WRITE = 64 << 10


class Phase(str, Enum):
    """How far a session has come with a message; the value follows "while"."""

    GREETING = "greeting"
    ENVELOPE = "naming sender and recipient"
    TEXT = "sending the text"
    ANSWER = "waiting for the answer to the whole text"


class Ended(Exception):
    """The session can't be used any more: it was cut, ran out of time, or made no sense. The message follows "it"."""


class Stale(Ended):
    """A kept session had ended, or accepts nothing more: nothing of this message was accepted in it."""


@dataclass(frozen=True)
class Reply:
    """The server's reply (RFC 5321, section 4.2)."""

    code: int
    lines: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether it was done: 2yz."""
        return 200 <= self.code < 300

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 3463) at the start of its first line, "" without one."""
        found = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)", self.lines[0]) if self.lines else None
        return found[0] if found else ""

    @property
    def said(self) -> str:
        """The server's own text after its code, for a person: shortened, and harmless on a terminal."""
        text = " ".join(printable(" ".join(self.lines)).split())
        return f"{self.code} {text}"[:LONGEST_SAID].strip()


class ServerRefused(Exception):
    """The server refused one step; the session itself goes on, unless it ended with a 421."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(step)
        self.step = step
        self.reply = reply


@dataclass(frozen=True)
class Envelope:
    """The sender and the recipient, as on the wire; `size` is of the text in bytes."""

    sender: str
    recipient: str
    size: int
    needs_utf8: bool = False


class Conversation:
    """A session. For one thread at a time; `end`, on the pause clock, limits everything until it is set again.

    `kept` says that it was opened for something earlier, and so may have ended unnoticed.
    """

    def __init__(self, sock: socket.socket, end: float) -> None:
        self._sock = sock
        self._heard = bytearray()
        self._tidy = True
        self._begun = False
        self.end = end
        self.phase = Phase.GREETING
        self.offers: dict[str, str] = {}
        self.kept = False
        self.last_used = pause_clock()

    # -- opening -------------------------------------------------------------------------------------------

    def greet(self, own_name: str) -> None:
        """Read the greeting and send our name. Raises ServerRefused, Ended."""
        self._must("greeting", self._reply())
        self.hello(own_name)

    def hello(self, own_name: str) -> None:
        """Send EHLO, and read what the server offers (RFC 5321, section 4.1.1.1)."""
        reply = self._must("EHLO", self.ask(f"EHLO {own_name}"))
        words = [line.strip().partition(" ") for line in reply.lines[1:]]
        self.offers = {name.upper(): value.strip() for name, _, value in words}

    @property
    def certificate_ends(self) -> datetime | None:
        """Return when the server's certificate expires (UTC); None on a connection that is not secured."""
        from pressrelease.outlets.deadline import TimedSocket, TimeLeft

        return TimedSocket(self._sock, TimeLeft(self.end)).certificate_ends

    def secure(self, context: ssl.SSLContext, host: str, own_name: str) -> None:
        """Run STARTTLS (RFC 3207): forget what was said before it, and let nothing be pending behind it."""
        self._must("STARTTLS", self.ask("STARTTLS"))
        if self._heard:
            raise Ended("continued in plain text after STARTTLS")
        self._sock.settimeout(self._left())
        self._sock = context.wrap_socket(self._sock, server_hostname=host)
        self.hello(own_name)

    def log_in(self, username: str, password: str) -> None:
        """Log in (AUTH, RFC 4954) by PLAIN or LOGIN, which are as good as any behind TLS.

        Raises ServerRefused, Ended.
        """
        known = self.offers.get("AUTH", "").upper().split()
        if "PLAIN" in known:
            told = base64.b64encode(f"\0{username}\0{password}".encode()).decode("ascii")
            self._must("AUTH", self.ask(f"AUTH PLAIN {told}"))
            return
        reply = self.ask("AUTH LOGIN")
        for answer in (username, password):
            if reply.code != 334:
                raise ServerRefused("AUTH", reply)
            reply = self.ask(base64.b64encode(answer.encode()).decode("ascii"))
        self._must("AUTH", reply)

    # -- a message ----------------------------------------------------------------------------------------

    def deliver(self, envelope: Envelope, text: Iterable[bytes]) -> Reply:
        """Send one message. Return the reply that accepts it. Raises ServerRefused, Ended; see `phase`.

        `text` is dot-stuffed, in CRLF lines, and ends with one. Raises Stale if a kept session is over, or its server
        accepts no
        sender in it: another may be opened for the same try.
        """
        self.phase = Phase.ENVELOPE
        self._begun = False
        try:
            self._name(envelope)
        except (Ended, ServerRefused) as trouble:
            # A server that has had enough of this session says 421, or 4yz to MAIL and keeps it open.
            if self.kept and not self._begun and (isinstance(trouble, Ended) or 400 <= trouble.reply.code < 500):
                raise Stale("accepts nothing more on this connection") from None
            raise
        self.phase = Phase.TEXT
        self._write_text(text)
        if (early := self._spoken_early()) is not None:
            if early.code >= 400:
                raise ServerRefused("DATA", early)
            raise Ended("answered before it had received everything")
        self._write(b".\r\n")
        # The dot is with the system now, and may be with the server. Had the write failed, it would not have been
        # complete, and a
        # text without its end is no message (RFC 5321, section 4.1.1.4).
        self.phase = Phase.ANSWER
        reply = self._reply()
        if not reply.good:
            raise ServerRefused("the text", reply)
        return reply

    def _name(self, envelope: Envelope) -> None:
        """Send MAIL, RCPT and DATA, in one write if the server allows that (RFC 2920)."""
        if not self._tidy:
            self._must("RSET", self.ask("RSET"))
            self._tidy = True
        sender = f"MAIL FROM:<{envelope.sender}>"
        if "SIZE" in self.offers:
            sender += f" SIZE={envelope.size}"
        if envelope.needs_utf8:
            sender += " SMTPUTF8"
        commands = [sender, f"RCPT TO:<{envelope.recipient}>", "DATA"]
        together = "PIPELINING" in self.offers
        if together:
            self._write(b"".join(command.encode() + CRLF for command in commands))
        for number, command in enumerate(commands, 1):
            if not together:
                self._write(command.encode() + CRLF)
            reply = self._reply()
            if not (reply.code == 354 if command == "DATA" else reply.good):
                self._tidy = False
                if together and reply.code != 421:
                    self._hear_the_rest(len(commands) - number)
                raise ServerRefused(command[:4], reply)
            self._begun = True

    def _hear_the_rest(self, replies: int) -> None:
        """Read the answers to what was sent along with a refused command; a server that wants a text now gets none."""
        try:
            answers = [self._reply() for _ in range(replies)]
        except Ended:  # the refusal counts all the same
            self.close()
            return
        if any(answer.code == 354 for answer in answers):
            self.close()

    def _write_text(self, text: Iterable[bytes]) -> None:
        parts = list(text)
        if sum(map(len, parts)) <= _ONE_WRITE:
            parts = [b"".join(parts)]
        for part in parts:
            self._write(part)

    def _spoken_early(self) -> Reply | None:
        """Return what the server says before the final dot: it wants no more. None while it listens."""
        if not self._heard:
            self._sock.settimeout(0)
            try:
                heard = self._sock.recv(4096)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return None
            except OSError:
                raise Ended("cut the connection") from None
            if not heard:
                raise Ended("closed the connection")
            self._heard += heard
        return self._reply()

    # -- between messages ---------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it was not closed on this side."""
        return self._sock.fileno() >= 0

    def usable_after(self, look: float, ask: float, *, ask_until: float) -> bool:
        """Return whether a kept session is still usable.

        It is trusted at once, checked after `look` idle seconds, and asked after `ask`, until the moment `ask_until`.
        """
        idle = pause_clock() - self.last_used
        if idle < look:
            return True
        self.end = ask_until
        try:
            return self._spoken_early() is None and (idle < ask or self.ask("NOOP").good)
        except Ended:
            return False

    def quit(self) -> None:
        """Quit, if the server still listens, and close."""
        with contextlib.suppress(Ended):
            self.ask("QUIT")
        self.close()

    def close(self) -> None:
        """Close at once."""
        with contextlib.suppress(OSError):
            self._sock.close()

    # -- the wire -----------------------------------------------------------------------------------------

    def ask(self, command: str) -> Reply:
        """Send one command and return its reply, whatever it is. Raises Ended."""
        if self._heard:
            raise Ended("sent something unexpected")
        self._write(command.encode() + CRLF)
        return self._reply()

    def _must(self, step: str, reply: Reply) -> Reply:
        if not reply.good:
            raise ServerRefused(step, reply)
        return reply

    def _left(self) -> float:
        left = self.end - pause_clock()
        if left <= 0:
            raise Ended("did not answer in time")
        return left

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                self._sock.settimeout(self._left())
                view = view[self._sock.send(view) :]
        except TimeoutError:
            raise Ended("stopped receiving") from None
        except OSError:
            raise Ended("cut the connection") from None

    def _reply(self) -> Reply:
        """Return the next complete reply, however many lines it has."""
        lines: list[str] = []
        code = 0
        size = 0
        while True:
            line = self._line()
            size += len(line)
            found = _REPLY_LINE.fullmatch(line)
            if found is None or size > LONGEST_REPLY or (lines and int(found[1]) != code):
                raise Ended("answered with something that is not SMTP")
            code = int(found[1])
            lines.append((found[3] or b"").decode("utf-8", "replace"))
            if found[2] != b"-":
                self.last_used = pause_clock()
                return Reply(code, tuple(lines))

    def _line(self) -> bytes:
        while (at := self._heard.find(b"\n")) < 0:
            if len(self._heard) > LONGEST_REPLY:
                raise Ended("answered with something that is not SMTP")
            try:
                self._sock.settimeout(self._left())
                heard = self._sock.recv(4096)
            except TimeoutError:
                raise Ended("did not answer in time") from None
            except OSError:
                raise Ended("cut the connection") from None
            if not heard:
                raise Ended("closed the connection")
            self._heard += heard
        line = bytes(self._heard[:at])
        del self._heard[: at + 1]
        return line.removesuffix(b"\r")
