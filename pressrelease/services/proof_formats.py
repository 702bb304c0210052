"""The formats of a proof that people and programs read, besides the exact bytes that an outlet would get."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from pressrelease.errors import Usage
from pressrelease.message import Message
from pressrelease.release.delivery import delivery_key
from pressrelease.services.proofing import Proof, Rendered


def in_format(proof: Proof, name: str) -> Rendered:
    """Return the release in one of FORMATS."""
    media_type, render = FORMATS[name]
    if name in _READ_BY_PEOPLE:
        proof = replace(proof, message=_embargoed(proof))
    return Rendered(render(proof), media_type)


_READ_BY_PEOPLE = frozenset({"text", "html", "eml"})


def _embargoed(proof: Proof) -> Message:
    """Return the message with its embargo on top while that lasts:

    a proof gets passed on, and must not look released.
    """
    from pressrelease.message.embargoed import embargo_words, with_top_line

    message, until = proof.message, proof.edition.embargoed_until
    if until is None:
        return message
    return with_top_line(message, f"{embargo_words(message, until)} – PROOF, NOT FOR RELEASE")


def _text(proof: Proof) -> bytes:
    return proof.message.text.encode()


def _html(proof: Proof) -> bytes:
    from pressrelease.formats.eml import html_page

    url = proof.message.url
    return html_page(proof.message, {one.name: f"{url}{one.name}" for one in proof.message.enclosures}).encode()


def _eml(proof: Proof) -> bytes:
    """Return a mail from the office to itself, that a mail program opens.

    An email outlet's own has its own letterhead.
    """
    from pressrelease.formats.eml import Letterhead, eml

    message = proof.message
    address = _sender_of(message.office.contact.email or message.contact.email)
    key = delivery_key(message.slug, message.version, "", address)
    return eml(message, Letterhead(message.office.name, address), key=key, recipient=address)


def _sender_of(email: str) -> str:
    """Return an office's address as a From line can have it; an unusable one is no reason to refuse a proof."""
    from pressrelease.outlets.email.addresses import NotAnAddress, read_address

    try:
        address = read_address(email)
    except NotAnAddress:
        return "press@office.invalid"
    return "press@office.invalid" if address.needs_utf8 else address.wire


def _json(proof: Proof) -> bytes:
    from pressrelease.outlets.event import event_of

    return (json.dumps(event_of(proof.message), ensure_ascii=False, indent=2) + "\n").encode()


def _ninjs(proof: Proof) -> bytes:
    from pressrelease.formats.ninjs import ninjs

    return ninjs(proof.message, proof.edition)


def _newsml(proof: Proof) -> bytes:
    from pressrelease.formats.newsml import newsml

    return newsml(proof.message, proof.edition)


def _docx(proof: Proof) -> bytes:
    from pressrelease.formats.docx import docx

    return docx(proof.message, proof.edition)


#: What `proof --format` accepts: its media type, and how it is written.
FORMATS: dict[str, tuple[str, Callable[[Proof], bytes]]] = {
    "text": ("text/plain; charset=utf-8", _text),
    "html": ("text/html; charset=utf-8", _html),
    "eml": ("message/rfc822", _eml),
    "json": ("application/json", _json),
    "ninjs": ("application/json", _ninjs),
    "newsml": ("application/vnd.iptc.g2.newsitem+xml", _newsml),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _docx),
}


def must_be_the_same(rendered: Rendered, wanted: str) -> None:
    """Check that what an outlet gets is in the format that was also asked for. Raises Usage."""
    plain = FORMATS[wanted][0].partition(";")[0]
    if wanted in {"ninjs", "newsml"} or rendered.media_type.partition(";")[0] != plain:
        raise Usage(
            f"{rendered.outlet} gets {rendered.media_type} only.",
            hint="Leave out --format to see that, or leave out --outlet to see the release in another format.",
            code="not_that_format",
        )


# -- into a file -----------------------------------------------------------------------------------------------
