"""A correction or a withdrawal as a message of its own, for recipients whose copy can't be changed. Pure.

    CORRECTION: headline     what it corrects, and when that went out; what was wrong; the whole corrected release
    KILL: headline           what is withdrawn, and when that went out; the note; do not use, remove, notify

Each is complete: it may arrive before the release that it names, or where that was lost.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from html import escape

from pressrelease.message.composing import END, contact_lines
from pressrelease.message.localization import day_words, moment_words, words_in
from pressrelease.message.message import Message
from pressrelease.message.plain_text import wrapped
from pressrelease.release.delivery import Action

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def follow_up(message: Message, *, also: Sequence[str] = ()) -> Message:
    """Return a correction or a withdrawal as any outlet can send it: its headline says what it is, its text names the
    first version. Every other message is returned unchanged.

    A withdrawal has nothing of the release but its headline: no text, no attachments, no keywords, no link. `also` are
    paragraphs that follow what it says by itself.
    """
    if message.action not in {Action.CORRECT, Action.WITHDRAW}:
        return message
    paragraphs = (*lead_in(message), *also)
    return _correction(message, paragraphs) if message.action is Action.CORRECT else _withdrawal(message, paragraphs)


def public_follow_up(message: Message) -> Message:
    """Return what `follow_up` does, for an outlet whose readers are unknown: a withdrawal there doesn't repeat the
    headline, which may be what was wrong. It names the release by its date, and has no link.
    """
    made = follow_up(message)
    if message.action is not Action.WITHDRAW:
        return made
    heading = words_in(message.office.language).withdrawal
    release = made.release._replace(headline=f"{heading}: {dated_name(message)}", body="")
    return replace(made, release=release, html="", text="")


def dated_name(message: Message) -> str:
    """Return what names a release without its headline: "Press release of Monday, Sept. 24, 2018, 9 a.m. PDT"."""
    office, words = message.office, words_in(message.office.language)
    when = moment_words(message.original.lift, office.timezone, office.language)
    return words.kind_of.format(kind=words.kind(message.release.kind), when=when)


def lead_in(message: Message) -> tuple[str, ...]:
    """Return what a correction or a withdrawal says before, or in place of, the release: plain text, by paragraphs."""
    words, first = words_in(message.office.language), message.original
    when = moment_words(first.lift, message.office.timezone, message.office.language)
    if message.action is Action.CORRECT:
        named = words.corrects.format(headline=first.headline, when=when)
        return tuple(part for part in (named, correction_note(message), words.use_corrected) if part)
    named = words.withdraws.format(day=_noted(message), headline=first.headline, when=when)
    if message.release.headline != first.headline:
        named += " " + words.corrected_headline.format(headline=message.release.headline)
    elif message.n > 1:
        named += " " + words.corrected_too
    return tuple(part for part in (named, message.note, words.do_not_use) if part)


def correction_note(message: Message) -> str:
    """Return the dated public note of a corrected version, "Correction, Tuesday, Sept. 25, 2018: …"; "" without one."""
    if message.n < 2 or not message.note:
        return ""
    return words_in(message.office.language).corrected_on.format(day=_noted(message), note=message.note)


def withdrawal_note(message: Message) -> tuple[str, ...]:
    """Return the day of a withdrawal and its public note, by paragraphs."""
    dated = words_in(message.office.language).withdrawn_on.format(day=_noted(message))
    return (dated, *([message.note] if message.note else []))


def public_notice(message: Message) -> tuple[str, ...]:
    """Return all that a public place says of a withdrawn release, by paragraphs: its date, and what `withdrawal_note`
    says. Its headline may be what was wrong.
    """
    return (dated_name(message), *withdrawal_note(message))


def headline_of(message: Message) -> str:
    """Return the headline with what the message is before it: "CORRECTION: …", "KILL: …", or as it is."""
    words = words_in(message.office.language)
    prefix = {Action.CORRECT: words.correction, Action.WITHDRAW: words.withdrawal}.get(message.action)
    return f"{prefix}: {message.release.headline}" if prefix else message.release.headline


def _correction(message: Message, paragraphs: Sequence[str]) -> Message:
    heading = words_in(message.office.language).correction
    release = message.release._replace(
        headline=headline_of(message), body=f"{_markdown(paragraphs)}\n\n{message.release.body}"
    )
    return replace(
        message,
        release=release,
        html=f"{_html(paragraphs)}\n<hr>\n{message.html}",
        text="\n\n".join([heading, *map(wrapped, paragraphs), message.text]),
        summary=message.note or message.summary,
        embargo_line=heading,
    )


def _withdrawal(message: Message, paragraphs: Sequence[str]) -> Message:
    words = words_in(message.office.language)
    release = message.release._replace(
        headline=headline_of(message),
        body=_markdown(paragraphs),
        subhead="",
        dateline="",
        keywords=(),
        attachments=(),
        editor_note="",
        follows="",
    )
    contact = contact_lines(message.contact, words)
    parts = [words.withdrawal, *map(wrapped, paragraphs), contact, message.office.name, END]
    return replace(
        message,
        release=release,
        html=_html(paragraphs),
        text="\n\n".join(part for part in parts if part) + "\n",
        lift=message.dated,
        enclosures=(),
        summary=" ".join((*withdrawal_note(message), words.do_not_use)),
        url="",
        follows_mark="",
        embargo_line=words.withdrawal,
    )


def _noted(message: Message) -> str:
    return day_words(message.noted_at or message.lift, message.office.timezone, message.office.language)


def _html(paragraphs: Sequence[str]) -> str:
    return "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)


def _markdown(paragraphs: Sequence[str]) -> str:
    """Return paragraphs as Markdown in which every character is only itself."""
    return "\n\n".join(_PUNCTUATION.sub(r"\\\1", " ".join(paragraph.split())) for paragraph in paragraphs)
