"""One account on its server: logging in, and reading, writing and deleting its posts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pressrelease.outlets.bluesky.records import COLLECTION, Post
from pressrelease.outlets.http import Http, HttpAnswer, failure_of
from pressrelease.release.delivery import Certainty, DeliveryFailed

MEDIA_TYPE = "application/json"
_NO_ENTRY = "rejected the handle or app password"
_STALE_SESSION = {"ExpiredToken", "InvalidToken"}


@dataclass(frozen=True)
class BlueskySession:
    """What logging in returned. `did` is the account's permanent name."""

    did: str
    token: str


class KeyTaken(Exception):
    """Another record is stored at the key."""


class Account:
    """One account. Its session is shared by the threads that send. Every method raises DeliveryFailed."""

    def __init__(self, http: Http, *, url: str, handle: str, password: str) -> None:
        self._http = http
        self._url = url
        self._handle = handle
        self._password = password
        self._session: BlueskySession | None = None
        self._logging_in = threading.Lock()

    def did(self, deadline: float) -> str:
        """Return the account's permanent name, logging in if needed."""
        return self._logged_in(deadline).did

    def log_in_anew(self, deadline: float) -> str:
        """Log in whether or not there is a session. Return the account's permanent name."""
        self._log_out()
        return self.did(deadline)

    def put(self, key: str, value: Mapping[str, Any], deadline: float) -> Post:
        """Store a post at a key, or find that it is stored there. Raises KeyTaken if a different one is."""
        session, answer = self._as_us(
            "com.atproto.repo.putRecord",
            lambda session: {
                "repo": session.did,
                "collection": COLLECTION,
                "rkey": key,
                "record": value,
                "swapRecord": None,
            },
            deadline,
        )
        place = f"at://{session.did}/{COLLECTION}/{key}"
        reply = answer.json()
        if _error_in(reply) == "InvalidSwap":
            # Fine if it is this very record: other server software answers so before it sees that nothing changes.
            found = self.get(key, deadline)
            if found is None or found[1] != value:
                raise KeyTaken
            return found[0]
        if failure := failure_of(answer, self._http.called):
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure
        if not isinstance(reply, dict) or reply.get("uri") != place:
            words = f"{self._http.called} accepted it, but did not say which post it made"
            raise DeliveryFailed(Certainty.UNSURE, words)
        return Post(place, _text(reply.get("cid")))

    def get(self, key: str, deadline: float) -> tuple[Post, Any] | None:
        """Return the post at a key and its value; None if there is none."""
        did = self.did(deadline)
        query = urlencode({"repo": did, "collection": COLLECTION, "rkey": key})
        answer = self._http.ask(
            "GET",
            f"{self._url}/xrpc/com.atproto.repo.getRecord?{query}",
            headers={"Accept": MEDIA_TYPE},
            deadline=deadline,
            changes_nothing=True,
        )
        reply = answer.json()
        if answer.status in {400, 404} and _error_in(reply) == "RecordNotFound":
            return None
        if failure := failure_of(answer, self._http.called, changes_nothing=True):
            raise failure
        if not isinstance(reply, dict) or not isinstance(reply.get("value"), dict):
            raise DeliveryFailed(Certainty.NOT_SENT, f"{self._http.called} does not answer as Bluesky does")
        return Post(f"at://{did}/{COLLECTION}/{key}", _text(reply.get("cid"))), reply["value"]

    def delete(self, key: str, deadline: float) -> None:
        """Delete the post at a key; one already gone is fine."""
        _, answer = self._as_us(
            "com.atproto.repo.deleteRecord",
            lambda session: {"repo": session.did, "collection": COLLECTION, "rkey": key},
            deadline,
        )
        if failure := failure_of(answer, self._http.called):
            failure.retry_after = failure.retry_after or _rest_of_ban(answer)
            raise failure

    # -- the session --------------------------------------------------------------------------------------

    def _as_us(
        self, method: str, body_of: Callable[[BlueskySession], Mapping[str, Any]], deadline: float
    ) -> tuple[BlueskySession, HttpAnswer]:
        """Call a method as the account, logging in if needed.

        A session lasts two hours.
        """
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


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
