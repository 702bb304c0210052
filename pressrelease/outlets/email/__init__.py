"""Mail: one message and one outcome for each recipient. No recipient sees another.

    failure                                                              certainty   what follows
    no connection, no TLS, 4yz, 421, cut or silent before the final dot  NOT_SENT    tried again as configured
    5yz, no STARTTLS, a refused login                                    FOR_GOOD    a person
    cut or silent after the final dot                                    UNSURE      a person: mail can't spot a repeat
    a mailbox that is full (552 after RCPT)                              NOT_SENT    as 452 (RFC 5321, 4.5.3.1.10)

The Message-ID is made of the delivery's key, the Date of the lift and the boundaries of the version, so that every try
sends the same bytes, and a reader who gets a message twice can see that it is the same one.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pressrelease.config import Office, OutletConfig
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.formats.eml import Letterhead, message_id, personal_headers, shared
from pressrelease.message import Message
from pressrelease.outlets import Complaint, Outlet, RenderedMessage, Secret
from pressrelease.outlets.email.addresses import Address, NotAnAddress, read_address
from pressrelease.outlets.email.connections import Connections, Security, Server
from pressrelease.outlets.email.recipients import complaints_about, read_recipient_list
from pressrelease.outlets.email.session import Ended, Envelope, Phase, ServerRefused, Session, Stale
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.clock import pause_clock

__all__ = ["LISTS", "Email", "open_email"]

#: How many versions are kept composed, and sessions opened ahead of a lift.
KEPT = 4
WARM = 4

#: Where a recipient's own key goes in a withdrawal that is composed once for all: as long as a key, and never one.
PLACE = "message-id-of-the-first-of-these"
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?A-~]{1,255}>")

_DEFAULT_PORTS = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True)
class Composed:
    """What all recipients of a version get: as it is, and dot-stuffed for the wire."""

    content: bytes
    stuffed: bytes


def _marked(message: Message) -> Message:
    """Return a message with its embargo on it while that lasts."""
    if message.closed_until is None:
        return message
    from pressrelease.message.embargoed import under_embargo

    return under_embargo(message)


def _stuffed(content: bytes) -> Composed:
    """Return a text with what goes over the wire (RFC 5321, section 4.5.2)."""
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return Composed(content, content if stuffed == content else stuffed)


class RenderedEmail(RenderedMessage):
    """One recipient's own header lines before what all get.

    Joined only when somebody looks at it: thirty workers must not hold thirty copies of an attachment.
    """

    prepared: Composed
    head: bytes

    def __init__(self, head: bytes, composed: Composed) -> None:
        vars(self).update(media_type="message/rfc822", prepared=composed, head=head)

    @property
    def content(self) -> bytes:
        """Exactly what the recipient's server is given to keep."""
        return self.head + self.prepared.content

    @property
    def size(self) -> int:
        """The size of the content, in bytes."""
        return len(self.head) + len(self.prepared.content)

    @property
    def wire(self) -> tuple[bytes, bytes]:
        """The parts as they go over the wire. No header line starts with a dot, so only the rest needed stuffing."""
        return self.head, self.prepared.stuffed


class Email(Outlet):
    """One mail server and one list. Sessions are shared by the threads that send."""

    repeats = Repeats(told_apart=False)
    abilities = Abilities()

    def __init__(
        self,
        name: str,
        *,
        server: Server,
        letterhead: Letterhead,
        recipients: str | tuple[str, ...],
        folder: Path,
        timeout: float,
    ) -> None:
        """`recipients` are addresses, or a CSV file's path from `folder`; `timeout` limits each try, in seconds."""
        self.name = name
        self._server = server
        self._letterhead = letterhead
        self._recipients = recipients
        self._folder = folder
        self._timeout = timeout
        self._connections = Connections(server.connect)
        self._composed: OrderedDict[tuple[str, str, Action, datetime, datetime | None], Composed] = OrderedDict()
        self._composing = threading.Lock()

    def recipients(self) -> tuple[str, ...]:
        """Return every address on the list, once. Raises ConfigRefused for a list with an error."""
        return read_recipient_list(self._recipients, self._folder).must_be_whole()

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedEmail:
        """Return the mail to one recipient. What all have in common is made once a version."""
        head = personal_headers(self._letterhead, key=key, recipient=recipient)
        return RenderedEmail(head, self._compose(message, lambda: _marked(message)))

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedEmail:
        """Return a mail of its own, in reply to the earlier ones.

        A withdrawal also has the first one's Message-ID in its text: mail programs don't show a reply beside its
        original if the subject differs.
        """
        from pressrelease.message.follow_up import follow_up
        from pressrelease.message.localization import words_in

        ids = tuple(self._id_of(one) for one in earlier)
        head = personal_headers(self._letterhead, key=key, recipient=recipient, earlier=ids)
        if message.action is not Action.WITHDRAW or not ids:
            return RenderedEmail(head, self._compose(message, lambda: _marked(follow_up(message))))
        # What all get is made once, for thousands, with a place where each one's own id goes. It begins so early in
        # its line that quoted-printable never breaks it.
        marked = message_id(self._letterhead, PLACE)
        words = words_in(message.office.language)
        composed = self._compose(message, lambda: follow_up(message, also=[words.message_id.format(id=marked)]))
        own = ids[0].removeprefix("<").removesuffix(f"@{self._letterhead.domain}>")
        if len(own) != len(PLACE) or message_id(self._letterhead, own) != ids[0]:  # sent from another address then
            letter = shared(follow_up(message, also=[words.message_id.format(id=ids[0])]), self._letterhead)
            return RenderedEmail(head, _stuffed(letter))
        whole, stuffed = (part.replace(PLACE.encode(), own.encode()) for part in (composed.content, composed.stuffed))
        return RenderedEmail(head, Composed(whole, stuffed))

    def _id_of(self, earlier: Earlier) -> str:
        """Return an earlier mail's Message-ID: its receipt's, or, if no answer came, what it must have been."""
        recorded = earlier.remote_id or ""
        return recorded if _MESSAGE_ID.fullmatch(recorded) else message_id(self._letterhead, earlier.key)

    def _compose(self, message: Message, follow_up_of: Callable[[], Message]) -> Composed:
        """Return what all recipients of a version get; what a correction or a withdrawal is as a mail is made once."""
        name = (message.slug, message.version, message.action, message.dated, message.closed_until)
        with self._composing:
            composed = self._composed.get(name)
            if composed is None:
                composed = self._composed[name] = _stuffed(shared(follow_up_of(), self._letterhead))
                while len(self._composed) > KEPT:
                    self._composed.popitem(last=False)
            else:
                self._composed.move_to_end(name)
            return composed

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Hand one message to the server. Its 250 says that it accepted it, not that anybody read it."""
        assert isinstance(rendered, RenderedEmail)  # noqa: S101  (made by `prepare`, above)
        end = pause_clock() + self._timeout
        try:
            address = read_address(recipient)
        except NotAnAddress as wrong:
            raise DeliveryFailed(Certainty.FOR_GOOD, f"this is not a valid address: it {wrong}") from None
        envelope = Envelope(self._letterhead.address, address.wire, rendered.size, address.needs_utf8)
        session = self._connections.take(end)
        try:
            self._hand_over(session, envelope, rendered)
        except Stale:
            # Nothing of this message was accepted: open another session for the same try.
            session = self._connections.take(end, fresh=True)
            try:
                self._hand_over(session, envelope, rendered)
            except Stale as stale:
                raise DeliveryFailed(Certainty.NOT_SENT, f"{self._server.host}: it {stale}") from None
        return Receipt(remote_id=message_id(self._letterhead, key))

    def _hand_over(self, session: Session, envelope: Envelope, letter: RenderedEmail) -> None:
        """Send one message over one session, then put the session back or drop it. Raises Stale, DeliveryFailed."""
        keep = False
        try:
            self._must_fit(session, envelope)
            session.deliver(envelope, letter.wire)
            keep = True
        except ServerRefused as refused:
            keep = refused.reply.code >= 400 and refused.reply.code != 421
            raise _no(refused, self._server.host, logged_in=bool(self._server.username)) from None
        except DeliveryFailed:
            keep = True
            raise
        except Stale:
            raise
        except Ended as ended:
            unsure = session.phase is Phase.ANSWER
            raise DeliveryFailed(
                Certainty.UNSURE if unsure else Certainty.NOT_SENT,
                f"{self._server.host}: it {ended} while {session.phase.value}",
            ) from None
        finally:
            if keep and session.is_open:
                self._connections.put_back(session)
            else:
                self._connections.drop(session)

    def _must_fit(self, session: Session, envelope: Envelope) -> None:
        """Check what the server's offers show before sending anything. Raises DeliveryFailed."""
        if envelope.needs_utf8 and session.offered("SMTPUTF8") is None:
            raise DeliveryFailed(
                Certainty.FOR_GOOD,
                f"{self._server.host} can't send to an address with non-English letters (SMTPUTF8)",
            )
        most = session.offered("SIZE") or ""
        if most.isdecimal() and 0 < int(most) < envelope.size:
            raise DeliveryFailed(
                Certainty.FOR_GOOD,
                f"the message has {envelope.size:,} bytes, and {self._server.host} accepts at most {int(most):,}",
            )

    def warm(self, sends: int = 4) -> None:
        """Open a few sessions ahead. Failing is silent, because the send itself will report it."""
        try:
            self._connections.open_ahead(min(sends, WARM), pause_clock() + self._timeout)
        except DeliveryFailed:
            return

    def certificate_ends(self) -> datetime | None:
        """Return when the server's certificate expires (UTC), STARTTLS too; None if it can't be asked."""
        try:
            session = self._server.connect(pause_clock() + self._timeout)
        except DeliveryFailed:
            return None
        ends = session.timed.certificate_ends
        session.leave()
        return ends

    def probe(self) -> str:
        """Connect, secure, log in, and quit."""
        session = self._server.connect(pause_clock() + self._timeout)
        try:
            answered = session.ask("NOOP")
        except Ended as ended:
            session.close()
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._server.host}: it {ended}") from None
        session.leave()
        if not answered.good:
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._server.host}: {answered.shown}")
        return ", ".join(
            [
                f"{self._server.host} answers",
                "unprotected, on this machine" if self._server.security is Security.NONE else "its certificate is good",
                *([f"{self._server.username} is logged in"] if self._server.username else []),
            ]
        )

    def close(self) -> None:
        """Quit every session."""
        self._connections.close()


def _no(refused: ServerRefused, host: str, *, logged_in: bool) -> DeliveryFailed:
    """Return what a server's refusal of one message means for it; `logged_in` says that a login was configured."""
    code = refused.reply.code
    full = refused.step == "RCPT" and code == 552
    if code >= 500 and not full:
        certainty = Certainty.FOR_GOOD
    elif code >= 400 or full or refused.step != "the text":
        certainty = Certainty.NOT_SENT
    else:
        certainty = Certainty.UNSURE
    step = {"MAIL": "the sender", "RCPT": "the recipient"}.get(refused.step, "the text")
    ours = certainty is Certainty.FOR_GOOD and not logged_in and _wants_login(refused)
    words = "; it requires a user name and a password" if ours else ""
    return DeliveryFailed(certainty, f"{host} rejected {step}: {refused.reply.shown}{words}", credentials=ours)


def _wants_login(refused: ServerRefused) -> bool:
    """Return whether a server refuses this program, and not one recipient.

    By RFC 4954, section 6, and what servers say to a client that may not relay.
    """
    if refused.step not in {"MAIL", "RCPT"}:
        return False
    if refused.reply.code == 530:
        return True
    shown = refused.reply.shown.casefold()
    return any(words in shown for words in ("relay", "client host rejected", "not authenticated"))


class EmailLists:
    """Lists of e-mail addresses, read without an outlet's secrets and the network."""

    def complaints(self, config: OutletConfig, folder: Path) -> tuple[Complaint, ...]:
        """Return the problems with an outlet's list."""
        return complaints_about(config.settings["recipients"], folder)

    def addresses(self, config: OutletConfig, folder: Path) -> tuple[str, ...]:
        """Return the addresses on an outlet's list, each once. Raises ConfigRefused for a list with an error."""
        return read_recipient_list(config.settings["recipients"], folder).must_be_whole()

    def mailboxes(self, addresses: Sequence[str]) -> dict[str, str]:
        """Return addresses by their mailbox, leaving out what is none."""
        found: dict[str, str] = {}
        for address in addresses:
            with contextlib.suppress(NotAnAddress):
                found.setdefault(read_address(address).mailbox, address)
        return found


#: What the row of this kind names.
LISTS = EmailLists()


def open_email(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Email:
    """Open the outlet that config.toml describes. Raises ConfigRefused."""
    settings = config.settings
    problems: list[Problem] = []
    security = Security(settings.get("security") or Security.STARTTLS)
    host = str(settings["host"]).removesuffix(".")
    name, sender = _mailbox(config, "from", settings["from"], problems)
    _, reply_to = _mailbox(config, "reply_to", settings.get("reply_to") or "", problems)
    if problems:
        raise ConfigRefused(problems)
    return Email(
        config.name,
        server=Server(
            host=host,
            port=int(settings.get("port") or _DEFAULT_PORTS[security]),
            security=security,
            username=str(settings.get("username") or ""),
            password=secret(settings["password"]) if settings.get("password") else "",
        ),
        letterhead=Letterhead(
            name=name or office.name,
            address=sender,
            reply_to=reply_to,
            list_id=str(settings.get("list_id") or ""),
            unsubscribe=str(settings.get("unsubscribe") or ""),
        ),
        recipients=settings["recipients"],
        folder=folder,
        timeout=config.timeout.total_seconds(),
    )


def _mailbox(config: OutletConfig, key: str, value: object, problems: list[Problem]) -> tuple[str, str]:
    """Return the name and the address of `Name <address>` or `address`; both "" for none."""
    text = str(value).strip()
    if not text:
        return "", ""
    name, _, bracketed = text.rpartition("<")
    try:
        address: Address = read_address(bracketed.removesuffix(">") if name or bracketed != text else text)
    except NotAnAddress as wrong:
        problems.append(Problem(0, f"outlets.{config.name}.{key}: it {wrong}", _MAILBOX_HINT))
        return "", ""
    if address.needs_utf8:
        problems.append(Problem(0, f"outlets.{config.name}.{key} has non-English letters before its @", _MAILBOX_HINT))
    return name.strip().strip('"'), address.wire


_MAILBOX_HINT = 'Write it like "press@da.example.gov", or "Press Office <press@da.example.gov>".'
