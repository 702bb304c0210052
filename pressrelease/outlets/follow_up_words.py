"""What a correction and a kill do at each kind of outlet, in words for the people who decide on one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from pressrelease.release.delivery import Abilities


class FollowUpWords(NamedTuple):
    """Two sentences without their full stops."""

    correction: str
    kill: str


#: By the name of the kind. What `Abilities` says of a kind and its words agree (tests/outlets/test_kinds.py).
WORDS: Mapping[str, FollowUpWords] = MappingProxyType(
    {
        "newsroom": FollowUpWords(
            "a correction replaces the page and its entry in the feed, with a dated note",
            "a kill puts a notice in place of the page and of its entry in the feed",
        ),
        "email": FollowUpWords(
            "a correction follows as another mail (CORRECTION: …) with the corrected release",
            "a mail can't be taken back: a kill follows as another mail (KILL: …)",
        ),
        "webhook": FollowUpWords(
            "a correction follows as another event (press_release.corrected)",
            "an event can't be taken back: a kill follows as another (press_release.retracted)",
        ),
        "wordpress": FollowUpWords(
            "a correction changes the post, with a dated note", "a kill turns the post into a notice"
        ),
        "mastodon": FollowUpWords(
            "a correction edits the post; its earlier text stays in its history", "a kill deletes the post"
        ),
        "bluesky": FollowUpWords(
            "a correction follows as a reply to the post", "a kill deletes the post and puts a notice in its place"
        ),
        "ntfy": FollowUpWords(
            "a correction follows as another notification",
            "a notification can't be taken back: a kill follows as another one, without the headline",
        ),
        "apprise": FollowUpWords(
            "a correction follows as another message",
            "a message can't be taken back: a kill follows as another one, without the headline",
        ),
        "command": FollowUpWords(
            "a correction runs the program again, with action correct",
            "what the program did can't be taken back from here: a kill runs it again, with action withdraw",
        ),
    }
)


def follow_up_words(kind: str, able: Abilities) -> FollowUpWords:
    """Return what a correction and a kill do there; for a kind of another package, what it says it is able to do."""
    return WORDS.get(kind) or FollowUpWords(
        "a correction replaces the original" if able.correct else "a correction follows as another message",
        "a kill removes what arrived"
        if able.withdraw
        else "what arrived can't be taken back: a kill follows as another message",
    )
