"""A release as a WordPress post: its fields, and the mark by which it is found again. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape

from pressrelease.message import Enclosure, Message, html_with_addresses
from pressrelease.message.localization import words_in
from pressrelease.release.delivery import delivery_key

#: How a post says whose it is: which release at which outlet, whatever its version; which delivery; which version.
_MARK = re.compile(r"<!-- pressrelease ([0-9a-f]{32}) ([0-9a-f]{32})(?: ([0-9]{1,9}|withdrawn))? -->")
#: How a post says which attachments of the media library it has, or an earlier version of it had.
_MEDIA = re.compile(r"<!-- pressrelease media ([0-9 ]{1,2000}) -->")
#: The version of a post that is the notice of a withdrawal: no version comes after it.
WITHDRAWN = 1_000_000_000
#: An address alone on its line, or in its paragraph, makes WordPress fetch and show what is there.
_ALONE = re.compile(r"(?im)(^\s*|<p>\s*)(https?):(?=//)")
_PREFORMATTED = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_LAST_TAG = re.compile(r"(</[a-z0-9]+>)\s*\Z")


@dataclass(frozen=True)
class PostMark:
    """Whose a post is. `series` stays the same through a release's versions; `key` is one delivery's.

    `n` is the version's number, `WITHDRAWN` for the notice of a withdrawal.
    """

    series: str
    key: str
    n: int = 1

    @property
    def comment(self) -> str:
        """The mark as in a post's text. Of a first version it has no number, as before there were any."""
        version = {1: "", WITHDRAWN: " withdrawn"}.get(self.n, f" {self.n}")
        return f"<!-- pressrelease {self.series} {self.key}{version} -->"


@dataclass(frozen=True)
class PostDraft:
    """A prepared post. `content` still has enclosures under their bare names: WordPress assigns their addresses."""

    slug: str
    mark: PostMark
    title: str
    excerpt: str
    content: str
    enclosures: tuple[Enclosure, ...]

    def fields(self, addresses: Mapping[str, str], media: Iterable[int] = ()) -> dict[str, object]:
        """Return what is posted, once every enclosure has an address; `media` are numbers in the media library."""
        content = html_with_addresses(self.content, lambda name: addresses.get(name, name))
        return {
            "title": self.title,
            "slug": self.slug,
            "excerpt": self.excerpt,
            "content": with_media(content, media),
            "status": "publish",
        }


@dataclass(frozen=True)
class Withdrawal:
    """The notice in place of a withdrawn post, and the attachments of the last version, which are removed."""

    slug: str
    mark: PostMark
    title: str
    content: str
    enclosures: tuple[Enclosure, ...]

    def fields(self, media: Iterable[int]) -> dict[str, object]:
        """Return what a post is changed to. Its address and its state stay."""
        return {"title": self.title, "excerpt": "", "content": with_media(self.content, media)}


def draft_of(message: Message, *, outlet: str, key: str) -> PostDraft:
    """Return the post for one delivery."""
    mark = PostMark(series_of(message.slug, outlet), key, message.n)
    return PostDraft(
        slug=slug_at_wordpress(message.slug),
        mark=mark,
        title=_inert(escape(message.release.headline, quote=False)),
        excerpt=_inert(escape(message.summary, quote=False)),
        content=_marked(_inert(_on_one_line(_body(message))), mark),
        enclosures=message.enclosures,
    )


def withdrawal_of(message: Message, *, outlet: str, key: str) -> Withdrawal:
    """Return the notice: the dates and the public note, and nothing of the release."""
    from pressrelease.message.follow_up import public_notice

    mark = PostMark(series_of(message.slug, outlet), key, WITHDRAWN)
    said = "".join(f"<p>{escape(part)}</p>" for part in public_notice(message))
    return Withdrawal(
        slug=slug_at_wordpress(message.slug),
        mark=mark,
        title=words_in(message.office.language).page_withdrawn,
        content=_marked(_inert(_on_one_line(said)), mark),
        enclosures=message.enclosures,
    )


def series_of(slug: str, outlet: str) -> str:
    """Return a name for a release at an outlet, whatever its version, as 32 hex digits."""
    return delivery_key(slug, "", outlet, "")


def mark_in(content: str) -> PostMark | None:
    """Return whose a post's text says it is; None if this program did not write it."""
    found = _MARK.search(content)
    if found is None:
        return None
    return PostMark(found[1], found[2], WITHDRAWN if found[3] == "withdrawn" else int(found[3] or 1))


def media_in(content: str) -> tuple[int, ...]:
    """Return the numbers of the attachments that a post or an earlier version of it has in the media library."""
    found = _MEDIA.search(content)
    return tuple(int(number) for number in found[1].split()) if found else ()


def with_media(content: str, media: Iterable[int]) -> str:
    """Return a post's text with the numbers of its attachments, after its mark."""
    numbers = " ".join(str(number) for number in sorted(set(media)))
    if not numbers:
        return content
    return _MARK.sub(lambda mark: f"{mark[0]}<!-- pressrelease media {numbers} -->", content, count=1)


def slug_at_wordpress(slug: str) -> str:
    """Return the slug as WordPress keeps it: no double dash, none at an end."""
    return re.sub(r"-+", "-", slug).strip("-")


def media_slug(enclosure: Enclosure) -> str:
    """Return an attachment's slug, made from all of its content and description, so that it is found again."""
    parts = (enclosure.name, enclosure.title, enclosure.alt, hashlib.sha256(enclosure.content).hexdigest())
    named = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f"pressrelease-{named[:24]}"


def _body(message: Message) -> str:
    """Return subhead, body, what the body does not show itself, and the contact."""
    words = words_in(message.office.language)
    subhead, note = message.release.subhead, ""
    if message.n > 1:
        from pressrelease.message.follow_up import correction_note

        note = correction_note(message)
    files = [enclosure for enclosure in message.enclosures if not enclosure.is_image]
    images = [enclosure for enclosure in message.enclosures if enclosure.is_image and not enclosure.shown]
    parts = [
        f"<p><strong>{escape(note)}</strong></p>" if note else "",
        f"<p><strong>{escape(subhead)}</strong></p>" if subhead else "",
        message.html,
        *(f'<p><img src="{image.name}" alt="{escape(image.alt)}"></p>' for image in images),
    ]
    if files:
        links = (f'<li><a href="{file.name}">{escape(file.words)}</a></li>' for file in files)
        parts += [f"<p><strong>{escape(words.attachments)}</strong></p>", f"<ul>{''.join(links)}</ul>"]
    contact = message.contact
    given = [escape(part) for part in (contact.name, contact.phone, contact.email) if part]
    if given:
        parts.append(f"<p><strong>{escape(words.contact)}</strong><br>{'<br>'.join(given)}</p>")
    return "\n".join(part for part in parts if part)


def _on_one_line(html: str) -> str:
    """Return HTML without the line ends inside paragraphs, which WordPress would show as breaks."""
    kept = (part if part.startswith("<pre>") else re.sub(r"\s*\n\s*", " ", part) for part in _PREFORMATTED.split(html))
    return "".join(kept).strip()


def _inert(html: str) -> str:
    """Return HTML without anything that WordPress would run: no shortcode starts, and no lone address is fetched."""
    return _ALONE.sub(r"\1\2&#58;", html.replace("[", "&#91;"))


def _marked(html: str, mark: PostMark) -> str:
    """Put the mark inside the last element: on a line of its own, WordPress would add an empty paragraph."""
    marked, count = _LAST_TAG.subn(lambda found: mark.comment + found.group(1), html)
    return marked if count else html + mark.comment
