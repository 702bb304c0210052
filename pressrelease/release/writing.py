"""Write a new release's file, as a person would write it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date as Date  # noqa: N812  (a parameter is named after the key it fills)

from pressrelease.release.model import Attachment, Contact, ReleaseKind

#: The text of a new draft; `check` refuses to schedule it.
PLACEHOLDER = "[[Write the release here. It can't be scheduled until these brackets are gone.]]"

#: Text that needs no quotes in YAML: a letter or digit first, no `: `, no ` #`; and inside [ ] none of its signs.
_PLAIN = re.compile(r"[^\W_](?:[^:#]|:(?=\S)|(?<=\S)#)*")
_PLAIN_IN_LIST = re.compile(r"[^\W_][^:#\[\]{},]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def front_matter_text(
    *,
    headline: str,
    embargo: str,
    date: Date | None = None,
    subhead: str = "",
    dateline: str = "",
    kind: ReleaseKind = ReleaseKind.RELEASE,
    follows: str = "",
    outlets: Sequence[str] | None = None,
    author: str = "",
    contact: Contact | None = None,
    keywords: Sequence[str] = (),
    attachments: Sequence[Attachment] = (),
    editor_note: str = "",
    accept: Sequence[tuple[str, str]] = (),
    clearances: Sequence[str] = (),
    not_before: str = "",
    no_later_than: str = "",
    alternates: str = "",
    case: str = "",
    remove_at: str = "",
    body: str = PLACEHOLDER,
) -> str:
    """Return a whole release file: front matter with only the keys that have a value, then `body` unchanged.

    `parse` reads back the same values. A value that `parse` refuses is written so that it is still refused.
    """
    lines = [f"headline: {_scalar(headline)}"]
    lines += _given("subhead", subhead)
    if date is not None:
        lines.append(f"date: {date.isoformat()}")
    lines.append(f"embargo: {_scalar(embargo)}" if embargo else "embargo:")
    lines += _given("dateline", dateline)
    if kind is not ReleaseKind.RELEASE:
        lines.append(f"kind: {kind.value}")
    lines += _given("follows", follows)
    if outlets:
        lines.append(f"outlets: {_flow(outlets)}")
    lines += _given("author", author)
    lines += _contact(contact)
    if keywords:
        lines.append(f"keywords: {_flow(keywords)}")
    lines += _attachments(attachments)
    lines += _note(editor_note)
    if accept:
        lines += ["accept:", *(f"  {code}: {_scalar(reason)}" for code, reason in accept)]
    if clearances:
        lines.append(f"clearances: {_flow(clearances)}")
    lines += _given("not_before", not_before) + _given("no_later_than", no_later_than)
    lines += _given("alternates", alternates) + _given("case", case)
    lines += _given("remove_at", remove_at)
    return "\n".join(["---", *lines, "---", "", body, ""])


def with_embargo(text: str, line: int, embargo: str) -> str:
    """Return a release file's text with another embargo on `line` (from 1), where its one-line `embargo:` is."""
    return with_value(text, line, "embargo", embargo)


def with_value(text: str, line: int, key: str, value: str) -> str:
    """Return a release file's text with another value on `line` (from 1), where the one-line `key` is.

    A line that does not look like that is not changed, so the caller must parse the result and compare.
    """
    lines = text.split("\n")
    if not 0 < line <= len(lines):
        return text
    ending = "\r" if lines[line - 1].endswith("\r") else ""
    lines[line - 1] = re.sub(
        rf"^(\s*{key}\s*:).*$", lambda found: f"{found[1]} {_scalar(value)}{ending}", lines[line - 1]
    )
    return "\n".join(lines)


def _given(key: str, value: str) -> list[str]:
    return [f"{key}: {_scalar(value)}"] if value else []


def _flow(values: Sequence[str]) -> str:
    return f"[{', '.join(_scalar(value, _PLAIN_IN_LIST) for value in values)}]"


def _contact(contact: Contact | None) -> list[str]:
    if contact is None or contact == Contact():
        return []
    parts = (("name", contact.name), ("phone", contact.phone), ("email", contact.email))
    return ["contact:", *(f"  {key}: {_scalar(value)}" for key, value in parts if value)]


def _attachments(attachments: Sequence[Attachment]) -> list[str]:
    lines = ["attachments:"] if attachments else []
    for attachment in attachments:
        lines.append(f"  - path: {_scalar(attachment.path)}")
        lines += [f"    {key}: {_scalar(value)}" for key, value in _words_of(attachment) if value]
    return lines


def _words_of(attachment: Attachment) -> tuple[tuple[str, str], ...]:
    return ("title", attachment.title), ("alt", attachment.alt), ("remove_at", attachment.remove_at)


def _note(note: str) -> list[str]:
    note = note.strip(" \t\n")
    if "\n" not in note or not all(character == "\n" or character.isprintable() for character in note):
        return _given("editor_note", note)
    return ["editor_note: |-", *(f"  {line}" if line else "" for line in note.split("\n"))]


def _scalar(value: str, plain: re.Pattern[str] = _PLAIN) -> str:
    """Return a value on one line, quoted only if YAML would misread it."""
    if plain.fullmatch(value) and not value.endswith(" ") and value.isprintable():
        return value
    return '"' + "".join(_quoted(character) for character in value) + '"'


def _quoted(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
