"""A release as ninjs 3.2, IPTC's news in JSON; every document is valid under 3.1 too.

The schema allows no keys of our own, so everything for editors, such as the embargo, is in `edNote`.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from pressrelease.formats.news_item import UNWRAPPED, Edition, PubStatus, editors_note, identity, local, still_shown
from pressrelease.message import Message, html_with_addresses, plain_body

MEDIA_TYPE = "application/json"
STANDARD = {"name": "ninjs", "version": "3.2", "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.2.json"}


def ninjs(message: Message, edition: Edition) -> bytes:
    """Return the document, UTF-8, without what the release leaves out."""
    message = still_shown(message, edition)
    release, office = message.release, message.office
    body = plain_body(message, UNWRAPPED)
    html = html_with_addresses(message.html, lambda name: message.url + quote(name)) if message.url else message.html
    document: dict[str, Any] = {
        "uri": identity(message),
        "standard": STANDARD,
        "type": "text",
        "representationType": "full",
        "version": str(edition.number),
        "versionCreated": local(edition.created, message),
        "pubStatus": edition.status.value,
        "embargoedUntil": _embargo(message, edition),
        "edNote": editors_note(message, edition),
        "language": office.language,
        "by": office.name,
        "infoSources": [_source(message)],
        "slugline": message.slug,
        "located": release.dateline,
        "subjects": [{"name": keyword} for keyword in release.keywords],
        "headlines": [
            {"role": role, "contentType": "text/plain", "value": value}
            for role, value in (("main", release.headline), ("subhead", release.subhead))
            if value
        ],
        "descriptions": [{"role": "summary", "contentType": "text/plain", "value": message.summary}]
        if message.summary
        else [],
        "bodies": []
        if edition.status is PubStatus.CANCELED
        else [
            {
                "role": "main",
                "contentType": "text/plain",
                "charCount": len(body),
                "wordCount": len(body.split()),
                "value": body,
            },
            {
                "role": "main",
                "contentType": "text/html",
                "charCount": len(html),
                "wordCount": len(body.split()),
                "value": html,
            },
        ],
    }
    given = {key: value for key, value in document.items() if value not in ("", [], None)}
    return (json.dumps(given, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace")


def _embargo(message: Message, edition: Edition) -> str | None:
    if edition.embargoed_until is None or edition.status is PubStatus.CANCELED:
        return None
    return local(edition.embargoed_until, message)


def _source(message: Message) -> dict[str, Any]:
    contact = message.contact
    ways = [
        {"type": kind, "name": contact.name, "value": value} if contact.name else {"type": kind, "value": value}
        for kind, value in (("phone", contact.phone), ("email", contact.email))
        if value
    ]
    return {"name": message.office.name, **({"contactInfo": ways} if ways else {})}
