"""A release as a newsItem of NewsML-G2 2.35 (conformance "power"). The order of the elements is the schema's."""

from __future__ import annotations

from pressrelease.formats.news_item import UNWRAPPED, Edition, PubStatus, editors_note, identity, local, still_shown
from pressrelease.formats.xml_words import attribute, line, text
from pressrelease.message import Message, plain_body

MEDIA_TYPE = "application/vnd.iptc.g2.newsitem+xml"
NAMESPACE = "http://iptc.org/std/nar/2006-10-01/"
CATALOG = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_41.xml"


def newsml(message: Message, edition: Edition) -> bytes:
    """Return the document, UTF-8, without what the release leaves out."""
    message = still_shown(message, edition)
    release, office = message.release, message.office
    body = plain_body(message, UNWRAPPED)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<newsItem xmlns="{NAMESPACE}" guid={attribute(identity(message))} version="{edition.number}"'
        f' standard="NewsML-G2" standardversion="2.35" conformance="power" xml:lang={attribute(office.language)}>',
        f'<catalogRef href="{CATALOG}"/>',
        "<itemMeta>",
        '<itemClass qcode="ninat:text"/>',
        f"<provider><name>{line(office.name)}</name></provider>",
        f"<versionCreated>{local(edition.created, message)}</versionCreated>",
        *_embargo(message, edition),
        f'<pubStatus qcode="stat:{edition.status.value}"/>',
        f"<title>{line(release.headline)}</title>",
        *([f"<edNote>{text(note)}</edNote>"] if (note := editors_note(message, edition)) else []),
        *(['<signal qcode="sig:correction"/>'] if edition.is_correction else []),
        "</itemMeta>",
        "<contentMeta>",
        *([f"<located><name>{line(release.dateline)}</name></located>"] if line(release.dateline) else []),
        f"<creator><name>{line(office.name)}</name></creator>",
        f"<language tag={attribute(office.language)}/>",
        *(f"<keyword>{line(keyword)}</keyword>" for keyword in release.keywords if line(keyword)),
        f"<slugline>{line(message.slug)}</slugline>",
        f"<headline>{line(release.headline)}</headline>",
        *([f'<headline role="hld:subHeadline">{line(release.subhead)}</headline>'] if release.subhead else []),
        *_given("dateline", release.dateline),
        f"<by>{line(office.name)}</by>",
        *_given("description", message.summary),
        "</contentMeta>",
        *([] if edition.status is PubStatus.CANCELED else _content(body)),
        "</newsItem>",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "replace")


def _embargo(message: Message, edition: Edition) -> list[str]:
    if edition.embargoed_until is None or edition.status is PubStatus.CANCELED:
        return []
    return [f"<embargoed>{local(edition.embargoed_until, message)}</embargoed>"]


def _content(body: str) -> list[str]:
    inline = f'<inlineData contenttype="text/plain" wordcount="{len(body.split())}">{text(body)}</inlineData>'
    return ["<contentSet>", inline, "</contentSet>"]


def _given(name: str, value: str) -> list[str]:
    return [f"<{name}>{line(value)}</{name}>"] if line(value) else []
