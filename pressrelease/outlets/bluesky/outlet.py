"""Send to one Bluesky account: a post, the reply that corrects it, the notice in its place."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.outlets import RenderedMessage
from pressrelease.outlets.bluesky.account import MEDIA_TYPE, Account, KeyTaken
from pressrelease.outlets.bluesky.records import (
    Correction,
    Post,
    PostRecord,
    Withdrawal,
    key_of,
    notice_of,
    post_in,
    receipt_of,
    record_of,
    reply_to,
)
from pressrelease.outlets.http import Http, HttpOutlet
from pressrelease.release.delivery import Abilities, Action, Certainty, DeliveryFailed, Earlier, Receipt, Repeats

#: How often a withdrawal starts over because a post came back to its key in between.
TRIES = 3


class Bluesky(HttpOutlet):
    """One account."""

    repeats = Repeats(told_apart=True)
    abilities = Abilities(withdraw=True, provable=True)

    def __init__(self, name: str, *, url: str, handle: str, password: str, http: Http) -> None:
        super().__init__(name, url=url, http=http)
        self._handle = handle
        self._account = Account(http, url=url, handle=handle, password=password)

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the record."""
        del recipient
        must_be_out(message)
        value = record_of(message)
        return _rendered(value, PostRecord(key_of(message.original.lift, key), value))

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return the reply, or the notice. Which post it answers is known when it is sent."""
        from pressrelease.message.follow_up import follow_up

        del recipient
        places = tuple(_place(one, message) for one in earlier)
        if message.action is Action.WITHDRAW:
            value = notice_of(message)
            return _rendered(value, Withdrawal(places, value))
        value = record_of(follow_up(message))
        own = PostRecord(key_of(message.original.lift, key), value)
        return _rendered(value, Correction(own, places, record_of(message)))

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Write the record, or find that it is written."""
        del key, recipient
        record: PostRecord = rendered.prepared
        return receipt_of(self._put(record.key, record.value, self._http.deadline()), self._handle)

    def replace(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Reply to the earlier posts that are there.

        If the first one never arrived, the corrected version is posted in its place, as if it were the first: then that
        can't come after it any more.
        """
        del key, recipient
        correction: Correction = rendered.prepared
        deadline = self._http.deadline()
        own = correction.own
        written = self._account.get(own.key, deadline)
        if written is not None:
            self._must_be(own, {**written[1], "reply": None}, {**own.value, "reply": None})
            return receipt_of(written[0], self._handle)
        there = [found for place in correction.places if (found := self._account.get(place, deadline)) is not None]
        for post, value in there:
            if value == correction.plain:
                return receipt_of(post, self._handle)
        if there:
            return receipt_of(self._put(own.key, reply_to(there, own.value), deadline), self._handle)
        if any(one.surely for one in earlier) or not correction.places:  # somebody has deleted it there
            return receipt_of(self._put(own.key, own.value, deadline), self._handle)
        return receipt_of(self._put(correction.places[0], correction.plain, deadline), self._handle)

    def withdraw(self, rendered: RenderedMessage, *, key: str, recipient: str, earlier: Sequence[Earlier]) -> Receipt:
        """Delete every post of the release, and store the notice at its key, where nothing then takes its place."""
        del key, recipient, earlier
        withdrawal: Withdrawal = rendered.prepared
        deadline = self._http.deadline()
        notices: list[tuple[Post, Any]] = []
        for place in dict.fromkeys(withdrawal.places):
            value = reply_to(notices, withdrawal.notice) if notices else withdrawal.notice
            notices.append((self._noticed(place, value, deadline), value))
        return receipt_of(notices[0][0], self._handle) if notices else Receipt()

    def warm(self, sends: int = 4) -> None:
        """Connect and log in; send nothing of a release."""
        super().warm(sends)
        with contextlib.suppress(DeliveryFailed):
            self._account.did(self._http.deadline())

    def probe(self) -> str:
        """Log in."""
        did = self._account.log_in_anew(self._http.deadline())
        return f"{self._http.called} accepts posts from @{self._handle} ({did}); nothing was posted"

    # -- one post -----------------------------------------------------------------------------------------

    def _put(self, key: str, value: Mapping[str, Any], deadline: float) -> Post:
        try:
            return self._account.put(key, value, deadline)
        except KeyTaken:
            raise self._taken(key) from None

    def _noticed(self, key: str, notice: Mapping[str, Any], deadline: float) -> Post:
        """Store the notice at a key in place of whatever post of the release is there."""
        for _ in range(TRIES):
            found = self._account.get(key, deadline)
            if found is not None and found[1] == notice:
                return found[0]
            if found is not None:
                self._account.delete(key, deadline)
            with contextlib.suppress(KeyTaken):
                return self._account.put(key, notice, deadline)
        raise DeliveryFailed(Certainty.NOT_SENT, f"{self._http.called} goes on showing a post under this key ({key})")

    def _must_be(self, own: PostRecord, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        if found != wanted:
            raise self._taken(own.key)

    def _taken(self, key: str) -> DeliveryFailed:
        words = f"{self._http.called} already has a different post under this key ({key})"
        return DeliveryFailed(Certainty.FOR_GOOD, words)


def _place(earlier: Earlier, message: Message) -> str:
    """Return the key of an earlier post: its receipt's, or, if no answer came, the one that it must have."""
    post = post_in(earlier.remote_id)
    return post.key if post is not None else key_of(message.original.lift, earlier.key)


def _rendered(value: Mapping[str, Any], prepared: Any) -> RenderedMessage:
    return RenderedMessage(json.dumps(value, ensure_ascii=False).encode(), MEDIA_TYPE, prepared)
