"""Put notices into one message, for an outlet to send like any other."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime
from html import escape

from pressrelease.config import Office
from pressrelease.message import Message
from pressrelease.notifications.notice import Notice
from pressrelease.release import Release
from pressrelease.system.printable import one_line

#: How many sentences one message has at most.
MOST = 50

LINE_WIDTH = 76


def digest(notices: Sequence[Notice], *, beyond: int = 0, office: Office, key: str, now: datetime) -> Message:
    """Return one message of all notices, most important first; `beyond` more groups are only counted.

    `key` tells this digest from any other; `now` is UTC.
    """
    ordered = sorted(notices, key=lambda notice: notice.about.place)
    counts: dict[str, int] = {}
    for notice in ordered:
        counts[notice.about.title] = counts.get(notice.about.title, 0) + 1
    subject = ", ".join(title if count == 1 else f"{title} ({count})" for title, count in counts.items())
    subject = f"Press releases: {subject}"
    sentences = [one_line(notice.words) for notice in ordered[:MOST]]
    if left_out := len(ordered) - len(sentences) + beyond:
        sentences.append(f"There is more ({left_out}). To see everything: `pressrelease status`.")
    foot = f"Sent by the scheduler of {one_line(office.name)}."
    if any("(code" in words for words in sentences):
        foot += " A code is the first characters of a release's version, as in `pressrelease status --json`."
        foot += " Releases that are not out yet are not named here."
    text = "\n\n".join(_wrapped(words) for words in (*sentences, foot)) + "\n"
    html = "".join(f"<p>{escape(words)}</p>\n" for words in (*sentences, foot))
    return Message(
        slug="notice",
        version=key,
        release=Release(slug="notice", headline=subject, embargo="immediate", body=text),
        office=office,
        lift=now,
        html=html,
        text=text,
        summary=" ".join(sentences),
        notice=True,
    )


def _wrapped(words: str) -> str:
    return textwrap.fill(words, LINE_WIDTH, break_long_words=False, break_on_hyphens=False)
