"""Slack, Teams and a hundred other services, through Apprise: for notifying, not for proving.

No service of Apprise's returns a post's name, and none recognizes a repeat. So what was sent and not surely refused is
in doubt, a person's to settle, and nothing sent here can be changed or taken back. Apprise reports the result of a post
only in log lines: they are read in memory, and never written anywhere, because they hold tokens and texts.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from pressrelease.config import Office, OutletConfig, SecretReference
from pressrelease.config.values import is_loopback
from pressrelease.errors import ConfigRefused, Problem
from pressrelease.message import Message
from pressrelease.message.message import must_be_out
from pressrelease.message.short_form import Limit, cut, joined
from pressrelease.outlets import Outlet, RenderedMessage, Secret
from pressrelease.outlets.http import HttpAnswer, failure_of
from pressrelease.release.delivery import Abilities, Certainty, DeliveryFailed, Earlier, Receipt, Repeats

MEDIA_TYPE = "application/json"

#: What even the most limited of the services accepts: Teams has 1,000 characters for a text, Slack 250 for a title.
TITLE = Limit(characters=200)
TEXT = Limit(characters=900)

_STATUS = re.compile(r"error=([0-9]{3})\.?\s*$")
#: What urllib3 calls the failures that come before a first byte.
_NEVER_BEGAN = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeoutError|CERTIFICATE_VERIFY_FAILED")


def open_apprise(config: OutletConfig, office: Office, folder: Path, secret: Secret) -> AppriseService:
    """Open the outlet. Raises ConfigRefused if Apprise is missing, does not know the address, or would not encrypt."""
    del office, folder
    at = f"outlets.{config.name}.url"
    url = config.settings["url"]
    address = secret(url) if isinstance(url, SecretReference) else url
    service = AppriseService(config.name, address=address, timeout=config.timeout)
    if problem := _problem_with(service.service(), address, at):
        raise ConfigRefused([problem])
    return service


def _problem_with(service: Any, address: str, at: str) -> Problem | None:
    if service is None:
        words = f"Apprise does not recognize the address in {at}, or a package that it needs is missing"
        return Problem(0, words, "https://appriseit.com/services/ has each service's form.")
    host = str(getattr(service, "host", "") or "")
    if is_loopback(host) or not host:
        return None
    scheme = address.partition("://")[0].lower()
    plain = service.protocol or ()
    if scheme in ({plain} if isinstance(plain, str) else set(plain)):
        return Problem(
            0, f"the address in {at} is not encrypted", f"Write {scheme}s:// instead, if the service has one."
        )
    if not getattr(service, "verify_certificate", True):
        return Problem(0, f"the address in {at} switches the check of certificates off", "Take verify=no out of it.")
    return None


@dataclass(frozen=True)
class LogLine:
    """One line that Apprise would have logged."""

    level: str
    words: str


class AppriseService(Outlet):
    """One Apprise address."""

    repeats = Repeats(told_apart=False)
    abilities = Abilities()

    def __init__(self, name: str, *, address: str, timeout: timedelta) -> None:
        self.name = name
        self._address = address
        self._timeout = timeout.total_seconds()

    def prepare(self, message: Message, *, key: str, recipient: str) -> RenderedMessage:
        """Return title and text; each service formats them in its own way."""
        del key, recipient
        must_be_out(message)
        title = cut(message.release.headline, TITLE.allows)
        text = joined(cut(message.summary, lambda words: TEXT.allows(words, message.url)), message.url)
        fields = {"title": title, "body": text or title}
        return RenderedMessage(json.dumps(fields, ensure_ascii=False).encode(), MEDIA_TYPE, fields)

    def prepare_follow_up(
        self, message: Message, *, key: str, recipient: str, earlier: Sequence[Earlier]
    ) -> RenderedMessage:
        """Return a message of its own. A withdrawal doesn't repeat the headline: nobody knows who reads it here."""
        from pressrelease.message.follow_up import public_follow_up

        del earlier
        return self.prepare(public_follow_up(message), key=key, recipient=recipient)

    def send(self, rendered: RenderedMessage, *, key: str, recipient: str) -> Receipt:
        """Post once. Apprise's own timeouts are per read, so it runs in a thread that is abandoned in the end."""
        del key, recipient
        ended = threading.Event()
        lines: list[LogLine] = []
        results: list[bool] = []

        def post() -> None:
            try:
                # Its failures are in the lines; what it raises is a fault of Apprise's, and its words may be secret.
                with contextlib.suppress(Exception):
                    results.append(self._notified(rendered.prepared, lines))
            finally:
                ended.set()

        threading.Thread(target=post, name=f"apprise {self.name}", daemon=True).start()
        if not ended.wait(self._timeout):
            raise DeliveryFailed(Certainty.UNSURE, "the service did not answer Apprise in time")
        if results == [True]:
            return Receipt()
        raise what_became_of_it(lines)

    def warm(self, sends: int = 4) -> None:
        """Load Apprise's module for this service; it connects by itself when it posts."""
        del sends
        self.service()

    def probe(self) -> str:
        """Report that these services can only be posted to."""
        service = self.service()
        called = str(getattr(service, "service_name", None) or "its service")
        return f"Apprise recognizes the address, of {called}; only a post would show whether it is accepted"

    def service(self) -> Any:
        """Return a new Apprise service, None for an unknown address.

        It is new each time, because they keep tokens and limits between posts.

        Whatever its address asks for: no retries, no redirects, one post, and failure is failure.
        """
        apprise = _quiet_apprise()
        asset = apprise.AppriseAsset(
            storage_mode="memory",
            async_mode=False,
            service_timeout=0,
            result_log_disk_size=0,
            plugin_paths=[],
        )
        service = apprise.Apprise.instantiate(self._address, asset=asset)
        if service is not None:
            service.retry = 0
            service.optional = False
            service.redirects = False
            service.overflow_mode = apprise.OverflowMode.UPSTREAM
            service.socket_connect_timeout = service.socket_read_timeout = self._timeout
        return service

    def _notified(self, fields: dict[str, str], lines: list[LogLine]) -> bool:
        apprise = _quiet_apprise()
        service = self.service()
        if service is None:
            lines.append(LogLine("WARNING", "error=404"))
            return False
        sender = apprise.Apprise(asset=service.asset)
        sender.add(service)
        result = sender.notify(
            body=fields["body"], title=fields["title"], body_format=apprise.NotifyFormat.TEXT, log_level=logging.DEBUG
        )
        lines += [LogLine(entry.level, entry.message) for one in result for entry in one.logs()]
        return bool(result.status == 0)


def what_became_of_it(lines: Sequence[LogLine]) -> DeliveryFailed:
    """Return the failure that Apprise's log lines mean.

    It is certain only if one post was tried, and one answer came or none could.

    Anything that was sent before, or a second complaint, leaves it unsure.
    """
    complaints = [line.words for line in lines if line.level in {"WARNING", "ERROR", "CRITICAL"}]
    if len(complaints) == 1 and not any(line.level == "INFO" for line in lines):
        if found := _STATUS.search(complaints[0]):
            failure = failure_of(HttpAnswer(int(found.group(1))), "the service")
            if failure is not None:
                return failure
        if any(_NEVER_BEGAN.search(line.words) for line in lines if line.level == "DEBUG"):
            return DeliveryFailed(Certainty.NOT_SENT, "the service could not be reached")
    return DeliveryFailed(Certainty.UNSURE, "Apprise could not say whether the service accepted it")


def _quiet_apprise() -> Any:
    """Return Apprise with its log kept from every handler but its own memory. Raises ConfigRefused if not installed."""
    try:
        import apprise
    except ImportError:
        hint = "pip install 'pressrelease[social]'"
        raise ConfigRefused([Problem(0, "an outlet of type apprise needs the apprise package", hint)]) from None
    logger = logging.getLogger("apprise")
    if logger.propagate:
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.DEBUG)
        logging.getLogger("urllib3").propagate = False
    return apprise
