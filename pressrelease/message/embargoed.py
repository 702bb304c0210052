"""A release that is read before its lift: a proof, or an advance copy. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from html import escape

from pressrelease.message.localization import moment_words, words_in
from pressrelease.message.message import Message
from pressrelease.message.plain_text import wrapped
from pressrelease.release.delivery import Action


def embargo_words(message: Message, until: datetime) -> str:
    """Return "EMBARGOED UNTIL …" with a moment in the office's time, in the release's language."""
    office = message.office
    when = moment_words(until, office.timezone, office.language)
    return words_in(office.language).embargoed_until.format(when=when)


def with_top_line(message: Message, line: str) -> Message:
    """Return a message with `line` in place of "FOR IMMEDIATE RELEASE"."""
    free = words_in(message.office.language).release_line(message.release.kind)
    return replace(message, embargo_line=line, text=message.text.replace(free, line, 1))


def under_embargo(message: Message) -> Message:
    """Return an advance copy, or what follows one ahead of the lift, as it is sent; what is out is returned unchanged.

    The embargo is in the headline and on top of the text, with what a reader must not do before then, and that giving
    the copy is a disclosure. It has no link to the page, which isn't there yet.
    """
    if message.closed_until is None or message.action is Action.WITHDRAW:
        return message
    words, line = words_in(message.office.language), embargo_words(message, message.closed_until)
    said = (words.advance_note, words.advance_disclosure)
    marked = with_top_line(message, line)
    text = marked.text
    if message.url:
        text = text.replace(f"\n\n{words.online}: {message.url}\n", "\n", 1)
        for enclosure in message.enclosures:
            text = text.replace(f"{message.url}{enclosure.name}", enclosure.name)
    return replace(
        marked,
        release=message.release._replace(headline=f"{line}: {message.release.headline}"),
        html="".join(f"<p>{escape(part)}</p>\n" for part in said) + f"<hr>\n{message.html}",
        text="\n\n".join([line, *map(wrapped, said), text]),
        url="",
    )
