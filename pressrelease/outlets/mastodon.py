"""A post with the newsroom's link on a Mastodon server.

The same `Idempotency-Key` on every try gives the same post, for an hour by Mastodon's own rule: a doubt is asked
about again for 50 minutes, and is a person's after that. Nothing is ever given to Mastodon to hold until a lift.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pressrelease.config import Office, OutletConfig
from pressrelease.delivery import Abilities, Certainty, DeliveryFailed, Receipt, Repeats
from pressrelease.message import Message
from pressrelease.outlets import Parcel, Secret
from pressrelease.outlets.http import Answer, Http, checked_address, failure_of
from pressrelease.short_form import MASTODON, short_form

MEDIA_TYPE = "application/json"

#: Mastodon keeps a key for an hour; what is sent in the last minutes of it may arrive after it.
REMEMBERED = timedelta(minutes=50)


def open_mastodon(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Mastodon:
    """Raises ConfigRefused where the token can't be had."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    return Mastodon(
        config.name,
        url=url.rstrip("/"),
        token=secret(config.settings["token"]),
        visibility=config.settings.get("visibility") or "public",
        http=Http(called=called, timeout=config.timeout),
    )


class Mastodon:
    """One account on one server."""

    repeats = Repeats(told_apart=True, within=REMEMBERED)
    abilities = Abilities(withdraw=True, provable=True)

    def __init__(self, name: str, *, url: str, token: str, visibility: str, http: Http) -> None:
        self.name = name
        self._url = url
        self._authorization = f"Bearer {token}"
        self._visibility = visibility
        self._http = http

    def recipients(self) -> tuple[str, ...]:
        """One account, one row."""
        return ("",)

    def prepare(self, message: Message, *, key: str, recipient: str) -> Parcel:
        """The post's fields. The limit is Mastodon's default: what an instance allows beyond it is not asked for."""
        del key, recipient
        fields = {
            "status": short_form(message, MASTODON).text,
            "visibility": self._visibility,
            "language": message.office.language.partition("-")[0].lower(),
        }
        return Parcel(json.dumps(fields, ensure_ascii=False).encode(), MEDIA_TYPE)

    def send(self, parcel: Parcel, *, key: str, recipient: str) -> Receipt:
        """Post it, or be told of the post that the same key made before."""
        del recipient
        told = self._asked("POST", "/api/v1/statuses", self._http.deadline(), body=parcel.content, key=key)
        if not isinstance(told, dict) or not isinstance(told.get("id"), str):
            raise DeliveryFailed(Certainty.UNSURE, f"{self._http.called} said yes, but not to which post")
        address = told.get("url") or told.get("uri")
        return Receipt(url=address if isinstance(address, str) else None, remote_id=told["id"])

    def withdraw(self, remote_id: str) -> None:
        """Delete a post by the id in its receipt; one already gone is fine. Raises DeliveryFailed."""
        if not remote_id.isalnum():
            raise DeliveryFailed(Certainty.FOR_GOOD, "that is not the id of a post at Mastodon")
        self._asked("DELETE", f"/api/v1/statuses/{remote_id}", self._http.deadline(), gone_is_fine=True)

    def warm(self, sends: int = 4) -> None:
        """Open connections ahead."""
        self._http.warm(self._url, sends)

    def probe(self) -> str:
        """Ask whose token it is, and how long a post may be there."""
        deadline = self._http.deadline()
        account = self._asked("GET", "/api/v1/accounts/verify_credentials", deadline)
        instance = self._asked("GET", "/api/v2/instance", deadline)
        longest = _inside(instance, "configuration", "statuses", "max_characters")
        if isinstance(longest, int) and longest < MASTODON.characters:
            words = f"{self._http.called} takes posts of {longest} characters only, and ours have up to 500"
            raise DeliveryFailed(Certainty.FOR_GOOD, words)
        name = _inside(account, "acct")
        if not isinstance(name, str):
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._http.called} does not answer as Mastodon does")
        return f"{self._http.called} would take posts from @{name}; nothing was posted"

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def _asked(
        self,
        method: str,
        route: str,
        deadline: float,
        *,
        body: bytes | None = None,
        key: str = "",
        gone_is_fine: bool = False,
    ) -> Any:
        headers = {"Authorization": self._authorization, "Accept": MEDIA_TYPE}
        if body is not None:
            headers |= {"Content-Type": MEDIA_TYPE, "Idempotency-Key": key}
        looks = method == "GET"
        answer = self._http.ask(
            method, self._url + route, body=body, headers=headers, deadline=deadline, changes_nothing=looks
        )
        failure = failure_of(answer, self._http.called, changes_nothing=looks)
        if failure is not None and not (gone_is_fine and answer.status == 404):
            # 403 is a token without the scope, or an account that was closed.
            failure.credentials = answer.status in {401, 403}
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure
        return answer.json()


def _rest_of_ban(answer: Answer) -> timedelta | None:
    """How long a 429 lasts, from `X-RateLimit-Reset`, by the server's own clock."""
    if answer.status != 429:
        return None
    from email.utils import parsedate_to_datetime

    try:
        until = datetime.fromisoformat(answer.headers["x-ratelimit-reset"])
        now = parsedate_to_datetime(answer.headers["date"])
        return max(until.astimezone(UTC) - now, timedelta(0))
    except (KeyError, ValueError, TypeError, OverflowError):
        return None


def _inside(told: Any, *names: str) -> Any:
    """What lies at a path in JSON, None where there is no such path."""
    for name in names:
        told = told.get(name) if isinstance(told, dict) else None
    return told
