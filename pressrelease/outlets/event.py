"""A release as programs read it: the same object in a webhook's body and on a command's standard input. Pure."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pressrelease.message import Message, html_with_addresses
from pressrelease.release.delivery import Action
from pressrelease.when import rfc3339

#: The event of each action.
EVENTS = {
    Action.PUBLISH: "press_release.published",
    Action.ADVANCE: "press_release.embargoed",
    Action.CORRECT: "press_release.corrected",
    Action.WITHDRAW: "press_release.retracted",
}
#: A notification to the office about its releases: not a release, and nothing to publish.
NOTICE = "press_release.notice"


def event_of(message: Message) -> dict[str, Any]:
    """Return the event: in `data`, `url`, `follows`, `previous_version` and `note` are None if there is none, `n` is a
    number, and every other value is a text.

    What leaves ahead of the lift also has `embargoed_until`, and no `url`: its page isn't there yet.

    A receiver ignores an `n` that is not higher than the highest that it has, unless the event is the retraction. That
    one has the text of the withdrawal, and of the release only its headline.
    """
    release = message.release
    if message.notice:
        notice = {"headline": release.headline, "text": message.text, "html": message.html}
        return {"type": NOTICE, "timestamp": rfc3339(message.lift), "data": notice}
    shown, until = message, message.closed_until
    if until is not None:
        from pressrelease.message.embargoed import under_embargo

        shown = under_embargo(message)
    if message.action is Action.WITHDRAW:
        from pressrelease.message.follow_up import follow_up

        shown = follow_up(message)
    html = shown.html
    if shown.url:
        html = html_with_addresses(html, lambda name: message.url + quote(name))
    return {
        "type": EVENTS.get(message.action, EVENTS[Action.PUBLISH]),
        "timestamp": rfc3339(message.dated),
        "data": {
            "slug": message.slug,
            "version": message.version,
            "headline": release.headline,
            "subhead": shown.release.subhead,
            "url": message.url if message.url and until is None else None,
            "lift": rfc3339(message.lift),
            "html": html,
            "text": shown.text,
            "kind": release.kind.value,
            "follows": shown.release.follows or None,
            "n": message.n,
            "previous_version": message.previous_version or None,
            "note": message.note or None,
            **({"embargoed_until": rfc3339(until)} if until is not None else {}),
        },
    }
