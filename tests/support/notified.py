"""A workspace whose people are notified by a server of the test."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from records import office
from servers import FlakyServer, Request, answer

from pressrelease.notifications.notifier import notifier_for_pass
from pressrelease.scheduler.passes import publish_due
from pressrelease.system import clock
from pressrelease.system.log import log_to


class Place:
    """A workspace whose people are told through a webhook, and what they got."""

    def __init__(self, folder: Path, server: FlakyServer, more: str = "", store_url: str | None = None) -> None:
        secret = folder / "whsec"
        secret.touch(mode=0o600)
        secret.write_text("whsec_" + b64encode(bytes(range(32))).decode())
        self.server = server
        self.workspace = office(
            folder / "office",
            more=f'[outlets.pager]\ntype = "webhook"\nurl = "{server.url}/pager"\nsecret = {{ file = "../whsec" }}\n'
            f'[defaults]\noutlets = ["newsroom"]\n[notify]\noutlets = ["pager"]\n{more}',
            **({"store_url": store_url} if store_url else {}),
        )
        log_to(self.workspace.private)

    @property
    def requests(self) -> list[Request]:
        return list(self.server.requests)

    @property
    def said(self) -> list[str]:
        return [" ".join(json.loads(one.body)["data"]["text"].split()) for one in self.requests if one.body]

    @property
    def log(self) -> str:
        path = self.workspace.private / "log"
        return path.read_text() if path.exists() else ""

    def one_pass(self) -> None:
        with notifier_for_pass(self.workspace) as telling:
            telling.after(self.workspace, publish_due(self.workspace).seen)

    def no_pause(self) -> None:
        with self.workspace.store.ledger(now=clock.utc_now(), actor="nobody") as ledger:
            from sqlalchemy import text

            ledger.connection.execute(text("UPDATE told SET not_before = 0"))


@pytest.fixture
def server() -> Iterator[FlakyServer]:
    with FlakyServer(answer(204)) as running:
        yield running
