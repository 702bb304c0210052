"""Sessions kept open and shared by an outlet's workers: as many at once as the server accepts.

The first is opened alone: if the server is down or refuses the password, that is found out once, not by every worker at
the same time, and reported to all that ask within the next seconds.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from pressrelease.outlets.certificates import trust
from pressrelease.outlets.deadline import TimedSocket, TimeLeft, connect, secured, trouble_words
from pressrelease.outlets.email.session import Ended, ServerRefused, Session
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.clock import pause_clock

#: The most sessions at once, whatever the number of workers: many servers accept no more from one client.
MOST_SESSIONS = 16
#: Seconds during which a failure to connect answers for later attempts.
HOLD_OFF = 2.0
#: Seconds during which a server that refused a further session is not asked for one.
FEWER_FOR = 60.0
#: A session idle for longer than the first is checked before it is used, and asked (NOOP) if for longer than the
#: second.
LOOK_AFTER, ASK_AFTER = 0.5, 10.0
#: Seconds that asking a kept session, or quitting one, may take.
ASK_FOR = 5.0


#: What large providers mean by the enhanced code of a refused login. Their own text is left out: it may echo the login.
_LOGINS = {
    "5.7.3": "this way to log in is switched off for the mailbox",
    "5.7.8": "the user name or the password is wrong",
    "5.7.9": "the mailbox requires an app password made for this program",
    "5.7.14": "the provider requires somebody to log in with a browser first",
    "5.7.139": "login by password (SMTP AUTH) is switched off for the mailbox or its whole organization",
}


class Security(str, Enum):
    """How the connection to the server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True)
class Server:
    """A mail server and how to log in. `password` is a secret."""

    host: str
    port: int
    security: Security
    username: str = ""
    password: str = field(default="", repr=False)

    @cached_property
    def context(self) -> ssl.SSLContext:
        """Return a context that checks certificates and names, with the same trust as over HTTP."""
        return trust()

    def connect(self, end: float) -> Session:
        """Return a session, greeted, secured and logged in, by `end` on the pause clock. Raises DeliveryFailed."""
        time_left = TimeLeft(end)
        session: Session | None = None
        try:
            sock: socket.socket = connect(self.host, self.port, time_left)
            if self.security is Security.TLS:
                sock = secured(sock, self.context, self.host, time_left)
            session = Session(TimedSocket(sock, time_left), _own_name(sock))
            self._enter(session)
            return session
        except BaseException as error:
            if session is not None:
                session.close()
            match error:
                case ServerRefused():
                    raise self._no_entry(error) from None
                case Ended():
                    raise DeliveryFailed(Certainty.NOT_SENT, f"{self.host}: it {error} while greeting") from None
                case OSError():
                    raise DeliveryFailed(Certainty.NOT_SENT, f"{self.host}: {trouble_words(error)}") from None
            raise

    def _enter(self, session: Session) -> None:
        session.greet()
        if self.security is Security.STARTTLS:
            if session.offered("STARTTLS") is None:
                raise DeliveryFailed(
                    Certainty.FOR_GOOD,
                    f"{self.host} does not offer STARTTLS, and nothing is sent to it unencrypted; if it"
                    ' uses TLS from the start, write security = "tls"',
                )
            session.secure(self.context, self.host)
        if self.username:
            if not {"PLAIN", "LOGIN"} & set((session.offered("AUTH") or "").upper().split()):
                raise DeliveryFailed(Certainty.FOR_GOOD, f"{self.host} offers no login by a user name and a password")
            session.log_in(self.username, self.password)

    def _no_entry(self, refused: ServerRefused) -> DeliveryFailed:
        """Return what a server's refusal before any message means. Its text is withheld if a secret was just sent."""
        code = refused.reply.code
        later = code < 500
        certainty = Certainty.NOT_SENT if later else Certainty.FOR_GOOD
        if refused.step == "AUTH":
            words = "postponed the login" if later else "rejected the user name or the password"
            status = refused.reply.status
            meaning = f": {_LOGINS[status]}" if status in _LOGINS else ""
            shown = f"{code} {status}".strip()
            return DeliveryFailed(certainty, f"{self.host} {words} ({shown}){meaning}", credentials=not later)
        if refused.step == "STARTTLS":
            return DeliveryFailed(certainty, f"{self.host} refused to encrypt the connection ({code})")
        return DeliveryFailed(certainty, f"{self.host} refused the connection: {refused.reply.shown}")


def _own_name(sock: socket.socket) -> str:
    """Return what we call ourselves: the machine's full name, or else its address (RFC 5321, section 4.1.3)."""
    name = socket.gethostname()
    if "." in name and name.isascii() and not any(character.isspace() for character in name):
        return name
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


class Connections:
    """The sessions of one outlet. Safe for several threads."""

    def __init__(self, connect: Callable[[float], Session]) -> None:
        """`connect` opens one session by a moment of the pause clock, or raises DeliveryFailed."""
        self._connect = connect
        self._changed = threading.Condition()
        self._idle: list[Session] = []
        self._open = 0
        self._opening = 0
        self._most = MOST_SESSIONS
        self._most_until = 0.0
        self._failure: DeliveryFailed | None = None
        self._failed_at = 0.0
        self._closed = False

    def take(self, end: float, *, fresh: bool = False, patient: bool = True) -> Session:
        """Return a session for one message: a kept one, or a new one (only that if `fresh`). Raises DeliveryFailed.

        If the server accepts no more at once, it waits for another worker's session, if `patient`. The session must be
        put back, or dropped.
        """
        while True:
            kept = self._kept_or_leave_to_open(end, fresh=fresh, patient=patient)
            if kept is None:
                session = self._opened(end)
                if session is not None:
                    return session
            elif kept.usable_after(LOOK_AFTER, ASK_AFTER, ask_until=min(end, pause_clock() + ASK_FOR)):
                kept.allow_until(end)
                return kept
            else:
                # What ended one has ended the others that were idle as long; asking each could take too long.
                self.drop(kept)
                fresh = True

    def _kept_or_leave_to_open(self, end: float, *, fresh: bool, patient: bool) -> Session | None:
        """Return a kept session, or None: then one may be opened, and is counted as being opened."""
        with self._changed:
            while True:
                if self._closed:
                    raise DeliveryFailed(Certainty.NOT_SENT, "the outlet was closed")
                if self._idle and not fresh:
                    return self._idle.pop()
                now = pause_clock()
                if self._failure is not None and not self._open:
                    if now - self._failed_at < HOLD_OFF:
                        known = self._failure
                        raise DeliveryFailed(known.certainty, known.reason, credentials=known.credentials)
                    self._failure = None
                if self._may_open(now):
                    self._opening += 1
                    return None
                if not patient or not self._changed.wait(max(0.0, end - now)):
                    raise DeliveryFailed(
                        Certainty.NOT_SENT, "all connections to the mail server were busy for too long"
                    )

    def _may_open(self, now: float) -> bool:
        if not self._open:
            return not self._opening
        most = self._most if now < self._most_until else MOST_SESSIONS
        return self._open + self._opening < most

    def _opened(self, end: float) -> Session | None:
        """Return a new session; None if the server accepts no more besides the open ones."""
        try:
            session = self._connect(end)
        except DeliveryFailed as failure:
            with self._changed:
                self._opening -= 1
                self._changed.notify_all()
                now = pause_clock()
                if self._open and failure.certainty is Certainty.NOT_SENT and now < end:
                    self._most, self._most_until = self._open, now + FEWER_FOR
                    return None
                self._failure, self._failed_at = failure, now
            raise
        except BaseException:
            with self._changed:
                self._opening -= 1
                self._changed.notify_all()
            raise
        with self._changed:
            self._opening -= 1
            self._open += 1
            self._changed.notify_all()
        return session

    def put_back(self, session: Session) -> None:
        """Keep a session for the next message."""
        session.kept = True
        with self._changed:
            if not self._closed:
                self._idle.append(session)
                self._changed.notify()
                return
        self.drop(session)

    def drop(self, session: Session) -> None:
        """Close a session that is no longer usable."""
        session.close()
        with self._changed:
            self._open -= 1
            self._changed.notify()

    def open_ahead(self, wanted: int, end: float) -> None:
        """Have `wanted` sessions open and idle, as far as the server accepts them. Raises DeliveryFailed."""
        taken: list[Session] = []
        try:
            for _ in range(wanted):
                taken.append(self.take(end, patient=False))
        finally:
            for session in taken:
                self.put_back(session)

    def close(self) -> None:
        """Quit every idle session; those in use are closed when they are put back."""
        with self._changed:
            self._closed = True
            idle, self._idle = self._idle, []
            self._changed.notify_all()
        end = pause_clock() + ASK_FOR
        for session in idle:
            session.allow_until(end)
            session.leave()
