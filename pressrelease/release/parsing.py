"""Parse a file in releases/ into a Release, or refuse it with a line number."""

from __future__ import annotations

import hashlib
import re
from datetime import date

from pressrelease.errors import ReleaseRefused
from pressrelease.release.frontmatter import Fields, Items, Node, Text, read_front_matter, shown
from pressrelease.release.model import LARGEST_RELEASE, Attachment, Contact, Release, ReleaseKind
from pressrelease.release.paths import attachment_path
from pressrelease.release.slug import valid_slug
from pressrelease.release.text import decode, settled

LARGEST_FRONT_MATTER = 64 * 1024
LONGEST_LINE = 1000
LONGEST_NOTE = 10_000
MOST_ITEMS = 100

#: The most opening brackets in a body: each may start a link, and the search for its end takes quadratic time.
MOST_BRACKETS = 5_000

KEYS = (
    "headline",
    "subhead",
    "date",
    "embargo",
    "dateline",
    "kind",
    "follows",
    "outlets",
    "author",
    "contact",
    "keywords",
    "attachments",
    "editor_note",
    "accept",
    "clearances",
    "not_before",
    "no_later_than",
    "alternates",
    "case",
)
CONTACT_KEYS = ("name", "phone", "email")
ATTACHMENT_KEYS = ("path", "title", "alt")

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

_FENCE = re.compile(r"---[ \t]*")
_SHAPE = "A release begins with a line `---`, then `headline:` and `embargo:`, then a line `---`, then its text."


def parse(data: bytes, slug: str) -> Release:
    """Parse one file of releases/; `slug` is the file's name without `.md`. Pure.

    Every value is text as typed: `9:00` is "9:00". Raises ReleaseRefused with the line, from 1.
    """
    if not valid_slug(slug):
        raise ReleaseRefused(
            "The file's name can't be the name of a release.",
            hint="Use small letters a to z, digits and dashes, up to 80 characters: `names-released.md`.",
            code="bad_slug",
        )
    if len(data) > LARGEST_RELEASE:
        raise ReleaseRefused(
            "The file is larger than 1 MiB.",
            hint="Put images and sheets in separate files beside it, and list them in `attachments`.",
            code="too_large",
        )
    front, body, body_line = _split(decode(data))
    if body.count("[") > MOST_BRACKETS:
        raise ReleaseRefused(
            f"The text has more than {MOST_BRACKETS:,} opening brackets.",
            line=body_line,
            hint="Put a long list of links in an attachment.",
            code="too_many_brackets",
        )
    fields = read_front_matter(front)
    _refuse_unknown(fields, KEYS)
    return Release(
        slug=slug,
        headline=_required(fields, "headline", "headline: Names released in county-wide operation"),
        embargo=_line(fields, "embargo"),
        body=body,
        subhead=_line(fields, "subhead"),
        date=_date(fields),
        dateline=_line(fields, "dateline"),
        kind=_kind(fields),
        follows=_follows(fields),
        outlets=_outlets(fields),
        author=_line(fields, "author"),
        contact=_contact(fields),
        keywords=_names(fields, "keywords"),
        attachments=_attachments(fields),
        editor_note=_line(fields, "editor_note", longest=LONGEST_NOTE, line_breaks=True),
        accept=_accept(fields),
        clearances=_names(fields, "clearances"),
        not_before=_line(fields, "not_before"),
        no_later_than=_line(fields, "no_later_than"),
        alternates=_alternates(fields),
        case=_line(fields, "case"),
        lines=_lines(fields),
        body_line=body_line,
        source_hash=hashlib.sha256(data).hexdigest(),
    )


def _split(text: str) -> tuple[str, str, int]:
    """Return front matter, body without blank lines around it, and the body's first line in the file."""
    lines = text.split("\n")
    if not _FENCE.fullmatch(lines[0]):
        raise ReleaseRefused("The front matter is missing.", line=1, hint=_SHAPE, code="front_matter_missing")
    end = next((number for number, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), None)
    if end is None:
        raise ReleaseRefused(
            "The front matter that begins here has no end.",
            line=1,
            hint=f"Put a line `---` before the text of the release. {_SHAPE}",
            code="front_matter_missing",
        )
    front = "\n".join(lines[1:end])
    if len(front) > LARGEST_FRONT_MATTER:
        raise ReleaseRefused(
            "The front matter is longer than 64 KiB.",
            line=1,
            hint="Put the text of the release below the second `---`.",
            code="too_large",
        )
    first = end + 1
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first == len(lines):
        return front, "", end + 1
    return front, "\n".join(lines[first:]).rstrip(), first + 1


def _refuse_unknown(fields: Fields, known: tuple[str, ...], within: str = "") -> None:
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


def _line(fields: Fields, key: str, *, name: str = "", longest: int = LONGEST_LINE, line_breaks: bool = False) -> str:
    text = _text(fields, key, name)
    if text is None:
        return ""
    line = fields.lines[key]
    return settled(text.value, key=name or key, line=line, longest=longest, line_breaks=line_breaks)


def _required(fields: Fields, key: str, example: str) -> str:
    value = _line(fields, key)
    if not value:
        raise ReleaseRefused(
            f"The {key} is missing.",
            line=fields.lines.get(key, 1),
            hint=f"Write it like `{example}`.",
            code=f"{key}_missing",
        )
    return value


def _date(fields: Fields) -> date | None:
    value = _line(fields, "date")
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


def _kind(fields: Fields) -> ReleaseKind:
    value = _line(fields, "kind")
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


def _follows(fields: Fields) -> str:
    value = _line(fields, "follows")
    if value and not valid_slug(value):
        raise ReleaseRefused(
            "follows does not name a release.",
            line=fields.lines["follows"],
            hint="Write the other file's name without .md, like `follows: county-wide-operation`.",
            code="bad_slug",
        )
    return value


def _alternates(fields: Fields) -> str:
    value = _line(fields, "alternates")
    if value and not valid_slug(value):
        raise ReleaseRefused(
            "alternates does not name a group.",
            line=fields.lines["alternates"],
            hint="Use small letters a to z, digits and dashes, the same in each of them: `alternates: smith-verdict`.",
            code="bad_slug",
        )
    return value


def _outlets(fields: Fields) -> tuple[str, ...] | None:
    if "outlets" not in fields.values:
        return None
    names = _names(fields, "outlets")
    if not names:
        raise ReleaseRefused(
            "outlets is empty.",
            line=fields.lines["outlets"],
            hint="Name one, like `outlets: [newsroom]`, or delete the line for the office's usual ones.",
            code="no_outlet",
        )
    return names


def _names(fields: Fields, key: str) -> tuple[str, ...]:
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


def _contact(fields: Fields) -> Contact | None:
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
    _refuse_unknown(node, CONTACT_KEYS, " in contact")
    name, phone, email = (_line(node, key, name=f"contact {key}") for key in CONTACT_KEYS)
    return Contact(name, phone, email)


def _accept(fields: Fields) -> tuple[tuple[str, str], ...]:
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
        reason = _line(node, code, name=f"accept {code}")
        if not reason:
            raise ReleaseRefused(
                f"accept has no reason for {code}.",
                line=line,
                hint=f"Say why it may stay, such as `{code}: he was sentenced`.",
                code="reason_missing",
            )
        found.append((code, reason))
    return tuple(found)


def _attachments(fields: Fields) -> tuple[Attachment, ...]:
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
    _refuse_unknown(item, ATTACHMENT_KEYS, " in an attachment")
    path, title, alt = (_line(item, key, name=f"attachment {key}") for key in ATTACHMENT_KEYS)
    return Attachment(attachment_path(path, line=item.lines.get("path", item.line)), title, alt)


def _lines(fields: Fields) -> tuple[tuple[str, int], ...]:
    lines = dict(fields.lines)
    contact = fields.values.get("contact")
    if isinstance(contact, Fields):
        lines |= {f"contact.{key}": line for key, line in contact.lines.items()}
    accept = fields.values.get("accept")
    if isinstance(accept, Fields):
        lines |= {f"accept.{code}": line for code, line in accept.lines.items()}
    attachments = fields.values.get("attachments")
    if isinstance(attachments, Items):
        lines |= {f"attachments.{number}": item.line for number, item in enumerate(attachments.items)}
    elif isinstance(attachments, Text) and attachments.value.strip():
        lines["attachments.0"] = attachments.line
    return tuple(lines.items())
