"""Ask other servers what time it is: the Date header of an HTTP answer (RFC 9110, section 6.6.1).

They are asked only if this machine can't confirm its own clock: it jumped ahead, or the machine was restarted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

#: Seconds that one witness may take to answer.
PATIENCE = 5.0

#: A Date header counts whole seconds.
RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True)
class Testimony:
    """One witness's answer: its time (UTC), by this machine's wall clock at `asked` and `heard` (UTC)."""

    shown: datetime
    asked: datetime
    heard: datetime

    def allows(self, tolerance: timedelta) -> bool:
        """Return whether the wall clock was right within `tolerance` at any moment between `asked` and `heard`."""
        return self.shown - tolerance <= self.heard and self.asked <= self.shown + RESOLUTION + tolerance


def vouched(testimonies: Sequence[Testimony], tolerance: timedelta) -> bool:
    """Return whether the wall clock can be trusted: a witness answered, and none contradicts it."""
    return bool(testimonies) and all(testimony.allows(tolerance) for testimony in testimonies)


def ask(addresses: Sequence[str], now: Callable[[], datetime]) -> list[Testimony]:
    """Ask each witness for the time; one that can't be reached, or whose answer has no date, is left out.

    `now` reads this machine's wall clock, as aware UTC. Nothing but a HEAD request leaves this machine.
    """
    from concurrent.futures import ThreadPoolExecutor

    if not addresses:
        return []
    with ThreadPoolExecutor(max_workers=min(len(addresses), 8), thread_name_prefix="witness") as pool:
        return [one for one in pool.map(lambda address: _ask_one(address, now), addresses) if one is not None]


def _ask_one(address: str, now: Callable[[], datetime]) -> Testimony | None:
    import http.client
    import ssl
    from email.utils import parsedate_to_datetime
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=PATIENCE, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.connect()
        asked = now()
        connection.request("HEAD", parts.path or "/", headers={"cache-control": "no-cache"})
        answer = connection.getresponse()
        heard = now()
        if answer.getheader("age") not in (None, "0"):
            return None  # from a cache: its date is older than the answer
        shown = parsedate_to_datetime(answer.getheader("date") or "")
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return None if shown.tzinfo is None else Testimony(shown.astimezone(UTC), asked, heard)
