"""Make one HTTP request within its limits, for every kind that uses HTTP. `outlets.answers` says what its end means.

Each request goes out once, with TLS verified, no redirect followed, no cookie kept, no .netrc read, and its timeout a
total, whatever the server does. Several threads share an outlet's connections.
"""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pressrelease import __version__
from pressrelease.config import SecretReference
from pressrelease.config.keys import Wrong
from pressrelease.config.values import is_loopback, web_address
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.outlets.answers import HttpAnswer, failure_of, retry_after
from pressrelease.outlets.certificates import trust
from pressrelease.release.delivery import Certainty, DeliveryFailed
from pressrelease.system.clock import pause_clock

if TYPE_CHECKING:
    from requests import PreparedRequest
    from requests.adapters import HTTPAdapter
    from urllib3 import BaseHTTPResponse

    from pressrelease.outlets.deadline import Attempt

__all__ = ["Http", "HttpAnswer", "Reached", "certificate_end", "checked_address", "failure_of", "retry_after", "trust"]

#: How much of an answer is read, in bytes, and how many connections an outlet keeps.
LARGEST_ANSWER = 1 << 20
KEPT_CONNECTIONS = 64
#: How many servers' connections are kept; an outlet uses one, or few.
KEPT_SERVERS = 8
#: How many addresses are kept as they were checked and encoded.
KEPT_REQUESTS = 64
#: How many connections are opened ahead of a lift by default.
WARM_CONNECTIONS = 4
LONGEST_WARMING = timedelta(seconds=10)

#: What a header's name and value may be.
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")


@dataclass(frozen=True)
class Reached:
    """What a bare connection found. `certificate_ends` is aware UTC, None without TLS."""

    certificate_ends: datetime | None = None


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
        self._adapter: HTTPAdapter | None = None
        self._proxies: dict[str, dict[str, str]] = {}
        self._requests: dict[tuple[str, str], PreparedRequest] = {}
        self._pools: dict[str, Any] = {}
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
        from pressrelease.outlets.deadline import Attempt, DeadlineConnection

        prepared, said = self._addressed(method, url), self._with_headers(headers)
        attempt = Attempt(self.deadline() if deadline is None else deadline)
        with DeadlineConnection(attempt):
            pool: Any = None
            connection: Any = None
            whole = False
            try:
                pool = self._pool(prepared)
                connection = _opened(pool, attempt)
                # What urllib3's pool does for a request, without what it does for one that it would send again.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have answered before
                    connection.request(
                        method, prepared.path_url, body=body, headers=said, preload_content=False, decode_content=False
                    )
                connection.timeout = attempt.left
                answer = self._answer(connection.getresponse(), attempt, largest, changes_nothing)
                whole = answer.whole
                return answer
            except DeliveryFailed:
                raise
            except Exception as error:  # noqa: BLE001  (each library has its own; what counts is what has left)
                raise self._lost(attempt, error, changes_nothing) from None
            finally:
                if connection is not None:
                    if not whole:
                        connection.close()
                    pool._put_conn(connection)

    def warm(self, url: str, sends: int = WARM_CONNECTIONS) -> None:
        """Open connections ahead for `sends` sends at once, sending nothing. Failing is silent."""
        with contextlib.suppress(DeliveryFailed):
            self._connect(url, min(sends, KEPT_CONNECTIONS), min(self._timeout, LONGEST_WARMING))

    def reach(self, url: str) -> Reached:
        """Connect, with TLS if the address asks for it, and send nothing. Raises DeliveryFailed."""
        return self._connect(url, 1, self._timeout)

    def certificate_ends(self, url: str) -> datetime | None:
        """Return when a server's certificate expires (UTC);

        None if it has none or isn't reached, which is reported elsewhere.
        """
        try:
            return self.reach(url).certificate_ends
        except DeliveryFailed:
            return None

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._adapter is None:
                return
            # urllib3 leaves that to the garbage collector, which may take its time.
            for manager in (self._adapter.poolmanager, *self._adapter.proxy_manager.values()):
                for key in manager.pools.keys():  # noqa: SIM118  (this container refuses to be iterated over)
                    manager.pools[key].close()
            self._adapter.close()
            self._adapter = None
            self._pools.clear()

    # -- one attempt --------------------------------------------------------------------------------------

    def _with_headers(self, headers: Mapping[str, str] | None) -> dict[str, str]:
        """Return all headers of a request. Raises DeliveryFailed for what no header can hold (RFC 9110, 5.5)."""
        said = {"User-Agent": f"pressrelease/{__version__}", "Accept-Encoding": "identity", "Accept": "*/*"}
        said.update(headers or {})
        if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in said.items()):
            raise self._no_request()
        return said

    def _no_request(self) -> DeliveryFailed:
        return DeliveryFailed(
            Certainty.FOR_GOOD, f"the address or headers of {self.called} can't be used for a request"
        )

    def _addressed(self, method: str, url: str) -> PreparedRequest:
        """Return a request to an address, without headers and body.

        Raises DeliveryFailed without one, or without https.
        """
        kept = self._requests.get((method, url))
        if kept is not None:
            return kept
        from requests import PreparedRequest, RequestException

        # Made outside of any session: none of its cookies, and no credentials from a .netrc.
        prepared = PreparedRequest()
        try:
            prepared.prepare(method=method, url=url)
        except (RequestException, ValueError, UnicodeError):
            raise self._no_request() from None
        parts = urlsplit(prepared.url or "")
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise DeliveryFailed(Certainty.FOR_GOOD, f"the address of {self.called} is not encrypted (https)")
        if len(self._requests) >= KEPT_REQUESTS:
            self._requests.clear()
        self._requests[method, url] = prepared
        return prepared

    def _answer(self, response: BaseHTTPResponse, attempt: Attempt, largest: int, changes_nothing: bool) -> HttpAnswer:
        headers = {str(name).lower(): str(value) for name, value in response.headers.items()}
        body = bytearray()
        whole = True
        try:
            for part in response.stream(16384, decode_content=False):
                body += part
                if len(body) > largest:
                    whole = False
                    break
            cut_short = attempt.expired
        except Exception:  # noqa: BLE001  (as above)
            cut_short = True
        # Any other status says all that matters in its first line.
        if cut_short and 200 <= response.status < 300:
            raise DeliveryFailed(
                Certainty.NOT_SENT if changes_nothing else Certainty.UNSURE,
                f"{self.called} accepted it ({response.status}), but its answer was cut short",
            )
        return HttpAnswer(response.status, headers, bytes(body[:largest]), whole)

    def _lost(self, attempt: Attempt, error: Exception, changes_nothing: bool) -> DeliveryFailed:
        from pressrelease.outlets.deadline import PROXY_LOGIN, trouble_words

        late = attempt.expired or pause_clock() >= attempt.end
        if not attempt.begun:
            trouble = trouble_words(TimeoutError()) if late else attempt.trouble or trouble_words(error)
            if trouble == PROXY_LOGIN:
                return DeliveryFailed(Certainty.FOR_GOOD, f"{self.called}: {trouble}", credentials=True)
            way = "through the proxy in HTTPS_PROXY: " if attempt.by_proxy else ""
            return DeliveryFailed(Certainty.NOT_SENT, f"{self.called}: {way}{trouble}")
        words = "did not answer in time" if late else "closed the connection before its answer was complete"
        return DeliveryFailed(Certainty.NOT_SENT if changes_nothing else Certainty.UNSURE, f"{self.called} {words}")

    # -- connections --------------------------------------------------------------------------------------

    def _connect(self, url: str, count: int, within: timedelta) -> Reached:
        """Open `count` connections at once, and keep them. Raises DeliveryFailed."""
        from pressrelease.outlets.deadline import Attempt, DeadlineConnection

        prepared = self._addressed("GET", url)
        attempt = Attempt(pause_clock() + within.total_seconds())
        opened: list[Any] = []
        with DeadlineConnection(attempt):
            pool: Any = None
            try:
                pool = self._pool(prepared)
                for _ in range(count):
                    opened.append(_opened(pool, attempt))
                return Reached(certificate_end(opened[0].sock))
            except Exception as error:  # noqa: BLE001  (as above)
                raise self._lost(attempt, error, changes_nothing=True) from None
            finally:
                for connection in opened:
                    pool._put_conn(connection)

    def _pool(self, prepared: PreparedRequest) -> Any:
        """Return the pool for a request, through the environment's proxy if it names one."""
        url = urlsplit(prepared.url or "")
        server = f"{url.scheme}://{url.netloc}"
        if server not in self._pools:
            if len(self._pools) >= KEPT_SERVERS:
                self._pools.clear()
            proxies = self._proxies_for(prepared.url or "")
            self._pools[server] = self._ready().get_connection_with_tls_context(prepared, True, proxies=proxies)
        return self._pools[server]

    def _ready(self) -> HTTPAdapter:
        with self._lock:
            if self._adapter is None:
                self._adapter = _new_adapter()
            return self._adapter

    def _proxies_for(self, url: str) -> dict[str, str]:
        """Return the environment's proxies, looked up once a host; never one for this machine itself."""
        host = urlsplit(url).hostname or ""
        if is_loopback(host):
            return {}
        if host not in self._proxies:
            from requests.utils import get_environ_proxies

            self._proxies[host] = dict(get_environ_proxies(url))
        return self._proxies[host]


def _opened(pool: Any, attempt: Attempt) -> Any:
    """Return an open connection of the pool: what urllib3 does before a request, without a public name."""
    connection = pool._get_conn()
    connection.timeout = attempt.left
    attempt.by_proxy = pool.proxy is not None
    try:
        if connection.sock is None and pool.proxy is not None:
            pool._prepare_proxy(connection)
        if connection.sock is None:
            connection.connect()
    except BaseException:
        connection.close()
        pool._put_conn(connection)
        raise
    return connection


def _new_adapter() -> HTTPAdapter:
    import logging

    from requests.adapters import HTTPAdapter

    from pressrelease.outlets.deadline import PlainPool, SecurePool

    # urllib3 logs whole addresses, and some addresses are secrets.
    logging.getLogger("urllib3").propagate = False

    class Adapter(HTTPAdapter):
        """requests' adapter over our connections, with only our trust."""

        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, ssl_context=trust(), **kwargs)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

        def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
            manager = super().proxy_manager_for(proxy, ssl_context=trust(), proxy_ssl_context=trust(), **kwargs)
            manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
            return manager

        def cert_verify(self, *args: Any, **kwargs: Any) -> None:
            """Do nothing: `trust()` always verifies, and reading a bundle again would cost each connection 20 ms."""

    return Adapter(pool_connections=KEPT_SERVERS, pool_maxsize=KEPT_CONNECTIONS, max_retries=0)


def certificate_end(sock: Any) -> datetime | None:
    """Return when the certificate at the other end of a connection expires (UTC); None without one."""
    import ssl

    certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
