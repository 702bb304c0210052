"""A push notification to everyone who follows a topic on an ntfy server (https://docs.ntfy.sh).

ntfy does not recognize a repeat: what was sent and not surely refused is in doubt, and a person decides. Nothing sent
here can be changed or taken back, because phones have shown it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.config.keys import Wrong
from pressrelease.config.outlet_values import ntfy_topic
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.message.short_form import Limit, cut
from pressrelease.outlets import RenderedMessage, Secret
from pressrelease.outlets.http import Http, HttpAnswer, HttpOutlet, checked_address, failure_of
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Earlier, Receipt, Repeats

MEDIA_TYPE = "application/json"

#: A phone shows about this much of a title; a text of more than 4,096 bytes would arrive as an attachment.
TITLE = Limit(characters=200, octets=1000)
TEXT = Limit(characters=3500, octets=4000)

#: ntfy's own code for "this user may not write to this topic"; another 403 comes from something in between.
FORBIDDEN = 40301


def open_ntfy(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Ntfy:
    """Open the outlet. Raises ConfigRefused for a token that can't be read, and for a secret topic that is none."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    topic = config.settings["topic"]
    if isinstance(topic, SecretReference):
        try:
            topic = ntfy_topic(secret(topic))
        except Wrong as wrong:
            problem = Problem(0, f"the topic in outlets.{config.name}.topic {wrong.message}", wrong.hint)
            raise ConfigRefused([problem]) from None
    token = config.settings.get("token")
    return Ntfy(
        config.name,
        url=url.rstrip("/"),
        topic=topic,
        token=secret(token) if token else "",
        http=Http(called=called, timeout=config.timeout),
    )


class Ntfy(HttpOutlet):
    """One topic on one server. `topic` may be a secret: everyone who knows it can read it."""

    repeats = Repeats(told_apart=False)
    abilities = Abilities()

    def __init__(self, name: str, *, url: str, topic: str, token: str, http: Http) -> None:
        super().__init__(name, url=url, http=http)
        self._topic = topic
        self._headers = {"Accept": MEDIA_TYPE, **({"Authorization": f"Bearer {token}"} if token else {})}

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return headline, summary and link. The topic, which may be a secret, is added when it is sent."""
        del key, recipient
        must_be_out(message)
        title = cut(message.release.headline, TITLE.allows)
        shown = {"title": title, "message": cut(message.summary, TEXT.allows) or title}
        if message.url:
            shown["click"] = message.url
        return RenderedMessage(json.dumps(shown, ensure_ascii=False).encode(), MEDIA_TYPE, shown)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return a message of its own. A withdrawal doesn't repeat the headline: nobody knows who reads it here."""
        from pressrelease.message.follow_up import public_follow_up

        del earlier
        return self.prepare(public_follow_up(message), key=key, recipient=recipient)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Publish it. ntfy's answer has the message's id."""
        del key, recipient
        body = json.dumps({"topic": self._topic, **rendered.prepared}, ensure_ascii=False).encode()
        headers = {**self._headers, "Content-Type": MEDIA_TYPE}
        answer = self._http.ask("POST", f"{self._url}/", body=body, headers=headers)
        self._must_be_accepted(answer)
        made = _field(answer, "id")
        if not isinstance(made, str) or not made:
            words = f"{self._http.called} accepted it, but did not say which message it made"
            raise DeliveryFailed(Certainty.UNSURE, words)
        return Receipt(remote_id=made)

    def probe(self) -> str:
        """Ask whether the server is well, and whose the token is."""
        called, deadline = self._http.called, self._http.deadline()
        health = self._http.request(
            "GET", f"{self._url}/v1/health", headers=self._headers, deadline=deadline, changes_nothing=True
        )
        if _field(health, "healthy") is not True:
            raise DeliveryFailed(Certainty.NOT_SENT, f"{called} does not answer as ntfy does")
        who = ""
        if "Authorization" in self._headers:
            account = self._http.ask(
                "GET", f"{self._url}/v1/account", headers=self._headers, deadline=deadline, changes_nothing=True
            )
            if account.status != 404:  # before ntfy 2.0
                self._must_be_accepted(account, changes_nothing=True)
                who = f"; the token belongs to {_field(account, 'username')}"
        return f"{called} answers{who}; only a message would show whether it may be sent to the topic"

    def _must_be_accepted(self, answer: HttpAnswer, *, changes_nothing: bool = False) -> None:
        """Raise DeliveryFailed for anything but a 2xx answer."""
        failure = failure_of(answer, self._http.called, changes_nothing=changes_nothing)
        if failure is None:
            return
        if answer.status == 403 and _field(answer, "code") == FORBIDDEN:
            words = f"{self._http.called} does not let this program write to the topic (403)"
            raise DeliveryFailed(Certainty.FOR_GOOD, words, credentials=True)
        raise failure


def _field(answer: HttpAnswer, name: str) -> Any:
    """Return a field of a JSON answer, None if it has none."""
    found = answer.json()
    return found.get(name) if isinstance(found, dict) else None
