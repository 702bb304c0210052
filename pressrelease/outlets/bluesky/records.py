"""Posts as the lexicon app.bsky.feed.post defines them, and the keys that they are stored at. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from pressrelease.message import Message
from pressrelease.message.short_form import BLUESKY, ShortForm, cut, short_form
from pressrelease.release.delivery import Receipt
from pressrelease.when import rfc3339

COLLECTION = "app.bsky.feed.post"

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class PostRecord:
    """A post and the key that it is stored at."""

    key: str
    value: Mapping[str, Any]


class Correction(NamedTuple):
    """A correction: `own` replies to what is at one of `places`; `plain` is the corrected version as a first post."""

    own: PostRecord
    places: tuple[str, ...]
    plain: Mapping[str, Any]


class Withdrawal(NamedTuple):
    """A withdrawal: the keys of the release's posts, and the notice that is stored there."""

    places: tuple[str, ...]
    notice: Mapping[str, Any]


class Post(NamedTuple):
    """A post that is there: its address, and the name of its content (CID), "" if it isn't known."""

    uri: str
    cid: str

    @property
    def key(self) -> str:
        """The key that it is stored at."""
        return self.uri.rpartition("/")[2]

    @property
    def ref(self) -> dict[str, str]:
        """A strong reference to it, as a reply needs it."""
        return {"uri": self.uri, "cid": self.cid}


def receipt_of(post: Post, handle: str) -> Receipt:
    """Return the receipt of a post: the address on the web, and "at://…#cid"."""
    remote_id = f"{post.uri}#{post.cid}" if post.cid else post.uri
    return Receipt(url=f"https://bsky.app/profile/{handle}/post/{post.key}", remote_id=remote_id)


def post_in(remote_id: str | None) -> Post | None:
    """Return the post of a receipt; one of an earlier version of this program has no CID. None if it is no receipt."""
    uri, _, cid = (remote_id or "").partition("#")
    parts = uri.split("/")
    return Post(uri, cid) if len(parts) == 5 and parts[0] == "at:" and parts[3] == COLLECTION else None


def record_of(message: Message) -> dict[str, Any]:
    """Return the post as the lexicon defines it, made only of the release and its lift: a repeat is identical."""
    short = short_form(message, BLUESKY)
    record: dict[str, Any] = {
        "$type": COLLECTION,
        "text": short.text,
        "createdAt": rfc3339(message.lift),
        "langs": [message.office.language.partition("-")[0].lower()],
    }
    if short.link:
        record["facets"] = [_facet(short)]
    if message.url:
        record["embed"] = {
            "$type": "app.bsky.embed.external",
            "external": {"uri": message.url, "title": message.release.headline, "description": message.summary},
        }
    return record


def notice_of(message: Message) -> dict[str, Any]:
    """Return the post in place of a withdrawn one. It has no headline and no link, which may be what was wrong."""
    from pressrelease.message.follow_up import public_notice

    name, *said = public_notice(message)
    words = f"{name}\n\n{' '.join(said)}"
    return {
        "$type": COLLECTION,
        "text": cut(words, BLUESKY.allows),
        "createdAt": rfc3339(message.dated),
        "langs": [message.office.language.partition("-")[0].lower()],
    }


def reply_to(posts: Sequence[tuple[Post, Any]], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as a reply to the last of these posts, in the thread of the first. `posts` have their values."""
    first, last = posts[0], posts[-1]
    thread = first[1].get("reply") if isinstance(first[1], Mapping) else None
    root = thread.get("root") if isinstance(thread, Mapping) else None
    return {**value, "reply": {"root": root or first[0].ref, "parent": last[0].ref}}


def _facet(short: ShortForm) -> dict[str, Any]:
    """Return where in the text the link is, in bytes of UTF-8; Bluesky links no address without it."""
    end = len(short.text.encode())
    return {
        "index": {"byteStart": end - len(short.link.encode()), "byteEnd": end},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": short.link}],
    }


def key_of(lift: datetime, key: str) -> str:
    """Return a record key (TID) for one delivery: the second before the lift, and 30 bits of the delivery's key.

    Several releases may lift in one second; they differ in the microseconds and the clock's number.
    """
    drawn = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    second = int(lift.timestamp()) - 1
    number = ((second * 1_000_000 + drawn % 1_000_000) << 10) | (drawn // 1_000_000 % 1024)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))
