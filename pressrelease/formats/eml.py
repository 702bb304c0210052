"""A release as a mail (RFC 5322, RFC 2045 to 2049). What all recipients share is made once.

    Message ──shared──▶ headers and body, the same for each recipient of a version, the same bytes on each try
    key, recipient ──personal_headers──▶ To, Message-ID, List-Unsubscribe: the lines of one recipient

Text comes first and HTML last, so that a mail program shows the richest part it can. Images in the body are beside
the HTML, everything else is attached. No image is remote: nobody learns that a mail was opened.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from html import escape
from urllib.parse import quote

from pressrelease.message import Enclosure, Message, html_with_addresses
from pressrelease.message.localization import Words, day_words, words_in, zone_of

#: The longest quoted-printable line or line with encoded words (RFC 2045, section 6.7; RFC 2047, section 2).
#: Python would fold, and so break, a longer List-Unsubscribe; it is written by hand below.
POLICY = SMTP.clone(max_line_length=76)

#: Replaced in an unsubscribe address by the recipient's address, percent-encoded.
ADDRESS_PLACE = "{address}"

#: RFC 3986, section 2: characters that are not encoded in an address, percent signs included.
_IN_ADDRESSES = "%!#$&'()*+,/:;=?@[]~"

#: The longest word that is not encoded in a folded line: "Subject: " and a pair of quotes fit beside it.
_LONGEST_WORD = 60

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Letterhead:
    """The sender of every mail of one outlet. Addresses are plain, and ASCII after the @.

    `list_id` is a dot-atom (RFC 2919); `unsubscribe` is an https or mailto address in which `{address}` is replaced by
    the recipient's. Both are "" for none. `reply_to` "" means the release's contact.
    """

    name: str
    address: str
    reply_to: str = ""
    list_id: str = ""
    unsubscribe: str = ""

    @property
    def domain(self) -> str:
        """The domain of Message-IDs."""
        return self.address.rpartition("@")[2]


def eml(message: Message, letterhead: Letterhead, *, key: str, recipient: str) -> bytes:
    """Return the whole mail to one recipient, with CRLF line ends. `key` is the delivery's: 32 hex digits."""
    return personal_headers(letterhead, key=key, recipient=recipient) + shared(message, letterhead)


def message_id(letterhead: Letterhead, key: str) -> str:
    """Return the Message-ID of the delivery with this key, in its angle brackets."""
    return f"<{_one_line(key)}@{letterhead.domain}>"


def personal_headers(letterhead: Letterhead, *, key: str, recipient: str, earlier: Sequence[str] = ()) -> bytes:
    """Return the header lines of one recipient. `recipient` is an address as it is sent to the server.

    `earlier` are the Message-IDs of the mails that this one follows, oldest first.
    """
    lines = [f"To: {_one_line(recipient)}", f"Message-ID: {message_id(letterhead, key)}"]
    if earlier:
        lines += [f"In-Reply-To: {earlier[0]}", "References: " + "\r\n ".join(earlier)]
    if letterhead.unsubscribe:
        address = letterhead.unsubscribe.replace(ADDRESS_PLACE, quote(recipient, safe="@"))
        lines.append(f"List-Unsubscribe: <{quote(_one_line(address), safe=_IN_ADDRESSES)}>")
        if address.lower().startswith("https:"):
            lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click")  # RFC 8058, section 3.1
    return "".join(f"{line}\r\n" for line in lines).encode("utf-8", "replace")


def shared(message: Message, letterhead: Letterhead) -> bytes:
    """Return all other headers, the empty line and the body. The same arguments give the same bytes."""
    mail = EmailMessage(policy=POLICY)
    reply_to = letterhead.reply_to or message.contact.email
    if reply_to and reply_to.lower() != letterhead.address.lower() and _is_plain_address(reply_to):
        mail["Reply-To"] = Address(addr_spec=reply_to)
    mail["Date"] = _date(message.dated, message.office.timezone)
    if message.closed_until is not None:
        mail["Embargoed-Until"] = _date(message.closed_until, message.office.timezone)
    if letterhead.list_id:
        mail["List-Id"] = f"<{_one_line(letterhead.list_id)}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834, section 5: no automatic answer is wanted
    mail["Precedence"] = "bulk"
    mail.set_content(_encodable(message.text), cte="quoted-printable")
    mail.add_alternative(html_page(message, _addresses(message, letterhead)), subtype="html", cte="quoted-printable")
    page = list(mail.iter_parts())[-1]
    for enclosure in message.enclosures:
        if enclosure.shown and enclosure.is_image:
            _enclose(page.add_related, message, enclosure, letterhead, disposition="inline")
    for enclosure in message.enclosures:
        if not (enclosure.shown and enclosure.is_image):
            _enclose(mail.add_attachment, message, enclosure, letterhead, disposition="attachment")
    _set_boundaries(mail, f"{message.slug}\n{message.version}")
    heading = f"From: {_sender(letterhead)}\r\nSubject: {_subject(message.release.headline)}\r\n"
    return heading.encode("ascii") + mail.as_bytes(policy=POLICY)


def _sender(letterhead: Letterhead) -> str:
    name = _one_line(letterhead.name)
    if _is_plain(name):
        return _folded(formataddr((name, letterhead.address)), "us-ascii", header="From")
    return f"{_folded(name, 'utf-8', header='From')}\r\n <{letterhead.address}>"


def _subject(headline: str) -> str:
    text = _one_line(headline)
    return _folded(text, "us-ascii" if _is_plain(text) else "utf-8", header="Subject")


def _folded(text: str, charset: str, *, header: str) -> str:
    """Return a header's text in lines; with "utf-8" all of it is encoded words (RFC 2047).

    It uses Python's older mail library, because the newer one leaves a space between two encoded words, which mail
    programs drop, so that words run together. It breaks at any space: a preference for one after a semicolon or comma
    makes lines too long.
    """
    line = Header(text, charset, maxlinelen=POLICY.max_line_length, header_name=header)
    return line.encode(splitchars=" ", linesep="\r\n")


def _enclose(
    add: Callable[..., None], message: Message, enclosure: Enclosure, letterhead: Letterhead, *, disposition: str
) -> None:
    main, _, sub = enclosure.media_type.partition("/")
    add(
        enclosure.content,
        maintype=main,
        subtype=sub,
        filename=enclosure.original or enclosure.name,  # RFC 2231 writes any letter
        cid=f"<{_content_id(message, enclosure, letterhead)}>",
        disposition=disposition,
    )


def _content_id(message: Message, enclosure: Enclosure, letterhead: Letterhead) -> str:
    """Return a part's globally unique name (RFC 2045, section 7), the same on every try."""
    named = "\n".join((message.slug, message.version, enclosure.name, hashlib.sha256(enclosure.content).hexdigest()))
    return f"{hashlib.sha256(named.encode()).hexdigest()[:32]}@{letterhead.domain}"


def _addresses(message: Message, letterhead: Letterhead) -> dict[str, str]:
    """Return the address of each enclosure in the HTML: the part in this mail, or the file on the public page."""
    return {
        enclosure.name: f"{message.url}{enclosure.name}"
        if message.url and not enclosure.shown
        else f"cid:{_content_id(message, enclosure, letterhead)}"
        for enclosure in message.enclosures
    }


def html_page(message: Message, addresses: dict[str, str]) -> str:
    """Return the release as a page for mail programs: no style sheet, no script, nothing remote."""
    words = words_in(message.office.language)
    release = message.release
    contact = _contact(message, words)
    parts = [
        f"<p><strong>{escape(message.embargo_line or words.release_line(release.kind))}</strong><br>"
        f"{escape(day_words(message.lift, message.office.timezone, message.office.language))}<br>"
        f"{escape(message.office.name)}</p>",
        contact,
        f"<h1>{escape(release.headline)}</h1>",
        f"<p><em>{escape(release.subhead)}</em></p>" if release.subhead else "",
        _fitting(html_with_addresses(message.html, lambda name: addresses.get(name, name))),
        contact,
        f'<p>{escape(words.online)}: <a href="{escape(message.url)}">{escape(message.url)}</a></p>'
        if message.url
        else "",
        '<p aria-hidden="true">###</p>',
    ]
    if message.notice:
        parts = [message.html]
    body = "\n".join(part for part in parts if part)
    return _encodable(
        f'<!DOCTYPE html>\n<html lang="{escape(message.office.language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(release.headline)}</title>\n</head>\n"
        '<body style="max-width:40em;margin:1em auto;padding:0 1em;font-family:sans-serif;line-height:1.5">\n'
        f"{body}\n</body>\n</html>\n"
    )


def _fitting(html: str) -> str:
    """Return the HTML with images no wider than the page. In text every < is escaped, so this one begins a tag."""
    return html.replace("<img ", '<img style="max-width:100%;height:auto" ')


def _contact(message: Message, words: Words) -> str:
    contact = message.contact
    lines = [escape(line) for line in (contact.name, contact.phone) if line]
    if contact.email:
        shown = escape(contact.email)
        lines.append(f'<a href="mailto:{escape(quote(contact.email, safe="@"))}">{shown}</a>')
    return "<p>" + "<br>".join([f"{escape(words.contact)}:", *lines]) + "</p>" if lines else ""


def _set_boundaries(mail: MIMEPart, seed: str) -> None:
    """Set boundaries that are the same on every try and every machine. Neither encoding in use can write `=_`."""
    multiparts: Sequence[MIMEPart] = [part for part in mail.walk() if part.is_multipart()]
    for number, part in enumerate(multiparts):
        part.set_boundary("=_" + hashlib.sha256(f"{seed}\n{number}".encode()).hexdigest()[:32])


def _date(moment: datetime, timezone: str) -> str:
    return format_datetime(moment.astimezone(zone_of(timezone)))


def _is_plain(text: str) -> bool:
    """Return whether text can be in a header unencoded: ASCII that can be folded, and that no mail program decodes."""
    return text.isascii() and "=?" not in text and all(len(word) <= _LONGEST_WORD for word in text.split(" "))


def _is_plain_address(address: str) -> bool:
    """Return whether an address from a release can be in a header unencoded."""
    return re.fullmatch(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+", address) is not None


def _one_line(text: str) -> str:
    """Return text that can be in a header: without line breaks and other control characters."""
    return _encodable(_BREAKS.sub(" ", text)).strip()


def _encodable(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)
