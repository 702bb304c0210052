"""The Apprise outlet: Apprise itself, against small servers."""

from __future__ import annotations

import builtins
import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from social_servers import Asked, SocialServer, Told, a_message, serving

from pressrelease.config import Office, OutletConfig, SecretReference, SecretSource
from pressrelease.errors import ConfigRefused
from pressrelease.outlets import open_outlet
from pressrelease.outlets.apprise import LogLine, what_became_of_it
from pressrelease.release.delivery import Certainty, DeliveryFailed, Receipt

SECRET = "s3cret-token"


class AnyServer(SocialServer):
    """Takes every POST."""

    def is_write(self, asked: Asked) -> bool:
        return asked.method == "POST"

    def answer(self, asked: Asked) -> Told:
        return Told(200, "ok")


@pytest.fixture
def server() -> Iterator[AnyServer]:
    with serving(AnyServer()) as running:
        yield running


def outlet(address: str, timeout: float = 5) -> Any:
    settings = {"url": SecretReference(SecretSource.ENV, "ADDRESS")}
    config = OutletConfig("chat", "apprise", timeout=timedelta(seconds=timeout), settings=settings)
    return open_outlet(config, Office("Office", "UTC"), Path(), lambda _: address)


def at(server: SocialServer, more: str = "") -> str:
    return f"json://127.0.0.1:{server.port}/{SECRET}{more}"


def deliver(opened: Any) -> Receipt:
    rendered = opened.prepare(a_message(subhead="Fourteen *people*"), key="0" * 32, recipient="")
    receipt: Receipt = opened.send(rendered, key="0" * 32, recipient="")
    return receipt


def refused(opened: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        deliver(opened)
    assert SECRET not in caught.value.reason
    assert "ames" not in caught.value.reason
    return caught.value


def test_headline_summary_and_link(server: AnyServer) -> None:
    opened = outlet(at(server))
    assert deliver(opened) == Receipt(), "no service gives a post's name back"
    [asked] = server.asked
    assert asked.json["title"] == "Names released in county-wide human trafficking operation"
    assert asked.json["message"] == "Fourteen *people*\n\nhttps://news.example.org/names-released/"
    rendered = opened.prepare(a_message(subhead="Fourteen *people*"), key="0" * 32, recipient="")
    assert json.loads(rendered.content)["body"] == asked.json["message"]


def test_a_text_is_one_post_or_none(server: AnyServer) -> None:
    """Several posts for one text could arrive in part."""
    service = outlet(at(server, "?overflow=split")).service()
    assert service.overflow_mode.value == "upstream"


def test_it_never_claims_to_tell_a_repeat(server: AnyServer) -> None:
    assert not outlet(at(server)).repeats.told_apart


@pytest.mark.parametrize(
    ("trouble", "certainty"),
    [
        (Told(401), Certainty.FOR_GOOD),
        (Told(404), Certainty.FOR_GOOD),
        (Told(302, None, {"location": "/elsewhere"}), Certainty.FOR_GOOD),
        (Told(429), Certainty.NOT_SENT),
        (Told(503), Certainty.NOT_SENT),
        (Told(500), Certainty.UNSURE),
        ("lost", Certainty.UNSURE),
        ("unheard", Certainty.UNSURE),
    ],
)
@pytest.mark.parametrize("asked_for", ["", "?retry=3&wait=0&optional=yes&redirect=yes&overflow=split"])
def test_what_became_of_it(server: AnyServer, trouble: str | Told, certainty: Certainty, asked_for: str) -> None:
    """Whatever the address asks for, it is posted once, and a failure is one."""
    server.troubles.append(trouble)
    assert refused(outlet(at(server, asked_for), timeout=1)).certainty is certainty
    assert len(server.asked) == 1


def test_nobody_there_is_surely_not_sent(server: AnyServer) -> None:
    with serving(AnyServer()) as gone:
        pass
    assert refused(outlet(at(gone))).certainty is Certainty.NOT_SENT


@pytest.mark.parametrize("trouble", ["hangs", "drips"])
def test_one_that_hangs_is_given_up_on_in_time(server: AnyServer, trouble: str) -> None:
    server.troubles.append(trouble)
    opened = outlet(at(server), timeout=1)
    begun = time.monotonic()
    assert refused(opened).certainty is Certainty.UNSURE
    assert time.monotonic() - begun < 3
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("apprise"))


def test_nothing_of_it_is_logged(server: AnyServer, capfd: pytest.CaptureFixture[str]) -> None:
    """Not with a log of everything, as somebody hunting a fault might keep one."""
    everything = io.StringIO()
    handler = logging.StreamHandler(everything)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        server.troubles.append(Told(500))
        refused(outlet(at(server)))
        deliver(outlet(at(server)))
        with serving(AnyServer()) as gone:
            pass
        refused(outlet(at(gone)))
        logging.getLogger("canary").debug("all is heard")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert "all is heard" in everything.getvalue()
    captured = capfd.readouterr()
    for text in (everything.getvalue(), captured.out, captured.err):
        assert SECRET not in text
        assert "Fourteen" not in text


@pytest.mark.parametrize(
    ("lines", "certainty"),
    [
        ([], Certainty.UNSURE),
        ([LogLine("WARNING", "Failed: error=404.")], Certainty.FOR_GOOD),
        ([LogLine("WARNING", "Failed: error=200.")], Certainty.UNSURE),
        ([LogLine("WARNING", "Failed: error=channel_not_found")], Certainty.UNSURE),
        ([LogLine("INFO", "Sent to one."), LogLine("WARNING", "Failed: error=404.")], Certainty.UNSURE),
        ([LogLine("WARNING", "Failed: error=404.")] * 2, Certainty.UNSURE),
        (
            [LogLine("WARNING", "A Connection error"), LogLine("DEBUG", "(Caused by NewConnectionError(…")],
            Certainty.NOT_SENT,
        ),
        ([LogLine("WARNING", "A Connection error"), LogLine("DEBUG", "Read timed out.")], Certainty.UNSURE),
    ],
)
def test_what_apprise_s_words_prove(lines: list[LogLine], certainty: Certainty) -> None:
    assert what_became_of_it(lines).certainty is certainty


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense://x", "does not recognize"),
        ("not an address", "does not recognize"),
        (f"json://chat.example.org/{SECRET}", "not encrypted"),
        (f"jsons://chat.example.org/{SECRET}?verify=no", "certificates"),
    ],
)
def test_an_address_that_is_refused(address: str, words: str) -> None:
    with pytest.raises(ConfigRefused, match=words) as caught:
        outlet(address)
    assert SECRET not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "address",
    [
        f"jsons://chat.example.org/{SECRET}",
        "slack://TAAAAAAAA/BBBBBBBBB/cccccccccccccccccccccccc/#press",
        "workflow://host.example.org/643/a1b2c3d4e5f6a1b2c3d4e5f6a1b2c3d4/signature-signature/",
    ],
)
def test_an_address_that_is_taken(address: str) -> None:
    opened = outlet(address)
    opened.warm()
    assert "only a post would show" in opened.probe()


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *more: Any, **also: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *more, **also)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigRefused) as caught:
        outlet("json://127.0.0.1/")
    assert "pressrelease[social]" in caught.value.hint
