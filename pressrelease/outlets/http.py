"""Make one HTTP request within its limits, for every kind that uses HTTP. `outlets.answers` has what its end means.

Each request goes out once, with TLS verified, no redirect followed, no cookie kept, no .netrc read, and its timeout a
total, whatever the server does. Several threads share an outlet's connections.
"""

from __future__ import annotations

import base64
import contextlib
import math
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from pressrelease import __version__
from pressrelease.config import SecretReference
from pressrelease.config.keys import Wrong
from pressrelease.config.values import is_loopback, web_address
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.outlets import Outlet
from pressrelease.outlets.answers import HttpAnswer, failure_of, retry_after
from pressrelease.outlets.certificates import trust
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.clock import pause_clock

if TYPE_CHECKING:
    from http.client import HTTPResponse

    from pressrelease.outlets.http_connection import Connection, Pool, Proxy

__all__ = ["Http", "HttpAnswer", "HttpOutlet", "Reached", "checked_address", "failure_of", "retry_after", "trust"]

#: How much of an answer is read, in bytes.
LARGEST_ANSWER = 1 << 20
#: How many servers' connections are kept; an outlet uses one, or few.
KEPT_SERVERS = 8
#: How many addresses are kept as they were checked and encoded.
KEPT_ADDRESSES = 64
#: How many connections are opened ahead of a lift by default.
WARM_CONNECTIONS = 4
MOST_WARMED = 64
LONGEST_WARMING = timedelta(seconds=10)

#: What a header's name and value may be.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


@dataclass(frozen=True)
class Reached:
    """What a bare connection found. `certificate_ends` is aware UTC, None without TLS."""

    certificate_ends: datetime | None = None


class Address(NamedTuple):
    """An address as it was checked and encoded; `target` is its path and query, as a request names them."""

    url: str
    scheme: str
    host: str
    port: int | None
    target: str


def checked_address(value: str | SecretReference, secret: Callable[[SecretReference], str], at: str) -> tuple[str, str]:
    """Return an outlet's address, and a name for its server that others may read: a secret address has none.

    `at` is its place in config.toml. Raises ConfigRefused without the value.
    """
    if isinstance(value, SecretReference):
        try:
            return web_address(secret(value)), "its server"
        except Wrong as wrong:
            raise ConfigRefused([Problem(0, f"the address in {at} {wrong.message}", wrong.hint)]) from None
    return value, urlsplit(value).hostname or "its server"


class Http:
    """An outlet's connections, shared by its threads. No cookies, no .netrc, no redirects, no retries.

    `called` is the server's name in reasons; `timeout` is one send's total, however many requests it makes.
    """

    def __init__(self, *, called: str, timeout: timedelta) -> None:
        self.called = called
        self._timeout = timeout
        self._addresses: dict[str, Address] = {}
        self._pools: dict[tuple[str, str, int | None], Pool] = {}
        self._lock = threading.Lock()

    def deadline(self) -> float:
        """Return when a send that starts now must have ended, on the pause clock."""
        return pause_clock() + self._timeout.total_seconds()

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
        changes_nothing: bool = False,
        largest: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Return a 2xx answer; raise DeliveryFailed by the table in `answers`, and nothing else."""
        answer = self.ask(
            method,
            url,
            body=body,
            headers=headers,
            deadline=deadline,
            changes_nothing=changes_nothing,
            largest=largest,
        )
        failure = failure_of(answer, self.called, changes_nothing=changes_nothing)
        if failure is not None:
            raise failure
        return answer

    def ask(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
        changes_nothing: bool = False,
        largest: int = LARGEST_ANSWER,
    ) -> HttpAnswer:
        """Do what `request` does, but return any status that came through, for a kind that interprets more of them."""
        address, sent = self._addressed(url), self._with_headers(headers)
        end = self.deadline() if deadline is None else deadline
        pool = self._pool(address)
        connection = self._taken(pool, end)
        kept = False
        try:
            response = connection.ask(method, address.target, body, sent)
            answer = self._answer(response, largest, changes_nothing)
            kept = connection.may_follow(response)
            return answer
        except DeliveryFailed:
            raise
        except Exception as error:  # noqa: BLE001  (each library has its own; what counts is what has left)
            if not connection.started:
                raise self._not_started(error, end, pool) from None
            raise self._lost(pause_clock() >= end, changes_nothing) from None
        finally:
            if kept:
                pool.put_back(connection)
            else:
                connection.drop()

    def warm(self, url: str, sends: int = WARM_CONNECTIONS) -> None:
        """Open connections ahead for `sends` sends at once, sending nothing. Failing is silent."""
        with contextlib.suppress(DeliveryFailed):
            self._connect(url, min(sends, MOST_WARMED), min(self._timeout, LONGEST_WARMING))

    def reach(self, url: str) -> Reached:
        """Connect, with TLS if the address asks for it, and send nothing. Raises DeliveryFailed."""
        return self._connect(url, 1, self._timeout)

    def certificate_ends(self, url: str) -> datetime | None:
        """Return when a server's certificate expires (UTC); None if it has none, or isn't reached."""
        try:
            return self.reach(url).certificate_ends
        except DeliveryFailed:
            return None

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    # -- one attempt --------------------------------------------------------------------------------------

    def _with_headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        """Return all headers of a request. Raises DeliveryFailed for what no header can contain (RFC 9110, 5.5)."""
        sent = {"User-Agent": f"pressrelease/{__version__}", "Accept-Encoding": "identity", "Accept": "*/*"}
        sent.update(headers or {})
        if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in sent.items()):
            raise self._no_request()
        return sent

    def _no_request(self) -> DeliveryFailed:
        return DeliveryFailed(
            Certainty.FOR_GOOD, f"the address or headers of {self.called} can't be used for a request"
        )

    def _addressed(self, url: str) -> Address:
        """Return an address in its parts. Raises DeliveryFailed for what is none, and for one without https."""
        kept = self._addresses.get(url)
        if kept is not None:
            return kept
        from requests import PreparedRequest, RequestException

        # Made outside of any session: none of its cookies, and no credentials from a .netrc.
        prepared = PreparedRequest()
        try:
            prepared.prepare(method="POST", url=url)
            parts = urlsplit(prepared.url or "")
            address = Address(prepared.url or "", parts.scheme, parts.hostname or "", parts.port, prepared.path_url)
        except (RequestException, ValueError, UnicodeError):
            raise self._no_request() from None
        if not address.host or address.scheme not in {"http", "https"}:
            raise self._no_request()
        if address.scheme != "https" and not is_loopback(address.host):
            raise DeliveryFailed(Certainty.FOR_GOOD, f"the address of {self.called} is not encrypted (https)")
        if len(self._addresses) >= KEPT_ADDRESSES:
            self._addresses.clear()
        self._addresses[url] = address
        return address

    def _answer(self, response: HTTPResponse, largest: int, changes_nothing: bool) -> HttpAnswer:
        headers: dict[str, str] = {}
        for name, value in response.headers.items():
            before = headers.get(name.lower())
            headers[name.lower()] = str(value) if before is None else f"{before}, {value}"
        body = b""
        try:
            body = response.read(largest + 1)
            # The library does not complain of a body that ends before its length.
            cut_short = len(body) <= largest and bool(response.length)
        except Exception:  # noqa: BLE001  (as above)
            cut_short = True
        # Any other status says all that matters in its first line.
        if cut_short and 200 <= response.status < 300:
            raise DeliveryFailed(
                Certainty.NOT_SENT if changes_nothing else Certainty.UNSURE,
                f"{self.called} accepted it ({response.status}), but its answer was cut short",
            )
        return HttpAnswer(response.status, headers, body[:largest], whole=len(body) <= largest)

    def _not_started(self, error: Exception, end: float, pool: Pool | None = None) -> DeliveryFailed:
        """Return the failure of a request that never left."""
        from pressrelease.outlets.deadline import PROXY_LOGIN, trouble_words

        trouble = trouble_words(TimeoutError() if pause_clock() >= end else error)
        if trouble == PROXY_LOGIN:
            return DeliveryFailed(Certainty.FOR_GOOD, f"{self.called}: {trouble}", credentials=True)
        way = "through the proxy in HTTPS_PROXY: " if pool is not None and pool.proxy is not None else ""
        return DeliveryFailed(Certainty.NOT_SENT, f"{self.called}: {way}{trouble}")

    def _lost(self, late: bool, changes_nothing: bool) -> DeliveryFailed:
        """Return the failure of a request that left and has no answer."""
        words = "did not answer in time" if late else "closed the connection before its answer was complete"
        return DeliveryFailed(Certainty.NOT_SENT if changes_nothing else Certainty.UNSURE, f"{self.called} {words}")

    # -- connections --------------------------------------------------------------------------------------

    def _connect(self, url: str, count: int, within: timedelta) -> Reached:
        """Open `count` connections, and keep them. Raises DeliveryFailed."""
        address = self._addressed(url)
        end = pause_clock() + within.total_seconds()
        pool = self._pool(address)
        opened: list[Connection] = []
        try:
            for _ in range(count):
                opened.append(self._taken(pool, end))
            return Reached(opened[0].certificate_ends)
        finally:
            for connection in opened:
                pool.put_back(connection)

    def _taken(self, pool: Pool, end: float) -> Connection:
        """Return an open connection for use until `end` on the pause clock. Raises DeliveryFailed."""
        try:
            return pool.take(end)
        except Exception as error:  # noqa: BLE001  (as above)
            raise self._not_started(error, end, pool) from None

    def _pool(self, address: Address) -> Pool:
        """Return the connections to a server, through the environment's proxy if it names one.

        Raises DeliveryFailed if its proxy or its certificates can't be used.
        """
        from pressrelease.outlets.http_connection import Pool

        server = (address.scheme, address.host, address.port)
        pool = self._pools.get(server)
        if pool is None:
            try:
                opened = Pool(*server, trust("http/1.1"), _proxy_for(address))
            except Exception as error:  # noqa: BLE001  (as above)
                raise self._not_started(error, math.inf) from None
            with self._lock:
                if len(self._pools) >= KEPT_SERVERS:
                    for old in self._pools.values():
                        old.close()
                    self._pools.clear()
                pool = self._pools.setdefault(server, opened)
        return pool


class HttpOutlet(Outlet):
    """An outlet behind one address. Its connections are shared by the threads that send, and opened ahead of a lift."""

    def __init__(self, name: str, *, url: str, http: Http) -> None:
        self.name = name
        self._url = url
        self._http = http

    def warm(self, sends: int = 4) -> None:
        """Open connections ahead."""
        self._http.warm(self._url, sends)

    def certificate_ends(self) -> datetime | None:
        """Return when the server's certificate expires (UTC), by the same proxy and trust; None if unknown."""
        return self._http.certificate_ends(self._url)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()


def _proxy_for(address: Address) -> Proxy | None:
    """Return the proxy that the environment names for an address; never one for this machine itself.

    Raises ProxyUnusable for one that is no http or https address.
    """
    if is_loopback(address.host):
        return None
    from requests.utils import get_auth_from_url, get_environ_proxies, select_proxy

    from pressrelease.outlets.deadline import ProxyUnusable
    from pressrelease.outlets.http_connection import Proxy

    named = select_proxy(address.url, dict(get_environ_proxies(address.url)))
    if not named:
        return None
    if "://" not in named:
        named = f"http://{named}"
    try:
        parts = urlsplit(named)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ProxyUnusable from None
    if not host or parts.scheme not in {"http", "https"}:
        raise ProxyUnusable
    user, password = get_auth_from_url(named)
    login = base64.b64encode(f"{user}:{password}".encode("latin-1", "replace")).decode() if user else ""
    return Proxy(host, port or (443 if parts.scheme == "https" else 80), parts.scheme, login and f"Basic {login}")
