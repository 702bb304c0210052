"""An e-mail outlet at a server of the test."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mails import KEY, MESSAGE, OFFICE

from pressrelease.config import OutletConfig
from pressrelease.message import Message
from pressrelease.outlets import open_outlet
from pressrelease.outlets.email import Email
from pressrelease.release.delivery import DeliveryFailed, Receipt

PASSWORD = "correct horse battery staple"


def outlet_for(port: int, *, timeout: float = 5, **settings: Any) -> Email:
    """An outlet of the workspace's making, at a server on this machine."""
    defaults: dict[str, Any] = {
        "host": "localhost",
        "port": port,
        "security": "none",
        "username": "",
        "password": None,
        "from": "Press Office <press@da.example>",
        "reply_to": "",
        "recipients": ("jane@example.org",),
        "list_id": "",
        "unsubscribe": "",
    }
    config = OutletConfig("media", "email", True, timedelta(seconds=timeout), defaults | settings)
    opened = open_outlet(config, OFFICE, Path(), lambda _: PASSWORD)
    assert isinstance(opened, Email)
    return opened


def send(outlet: Email, recipient: str = "jane@example.org", message: Message = MESSAGE) -> Receipt:
    """One delivery, as the cycle makes it."""
    return outlet.send(outlet.prepare(message, key=KEY, recipient=recipient), key=KEY, recipient=recipient)


def failing(outlet: Email, recipient: str = "jane@example.org", message: Message = MESSAGE) -> DeliveryFailed:
    """The failure of one delivery."""
    with pytest.raises(DeliveryFailed) as failed:
        send(outlet, recipient, message)
    return failed.value


def at_once(outlet: Email, count: int) -> list[DeliveryFailed | None]:
    """So many deliveries from as many threads."""
    outcomes: list[DeliveryFailed | None] = [None] * count

    def work(number: int) -> None:
        try:
            send(outlet, f"reporter-{number}@example.org")
        except DeliveryFailed as failure:
            outcomes[number] = failure

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
