"""What the end of an HTTP request says about whether the release arrived.

    the end of a request                                         certainty   why
    ───────────────────────────────────────────────────────────  ──────────  ─────────────────────────────────────
    no name, no connection, no TLS, out of time before           NOT_SENT    no byte of the request left
    2xx, its body complete                                       delivered
    408 421 423 425 429 503 507 511                              NOT_SENT    the server says: not now, or not here
    101 (others of 1xx are skipped), 500 502 504, any other 5xx  UNSURE      it may still have been done
    2xx cut short; reset, silent or too slow after the first     UNSURE      the answer was lost, perhaps not the act
    byte; an answer that is not HTTP
    3xx                                                          FOR_GOOD    never followed: it leads elsewhere
    400 401 403 404 405 409 410 413 422, any other 4xx, 501 505  FOR_GOOD    it would say the same again

A request that changes nothing (a lookup) is NOT_SENT in every one of the unsure rows. `Retry-After` is passed on.
Reasons name the server as the outlet calls it, and hold no path, no query, no header and nothing of a body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.clock import utc_now

#: The longest Retry-After that is passed on.
LONGEST_RETRY_AFTER = timedelta(days=7)

_NOT_NOW = {
    408: "did not receive the whole request in time",
    421: "does not answer for this name on this connection",
    423: "is locked at the moment",
    425: "does not accept it yet",
    429: "is being sent too much at once",
    503: "is not available at the moment",
    507: "has no room at the moment",
    511: "can't be reached before a network login",
}
_NEVER = {
    400: "did not understand what was sent",
    401: "rejected the login",
    402: "requires payment",
    403: "does not allow this with this login",
    404: "has nothing at this address",
    405: "does not accept this kind of request at this address",
    407: "is behind a proxy that requires a login",
    409: "says that this conflicts with something it already has",
    410: "says that this address is gone for good",
    413: "says that the release is too large",
    415: "does not accept this kind of content",
    422: "says that the request is not valid",
    451: "can't accept this for legal reasons",
    501: "can't do this",
    505: "does not speak this version of HTTP",
}


@dataclass(frozen=True)
class HttpAnswer:
    """A server's answer. Header names are in lower case; `whole` is False if there was more than is read."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = True

    def json(self) -> Any:
        """Return the body as JSON, None if it is not JSON."""
        import json

        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def failure_of(answer: HttpAnswer, called: str, *, changes_nothing: bool = False) -> DeliveryFailed | None:
    """Return the failure that a status means, by the table above; None for 2xx. `called` is a name for the server."""
    status = answer.status
    if 200 <= status < 300:
        return None
    wish = retry_after(answer.headers)
    if status in _NOT_NOW:
        return DeliveryFailed(Certainty.NOT_SENT, f"{called} {_NOT_NOW[status]} ({status})", retry_after=wish)
    if 300 <= status < 400:
        words = (
            f"{called} redirects to another address ({status}), and redirects are not followed;"
            " correct the address in config.toml"
        )
        return DeliveryFailed(Certainty.FOR_GOOD, words)
    if status in _NEVER or 400 <= status < 500:
        words = _NEVER.get(status, "refused what was sent")
        return DeliveryFailed(Certainty.FOR_GOOD, f"{called} {words} ({status})", credentials=status in {401, 407})
    unsure = Certainty.NOT_SENT if changes_nothing else Certainty.UNSURE
    words = "had an internal error" if status >= 500 else "gave an answer that can't be understood"
    return DeliveryFailed(unsure, f"{called} {words} ({status})", retry_after=wish)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return a server's Retry-After (RFC 9110, section 10.2.3), in seconds or as a date.

    A date is read by the server's own clock if it gives its time. None if there is none that can be read; never
    negative.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,10}", value):
        return min(timedelta(seconds=int(value)), LONGEST_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    return min(max(moment - (server_time(headers) or utc_now()), timedelta(0)), LONGEST_RETRY_AFTER)


def server_time(headers: Mapping[str, str]) -> datetime | None:
    """Return what time a server says it is (RFC 9110, section 6.6.1), aware UTC; None if it does not say."""
    return _http_date(headers.get("date", ""))


def _http_date(value: str) -> datetime | None:
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
