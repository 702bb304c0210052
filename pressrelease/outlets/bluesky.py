"""Post to Bluesky, with the newsroom's link.

We choose where a post is stored: its key is made of the lift and the delivery, its bytes of nothing else, so a repeat
writes the same record at the same place, which the account's server takes as done. `swapRecord: null` demands that
nothing else is stored there: no other post is ever overwritten.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from pressrelease.config import Office, OutletConfig
from pressrelease.message import Message
from pressrelease.message.short_form import BLUESKY, ShortForm, short_form
from pressrelease.outlets import RenderedMessage, Secret
from pressrelease.outlets.http import Http, HttpAnswer, HttpOutlet, checked_address, failure_of
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Receipt, Repeats
from pressrelease.when import rfc3339

MEDIA_TYPE = "application/json"
COLLECTION = "app.bsky.feed.post"

_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_NO_ENTRY = "rejected the handle or app password"
_STALE_SESSION = {"ExpiredToken", "InvalidToken"}


def open_bluesky(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> Bluesky:
    """Open the outlet. Raises ConfigRefused if the app password can't be read."""
    del office, folder
    url, called = checked_address(config.settings["url"], secret, f"outlets.{config.name}.url")
    return Bluesky(
        config.name,
        url=url.rstrip("/"),
        handle=config.settings["handle"],
        password=secret(config.settings["password"]),
        http=Http(called=called, timeout=config.timeout),
    )


@dataclass(frozen=True)
class BlueskySession:
    """What logging in returned. `did` is the account's permanent name."""

    did: str
    token: str


@dataclass(frozen=True)
class PostRecord:
    """A post and the key that it is stored at."""

    key: str
    value: Mapping[str, Any]


class Bluesky(HttpOutlet):
    """One account."""

    repeats = Repeats(told_apart=True)
    abilities = Abilities(withdraw=True, provable=True)

    def __init__(self, name: str, *, url: str, handle: str, password: str, http: Http) -> None:
        super().__init__(name, url=url, http=http)
        self._handle = handle
        self._password = password
        self._session: BlueskySession | None = None
        self._logging_in = threading.Lock()

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return the record."""
        del recipient
        value = record_of(message)
        return RenderedMessage(
            json.dumps(value, ensure_ascii=False).encode(), MEDIA_TYPE, PostRecord(key_of(message.lift, key), value)
        )

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Write the record, or find that it is written."""
        del key, recipient
        record: PostRecord = rendered.prepared
        deadline = self._http.deadline()
        session, answer = self._as_us("com.atproto.repo.putRecord", self._put(record), deadline)
        place = f"at://{session.did}/{COLLECTION}/{record.key}"
        reply = answer.json()
        if _error_in(reply) == "InvalidSwap":
            self._must_be_ours(session, record, deadline)
        elif failure := failure_of(answer, self._http.called):
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure
        elif not isinstance(reply, dict) or reply.get("uri") != place:
            raise DeliveryFailed(
                Certainty.UNSURE, f"{self._http.called} accepted it, but did not say which post it made"
            )
        return Receipt(url=f"https://bsky.app/profile/{self._handle}/post/{record.key}", remote_id=place)

    def delete(self, remote_id: str) -> None:
        """Delete a post by the id in its receipt; one already gone is fine. Raises DeliveryFailed."""
        _, answer = self._as_us(
            "com.atproto.repo.deleteRecord",
            lambda session: {"repo": session.did, "collection": COLLECTION, "rkey": remote_id.rpartition("/")[2]},
            self._http.deadline(),
        )
        if failure := failure_of(answer, self._http.called):
            raise failure

    def warm(self, sends: int = 4) -> None:
        """Connect and log in; send nothing of a release."""
        import contextlib

        super().warm(sends)
        with contextlib.suppress(DeliveryFailed):
            self._logged_in(self._http.deadline())

    def probe(self) -> str:
        """Log in."""
        self._log_out()
        session = self._logged_in(self._http.deadline())
        return f"{self._http.called} accepts posts from @{self._handle} ({session.did}); nothing was posted"

    # -- the account --------------------------------------------------------------------------------------

    def _as_us(self, method: str, body_of: Any, deadline: float) -> tuple[BlueskySession, HttpAnswer]:
        """Call a method as the account, logging in if needed. A session lasts two hours."""
        for last in (False, True):
            session = self._logged_in(deadline)
            answer = self._post(method, body_of(session), deadline, token=session.token)
            stale = answer.status in {400, 401} and _error_in(answer.json()) in _STALE_SESSION
            if last or not stale:
                break
            self._log_out(session)
        return session, answer

    def _logged_in(self, deadline: float) -> BlueskySession:
        with self._logging_in:
            if self._session is None:
                self._session = self._log_in(deadline)
            return self._session

    def _log_out(self, stale: BlueskySession | None = None) -> None:
        with self._logging_in:
            if stale is None or self._session == stale:
                self._session = None

    def _log_in(self, deadline: float) -> BlueskySession:
        who = {"identifier": self._handle, "password": self._password}
        answer = self._post("com.atproto.server.createSession", who, deadline, changes_nothing=True)
        if answer.status in {400, 401, 403} and _error_in(answer.json()):
            # An answer without a refusal's name did not come from Bluesky.
            reason = f"{self._http.called} {_NO_ENTRY} ({answer.status})"
            raise DeliveryFailed(Certainty.FOR_GOOD, reason, credentials=True)
        if failure := failure_of(answer, self._http.called, changes_nothing=True):
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure
        reply = answer.json()
        did, token = (reply.get("did"), reply.get("accessJwt")) if isinstance(reply, dict) else (None, None)
        if not isinstance(did, str) or not isinstance(token, str):
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._http.called} does not answer as Bluesky does")
        return BlueskySession(did, token)

    def _post(
        self, method: str, body: Mapping[str, Any], deadline: float, *, token: str = "", changes_nothing: bool = False
    ) -> HttpAnswer:
        headers = {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self._http.ask(
            "POST",
            f"{self._url}/xrpc/{method}",
            body=json.dumps(body, ensure_ascii=False).encode(),
            headers=headers,
            deadline=deadline,
            changes_nothing=changes_nothing,
        )

    # -- the record ---------------------------------------------------------------------------------------

    def _put(self, record: PostRecord) -> Any:
        return lambda session: {
            "repo": session.did,
            "collection": COLLECTION,
            "rkey": record.key,
            "record": record.value,
            "swapRecord": None,
        }

    def _must_be_ours(self, session: BlueskySession, record: PostRecord, deadline: float) -> None:
        """Check what is stored at the key: fine if it is this very record, as other server software may answer."""
        query = urlencode({"repo": session.did, "collection": COLLECTION, "rkey": record.key})
        answer = self._http.request(
            "GET",
            f"{self._url}/xrpc/com.atproto.repo.getRecord?{query}",
            headers={"Accept": MEDIA_TYPE},
            deadline=deadline,
            changes_nothing=True,
        )
        reply = answer.json()
        if not isinstance(reply, dict) or reply.get("value") != record.value:
            words = f"{self._http.called} already has a different post under this key ({record.key})"
            raise DeliveryFailed(Certainty.FOR_GOOD, words)


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


def _error_in(reply: Any) -> str:
    """Return the name of a refusal in an XRPC answer."""
    return str(reply.get("error") or "") if isinstance(reply, dict) else ""


def _rest_of_ban(answer: HttpAnswer) -> timedelta | None:
    """Return how long a 429 lasts, from `RateLimit-Reset` (seconds since 1970), by the server's own clock."""
    if answer.status != 429:
        return None
    from email.utils import parsedate_to_datetime

    try:
        until = datetime.fromtimestamp(int(answer.headers["ratelimit-reset"]), UTC)
        return max(until - parsedate_to_datetime(answer.headers["date"]), timedelta(0))
    except (KeyError, ValueError, TypeError, OverflowError, OSError):
        return None
