"""Read the value of each key of a release's front matter, or refuse it with its line."""

from __future__ import annotations

import re
from datetime import date

from pressrelease.errors import ReleaseRefused
from pressrelease.release.frontmatter import Fields, Items, Node, Text, shown
from pressrelease.release.model import Attachment, Contact, ReleaseKind
from pressrelease.release.paths import attachment_path
from pressrelease.release.slug import valid_slug
from pressrelease.release.text import settled

LONGEST_LINE = 1000
MOST_ITEMS = 100

CONTACT_KEYS = ("name", "phone", "email")
ATTACHMENT_KEYS = ("path", "title", "alt", "remove_at")

#: Keys that people may write instead of ours.
_MEANT = {
    "title": "headline",
    "heading": "headline",
    "subtitle": "subhead",
    "subheading": "subhead",
    "summary": "subhead",
    "publish": "embargo",
    "release": "embargo",
    "embargoed": "embargo",
    "when": "embargo",
    "location": "dateline",
    "type": "kind",
    "outlet": "outlets",
    "channels": "outlets",
    "tags": "keywords",
    "images": "attachments",
    "files": "attachments",
    "note": "editor_note",
    "clear": "clearances",
    "cleared": "clearances",
    "file": "path",
    "caption": "title",
    "mail": "email",
    "tel": "phone",
}


def refuse_unknown(fields: Fields, known: tuple[str, ...], within: str = "") -> None:
    """Raise ReleaseRefused for a key that is not `known`, with the one that was probably meant."""
    for key, line in fields.lines.items():
        if key in known:
            continue
        import difflib

        plain = key.strip().lower()
        words = {word: name for word, name in _MEANT.items() if name in known} | {name: name for name in known}
        near = [words[word] for word in difflib.get_close_matches(plain, words, n=1)]
        raise ReleaseRefused(
            f"There is no key {shown(key)}{within}." + (f" Did you mean `{near[0]}`?" if near else ""),
            line=line,
            hint=f"The keys{within} are {', '.join(known)}. The text itself goes below the second `---`.",
            code="unknown_key",
            candidates=near,
        )


def _text(fields: Fields, key: str, name: str = "") -> Text | None:
    """Return a key's scalar; None if the key is left out or has no value."""
    node = fields.values.get(key)
    if node is None or (isinstance(node, Text) and not node.value.strip()):
        return None
    if not isinstance(node, Text):
        name = name or key
        raise ReleaseRefused(
            f"{name} should be text, not a list or a mapping.",
            line=fields.lines[key],
            hint=f'Put it in double quotes if it begins with a bracket: `{key}: "[…] …"`.',
            code="wrong_shape",
        )
    return node


def read_line(
    fields: Fields, key: str, *, name: str = "", longest: int = LONGEST_LINE, line_breaks: bool = False
) -> str:
    """Return a key's value on one line, "" if it has none; with `line_breaks` it may have several."""
    text = _text(fields, key, name)
    if text is None:
        return ""
    line = fields.lines[key]
    return settled(text.value, key=name or key, line=line, longest=longest, line_breaks=line_breaks)


def read_required(fields: Fields, key: str, example: str) -> str:
    """Return a key's value. Raises ReleaseRefused, with the `example`, if it has none."""
    value = read_line(fields, key)
    if not value:
        raise ReleaseRefused(
            f"The {key} is missing.",
            line=fields.lines.get(key, 1),
            hint=f"Write it like `{example}`.",
            code=f"{key}_missing",
        )
    return value


def read_date(fields: Fields) -> date | None:
    """Return the day on which it was written; None if the file leaves it out."""
    value = read_line(fields, "date")
    if not value:
        return None
    if re.fullmatch(r"(?:19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ReleaseRefused(
        "date is not a calendar day written as YYYY-MM-DD.",
        line=fields.lines["date"],
        hint="Write year, month and day, like `date: 2018-09-19`.",
        code="bad_date",
    )


def read_kind(fields: Fields) -> ReleaseKind:
    """Return the kind of release."""
    value = read_line(fields, "kind")
    if not value:
        return ReleaseKind.RELEASE
    try:
        return ReleaseKind(value)
    except ValueError:
        import difflib

        known = [kind.value for kind in ReleaseKind]
        near = difflib.get_close_matches(value.lower(), known, n=1)
        raise ReleaseRefused(
            "kind has an unknown value." + (f" Did you mean `{near[0]}`?" if near else ""),
            line=fields.lines["kind"],
            hint=f"kind is one of {', '.join(known)}.",
            code="unknown_kind",
            candidates=near or known,
        ) from None


def read_follows(fields: Fields) -> str:
    """Return the slug of the release that it follows, "" for none."""
    value = read_line(fields, "follows")
    if value and not valid_slug(value):
        raise ReleaseRefused(
            "follows does not name a release.",
            line=fields.lines["follows"],
            hint="Write the other file's name without .md, like `follows: county-wide-operation`.",
            code="bad_slug",
        )
    return value


def read_alternates(fields: Fields) -> str:
    """Return the group in which only one release goes out, "" for none."""
    value = read_line(fields, "alternates")
    if value and not valid_slug(value):
        raise ReleaseRefused(
            "alternates does not name a group.",
            line=fields.lines["alternates"],
            hint="Use small letters a to z, digits and dashes, the same in each of them: `alternates: smith-verdict`.",
            code="bad_slug",
        )
    return value


def read_outlets(fields: Fields) -> tuple[str, ...] | None:
    """Return the outlets that are named; None if that is left to [defaults]."""
    if "outlets" not in fields.values:
        return None
    names = read_names(fields, "outlets")
    if not names:
        raise ReleaseRefused(
            "outlets is empty.",
            line=fields.lines["outlets"],
            hint="Name one, like `outlets: [newsroom]`, or delete the line for the office's usual ones.",
            code="no_outlet",
        )
    return names


def read_names(fields: Fields, key: str) -> tuple[str, ...]:
    """Return a list of short texts, each once; text that is not a list is split at its commas."""
    node = fields.values.get(key)
    line = fields.lines.get(key, 0)
    if node is None:
        return ()
    if isinstance(node, Text):
        found = [Text(part, line) for part in node.value.split(",")]
    else:
        found = [_item(item, key) for item in _items(node, key, line)]
    values = (settled(item.value, key=key, line=item.line, longest=LONGEST_LINE) for item in found)
    return tuple(dict.fromkeys(value for value in values if value))


def _items(node: Node, key: str, line: int) -> list[Node]:
    if not isinstance(node, Items):
        raise ReleaseRefused(
            f"{key} should be a list.", line=line, hint=f"Write it like `{key}: [one, two]`.", code="wrong_shape"
        )
    if len(node.items) > MOST_ITEMS:
        raise ReleaseRefused(
            f"{key} has more than {MOST_ITEMS} entries.", line=line, hint="Shorten the list.", code="too_long"
        )
    return node.items


def _item(node: Node, key: str) -> Text:
    if not isinstance(node, Text):
        raise ReleaseRefused(
            f"An entry of {key} should be text.",
            line=node.line,
            hint="Put it in double quotes if it contains a bracket or a colon.",
            code="wrong_shape",
        )
    return node


def read_contact(fields: Fields) -> Contact | None:
    """Return the media contact; None if the file has none."""
    node = fields.values.get("contact")
    if node is None or (isinstance(node, Text) and not node.value.strip()):
        return None
    if not isinstance(node, Fields):
        raise ReleaseRefused(
            "contact should have a name, a phone and an email.",
            line=fields.lines["contact"],
            hint="Write `contact: {name: Press Office, phone: 530-555-0100, email: press@example.org}`.",
            code="wrong_shape",
        )
    refuse_unknown(node, CONTACT_KEYS, " in contact")
    name, phone, email = (read_line(node, key, name=f"contact {key}") for key in CONTACT_KEYS)
    return Contact(name, phone, email)


def read_accepted(fields: Fields) -> tuple[tuple[str, str], ...]:
    """Return the codes of accepted findings, each with its reason, in the order of the file."""
    node = fields.values.get("accept")
    if node is None or (isinstance(node, Text) and not node.value.strip()):
        return ()
    if not isinstance(node, Fields):
        raise ReleaseRefused(
            "accept should have the code of each accepted finding, with the reason.",
            line=fields.lines["accept"],
            hint="Write `accept: {presumption_missing: he was sentenced}`.",
            code="wrong_shape",
        )
    if len(node.values) > MOST_ITEMS:
        raise ReleaseRefused(
            f"accept has more than {MOST_ITEMS} entries.", line=node.line, hint="Keep the ones needed.", code="too_long"
        )
    found = []
    for code, line in node.lines.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", code):
            raise ReleaseRefused(
                f"accept has {shown(code)}, which can't be the code of a finding.",
                line=line,
                hint="`pressrelease check --json` shows the codes, such as presumption_missing.",
                code="bad_code",
            )
        reason = read_line(node, code, name=f"accept {code}")
        if not reason:
            raise ReleaseRefused(
                f"accept has no reason for {code}.",
                line=line,
                hint=f"Say why it may stay, such as `{code}: he was sentenced`.",
                code="reason_missing",
            )
        found.append((code, reason))
    return tuple(found)


def read_attachments(fields: Fields) -> tuple[Attachment, ...]:
    """Return the attachments, each file once."""
    node = fields.values.get("attachments")
    if node is None or (isinstance(node, Text) and not node.value.strip()):
        return ()
    if isinstance(node, Text):
        node = Items([node], node.line)
    found: dict[str, Attachment] = {}
    for item in _items(node, "attachments", fields.lines["attachments"]):
        attachment = _attachment(item)
        # On Windows and macOS, two names that differ only in case are the same file.
        if attachment.path.casefold() in found:
            raise ReleaseRefused(
                "The same attachment is listed twice.",
                line=item.line,
                hint="Keep one of them.",
                code="duplicate_attachment",
            )
        found[attachment.path.casefold()] = attachment
    return tuple(found.values())


def _attachment(item: Node) -> Attachment:
    if isinstance(item, Text):
        item = Fields(item.line, {"path": item}, {"path": item.line})
    if not isinstance(item, Fields):
        raise ReleaseRefused(
            "An attachment should have a path.",
            line=item.line,
            hint="Write `attachments: [{path: photo.jpg, alt: What it shows}]`.",
            code="wrong_shape",
        )
    refuse_unknown(item, ATTACHMENT_KEYS, " in an attachment")
    path, *words = (read_line(item, key, name=f"attachment {key}") for key in ATTACHMENT_KEYS)
    return Attachment(attachment_path(path, line=item.lines.get("path", item.line)), *words)
