"""One SMTP session, its steps apart, so that it is always known how far a message came.

    MAIL ─▶ RCPT ─▶ DATA ─▶ text ─▶ ║ the final dot ─▶ answer
    └──── nothing was accepted ────┘ ║ └── it may have been ──┘

This is `smtplib.SMTP` with its `send` and `getreply` written again, since the library's `sendmail` raises the same
exception on both sides of the double line (RFC 5321, section 4.2.5, says which is which), its timeout limits each wait
and not the whole, and it takes half a line for an answer. MAIL, RCPT and DATA leave in one write if the server allows
that; the text, a look at the server, and the dot are steps of their own.
"""

from __future__ import annotations

import base64
import contextlib
import re
import smtplib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pressrelease.outlets.deadline import TimedSocket, secured
from pressrelease.system.clock import pause_clock
from pressrelease.system.printable import printable

#: The largest reply, in bytes, and how many characters of one are shown to a person.
LONGEST_REPLY = 64 << 10
LONGEST_SAID = 200

_REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?\r?\n")

#: Below this size, in bytes, head and text leave in one write.
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
    text: bytes

    @property
    def good(self) -> bool:
        """Whether it was done: 2yz."""
        return 200 <= self.code < 300

    @property
    def status(self) -> str:
        """The enhanced status code (RFC 3463) at the start of its first line, "" without one."""
        found = re.match(rb"[245]\.\d{1,3}\.\d{1,3}(?!\S)", self.text)
        return found[0].decode("ascii") if found else ""

    @property
    def shown(self) -> str:
        """The server's own text after its code, for a person: shortened, and harmless on a terminal."""
        text = " ".join(printable(self.text.decode("utf-8", "replace").replace("\n", " ")).split())
        return f"{self.code} {text}"[:LONGEST_SAID].strip()


class ServerRefused(Exception):
    """The server refused one step; the session itself goes on, unless it ended with a 421."""

    def __init__(self, step: str, reply: Reply) -> None:
        super().__init__(step)
        self.step = step
        self.reply = reply


@dataclass(frozen=True)
class Envelope:
    """The sender and the recipient, as they are sent; `size` is of the text in bytes."""

    sender: str
    recipient: str
    size: int
    needs_utf8: bool = False


class Session(smtplib.SMTP):
    """A session over a connected socket. For one thread at a time.

    `kept` says that it was opened for something earlier, and so may have ended unnoticed.
    """

    ehlo_msg = "EHLO"

    def __init__(self, sock: TimedSocket, own_name: str) -> None:
        super().__init__(local_hostname=own_name)
        self.sock: Any = sock
        self.timed = sock
        self.phase = Phase.GREETING
        self.kept = False
        self.last_used = pause_clock()
        self._needs_reset = False
        self._named = False

    def allow_until(self, end: float) -> None:
        """Set the deadline of everything that follows, on the pause clock."""
        self.timed.time_left.end = end

    # -- opening -------------------------------------------------------------------------------------------

    def greet(self) -> None:
        """Read the greeting and send our name. Raises ServerRefused, Ended."""
        self._must("greeting", self._reply())
        self.hello()

    def hello(self) -> None:
        """Send EHLO, and read what the server offers (RFC 5321, section 4.1.1.1): see `offered`."""
        self._must("EHLO", Reply(*self.ehlo()))

    def offered(self, name: str) -> str | None:
        """Return the parameters of an extension that the server offers, None if it doesn't."""
        return self.esmtp_features.get(name.lower())

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Run STARTTLS (RFC 3207): forget everything from before it, and let nothing be pending behind it.

        Raises ServerRefused, Ended, and OSError if no TLS could be made.
        """
        self._must("STARTTLS", self.ask("STARTTLS"))
        self._must_be_silent("continued in plain text after STARTTLS")
        plain = self.timed
        self.timed = self.sock = TimedSocket(secured(plain.inner, context, host, plain.time_left), plain.time_left)
        self.hello()

    def log_in(self, username: str, password: str) -> None:
        """Log in (AUTH, RFC 4954) by PLAIN or LOGIN, which are as good as any behind TLS. One try: accounts get locked.

        Raises ServerRefused, Ended.
        """
        if "PLAIN" in (self.offered("AUTH") or "").upper().split():
            encoded = base64.b64encode(f"\0{username}\0{password}".encode()).decode("ascii")
            self._must("AUTH", self.ask(f"AUTH PLAIN {encoded}"))
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
        accepts no sender in it: another may be opened for the same try.
        """
        self.phase = Phase.ENVELOPE
        self._named = False
        try:
            self._name(envelope)
        except (Ended, ServerRefused) as trouble:
            # A server that wants no more in this session answers 421, or 4yz to MAIL and keeps it open.
            if self.kept and not self._named and (isinstance(trouble, Ended) or 400 <= trouble.reply.code < 500):
                raise Stale("accepts nothing more on this connection") from None
            raise
        self.phase = Phase.TEXT
        parts = list(text)
        for part in [b"".join(parts)] if sum(map(len, parts)) <= _ONE_WRITE else parts:
            self.send(part)
        if (early := self._spoken_early()) is not None:
            if early.code >= 400:
                raise ServerRefused("DATA", early)
            raise Ended("answered before it had received everything")
        self.send(b".\r\n")
        # The dot is with the system now, and may be with the server. Had the write failed, it would not have been
        # complete, and a text without its end is no message (RFC 5321, section 4.1.1.4).
        self.phase = Phase.ANSWER
        return self._must("the text", self._reply())

    def _name(self, envelope: Envelope) -> None:
        """Send MAIL, RCPT and DATA, in one write if the server allows that (RFC 2920)."""
        if self._needs_reset:
            self._must("RSET", self.ask("RSET"))
            self._needs_reset = False
        sender = f"MAIL FROM:<{envelope.sender}>"
        if self.offered("SIZE") is not None:
            sender += f" SIZE={envelope.size}"
        if envelope.needs_utf8:
            sender += " SMTPUTF8"
        commands = [sender, f"RCPT TO:<{envelope.recipient}>", "DATA"]
        together = self.offered("PIPELINING") is not None
        if together:
            self.send("".join(f"{command}\r\n" for command in commands))
        for number, command in enumerate(commands, 1):
            if not together:
                self.putcmd(command)
            reply = self._reply()
            if not (reply.code == 354 if command == "DATA" else reply.good):
                self._needs_reset = True
                if together and reply.code != 421:
                    self._read_the_rest(len(commands) - number)
                raise ServerRefused(command[:4], reply)
            self._named = True

    def _read_the_rest(self, replies: int) -> None:
        """Read the answers to what was sent along with a refused command; a server that wants a text now gets none."""
        try:
            answers = [self._reply() for _ in range(replies)]
        except Ended:  # the refusal still counts
            self.close()
            return
        if any(answer.code == 354 for answer in answers):
            self.close()

    def _spoken_early(self) -> Reply | None:
        """Return a reply that nobody asked for, such as a refusal before the final dot; None if there is none."""
        seen = self.timed.look()
        if seen is None:
            return None
        if not seen:
            raise Ended("closed the connection")
        return self._reply()

    # -- between messages ---------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether it was not closed on this side."""
        return self.sock is not None

    def usable_after(self, look: float, ask: float, *, ask_until: float) -> bool:
        """Return whether a kept session is still usable.

        It is trusted at once, checked after `look` idle seconds, and asked after `ask`, until the moment `ask_until`.
        """
        idle = pause_clock() - self.last_used
        if idle < look:
            return True
        self.allow_until(ask_until)
        try:
            return self._spoken_early() is None and (idle < ask or self.ask("NOOP").good)
        except Ended:
            return False

    def leave(self) -> None:
        """Send QUIT, if the server still listens, and close."""
        with contextlib.suppress(Ended):
            self.ask("QUIT")
        self.close()

    def close(self) -> None:
        """Close at once."""
        super().close()
        self.timed.shut()

    # -- commands and replies -----------------------------------------------------------------------------

    def ask(self, command: str) -> Reply:
        """Send one command and return its reply, whatever it is. Raises Ended."""
        self._must_be_silent("sent something unexpected")
        self.putcmd(command)
        return self._reply()

    def _must(self, step: str, reply: Reply) -> Reply:
        if not reply.good:
            raise ServerRefused(step, reply)
        return reply

    def _must_be_silent(self, otherwise: str) -> None:
        if (seen := self.timed.look()) is not None:
            raise Ended(otherwise if seen else "closed the connection")

    def _reply(self) -> Reply:
        return Reply(*self.getreply())

    def send(self, s: Any) -> None:
        """Send all of it. Raises Ended."""
        try:
            self.timed.sendall(s.encode() if isinstance(s, str) else s)
        except TimeoutError:
            raise Ended("stopped receiving") from None
        except OSError:
            raise Ended("cut the connection") from None

    def getreply(self) -> tuple[int, bytes]:
        """Return the code and the text of the next complete reply, however many lines it has. Raises Ended."""
        lines: list[bytes] = []
        code = b""
        left = LONGEST_REPLY
        reader = self.timed.makefile()
        while True:
            try:
                line = reader.readline(left)
            except TimeoutError:
                raise Ended("did not answer in time") from None
            except OSError:
                raise Ended("cut the connection") from None
            left -= len(line)
            found = _REPLY_LINE.fullmatch(line)
            if found is None or left <= 0 or (lines and found[1] != code):
                cut = not line.endswith(b"\n") and left > 0
                raise Ended("closed the connection" if cut else "answered with something that is not SMTP")
            code = found[1]
            lines.append((found[3] or b"").removesuffix(b"\r"))
            if found[2] != b"-":
                self.last_used = pause_clock()
                return int(code), b"\n".join(lines)
