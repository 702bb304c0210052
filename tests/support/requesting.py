"""One request as an outlet makes it, to any server; and what its failure must never hold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pressrelease.outlets.http import Http
from pressrelease.release.delivery import DeliveryFailed

SECRET_PATH = "/services/T000/canary-in-the-path"
BODY = b"canary in the body: embargoed words"


def new_http(timeout: float = 5) -> Http:
    """The connections of an outlet whose server has no name."""
    return Http(called="the server", timeout=timedelta(seconds=timeout))


def failed_post(url: str, *, timeout: float = 5, changes_nothing: bool = False) -> DeliveryFailed:
    """How a post of `BODY` to a secret address fails; neither is in it."""
    http = new_http(timeout)
    try:
        with pytest.raises(DeliveryFailed) as caught:
            http.request("POST", url + SECRET_PATH, body=BODY, changes_nothing=changes_nothing)
    finally:
        http.close()
    failed = caught.value
    assert "canary" not in failed.reason
    assert "127.0.0.1" not in failed.reason
    assert failed.__cause__ is None
    assert failed.__suppress_context__ or failed.__context__ is None
    return failed
