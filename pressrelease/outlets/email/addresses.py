"""Addresses that mail can be sent to (RFC 5321, section 4.1.2; RFC 6531; RFC 5890). Pure.

Narrower than the grammar on purpose: no quoted local parts, no comments, no address literals, and a domain of at least
two labels. Every accepted address fits in a header and in a command without any quoting.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from pressrelease.release.text import forbidden_in

#: RFC 5321, sections 4.5.3.1.1 to 4.5.3.1.3, in octets; a path holds the address and two brackets.
LONGEST_LOCAL_PART = 64
LONGEST_ADDRESS = 254
LONGEST_DOMAIN = 253

_LOCAL_PART = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]+)*"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class NotAnAddress(ValueError):
    """A text is no address; the message says why, and follows "it"."""


@dataclass(frozen=True)
class Address:
    """`local@domain`; `domain` is in lower case and ASCII, as on the wire (A-labels)."""

    local: str
    domain: str

    @property
    def wire(self) -> str:
        """The address as in commands and headers."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server that offers SMTPUTF8 can take it."""
        return not self.local.isascii()

    @property
    def mailbox(self) -> str:
        """A name that is the same for two spellings of one mailbox.

        No server in use tells `Jane@` from `jane@`. `straße@` and `strasse@` are two.
        """
        return self.wire.lower()


def read_address(text: str) -> Address:
    """Return the address in `text`, ignoring spaces around it. Raises NotAnAddress."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        raise NotAnAddress("is empty")
    if "<" in text or ">" in text:
        raise NotAnAddress("has a name or brackets around it")
    if any(sign in text for sign in ",;"):
        raise NotAnAddress("contains more than one address, or an extra comma")
    if text.count("@") != 1:
        raise NotAnAddress("has no @" if "@" not in text else "has more than one @")
    if forbidden_in(text) or any(character.isspace() or not character.isprintable() for character in text):
        raise NotAnAddress("contains a space or an invisible character")
    local, domain = text.split("@")
    if not _LOCAL_PART.fullmatch(local):
        raise NotAnAddress("has something before its @ that no address has")
    address = Address(local, _read_domain(domain))
    if len(local.encode()) > LONGEST_LOCAL_PART or len(address.wire.encode()) > LONGEST_ADDRESS:
        raise NotAnAddress("is too long for an address")
    return address


def _read_domain(text: str) -> str:
    domain = text.lower()
    if not domain.isascii():
        import idna

        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise NotAnAddress("has a domain that can't exist") from None
    labels = domain.split(".")
    if len(labels) < 2 or len(domain) > LONGEST_DOMAIN or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotAnAddress("has a domain that can't exist")
    if labels[-1].isdigit():
        raise NotAnAddress("has a number instead of a domain")
    return domain
