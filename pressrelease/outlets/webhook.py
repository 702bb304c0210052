"""A webhook by Standard Webhooks 1.0.0: another program is notified, and recognizes a repeat by its webhook-id.

The body is made once and is the same on every try; its timestamp is the lift. The signature covers the moment of the
attempt, so that a receiver can refuse what is replayed later.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.message import Message
from pressrelease.outlets import RenderedMessage, Secret
from pressrelease.outlets.event import event_of
from pressrelease.outlets.http import Http, HttpOutlet, checked_address
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Earlier, Receipt, Repeats
from pressrelease.system.clock import utc_now

MEDIA_TYPE = "application/json"

_PREFIX = "whsec_"


def open_webhook(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Webhook:
    """Open the outlet. Raises ConfigRefused if a resolved address, secret or header is not what it should be."""
    del office, folder
    at = f"outlets.{config.name}"
    url, called = checked_address(config.settings["url"], secret, f"{at}.url")
    headers = {}
    for name, value in dict(config.settings.get("headers") or {}).items():
        headers[name] = secret(value) if isinstance(value, SecretReference) else value
        if not all("\x20" <= character <= "\xff" and character != "\x7f" for character in headers[name]):
            raise ConfigRefused(
                [Problem(0, f"the secret in {at}.headers.{name} contains characters that a header can't have")]
            )
    return Webhook(
        config.name,
        url=url,
        keys=read_secret(secret(config.settings["secret"]), at=f"{at}.secret"),
        headers=headers,
        http=Http(called=called, timeout=config.timeout),
    )


def read_secret(text: str, *, at: str = "secret") -> tuple[bytes, ...]:
    """Return the keys in a secret. Raises ConfigRefused without the value.

    A secret is `whsec_` and base64 of 24 to 64 bytes, or several of them with a space between, the new one first, while
    one replaces the other.
    """
    keys = []
    for word in text.split():
        try:
            if not word.startswith(_PREFIX):
                raise ValueError
            key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
            if not 24 <= len(key) <= 64:
                raise ValueError
        except (ValueError, binascii.Error):
            raise ConfigRefused(
                [
                    Problem(
                        0,
                        f"the secret in {at} is not a Standard Webhooks secret",
                        "It must be whsec_ and then 24 to 64 random bytes in base64. To make one: `echo"
                        " whsec_$(openssl rand -base64 32)`.",
                    )
                ]
            ) from None
        keys.append(key)
    return tuple(keys)


def signature(keys: Sequence[bytes], *, id: str, moment: datetime, body: bytes) -> str:  # noqa: A002
    """Return the `webhook-signature` of exactly these bytes; `moment` is aware and counts in whole seconds."""
    signed = b".".join((id.encode(), str(int(moment.timestamp())).encode(), body))
    return " ".join("v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


class Webhook(HttpOutlet):
    """One endpoint."""

    repeats = Repeats(told_apart=True)
    abilities = Abilities()

    def __init__(self, name: str, *, url: str, keys: Sequence[bytes], headers: dict[str, str], http: Http) -> None:
        super().__init__(name, url=url, http=http)
        self._keys = tuple(keys)
        self._headers = headers

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the body. The signature covers the moment of sending, and is made then."""
        del key, recipient
        body = json.dumps(event_of(message), ensure_ascii=False, separators=(",", ":"))
        return RenderedMessage(body.encode(), MEDIA_TYPE)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return an event of its own: the receiver has its own way to correct or withdraw what it has."""
        del earlier
        return self.prepare(message, key=key, recipient=recipient)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Post it, signed for this moment."""
        del recipient
        moment = utc_now()
        headers = {
            **self._headers,
            "content-type": MEDIA_TYPE,
            "webhook-id": key,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": signature(self._keys, id=key, moment=moment, body=rendered.content),
        }
        self._http.request("POST", self._url, body=rendered.content, headers=headers)
        return Receipt(remote_id=key)

    def probe(self) -> str:
        """Connect and send nothing: a webhook has no request that is not an event."""
        ends = self._http.reach(self._url).certificate_ends
        if ends is None:
            return f"{self._http.called} accepts connections; nothing was posted"
        days = (ends - utc_now()).days
        if days < 0:
            raise DeliveryFailed(Certainty.NOT_SENT, f"the certificate of {self._http.called} has expired")
        return (
            f"{self._http.called} accepts connections, and its certificate is valid for {days}"
            " more days; nothing was posted"
        )
