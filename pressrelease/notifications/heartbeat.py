"""Ping a monitor such as Healthchecks. If the pings stop, the monitor raises the alarm.

    ADDRESS/start   a scheduler has started
    ADDRESS         a pass was made, and nothing waits for a person
    ADDRESS/fail    something needs a person, everything is stopped, or the record can't be read
    no ping at all  nobody runs here: only a service elsewhere can notice that

The address is itself a secret. A ping has no body, is tried once, and its failure is a line in the private log.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

from pressrelease.config import SecretReference
from pressrelease.errors import ConfigRefused
from pressrelease.release.delivery import DeliveryFailed

#: How long a ping may take in all.
PATIENCE = timedelta(seconds=5)

#: How much of an answer is read, in bytes: nothing in it matters.
LARGEST_ANSWER = 1 << 10

_log = logging.getLogger(__name__)


class Sign(Enum):
    """What a ping reports; the value is what its address ends in."""

    START = "/start"
    WELL = ""
    FAIL = "/fail"


def ping(address: str | SecretReference, secret: Callable[[SecretReference], str], sign: Sign) -> bool:
    """Ping once. Return False if it did not get through. Raises nothing, and never reveals the address.

    `secret` resolves a reference in config.toml.
    """
    from pressrelease.outlets.http import Http, checked_address

    try:
        plain, _ = checked_address(address, secret, "notify.heartbeat")
        http = Http(called="the heartbeat monitor", timeout=PATIENCE)
        try:
            http.request("GET", address_for(plain, sign), changes_nothing=True, largest=LARGEST_ANSWER)
        finally:
            http.close()
    except (ConfigRefused, DeliveryFailed) as failure:
        words = failure.reason if isinstance(failure, DeliveryFailed) else failure.problems[0].message
        _log.warning("no ping (%s): %s", sign.name.lower(), words)
        return False
    return True


def address_for(address: str, sign: Sign) -> str:
    """Return the address for a sign: its word follows the path, before any query.

    "https://hc.example.org/x?y=1" becomes "https://hc.example.org/x/fail?y=1", not "https://hc.example.org/x?y=1/fail".
    """
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + sign.value if sign.value else parts.path))
